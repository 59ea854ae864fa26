//! What a reviewer decides: recognise in full or in part, refuse. And what they may see.

use super::{Place, needed_reasons, reason_lines};
use crate::{
    actor::{Actor, Reviewer, Role},
    application::{Application, Change, JournalAction, Reason},
    credit::{CreditRecord, CreditRefusal, CreditState, Hours, Ruling},
    date::Instant,
    dossier::Dossier,
    error::Refusal,
    notification::{HoursLine, Message},
    registration::Registration,
    rules::RuleLibrary,
};

/// Checks that `reviewer` may see `record` and what proves it: it lies in their area, isn't their own, and isn't a claim
/// that was never submitted.
pub fn check_view(dossier: &Dossier, record: &CreditRecord, reviewer: &Reviewer) -> Result<(), Refusal> {
    let (registration, ..) = dossier.cycle_of(record).ok_or(CreditRefusal::UnknownCredit)?;
    check_reach(dossier, registration, record, reviewer)?;
    if ![Role::PreliminaryReviewer, Role::FinalReviewer].iter().any(|role| reviewer.roles.contains(role)) {
        return Err(CreditRefusal::WrongReviewer { stage: "审核" }.into());
    }
    let drafted_only = record.submitted_at.is_none() && matches!(record.recorded_by, Actor::Holder(_));
    if drafted_only { Err(CreditRefusal::UnknownCredit.into()) } else { Ok(()) }
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
    }
    let claimed_tenths = record.claimed.tenths();
    let outcome = (CreditState::Recognised, hours, JournalAction::HoursRecognised);
    Ok(rule(dossier, &place, record, outcome, ruling(reviewer, reasons, now), |hours| {
        Message::HoursRecognised { hours, claimed_tenths, reasons: lines }
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
    let outcome = (CreditState::Refused, Hours::ZERO, JournalAction::HoursRefused);
    Ok(rule(dossier, &place, record, outcome, ruling(reviewer, reasons, now), |hours| {
        Message::HoursRefused { hours, reasons: lines }
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
