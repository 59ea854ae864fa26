//! Samples: some records that count are drawn, and their holders are asked for evidence.

use super::Place;
use crate::{
    actor::{Actor, Reviewer},
    application::{Change, JournalAction},
    credit::{Audit, CreditRecord, CreditRefusal},
    date::Instant,
    dossier::Dossier,
    error::Refusal,
    id::CreditId,
    notification::{HoursLine, Message},
    reminder,
    rules::{RuleLibrary, RuleSet},
};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Draws the share that the rules ask for, rounded up, from the records with these `ids`: those that
/// [can be drawn](CreditRecord::is_drawable), as the caller sees to.
///
/// Who is drawn follows from `seed` and the records' ids alone, so that a draw can be done again and looked into, in
/// whatever order the records come. Each record's place is a hash of both; nobody can choose an id that escapes a seed
/// drawn later. A larger share draws the same records and more.
pub fn draw(ids: impl IntoIterator<Item = CreditId>, seed: &str, rules: &RuleSet) -> BTreeSet<CreditId> {
    let mut ranked: Vec<_> = ids
        .into_iter()
        .map(|id| {
            let rank =
                Sha256::new().chain_update(seed).chain_update([0]).chain_update(id.as_str()).finalize();
            (rank, id)
        })
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    let share = (ranked.len() * usize::from(*rules.hours.audit_percent)).div_ceil(100);
    ranked.into_iter().take(share).map(|(_, id)| id).collect()
}

/// Asks the holder of `record`, which was drawn, for evidence. Its hours count until that is decided. `reviewer` is none
/// where the system asks.
pub fn ask_for_evidence(
    dossier: &Dossier,
    record: &CreditRecord,
    reviewer: Option<&Reviewer>,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = Place::of(dossier, record, library)?;
    if let Some(reviewer) = reviewer {
        place.check_reviewer(dossier, record, reviewer, *place.rules.hours.claim_stage)?;
    }
    place.check_not_ended()?;
    if !record.state.counts() || record.is_undecided() {
        let state = if record.state.counts() { "抽查中" } else { record.state.label() };
        return Err(CreditRefusal::WrongState { state, wanted: "抽查" }.into());
    }
    let due = now.day().plus_days(i64::from(*place.rules.hours.evidence_days));
    let mut next = record.next(now);
    next.audit = Some(Audit {
        asked_at: now,
        by_hand: reviewer.is_some(),
        due,
        answered_at: None,
        closed_at: None,
        reminded: None,
    });
    next.next_due = next_due(&next, place.rules);
    let by = reviewer.map_or(Actor::System, |reviewer| Actor::Staff(reviewer.id.clone()));
    Ok(asked(dossier, &place, next, (by, JournalAction::EvidenceAsked), now))
}

/// The change that puts `next` and asks for evidence.
fn asked(
    dossier: &Dossier,
    place: &Place<'_>,
    next: CreditRecord,
    by: (Actor, JournalAction),
    now: Instant,
) -> Change {
    let accepted = place.rules.credit_form(next.activity.form).map(|form| &form.evidence);
    let accepted = accepted.into_iter().flat_map(|kinds| kinds.iter());
    let accepted = accepted.map(|kind| kind.label().to_owned()).collect();
    let message = next.audit.as_ref().map(|audit| (audit.due, audit.by_hand)).map(|(due, by_hand)| {
        move |hours: HoursLine| Message::EvidenceAsked {
            hours,
            due,
            days_left: now.day().days_until(due),
            accepted,
            by_hand,
        }
    });
    let mut change =
        place.change(dossier, next, by, Vec::new(), |hours| message.map(|message| message(hours)));
    change.journal.rule = Some(place.rules.cite("hours.evidence_days", &place.rules.hours.evidence_days));
    change
}

/// The day the reminder job looks at a sample next: the next threshold's, as far as they lie within the time given. None
/// once the evidence was brought, and after the last day: from then on it's for people to decide.
pub(super) fn next_due(record: &CreditRecord, rules: &RuleSet) -> Option<crate::date::CalendarDate> {
    let audit = record.audit.as_ref().filter(|audit| audit.is_open() && audit.answered_at.is_none())?;
    let asked_on = audit.asked_at.day();
    reminder::thresholds_left(audit.due, audit.reminded, rules)
        .map(|(_, day)| day)
        .filter(|day| *day > asked_on)
        .min()
}

/// What is due on `now`'s day for a record whose evidence was asked for: a reminder. None where nothing is due after
/// all.
pub fn evidence_due(
    dossier: &Dossier,
    record: &CreditRecord,
    now: Instant,
    library: &RuleLibrary,
) -> Option<Change> {
    let place = Place::of(dossier, record, library).ok()?;
    let today = now.day();
    if !record.state.counts() || next_due(record, place.rules).is_none_or(|due| due > today) {
        return None;
    }
    let mut next = record.next(now);
    let audit = next.audit.as_mut()?;
    audit.reminded = reminder::passed(audit.due, audit.reminded, today, place.rules);
    next.next_due = next_due(&next, place.rules);
    Some(asked(dossier, &place, next, (Actor::System, JournalAction::Reminded), now))
}
