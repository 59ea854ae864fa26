//! Mails about a registration: made, changed, ended, and the dates to keep.

use super::{
    content::{Content, Tone, Writing, deadline_in_words},
    wording::{day, hours, lines, moment, one_line, time_left},
};
use domain::{
    application::ApplicationKind, certificate::CertificateLevel, date::CalendarDate,
    notification::ReceiptLine, registration::RegistrationNumber,
};

const VIEW: &str = "登录系统查看登记";
const FILE_FIRST: &str = "登录系统办理首次登记";
const FILE_RENEWAL: &str = "登录系统办理再登记";
const VERIFY: &str = "公开核验页面";
const NEXT: &str = "接下来怎么办";
const NUMBER: &str = "登记号";
const UNTIL_MIDNIGHT: &str = "截止日期当天 24:00（北京时间）前提交均有效，以系统收到的时间为准。";

const KEEP_OUT: &str = "在重新取得登记之前，请勿出示本登记号，也不要以已登记社会工作者的名义执业。";
const FILED_IN_TIME: &str = "如果您在期限内已经提交过再登记申请，请保留回执邮件，并立即与我们联系。";

/// What a new or renewed registration states.
pub(super) struct Registered<'a> {
    pub kind: ApplicationKind,
    pub number: &'a RegistrationNumber,
    pub level: CertificateLevel,
    pub valid_from: CalendarDate,
    pub valid_until: CalendarDate,
    pub renewal_opens: CalendarDate,
    pub hours_required_tenths: u32,
    pub hours_unit: &'a str,
}

/// Registered, or registered again.
pub(super) fn registered(writing: Writing<'_>, registered: &Registered<'_>) -> Content {
    let renewal = registered.kind == ApplicationKind::Renewal;
    let (badge, headline) = if renewal {
        ("再登记成功", "您的再登记申请已通过")
    } else {
        ("登记成功", "您的首次登记申请已通过")
    };
    let number = registered.number.to_string();
    let required = (registered.hours_required_tenths > 0)
        .then(|| format!("{} {}", hours(registered.hours_required_tenths), one_line(registered.hours_unit)));
    let learning = required.as_deref().map_or_else(
        || "按规定参加继续教育，并妥善保留证明材料。".to_owned(),
        |required| {
            format!(
                "在有效期内完成不少于 {required}的继续教育，并妥善保留培训通知、签到表、结业证书等证明材料。\
                 未完成的，不能通过再登记。"
            )
        },
    );
    let valid_until = registered.valid_until.in_chinese();
    Content::new(
        Tone::Done,
        badge,
        format!("{badge}：登记号 {number}，有效期至 {valid_until}"),
        headline.to_owned(),
    )
    .summary(format!("登记号 {number}，有效期至 {}。请保存本邮件。", day(registered.valid_until)))
    .paragraph(if renewal {
        "您的再登记申请经审核已通过，登记号不变，新的有效期如下。请妥善保存本邮件。"
    } else {
        "您的首次登记申请经审核已通过，登记信息如下。请妥善保存本邮件。"
    })
    .figure(NUMBER, &number)
    .facts([
        ("证书级别", registered.level.label().to_owned()),
        ("登记有效期", format!("{}至 {valid_until}", registered.valid_from.in_chinese())),
        ("下次再登记办理期", format!("{}至 {valid_until}", registered.renewal_opens.in_chinese())),
        (
            "继续教育",
            required.map_or_else(|| "按规定参加".to_owned(), |required| format!("有效期内不少于 {required}")),
        ),
    ])
    .steps(
        NEXT,
        [
            learning.as_str(),
            "在上列办理期内办理再登记。临近到期时，系统会发送邮件提醒。",
            "姓名、工作单位、联系方式等发生变化的，请及时登录系统办理信息变更，以免错过重要通知。",
        ],
    )
    .link(VIEW, writing.letterhead.registration())
    .link(VERIFY, writing.letterhead.verification(registered.number))
}

/// A change took effect. It's told to the address on file, so that nobody's data is changed behind their back.
pub(super) fn changed(
    writing: Writing<'_>,
    number: &RegistrationNumber,
    fields: &[String],
    receipt: Option<&ReceiptLine>,
) -> Content {
    let fields: Vec<_> = fields.iter().flat_map(|field| lines(field)).collect();
    let listed = if fields.is_empty() { "登记信息".to_owned() } else { fields.join("、") };
    let content = Content::new(
        Tone::Done,
        "变更已生效",
        format!("信息变更已生效：登记号 {number}"),
        "您的登记信息变更已生效".to_owned(),
    )
    .summary("登记号和有效期不变。如非本人申请，请立即与我们联系。".to_owned())
    .paragraph(format!(
        "您申请的登记信息变更已于 {}生效。登记号和登记有效期不变。",
        writing.at.day().in_chinese()
    ))
    .figure(NUMBER, &number.to_string())
    .facts([("变更内容", listed)]);
    let content = match receipt {
        Some(receipt) => content.facts([
            ("回执号", one_line(&receipt.number)),
            ("提交时间", moment(receipt.accepted_at)),
            ("内容校验值（SHA-256）", one_line(&receipt.content_hash)),
        ]),
        None => content,
    };
    content
        .steps(NEXT, ["登录系统核对变更后的信息是否准确。", "如果变更不是您本人申请的，请立即与我们联系。"])
        .link(VIEW, writing.letterhead.registration())
        .link(VERIFY, writing.letterhead.verification(number))
}

/// 注销 at the holder's wish.
pub(super) fn cancelled(writing: Writing<'_>, number: &RegistrationNumber) -> Content {
    Content::new(
        Tone::Closed,
        "登记已注销",
        format!("登记已注销：登记号 {number}"),
        "您的登记已按申请注销".to_owned(),
    )
    .summary("如非本人申请，请立即与我们联系。".to_owned())
    .paragraph(format!(
        "您的注销登记申请已办结。自 {}起，下列登记不再有效，公开核验时将显示为已注销。",
        writing.at.day().in_chinese()
    ))
    .figure(NUMBER, &number.to_string())
    .paragraph("您的职业水平证书长期有效，不因登记注销而失效。")
    .steps(
        NEXT,
        [
            "迁往其他地区工作的，请按迁入地的规定重新办理登记；继续教育学时如何认定，请咨询迁入地登记机构。",
            "如果注销不是您本人申请的，请立即与我们联系。",
        ],
    )
    .link(VIEW, writing.letterhead.registration())
}

/// The window for the first registration is closing, or has closed.
pub(super) fn first_registration_due(
    writing: Writing<'_>,
    until: CalendarDate,
    late_accepted: bool,
) -> Content {
    let days = writing.today.days_until(until);
    if days < 0 {
        return first_registration_overdue(writing, until, late_accepted);
    }
    let left = time_left(writing.today, until);
    let consequence = if late_accepted {
        "逾期仍可提交申请，但会如实标注为“逾期提交”，可能影响今后的再登记和继续教育学时认定，请尽量在期限内办理。"
    } else {
        "逾期后系统不再接收首次登记申请，请务必在期限内提交。"
    };
    Content::new(
        Tone::of_deadline(days),
        "首次登记提醒",
        format!("{left}：请办理首次登记，截止日期 {}", day(until)),
        "您尚未办理首次登记".to_owned(),
    )
    .summary(format!("{}。", deadline_in_words("截止日期", until, writing.today)))
    .paragraph("您已取得社会工作者职业水平证书，但尚未完成首次登记。无论目前是否从事社会工作，都请按期办理。")
    .deadline("首次登记截止日期", until, writing.today)
    .note(UNTIL_MIDNIGHT)
    .notice(if late_accepted { "逾期的影响" } else { "逾期不再受理" }, consequence)
    .steps(NEXT, first_registration_steps())
    .link(FILE_FIRST, writing.letterhead.registration())
}

fn first_registration_overdue(writing: Writing<'_>, until: CalendarDate, late_accepted: bool) -> Content {
    let closed = format!("首次登记期限已于 {}届满，您尚未完成首次登记。", day(until));
    if late_accepted {
        return Content::new(
            Tone::Urgent,
            "请尽快补办",
            "首次登记期限已过，仍可补办，请尽快提交".to_owned(),
            "首次登记期限已过，仍可补办".to_owned(),
        )
        .summary("系统仍接收逾期的首次登记申请，请尽快提交。".to_owned())
        .paragraph(closed)
        .notice(
            "仍可补办",
            "系统仍接收您的首次登记申请，但会如实标注为“逾期提交”，可能影响今后的再登记和继续教育学时认定。请尽快办理。",
        )
        .steps(NEXT, first_registration_steps())
        .link(FILE_FIRST, writing.letterhead.registration());
    }
    Content::new(
        Tone::Closed,
        "期限已过",
        "首次登记期限已过，系统不再接收申请".to_owned(),
        "首次登记期限已过".to_owned(),
    )
    .summary("您的职业水平证书长期有效，不受影响。如有特殊情况，请与我们联系。".to_owned())
    .paragraph(closed)
    .notice("系统不再接收申请", "按照现行规则，首次登记期限届满后，系统不再接收首次登记申请。")
    .paragraph("您的职业水平证书长期有效，不因未登记而失效。")
    .steps(
        NEXT,
        [
            "因特殊情况未能按期办理的，请与我们联系，说明情况并提供证明材料。",
            "如果您在期限内已经提交过申请，请登录系统查看申请状态，并保留回执邮件。",
        ],
    )
    .link(VIEW, writing.letterhead.registration())
}

fn first_registration_steps() -> [&'static str; 3] {
    [
        "准备材料：近期免冠证件照、身份证件正反面、职业水平证书的扫描件或照片；是否需要其他材料，以系统提示为准。",
        "登录系统填写首次登记申请，上传材料，核对后提交。仅保存草稿不算提交。",
        "提交成功后，您会收到注明“已提交成功”的回执邮件。如未收到，请登录系统确认申请状态。",
    ]
}

/// What a renewal reminder states.
pub(super) struct RenewalDue<'a> {
    pub number: &'a RegistrationNumber,
    pub valid_until: CalendarDate,
    pub renewal_opens: CalendarDate,
    pub hours_missing_tenths: u32,
    pub ethics_missing_tenths: u32,
    pub hours_pending_tenths: u32,
    pub hours_unit: &'a str,
}

/// What is missing of which kind: `还差 36.5 学时，其中专业价值观和伦理 6 学时`; nothing where nothing is.
fn missing_hours(due: &RenewalDue<'_>) -> Option<String> {
    let unit = one_line(due.hours_unit);
    let counted = |tenths| format!("{} {unit}", hours(tenths));
    match (due.hours_missing_tenths, due.ethics_missing_tenths) {
        (0, 0) => None,
        (all, 0) => Some(format!("还差 {}", counted(all))),
        (0, ethics) => Some(format!("专业价值观和伦理还差 {}", counted(ethics))),
        (all, ethics) => Some(format!("还差 {}，其中专业价值观和伦理 {}", counted(all), counted(ethics))),
    }
}

/// Where in the renewal's window the day of sending lies. The first reminder may come a day before the window opens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Window {
    /// It opens later.
    Ahead,
    /// The renewal can be submitted.
    Open,
    /// The registration's last day is past: a mail that was held up mustn't say that it's about to end.
    Past,
}

/// The registration lapses soon.
pub(super) fn renewal_due(writing: Writing<'_>, due: &RenewalDue<'_>) -> Content {
    let (number, until, opens) = (due.number, due.valid_until, day(due.renewal_opens));
    let days = writing.today.days_until(until);
    let left = time_left(writing.today, until);
    let window = match writing.today {
        today if today > until => Window::Past,
        today if today < due.renewal_opens => Window::Ahead,
        _ => Window::Open,
    };
    let subject = match window {
        // Both dates with their weekdays would be cut off by most lists of mails.
        Window::Ahead => {
            format!("{left}：登记即将到期，可于 {}起提交再登记申请", due.renewal_opens.in_chinese())
        }
        Window::Open => format!("{left}：请提交再登记申请，有效期至 {}", day(until)),
        Window::Past => format!("{left}：登记有效期已于 {}届满", day(until)),
    };
    let (headline, said) = match window {
        Window::Ahead => (
            "您的登记即将到期，请准备再登记",
            format!(
                "您的社会工作者登记即将到期。再登记申请可于 {opens}起提交。\
                 要继续保持登记状态，请提前准备，并在有效期届满前提交。"
            ),
        ),
        Window::Open => (
            "您的登记即将到期，请办理再登记",
            "您的社会工作者登记即将到期，再登记申请现在即可提交。要继续保持登记状态，请在有效期届满前提交。"
                .to_owned(),
        ),
        Window::Past => (
            "您的登记有效期已经届满",
            "您的社会工作者登记有效期已经届满。请立即登录系统，查看登记状态和仍可办理的事项。".to_owned(),
        ),
    };
    let missing = missing_hours(due);
    let waits = (due.hours_pending_tenths > 0).then(|| {
        format!("另有 {} {}已申报，正在等待认定。", hours(due.hours_pending_tenths), one_line(due.hours_unit))
    });
    let summary = deadline_in_words("登记有效期截止日", until, writing.today);
    let summary = match &missing {
        Some(missing) => format!("{summary}；继续教育{missing}。"),
        None => format!("{summary}；继续教育要求已满足。"),
    };
    let learning = match &missing {
        Some(missing) => format!(
            "尽快补足继续教育（{missing}），并登录系统申报，上传证明材料。{}",
            waits.unwrap_or_default()
        ),
        None => "继续教育要求已满足，请核对登记信息和材料是否仍然准确。".to_owned(),
    };
    let log_in = if window == Window::Ahead {
        format!("自 {opens}起，登录系统")
    } else {
        "登录系统".to_owned()
    };
    let filing =
        format!("{log_in}填写再登记申请，上传材料，核对后提交。仅保存草稿不算提交，请不要等到最后一天。");
    Content::new(Tone::of_deadline(days), "再登记提醒", subject, headline.to_owned())
        .summary(summary)
        .paragraph(said)
        .deadline("登记有效期截止日", until, writing.today)
        .note(
            "截止日期当天 24:00（北京时间）前提交均有效，以系统收到的时间为准。\
             在期限内提交的，作出决定之前登记继续有效；逾期未提交的，登记将失效。",
        )
        .facts([
            (NUMBER, number.to_string()),
            ("再登记办理期", format!("{}至 {}", due.renewal_opens.in_chinese(), until.in_chinese())),
            ("继续教育", missing.unwrap_or_else(|| "已满足要求".to_owned())),
        ])
        .steps(
            NEXT,
            [
                learning.as_str(),
                filing.as_str(),
                "提交成功后，您会收到注明“已提交成功”的回执邮件。如未收到，请登录系统确认申请状态。",
            ],
        )
        .link(if window == Window::Open { FILE_RENEWAL } else { VIEW }, writing.letterhead.registration())
}

/// 登记失效.
pub(super) fn lapsed(
    writing: Writing<'_>,
    number: &RegistrationNumber,
    valid_until: CalendarDate,
    can_register_again: bool,
    revocation_ended: bool,
) -> Content {
    let content = Content::new(
        Tone::Closed,
        "登记已失效",
        format!("登记已失效：登记号 {number}，有效期至 {}", valid_until.in_chinese()),
        "您的登记已失效".to_owned(),
    )
    .paragraph(format!(
        "您的社会工作者登记有效期已于 {}届满，未能完成再登记。登记已经失效，公开核验时将显示为已失效。",
        day(valid_until)
    ))
    .figure(NUMBER, &number.to_string())
    .paragraph("您的职业水平证书长期有效，不因登记失效而失效。")
    .when(revocation_ended, |content| content.paragraph("此前通知您的撤销登记程序，因登记失效而终止。"));
    if can_register_again {
        content
            .summary("您可以重新办理登记。".to_owned())
            .steps(NEXT, ["您可以凭职业水平证书重新办理登记，请登录系统提交申请。", KEEP_OUT, FILED_IN_TIME])
            .link("登录系统重新办理登记", writing.letterhead.registration())
    } else {
        content
            .summary("能否重新办理登记，请与我们联系了解。".to_owned())
            .steps(
                NEXT,
                [
                    "按照现行规则，目前不能在线重新办理登记。请与我们联系，了解可以办理的方式。",
                    KEEP_OUT,
                    FILED_IN_TIME,
                ],
            )
            .link(VIEW, writing.letterhead.registration())
    }
}
