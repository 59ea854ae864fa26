//! Working days: weekends and public holidays off, made-up weekends on.

use super::Contradiction;
use crate::date::CalendarDate;
use serde::Deserialize;
use std::{collections::BTreeSet, sync::Arc};

/// The notices that are compiled in.
const HOLIDAYS: &str = include_str!("../../rules/holidays.toml");

/// Days before the end of what is announced from which on the next notice is missed: what is accepted then may be due
/// beyond it.
pub const CALENDAR_NOTICE_DAYS: i64 = 60;

/// Days off, the first and the last included.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// 春节, …
    pub name: String,
    /// The first day.
    pub from: CalendarDate,
    /// The last.
    pub to: CalendarDate,
}

/// One year's notice on public holidays by the State Council's General Office.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolidayNotice {
    /// The year.
    pub year: i32,
    /// The notice's title.
    pub title: String,
    /// 国办发明电〔2025〕7号
    pub number: String,
    /// Where it's published.
    pub source: String,
    /// True where the notice itself was read.
    #[serde(default)]
    pub verified: bool,
    /// Days off.
    pub off: Vec<Holiday>,
    /// Weekend days that are worked for them.
    pub worked: BTreeSet<CalendarDate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notices {
    years: Vec<HolidayNotice>,
}

/// Which days are worked, as far as it's announced. In a year without a notice only weekends are off: a due date there may be
/// some days early, and is set right once the notice is in.
#[derive(Debug, Clone, Default)]
pub struct WorkingDays(Arc<Announced>);

#[derive(Debug, Default)]
struct Announced {
    notices: Vec<HolidayNotice>,
    off: BTreeSet<CalendarDate>,
    worked: BTreeSet<CalendarDate>,
}

/// The notices can't be used.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// The TOML doesn't parse.
    #[error("the holidays don't parse: {0}")]
    Syntax(#[from] toml::de::Error),
    /// They contradict themselves.
    #[error("the holidays contradict themselves: {0:?}")]
    Contradiction(Vec<Contradiction>),
}

impl WorkingDays {
    /// The notices that are compiled in.
    pub fn compiled_in() -> Result<Self, CalendarError> {
        Self::parse(HOLIDAYS)
    }

    /// Reads notices from their TOML text.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let Notices { years: notices } = toml::from_str(text)?;
        let mut found = Vec::new();
        for (place, notice) in notices.iter().enumerate() {
            let mut require = |holds: bool, what: &str| {
                if !holds {
                    found.push(Contradiction(format!("{}: {what}", notice.year)));
                }
            };
            let next = place.checked_sub(1).is_none_or(|before| notices[before].year + 1 == notice.year);
            require(next, "years don't follow one another");
            let covered = |day: &CalendarDate| {
                // A year's first holiday may begin, or be worked for, in the December before.
                (notice.year - 1..=notice.year).contains(&day.year())
                    && day.plus_days(31).year() >= notice.year
            };
            for Holiday { name, from, to } in &notice.off {
                require(
                    (0..=14).contains(&from.days_until(*to)),
                    &format!("{name} has no first or last day"),
                );
                require(covered(from) && covered(to), &format!("{name} is of another year"));
            }
            for day in &notice.worked {
                require(day.is_weekend(), &format!("{day} is worked, and no weekend"));
                require(covered(day), &format!("{day} is of another year"));
                let off = notice.off.iter().any(|holiday| (holiday.from..=holiday.to).contains(day));
                require(!off, &format!("{day} is worked and off"));
            }
        }
        if !found.is_empty() {
            return Err(CalendarError::Contradiction(found));
        }
        let days = |holiday: &Holiday| {
            let first = holiday.from;
            (0..=first.days_until(holiday.to)).map(move |days| first.plus_days(days))
        };
        let off = notices.iter().flat_map(|notice| &notice.off).flat_map(days).collect();
        let worked = notices.iter().flat_map(|notice| notice.worked.iter().copied()).collect();
        Ok(Self(Arc::new(Announced { notices, off, worked })))
    }

    /// The notices, one a year.
    pub fn notices(&self) -> &[HolidayNotice] {
        &self.0.notices
    }

    /// The last day that a notice speaks of; none without any.
    pub fn known_until(&self) -> Option<CalendarDate> {
        CalendarDate::new(self.0.notices.last()?.year, 12, 31)
    }

    /// How many days from `today` on are covered by a notice; 0 where today isn't.
    pub fn days_left(&self, today: CalendarDate) -> u64 {
        let days = self.known_until().map_or(0, |last| today.days_until(last) + 1);
        u64::try_from(days).unwrap_or_default()
    }

    /// True where the next year's notice is missed: see [`CALENDAR_NOTICE_DAYS`].
    pub fn runs_out(&self, today: CalendarDate) -> bool {
        self.known_until().is_none_or(|last| today.days_until(last) < CALENDAR_NOTICE_DAYS)
    }

    /// True where offices work on `day`.
    pub fn is_working(&self, day: CalendarDate) -> bool {
        let Announced { off, worked, .. } = &*self.0;
        if day.is_weekend() { worked.contains(&day) } else { !off.contains(&day) }
    }

    /// The `count`-th working day after `day`; the day itself doesn't count.
    pub fn plus_working_days(&self, day: CalendarDate, count: u16) -> CalendarDate {
        self.walk(day, count, 1)
    }

    /// The `count`-th working day before `day`; the day itself doesn't count.
    pub fn minus_working_days(&self, day: CalendarDate, count: u16) -> CalendarDate {
        self.walk(day, count, -1)
    }

    fn walk(&self, mut day: CalendarDate, mut left: u16, step: i64) -> CalendarDate {
        while left > 0 {
            day = day.plus_days(step);
            if self.is_working(day) {
                left -= 1;
            }
        }
        day
    }

    /// Working days after `from` up to and including `to`; negative, counted the other way round, where `to` is earlier.
    pub fn working_days_until(&self, from: CalendarDate, to: CalendarDate) -> i64 {
        if to < from {
            return -self.working_days_until(to, from);
        }
        let days = (1..=from.days_until(to)).filter(|days| self.is_working(from.plus_days(*days)));
        i64::try_from(days.count()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("years don't follow", "year = 2025", "year = 2027")]
    #[case("2024-01-28 is of another year", "\"2025-01-26\"", "\"2024-01-28\"")]
    #[case("no first or last day", "to = \"2025-02-04\"", "to = \"2025-01-04\"")]
    #[case("no first or last day", "to = \"2025-02-04\"", "to = \"2025-03-04\"")]
    #[case(
        "春节 is of another year",
        "from = \"2025-01-28\", to = \"2025-02-04\"",
        "from = \"2024-01-28\", to = \"2024-02-04\""
    )]
    #[case("2025-01-27 is worked, and no weekend", "\"2025-01-26\"", "\"2025-01-27\"")]
    #[case("2025-02-01 is worked and off", "\"2025-01-26\"", "\"2025-02-01\"")]
    fn notices_that_contradict_themselves_are_refused(
        #[case] what: &str,
        #[case] from: &str,
        #[case] to: &str,
    ) {
        assert!(HOLIDAYS.contains(from), "the notices have no {from}");
        let error = WorkingDays::parse(&HOLIDAYS.replacen(from, to, 1)).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }

    #[test]
    fn where_nothing_is_announced_weekends_are_off() {
        let calendar = WorkingDays::parse("years = []").unwrap();
        let friday = crate::date::date(2026, 10, 2);
        assert_eq!(calendar.plus_working_days(friday, 1), crate::date::date(2026, 10, 5));
        assert_eq!((calendar.known_until(), calendar.days_left(friday)), (None, 0));
        assert!(calendar.runs_out(friday));
    }
}
