//! A registration as the API shows it.

use super::{ArrivalView, DepartureView, RevocationView};
use domain::{
    certificate::CertificateLevel,
    credit::{Cycle, HoursShortfall, assess},
    date::CalendarDate,
    dossier::Dossier,
    form::PersonName,
    id::ApplicationId,
    registration::{Registration, RegistrationNumber, RegistrationStatus},
    rules::RuleLibrary,
};
use serde::Serialize;

/// A registration as its holder sees it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegistrationView {
    /// 登记号
    pub number: RegistrationNumber,
    /// How it stands.
    pub status: RegistrationStatus,
    /// How it stands, in Chinese.
    pub status_label: &'static str,
    /// True where it can be relied on today, a renewal under review included.
    pub valid: bool,
    /// The name registered.
    pub name: PersonName,
    /// The certificate's level.
    pub level: CertificateLevel,
    /// The level in Chinese.
    pub level_label: &'static str,
    /// The day of the first registration.
    pub registered_on: CalendarDate,
    /// Last day of validity.
    pub valid_until: CalendarDate,
    /// First day on which a renewal can be submitted.
    pub renewal_opens: CalendarDate,
    /// Last day on which a renewal can be submitted.
    pub renewal_closes: CalendarDate,
    /// The renewal under review.
    pub pending_renewal: Option<ApplicationId>,
    /// The cycle it runs in.
    pub cycle: Cycle,
    /// Hours asked for, counted and missing.
    pub hours: HoursShortfall,
    /// 学时 or 小时
    pub hours_unit: String,
    /// The last revocation that was announced: whether it still runs, until when one may object, what came of it.
    pub revocation: Option<RevocationView>,
    /// Where it came from by a transfer in; null where it began here.
    pub transferred_in: Option<ArrivalView>,
    /// Where it went by a transfer out, and when; null where it didn't leave.
    pub transferred_out: Option<DepartureView>,
}

impl RegistrationView {
    /// A registration of `dossier` as of `today`.
    pub fn of(
        registration: &Registration,
        dossier: &Dossier,
        library: &RuleLibrary,
        today: CalendarDate,
    ) -> Self {
        let rules = library.get(&registration.cycle.rules);
        Self {
            number: registration.number.clone(),
            status: registration.status,
            status_label: registration.status.label(),
            valid: registration.is_valid_on(today),
            name: registration.name.clone(),
            level: registration.certificate.level,
            level_label: registration.certificate.level.label(),
            registered_on: registration.registered_on,
            valid_until: registration.valid_until,
            renewal_opens: rules.renewal_opens(registration.valid_until),
            renewal_closes: rules.renewal_closes(registration.valid_until),
            pending_renewal: registration.pending_renewal.clone(),
            cycle: registration.cycle.clone(),
            hours: assess(&registration.cycle, &dossier.credits, rules).shortfall,
            hours_unit: rules.hours.unit.to_string(),
            revocation: RevocationView::of(registration, library, today),
            transferred_in: registration.transfer.arrival.as_ref().map(Into::into),
            transferred_out: registration.transfer.departure.as_ref().map(Into::into),
        }
    }
}
