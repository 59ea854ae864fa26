//! Mails as their readers see them.

use crate::{
    browser::{Browser, Screen},
    look::Look,
    pictures,
    post::{Post, letterhead},
    samples::{every_message, now, reason, returned, to_zhang_san, with_text},
};
use common::notify::{Letter, Mail};
use domain::{
    application::Stage,
    digest::{Desk, Digest, DigestLine, QueueCounts, Waiting},
    id::StaffId,
    notification::Notification,
};

const PHONE: (&str, Screen) = ("phone", Screen::PHONE);
const DESKTOP: (&str, Screen) = ("desktop", Screen::DESKTOP);

/// Whose pictures are kept: one of each look.
const SHOWN: [&str; 9] = [
    "receipt_renewal",
    "registered_first",
    "refused_first",
    "revoked_after_an_objection",
    "hours_recognised_in_part",
    "evidence_asked",
    "transferred_in",
    "renewal_due_short_of_ethics",
    "cancelled_with_what_was_open",
];
/// And at night.
const AT_NIGHT: [&str; 2] = ["receipt_renewal", "renewal_due_short_of_ethics"];

/// What is read, and where it leads.
const SEEN: &str =
    "document.body.innerText.replace(/\\s/g, '') + [...document.links].map(link => link.href).join(' ')";

/// What nobody would type, but somebody may.
fn hostile() -> String {
    let script = "<script>alert(1)</script><img src=x onerror=\"alert(1)\"><a href='http://127.0.0.1:9/'>";
    format!(
        "{script}</td></table></div>--><style>*{{display:none}}</style>\u{202e}倒写 مرحبا 𠮷 {}",
        "长".repeat(40)
    )
}

fn returned_for_several() -> Notification {
    to_zhang_san(returned(
        vec![
            reason("职业水平证书", "附件不清晰或不完整：请重新上传证书扫描件，四角应完整。\n注意避免反光。"),
            reason(
                "工作单位",
                "单位名称与社会保险缴纳证明不一致，请核对后更正，或者补充劳动合同、单位出具的工作证明等材料。",
            ),
            reason("", "填报内容与附件不一致。"),
        ],
        60,
    ))
}

fn named(name: &str) -> Notification {
    let message = every_message().into_iter().find(|(of, _)| *of == name).unwrap().1;
    to_zhang_san(message)
}

fn digest() -> Digest {
    let line = |of, stage, area: &str, [waiting, due_soon, overdue]: [u64; 3], supervised| DigestLine {
        desk: Desk { of, stage, area: area.parse().unwrap() },
        counts: QueueCounts { waiting, due_soon, overdue, ..QueueCounts::default() },
        supervised,
    };
    Digest {
        id: format!("{}-digest-20260302", StaffId::mint(7)),
        staff: StaffId::mint(7),
        to: "wang.wu@example.com".parse().unwrap(),
        name: "王五".to_owned(),
        at: "2026-03-02T09:00:00+08:00".parse().unwrap(),
        soon_working_days: 5,
        lines: vec![
            line(Waiting::Applications, Stage::Preliminary, "4201", [12, 3, 1], false),
            line(Waiting::Hours, Stage::Preliminary, "4201", [4, 0, 0], false),
            line(Waiting::Applications, Stage::Final, "42", [9, 2, 4], true),
        ],
    }
}

/// What came in a day for somebody who wants one mail of it.
fn gathered() -> Mail {
    let several = ["hours_recorded", "hours_corrected", "renewal_due_short_of_ethics"].map(named);
    Mail::gathered(&several, &letterhead(), now()).unwrap()
}

fn written(notification: &Notification) -> Mail {
    Mail::write(notification, &letterhead(), now()).unwrap()
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_look_as_they_were_approved() {
    let (post, mut browser, mut wrong) = (Post::open().await, Browser::start(), Vec::new());
    let hostile = with_text(&returned_for_several(), &hostile());
    let of_name = SHOWN.map(|name| (name, written(&named(name))));
    let mails = of_name.into_iter().chain([
        ("returned_for_several", written(&returned_for_several())),
        ("hostile", written(&hostile)),
        ("gathered", gathered()),
        ("digest", Mail::digest(&digest(), &letterhead(), now()).unwrap()),
    ]);
    for (name, mail) in mails {
        let (bare, _) = post.bring(&mail).await;
        pictures(&mut browser, &bare, name, &[PHONE, DESKTOP], &mut wrong);
        if AT_NIGHT.contains(&name) {
            pictures(&mut browser, &bare, name, &[("phone-dark", Screen::PHONE.dark())], &mut wrong);
        }
    }
    assert_none(&wrong);
}

/// Every form of every message, on the narrowest phone and by night.
#[tokio::test(flavor = "multi_thread")]
async fn every_mail_shows_all_its_text_on_any_screen_and_asks_nobody_for_anything() {
    let (post, mut browser, mut wrong) = (Post::open().await, Browser::start(), Vec::new());
    for (name, message) in every_message() {
        let notification = to_zhang_san(message);
        let letter = Letter::write(&notification, &letterhead(), now()).unwrap();
        let (bare, _) = post.bring(&written(&notification)).await;
        let looks = [
            ("phone", Look::at(&mut browser, &bare, Screen::PHONE)),
            ("small phone by night", Look::again(&mut browser, Screen::SMALL.dark())),
        ];
        for (screen, look) in looks {
            wrong.extend(look.faults.iter().map(|fault| format!("{name} on a {screen}: {fault}")));
            assert_eq!(look.hidden.len(), 1, "{name}: what lists of mails show alone: {:?}", look.hidden);
        }
        let seen = browser.run(SEEN);
        let between = |character: char| character.is_whitespace() || "【】（）：，".contains(character);
        for word in letter.text.split(between) {
            let numbered = word.trim_end_matches('.').parse::<u8>().is_ok() || word == "----";
            assert!(numbered || seen.as_str().unwrap().contains(word), "{name}: {word} isn't seen: {seen}");
        }
    }
    assert_none(&wrong);
}

/// What might do so, and two thousand characters without a blank, in every field that takes text.
#[tokio::test(flavor = "multi_thread")]
async fn no_text_breaks_a_mail_whatever_field_it_is_in() {
    let text = hostile() + "👩\u{200d}💻🎉" + &"W".repeat(2000);
    let (post, mut browser, mut wrong) = (Post::open().await, Browser::start(), Vec::new());
    for (name, message) in every_message() {
        let notification = to_zhang_san(message);
        let (bare, page) = post.bring(&written(&with_text(&notification, &text))).await;
        let look = Look::at(&mut browser, &bare, Screen::PHONE);
        wrong.extend(look.faults.iter().map(|fault| format!("{name}: {fault}")));
        assert_eq!(look.hidden.len(), 1, "{name}: {:?}", look.hidden);
        let active = browser.run("document.querySelectorAll('script, img, [onerror], body style').length");
        assert_eq!(active, 0, "{name}");
        // Such a unit is part of a subject.
        if name == "hours_claimed" {
            for (what, url) in [("its page", page), ("the list with it", post.list())] {
                let look = Look::at(&mut browser, &url, Screen::SMALL);
                wrong.extend(look.faults.iter().map(|fault| format!("{name}, {what}: {fault}")));
            }
        }
    }
    assert_none(&wrong);
}
