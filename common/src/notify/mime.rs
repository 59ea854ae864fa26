//! A mail as it travels: a MIME message of ASCII lines that every server passes on unchanged, and its envelope.

use super::{
    letter::Letter,
    letterhead::Letterhead,
    wording::{one_line, shortened},
};
use domain::{contact::EmailAddress, date::Instant, digest::Digest, notification::Notification};
use lettre::{
    Address, Message,
    address::{AddressError, Envelope},
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use ring::digest::{SHA256, digest};
use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// Names in headers are cut here. The longest registered name of a Chinese citizen has fifteen characters; a server may
/// refuse a header that goes on for pages.
const NAME_LIMIT: usize = 60;

/// A message ready to be sent. The same notification always makes the same `Message-ID`, so that a mail sent twice,
/// which "at least once" allows, is recognised as one.
#[derive(Debug, Clone)]
pub struct Mail {
    envelope: Envelope,
    notification: String,
    message_id: String,
    bytes: Vec<u8>,
}

/// Why a notification can't become a mail. Trying again doesn't help.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The address isn't one mail can be sent to, though the domain took it for one.
    #[error("the address can't be used in a mail: {0}")]
    Address(#[from] AddressError),
    /// The message couldn't be put together.
    #[error("the message couldn't be built: {0}")]
    Build(#[from] lettre::error::Error),
    /// The text couldn't be written.
    #[error("the text couldn't be written")]
    Text(#[from] fmt::Error),
}

impl MailError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Address(_) => "mail_address_invalid",
            Self::Build(_) => "mail_not_built",
            Self::Text(_) => "mail_not_written",
        }
    }
}

impl Mail {
    /// Writes `notification` on `letterhead`; `now` becomes its `Date` and the day from which days left are counted.
    pub fn write(
        notification: &Notification,
        letterhead: &Letterhead,
        now: Instant,
    ) -> Result<Self, MailError> {
        let letter = Letter::write(notification, letterhead, now)?;
        let Notification { id, name, to, .. } = notification;
        Self::compose(&[id], (name, to), letter, letterhead, now)
    }

    /// Writes `notifications`, all to the reader of the first, as one mail, known by the first of them.
    pub fn gathered(
        notifications: &[Notification],
        letterhead: &Letterhead,
        now: Instant,
    ) -> Result<Self, MailError> {
        let letter = Letter::gathered(notifications, letterhead, now)?;
        let Some(Notification { name, to, .. }) = notifications.first() else {
            return Err(MailError::Text(fmt::Error));
        };
        let ids: Vec<_> = notifications.iter().map(|notification| notification.id.as_str()).collect();
        Self::compose(&ids, (name, to), letter, letterhead, now)
    }

    /// Writes `digest` on `letterhead`; `now` becomes its `Date`.
    pub fn digest(digest: &Digest, letterhead: &Letterhead, now: Instant) -> Result<Self, MailError> {
        let letter = Letter::digest(digest, letterhead, now)?;
        let Digest { id, name, to, .. } = digest;
        Self::compose(&[id], (name, to), letter, letterhead, now)
    }

    /// The messages `ids`, of which the first is the one it's known by, to somebody by name and address.
    fn compose(
        ids: &[&str],
        (name, to): (&str, &EmailAddress),
        letter: Letter,
        letterhead: &Letterhead,
        now: Instant,
    ) -> Result<Self, MailError> {
        // Another mail where it has other messages in it.
        let digest = hex::encode(digest(&SHA256, ids.join("+").as_bytes()));
        let message_id = format!("<{}@{}>", &digest[..32], letterhead.domain());
        let reader = shortened(&one_line(name), NAME_LIMIT);
        let mut message = Message::builder()
            .from(mailbox(&letterhead.office, &letterhead.from)?)
            .to(mailbox(&reader, to)?)
            .subject(letter.subject)
            .date(system_time(now))
            .message_id(Some(message_id.clone()))
            .raw_header(HeaderValue::new(
                // RFC 3834: keeps holiday answers and other robots from writing back.
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        if let Some(link) = &letter.unsubscribe {
            // RFC 8058: the mail program posts the second to the first when its reader asks it to.
            for (name, value) in [
                ("List-Unsubscribe", format!("<{link}>")),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
            ] {
                message = message.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
            }
        }
        if let Some(reply_to) = &letterhead.reply_to {
            message = message.reply_to(mailbox(&letterhead.office, reply_to)?);
        }
        let message = message.multipart(
            // `=_` occurs in neither base64 nor quoted-printable, so no body can hold the boundary; and it being no
            // random one, a mail sent twice is the same to the byte.
            MultiPart::alternative()
                .boundary(format!("=_{}", &digest[32..]))
                .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(letter.text))
                .singlepart(SinglePart::builder().header(ContentType::TEXT_HTML).body(letter.html)),
        )?;
        Ok(Self {
            envelope: message.envelope().clone(),
            notification: ids.first().copied().unwrap_or_default().to_owned(),
            message_id,
            bytes: message.formatted(),
        })
    }

    /// The notification that it carries.
    pub fn notification(&self) -> &str {
        &self.notification
    }

    /// Sender and recipient as the carrier is told.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Its `Message-ID`, in angle brackets. SES replaces it by its own.
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// The message, headers and body, lines ended by CRLF.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn mailbox(name: &str, address: &EmailAddress) -> Result<Mailbox, AddressError> {
    let address: Address = address.as_str().parse()?;
    Ok(Mailbox::new((!name.is_empty()).then(|| name.to_owned()), address))
}

fn system_time(at: Instant) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.unix_millis()).unwrap_or_default())
}
