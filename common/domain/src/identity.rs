//! Identity documents. The number is the most sensitive thing this system holds: `Debug` and `Display` mask it, it
//! has no `Serialize`, and whoever needs the digits must ask by name.

use crate::date::CalendarDate;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// GB 11643-1999: weights of the first 17 digits.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// GB 11643-1999: the check character for each remainder of the weighted sum by 11.
const CHECK: &[u8; 11] = b"10X98765432";

/// Why a text is no identity document number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIdentity {
    /// Not 17 digits and a digit or X.
    #[error("居民身份证号码应为 18 位：17 位数字加 1 位数字或 X")]
    Form,
    /// The birth date in it doesn't exist.
    #[error("居民身份证号码中的出生日期不存在，请核对第 7 至 14 位")]
    BirthDate,
    /// The check digit disagrees (GB 11643-1999).
    #[error("居民身份证号码校验位不正确，请逐位核对")]
    CheckDigit,
    /// Another document's number is empty, too long or has characters no such document has.
    #[error("证件号码应为 5 至 20 位字母或数字")]
    Other,
}

/// A resident identity number (GB 11643-1999), `x` written as `X`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdentityNumber(String);

impl IdentityNumber {
    /// The 18 characters. Only for sealing, hashing, and a reviewer who opened the application.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The date of birth in digits 7 to 14.
    pub fn born_on(&self) -> CalendarDate {
        CalendarDate::from_compact(&self.0[6..14]).unwrap_or(CalendarDate::EPOCH)
    }

    /// `110***********002X`.
    pub fn masked(&self) -> String {
        mask(&self.0, 3, 4)
    }
}

impl FromStr for IdentityNumber {
    type Err = InvalidIdentity;

    fn from_str(text: &str) -> Result<Self, InvalidIdentity> {
        let number = text.trim().to_ascii_uppercase();
        let bytes = number.as_bytes();
        if bytes.len() != 18
            || !bytes[..17].iter().all(u8::is_ascii_digit)
            || !(bytes[17].is_ascii_digit() || bytes[17] == b'X')
        {
            return Err(InvalidIdentity::Form);
        }
        if CalendarDate::from_compact(&number[6..14]).is_none() {
            return Err(InvalidIdentity::BirthDate);
        }
        let sum: u32 =
            bytes.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        if bytes[17] != CHECK[(sum % 11) as usize] {
            return Err(InvalidIdentity::CheckDigit);
        }
        Ok(Self(number))
    }
}

/// What kind of document identifies a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdentityDocumentKind {
    /// 居民身份证
    ResidentIdentityCard,
    /// 港澳居民来往内地通行证
    HongKongMacaoPermit,
    /// 台湾居民来往大陆通行证
    TaiwanPermit,
    /// 港澳台居民居住证, numbered as a resident identity card is
    ResidencePermit,
    /// 护照
    Passport,
}

impl IdentityDocumentKind {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::ResidentIdentityCard => "居民身份证",
            Self::HongKongMacaoPermit => "港澳居民来往内地通行证",
            Self::TaiwanPermit => "台湾居民来往大陆通行证",
            Self::ResidencePermit => "港澳台居民居住证",
            Self::Passport => "护照",
        }
    }

    /// True for cards, of which both sides are shown; a passport or permit has one page that counts.
    pub fn has_back(self) -> bool {
        matches!(self, Self::ResidentIdentityCard | Self::ResidencePermit)
    }

    /// The kind in the text that is hashed; it stays as it is for good, or nobody would be found any more.
    fn canonical(self) -> &'static str {
        match self {
            Self::ResidentIdentityCard => "resident_identity_card",
            Self::HongKongMacaoPermit => "hong_kong_macao_permit",
            Self::TaiwanPermit => "taiwan_permit",
            Self::ResidencePermit => "residence_permit",
            Self::Passport => "passport",
        }
    }
}

/// An identity document: kind and number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdentityDocument {
    kind: IdentityDocumentKind,
    number: String,
}

impl IdentityDocument {
    /// Checks a number as its kind asks for.
    pub fn new(kind: IdentityDocumentKind, number: &str) -> Result<Self, InvalidIdentity> {
        use IdentityDocumentKind::{
            HongKongMacaoPermit, Passport, ResidencePermit, ResidentIdentityCard, TaiwanPermit,
        };
        let number = match kind {
            ResidentIdentityCard | ResidencePermit => number.parse::<IdentityNumber>()?.0,
            HongKongMacaoPermit | TaiwanPermit | Passport => {
                let number = number.trim().to_ascii_uppercase();
                if !(5..=20).contains(&number.len())
                    || !number.bytes().all(|byte| byte.is_ascii_alphanumeric())
                {
                    return Err(InvalidIdentity::Other);
                }
                number
            }
        };
        Ok(Self { kind, number })
    }

    /// The kind of document.
    pub fn kind(&self) -> IdentityDocumentKind {
        self.kind
    }

    /// The number. Only for sealing, hashing, and a reviewer who opened the application.
    pub fn reveal(&self) -> &str {
        &self.number
    }

    /// The number with its middle masked.
    pub fn masked(&self) -> String {
        if self.number.len() == 18 { mask(&self.number, 3, 4) } else { mask(&self.number, 1, 2) }
    }

    /// The year of birth, where the number tells it.
    pub fn birth_year(&self) -> Option<i32> {
        let number = self.number.parse::<IdentityNumber>().ok().filter(|_| self.kind.has_back())?;
        Some(number.born_on().year())
    }

    /// What the keyed hash is taken of: the number, and before it the kind. A resident identity card and a residence
    /// permit never share a number, so one person has one text.
    pub fn canonical(&self) -> String {
        format!("{}:{}", self.kind.canonical(), self.number)
    }
}

fn mask(text: &str, head: usize, tail: usize) -> String {
    let middle = text.len().saturating_sub(head + tail);
    format!("{}{}{}", &text[..head], "*".repeat(middle), &text[head + middle..])
}

macro_rules! masked {
    ($($name:ty),*) => {
        $(
            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.masked())
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.masked())
                }
            }
        )*
    };
}
masked!(IdentityNumber, IdentityDocument);

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("11010519491231002X")]
    #[case("11010519491231002x")]
    #[case(" 440524188001010014 ")]
    fn a_number_whose_check_digit_agrees_is_taken(#[case] text: &str) {
        let number: IdentityNumber = text.parse().unwrap();
        assert_eq!(number.reveal(), text.trim().to_ascii_uppercase());
    }

    #[rstest]
    #[case("110105194912310021", InvalidIdentity::CheckDigit)]
    #[case("11010519491231003X", InvalidIdentity::CheckDigit)]
    #[case("110105194902300021", InvalidIdentity::BirthDate)]
    #[case("1101051949123100", InvalidIdentity::Form)]
    #[case("X1010519491231002X", InvalidIdentity::Form)]
    #[case("1101051949123100２X", InvalidIdentity::Form)]
    #[case("", InvalidIdentity::Form)]
    fn a_wrong_number_says_what_is_wrong(#[case] text: &str, #[case] why: InvalidIdentity) {
        assert_eq!(text.parse::<IdentityNumber>(), Err(why));
    }

    #[test]
    fn every_single_wrong_digit_is_noticed() {
        let right = "11010519491231002X";
        for place in 0..17 {
            for digit in b'0'..=b'9' {
                let mut wrong = right.as_bytes().to_vec();
                if wrong[place] != digit {
                    wrong[place] = digit;
                    assert!(String::from_utf8(wrong).unwrap().parse::<IdentityNumber>().is_err());
                }
            }
        }
    }

    #[test]
    fn nothing_prints_the_digits() {
        let card =
            IdentityDocument::new(IdentityDocumentKind::ResidentIdentityCard, "11010519491231002X").unwrap();
        assert_eq!(format!("{card} {card:?}"), "110***********002X 110***********002X");
        let passport = IdentityDocument::new(IdentityDocumentKind::Passport, "e12345678").unwrap();
        assert_eq!(format!("{passport:?}"), "E******78");
    }

    #[test]
    fn the_text_that_is_hashed_never_changes() {
        let passport = IdentityDocument::new(IdentityDocumentKind::Passport, "e12345678").unwrap();
        assert_eq!(passport.canonical(), "passport:E12345678");
    }
}
