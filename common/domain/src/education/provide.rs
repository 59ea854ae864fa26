//! What a training provider does: record who attended a course and for how long, correct a row, take it back.

use super::{Place, check, is_sensible, needed_reasons};
use crate::{
    actor::Actor,
    application::{Change, JournalAction, Reason},
    credit::{Course, CreditRecord, CreditRefusal, CreditState, Hours, RosterRow, Ruling},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    error::Refusal,
    form::PersonName,
    id::{CreditId, StaffId},
    notification::Message,
    registration::RegistrationNumber,
    rules::RuleLibrary,
};

/// One attendee of a course, as a class list has them.
#[derive(Debug, Clone)]
pub struct Row {
    /// The registration that the certificate on the list was found to have.
    pub registration: Option<RegistrationNumber>,
    /// The name on the list.
    pub name: PersonName,
    /// Hours attended; none for all of the course.
    pub hours: Option<Hours>,
    /// First day attended; none for the course's.
    pub from: Option<CalendarDate>,
    /// Last day attended; none for the course's.
    pub to: Option<CalendarDate>,
    /// Where on which class list it is.
    pub source: Option<RosterRow>,
}

/// Records one attendee's hours of `course`. They count at once.
///
/// The record's id follows from holder, cycle and course, so a list that comes twice, or to two workers at a time, is
/// [`CreditRefusal::AlreadyRecorded`] or loses the commit, and records nothing twice. A row that was taken back can be
/// recorded again; one that was struck out for fraud can't.
pub fn record(
    dossier: &Dossier,
    course: &Course,
    row: &Row,
    provider: &StaffId,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    course.check_offered()?;
    let from = row.from.unwrap_or(course.from);
    let activity = course.attended(from, row.to.unwrap_or(course.to));
    // Before anything else is said of somebody: who doesn't know their name learns nothing of them.
    let named = row.registration.as_ref().and_then(|number| dossier.registration(number));
    if named.is_some_and(|registration| registration.name != row.name) {
        return Err(CreditRefusal::NameDisagrees.into());
    }
    let place = Place::open(dossier, row.registration.as_ref(), activity.done_to, library)?;
    if place.registration.name != row.name {
        return Err(CreditRefusal::NameDisagrees.into());
    }
    let mut problems = check::Problems::default();
    let said = (row.hours.or(Some(course.hours)), Some(course.unit.as_str()));
    let hours = check::check_said(place.rules, &activity, said, Some(now.day()), &mut problems)?;
    problems.into_result()?;
    check::check_course(course, &activity, hours, &course.unit)?;

    let id = CreditId::of_course(&dossier.profile.holder, place.cycle.start, &course.id);
    let by = Actor::Staff(provider.clone());
    let held = dossier.credit(&id);
    match held.map(|held| held.state) {
        // The row that was taken back isn't recorded again by whoever still goes through its list.
        Some(state @ CreditState::Withdrawn)
            if row.source.is_some() && held.is_some_and(|held| held.roster == row.source) =>
        {
            return Err(CreditRefusal::WrongState { state: state.label(), wanted: "再次记录" }.into());
        }
        Some(CreditState::Withdrawn) | None => {}
        Some(CreditState::Voided) => return Err(CreditRefusal::AlreadyVoided { other: id }.into()),
        Some(_) => return Err(CreditRefusal::AlreadyRecorded { other: id }.into()),
    }
    // A claim that waits doesn't stand in the way: who held the course knows better.
    if let Some(other) =
        check::already(dossier, &place, &activity, Some(&id)).filter(|held| held.state.counts())
    {
        return Err(CreditRefusal::AlreadyRecorded { other: other.id.clone() }.into());
    }
    let whose = place.registration.into();
    let mut next = CreditRecord::entered(id, whose, activity, hours, &course.unit, by.clone(), now);
    next.roster.clone_from(&row.source);
    if let Some(held) = held {
        next.version = held.version + 1;
        next.files.clone_from(&held.files);
        // Evidence that was asked for is still asked for.
        next.audit.clone_from(&held.audit);
        next.next_due = super::audit::next_due(&next, place.rules);
    }
    Ok(place.change(dossier, next, (by, JournalAction::HoursRecorded), Vec::new(), |hours| {
        Some(Message::HoursRecorded { hours, corrected: false, reasons: Vec::new() })
    }))
}

/// The record that `row` itself made before, as long as it counts: whoever goes through a class list again knows their own
/// work by it, whatever has become of the registration since.
pub fn own_record<'a>(dossier: &'a Dossier, row: &RosterRow) -> Option<&'a CreditRecord> {
    dossier.credits.iter().find(|held| held.roster.as_ref() == Some(row) && held.state.counts())
}

/// Where a row stands that `provider` may still change.
fn own_row<'a>(
    dossier: &'a Dossier,
    record: &CreditRecord,
    provider: &StaffId,
    library: &'a RuleLibrary,
    wanted: &'static str,
) -> Result<Place<'a>, Refusal> {
    if record.recorded_by != Actor::Staff(provider.clone()) {
        return Err(CreditRefusal::OtherProvider.into());
    }
    let place = Place::of(dossier, record, library)?;
    if record.state != CreditState::Recorded {
        return Err(CreditRefusal::WrongState { state: record.state.label(), wanted }.into());
    }
    place.check_unlocked(wanted)?;
    Ok(place)
}

/// What a provider corrects in a row.
#[derive(Debug, Clone)]
pub struct Correction<'a> {
    /// The course that the row is of.
    pub course: &'a Course,
    /// The hours that were attended.
    pub hours: Hours,
    /// Why; its holder reads it.
    pub reason: Reason,
}

/// Corrects the hours of a row.
pub fn correct(
    dossier: &Dossier,
    record: &CreditRecord,
    correction: Correction<'_>,
    provider: &StaffId,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let Correction { course, hours, reason } = correction;
    let place = own_row(dossier, record, provider, library, "更正")?;
    if record.activity.course.as_ref() != Some(&course.id) {
        return Err(CreditRefusal::UnknownCredit.into());
    }
    let reasons = [reason];
    let lines = needed_reasons(&reasons, place.rules)?;
    let mut problems = check::Problems::default();
    problems.require(is_sensible(hours), "hours", "hours_absurd", || {
        format!("{}应大于 0；未参加的，请撤回该记录", record.unit)
    });
    check::check_hours(place.rules, &record.activity, Some(hours), &mut problems);
    problems.into_result()?;
    check::check_course(course, &record.activity, hours, &record.unit)?;
    if hours == record.claimed {
        return Err(Refusal::NothingChanged);
    }
    let mut next = record.next(now);
    next.claimed = hours;
    next.recognised = hours;
    let ruling = Ruling { by: Actor::Staff(provider.clone()), at: now, reasons: reasons.into() };
    next.ruling = Some(ruling.clone());
    let by = (ruling.by, JournalAction::HoursCorrected);
    Ok(place.change(dossier, next, by, ruling.reasons, |hours| {
        Some(Message::HoursRecorded { hours, corrected: true, reasons: lines })
    }))
}

/// Takes a row back, with a reason that its holder reads.
pub fn strike(
    dossier: &Dossier,
    record: &CreditRecord,
    reason: Reason,
    provider: &StaffId,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = own_row(dossier, record, provider, library, "撤回")?;
    let reasons = [reason];
    let lines = needed_reasons(&reasons, place.rules)?;
    let mut next = record.next(now);
    next.state = CreditState::Withdrawn;
    next.next_due = None;
    let ruling = Ruling { by: Actor::Staff(provider.clone()), at: now, reasons: reasons.into() };
    next.ruling = Some(ruling.clone());
    let by = (ruling.by, JournalAction::HoursStruck);
    Ok(place.change(dossier, next, by, ruling.reasons, |hours| {
        Some(Message::HoursVoided { hours, taken_back: true, reasons: lines })
    }))
}
