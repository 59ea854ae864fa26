//! Mails as a mail program reads them.

use super::{
    super::{Letter, Letterhead, Mail, UnsubscribeLinks, UnsubscribeTokens},
    every_message, letterhead, now, receipt, registered, to_zhang_san,
};
use crate::crypto::FieldCipher;
use domain::{application::ApplicationKind, notification::Notification};
use mail_parser::{HeaderValue, MessageParser, MimeHeaders};
use rstest::rstest;

fn write(notification: &Notification) -> Mail {
    Mail::write(notification, &letterhead(), now()).unwrap()
}

fn receipt_to(name: &str) -> Notification {
    let mut notification = to_zhang_san(receipt(ApplicationKind::First, false, false));
    notification.name = name.to_owned();
    notification
}

/// Header names of `mail` in order, to see that none was smuggled in.
fn header_names(mail: &Mail) -> Vec<String> {
    let parsed = MessageParser::default().parse(mail.bytes()).unwrap();
    parsed.headers().iter().map(|header| header.name().to_owned()).collect()
}

#[test]
fn every_mail_reads_back_as_it_was_written() {
    for (name, message) in every_message() {
        let notification = to_zhang_san(message);
        let mail = write(&notification);
        let letter = Letter::write(&notification, &letterhead(), now()).unwrap();
        let parsed = MessageParser::default().parse(mail.bytes()).unwrap();
        assert_eq!(parsed.subject(), Some(letter.subject.as_str()), "{name}");
        // Line ends travel as CRLF.
        let read = |text: Option<std::borrow::Cow<'_, str>>| text.unwrap().replace("\r\n", "\n");
        assert_eq!(read(parsed.body_text(0)).trim_end(), letter.text.trim_end(), "{name}");
        assert_eq!(read(parsed.body_html(0)).trim_end(), letter.html.trim_end(), "{name}");
        assert_eq!(
            (parsed.text_body_count(), parsed.html_body_count(), parsed.attachment_count()),
            (1, 1, 0),
            "{name}"
        );
    }
}

#[test]
fn its_headers_say_who_to_whom_and_when() {
    let mail = write(&receipt_to("张三"));
    let parsed = MessageParser::default().parse(mail.bytes()).unwrap();
    let address = |value: Option<&mail_parser::Address<'_>>| {
        let address = value.unwrap().first().unwrap().clone();
        (address.name.unwrap_or_default().into_owned(), address.address.unwrap_or_default().into_owned())
    };
    let office = "湖北省社会工作者登记服务中心";
    assert_eq!(address(parsed.from()), (office.to_owned(), "registry@sw.example.cn".to_owned()));
    assert_eq!(address(parsed.to()), ("张三".to_owned(), "zhang.san@mail.example.com".to_owned()));
    assert_eq!(address(parsed.reply_to()), (office.to_owned(), "help@sw.example.cn".to_owned()));
    assert_eq!(parsed.date().unwrap().to_timestamp(), now().unix_seconds());
    assert!(
        matches!(parsed.header("Auto-Submitted"), Some(HeaderValue::Text(text)) if text == "auto-generated")
    );
    assert_eq!(parsed.message_id().map(|id| format!("<{id}>")).as_deref(), Some(mail.message_id()));
    assert!(mail.message_id().ends_with("@sw.example.cn>"));
    assert_eq!(mail.envelope().from().map(ToString::to_string).as_deref(), Some("registry@sw.example.cn"));
    assert_eq!(
        mail.envelope().to().iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["zhang.san@mail.example.com"]
    );
}

#[test]
fn the_same_notification_is_the_same_mail_to_the_byte() {
    let notification = receipt_to("张三");
    assert_eq!(write(&notification).bytes(), write(&notification).bytes());
    let mut other = notification.clone();
    other.id.push('x');
    assert_ne!(write(&notification).message_id(), write(&other).message_id());
    let later = Mail::write(&notification, &letterhead(), now().plus_seconds(86_400)).unwrap();
    assert_eq!(write(&notification).message_id(), later.message_id());
}

#[test]
fn every_line_is_ascii_and_short_enough_for_any_server() {
    for (name, message) in every_message() {
        let mail = write(&to_zhang_san(message));
        assert!(mail.bytes().is_ascii(), "{name}");
        for line in mail.bytes().split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or_else(|| assert_last(line));
            // RFC 5322 allows 998; 78 is what it recommends, and a long name before an address may pass that.
            assert!(line.len() <= 100, "{name}: {}", String::from_utf8_lossy(line));
        }
    }
}

/// Only what follows the last CRLF may end without one, and that is nothing.
fn assert_last(line: &[u8]) -> &[u8] {
    assert!(line.is_empty(), "a bare line feed after {}", String::from_utf8_lossy(line));
    line
}

#[rstest]
#[case("张三\r\nBcc: thief@example.com", "张三 Bcc: thief@example.com")]
#[case("张三\nSubject: 中奖了\n\n正文", "张三 Subject: 中奖了 正文")]
#[case("张三\u{2028}\u{85}X-Evil: 1", "张三 X-Evil: 1")]
#[case("\"张三\" <thief@example.com>,", "\"张三\" <thief@example.com>,")]
#[case("=?utf-8?B?QmNjOiB4?=", "=?utf-8?B?QmNjOiB4?=")]
#[case("a\\\"b", "a\\\"b")]
fn a_name_adds_no_header_and_no_recipient(#[case] name: &str, #[case] shown: &str) {
    let plain = write(&receipt_to("张三"));
    let mail = write(&receipt_to(name));
    assert_eq!(header_names(&mail), header_names(&plain));
    assert_eq!(mail.envelope(), plain.envelope());
    let parsed = MessageParser::default().parse(mail.bytes()).unwrap();
    let to = parsed.to().unwrap();
    assert_eq!(to.iter().count(), 1, "{to:?}");
    assert_eq!(to.first().unwrap().address(), Some("zhang.san@mail.example.com"));
    assert_eq!(to.first().unwrap().name(), Some(shown));
}

#[rstest]
#[case("👩\u{200d}💻小王🎉")]
#[case("𠮷𡈽𪚥")]
#[case("阿卜杜热合曼·麦麦提明")]
#[case("O'Brien 王")]
#[case("Zoë")]
#[case("Li Lei")]
fn names_of_all_scripts_arrive_whole(#[case] name: &str) {
    let mail = write(&receipt_to(name));
    let parsed = MessageParser::default().parse(mail.bytes()).unwrap();
    assert_eq!(parsed.to().unwrap().first().unwrap().name(), Some(name));
    assert!(parsed.body_text(0).unwrap().contains(name));
}

#[rstest]
#[case("长".repeat(5_000))]
#[case("𠮷".repeat(5_000))]
#[case("a".repeat(5_000))]
fn a_very_long_name_is_cut_in_the_header_and_whole_in_the_letter(#[case] name: String) {
    let mail = write(&receipt_to(&name));
    assert!(mail.bytes().split(|byte| *byte == b'\n').all(|line| line.len() <= 100));
    let parsed = MessageParser::default().parse(mail.bytes()).unwrap();
    let shown = parsed.to().unwrap().first().unwrap().name().unwrap().to_owned();
    assert_eq!(shown.chars().count(), 60);
    assert!(shown.ends_with('…') && name.starts_with(shown.trim_end_matches('…')));
    assert!(parsed.body_text(0).unwrap().contains(&name));
}

#[test]
fn a_reader_without_a_name_is_written_to_by_address_alone() {
    let mail = write(&receipt_to(" \r\n"));
    let text = String::from_utf8_lossy(mail.bytes());
    assert!(text.contains("\r\nTo: zhang.san@mail.example.com\r\n"), "{text}");
}

#[test]
fn an_office_name_adds_no_header_either() {
    let office = "登记中心\r\nBcc: thief@example.com";
    let from = "registry@sw.example.cn".parse().unwrap();
    let hostile = Letterhead::new(office, from, None, "https://sw.example.cn", "电话").unwrap();
    let notification = to_zhang_san(registered(ApplicationKind::First));
    let mail = Mail::write(&notification, &hostile, now()).unwrap();
    assert!(!header_names(&mail).iter().any(|name| name.eq_ignore_ascii_case("bcc")));
    assert_eq!(mail.envelope().to().len(), 1);
}

#[test]
fn every_address_the_domain_takes_can_be_written_to() {
    for address in ["a@b.cn", "!#$%&'*+/=?^_`{|}~-@example.com", "x.y+z@a-b.example.com.cn", "1@1.1.cn"] {
        let mut notification = receipt_to("张三");
        notification.to = address.parse().unwrap();
        assert_eq!(write(&notification).envelope().to()[0].to_string(), address);
    }
}

/// A letterhead with links by which readers take themselves off.
fn with_links() -> Letterhead {
    let keys = format!("k1={}", "01".repeat(32)).parse().unwrap();
    let cipher = FieldCipher::new(&keys, &[9; 32]).unwrap();
    let url = "https://abcdefghij.execute-api.cn-northwest-1.amazonaws.com.cn/prod/v1/mail/unsubscribe";
    letterhead().with_unsubscribe(UnsubscribeLinks::new(url, UnsubscribeTokens::of(&cipher)).unwrap())
}

#[test]
fn what_the_office_need_not_tell_can_be_unsubscribed_by_one_click_and_nothing_else_can() {
    let mut kinds = Vec::new();
    for (name, message) in every_message() {
        let optional = !message.is_statutory();
        let notification = to_zhang_san(message);
        let mail = Mail::write(&notification, &with_links(), now()).unwrap();
        let parsed = MessageParser::default().parse(mail.bytes()).unwrap();
        let headers: Vec<_> =
            header_names(&mail).into_iter().filter(|name| name.starts_with("List-")).collect();
        let text = parsed.body_text(0).unwrap();
        if !optional {
            assert_eq!(headers, [""; 0], "{name}");
            assert!(!text.contains("unsubscribe"), "{name}");
            continue;
        }
        kinds.push(notification.message.kind().0);
        assert_eq!(headers, ["List-Unsubscribe", "List-Unsubscribe-Post"], "{name}");
        let raw = String::from_utf8(mail.bytes().to_vec()).unwrap();
        assert!(raw.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{name}: {raw}");
        let link = raw.split_once("List-Unsubscribe: <").unwrap().1.split_once(">\r\n").unwrap().0;
        assert!(link.starts_with("https://") && !link.contains(char::is_whitespace), "{link}");
        assert!(text.contains(link) && parsed.body_html(0).unwrap().contains(link), "{name}");
        assert!(raw.lines().all(|line| line.len() <= 998), "RFC 5322, section 2.1.1");
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(
        kinds,
        ["first_registration_due", "hours_recorded", "notice", "renewal_due", "returned_reminder"]
    );
}

#[test]
fn its_parts_say_which_characters_they_are_in() {
    let mail = write(&receipt_to("张三"));
    let parsed = MessageParser::default().parse(mail.bytes()).unwrap();
    let kinds: Vec<_> = parsed
        .parts
        .iter()
        .map(|part| {
            let kind = part.content_type().unwrap();
            (
                kind.ctype().to_owned(),
                kind.subtype().unwrap().to_owned(),
                kind.attribute("charset").map(str::to_owned),
            )
        })
        .collect();
    let utf8 = Some("utf-8".to_owned());
    assert_eq!(
        kinds,
        [
            ("multipart".to_owned(), "alternative".to_owned(), None),
            ("text".to_owned(), "plain".to_owned(), utf8.clone()),
            ("text".to_owned(), "html".to_owned(), utf8)
        ]
    );
    let raw = String::from_utf8(mail.bytes().to_vec()).unwrap();
    assert!(raw.contains("MIME-Version: 1.0\r\n") && raw.contains("To: =?utf-8?b?"), "{raw}");
}

#[test]
fn no_field_of_a_message_adds_a_header() {
    let evil = "x\r\nBcc: thief@example.com\r\n\r\nbody";
    let mut notification = to_zhang_san(super::returned(vec![super::reason(evil, evil)], 30));
    notification.id = evil.to_owned();
    let plain = write(&to_zhang_san(super::returned(vec![super::reason("a", "b")], 30)));
    let mail = write(&notification);
    assert_eq!(header_names(&mail), header_names(&plain));
    assert_eq!(mail.envelope(), plain.envelope());
    let parsed = MessageParser::default().parse(mail.bytes()).unwrap();
    assert_eq!((parsed.text_body_count(), parsed.html_body_count()), (1, 1));
}
