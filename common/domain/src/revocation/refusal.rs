//! Why a command about a revocation was refused, or one that a revocation stands in the way of.

use crate::{
    date::CalendarDate,
    error::RefusalClass,
    registration::{RegistrationNumber, RegistrationStatus},
    rules::Citation,
};

/// A refused command about a revocation. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevocationRefusal {
    /// It was revoked before.
    #[error("登记（登记号 {number}）已于 {}撤销，无需再次办理", .on.in_chinese())]
    AlreadyRevoked {
        /// Its number.
        number: RegistrationNumber,
        /// The day.
        on: CalendarDate,
    },
    /// The registration ended otherwise.
    #[error("登记（登记号 {number}）{}，不能办理撤销，请核对登记号", .status.label())]
    NotInForce {
        /// Its number.
        number: RegistrationNumber,
        /// How it ended.
        status: RegistrationStatus,
    },
    /// One runs already.
    #[error("登记（登记号 {number}）的撤销程序正在进行，请先作出决定或终止该程序")]
    Running {
        /// Its number.
        number: RegistrationNumber,
    },
    /// None was ever announced.
    #[error("该登记没有撤销程序")]
    Unknown,
    /// None runs.
    #[error("该登记没有正在进行的撤销程序，请刷新后查看")]
    NoneRunning,
    /// Without a ground.
    #[error("撤销登记必须说明理由，请选择规则所列的理由并填写事实和依据")]
    ReasonNeeded,
    /// The last day to object is past.
    #[error("提出异议的期限已于 {}截止，如有疑问请与登记机构联系", .until.in_chinese())]
    ObjectionPeriodOver {
        /// That day.
        until: CalendarDate,
        /// The rule.
        rule: Citation,
    },
    /// There is an objection.
    #[error("异议已于 {}提交，正在等待处理；需要补充的，请与登记机构联系", .on.in_chinese())]
    AlreadyObjected {
        /// The day it arrived.
        on: CalendarDate,
    },
    /// There is no objection that could be dismissed or upheld.
    #[error("当事人尚未提出异议：{}前（含当日）仍可提出，期满无异议的系统自动撤销；不再撤销的，请选择终止程序", .until.in_chinese())]
    NoObjection {
        /// Last day to object.
        until: CalendarDate,
    },
    /// One's own registration.
    #[error("不能办理本人登记的撤销事项，请由其他管理员办理")]
    OwnRegistration,
    /// Who announced it may not decide on the objection.
    #[error("按规则，异议应由发起撤销以外的管理员处理，请由其他管理员办理")]
    AnotherDecides {
        /// The rule.
        rule: Citation,
    },
    /// The holder can't leave while it runs.
    #[error("登记（登记号 {number}）的撤销程序正在进行，程序结束之前不能办理注销或转出")]
    Leaving {
        /// Its number.
        number: RegistrationNumber,
    },
    /// What was asked for needs a registration that was revoked.
    #[error("登记（登记号 {number}）已于 {}被撤销，不能{wanted}，如有疑问请与登记机构联系", .on.in_chinese())]
    Revoked {
        /// Its number.
        number: RegistrationNumber,
        /// The day.
        on: CalendarDate,
        /// What was asked for, in Chinese.
        wanted: &'static str,
    },
    /// The rules don't let the certificate be registered anew.
    #[error("该证书的登记（登记号 {number}）已被撤销，按规定不能重新登记，如有疑问请与登记机构联系")]
    MayNotRegisterAgain {
        /// Its number.
        number: RegistrationNumber,
        /// The rule.
        rule: Citation,
    },
}

impl RevocationRefusal {
    /// A stable code, part of the API's contract.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyRevoked { .. } => "already_revoked",
            Self::NotInForce { .. } => "registration_not_in_force",
            Self::Running { .. } => "revocation_running",
            Self::Unknown => "unknown_revocation",
            Self::NoneRunning => "no_revocation_running",
            Self::ReasonNeeded => "revocation_reason_needed",
            Self::ObjectionPeriodOver { .. } => "objection_period_over",
            Self::AlreadyObjected { .. } => "already_objected",
            Self::NoObjection { .. } => "no_objection",
            Self::OwnRegistration => "own_registration",
            Self::AnotherDecides { .. } => "another_decides",
            Self::Leaving { .. } => "revocation_in_the_way",
            Self::Revoked { .. } => "registration_revoked",
            Self::MayNotRegisterAgain { .. } => "may_not_register_again",
        }
    }

    /// What sort of refusal it is.
    pub fn class(&self) -> RefusalClass {
        match self {
            Self::Unknown => RefusalClass::NotFound,
            Self::OwnRegistration | Self::AnotherDecides { .. } => RefusalClass::Forbidden,
            Self::ReasonNeeded | Self::MayNotRegisterAgain { .. } => RefusalClass::Unprocessable,
            _ => RefusalClass::Conflict,
        }
    }

    /// The rule behind it, where one can be quoted.
    pub fn rule(&self) -> Option<&Citation> {
        match self {
            Self::ObjectionPeriodOver { rule, .. }
            | Self::AnotherDecides { rule }
            | Self::MayNotRegisterAgain { rule, .. } => Some(rule),
            _ => None,
        }
    }
}
