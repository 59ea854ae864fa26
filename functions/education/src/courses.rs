//! The catalogue of courses: offered by providers, found by anybody who is signed in.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    auth::principal::Principal,
    crypto::random_u128,
    http::{App, NoBody, Problem, Provider, Query, Received, Write, etag, reply_of},
    store::{CourseQuery, Cursor, LEAST_WORD},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    credit::{Course, CreditCategory, CreditForm, Hours, Particulars},
    date::{CalendarDate, Instant},
    education::{self, CourseInput},
    id::CourseId,
};
use serde::{Deserialize, Serialize};

/// Courses on a page where the caller doesn't say.
const PAGE: usize = 20;
/// The most courses on a page.
const MOST: usize = 100;
/// Years back that are looked at where the caller doesn't say: a cycle, and one.
const YEARS_BACK: i32 = 4;
/// Years ahead that are looked at where the caller doesn't say.
const YEARS_AHEAD: i32 = 1;

/// A course.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct CourseView {
    /// Its id.
    id: CourseId,
    /// Its title.
    title: String,
    /// Who holds it.
    provider: String,
    /// Its form.
    form: CreditForm,
    /// The same in Chinese.
    form_label: &'static str,
    /// Ethics or not.
    category: CreditCategory,
    /// The same in Chinese.
    category_label: &'static str,
    /// The hours of somebody who attends all of it.
    hours: Hours,
    /// 学时 or 小时
    unit: String,
    /// First day.
    from: CalendarDate,
    /// Last day.
    to: CalendarDate,
    /// Under which number and on which day it was put on record, where it's an in-house training.
    particulars: Particulars,
    /// When it was withdrawn; nobody's hours are recorded or claimed of it then.
    withdrawn_at: Option<Instant>,
    /// Its version, as in the `ETag`.
    version: u64,
}

impl From<Course> for CourseView {
    fn from(course: Course) -> Self {
        Self {
            id: course.id,
            title: course.title.as_str().to_owned(),
            provider: course.provider.as_str().to_owned(),
            form: course.form,
            form_label: course.form.label(),
            category: course.category,
            category_label: course.category.label(),
            hours: course.hours,
            unit: course.unit,
            from: course.from,
            to: course.to,
            particulars: course.particulars,
            withdrawn_at: course.withdrawn_at,
            version: course.version,
        }
    }
}

/// Which courses.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct CoursesInput {
    /// Words of title or provider, with spaces between them; each of at least two characters.
    q: Option<String>,
    /// The form.
    form: Option<CreditForm>,
    /// Ethics or not.
    category: Option<CreditCategory>,
    /// Ends on this day or later; four years ago where it's left out.
    from: Option<CalendarDate>,
    /// Ends on this day or before; a year ahead where it's left out.
    to: Option<CalendarDate>,
    /// True for those of the provider who asks.
    mine: Option<bool>,
    /// Courses on the page, 1 to 100; 20 where it's left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of the catalogue.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Courses {
    /// Those that end last first.
    items: Vec<CourseView>,
    /// `cursor` of the next page; none on the last. A page may be short and yet not be the last.
    next: Option<Cursor>,
}

/// 查找课程
///
/// 按名称或机构的字词、形式、类别和日期查找；已撤下的课程不在其中。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/courses", tag = "education",
    params(CoursesInput), responses((status = 200, body = Courses))))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Principal,
    received: Received,
    Query(input): Query<CoursesInput>,
) -> Result<Json<Courses>, Problem> {
    let today = received.at.day();
    let held_by = match input.mine {
        Some(true) => Some(Provider::of(&caller)?.id),
        _ => None,
    };
    let words: Vec<String> =
        input.q.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect();
    if words.iter().any(|word| word.chars().count() < LEAST_WORD) {
        let detail = format!("每个查找词至少 {LEAST_WORD} 个字");
        return Err(Problem::invalid("q", "word_too_short", detail));
    }
    let query = CourseQuery {
        words,
        form: input.form,
        category: input.category,
        held_by,
        from: input.from.unwrap_or_else(|| today.plus_years(-YEARS_BACK)),
        to: input.to.unwrap_or_else(|| today.plus_years(YEARS_AHEAD)),
    };
    if query.from > query.to {
        return Err(Problem::invalid("from", "dates_out_of_order", "开始日期不能晚于结束日期"));
    }
    let limit = input.limit.unwrap_or(PAGE).clamp(1, MOST);
    let cursor = input.cursor.map(Cursor::from_text);
    let page = app.store.courses(&query, limit, cursor.as_ref()).await?;
    Ok(Json(Courses { items: page.items.into_iter().map(CourseView::from).collect(), next: page.next }))
}

/// 查看课程
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/courses/{id}", tag = "education",
    params(("id" = CourseId, Path)), responses((status = 200, body = CourseView))))]
pub(crate) async fn read(
    State(app): State<App>,
    _caller: Principal,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let course = find(&app, &id).await?;
    Ok(([(header::ETAG, etag(course.version))], Json(CourseView::from(course))))
}

/// The course `id`.
pub(crate) async fn find(app: &App, id: &str) -> Result<Course, Problem> {
    let unknown = || Problem::new(StatusCode::NOT_FOUND, "unknown_course", "没有找到该课程，请核对课程编号");
    let id: CourseId = id.parse().map_err(|_| unknown())?;
    app.store.course(&id).await?.ok_or_else(unknown)
}

/// 发布课程
///
/// 每一期为一门课程；再次举办须另行发布。发布后不能修改，有误的请撤下后重新发布。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/courses", tag = "education",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = CourseInput, responses((status = 201, body = CourseView))))]
pub(crate) async fn offer(
    State(app): State<App>,
    provider: Provider,
    write: Write<CourseInput>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    let id = CourseId::mint(random_u128().map_err(Problem::internal)?);
    let rules = app.rules.for_district(provider.area.as_ref().map(domain::district::Area::district).as_ref());
    let course = education::offer(write.body.clone(), id, &provider.id, rules, now)?;
    settle(&app, &write, StatusCode::CREATED, course, JournalAction::CourseOffered).await
}

/// 撤下课程
///
/// 撤下后不再出现在目录中，也不能再申报或报送；已经记录的学时不受影响。
#[cfg_attr(feature = "openapi", utoipa::path(delete, path = "/v1/courses/{id}", tag = "education",
    params(("id" = CourseId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = CourseView))))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    provider: Provider,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let course = find(&app, &id).await?;
    match education::withdraw_course(&course, &provider.id, write.received.at) {
        Ok(next) => settle(&app, &write, StatusCode::OK, next, JournalAction::CourseWithdrawn).await,
        Err(refusal) => app.echo(&write).await?.ok_or_else(|| refusal.into()),
    }
}

async fn settle<T>(
    app: &App,
    write: &Write<T>,
    status: StatusCode,
    course: Course,
    action: JournalAction,
) -> Result<Response, Problem> {
    let mut journal = JournalEntry::new(Actor::Staff(course.held_by.clone()), action, write.received.at);
    journal.from.clone_from(&write.received.from);
    let reply = reply_of(status, Some(course.version), &CourseView::from(course.clone()))?;
    let remembered = write.idempotency.as_ref().map(|key| (key, &reply));
    let committed = app.store.commit_course(&course, &journal, remembered).await;
    app.answer(write, committed, reply).await
}
