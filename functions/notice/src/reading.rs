//! What holders do: they see what is told them, read it, and fetch its files.
//!
//! Reading marks nothing by itself: a `GET` may be made ahead or again by whoever carries it. The client says so when a
//! notice was shown.

use crate::{
    Notices,
    file::{ShownFile, shown},
    view::{NoticeItem, NoticeView},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use common::{
    http::{App, Holder, Problem, Query, Received},
    store::Cursor,
};
use domain::{
    date::Instant,
    id::{AttachmentId, NoticeId},
    notice::{Notice, NoticeRefusal, NoticeState, Standpoint, areas_of, standpoints},
};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};

/// Notices on a page where the caller doesn't say.
const PAGE: usize = 20;
/// The most notices on a page.
const MOST: usize = 50;

/// Which page.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct NoticesInput {
    /// Notices on the page, 1 to 50; 20 where it's left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// How much is unread.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Unread {
    /// Notices of the last 90 days that the holder hasn't read.
    count: usize,
    /// True where there may be more than were counted: only the newest 60 of each area are.
    or_more: bool,
}

/// A page of the notices that a holder may read.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct NoticePage {
    /// Pinned ones first, the newest first.
    items: Vec<NoticeItem>,
    /// `cursor` of the next page; none on the last. A page may be short and yet not be the last.
    next: Option<Cursor>,
    /// How much is unread; on the first page alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<Unread>,
}

/// 查看公告列表
///
/// 列出本人可以阅读的公告：置顶的在前，其余按发布时间由近及远。首页另附未读数，只计近 90 天的公告。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/notices", tag = "notice",
    params(NoticesInput), responses((status = 200, body = NoticePage))))]
pub(crate) async fn list(
    State(app): State<App>,
    holder: Holder,
    received: Received,
    Query(input): Query<NoticesInput>,
) -> Result<Json<NoticePage>, Problem> {
    let now = received.at;
    let limit = input.limit.unwrap_or(PAGE).clamp(1, MOST);
    let cursor = input.cursor.map(Cursor::from_text);
    let stands = stand(&app, &holder, now).await?;
    let areas = areas_of(&stands);
    let board = async { app.store.board(&areas, cursor.as_ref(), now).await.map_err(Problem::from) };
    let marks = async { app.store.read_by(&holder.id, now).await.map_err(Problem::from) };
    let (board, read) = Box::pin(try_join(board, marks)).await?;
    let unread = cursor.is_none().then(|| {
        let shown = board.rows().filter(|row| row.is_for(&stands, now) && row.is_recent(now));
        Unread { count: shown.filter(|row| !read.contains(&row.id)).count(), or_more: board.is_cut() }
    });
    let page = board.page(limit, |row| row.is_for(&stands, now));
    let item = |row: domain::notice::NoticeRow| {
        let was_read = read.contains(&row.id) || !row.is_recent(now);
        NoticeItem::of(row, was_read)
    };
    Ok(Json(NoticePage { items: page.items.into_iter().map(item).collect(), next: page.next, unread }))
}

/// How the holder stands to audiences now.
async fn stand(app: &App, holder: &Holder, now: Instant) -> Result<Vec<Standpoint>, Problem> {
    let dossier = Box::pin(app.store.dossier(&holder.id, now)).await?;
    Ok(standpoints(&dossier, now.day()))
}

/// The notice `id`, where the holder may read it: nobody learns of one that isn't theirs to read.
async fn find(app: &App, holder: &Holder, id: &str, now: Instant) -> Result<Notice, Problem> {
    let id: NoticeId = id.parse().map_err(|_| NoticeRefusal::Unknown)?;
    let there = app.store.notice(&id).await?.filter(|notice| notice.state(now) == NoticeState::Published);
    let notice = there.ok_or(NoticeRefusal::Unknown)?;
    let stands = stand(app, holder, now).await?;
    if notice.is_for(&stands, now) { Ok(notice) } else { Err(NoticeRefusal::Unknown.into()) }
}

/// 阅读公告
///
/// `body` 为 Markdown 原文，`html` 为清理后的 HTML，可直接放入页面。读取本身不标记已读，请在展示后调用标记已读。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/notices/{id}", tag = "notice",
    params(("id" = NoticeId, Path)), responses((status = 200, body = NoticeView))))]
pub(crate) async fn read(
    State(app): State<App>,
    holder: Holder,
    received: Received,
    Path(id): Path<String>,
) -> Result<Json<NoticeView>, Problem> {
    let notice = find(&app, &holder, &id, received.at).await?;
    Ok(Json(NoticeView::from(&notice)))
}

/// 标记公告已读
///
/// 可重复调用。
#[cfg_attr(feature = "openapi", utoipa::path(put, path = "/v1/notices/{id}/read", tag = "notice",
    params(("id" = NoticeId, Path)), responses((status = 204))))]
pub(crate) async fn mark(
    State(app): State<App>,
    holder: Holder,
    received: Received,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let notice = find(&app, &holder, &id, received.at).await?;
    // What counts as read anyway needs no mark.
    if let Some(at) = notice.publish_at.filter(|_| notice.row().is_recent(received.at)) {
        app.store.mark_read(&holder.id, &notice.id, at).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// 下载公告附件
///
/// 返回五分钟内有效的下载地址。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/notices/{id}/files/{file}", tag = "notice",
    params(("id" = NoticeId, Path), ("file" = AttachmentId, Path)), responses((status = 200, body = ShownFile))))]
pub(crate) async fn file(
    State(Notices { app, blobs }): State<Notices>,
    holder: Holder,
    received: Received,
    Path((id, file)): Path<(String, String)>,
) -> Result<Json<ShownFile>, Problem> {
    let notice = find(&app, &holder, &id, received.at).await?;
    let id: AttachmentId = file.parse().map_err(|_| NoticeRefusal::UnknownFile)?;
    let file = notice.file(&id)?;
    if !file.is_confirmed() {
        return Err(NoticeRefusal::UnknownFile.into());
    }
    Ok(Json(shown(&blobs, file, received.at).await?))
}
