//! The receiving side of SMTP (RFC 5321), small and strict: enough for any client that submits mail to a
//! relay it trusts. Our own rather than a crate's, because a test must be able to make it refuse or hang
//! up at a chosen moment, and the crates that exist have not been kept up.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::store::Store;
use super::{Failure, Failures};

/// The largest message taken, in bytes; said in the greeting's `SIZE`. Amazon SES takes 10 MB by default.
pub(super) const MAX_MESSAGE: usize = 10 * 1024 * 1024;

/// RFC 5321 §4.5.3.1.4 asks for 512 octets; an `AUTH PLAIN` line may be longer.
const MAX_LINE: u64 = 4096;

/// RFC 5321 §4.5.3.1.8: at least 100 recipients.
const MAX_RECIPIENTS: usize = 100;

/// A client that says nothing for this long is let go (RFC 5321 §4.5.3.2.7 asks for 5 minutes).
const IDLE: Duration = Duration::from_mins(5);

/// Who a message is from and for, as the client's `MAIL` and `RCPT` commands said.
#[derive(Debug, Default)]
pub(super) struct Envelope {
    pub from: Option<String>,
    pub to: Vec<String>,
}

/// Takes connections for ever. Dropping the future ends them all.
pub(super) async fn serve(listener: TcpListener, store: Arc<Store>, failures: Arc<Failures>) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((connection, _)) => {
                    let session = Session::new(connection, store.clone(), failures.clone());
                    sessions.spawn(async move {
                        if let Err(error) = session.run().await {
                            tracing::debug!(%error, "an SMTP connection ended early");
                        }
                    });
                }
                Err(error) => {
                    // Out of file handles, most likely: give others a chance to close theirs.
                    tracing::warn!(%error, "an SMTP connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = sessions.join_next() => {}
        }
    }
}

/// What a command leads to.
enum Next {
    Reply(&'static str),
    Data,
    /// Ask for one more line, with this challenge.
    Ask(&'static str, Pending),
    HangUp(&'static str),
}

/// The second and third line of an `AUTH` exchange. Any name and password will do.
#[derive(Clone, Copy)]
enum Pending {
    Password,
    Done,
}

struct Session {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    store: Arc<Store>,
    failures: Arc<Failures>,
    greeted: bool,
    envelope: Envelope,
}

impl Session {
    fn new(connection: TcpStream, store: Arc<Store>, failures: Arc<Failures>) -> Self {
        let (reader, writer) = connection.into_split();
        let envelope = Envelope::default();
        Self { reader: BufReader::new(reader), writer, store, failures, greeted: false, envelope }
    }

    async fn run(mut self) -> io::Result<()> {
        self.say("220 localhost ESMTP mailbox").await?;
        while let Some(line) = self.line().await? {
            match self.command(&line) {
                Next::Reply(reply) => self.say(reply).await?,
                Next::Data => {
                    if !self.data().await? {
                        return Ok(());
                    }
                }
                Next::Ask(challenge, pending) => {
                    if !self.authenticate(challenge, pending).await? {
                        return Ok(());
                    }
                }
                Next::HangUp(reply) => return self.say(reply).await,
            }
        }
        Ok(())
    }

    fn command(&mut self, line: &str) -> Next {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" if !rest.trim().is_empty() => {
                self.greeted = true;
                self.envelope = Envelope::default();
                Next::Reply(
                    "250-localhost\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN",
                )
            }
            "HELO" if !rest.trim().is_empty() => {
                self.greeted = true;
                self.envelope = Envelope::default();
                Next::Reply("250 localhost")
            }
            "MAIL" => self.mail(rest),
            "RCPT" => self.recipient(rest),
            "DATA" if self.envelope.to.is_empty() => Next::Reply("503 5.5.1 MAIL and RCPT come first"),
            "DATA" => Next::Data,
            "RSET" => {
                self.envelope = Envelope::default();
                Next::Reply("250 2.0.0 forgotten")
            }
            "NOOP" => Next::Reply("250 2.0.0 ok"),
            "VRFY" => Next::Reply("252 2.5.2 send some mail and see"),
            "AUTH" => authentication(rest),
            "QUIT" => Next::HangUp("221 2.0.0 goodbye"),
            "EHLO" | "HELO" => Next::Reply("501 5.5.4 say who you are"),
            _ => Next::Reply("500 5.5.2 no such command"),
        }
    }

    fn mail(&mut self, rest: &str) -> Next {
        if !self.greeted {
            return Next::Reply("503 5.5.1 EHLO comes first");
        }
        if self.envelope.from.is_some() {
            return Next::Reply("503 5.5.1 one MAIL at a time; RSET starts over");
        }
        let Some((path, parameters)) = address(rest, "FROM:") else {
            return Next::Reply("501 5.5.4 MAIL FROM:<address> expected");
        };
        let declared = parameters
            .split_ascii_whitespace()
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.eq_ignore_ascii_case("SIZE"));
        if let Some((_, size)) = declared
            && !size.parse::<usize>().is_ok_and(|size| size <= MAX_MESSAGE)
        {
            return Next::Reply("552 5.3.4 message too large");
        }
        self.envelope.from = Some(path.to_owned());
        Next::Reply("250 2.1.0 ok")
    }

    fn recipient(&mut self, rest: &str) -> Next {
        if self.envelope.from.is_none() {
            return Next::Reply("503 5.5.1 MAIL comes first");
        }
        if self.envelope.to.len() == MAX_RECIPIENTS {
            return Next::Reply("452 4.5.3 too many recipients");
        }
        if let Some(Failure::Recipient(reply)) = self.failures.next(true) {
            return Next::Reply(reply);
        }
        match address(rest, "TO:") {
            Some((path, _)) if !path.is_empty() => {
                self.envelope.to.push(path.to_owned());
                Next::Reply("250 2.1.5 ok")
            }
            _ => Next::Reply("501 5.5.4 RCPT TO:<address> expected"),
        }
    }

    /// Takes one message and answers it; false when the connection is to be dropped.
    async fn data(&mut self) -> io::Result<bool> {
        self.say("354 go ahead, end with a dot on a line of its own").await?;
        let Some(message) = self.message().await? else { return Ok(false) };
        let envelope = std::mem::take(&mut self.envelope);
        let Some(message) = message else {
            self.say("552 5.3.4 message too large").await?;
            return Ok(true);
        };
        match self.failures.next(false) {
            Some(Failure::Reply(code)) => {
                let class = code / 100;
                self.say(&format!("{code} {class}.0.0 refused, as the test asked")).await?;
                Ok(true)
            }
            Some(Failure::Disconnect | Failure::Recipient(_)) => Ok(false),
            Some(Failure::DisconnectAfterStoring) => {
                self.keep(envelope, message).await?;
                Ok(false)
            }
            None => {
                // Told only after it is on disk: an accepted mail is a kept one.
                let reply = match self.keep(envelope, message).await {
                    Ok(()) => "250 2.0.0 kept",
                    Err(error) => {
                        tracing::error!(%error, "a mail could not be stored");
                        "451 4.3.0 could not be stored, try again"
                    }
                };
                self.say(reply).await?;
                Ok(true)
            }
        }
    }

    async fn keep(&self, envelope: Envelope, message: Vec<u8>) -> io::Result<()> {
        let store = self.store.clone();
        let stored = tokio::task::spawn_blocking(move || store.add(&envelope, &message)).await;
        stored.map_err(io::Error::other)?
    }

    /// Reads up to the line with the lone dot, undoing dot-stuffing. `None` when the client went away,
    /// `Some(None)` when there was more than [`MAX_MESSAGE`].
    ///
    /// Only CR LF ends a line here: taking a bare LF too is what lets one message be smuggled in another.
    async fn message(&mut self) -> io::Result<Option<Option<Vec<u8>>>> {
        let mut message = Vec::new();
        let mut size = 0;
        let mut piece = Vec::new();
        let mut line_starts = true;
        let mut ends_in_cr = false;
        loop {
            piece.clear();
            if within((&mut self.reader).take(MAX_LINE).read_until(b'\n', &mut piece)).await? == 0 {
                return Ok(None);
            }
            if line_starts && piece == b".\r\n" {
                return Ok(Some((size <= MAX_MESSAGE).then_some(message)));
            }
            let content = if line_starts && piece.starts_with(b".") { &piece[1..] } else { &piece[..] };
            size += content.len();
            if size <= MAX_MESSAGE {
                message.extend_from_slice(content);
            } else {
                message = Vec::new();
            }
            line_starts = piece.ends_with(b"\r\n") || (ends_in_cr && piece == b"\n");
            ends_in_cr = piece.ends_with(b"\r");
        }
    }

    /// Plays an `AUTH` exchange to its end; false when the client went away.
    async fn authenticate(&mut self, challenge: &'static str, pending: Pending) -> io::Result<bool> {
        let mut step = Some((challenge, pending));
        while let Some((challenge, pending)) = step {
            self.say(challenge).await?;
            let Some(answer) = self.line().await? else { return Ok(false) };
            if answer == "*" || STANDARD.decode(&answer).is_err() {
                self.say("501 5.5.2 not base64, or given up").await?;
                return Ok(true);
            }
            step = match pending {
                Pending::Password => Some(("334 UGFzc3dvcmQ6", Pending::Done)),
                Pending::Done => None,
            };
        }
        self.say("235 2.7.0 welcome").await?;
        Ok(true)
    }

    /// One command line without its end; `None` when the client hung up.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        if within((&mut self.reader).take(MAX_LINE).read_until(b'\n', &mut line)).await? == 0 {
            return Ok(None);
        }
        if !line.ends_with(b"\n") {
            self.say("500 5.5.2 line too long").await?;
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    async fn say(&mut self, reply: &str) -> io::Result<()> {
        self.writer.write_all(format!("{reply}\r\n").as_bytes()).await
    }
}

/// How an `AUTH` command goes on.
fn authentication(rest: &str) -> Next {
    let (mechanism, initial) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
    match (mechanism.to_ascii_uppercase().as_str(), initial) {
        ("PLAIN", "") => Next::Ask("334 ", Pending::Done),
        ("PLAIN", initial) if STANDARD.decode(initial).is_ok() => Next::Reply("235 2.7.0 welcome"),
        ("LOGIN", "") => Next::Ask("334 VXNlcm5hbWU6", Pending::Password),
        ("LOGIN", initial) if STANDARD.decode(initial).is_ok() => {
            Next::Ask("334 UGFzc3dvcmQ6", Pending::Done)
        }
        ("PLAIN" | "LOGIN", _) => Next::Reply("501 5.5.2 not base64"),
        _ => Next::Reply("504 5.5.4 PLAIN or LOGIN"),
    }
}

/// Splits `FROM:<path> PARAMETER=…` after its keyword into the path and the parameters.
fn address<'a>(rest: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let head = rest.get(..keyword.len())?;
    if !head.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let (path, parameters) = rest[keyword.len()..].trim_start().strip_prefix('<')?.split_once('>')?;
    let plain = path.chars().all(|c| !c.is_control() && !c.is_whitespace());
    plain.then_some((path, parameters))
}

/// Bounds a read by [`IDLE`].
async fn within<T>(read: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(IDLE, read).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}
