//! Mails about a revocation: announced, objected to, given up, in effect.

use super::{
    content::{Content, Tone, Writing, deadline_in_words},
    wording::{moment, one_line},
};
use domain::{
    application::ApplicationKind,
    date::{CalendarDate, Instant},
    notification::ReasonLine,
    registration::RegistrationNumber,
};

const VIEW: &str = "登录系统查看登记";
const OBJECT: &str = "登录系统提出异议";
const VERIFY: &str = "公开核验页面";
const NEXT: &str = "接下来怎么办";
const NUMBER: &str = "登记号";

/// 拟撤销: the grounds, and until when and how to object.
pub(super) fn announced(
    writing: Writing<'_>,
    number: &RegistrationNumber,
    reasons: &[ReasonLine],
    object_until: CalendarDate,
) -> Content {
    Content::new(
        Tone::Urgent,
        "拟撤销登记",
        format!("拟撤销登记通知：如有异议，请于 {}前（含当日）提出", object_until.in_chinese()),
        "登记机构拟撤销您的登记，您可以提出异议".to_owned(),
    )
    .summary(format!("{}。", deadline_in_words("提出异议的截止日期", object_until, writing.today)))
    .paragraph("登记机构拟撤销您的社会工作者登记，理由和依据的事实如下。在作出决定之前，您的登记仍然有效。")
    .figure(NUMBER, &number.to_string())
    .reasons("拟撤销的理由", reasons)
    .deadline("提出异议的截止日期", object_until, writing.today)
    .note("截止日期当天 24:00（北京时间）前提出均有效，以系统收到的时间为准。")
    .notice("期满没有异议的", "截止日期之后，系统将自动撤销登记。登记撤销后，正在办理的申请一并终止。")
    .steps(
        NEXT,
        [
            "认为理由或者事实不成立的，请在截止日期前登录系统，在登记页面提出异议，写明事实和理由。",
            "提出成功后，您会收到异议回执邮件。异议处理之前，登记不会被撤销。",
            "不便登录系统的，请在截止日期前与我们联系，由工作人员代为录入。",
        ],
    )
    .link(OBJECT, writing.letterhead.registration())
}

/// The receipt for an objection, with what was said.
pub(super) fn objected(
    writing: Writing<'_>,
    number: &RegistrationNumber,
    at: Instant,
    text: &str,
) -> Content {
    let said = ReasonLine { part: String::new(), text: text.to_owned() };
    Content::new(
        Tone::Done,
        "异议已收到",
        format!("异议已收到：登记号 {number}"),
        "您对撤销登记的异议已提交成功".to_owned(),
    )
    .summary(format!("提交时间 {}。请保存本邮件。", moment(at)))
    .paragraph("系统已收到您对撤销登记的异议，无需重复提交。请妥善保存本邮件。")
    .figure(NUMBER, &number.to_string())
    .facts([("提交时间", moment(at))])
    .reasons("您的异议", &[said])
    .notice("登记继续有效", "在异议处理完毕之前，登记不会被撤销。")
    .steps(
        NEXT,
        [
            "等待处理即可。处理结果将发送至本邮箱，您也可以随时登录系统查看。",
            "需要补充事实或者材料的，请与我们联系，并说明登记号。",
            "如果异议不是您本人提出的，请立即与我们联系。",
        ],
    )
    .link(VIEW, writing.letterhead.registration())
}

/// The registration stands: an objection was upheld, or the authority dropped it.
pub(super) fn ended(writing: Writing<'_>, number: &RegistrationNumber, upheld: bool, note: &str) -> Content {
    let (badge, headline, said) = if upheld {
        ("异议成立", "您的异议成立，登记继续有效", "登记机构审查了您的异议，决定不撤销您的登记。")
    } else {
        (
            "程序已终止",
            "撤销登记的程序已终止，登记继续有效",
            "登记机构决定不再撤销您的登记，此前通知的程序到此终止。",
        )
    };
    let answer = ReasonLine { part: String::new(), text: note.to_owned() };
    Content::new(Tone::Done, badge, format!("{badge}，登记继续有效：登记号 {number}"), headline.to_owned())
        .summary("登记号和有效期不变，无需其他操作。".to_owned())
        .paragraph(format!("{said}登记号和登记有效期不变，您无需办理其他手续。"))
        .figure(NUMBER, &number.to_string())
        .reasons("登记机构的说明", &[answer])
        .link(VIEW, writing.letterhead.registration())
        .link(VERIFY, writing.letterhead.verification(number))
}

/// What a revocation that took effect states.
pub(super) struct Revoked<'a> {
    pub number: &'a RegistrationNumber,
    pub reasons: &'a [ReasonLine],
    pub objected_at: Option<Instant>,
    pub note: &'a str,
    pub closed: &'a [ApplicationKind],
    pub claims_closed: bool,
    pub can_register_again: bool,
}

/// 撤销登记.
pub(super) fn revoked(writing: Writing<'_>, revoked: &Revoked<'_>) -> Content {
    let number = revoked.number.to_string();
    let from = writing.at.day().in_chinese();
    let answer = ReasonLine { part: String::new(), text: revoked.note.to_owned() };
    let again = if revoked.can_register_again {
        "符合登记条件的，可以凭职业水平证书重新申请首次登记；审核人员会看到本次撤销的情况。"
    } else {
        "按照现行规则，该证书不能重新登记。"
    };
    let content = Content::new(
        Tone::Closed,
        "登记已撤销",
        format!("登记已撤销：登记号 {number}"),
        "您的登记已被撤销".to_owned(),
    )
    .summary(format!("自 {from}起不再有效。如有疑问，请与我们联系。"))
    .paragraph(format!(
        "登记机构已撤销您的社会工作者登记。自 {from}起，下列登记不再有效，公开核验时将显示为已撤销。"
    ))
    .figure(NUMBER, &number)
    .reasons("撤销的理由", revoked.reasons);
    let content = match revoked.objected_at {
        Some(at) => content
            .paragraph(format!("您于 {}提出的异议，登记机构经审查未予采纳。", moment(at)))
            .reasons("未予采纳的理由", &[answer]),
        None => content.paragraph("在规定的期限内，登记机构没有收到您的异议。"),
    };
    ended_with(content, revoked.closed, revoked.claims_closed)
        .paragraph("已认定的继续教育学时仍保留在系统中，但不能再用于再登记。")
        .steps(
            NEXT,
            [
                "请勿再出示本登记号和登记证书，也不要以已登记社会工作者的名义执业。",
                again,
                "对撤销有疑问的，请与我们联系，了解可以采取的救济途径，并说明登记号。",
            ],
        )
        .link(VIEW, writing.letterhead.registration())
        .link(VERIFY, writing.letterhead.verification(revoked.number))
}

/// What ended with a registration: applications, and hours that waited; nothing where nothing did.
pub(super) fn ended_with(content: Content, closed: &[ApplicationKind], claims_closed: bool) -> Content {
    let mut what: Vec<_> = closed.iter().map(|kind| format!("{}申请", kind.label())).collect();
    if claims_closed {
        what.push("等待认定的继续教育学时".to_owned());
    }
    let text = one_line(&format!("下列事项随登记一并终止，无需您另行办理：{}。", what.join("、")));
    content.when(!what.is_empty(), |content| content.notice("一并终止的事项", text))
}
