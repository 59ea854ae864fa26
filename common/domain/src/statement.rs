//! The statement in a certificate's QR code: what the paper says, in as few bytes as it takes, so that it can be signed,
//! scanned, and checked by somebody who is offline.
//!
//! The bytes that are signed, all numbers most significant byte first:
//!
//! ```text
//! bytes  what
//! 1      version of this format, 1
//! 6      the key's id: the first 6 bytes of its RFC 7638 thumbprint, the first 8 characters of its `kid`
//! 7      the registration number
//! 1      level: 1 助理社会工作师, 2 社会工作师, 3 高级社会工作师
//! 4      last day of validity, as the number yyyymmdd
//! 4      edition of the certificate
//! 2–200  the name as printed, in UTF-8, to the end
//! ```
//!
//! Each statement has one way to be written: what reads back and would be written otherwise is refused. How it's signed
//! is the shell's matter.

use crate::{
    certificate::CertificateLevel,
    date::CalendarDate,
    form::PersonName,
    registration::{Registration, RegistrationNumber},
};

/// The version of the format above.
const VERSION: u8 = 1;
/// Bytes of a key's id.
pub const KEY_ID: usize = 6;
/// Bytes of a registration number: 15 digits are less than 2^50.
pub(crate) const NUMBER: usize = 7;
/// Bytes of a day.
pub(crate) const DAY: usize = 4;
/// Bytes before the name.
const HEAD: usize = 1 + KEY_ID + NUMBER + 1 + DAY + 4;

/// The bytes are no statement of this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("二维码内容不是本系统电子证书或证明的格式，请重新扫描纸面上的二维码")]
pub struct InvalidStatement;

/// What a certificate says of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The id of the key that signs it.
    pub key: [u8; KEY_ID],
    /// 登记号
    pub number: RegistrationNumber,
    /// The level.
    pub level: CertificateLevel,
    /// Last day of validity, as printed.
    pub valid_until: CalendarDate,
    /// Which edition of the certificate it's on.
    pub edition: u32,
    /// The holder's name, as printed.
    pub name: PersonName,
}

impl Statement {
    /// What the present certificate of `registration` says, to be signed with the key called `key`.
    pub fn of(registration: &Registration, key: [u8; KEY_ID]) -> Self {
        Self {
            key,
            number: registration.number.clone(),
            level: registration.certificate.level,
            valid_until: registration.valid_until,
            edition: registration.edition,
            name: registration.name.clone(),
        }
    }

    /// The bytes that are signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let level = match self.level {
            CertificateLevel::AssistantSocialWorker => 1,
            CertificateLevel::SocialWorker => 2,
            CertificateLevel::SeniorSocialWorker => 3,
        };
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.key);
        bytes.extend_from_slice(&of_number(&self.number));
        bytes.push(level);
        bytes.extend_from_slice(&of_day(self.valid_until));
        bytes.extend_from_slice(&self.edition.to_be_bytes());
        bytes.extend_from_slice(self.name.as_str().as_bytes());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidStatement> {
        Self::read(bytes).filter(|statement| statement.to_bytes() == bytes).ok_or(InvalidStatement)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (head, name) = bytes.split_at_checked(HEAD)?;
        let (version, head) = head.split_first()?;
        let (key, head) = head.split_first_chunk::<KEY_ID>()?;
        let (number, head) = head.split_first_chunk::<NUMBER>()?;
        let (level, head) = head.split_first()?;
        let (day, edition) = head.split_first_chunk::<DAY>()?;
        let level = match level {
            1 => CertificateLevel::AssistantSocialWorker,
            2 => CertificateLevel::SocialWorker,
            3 => CertificateLevel::SeniorSocialWorker,
            _ => return None,
        };
        (*version == VERSION).then_some(Self {
            key: *key,
            number: to_number(*number)?,
            level,
            valid_until: to_day(*day)?,
            edition: u32::from_be_bytes(edition.try_into().ok()?),
            name: std::str::from_utf8(name).ok()?.parse().ok()?,
        })
    }
}

/// A registration number in seven bytes: its digits are as few as these have room for.
pub(crate) fn of_number(number: &RegistrationNumber) -> [u8; NUMBER] {
    let digits: u64 = number.as_str().parse().unwrap_or(0);
    let [_, bytes @ ..] = digits.to_be_bytes();
    bytes
}

/// The number that [`of_number`] wrote.
pub(crate) fn to_number(bytes: [u8; NUMBER]) -> Option<RegistrationNumber> {
    let digits = bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{digits:015}").parse().ok()
}

/// A day in four bytes, as the number yyyymmdd.
pub(crate) fn of_day(day: CalendarDate) -> [u8; DAY] {
    day.compact().parse().unwrap_or(0_u32).to_be_bytes()
}

/// The day that [`of_day`] wrote.
pub(crate) fn to_day(bytes: [u8; DAY]) -> Option<CalendarDate> {
    CalendarDate::from_compact(&format!("{:08}", u32::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::date;
    use proptest::prelude::*;

    fn statement(name: &str) -> Statement {
        Statement {
            key: *b"abcdef",
            number: RegistrationNumber::mint(&"420106".parse().unwrap(), 2026, 98_765_432),
            level: CertificateLevel::SocialWorker,
            valid_until: date(2029, 2, 28),
            edition: 3,
            name: name.parse().unwrap(),
        }
    }

    #[test]
    fn the_bytes_are_those_that_are_documented() {
        let statement = statement("张晓雯");
        let bytes = statement.to_bytes();
        let number: u64 = statement.number.as_str().parse().unwrap();
        let expected = [
            &[1][..],
            b"abcdef",
            &number.to_be_bytes()[1..],
            &[2],
            &20_290_228_u32.to_be_bytes(),
            &3_u32.to_be_bytes(),
            "张晓雯".as_bytes(),
        ];
        assert_eq!(bytes, expected.concat());
        assert_eq!(bytes.len(), 32);
        assert_eq!(Statement::parse(&bytes), Ok(statement));
    }

    #[test]
    fn what_is_written_otherwise_is_refused() {
        let good = statement("张晓雯").to_bytes();
        let with = |place: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[place] = byte;
            bytes
        };
        let longest_number = [&good[..7], &[255; 7], &good[14..]].concat();
        for (what, bytes) in [
            ("another version", with(0, 2)),
            ("a wrong check digit", with(13, good[13] ^ 1)),
            ("sixteen digits", longest_number),
            ("no level", with(14, 0)),
            ("no day of the calendar", with(18, 200)),
            ("no UTF-8", with(23, 0xFF)),
            ("a name with a blank before it", [&good[..23], b" ", &good[23..]].concat()),
            ("a middle dot as nobody prints it", [&good[..], "•三".as_bytes()].concat()),
            ("no name", good[..23].to_vec()),
            ("cut short", good[..22].to_vec()),
            ("nothing", Vec::new()),
        ] {
            assert_eq!(Statement::parse(&bytes), Err(InvalidStatement), "{what}");
        }
    }

    proptest! {
        #[test]
        fn what_reads_is_written_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(statement) = Statement::parse(&bytes) {
                prop_assert_eq!(statement.to_bytes(), bytes);
            }
        }

        #[test]
        fn every_name_and_number_reads_back(serial: u128, edition: u32, name in "[\u{4e00}-\u{9fa5}\u{20000}-\u{2a6d6}]{2,50}") {
            let number = RegistrationNumber::mint(&"820106".parse().unwrap(), 9999, serial);
            let statement = Statement { number, edition, ..statement(&name) };
            prop_assert_eq!(Statement::parse(&statement.to_bytes()), Ok(statement));
        }
    }
}
