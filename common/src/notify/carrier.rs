//! Who carries a mail: SES or an SMTP server, and what its failure means for the outbox.

use super::{
    mime::Mail,
    ses::SesCarrier,
    smtp::SmtpCarrier,
    wording::{one_line, shortened},
};
use std::fmt;

/// Replies are kept up to this many characters.
const REPLY_LIMIT: usize = 200;

/// A way to send mail. It's made once at boot and shared.
#[derive(Debug)]
pub enum Carrier {
    /// Amazon SES, API v1.
    Ses(SesCarrier),
    /// An SMTP server, e.g. where AWS has no SES.
    Smtp(SmtpCarrier),
}

impl Carrier {
    /// Hands `mail` to the provider, which then answers for it.
    ///
    /// An error doesn't prove that nothing was sent: a connection can break after the last byte and before the reply.
    pub async fn send(&self, mail: &Mail) -> Result<ProviderMessageId, SendError> {
        match self {
            Self::Ses(ses) => ses.send(mail).await,
            Self::Smtp(smtp) => smtp.send(mail).await,
        }
    }
}

/// What the provider calls the mail: SES's message id, or the SMTP server's last reply, which names its queue id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMessageId(String);

impl ProviderMessageId {
    pub(super) fn new(text: &str) -> Self {
        Self(without_addresses(text))
    }

    /// The id; one line, 200 characters at most, without an address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderMessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a mail wasn't taken. Each holds the provider's reply without addresses, fit for a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No answer: no connection, no trust in the certificate, a broken line, a time-out.
    #[error("the mail provider can't be reached: {0}")]
    Unreachable(String),
    /// Asked to come back later: SMTP's 4xx, SES's throttling.
    #[error("the mail provider asks to try later: {0}")]
    Deferred(String),
    /// The provider doesn't take mail from us: credentials, sender, quota, pause. An operator has to mend it.
    #[error("the mail provider doesn't accept us as a sender: {0}")]
    SenderRefused(String),
    /// There's no such recipient, or none that can be written to: every other mail to that address would be refused too.
    #[error("the recipient's address was refused: {0}")]
    RecipientRefused(String),
    /// This mail wasn't taken for a recipient that there may well be: a mailbox that is full, a policy.
    #[error("the mail was refused for this recipient: {0}")]
    RefusedForRecipient(String),
    /// The message itself was refused.
    #[error("the message was refused: {0}")]
    MessageRefused(String),
}

impl SendError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "mail_provider_unreachable",
            Self::Deferred(_) => "mail_deferred",
            Self::SenderRefused(_) => "mail_sender_refused",
            Self::RecipientRefused(_) => "mail_recipient_refused",
            Self::RefusedForRecipient(_) => "mail_refused_for_recipient",
            Self::MessageRefused(_) => "mail_message_refused",
        }
    }

    /// True where the same mail may be taken later. A refused sender counts too: it's not the mail's fault, and dead
    /// letters by the thousand because a password ran out would be.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Deferred(_) | Self::SenderRefused(_))
    }
}

/// `text` on one line, cut, with every word that holds an `@` replaced: servers quote addresses in their replies.
pub(super) fn without_addresses(text: &str) -> String {
    let line = one_line(text);
    let words: Vec<_> = line.split(' ').map(|word| if word.contains('@') { "…" } else { word }).collect();
    shortened(&words.join(" "), REPLY_LIMIT)
}
