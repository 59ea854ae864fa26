//! What a holder wishes of messages that can wait.

use crate::date::{CalendarDate, Instant};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The hour at which the day's digest is sent, Beijing time.
const DIGEST_HOUR: i64 = 8;
const MINUTES_OF_A_DAY: i64 = 24 * 60;

/// A time of day, Beijing time: `22:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    fn minutes(self) -> i64 {
        self.0.into()
    }

    /// On `day`.
    fn on(self, day: CalendarDate) -> Instant {
        day.start().plus_seconds(self.minutes() * 60)
    }
}

/// What isn't a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidTimeOfDay;

impl fmt::Display for InvalidTimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("时间应为 00:00 至 23:59，例如 22:00")
    }
}

impl std::error::Error for InvalidTimeOfDay {}

impl FromStr for TimeOfDay {
    type Err = InvalidTimeOfDay;

    fn from_str(text: &str) -> Result<Self, InvalidTimeOfDay> {
        let two = |digits: &str| {
            let plain = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
            plain.then(|| digits.parse::<u16>().ok()).flatten().ok_or(InvalidTimeOfDay)
        };
        let (hour, minute) = text.split_once(':').ok_or(InvalidTimeOfDay)?;
        let (hour, minute) = (two(hour)?, two(minute)?);
        if hour < 24 && minute < 60 { Ok(Self(hour * 60 + minute)) } else { Err(InvalidTimeOfDay) }
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = InvalidTimeOfDay;

    fn try_from(text: String) -> Result<Self, InvalidTimeOfDay> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Hours in which nothing is sent that can wait: from `from`, up to and without `until`. They may go over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    from: TimeOfDay,
    until: TimeOfDay,
}

impl QuietHours {
    /// Those hours; none where they would last a whole day, or no time.
    pub fn new(from: TimeOfDay, until: TimeOfDay) -> Option<Self> {
        (from != until).then_some(Self { from, until })
    }

    /// When they begin.
    pub fn from(self) -> TimeOfDay {
        self.from
    }

    /// When they end.
    pub fn until(self) -> TimeOfDay {
        self.until
    }

    /// When those end that are at `at`; none where there are none.
    pub fn end_at(self, at: Instant) -> Option<Instant> {
        let today = at.day();
        let minute = (at.unix_seconds() - today.start().unix_seconds()) / 60;
        let since = (minute - self.from.minutes()).rem_euclid(MINUTES_OF_A_DAY);
        let lasts = (self.until.minutes() - self.from.minutes()).rem_euclid(MINUTES_OF_A_DAY);
        let tomorrow = self.until.minutes() <= minute;
        (since < lasts).then(|| self.until.on(if tomorrow { today.plus_days(1) } else { today }))
    }
}

/// What a holder wishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wishes {
    /// True where they want reminders by mail.
    pub reminders: bool,
    /// When they want nothing that can wait.
    pub quiet: Option<QuietHours>,
    /// True where they want what can wait once a day, in one mail.
    pub digest: bool,
}

/// When the digest is sent that has what was written at `at`: the next morning's, or the same if it was written before it.
pub(super) fn digest_after(at: Instant) -> Instant {
    let morning = |day: CalendarDate| day.start().plus_seconds(DIGEST_HOUR * 3600);
    let today = morning(at.day());
    if at < today { today } else { morning(at.day().plus_days(1)) }
}
