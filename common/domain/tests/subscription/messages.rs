//! What messages say in WeChat's words, and which go by mail alone.

use super::templates;
use domain::{
    application::ApplicationKind,
    date::{CalendarDate, date},
    id::{ApplicationId, CreditId, HolderId},
    notification::{HoursLine, Message, Notification, ReasonLine, ReceiptLine},
    subscription::{Topic, told},
};
use std::collections::BTreeMap;

const TODAY: CalendarDate = CalendarDate::EPOCH;

fn notification(message: Message) -> Notification {
    Notification {
        id: "n1".to_owned(),
        holder: HolderId::mint(1),
        to: "zhang@example.com".parse().unwrap(),
        name: "张晓雯".to_owned(),
        at: "2029-03-01T01:05:00Z".parse().unwrap(),
        message,
    }
}

fn application() -> ApplicationId {
    ApplicationId::mint(&HolderId::mint(1), date(2029, 2, 1), 3)
}

fn hours() -> HoursLine {
    let start = date(2028, 1, 1);
    HoursLine {
        credit: CreditId::mint(&HolderId::mint(1), start, 3),
        title: "社会工作实务能力提升与个案管理方法专题培训班（第二期）".to_owned(),
        form: "面授培训".to_owned(),
        done_to: date(2029, 2, 1),
        tenths: 75,
        unit: "学时".to_owned(),
        required_tenths: 900,
        counted_tenths: 275,
        ethics_missing_tenths: 0,
    }
}

/// The values of a message sent on `today`, filled into its template.
fn values(message: Message, today: CalendarDate) -> Option<(Topic, BTreeMap<String, String>)> {
    let told = told(&notification(message), today)?;
    let facts: Vec<_> = told.facts.keys().copied().collect();
    let mut expected = told.topic.facts().to_vec();
    expected.sort_unstable();
    assert_eq!(facts, expected, "every fact of the topic, and no other");
    let known = templates();
    Some((told.topic, known.of("wx1").unwrap()[&told.topic].fill(&told).unwrap()))
}

fn reason() -> Vec<ReasonLine> {
    vec![ReasonLine { part: String::new(), text: "材料不清".to_owned() }]
}

#[test]
fn a_return_says_what_and_until_when() {
    let message = Message::Returned {
        application: application(),
        kind: ApplicationKind::First,
        reasons: reason(),
        mend_by: date(2029, 12, 31),
    };
    let (topic, values) = values(message, TODAY).unwrap();
    assert_eq!(topic, Topic::Review);
    let expected = [
        ("name5", "张晓雯"),
        ("phrase2", "退回修改"),
        ("thing1", "首次登记"),
        ("thing4", "请于2029年12月31日前修改并重交"),
        ("time3", "2029年3月1日 09:05"),
    ];
    assert_eq!(values, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
}

#[test]
fn days_left_are_counted_from_the_day_of_sending() {
    let due = |missing| Message::RenewalDue {
        number: "422026987654324".parse().unwrap(),
        valid_until: date(2029, 5, 31),
        renewal_opens: date(2029, 3, 1),
        days_left: 90,
        hours_missing_tenths: missing,
        ethics_missing_tenths: 0,
        hours_pending_tenths: 0,
        hours_unit: "学时".to_owned(),
    };
    let (topic, said) = values(due(125), date(2029, 5, 24)).unwrap();
    assert_eq!(topic, Topic::Deadline);
    assert_eq!((said["number3"].as_str(), said["date2"].as_str()), ("7", "2029年5月31日"));
    assert_eq!(said["thing5"], "还差12.5学时，请尽快完成");
    assert_eq!(values(due(0), date(2029, 5, 31)).unwrap().1["thing5"], "请在截止日前提交再登记申请");
    assert_eq!(values(due(0), date(2029, 6, 1)), None, "what is over is told by mail");
}

#[test]
fn a_long_title_is_cut_and_hours_are_numbers() {
    let message =
        Message::HoursRecognised { hours: hours(), claimed_tenths: 75, recorded: false, reasons: vec![] };
    let (topic, said) = values(message, TODAY).unwrap();
    assert_eq!(topic, Topic::Hours);
    assert_eq!(said["thing1"], "社会工作实务能力提升与个案管理方法专题…");
    assert_eq!((said["number3"].as_str(), said["phrase2"].as_str()), ("7.5", "已认定"));
}

#[test]
fn every_note_fits_without_being_cut() {
    let kind = ApplicationKind::TransferOut;
    let (application, until) = (application(), date(2029, 12, 31));
    let messages = [
        Message::ReturnedReminder { application: application.clone(), kind, mend_by: until, days_left: 1 },
        Message::MendPeriodOver { application: application.clone(), kind },
        Message::Withdrawn { application, kind },
        Message::Changed { number: "422026987654324".parse().unwrap(), fields: vec![], receipt: None },
        Message::FirstRegistrationDue { until, days_left: 1, late_accepted: true },
        Message::EvidenceAsked { hours: hours(), due: until, days_left: 1, accepted: vec![], by_hand: true },
        Message::HoursRecorded { hours: hours(), corrected: true, reasons: reason() },
        Message::HoursRefused { hours: hours(), recorded: false, reasons: reason() },
    ];
    for message in messages {
        let told = told(&notification(message.clone()), TODAY).unwrap();
        let note = &told.facts[&domain::subscription::Fact::Note];
        assert!(note.chars().count() <= 20, "{note}");
        values(message, TODAY).unwrap();
    }
}

#[test]
fn receipts_and_decisions_with_reasons_go_by_mail_alone() {
    let receipt = ReceiptLine {
        number: "R1".to_owned(),
        accepted_at: "2029-03-01T01:05:00Z".parse().unwrap(),
        content_hash: "00".to_owned(),
    };
    let number = "422026987654324".parse().unwrap();
    let messages = [
        Message::HoursClaimed { hours: hours(), receipt: receipt.clone(), decision_due: date(2029, 4, 1) },
        Message::Changed { number, fields: vec![], receipt: Some(receipt) },
        Message::Refused { application: application(), kind: ApplicationKind::First, reasons: reason() },
        Message::HoursVoided { hours: hours(), taken_back: true, reasons: reason() },
    ];
    for message in messages {
        assert_eq!(told(&notification(message), TODAY), None);
    }
}
