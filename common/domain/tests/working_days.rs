//! Working days against the holiday tables of 2024 to 2026 as published, make-up days included. The tables here were written
//! down by themselves, day by day, and not taken from the file that is tested.

use domain::{
    date::{CalendarDate, date},
    rules::{CALENDAR_NOTICE_DAYS, RuleLibrary, RuleSet, WorkingDays},
};
use rstest::rstest;
use std::collections::BTreeSet;

fn calendar() -> WorkingDays {
    WorkingDays::compiled_in().unwrap()
}

fn days(year: i32, list: &[(u8, u8)]) -> BTreeSet<CalendarDate> {
    list.iter().map(|(month, day)| date(year, *month, *day)).collect()
}

/// Every day of the year on which it matters that there is a notice: weekdays off, weekend days worked.
#[rstest]
#[case::number_7_of_2023(
    2024,
    &[
        (1, 1), (2, 12), (2, 13), (2, 14), (2, 15), (2, 16), (4, 4), (4, 5), (5, 1), (5, 2), (5, 3), (6, 10),
        (9, 16), (9, 17), (10, 1), (10, 2), (10, 3), (10, 4), (10, 7),
    ],
    &[(2, 4), (2, 18), (4, 7), (4, 28), (5, 11), (9, 14), (9, 29), (10, 12)],
    251
)]
#[case::number_12_of_2024(
    2025,
    &[
        (1, 1), (1, 28), (1, 29), (1, 30), (1, 31), (2, 3), (2, 4), (4, 4), (5, 1), (5, 2), (5, 5), (6, 2),
        (10, 1), (10, 2), (10, 3), (10, 6), (10, 7), (10, 8),
    ],
    &[(1, 26), (2, 8), (4, 27), (9, 28), (10, 11)],
    248
)]
#[case::number_7_of_2025(
    2026,
    &[
        (1, 1), (1, 2), (2, 16), (2, 17), (2, 18), (2, 19), (2, 20), (2, 23), (4, 6), (5, 1), (5, 4), (5, 5),
        (6, 19), (9, 25), (10, 1), (10, 2), (10, 5), (10, 6), (10, 7),
    ],
    &[(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)],
    248
)]
fn each_day_of_a_year_is_worked_or_off_as_its_notice_says(
    #[case] year: i32,
    #[case] off: &[(u8, u8)],
    #[case] worked: &[(u8, u8)],
    #[case] working_days: i64,
) {
    let calendar = calendar();
    let (off, worked) = (days(year, off), days(year, worked));
    let mut day = date(year, 1, 1);
    while day.year() == year {
        let works = if day.is_weekend() { worked.contains(&day) } else { !off.contains(&day) };
        assert_eq!(calendar.is_working(day), works, "{day}");
        day = day.plus_days(1);
    }
    let whole_year = calendar.working_days_until(date(year - 1, 12, 31), date(year, 12, 31));
    assert_eq!(whole_year, working_days);
}

/// The first working day after, and what is counted back from there.
#[rstest]
#[case::the_whole_spring_festival("2024-02-09", 1, "2024-02-18")]
#[case::the_sunday_before_it_is_worked("2024-02-02", 1, "2024-02-04")]
#[case::back_into_a_week_of_six_days("2024-02-17", 6, "2024-02-23")]
#[case::labour_day_and_its_saturday("2024-04-30", 4, "2024-05-09")]
#[case::the_made_up_saturday("2024-05-10", 1, "2024-05-11")]
#[case::mid_autumn_in_2024("2024-09-13", 2, "2024-09-18")]
#[case::over_a_new_year_without_days_in_lieu("2024-12-31", 1, "2025-01-02")]
#[case::spring_festival_of_2025("2025-01-27", 1, "2025-02-05")]
#[case::eight_days_in_october("2025-09-30", 1, "2025-10-09")]
#[case::and_the_saturday_after("2025-10-10", 1, "2025-10-11")]
#[case::new_year_of_2026_and_its_sunday("2025-12-31", 1, "2026-01-04")]
#[case::nine_days_in_2026("2026-02-14", 1, "2026-02-24")]
#[case::the_saturday_before_them("2026-02-13", 1, "2026-02-14")]
#[case::tomb_sweeping_monday("2026-04-03", 1, "2026-04-07")]
#[case::no_day_is_the_day_itself("2026-10-01", 0, "2026-10-01")]
#[case::the_limit_over_two_festivals("2024-01-15", 30, "2024-02-29")]
#[case::the_limit_over_labour_day("2025-04-14", 30, "2025-05-28")]
#[case::the_limit_over_the_national_day("2025-09-08", 30, "2025-10-24")]
#[case::the_limit_over_the_longest_festival("2026-01-19", 30, "2026-03-06")]
#[case::the_limit_over_two_holidays_in_autumn("2026-09-07", 30, "2026-10-23")]
fn working_days_are_counted_over_holidays_and_made_up_weekends(
    #[case] from: CalendarDate,
    #[case] count: u16,
    #[case] to: CalendarDate,
) {
    let calendar = calendar();
    assert_eq!(calendar.plus_working_days(from, count), to);
    assert_eq!(calendar.working_days_until(from, to), i64::from(count));
    assert_eq!(calendar.working_days_until(to, from), -i64::from(count));
}

#[test]
fn what_is_overdue_on_a_day_is_just_what_was_due_before_it() {
    let library = RuleLibrary::compiled_in().unwrap();
    let rules: &RuleSet = library.for_district(None);
    for today in (0..3 * 365).map(|days| date(2024, 3, 1).plus_days(days)) {
        let first = rules.not_overdue_from(today);
        assert!(rules.decision_due(first) >= today, "{today}: accepted on {first}");
        assert!(rules.decision_due(first.plus_days(-1)) < today, "{today}: accepted the day before {first}");
    }
}

#[test]
fn each_year_says_which_notice_it_was_taken_from() {
    let calendar = calendar();
    let notices: Vec<_> = calendar.notices().iter().map(|notice| (notice.year, &*notice.number)).collect();
    assert_eq!(
        notices[..3],
        [(2024, "国办发明电〔2023〕7号"), (2025, "国办发明电〔2024〕12号"), (2026, "国办发明电〔2025〕7号")]
    );
    for notice in calendar.notices() {
        assert!(notice.verified && notice.source.starts_with("https://www.gov.cn/"), "{}", notice.year);
        assert!(notice.title.contains(&notice.year.to_string()), "{}", notice.title);
    }
}

#[test]
fn sixty_days_before_its_end_the_calendar_runs_out() {
    let calendar = calendar();
    let last = calendar.known_until().unwrap();
    assert_eq!((last, CALENDAR_NOTICE_DAYS), (date(last.year(), 12, 31), 60));
    for (day, left, runs_out) in [
        (last.plus_days(-60), 61, false),
        (last.plus_days(-59), 60, true),
        (last, 1, true),
        (last.plus_days(9), 0, true),
    ] {
        assert_eq!((calendar.days_left(day), calendar.runs_out(day)), (left, runs_out), "{day}");
    }
}
