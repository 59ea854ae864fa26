//! Provinces, by the first two digits of a district's code (GB/T 2260).

use crate::district::{DistrictCode, province_name};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A province-level unit: two digits, `42` for 湖北省. A registration belongs to its authority.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Province(String);

/// The text isn't a province's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("省份应为 2 位行政区划代码（GB/T 2260），例如 42（湖北省）、11（北京市）")]
pub struct InvalidProvince;

impl Province {
    /// The province that `district` lies in.
    pub fn of(district: &DistrictCode) -> Self {
        Self(district.prefix(2).to_owned())
    }

    /// The two digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its name: 湖北省.
    pub fn name(&self) -> &'static str {
        province_name(&self.0).unwrap_or("")
    }

    /// True where `district` lies in it.
    pub fn contains(&self, district: &DistrictCode) -> bool {
        district.prefix(2) == self.0
    }
}

impl FromStr for Province {
    type Err = InvalidProvince;

    fn from_str(text: &str) -> Result<Self, InvalidProvince> {
        let text = text.trim();
        if text.len() == 2 && province_name(text).is_some() {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidProvince)
        }
    }
}

impl fmt::Display for Province {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Province> for String {
    fn from(province: Province) -> Self {
        province.0
    }
}

impl TryFrom<String> for Province {
    type Error = InvalidProvince;

    fn try_from(text: String) -> Result<Self, InvalidProvince> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_province_is_two_known_digits_and_holds_its_districts() {
        let hubei: Province = " 42 ".parse().unwrap();
        assert_eq!((hubei.as_str(), hubei.name()), ("42", "湖北省"));
        let (wuchang, chaoyang) = ("420106".parse().unwrap(), "110105".parse().unwrap());
        assert!(hubei.contains(&wuchang) && !hubei.contains(&chaoyang));
        assert_eq!(Province::of(&wuchang), hubei);
        for text in ["", "4", "42 0", "420106", "99", "湖北", "４２"] {
            assert_eq!(text.parse::<Province>(), Err(InvalidProvince), "{text}");
        }
    }
}
