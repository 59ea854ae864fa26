//! One message: leased, written, handed over, marked.

use super::{Door, Outcome, Posted, Postman};
use crate::{
    notify::{Mail, MailError, SendError, wechat::Way},
    store::{Delivery, Dispatch, Leased, MOST_ATTEMPTS, StoreError},
};
use domain::{
    date::Instant,
    delivery::{BouncedAddress, Channel, Urgency},
    notification::Notification,
};

/// Seconds after which a message whose turn didn't come is tried again.
const LATER_SECONDS: i64 = 60;

impl Postman {
    /// Sends the message `id` that came by `door`, unless somebody else does.
    pub async fn send(&self, door: Door, id: &str, now: Instant) -> Result<Posted, StoreError> {
        let Some(leased) = self.store.lease(id, now, door == Door::Sweep).await? else {
            return Ok(Posted { channel: Channel::Mail, outcome: Outcome::NotOurs });
        };
        let (channel, delivery) = self.deliver(&leased, now).await?;
        let outcome = match &delivery {
            Delivery::Sent { .. } => Outcome::Sent,
            Delivery::Retry { .. } if leased.attempt < MOST_ATTEMPTS => Outcome::Deferred,
            Delivery::Retry { .. } | Delivery::Refused { .. } => Outcome::Dead,
            Delivery::Withheld { .. } => Outcome::Withheld,
            Delivery::Held { .. } => Outcome::Held,
        };
        if !self.store.mark(&leased, channel, &delivery, now).await? {
            tracing::warn!(notification = id, "a message was marked after its lease had ended");
            // What becomes of it is the other sender's to say; that it was sent stays true.
            let outcome = if outcome == Outcome::Sent { Outcome::Sent } else { Outcome::NotOurs };
            return Ok(Posted { channel, outcome });
        }
        if outcome == Outcome::Dead {
            tracing::error!(notification = id, ?delivery, "a message is given up");
        }
        Ok(Posted { channel, outcome })
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
                if let Some(wechat) = &self.wechat
                    && let Way::WeChat(delivery) =
                        wechat.deliver(&self.store, leased, notification, now).await?
                {
                    return Ok((Channel::WeChat, delivery));
                }
                Ok((Channel::Mail, self.mail(notification, now).await?))
            }
            Dispatch::Digest(digest) => {
                if !self.pace.turn(&self.store, Urgency::Ordinary).await? {
                    return Ok((Channel::Mail, later(now)));
                }
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
        if !self.pace.turn(&self.store, notification.message.urgency()).await? {
            return Ok(later(now));
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

/// What becomes of a message whose turn doesn't come.
pub(crate) fn later(now: Instant) -> Delivery {
    Delivery::Held { until: now.plus_seconds(LATER_SECONDS) }
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
