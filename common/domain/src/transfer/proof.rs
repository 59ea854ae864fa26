//! The proof in a paper's QR code: which paper it is, what it comes to, and the digest of all it says, in as few bytes as it
//! takes, so that it can be signed, scanned, and compared with what the register says.
//!
//! The bytes that are signed, all numbers most significant byte first:
//!
//! ```text
//! bytes  what
//! 1      version of this format, 1
//! 6      the key's id, as in a [certificate's statement](crate::statement)
//! 1      the paper: 1 学时证明, 2 转出证明
//! 7      the registration number
//! 4      the day it tells of, as the number yyyymmdd
//! 4      the hours that count, in tenths
//! 32     SHA-256 of the paper's canonical JSON (RFC 8785)
//! ```
//!
//! Each proof has one way to be written. How it's signed is the shell's matter.

use super::{Paper, PaperKind};
use crate::{
    credit::Hours,
    date::CalendarDate,
    registration::RegistrationNumber,
    statement::{DAY, InvalidStatement, KEY_ID, NUMBER, of_day, of_number, to_day, to_number},
};

/// The version of the format above.
const VERSION: u8 = 1;
/// Bytes of a digest.
pub const DIGEST: usize = 32;

/// What a paper's QR code says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperProof {
    /// The id of the key that signs it.
    pub key: [u8; KEY_ID],
    /// Which paper it is.
    pub paper: PaperKind,
    /// 登记号
    pub number: RegistrationNumber,
    /// The day it tells of.
    pub day: CalendarDate,
    /// The hours that count, by what it says.
    pub counted: Hours,
    /// SHA-256 of its canonical JSON.
    pub digest: [u8; DIGEST],
}

impl PaperProof {
    /// What is said of `paper`, whose canonical JSON has `digest`, to be signed with the key called `key`.
    pub fn of<T: Paper>(paper: &T, digest: [u8; DIGEST], key: [u8; KEY_ID]) -> Self {
        Self {
            key,
            paper: paper.kind(),
            number: paper.number().clone(),
            day: paper.day(),
            counted: paper.counted(),
            digest,
        }
    }

    /// The bytes that are signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let paper = match self.paper {
            PaperKind::HoursStatement => 1,
            PaperKind::TransferLetter => 2,
        };
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.key);
        bytes.push(paper);
        bytes.extend_from_slice(&of_number(&self.number));
        bytes.extend_from_slice(&of_day(self.day));
        bytes.extend_from_slice(&self.counted.tenths().to_be_bytes());
        bytes.extend_from_slice(&self.digest);
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// Where it would be written otherwise, or is nothing of the kind.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidStatement> {
        Self::read(bytes).filter(|proof| proof.to_bytes() == bytes).ok_or(InvalidStatement)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (key, rest) = rest.split_first_chunk::<KEY_ID>()?;
        let (paper, rest) = rest.split_first()?;
        let (number, rest) = rest.split_first_chunk::<NUMBER>()?;
        let (day, rest) = rest.split_first_chunk::<DAY>()?;
        let (counted, digest) = rest.split_first_chunk::<4>()?;
        let paper = match paper {
            1 => PaperKind::HoursStatement,
            2 => PaperKind::TransferLetter,
            _ => return None,
        };
        (*version == VERSION).then_some(Self {
            key: *key,
            paper,
            number: to_number(*number)?,
            day: to_day(*day)?,
            counted: Hours::from_tenths(u32::from_be_bytes(*counted)),
            digest: digest.try_into().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::date::date;
    use proptest::prelude::*;

    fn proof() -> PaperProof {
        PaperProof {
            key: *b"abcdef",
            paper: PaperKind::TransferLetter,
            number: RegistrationNumber::mint(&"420106".parse().unwrap(), 2026, 98_765_432),
            day: date(2026, 4, 10),
            counted: Hours::from_tenths(365),
            digest: [7; DIGEST],
        }
    }

    #[test]
    fn the_bytes_are_those_that_are_documented() {
        let proof = proof();
        let bytes = proof.to_bytes();
        let number: u64 = proof.number.as_str().parse().unwrap();
        let expected = [
            &[1][..],
            b"abcdef",
            &[2],
            &number.to_be_bytes()[1..],
            &20_260_410_u32.to_be_bytes(),
            &365_u32.to_be_bytes(),
            &[7; DIGEST],
        ];
        assert_eq!(bytes, expected.concat());
        assert_eq!(bytes.len(), 55);
        assert_eq!(PaperProof::parse(&bytes), Ok(proof));
    }

    #[test]
    fn what_is_written_otherwise_is_refused() {
        let good = proof().to_bytes();
        let with = |place: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[place] = byte;
            bytes
        };
        for (what, bytes) in [
            ("another version", with(0, 2)),
            ("no paper", with(7, 3)),
            ("a wrong check digit", with(14, good[14] ^ 1)),
            ("no day of the calendar", with(18, 200)),
            ("cut short", good[..54].to_vec()),
            ("too long", [&good[..], b"a"].concat()),
            ("nothing", Vec::new()),
        ] {
            assert_eq!(PaperProof::parse(&bytes), Err(InvalidStatement), "{what}");
        }
    }

    proptest! {
        #[test]
        fn what_reads_is_written_the_same(bytes in proptest::collection::vec(any::<u8>(), 50..60)) {
            if let Ok(proof) = PaperProof::parse(&bytes) {
                prop_assert_eq!(proof.to_bytes(), bytes);
            }
        }
    }
}
