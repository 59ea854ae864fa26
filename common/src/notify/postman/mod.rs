//! The postman: takes a message from the outbox, writes it, hands it to the carrier and marks what became of it. The
//! stream's consumer and the sweep are two doors to this one room.

mod delivering;
mod round;

pub(super) use delivering::later;
pub use round::Door;

use super::{
    Carrier, Letterhead, Pace, SesCarrier, SesSettings, SmtpCarrier, SmtpLogin, SmtpSettings, SmtpTls,
    UnsubscribeLinks, UnsubscribeTokens, WeChatChannel,
};
use crate::{
    aws::SdkParts,
    config::{ConfigError, Env},
    store::Store,
    webhook::Webhooks,
};
use domain::{contact::EmailAddress, delivery::Channel};
use std::{num::NonZeroU32, time::Duration};

/// Mails in a second, where nothing else is configured: what SES lets an account send that has left the sandbox.
const MAILS_PER_SECOND: NonZeroU32 = NonZeroU32::new(14).unwrap();
/// The most time that sending one mail may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Sent and marked.
    Sent,
    /// Not taken; it will be tried again.
    Deferred,
    /// Given up.
    Dead,
    /// Not sent, since its reader can't be reached there, or doesn't want it.
    Withheld,
    /// Not tried yet: it isn't its turn, or its reader wants it later. It counts as no attempt.
    Held,
    /// Nothing to do: sent before, or somebody else is at it.
    NotOurs,
}

/// What became of a message, and by which channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// The channel.
    pub channel: Channel,
    /// What became of it.
    pub outcome: Outcome,
}

/// Sends messages from the outbox.
pub struct Postman {
    store: Store,
    carrier: Carrier,
    letterhead: Letterhead,
    webhooks: Webhooks,
    wechat: Option<WeChatChannel>,
    pace: Pace,
}

impl Postman {
    /// Puts a postman together that knows no other way than mail, as many a second as SES lets a new account send.
    pub fn new(store: Store, carrier: Carrier, letterhead: Letterhead, webhooks: Webhooks) -> Self {
        let pace = Pace::new(Channel::Mail, MAILS_PER_SECOND);
        Self { store, carrier, letterhead, webhooks, wechat: None, pace }
    }

    /// The same, mailing at `pace`.
    #[must_use]
    pub fn at_pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// The same, sending by WeChat what its reader accepted to get that way.
    #[must_use]
    pub fn with_wechat(self, wechat: Option<WeChatChannel>) -> Self {
        Self { wechat, ..self }
    }

    /// The same, asking for WeChat's access tokens before there is need: for the one function that does.
    #[must_use]
    pub fn keeping_tokens(self) -> Self {
        let wechat = self.wechat.map(WeChatChannel::keeping_tokens);
        Self { wechat, ..self }
    }

    /// Reads `MAIL_OFFICE`, `MAIL_FROM`, `MAIL_REPLY_TO`, `MAIL_ENQUIRIES`, `PORTAL_URL`, `UNSUBSCRIBE_URL` (none, and mail
    /// has no such link), `MAIL_RATE` (mails in a second, for all who send together), `MAIL_CARRIER` (`ses` or `smtp`) and
    /// what that carrier needs, and what [`Webhooks::from_env`] and
    /// [`WeChatChannel::from_env`] read.
    pub fn from_env(env: &Env, parts: &SdkParts, store: Store) -> Result<Self, ConfigError> {
        let from: EmailAddress = env.parsed("MAIL_FROM", "the address that mail comes from")?;
        let reply_to =
            env.get("MAIL_REPLY_TO").map(|_| env.parsed("MAIL_REPLY_TO", "where answers to mail go"));
        let letterhead = Letterhead::new(
            &env.required("MAIL_OFFICE", "the office's name, which signs every mail")?,
            from,
            reply_to.transpose()?,
            &env.required("PORTAL_URL", "the address that links in mails lead to")?,
            &env.required("MAIL_ENQUIRIES", "the line that says whom to ask")?,
        );
        let mut letterhead = letterhead.map_err(|error| ConfigError::Unusable(error.to_string()))?;
        let name = "UNSUBSCRIBE_URL";
        if let Some(url) = env.get(name) {
            let malformed = || ConfigError::Malformed {
                name,
                purpose: "the address that takes readers off reminders, /v1/mail/unsubscribe of the API",
                why: format!("{url} is no address of the web without a query"),
            };
            let tokens = UnsubscribeTokens::of(store.cipher());
            letterhead =
                letterhead.with_unsubscribe(UnsubscribeLinks::new(&url, tokens).ok_or_else(malformed)?);
        }
        let purpose = "how mail is sent: ses or smtp";
        let carrier = match env.required("MAIL_CARRIER", purpose)?.as_str() {
            "ses" => Carrier::Ses(SesCarrier::new(
                parts.ses(),
                SesSettings {
                    configuration_set: env.get("SES_CONFIGURATION_SET"),
                    source_arn: env.get("SES_SOURCE_ARN"),
                },
            )),
            "smtp" => Carrier::Smtp(smtp(env)?),
            other => {
                let why = format!("{other} is neither");
                return Err(ConfigError::Malformed { name: "MAIL_CARRIER", purpose, why });
            }
        };
        let postman = Self::new(store, carrier, letterhead, Webhooks::from_env(env)?);
        let pace = Pace::from_env(env, "MAIL_RATE", Channel::Mail, MAILS_PER_SECOND)?;
        Ok(postman.at_pace(pace).with_wechat(WeChatChannel::from_env(env)?))
    }

    /// Publishes the key that calls are signed with, before any is made; one read where it was done before. An error is
    /// only logged: the next start tries again, and whoever receives a call meanwhile asks for its key again.
    pub async fn warm_up(&self) {
        if let Err(error) = self.webhooks.publish(&self.store).await {
            tracing::warn!(%error, code = error.code(), "the key of calls to service clients could not be published");
        }
    }
}

fn smtp(env: &Env) -> Result<SmtpCarrier, ConfigError> {
    let purpose = "how the line to the SMTP server is protected: tls, starttls or none (this machine only)";
    let (tls, port) = match env.required("SMTP_TLS", purpose)?.as_str() {
        "tls" => (SmtpTls::Tls, 465),
        "starttls" => (SmtpTls::StartTls, 587),
        "none" => (SmtpTls::None, 25),
        other => {
            let why = format!("{other} is none of these");
            return Err(ConfigError::Malformed { name: "SMTP_TLS", purpose, why });
        }
    };
    let login = match env.get("SMTP_USER") {
        Some(user) => {
            Some(SmtpLogin { user, password: env.required("SMTP_PASSWORD", "the password of SMTP_USER")? })
        }
        None => None,
    };
    let settings = SmtpSettings {
        host: env.required("SMTP_HOST", "the SMTP server's name")?,
        port: env.or("SMTP_PORT", "the SMTP server's port", port)?,
        tls,
        login,
        timeout: SEND_TIMEOUT,
    };
    SmtpCarrier::new(settings).map_err(|error| ConfigError::Unusable(error.to_string()))
}
