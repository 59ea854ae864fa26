//! What a holder does: claim hours, edit the claim, take it back.

use super::{Place, check};
use crate::{
    actor::Actor,
    application::{Change, JournalAction},
    credit::{Activity, Course, CreditRecord, CreditRefusal, CreditState, Hours},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    error::Refusal,
    id::CreditId,
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
        self.course.as_ref().map_or_else(
            || said.clone(),
            |course| Activity {
                evidence: said.evidence.clone(),
                ..course.attended(said.done_from, said.done_to)
            },
        )
    }

    /// Checks all of it and gives the hours claimed. `today` is none for what may lie ahead.
    pub(super) fn check(
        &self,
        place: &Place<'_>,
        activity: &Activity,
        today: Option<CalendarDate>,
        problems: &mut check::Problems,
    ) -> Result<Hours, Refusal> {
        check::check_terms(place, activity, self.unit.as_deref())?;
        let unit = place.rules.hours.unit.as_str();
        problems.require(
            activity.course.is_none() || self.course.is_some(),
            "course",
            "unknown_course",
            || "没有找到该课程，请核对课程编号，或不选课程直接填写".to_owned(),
        );
        check::check_days(activity, today, problems);
        check::check_particulars(place, activity, problems);
        // All of a course, where nothing else is said.
        let whole = self.course.as_ref().filter(|course| course.unit == unit).map(|course| course.hours);
        let hours = check::check_hours(place, activity, self.hours.or(whole), problems);
        if let Some(course) = &self.course {
            check::check_course(course, activity, hours, unit)?;
        }
        Ok(hours)
    }
}

/// Claims hours under the new id `mint` gives for the cycle they belong to. They don't count until they're recognised.
pub fn claim(
    dossier: &Dossier,
    input: &ClaimInput,
    mint: impl FnOnce(CalendarDate) -> CreditId,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let activity = input.activity();
    let place = Place::open(dossier, input.registration.as_ref(), activity.done_to, library)?;
    let hours = checked(dossier, &place, input, &activity, None, now)?;
    let by = Actor::Holder(dossier.profile.holder.clone());
    let unit = place.rules.hours.unit.as_str();
    let district = place.registration.district.clone();
    let id = mint(place.cycle.start);
    let next = CreditRecord::entered(id, district, activity, hours, unit, by.clone(), now);
    Ok(place.change(dossier, next, (by, JournalAction::HoursClaimed), Vec::new(), |_| None))
}

/// Edits a claim that waits. It stays in its cycle: what was done in another one is another claim.
pub fn edit_claim(
    dossier: &Dossier,
    record: &CreditRecord,
    input: &ClaimInput,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = own_pending(dossier, record, library, "修改")?;
    let activity = input.activity();
    let cycle = place.cycle;
    let target = Place::open(dossier, Some(&place.registration.number), activity.done_to, library)?;
    if target.cycle.start != cycle.start {
        let rule = place.rules.cite_hours(cycle.level);
        return Err(CreditRefusal::OutsideCycle { start: cycle.start, end: cycle.end, rule }.into());
    }
    let hours = checked(dossier, &place, input, &activity, Some(&record.id), now)?;
    let mut next = record.next(now);
    next.activity = activity;
    next.claimed = hours;
    let by = Actor::Holder(record.holder.clone());
    Ok(place.change(dossier, next, (by, JournalAction::HoursClaimEdited), Vec::new(), |_| None))
}

/// Takes a claim back while it waits.
pub fn withdraw_claim(
    dossier: &Dossier,
    record: &CreditRecord,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = own_pending(dossier, record, library, "撤回")?;
    let mut next = record.next(now);
    next.state = CreditState::Withdrawn;
    let by = Actor::Holder(record.holder.clone());
    Ok(place.change(dossier, next, (by, JournalAction::HoursClaimWithdrawn), Vec::new(), |_| None))
}

/// Where a claim stands that its holder may still change.
fn own_pending<'a>(
    dossier: &'a Dossier,
    record: &CreditRecord,
    library: &'a RuleLibrary,
    wanted: &'static str,
) -> Result<Place<'a>, Refusal> {
    if record.holder != dossier.profile.holder {
        return Err(CreditRefusal::UnknownCredit.into());
    }
    let place = Place::of(dossier, record, library)?;
    if record.state != CreditState::Pending {
        return Err(CreditRefusal::WrongState { state: record.state.label(), wanted }.into());
    }
    // A claim that still waited when the renewal was approved was no part of it: it may be taken back, not changed.
    if wanted == "修改" {
        place.check_unlocked(wanted)?;
    }
    Ok(place)
}

fn checked(
    dossier: &Dossier,
    place: &Place<'_>,
    input: &ClaimInput,
    activity: &Activity,
    but: Option<&CreditId>,
    now: Instant,
) -> Result<Hours, Refusal> {
    let mut problems = check::Problems::default();
    let hours = input.check(place, activity, Some(now.day()), &mut problems)?;
    check::check_evidence(place, activity, &mut problems);
    problems.into_result()?;
    if let Some(other) = check::already(dossier, place, activity, but) {
        let rule = place.rules.cite("hours.one_activity_once", &place.rules.hours.one_activity_once);
        return Err(CreditRefusal::AlreadyCredited { other: other.id.clone(), rule }.into());
    }
    Ok(hours)
}
