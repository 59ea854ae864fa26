//! The registration itself: its number, its validity, the cycle it runs in, and how it ends.

use crate::{
    attachment::{Attachment, AttachmentKind},
    certificate::Certificate,
    contact::EmailAddress,
    credit::{ClosedCycle, Cycle, HoursShortfall},
    date::CalendarDate,
    district::DistrictCode,
    form::{Field, Form, PersonName},
    id::{ApplicationId, HolderId},
    revocation::Revocation,
    rules::RuleSet,
    traits::Traits,
    transfer::Transfers,
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// A registration number (登记号): province (2 digits), year (4), serial (8), check digit (1); written without blanks.
///
/// The check digit is ISO 7064 MOD 11,10, which notices every single wrong digit and nearly every swap of two
/// neighbours, so that a typing error is told from an unknown number. The serial is random: numbers can't be counted
/// through.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegistrationNumber(String);

/// Why a text is no registration number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRegistrationNumber {
    /// Not fifteen digits.
    #[error("登记号应为 15 位数字")]
    Form,
    /// The check digit disagrees.
    #[error("登记号校验位不正确，请逐位核对")]
    CheckDigit,
}

impl InvalidRegistrationNumber {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Form => "registration_number_malformed",
            Self::CheckDigit => "registration_number_check_digit",
        }
    }
}

/// ISO 7064 MOD 11,10: the check digit after `digits`.
fn check_digit(digits: &[u8]) -> u8 {
    let product = digits.iter().fold(10_u32, |product, digit| {
        let sum = (product + u32::from(digit - b'0')) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    // 1..=10 taken from 11 leaves one or two digits; ten is written 0.
    b'0' + u8::try_from((11 - product) % 10).unwrap_or(0)
}

impl RegistrationNumber {
    /// Mints a number for `district` and `year` from `entropy`; about one in 10^8 is taken already, which the store
    /// notices and the caller answers with other entropy.
    pub fn mint(district: &DistrictCode, year: i32, entropy: u128) -> Self {
        let mut number = format!("{}{year:04}{:08}", district.prefix(2), entropy % 100_000_000);
        number.push(char::from(check_digit(number.as_bytes())));
        Self(number)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RegistrationNumber {
    type Err = InvalidRegistrationNumber;

    fn from_str(text: &str) -> Result<Self, InvalidRegistrationNumber> {
        let digits: String = text.chars().filter(|character| !matches!(character, ' ' | '-')).collect();
        let bytes = digits.as_bytes();
        if bytes.len() != 15 || !bytes.iter().all(u8::is_ascii_digit) {
            return Err(InvalidRegistrationNumber::Form);
        }
        if check_digit(&bytes[..14]) != bytes[14] {
            return Err(InvalidRegistrationNumber::CheckDigit);
        }
        Ok(Self(digits))
    }
}

impl fmt::Display for RegistrationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<RegistrationNumber> for String {
    fn from(number: RegistrationNumber) -> Self {
        number.0
    }
}

impl TryFrom<String> for RegistrationNumber {
    type Error = InvalidRegistrationNumber;

    fn try_from(text: String) -> Result<Self, InvalidRegistrationNumber> {
        text.parse()
    }
}

/// How a registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RegistrationStatus {
    /// 有效
    Active,
    /// 已失效: not renewed in time
    Lapsed,
    /// 已注销: at the holder's wish
    Cancelled,
    /// 已撤销: by the authority
    Revoked,
    /// 已转出: registered in another province
    TransferredOut,
}

impl RegistrationStatus {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Active => "有效",
            Self::Lapsed => "已失效",
            Self::Cancelled => "已注销",
            Self::Revoked => "已撤销",
            Self::TransferredOut => "已转出",
        }
    }
}

/// A registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// 登记号
    pub number: RegistrationNumber,
    /// Whose.
    pub holder: HolderId,
    /// Grows by one with each change.
    pub version: u64,
    /// How it stands.
    pub status: RegistrationStatus,
    /// The holder's name as registered.
    pub name: PersonName,
    /// The certificate that is registered.
    pub certificate: Certificate,
    /// Where it's registered.
    pub district: DistrictCode,
    /// Where reminders go.
    pub email: EmailAddress,
    /// The day of the first registration.
    pub registered_on: CalendarDate,
    /// True where the first registration came after its window.
    pub late: bool,
    /// Last day of validity.
    pub valid_until: CalendarDate,
    /// The cycle it runs in.
    pub cycle: Cycle,
    /// The cycles before it, oldest first, each with the renewal that used its hours.
    #[serde(default)]
    pub closed: Vec<ClosedCycle>,
    /// A renewal submitted in time and not yet decided: as long as there is one, the registration stays valid.
    pub pending_renewal: Option<ApplicationId>,
    /// The smallest reminder threshold (days before the last day) planned in this cycle.
    pub reminded: Option<u16>,
    /// The day the reminder job looks at it next; none where there is nothing to come.
    pub next_due: Option<CalendarDate>,
    /// Which edition of the electronic certificate is the present one, from 1. It grows when something changes that is
    /// printed on it, so that an older print is told from the present one.
    #[serde(default = "first_edition")]
    pub edition: u32,
    /// The holder's photo, as the last approval that brought one has it.
    #[serde(default)]
    pub photo: Option<Attachment>,
    /// What the figures are broken down by.
    #[serde(default)]
    pub traits: Traits,
    /// The day it ended; none while it's in force.
    #[serde(default)]
    pub ended_on: Option<CalendarDate>,
    /// The last revocation that was announced, whatever came of it.
    #[serde(default)]
    pub revocation: Option<Box<Revocation>>,
    /// Where it came from, and where it went.
    #[serde(default)]
    pub transfer: Transfers,
    /// The hash (SHA-256, hex) of the last entry of its journal, which the next one carries. The store's, and nobody
    /// else's, to set; none before the first.
    #[serde(default)]
    pub journal_head: Option<String>,
}

fn first_edition() -> u32 {
    1
}

impl Registration {
    /// A new registration, approved on `today` from a complete form.
    ///
    /// Returns `None` where the form lacks what a registration needs; a submitted form doesn't.
    pub fn open(
        number: RegistrationNumber,
        holder: HolderId,
        form: &Form,
        late: bool,
        today: CalendarDate,
        rules: &RuleSet,
    ) -> Option<Self> {
        let certificate = form.certificate()?;
        let valid_until = rules.valid_until(today);
        let cycle = Cycle {
            start: today,
            end: valid_until,
            first: true,
            level: certificate.level,
            rules: rules.key(),
        };
        let mut registration = Self {
            number,
            holder,
            version: 1,
            status: RegistrationStatus::Active,
            name: form.name.clone()?,
            certificate,
            district: form.district.clone()?,
            email: form.email.clone()?,
            registered_on: today,
            late,
            valid_until,
            cycle,
            closed: Vec::new(),
            pending_renewal: None,
            reminded: None,
            next_due: None,
            edition: 1,
            photo: None,
            traits: Traits::of(form),
            ended_on: None,
            revocation: None,
            transfer: Transfers::default(),
            journal_head: None,
        };
        registration.next_due = crate::reminder::next_due(&registration, rules);
        Some(registration)
    }

    /// Carries the registration on for another cycle: it starts the day after the last one ended, whenever the
    /// renewal was decided, so nobody gains or loses days by the speed of review. The old cycle is closed: `hours`, as
    /// assessed on `today`, are used by `renewal` and by nothing else.
    pub(crate) fn renew(
        &mut self,
        renewal: &ApplicationId,
        hours: HoursShortfall,
        today: CalendarDate,
        rules: &RuleSet,
    ) {
        let valid_until = rules.valid_until(self.valid_until);
        self.closed.push(ClosedCycle {
            cycle: self.cycle.clone(),
            renewal: renewal.clone(),
            closed_on: today,
            hours,
        });
        self.cycle = Cycle {
            start: self.valid_until.plus_days(1),
            end: valid_until,
            first: false,
            level: self.certificate.level,
            rules: rules.key(),
        };
        self.valid_until = valid_until;
        self.status = RegistrationStatus::Active;
        self.pending_renewal = None;
        self.reminded = None;
        self.edition += 1;
        self.next_due = crate::reminder::next_due(self, rules);
    }

    /// Takes over the photo among the files of an approved application, where there is one. It's printed on the
    /// certificate, so another one makes another edition.
    pub(crate) fn take_photo(&mut self, attachments: &[Attachment]) {
        let confirmed = |file: &&Attachment| file.kind == AttachmentKind::Photo && file.is_confirmed();
        let Some(photo) = attachments.iter().rfind(confirmed) else { return };
        let before = self.photo.as_ref().and_then(|before| before.sha256.as_ref());
        if before.is_some() && before != photo.sha256.as_ref() {
            self.edition += 1;
        }
        self.photo = Some(photo.clone());
    }

    /// Takes over the `changed` fields of a form, as far as a registration keeps them.
    pub(crate) fn take_over(&mut self, form: &Form, changed: &BTreeSet<Field>) {
        if let Some(name) = form.name.as_ref().filter(|_| changed.contains(&Field::Name)) {
            self.name = name.clone();
            self.edition += 1;
        }
        if let Some(email) = form.email.as_ref().filter(|_| changed.contains(&Field::Email)) {
            self.email = email.clone();
        }
        if let Some(district) = form.district.as_ref().filter(|_| changed.contains(&Field::District)) {
            self.district = district.clone();
        }
        self.traits = self.traits.with(changed, form);
    }

    /// Ends the registration with `status` on `today`, and with it a revocation that still runs.
    pub(crate) fn end(&mut self, status: RegistrationStatus, today: CalendarDate) {
        self.status = status;
        self.ended_on = Some(today);
        self.pending_renewal = None;
        self.next_due = None;
        if let Some(revocation) = self.revocation.as_mut() {
            revocation.overtake(today);
        }
    }

    /// The cycle that began on `start`, the present one or one that is closed, with the renewal that closed it.
    pub fn cycle_from(&self, start: CalendarDate) -> Option<(&Cycle, Option<&ClosedCycle>)> {
        if self.cycle.start == start {
            return Some((&self.cycle, None));
        }
        self.closed
            .iter()
            .find(|closed| closed.cycle.start == start)
            .map(|closed| (&closed.cycle, Some(closed)))
    }

    /// True where it can be relied on on `today`: active, and not past its last day unless a renewal that was
    /// submitted in time is still undecided.
    pub fn is_valid_on(&self, today: CalendarDate) -> bool {
        self.status == RegistrationStatus::Active
            && (today <= self.valid_until || self.pending_renewal.is_some())
    }

    /// True where it should have lapsed by `today`.
    pub fn is_overdue_on(&self, today: CalendarDate, rules: &RuleSet) -> bool {
        self.status == RegistrationStatus::Active
            && self.pending_renewal.is_none()
            && today > rules.renewal_closes(self.valid_until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_back_and_a_wrong_or_swapped_digit_is_noticed() {
        let number = RegistrationNumber::mint(&"420106".parse().unwrap(), 2026, 98_765_432_100);
        assert_eq!(number.as_str().len(), 15);
        assert!(number.as_str().starts_with("422026"));
        assert_eq!(number.as_str().parse::<RegistrationNumber>().unwrap(), number);
        let digits = number.as_str().as_bytes();
        for place in 0..15 {
            for digit in b'0'..=b'9' {
                let mut wrong = digits.to_vec();
                wrong[place] = digit;
                let wrong = String::from_utf8(wrong).unwrap();
                assert_eq!(wrong.parse::<RegistrationNumber>().is_ok(), wrong == number.as_str(), "{wrong}");
            }
        }
        assert_eq!("42 2026".parse::<RegistrationNumber>(), Err(InvalidRegistrationNumber::Form));
    }

    #[test]
    fn the_check_digit_is_that_of_iso_7064() {
        // ISO 7064 MOD 11,10: the number 0794 has check digit 5.
        assert_eq!(check_digit(b"0794"), b'5');
    }
}
