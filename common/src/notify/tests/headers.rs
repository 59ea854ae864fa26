//! What no text may do to a mail, whichever of its fields it's in; and what the plain part of each is like.

use super::{
    super::{Letter, Mail},
    digests::{digest, of_wuhan},
    every_message, letterhead, now,
    samples::with_text,
    to_zhang_san,
};
use domain::{
    digest::Digest,
    notification::{Message, Notification},
};
use mail_parser::MessageParser;
use std::collections::BTreeSet;

/// The headers of a mail that can't be unsubscribed, in order.
const HEADERS: [&str; 9] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
];

/// Ends of lines of every kind, ends of headers, what ends a quoted name or an address, and what looks encoded.
const TEXTS: [&str; 14] = [
    "x\r\nBcc: thief@example.com\r\n\r\nbody",
    "x\nBcc: thief@example.com",
    "x\rBcc: thief@example.com",
    "x\u{0}Bcc: thief@example.com",
    "x\u{b}\u{c}\u{1b}[2J",
    "x\u{85}Bcc: thief@example.com",
    "x\u{2028}Bcc: thief@example.com\u{2029}",
    "x\r\n.\r\nMAIL FROM:<thief@example.com>",
    "\"x\" <thief@example.com>, y",
    "x>; (comment) <y\\",
    "=?utf-8?B?DQpCY2M6IHRoaWVmQGV4YW1wbGUuY29t?=",
    "\u{202e}\u{2066}\u{200b}\u{feff}x",
    "𠮷👩\u{200d}💻مرحبا",
    "--=_0\r\nContent-Type: text/html\r\n\r\n<script>",
];

fn write(notification: &Notification) -> Mail {
    Mail::write(notification, &letterhead(), now()).unwrap()
}

/// The header fields of `mail` as they're written, unfolded.
fn fields(mail: &Mail) -> Vec<String> {
    let text = std::str::from_utf8(mail.bytes()).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
}

#[test]
fn no_text_in_any_field_of_any_message_changes_who_gets_what() {
    for (name, message) in every_message() {
        let plain = to_zhang_san(message);
        for text in TEXTS {
            let mail = write(&with_text(&plain, text));
            assert_eq!(mail.envelope(), write(&plain).envelope(), "{name}");
            let fields = fields(&mail);
            let names: Vec<_> = fields.iter().map(|field| field.split_once(": ").unwrap().0).collect();
            assert_eq!(&names[..], &HEADERS[..], "{name} with {text:?}");
            let allowed = |byte: &u8| matches!(byte, b'\r' | b'\n' | b'\t' | b' '..=b'~');
            assert!(mail.bytes().iter().all(allowed), "{name} with {text:?}");
            assert!(
                fields.iter().all(|field| !field.contains(['\r', '\n'])),
                "{name} with {text:?}: {fields:?}"
            );

            let parsed = MessageParser::default().parse(mail.bytes()).unwrap();
            assert_eq!((parsed.text_body_count(), parsed.html_body_count(), parsed.parts.len()), (1, 1, 3));
            let to: Vec<_> = parsed.to().unwrap().iter().map(|to| to.address().unwrap()).collect();
            assert_eq!(to, ["zhang.san@mail.example.com"], "{name} with {text:?}");
            let subject = parsed.subject().unwrap();
            assert!(
                !subject.contains(char::is_control) && !subject.contains(['\u{2028}', '\u{2029}']),
                "{subject:?}"
            );
        }
    }
}

/// The kinds are told by what the reader of a stored message expects.
#[test]
fn there_is_one_of_each_message_among_those_that_are_tried() {
    let unknown = serde_json::from_str::<Message>(r#"{ "message": "?" }"#).unwrap_err().to_string();
    let expected: BTreeSet<_> = unknown.split('`').skip(3).step_by(2).collect();
    let messages = every_message();
    let tried: BTreeSet<_> = messages.iter().map(|(_, message)| message.kind().0).collect();
    assert!(expected.len() > 20, "{unknown}");
    assert_eq!(tried, expected);
}

#[test]
fn no_name_of_a_member_of_staff_changes_who_gets_the_digest() {
    let plain = digest(of_wuhan([3, 1, 0], [2, 1, 0]));
    for name in TEXTS {
        let mail =
            Mail::digest(&Digest { name: name.to_owned(), ..plain.clone() }, &letterhead(), now()).unwrap();
        let fields = fields(&mail);
        let names: Vec<_> = fields.iter().map(|field| field.split_once(": ").unwrap().0).collect();
        assert_eq!(&names[..], &HEADERS[..], "{name:?}");
        assert_eq!(mail.envelope().to().len(), 1);
    }
}

#[test]
fn each_header_says_what_it_has_to() {
    for (name, message) in every_message() {
        let fields = fields(&write(&to_zhang_san(message)));
        let value =
            |of: &str| fields.iter().find_map(|field| field.strip_prefix(of)?.strip_prefix(": ")).unwrap();
        assert_eq!(value("Date"), "Mon, 02 Mar 2026 08:05:00 +0000", "{name}");
        assert_eq!(value("MIME-Version"), "1.0");
        let id = value("Message-ID");
        assert!(id.starts_with('<') && id.ends_with("@sw.example.cn>") && id.len() == 48, "{name}: {id}");
        // RFC 2047: Chinese is written in words of 75 characters at the most, each of them whole.
        for of in ["From", "To", "Subject", "Reply-To"] {
            let words: Vec<_> = value(of).split(' ').filter(|word| word.starts_with("=?")).collect();
            assert!(!words.is_empty(), "{name}: {of} is {}", value(of));
            for word in words {
                assert!(
                    word.starts_with("=?utf-8?b?") && word.ends_with("?=") && word.len() <= 75,
                    "{name}: {word}"
                );
            }
        }
    }
}

#[test]
fn the_plain_part_reads_by_itself() {
    for (name, message) in every_message() {
        let Letter { text, .. } = Letter::write(&to_zhang_san(message), &letterhead(), now()).unwrap();
        for line in text.lines() {
            assert!(!line.contains(['<', '>', '&']) && !line.ends_with([' ', '\u{3000}']), "{name}: {line}");
            // What opens a page is alone on its line, so that no mail program takes what follows into the address.
            let alone = line.starts_with("https://") && !line.contains(' ');
            assert!(
                alone || !line.contains("https://") || line.starts_with("本系统的链接均以 "),
                "{name}: {line}"
            );
            // Chinese text is left to each reader's program to wrap: it knows how wide its window is. What has nowhere
            // to break is short.
            let longest =
                line.split(|character: char| !character.is_ascii() || character == ' ').map(str::len).max();
            assert!(longest <= Some(78), "{name}: {line}");
        }
        assert!(!text.contains("\n\n\n"), "{name}: {text}");
    }
}
