//! Conversations with an SMTP server that says what the test wants. A round trip with a real one is in crate `tests`.

use super::{
    super::{Carrier, InvalidSmtp, Mail, SendError, SmtpCarrier, SmtpLogin, SmtpSettings, SmtpTls},
    letterhead, now, receipt, to_zhang_san,
};
use domain::application::ApplicationKind;
use rstest::rstest;
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// Answers `command` instead of the usual way; an empty answer is silence, `hang up` ends the connection.
#[derive(Clone, Copy, Default)]
struct Script {
    command: &'static str,
    answer: &'static str,
}

/// A server on a port of its own, and all that it was told, a line each; `connect` marks a new connection.
struct Server {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                log.lock().unwrap().push("connect".to_owned());
                tokio::spawn(talk(stream, script, Arc::clone(&log)));
            }
        });
        Self { port, heard }
    }

    fn carrier(&self, tls: SmtpTls, login: bool, timeout: Duration) -> Carrier {
        let login = login
            .then(|| SmtpLogin { user: "registry@sw.example.cn".to_owned(), password: "secret".to_owned() });
        let settings = SmtpSettings { host: "127.0.0.1".to_owned(), port: self.port, tls, login, timeout };
        Carrier::Smtp(SmtpCarrier::new(settings).unwrap())
    }

    fn plain(&self) -> Carrier {
        self.carrier(SmtpTls::None, false, Duration::from_secs(5))
    }

    fn times_heard(&self, start: &str) -> usize {
        self.heard.lock().unwrap().iter().filter(|line| line.starts_with(start)).count()
    }
}

async fn talk(stream: TcpStream, script: Script, log: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let mut command = "connect".to_owned();
    let mut in_message = false;
    loop {
        let usual = match command.split([' ', ':']).next().unwrap_or_default() {
            "connect" => "220 ready",
            "EHLO" => "250-here\r\n250 AUTH PLAIN LOGIN",
            "AUTH" => "235 2.7.0 welcome",
            "DATA" => "354 go on",
            "." => "250 2.0.0 Ok: queued as 4F2A <zhang.san@mail.example.com>",
            _ => "250 2.0.0 Ok",
        };
        let answer = if command.starts_with(script.command) && !script.command.is_empty() {
            script.answer
        } else {
            usual
        };
        match answer {
            "" => {}
            "hang up" => return,
            answer => _ = stream.write_all(format!("{answer}\r\n").as_bytes()).await,
        }
        if command == "STARTTLS" || answer.is_empty() {
            let mut first = [0; 3];
            _ = stream.read_exact(&mut first).await;
            log.lock().unwrap().push(format!("bytes {first:02x?}"));
            return;
        }
        in_message = command == "DATA" && answer.starts_with('3') || in_message && command != ".";
        loop {
            command.clear();
            if stream.read_line(&mut command).await.unwrap_or(0) == 0 {
                return;
            }
            command.truncate(command.trim_end().len());
            if !in_message || command == "." {
                break;
            }
        }
        log.lock().unwrap().push(command.clone());
    }
}

fn mail() -> Mail {
    let notification = to_zhang_san(receipt(ApplicationKind::First, false, false));
    Mail::write(&notification, &letterhead(), now()).unwrap()
}

#[tokio::test]
async fn mails_of_a_batch_go_over_one_connection() {
    let server = Server::start(Script::default()).await;
    let carrier = server.plain();
    for _ in 0..3 {
        let id = carrier.send(&mail()).await.unwrap();
        assert_eq!(id.as_str(), "2.0.0 Ok: queued as 4F2A …");
    }
    assert_eq!(server.times_heard("connect"), 1);
    assert_eq!(server.times_heard("MAIL FROM:<registry@sw.example.cn>"), 3);
    assert_eq!(server.times_heard("RCPT TO:<zhang.san@mail.example.com>"), 3);
    assert_eq!(server.times_heard("EHLO sw.example.cn"), 1);
}

#[tokio::test]
async fn a_kept_connection_that_died_is_replaced() {
    let server = Server::start(Script { command: "NOOP", answer: "hang up" }).await;
    let carrier = server.plain();
    carrier.send(&mail()).await.unwrap();
    carrier.send(&mail()).await.unwrap();
    assert_eq!(server.times_heard("connect"), 2);
    assert_eq!(server.times_heard("."), 2);
}

#[rstest]
#[case::greeting_busy("connect", "421 4.3.2 too busy", "mail_deferred", true)]
#[case::greeting_refused("connect", "554 5.7.1 not you", "mail_sender_refused", true)]
#[case::wrong_password("AUTH", "535 5.7.8 authentication failed", "mail_sender_refused", true)]
#[case::sender_refused("MAIL", "553 Mail from must equal authorized user", "mail_sender_refused", true)]
#[case::sender_greylisted("MAIL", "451 4.7.1 later", "mail_deferred", true)]
#[case::mailbox_full_for_now("RCPT", "452 4.2.2 mailbox full", "mail_deferred", true)]
#[case::no_such_mailbox(
    "RCPT",
    "550 5.1.1 <zhang.san@mail.example.com> unknown",
    "mail_recipient_refused",
    false
)]
#[case::no_such_mailbox_bare("RCPT", "550 ", "mail_recipient_refused", false)]
#[case::moved("RCPT", "551 user not local", "mail_recipient_refused", false)]
#[case::mailbox_closed("RCPT", "550 5.2.1 mailbox disabled", "mail_recipient_refused", false)]
#[case::mailbox_full("RCPT", "552 5.2.2 mailbox full", "mail_refused_for_recipient", false)]
#[case::over_quota_bare("RCPT", "552 quota exceeded", "mail_refused_for_recipient", false)]
#[case::routing_failed("RCPT", "550 5.4.1 no answer from host", "mail_refused_for_recipient", false)]
#[case::relaying_denied("RCPT", "554 5.7.1 relay access denied", "mail_sender_refused", true)]
#[case::sign_in_first("RCPT", "530 5.7.0 authentication required", "mail_sender_refused", true)]
#[case::not_ready_for_data("DATA", "451 4.3.0 queue file write error", "mail_deferred", true)]
#[case::content_deferred(".", "450 4.7.0 try again", "mail_deferred", true)]
#[case::content_refused(".", "554 5.7.1 spam", "mail_message_refused", false)]
#[case::too_large(".", "552 5.3.4 too large", "mail_message_refused", false)]
#[case::lost_before_the_reply(".", "hang up", "mail_provider_unreachable", true)]
#[case::nonsense("MAIL", "hello", "mail_provider_unreachable", true)]
#[tokio::test]
async fn a_no_is_understood_by_its_code_and_place(
    #[case] command: &'static str,
    #[case] answer: &'static str,
    #[case] code: &str,
    #[case] transient: bool,
) {
    let server = Server::start(Script { command, answer }).await;
    let carrier = server.carrier(SmtpTls::None, true, Duration::from_secs(5));
    let error = carrier.send(&mail()).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), (code, transient), "{error}");
    assert!(!error.to_string().contains('@') && !error.to_string().contains("secret"), "{error}");
}

#[tokio::test]
async fn a_refused_mail_does_not_harm_the_next() {
    let server = Server::start(Script { command: "RCPT", answer: "550 5.1.1 unknown" }).await;
    let carrier = server.plain();
    for _ in 0..2 {
        assert!(matches!(carrier.send(&mail()).await, Err(SendError::RecipientRefused(_))));
    }
    assert_eq!(server.times_heard("MAIL"), 2);
}

#[rstest]
#[case("connect")]
#[case("EHLO")]
#[case("RCPT")]
#[case(".")]
#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_and_its_connection_not_kept(#[case] command: &'static str) {
    let server = Server::start(Script { command, answer: "" }).await;
    let carrier = server.carrier(SmtpTls::None, false, Duration::from_millis(200));
    for _ in 0..2 {
        let start = Instant::now();
        assert!(matches!(carrier.send(&mail()).await, Err(SendError::Unreachable(_))));
        assert!(start.elapsed() < Duration::from_secs(2));
    }
    assert_eq!(server.times_heard("connect"), 2);
    assert_eq!(server.times_heard("NOOP"), 0);
}

#[tokio::test]
async fn nobody_listening_is_worth_another_try() {
    let port = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let error = Server { port, heard: Arc::default() }.plain().send(&mail()).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("mail_provider_unreachable", true));
}

#[tokio::test]
async fn with_tls_the_first_byte_is_already_a_handshake() {
    let server = Server::start(Script { command: "connect", answer: "" }).await;
    let carrier = server.carrier(SmtpTls::Tls, true, Duration::from_secs(5));
    assert!(matches!(carrier.send(&mail()).await, Err(SendError::Unreachable(_))));
    assert_eq!(server.times_heard("bytes [16, 03, 01]"), 1, "{:?}", server.heard.lock());
}

#[tokio::test]
async fn with_starttls_nothing_but_a_greeting_is_said_before_the_handshake() {
    let offers = Script { command: "EHLO", answer: "250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS" };
    let server = Server::start(offers).await;
    let carrier = server.carrier(SmtpTls::StartTls, true, Duration::from_secs(5));
    assert!(matches!(carrier.send(&mail()).await, Err(SendError::Unreachable(_))));
    let heard = server.heard.lock().unwrap().clone();
    assert_eq!(heard, ["connect", "EHLO sw.example.cn", "STARTTLS", "bytes [16, 03, 01]"]);
}

#[tokio::test]
async fn a_server_that_takes_starttls_out_of_its_offer_gets_no_password_and_no_mail() {
    let server = Server::start(Script::default()).await;
    let carrier = server.carrier(SmtpTls::StartTls, true, Duration::from_secs(5));
    assert!(matches!(carrier.send(&mail()).await, Err(SendError::SenderRefused(_))));
    assert_eq!(server.times_heard("AUTH") + server.times_heard("MAIL"), 0);
}

#[rstest]
#[case("127.0.0.1", true)]
#[case("127.8.8.8", true)]
#[case("::1", true)]
#[case("localhost", true)]
#[case("localhost.example.cn", false)]
#[case("smtp.example.cn", false)]
#[case("192.168.1.5", false)]
#[case("", false)]
fn only_this_machine_is_spoken_to_in_the_clear(#[case] host: &str, #[case] good: bool) {
    let settings = |tls| SmtpSettings {
        host: host.to_owned(),
        port: 25,
        tls,
        login: Some(SmtpLogin { user: "u".to_owned(), password: "p".to_owned() }),
        timeout: Duration::from_secs(1),
    };
    let plain = SmtpCarrier::new(settings(SmtpTls::None));
    assert_eq!(matches!(plain, Err(InvalidSmtp::Unprotected(_))), !good);
    let carrier = SmtpCarrier::new(settings(SmtpTls::Tls)).unwrap();
    assert!(!format!("{carrier:?}").contains("\"p\""), "{carrier:?}");
}
