//! How a revocation ends, and what ends with the registration.

use super::{
    Revocation, RevocationDecision, RevocationEnd, RevocationRefusal, RevocationRuling, RevocationState,
    check_authority, needed_text, next, running, tell,
};
use crate::{
    actor::{Actor, Administrator},
    application::{Change, JournalAction, end_with},
    date::Instant,
    dossier::Dossier,
    error::Refusal,
    notification::Message,
    registration::{Registration, RegistrationStatus},
    rules::RuleLibrary,
};

/// Decides the revocation of `registration` that runs: an objection is dismissed or upheld, or the whole is dropped.
pub fn decide(
    dossier: &Dossier,
    registration: &Registration,
    by: &Administrator,
    decision: &RevocationDecision,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    check_authority(dossier, registration, by)?;
    let held = running(registration).ok_or(RevocationRefusal::NoneRunning)?;
    let ruling = decision.ruling;
    if ruling != RevocationRuling::Drop && held.state == RevocationState::Announced {
        return Err(RevocationRefusal::NoObjection { until: held.object_until }.into());
    }
    let rules = library.get(&held.rules);
    if ruling != RevocationRuling::Drop && *rules.revocation.another_decides && held.by == by.id {
        let rule = rules.cite("revocation.another_decides", &rules.revocation.another_decides);
        return Err(RevocationRefusal::AnotherDecides { rule }.into());
    }
    let note = needed_text("note", "理由", &decision.note)?;
    let actor = Actor::Staff(by.id.clone());
    if ruling == RevocationRuling::Dismiss {
        return Ok(revoke(dossier, registration, held, actor, note, library, now));
    }
    let (state, action) = if ruling == RevocationRuling::Uphold {
        (RevocationState::Upheld, JournalAction::RevocationUpheld)
    } else {
        (RevocationState::Dropped, JournalAction::RevocationDropped)
    };
    let ended = RevocationEnd { on: now.day(), by: actor.clone(), note: note.clone() };
    let revocation = Revocation { state, ended: Some(ended), ..held.clone() };
    let mut change = next(registration, revocation, (actor, action), library, now);
    change.journal.reasons.clone_from(&held.reasons);
    change.journal.rule = Some(rules.cite("revocation.grounds", &rules.revocation.grounds));
    let upheld = ruling == RevocationRuling::Uphold;
    let number = registration.number.clone();
    tell(&mut change, "revocation-ended", Message::RevocationEnded { number, upheld, note });
    Ok(change)
}

/// What the job does on `now`'s day about the revocation of `registration`, to which nobody objected: it takes effect on
/// the day after the last one to object. None where nothing is due.
pub fn due(
    dossier: &Dossier,
    registration: &Registration,
    library: &RuleLibrary,
    now: Instant,
) -> Option<Change> {
    let held = running(registration)?;
    held.takes_effect_on().filter(|day| *day <= now.day())?;
    Some(revoke(dossier, registration, held, Actor::System, String::new(), library, now))
}

/// Revokes: the registration, and all that is open about it.
fn revoke(
    dossier: &Dossier,
    registration: &Registration,
    held: &Revocation,
    by: Actor,
    note: String,
    library: &RuleLibrary,
    now: Instant,
) -> Change {
    let today = now.day();
    let rules = library.get(&held.rules);
    let ended = RevocationEnd { on: today, by: by.clone(), note: note.clone() };
    let mut revoked = registration.clone();
    revoked.version += 1;
    revoked.revocation =
        Some(Box::new(Revocation { state: RevocationState::Revoked, ended: Some(ended), ..held.clone() }));
    revoked.end(RegistrationStatus::Revoked, today);
    let mut change = Change::new(revoked.holder.clone(), by, JournalAction::Revoked, now);
    change.journal.reasons.clone_from(&held.reasons);
    change.journal.rule = Some(rules.cite("revocation.grounds", &rules.revocation.grounds));
    let closed = end_with(dossier, &mut revoked, None, &mut change);
    change.registration = Some(revoked);
    let message = Message::Revoked {
        number: registration.number.clone(),
        reasons: held.reason_lines(library),
        objected_at: held.objection.as_ref().map(|objection| objection.at),
        note,
        closed,
        claims_closed: !change.closed_hours.is_empty(),
        can_register_again: *library.for_district(Some(&registration.district)).revocation.may_register_again,
    };
    tell(&mut change, "revoked", message);
    change
}
