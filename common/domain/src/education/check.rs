//! What a claim or a row must say to be taken.

use super::{Place, is_sensible};
use crate::{
    credit::{Activity, Conversion, Course, CreditRecord, CreditRefusal, Hours, Worth},
    date::CalendarDate,
    dossier::Dossier,
    error::{FieldError, Refusal},
    id::CreditId,
    rules::RuleSet,
};

/// The most hours one record can claim; more is a slip of the keyboard.
pub(super) const MOST: Hours = Hours::from_tenths(10_000);
/// The most hours there are in a day.
const DAY: u32 = 240;

/// Everything that is wrong with fields, by field.
#[derive(Default)]
pub(super) struct Problems(Vec<FieldError>);

impl Problems {
    pub fn require(&mut self, holds: bool, field: &str, code: &str, detail: impl FnOnce() -> String) {
        if !holds {
            self.0.push(FieldError { field: field.to_owned(), code: code.to_owned(), detail: detail() });
        }
    }

    pub fn into_list(self) -> Vec<FieldError> {
        self.0
    }

    pub fn into_result(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::InvalidFields(self.0)) }
    }
}

/// The form must be one that the rules take, and the unit the one that they speak of.
pub(super) fn check_terms(rules: &RuleSet, activity: &Activity, unit: Option<&str>) -> Result<(), Refusal> {
    let form = activity.form;
    if rules.credit_form(form).is_none_or(|form| !*form.accepted) {
        let rule = rules.cite_form(form, "accepted", |form| Some(&form.accepted));
        return Err(CreditRefusal::FormNotAccepted { form, rule }.into());
    }
    if unit.is_some_and(|unit| unit != rules.hours.unit.as_str()) {
        let rule = rules.cite("hours.unit", &rules.hours.unit);
        return Err(CreditRefusal::OtherUnit { unit: rules.hours.unit.to_string(), rule }.into());
    }
    Ok(())
}

/// The days: in order, and not in the future.
pub(super) fn check_days(activity: &Activity, today: Option<CalendarDate>, problems: &mut Problems) {
    problems.require(activity.done_from <= activity.done_to, "done_from", "dates_out_of_order", || {
        "开始日期不能晚于完成日期".to_owned()
    });
    problems.require(
        today.is_none_or(|today| activity.done_to <= today),
        "done_to",
        "date_in_future",
        || "完成日期不能晚于今天，请在完成之后申报".to_owned(),
    );
}

/// Hours as claimed, or as the conversion gives them where it gives so many each.
pub(super) fn check_hours(
    rules: &RuleSet,
    activity: &Activity,
    hours: Option<Hours>,
    problems: &mut Problems,
) -> Hours {
    let Some(form) = rules.credit_form(activity.form) else { return Hours::ZERO };
    let unit = rules.hours.unit.as_str();
    let worth = form.conversion.worth(activity);
    let claimed = match (hours, worth) {
        (Some(hours), _) => hours,
        (None, Worth::Fixed(fixed)) => fixed,
        (None, _) => {
            problems.require(worth == Worth::None, "hours", "missing_field", || format!("请填写{unit}"));
            return Hours::ZERO;
        }
    };
    problems.require(is_sensible(claimed), "hours", "hours_absurd", || {
        format!("{unit}应大于 0 且不超过 {MOST}，请核对")
    });
    let fits = match worth {
        Worth::Fixed(fixed) => claimed <= fixed,
        _ => true,
    };
    problems.require(fits, "hours", "over_conversion", || {
        format!("按规定的折算标准，该项最多计 {} {unit}", worth.limit(claimed))
    });
    let attended = matches!(*form.conversion, Conversion::Attended);
    let room = Hours::from_tenths(activity.days().saturating_mul(DAY));
    problems.require(!attended || activity.days() == 0 || claimed <= room, "hours", "hours_absurd", || {
        format!("{} 天内不可能完成 {claimed} {unit}，请核对", activity.days())
    });
    claimed
}

/// What the form asks for, and that its table has a row for it.
pub(super) fn check_particulars(rules: &RuleSet, activity: &Activity, problems: &mut Problems) {
    let Some(form) = rules.credit_form(activity.form) else { return };
    for particular in form.asks.iter() {
        let field = format!("particulars.{}", particular.key());
        problems.require(activity.particulars.has(*particular), &field, "missing_field", || {
            format!("{}须填写{}", activity.form.label(), particular.label())
        });
    }
    let asked = form.asks.iter().all(|particular| activity.particulars.has(*particular));
    let worth = form.conversion.worth(activity);
    problems.require(!asked || worth != Worth::None, "particulars", "no_conversion", || {
        format!("{}的折算标准中没有相符的一档，不能计入", activity.form.label())
    });
}

/// Everything that an activity must say to be taken, with `hours` of it, but for what proves it. Gives the hours claimed.
/// `today` is none for what may lie ahead.
pub(super) fn check_said(
    rules: &RuleSet,
    activity: &Activity,
    (hours, unit): (Option<Hours>, Option<&str>),
    today: Option<CalendarDate>,
    problems: &mut Problems,
) -> Result<Hours, Refusal> {
    check_terms(rules, activity, unit)?;
    check_days(activity, today, problems);
    check_particulars(rules, activity, problems);
    Ok(check_hours(rules, activity, hours, problems))
}

/// The files that were looked at: one of a kind that the rules ask for.
pub(super) fn check_evidence(rules: &RuleSet, record: &CreditRecord, problems: &mut Problems) {
    let Some(form) = rules.credit_form(record.activity.form) else { return };
    let proved =
        form.evidence.is_empty() || record.confirmed_files().any(|file| form.evidence.contains(&file.kind));
    problems.require(proved, "evidence", "missing_evidence", || {
        let kinds: Vec<_> = form.evidence.iter().map(|kind| kind.label()).collect();
        format!("请上传下列证明材料之一：{}", kinds.join("、"))
    });
}

/// Within the course's days and hours, as far as both speak of the same unit.
pub(super) fn check_course(
    course: &Course,
    activity: &Activity,
    hours: Hours,
    unit: &str,
) -> Result<(), Refusal> {
    if activity.done_from < course.from || activity.done_to > course.to {
        return Err(CreditRefusal::OutsideCourse { from: course.from, to: course.to }.into());
    }
    if hours > course.hours && course.unit == unit {
        return Err(CreditRefusal::OverCourse { hours: course.hours, unit: course.unit.clone() }.into());
    }
    Ok(())
}

/// Refuses what another record of the same activity, that counts or may come to, says already.
pub(super) fn check_once(
    dossier: &Dossier,
    place: &Place<'_>,
    activity: &Activity,
    but: Option<&CreditId>,
) -> Result<(), Refusal> {
    already(dossier, place, activity, but).map_or(Ok(()), |other| {
        let rule = place.rules.cite("hours.one_activity_once", &place.rules.hours.one_activity_once);
        Err(CreditRefusal::AlreadyCredited { other: other.id.clone(), rule }.into())
    })
}

/// Another record of the same activity that counts or may come to, of whichever cycle.
pub(super) fn already<'a>(
    dossier: &'a Dossier,
    place: &Place<'_>,
    activity: &Activity,
    but: Option<&CreditId>,
) -> Option<&'a CreditRecord> {
    let key = crate::credit::ActivityKey::of(activity, place.rules)?;
    dossier.credits.iter().find(|held| {
        held.state.is_alive()
            && Some(&held.id) != but
            && crate::credit::ActivityKey::of(&held.activity, place.rules).as_ref() == Some(&key)
    })
}
