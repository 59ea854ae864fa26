//! What the documents say. Everything is given: nothing here knows a clock, an address or a rule.

use domain::{certificate::CertificateLevel, date::CalendarDate, verification::Standing};
use serde::Serialize;

/// How the documents are laid out. It grows whenever the same sheet would be printed in another way, so that who keeps
/// prints keeps no old ones.
pub const LAYOUT: u32 = 2;

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
    /// How it stands, as verification has it. What isn't in force is printed with that across the page.
    pub standing: Standing,
    /// The day it ended, where the register has noted one.
    pub ended_on: Option<CalendarDate>,
    /// 版次, from 1.
    pub edition: u32,
    /// The holder's photo, JPEG or PNG. Not part of the sheet as it's serialised.
    #[serde(skip)]
    pub photo: Option<&'a [u8]>,
    /// How it's checked.
    #[serde(flatten)]
    pub imprint: Imprint<'a>,
}

/// A paper of a transfer: what is signed, on pages. Nothing is said on them that isn't in `paper`.
#[derive(Debug, Clone, Serialize)]
pub struct PaperSheet<'a, T> {
    /// What is signed.
    pub paper: &'a T,
    /// How it's checked.
    pub imprint: Imprint<'a>,
}
