//! One message: leased, written, handed over, marked.

use super::{Door, Outcome, Posted, Postman};
use crate::{
    notify::{Mail, MailError, SendError, wechat::Way},
    store::{Delivery, Dispatch, Leased, MOST_ATTEMPTS, StoreError},
};
use domain::{
    date::Instant,
    delivery::{BouncedAddress, Channel, MailStanding, Urgency},
    notification::{Message, Notification},
};

/// Seconds that what another message gathers waits longer than that one: longer than a sweep may have to wait for its turn.
const FOLLOWS_SECONDS: i64 = 3600;
/// Messages that are gathered into one mail, at most, beside the first.
const MOST_GATHERED: usize = 19;
/// Seconds after which a message whose turn didn't come is tried again.
const LATER_SECONDS: i64 = 60;

impl Postman {
    /// Sends the message `id` that came by `door`, unless somebody else does.
    pub async fn send(&self, door: Door, id: &str, now: Instant) -> Result<Posted, StoreError> {
        let Some(leased) = self.store.lease(id, now, door == Door::Sweep).await? else {
            return Ok(Posted { channel: Channel::Mail, outcome: Outcome::NotOurs });
        };
        let attempted = self.deliver(&leased, now).await?;
        let (channel, delivery) = (attempted.channel, &attempted.delivery);
        let outcome = match delivery {
            Delivery::Sent { .. } => Outcome::Sent,
            Delivery::Retry { .. } if leased.attempt < MOST_ATTEMPTS => Outcome::Deferred,
            Delivery::Retry { .. } | Delivery::Refused { .. } => Outcome::Dead,
            Delivery::Withheld { .. } => Outcome::Withheld,
            Delivery::Held { .. } => Outcome::Held,
        };
        for other in &attempted.gathered {
            if !self.store.mark(other, channel, delivery, now).await? {
                tracing::warn!(
                    notification = other.dispatch.id(),
                    "a message was marked after its lease had ended"
                );
            }
        }
        if !self.store.mark(&leased, channel, delivery, now).await? {
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

    /// Tries to deliver what is leased.
    async fn deliver(&self, leased: &Leased, now: Instant) -> Result<Attempted, StoreError> {
        if leased.attempt > MOST_ATTEMPTS {
            // The last attempt was never marked: its sender died, or marks fail. Sending it each time must have an end.
            let exhausted = Delivery::Retry { error: "attempts_exhausted".to_owned() };
            return Ok(Attempted::by(leased.dispatch.channel(), exhausted));
        }
        match &leased.dispatch {
            Dispatch::Letter(notification) => {
                if self.is_stopped(notification).await? {
                    let stopped = Delivery::Withheld { error: "mailing_stopped".to_owned() };
                    return Ok(Attempted::by(Channel::Mail, stopped));
                }
                let standing = self.store.mail_standing(&notification.holder).await?;
                if let Some(until) = self.held_until(&standing, notification, now).await? {
                    return Ok(Attempted::by(Channel::Mail, Delivery::Held { until }));
                }
                if let Some(wechat) = &self.wechat
                    && let Way::WeChat(delivery) =
                        wechat.deliver(&self.store, leased, notification, now).await?
                {
                    return Ok(Attempted::by(Channel::WeChat, delivery));
                }
                self.mail(&standing, notification, now).await
            }
            Dispatch::Digest(digest) => {
                if !self.pace.turn(&self.store, Urgency::Ordinary).await? {
                    return Ok(Attempted::by(Channel::Mail, later(now)));
                }
                let delivery = match self.carry(Mail::digest(digest, &self.letterhead, now)).await {
                    Ok(sent) => sent,
                    Err(failure) => failure.delivery(),
                };
                Ok(Attempted::by(Channel::Mail, delivery))
            }
            Dispatch::Call(event) => {
                Ok(Attempted::by(Channel::Call, self.webhooks.deliver(&self.store, event, now).await?))
            }
        }
    }

    /// True where `notification` is of a mailing that was stopped.
    async fn is_stopped(&self, notification: &Notification) -> Result<bool, StoreError> {
        match &notification.message {
            Message::Notice { notice, .. } => self.store.is_mailing_stopped(notice).await,
            _ => Ok(false),
        }
    }

    /// Until when `notification` waits, since its reader wants it later. Of what goes in one mail the first is to be sent in
    /// the morning and gathers the others, which wait a little longer: so no two of them are leased at once.
    async fn held_until(
        &self,
        standing: &MailStanding,
        notification: &Notification,
        now: Instant,
    ) -> Result<Option<Instant>, StoreError> {
        let Some(until) = standing.holds(notification, now) else { return Ok(None) };
        let waiting = if standing.gathers(notification) {
            self.store.still_to_be_told(&notification.holder).await?
        } else {
            Vec::new()
        };
        let follows = waiting.iter().any(|other| {
            other.id != notification.id
                && standing.gathers(other)
                && standing.holds(other, now) == Some(until)
        });
        Ok(Some(if follows { until.plus_seconds(FOLLOWS_SECONDS) } else { until }))
    }

    /// Mails `notification`, with what else its reader wants in the same mail, unless its address bounced before or its
    /// reader wants no such mail.
    async fn mail(
        &self,
        standing: &MailStanding,
        notification: &Notification,
        now: Instant,
    ) -> Result<Attempted, StoreError> {
        if let Some(withheld) = standing.withholds(notification) {
            let withheld = Delivery::Withheld { error: withheld.code().to_owned() };
            return Ok(Attempted::by(Channel::Mail, withheld));
        }
        if !self.pace.turn(&self.store, notification.message.urgency()).await? {
            return Ok(Attempted::by(Channel::Mail, later(now)));
        }
        let gathered = self.gather(standing, notification, now).await?;
        let others = gathered.iter().filter_map(|other| other.dispatch.letter());
        let all: Vec<_> = std::iter::once(notification).chain(others).cloned().collect();
        let mail = match all.as_slice() {
            [one] => Mail::write(one, &self.letterhead, now),
            many => Mail::gathered(many, &self.letterhead, now),
        };
        let delivery = match self.carry(mail).await {
            Ok(sent) => sent,
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
                failure.delivery()
            }
        };
        Ok(Attempted { channel: Channel::Mail, delivery, gathered })
    }

    /// Leases what goes in one mail with `notification`: what its reader wants once a day, to the same address, and nobody
    /// has tried yet.
    async fn gather(
        &self,
        standing: &MailStanding,
        notification: &Notification,
        now: Instant,
    ) -> Result<Vec<Leased>, StoreError> {
        let mut gathered = Vec::new();
        if !standing.gathers(notification) {
            return Ok(gathered);
        }
        for other in self.store.still_to_be_told(&notification.holder).await? {
            let fits = other.id != notification.id
                && other.to == notification.to
                && standing.gathers(&other)
                && standing.holds(&other, now).is_none();
            if fits
                && !self.is_stopped(&other).await?
                && let Some(leased) = self.store.lease(&other.id, now, false).await?
            {
                gathered.push(leased);
            }
            if gathered.len() == MOST_GATHERED {
                break;
            }
        }
        Ok(gathered)
    }

    async fn carry(&self, mail: Result<Mail, MailError>) -> Result<Delivery, Failure> {
        let id = self.carrier.send(&mail.map_err(Failure::Unwritable)?).await.map_err(Failure::Carrier)?;
        Ok(Delivery::Sent { provider_id: id.to_string() })
    }
}

/// How an attempt went.
struct Attempted {
    /// By which channel.
    channel: Channel,
    /// How.
    delivery: Delivery,
    /// What went with it in the same mail.
    gathered: Vec<Leased>,
}

impl Attempted {
    fn by(channel: Channel, delivery: Delivery) -> Self {
        Self { channel, delivery, gathered: Vec::new() }
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
