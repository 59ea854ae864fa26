//! The postman: takes a message from the outbox, writes it, hands it to the carrier and marks what became of it. The
//! stream's consumer and the sweep are two doors to this one room.

use super::{
    Carrier, Letterhead, Mail, MailError, SendError, SesCarrier, SesSettings, SmtpCarrier, SmtpLogin,
    SmtpSettings, SmtpTls, UnsubscribeLinks, UnsubscribeTokens, WeChatChannel, wechat::Way,
};
use crate::{
    aws::SdkParts,
    config::{ConfigError, Env},
    store::{Delivery, Dispatch, Leased, MOST_ATTEMPTS, Store, StoreError},
    webhook::Webhooks,
};
use domain::{
    contact::EmailAddress,
    date::Instant,
    delivery::{BouncedAddress, Channel},
    notification::{Message, Notification},
};
use std::time::Duration;

/// The most time that sending one mail may take.
const SEND_TIMEOUT: Duration = Duration::from_secs(20);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Sent and marked.
    Sent,
    /// Not taken; it will be tried again.
    Deferred,
    /// Given up.
    Dead,
    /// Not sent, since its reader can't be reached there or doesn't want it, or what it belongs to was stopped.
    Withheld,
    /// Nothing to do: sent before, or somebody else is at it.
    NotOurs,
}

/// Sends messages from the outbox.
pub struct Postman {
    store: Store,
    carrier: Carrier,
    letterhead: Letterhead,
    webhooks: Webhooks,
    wechat: Option<WeChatChannel>,
}

impl Postman {
    /// Puts a postman together that knows no other way than mail.
    pub fn new(store: Store, carrier: Carrier, letterhead: Letterhead, webhooks: Webhooks) -> Self {
        Self { store, carrier, letterhead, webhooks, wechat: None }
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
    /// has no such link), `MAIL_CARRIER` (`ses` or `smtp`) and what that carrier needs, and what [`Webhooks::from_env`] and
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
        Ok(postman.with_wechat(WeChatChannel::from_env(env)?))
    }

    /// Publishes the key that calls are signed with, before any is made; one read where it was done before. An error is
    /// only logged: the next start tries again, and whoever receives a call meanwhile asks for its key again.
    pub async fn warm_up(&self) {
        if let Err(error) = self.webhooks.publish(&self.store).await {
            tracing::warn!(%error, code = error.code(), "the key of calls to service clients could not be published");
        }
    }

    /// Sends the message `id` that was just written, unless somebody was faster.
    pub async fn send_new(&self, id: &str, now: Instant) -> Result<Outcome, StoreError> {
        self.send(id, now, false).await
    }

    /// Sends the message `id` whose next attempt is due.
    pub async fn send_due(&self, id: &str, now: Instant) -> Result<Outcome, StoreError> {
        self.send(id, now, true).await
    }

    async fn send(&self, id: &str, now: Instant, due: bool) -> Result<Outcome, StoreError> {
        let Some(leased) = self.store.lease(id, now, due).await? else { return Ok(Outcome::NotOurs) };
        let (channel, delivery) = self.deliver(&leased, now).await?;
        let outcome = match &delivery {
            Delivery::Sent { .. } => Outcome::Sent,
            Delivery::Retry { .. } if leased.attempt < MOST_ATTEMPTS => Outcome::Deferred,
            Delivery::Retry { .. } | Delivery::Refused { .. } => Outcome::Dead,
            Delivery::Withheld { .. } => Outcome::Withheld,
        };
        if !self.store.mark(&leased, channel, &delivery, now).await? {
            tracing::warn!(notification = id, "a message was marked after its lease had ended");
            // What becomes of it is the other sender's to say; that it was sent stays true.
            return Ok(if outcome == Outcome::Sent { Outcome::Sent } else { Outcome::NotOurs });
        }
        if outcome == Outcome::Dead {
            tracing::error!(notification = id, ?delivery, "a message is given up");
        }
        Ok(outcome)
    }

    /// Tries to deliver what is leased, and says by which channel that was.
    async fn deliver(&self, leased: &Leased, now: Instant) -> Result<(Channel, Delivery), StoreError> {
        if leased.attempt > MOST_ATTEMPTS {
            // The last attempt was never marked: its sender died, or marks fail. Sending it each time must have an end.
            let exhausted = Delivery::Retry { error: "attempts_exhausted".to_owned() };
            return Ok((leased.dispatch.channel(), exhausted));
        }
        match &leased.dispatch {
            Dispatch::Letter(notification) => {
                if let Message::Notice { notice, .. } = &notification.message
                    && self.store.is_mailing_stopped(notice).await?
                {
                    let stopped = Delivery::Withheld { error: "mailing_stopped".to_owned() };
                    return Ok((Channel::Mail, stopped));
                }
                if let Some(wechat) = &self.wechat
                    && let Way::WeChat(delivery) =
                        wechat.deliver(&self.store, leased, notification, now).await?
                {
                    return Ok((Channel::WeChat, delivery));
                }
                Ok((Channel::Mail, self.mail(notification, now).await?))
            }
            Dispatch::Digest(digest) => {
                let delivery = match self.carry(Mail::digest(digest, &self.letterhead, now)).await {
                    Ok(sent) => sent,
                    Err(failure) => failure.delivery(),
                };
                Ok((Channel::Mail, delivery))
            }
            Dispatch::Call(event) => {
                Ok((Channel::Call, self.webhooks.deliver(&self.store, event, now).await?))
            }
        }
    }

    /// Mails `notification`, unless its address bounced before or its reader wants no such mail.
    async fn mail(&self, notification: &Notification, now: Instant) -> Result<Delivery, StoreError> {
        let standing = self.store.mail_standing(&notification.holder).await?;
        if let Some(withheld) = standing.withholds(notification) {
            return Ok(Delivery::Withheld { error: withheld.code().to_owned() });
        }
        match self.carry(Mail::write(notification, &self.letterhead, now)).await {
            Ok(sent) => Ok(sent),
            Err(failure) => {
                // First, so that a sender that dies before its mark leaves the address suppressed.
                if let Failure::Carrier(SendError::RecipientRefused(detail)) = &failure {
                    let bounce = BouncedAddress {
                        address: notification.to.clone(),
                        since: now,
                        written: notification.at,
                        detail: detail.clone(),
                    };
                    self.store.note_bounce(&notification.holder, &bounce).await?;
                }
                Ok(failure.delivery())
            }
        }
    }

    async fn carry(&self, mail: Result<Mail, MailError>) -> Result<Delivery, Failure> {
        let id = self.carrier.send(&mail.map_err(Failure::Unwritable)?).await.map_err(Failure::Carrier)?;
        Ok(Delivery::Sent { provider_id: id.to_string() })
    }
}

/// Why a mail isn't on its way.
enum Failure {
    /// It can't be written.
    Unwritable(MailError),
    /// The carrier doesn't take it.
    Carrier(SendError),
}

impl Failure {
    fn delivery(&self) -> Delivery {
        match self {
            Self::Unwritable(error) => Delivery::Refused { error: error.code().to_owned() },
            // The provider's reply has no addresses in it; see `SendError`.
            Self::Carrier(error) => {
                let text = format!("{}: {error}", error.code());
                if error.is_transient() {
                    Delivery::Retry { error: text }
                } else {
                    Delivery::Refused { error: text }
                }
            }
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
