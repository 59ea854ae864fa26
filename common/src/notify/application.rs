//! Mails about an application: receipt, return, refusal, withdrawal.

use super::{
    content::{Content, Tone, Writing, deadline_in_words},
    wording::{day, moment, one_line, time_left},
};
use domain::{
    application::ApplicationKind,
    date::{CalendarDate, Instant},
    id::ApplicationId,
    notification::ReasonLine,
};

const VIEW: &str = "查看申请";
const MEND: &str = "登录系统修改申请";
const NEXT: &str = "接下来怎么办";

/// What a receipt states.
pub(super) struct Receipt<'a> {
    pub application: &'a ApplicationId,
    pub kind: ApplicationKind,
    pub number: &'a str,
    pub content_hash: &'a str,
    pub submitted_at: Instant,
    pub amendment: bool,
    pub late: bool,
    pub decision_due: CalendarDate,
}

/// 受理回执： nobody should have to wonder whether they're done. In England in 2022 more than a thousand social
/// workers lost their registration because a form left unfinished looked finished.
pub(super) fn receipt(writing: Writing<'_>, receipt: &Receipt<'_>) -> Content {
    let name = receipt.kind.label();
    let number = one_line(receipt.number);
    let (subject, headline, said) = if receipt.amendment {
        (
            format!("修改已提交成功：{name}申请，回执号 {number}"),
            format!("{name}申请的修改已提交成功"),
            format!(
                "系统已收到您对{name}申请所作的修改，审核将以修改后的内容为准，无需重复提交。\
                 以下为新的受理回执，请妥善保存。"
            ),
        )
    } else {
        (
            format!("已提交成功：{name}申请，回执号 {number}"),
            format!("{name}申请已提交成功"),
            format!(
                "系统已收到您的{name}申请，提交手续已全部完成，无需重复提交。以下为受理回执，请妥善保存。"
            ),
        )
    };
    let item = if receipt.amendment { format!("{name}（修改）") } else { name.to_owned() };
    Content::new(Tone::Done, "已提交成功", subject, headline)
        .summary(format!("回执号 {number}，提交时间 {}。请保存本邮件。", moment(receipt.submitted_at)))
        .paragraph(said)
        .figure("回执号", &number)
        .facts([
            ("申请事项", item),
            ("提交时间", moment(receipt.submitted_at)),
            ("审核期限", format!("不迟于 {}", day(receipt.decision_due))),
            ("内容校验值（SHA-256）", one_line(receipt.content_hash)),
        ])
        .note(
            "是否在规定期限内提交，以第一次提交成功的时间为准；此后修改或者退回后重新提交，不影响按期认定。\
             内容校验值由您提交的全部内容计算得出，可用于日后核对内容未被改动。",
        )
        .when(receipt.late, |content| content.notice("逾期提交", late(receipt.kind)))
        .when(receipt.kind == ApplicationKind::Renewal && !receipt.late, |content| {
            content.notice(
                "现有登记继续有效",
                "您已在期限内提交再登记申请。在作出决定之前，即使现有登记的有效期届满，登记仍继续有效。",
            )
        })
        .steps(
            NEXT,
            [
                "等待审核即可。审核结果将发送至本邮箱，您也可以随时登录系统查看进度。",
                "审核期间如需更正，请登录系统修改。每次修改提交成功后，您都会收到新的回执。",
                "申请如被退回，请按通知所列的原因和期限修改后重新提交。",
            ],
        )
        .link(VIEW, writing.letterhead.application(receipt.application))
}

fn late(kind: ApplicationKind) -> &'static str {
    match kind {
        ApplicationKind::First => {
            "本次申请在规定的登记期限届满后提交。系统已照常接收，并如实标注为“逾期提交”。\
             逾期登记可能影响今后的再登记和继续教育学时认定，具体以登记机构的审核意见为准。"
        }
        _ => {
            "本次申请在规定的期限届满后提交。系统已照常接收，并如实标注为“逾期提交”。\
             是否影响办理结果，以登记机构的审核意见为准。"
        }
    }
}

/// 退回修改.
pub(super) fn returned(
    writing: Writing<'_>,
    application: &ApplicationId,
    kind: ApplicationKind,
    reasons: &[ReasonLine],
    mend_by: CalendarDate,
) -> Content {
    let name = kind.label();
    Content::new(
        Tone::of_deadline(writing.today.days_until(mend_by)),
        "请修改",
        format!("请修改：{name}申请已退回，截止日期 {}", day(mend_by)),
        format!("{name}申请已退回，请修改后重新提交"),
    )
    .summary(format!(
        "{}。修改后重新提交即可继续审核。",
        deadline_in_words("截止日期", mend_by, writing.today)
    ))
    .paragraph(format!(
        "审核人员审阅了您的{name}申请，认为下列内容需要修改或补充。您修改并重新提交后，审核将继续进行。"
    ))
    .reasons("退回原因", reasons)
    .deadline("修改截止日期", mend_by, writing.today)
    .note(MEND_BY)
    .steps(NEXT, mending_steps())
    .link(MEND, writing.letterhead.application(application))
}

/// The mail that comes when a returned application still waits.
pub(super) fn returned_reminder(
    writing: Writing<'_>,
    application: &ApplicationId,
    kind: ApplicationKind,
    mend_by: CalendarDate,
) -> Content {
    let name = kind.label();
    let left = time_left(writing.today, mend_by);
    Content::new(
        Tone::of_deadline(writing.today.days_until(mend_by)),
        "待您修改",
        format!("{left}：{name}申请尚待修改，截止日期 {}", day(mend_by)),
        format!("{name}申请尚待您修改"),
    )
    .summary(format!("{}。请尽快修改并重新提交。", deadline_in_words("截止日期", mend_by, writing.today)))
    .paragraph(format!(
        "您的{name}申请此前已退回修改，系统至今未收到重新提交的申请。退回原因请登录系统查看。"
    ))
    .deadline("修改截止日期", mend_by, writing.today)
    .note(MEND_BY)
    .steps(NEXT, mending_steps())
    .link(MEND, writing.letterhead.application(application))
}

const MEND_BY: &str =
    "截止日期当天 24:00（北京时间）前提交均有效，以系统收到的时间为准。逾期未提交的，本次申请将自动关闭。";

fn mending_steps() -> [&'static str; 3] {
    [
        "登录系统打开该申请，按退回原因逐项修改或补充材料。",
        "核对无误后重新提交。仅保存草稿不算提交。",
        "提交成功后，您会收到注明“已提交成功”的回执邮件。如未收到，请登录系统确认申请状态。",
    ]
}

/// Closed because nobody mended it.
pub(super) fn mend_period_over(
    writing: Writing<'_>,
    application: &ApplicationId,
    kind: ApplicationKind,
) -> Content {
    let name = kind.label();
    Content::new(
        Tone::Closed,
        "已关闭",
        format!("{name}申请已关闭：未在期限内重新提交"),
        format!("{name}申请因未在期限内重新提交而关闭"),
    )
    .summary("如仍需办理，请尽快重新申请。".to_owned())
    .paragraph(format!(
        "您的{name}申请退回修改后，系统在规定的期限内未收到重新提交的申请。该申请已于 {}自动关闭，不再审核。",
        writing.at.day().in_chinese()
    ))
    .paragraph(after_closing(kind))
    .steps(
        NEXT,
        [
            "登录系统查看该申请的退回原因。",
            "如仍需办理，请备齐材料后另行提交新的申请，并留意办理期限。",
            "对关闭有疑问的，请与我们联系。",
        ],
    )
    .link(VIEW, writing.letterhead.application(application))
}

/// 不予登记， and what it's called for the other kinds.
pub(super) fn refused(
    writing: Writing<'_>,
    application: &ApplicationId,
    kind: ApplicationKind,
    reasons: &[ReasonLine],
) -> Content {
    let name = kind.label();
    let decision = match kind {
        ApplicationKind::First | ApplicationKind::Renewal => "不予登记",
        ApplicationKind::Change => "不予变更",
        ApplicationKind::Cancellation => "不予注销",
        ApplicationKind::TransferOut => "不予转出",
        ApplicationKind::TransferIn => "不予转入",
    };
    let first_step = if reasons.is_empty() {
        "需要了解原因和详情的，请与我们联系。"
    } else {
        "请先阅读上列原因；需要了解详情的，请与我们联系。"
    };
    Content::new(
        Tone::Closed,
        decision,
        format!("审核结果：{name}申请{decision}"),
        format!("{name}申请经审核，{decision}"),
    )
    .summary("请查看原因和后续办理方式。".to_owned())
    .paragraph(format!(
        "您的{name}申请已于 {}审核完毕，决定{decision}。本次申请已经办结，不能再修改。",
        writing.at.day().in_chinese()
    ))
    .reasons("原因", reasons)
    .paragraph(after_closing(kind))
    .steps(
        NEXT,
        [
            first_step,
            "对决定有异议的，可以向登记机构说明情况并提供证明材料。",
            "符合办理条件后，您可以另行提出申请。",
        ],
    )
    .link(VIEW, writing.letterhead.application(application))
}

/// Taken back by the holder, or by somebody at the holder's account: hence the last sentence.
pub(super) fn withdrawn(writing: Writing<'_>, application: &ApplicationId, kind: ApplicationKind) -> Content {
    let name = kind.label();
    Content::new(Tone::Closed, "已撤回", format!("{name}申请已撤回"), format!("{name}申请已撤回"))
        .summary("该申请不再审核。如非本人操作，请立即与我们联系。".to_owned())
        .paragraph(format!("您的{name}申请已于 {}撤回，不再审核。", moment(writing.at)))
        .paragraph(after_closing(kind))
        .steps(
            NEXT,
            [
                "如仍需办理，请另行提交新的申请，并留意办理期限。",
                "如果撤回不是您本人操作，请立即与我们联系。",
            ],
        )
        .link(VIEW, writing.letterhead.application(application))
}

/// What an application that ended without success leaves behind.
fn after_closing(kind: ApplicationKind) -> &'static str {
    match kind {
        ApplicationKind::First => {
            "您的职业水平证书长期有效，不受影响；但在完成首次登记之前，您尚不具有登记状态。"
        }
        ApplicationKind::Renewal => {
            "现有登记的有效期不因本次申请而延长，请登录系统查看有效期。您的职业水平证书长期有效，不受影响。"
        }
        ApplicationKind::Change => "您的登记信息保持不变，登记继续有效至有效期届满。",
        ApplicationKind::Cancellation => "您的登记未注销，继续有效至有效期届满。",
        ApplicationKind::TransferOut => "您的登记没有转出，继续有效至有效期届满。",
        ApplicationKind::TransferIn => {
            "您没有转入本地登记。您在原登记地的登记状态不因本次申请而改变，请向原登记地的登记管理机构核实。"
        }
    }
}
