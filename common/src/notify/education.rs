//! Mails about continuing education: hours claimed, recorded, recognised, refused, struck out, and evidence asked for.

use super::{
    content::{Content, Tone, Writing, deadline_in_words},
    wording::{day, hours, moment, one_line},
};
use domain::{
    date::CalendarDate,
    notification::{HoursLine, ReasonLine, ReceiptLine},
};

const VIEW: &str = "登录系统查看继续教育记录";
const NEXT: &str = "接下来怎么办";
const REASONS: &str = "理由";
const NOT_ME: &str = "如对本记录有疑问，请登录系统核对，或与我们联系。";

/// `8 学时`.
fn counted(line: &HoursLine, tenths: u32) -> String {
    format!("{} {}", hours(tenths), one_line(&line.unit))
}

/// How the cycle stands, in one sentence.
fn standing(line: &HoursLine) -> String {
    let missing = line.required_tenths.saturating_sub(line.counted_tenths);
    let so_far = format!("本登记周期要求 {}，", counted(line, line.required_tenths));
    match (missing, line.ethics_missing_tenths) {
        (0, 0) => format!("{so_far}已全部满足。"),
        (0, ethics) => format!("{so_far}总数已满足，专业价值观和伦理还差 {}。", counted(line, ethics)),
        (all, 0) => format!("{so_far}还差 {}。", counted(line, all)),
        (all, ethics) => format!(
            "{so_far}还差 {}，其中专业价值观和伦理还差 {}。",
            counted(line, all),
            counted(line, ethics)
        ),
    }
}

/// What the record is of, and how the cycle stands with it.
fn about(content: Content, line: &HoursLine, amount: String) -> Content {
    content.facts([
        ("内容", one_line(&line.title)),
        ("形式", one_line(&line.form)),
        ("完成日期", day(line.done_to)),
        ("本次", amount),
        ("本登记周期已计入", counted(line, line.counted_tenths)),
    ])
}

/// A receipt's number, time and hash, and when to expect a decision.
fn receipt_facts(content: Content, receipt: &ReceiptLine, decision_due: CalendarDate) -> Content {
    content.figure("回执号", &one_line(&receipt.number)).facts([
        ("提交时间", moment(receipt.accepted_at)),
        ("认定期限", format!("不迟于 {}", day(decision_due))),
        ("内容校验值（SHA-256）", one_line(&receipt.content_hash)),
    ])
}

/// The receipt for a claim.
pub(super) fn claimed(
    writing: Writing<'_>,
    line: &HoursLine,
    receipt: &ReceiptLine,
    decision_due: CalendarDate,
) -> Content {
    let amount = counted(line, line.tenths);
    let content = Content::new(
        Tone::Done,
        "已提交",
        format!("继续教育申报已提交：{amount}"),
        "您的继续教育申报已提交".to_owned(),
    )
    .summary("等待认定，认定后计入本登记周期。".to_owned())
    .paragraph(format!("您申报的 {amount}继续教育已收到，认定后计入本登记周期，在此之前不计入。"));
    about(receipt_facts(content, receipt, decision_due), line, amount)
        .facts([("记录编号", line.credit.to_string())])
        .paragraph(standing(line))
        .steps(NEXT, ["认定结果将通过邮件告知，在此之前可以登录系统修改或撤回。", NOT_ME])
        .link(VIEW, writing.letterhead.registration())
}

/// The receipt for evidence that was asked for.
pub(super) fn evidence_brought(
    writing: Writing<'_>,
    line: &HoursLine,
    receipt: &ReceiptLine,
    decision_due: CalendarDate,
) -> Content {
    let amount = counted(line, line.tenths);
    let content = Content::new(
        Tone::Done,
        "已提交",
        format!("继续教育证明材料已提交：{amount}"),
        "您补充的证明材料已提交".to_owned(),
    )
    .summary("等待核查，在作出决定之前继续计入。".to_owned())
    .paragraph(format!("您补充的证明材料已收到，无需重复提交。在作出决定之前，这 {amount}继续计入。"));
    about(receipt_facts(content, receipt, decision_due), line, amount)
        .facts([("记录编号", line.credit.to_string())])
        .steps(NEXT, ["核查结果将通过邮件告知。", NOT_ME])
        .link(VIEW, writing.letterhead.registration())
}

/// Whose word the hours were: the holder's claim, or a provider's record.
fn said_by(recorded: bool) -> (&'static str, &'static str) {
    if recorded { ("培训机构为您记录的", "记录") } else { ("您申报的", "申报") }
}

/// A provider recorded hours, or corrected what it had recorded.
pub(super) fn recorded(
    writing: Writing<'_>,
    line: &HoursLine,
    corrected: bool,
    reasons: &[ReasonLine],
) -> Content {
    let amount = counted(line, line.tenths);
    let (badge, said) = if corrected {
        ("已更正", format!("培训机构更正了您的一条继续教育记录，更正后为 {amount}。"))
    } else {
        ("已记录", format!("培训机构为您记录了 {amount}继续教育，无需另行申报。"))
    };
    let content =
        Content::new(Tone::Done, badge, format!("继续教育{badge}：{amount}"), format!("您的继续教育{badge}"))
            .summary(standing(line))
            .paragraph(said)
            .reasons(REASONS, reasons);
    about(content, line, amount)
        .paragraph(standing(line))
        .steps(NEXT, [NOT_ME])
        .link(VIEW, writing.letterhead.registration())
}

/// Recognised, in full or in part.
pub(super) fn recognised(
    writing: Writing<'_>,
    line: &HoursLine,
    claimed_tenths: u32,
    recorded: bool,
    reasons: &[ReasonLine],
) -> Content {
    let (whose, said_as) = said_by(recorded);
    let amount = counted(line, line.tenths);
    let claimed = counted(line, claimed_tenths);
    let (badge, headline, said) = if line.tenths < claimed_tenths {
        (
            "部分认定",
            format!("{whose}继续教育已认定一部分"),
            format!("{whose} {claimed}继续教育，经审核认定 {amount}。"),
        )
    } else {
        ("已认定", format!("{whose}继续教育已认定"), format!("{whose} {claimed}继续教育，经审核已全部认定。"))
    };
    let content = Content::new(Tone::Done, badge, format!("继续教育{badge}：{amount}"), headline)
        .summary(standing(line))
        .paragraph(said)
        .reasons(REASONS, reasons);
    about(content, line, format!("{said_as} {claimed}，认定 {amount}"))
        .paragraph(standing(line))
        .steps(NEXT, [NOT_ME])
        .link(VIEW, writing.letterhead.registration())
}

/// 不予认定.
pub(super) fn refused(
    writing: Writing<'_>,
    line: &HoursLine,
    recorded: bool,
    reasons: &[ReasonLine],
) -> Content {
    let (whose, _) = said_by(recorded);
    let again = if recorded {
        "有其他证明材料的，请登录系统申报该项学习；记录有误的，请联系记录它的培训机构。"
    } else {
        "可以补充或更正材料的，请登录系统重新申报。"
    };
    let amount = counted(line, line.tenths);
    let content = Content::new(
        Tone::Closed,
        "不予认定",
        format!("继续教育不予认定：{amount}"),
        format!("{whose}继续教育未予认定"),
    )
    .summary("请查看理由和后续办理方式。".to_owned())
    .paragraph(format!("{whose} {amount}继续教育，经审核不予认定，不计入本登记周期。"))
    .reasons(REASONS, reasons);
    about(content, line, amount)
        .paragraph(standing(line))
        .steps(NEXT, [again, "对结果有异议的，可以向登记机构说明情况并提供证明材料。"])
        .link(VIEW, writing.letterhead.registration())
}

/// Hours that had counted no longer do.
pub(super) fn voided(
    writing: Writing<'_>,
    line: &HoursLine,
    taken_back: bool,
    reasons: &[ReasonLine],
) -> Content {
    let amount = counted(line, line.tenths);
    let (badge, said) = if taken_back {
        ("已撤回", format!("培训机构撤回了为您记录的 {amount}继续教育，不再计入。"))
    } else {
        ("已作废", format!("您的 {amount}继续教育经查实已作废，不再计入。"))
    };
    let content = Content::new(
        Tone::Closed,
        badge,
        format!("继续教育记录{badge}：{amount}"),
        format!("您的一条继续教育记录{badge}"),
    )
    .summary(standing(line))
    .paragraph(said)
    .reasons(REASONS, reasons);
    about(content, line, amount)
        .paragraph(standing(line))
        .steps(NEXT, ["有异议的，可以向登记机构说明情况并提供证明材料。", NOT_ME])
        .link(VIEW, writing.letterhead.registration())
}

/// A record was drawn as a sample, or a reviewer asks to see more of it.
pub(super) fn evidence_asked(
    writing: Writing<'_>,
    line: &HoursLine,
    due: CalendarDate,
    accepted: &[String],
    by_hand: bool,
) -> Content {
    let amount = counted(line, line.tenths);
    let listed = accepted.iter().map(|kind| one_line(kind)).collect::<Vec<_>>().join("、");
    let what = if listed.is_empty() {
        "证明材料".to_owned()
    } else {
        format!("下列证明材料之一：{listed}")
    };
    let (matter, headline, why) = if by_hand {
        ("核查", "您的一条继续教育记录需要补充证明材料", "审核人员需要核查您的下列继续教育记录。")
    } else {
        ("抽查", "您的一条继续教育记录被抽查", "继续教育记录按规定随机抽查，您的下列记录被抽中。")
    };
    let days = writing.today.days_until(due);
    let content = Content::new(
        Tone::of_deadline(days),
        "请补充材料",
        format!("继续教育{matter}：请补充证明材料，截止日期 {}", day(due)),
        headline.to_owned(),
    )
    .summary(format!("{}。", deadline_in_words("截止日期", due, writing.today)))
    .paragraph(format!("{why}请上传{what}。在作出决定之前，这 {amount}继续计入。"))
    .deadline("补充材料截止日期", due, writing.today);
    about(content, line, amount)
        .steps(NEXT, ["登录系统，打开该记录，上传证明材料并确认提交。", NOT_ME])
        .link(VIEW, writing.letterhead.registration())
}
