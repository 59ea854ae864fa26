//! Holders sign in: by WeChat, or through their mini-program's own back end. The first sign-in of a WeChat user makes
//! them a holder.

use crate::{Session, tokens::SignedIn};
use axum::{Json, extract::State, http::StatusCode};
use common::{
    auth::{
        principal::{Principal, Subject},
        refresh::RefreshFamily,
    },
    crypto::{random_u128, sha256},
    http::{Body, Problem, Received, RetryKey},
    store::{Begun, HolderSignIn, IdempotencyKey, Lost, Replay, Reply, SignIn, SignInToken, WeChatLink},
    wechat::{OpenId, WeChatError},
};
use domain::{date::Instant, id::HolderId};
use serde::Deserialize;
use std::time::Duration;

/// How often a sign-in that met another of the same person is begun anew.
const ATTEMPTS: u32 = 3;
/// After which waits to look again for what an earlier request with the same key was answered: WeChat says that the
/// code was used, so that request is about to be.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(200), Duration::from_millis(800)];

/// A sign-in by WeChat.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct WeChatInput {
    /// The mini-program; the first one configured where it's left out.
    #[serde(default)]
    app_id: Option<String>,
    /// What `wx.login` gave.
    code: String,
}

/// 微信登录
///
/// 首次登录即建立持证人账号。wx.login 的 code 只能用一次；带 Idempotency-Key 重试（10 分钟内）得到同一持证人。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/session/wechat", tag = "session",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = WeChatInput, responses((status = 200, body = SignedIn))))]
pub(crate) async fn by_wechat(
    State(session): State<Session>,
    received: Received,
    RetryKey(key): RetryKey,
    Body(input): Body<WeChatInput>,
) -> Result<Json<SignedIn>, Problem> {
    let program = session.inner.mini_programs.find(input.app_id.as_deref()).ok_or_else(|| {
        Problem::invalid("app_id", "unknown_app", "未知的小程序 app_id，请核对或省略该字段")
    })?;
    let app_id = &program.app_id;
    let key = key.map(|key| IdempotencyKey {
        scope: format!("wechat:{app_id}#{key}"),
        payload_hash: hex::encode(sha256(format!("{app_id}\n{}", input.code).as_bytes())),
    });
    let user = session.inner.wechat.code2session(app_id, &program.secret, &input.code).await;
    match user {
        Ok(user) => {
            let link = WeChatLink { app_id: app_id.clone(), open_id: user.open_id };
            session.begin(&link, None, key.as_ref(), received.at).await
        }
        // The refusal may be the echo of this request's own first success: the code works once.
        Err(error) => match session.remembered(key.as_ref(), &error, received.at).await? {
            Some(holder) => session.begin_as(holder, received.at).await,
            None => Err(wechat_problem(&error)),
        },
    }
}

/// A sign-in through a back end.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientInput {
    /// The back end's id.
    client_id: String,
    /// The back end's secret.
    client_secret: String,
    /// The user it acts for, as WeChat names them in that back end's mini-program.
    open_id: String,
}

/// 小程序后端代用户登录
///
/// 小程序自有后端凭 client_id、client_secret 代其用户（openid）登录；openid 须由该后端自行向微信核实。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/session/client", tag = "session",
    request_body = ClientInput, responses((status = 200, body = SignedIn))))]
pub(crate) async fn by_client(
    State(session): State<Session>,
    received: Received,
    Body(input): Body<ClientInput>,
) -> Result<Json<SignedIn>, Problem> {
    let client =
        session.inner.clients.authenticate(&input.client_id, &input.client_secret).ok_or_else(|| {
            let detail = "client_id 或 client_secret 不正确，请核对服务端配置";
            Problem::new(StatusCode::UNAUTHORIZED, "client_refused", detail)
        })?;
    let open_id: OpenId = input
        .open_id
        .parse()
        .map_err(|error| Problem::invalid("open_id", "malformed", format!("{error}")))?;
    let link = WeChatLink { app_id: client.app_id.clone(), open_id };
    session.begin(&link, Some(client.id.clone()), None, received.at).await
}

impl Session {
    /// Begins a sign-in of whoever `link` is; somebody new becomes a holder. Of two first sign-ins at the same time one
    /// makes the holder, and the other finds them.
    async fn begin(
        &self,
        link: &WeChatLink,
        client: Option<String>,
        key: Option<&IdempotencyKey>,
        now: Instant,
    ) -> Result<Json<SignedIn>, Problem> {
        for _ in 0..ATTEMPTS {
            let known = self.app.store.wechat_holder(link).await?;
            let holder = match &known {
                Some(holder) => holder.clone(),
                None => HolderId::mint(random_u128().map_err(Problem::internal)?),
            };
            let (sign_in, signed_in) = self.tokens_for(holder.clone(), client.clone(), now).await?;
            let reply = Reply { status: StatusCode::OK.as_u16(), etag: None, body: holder.to_string() };
            let begin = HolderSignIn {
                sign_in: &sign_in,
                first: known.is_none().then_some((link, &holder)),
                reached_as: Some((link, &holder)),
                idempotency: key.map(|key| (key, &reply)),
                now,
            };
            match self.app.store.begin_sign_in(&begin).await? {
                Begun::Now => return Ok(Json(signed_in)),
                Begun::LinkedMeanwhile => {}
                Begun::Remembered(Replay::Same(reply)) => {
                    return self.begin_as(holder_of(&reply)?, now).await;
                }
                Begun::Remembered(Replay::Reused) => return Err(Lost::KeyReused.into()),
            }
        }
        Err(Problem::busy("sign-ins of one WeChat user kept meeting"))
    }

    /// Begins another sign-in of a holder whose first reply was lost. Tokens are never remembered, so these are new.
    async fn begin_as(&self, holder: HolderId, now: Instant) -> Result<Json<SignedIn>, Problem> {
        let (sign_in, signed_in) = self.tokens_for(holder, None, now).await?;
        let begin = HolderSignIn { sign_in: &sign_in, first: None, reached_as: None, idempotency: None, now };
        match self.app.store.begin_sign_in(&begin).await? {
            Begun::Now => Ok(Json(signed_in)),
            other => Err(Problem::internal(format!("a sign-in with no conditions met one: {other:?}"))),
        }
    }

    async fn tokens_for(
        &self,
        holder: HolderId,
        client: Option<String>,
        now: Instant,
    ) -> Result<(SignIn, SignedIn), Problem> {
        let subject = Subject::Holder(holder.clone());
        let (family, token) =
            RefreshFamily::start(subject.clone(), client.clone(), now).map_err(Problem::internal)?;
        let token = SignInToken::new(&subject, token);
        let signed_in =
            self.signed_in(&Principal::holder(holder, client), &token, family.expires_at, now).await?;
        Ok((SignIn { family, epoch: 0 }, signed_in))
    }

    /// The holder that a request with the same key and code was answered with.
    async fn remembered(
        &self,
        key: Option<&IdempotencyKey>,
        error: &WeChatError,
        now: Instant,
    ) -> Result<Option<HolderId>, Problem> {
        let Some(key) = key else { return Ok(None) };
        // Any other error than "used" says nothing about an earlier request that is still on its way.
        let looks = if *error == WeChatError::CodeUsed { LOOKS.len() } else { 1 };
        for wait in &LOOKS[..looks] {
            tokio::time::sleep(*wait).await;
            match self.app.store.replay(key, now).await? {
                Some(Replay::Same(reply)) => return holder_of(&reply).map(Some),
                Some(Replay::Reused) => return Err(Lost::KeyReused.into()),
                None => {}
            }
        }
        Ok(None)
    }
}

fn holder_of(reply: &Reply) -> Result<HolderId, Problem> {
    reply.body.parse().map_err(Problem::internal)
}

fn wechat_problem(error: &WeChatError) -> Problem {
    if matches!(error, WeChatError::Rejected(_) | WeChatError::BadAnswer) {
        tracing::error!(code = error.code(), cause = ?error, "WeChat sign-in isn't set up, or WeChat has changed");
    }
    let problem = Problem::new(error.status(), error.code(), error.to_string());
    match error {
        WeChatError::RateLimited => problem.retry_after(60),
        WeChatError::Busy | WeChatError::Unreachable => problem.retry_after(2),
        _ => problem,
    }
}
