//! What a reviewer decides: recognise in full or in part, refuse. And what they may see.

use super::{Place, needed_reasons, reason_lines};
use crate::{
    actor::{Actor, Reviewer, Role},
    application::{Application, Change, JournalAction, Reason},
    credit::{Assessment, CreditRecord, CreditRefusal, CreditState, Hours, Line, Ruling, assess},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    error::{FieldError, Refusal},
    id::ApplicationId,
    notification::{HoursLine, Message},
    registration::{Registration, RegistrationNumber},
    rules::{RuleLibrary, RuleSet},
};
use serde::{Deserialize, Serialize};

/// How a reviewer decides a record of hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CreditOutcome {
    /// 认定, in full or in part
    Recognise,
    /// 不予认定
    Refuse,
}

/// A reviewer's decision on a record of hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreditDecision {
    /// How.
    pub outcome: CreditOutcome,
    /// The hours that are recognised; all that were claimed where it's left out.
    #[serde(default)]
    pub hours: Option<Hours>,
    /// Why; needed where it's refused, or recognised in part.
    #[serde(default)]
    pub reasons: Vec<Reason>,
}

/// Decides a claim that waits, or a record whose evidence was asked for.
pub fn decide(
    dossier: &Dossier,
    record: &CreditRecord,
    reviewer: &Reviewer,
    decision: CreditDecision,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let CreditDecision { outcome, hours, reasons } = decision;
    match outcome {
        CreditOutcome::Recognise => recognise(dossier, record, reviewer, hours, reasons, library, now),
        CreditOutcome::Refuse if hours.is_some() => Err(Refusal::InvalidFields(vec![FieldError {
            field: "hours".to_owned(),
            code: "not_wanted".to_owned(),
            detail: "不予认定时不填写学时；只认定一部分的，请选择认定".to_owned(),
        }])),
        CreditOutcome::Refuse => refuse(dossier, record, reviewer, reasons, library, now),
    }
}

/// A record as whoever reviews it looks at it: where it stands, and what it comes to.
#[derive(Debug, Clone)]
pub struct Look<'a> {
    /// The registration.
    pub registration: &'a Registration,
    /// The renewal that used the cycle's hours, where one did.
    pub renewal: Option<&'a ApplicationId>,
    /// The rules of its cycle.
    pub rules: &'a RuleSet,
    /// How its cycle stands.
    pub assessment: Assessment,
    /// What would count of it if all of it were recognised; none where nothing is to be decided.
    pub in_full: Option<Line>,
}

/// Shows `record` to `reviewer`: it was submitted or recorded, lies in their area and isn't their own.
pub fn look<'a>(
    dossier: &'a Dossier,
    record: &CreditRecord,
    reviewer: &Reviewer,
    library: &'a RuleLibrary,
) -> Result<Look<'a>, Refusal> {
    let place = Place::of(dossier, record, library)?;
    check_view(dossier, record, reviewer)?;
    let in_full = record.is_undecided().then(|| {
        let (state, recognised) = (CreditState::Recognised, record.claimed);
        let recognised = CreditRecord { state, recognised, ..record.clone() };
        place.assess_with(dossier, &recognised).line(&record.id).cloned()
    });
    Ok(Look {
        registration: place.registration,
        renewal: place.closed.map(|closed| &closed.renewal),
        rules: place.rules,
        assessment: assess(place.cycle, &dossier.credits, place.rules),
        in_full: in_full.flatten(),
    })
}

/// Checks that `reviewer` may see `record` and what proves it: it lies in their area, isn't their own, and isn't a claim
/// that was never submitted.
pub fn check_view(dossier: &Dossier, record: &CreditRecord, reviewer: &Reviewer) -> Result<(), Refusal> {
    let (registration, ..) = dossier.cycle_of(record).ok_or(CreditRefusal::UnknownCredit)?;
    check_reach(dossier, registration, record, reviewer)?;
    if ![Role::PreliminaryReviewer, Role::FinalReviewer].iter().any(|role| reviewer.roles.contains(role)) {
        return Err(CreditRefusal::WrongReviewer { stage: "审核" }.into());
    }
    if is_theirs_alone(record) { Err(CreditRefusal::UnknownCredit.into()) } else { Ok(()) }
}

/// True of a claim that was never submitted: nobody but its holder knows of it.
fn is_theirs_alone(record: &CreditRecord) -> bool {
    record.submitted_at.is_none() && matches!(record.recorded_by, Actor::Holder(_))
}

/// A cycle of a registration as whoever reviews looks at it: what counts among the rest.
#[derive(Debug, Clone)]
pub struct CycleLook<'a> {
    /// The registration.
    pub registration: &'a Registration,
    /// The renewal that used the cycle's hours, where one did.
    pub renewal: Option<&'a ApplicationId>,
    /// The rules of the cycle.
    pub rules: &'a RuleSet,
    /// How it stands, with lines of what may be seen only.
    pub assessment: Assessment,
}

/// Shows the cycle of the registration `number` that began on `start`, the present one where none is named, to
/// `reviewer`: the registration lies in their area and isn't their own.
pub fn look_at_cycle<'a>(
    dossier: &'a Dossier,
    number: &RegistrationNumber,
    start: Option<CalendarDate>,
    reviewer: &Reviewer,
    library: &'a RuleLibrary,
) -> Result<CycleLook<'a>, Refusal> {
    let registration = dossier.registration(number).ok_or(CreditRefusal::UnknownRegistration)?;
    if !reviewer.covers(&registration.district) {
        return Err(Refusal::OutsideArea);
    }
    check_other(dossier, reviewer)?;
    let unknown = || {
        let starts = registration.closed.iter().map(|closed| closed.cycle.start);
        CreditRefusal::UnknownCycle { starts: starts.chain([registration.cycle.start]).collect() }
    };
    let start = start.unwrap_or(registration.cycle.start);
    let (cycle, closed) = registration.cycle_from(start).ok_or_else(unknown)?;
    let rules = library.get(&cycle.rules);
    let mut assessment = assess(cycle, &dossier.credits, rules);
    assessment.lines.retain(|line| {
        let record = dossier.credit(&line.credit);
        record.is_some_and(|record| record.cycle_start == start && !is_theirs_alone(record))
    });
    Ok(CycleLook { registration, renewal: closed.map(|closed| &closed.renewal), rules, assessment })
}

/// Checks that `record` lies in `reviewer`'s area, by its own district or its registration's, and isn't their own.
pub(super) fn check_reach(
    dossier: &Dossier,
    registration: &Registration,
    record: &CreditRecord,
    reviewer: &Reviewer,
) -> Result<(), Refusal> {
    if !reviewer.covers(&record.district) && !reviewer.covers(&registration.district) {
        return Err(Refusal::OutsideArea);
    }
    check_other(dossier, reviewer)
}

/// Checks that the dossier isn't the reviewer's own.
fn check_other(dossier: &Dossier, reviewer: &Reviewer) -> Result<(), Refusal> {
    let own = |application: &Application| application.identity == reviewer.identity;
    if reviewer.identity.is_some() && dossier.applications.iter().any(own) {
        return Err(Refusal::OwnApplication);
    }
    Ok(())
}

/// Recognises a claim that waits, or a record whose evidence was asked for: all hours claimed, or `hours` of them with a
/// reason for the rest.
pub fn recognise(
    dossier: &Dossier,
    record: &CreditRecord,
    reviewer: &Reviewer,
    hours: Option<Hours>,
    reasons: Vec<Reason>,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = ruled_on(dossier, record, reviewer, library, "认定")?;
    place.check_not_ended()?;
    let hours = hours.unwrap_or(record.claimed);
    if hours.is_zero() || hours > record.claimed {
        return Err(CreditRefusal::OverClaimed { claimed: record.claimed }.into());
    }
    let lines = if hours < record.claimed {
        needed_reasons(&reasons, place.rules)?
    } else {
        reason_lines(&reasons, place.rules)?
    };
    if hours != record.recognised {
        place.check_unlocked("改变认定")?;
        check_answered(record, now)?;
    }
    let claimed_tenths = record.claimed.tenths();
    let recorded = !matches!(record.recorded_by, Actor::Holder(_));
    let outcome = (CreditState::Recognised, hours, JournalAction::HoursRecognised);
    Ok(rule(dossier, &place, record, outcome, ruling(reviewer, reasons, now), |hours| {
        Message::HoursRecognised { hours, claimed_tenths, recorded, reasons: lines }
    }))
}

/// Refuses a claim that waits, or a record whose evidence was asked for and doesn't hold.
pub fn refuse(
    dossier: &Dossier,
    record: &CreditRecord,
    reviewer: &Reviewer,
    reasons: Vec<Reason>,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = ruled_on(dossier, record, reviewer, library, "不予认定")?;
    let lines = needed_reasons(&reasons, place.rules)?;
    // A claim that still waits when its cycle is closed can be refused: it was no part of the renewal.
    if !record.recognised.is_zero() {
        place.check_unlocked("改变认定")?;
    }
    check_answered(record, now)?;
    let recorded = !matches!(record.recorded_by, Actor::Holder(_));
    let outcome = (CreditState::Refused, Hours::ZERO, JournalAction::HoursRefused);
    Ok(rule(dossier, &place, record, outcome, ruling(reviewer, reasons, now), |hours| {
        Message::HoursRefused { hours, recorded, reasons: lines }
    }))
}

/// Where a record stands that `reviewer` may decide now.
fn ruled_on<'a>(
    dossier: &'a Dossier,
    record: &CreditRecord,
    reviewer: &Reviewer,
    library: &'a RuleLibrary,
    wanted: &'static str,
) -> Result<Place<'a>, Refusal> {
    let place = Place::of(dossier, record, library)?;
    place.check_reviewer(dossier, record, reviewer, *place.rules.hours.claim_stage)?;
    if record.is_undecided() {
        Ok(place)
    } else {
        Err(CreditRefusal::WrongState { state: record.state.label(), wanted }.into())
    }
}

/// Refuses to take hours off for evidence that may still come: its holder has until the last day.
fn check_answered(record: &CreditRecord, now: Instant) -> Result<(), Refusal> {
    match record.open_audit() {
        Some(audit) if audit.answered_at.is_none() && now.day() <= audit.due => {
            Err(CreditRefusal::WrongState {
                state: "证明材料提交期限未满", wanted: "减少或取消认定"
            }
            .into())
        }
        _ => Ok(()),
    }
}

pub(super) fn ruling(reviewer: &Reviewer, reasons: Vec<Reason>, now: Instant) -> Ruling {
    Ruling { by: Actor::Staff(reviewer.id.clone()), at: now, reasons }
}

fn rule(
    dossier: &Dossier,
    place: &Place<'_>,
    record: &CreditRecord,
    (state, recognised, action): (CreditState, Hours, JournalAction),
    ruling: Ruling,
    message: impl FnOnce(HoursLine) -> Message,
) -> Change {
    let mut next = record.next(ruling.at);
    next.state = state;
    next.recognised = recognised;
    next.close_audit(ruling.at);
    next.ruling = Some(ruling.clone());
    let by = (ruling.by, action);
    let mut change = place.change(dossier, next, by, ruling.reasons, |hours| Some(message(hours)));
    change.journal.stage = Some(*place.rules.hours.claim_stage);
    change.journal.rule = Some(place.rules.cite("hours.grounds", &place.rules.hours.grounds));
    change
}

impl CreditRecord {
    /// Whatever was decided on it, nothing more is asked for.
    pub(super) fn close_audit(&mut self, now: Instant) {
        self.next_due = None;
        if let Some(audit) = self.audit.as_mut().filter(|audit| audit.is_open()) {
            audit.closed_at = Some(now);
        }
    }
}
