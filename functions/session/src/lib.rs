//! `session`: signing in, staying signed in and signing out, for holders and for staff; the keys that tokens are
//! verified by; and the accounts of staff.

mod accounts;
mod appointment;
mod hashing;
mod holder;
mod operator;
mod post;
mod refresh;
mod staff;
mod tokens;

pub use appointment::{AppointError, Appointed, NewStaff, appoint, appoint_demo};
pub use operator::{Front, serve};

use axum::extract::FromRef;
use common::{
    auth::{
        clients::ServiceClients,
        keys::{PublicKey, PublishedKey, SigningSeed},
        token::{ACCESS_LIFETIME_SECONDS, TokenSigner},
    },
    aws::SdkParts,
    config::{ConfigError, Env},
    http::{App, finish},
    store::StoreError,
    wechat::{DEFAULT_BASE_URL, MiniPrograms, WeChatClient},
};
use std::sync::{Arc, Mutex, PoisonError};

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
    key: PublicKey,
    published: Mutex<Option<PublishedKey>>,
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
        let key = seed.public_key().map_err(|error| ConfigError::Unusable(error.to_string()))?;
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
        let published = Mutex::default();
        Ok(Self { app, inner: Arc::new(Inner { signer, key, published, wechat, mini_programs, clients }) })
    }

    /// What [`App::warm_up`] does, and publishes this function's key where that is due.
    pub async fn warm_up(&self) {
        if let Err(error) = self.publish_key().await {
            tracing::warn!(%error, code = error.code(), "the token key could not be published");
        }
    }

    /// Sees to it that tokens signed now are accepted: publishes this function's key where that is due. Called before
    /// each token is issued; costs nothing but a look at the clock for a month after it was published.
    async fn publish_key(&self) -> Result<(), StoreError> {
        let now = self.app.now();
        let good = |published: &PublishedKey| !published.is_to_be_renewed(now);
        if self.published().is_some_and(|key| good(&key)) {
            return Ok(());
        }
        let known = self.app.learn_keys(now).await?;
        let published = known.into_iter().find(|known| known.key == self.inner.key).filter(good);
        let published = if let Some(published) = published {
            published
        } else {
            let published = self.app.store.publish_token_key(self.inner.key, now).await?;
            self.app.learn_keys(now).await?;
            published
        };
        *self.inner.published.lock().unwrap_or_else(PoisonError::into_inner) = Some(published);
        Ok(())
    }

    fn published(&self) -> Option<PublishedKey> {
        *self.inner.published.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The function's router.
pub fn router(state: Session) -> axum::Router {
    let app = state.app.clone();
    finish(routes().with_state(state), "session", app)
}
