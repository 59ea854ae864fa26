//! What a transfer asks beyond the form, and what a registration keeps of it, as people see them.

use domain::{
    date::CalendarDate,
    form::ShortText,
    id::ApplicationId,
    province::Province,
    transfer::{Arrival, Departure, ProvinceName, TransferDetails},
};
use serde::Serialize;

/// What a transfer asks beyond the form.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransferView {
    /// As entered.
    #[serde(flatten)]
    pub details: TransferDetails,
    /// The other province's name.
    pub province_name: Option<&'static str>,
}

impl From<&TransferDetails> for TransferView {
    fn from(details: &TransferDetails) -> Self {
        Self { details: details.clone(), province_name: details.province.as_ref().map(Province::name) }
    }
}

/// The registration elsewhere that one of ours took over from.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ArrivalView {
    /// The province it was registered in.
    pub province: ProvinceName,
    /// Its number there, as that province writes it.
    pub registration_number: ShortText,
    /// The transfer in that was approved.
    pub application_id: ApplicationId,
}

impl From<&Arrival> for ArrivalView {
    fn from(arrival: &Arrival) -> Self {
        Self {
            province: (&arrival.province).into(),
            registration_number: arrival.registration_number.clone(),
            application_id: arrival.application.clone(),
        }
    }
}

/// Where a registration went.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DepartureView {
    /// The province moved to.
    pub province: ProvinceName,
    /// The day the transfer was approved, on which the registration ended here.
    pub on: CalendarDate,
    /// The transfer out that was approved.
    pub application_id: ApplicationId,
}

impl From<&Departure> for DepartureView {
    fn from(departure: &Departure) -> Self {
        Self {
            province: (&departure.province).into(),
            on: departure.on,
            application_id: departure.application.clone(),
        }
    }
}
