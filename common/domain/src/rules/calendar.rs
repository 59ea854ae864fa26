//! Working days: weekends and public holidays off, made-up weekends on.

use crate::date::CalendarDate;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The State Council's yearly notice on public holidays, as far as it's published. In a year without one only
/// weekends are off, which makes a due date earlier, never later, than the law's.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingDays {
    /// Weekdays that are off.
    pub days_off: BTreeSet<CalendarDate>,
    /// Weekend days that are worked.
    pub worked_weekends: BTreeSet<CalendarDate>,
}

impl WorkingDays {
    /// True where offices work on `day`.
    pub fn is_working(&self, day: CalendarDate) -> bool {
        if day.is_weekend() { self.worked_weekends.contains(&day) } else { !self.days_off.contains(&day) }
    }

    /// The `count`-th working day after `day`; the day itself doesn't count.
    pub fn plus_working_days(&self, day: CalendarDate, count: u16) -> CalendarDate {
        let mut day = day;
        let mut left = count;
        while left > 0 {
            day = day.plus_days(1);
            if self.is_working(day) {
                left -= 1;
            }
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::date;

    #[test]
    fn holidays_are_skipped_and_made_up_weekends_count() {
        let calendar = WorkingDays {
            days_off: [date(2026, 10, 1), date(2026, 10, 2)].into(),
            worked_weekends: [date(2026, 10, 10)].into(),
        };
        assert_eq!(calendar.plus_working_days(date(2026, 9, 30), 1), date(2026, 10, 5));
        assert_eq!(calendar.plus_working_days(date(2026, 10, 9), 1), date(2026, 10, 10));
        assert_eq!(calendar.plus_working_days(date(2026, 10, 10), 1), date(2026, 10, 12));
        assert_eq!(calendar.plus_working_days(date(2026, 10, 10), 0), date(2026, 10, 10));
    }
}
