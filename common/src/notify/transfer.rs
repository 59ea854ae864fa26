//! Mails about transfers between provinces: a registration that left, and one that arrived.

use super::{
    content::{Content, Tone, Writing},
    wording::{day, hours, one_line},
};
use domain::{
    application::ApplicationKind, certificate::CertificateLevel, date::CalendarDate,
    registration::RegistrationNumber,
};

const VIEW: &str = "登录系统查看登记";
const VERIFY: &str = "公开核验页面";
const NEXT: &str = "接下来怎么办";
const NUMBER: &str = "登记号";

/// What the letter about a transfer out states.
pub(super) struct TransferredOut<'a> {
    pub number: &'a RegistrationNumber,
    pub province: &'a str,
    pub hours_counted_tenths: u32,
    pub hours_unit: &'a str,
    pub closed: &'a [ApplicationKind],
    pub claims_closed: bool,
}

/// 转出: the registration ended here. Its holder isn't registered anywhere until the other province has registered them,
/// and must know it.
pub(super) fn transferred_out(writing: Writing<'_>, left: &TransferredOut<'_>) -> Content {
    let province = one_line(left.province);
    let counted = format!("{} {}", hours(left.hours_counted_tenths), one_line(left.hours_unit));
    let mut closed: Vec<_> = left.closed.iter().map(|kind| format!("{}申请", kind.label())).collect();
    if left.claims_closed {
        closed.push("等待认定的继续教育学时".to_owned());
    }
    Content::new(
        Tone::Done,
        "转出已办结",
        format!("转出已办结：登记号 {}，请到{province}办理转入", left.number),
        "您的转出申请已通过".to_owned(),
    )
    .summary(format!("登记已转出，请尽快到{province}办理转入。如非本人申请，请立即与我们联系。"))
    .paragraph(format!(
        "您的转出申请经审核已通过。自 {}起，下列登记在本地不再有效，公开核验时将显示为已转出。",
        writing.at.day().in_chinese()
    ))
    .figure(NUMBER, &left.number.to_string())
    .facts([("迁往省份", province.clone()), ("本登记周期已认定", counted)])
    .notice(
        "请尽快办理转入",
        format!("在{province}的登记管理机构办结转入之前，您没有登记状态。请尽快办理，并留意原登记的有效期。"),
    )
    .when(!closed.is_empty(), |content| {
        let text = format!("下列事项随登记一并终止，无需您另行办理：{}。", closed.join("、"));
        content.notice("一并终止的事项", text)
    })
    .steps(
        NEXT,
        [
            "登录系统下载转出证明和学时证明。两份证明均带有电子签名，可供迁入地核验。",
            "按迁入地的规定提交转入申请。继续教育学时如何认定，以迁入地登记管理机构的规定为准。",
            "如果转出不是您本人申请的，请立即与我们联系。",
        ],
    )
    .link(VIEW, writing.letterhead.registration())
}

/// What the letter about a transfer in states.
pub(super) struct TransferredIn<'a> {
    pub number: &'a RegistrationNumber,
    pub province: &'a str,
    pub level: CertificateLevel,
    pub valid_from: CalendarDate,
    pub valid_until: CalendarDate,
    pub renewal_opens: CalendarDate,
    pub hours_claimed_tenths: u32,
    pub hours_counted_tenths: u32,
    pub hours_required_tenths: u32,
    pub hours_unit: &'a str,
}

/// 转入: registered here, and what became of the hours that were brought.
pub(super) fn transferred_in(writing: Writing<'_>, arrived: &TransferredIn<'_>) -> Content {
    let number = arrived.number.to_string();
    let province = one_line(arrived.province);
    let of = |tenths| format!("{} {}", hours(tenths), one_line(arrived.hours_unit));
    let until = arrived.valid_until.in_chinese();
    let missing = arrived.hours_required_tenths.saturating_sub(arrived.hours_counted_tenths);
    let learning = if missing == 0 {
        "本登记周期的继续教育学时已满足，请在办理期内办理再登记。".to_owned()
    } else {
        format!("在 {until}前（含当日）再完成 {}的继续教育，并妥善保留证明材料。", of(missing))
    };
    Content::new(
        Tone::Done,
        "转入成功",
        format!("转入成功：登记号 {number}，有效期至 {until}"),
        "您的转入申请已通过".to_owned(),
    )
    .summary(format!("新的登记号 {number}，有效期至 {}。请保存本邮件。", day(arrived.valid_until)))
    .paragraph(format!(
        "您从{province}转入的申请经审核已通过，新的登记号和有效期如下。原登记号不再使用，请妥善保存本邮件。"
    ))
    .figure(NUMBER, &number)
    .facts([
        ("证书级别", arrived.level.label().to_owned()),
        ("登记周期", format!("{}至 {until}", arrived.valid_from.in_chinese())),
        ("下次再登记办理期", format!("{}至 {until}", arrived.renewal_opens.in_chinese())),
        ("带入学时", of(arrived.hours_claimed_tenths)),
        ("按本地规则计入", of(arrived.hours_counted_tenths)),
        ("本登记周期要求", of(arrived.hours_required_tenths)),
    ])
    .when(arrived.hours_counted_tenths < arrived.hours_claimed_tenths, |content| {
        content.note(
            "带入的学时按申报的内容保留，按本地规则认定。没有计入的，每一项的原因和依据可登录系统查看。",
        )
    })
    .steps(
        NEXT,
        [
            learning.as_str(),
            "登录系统核对登记信息和带入的学时。",
            "临近到期时，系统会发送邮件提醒您办理再登记。",
        ],
    )
    .link(VIEW, writing.letterhead.registration())
    .link(VERIFY, writing.letterhead.verification(arrived.number))
}
