//! Dates, as people and spreadsheets write them.

use domain::date::CalendarDate;

/// Years that a class can have been held in; others are slips of the keyboard.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2100;

/// The day that `text` (trimmed, full-width characters folded) names: `2026-03-01`, `2026/3/1`, `2026.3.1`,
/// `2026年3月1日`, `20260301`, or 46082 as spreadsheets number days. A time of day after it is left out.
pub(super) fn read(text: &str) -> Option<CalendarDate> {
    let day = written(text).or_else(|| CalendarDate::from_compact(text)).or_else(|| serial(text))?;
    YEARS.contains(&day.year()).then_some(day)
}

fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u16> {
    let fits = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

fn written(text: &str) -> Option<CalendarDate> {
    let text: String =
        text.chars().map(|character| if "—–−‐‑".contains(character) { '-' } else { character }).collect();
    let (day, time, year_ends, month_ends) = if let Some((day, time)) = text.split_once(['日', '号']) {
        (day, time, '年', '月')
    } else {
        let (day, time) = text.split_once([' ', 'T']).unwrap_or((&text, ""));
        let separator = day.chars().find(|character| ['-', '/', '.'].contains(character))?;
        (day, time, separator, separator)
    };
    let (year, rest) = day.split_once(year_ends)?;
    let (month, day) = rest.split_once(month_ends)?;
    if !is_time_of_day(time.trim()) {
        return None;
    }
    let number = |text: &str| u8::try_from(digits(text.trim(), 1..=2)?).ok();
    CalendarDate::new(i32::from(digits(year.trim(), 4..=4)?), number(month)?, number(day)?)
}

/// True for nothing, and for a time of day such as `0:00`, `09:30:00` or `00:00:00.000`.
fn is_time_of_day(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let (hour, minute, second) = (parts.next(), parts.next(), parts.next().unwrap_or("00"));
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let below = |text: &str, lengths, limit| digits(text, lengths).is_some_and(|number| number < limit);
    text.is_empty()
        || hour.is_some_and(|hour| below(hour, 1..=2, 24))
            && minute.is_some_and(|minute| below(minute, 2..=2, 60))
            && below(second, 2..=2, 60)
            && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

/// Day 1 is 1 January 1900; since spreadsheets believe in a 29 February of that year, later days count from 30 December
/// 1899. A fraction is the time of day.
fn serial(text: &str) -> Option<CalendarDate> {
    let (days, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if days.len() != 5 || !is_number(days) || !is_number(fraction) {
        return None;
    }
    Some(CalendarDate::new(1899, 12, 30)?.plus_days(days.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("2026-03-01", "2026-03-01")]
    #[case("2026-3-1", "2026-03-01")]
    #[case("2026/3/1", "2026-03-01")]
    #[case("2026.3.1", "2026-03-01")]
    #[case("2026年3月1日", "2026-03-01")]
    #[case("2026 年 3 月 1 日", "2026-03-01")]
    #[case("2026年3月1号", "2026-03-01")]
    #[case("20260301", "2026-03-01")]
    #[case("46082", "2026-03-01")]
    #[case("46082.0", "2026-03-01")]
    #[case("45351", "2024-02-29")]
    #[case("2026—3—1", "2026-03-01")]
    #[case("2026/3/1 0:00", "2026-03-01")]
    #[case("2026-03-01 00:00:00", "2026-03-01")]
    #[case("2026-03-01T09:30:00.000", "2026-03-01")]
    #[case("2024-02-29", "2024-02-29")]
    fn a_day_is_read_however_it_is_written(#[case] text: &str, #[case] day: CalendarDate) {
        assert_eq!(read(text), Some(day));
    }

    #[rstest]
    #[case("2026-02-29")]
    #[case("2026-13-01")]
    #[case("2026-03")]
    #[case("2026-3/1")]
    #[case("2026年3月1")]
    #[case("26-3-1")]
    #[case("3/1/2026")]
    #[case("202603011")]
    #[case("4608")]
    #[case("46082.")]
    #[case("1969-12-31")]
    #[case("2101-01-01")]
    #[case("2026-03-01 25:00")]
    #[case("2026-03-01 上午")]
    #[case("2026-003-01")]
    #[case("三月一日")]
    #[case("+2026-3-1")]
    fn what_names_no_day_is_refused(#[case] text: &str) {
        assert_eq!(read(text), None);
    }
}
