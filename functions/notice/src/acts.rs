//! Publishing, pinning and withdrawing a notice.

use crate::staff::{Done, act, view};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use common::http::{Administrator, App, NoBody, Problem, Write};
use domain::{application::JournalAction, date::Instant};
use serde::Deserialize;

/// When a notice is published.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Publication {
    /// 发布时间: a time to come, within a year; now where it's left out.
    at: Option<Instant>,
}

/// 发布公告
///
/// 立即发布，或填写 `at` 定时发布；定时的公告到时自动可见，到时之前可以改期。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/staff/notices/{id}/publication", tag = "notice",
    params(("id" = domain::id::NoticeId, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    request_body = Publication, responses((status = 200, body = crate::view::StaffNoticeView))))]
pub(crate) async fn publish(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
    write: Write<Publication>,
) -> Result<Response, Problem> {
    let (at, now) = (write.body.at, write.received.at);
    let action = if at.is_some() { JournalAction::NoticeScheduled } else { JournalAction::NoticePublished };
    let show = view(StatusCode::OK, &write);
    act(
        &app,
        administrator,
        &id,
        &write,
        |held, by| Ok(Done::new(Some(held.notice.publish(at, by, now)?), action)),
        show,
    )
    .await
}

/// Why a notice is withdrawn.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawalInput {
    /// 撤回原因: 1 to 500 characters; only staff see it.
    reason: String,
}

/// 撤回公告
///
/// 立即对持证人不可见，不能恢复；正在群发的邮件随之停止。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/staff/notices/{id}/withdrawal", tag = "notice",
    params(("id" = domain::id::NoticeId, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    request_body = WithdrawalInput, responses((status = 200, body = crate::view::StaffNoticeView))))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
    write: Write<WithdrawalInput>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    let show = view(StatusCode::OK, &write);
    act(
        &app,
        administrator,
        &id,
        &write,
        |held, _| {
            let after = held.notice.withdraw(&write.body.reason, now)?;
            // Of one that was mailed, too: some of it may still wait for when its readers want it.
            let stop = held.mailing.is_some();
            Ok(Done { stop, ..Done::new(Some(after), JournalAction::NoticeWithdrawn) })
        },
        show,
    )
    .await
}

/// 置顶公告
#[cfg_attr(feature = "openapi", utoipa::path(put, path = "/v1/staff/notices/{id}/pin", tag = "notice",
    params(("id" = domain::id::NoticeId, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = crate::view::StaffNoticeView))))]
pub(crate) async fn pin(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    put_pin(&app, administrator, &id, &write, true).await
}

/// 取消置顶
#[cfg_attr(feature = "openapi", utoipa::path(delete, path = "/v1/staff/notices/{id}/pin", tag = "notice",
    params(("id" = domain::id::NoticeId, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = crate::view::StaffNoticeView))))]
pub(crate) async fn unpin(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    put_pin(&app, administrator, &id, &write, false).await
}

async fn put_pin(
    app: &App,
    administrator: Administrator,
    id: &str,
    write: &Write<NoBody>,
    pinned: bool,
) -> Result<Response, Problem> {
    let action = if pinned { JournalAction::NoticePinned } else { JournalAction::NoticeUnpinned };
    let show = view(StatusCode::OK, write);
    act(app, administrator, id, write, |held, _| Ok(Done::new(held.notice.pin(pinned)?, action)), show).await
}
