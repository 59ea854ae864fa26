//! What a training provider does with its courses: offer one in the catalogue, take it out again.

use super::check;
use crate::{
    credit::{Course, CreditCategory, CreditForm, CreditRefusal, Hours, Particulars, is_on_record},
    date::{CalendarDate, Instant},
    error::Refusal,
    form::ShortText,
    id::{CourseId, StaffId},
    rules::RuleSet,
};
use serde::Deserialize;

/// The most characters of a title. A catalogue lists a course under each pair of them, in one transaction.
pub const MOST_TITLE: usize = 60;
/// The most characters of a provider's name, for the same reason.
pub const MOST_PROVIDER: usize = 30;
/// Years ahead that a course may be announced.
const YEARS_AHEAD: i32 = 2;
/// Years back that a course may have been held.
const YEARS_BACK: i32 = 10;

/// A course as a provider describes it.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CourseInput {
    /// Its title.
    pub title: ShortText,
    /// Who holds it.
    pub provider: ShortText,
    /// Its form.
    pub form: CreditForm,
    /// Ethics or not.
    pub category: CreditCategory,
    /// The hours of somebody who attends all of it.
    pub hours: Hours,
    /// 学时 or 小时; refused where it isn't what the rules speak of.
    pub unit: String,
    /// First day.
    pub from: CalendarDate,
    /// Last day.
    pub to: CalendarDate,
    /// Under which number and on which day it was put on record, where it's an in-house training.
    #[serde(default)]
    pub particulars: Particulars,
}

/// Puts a course into the catalogue, under the new id `id`. It says all that a record of it must say, so that no row of
/// a class list fails for what is wrong with the course.
pub fn offer(
    input: CourseInput,
    id: CourseId,
    provider: &StaffId,
    rules: &RuleSet,
    now: Instant,
) -> Result<Course, Refusal> {
    let course = Course {
        id,
        title: input.title,
        provider: input.provider,
        form: input.form,
        category: input.category,
        hours: input.hours,
        unit: input.unit,
        from: input.from,
        to: input.to,
        particulars: input.particulars,
        held_by: provider.clone(),
        offered_at: now,
        withdrawn_at: None,
        version: 1,
    };
    let mut problems = check::Problems::default();
    check_names(&course, &mut problems);
    check_terms(&course, rules, &mut problems);
    check_days(&course, now.day(), &mut problems);
    let all_of_it = course.attended(course.from, course.to);
    check::check_hours(rules, &all_of_it, Some(course.hours), &mut problems);
    check::check_particulars(rules, &all_of_it, &mut problems);
    // Where a number or a day isn't given, that was said.
    let filed = course.particulars.filing_number.is_some() && course.particulars.filed_on.is_some();
    problems.require(
        !filed || is_on_record(&all_of_it, rules),
        "particulars.filed_on",
        "not_on_record",
        || format!("{}须在开始之前备案，备案日期不能晚于开始日期", course.form.label()),
    );
    problems.into_result()?;
    Ok(course)
}

/// Title and provider: as long as a catalogue has room for.
fn check_names(course: &Course, problems: &mut check::Problems) {
    let length = |text: &ShortText| text.as_str().chars().count();
    problems.require(length(&course.title) <= MOST_TITLE, "title", "title_too_long", || {
        format!("名称不能超过 {MOST_TITLE} 个字，请缩短")
    });
    problems.require(length(&course.provider) <= MOST_PROVIDER, "provider", "provider_too_long", || {
        format!("机构名称不能超过 {MOST_PROVIDER} 个字，请缩短")
    });
}

/// The form must be one that is attended and that the rules take, and the unit the one that they speak of.
fn check_terms(course: &Course, rules: &RuleSet, problems: &mut check::Problems) {
    let (form, unit) = (course.form, rules.hours.unit.as_str());
    problems.require(form.is_attended(), "form", "form_not_offered", || {
        format!("{}不是可以组织参加的培训，不能列入课程目录", form.label())
    });
    let accepted = rules.credit_form(form).is_some_and(|form| *form.accepted);
    problems.require(accepted, "form", "form_not_accepted", || {
        format!("{}不在规定的继续教育形式之内", form.label())
    });
    problems.require(course.unit == unit, "unit", "other_unit", || {
        format!("规定以「{unit}」计，系统不作换算，请按「{unit}」填写")
    });
}

/// The days: in order, and of this time.
fn check_days(course: &Course, today: CalendarDate, problems: &mut check::Problems) {
    problems.require(course.from <= course.to, "to", "dates_out_of_order", || {
        "结束日期不能早于开始日期".to_owned()
    });
    let (oldest, newest) = (today.plus_years(-YEARS_BACK), today.plus_years(YEARS_AHEAD));
    for (field, day) in [("from", course.from), ("to", course.to)] {
        problems.require((oldest..=newest).contains(&day), field, "date_absurd", || {
            format!("日期应在 {}至 {}之间，请核对", oldest.in_chinese(), newest.in_chinese())
        });
    }
}

/// Takes a course out of the catalogue. What was recorded of it stays.
pub fn withdraw_course(course: &Course, provider: &StaffId, now: Instant) -> Result<Course, Refusal> {
    if course.held_by != *provider {
        return Err(CreditRefusal::OtherProvider.into());
    }
    if course.is_withdrawn() {
        return Err(CreditRefusal::WrongState { state: "已撤回", wanted: "撤回" }.into());
    }
    Ok(Course { withdrawn_at: Some(now), version: course.version + 1, ..course.clone() })
}
