//! Class lists: a place and a signed form for the file, a look at what came, and how far function `roster` is with it.

use crate::{Education, courses};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use common::{
    blobs::{PresignedPost, Upload},
    crypto::random_u128,
    http::{App, NoBody, Problem, Provider, Query, Write, reply_of},
    store::{Cursor, RosterWrite},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    attachment::display_name,
    credit::CreditRefusal,
    date::{CalendarDate, Instant},
    education::{
        MOST_ROSTER_BYTES, Roster, RosterFailure, RosterFormat, RosterState, RowOutcome, Unregistered,
        table_head,
    },
    id::{CourseId, RosterId},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a form can be used.
const FORM_LIFETIME: Duration = Duration::from_mins(15);
/// How many of a file's first bytes tell what it is.
const HEAD_BYTES: u64 = 512;
/// Lists on a page where the caller doesn't say.
const PAGE: i32 = 20;
/// The most lists on a page.
const MOST: i32 = 100;

/// A class list that is to be uploaded.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RosterInput {
    /// The course. Each of its lists is of one course.
    course: String,
    /// How it's written.
    format: RosterFormat,
    /// What the computer calls the file, for display; 100 characters of it are kept.
    #[cfg_attr(feature = "openapi", schema(example = "武汉三期名单.csv"))]
    file_name: String,
    /// Its size in bytes, 4 MB at the most. The form takes no larger file.
    size: u64,
    /// What is done with somebody who isn't registered: their hours wait, where nothing is said.
    #[serde(default)]
    unregistered: Unregistered,
}

/// How many rows came to what.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct OutcomeCount {
    /// What became of them.
    outcome: RowOutcome,
    /// The same in Chinese.
    label: &'static str,
    /// How many.
    rows: u32,
}

/// A class list and how far it has come.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct RosterView {
    /// Its id.
    id: RosterId,
    /// The course.
    course_id: CourseId,
    /// Its title.
    course_title: String,
    /// First day of the course.
    course_from: CalendarDate,
    /// Last day of the course.
    course_to: CalendarDate,
    /// What the computer calls the file.
    file_name: String,
    /// How it's written.
    format: RosterFormat,
    /// What is done with somebody who isn't registered.
    unregistered: Unregistered,
    /// How far it has come.
    state: RosterState,
    /// The same in Chinese.
    state_label: &'static str,
    /// Rows of the file; known once it was opened.
    total: Option<u32>,
    /// Rows that have a result.
    processed: u32,
    /// The same in whole percent.
    percent: u8,
    /// Rows by what became of them. They come to `processed`.
    counts: Vec<OutcomeCount>,
    /// Why the file can't be read.
    failure: Option<RosterFailure>,
    /// When the place was given.
    created_at: Instant,
    /// When the file was there.
    queued_at: Option<Instant>,
    /// When it was done.
    finished_at: Option<Instant>,
    /// Its version.
    version: u64,
}

impl From<&Roster> for RosterView {
    fn from(roster: &Roster) -> Self {
        let count = |(outcome, rows): (&RowOutcome, &u32)| OutcomeCount {
            outcome: *outcome,
            label: outcome.label(),
            rows: *rows,
        };
        Self {
            id: roster.id.clone(),
            course_id: roster.course.id.clone(),
            course_title: roster.course.title.as_str().to_owned(),
            course_from: roster.course.from,
            course_to: roster.course.to,
            file_name: roster.file_name.clone(),
            format: roster.format,
            unregistered: roster.unregistered,
            state: roster.state,
            state_label: roster.state.label(),
            total: roster.total,
            processed: roster.processed,
            percent: roster.percent(),
            counts: roster.counts.iter().map(count).collect(),
            failure: roster.failure.clone(),
            created_at: roster.created_at,
            queued_at: roster.queued_at,
            finished_at: roster.finished_at,
            version: roster.version,
        }
    }
}

/// A place for a class list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct RosterPlace {
    /// The list. Nothing is recorded before its upload is confirmed.
    roster: RosterView,
    /// How to upload the file.
    upload: PresignedPost,
    /// Until when the form can be used.
    expires_at: Instant,
}

/// A class list's id, where it's the caller's own: nobody learns whether another's exists.
pub(crate) fn own(provider: &Provider, id: &str) -> Result<RosterId, Problem> {
    let id: RosterId = id.parse().map_err(|_| unknown())?;
    if id.provider() == provider.id { Ok(id) } else { Err(unknown()) }
}

pub(crate) fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_roster", "没有找到该名单，请核对名单编号")
}

/// The entry for a list's new state.
pub(crate) fn entry<T>(provider: &Provider, action: JournalAction, write: &Write<T>) -> JournalEntry {
    let mut journal = JournalEntry::new(Actor::Staff(provider.id.clone()), action, write.received.at);
    journal.from.clone_from(&write.received.from);
    journal
}

/// 报送名单，取得上传表单
///
/// 名单为 CSV（UTF-8 或 GB18030，可由 Excel 另存）或 JSON，最多 10,000 行。用返回的表单上传文件后须确认，才开始处理。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/rosters", tag = "education",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = RosterInput, responses((status = 201, body = RosterPlace))))]
pub(crate) async fn request(
    State(Education { app, blobs }): State<Education>,
    provider: Provider,
    write: Write<RosterInput>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    let RosterInput { course, format, file_name, size, unregistered } = &write.body;
    if !(1..=MOST_ROSTER_BYTES).contains(size) {
        let detail = format!("名单文件应大于 0 且不超过 {} MB，请分批报送", MOST_ROSTER_BYTES / 1_048_576);
        return Err(Problem::invalid("size", "file_too_large", detail));
    }
    let course = courses::find(&app, course).await.map_err(|problem| match problem.code() {
        "unknown_course" => Problem::invalid("course", "unknown_course", problem.detail()),
        _ => problem,
    })?;
    if course.held_by != provider.id {
        return Err(CreditRefusal::OtherProvider.into());
    }
    if course.withdrawn_at.is_some() {
        return Err(CreditRefusal::CourseWithdrawn.into());
    }
    let id = RosterId::mint(&provider.id, now.day(), random_u128().map_err(Problem::internal)?);
    let roster = Roster::new(id, course, (*format, *unregistered), display_name(file_name), now);
    let place = RosterPlace {
        roster: RosterView::from(&roster),
        upload: blobs.presign_post(&Upload {
            key: roster.upload_key(),
            content_type: format.media_type(),
            max_bytes: *size,
            sha256: None,
            expires_in: FORM_LIFETIME,
        }),
        expires_at: now.plus_seconds(FORM_LIFETIME.as_secs().cast_signed()),
    };
    let reply = reply_of(StatusCode::CREATED, Some(roster.version), &place)?;
    let journal = entry(&provider, JournalAction::RosterOpened, &write);
    let idempotency = write.idempotency.as_ref().map(|key| (key, &reply));
    let with = RosterWrite { journal: Some(&journal), idempotency, ..RosterWrite::default() };
    let committed = app.store.commit_roster(&roster, with, now).await;
    app.answer(&write, committed, reply).await
}

/// 确认名单已上传
///
/// 服务器检查文件类型和大小，随后在后台逐行处理；进度和每行结果可随时查看。同一份名单报送两次，不会重复记录。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/rosters/{id}/confirmation", tag = "education",
    params(("id" = RosterId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = RosterView))))]
pub(crate) async fn confirm(
    State(Education { app, blobs }): State<Education>,
    provider: Provider,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let id = own(&provider, &id)?;
    let now = write.received.at;
    let roster = app.store.roster(&id).await?.ok_or_else(unknown)?;
    if roster.state != RosterState::AwaitingUpload {
        // Confirmed before: whoever asks again is told how far it is.
        let reply = reply_of(StatusCode::ACCEPTED, Some(roster.version), &RosterView::from(&roster))?;
        return Ok(app
            .echo(&write)
            .await?
            .unwrap_or_else(|| axum::response::IntoResponse::into_response(reply)));
    }
    let peeked = blobs.peek(&roster.upload_key(), HEAD_BYTES).await?;
    table_head(&peeked.head, peeked.size)
        .map_err(|failure| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, failure.code, failure.detail))?;
    // What is uploaded over it while the form still works is another file, and nobody's.
    blobs.take(&roster.upload_key(), &peeked, &roster.file_key()).await?;
    let next = roster.queue(now);
    let reply = reply_of(StatusCode::ACCEPTED, Some(next.version), &RosterView::from(&next))?;
    let journal = entry(&provider, JournalAction::RosterQueued, &write);
    let idempotency = write.idempotency.as_ref().map(|key| (key, &reply));
    let with = RosterWrite { journal: Some(&journal), idempotency, ..RosterWrite::default() };
    let committed = app.store.commit_roster(&next, with, now).await;
    app.answer(&write, committed, reply).await
}

/// 查看名单处理进度
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/rosters/{id}", tag = "education",
    params(("id" = RosterId, Path)), responses((status = 200, body = RosterView))))]
pub(crate) async fn read(
    State(app): State<App>,
    provider: Provider,
    Path(id): Path<String>,
) -> Result<Json<RosterView>, Problem> {
    let roster = app.store.roster(&own(&provider, &id)?).await?.ok_or_else(unknown)?;
    Ok(Json(RosterView::from(&roster)))
}

/// Which page.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct RostersInput {
    /// Lists on the page, 1 to 100; 20 where it's left out.
    limit: Option<i32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of class lists.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Rosters {
    /// The latest day's first.
    items: Vec<RosterView>,
    /// `cursor` of the next page; none on the last.
    next: Option<Cursor>,
}

/// 查看本机构报送的名单
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/rosters", tag = "education",
    params(RostersInput), responses((status = 200, body = Rosters))))]
pub(crate) async fn list(
    State(app): State<App>,
    provider: Provider,
    Query(input): Query<RostersInput>,
) -> Result<Json<Rosters>, Problem> {
    let limit = input.limit.unwrap_or(PAGE).clamp(1, MOST);
    let cursor = input.cursor.map(Cursor::from_text);
    let page = app.store.rosters(&provider.id, limit, cursor.as_ref()).await?;
    Ok(Json(Rosters { items: page.items.iter().map(RosterView::from).collect(), next: page.next }))
}
