//! The queue: what waits at the reviewer's stage in their area, oldest first, and how much.

use crate::credits::queue::{HoursCounter, held_claim_stage};
use axum::{Json, extract::State};
use common::{
    http::{App, Problem, Query, Received, Staff},
    store::{Cursor, QueueEntry, QueueKind, QueueOf},
};
use domain::{
    actor::Reviewer,
    application::{ApplicationKind, Stage},
    certificate::CertificateLevel,
    date::{CalendarDate, Instant},
    district::DistrictCode,
    form::{Part, PersonName},
    id::ApplicationId,
    rules::{RuleSet, StageRules},
};
use futures_util::future::try_join;
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
    /// The day by which a decision is due.
    decision_due: CalendarDate,
    /// True once that day has passed.
    overdue: bool,
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
/// 按首次提交时间先后排列，只含本人辖区和审核阶段的申请。
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

fn waiting(entry: QueueEntry, stage: Stage, rules: &RuleSet, reviewer: &Reviewer, now: Instant) -> Waiting {
    let progress = entry.stages.into_iter().find(|progress| progress.stage == stage);
    let (outstanding, again) = progress
        .map(|progress| (progress.outstanding.into_iter().collect(), progress.approved.is_some()))
        .unwrap_or_default();
    let claim = entry.claim.filter(|claim| claim.until > now);
    let mine = claim.as_ref().is_some_and(|claim| claim.by == reviewer.id);
    let decision_due = rules.decision_due(entry.receipt.submitted_at.day());
    Waiting {
        application_id: entry.id,
        kind: entry.kind,
        kind_label: entry.kind.label(),
        name: entry.summary.name,
        level: entry.summary.level,
        district: entry.summary.district,
        submitted_at: entry.receipt.submitted_at,
        accepted_at: entry.receipt.accepted_at,
        decision_due,
        overdue: now.day() > decision_due,
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
    /// How many wait.
    waiting: u64,
    /// True where even more wait than were counted.
    waiting_more: bool,
    /// How many of them are overdue.
    overdue: u64,
    /// True where even more are overdue than were counted.
    overdue_more: bool,
}

/// How much waits in a reviewer's area.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Counters {
    /// One per stage the reviewer holds.
    stages: Vec<Counter>,
    /// Claims of hours, and samples whose evidence is there or late; none for who doesn't decide these.
    hours: Option<HoursCounter>,
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
    let overdue_before = rules.not_overdue_from(received.at.day()).start();
    let mut stages = Vec::new();
    for held in rules.review.stages.iter().filter(|stage| reviewer.roles.contains(&stage.stage.reviewer())) {
        let queue = QueueOf {
            kind: QueueKind::Applications,
            stage: held.stage,
            area: &reviewer.area,
            shards: held.queue_shards,
            until: None,
        };
        let count = |before| app.store.queue_count(queue, before);
        let ((waiting, waiting_more), (overdue, overdue_more)) =
            try_join(count(None), count(Some(overdue_before))).await?;
        stages.push(Counter {
            stage: held.stage,
            stage_label: held.stage.label(),
            waiting,
            waiting_more,
            overdue,
            overdue_more,
        });
    }
    let hours = match held_claim_stage(rules, &reviewer) {
        Ok(stage) => Some(HoursCounter::of(&app, stage, &reviewer, rules, received.at).await?),
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
