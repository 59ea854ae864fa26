//! What the documents say. Everything is given: nothing here knows a clock, an address or a rule.

use domain::{
    certificate::CertificateLevel,
    credit::Hours,
    date::CalendarDate,
    registration::{Registration, RegistrationStatus},
};
use serde::Serialize;

/// How the documents are laid out. It grows whenever the same sheet would be printed in another way, so that who keeps
/// prints keeps no old ones.
pub const LAYOUT: u32 = 1;

/// How a registration stands, as a certificate says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It's in force.
    InForce,
    /// Past its last day and still in force: a renewal that was submitted in time is under review.
    RenewalUnderReview,
    /// Lapsed: past its last day, though nobody has put it down as that yet.
    Expired,
    /// It ended, on the day that is given where it's known.
    Ended(RegistrationStatus, Option<CalendarDate>),
}

impl Standing {
    /// How `registration` stands on `today`.
    pub fn of(registration: &Registration, today: CalendarDate) -> Self {
        match registration.status {
            RegistrationStatus::Active if today <= registration.valid_until => Self::InForce,
            RegistrationStatus::Active if registration.is_valid_on(today) => Self::RenewalUnderReview,
            RegistrationStatus::Active => Self::Expired,
            ended => Self::Ended(ended, registration.ended_on),
        }
    }

    /// True where the registration can be relied on.
    pub fn is_in_force(self) -> bool {
        matches!(self, Self::InForce | Self::RenewalUnderReview)
    }
}

/// Who and what a document is about.
#[derive(Debug, Clone, Serialize)]
pub struct Subject<'a> {
    /// 姓名
    pub name: &'a str,
    /// 级别
    pub level: CertificateLevel,
    /// 管理号
    pub management_number: &'a str,
    /// 登记号
    pub registration_number: &'a str,
}

/// How a document is checked, and who answers for it.
#[derive(Debug, Clone, Serialize)]
pub struct Imprint<'a> {
    /// The issuing body.
    pub authority: &'a str,
    /// The day it was issued.
    pub issued_on: CalendarDate,
    /// What its QR code says.
    pub qr: &'a str,
    /// The site where a registration number can be looked up, as it's printed.
    pub portal: &'a str,
}

/// The electronic registration certificate (电子登记证).
#[derive(Debug, Clone, Serialize)]
pub struct CertificateSheet<'a> {
    /// Who and what.
    #[serde(flatten)]
    pub subject: Subject<'a>,
    /// The day of the first registration.
    pub registered_on: CalendarDate,
    /// First day of the present validity.
    pub valid_from: CalendarDate,
    /// Last day of validity.
    pub valid_until: CalendarDate,
    /// How it stands. What isn't in force is printed with that across the page.
    pub standing: Standing,
    /// 版次, from 1.
    pub edition: u32,
    /// The holder's photo, JPEG or PNG. Not part of the sheet as it's serialised.
    #[serde(skip)]
    pub photo: Option<&'a [u8]>,
    /// How it's checked.
    #[serde(flatten)]
    pub imprint: Imprint<'a>,
}

/// The letter that a registration is transferred with (转出证明).
#[derive(Debug, Clone, Serialize)]
pub struct LetterSheet<'a> {
    /// 证明编号
    pub number: &'a str,
    /// To whom: the authority of the province it's transferred to.
    pub addressee: &'a str,
    /// Who and what.
    #[serde(flatten)]
    pub subject: Subject<'a>,
    /// Where it was registered.
    pub district: &'a str,
    /// The day of the first registration.
    pub registered_on: CalendarDate,
    /// Last day of the validity it had.
    pub valid_until: CalendarDate,
    /// The day it ended here.
    pub transferred_on: CalendarDate,
    /// The hours of each cycle, oldest first.
    pub cycles: &'a [CycleHours],
    /// What an hour is called: 学时 or 小时, as the rules have it.
    pub unit: &'a str,
    /// How it's checked.
    #[serde(flatten)]
    pub imprint: Imprint<'a>,
}

/// The hours of one cycle.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CycleHours {
    /// First day of the cycle.
    pub start: CalendarDate,
    /// Last day of the cycle.
    pub end: CalendarDate,
    /// Hours that the rules ask for.
    pub required: Hours,
    /// Hours that count.
    pub counted: Hours,
}

/// The statement of hours (继续教育学时证明).
#[derive(Debug, Clone, Serialize)]
pub struct StatementSheet<'a> {
    /// 证明编号
    pub number: &'a str,
    /// Who and what.
    #[serde(flatten)]
    pub subject: Subject<'a>,
    /// The cycles, oldest first.
    pub cycles: &'a [StatementCycle<'a>],
    /// What an hour is called: 学时 or 小时, as the rules have it.
    pub unit: &'a str,
    /// How it's checked.
    #[serde(flatten)]
    pub imprint: Imprint<'a>,
}

/// One cycle in a statement of hours.
#[derive(Debug, Clone, Serialize)]
pub struct StatementCycle<'a> {
    /// The cycle and its hours.
    #[serde(flatten)]
    pub hours: CycleHours,
    /// What was done in it, oldest first.
    pub rows: &'a [StatementRow<'a>],
}

/// One record of hours.
#[derive(Debug, Clone, Serialize)]
pub struct StatementRow<'a> {
    /// First day.
    pub from: CalendarDate,
    /// Last day.
    pub to: CalendarDate,
    /// What it was.
    pub title: &'a str,
    /// Who held it, where somebody did.
    pub provider: Option<&'a str>,
    /// The form as people call it.
    pub form: &'a str,
    /// Hours as claimed.
    pub claimed: Hours,
    /// Hours that count.
    pub counted: Hours,
}
