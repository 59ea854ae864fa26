//! What was done: an activity as a holder or a provider describes it.

use super::{CreditCategory, CreditForm};
use crate::{date::CalendarDate, form::ShortText, id::CourseId};
use serde::{Deserialize, Serialize};

/// Where a paper appeared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum JournalClass {
    /// 核心期刊
    Core,
    /// 有国内统一刊号的期刊
    National,
    /// 其他刊物、论文集
    Other,
}

impl JournalClass {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Core => "核心期刊",
            Self::National => "国内统一刊号期刊",
            Self::Other => "其他刊物",
        }
    }
}

/// The level of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DegreeLevel {
    /// 专科
    Associate,
    /// 本科
    Bachelor,
    /// 硕士
    Master,
    /// 博士
    Doctor,
}

impl DegreeLevel {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Associate => "专科",
            Self::Bachelor => "本科",
            Self::Master => "硕士",
            Self::Doctor => "博士",
        }
    }
}

/// Something a form of education asks for beyond its title and days. The rule set says which form asks for which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Particular {
    /// 刊物级别
    JournalClass,
    /// 字数
    Words,
    /// 页数
    Pages,
    /// 学历层次
    DegreeLevel,
    /// 备案编号
    FilingNumber,
    /// 备案日期
    FiledOn,
}

impl Particular {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::JournalClass, Self::Words, Self::Pages, Self::DegreeLevel, Self::FilingNumber, Self::FiledOn];

    /// Its key in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::JournalClass => "journal_class",
            Self::Words => "words",
            Self::Pages => "pages",
            Self::DegreeLevel => "degree_level",
            Self::FilingNumber => "filing_number",
            Self::FiledOn => "filed_on",
        }
    }

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::JournalClass => "刊物级别",
            Self::Words => "字数",
            Self::Pages => "页数",
            Self::DegreeLevel => "学历层次",
            Self::FilingNumber => "备案编号",
            Self::FiledOn => "备案日期",
        }
    }
}

/// What a form asks for; all of it optional here, since each form asks for something else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Particulars {
    /// Where a paper appeared.
    pub journal_class: Option<JournalClass>,
    /// Its length in characters.
    pub words: Option<u32>,
    /// Its length, or a book's, in pages.
    pub pages: Option<u32>,
    /// The degree studied for.
    pub degree_level: Option<DegreeLevel>,
    /// True once the degree was awarded; until then only taught hours of passed courses count.
    pub degree_awarded: bool,
    /// The number under which an in-house training was put on record.
    pub filing_number: Option<ShortText>,
    /// The day it was put on record.
    pub filed_on: Option<CalendarDate>,
}

impl Particulars {
    /// True where `particular` is given.
    pub fn has(&self, particular: Particular) -> bool {
        match particular {
            Particular::JournalClass => self.journal_class.is_some(),
            Particular::Words => self.words.is_some(),
            Particular::Pages => self.pages.is_some(),
            Particular::DegreeLevel => self.degree_level.is_some(),
            Particular::FilingNumber => self.filing_number.is_some(),
            Particular::FiledOn => self.filed_on.is_some(),
        }
    }
}

/// One activity of continuing education.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Its form.
    pub form: CreditForm,
    /// Ethics or not.
    pub category: CreditCategory,
    /// What it was called.
    pub title: ShortText,
    /// The course of the catalogue, where it was one.
    #[serde(default)]
    pub course: Option<CourseId>,
    /// Who held it.
    #[serde(default)]
    pub provider: Option<ShortText>,
    /// The first day it was done.
    pub done_from: CalendarDate,
    /// The last day. It decides which cycle the activity belongs to: what was finished in a cycle was done for it.
    pub done_to: CalendarDate,
    /// What its form asks for.
    #[serde(default)]
    pub particulars: Particulars,
}

impl Activity {
    /// Calendar days from the first to the last, both counted; none where they're the wrong way round.
    pub fn days(&self) -> u32 {
        u32::try_from(self.done_from.days_until(self.done_to) + 1).unwrap_or(0)
    }
}
