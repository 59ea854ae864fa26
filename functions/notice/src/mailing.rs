//! Mailing a notice to those it's for: started, looked at, stopped. The scheduled job does the rest.

use crate::{
    staff::{Done, act, find},
    view::MailingView,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use common::{
    http::{Administrator, App, NoBody, Problem, Write, reply_of},
    store::Reply,
};
use domain::{
    application::JournalAction,
    notice::{Mailing, Notice, NoticeRefusal},
};

/// 查看邮件群发进度
///
/// 数字由后台任务每隔几分钟更新。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/staff/notices/{id}/mailing", tag = "notice",
    params(("id" = domain::id::NoticeId, Path)), responses((status = 200, body = MailingView))))]
pub(crate) async fn read(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
) -> Result<Json<MailingView>, Problem> {
    let held = find(&app, &administrator.acting(), &id).await?;
    let mailing = held.mailing_now().ok_or(NoticeRefusal::NotMailed)?;
    Ok(Json(MailingView::from(&mailing)))
}

fn show(status: StatusCode) -> impl Fn(&Notice, Option<&Mailing>) -> Result<Reply, Problem> {
    move |notice, mailing| {
        let mailing = mailing.ok_or(NoticeRefusal::NotMailed)?;
        reply_of(status, Some(notice.version), &MailingView::from(mailing))
    }
}

/// 群发公告邮件
///
/// 发给阅读对象中登记过的人员，每人一封；已注销、撤销或转出的，只有阅读对象点名其状态时才发。由后台分批安排，几分钟内开始。每则公告只群发一次。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/staff/notices/{id}/mailing", tag = "notice",
    params(("id" = domain::id::NoticeId, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = MailingView))))]
pub(crate) async fn start(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    act(
        &app,
        administrator,
        &id,
        &write,
        |held, by| {
            let notice = &held.notice;
            let lanes = app.store.lanes_of(notice);
            let mailing = Mailing::start(notice, held.mailing.as_ref(), lanes, &by.id, now)?;
            let done = Done::new(Some(notice.touched()), JournalAction::MailingStarted);
            Ok(Done { mailing: Some(mailing), ..done })
        },
        show(StatusCode::ACCEPTED),
    )
    .await
}

/// 停止群发公告邮件
///
/// 立即停止：尚未发出的不再发送。不能恢复。
#[cfg_attr(feature = "openapi", utoipa::path(delete, path = "/v1/staff/notices/{id}/mailing", tag = "notice",
    params(("id" = domain::id::NoticeId, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = MailingView))))]
pub(crate) async fn stop(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    act(
        &app,
        administrator,
        &id,
        &write,
        |held, _| {
            held.mailing_now().ok_or(NoticeRefusal::NotMailed)?.check_stop()?;
            let done = Done::new(Some(held.notice.touched()), JournalAction::MailingStopped);
            Ok(Done { stop: true, ..done })
        },
        show(StatusCode::OK),
    )
    .await
}
