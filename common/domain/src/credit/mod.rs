//! Continuing education: what a record of it says, the cycle it counts in, and how many hours are still missing.
//!
//! [`assess`] is the one place that decides what counts. The transcript, readiness, renewal, reminders and review all
//! ask it, so that none of them can say something else than another.

mod activity;
mod assess;
mod conversion;
mod count;
mod course;
mod evidence;
mod hours;
mod likeness;
mod receipt;
mod record;
mod refusal;
mod uncounted;

pub use activity::{Activity, DegreeLevel, JournalClass, Particular, Particulars};
pub use assess::{Assessment, Line, RenewalOutlook, Tally, assess};
pub(crate) use conversion::Worth;
pub use conversion::{Conversion, ConversionRow};
pub(crate) use count::{ActivityKey, is_on_record};
pub use course::Course;
pub use evidence::{EvidenceFile, EvidenceKind};
pub use hours::Hours;
pub(crate) use likeness::folded;
pub use likeness::{Likeness, LikenessKind, likenesses};
pub use receipt::CreditReceipt;
pub use record::{Audit, CreditRecord, CreditState, RosterRow, Ruling, Whose};
pub use refusal::CreditRefusal;
pub use uncounted::{Uncounted, Why};

use crate::{certificate::CertificateLevel, date::CalendarDate, id::ApplicationId, rules::RuleSetId};
use serde::{Deserialize, Serialize};

/// The form continuing education took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CreditForm {
    /// 线上学习: on a recognised platform.
    Online,
    /// 面授培训
    InPerson,
    /// 专业研讨会
    Seminar,
    /// 学术会议
    Conference,
    /// 课题研究
    Research,
    /// 出版专著
    Monograph,
    /// 发表论文
    Paper,
    /// 学历深造
    Degree,
    /// 用人单位内部培训（备案）
    InHouse,
}

impl CreditForm {
    /// Every form.
    pub const ALL: [Self; 9] = [
        Self::Online,
        Self::InPerson,
        Self::Seminar,
        Self::Conference,
        Self::Research,
        Self::Monograph,
        Self::Paper,
        Self::Degree,
        Self::InHouse,
    ];

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Online => "线上学习",
            Self::InPerson => "面授培训",
            Self::Seminar => "专业研讨会",
            Self::Conference => "学术会议",
            Self::Research => "课题研究",
            Self::Monograph => "出版专著",
            Self::Paper => "发表论文",
            Self::Degree => "学历深造",
            Self::InHouse => "单位内部培训",
        }
    }

    /// The form's key in JSON and in the rule sets.
    pub fn key(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::InPerson => "in_person",
            Self::Seminar => "seminar",
            Self::Conference => "conference",
            Self::Research => "research",
            Self::Monograph => "monograph",
            Self::Paper => "paper",
            Self::Degree => "degree",
            Self::InHouse => "in_house",
        }
    }

    /// True where somebody holds it and others attend: what a catalogue offers. The rest is one's own work.
    pub fn is_attended(self) -> bool {
        matches!(self, Self::Online | Self::InPerson | Self::Seminar | Self::Conference | Self::InHouse)
    }

    /// True where somebody has to be at a place on a day, so that two on one day are worth a second look.
    pub fn is_in_person(self) -> bool {
        matches!(self, Self::InPerson | Self::Seminar | Self::Conference | Self::InHouse)
    }
}

/// Whether hours are of values and ethics, of which rules ask a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CreditCategory {
    /// 专业价值观和伦理
    Ethics,
    /// 其他专业内容
    Professional,
}

impl CreditCategory {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ethics => "专业价值观和伦理",
            Self::Professional => "其他专业内容",
        }
    }

    /// The category's key in JSON.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ethics => "ethics",
            Self::Professional => "professional",
        }
    }
}

/// A registration cycle (登记周期), first and last day included. Hours count in one cycle only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cycle {
    /// First day.
    pub start: CalendarDate,
    /// Last day.
    pub end: CalendarDate,
    /// True for the cycle a first registration opened.
    pub first: bool,
    /// The certificate's level, which decides how many hours are asked for.
    pub level: CertificateLevel,
    /// The rules it started under and keeps.
    pub rules: RuleSetId,
}

/// A cycle that an approved renewal closed. Its hours were used by that renewal and are locked: nothing is added to
/// them, moved or taken back. Only fraud, once found, strikes one out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClosedCycle {
    /// The cycle, with the rules it ran under.
    pub cycle: Cycle,
    /// The renewal that used its hours.
    pub renewal: ApplicationId,
    /// The day that renewal was approved.
    pub closed_on: CalendarDate,
    /// What it asked for and what counted on that day.
    pub hours: HoursShortfall,
}

/// What a cycle still lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HoursShortfall {
    /// Hours the rules ask for.
    pub required: Hours,
    /// Hours that count.
    pub counted: Hours,
    /// Hours still missing.
    pub missing: Hours,
    /// Hours of values and ethics still missing.
    pub ethics_missing: Hours,
}

impl HoursShortfall {
    /// True where nothing is missing.
    pub fn is_met(&self) -> bool {
        self.missing.is_zero() && self.ethics_missing.is_zero()
    }
}
