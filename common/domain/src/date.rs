//! Calendar dates and instants.
//!
//! Every deadline here is a calendar date in Asia/Shanghai, both ends included. An instant is a point in time,
//! kept in UTC. China has used UTC+8 all year since 1991, so the offset is a constant.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use time::{
    Date, Duration, Month, OffsetDateTime, UtcOffset,
    format_description::well_known::Rfc3339,
    macros::{format_description, offset},
};

/// Beijing time.
const BEIJING: UtcOffset = offset!(+8);

/// A day of the calendar in Asia/Shanghai, written `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CalendarDate(Date);

/// The text isn't a date of the calendar in the form `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("日期格式应为 YYYY-MM-DD，且必须是真实存在的日期")]
pub struct InvalidDate;

impl CalendarDate {
    /// 1970-01-01, before anything this system knows of.
    pub const EPOCH: Self = Self(time::macros::date!(1970 - 01 - 01));

    /// The date `year`-`month`-`day`, where it exists.
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok().map(Self)
    }

    /// The date written as eight digits, `YYYYMMDD`.
    pub fn from_compact(digits: &str) -> Option<Self> {
        if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Self::new(digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?)
    }

    /// Eight digits, `YYYYMMDD`.
    pub fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }

    /// The year.
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// `2029 年 3 月 1 日`, as letters and mails write it.
    pub fn in_chinese(self) -> String {
        format!("{} 年 {} 月 {} 日", self.0.year(), u8::from(self.0.month()), self.0.day())
    }

    /// `days` later (earlier when negative).
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(Duration::days(days)))
    }

    /// `months` later (earlier when negative), on the same day of the month or, where that month is shorter, on its
    /// last day: 31 January + 1 month is 28 or 29 February.
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        let index = self.0.year() * 12 + i32::from(u8::from(self.0.month())) - 1 + months;
        let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
        let Some(month) = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok()) else {
            return self;
        };
        let day = self.0.day().min(month.length(year));
        Date::from_calendar_date(year, month, day).map_or(self, Self)
    }

    /// `years` later; 29 February + 3 years is 28 February.
    #[must_use]
    pub fn plus_years(self, years: i32) -> Self {
        self.plus_months(years * 12)
    }

    /// Days from `self` to `later`; negative when `later` is in fact earlier.
    pub fn days_until(self, later: Self) -> i64 {
        (later.0 - self.0).whole_days()
    }

    /// True on Saturdays and Sundays.
    pub fn is_weekend(self) -> bool {
        self.0.weekday().number_days_from_monday() >= 5
    }

    /// The first instant of this day in Beijing.
    pub fn start(self) -> Instant {
        Instant(self.0.midnight().assume_offset(BEIJING).to_offset(UtcOffset::UTC))
    }
}

/// The date `year`-`month`-`day`, for constants and tests.
///
/// # Panics
/// When there is no such day.
#[allow(clippy::expect_used)]
pub fn date(year: i32, month: u8, day: u8) -> CalendarDate {
    CalendarDate::new(year, month, day).expect("a date of the calendar")
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

impl fmt::Debug for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CalendarDate {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        if text.len() != 10 {
            return Err(InvalidDate);
        }
        Date::parse(text, format_description!("[year]-[month]-[day]")).map(Self).map_err(|_| InvalidDate)
    }
}

impl Serialize for CalendarDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CalendarDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A point in time to the millisecond, in UTC, written `2029-03-01T08:00:00.000Z`: text that sorts as time does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(OffsetDateTime);

/// The text isn't a point in time in the form of RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("时间格式应为 RFC 3339，例如 2026-03-01T08:00:00+08:00")]
pub struct InvalidInstant;

impl Instant {
    /// The instant `milliseconds` after 1970-01-01T00:00:00Z, held to what a four-digit year can write.
    pub fn from_unix_millis(milliseconds: i64) -> Self {
        const LAST: i64 = 253_402_300_799_999;
        let nanoseconds = i128::from(milliseconds.clamp(0, LAST)) * 1_000_000;
        Self(OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn unix_millis(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    /// Seconds since 1970-01-01T00:00:00Z, as JWT and DynamoDB's TTL count.
    pub fn unix_seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// The day it is in Beijing.
    pub fn day(self) -> CalendarDate {
        CalendarDate(self.in_beijing().date())
    }

    /// This instant on Beijing's clocks; in the last hours of the year 9999 on UTC's, which has no later date.
    fn in_beijing(self) -> OffsetDateTime {
        self.0.checked_to_offset(BEIJING).unwrap_or(self.0)
    }

    /// `seconds` later (earlier when negative).
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(Duration::seconds(seconds)))
    }

    /// `2029年3月1日 16:05` in Beijing, as WeChat's templates read times.
    pub fn clock_in_chinese(self) -> String {
        let local = self.in_beijing();
        let day = self.day().in_chinese().replace(' ', "");
        format!("{day} {:02}:{:02}", local.hour(), local.minute())
    }

    /// `2029 年 3 月 1 日 16:05(北京时间)`, as letters and mails write it.
    pub fn in_chinese(self) -> String {
        let local = self.in_beijing();
        format!("{} {:02}:{:02}（北京时间）", self.day().in_chinese(), local.hour(), local.minute())
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.0.date(), self.0.time());
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.millisecond()
        )
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Instant {
    type Err = InvalidInstant;

    fn from_str(text: &str) -> Result<Self, InvalidInstant> {
        let instant = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidInstant)?;
        let milliseconds =
            i64::try_from(instant.unix_timestamp_nanos() / 1_000_000).map_err(|_| InvalidInstant)?;
        Ok(Self::from_unix_millis(milliseconds))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("2024-01-31", 1, "2024-02-29")]
    #[case("2023-01-31", 1, "2023-02-28")]
    #[case("2024-02-29", 36, "2027-02-28")]
    #[case("2025-02-28", 36, "2028-02-28")]
    #[case("2029-05-31", -3, "2029-02-28")]
    #[case("2028-05-31", -3, "2028-02-29")]
    #[case("2026-12-15", 1, "2027-01-15")]
    #[case("2026-01-15", -1, "2025-12-15")]
    fn months_keep_the_day_or_take_the_months_last(
        #[case] from: CalendarDate,
        #[case] months: i32,
        #[case] to: CalendarDate,
    ) {
        assert_eq!(from.plus_months(months), to);
    }

    #[rstest]
    #[case("2029-03-01T15:59:59.999Z", "2029-03-01")]
    #[case("2029-03-01T16:00:00Z", "2029-03-02")]
    #[case("2029-03-01T23:59:59+08:00", "2029-03-01")]
    #[case("2029-03-02T00:00:00+08:00", "2029-03-02")]
    fn the_day_of_an_instant_is_beijings(#[case] instant: Instant, #[case] day: CalendarDate) {
        assert_eq!(instant.day(), day);
    }

    #[rstest]
    #[case("2023-02-29")]
    #[case("2023-2-9")]
    #[case("20230209")]
    #[case("2023-13-01")]
    #[case("明天")]
    fn what_is_no_date_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<CalendarDate>(), Err(InvalidDate));
    }

    #[test]
    fn an_instants_text_sorts_as_time_does_and_reads_back() {
        let instant: Instant = "2029-03-01T16:05:07.089+08:00".parse().unwrap();
        assert_eq!(instant.to_string(), "2029-03-01T08:05:07.089Z");
        assert_eq!(instant.to_string().parse::<Instant>().unwrap(), instant);
        assert_eq!(instant.in_chinese(), "2029 年 3 月 1 日 16:05（北京时间）");
        assert_eq!(instant.day().start().to_string(), "2029-02-28T16:00:00.000Z");
    }

    #[test]
    fn the_last_instant_that_can_be_written_has_a_day_too() {
        let last: Instant = "9999-12-31T23:59:59.999Z".parse().unwrap();
        assert_eq!((last.day(), last.plus_seconds(1).day()), (date(9999, 12, 31), date(9999, 12, 31)));
        assert_eq!(Instant::from_unix_millis(i64::MAX), last);
    }
}
