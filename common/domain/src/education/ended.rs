//! Hours of a registration that has ended: what was recorded stays on record, and what waits for a reviewer waits no more.

use super::Place;
use crate::{
    application::{Change, JournalAction, Reason},
    credit::{CreditRefusal, CreditState, Ruling},
    date::Instant,
    dossier::Dossier,
    error::Refusal,
    registration::{Registration, RegistrationStatus},
};

/// The ground of the rules that claims are closed with. Every rule set has it: the check of a set says so.
pub const GROUND_ENDED: &str = "registration_ended";

/// Records closed in one change: two items of a transaction each, and the transaction may have a hundred.
const AT_ONCE: usize = 30;

/// What ends at once fits into a transaction: the reply, registration with its entry in the register, profile and application
/// with a journal entry each, a message; three more applications with an entry and two uniqueness keys each.
const _: () = assert!(2 * AT_ONCE + 1 + 3 * 2 + 1 + 1 + 2 + 3 * 4 <= 100);

/// Closes, in `change`, the records of the open cycle of `registration` that wait for a reviewer: a claim is refused, and
/// of what counts no evidence is asked for any more. Where there are more than fit, `registration` is due tomorrow.
pub(crate) fn close_waiting(dossier: &Dossier, registration: &mut Registration, change: &mut Change) {
    let now = change.journal.at;
    // Where another registration in force has a cycle that began on that day, their hours are the same hours.
    let is_others = dossier.registrations.iter().any(|other| {
        other.number != registration.number
            && other.status == RegistrationStatus::Active
            && other.cycle.start == registration.cycle.start
    });
    let start = registration.cycle.start;
    let mut waiting =
        dossier.credits.iter().filter(|record| record.is_undecided() && record.cycle_start == start);
    if is_others {
        return;
    }
    for record in waiting.by_ref().take(AT_ONCE) {
        let mut next = record.next(now);
        next.close_audit(now);
        if record.state == CreditState::Pending {
            let reason = Reason { part: None, ground: GROUND_ENDED.to_owned(), note: String::new() };
            next.state = CreditState::Refused;
            next.ruling = Some(Ruling { by: change.journal.actor.clone(), at: now, reasons: vec![reason] });
        }
        change.closed_hours.push(next);
    }
    registration.next_due = waiting.next().map(|_| now.day().plus_days(1));
}

/// What the job does for a registration that has ended with more hours waiting than fitted into one change.
pub fn ended_due(dossier: &Dossier, registration: &Registration, now: Instant) -> Option<Change> {
    let mut next = registration.clone();
    next.version += 1;
    next.next_due = None;
    let mut change = Change::by_system(registration.holder.clone(), JournalAction::Closed, now);
    close_waiting(dossier, &mut next, &mut change);
    change.registration = Some(next);
    Some(change)
}

impl Place<'_> {
    /// Refuses to recognise hours, or to ask for evidence of them, where the registration that they are for was given up
    /// or taken away: they would count for nothing.
    pub(super) fn check_not_ended(&self) -> Result<(), Refusal> {
        let status = self.registration.status;
        let ended = matches!(
            status,
            RegistrationStatus::Revoked | RegistrationStatus::Cancelled | RegistrationStatus::TransferredOut
        );
        if ended && self.closed.is_none() {
            let number = self.registration.number.clone();
            return Err(CreditRefusal::RegistrationEnded { number, status }.into());
        }
        Ok(())
    }
}
