//! What a transfer asks beyond the form, as people see it.

use domain::{province::Province, transfer::TransferDetails};
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
