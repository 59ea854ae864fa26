//! Reminders: which day the job looks at a record next, and what it then does.
//!
//! Each threshold is planned once. Where runs were missed, the most urgent threshold that has passed is sent and the
//! earlier ones with it are spent: nobody wants to read "90 days left" and "60 days left" on the same morning.

use crate::{
    application::{self, Application, Change, JournalAction, State},
    credit::assess,
    date::{CalendarDate, Instant},
    dossier::Dossier,
    education,
    id::ApplicationId,
    notification::{Message, Notification},
    profile::Profile,
    registration::{Registration, RegistrationStatus},
    revocation::{self, Revocation, RevocationState},
    rules::{LatePolicy, RuleLibrary, RuleSet},
};

/// The thresholds a date with `end` as last day has left, given the smallest one already planned: each with its day.
pub(crate) fn thresholds_left(
    end: CalendarDate,
    reminded: Option<u16>,
    rules: &RuleSet,
) -> impl Iterator<Item = (u16, CalendarDate)> {
    rules
        .reminders
        .days_before
        .iter()
        .copied()
        .filter(move |days| reminded.is_none_or(|smallest| *days < smallest))
        .map(move |days| (days, end.plus_days(-i64::from(days))))
}

/// The most urgent threshold whose day has come by `today`.
pub(crate) fn passed(
    end: CalendarDate,
    reminded: Option<u16>,
    today: CalendarDate,
    rules: &RuleSet,
) -> Option<u16> {
    thresholds_left(end, reminded, rules).filter(|(_, day)| *day <= today).map(|(days, _)| days).min()
}

/// The day the job looks at `registration` next: the next threshold's, then the day it lapses, or the day an announced
/// revocation takes effect. None where nothing is to come; while a renewal is under review only a revocation is.
pub fn next_due(registration: &Registration, rules: &RuleSet) -> Option<CalendarDate> {
    if registration.status != RegistrationStatus::Active {
        return None;
    }
    let revoked = registration.revocation.as_deref().and_then(Revocation::takes_effect_on);
    if registration.pending_renewal.is_some() {
        return revoked;
    }
    let lapse = rules.renewal_closes(registration.valid_until).plus_days(1);
    let next =
        thresholds_left(registration.valid_until, registration.reminded, rules).map(|(_, day)| day).min();
    let next = next.unwrap_or(lapse);
    Some(revoked.map_or(next, |revoked| revoked.min(next)))
}

/// The day the job looks at a profile's first-registration window next: the next threshold's, then the day after the
/// window. None without a certificate and an address, and once that last letter was planned (threshold 0).
pub fn next_first_due(profile: &Profile, rules: &RuleSet) -> Option<CalendarDate> {
    let issued_on = profile.form.issued_on?;
    profile.form.email.as_ref()?;
    profile.form.management_number.as_ref()?;
    if profile.reminded == Some(0) {
        return None;
    }
    let end = rules.first_window_end(issued_on);
    let next = thresholds_left(end, profile.reminded, rules).map(|(_, day)| day).min();
    Some(next.unwrap_or_else(|| end.plus_days(1)))
}

/// As [`next_first_due`]; none for a certificate that is registered, or was: its holder was told when that ended. And none
/// while an application to register waits, but for the one that is `ending`.
pub(crate) fn first_due(
    dossier: &Dossier,
    profile: &Profile,
    ending: Option<&ApplicationId>,
    rules: &RuleSet,
) -> Option<CalendarDate> {
    let waits = dossier.applications.iter().any(|application| {
        application.kind.registers()
            && matches!(application.state, State::Submitted | State::Returned)
            && Some(&application.id) != ending
    });
    if waits || profile.form.management_number.as_ref().is_some_and(|number| dossier.was_registered(number)) {
        return None;
    }
    next_first_due(profile, rules)
}

/// The day the job looks at `application` next: where it was returned, or waits for a decision.
pub(crate) fn next_application_due(application: &Application, rules: &RuleSet) -> Option<CalendarDate> {
    match application.state {
        State::Returned => next_returned_due(application, rules),
        State::Submitted => application::next_escalation(application, rules),
        _ => None,
    }
}

/// Days after a return on which its holder is reminded, as far as not yet done; then the day the mending period is
/// over.
fn next_returned_due(application: &Application, rules: &RuleSet) -> Option<CalendarDate> {
    if application.state != State::Returned {
        return None;
    }
    let mend_by = application.mend_by?;
    let returned_on = mend_by.plus_days(-i64::from(*rules.review.mend_days));
    let next = rules
        .reminders
        .returned_days
        .iter()
        .find(|days| application.reminded.is_none_or(|largest| **days > largest))
        .map(|days| returned_on.plus_days(i64::from(*days)));
    Some(next.unwrap_or_else(|| mend_by.plus_days(1)))
}

/// What is due for one registration on `today`: its revocation, a reminder, its lapse, or only a new date. `None` where nothing
/// is due after all (it was done meanwhile).
pub fn registration_due(
    dossier: &Dossier,
    registration: &Registration,
    now: Instant,
    library: &RuleLibrary,
) -> Option<Change> {
    let rules = library.get(&registration.cycle.rules);
    let today = now.day();
    if registration.next_due.is_none_or(|due| due > today) {
        return None;
    }
    if registration.status != RegistrationStatus::Active {
        return education::ended_due(dossier, registration, now);
    }
    // Where runs were missed, what comes first in the calendar comes first.
    let lapses_first = registration.is_overdue_on(today, rules)
        && registration
            .revocation
            .as_deref()
            .and_then(Revocation::takes_effect_on)
            .is_some_and(|day| day > rules.renewal_closes(registration.valid_until).plus_days(1));
    if !lapses_first && let Some(change) = revocation::due(dossier, registration, library, now) {
        return Some(change);
    }
    let mut next = registration.clone();
    next.version += 1;
    let (action, notice) = if registration.is_overdue_on(today, rules) {
        next.end(RegistrationStatus::Lapsed, today);
        (JournalAction::Lapsed, Some(lapse_notice(registration, rules, now)))
    } else {
        // No threshold has passed where the rules were edited since the date was set: then only the date is new.
        let threshold = passed(registration.valid_until, registration.reminded, today, rules);
        next.reminded = threshold.or(registration.reminded);
        next.next_due = next_due(&next, rules);
        let hours = assess(&registration.cycle, &dossier.credits, rules);
        let message = Message::RenewalDue {
            number: registration.number.clone(),
            valid_until: registration.valid_until,
            renewal_opens: rules.renewal_opens(registration.valid_until),
            days_left: today.days_until(registration.valid_until),
            hours_missing_tenths: hours.shortfall.missing.tenths(),
            ethics_missing_tenths: hours.shortfall.ethics_missing.tenths(),
            hours_pending_tenths: hours.pending().tenths(),
            hours_unit: hours.unit,
        };
        let notice = threshold.map(|threshold| tell(registration, &threshold.to_string(), now, message));
        (JournalAction::Reminded, notice)
    };
    let mut change = Change::by_system(registration.holder.clone(), action, now);
    change.journal.rule = Some(rules.cite("renewal.window_months", &rules.renewal.window_months));
    change.notifications.extend(notice);
    change.registration = Some(next);
    Some(change)
}

/// Tells the holder that `registration` has lapsed.
pub(crate) fn lapse_notice(registration: &Registration, rules: &RuleSet, now: Instant) -> Notification {
    let message = Message::Lapsed {
        number: registration.number.clone(),
        valid_until: registration.valid_until,
        can_register_again: *rules.first_registration.late == LatePolicy::AcceptAndFlag,
        revocation_ended: registration.revocation.as_ref().is_some_and(|revocation| {
            revocation.state.is_open() || revocation.state == RevocationState::Overtaken
        }),
    };
    tell(registration, "lapsed", now, message)
}

/// A notification about `registration`. Its id follows from the number, the expiry and `what`: once for each.
fn tell(registration: &Registration, what: &str, now: Instant, message: Message) -> Notification {
    Notification {
        id: format!("{}-{}-{what}", registration.number, registration.valid_until),
        holder: registration.holder.clone(),
        to: registration.email.clone(),
        name: registration.name.as_str().to_owned(),
        at: now,
        message,
    }
}

/// What is due on `today` for a certificate that isn't registered yet.
pub fn first_window_due(dossier: &Dossier, now: Instant, library: &RuleLibrary) -> Option<Change> {
    let profile = &dossier.profile;
    let rules = library.for_district(profile.form.district.as_ref());
    let today = now.day();
    if profile.next_due.is_none_or(|due| due > today) {
        return None;
    }
    let mut next = profile.clone();
    next.version += 1;
    let mut change = Change::by_system(profile.holder.clone(), JournalAction::Reminded, now);
    change.journal.rule =
        Some(rules.cite("first_registration.window_months", &rules.first_registration.window_months));
    let due = first_due(dossier, profile, None, rules);
    if due.is_none_or(|due| due > today) {
        // The rules were edited since the date was set: only the date is new.
        next.next_due = due;
        change.profile = Some(next);
        return Some(change);
    }
    let end = rules.first_window_end(profile.form.issued_on?);
    let threshold = if today > end { 0 } else { passed(end, profile.reminded, today, rules)? };
    next.reminded = Some(threshold);
    next.next_due = next_first_due(&next, rules);
    change.notifications.push(Notification {
        // The date of issue may be corrected and put back; the version never comes back.
        id: format!("{}-v{}-first-{threshold}", profile.holder, next.version),
        holder: profile.holder.clone(),
        to: profile.form.email.clone()?,
        name: profile.form.name.as_ref().map_or("持证人", |name| name.as_str()).to_owned(),
        at: now,
        message: Message::FirstRegistrationDue {
            until: end,
            days_left: today.days_until(end),
            late_accepted: *rules.first_registration.late == LatePolicy::AcceptAndFlag,
        },
    });
    change.profile = Some(next);
    Some(change)
}

/// What is due on `today` for an application: one that was returned, or that waits for a decision.
pub fn application_due(
    dossier: &Dossier,
    application: &Application,
    now: Instant,
    library: &RuleLibrary,
) -> Option<Change> {
    match application.state {
        State::Submitted => application::overdue(application, now, library),
        _ => returned_due(dossier, application, now, library),
    }
}

/// What is due on `today` for an application that was returned: a reminder, or its end where the mending period is
/// over.
fn returned_due(
    dossier: &Dossier,
    application: &Application,
    now: Instant,
    library: &RuleLibrary,
) -> Option<Change> {
    let rules = library.get(&application.rules);
    let today = now.day();
    let mend_by = application.mend_by?;
    if next_returned_due(application, rules).is_none_or(|due| due > today) {
        return None;
    }
    if today > mend_by {
        return Some(crate::application::expire(dossier, application, library, now));
    }
    let returned_on = mend_by.plus_days(-i64::from(*rules.review.mend_days));
    let reached = |days: &&u16| returned_on.plus_days(i64::from(**days)) <= today;
    let largest = *rules.reminders.returned_days.iter().rfind(reached)?;
    let mut next = application.next(now);
    next.reminded = Some(largest);
    next.next_due = next_returned_due(&next, rules);
    let mut change = Change::by_system(application.holder.clone(), JournalAction::Reminded, now);
    change.journal.rule = Some(rules.cite("review.mend_days", &rules.review.mend_days));
    change.notifications.extend(next.tell(
        &format!("waiting-{largest}"),
        now,
        Message::ReturnedReminder {
            application: application.id.clone(),
            kind: application.kind,
            mend_by,
            days_left: today.days_until(mend_by),
        },
    ));
    change.application = Some(next);
    Some(change)
}
