//! Staying signed in and signing out; and the keys by which anybody can verify our access tokens.

use crate::{
    Session,
    tokens::{SignedIn, staff_principal},
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use common::{
    auth::{
        keys::Jwks,
        principal::{Principal, Subject},
        refresh::{RefreshError, Refreshed, RotateError},
    },
    http::{Body, Problem, Received},
    store::{SignIn, SignInToken},
};
use serde::Deserialize;

/// How often a token that met another use of itself is judged anew.
const ATTEMPTS: u32 = 3;
/// How long the keys may be kept. After a change of seed a new key signs as soon as it's published: who meets a token by
/// a key they don't know asks again.
const KEYS_MAX_AGE: &str = "public, max-age=300";

/// A refresh token.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshInput {
    /// The one that came last.
    refresh_token: String,
}

/// 换取新令牌
///
/// 刷新令牌只能用一次，每次换得新的一对。重复使用（包括同时使用）视为泄露，本次登录随即失效，请勿并发刷新。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/session/refresh", tag = "session",
    request_body = RefreshInput, responses((status = 200, body = SignedIn))))]
pub(crate) async fn refresh(
    State(session): State<Session>,
    received: Received,
    Body(input): Body<RefreshInput>,
) -> Result<Json<SignedIn>, Problem> {
    let token: SignInToken = input.refresh_token.parse().map_err(refused)?;
    let now = received.at;
    for _ in 0..ATTEMPTS {
        let (sign_in, principal) = session.read(&token).await?;
        let epoch = sign_in.epoch;
        match sign_in.family.present(token.token(), now) {
            Ok(Refreshed::Rotated(family, next)) => {
                let next = SignInToken::new(&family.subject, next);
                let signed_in = session.signed_in(&principal, &next, family.expires_at, now).await?;
                let after = SignIn { family: *family, epoch };
                if session.app.store.move_sign_in(&sign_in.family, &after).await? {
                    return Ok(Json(signed_in));
                }
            }
            Ok(Refreshed::Ended(family)) => {
                let after = SignIn { family: *family, epoch };
                if session.app.store.move_sign_in(&sign_in.family, &after).await? {
                    return Err(refused(RefreshError::Reused));
                }
            }
            Err(RotateError::Refused(error)) => return Err(refused(error)),
            Err(RotateError::Crypto(error)) => return Err(Problem::internal(error)),
        }
    }
    Err(Problem::busy("uses of one refresh token kept meeting"))
}

impl Session {
    /// The sign-in of `token`, and whom its tokens speak for today.
    async fn read(&self, token: &SignInToken) -> Result<(SignIn, Principal), Problem> {
        let found = self.app.store.session(token).await?;
        let sign_in = found.sign_in.ok_or_else(|| refused(RefreshError::Ended))?;
        let principal = match &sign_in.family.subject {
            Subject::Holder(id) => {
                let client = sign_in.family.client.clone();
                let known = client.as_ref().is_none_or(|client| self.inner.clients.find(client).is_some());
                known.then(|| Principal::holder(id.clone(), client))
            }
            Subject::Staff(_) => found
                .account
                .filter(|account| !account.profile.disabled && account.session_epoch == sign_in.epoch)
                .map(|account| staff_principal(&account)),
        };
        Ok((sign_in, principal.ok_or_else(|| refused(RefreshError::Ended))?))
    }
}

/// 退出登录
///
/// 刷新令牌立即失效；已发出的访问令牌到期（30 分钟内）自然失效。重复退出同样成功。
#[cfg_attr(feature = "openapi", utoipa::path(delete, path = "/v1/session", tag = "session",
    request_body = RefreshInput, responses((status = 204, description = "已退出"))))]
pub(crate) async fn sign_out(
    State(session): State<Session>,
    Body(input): Body<RefreshInput>,
) -> Result<StatusCode, Problem> {
    let token: SignInToken = input.refresh_token.parse().map_err(refused)?;
    session.app.store.end_sign_in(&token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// 验证访问令牌的公钥（JWKS）
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/session/keys", tag = "session",
    responses((status = 200, body = Jwks))))]
pub(crate) async fn keys(
    State(session): State<Session>,
    received: Received,
) -> Result<impl IntoResponse, Problem> {
    session.publish_key().await?;
    let keys = session.app.learn_keys(received.at).await?;
    let keys: Jwks = keys.into_iter().map(|published| published.key).collect();
    Ok(([(header::CACHE_CONTROL, KEYS_MAX_AGE)], Json(keys)))
}

fn refused(error: RefreshError) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, error.code(), error.to_string())
}
