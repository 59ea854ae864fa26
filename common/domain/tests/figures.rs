//! Figures: what each record adds, that the order and number of its versions change nothing, and what is said of the sums.

use crate::common::*;
use domain::{
    actor::Actor,
    application::Outcome,
    credit::{CreditCategory, CreditForm, CreditRecord, CreditState, Hours, Whose},
    date::{CalendarDate, date},
    figures::{
        Cell, Contribution, Dimension, Measure, Period, Slice, Sums, monthly, of_application, of_credit,
        of_registration, stock,
    },
    form::EducationLevel,
    id::{CreditId, HolderId},
    registration::{Registration, RegistrationStatus},
};
use proptest::prelude::*;
use rstest::rstest;
use std::collections::BTreeMap;

fn started() -> CalendarDate {
    date(2026, 3, 2)
}

/// The totals that `contribution` adds in Wuhan, as `measure@period`.
fn totals(contribution: &Contribution) -> Vec<String> {
    let sums = contribution.sums();
    let in_wuhan = sums.0.iter().filter(|((area, _), _)| area == "4201");
    let totals = in_wuhan.flat_map(|((_, period), cells)| {
        let totals = cells.iter().filter(|(cell, _)| cell.slice == Slice::TOTAL);
        totals.map(move |(cell, count)| format!("{}@{period}={count}", cell.measure.key()))
    });
    totals.collect()
}

#[rstest]
#[case::in_force(RegistrationStatus::Active, None, &["reg@now=1", "new@202603=1", "due@202903=1"])]
#[case::lapsed(RegistrationStatus::Lapsed, Some(date(2029, 3, 3)), &["new@202603=1", "lap@202903=1", "due@202903=1"])]
#[case::cancelled(RegistrationStatus::Cancelled, Some(date(2027, 1, 31)), &["new@202603=1", "can@202701=1"])]
#[case::revoked(RegistrationStatus::Revoked, Some(date(2026, 3, 9)), &["new@202603=1", "rev@202603=1"])]
#[case::moved_away(RegistrationStatus::TransferredOut, Some(date(2028, 2, 29)), &["new@202603=1", "out@202802=1"])]
#[case::ended_before_that_day_was_kept(RegistrationStatus::Lapsed, None, &["new@202603=1", "lap@202903=1", "due@202903=1"])]
fn a_registration_adds_what_it_is_and_what_happened_to_it(
    #[case] status: RegistrationStatus,
    #[case] ended_on: Option<CalendarDate>,
    #[case] expected: &[&str],
) {
    let world = World::registered(started());
    let registration = Registration { status, ended_on, ..world.registration().clone() };
    let mut expected: Vec<_> = expected.iter().map(|text| (*text).to_owned()).collect();
    let mut found = totals(&of_registration(&registration));
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn it_is_counted_in_each_area_around_it_and_by_each_trait() {
    let world = World::registered(started());
    let sums = of_registration(world.registration()).sums();
    let areas: Vec<_> =
        sums.0.keys().filter(|(_, period)| *period == Period::Now).map(|(area, _)| area.as_str()).collect();
    assert_eq!(areas, ["42", "4201", "420106", "CN"]);
    let now = &sums.0[&("CN".to_owned(), Period::Now)];
    assert_eq!(now.len(), 6, "the total and five traits: {now:?}");
    let level = serde_json::to_value(world.registration().certificate.level).unwrap();
    let slice = Slice::of(Dimension::Level, level.as_str().unwrap());
    assert_eq!(now[&Cell { measure: Measure::Registered, slice }], 1);
    for cell in now.keys() {
        assert_eq!(cell.to_string().parse::<Cell>().as_ref(), Ok(cell), "its name reads back");
    }
}

#[rstest]
#[case::draft(CreditState::Draft, None)]
#[case::waiting(CreditState::Pending, None)]
#[case::recorded(CreditState::Recorded, Some(75))]
#[case::recognised(CreditState::Recognised, Some(75))]
#[case::refused(CreditState::Refused, Some(0))]
#[case::taken_back(CreditState::Withdrawn, Some(0))]
#[case::struck_out(CreditState::Voided, Some(0))]
fn hours_count_while_they_are_recognised(#[case] state: CreditState, #[case] tenths: Option<i64>) {
    let holder = HolderId::mint(7);
    let done = activity(CreditForm::Seminar, CreditCategory::Ethics, date(2026, 5, 31));
    let whose = Whose { name: "张三".parse().unwrap(), district: "420106".parse().unwrap() };
    let hours = Hours::from_tenths(75);
    let id = CreditId::mint(&holder, started(), 1);
    let record = CreditRecord::entered(id, whose, done, hours, "学时", Actor::System, noon(started()));
    let counted = of_credit(&CreditRecord { state, ..record });
    let Some(tenths) = tenths else { return assert_eq!(counted, None) };
    let expected = if tenths == 0 { vec![] } else { vec!["hrs@202605=75", "hrn@202605=1"] };
    assert_eq!(totals(&counted.unwrap()), expected);
}

#[rstest]
#[case::on_the_day(0, Outcome::Approve, "000", false)]
#[case::a_week_later(7, Outcome::Refuse, "007", false)]
#[case::after_the_limit(100, Outcome::Approve, "100", true)]
#[case::after_more_than_a_year(500, Outcome::Refuse, "366", true)]
fn a_decision_tells_how_long_it_took(
    #[case] days: i64,
    #[case] outcome: Outcome,
    #[case] bar: &str,
    #[case] overdue: bool,
) {
    let mut world = World::new(noon(started()));
    let id = world.first();
    assert_eq!(of_application(world.application(&id), hubei()), None, "a draft");
    world.submit(&id).unwrap();
    assert_eq!(of_application(world.application(&id), hubei()), None, "it waits");
    world.go_to_day(started().plus_days(days));
    if outcome == Outcome::Approve {
        world.decide(&id, &preliminary_reviewer("4201"), decision(Outcome::Approve)).unwrap();
        world.decide(&id, &final_reviewer("42"), decision(Outcome::Approve)).unwrap();
    } else {
        world.decide(&id, &preliminary_reviewer("4201"), decision(outcome)).unwrap();
    }
    let counted = of_application(world.application(&id), hubei()).unwrap();
    let period = Period::of(started().plus_days(days));
    let cells = &counted.sums().0[&("420106".to_owned(), period)];
    let count = |measure, slice| cells.get(&Cell { measure, slice }).copied().unwrap_or_default();
    assert_eq!(count(Measure::Decided, Slice::of(Dimension::Days, bar)), 1);
    assert_eq!(count(Measure::Decided, Slice::of(Dimension::Kind, "first")), 1);
    assert_eq!(count(Measure::Overdue, Slice::TOTAL), i64::from(overdue));
}

#[test]
fn the_limit_runs_from_the_last_submission() {
    let mut world = World::new(noon(started()));
    let id = world.first();
    world.submit(&id).unwrap();
    world.decide(&id, &preliminary_reviewer("4201"), decision(Outcome::Return)).unwrap();
    world.go_to_day(started().plus_days(10));
    world.submit(&id).unwrap();
    // 30 working days from the first submission are over, and from the last one they aren't.
    world.go_to_day(started().plus_days(50));
    world.decide(&id, &preliminary_reviewer("4201"), decision(Outcome::Refuse)).unwrap();
    let counted = of_application(world.application(&id), hubei()).unwrap();
    assert_eq!(totals(&counted), ["dec@202604=1"]);
    assert!(counted.slices.contains(&Slice::of(Dimension::Days, "050")));
}

/// Sums of `parts`, each so many times.
fn sum_of(parts: impl IntoIterator<Item = Contribution>) -> Sums {
    parts.into_iter().fold(Sums::default(), |mut sums, part| {
        sums.merge(part.sums());
        sums
    })
}

fn decided(days: &[(i64, usize)], overdue: usize) -> BTreeMap<Cell, i64> {
    let district = "420106".parse().unwrap();
    let period = Period::of(started());
    let mut left = overdue;
    let parts = days.iter().flat_map(|(days, times)| std::iter::repeat_n(*days, *times)).map(|days| {
        let slices = [Slice::of(Dimension::Kind, "first"), Slice::of(Dimension::Days, format!("{days:03}"))];
        let mut part = Contribution::new(&district, slices);
        part.add(period, Measure::Decided, 1);
        if left > 0 {
            left -= 1;
            part.add(period, Measure::Overdue, 1);
        }
        part
    });
    sum_of(parts).0.remove(&("42".to_owned(), period)).unwrap_or_default()
}

#[rstest]
#[case::nothing(&[], 0, Some(0), None, None, Some(0), None)]
#[case::too_few_to_tell(&[(3, 4)], 4, None, None, None, None, None)]
#[case::all_alike(&[(3, 5)], 0, Some(5), Some(3), Some(3), Some(0), Some(0.0))]
#[case::nearest_rank(&[(1, 5), (2, 4), (60, 1)], 0, Some(10), Some(1), Some(2), Some(0), Some(0.0))]
#[case::the_tenth_of_ten_is_beyond(&[(1, 8), (50, 2)], 0, Some(10), Some(1), Some(50), Some(0), Some(0.0))]
#[case::some_overdue(&[(10, 15), (80, 5)], 5, Some(20), Some(10), Some(80), Some(5), Some(0.25))]
#[case::few_overdue(&[(10, 18), (80, 2)], 2, Some(20), Some(10), Some(10), None, None)]
#[case::few_in_time(&[(10, 2), (80, 18)], 18, Some(20), Some(80), Some(80), None, None)]
fn review_times_are_told_by_their_ranks(
    #[case] days: &[(i64, usize)],
    #[case] overdue: usize,
    #[case] total: Option<i64>,
    #[case] median: Option<u16>,
    #[case] p90: Option<u16>,
    #[case] late: Option<i64>,
    #[case] share: Option<f64>,
) {
    let reviews = monthly("2026-03".parse().unwrap(), &decided(days, overdue)).reviews;
    let found =
        (reviews.decided, reviews.median_days, reviews.p90_days, reviews.overdue, reviews.overdue_share);
    assert_eq!(found, (total, median, p90, late, share));
}

#[test]
fn ages_are_those_of_the_year_that_is_asked_about() {
    let registration = World::registered(started()).registration().clone();
    let born = |year| {
        let mut registration = registration.clone();
        registration.traits.born = year;
        of_registration(&registration)
    };
    let people = [(Some(2001), 6), (Some(1966), 7), (None, 5)];
    let parts = people.into_iter().flat_map(|(year, times)| std::iter::repeat_n(born(year), times));
    let sums = sum_of(parts);
    let now = &sums.0[&("CN".to_owned(), Period::Now)];
    let ages = |year| {
        let row = stock(now, year);
        let ages = row.breakdowns.into_iter().find(|breakdown| breakdown.dimension == "age").unwrap();
        let some = ages.categories.into_iter().filter(|category| category.count != Some(0));
        some.map(|category| (category.key, category.count.unwrap())).collect::<Vec<_>>()
    };
    let expected =
        |young: &str, old: &str| vec![(young.to_owned(), 6), (old.to_owned(), 7), ("unknown".to_owned(), 5)];
    assert_eq!(ages(2025), expected("under_25", "55_64"));
    assert_eq!(ages(2031), expected("25_34", "65_and_over"));
}

#[test]
fn the_renewal_rate_is_that_of_the_month_the_cycle_ends_in() {
    let registration = World::registered(started()).registration().clone();
    let district = registration.district.clone();
    let due = |renewed: bool| {
        let mut part = Contribution::new(&district, []);
        part.add(Period::of(started()), Measure::Due, 1);
        if renewed {
            part.add(Period::of(started()), Measure::DueRenewed, 1);
        }
        part
    };
    let rate = |renewed: usize, not: usize| {
        let parts = std::iter::repeat_n(due(true), renewed).chain(std::iter::repeat_n(due(false), not));
        let sums = sum_of(parts);
        let month = monthly("2026-03".parse().unwrap(), &sums.0[&("42".to_owned(), Period::of(started()))]);
        (month.due_renewed, month.renewal_rate)
    };
    assert_eq!(rate(30, 10), (Some(30), Some(0.75)));
    assert_eq!(rate(30, 4), (None, None), "four people who didn't renew are known by their number");
    assert_eq!(rate(9, 0), (Some(9), Some(1.0)));
}

#[test]
fn hours_of_few_records_are_hidden_with_their_number() {
    let month = Period::of(started());
    let record = |form: &str| {
        let mut part = Contribution::new(&"420106".parse().unwrap(), [Slice::of(Dimension::Form, form)]);
        part.add(month, Measure::HoursRecords, 1);
        part.add(month, Measure::HoursTenths, 60);
        part
    };
    let lines = |counts: &[(&str, usize)]| {
        let parts = counts.iter().flat_map(|(form, times)| std::iter::repeat_n(record(form), *times));
        let sums = sum_of(parts);
        let lines = monthly("2026-03".parse().unwrap(), &sums.0[&("42".to_owned(), month)]).hours;
        let some = lines.into_iter().filter(|line| line.records != Some(0));
        some.map(|line| (line.form, line.records, line.hours.map(Hours::tenths))).collect::<Vec<_>>()
    };
    let line = |form: &str, records, tenths| (form.to_owned(), records, tenths);
    // The one of three is hidden, and the smallest of the others, by which it could be worked out.
    assert_eq!(
        lines(&[("online", 3), ("in_person", 8), ("seminar", 9)]),
        [
            line("total", Some(20), Some(1200)),
            line("online", None, None),
            line("in_person", None, None),
            line("seminar", Some(9), Some(540)),
        ]
    );
    let few = lines(&[("online", 4)]);
    assert!(few.iter().all(|(_, records, hours)| records.is_none() && hours.is_none()), "{few:?}");
}

/// What a consumer remembers of one record.
#[derive(Default)]
struct Mark {
    version: u64,
    contribution: Option<Contribution>,
}

fn versions() -> impl Strategy<Value = Vec<Registration>> {
    let statuses = [
        RegistrationStatus::Active,
        RegistrationStatus::Lapsed,
        RegistrationStatus::Cancelled,
        RegistrationStatus::Revoked,
        RegistrationStatus::TransferredOut,
    ];
    let districts = ["420106", "420102", "420500", "430102"].map(|code| code.replace("0500", "0502"));
    let one = (
        proptest::sample::select(statuses.to_vec()),
        proptest::sample::select(districts.to_vec()),
        proptest::option::of(1950..2005_i32),
        proptest::option::of(proptest::sample::select(EducationLevel::ALL.to_vec())),
        0..2_000_i64,
    );
    proptest::collection::vec(one, 1..8).prop_map(|versions| {
        let first = World::registered(started()).registration().clone();
        let versions = versions.into_iter().zip(1..);
        let versions = versions.map(|((status, district, born, education, days), version)| {
            let mut next = Registration { version, status, ..first.clone() };
            next.district = district.parse().unwrap();
            next.traits.born = born;
            next.traits.education = education;
            next.ended_on = (status != RegistrationStatus::Active).then(|| started().plus_days(days));
            next
        });
        versions.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whichever versions come, in whichever order and however often, as long as the latest is among them.
    #[test]
    fn the_sums_end_as_the_latest_version_has_them(
        (versions, order) in versions().prop_flat_map(|versions| {
            let places = 0..versions.len();
            (Just(versions), proptest::collection::vec(places, 0..20))
        }),
        place in 0..20_usize,
    ) {
        let mut order = order;
        let place = place.min(order.len());
        order.insert(place, versions.len() - 1);
        let (mut sums, mut mark) = (Sums::default(), Mark::default());
        for place in order {
            let version = &versions[place];
            if version.version <= mark.version {
                continue;
            }
            let contribution = of_registration(version);
            sums.merge(Sums::between(mark.contribution.as_ref(), &contribution));
            mark = Mark { version: version.version, contribution: Some(contribution) };
        }
        prop_assert_eq!(sums, of_registration(versions.last().unwrap()).sums());
    }
}
