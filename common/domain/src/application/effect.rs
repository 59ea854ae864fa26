//! What an end of an application does to the register: an approval makes, carries on, changes or cancels a
//! registration; any other end lets go of what the application held.

use super::{Application, ApplicationKind, Change, Entropy, State, UniqueKey};
use crate::{
    date::Instant,
    dossier::Dossier,
    error::Refusal,
    notification::{Message, Notification},
    registration::{Registration, RegistrationNumber, RegistrationStatus},
    reminder,
    rules::{LatePolicy, RuleLibrary, RuleSet},
};

/// The next version of the registration that `application` is about.
pub(super) fn subject(dossier: &Dossier, application: &Application) -> Result<Registration, Refusal> {
    let missing = Refusal::NoActiveRegistration { kind: application.kind };
    let number = application.registration.as_ref().ok_or_else(|| missing.clone())?;
    let mut registration = dossier.registration(number).ok_or(missing)?.clone();
    registration.version += 1;
    Ok(registration)
}

/// The last stage approved `next`.
pub(super) fn approve(
    dossier: &Dossier,
    next: &mut Application,
    change: &mut Change,
    entropy: Entropy,
    library: &RuleLibrary,
    now: Instant,
) -> Result<(), Refusal> {
    let rules = library.get(&next.rules);
    let message = match next.kind {
        ApplicationKind::First => first(next, change, entropy, rules, now)?,
        ApplicationKind::Renewal => {
            let mut registration = subject(dossier, next)?;
            registration.renew(&next.form, library.for_district(next.form.district.as_ref()));
            let message = registered(&registration, next.kind, library);
            change.registration = Some(registration);
            message
        }
        ApplicationKind::Change => {
            let mut registration = subject(dossier, next)?;
            registration.take_over(&next.form);
            let fields = next.before.iter().flat_map(|before| before.changed_fields(&next.form));
            let fields =
                fields.filter(|field| field.part().is_some()).map(|field| field.label().to_owned()).collect();
            let message = Message::Changed { number: registration.number.clone(), fields };
            change.registration = Some(registration);
            message
        }
        ApplicationKind::Cancellation => {
            let mut registration = subject(dossier, next)?;
            registration.end(RegistrationStatus::Cancelled);
            let message = Message::Cancelled { number: registration.number.clone() };
            change.registration = Some(registration);
            message
        }
    };
    next.state = State::Approved;
    next.claim = None;
    let (open, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut next.claims)
        .into_iter()
        .partition(|key| matches!(key, UniqueKey::OpenApplication(..)));
    for key in open {
        change
            .claims
            .retain(|claim| !matches!(claim, super::Claim::Take { key: taken, .. } if *taken == key));
        change.release(key, &next.id);
    }
    next.claims = kept.into_iter().collect();
    let mut profile = change.profile.take().unwrap_or_else(|| dossier.profile.with_form(&next.form, now));
    profile.next_due = None;
    change.profile = Some(profile);
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
    let registration =
        Registration::open(number.clone(), next.holder.clone(), &next.form, next.late, today, rules)
            .ok_or_else(incomplete)?;
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
    // Whoever has a registration keeps their identity and its certificate; others hold on to nothing.
    let registered =
        |number| dossier.registrations.iter().any(|held| held.certificate.management_number == number);
    let (kept, released) =
        std::mem::take(&mut next.claims).into_iter().partition::<Vec<_>, _>(|key| match key {
            UniqueKey::OpenApplication(..) => false,
            UniqueKey::Certificate(number) => registered(number.clone()),
            UniqueKey::Identity(_) | UniqueKey::Registration(_) => !dossier.registrations.is_empty(),
        });
    next.claims = kept.into_iter().collect();
    for key in released {
        change.release(key, &next.id);
    }
    if was_draft {
        return;
    }
    match next.kind {
        ApplicationKind::First => {
            let profile = &dossier.profile;
            let rules = library.for_district(profile.form.district.as_ref());
            let mut profile = crate::profile::Profile { version: profile.version + 1, ..profile.clone() };
            profile.next_due = reminder::next_first_due(&profile, rules);
            change.profile = Some(profile);
        }
        ApplicationKind::Renewal => release_registration(dossier, next, change, library, now),
        ApplicationKind::Change | ApplicationKind::Cancellation => {}
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
        registration.end(RegistrationStatus::Lapsed);
        change.notifications.push(Notification {
            id: format!("{}-{}-lapsed", registration.number, registration.valid_until),
            holder: registration.holder.clone(),
            to: registration.email.clone(),
            name: registration.name.as_str().to_owned(),
            at: now,
            message: Message::Lapsed {
                number: registration.number.clone(),
                valid_until: registration.valid_until,
                can_register_again: *rules.first_registration.late == LatePolicy::AcceptAndFlag,
            },
        });
    } else {
        registration.next_due = reminder::next_due(&registration, rules);
    }
    change.registration = Some(registration);
}
