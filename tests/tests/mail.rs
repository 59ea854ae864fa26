//! Our mails over real SMTP: what the mailbox kept is what was written, and its refusals are understood.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used)]

use common::notify::{
    Carrier, Letter, Letterhead, Mail, SendError, SmtpCarrier, SmtpLogin, SmtpSettings, SmtpTls,
};
use domain::{
    application::ApplicationKind,
    date::{Instant, date},
    id::{ApplicationId, HolderId},
    notification::{Message, Notification},
};
use local::mailbox::{Failure, Mailbox, StoredMail};
use rstest::rstest;
use std::time::Duration;
use tempfile::TempDir;

struct Post {
    mailbox: Mailbox,
    carrier: Carrier,
    _folder: TempDir,
}

async fn post(login: Option<SmtpLogin>) -> Post {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = Mailbox::start(folder.path(), 0).await.unwrap();
    let address = mailbox.address();
    let settings = SmtpSettings {
        host: address.ip().to_string(),
        port: address.port(),
        tls: SmtpTls::None,
        login,
        timeout: Duration::from_secs(10),
    };
    Post { mailbox, carrier: Carrier::Smtp(SmtpCarrier::new(settings).unwrap()), _folder: folder }
}

fn letterhead() -> Letterhead {
    let from = "registry@sw.example.cn".parse().unwrap();
    Letterhead::new("湖北省社会工作者登记服务中心", from, None, "http://127.0.0.1:8080", "电话 027-12345678")
        .unwrap()
}

fn now() -> Instant {
    "2026-03-02T16:05:00+08:00".parse().unwrap()
}

/// The receipt of the `count`th submission, to somebody called `name`.
fn receipt(name: &str, count: u32) -> Notification {
    let holder = HolderId::mint(0x5eed);
    let application = ApplicationId::mint(&holder, date(2026, 2, 20), 0xa11ce);
    Notification {
        id: format!("{application}-v{count}-receipt"),
        holder,
        to: "zhang.san@mail.example.com".parse().unwrap(),
        name: name.to_owned(),
        at: now(),
        message: Message::Receipt {
            application,
            kind: ApplicationKind::First,
            receipt_number: format!("20260220-ee4m0000-{count}"),
            content_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
            submitted_at: now(),
            amendment: false,
            late: false,
            decision_due: date(2026, 4, 15),
        },
    }
}

fn mail(notification: &Notification) -> Mail {
    Mail::write(notification, &letterhead(), now()).unwrap()
}

fn lines(text: Option<&String>) -> Vec<&str> {
    text.unwrap().lines().collect()
}

fn assert_arrived(stored: &StoredMail, notification: &Notification) {
    let letter = Letter::write(notification, &letterhead(), now()).unwrap();
    assert_eq!(stored.summary.subject, letter.subject);
    assert_eq!(stored.summary.recipients, ["zhang.san@mail.example.com"]);
    assert_eq!(stored.summary.to, ["zhang.san@mail.example.com"]);
    assert!(stored.summary.from.contains("湖北省社会工作者登记服务中心"), "{}", stored.summary.from);
    assert!(stored.summary.from.contains("registry@sw.example.cn"), "{}", stored.summary.from);
    assert_eq!(stored.summary.date.unwrap().unix_timestamp(), now().unix_seconds());
    let message_id = stored.summary.message_id.as_ref().map(|id| format!("<{id}>"));
    assert_eq!(message_id.as_deref(), Some(mail(notification).message_id()));
    assert_eq!(lines(stored.text.as_ref()), letter.text.lines().collect::<Vec<_>>());
    assert_eq!(lines(stored.html.as_ref()), letter.html.lines().collect::<Vec<_>>());
}

#[rstest]
#[case(None)]
#[case(Some(SmtpLogin { user: "registry@sw.example.cn".to_owned(), password: "授权码".to_owned() }))]
#[tokio::test]
async fn a_batch_arrives_as_it_was_written(#[case] login: Option<SmtpLogin>) {
    let post = post(login).await;
    let batch: Vec<_> = (1..=5).map(|count| receipt("张三", count)).collect();
    for notification in &batch {
        post.carrier.send(&mail(notification)).await.unwrap();
    }
    let stored = post.mailbox.messages().unwrap();
    assert_eq!(stored.len(), batch.len());
    for (stored, notification) in stored.iter().zip(&batch) {
        assert_arrived(stored, notification);
    }
}

#[rstest]
#[case("张三\r\nBcc: thief@example.com\r\n\r\n正文")]
#[case("张三\r\n.\r\nMAIL FROM:<thief@example.com>")]
#[case("\"张三\" <thief@example.com>")]
#[case("👩\u{200d}💻小王𠮷")]
#[case("阿卜杜热合曼".repeat(500))]
#[tokio::test]
async fn a_name_of_any_kind_reaches_one_reader_in_one_mail(#[case] name: String) {
    let post = post(None).await;
    let notification = receipt(&name, 1);
    post.carrier.send(&mail(&notification)).await.unwrap();
    let stored = post.mailbox.messages().unwrap();
    assert_eq!(stored.len(), 1);
    assert_arrived(&stored[0], &notification);
}

#[tokio::test]
async fn refusals_and_broken_lines_are_told_apart_and_the_next_mail_passes() {
    let post = post(None).await;
    let notification = receipt("张三", 1);
    let send = async || post.carrier.send(&mail(&notification)).await;

    post.mailbox.fail_next(1, 451);
    assert!(matches!(send().await, Err(SendError::Deferred(_))));
    post.mailbox.fail_next(1, 550);
    assert!(matches!(send().await, Err(SendError::MessageRefused(_))));
    post.mailbox.fail_next(1, Failure::Disconnect);
    assert!(matches!(send().await, Err(SendError::Unreachable(_))));
    assert_eq!(post.mailbox.count(), 0);
    send().await.unwrap();
    assert_eq!(post.mailbox.count(), 1);
}

#[tokio::test]
async fn a_mail_sent_again_because_its_reply_was_lost_is_recognised_as_the_same() {
    let post = post(None).await;
    let notification = receipt("张三", 1);
    post.mailbox.fail_next(1, Failure::DisconnectAfterStoring);
    let lost = post.carrier.send(&mail(&notification)).await.unwrap_err();
    assert!(lost.is_transient());
    post.carrier.send(&mail(&notification)).await.unwrap();
    let stored = post.mailbox.messages().unwrap();
    assert_eq!(stored.len(), 2);
    assert!(stored[0].summary.message_id.is_some());
    assert_eq!(stored[0].summary.message_id, stored[1].summary.message_id);
    assert_eq!(stored[0].raw, stored[1].raw);
}

#[tokio::test]
async fn many_at_once_all_arrive_once() {
    let post = std::sync::Arc::new(post(None).await);
    let sending: Vec<_> = (1..=40)
        .map(|count| {
            let post = post.clone();
            tokio::spawn(async move { post.carrier.send(&mail(&receipt("张三", count))).await })
        })
        .collect();
    for sent in sending {
        sent.await.unwrap().unwrap();
    }
    let mut ids: Vec<_> = post.mailbox.summaries().into_iter().map(|mail| mail.message_id).collect();
    assert_eq!(ids.len(), 40);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 40);
}

/// A mailbox on the port of one that was dropped; the port is free a moment later.
async fn reopened(folder: &TempDir, port: u16) -> Mailbox {
    for _ in 0..100 {
        if let Ok(mailbox) = Mailbox::start(folder.path(), port).await {
            return mailbox;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Mailbox::start(folder.path(), port).await.unwrap()
}

#[tokio::test]
async fn a_carrier_outlives_its_servers_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailbox = Mailbox::start(folder.path(), 0).await.unwrap();
    let port = mailbox.address().port();
    let settings = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port,
        tls: SmtpTls::None,
        login: None,
        timeout: Duration::from_secs(10),
    };
    let carrier = Carrier::Smtp(SmtpCarrier::new(settings).unwrap());
    carrier.send(&mail(&receipt("张三", 1))).await.unwrap();
    drop(mailbox);
    // Restarted between two mails: the kept connection is dead, and the sender needn't notice.
    mailbox = reopened(&folder, port).await;
    carrier.send(&mail(&receipt("张三", 2))).await.unwrap();
    drop(mailbox);
    let away = carrier.send(&mail(&receipt("张三", 3))).await.unwrap_err();
    assert_eq!((away.code(), away.is_transient()), ("mail_provider_unreachable", true));
    mailbox = reopened(&folder, port).await;
    carrier.send(&mail(&receipt("张三", 3))).await.unwrap();
    assert_eq!(mailbox.count(), 3);
}
