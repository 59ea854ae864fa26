//! What each kind of record adds to the figures.
//!
//! `None` says that neither this version nor any before it can have added anything, so that nobody has to remember that
//! it was looked at: drafts, and what waits. That keeps a wall of submissions off the figures.

use super::{
    cell::{Dimension, Measure, Period, Slice},
    contribution::Contribution,
};
use crate::{
    application::{Application, State},
    credit::{CreditRecord, CreditState},
    date::Instant,
    registration::{Registration, RegistrationStatus},
    rules::RuleSet,
};

/// The most days of a review that are told apart.
pub(super) const MOST_DAYS: i64 = 366;

/// What `registration` adds. Everything it ever did is counted where it's registered now and by what its holder is now,
/// so that figures of one month add up to those of the areas within.
pub fn of_registration(registration: &Registration) -> Contribution {
    let traits = &registration.traits;
    let slices = [
        Slice::choice(Dimension::Level, Some(registration.certificate.level)),
        Slice::choice(Dimension::Born, traits.born.map(|year| format!("{year:04}"))),
        Slice::choice(Dimension::Education, traits.education),
        Slice::choice(Dimension::Employment, traits.employment_status),
        Slice::choice(Dimension::Field, traits.practice_field),
    ];
    let mut counted = Contribution::new(&registration.district, slices);
    counted.add(Period::of(registration.registered_on), Measure::New, 1);
    for closed in &registration.closed {
        counted.add(Period::of(closed.closed_on), Measure::Renewed, 1);
        counted.add(Period::of(closed.cycle.end), Measure::Due, 1);
        counted.add(Period::of(closed.cycle.end), Measure::DueRenewed, 1);
    }
    let ended = |measure| (Period::of(registration.ended_on.unwrap_or(registration.valid_until)), measure);
    let (period, measure) = match registration.status {
        RegistrationStatus::Active => (Period::Now, Measure::Registered),
        RegistrationStatus::Lapsed => ended(Measure::Lapsed),
        RegistrationStatus::Cancelled => ended(Measure::Cancelled),
        RegistrationStatus::Revoked => ended(Measure::Revoked),
        RegistrationStatus::TransferredOut => ended(Measure::TransferredOut),
    };
    counted.add(period, measure, 1);
    // What ended before its time was never due for renewal; what lapsed was.
    if matches!(registration.status, RegistrationStatus::Active | RegistrationStatus::Lapsed) {
        counted.add(Period::of(registration.cycle.end), Measure::Due, 1);
    }
    counted
}

/// When reviewers decided `application` for good; none where it isn't decided, or took effect without them.
fn decided_at(application: &Application) -> Option<Instant> {
    match application.state {
        State::Approved => application
            .stages
            .iter()
            .filter_map(|stage| stage.approved.as_ref())
            .map(|approved| approved.at)
            .max(),
        State::Refused => Some(application.updated_at),
        _ => None,
    }
}

/// What `application` adds: how long it took from its first submission to the decision, and whether that was within the
/// limit of `rules`, those it's judged by. What was decided stays decided.
pub fn of_application(application: &Application, rules: &RuleSet) -> Option<Contribution> {
    let decided = decided_at(application)?.day();
    let receipt = application.receipt.as_ref()?;
    let district = application.form.district.as_ref()?;
    let days = receipt.submitted_at.day().days_until(decided).clamp(0, MOST_DAYS);
    let slices = [
        Slice::choice(Dimension::Kind, Some(application.kind)),
        Slice::of(Dimension::Days, format!("{days:03}")),
    ];
    let mut counted = Contribution::new(district, slices);
    counted.add(Period::of(decided), Measure::Decided, 1);
    // The limit that the applicant was told runs from the last submission: time to mend isn't the reviewers'.
    if decided > rules.decision_due(receipt.accepted_at.day()) {
        counted.add(Period::of(decided), Measure::Overdue, 1);
    }
    Some(counted)
}

/// What `record` adds: its recognised hours, by their form, in the month the activity ended.
pub fn of_credit(record: &CreditRecord) -> Option<Contribution> {
    if matches!(record.state, CreditState::Draft | CreditState::Pending) {
        return None;
    }
    let mut counted =
        Contribution::new(&record.district, [Slice::choice(Dimension::Form, Some(record.activity.form))]);
    if record.state.counts() && !record.recognised.is_zero() {
        let period = Period::of(record.activity.done_to);
        counted.add(period, Measure::HoursTenths, i64::from(record.recognised.tenths()));
        counted.add(period, Measure::HoursRecords, 1);
    }
    Some(counted)
}
