//! Identifiers. They are minted outside (`now` and randomness come in as arguments) and parsed once at the edge.
//!
//! An application's id holds its holder and the day it was opened. Both are what the store needs to find it, so a
//! lookup costs one read, and a holder who asks for somebody else's application looks in their own drawer and
//! finds nothing there.

use crate::date::CalendarDate;
use serde::{Deserialize, Serialize};
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
        let mut parts = text.split('-');
        let (Some(holder), Some(day), Some(tail), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidId);
        };
        if is_base32(holder, 16) && CalendarDate::from_compact(day).is_some() && is_base32(tail, 8) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId)
        }
    }
}

/// An attachment: `{application}-{8 base-32 digits}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AttachmentId(String);
text_id!(AttachmentId);

impl AttachmentId {
    /// Mints an id from 40 bits of `entropy`.
    pub fn mint(application: &ApplicationId, entropy: u128) -> Self {
        Self(format!("{application}-{}", base32(entropy, 8)))
    }

    /// The application it belongs to.
    pub fn application(&self) -> ApplicationId {
        ApplicationId(self.0[..self.0.len() - 9].to_owned())
    }
}

impl FromStr for AttachmentId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (application, tail) = text.rsplit_once('-').ok_or(InvalidId)?;
        application.parse::<ApplicationId>()?;
        if is_base32(tail, 8) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
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

/// A credit record's id: 16 base-32 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditId(String);
text_id!(CreditId);

impl CreditId {
    /// Mints an id from 80 bits of `entropy`.
    pub fn mint(entropy: u128) -> Self {
        Self(base32(entropy, 16))
    }
}

impl FromStr for CreditId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_base32(text, 16) { Ok(Self(text.to_owned())) } else { Err(InvalidId) }
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
    fn text_that_is_no_id_is_refused() {
        for text in
            ["", "x", "0123456789abcdef-20240230-00000000", "0123456789abcdef-20240229-0000000i", "../../etc"]
        {
            assert_eq!(text.parse::<ApplicationId>(), Err(InvalidId), "{text}");
        }
    }
}
