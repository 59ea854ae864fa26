//! The SMTP carrier: lettre's connection, kept open between mails, with a time limit on the whole of each send.
//!
//! lettre's own pooled transport isn't used, for two reasons. Its async form sets no limit once connected, and where a
//! caller sets one, the connection it gave up on goes back into the pool in the middle of a command. And it doesn't
//! tell at which command a server said no: `550` to `MAIL FROM` is our fault, to `RCPT TO` the address's.

use super::{
    carrier::{ProviderMessageId, SendError, without_addresses},
    mime::Mail,
};
use lettre::transport::smtp::{
    self,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, TlsParameters},
    commands::{Data, Mail as MailFrom, Rcpt},
    extension::ClientId,
    response::Response,
};
use std::{
    error::Error as _,
    fmt,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::timeout;

/// Connections kept open while nothing is sent.
const IDLE_LIMIT: usize = 4;
/// How long a kept connection may take to say that it still lives.
const PROBE: Duration = Duration::from_secs(2);

/// How the line to the server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// Not at all: only to this machine.
    None,
    /// `STARTTLS`, which the server must offer (port 587).
    StartTls,
    /// TLS from the first byte (port 465).
    Tls,
}

/// How we sign in.
#[derive(Clone)]
pub struct SmtpLogin {
    /// The user's name, often the sender's address.
    pub user: String,
    /// The password, or what the provider calls an authorisation code (授权码).
    pub password: String,
}

impl fmt::Debug for SmtpLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpLogin(…)")
    }
}

/// Where and how mail is handed over.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Name or address of the server; its certificate must be for it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the line is protected.
    pub tls: SmtpTls,
    /// How we sign in, where the server asks for it.
    pub login: Option<SmtpLogin>,
    /// The most time that sending one mail may take, connecting included.
    pub timeout: Duration,
}

/// Settings no mail should be sent with.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSmtp {
    /// Mail would cross a network in the clear.
    #[error(
        "SMTP without TLS is only for this machine (127.0.0.1, ::1, localhost); use starttls or tls for {0}"
    )]
    Unprotected(String),
    /// TLS can't be set up for this host.
    #[error("TLS can't be set up for the SMTP server: {0}")]
    Tls(#[from] smtp::Error),
}

impl InvalidSmtp {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unprotected(_) => "smtp_unprotected",
            Self::Tls(_) => "smtp_tls_invalid",
        }
    }
}

/// Sends mail to one SMTP server.
pub struct SmtpCarrier {
    settings: SmtpSettings,
    tls: Option<TlsParameters>,
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl fmt::Debug for SmtpCarrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpCarrier").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl SmtpCarrier {
    /// Takes the settings; connects when there is a mail to send.
    pub fn new(settings: SmtpSettings) -> Result<Self, InvalidSmtp> {
        let tls = match settings.tls {
            SmtpTls::None if !is_this_machine(&settings.host) => {
                return Err(InvalidSmtp::Unprotected(settings.host));
            }
            SmtpTls::None => None,
            SmtpTls::StartTls | SmtpTls::Tls => Some(TlsParameters::new(settings.host.clone())?),
        };
        Ok(Self { settings, tls, idle: Mutex::default() })
    }

    pub(super) async fn send(&self, mail: &Mail) -> Result<ProviderMessageId, SendError> {
        // `deliver` owns its connection, so giving up on it closes the connection as well.
        match timeout(self.settings.timeout, self.deliver(mail)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(SendError::Unreachable(format!("no reply within {:?}", self.settings.timeout))),
        }
    }

    async fn deliver(&self, mail: &Mail) -> Result<ProviderMessageId, SendError> {
        let mut connection = match self.idle_connection().await {
            Some(connection) => connection,
            None => self.connect(mail).await.map_err(|error| refused_at(Stage::Opening, &error))?,
        };
        let reply = hand_over(&mut connection, mail).await?;
        let mut idle = self.idle();
        if idle.len() < IDLE_LIMIT {
            idle.push(connection);
        }
        let lines: Vec<_> = reply.message().collect();
        Ok(ProviderMessageId::new(&lines.join(" ")))
    }

    /// A kept connection that still answers. Servers hang up on silent ones, and a function may have slept for minutes.
    async fn idle_connection(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut connection = self.idle().pop()?;
            if timeout(PROBE, connection.test_connected()).await == Ok(true) {
                return Some(connection);
            }
        }
    }

    async fn connect(&self, mail: &Mail) -> Result<AsyncSmtpConnection, smtp::Error> {
        let SmtpSettings { host, port, login, .. } = &self.settings;
        // A function has no host name of its own; servers that look at the greeting look for a domain.
        let domain = mail.envelope().from().map_or("localhost", |from| from.domain());
        let hello = ClientId::Domain(domain.to_owned());
        let from_start = self.tls.clone().filter(|_| self.settings.tls == SmtpTls::Tls);
        let server = (host.as_str(), *port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, None, &hello, from_start, None).await?;
        if let (SmtpTls::StartTls, Some(tls)) = (self.settings.tls, &self.tls) {
            connection.starttls(tls.clone(), &hello).await?;
        }
        if let Some(SmtpLogin { user, password }) = login {
            let credentials = Credentials::new(user.clone(), password.clone());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<AsyncSmtpConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One mail: sender, recipients, content. The message is ASCII, so no extension is asked for.
async fn hand_over(connection: &mut AsyncSmtpConnection, mail: &Mail) -> Result<Response, SendError> {
    let envelope = mail.envelope();
    let sender = MailFrom::new(envelope.from().cloned(), Vec::new());
    connection.command(sender).await.map_err(|error| refused_at(Stage::Sender, &error))?;
    for to in envelope.to() {
        let recipient = Rcpt::new(to.clone(), Vec::new());
        connection.command(recipient).await.map_err(|error| refused_at(Stage::Recipient, &error))?;
    }
    connection.command(Data).await.map_err(|error| refused_at(Stage::Content, &error))?;
    connection.message(mail.bytes()).await.map_err(|error| refused_at(Stage::Content, &error))
}

/// How far the conversation had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Greeting, TLS, signing in.
    Opening,
    /// `MAIL FROM`
    Sender,
    /// `RCPT TO`
    Recipient,
    /// `DATA` and the message
    Content,
}

/// What a server's "no" means, by the class of its reply code (RFC 5321, section 4.2.1) and where it was said.
fn refused_at(stage: Stage, error: &smtp::Error) -> SendError {
    let detail = without_addresses(&error.to_string());
    let Some(code) = error.status().map(u16::from) else {
        // lettre's "client" errors before the mail: no STARTTLS offered, or no way of signing in that we know.
        return if error.is_client() {
            SendError::SenderRefused(detail)
        } else {
            SendError::Unreachable(detail)
        };
    };
    if error.is_transient() {
        return SendError::Deferred(detail);
    }
    // "Sign in first", whenever it's said (RFC 4954, section 6, and the 503 that QQ Mail answers).
    let wants_sign_in = matches!(code, 503 | 530 | 534 | 535 | 538);
    match stage {
        Stage::Opening | Stage::Sender => SendError::SenderRefused(detail),
        _ if wants_sign_in => SendError::SenderRefused(detail),
        // X.7.x is about permission (RFC 3463, section 3.8): "relaying denied" says nothing about the address.
        Stage::Recipient if is_about_permission(error) => SendError::SenderRefused(detail),
        Stage::Recipient if is_about_the_address(error) => SendError::RecipientRefused(detail),
        Stage::Recipient => SendError::RefusedForRecipient(detail),
        Stage::Content => SendError::MessageRefused(detail),
    }
}

fn is_about_permission(error: &smtp::Error) -> bool {
    enhanced_code(error).is_some_and(|code| code.starts_with("5.7."))
}

/// X.1.x is about the address, X.2.1 a mailbox that is closed (RFC 3463, sections 3.2 and 3.3). Where a server says no more
/// than 550, 551 or 553, that is what these are for (RFC 5321, section 4.2.3).
fn is_about_the_address(error: &smtp::Error) -> bool {
    match enhanced_code(error) {
        Some(code) => code.starts_with("5.1.") || code == "5.2.1",
        None => error.status().is_some_and(|status| matches!(u16::from(status), 550 | 551 | 553)),
    }
}

/// The enhanced status code that the reply begins with, `5.1.1`.
fn enhanced_code(error: &smtp::Error) -> Option<String> {
    let reply = error.source()?.to_string();
    let code = reply.split_whitespace().next()?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (code.split('.').count() == 3 && code.split('.').all(digits)).then(|| code.to_owned())
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
