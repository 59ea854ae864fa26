//! The queue of hours: claims that wait, and samples whose evidence was brought or is late.

use super::shared::shared;
use crate::queue::{MOST, PAGE};
use axum::{Json, extract::State};
use common::{
    http::{App, Problem, Query, Received, Staff},
    store::{Cursor, HoursEntry, QueueKind, QueueOf, StoreError},
};
use domain::{
    actor::Reviewer,
    application::Stage,
    credit::{Audit, CreditCategory, CreditForm, CreditRefusal, CreditState, Hours},
    date::{CalendarDate, Instant},
    digest::QueueCounts,
    district::DistrictCode,
    form::{PersonName, ShortText},
    id::CreditId,
    rules::{RuleSet, StageRules},
};
use serde::{Deserialize, Serialize};

/// Which page of the queue.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct HoursQueueInput {
    /// Entries on the page, 1 to 100; 20 where it's left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The sample a record was drawn into, while it waits to be decided.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct SampleAsked {
    /// Last day to bring the evidence.
    due: CalendarDate,
    /// When it was brought; none where it's late.
    answered_at: Option<Instant>,
}

impl SampleAsked {
    /// Of a record whose sample is open.
    pub(crate) fn of(audit: Option<&Audit>) -> Option<Self> {
        let audit = audit.filter(|audit| audit.is_open())?;
        Some(Self { due: audit.due, answered_at: audit.answered_at })
    }
}

/// One record that waits.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct WaitingHours {
    /// Its id.
    credit_id: CreditId,
    /// The holder's name.
    name: PersonName,
    /// Where they are registered.
    district: DistrictCode,
    /// What it was called.
    title: ShortText,
    /// Its form.
    form: CreditForm,
    /// The same in Chinese.
    form_label: &'static str,
    /// Ethics or not.
    category: CreditCategory,
    /// The same in Chinese.
    category_label: &'static str,
    /// Who held it.
    provider: Option<ShortText>,
    /// First day.
    done_from: CalendarDate,
    /// Last day.
    done_to: CalendarDate,
    /// Hours claimed.
    claimed: Hours,
    /// 学时 or 小时
    unit: String,
    /// How far it has come.
    state: CreditState,
    /// The same in Chinese.
    state_label: &'static str,
    /// Since when it waits.
    since: Instant,
    /// The sample, where it's one; none for a claim.
    sample: Option<SampleAsked>,
    /// The day by which a decision is due.
    decision_due: CalendarDate,
    /// Working days left until then; 0 on the day itself, negative once it has passed.
    working_days_left: i64,
    /// True within the last working days, as many as the rules name.
    due_soon: bool,
    /// True once that day has passed.
    overdue: bool,
    /// Entries with the same word say the same of the same activity, and can be decided together.
    alike: String,
    /// True where another record that counts or waits, of whomever, has one of its files: it's decided by itself, once it
    /// was opened. None where the page has more files than are looked up; a smaller page says.
    shared_evidence: Option<bool>,
    /// Its version, for `If-Match`.
    version: u64,
}

/// A page of the queue.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct HoursQueue {
    /// The stage that decides.
    stage: Stage,
    /// 初审 or 终审
    stage_label: &'static str,
    /// Oldest first.
    items: Vec<WaitingHours>,
    /// `cursor` of the next page; none on the last.
    next: Option<Cursor>,
}

/// 查看待认定的学时
///
/// 按提交时间先后排列，只含本人辖区的申报和已补充材料或逾期未补充的抽查记录。alike 相同的申报内容相同，可一并办理；shared_evidence 为真的与其他记录使用同一文件，须逐条打开核对。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/review/credits", tag = "review",
    params(HoursQueueInput), responses((status = 200, body = HoursQueue))))]
pub(crate) async fn page(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    received: Received,
    Query(input): Query<HoursQueueInput>,
) -> Result<Json<HoursQueue>, Problem> {
    let rules = app.rules.for_district(Some(&reviewer.area.district()));
    let stage = held_claim_stage(rules, &reviewer)?;
    let limit = input.limit.unwrap_or(PAGE).clamp(1, MOST);
    let cursor = input.cursor.map(Cursor::from_text);
    let queue = queue_of(stage, &reviewer, received.at);
    let page = app.store.queue_page::<HoursEntry>(queue, limit, cursor.as_ref()).await?;
    let proofs: Vec<_> = page.entries.iter().map(|entry| (&entry.id, &*entry.summary.contents)).collect();
    let shared = shared(&app.store, &proofs).await?;
    let items = page.entries.into_iter().zip(shared);
    let items = items.map(|(entry, shared)| waiting(entry, shared, rules, received.at));
    Ok(Json(HoursQueue {
        stage: stage.stage,
        stage_label: stage.stage.label(),
        items: items.collect(),
        next: page.next,
    }))
}

fn queue_of<'a>(stage: &StageRules, reviewer: &'a Reviewer, now: Instant) -> QueueOf<'a> {
    QueueOf {
        kind: QueueKind::Hours,
        stage: stage.stage,
        area: &reviewer.area,
        shards: stage.queue_shards,
        until: Some(now),
    }
}

fn waiting(entry: HoursEntry, shared_evidence: Option<bool>, rules: &RuleSet, now: Instant) -> WaitingHours {
    let HoursEntry { id, summary, version } = entry;
    let (since, today) = (summary.since.day(), now.day());
    let decision_due = rules.decision_due(since);
    let overdue = today > decision_due;
    WaitingHours {
        credit_id: id,
        name: summary.name,
        district: summary.district,
        title: summary.title,
        form: summary.form,
        form_label: summary.form.label(),
        category: summary.category,
        category_label: summary.category.label(),
        provider: summary.provider,
        done_from: summary.done_from,
        done_to: summary.done_to,
        claimed: summary.claimed,
        unit: summary.unit,
        state: summary.state,
        state_label: summary.state.label(),
        since: summary.since,
        sample: SampleAsked::of(summary.audit.as_ref()),
        decision_due,
        working_days_left: rules.calendar.working_days_until(today, decision_due),
        due_soon: !overdue && since < rules.not_due_soon_from(today),
        overdue,
        alike: summary.alike,
        shared_evidence,
        version,
    }
}

/// How many records of hours wait in the area of `reviewer`, who holds `stage`.
pub(crate) async fn hours_counts(
    app: &App,
    stage: &StageRules,
    reviewer: &Reviewer,
    rules: &RuleSet,
    now: Instant,
) -> Result<QueueCounts, StoreError> {
    app.store.queue_counts(queue_of(stage, reviewer, now), rules, now.day()).await
}

/// The stage that decides claims, where `reviewer` holds it.
pub(crate) fn held_claim_stage<'a>(
    rules: &'a RuleSet,
    reviewer: &Reviewer,
) -> Result<&'a StageRules, Problem> {
    let stage = *rules.hours.claim_stage;
    let held = rules.stage(stage).filter(|_| reviewer.roles.contains(&stage.reviewer()));
    held.ok_or_else(|| CreditRefusal::WrongReviewer { stage: stage.label() }.into())
}
