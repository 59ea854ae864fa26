//! The exam certificate (社会工作者职业水平证书). It never expires; what we register is that one holds it.

use crate::date::CalendarDate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The certificate's level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CertificateLevel {
    /// 助理社会工作师
    AssistantSocialWorker,
    /// 社会工作师
    SocialWorker,
    /// 高级社会工作师
    SeniorSocialWorker,
}

impl CertificateLevel {
    /// Every level, lowest first.
    pub const ALL: [Self; 3] = [Self::AssistantSocialWorker, Self::SocialWorker, Self::SeniorSocialWorker];

    /// The title as the certificate prints it.
    pub fn label(self) -> &'static str {
        match self {
            Self::AssistantSocialWorker => "助理社会工作师",
            Self::SocialWorker => "社会工作师",
            Self::SeniorSocialWorker => "高级社会工作师",
        }
    }
}

/// The certificate's number (管理号). Its pattern is held by the rule set, since no source we could read fixes it;
/// see [`crate::rules::RuleSet::management_number`], the only way to make one from text typed by a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ManagementNumber(String);

impl ManagementNumber {
    /// Wraps a number that the rule set's pattern has matched.
    pub(crate) fn trusted(text: String) -> Self {
        Self(text)
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ManagementNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An exam certificate as its holder states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// 管理号
    pub management_number: ManagementNumber,
    /// 发证日期 (certificate's issue date)
    pub issued_on: CalendarDate,
    /// 级别
    pub level: CertificateLevel,
}
