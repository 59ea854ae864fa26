//! What is counted, of whom, and when: the names under which sums are kept. They are short, since an item of a month has
//! hundreds of them, and they never change their meaning.

use crate::{
    date::CalendarDate,
    education::Month,
    form::{EducationLevel, EmploymentStatus, PracticeField},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc};

/// The text is no name of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name that figures are kept under")]
pub struct InvalidCell;

macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident $key:literal $label:literal,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name it's kept under.
            pub fn key(self) -> &'static str {
                match self {
                    $(Self::$variant => $key,)*
                }
            }

            /// The name people see.
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)*
                }
            }
        }

        impl FromStr for $name {
            type Err = InvalidCell;

            fn from_str(text: &str) -> Result<Self, InvalidCell> {
                Self::ALL.iter().find(|known| known.key() == text).copied().ok_or(InvalidCell)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.key().to_owned()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidCell;

            fn try_from(text: String) -> Result<Self, InvalidCell> {
                text.parse()
            }
        }
    };
}

named! {
    /// What is counted.
    Measure {
        /// Registrations in force. A stock: of [`Period::Now`] alone.
        Registered "reg" "有效登记人数",
        /// First registrations, in the month of their approval.
        New "new" "首次登记",
        /// Renewals, in the month of their approval.
        Renewed "ren" "再登记",
        /// Registrations that ended since nobody renewed them, in the month they ended.
        Lapsed "lap" "到期失效",
        /// Ended at the holder's wish.
        Cancelled "can" "注销登记",
        /// Ended by the authority.
        Revoked "rev" "撤销登记",
        /// Ended by a move to another province.
        TransferredOut "out" "转出",
        /// Cycles, in the month of their last day.
        Due "due" "到期应再登记",
        /// Those of them that a renewal followed.
        DueRenewed "dur" "到期后已再登记",
        /// Recognised hours, in tenths, in the month of the activity's last day.
        HoursTenths "hrs" "继续教育学时",
        /// Records that these hours are of.
        HoursRecords "hrn" "继续教育记录",
        /// Applications that reviewers decided, in the month of the decision.
        Decided "dec" "审结申请",
        /// Those of them that were decided after the rules' limit.
        Overdue "ovd" "逾期审结",
    }
}

named! {
    /// What figures are broken down by.
    Dimension {
        /// The certificate's level.
        Level "l" "证书级别",
        /// The year of birth; bands of age are made of it when figures are read.
        Born "b" "出生年份",
        /// 学历
        Education "e" "学历",
        /// 从业状态
        Employment "s" "从业状态",
        /// 从事社会工作领域
        Field "f" "从事领域",
        /// The form of continuing education.
        Form "h" "继续教育形式",
        /// What was applied for.
        Kind "k" "申请类别",
        /// Whole days from the first submission to the decision, `000` to `366`; what took longer is at the last.
        Days "d" "审核天数",
    }
}

/// The category of whoever doesn't say.
pub(super) const UNKNOWN: &str = "unknown";

/// Of whom: everybody, or one category of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Slice(Option<(Dimension, Arc<str>)>);

impl Slice {
    /// Everybody.
    pub const TOTAL: Self = Self(None);

    /// The category `key` of `dimension`.
    pub fn of(dimension: Dimension, key: impl Into<Arc<str>>) -> Self {
        Self(Some((dimension, key.into())))
    }

    /// The category that a fixed choice's key names, or that of whoever didn't choose.
    pub(super) fn choice<T: Serialize>(dimension: Dimension, choice: Option<T>) -> Self {
        Self::of(dimension, choice.map_or_else(|| UNKNOWN.to_owned(), key_of))
    }

    /// The dimension and the category; none for everybody.
    pub fn category(&self) -> Option<(Dimension, &str)> {
        self.0.as_ref().map(|(dimension, key)| (*dimension, &**key))
    }
}

/// A fixed choice's key in JSON: the choices are those of the form, and so are their names.
pub(super) fn key_of<T: Serialize>(choice: T) -> String {
    match serde_json::to_value(choice) {
        Ok(serde_json::Value::String(key)) => key,
        // A choice has no fields, so it's a text.
        _ => UNKNOWN.to_owned(),
    }
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("*"),
            Some((dimension, key)) => write!(f, "{}.{key}", dimension.key()),
        }
    }
}

impl FromStr for Slice {
    type Err = InvalidCell;

    fn from_str(text: &str) -> Result<Self, InvalidCell> {
        if text == "*" {
            return Ok(Self::TOTAL);
        }
        let (dimension, key) = text.split_once('.').ok_or(InvalidCell)?;
        Ok(Self::of(dimension.parse()?, key))
    }
}

/// One number of an area and a period.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// What is counted.
    pub measure: Measure,
    /// Of whom.
    pub slice: Slice,
}

/// `new.*`, `new.l.social_worker`
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.measure.key(), self.slice)
    }
}

impl FromStr for Cell {
    type Err = InvalidCell;

    fn from_str(text: &str) -> Result<Self, InvalidCell> {
        let (measure, slice) = text.split_once('.').ok_or(InvalidCell)?;
        Ok(Self { measure: measure.parse()?, slice: slice.parse()? })
    }
}

/// When: as it stands, or in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Period {
    /// As it stands.
    Now,
    /// In a month of Beijing's calendar.
    Month(Month),
}

impl Period {
    /// The month that `day` lies in.
    pub fn of(day: CalendarDate) -> Self {
        Self::Month(Month::of(day))
    }
}

/// `now`, `202603`
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("now"),
            Self::Month(month) => f.write_str(&month.compact()),
        }
    }
}

impl FromStr for Period {
    type Err = InvalidCell;

    fn from_str(text: &str) -> Result<Self, InvalidCell> {
        if text == "now" {
            return Ok(Self::Now);
        }
        let first = CalendarDate::from_compact(&format!("{text}01")).ok_or(InvalidCell)?;
        Ok(Self::of(first))
    }
}

macro_rules! as_text {
    ($($name:ty),*) => {
        $(
            impl From<$name> for String {
                fn from(name: $name) -> Self {
                    name.to_string()
                }
            }

            impl TryFrom<String> for $name {
                type Error = InvalidCell;

                fn try_from(text: String) -> Result<Self, InvalidCell> {
                    text.parse()
                }
            }
        )*
    };
}
as_text!(Slice, Period);

/// The categories of `dimension` in the order a table has them, with the names people see. Those of a dimension that has
/// no fixed ones (years, days) are none.
pub(super) fn categories(dimension: Dimension) -> Vec<(String, &'static str)> {
    use crate::{application::ApplicationKind, certificate::CertificateLevel, credit::CreditForm};
    fn all<T: Copy + Serialize>(choices: &[T], label: fn(T) -> &'static str) -> Vec<(String, &'static str)> {
        choices.iter().map(|choice| (key_of(choice), label(*choice))).collect()
    }
    let unknown = |mut categories: Vec<(String, &'static str)>, label| {
        categories.push((UNKNOWN.to_owned(), label));
        categories
    };
    match dimension {
        Dimension::Level => all(&CertificateLevel::ALL, CertificateLevel::label),
        Dimension::Education => unknown(all(EducationLevel::ALL, EducationLevel::label), "未填写"),
        Dimension::Employment => unknown(all(EmploymentStatus::ALL, EmploymentStatus::label), "未填写"),
        Dimension::Field => unknown(all(PracticeField::ALL, PracticeField::label), "未从业或未填写"),
        Dimension::Form => all(&CreditForm::ALL, CreditForm::label),
        Dimension::Kind => all(&ApplicationKind::ALL, ApplicationKind::label),
        Dimension::Born | Dimension::Days => Vec::new(),
    }
}
