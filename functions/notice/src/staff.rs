//! What all that staff do begins and ends with: finding a notice that is theirs to act on, and writing what was done.

use crate::view::{StaffNoticeItem, StaffNoticeView};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    http::{Administrator, App, IfMatch, Problem, Query, Received, Write, etag, reply_of},
    store::{Cursor, Lost, NoticeHeld, NoticeWrite, Reply},
};
use domain::{
    actor::{self, Actor},
    application::{JournalAction, JournalEntry},
    id::NoticeId,
    notice::{Mailing, Notice, NoticeRefusal, NoticeState},
};
use serde::{Deserialize, Serialize};

/// Notices on a page where the caller doesn't say.
const PAGE: usize = 20;
/// The most notices on a page.
const MOST: usize = 100;
/// How often an act that met another is decided anew.
const ATTEMPTS: u32 = 4;

/// What an act makes of a notice.
pub(crate) struct Done {
    /// The notice after it; none where there was nothing to do.
    pub after: Option<Notice>,
    /// Its mailing, where that is started.
    pub mailing: Option<Mailing>,
    /// True where its mailing is stopped.
    pub stop: bool,
    /// What the journal calls it.
    pub action: JournalAction,
}

impl Done {
    /// An act on the notice alone.
    pub fn new(after: Option<Notice>, action: JournalAction) -> Self {
        Self { after, mailing: None, stop: false, action }
    }
}

/// The notice `id`, where it was drafted within the area of `by`: nobody learns whether there is one elsewhere.
pub(crate) async fn find(app: &App, by: &actor::Administrator, id: &str) -> Result<NoticeHeld, Problem> {
    let id: NoticeId = id.parse().map_err(|_| NoticeRefusal::Unknown)?;
    let held = app.store.notice_held(&id).await?;
    Ok(held.filter(|held| held.notice.is_within(by)).ok_or(NoticeRefusal::Unknown)?)
}

/// The entry of what `by` did.
pub(crate) fn entry<T>(by: &actor::Administrator, action: JournalAction, write: &Write<T>) -> JournalEntry {
    let mut entry = JournalEntry::new(Actor::Staff(by.id.clone()), action, write.received.at);
    entry.from.clone_from(&write.received.from);
    entry
}

/// Finds the notice `id`, lets `decide` act on it, writes what it became and replies with what `show` makes of it. What
/// meets another act is decided anew on what that left, unless `If-Match` says on what it's meant.
pub(crate) async fn act<T>(
    app: &App,
    administrator: Administrator,
    id: &str,
    write: &Write<T>,
    decide: impl Fn(&NoticeHeld, &actor::Administrator) -> Result<Done, NoticeRefusal>,
    show: impl Fn(&Notice, Option<&Mailing>) -> Result<Reply, Problem>,
) -> Result<Response, Problem> {
    let by = administrator.acting();
    for attempt in 1.. {
        let held = Box::pin(find(app, &by, id)).await?;
        let before = &held.notice;
        if write.if_match.is_some_and(|IfMatch(version)| version != before.version) {
            return app.echo(write).await?.ok_or_else(Problem::stale);
        }
        let done = match decide(&held, &by) {
            Ok(done) => done,
            Err(refusal) => return app.echo(write).await?.ok_or_else(|| refusal.into()),
        };
        let Some(after) = &done.after else {
            let reply = show(before, held.mailing_now().as_ref())?;
            return Ok(app.echo(write).await?.unwrap_or_else(|| reply.into_response()));
        };
        let stopped =
            held.mailing_now().map(|mailing| mailing.stopped(done.stop.then_some(write.received.at)));
        let reply = show(after, done.mailing.as_ref().or(stopped.as_ref()))?;
        let with = NoticeWrite {
            before: Some(before),
            mailing: done.mailing.as_ref(),
            stop: done.stop,
            idempotency: write.idempotency.as_ref().map(|key| (key, &reply)),
        };
        let journal = entry(&by, done.action, write);
        match Box::pin(app.store.commit_notice(after, with, &journal)).await {
            Err(Lost::Stale) if attempt < ATTEMPTS => {}
            committed => return app.answer(write, committed, reply).await,
        }
    }
    Err(Problem::busy("acts on one notice kept meeting"))
}

/// A notice as staff see it, for a reply.
pub(crate) fn view<T>(
    status: StatusCode,
    write: &Write<T>,
) -> impl Fn(&Notice, Option<&Mailing>) -> Result<Reply, Problem> {
    let now = write.received.at;
    move |notice, _| reply_of(status, Some(notice.version), &StaffNoticeView::of(notice, now))
}

/// Which notices.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct StaffNoticesInput {
    /// How far they have come; all where it's left out.
    state: Option<NoticeState>,
    /// Notices on the page, 1 to 100; 20 where it's left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of notices.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct StaffNotices {
    /// Those drafted last first.
    items: Vec<StaffNoticeItem>,
    /// `cursor` of the next page; none on the last. A page may be short and yet not be the last.
    next: Option<Cursor>,
}

/// 查看辖区内的公告
///
/// 管理员本人辖区内起草的全部公告，按起草时间由近及远，可按状态筛选。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/staff/notices", tag = "notice",
    params(StaffNoticesInput), responses((status = 200, body = StaffNotices))))]
pub(crate) async fn list(
    State(app): State<App>,
    administrator: Administrator,
    received: Received,
    Query(input): Query<StaffNoticesInput>,
) -> Result<Json<StaffNotices>, Problem> {
    let limit = input.limit.unwrap_or(PAGE).clamp(1, MOST);
    let cursor = input.cursor.map(Cursor::from_text);
    let now = received.at;
    let shown = |row: &domain::notice::NoticeRow| input.state.is_none_or(|state| row.state(now) == state);
    let page = app.store.notices_by(administrator.area.as_ref(), limit, cursor.as_ref(), shown).await?;
    let items = page.items.into_iter().map(|row| StaffNoticeItem::of(row, now));
    Ok(Json(StaffNotices { items: items.collect(), next: page.next }))
}

/// 查看公告
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/staff/notices/{id}", tag = "notice",
    params(("id" = NoticeId, Path)), responses((status = 200, body = StaffNoticeView))))]
pub(crate) async fn read(
    State(app): State<App>,
    administrator: Administrator,
    received: Received,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let held = find(&app, &administrator.acting(), &id).await?;
    let view = StaffNoticeView::of(&held.notice, received.at);
    Ok(([(header::ETAG, etag(held.notice.version))], Json(view)))
}
