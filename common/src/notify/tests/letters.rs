//! What readers get to read.

use super::{
    super::{Letter, Letterhead},
    application, every_message, first_registration_due, lapsed, letterhead, now, number, reason, receipt,
    registered, renewal_due, returned, returned_reminder, to_zhang_san,
};
use domain::{
    application::ApplicationKind,
    date::{Instant, date},
    notification::{Message, Notification},
};
use rstest::rstest;

fn letter(message: Message) -> Letter {
    letter_to(&to_zhang_san(message), now())
}

fn letter_to(notification: &Notification, now: Instant) -> Letter {
    Letter::write(notification, &letterhead(), now).unwrap()
}

#[test]
fn every_letter_reads_as_it_was_approved() {
    for (name, message) in every_message() {
        let Letter { subject, text, html, .. } = letter(message);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, format!("{subject}\n\n======== text\n{text}\n======== html\n{html}"));
        });
    }
}

#[test]
fn several_in_one_read_as_was_approved() {
    let named = |name| every_message().into_iter().find(|(of, _)| *of == name).unwrap().1;
    let several = ["hours_recorded", "hours_corrected", "renewal_due"].map(|name| to_zhang_san(named(name)));
    let Letter { subject, text, .. } = Letter::gathered(&several, &letterhead(), now()).unwrap();
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("gathered", format!("{subject}\n\n{text}"));
    });
}

#[test]
fn chinese_text_takes_full_width_punctuation_and_no_idle_blanks() {
    let han =
        |character: char| ('\u{3000}'..='\u{9fff}').contains(&character) || matches!(character, '“' | '”');
    for (name, message) in every_message() {
        let Letter { subject, text, .. } = letter(message);
        for line in subject.lines().chain(text.lines()) {
            let characters: Vec<_> = line.chars().collect();
            for pair in characters.windows(2) {
                let narrow = |character: char| matches!(character, ',' | ':' | ';' | '!' | '?' | '(' | ')');
                assert!(
                    !(han(pair[0]) && narrow(pair[1]) || narrow(pair[0]) && han(pair[1])),
                    "{name}: {line}"
                );
            }
            for three in characters.windows(3) {
                assert!(!(han(three[0]) && three[1] == ' ' && han(three[2])), "{name}: {line}");
            }
            assert!(!line.contains("。。") && !line.contains("()"), "{name}: {line}");
        }
    }
}

#[test]
fn every_letter_says_where_to_go_whom_to_ask_and_who_wrote() {
    for (name, message) in every_message() {
        let Letter { subject, text, html, .. } = letter(message);
        for part in [&text, &html] {
            for needed in ["张三", "https://sw.example.cn/", "027-12345678", "湖北省社会工作者登记服务中心"]
            {
                assert!(part.contains(needed), "{name} lacks {needed}");
            }
        }
        assert!(subject.chars().count() <= 45, "{name}: {subject}");
        assert!(html.len() < 20_000, "{name}: {} bytes", html.len());
        assert!(
            !html.contains("http-equiv") && !html.contains("<img") && !html.contains("<script"),
            "{name}"
        );
    }
}

#[rstest]
#[case(false)]
#[case(true)]
fn a_receipt_cant_be_mistaken(#[case] amendment: bool) {
    let Letter { subject, text, html, .. } = letter(receipt(ApplicationKind::First, amendment, false));
    assert!(subject.contains("已提交成功") && subject.contains("20260220-ee4m0000-1"), "{subject}");
    for part in [text, html] {
        assert!(part.contains("已提交成功"));
        assert!(part.contains("20260220-ee4m0000-1"));
        assert!(part.contains("2026 年 3 月 2 日 16:05"));
        assert!(part.contains("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"));
    }
}

#[test]
fn a_renewal_filed_in_time_is_told_that_the_registration_stays_valid_and_a_late_one_is_not() {
    let promise = "登记仍继续有效";
    assert!(letter(receipt(ApplicationKind::Renewal, false, false)).text.contains(promise));
    assert!(letter(receipt(ApplicationKind::Renewal, true, false)).text.contains(promise));
    assert!(!letter(receipt(ApplicationKind::Renewal, false, true)).text.contains(promise));
    assert!(!letter(receipt(ApplicationKind::First, false, false)).text.contains(promise));
}

#[rstest]
#[case(90, "还剩 90 天")]
#[case(1, "明天是最后一天")]
#[case(0, "今天是最后一天")]
fn reminders_count_the_days(#[case] days: i64, #[case] words: &str) {
    for message in [renewal_due(days, 0), first_registration_due(days, true), returned_reminder(days)] {
        let Letter { subject, text, html, .. } = letter(message);
        assert!(subject.starts_with(words), "{subject}");
        assert!(text.contains(words) && html.contains(words));
    }
}

#[test]
fn a_mail_that_waited_in_the_outbox_counts_from_the_day_it_is_sent() {
    let notification = to_zhang_san(renewal_due(7, 0));
    let six_days_later = now().plus_seconds(6 * 86_400);
    assert!(letter_to(&notification, six_days_later).subject.starts_with("明天是最后一天"));
    let too_late = letter_to(&notification, now().plus_seconds(8 * 86_400));
    assert!(too_late.subject.starts_with("期限已过") && !too_late.text.contains("即将到期"));
}

/// Three months before 1 May is 1 February, and ninety days before it is 31 January.
#[rstest]
#[case("2026-01-31T23:59:59+08:00", true)]
#[case("2026-02-01T00:00:00+08:00", false)]
#[case("2026-05-01T23:59:59+08:00", false)]
fn a_renewal_reminder_says_from_when_it_can_be_submitted(#[case] sent: Instant, #[case] ahead: bool) {
    let notification = to_zhang_san(Message::RenewalDue {
        number: number(),
        valid_until: date(2026, 5, 1),
        renewal_opens: date(2026, 2, 1),
        days_left: 90,
        hours_missing_tenths: 0,
        ethics_missing_tenths: 0,
        hours_pending_tenths: 0,
        hours_unit: "学时".to_owned(),
    });
    let Letter { subject, text, html, .. } = letter_to(&notification, sent);
    let (from, now, file) = ("可于 2026 年 2 月 1 日", "现在即可提交", "登录系统办理再登记");
    assert_eq!(subject.contains(from), ahead, "{subject}");
    for part in [text, html] {
        assert!(part.contains("2026 年 2 月 1 日至 2026 年 5 月 1 日"));
        assert_eq!((part.contains(from), part.contains(now), part.contains(file)), (ahead, !ahead, !ahead));
    }
}

#[test]
fn what_people_typed_is_shown_and_not_obeyed() {
    let hostile = "<script>alert(1)</script><img src=x onerror=\"alert('x')\">&amp;";
    let mut notification = to_zhang_san(returned(vec![reason(hostile, hostile)], 5));
    notification.name = hostile.to_owned();
    let Letter { subject, html, text, .. } = letter_to(&notification, now());
    assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("onerror=\""));
    assert_eq!(html.matches("&#60;script&#62;").count(), 3, "name, part and reason, escaped");
    assert!(text.contains(hostile));
    assert!(!subject.contains('<'));

    let changed = letter(Message::Changed {
        number: number(),
        fields: vec!["<b>姓名</b>\r\n单位".to_owned()],
        receipt: None,
    });
    assert!(!changed.html.contains("<b>") && changed.text.contains("<b>姓名</b>、单位"));
}

#[test]
fn no_letter_tells_an_identity_number() {
    let quoted = "填写的身份证号 11010519491231002X 与附件不符";
    let reasons = || vec![reason("身份证件", quoted)];
    let refused =
        Message::Refused { application: application(), kind: ApplicationKind::First, reasons: reasons() };
    for message in [returned(reasons(), 5), refused] {
        let Letter { text, html, .. } = letter(message);
        for part in [text, html] {
            assert!(!part.contains("19491231") && part.contains("110***********002X"));
        }
    }
}

#[test]
fn the_reader_is_told_whether_to_answer() {
    let silent = Letterhead::new(
        "登记中心",
        "registry@sw.example.cn".parse().unwrap(),
        None,
        "https://sw.example.cn",
        "电话 027-12345678",
    )
    .unwrap();
    let notification = to_zhang_san(lapsed(true));
    let unanswerable = Letter::write(&notification, &silent, now()).unwrap();
    assert!(unanswerable.text.contains("请勿直接回复") && unanswerable.html.contains("请勿直接回复"));
    assert!(letter_to(&notification, now()).text.contains("如有疑问可直接回复"));
}

#[test]
fn the_number_leads_to_the_public_check() {
    let link = format!("https://sw.example.cn/verify/{}", number());
    assert!(letter(registered(ApplicationKind::First)).html.contains(&link));
}
