//! The queue: what waits at the reviewer's stage in their area, oldest first, and how much.

use crate::credits::queue::{held_claim_stage, hours_counts};
use axum::{Json, extract::State};
use common::{
    http::{App, Problem, Query, Received, Staff},
    store::{Cursor, QueueEntry, QueueKind, QueueOf},
    view::EscalationView,
};
use domain::{
    actor::Reviewer,
    application::{ApplicationKind, Stage},
    certificate::CertificateLevel,
    date::{CalendarDate, Instant},
    digest::QueueCounts,
    district::DistrictCode,
    form::{Part, PersonName},
    id::ApplicationId,
    rules::{RuleSet, StageRules},
};
use serde::{Deserialize, Serialize};

/// Entries on a page where the caller doesn't say.
pub(crate) const PAGE: usize = 20;
/// The most entries on a page.
pub(crate) const MOST: usize = 100;

/// Which page of which queue.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct QueueInput {
    /// The stage; needed only by who holds both.
    stage: Option<Stage>,
    /// Entries on the page, 1 to 100; 20 where it's left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// One waiting application.
// Each of these is a flag a list shows by itself; together they aren't a state.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Waiting {
    /// Its id.
    application_id: ApplicationId,
    /// What for.
    kind: ApplicationKind,
    /// 首次登记, 再登记, …
    kind_label: &'static str,
    /// The holder's name.
    name: PersonName,
    /// The certificate's level.
    level: CertificateLevel,
    /// Where it's to be registered.
    district: DistrictCode,
    /// When it was first submitted.
    submitted_at: Instant,
    /// When it was last submitted or amended.
    accepted_at: Instant,
    /// The stage it waits at: an earlier one than the queue's where it rose from there.
    stage: Stage,
    /// 初审 or 终审
    stage_label: &'static str,
    /// The day by which a decision is due, counted from when it was last submitted or amended.
    decision_due: CalendarDate,
    /// Working days left until then; 0 on the day itself, negative once it has passed.
    working_days_left: i64,
    /// True within the last working days, as many as the rules name.
    due_soon: bool,
    /// True once that day has passed.
    overdue: bool,
    /// That it rose to the next level, since nobody decided it in time.
    escalation: Option<EscalationView>,
    /// True where a first registration came after its window.
    late: bool,
    /// The parts to be looked at.
    outstanding: Vec<Part>,
    /// True where this stage approved it before and only what changed is to be looked at.
    again: bool,
    /// True where another reviewer is at it.
    claimed: bool,
    /// True where this reviewer is at it.
    mine: bool,
    /// Its version, for `If-Match`.
    version: u64,
}

/// A page of the queue.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Queue {
    /// The stage.
    stage: Stage,
    /// 初审 or 终审
    stage_label: &'static str,
    /// Oldest first.
    items: Vec<Waiting>,
    /// `cursor` of the next page; none on the last.
    next: Option<Cursor>,
}

/// 查看待审队列
///
/// 按首次提交时间先后排列，只含本人辖区和审核阶段的申请，以及超过审核期限后提级到本阶段的申请。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/review/queue", tag = "review",
    params(QueueInput), responses((status = 200, body = Queue))))]
pub(crate) async fn page(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    received: Received,
    Query(input): Query<QueueInput>,
) -> Result<Json<Queue>, Problem> {
    let rules = app.rules.for_district(Some(&reviewer.area.district()));
    let stage = held_stage(rules, &reviewer, input.stage)?;
    let limit = input.limit.unwrap_or(PAGE).clamp(1, MOST);
    let cursor = input.cursor.map(Cursor::from_text);
    let queue = QueueOf {
        kind: QueueKind::Applications,
        stage: stage.stage,
        area: &reviewer.area,
        shards: stage.queue_shards,
        until: None,
    };
    let page = app.store.queue_page(queue, limit, cursor.as_ref()).await?;
    let items =
        page.entries.into_iter().map(|entry| waiting(entry, stage.stage, rules, &reviewer, received.at));
    Ok(Json(Queue {
        stage: stage.stage,
        stage_label: stage.stage.label(),
        items: items.collect(),
        next: page.next,
    }))
}

fn waiting(entry: QueueEntry, queue: Stage, rules: &RuleSet, reviewer: &Reviewer, now: Instant) -> Waiting {
    let waits_at = entry.stages.into_iter().find(|progress| !progress.outstanding.is_empty());
    let stage = waits_at.as_ref().map_or(queue, |progress| progress.stage);
    let (outstanding, again) = waits_at
        .map(|progress| (progress.outstanding.into_iter().collect(), progress.approved.is_some()))
        .unwrap_or_default();
    let claim = entry.claim.filter(|claim| claim.until > now);
    let mine = claim.as_ref().is_some_and(|claim| claim.by == reviewer.id);
    let (accepted, today) = (entry.receipt.accepted_at.day(), now.day());
    let decision_due = rules.decision_due(accepted);
    let overdue = today > decision_due;
    Waiting {
        application_id: entry.id,
        kind: entry.kind,
        kind_label: entry.kind.label(),
        name: entry.summary.name,
        level: entry.summary.level,
        district: entry.summary.district,
        submitted_at: entry.receipt.submitted_at,
        accepted_at: entry.receipt.accepted_at,
        stage,
        stage_label: stage.label(),
        decision_due,
        working_days_left: rules.calendar.working_days_until(today, decision_due),
        due_soon: !overdue && accepted < rules.not_due_soon_from(today),
        overdue,
        escalation: entry.summary.escalation.as_ref().map(EscalationView::from),
        late: entry.late,
        outstanding,
        again,
        claimed: claim.is_some() && !mine,
        mine,
        version: entry.version,
    }
}

/// How much waits at one stage.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Counter {
    /// The stage.
    stage: Stage,
    /// 初审 or 终审
    stage_label: &'static str,
    /// How much.
    #[serde(flatten)]
    counts: QueueCounts,
}

/// How much waits in a reviewer's area.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Counters {
    /// One per stage the reviewer holds.
    stages: Vec<Counter>,
    /// Claims of hours, and samples whose evidence is there or late; none for who doesn't decide these.
    hours: Option<QueueCounts>,
}

/// 查看待审数量
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/review/counters", tag = "review",
    responses((status = 200, body = Counters))))]
pub(crate) async fn counters(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    received: Received,
) -> Result<Json<Counters>, Problem> {
    let rules = app.rules.for_district(Some(&reviewer.area.district()));
    let mut stages = Vec::new();
    for held in rules.review.stages.iter().filter(|stage| reviewer.roles.contains(&stage.stage.reviewer())) {
        let queue = QueueOf {
            kind: QueueKind::Applications,
            stage: held.stage,
            area: &reviewer.area,
            shards: held.queue_shards,
            until: None,
        };
        let counts = app.store.queue_counts(queue, rules, received.at.day()).await?;
        stages.push(Counter { stage: held.stage, stage_label: held.stage.label(), counts });
    }
    let hours = match held_claim_stage(rules, &reviewer) {
        Ok(stage) => Some(hours_counts(&app, stage, &reviewer, rules, received.at).await?),
        Err(_) => None,
    };
    Ok(Json(Counters { stages, hours }))
}

/// The stage a reviewer asks for, or the only one they hold.
fn held_stage<'a>(
    rules: &'a RuleSet,
    reviewer: &Reviewer,
    wanted: Option<Stage>,
) -> Result<&'a StageRules, Problem> {
    let holds = |stage: &&StageRules| reviewer.roles.contains(&stage.stage.reviewer());
    let mut held = rules.review.stages.iter().filter(holds);
    match wanted {
        Some(wanted) => held.find(|stage| stage.stage == wanted).ok_or_else(Problem::forbidden),
        None => match (held.next(), held.next()) {
            (Some(stage), None) => Ok(stage),
            (Some(_), Some(_)) => {
                Err(Problem::invalid("stage", "missing", "您负责多个审核阶段，请用 stage 指明"))
            }
            (None, _) => Err(Problem::forbidden()),
        },
    }
}
