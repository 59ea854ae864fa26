//! A holder's dossier: everything a decision about them may need, loaded in one read.

use crate::{
    application::{Application, ApplicationKind},
    certificate::ManagementNumber,
    credit::{ClosedCycle, CreditRecord, Cycle},
    date::{CalendarDate, Instant},
    delivery::MailStanding,
    id::{ApplicationId, CreditId, HolderId},
    profile::Profile,
    registration::{Registration, RegistrationNumber, RegistrationStatus},
};

/// Years back to which applications and credits belong to the working set: a cycle's three, those of the cycle before, whose
/// hours aren't counted again, and one for a renewal that is decided late.
pub const WORKING_YEARS: i32 = 7;

/// The working set of one holder. Applications and credit records older than [`WORKING_YEARS`] aren't in it, so that
/// its size follows from the present and not from the length of a career.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// The profile; version 0 for somebody who never entered anything.
    pub profile: Profile,
    /// Applications, oldest first.
    pub applications: Vec<Application>,
    /// Registrations, ended ones too.
    pub registrations: Vec<Registration>,
    /// Credit records of the working set.
    pub credits: Vec<CreditRecord>,
    /// How mail to them fares.
    pub mail: MailStanding,
}

impl Dossier {
    /// The dossier of somebody who just arrived.
    pub fn empty(holder: HolderId, now: Instant) -> Self {
        Self {
            mail: MailStanding::new(holder.clone()),
            profile: Profile::new(holder, now),
            applications: Vec::new(),
            registrations: Vec::new(),
            credits: Vec::new(),
        }
    }

    /// The oldest day of the working set on `today`.
    pub fn since(today: CalendarDate) -> CalendarDate {
        today.plus_years(-WORKING_YEARS)
    }

    /// The oldest day that a dossier must reach on `today` for `credit` to be in it, with all that its cycle holds: evidence
    /// may be asked for of a cycle that the working set has left behind.
    pub fn since_credit(today: CalendarDate, credit: &CreditId) -> CalendarDate {
        credit.cycle_start().min(Self::since(today))
    }

    /// An application by id.
    pub fn application(&self, id: &ApplicationId) -> Option<&Application> {
        self.applications.iter().find(|application| application.id == *id)
    }

    /// The open application of `kind`, if there is one.
    pub fn open_application(&self, kind: ApplicationKind) -> Option<&Application> {
        self.applications.iter().find(|application| application.kind == kind && application.is_open())
    }

    /// A registration by number.
    pub fn registration(&self, number: &RegistrationNumber) -> Option<&Registration> {
        self.registrations.iter().find(|registration| registration.number == *number)
    }

    /// A credit record by id.
    pub fn credit(&self, id: &CreditId) -> Option<&CreditRecord> {
        self.credits.iter().find(|credit| credit.id == *id)
    }

    /// The registration and cycle that `credit` was claimed for, with the renewal that closed it. Where two registrations
    /// have cycles that began on one day, that of the one in force: their hours are the same hours.
    pub fn cycle_of(&self, credit: &CreditRecord) -> Option<(&Registration, &Cycle, Option<&ClosedCycle>)> {
        let found = self.registrations.iter().filter_map(|registration| {
            let (cycle, closed) = registration.cycle_from(credit.cycle_start)?;
            Some((registration, cycle, closed))
        });
        found.min_by_key(|(registration, ..)| registration.status != RegistrationStatus::Active)
    }

    /// The registration that is in force, if one is.
    pub fn active_registration(&self) -> Option<&Registration> {
        self.registrations.iter().find(|registration| registration.status == RegistrationStatus::Active)
    }

    /// True where the certificate `number` has a registration in force.
    pub fn is_registered(&self, number: Option<&ManagementNumber>) -> bool {
        self.registrations.iter().any(|registration| {
            registration.status == RegistrationStatus::Active
                && number.is_some_and(|number| registration.certificate.management_number == *number)
        })
    }

    /// True where the certificate `number` has or had a registration, whatever became of it.
    pub fn was_registered(&self, number: &ManagementNumber) -> bool {
        self.registrations.iter().any(|registration| registration.certificate.management_number == *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::date;

    #[test]
    fn the_working_set_reaches_back_to_the_cycle_before_until_a_renewal_is_decided_late() {
        // Cycles from 2 March 2026 and from 3 March 2029; the second's renewal is decided three months after its end.
        assert!(Dossier::since(date(2032, 6, 2)) <= date(2026, 3, 2));
    }
}
