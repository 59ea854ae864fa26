//! What an end of an application does to the register: an approval makes, carries on, changes or cancels a
//! registration; any other end lets go of what the application held.

use super::{
    Application, ApplicationKind, Change, Claim, Entropy, JournalAction, State, UniqueKey, ending::end_with,
    transfer,
};
use crate::{
    credit::assess,
    date::Instant,
    dossier::Dossier,
    error::Refusal,
    form::Field,
    id::{ApplicationId, IdentityKey},
    notification::{Message, ReceiptLine},
    readiness,
    registration::{Registration, RegistrationNumber, RegistrationStatus},
    reminder, revocation,
    rules::{RuleLibrary, RuleSet},
};
use std::collections::BTreeSet;

/// The next version of the registration that `application` is about, which must be in force: one that was cancelled
/// while the application waited isn't brought back by it.
pub(super) fn subject(dossier: &Dossier, application: &Application) -> Result<Registration, Refusal> {
    let mut registration = application
        .registration
        .as_ref()
        .and_then(|number| dossier.registration(number))
        .filter(|registration| registration.status == RegistrationStatus::Active)
        .ok_or_else(|| none_in_force(dossier, application.registration.as_ref(), application.kind))?
        .clone();
    if application.kind.gives_up() {
        revocation::check_may_leave(&registration)?;
    }
    registration.version += 1;
    Ok(registration)
}

/// Why there is no registration in force, the one called `number` or any, to do `kind` with.
pub(crate) fn none_in_force(
    dossier: &Dossier,
    number: Option<&RegistrationNumber>,
    kind: ApplicationKind,
) -> Refusal {
    let wanted = match kind {
        ApplicationKind::First => "办理首次登记",
        ApplicationKind::Renewal => "办理再登记",
        ApplicationKind::Change => "办理信息变更",
        ApplicationKind::Cancellation => "办理注销登记",
        ApplicationKind::TransferOut => "办理转出登记",
        ApplicationKind::TransferIn => "办理转入登记",
    };
    revocation::revoked(dossier, number, wanted).unwrap_or(Refusal::NoActiveRegistration { kind })
}

/// The last stage approved `next`. What is about a registration brings the fields it changed and no others, so that
/// what was changed since it was opened isn't undone.
pub(super) fn approve(
    dossier: &Dossier,
    next: &mut Application,
    change: &mut Change,
    entropy: Entropy,
    library: &RuleLibrary,
    now: Instant,
) -> Result<(), Refusal> {
    let rules = library.get(&next.rules);
    let changed = next.registered_fields_changed();
    let message = match next.kind {
        ApplicationKind::First => {
            transfer::check_unregistered(dossier, next)?;
            first(next, change, entropy, rules, now)?
        }
        ApplicationKind::TransferIn => {
            transfer::check_unregistered(dossier, next)?;
            transfer::arrive(dossier, next, change, entropy, rules, now)?
        }
        ApplicationKind::TransferOut => transfer::depart(dossier, next, change, library, now)?,
        ApplicationKind::Renewal => {
            let mut registration = subject(dossier, next)?;
            let cycle_rules = library.get(&registration.cycle.rules);
            // Hours may have been struck out since it was submitted. A cycle that the working set no longer reaches
            // back to was assessed then, and can't be again.
            if registration.cycle.start >= Dossier::since(now.day()) {
                readiness::check_hours(dossier, &registration, cycle_rules)?;
            }
            let hours = assess(&registration.cycle, &dossier.credits, cycle_rules).shortfall;
            registration.take_over(&next.form, &changed);
            registration.take_photo(&next.attachments);
            let rules = library.for_district(Some(&registration.district));
            registration.renew(&next.id, hours, now.day(), rules);
            let message = registered(&registration, next.kind, library);
            change.registration = Some(registration);
            message
        }
        ApplicationKind::Change => {
            let mut registration = subject(dossier, next)?;
            registration.take_over(&next.form, &changed);
            registration.take_photo(&next.attachments);
            let fields = changed.iter().map(|field| field.label().to_owned()).collect();
            let at_once = change.journal.action == JournalAction::Submitted;
            let receipt = next.receipt.as_ref().filter(|_| at_once).map(|receipt| ReceiptLine {
                number: receipt.number.clone(),
                accepted_at: receipt.accepted_at,
                content_hash: receipt.content_hash.clone(),
            });
            let message = Message::Changed { number: registration.number.clone(), fields, receipt };
            change.registration = Some(registration);
            message
        }
        ApplicationKind::Cancellation => {
            let mut registration = subject(dossier, next)?;
            registration.end(RegistrationStatus::Cancelled, now.day());
            let closed = end_with(dossier, &mut registration, Some(&next.id), change);
            let claims_closed = !change.closed_hours.is_empty();
            let message = Message::Cancelled { number: registration.number.clone(), closed, claims_closed };
            change.registration = Some(registration);
            message
        }
    };
    next.state = State::Approved;
    next.claim = None;
    next.next_due = None;
    let form = match next.kind {
        kind if kind.registers() => next.form.clone(),
        _ => dossier.profile.form.with(&changed, &next.form),
    };
    let mut profile = dossier.profile.with_form(&form, now);
    profile.next_due = None;
    change.profile = Some(profile);
    let_go(dossier, next, change);
    change.notifications.extend(next.tell("approved", now, message));
    Ok(())
}

fn first(
    next: &mut Application,
    change: &mut Change,
    entropy: Entropy,
    rules: &RuleSet,
    now: Instant,
) -> Result<Message, Refusal> {
    let incomplete = || Refusal::NotReady(Vec::new());
    let today = now.day();
    let district = next.form.district.clone().ok_or_else(incomplete)?;
    let number = RegistrationNumber::mint(&district, today.year(), entropy.0);
    let mut registration =
        Registration::open(number.clone(), next.holder.clone(), &next.form, next.late, today, rules)
            .ok_or_else(incomplete)?;
    registration.take_photo(&next.attachments);
    change.take(UniqueKey::Registration(number.clone()), &next.id, None);
    next.registration = Some(number);
    let message = registered_under(&registration, next.kind, rules);
    change.registration = Some(registration);
    Ok(message)
}

fn registered(registration: &Registration, kind: ApplicationKind, library: &RuleLibrary) -> Message {
    registered_under(registration, kind, library.get(&registration.cycle.rules))
}

fn registered_under(registration: &Registration, kind: ApplicationKind, rules: &RuleSet) -> Message {
    Message::Registered {
        kind,
        number: registration.number.clone(),
        level: registration.certificate.level,
        valid_from: registration.cycle.start,
        valid_until: registration.valid_until,
        renewal_opens: rules.renewal_opens(registration.valid_until),
        hours_required_tenths: rules
            .hours_required(registration.cycle.level)
            .map_or(0, |hours| hours.tenths()),
        hours_unit: rules.hours.unit.to_string(),
    }
}

/// Ends `next` without a registration: refused, withdrawn, or not mended in time.
pub(super) fn close(
    dossier: &Dossier,
    next: &mut Application,
    change: &mut Change,
    state: State,
    library: &RuleLibrary,
    now: Instant,
) {
    let was_draft = next.state == State::Draft;
    next.state = state;
    next.claim = None;
    next.next_due = None;
    next.mend_by = None;
    let_go(dossier, next, change);
    if was_draft {
        return;
    }
    match next.kind {
        ApplicationKind::First | ApplicationKind::TransferIn => {
            let profile = &dossier.profile;
            let rules = library.for_district(profile.form.district.as_ref());
            let mut profile = crate::profile::Profile { version: profile.version + 1, ..profile.clone() };
            profile.next_due = reminder::first_due(dossier, &profile, Some(&next.id), rules);
            change.profile = Some(profile);
        }
        ApplicationKind::Renewal => release_registration(dossier, next, change, library, now),
        ApplicationKind::Change | ApplicationKind::Cancellation | ApplicationKind::TransferOut => {}
    }
}

/// The identity document that is registered: the one that the last approval to bring one brought. None before the
/// first approval, and where that was before the working set.
fn registered_identity(dossier: &Dossier) -> Option<&IdentityKey> {
    let brings_one = |application: &&Application| {
        application.state == State::Approved
            && (application.kind.registers()
                || application.registered_fields_changed().contains(&Field::IdentityDocument))
    };
    let last =
        dossier.applications.iter().filter(brings_one).max_by_key(|application| application.updated_at);
    last?.identity.as_ref()
}

/// True where `key` is still needed when application `id` no longer holds it: by what is registered, or by another
/// application that is open.
pub(super) fn is_needed(dossier: &Dossier, key: &UniqueKey, id: &ApplicationId) -> bool {
    let registered = match key {
        UniqueKey::OpenApplication(..) => false,
        UniqueKey::Registration(_) => true,
        UniqueKey::Certificate(number) => dossier.was_registered(number),
        UniqueKey::Identity(identity) => {
            !dossier.registrations.is_empty()
                && registered_identity(dossier).is_none_or(|registered| registered == identity)
        }
    };
    registered
        || dossier
            .applications
            .iter()
            .any(|other| other.id != *id && other.is_open() && other.claims.contains(key))
}

/// Lets go of what `next`, which has ended, held and nothing needs any more; and of the identity document that was
/// registered, where another took its place.
pub(super) fn let_go(dossier: &Dossier, next: &mut Application, change: &mut Change) {
    let held = dossier.application(&next.id).map(|before| before.claims.clone()).unwrap_or_default();
    let registered = registered_identity(dossier).filter(|_| next.state == State::Approved);
    let registered = registered.cloned().map(UniqueKey::Identity);
    // What is needed follows from what will be registered.
    let mut after = dossier.clone();
    after.applications.retain(|application| application.id != next.id);
    after.applications.push(next.clone());
    after.registrations.extend(change.registration.clone());
    let keys = std::mem::take(&mut next.claims).into_iter().chain(registered.clone());
    let (kept, released): (BTreeSet<_>, BTreeSet<_>) = keys.partition(|key| is_needed(&after, key, &next.id));
    next.claims = kept;
    for key in released {
        // What was only to be taken by this change isn't there to be let go.
        change.claims.retain(|claim| !matches!(claim, Claim::Take { key: taken, .. } if *taken == key));
        if held.contains(&key) || registered.as_ref() == Some(&key) {
            change.release(key, &next.id);
        }
    }
}

/// A renewal that ended no longer keeps its registration valid: past its last day it lapses now.
fn release_registration(
    dossier: &Dossier,
    next: &Application,
    change: &mut Change,
    library: &RuleLibrary,
    now: Instant,
) {
    let Ok(mut registration) = subject(dossier, next) else { return };
    let rules = library.get(&registration.cycle.rules);
    registration.pending_renewal = None;
    if registration.is_overdue_on(now.day(), rules) {
        registration.end(RegistrationStatus::Lapsed, now.day());
        change.notifications.push(reminder::lapse_notice(&registration, rules, now));
    } else {
        registration.next_due = reminder::next_due(&registration, rules);
    }
    change.registration = Some(registration);
}
