//! The mailbox: what lettre sends comes back as it was meant, an accepted mail is a kept one, failures can
//! be had on demand, and nothing a mail says can harm who looks at it.

use std::path::Path;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use local::mailbox::{Failure, Mailbox};
use local::serve::LoopbackServer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::clients::{self, Reply};

const MAIL: &str = "From: a@example.com\r\nTo: b@example.com\r\nSubject: plain\r\n\r\nhello\r\n.\r\n";

fn sender(mailbox: &Mailbox) -> AsyncSmtpTransport<Tokio1Executor> {
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
        .port(mailbox.address().port())
        .credentials(Credentials::new("any name".to_owned(), "any password".to_owned()))
        .timeout(Some(Duration::from_secs(5)))
        .build()
}

fn letter(subject: &str, html: &str) -> Message {
    Message::builder()
        .from("社会工作者登记 <no-reply@example.org>".parse().unwrap())
        .to("王小明 <wang@example.com>".parse().unwrap())
        .bcc("archive@example.org".parse().unwrap())
        .subject(subject)
        .date(std::time::UNIX_EPOCH + Duration::from_secs(1_738_310_401))
        .message_id(Some("<receipt-1@example.org>".to_owned()))
        .multipart(MultiPart::alternative_plain_html(
            "您好，\r\n.\r\n..点开头的行\r\n".to_owned(),
            html.to_owned(),
        ))
        .unwrap()
}

/// Says each line and returns all that was answered until the server hangs up.
async fn dialogue(mailbox: &Mailbox, said: &str) -> String {
    let mut connection = TcpStream::connect(mailbox.address()).await.unwrap();
    connection.write_all(said.as_bytes()).await.unwrap();
    connection.shutdown().await.unwrap();
    let mut answered = String::new();
    connection.read_to_string(&mut answered).await.unwrap();
    answered
}

/// The codes alone.
async fn codes(mailbox: &Mailbox, said: &str) -> Vec<u16> {
    let answered = dialogue(mailbox, said).await;
    let last_lines = answered.lines().filter(|line| line.as_bytes().get(3) == Some(&b' '));
    last_lines.map(|line| line[..3].parse().unwrap()).collect()
}

async fn open(folder: &Path) -> Mailbox {
    Mailbox::start(folder, 0).await.unwrap()
}

#[tokio::test]
async fn a_mail_from_lettre_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    sender(&mailbox).send(letter("申请已收到", "<p>您好</p>")).await.unwrap();
    let mails = mailbox.messages().unwrap();
    let mail = &mails[0];
    assert_eq!(mails.len(), 1);
    assert_eq!(mail.summary.from, "社会工作者登记 <no-reply@example.org>");
    assert_eq!(mail.summary.to, ["wang@example.com"]);
    assert_eq!(mail.summary.recipients, ["wang@example.com", "archive@example.org"]);
    assert_eq!(mail.summary.subject, "申请已收到");
    assert_eq!(mail.summary.date.unwrap().unix_timestamp(), 1_738_310_401);
    assert_eq!(mail.summary.message_id.as_deref(), Some("receipt-1@example.org"));
    assert_eq!(mail.html.as_deref().map(str::trim), Some("<p>您好</p>"));
    let text = mail.text.as_deref().unwrap().replace("\r\n", "\n");
    assert_eq!(text.trim_end(), "您好，\n.\n..点开头的行");
    assert!(
        mail.raw.starts_with(b"Return-Path: <no-reply@example.org>\r\nDelivered-To: <wang@example.com>\r\n")
    );
}

#[tokio::test]
async fn a_part_that_was_not_sent_is_not_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    for kind in [ContentType::TEXT_PLAIN, ContentType::TEXT_HTML] {
        let part = SinglePart::builder().header(kind).body("x".to_owned());
        let letter = Message::builder()
            .from("a@example.com".parse().unwrap())
            .to("b@example.com".parse().unwrap())
            .singlepart(part)
            .unwrap();
        sender(&mailbox).send(letter).await.unwrap();
    }
    let mails = mailbox.messages().unwrap();
    assert_eq!((mails[0].text.is_some(), mails[0].html.is_some()), (true, false));
    assert_eq!((mails[1].text.is_some(), mails[1].html.is_some()), (false, true));
}

#[tokio::test]
async fn mails_outlive_the_mailbox_and_stay_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for run in 0..3 {
        let mailbox = open(folder.path()).await;
        assert_eq!(mailbox.count(), run * 10);
        for n in 0..10 {
            sender(&mailbox).send(letter(&format!("{}", run * 10 + n), "")).await.unwrap();
        }
        let subjects: Vec<_> = mailbox.summaries().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects, (0..run * 10 + 10).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn fifty_mails_at_once_are_fifty_files() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..50 {
        let sender = sender(&mailbox);
        tasks.spawn(async move { sender.send(letter(&n.to_string(), "")).await.unwrap() });
    }
    tasks.join_all().await;
    assert_eq!(mailbox.count(), 50);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 50);
}

#[tokio::test]
async fn failures_come_as_asked_and_then_stop() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    mailbox.fail_next(1, 451);
    mailbox.fail_next(1, 550);
    mailbox.fail_next(1, Failure::Disconnect);
    let sender = sender(&mailbox);
    let later = sender.send(letter("1", "")).await.unwrap_err();
    assert!(later.is_transient(), "{later}");
    let never = sender.send(letter("2", "")).await.unwrap_err();
    assert!(never.is_permanent(), "{never}");
    let cut = sender.send(letter("3", "")).await.unwrap_err();
    assert!(!cut.is_transient() && !cut.is_permanent(), "{cut}");
    assert_eq!(mailbox.count(), 0);
    mailbox.fail_next(1, Failure::DisconnectAfterStoring);
    sender.send(letter("4", "")).await.unwrap_err();
    assert_eq!(mailbox.count(), 1, "kept, though its sender can't know");
    sender.send(letter("5", "")).await.unwrap();
    assert_eq!(mailbox.count(), 2);
}

#[tokio::test]
async fn commands_out_of_order_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    let early = "MAIL FROM:<a@b.c>\r\nEHLO\r\nEHLO x\r\nRCPT TO:<a@b.c>\r\nDATA\r\nMAIL FROM:<a@b.c>\r\n\
        MAIL FROM:<a@b.c>\r\nRCPT TO:<>\r\nRCPT TO:nobody\r\nDATA\r\nRSET\r\nNOOP\r\nVRFY a\r\nHELP\r\nQUIT\r\n";
    let expected = [220, 503, 501, 250, 503, 503, 250, 503, 501, 501, 503, 250, 250, 252, 500, 221];
    assert_eq!(codes(&mailbox, early).await, expected);
    assert_eq!(mailbox.count(), 0);
}

#[tokio::test]
async fn a_session_takes_several_mails_and_any_password() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    let one = format!("MAIL FROM:<> BODY=8BITMIME\r\nRCPT TO:<b@example.com>\r\nDATA\r\n{MAIL}");
    let said = format!(
        "EHLO x\r\nAUTH PLAIN AGEAYg==\r\nAUTH PLAIN\r\nAGEAYg==\r\nAUTH LOGIN\r\nYQ==\r\nYg==\r\nAUTH LOGIN\r\n*\r\n\
         AUTH PLAIN !\r\nAUTH PLAIN\r\n!\r\nAUTH GSSAPI\r\n{one}{one}QUIT\r\n"
    );
    let expected = [
        220, 250, 235, 334, 235, 334, 334, 235, 334, 501, 501, 334, 501, 504, 250, 250, 354, 250, 250, 250,
        354, 250, 221,
    ];
    assert_eq!(codes(&mailbox, &said).await, expected);
    assert_eq!(mailbox.count(), 2);
}

#[tokio::test]
async fn a_line_keeps_its_dots() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    // As a client sends them: one dot more in front of each line that begins with one.
    let long = "x".repeat(9_000);
    let body = format!("Subject: dots\r\n\r\n..\r\n...two\r\n..{long}\r\nno.dot\r\n.\r\n");
    let said = format!("EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c>\r\nDATA\r\n{body}QUIT\r\n");
    assert_eq!(codes(&mailbox, &said).await, [220, 250, 250, 250, 354, 250, 221]);
    let text = mailbox.messages().unwrap().remove(0).text.unwrap().replace("\r\n", "\n");
    assert_eq!(text.trim_end(), format!(".\n..two\n.{long}\nno.dot"));
}

#[tokio::test]
async fn too_large_a_mail_is_refused_before_or_after_it_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    let declared = "EHLO x\r\nMAIL FROM:<a@b.c> SIZE=10485761\r\nMAIL FROM:<a@b.c> SIZE=10485760\r\nQUIT\r\n";
    assert_eq!(codes(&mailbox, declared).await, [220, 250, 552, 250, 221]);
    // One line without an end, too.
    let body = "x".repeat(11 << 20);
    let said = format!("EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c>\r\nDATA\r\n{body}\r\n.\r\nQUIT\r\n");
    assert_eq!(codes(&mailbox, &said).await, [220, 250, 250, 250, 354, 552, 221]);
    assert_eq!(mailbox.count(), 0);
}

#[tokio::test]
async fn a_mail_cannot_be_smuggled_inside_another() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    for end in ["\n.\n", "\n.\r\n", "\r.\r\n"] {
        let body = format!("Subject: one\r\n\r\nx{end}MAIL FROM:<evil@example.com>\r\n.\r\n");
        let said = format!("EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c>\r\nDATA\r\n{body}QUIT\r\n");
        assert_eq!(codes(&mailbox, &said).await, [220, 250, 250, 250, 354, 250, 221], "{end:?}");
    }
}

#[tokio::test]
async fn a_mail_cut_off_half_way_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    let said = "EHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<a@b.c>\r\nDATA\r\nSubject: half\r\n\r\nhel";
    assert_eq!(codes(&mailbox, said).await, [220, 250, 250, 250, 354]);
    assert_eq!(mailbox.count(), 0);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_and_a_port_that_is_taken_are_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = Mailbox::start(&folder.path().join("file/mail"), 0).await.unwrap_err();
    assert_eq!(error.code(), "mailbox_folder");
    let first = open(folder.path()).await;
    let error = Mailbox::start(folder.path(), first.address().port()).await.unwrap_err();
    assert_eq!(error.code(), "mailbox_listen");
}

async fn page(mailbox: &Mailbox, path: &str) -> Reply {
    let server = LoopbackServer::start(mailbox.router(), 0).await.unwrap();
    clients::get(&format!("{}{path}", server.url())).await
}

#[tokio::test]
async fn the_list_is_newest_first_and_pages() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    assert!(page(&mailbox, "/mailbox").await.text().contains("还没有邮件"));
    for n in 0..45 {
        sender(&mailbox).send(letter(&format!("第{n}封信"), "")).await.unwrap();
    }
    let first = page(&mailbox, "/mailbox").await.text();
    assert!(
        first.contains("共 45 封") && first.contains("1 / 3") && first.contains("wang@example.com"),
        "{first}"
    );
    assert!(first.find("第44封信").unwrap() < first.find("第25封信").unwrap());
    assert!(!first.contains("第24封信") && !first.contains("rel=\"prev\""));
    let last = page(&mailbox, "/mailbox?page=3").await.text();
    assert!(last.contains("第0封信") && last.contains("第4封信") && !last.contains("第5封信"));
    assert!(!last.contains("rel=\"next\""));
    for odd in ["0", "99", "-1", "x", ""] {
        assert_eq!(page(&mailbox, &format!("/mailbox?page={odd}")).await.status, 200);
    }
}

#[tokio::test]
async fn nothing_in_a_mail_becomes_part_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = open(folder.path()).await;
    let evil = "\"><script>alert(1)</script>";
    sender(&mailbox).send(letter(evil, evil)).await.unwrap();
    let id = mailbox.summaries().remove(0).id;
    let list = page(&mailbox, "/mailbox").await;
    let mail = page(&mailbox, &format!("/mailbox/{id}")).await;
    for reply in [&list, &mail] {
        assert!(!reply.text().contains("<script"), "{}", reply.text());
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    }
    let shown = mail.text();
    assert!(shown.contains("sandbox=\"allow-popups") && !shown.contains("allow-scripts"), "{shown}");
    assert!(shown.contains("2025-01-31 16:00"), "the date is China's: {shown}");
    let raw = page(&mailbox, &format!("/mailbox/{id}/raw")).await;
    assert_eq!(raw.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(raw.header("x-content-type-options"), "nosniff");
    assert_eq!(raw.body, mailbox.messages().unwrap()[0].raw);
    for other in ["nothing", "..%2F..%2Fetc%2Fpasswd", "%00"] {
        assert_eq!(page(&mailbox, &format!("/mailbox/{other}")).await.status, 404);
        assert_eq!(page(&mailbox, &format!("/mailbox/{other}/raw")).await.status, 404);
    }
}
