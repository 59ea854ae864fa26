//! `session`: signing in, staying signed in and signing out, for holders and for staff; the keys that tokens are
//! verified by; and the accounts of staff.

mod accounts;
mod appointment;
mod hashing;
mod holder;
mod post;
mod refresh;
mod settings;
mod staff;
mod tokens;

pub use appointment::{AppointError, Appointed, NewStaff, appoint, appoint_demo};

use axum::extract::FromRef;
use common::{
    auth::{
        keys::{PublicKeys, SigningSeed},
        token::{ACCESS_LIFETIME_SECONDS, TokenSigner},
    },
    aws::SdkParts,
    config::{ConfigError, Env},
    http::{App, finish},
    wechat::{DEFAULT_BASE_URL, WeChatClient},
};
use settings::{MiniPrograms, ServiceClients};
use std::sync::Arc;

common::routes! {
    state: Session;
    POST "/v1/session/wechat" => holder::by_wechat,
    POST "/v1/session/client" => holder::by_client,
    POST "/v1/session/staff" => staff::sign_in,
    POST "/v1/session/refresh" => refresh::refresh,
    DELETE "/v1/session" => refresh::sign_out,
    GET "/v1/session/keys" => refresh::keys,
    GET "/v1/staff" => accounts::list,
    POST "/v1/staff" => accounts::appoint,
    PATCH "/v1/staff/{id}" => accounts::change,
    POST "/v1/staff/{id}/reset" => accounts::reset,
    POST "/v1/staff/me/password" => staff::change_password,
}

/// What the function's handlers share. Cheap to clone.
#[derive(Clone, FromRef)]
pub struct Session {
    /// Store, keys, rules, clock.
    pub app: App,
    #[from_ref(skip)]
    inner: Arc<Inner>,
}

/// What only this function has.
struct Inner {
    signer: TokenSigner,
    keys: PublicKeys,
    wechat: WeChatClient,
    mini_programs: MiniPrograms,
    clients: ServiceClients,
}

impl Session {
    /// Reads, beside what [`App`] reads: `TOKEN_SEED`, `TOKEN_LIFETIME_SECONDS` (1,800), `WECHAT_BASE_URL` (WeChat's
    /// own), `WECHAT_APPS` (`appid:secret,…`, the first is the default) and `SERVICE_CLIENTS` (none;
    /// `id:app_id:sha256hex(secret),…`).
    pub fn from_env(app: App, env: &Env, _parts: &SdkParts) -> Result<Self, ConfigError> {
        let seed: SigningSeed = env.parsed("TOKEN_SEED", "the seed that access tokens are signed with")?;
        let keys: PublicKeys =
            env.parsed("TOKEN_PUBLIC_KEYS", "the public keys that access tokens are verified by")?;
        let own = seed.public_key().map_err(|error| ConfigError::Unusable(error.to_string()))?.id();
        if !keys.iter().any(|(id, _)| id == own) {
            let why = "TOKEN_SEED's public key isn't among TOKEN_PUBLIC_KEYS: nobody would accept its tokens";
            return Err(ConfigError::Unusable(why.to_owned()));
        }
        let lifetime =
            env.or("TOKEN_LIFETIME_SECONDS", "how long an access token lives", ACCESS_LIFETIME_SECONDS)?;
        let issuer = env.required("TOKEN_ISSUER", "the `iss` of access tokens")?;
        let audience = env.required("TOKEN_AUDIENCE", "the `aud` of access tokens")?;
        let signer = TokenSigner::new(&seed, &issuer, &audience, lifetime)
            .map_err(|error| ConfigError::Unusable(error.to_string()))?;
        let base = env.get("WECHAT_BASE_URL").unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
        let wechat = WeChatClient::new(&base).map_err(|error| ConfigError::Unusable(error.to_string()))?;
        let mini_programs = env.parsed("WECHAT_APPS", "the mini-programs whose users sign in")?;
        let clients =
            env.or("SERVICE_CLIENTS", "the back ends that act for their users", ServiceClients::default())?;
        Ok(Self { app, inner: Arc::new(Inner { signer, keys, wechat, mini_programs, clients }) })
    }
}

/// The function's router.
pub fn router(state: Session) -> axum::Router {
    let clock = state.app.clock.clone();
    finish(routes().with_state(state), "session", clock)
}
