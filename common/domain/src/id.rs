//! Identifiers. They are minted outside (`now` and randomness come in as arguments) and parsed once at the edge.
//!
//! An application's id holds its holder and the day it was opened. Both are what the store needs to find it, so a
//! lookup costs one read, and a holder who asks for somebody else's application looks in their own drawer and
//! finds nothing there.

use crate::date::CalendarDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// Digits of Crockford's base 32 in lower case: no `i`, `l`, `o`, `u`, so an id survives being read aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Writes the low `5 * digits` bits of `entropy` as base-32 digits.
fn base32(mut entropy: u128, digits: usize) -> String {
    let mut text = String::with_capacity(digits);
    for _ in 0..digits {
        text.push(char::from(ALPHABET[(entropy & 31) as usize]));
        entropy >>= 5;
    }
    text
}

fn is_base32(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// True for `{holder}-{yyyymmdd}-{tail}` with a tail of `digits`.
fn is_dated(text: &str, digits: usize) -> bool {
    let mut parts = text.split('-');
    let (Some(holder), Some(day), Some(tail), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    is_base32(holder, 16) && CalendarDate::from_compact(day).is_some() && is_base32(tail, digits)
}

/// The text isn't an identifier of this system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("编号格式不正确")]
pub struct InvalidId;

macro_rules! text_id {
    ($name:ident) => {
        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }
    };
}

/// A person who holds certificates: 16 base-32 digits (80 random bits).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HolderId(String);
text_id!(HolderId);

impl HolderId {
    /// Mints an id from 80 bits of `entropy`.
    pub fn mint(entropy: u128) -> Self {
        Self(base32(entropy, 16))
    }
}

impl FromStr for HolderId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_base32(text, 16) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
    }
}

/// An application: `{holder}-{yyyymmdd}-{8 base-32 digits}`, the day being the day it was opened.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplicationId(String);
text_id!(ApplicationId);

impl ApplicationId {
    /// Mints an id from 40 bits of `entropy`.
    pub fn mint(holder: &HolderId, opened_on: CalendarDate, entropy: u128) -> Self {
        Self(format!("{holder}-{}-{}", opened_on.compact(), base32(entropy, 8)))
    }

    /// Whose application it is.
    pub fn holder(&self) -> HolderId {
        HolderId(self.0[..16].to_owned())
    }

    /// The day it was opened.
    pub fn opened_on(&self) -> CalendarDate {
        CalendarDate::from_compact(&self.0[17..25]).unwrap_or(CalendarDate::EPOCH)
    }
}

impl FromStr for ApplicationId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_dated(text, 8) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
    }
}

/// An attachment: `{application}-{8 base-32 digits}`, `{credit}-{8 base-32 digits}` for evidence of hours, or
/// `{notice}-{8 base-32 digits}` for a file of a notice.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AttachmentId(String);
text_id!(AttachmentId);

impl AttachmentId {
    /// Mints an id from 40 bits of `entropy`.
    pub fn mint(application: &ApplicationId, entropy: u128) -> Self {
        Self(format!("{application}-{}", base32(entropy, 8)))
    }

    /// Mints the id of a file that proves the hours of `credit`, from 40 bits of `entropy`.
    pub fn of_evidence(credit: &CreditId, entropy: u128) -> Self {
        Self(format!("{credit}-{}", base32(entropy, 8)))
    }

    /// Mints the id of a file of `notice`, from 40 bits of `entropy`.
    pub fn of_notice(notice: &NoticeId, entropy: u128) -> Self {
        Self(format!("{notice}-{}", base32(entropy, 8)))
    }

    /// The notice whose file it is; none for one of a holder's.
    pub fn notice(&self) -> Option<NoticeId> {
        self.0[..self.0.len() - 9].parse().ok()
    }

    /// The credit record whose evidence it is; none for an attachment of an application.
    pub fn credit(&self) -> Option<CreditId> {
        self.0[..self.0.len() - 9].parse().ok()
    }

    /// The application it belongs to. Evidence of hours and a notice's file belong to none: no application has the id that
    /// comes back.
    pub fn application(&self) -> ApplicationId {
        ApplicationId(self.0[..self.0.len() - 9].to_owned())
    }
}

impl FromStr for AttachmentId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (owner, tail) = text.rsplit_once('-').ok_or(InvalidId)?;
        let known = is_dated(owner, 8) || is_dated(owner, 10) || is_notice(owner);
        if known && is_base32(tail, 8) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
    }
}

/// A staff account's id: 16 base-32 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StaffId(String);
text_id!(StaffId);

impl StaffId {
    /// Mints an id from 80 bits of `entropy`.
    pub fn mint(entropy: u128) -> Self {
        Self(base32(entropy, 16))
    }
}

impl FromStr for StaffId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_base32(text, 16) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
    }
}

/// A credit record: `{holder}-{yyyymmdd}-{10 base-32 digits}`, the day being the first of the cycle it's claimed for.
///
/// As with an application's, holder and day are what the store needs to find it in one read, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditId(String);
text_id!(CreditId);

impl CreditId {
    /// Mints an id from 50 bits of `entropy`.
    pub fn mint(holder: &HolderId, cycle_start: CalendarDate, entropy: u128) -> Self {
        Self(format!("{holder}-{}-{}", cycle_start.compact(), base32(entropy, 10)))
    }

    /// The id of `holder`'s record of `course`. It follows from both: whoever records a class list twice, or two at a
    /// time, writes to one place.
    pub fn of_course(holder: &HolderId, cycle_start: CalendarDate, course: &CourseId) -> Self {
        let digest = Sha256::digest(course.as_str());
        let entropy = digest.iter().take(16).fold(0_u128, |entropy, byte| entropy << 8 | u128::from(*byte));
        Self::mint(holder, cycle_start, entropy)
    }

    /// The id of the `index`-th of the hours that transfer in `application` brings to `holder`. It follows from both, so
    /// that an approval that is tried again writes to one place.
    pub fn of_transfer(
        holder: &HolderId,
        cycle_start: CalendarDate,
        application: &ApplicationId,
        index: usize,
    ) -> Self {
        let digest = Sha256::digest(format!("{application}#{index}"));
        let entropy = digest.iter().take(16).fold(0_u128, |entropy, byte| entropy << 8 | u128::from(*byte));
        Self::mint(holder, cycle_start, entropy)
    }

    /// Whose record it is.
    pub fn holder(&self) -> HolderId {
        HolderId(self.0[..16].to_owned())
    }

    /// First day of the cycle.
    pub fn cycle_start(&self) -> CalendarDate {
        CalendarDate::from_compact(&self.0[17..25]).unwrap_or(CalendarDate::EPOCH)
    }
}

impl FromStr for CreditId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_dated(text, 10) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
    }
}

/// A course of the catalogue: 16 base-32 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CourseId(String);
text_id!(CourseId);

impl CourseId {
    /// Mints an id from 80 bits of `entropy`.
    pub fn mint(entropy: u128) -> Self {
        Self(base32(entropy, 16))
    }
}

impl FromStr for CourseId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_base32(text, 16) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
    }
}

/// A class list: `{provider}-{yyyymmdd}-{8 base-32 digits}`, the day being the day it was announced.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RosterId(String);
text_id!(RosterId);

impl RosterId {
    /// Mints an id from 40 bits of `entropy`.
    pub fn mint(provider: &StaffId, day: CalendarDate, entropy: u128) -> Self {
        Self(format!("{provider}-{}-{}", day.compact(), base32(entropy, 8)))
    }

    /// Whose class list it is.
    pub fn provider(&self) -> StaffId {
        StaffId(self.0[..16].to_owned())
    }

    /// The day it was announced.
    pub fn day(&self) -> CalendarDate {
        CalendarDate::from_compact(&self.0[17..25]).unwrap_or(CalendarDate::EPOCH)
    }
}

impl FromStr for RosterId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_dated(text, 8) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
    }
}

/// What a notice's id begins with. No other id does: `i` and `o` are no digits of base 32.
const NOTICE: &str = "notice";

/// True for `notice-{yyyymmdd}-{12 base-32 digits}`.
fn is_notice(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(NOTICE), Some(day), Some(tail), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    CalendarDate::from_compact(day).is_some() && is_base32(tail, 12)
}

/// A notice (公告): `notice-{yyyymmdd}-{12 base-32 digits}`, the day being the day it was drafted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NoticeId(String);
text_id!(NoticeId);

impl NoticeId {
    /// Mints an id from 60 bits of `entropy`.
    pub fn mint(day: CalendarDate, entropy: u128) -> Self {
        Self(format!("{NOTICE}-{}-{}", day.compact(), base32(entropy, 12)))
    }
}

impl FromStr for NoticeId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_notice(text) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
    }
}

/// A keyed hash (HMAC-SHA-256, 64 hex digits) by which a person's identity document is found and compared without
/// being read. It's made outside, where the key is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdentityKey(String);

impl IdentityKey {
    /// Wraps a hash made with the system's key.
    pub fn from_hash(hex: String) -> Self {
        Self(hex)
    }

    /// The hash as hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::date;

    #[test]
    fn an_application_id_tells_its_holder_and_day() {
        let holder = HolderId::mint(u128::MAX / 7);
        let id = ApplicationId::mint(&holder, date(2024, 2, 29), 12345);
        let parsed: ApplicationId = id.to_string().parse().unwrap();
        assert_eq!(parsed.holder(), holder);
        assert_eq!(parsed.opened_on(), date(2024, 2, 29));
        let attachment = AttachmentId::mint(&id, 99);
        assert_eq!(attachment.to_string().parse::<AttachmentId>().unwrap().application(), id);
    }

    #[test]
    fn a_credit_id_tells_its_holder_and_cycle_and_its_evidence_tells_it() {
        let holder = HolderId::mint(u128::MAX / 7);
        let id = CreditId::mint(&holder, date(2026, 3, 2), 12345);
        let parsed: CreditId = id.to_string().parse().unwrap();
        assert_eq!((parsed.holder(), parsed.cycle_start()), (holder.clone(), date(2026, 3, 2)));
        assert_eq!(id.to_string().parse::<ApplicationId>(), Err(InvalidId), "one isn't taken for the other");
        let evidence: AttachmentId = AttachmentId::of_evidence(&id, 99).to_string().parse().unwrap();
        assert_eq!(evidence.credit(), Some(id));
        let application = ApplicationId::mint(&holder, date(2026, 3, 2), 1);
        assert_eq!(AttachmentId::mint(&application, 99).credit(), None);
    }

    #[test]
    fn a_course_gives_one_id_per_holder_and_cycle() {
        let (a, b) = (HolderId::mint(1), HolderId::mint(2));
        let (course, other) = (CourseId::mint(7), CourseId::mint(8));
        let day = date(2026, 3, 2);
        let id = CreditId::of_course(&a, day, &course);
        assert_eq!(id, CreditId::of_course(&a, day, &course));
        for different in [
            CreditId::of_course(&b, day, &course),
            CreditId::of_course(&a, day, &other),
            CreditId::of_course(&a, date(2029, 3, 2), &course),
        ] {
            assert_ne!(id, different);
        }
    }

    #[test]
    fn a_roster_id_tells_its_provider_and_day() {
        let provider = StaffId::mint(u128::MAX / 11);
        let id: RosterId = RosterId::mint(&provider, date(2027, 5, 4), 5).to_string().parse().unwrap();
        assert_eq!((id.provider(), id.day()), (provider, date(2027, 5, 4)));
        for text in ["", "0123456789abcdef-20270230-00000000", "0123456789abcdef-20270504-0000000000", "x"] {
            assert_eq!(text.parse::<RosterId>(), Err(InvalidId), "{text}");
        }
    }

    #[test]
    fn a_notices_files_tell_it_and_are_nobody_elses() {
        let id: NoticeId = NoticeId::mint(date(2026, 3, 2), 7).to_string().parse().unwrap();
        let file: AttachmentId = AttachmentId::of_notice(&id, 99).to_string().parse().unwrap();
        assert_eq!((file.notice(), file.credit()), (Some(id.clone()), None));
        assert_eq!(file.application().to_string().parse::<ApplicationId>(), Err(InvalidId));
        assert_eq!(file.application().holder().to_string().parse::<HolderId>(), Err(InvalidId));
        let application = ApplicationId::mint(&HolderId::mint(1), date(2026, 3, 2), 1);
        assert_eq!(AttachmentId::mint(&application, 99).notice(), None);
        for text in [
            "",
            "notice",
            "notice-20260230-000000000000",
            "notice-20260302-00000000",
            "notes-20260302-000000000000",
        ] {
            assert_eq!(text.parse::<NoticeId>(), Err(InvalidId), "{text}");
        }
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        for text in
            ["", "x", "0123456789abcdef-20240230-00000000", "0123456789abcdef-20240229-0000000i", "../../etc"]
        {
            assert_eq!(text.parse::<ApplicationId>(), Err(InvalidId), "{text}");
        }
    }
}
