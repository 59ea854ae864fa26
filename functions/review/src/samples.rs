//! Samples of hours: drawn of a city's month by a seed, and how far each of those drawn has come. Asking is the reminder
//! job's.

use crate::queue::{MOST, PAGE};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    http::{App, Problem, Query, Staff, Write},
    store::{Cursor, Lost},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    credit::{CreditRecord, CreditRefusal, CreditState, Hours},
    date::{CalendarDate, Instant},
    district::{Area, DistrictCode},
    education::{self, MOST_POPULATION, Month, Sample, SampleId, SampleInput, sample_area},
    error::Refusal,
    form::{PersonName, ShortText},
    id::CreditId,
    rules::Citation,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Samples on a page: each may have thousands of records.
const SAMPLES: i32 = 10;

/// A sample.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct SampleView {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    id: SampleId,
    /// The city, four digits.
    area: Area,
    /// The month in which the records began to count.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    month: Month,
    /// What it was drawn by.
    seed: String,
    /// How many of a hundred were to be drawn.
    percent: u8,
    /// The rule that says so.
    rule: Citation,
    /// How many records it was drawn from.
    population: u32,
    /// SHA-256 (hex) of their ids, sorted, a line each: the draw can be done again and checked.
    population_sha256: String,
    /// How many were drawn.
    drawn: usize,
    /// How many of them were asked for evidence, or turned out to need no asking.
    asked: u32,
    /// True once that is all of them.
    complete: bool,
    /// When it was drawn.
    at: Instant,
}

impl From<&Sample> for SampleView {
    fn from(sample: &Sample) -> Self {
        Self {
            id: sample.id.clone(),
            area: sample.area.clone(),
            month: sample.month,
            seed: sample.seed.clone(),
            percent: sample.percent,
            rule: sample.rule.clone(),
            population: sample.population,
            population_sha256: sample.population_sha256.clone(),
            drawn: sample.drawn.len(),
            asked: sample.asked,
            complete: sample.to_ask().1.is_empty(),
            at: sample.at,
        }
    }
}

/// 抽查学时
///
/// 从某市某月起计入的记录中按规则比例抽取；同一种子抽取的结果相同，重复提交不会再抽。被抽中的由系统逐一通知补充证明材料。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/review/samples", tag = "review",
    request_body = SampleInput, responses((status = 201, body = SampleView), (status = 200, body = SampleView))))]
pub(crate) async fn draw(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    write: Write<SampleInput>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    let input = write.body;
    // The rules of the city; what is no city is refused by them all.
    let named = input.area.as_ref().unwrap_or(&reviewer.area);
    let rules = app.rules.for_district(Some(&named.district()));
    let area = education::check_sample(&input, &reviewer, rules, now)?;
    let id = input.id(&area);
    if let Some(sample) = app.store.sample(&id).await? {
        return Ok(Json(SampleView::from(&sample)).into_response());
    }
    let population = app.store.drawable(&area, input.month, MOST_POPULATION).await?;
    let sample = education::draw_sample(input, area, population, &reviewer, rules, now)?;
    let by = Actor::Staff(reviewer.id);
    let mut entry = JournalEntry::new(by, JournalAction::SampleDrawn, now);
    entry.from = write.received.from;
    entry.rule = Some(sample.rule.clone());
    match app.store.commit_sample(&sample, Some(&entry), now).await {
        Ok(_) => Ok((StatusCode::CREATED, Json(SampleView::from(&sample))).into_response()),
        // Somebody drew it at the same moment.
        Err(Lost::Stale) => {
            let sample = app.store.sample(&id).await?.ok_or(CreditRefusal::UnknownSample)?;
            Ok(Json(SampleView::from(&sample)).into_response())
        }
        Err(lost) => Err(lost.into()),
    }
}

/// Which samples.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct SamplesInput {
    /// The month, `2026-03`.
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    month: Month,
    /// The city, four digits. Needed where the reviewer's area is a province.
    area: Option<Area>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of samples.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Samples {
    /// Those of the city and month.
    items: Vec<SampleView>,
    /// `cursor` of the next page; none on the last.
    next: Option<Cursor>,
}

/// 查看抽查列表
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/review/samples", tag = "review",
    params(SamplesInput), responses((status = 200, body = Samples))))]
pub(crate) async fn list(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    Query(input): Query<SamplesInput>,
) -> Result<Json<Samples>, Problem> {
    let area = sample_area(input.area.as_ref(), &reviewer)?;
    let cursor = input.cursor.map(Cursor::from_text);
    let page = app.store.samples(&area, input.month, SAMPLES, cursor.as_ref()).await?;
    Ok(Json(Samples { items: page.items.iter().map(SampleView::from).collect(), next: page.next }))
}

/// Which of those who were drawn.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct DrawnInput {
    /// Records on the page, 1 to 100; 20 where it's left out.
    limit: Option<usize>,
    /// How many to leave out: `next` of the page before.
    after: Option<usize>,
}

/// A record that was drawn, and how far it has come since.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Drawn {
    /// The record.
    credit_id: CreditId,
    /// The holder's name.
    name: PersonName,
    /// Where they were registered.
    district: DistrictCode,
    /// What it was called.
    title: ShortText,
    /// Hours claimed.
    claimed: Hours,
    /// Hours recognised.
    recognised: Hours,
    /// 学时 or 小时
    unit: String,
    /// How far it has come.
    state: CreditState,
    /// The same in Chinese.
    state_label: &'static str,
    /// When evidence was asked for; none where it wasn't yet, or needn't be.
    asked_at: Option<Instant>,
    /// Last day to bring it.
    due: Option<CalendarDate>,
    /// When it was brought.
    answered_at: Option<Instant>,
    /// When it was decided.
    decided_at: Option<Instant>,
}

impl From<CreditRecord> for Drawn {
    fn from(record: CreditRecord) -> Self {
        let audit = record.audit.as_ref();
        Self {
            asked_at: audit.map(|audit| audit.asked_at),
            due: audit.map(|audit| audit.due),
            answered_at: audit.and_then(|audit| audit.answered_at),
            decided_at: audit.and_then(|audit| audit.closed_at),
            credit_id: record.id,
            name: record.name,
            district: record.district,
            title: record.activity.title,
            claimed: record.claimed,
            recognised: record.recognised,
            unit: record.unit,
            state: record.state,
            state_label: record.state.label(),
        }
    }
}

/// A sample with a page of those who were drawn.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct OpenedSample {
    /// The sample.
    sample: SampleView,
    /// Those who were drawn, by their ids.
    items: Vec<Drawn>,
    /// `after` of the next page; none on the last.
    next: Option<usize>,
}

/// 查看一次抽查
///
/// 逐条列出被抽中的记录：是否已通知、已补充材料、已作出决定。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/review/samples/{id}", tag = "review",
    params(("id" = String, Path), DrawnInput), responses((status = 200, body = OpenedSample))))]
pub(crate) async fn read(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    Path(id): Path<String>,
    Query(input): Query<DrawnInput>,
) -> Result<Json<OpenedSample>, Problem> {
    let unknown = || Refusal::from(CreditRefusal::UnknownSample);
    let id: SampleId = id.parse().map_err(|_| unknown())?;
    let area: Area = id.area().parse().map_err(|_| unknown())?;
    sample_area(Some(&area), &reviewer)?;
    let sample = app.store.sample(&id).await?.ok_or_else(unknown)?;
    let (limit, after) = (input.limit.unwrap_or(PAGE).clamp(1, MOST), input.after.unwrap_or(0));
    let wanted: Vec<_> = sample.drawn.iter().skip(after).take(limit).cloned().collect();
    let found = if wanted.is_empty() { Vec::new() } else { app.store.credits(&wanted).await? };
    let mut found: BTreeMap<_, _> = found.into_iter().map(|record| (record.id.clone(), record)).collect();
    let end = after.saturating_add(wanted.len());
    Ok(Json(OpenedSample {
        items: wanted.iter().filter_map(|id| found.remove(id)).map(Drawn::from).collect(),
        next: (end < sample.drawn.len()).then_some(end),
        sample: SampleView::from(&sample),
    }))
}
