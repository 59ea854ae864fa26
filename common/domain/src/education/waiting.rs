//! Hours of somebody who isn't registered yet: kept, and credited when they are.

use super::{Row, RowOutcome, RowResult, check};
use crate::{
    certificate::ManagementNumber,
    credit::{Course, CreditRefusal, Hours, RosterRow},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    error::Refusal,
    form::PersonName,
    registration::RegistrationStatus,
};
use serde::{Deserialize, Serialize};

/// Hours of somebody who isn't registered yet, kept until they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingRow {
    /// Their certificate.
    pub management_number: ManagementNumber,
    /// The course.
    pub course: Course,
    /// Whose list, and which row.
    pub source: RosterRow,
    /// The name on the list.
    pub name: PersonName,
    /// Hours attended; none for all of the course.
    pub hours: Option<Hours>,
    /// First day attended; none for the course's.
    pub from: Option<CalendarDate>,
    /// Last day attended; none for the course's.
    pub to: Option<CalendarDate>,
    /// Since when it waits.
    pub at: Instant,
}

impl WaitingRow {
    /// The row, as it's recorded in the dossier of whoever has its certificate; none while that isn't registered.
    pub fn row_in(&self, dossier: &Dossier) -> Option<Row> {
        let registration = dossier.registrations.iter().find(|held| {
            held.status == RegistrationStatus::Active
                && held.certificate.management_number == self.management_number
        })?;
        Some(Row {
            registration: Some(registration.number.clone()),
            name: self.name.clone(),
            hours: self.hours,
            from: self.from,
            to: self.to,
            source: Some(self.source.clone()),
        })
    }

    /// That the hours it says weren't taken over, where they aren't the `hours` that are held.
    pub(super) fn not_taken(&self, hours: Hours, unit: &str) -> String {
        let said = self.hours.unwrap_or(self.course.hours);
        if said == hours && self.course.unit == unit {
            return String::new();
        }
        format!("；本行的 {said} {}未采用", self.course.unit)
    }

    /// The row's result, as it stands.
    pub fn result(&self) -> RowResult {
        let mut result = RowResult {
            row: self.source.row,
            line: 0,
            name: self.name.as_str().to_owned(),
            management_number: Some(self.management_number.clone()),
            outcome: RowOutcome::Waiting,
            hours: None,
            credit: None,
            code: None,
            detail: None,
        };
        result.wait(self.hours.unwrap_or(self.course.hours));
        result
    }
}

/// Checks what can be checked of a row before anybody has its certificate registered: days and hours against the course.
/// Gives the hours that wait.
pub fn check_waiting(row: &WaitingRow, now: Instant) -> Result<Hours, Refusal> {
    let course = &row.course;
    if course.withdrawn_at.is_some() {
        return Err(CreditRefusal::CourseWithdrawn.into());
    }
    let from = row.from.unwrap_or(course.from);
    let activity = course.attended(from, row.to.unwrap_or(course.to));
    let mut problems = check::Problems::default();
    check::check_days(&activity, Some(now.day()), &mut problems);
    let hours = row.hours.unwrap_or(course.hours);
    problems.require(super::is_sensible(hours), "hours", "hours_absurd", || {
        format!("{}应大于 0 且不超过 {}，请核对", course.unit, check::MOST)
    });
    problems.into_result()?;
    check::check_course(course, &activity, hours, &course.unit)?;
    Ok(hours)
}
