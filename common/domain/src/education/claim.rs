//! What a holder does: draft a claim of hours, edit it, take it back. How it's submitted is [`super::submit`]'s.

use super::{Place, check};
use crate::{
    actor::Actor,
    application::{Change, JournalAction},
    credit::{Activity, Course, CreditRecord, CreditRefusal, CreditState, Hours},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    error::Refusal,
    id::{CourseId, CreditId},
    registration::RegistrationNumber,
    rules::RuleLibrary,
};

/// Hours that a holder claims.
#[derive(Debug, Clone)]
pub struct ClaimInput {
    /// What was done. Where it was a course of the catalogue, the course says what it was.
    pub activity: Activity,
    /// How many hours; not needed where the rules give so many for each.
    pub hours: Option<Hours>,
    /// 学时 or 小时, where the holder says which; refused where it isn't what the rules speak of.
    pub unit: Option<String>,
    /// The course that `activity` names, looked up.
    pub course: Option<Course>,
    /// Which registration, where the holder has several.
    pub registration: Option<RegistrationNumber>,
}

impl ClaimInput {
    /// What was done, as far as a course is known in the course's own words.
    pub(super) fn activity(&self) -> Activity {
        let said = &self.activity;
        self.course
            .as_ref()
            .map_or_else(|| said.clone(), |course| course.attended(said.done_from, said.done_to))
    }

    /// Refuses a course that was withdrawn, but for a claim that names it already.
    pub(super) fn check_offered(&self, named: Option<&CourseId>) -> Result<(), Refusal> {
        match &self.course {
            Some(course) if named != Some(&course.id) => Ok(course.check_offered()?),
            _ => Ok(()),
        }
    }

    /// Checks all of it and gives the hours claimed. `today` is none for what may lie ahead.
    pub(super) fn check(
        &self,
        place: &Place<'_>,
        activity: &Activity,
        today: Option<CalendarDate>,
        problems: &mut check::Problems,
    ) -> Result<Hours, Refusal> {
        let unit = place.rules.hours.unit.as_str();
        problems.require(
            activity.course.is_none() || self.course.is_some(),
            "course",
            "unknown_course",
            || "没有找到该课程，请核对课程编号，或不选课程直接填写".to_owned(),
        );
        // All of a course, where nothing else is said.
        let whole = self.course.as_ref().filter(|course| course.unit == unit).map(|course| course.hours);
        let said = (self.hours.or(whole), self.unit.as_deref());
        let hours = check::check_said(place.rules, activity, said, today, problems)?;
        if let Some(course) = &self.course {
            check::check_course(course, activity, hours, unit)?;
        }
        Ok(hours)
    }
}

/// Drafts a claim of hours under the new id `mint` gives for the cycle they belong to. What proves them is uploaded to the
/// draft; nobody looks at it, and it stands in nobody's way, until it's submitted.
pub fn claim(
    dossier: &Dossier,
    input: &ClaimInput,
    mint: impl FnOnce(CalendarDate) -> CreditId,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    input.check_offered(None)?;
    let activity = input.activity();
    let place = Place::open_own(dossier, input.registration.as_ref(), activity.done_to, library)?;
    let mut problems = check::Problems::default();
    let hours = input.check(&place, &activity, Some(now.day()), &mut problems)?;
    problems.into_result()?;
    check::check_once(dossier, &place, &activity, None)?;
    let by = Actor::Holder(dossier.profile.holder.clone());
    let unit = place.rules.hours.unit.as_str();
    let whose = place.registration.into();
    let id = mint(place.cycle.start);
    let next = CreditRecord::entered(id, whose, activity, hours, unit, by.clone(), now);
    Ok(place.change(dossier, next, (by, JournalAction::HoursDrafted), Vec::new(), |_| None))
}

/// Edits a claim that nothing was decided on. It stays in its cycle: what was done in another one is another claim. Once
/// submitted, it stays proved.
pub fn edit_claim(
    dossier: &Dossier,
    record: &CreditRecord,
    input: &ClaimInput,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = own_open(dossier, record, library, "修改", now)?;
    // A claim that still waited when the renewal was approved was no part of it: it may be taken back, not changed.
    place.check_unlocked("修改")?;
    input.check_offered(record.activity.course.as_ref())?;
    let activity = input.activity();
    place.check_same_cycle(dossier, activity.done_to, library)?;
    let mut problems = check::Problems::default();
    let mut next = record.next(now);
    next.claimed = input.check(&place, &activity, Some(now.day()), &mut problems)?;
    next.activity = activity;
    if record.state == CreditState::Pending {
        check::check_evidence(place.rules, &next, &mut problems);
    }
    problems.into_result()?;
    check::check_once(dossier, &place, &next.activity, Some(&record.id))?;
    let by = Actor::Holder(record.holder.clone());
    Ok(place.change(dossier, next, (by, JournalAction::HoursClaimEdited), Vec::new(), |_| None))
}

/// Takes a claim back, as a draft or while it waits.
pub fn withdraw_claim(
    dossier: &Dossier,
    record: &CreditRecord,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = own_open(dossier, record, library, "撤回", now)?;
    let mut next = record.next(now);
    next.state = CreditState::Withdrawn;
    let by = Actor::Holder(record.holder.clone());
    Ok(place.change(dossier, next, (by, JournalAction::HoursClaimWithdrawn), Vec::new(), |_| None))
}

/// Where a claim stands that nothing was decided on, so that its holder may still change it.
fn own_open<'a>(
    dossier: &'a Dossier,
    record: &CreditRecord,
    library: &'a RuleLibrary,
    wanted: &'static str,
    now: Instant,
) -> Result<Place<'a>, Refusal> {
    let place = Place::own(dossier, record, library, now)?;
    if matches!(record.state, CreditState::Draft | CreditState::Pending) {
        Ok(place)
    } else {
        Err(CreditRefusal::WrongState { state: record.state.label(), wanted }.into())
    }
}
