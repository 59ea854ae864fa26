//! What all papers of a transfer have, by which they are signed, printed and proved.

use super::{HoursStatement, TransferLetter};
use crate::{credit::Hours, date::CalendarDate, registration::RegistrationNumber};
use serde::{Deserialize, Serialize};

/// Which paper it is; part of what is signed, so that one is never taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PaperKind {
    /// 学时证明
    HoursStatement,
    /// 转出证明
    TransferLetter,
}

impl PaperKind {
    /// The kind's key, in what is signed.
    pub fn key(self) -> &'static str {
        match self {
            Self::HoursStatement => "hours_statement",
            Self::TransferLetter => "transfer_letter",
        }
    }

    /// What stands on top of it.
    pub fn title(self) -> &'static str {
        match self {
            Self::HoursStatement => "社会工作者继续教育学时证明",
            Self::TransferLetter => "社会工作者登记转出证明",
        }
    }
}

/// What all papers have.
pub trait Paper: Serialize {
    /// Which paper it is.
    fn kind(&self) -> PaperKind;
    /// The registration it's about.
    fn number(&self) -> &RegistrationNumber;
    /// The day it tells of.
    fn day(&self) -> CalendarDate;
    /// The hours that count, by what it says.
    fn counted(&self) -> Hours;
    /// The authority that issues it.
    fn issued_by(&self) -> &str;
}

impl Paper for HoursStatement {
    fn kind(&self) -> PaperKind {
        self.paper
    }

    fn number(&self) -> &RegistrationNumber {
        &self.registration.number
    }

    fn day(&self) -> CalendarDate {
        self.as_of
    }

    fn counted(&self) -> Hours {
        self.counted
    }

    fn issued_by(&self) -> &str {
        &self.issued_by
    }
}

impl Paper for TransferLetter {
    fn kind(&self) -> PaperKind {
        self.paper
    }

    fn number(&self) -> &RegistrationNumber {
        &self.registration.number
    }

    fn day(&self) -> CalendarDate {
        self.issued_on
    }

    fn counted(&self) -> Hours {
        self.hours.counted
    }

    fn issued_by(&self) -> &str {
        &self.issued_by
    }
}
