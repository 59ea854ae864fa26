//! Standing lists: a service client names registrations once, and is told of each change of how they stand.

pub(crate) mod numbers;

use crate::Registry;
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use common::{
    auth::keys::Jwks,
    crypto::random_bytes,
    http::{App, Body, Problem, Received, Service},
    store::{WatchLost, WatchWrite},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    date::Instant,
    watch::{InvalidWebhookAddress, MOST_WATCHED, WatchRefusal, Watcher, WebhookAddress},
};
use serde::{Deserialize, Serialize};

/// How often a change of a list that met another is decided anew.
const ATTEMPTS: u32 = 4;
/// How long receivers may keep the keys; they ask again by a key they don't know.
const KEYS_MAX_AGE: &str = "public, max-age=300";

/// A standing list.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct WatchView {
    /// 接收地址
    address: String,
    /// How many registrations are on it.
    numbers: u32,
    /// How many there may be.
    most_numbers: u32,
    /// Since when there is a list.
    opened_at: Instant,
    /// When the present address first took a call, or took one again after it had failed; nothing where it never did.
    #[serde(skip_serializing_if = "Option::is_none")]
    reached_at: Option<Instant>,
    /// What is wrong with the address; nothing while it takes calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    failing: Option<FailingView>,
}

/// An address that takes no calls.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct FailingView {
    /// Since when.
    since: Instant,
    /// The last attempt.
    last_at: Instant,
    /// Why: `timeout`, `unreachable`, `tls_failed`, `redirected`, `webhook_address_inside`, `http_500`, …
    error: String,
}

impl From<Watcher> for WatchView {
    fn from(watcher: Watcher) -> Self {
        Self {
            address: watcher.address.to_string(),
            numbers: watcher.numbers,
            most_numbers: MOST_WATCHED,
            opened_at: watcher.opened_at,
            reached_at: watcher.reached_at,
            failing: watcher.failing.map(|failing| FailingView {
                since: failing.since,
                last_at: failing.last_at,
                error: failing.error,
            }),
        }
    }
}

/// Where a client wants to be told.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchInput {
    /// 接收地址，https://…
    address: String,
}

fn refused(refusal: WatchRefusal) -> Problem {
    let status = match refusal {
        WatchRefusal::NotOpen | WatchRefusal::NotWatched => StatusCode::NOT_FOUND,
        WatchRefusal::TooMany(_) => StatusCode::CONFLICT,
    };
    Problem::new(status, refusal.code(), refusal.to_string())
}

fn invalid_address(error: InvalidWebhookAddress) -> Problem {
    Problem::invalid("address", error.code(), error.to_string())
}

fn entry(client: &str, action: JournalAction, received: &Received) -> JournalEntry {
    let mut entry = JournalEntry::new(Actor::Client(client.to_owned()), action, received.at);
    entry.from.clone_from(&received.from);
    entry
}

/// A change that lost is decided anew; what the store fails at isn't.
fn lost(lost: WatchLost) -> Result<(), Problem> {
    match lost {
        WatchLost::Stale => Ok(()),
        WatchLost::Store(error) => Err(error.into()),
    }
}

async fn open(app: &App, client: &str) -> Result<Watcher, Problem> {
    app.store.watcher(client).await?.ok_or_else(|| refused(WatchRefusal::NotOpen))
}

fn kept_meeting() -> Problem {
    Problem::busy("changes of one list kept meeting")
}

/// 查看长期核验名单
///
/// 服务端以 client_id、client_secret 的 Basic 方式认证。返回接收地址、名单中的登记数，以及接收地址最近是否可达。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/watch", tag = "registry",
    responses((status = 200, body = WatchView))))]
pub(crate) async fn read(State(app): State<App>, service: Service) -> Result<Json<WatchView>, Problem> {
    Ok(Json(open(&app, &service.client).await?.into()))
}

/// 设置接收地址
///
/// 首次设置即开设名单。地址须为 https，且域名的全部解析结果均为公网地址；不跟随重定向，每次推送前重新检查。设置后立即收到一次
/// `watch.opened`，可据此核对签名。重复设置同一地址不产生变化。
///
/// 推送（POST，JSON）遵循 Standard Webhooks：被签名的内容为 `webhook-id`、`webhook-timestamp` 和正文，以 `.` 连接；
/// `webhook-signature` 为 `v1a,` 加 Ed25519 签名（base64）；`webhook-key` 为公钥的 `kid`，公钥见 `GET /v1/watch/keys`。
/// 登记状态、有效期或电子证书版本变化时推送 `registration.standing_changed`，`data.version` 较大者较新。请以 2xx 应答；未应答的在约 15
/// 小时内共推送 10 次，`webhook-id` 不变，可据此去重；应答 410 则不再重试该条。
#[cfg_attr(feature = "openapi", utoipa::path(put, path = "/v1/watch", tag = "registry",
    request_body = WatchInput, responses((status = 200, body = WatchView))))]
pub(crate) async fn set(
    State(registry): State<Registry>,
    service: Service,
    received: Received,
    Body(input): Body<WatchInput>,
) -> Result<Json<WatchView>, Problem> {
    let address: WebhookAddress = input.address.parse().map_err(invalid_address)?;
    registry.guard.addresses(&address).await.map_err(invalid_address)?;
    let store = &registry.app.store;
    for _ in 0..ATTEMPTS {
        let before = store.watcher(&service.client).await?;
        let (after, action) = match &before {
            Some(before) if before.address == address => return Ok(Json(before.clone().into())),
            Some(before) => (before.moved(address.clone()), JournalAction::WatchMoved),
            None => {
                let watch = hex::encode(random_bytes::<8>().map_err(Problem::internal)?);
                let opened = Watcher::open(&service.client, watch, address.clone(), received.at);
                (opened, JournalAction::WatchOpened)
            }
        };
        let greeting = after.greeting(received.at);
        let with = WatchWrite { event: Some(&greeting), ..WatchWrite::default() };
        match store
            .write_watch(before.as_ref(), &after, with, &entry(&service.client, action, &received))
            .await
        {
            Ok(()) => return Ok(Json(after.into())),
            Err(error) => lost(error)?,
        }
    }
    Err(kept_meeting())
}

/// 终止长期核验名单
///
/// 立即停止推送，名单随后清空；再次设置接收地址即从空名单开始。
#[cfg_attr(feature = "openapi", utoipa::path(delete, path = "/v1/watch", tag = "registry",
    responses((status = 204))))]
pub(crate) async fn end(
    State(app): State<App>,
    service: Service,
    received: Received,
) -> Result<StatusCode, Problem> {
    for _ in 0..ATTEMPTS {
        let watcher = open(&app, &service.client).await?;
        let entry = entry(&service.client, JournalAction::WatchEnded, &received);
        match app.store.end_watch(&watcher, &entry).await {
            Ok(()) => return Ok(StatusCode::NO_CONTENT),
            Err(error) => lost(error)?,
        }
    }
    Err(kept_meeting())
}

/// 验证推送的公钥（JWKS）
///
/// 无需认证。按 `webhook-key` 查找；公钥长期有效，更换种子后新旧并存。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/watch/keys", tag = "registry",
    responses((status = 200, body = Jwks))))]
pub(crate) async fn keys(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let keys: Jwks = app.store.webhook_keys().await?.into_iter().collect();
    Ok(([(header::CACHE_CONTROL, KEYS_MAX_AGE)], Json(keys)))
}
