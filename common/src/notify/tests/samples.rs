//! One of each message, in each of its forms. The pictures of mails are taken of these too, so nothing here is of this
//! crate alone.

use domain::{
    application::ApplicationKind,
    certificate::CertificateLevel,
    date::{CalendarDate, Instant, date},
    district::DistrictCode,
    id::{ApplicationId, CreditId, HolderId, NoticeId},
    notice::NoticeCategory,
    notification::{HoursLine, Message, Notification, ReasonLine, ReceiptLine},
    registration::RegistrationNumber,
};

/// 16:05 in Beijing on 2 March 2026, a Monday.
pub fn now() -> Instant {
    "2026-03-02T16:05:00+08:00".parse().unwrap()
}

pub fn today() -> CalendarDate {
    now().day()
}

pub fn notice(summary: &str, files: usize) -> Message {
    Message::Notice {
        notice: NoticeId::mint(today(), 7),
        category: NoticeCategory::Training,
        title: "关于开展 2026 年继续教育的通知".to_owned(),
        summary: summary.to_owned(),
        published_at: now(),
        files,
    }
}

pub fn holder() -> HolderId {
    HolderId::mint(0x5eed)
}

pub fn application() -> ApplicationId {
    ApplicationId::mint(&holder(), date(2026, 2, 20), 0xa11ce)
}

pub fn number() -> RegistrationNumber {
    let wuchang: DistrictCode = "420106".parse().unwrap();
    RegistrationNumber::mint(&wuchang, 2026, 12_345_678)
}

pub fn reason(part: &str, text: &str) -> ReasonLine {
    ReasonLine { part: part.to_owned(), text: text.to_owned() }
}

pub fn to_zhang_san(message: Message) -> Notification {
    Notification {
        id: format!("{}-v3-told", application()),
        holder: holder(),
        to: "zhang.san@mail.example.com".parse().unwrap(),
        name: "张三".to_owned(),
        at: now(),
        message,
    }
}

pub fn receipt(kind: ApplicationKind, amendment: bool, late: bool) -> Message {
    Message::Receipt {
        application: application(),
        kind,
        receipt_number: "20260220-ee4m0000-1".to_owned(),
        content_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        submitted_at: now(),
        amendment,
        late,
        decision_due: date(2026, 4, 15),
    }
}

pub fn returned(reasons: Vec<ReasonLine>, days: i64) -> Message {
    let mend_by = today().plus_days(days);
    Message::Returned { application: application(), kind: ApplicationKind::First, reasons, mend_by }
}

pub fn returned_reminder(days_left: i64) -> Message {
    let mend_by = today().plus_days(days_left);
    Message::ReturnedReminder {
        application: application(),
        kind: ApplicationKind::Renewal,
        mend_by,
        days_left,
    }
}

pub fn registered(kind: ApplicationKind) -> Message {
    Message::Registered {
        kind,
        number: number(),
        level: CertificateLevel::AssistantSocialWorker,
        valid_from: date(2026, 3, 2),
        valid_until: date(2029, 3, 1),
        renewal_opens: date(2028, 12, 2),
        hours_required_tenths: 900,
        hours_unit: "学时".to_owned(),
    }
}

pub fn transferred_out(closed: Vec<ApplicationKind>, claims_closed: bool) -> Message {
    Message::TransferredOut {
        number: number(),
        province: "新疆维吾尔自治区".to_owned(),
        hours_counted_tenths: 365,
        hours_unit: "学时".to_owned(),
        closed,
        claims_closed,
    }
}

pub fn transferred_in(hours_claimed_tenths: u32, hours_counted_tenths: u32) -> Message {
    Message::TransferredIn {
        number: number(),
        province: "北京市".to_owned(),
        level: CertificateLevel::AssistantSocialWorker,
        valid_from: date(2025, 3, 2),
        valid_until: date(2028, 3, 1),
        renewal_opens: date(2027, 12, 1),
        hours_claimed_tenths,
        hours_counted_tenths,
        hours_required_tenths: 900,
        hours_unit: "学时".to_owned(),
    }
}

pub fn first_registration_due(days_left: i64, late_accepted: bool) -> Message {
    Message::FirstRegistrationDue { until: today().plus_days(days_left), days_left, late_accepted }
}

pub fn renewal_due(days_left: i64, hours_missing_tenths: u32) -> Message {
    renewal_due_of(days_left, (hours_missing_tenths, 0), 0)
}

pub fn grounds() -> Vec<ReasonLine> {
    vec![reason("", "以欺骗、贿赂等不正当手段取得登记：工作经历证明系伪造，出具单位已书面否认")]
}

pub fn revocation_announced() -> Message {
    let object_until = today().plus_days(15);
    Message::RevocationAnnounced { number: number(), reasons: grounds(), object_until }
}

pub fn revocation_ended(upheld: bool) -> Message {
    let note = "经核实，工作经历证明系原单位出具。".to_owned();
    Message::RevocationEnded { number: number(), upheld, note }
}

/// In effect: after an objection that was dismissed, or with what was still open closed.
pub fn revoked(objected: bool) -> Message {
    Message::Revoked {
        number: number(),
        reasons: grounds(),
        objected_at: objected.then(|| now().plus_seconds(-86_400)),
        note: if objected { "出具单位再次书面否认。".to_owned() } else { String::new() },
        closed: if objected { vec![] } else { vec![ApplicationKind::Renewal] },
        claims_closed: !objected,
        can_register_again: !objected,
    }
}

/// Hours of an activity that make 76 of 90, with 6 of ethics missing.
pub fn hours(tenths: u32) -> HoursLine {
    let holder = HolderId::mint(7);
    HoursLine {
        credit: CreditId::mint(&holder, date(2026, 3, 2), 7),
        title: "社会工作价值观与伦理".to_owned(),
        form: "面授培训".to_owned(),
        done_to: date(2027, 5, 6),
        tenths,
        unit: "学时".to_owned(),
        required_tenths: 900,
        counted_tenths: 760,
        ethics_missing_tenths: 60,
    }
}

pub fn renewal_due_of(
    days_left: i64,
    (hours_missing_tenths, ethics_missing_tenths): (u32, u32),
    hours_pending_tenths: u32,
) -> Message {
    let valid_until = today().plus_days(days_left);
    Message::RenewalDue {
        number: number(),
        valid_until,
        renewal_opens: valid_until.plus_months(-3),
        days_left,
        hours_missing_tenths,
        ethics_missing_tenths,
        hours_pending_tenths,
        hours_unit: "学时".to_owned(),
    }
}

pub fn hours_receipt() -> ReceiptLine {
    ReceiptLine {
        number: "20260302-7f3k9q2m-4".to_owned(),
        accepted_at: "2029-03-01T08:05:00Z".parse().unwrap(),
        content_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
    }
}

pub fn lapsed(can_register_again: bool) -> Message {
    Message::Lapsed {
        number: number(),
        valid_until: date(2026, 3, 1),
        can_register_again,
        revocation_ended: false,
    }
}

/// Each message in each of its forms, by the name of its snapshot.
#[allow(clippy::too_many_lines)] // a line for each message, and nothing else
pub fn every_message() -> Vec<(&'static str, Message)> {
    use ApplicationKind::{Cancellation, Change, First, Renewal, TransferIn, TransferOut};
    let ended = |kind| (application(), kind);
    let mend_period_over = |kind| {
        let (application, kind) = ended(kind);
        Message::MendPeriodOver { application, kind }
    };
    let withdrawn = |kind| {
        let (application, kind) = ended(kind);
        Message::Withdrawn { application, kind }
    };
    let refused = |kind, reasons| {
        let (application, kind) = ended(kind);
        Message::Refused { application, kind, reasons }
    };
    let two_reasons = vec![
        reason("职业水平证书", "附件不清晰或不完整：请重新上传证书扫描件，四角应完整。\n注意避免反光。"),
        reason("", "填报内容与附件不一致。"),
    ];
    vec![
        ("receipt_first", receipt(First, false, false)),
        ("receipt_first_late", receipt(First, false, true)),
        ("receipt_renewal", receipt(Renewal, false, false)),
        ("receipt_amendment", receipt(Change, true, false)),
        ("returned", returned(two_reasons.clone(), 60)),
        ("returned_reminder", returned_reminder(10)),
        ("returned_reminder_last_day", returned_reminder(0)),
        ("mend_period_over_first", mend_period_over(First)),
        ("mend_period_over_renewal", mend_period_over(Renewal)),
        ("registered_first", registered(First)),
        ("registered_renewal", registered(Renewal)),
        (
            "changed",
            Message::Changed {
                number: number(),
                fields: vec!["工作单位".to_owned(), "手机号码".to_owned()],
                receipt: None,
            },
        ),
        (
            "changed_at_once",
            Message::Changed {
                number: number(),
                fields: vec!["手机号码".to_owned()],
                receipt: Some(ReceiptLine {
                    number: "20290301-7f3k9q2m-1".to_owned(),
                    accepted_at: "2029-03-01T08:05:00Z".parse().unwrap(),
                    content_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
                        .to_owned(),
                }),
            },
        ),
        ("cancelled", Message::Cancelled { number: number(), closed: vec![], claims_closed: false }),
        (
            "cancelled_with_what_was_open",
            Message::Cancelled { number: number(), closed: vec![Renewal, Change], claims_closed: true },
        ),
        ("revocation_announced", revocation_announced()),
        (
            "revocation_objected",
            Message::RevocationObjected {
                number: number(),
                at: now(),
                text: "工作经历证明由原单位出具，公章真实。\n原单位联系电话已附后。".to_owned(),
            },
        ),
        ("revocation_upheld", revocation_ended(true)),
        ("revocation_dropped", revocation_ended(false)),
        ("revoked", revoked(false)),
        ("revoked_after_an_objection", revoked(true)),
        (
            "lapsed_before_it_was_revoked",
            Message::Lapsed {
                number: number(),
                valid_until: date(2026, 3, 1),
                can_register_again: true,
                revocation_ended: true,
            },
        ),
        ("refused_first", refused(First, two_reasons.clone())),
        ("refused_renewal", refused(Renewal, two_reasons)),
        ("refused_change", refused(Change, vec![reason("姓名", "缺少公安机关出具的更名证明。")])),
        ("refused_cancellation", refused(Cancellation, vec![])),
        ("refused_transfer_out", refused(TransferOut, vec![reason("", "不符合登记条件")])),
        ("refused_transfer_in", refused(TransferIn, vec![reason("转移信息", "附件不清晰或不完整")])),
        ("transferred_out", transferred_out(vec![], false)),
        ("transferred_out_with_others", transferred_out(vec![Renewal, Change], true)),
        ("transferred_in", transferred_in(400, 365)),
        ("transferred_in_hours_done", transferred_in(900, 900)),
        ("notice", notice("全年六期，每期十人，请提前报名。", 2)),
        ("notice_without_a_summary", notice("", 0)),
        ("withdrawn", withdrawn(First)),
        ("first_registration_due", first_registration_due(30, true)),
        ("first_registration_due_strict", first_registration_due(1, false)),
        ("first_registration_over_late_accepted", first_registration_due(-1, true)),
        ("first_registration_over", first_registration_due(-1, false)),
        ("renewal_due_not_yet_open", renewal_due(93, 365)),
        ("renewal_due", renewal_due(90, 365)),
        ("renewal_due_hours_done", renewal_due(7, 0)),
        ("renewal_due_last_day", renewal_due(0, 10)),
        ("renewal_due_short_of_ethics", renewal_due_of(30, (365, 60), 80)),
        ("renewal_due_short_of_ethics_alone", renewal_due_of(30, (0, 60), 0)),
        (
            "hours_claimed",
            Message::HoursClaimed {
                hours: hours(160),
                receipt: hours_receipt(),
                decision_due: date(2029, 4, 16),
            },
        ),
        (
            "evidence_brought",
            Message::EvidenceBrought {
                hours: hours(160),
                receipt: hours_receipt(),
                decision_due: date(2029, 4, 16),
            },
        ),
        ("hours_recorded", Message::HoursRecorded { hours: hours(160), corrected: false, reasons: vec![] }),
        (
            "hours_corrected",
            Message::HoursRecorded {
                hours: hours(80),
                corrected: true,
                reasons: vec![reason("", "记录有误：只参加了上午")],
            },
        ),
        (
            "hours_recognised",
            Message::HoursRecognised {
                hours: hours(160),
                claimed_tenths: 160,
                recorded: false,
                reasons: vec![],
            },
        ),
        (
            "hours_recognised_sample",
            Message::HoursRecognised {
                hours: hours(160),
                claimed_tenths: 160,
                recorded: true,
                reasons: vec![],
            },
        ),
        (
            "hours_refused_sample",
            Message::HoursRefused {
                hours: hours(160),
                recorded: true,
                reasons: vec![reason("", "证明材料不足或不清晰")],
            },
        ),
        (
            "hours_recognised_in_part",
            Message::HoursRecognised {
                hours: hours(125),
                claimed_tenths: 160,
                recorded: false,
                reasons: vec![reason("", "申报学时多于证明材料所示")],
            },
        ),
        (
            "hours_refused",
            Message::HoursRefused {
                hours: hours(160),
                recorded: false,
                reasons: vec![reason("", "证明材料不足或不清晰")],
            },
        ),
        (
            "hours_voided",
            Message::HoursVoided {
                hours: hours(160),
                taken_back: false,
                reasons: vec![reason("", "弄虚作假（如代挂学时）")],
            },
        ),
        (
            "hours_taken_back",
            Message::HoursVoided {
                hours: hours(160),
                taken_back: true,
                reasons: vec![reason("", "记录有误")],
            },
        ),
        (
            "evidence_asked",
            Message::EvidenceAsked {
                hours: hours(160),
                due: today().plus_days(30),
                days_left: 30,
                accepted: vec!["结业证书".to_owned(), "签到表".to_owned()],
                by_hand: false,
            },
        ),
        (
            "evidence_asked_by_hand",
            Message::EvidenceAsked {
                hours: hours(160),
                due: today().plus_days(30),
                days_left: 30,
                accepted: vec!["结业证书".to_owned(), "签到表".to_owned()],
                by_hand: true,
            },
        ),
        ("lapsed_can_register_again", lapsed(true)),
        ("lapsed", lapsed(false)),
    ]
}

/// `notification` with `text` in every field that takes it: what people typed, and what comes from rules and records.
pub fn with_text(notification: &Notification, text: &str) -> Notification {
    let mut whole = serde_json::to_value(notification).unwrap();
    let mut places = vec![String::new()];
    while let Some(place) = places.pop() {
        let value = whole.pointer_mut(&place).unwrap();
        match value {
            serde_json::Value::Object(fields) => {
                places.extend(fields.keys().map(|field| format!("{place}/{field}")));
            }
            serde_json::Value::Array(values) => {
                places.extend((0..values.len()).map(|index| format!("{place}/{index}")));
            }
            serde_json::Value::String(before) => {
                let before = std::mem::replace(before, text.to_owned());
                // Numbers, dates and kinds take no other text.
                if serde_json::from_value::<Notification>(whole.clone()).is_err() {
                    *whole.pointer_mut(&place).unwrap() = before.into();
                }
            }
            _ => {}
        }
    }
    serde_json::from_value(whole).unwrap()
}
