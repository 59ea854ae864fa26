//! Administrative districts by the code of GB/T 2260: two digits each for province, city and county.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Province-level units of GB/T 2260 with their names.
const PROVINCES: [(&str, &str); 34] = [
    ("11", "北京市"),
    ("12", "天津市"),
    ("13", "河北省"),
    ("14", "山西省"),
    ("15", "内蒙古自治区"),
    ("21", "辽宁省"),
    ("22", "吉林省"),
    ("23", "黑龙江省"),
    ("31", "上海市"),
    ("32", "江苏省"),
    ("33", "浙江省"),
    ("34", "安徽省"),
    ("35", "福建省"),
    ("36", "江西省"),
    ("37", "山东省"),
    ("41", "河南省"),
    ("42", "湖北省"),
    ("43", "湖南省"),
    ("44", "广东省"),
    ("45", "广西壮族自治区"),
    ("46", "海南省"),
    ("50", "重庆市"),
    ("51", "四川省"),
    ("52", "贵州省"),
    ("53", "云南省"),
    ("54", "西藏自治区"),
    ("61", "陕西省"),
    ("62", "甘肃省"),
    ("63", "青海省"),
    ("64", "宁夏回族自治区"),
    ("65", "新疆维吾尔自治区"),
    ("71", "台湾省"),
    ("81", "香港特别行政区"),
    ("82", "澳门特别行政区"),
];

/// The name of the province that a code begins with.
pub(crate) fn province_name(digits: &str) -> Option<&'static str> {
    PROVINCES.iter().find(|(code, _)| digits.starts_with(code)).map(|(_, name)| *name)
}

/// The two digits of every province-level unit.
pub fn provinces() -> impl Iterator<Item = &'static str> {
    PROVINCES.iter().map(|(code, _)| *code)
}

/// The text isn't a district code or a prefix of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDistrict {
    /// Not six digits of a known province.
    #[error("行政区划代码应为 6 位数字（GB/T 2260），例如 420106（武汉市武昌区）")]
    Code,
    /// Not 2, 4 or 6 digits of a known province.
    #[error("辖区应为 2、4 或 6 位行政区划代码，例如 42（湖北省）、4201（武汉市）")]
    Area,
}

/// A district below the province, six digits. A province's own code (`420000`) is none: its applications would wait
/// in the queue of a city that doesn't exist.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DistrictCode(String);

impl DistrictCode {
    /// The six digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first `digits` (2, 4 or 6) of the code.
    pub fn prefix(&self, digits: usize) -> &str {
        &self.0[..digits.min(6)]
    }

    /// The province's name.
    pub fn province(&self) -> &'static str {
        province_name(&self.0).unwrap_or("")
    }
}

impl FromStr for DistrictCode {
    type Err = InvalidDistrict;

    fn from_str(text: &str) -> Result<Self, InvalidDistrict> {
        let text = text.trim();
        let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits && &text[2..4] != "00" && province_name(text).is_some() {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidDistrict::Code)
        }
    }
}

/// A reviewer's area: the first 2, 4 or 6 digits of a district code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Area(String);

impl Area {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The area's own code, six digits: `4201` is `420100`. For looking up the rules that hold there, and for nothing
    /// that is stored: nobody registers in a whole province.
    pub fn district(&self) -> DistrictCode {
        DistrictCode(format!("{:0<6}", self.0))
    }

    /// True where `district` lies in this area.
    pub fn contains(&self, district: &DistrictCode) -> bool {
        district.0.starts_with(&self.0)
    }
}

impl FromStr for Area {
    type Err = InvalidDistrict;

    fn from_str(text: &str) -> Result<Self, InvalidDistrict> {
        let text = text.trim();
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if matches!(text.len(), 2 | 4 | 6) && digits && province_name(text).is_some() {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidDistrict::Area)
        }
    }
}

macro_rules! as_text {
    ($($name:ty),*) => {
        $(
            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }

            impl From<$name> for String {
                fn from(code: $name) -> Self {
                    code.0
                }
            }

            impl TryFrom<String> for $name {
                type Error = InvalidDistrict;

                fn try_from(text: String) -> Result<Self, InvalidDistrict> {
                    text.parse()
                }
            }
        )*
    };
}
as_text!(DistrictCode, Area);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_is_a_prefix_of_the_districts_in_it() {
        let wuchang: DistrictCode = "420106".parse().unwrap();
        for (area, inside) in [("42", true), ("4201", true), ("420106", true), ("4202", false), ("43", false)]
        {
            assert_eq!(area.parse::<Area>().unwrap().contains(&wuchang), inside, "{area}");
        }
        assert_eq!(wuchang.province(), "湖北省");
    }

    #[test]
    fn what_is_no_district_is_refused() {
        for text in ["", "42", "99", "990101", "420000", "420006", "42010", "4201066", "42010a", "四二"] {
            assert!(text.parse::<DistrictCode>().is_err(), "{text}");
        }
        for text in ["", "4", "420", "99", "42010"] {
            assert!(text.parse::<Area>().is_err(), "{text}");
        }
    }
}
