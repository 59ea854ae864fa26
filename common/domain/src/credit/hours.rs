//! Hours of continuing education, as whole tenths.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, iter::Sum};

/// Hours of continuing education, exact to a tenth. Whether an hour is a 学时 or a 小时 is the rule set's word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hours(u32);

impl Hours {
    /// None.
    pub const ZERO: Self = Self(0);

    /// Hours from tenths of an hour.
    pub const fn from_tenths(tenths: u32) -> Self {
        Self(tenths)
    }

    /// Tenths of an hour.
    pub const fn tenths(self) -> u32 {
        self.0
    }

    /// The sum.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left when `other` is taken off; never below none.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// True for none.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// `percent` of these hours, rounded up to a tenth.
    #[must_use]
    pub fn percent(self, percent: u8) -> Self {
        Self((self.0 * u32::from(percent)).div_ceil(100))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(10) {
            write!(f, "{}", self.0 / 10)
        } else {
            write!(f, "{}.{}", self.0 / 10, self.0 % 10)
        }
    }
}

impl fmt::Debug for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}h")
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(10) {
            serializer.serialize_u32(self.0 / 10)
        } else {
            serializer.serialize_f64(f64::from(self.0) / 10.0)
        }
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hours = f64::deserialize(deserializer)?;
        let tenths = (hours * 10.0).round();
        if !(0.0..=100_000.0).contains(&hours) || (hours * 10.0 - tenths).abs() > 1e-6 {
            return Err(serde::de::Error::custom("学时应为不小于 0 的数，最多一位小数"));
        }
        // In range and whole, as checked above.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Ok(Self(tenths as u32))
    }
}

impl Sum for Hours {
    fn sum<I: Iterator<Item = Self>>(hours: I) -> Self {
        hours.fold(Self::ZERO, Self::plus)
    }
}
