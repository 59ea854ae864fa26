//! Why a command about continuing education was refused.

use super::{CreditForm, Hours};
use crate::{
    date::CalendarDate,
    error::RefusalClass,
    id::{ApplicationId, CreditId},
    registration::{RegistrationNumber, RegistrationStatus},
    rules::Citation,
};

/// A refused command about continuing education. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CreditRefusal {
    /// No registration whose cycle hours could count in.
    #[error("没有有效的登记，继续教育学时须在登记周期内申报或记录，请先办理首次登记")]
    NotRegistered,
    /// No such record, or not this person's.
    #[error("没有找到该继续教育记录，请在记录列表中核对后重试")]
    UnknownCredit,
    /// The state doesn't allow the command.
    #[error("当前状态为「{state}」，不能{wanted}")]
    WrongState {
        /// The present state, in Chinese.
        state: &'static str,
        /// What was asked for, in Chinese.
        wanted: &'static str,
    },
    /// Done outside the cycle that is open.
    #[error("完成日期不在本登记周期内（{}至 {}），不能计入本周期", .start.in_chinese(), .end.in_chinese())]
    OutsideCycle {
        /// The cycle's first day.
        start: CalendarDate,
        /// Its last day.
        end: CalendarDate,
        /// The rule.
        rule: Citation,
    },
    /// Done after the cycle's last day, while the renewal that opens the next one is still decided.
    #[error("完成日期在本登记周期最后一天（{}）之后，再登记正在审核，审核通过后请重新申报或报送", .end.in_chinese())]
    NextCycleNotOpen {
        /// The cycle's last day.
        end: CalendarDate,
    },
    /// Done in a cycle that a renewal has closed.
    #[error("完成日期所在的登记周期（{}至 {}）已办结再登记，不能再申报或记录", .start.in_chinese(), .end.in_chinese())]
    CycleClosed {
        /// The cycle's first day.
        start: CalendarDate,
        /// Its last day.
        end: CalendarDate,
    },
    /// Its hours were used by an approved renewal.
    #[error("该记录已用于再登记（申请 {renewal}），不能再{wanted}，如有疑问请与登记机构联系")]
    Locked {
        /// The renewal.
        renewal: ApplicationId,
        /// What was asked for, in Chinese.
        wanted: &'static str,
    },
    /// The same activity is on record.
    #[error(
        "该活动已有记录（{other}），同一活动只计一次，无需再申报；原记录有误的，请修改原记录，或联系记录它的培训机构更正"
    )]
    AlreadyCredited {
        /// That record.
        other: CreditId,
        /// The rule.
        rule: Citation,
    },
    /// The same row was recorded before.
    #[error("该学员的这门课程已经记录过")]
    AlreadyRecorded {
        /// That record.
        other: CreditId,
    },
    /// The row was struck out for fraud.
    #[error("该学员的这门课程（记录 {other}）已被作废，不能重新记录，有异议的请与登记机构联系")]
    AlreadyVoided {
        /// That record.
        other: CreditId,
    },
    /// Name and certificate belong to different people.
    #[error("姓名与证书登记的姓名不一致，请核对")]
    NameDisagrees,
    /// The course was taken out of the catalogue.
    #[error("该课程已由培训机构撤回，不能申报或记录，请与培训机构核对")]
    CourseWithdrawn,
    /// Not within the course's days.
    #[error("日期不在课程日期（{}至 {}）之内，请改为实际参加该课程的日期", .from.in_chinese(), .to.in_chinese())]
    OutsideCourse {
        /// The course's first day.
        from: CalendarDate,
        /// Its last day.
        to: CalendarDate,
    },
    /// More hours than the course has.
    #[error("超过课程的 {hours} {unit}，请按实际参加的填写，最多 {hours} {unit}")]
    OverCourse {
        /// The course's hours.
        hours: Hours,
        /// 学时 or 小时
        unit: String,
    },
    /// Hours of another unit than the cycle's rules speak of.
    #[error("本登记周期以「{unit}」计，系统不作换算，请按「{unit}」填写")]
    OtherUnit {
        /// The rule's unit.
        unit: String,
        /// The rule.
        rule: Citation,
    },
    /// The rules don't take the form.
    #[error("{}不在规定的继续教育形式之内，不能计入，请选择规定的形式", .form.label())]
    FormNotAccepted {
        /// The form.
        form: CreditForm,
        /// The rule.
        rule: Citation,
    },
    /// More recognised than was claimed.
    #[error("认定的学时应大于 0 且不超过申报的 {claimed}")]
    OverClaimed {
        /// Claimed.
        claimed: Hours,
    },
    /// A part, a refusal, a correction or a withdrawal without a reason.
    #[error("部分认定、不予认定、作废、更正或撤回必须说明理由")]
    ReasonNeeded,
    /// The reviewer doesn't hold the stage that decides it.
    #[error("继续教育记录的此项处理由{stage}人员办理，您没有该权限")]
    WrongReviewer {
        /// The stage, in Chinese.
        stage: &'static str,
    },
    /// Another provider's record or course.
    #[error("该记录或课程不属于您的机构，不能更正或撤回，请由原机构办理")]
    OtherProvider,
    /// The effect that was shown isn't the effect it has now.
    #[error("作废的影响尚未确认，或确认后情况有变，请重新查看影响后确认")]
    EffectNotConfirmed,
    /// The rules draw no samples.
    #[error("规则没有规定抽查比例，不能抽查；须逐条核查的，请直接要求补充证明材料")]
    NoSamples {
        /// The rule.
        rule: Citation,
    },
    /// Nothing began to count in that month, or all of it was drawn before.
    #[error("该月没有可抽查的学时记录")]
    NothingToDraw,
    /// A month has more records than a sample is drawn from, or a sample would have more than fit.
    #[error("该月的记录过多：一次最多从 {population} 条中抽取 {drawn} 条，请联系管理员")]
    TooManyToDraw {
        /// The most records to draw from.
        population: usize,
        /// The most records drawn.
        drawn: usize,
    },
    /// No such sample, or not of this reviewer's area.
    #[error("没有找到该次抽查，请在抽查列表中核对后重试")]
    UnknownSample,
    /// Decided unopened though another record has one of its files.
    #[error("与其他记录使用同一文件，请逐条打开核对")]
    SharedEvidence,
    /// No registration has the number.
    #[error("没有找到该登记号，请核对后重试")]
    UnknownRegistration,
    /// No cycle of the registration begins on that day.
    #[error("没有从该日开始的登记周期，可查看的周期开始于：{}", in_a_row(.starts))]
    UnknownCycle {
        /// Those there are.
        starts: Vec<CalendarDate>,
    },
    /// The registration that the hours are for was given up or taken away.
    #[error("登记（登记号 {number}）{}，本登记周期的学时不再认定", .status.label())]
    RegistrationEnded {
        /// Its number.
        number: RegistrationNumber,
        /// How it ended.
        status: RegistrationStatus,
    },
    /// No evidence was asked for.
    #[error("该记录没有被要求补充证明材料，无需提交；学时是否计入请查看继续教育记录")]
    EvidenceNotAsked,
}

fn in_a_row(days: &[CalendarDate]) -> String {
    days.iter().map(ToString::to_string).collect::<Vec<_>>().join("、")
}

impl CreditRefusal {
    /// A stable code, part of the API's contract.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotRegistered => "not_registered",
            Self::UnknownCredit => "unknown_credit",
            Self::WrongState { .. } => "wrong_credit_state",
            Self::OutsideCycle { .. } => "outside_cycle",
            Self::NextCycleNotOpen { .. } => "next_cycle_not_open",
            Self::CycleClosed { .. } => "cycle_closed",
            Self::Locked { .. } => "credit_locked",
            Self::AlreadyCredited { .. } => "already_credited",
            Self::AlreadyRecorded { .. } => "already_recorded",
            Self::AlreadyVoided { .. } => "already_voided",
            Self::NameDisagrees => "name_disagrees",
            Self::CourseWithdrawn => "course_withdrawn",
            Self::OutsideCourse { .. } => "outside_course",
            Self::OverCourse { .. } => "over_course_hours",
            Self::OtherUnit { .. } => "other_unit",
            Self::FormNotAccepted { .. } => "form_not_accepted",
            Self::OverClaimed { .. } => "over_claimed_hours",
            Self::ReasonNeeded => "credit_reason_needed",
            Self::WrongReviewer { .. } => "wrong_reviewer",
            Self::OtherProvider => "other_provider",
            Self::EffectNotConfirmed => "effect_not_confirmed",
            Self::NoSamples { .. } => "no_samples",
            Self::NothingToDraw => "nothing_to_draw",
            Self::TooManyToDraw { .. } => "too_many_to_draw",
            Self::UnknownSample => "unknown_sample",
            Self::SharedEvidence => "shared_evidence",
            Self::UnknownRegistration => "unknown_registration",
            Self::UnknownCycle { .. } => "unknown_cycle",
            Self::RegistrationEnded { .. } => "registration_ended",
            Self::EvidenceNotAsked => "evidence_not_asked",
        }
    }

    /// What sort of refusal it is.
    pub fn class(&self) -> RefusalClass {
        match self {
            Self::WrongState { .. }
            | Self::NextCycleNotOpen { .. }
            | Self::CycleClosed { .. }
            | Self::Locked { .. }
            | Self::AlreadyCredited { .. }
            | Self::AlreadyRecorded { .. }
            | Self::AlreadyVoided { .. }
            | Self::CourseWithdrawn
            | Self::EffectNotConfirmed
            | Self::SharedEvidence
            | Self::RegistrationEnded { .. }
            | Self::EvidenceNotAsked => RefusalClass::Conflict,
            Self::WrongReviewer { .. } | Self::OtherProvider => RefusalClass::Forbidden,
            Self::UnknownCredit
            | Self::UnknownSample
            | Self::UnknownRegistration
            | Self::UnknownCycle { .. } => RefusalClass::NotFound,
            _ => RefusalClass::Unprocessable,
        }
    }

    /// The rule behind it, where one can be quoted.
    pub fn rule(&self) -> Option<&Citation> {
        match self {
            Self::OutsideCycle { rule, .. }
            | Self::AlreadyCredited { rule, .. }
            | Self::OtherUnit { rule, .. }
            | Self::FormNotAccepted { rule, .. }
            | Self::NoSamples { rule } => Some(rule),
            _ => None,
        }
    }
}
