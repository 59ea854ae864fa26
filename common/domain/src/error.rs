//! Why a command was refused: a stable code for programs, a Chinese sentence for people, and the rule behind it.

use crate::{
    application::ApplicationKind,
    credit::{CreditCategory, CreditRefusal, Hours, HoursShortfall},
    date::CalendarDate,
    form::Field,
    id::ApplicationId,
    readiness::Shortcoming,
    registration::RegistrationNumber,
    revocation::RevocationRefusal,
    rules::Citation,
    transfer::TransferRefusal,
};
use serde::{Deserialize, Serialize};

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's key in the request.
    pub field: String,
    /// Stable code.
    pub code: String,
    /// What to do about it, in Chinese.
    pub detail: String,
}

/// What sort of refusal it is; the shell makes an HTTP status of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalClass {
    /// The values or the rules forbid it.
    Unprocessable,
    /// The present state forbids it.
    Conflict,
    /// This person may not do it.
    Forbidden,
    /// There is no such thing, or not for this person.
    NotFound,
}

/// A refused command. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Values that can't be taken.
    #[error("填写的内容有误，请按提示修改后重试")]
    InvalidFields(Vec<FieldError>),
    /// The application isn't complete.
    #[error("申请还不完整，请补充：{}", list(.0))]
    NotReady(Vec<Shortcoming>),
    /// A renewal before its window.
    #[error("再登记尚未开放，请于 {}至 {}提交", .opens.in_chinese(), .closes.in_chinese())]
    RenewalTooEarly {
        /// First day of the window.
        opens: CalendarDate,
        /// Last day of the window.
        closes: CalendarDate,
        /// The rule.
        rule: Citation,
    },
    /// A renewal after its window.
    #[error("再登记已于 {}截止，登记已失效。{}", .closed.in_chinese(), if *.anew { "请重新办理首次登记" } else { "请联系当地登记管理机构" })]
    RenewalWindowClosed {
        /// Last day of the window.
        closed: CalendarDate,
        /// True where the certificate can be registered anew.
        anew: bool,
        /// The rule.
        rule: Citation,
    },
    /// Too few hours for a renewal.
    #[error("继续教育{unit}不足：本登记周期要求 {required} {unit}，已认定 {counted} {unit}，还差 {missing} {unit}{}", ethics(*.ethics_missing))]
    HoursShort {
        /// 学时 or 小时
        unit: String,
        /// Asked for.
        required: Hours,
        /// Counted.
        counted: Hours,
        /// Missing.
        missing: Hours,
        /// Missing of values and ethics.
        ethics_missing: Hours,
        /// What would be missing if every claim that waits were recognised.
        with_pending: HoursShortfall,
        /// The last day on which hours for this cycle can be done.
        until: CalendarDate,
        /// The rule.
        rule: Citation,
    },
    /// A first registration after its window, where the rules refuse that.
    #[error("首次登记已于 {}截止，按规定不能再办理，请联系当地登记管理机构", .closed.in_chinese())]
    FirstWindowClosed {
        /// Last day of the window.
        closed: CalendarDate,
        /// The rule.
        rule: Citation,
    },
    /// The certificate is registered already.
    #[error("该证书已登记（登记号 {number}），无需再次办理")]
    AlreadyRegistered {
        /// Its number.
        number: RegistrationNumber,
    },
    /// There is no registration to renew, change or cancel.
    #[error("没有有效的登记，不能办理{}，请先办理首次登记", .kind.label())]
    NoActiveRegistration {
        /// What was asked for.
        kind: ApplicationKind,
    },
    /// Several registrations: which one?
    #[error("您有多个有效登记，请指明登记号（registration_number）")]
    RegistrationNumberNeeded,
    /// An application of this kind is open.
    #[error("您已有一份进行中的{}申请，请先办完或撤回", .kind.label())]
    ApplicationAlreadyOpen {
        /// Its kind.
        kind: ApplicationKind,
        /// Which one.
        application: ApplicationId,
    },
    /// A change that changes nothing.
    #[error("没有任何内容变更，请先修改要变更的内容")]
    NothingChanged,
    /// Fields that can't be changed this way.
    #[error("{}不能通过此申请修改，如有变动请联系当地登记管理机构", labels(.0))]
    FieldNotChangeable(Vec<Field>),
    /// Registered data that only an approved change may alter.
    #[error("{}已登记，修改须提交信息变更申请", labels(.0))]
    ChangeNeedsApplication(Vec<Field>),
    /// The state doesn't allow the command.
    #[error("申请当前状态为「{state}」，不能{wanted}")]
    WrongState {
        /// The present state, in Chinese.
        state: &'static str,
        /// What was asked for, in Chinese.
        wanted: &'static str,
    },
    /// What was returned wasn't mended in time.
    #[error("修改期限已于 {}截止，本申请不能再提交，请重新申请或联系当地登记管理机构", .mend_by.in_chinese())]
    MendPeriodOver {
        /// The last day to mend it.
        mend_by: CalendarDate,
        /// The rule.
        rule: Citation,
    },
    /// No such application, or not this person's.
    #[error("没有找到该申请，请在申请列表中核对后重试")]
    UnknownApplication,
    /// No such attachment, or not this person's.
    #[error("没有找到该附件，可能已被替换或删除，请刷新后查看")]
    UnknownAttachment,
    /// A file in a format that isn't taken for its kind.
    #[error("{of}只接受 {accepted} 格式的文件")]
    AttachmentFormat {
        /// What the file is, in Chinese.
        of: &'static str,
        /// The formats that are.
        accepted: String,
    },
    /// A file that is too large.
    #[error("{of}不能超过 {} MB，请压缩后重新上传", .max_bytes / 1_048_576)]
    AttachmentTooLarge {
        /// What the file is, in Chinese.
        of: &'static str,
        /// The most bytes.
        max_bytes: u64,
    },
    /// More files of a kind than one application, or one record of hours, may have.
    #[error("{of}最多上传 {max_files} 个，请先删除不需要的文件")]
    TooManyAttachments {
        /// What the files are, in Chinese.
        of: &'static str,
        /// The most files.
        max_files: u8,
    },
    /// The stored file isn't what was announced.
    #[error("上传的文件与声明不符（{what}），请重新上传")]
    AttachmentMismatch {
        /// In what, in Chinese.
        what: &'static str,
    },
    /// Nothing was uploaded.
    #[error("还没有收到文件，请先上传再确认")]
    AttachmentNotUploaded,
    /// A waiting application would become incomplete.
    #[error("审核期间不能删除必需的材料，请上传新文件替换")]
    AttachmentRequired,
    /// The reviewer's area doesn't reach there.
    #[error("该申请不在您的辖区内")]
    OutsideArea,
    /// The reviewer doesn't hold the stage the application is at.
    #[error("该申请当前处于{stage}，您没有该阶段的审核权限")]
    WrongStage {
        /// The stage, in Chinese.
        stage: &'static str,
    },
    /// One's own application.
    #[error("不能审核本人的申请，请由其他审核人员办理")]
    OwnApplication,
    /// It rose to the next level.
    #[error("该申请超过审核期限，已提级由{to}办理，请刷新待审队列")]
    Escalated {
        /// To whom, in Chinese.
        to: &'static str,
    },
    /// It was decided already.
    #[error("该申请已有审核结果（当前状态：{state}），请刷新后查看")]
    AlreadyDecided {
        /// The present state, in Chinese.
        state: &'static str,
    },
    /// Somebody else is at it.
    #[error("该申请正由其他审核人员办理，{}后可接手", .until.in_chinese())]
    ClaimedByOther {
        /// Until when.
        until: crate::date::Instant,
    },
    /// A return or refusal without a reason.
    #[error("退回或不予登记必须说明理由")]
    ReasonNeeded,
    /// A ground that the rules don't know.
    #[error("理由代码 {0} 不在规则所列范围内")]
    UnknownGround(String),
    /// A note that is too long.
    #[error("说明不能超过 500 个字符")]
    NoteTooLong,
    /// About continuing education.
    #[error(transparent)]
    Credit(#[from] CreditRefusal),
    /// About a revocation, or because of one.
    #[error(transparent)]
    Revocation(#[from] RevocationRefusal),
    /// About a transfer.
    #[error(transparent)]
    Transfer(#[from] TransferRefusal),
}

impl Refusal {
    /// A stable code, part of the API's contract.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidFields(_) => "invalid_fields",
            Self::NotReady(_) => "not_ready",
            Self::RenewalTooEarly { .. } => "renewal_too_early",
            Self::RenewalWindowClosed { .. } => "renewal_window_closed",
            Self::HoursShort { .. } => "hours_short",
            Self::FirstWindowClosed { .. } => "first_window_closed",
            Self::AlreadyRegistered { .. } => "already_registered",
            Self::NoActiveRegistration { .. } => "no_active_registration",
            Self::RegistrationNumberNeeded => "registration_number_needed",
            Self::ApplicationAlreadyOpen { .. } => "application_already_open",
            Self::NothingChanged => "nothing_changed",
            Self::FieldNotChangeable(_) => "field_not_changeable",
            Self::ChangeNeedsApplication(_) => "change_needs_application",
            Self::WrongState { .. } => "wrong_state",
            Self::MendPeriodOver { .. } => "mend_period_over",
            Self::UnknownApplication => "unknown_application",
            Self::UnknownAttachment => "unknown_attachment",
            Self::AttachmentFormat { .. } => "attachment_format",
            Self::AttachmentTooLarge { .. } => "attachment_too_large",
            Self::TooManyAttachments { .. } => "too_many_attachments",
            Self::AttachmentMismatch { .. } => "attachment_mismatch",
            Self::AttachmentNotUploaded => "attachment_not_uploaded",
            Self::AttachmentRequired => "attachment_required",
            Self::OutsideArea => "outside_area",
            Self::WrongStage { .. } => "wrong_stage",
            Self::OwnApplication => "own_application",
            Self::Escalated { .. } => "escalated",
            Self::AlreadyDecided { .. } => "already_decided",
            Self::ClaimedByOther { .. } => "claimed_by_other",
            Self::ReasonNeeded => "reason_needed",
            Self::UnknownGround(_) => "unknown_ground",
            Self::NoteTooLong => "note_too_long",
            Self::Credit(refusal) => refusal.code(),
            Self::Revocation(refusal) => refusal.code(),
            Self::Transfer(refusal) => refusal.code(),
        }
    }

    /// What sort of refusal it is.
    pub fn class(&self) -> RefusalClass {
        match self {
            Self::ApplicationAlreadyOpen { .. }
            | Self::AlreadyRegistered { .. }
            | Self::WrongState { .. }
            | Self::MendPeriodOver { .. }
            | Self::Escalated { .. }
            | Self::AlreadyDecided { .. }
            | Self::ClaimedByOther { .. }
            | Self::AttachmentNotUploaded
            | Self::AttachmentRequired => RefusalClass::Conflict,
            Self::OutsideArea | Self::WrongStage { .. } | Self::OwnApplication => RefusalClass::Forbidden,
            Self::UnknownApplication | Self::UnknownAttachment => RefusalClass::NotFound,
            Self::Credit(refusal) => refusal.class(),
            Self::Revocation(refusal) => refusal.class(),
            Self::Transfer(refusal) => refusal.class(),
            _ => RefusalClass::Unprocessable,
        }
    }

    /// Errors by field, where there are any.
    pub fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::InvalidFields(errors) => errors.clone(),
            Self::NotReady(shortcomings) => shortcomings.iter().map(Shortcoming::as_field_error).collect(),
            Self::FieldNotChangeable(fields) => {
                self.on_each(fields, "不能通过此申请修改，请恢复原来的内容或联系当地登记管理机构")
            }
            Self::ChangeNeedsApplication(fields) => self.on_each(fields, "已登记，请通过信息变更申请修改"),
            Self::HoursShort { unit, missing, ethics_missing, with_pending, until, .. } => how_to_close(
                unit,
                (*missing, with_pending.missing),
                (*ethics_missing, with_pending.ethics_missing),
                *until,
            ),
            Self::Transfer(refusal) => refusal.fields(),
            _ => Vec::new(),
        }
    }

    fn on_each(&self, fields: &[Field], what: &str) -> Vec<FieldError> {
        let error = |field: &Field| FieldError {
            field: field.key().to_owned(),
            code: self.code().to_owned(),
            detail: format!("{}{what}", field.label()),
        };
        fields.iter().map(error).collect()
    }

    /// The rule behind it, where one can be quoted.
    pub fn rule(&self) -> Option<&Citation> {
        match self {
            Self::RenewalTooEarly { rule, .. }
            | Self::RenewalWindowClosed { rule, .. }
            | Self::HoursShort { rule, .. }
            | Self::FirstWindowClosed { rule, .. }
            | Self::MendPeriodOver { rule, .. } => Some(rule),
            Self::Credit(refusal) => refusal.rule(),
            Self::Revocation(refusal) => refusal.rule(),
            Self::Transfer(refusal) => refusal.rule(),
            _ => None,
        }
    }
}

fn list(shortcomings: &[Shortcoming]) -> String {
    shortcomings.iter().map(|shortcoming| shortcoming.label.as_str()).collect::<Vec<_>>().join("、")
}

fn labels(fields: &[Field]) -> String {
    fields.iter().map(|field| field.label()).collect::<Vec<_>>().join("、")
}

/// How a shortfall is closed, by hours and by hours of ethics: each as missing now, and once what waits is recognised.
fn how_to_close(
    unit: &str,
    all: (Hours, Hours),
    ethics: (Hours, Hours),
    until: CalendarDate,
) -> Vec<FieldError> {
    let of_ethics = CreditCategory::Ethics.label();
    let parts =
        [("hours", "hours_missing", "继续教育", all), ("hours.ethics", "ethics_missing", of_ethics, ethics)];
    let advice = |(field, code, what, (missing, left)): (&str, &str, &str, (Hours, Hours))| {
        let waits = missing.minus(left);
        let how = match (waits.is_zero(), left.is_zero()) {
            (true, _) => format!("请于 {}前（含当日）完成，并由培训机构记录或自行申报", until.in_chinese()),
            (false, true) => format!("已申报待认定的 {waits} {unit}认定后即可满足"),
            (false, false) => format!(
                "已申报待认定的 {waits} {unit}认定后仍差 {left} {unit}，请于 {}前（含当日）完成，并由培训机构记录或自行申报",
                until.in_chinese()
            ),
        };
        FieldError {
            field: field.to_owned(),
            code: code.to_owned(),
            detail: format!("{what}还差 {missing} {unit}，{how}"),
        }
    };
    parts.into_iter().filter(|(.., (missing, _))| !missing.is_zero()).map(advice).collect()
}

fn ethics(missing: Hours) -> String {
    if missing.is_zero() {
        String::new()
    } else {
        format!("，其中专业价值观和伦理还差 {missing}")
    }
}
