//! Moving between provinces (登记转移): what it asks beyond the form, what a registration keeps of it, and the papers that
//! go along.
//!
//! The guide: who moves ends the registration at its origin and registers at the destination, by the destination's rules.
//! So a transfer out ends a registration and gives two papers, the letter (转出证明) and the statement of hours (学时证明); a
//! transfer in makes a registration of ours, and the hours done elsewhere become records of its cycle, kept as they were
//! claimed. What of them counts is for [`crate::credit::assess`] to say, as of any other record.

mod canonical;
mod input;
mod paper;
mod proof;
mod refusal;
mod statement;

pub use canonical::canonical_json;
pub use input::{BroughtInput, TransferInput};
pub use paper::{Paper, PaperKind};
pub use proof::{DIGEST, PaperProof};
pub use refusal::TransferRefusal;
pub use statement::{
    Facts, HoursStatement, LetterHours, ProvinceName, StatementLine, StatementReason, TransferLetter,
};

use crate::{
    credit::{Activity, CreditCategory, CreditForm, Hours, Particulars},
    date::CalendarDate,
    form::ShortText,
    id::ApplicationId,
    province::Province,
};
use serde::{Deserialize, Serialize};

/// The most lines of hours that a transfer in brings. Each becomes a record with a journal entry, and all of them are
/// written with the registration in one transaction of at most a hundred items.
pub const MOST_LINES: usize = 30;

/// What a transfer asks beyond the form. A draft may be incomplete; each value was checked when it was entered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct TransferDetails {
    /// The other province: the one moved to, or the one that is left.
    pub province: Option<Province>,
    /// Transfer in: the registration's number there, as that province writes it.
    pub registration_number: Option<ShortText>,
    /// Transfer in: first day of the registration's cycle there.
    pub cycle_start: Option<CalendarDate>,
    /// Transfer in: the registration's last day of validity there.
    pub valid_until: Option<CalendarDate>,
    /// Transfer in: the hours done in that cycle, as they are claimed; at most [`MOST_LINES`].
    pub hours: Vec<BroughtHours>,
}

/// Hours of one activity that a transfer in brings, as they are claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BroughtHours {
    /// Its form.
    pub form: CreditForm,
    /// Ethics or not.
    pub category: CreditCategory,
    /// What it was called.
    pub title: ShortText,
    /// Who held it.
    #[serde(default)]
    pub provider: Option<ShortText>,
    /// The first day it was done.
    pub done_from: CalendarDate,
    /// The last day.
    pub done_to: CalendarDate,
    /// Hours.
    pub hours: Hours,
    /// 学时 or 小时, as the other province counts; the unit of the rules here where none is named.
    #[serde(default)]
    pub unit: Option<String>,
    /// What its form asks for here, as far as it's known.
    #[serde(default)]
    pub particulars: Particulars,
}

impl BroughtHours {
    /// The activity, as a record says it.
    pub fn activity(&self) -> Activity {
        Activity {
            form: self.form,
            category: self.category,
            title: self.title.clone(),
            course: None,
            provider: self.provider.clone(),
            done_from: self.done_from,
            done_to: self.done_to,
            particulars: self.particulars.clone(),
        }
    }
}

/// What a registration keeps of transfers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Transfers {
    /// Where it came from; none for one that began here.
    pub arrival: Option<Arrival>,
    /// Where it went; none for one that didn't leave.
    pub departure: Option<Departure>,
}

/// The registration elsewhere that one of ours took over from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The transfer in that was approved.
    pub application: ApplicationId,
    /// The province it was registered in.
    pub province: Province,
    /// Its number there.
    pub registration_number: ShortText,
}

/// Where a registration went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// The transfer out that was approved.
    pub application: ApplicationId,
    /// The province moved to.
    pub province: Province,
    /// The day it was approved.
    pub on: CalendarDate,
}
