//! Writing a notice.

use crate::staff::{Done, act, entry, view};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use common::{
    crypto::random_u128,
    http::{Administrator, App, IfMatch, Problem, Write},
    store::NoticeWrite,
};
use domain::{
    application::JournalAction,
    id::NoticeId,
    notice::{Notice, NoticeEdit, NoticeInput},
};

/// 起草公告
///
/// 正文为 Markdown（CommonMark，支持表格），其中的 HTML 和图片不显示，图片请作为附件上传。阅读对象须在本人辖区内，不填则为辖区内所有人。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/staff/notices", tag = "notice",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = NoticeInput, responses((status = 201, body = crate::view::StaffNoticeView))))]
pub(crate) async fn draft(
    State(app): State<App>,
    administrator: Administrator,
    write: Write<NoticeInput>,
) -> Result<Response, Problem> {
    let by = administrator.acting();
    let now = write.received.at;
    let id = NoticeId::mint(now.day(), random_u128().map_err(Problem::internal)?);
    let notice = Notice::draft(&write.body, id, &by, now)?;
    let reply = view(StatusCode::CREATED, &write)(&notice, None)?;
    let idempotency = write.idempotency.as_ref().map(|key| (key, &reply));
    let with = NoticeWrite { idempotency, ..NoticeWrite::default() };
    let journal = entry(&by, JournalAction::NoticeDrafted, &write);
    let committed = Box::pin(app.store.commit_notice(&notice, with, &journal)).await;
    app.answer(&write, committed, reply).await
}

/// 修改公告
///
/// 只改所列字段，须带 If-Match。已发布的公告可以更正文字，不能更改阅读对象。
#[cfg_attr(feature = "openapi", utoipa::path(patch, path = "/v1/staff/notices/{id}", tag = "notice",
    params(("id" = NoticeId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NoticeEdit, responses((status = 200, body = crate::view::StaffNoticeView))))]
pub(crate) async fn edit(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
    write: Write<NoticeEdit>,
) -> Result<Response, Problem> {
    IfMatch::required(write.if_match)?;
    let now = write.received.at;
    let show = view(StatusCode::OK, &write);
    act(
        &app,
        administrator,
        &id,
        &write,
        |held, _| Ok(Done::new(Some(held.notice.edit(&write.body, now)?), JournalAction::NoticeEdited)),
        show,
    )
    .await
}
