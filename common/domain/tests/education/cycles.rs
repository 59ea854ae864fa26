//! Cycles: their edges, leap days, the unit and the version of the rules they run under.

use super::{HUBEI, NATIONAL, counting, cycle, done, hours, hubei_with, level, library, outcome, why};
use crate::common::{World, activity, code, rules};
use domain::{
    application::ApplicationKind,
    credit::{
        CreditCategory::{Ethics, Professional},
        CreditForm, CreditRecord, Cycle, Why, assess,
    },
    date::{CalendarDate, date},
    rules::{RuleLibrary, RuleSetId},
};
use rstest::rstest;

#[rstest]
#[case::a_day_before_it_began("2026-03-01", true, None)]
#[case::a_day_before_a_later_cycle_began("2026-03-01", false, Some(Why::BeforeCycle))]
#[case::on_its_first_day("2026-03-02", false, None)]
#[case::on_29_february("2028-02-29", false, None)]
#[case::on_its_last_day("2029-03-02", false, None)]
#[case::a_day_after_it_ended("2029-03-03", false, Some(Why::AfterCycle))]
#[case::a_day_after_the_first_ended("2029-03-03", true, Some(Why::AfterCycle))]
fn hours_count_in_the_cycle_they_were_finished_in(
    #[case] day: CalendarDate,
    #[case] first: bool,
    #[case] out: Option<Why>,
) {
    let rules = hubei_with(&[]);
    let record = counting(activity(CreditForm::Online, Professional, day), 60);
    let cycle = Cycle { first, ..cycle(&rules) };
    let assessed = assess(&cycle, std::slice::from_ref(&record), &rules);
    assert_eq!(assessed.shortfall.counted, hours(if out.is_some() { 0 } else { 60 }));
    assert_eq!(why(&assessed, &record.id), out.map(|code| (code, 60)).into_iter().collect::<Vec<_>>());
}

#[test]
fn hours_dated_before_the_first_registration_count_where_the_rules_say_so() {
    let record = counting(activity(CreditForm::Online, Professional, date(2025, 12, 1)), 60);
    assert_eq!(outcome(&record, &hubei_with(&[])), (60, vec![]));
    let strict = hubei_with(&[(
        "before_first_registration = { value = true",
        "before_first_registration = { value = false",
    )]);
    assert_eq!(outcome(&record, &strict), (0, vec![(Why::BeforeCycle, 60)]));
    let assessed = assess(&cycle(&strict), std::slice::from_ref(&record), &strict);
    assert_eq!(assessed.lines[0].uncounted[0].rule.rule, "hours.before_first_registration");
}

#[test]
fn the_last_day_of_an_activity_decides_its_cycle() {
    let rules = hubei_with(&[]);
    let later = Cycle { first: false, ..cycle(&rules) };
    let mut record = done(CreditForm::Research, Professional, 60);
    record.activity.done_from = date(2025, 9, 1);
    assert_eq!(assess(&later, std::slice::from_ref(&record), &rules).shortfall.counted, hours(60));
    record.activity.done_to = date(2026, 3, 1);
    assert_eq!(assess(&later, &[record], &rules).shortfall.counted, hours(0));
}

#[test]
fn a_record_counts_in_the_cycle_it_was_claimed_for_and_in_no_other() {
    let rules = hubei_with(&[]);
    let record = CreditRecord { cycle_start: date(2023, 3, 2), ..done(CreditForm::Online, Professional, 60) };
    assert_eq!(outcome(&record, &rules), (0, vec![(Why::OtherCycle, 60)]));
}

#[test]
fn a_course_that_counted_in_an_earlier_cycle_does_not_count_again() {
    let rules = hubei_with(&[]);
    let of_course = |cycle_start, tenths| {
        let mut record = done(CreditForm::Online, Professional, tenths);
        record.activity.course = Some(domain::id::CourseId::mint(9));
        CreditRecord { cycle_start, ..record }
    };
    let (before, now) = (of_course(date(2023, 3, 2), 60), of_course(date(2026, 3, 2), 80));
    let assessed = assess(&cycle(&rules), &[now.clone(), before.clone()], &rules);
    assert_eq!(why(&assessed, &now.id), [(Why::CountedInEarlierCycle, 80)]);
    assert_eq!(assessed.line(&now.id).unwrap().uncounted[0].other, Some(before.id.clone()));
    // What was refused then takes nothing away now.
    let refused = CreditRecord { state: domain::credit::CreditState::Refused, ..before };
    assert_eq!(assess(&cycle(&rules), &[now, refused], &rules).shortfall.counted, hours(80));
}

#[test]
fn a_registration_of_29_february_has_a_cycle_to_28_february() {
    let mut world = World::registered(date(2028, 2, 29));
    let cycle = world.registration().cycle.clone();
    assert_eq!((cycle.start, cycle.end), (date(2028, 2, 29), date(2031, 2, 28)));
    for (day, counted) in [("2028-02-29", 10), ("2031-02-28", 20), ("2031-03-01", 20)] {
        world.put_credit(activity(CreditForm::Online, Professional, day.parse().unwrap()), 10);
        assert_eq!(world.assessed().shortfall.counted, hours(counted), "{day}");
    }
    assert_eq!(world.assessed().renewal.opens, date(2030, 11, 28));
}

#[rstest]
#[case::hubei("420106", "学时", "小时", 900)]
#[case::elsewhere("110105", "小时", "学时", 720)]
fn hours_of_another_unit_are_never_converted(
    #[case] district: &str,
    #[case] unit: &str,
    #[case] other: &str,
    #[case] required: u32,
) {
    let rules = rules().for_district(Some(&district.parse().unwrap()));
    let record = |unit: &str| CreditRecord { unit: unit.to_owned(), ..done(CreditForm::Online, Ethics, 60) };
    assert_eq!(outcome(&record(unit), rules), (60, vec![]));
    assert_eq!(outcome(&record(other), rules), (0, vec![(Why::OtherUnit, 60)]));
    let assessed = assess(&cycle(rules), &[record(other)], rules);
    assert_eq!((assessed.unit.as_str(), assessed.shortfall.required), (unit, hours(required)));
    let said = &assessed.lines[0].uncounted[0];
    assert!(said.detail.contains(unit) && said.detail.contains(other), "{}", said.detail);
    assert_eq!(said.rule.rule, "hours.unit");
}

#[rstest]
#[case::in_time_for_the_window(date(2027, 6, 1), Some(date(2028, 12, 2)))]
#[case::within_the_window(date(2029, 1, 15), Some(date(2029, 1, 15)))]
#[case::on_the_last_day(date(2029, 3, 2), Some(date(2029, 3, 2)))]
#[case::too_late(date(2029, 3, 3), None)]
fn the_earliest_day_of_a_renewal_needs_both_the_window_and_the_hours(
    #[case] last_hours: CalendarDate,
    #[case] possible: Option<CalendarDate>,
) {
    let rules = hubei_with(&[]);
    let credits = [
        counting(activity(CreditForm::Online, Professional, date(2026, 4, 1)), 800),
        counting(activity(CreditForm::InPerson, Professional, last_hours), 100),
        // More than is needed doesn't put it off.
        counting(activity(CreditForm::Seminar, Professional, date(2029, 3, 2)), 50),
    ];
    let renewal = assess(&cycle(&rules), &credits, &rules).renewal;
    assert_eq!((renewal.opens, renewal.closes), (date(2028, 12, 2), date(2029, 3, 2)));
    assert_eq!(renewal.possible_from, possible);
}

#[test]
fn an_open_cycle_keeps_the_version_it_started_under_and_the_next_one_takes_the_new() {
    let mut world = World::registered_under(library(&[]), date(2026, 3, 2));
    let stricter = HUBEI
        .replace("version = \"2026-01\"", "version = \"2027-01\"")
        .replace("assistant_social_worker = { value = 90", "assistant_social_worker = { value = 120");
    let later = RuleLibrary::parse(&[HUBEI, &stricter, NATIONAL]).unwrap();
    world.rules = Box::leak(Box::new(later));
    assert_eq!(world.assessed().shortfall.required, hours(900), "what changed in 2027 isn't asked of 2026");
    world.go_to_day(date(2029, 1, 10));
    world.earn(900);
    let id = world.draft(ApplicationKind::Renewal);
    assert_eq!(code(&world.submit(&id)), "ok");
    world.approve_all(&id);
    let registration = world.registration();
    assert_eq!(registration.cycle.rules, RuleSetId { id: "hubei".into(), version: "2027-01".into() });
    assert_eq!(registration.closed[0].cycle.rules.version, "2026-01");
    assert_eq!(world.assessed().shortfall.required, hours(1200));
    assert_eq!(world.registration().cycle.level, level());
}
