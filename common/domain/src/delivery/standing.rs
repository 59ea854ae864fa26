//! How mail to one holder fares.

use super::{QuietHours, Urgency, Wishes, wishes::digest_after};
use crate::{contact::EmailAddress, date::Instant, id::HolderId, notification::Notification};
use serde::{Deserialize, Serialize};

/// An address that every mail would come back from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BouncedAddress {
    /// The address.
    pub address: EmailAddress,
    /// When it became known.
    pub since: Instant,
    /// When the message was written that came back.
    pub written: Instant,
    /// What the provider said, without an address.
    pub detail: String,
}

/// Why a message isn't sent by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// Its address bounced before.
    AddressBounced,
    /// The reader wants no reminders.
    Unsubscribed,
}

impl Withheld {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::AddressBounced => "address_bounced",
            Self::Unsubscribed => "unsubscribed",
        }
    }
}

/// How mail to a holder fares. One record; version 0 for who was never heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailStanding {
    /// The holder.
    pub holder: HolderId,
    /// Grows by one with each change.
    pub version: u64,
    /// The last address that bounced for good.
    #[serde(default)]
    pub bounced: Option<BouncedAddress>,
    /// True where the holder wants no reminders by mail.
    #[serde(default)]
    pub reminders_off: bool,
    /// When they want nothing that can wait.
    #[serde(default)]
    pub quiet: Option<QuietHours>,
    /// True where they want what can wait once a day, in one mail.
    #[serde(default)]
    pub digest: bool,
    /// When they last said any of this.
    #[serde(default)]
    pub reminders_set_at: Option<Instant>,
}

impl MailStanding {
    /// That of a holder who was never heard of.
    pub fn new(holder: HolderId) -> Self {
        Self {
            holder,
            version: 0,
            bounced: None,
            reminders_off: false,
            quiet: None,
            digest: false,
            reminders_set_at: None,
        }
    }

    /// Why `notification` isn't sent by mail; nothing where it is.
    pub fn withholds(&self, notification: &Notification) -> Option<Withheld> {
        if self.bounce_of(&notification.to).is_some() {
            return Some(Withheld::AddressBounced);
        }
        (self.reminders_off && !notification.message.is_statutory()).then_some(Withheld::Unsubscribed)
    }

    /// Until when `notification` waits, since its reader wants it later than `now`; none where it doesn't. What is urgent never
    /// does.
    pub fn holds(&self, notification: &Notification, now: Instant) -> Option<Instant> {
        if notification.message.urgency() == Urgency::Urgent {
            return None;
        }
        let digest = self.digest.then(|| digest_after(notification.at)).filter(|morning| *morning > now);
        let quiet = self.quiet.and_then(|quiet| quiet.end_at(digest.unwrap_or(now)));
        quiet.or(digest)
    }

    /// True where `notification` goes in one mail with others that can wait.
    pub fn gathers(&self, notification: &Notification) -> bool {
        self.digest
            && notification.message.urgency() != Urgency::Urgent
            && self.withholds(notification).is_none()
    }

    /// What they wish.
    pub fn wishes(&self) -> Wishes {
        Wishes { reminders: !self.reminders_off, quiet: self.quiet, digest: self.digest }
    }

    /// What is known against `address`. Another address than the one that bounced is written to, so that entering one lifts
    /// it.
    pub fn bounce_of(&self, address: &EmailAddress) -> Option<&BouncedAddress> {
        self.bounced.as_ref().filter(|bounced| bounced.address.is_same_mailbox(address))
    }

    /// After `address` bounced for good: `bounce` names it. Nothing where that is known, or where it's told late: an address
    /// that a later message bounced from stands.
    #[must_use]
    pub fn after_bounce(&self, bounce: BouncedAddress) -> Option<Self> {
        let stands = self.bounced.as_ref().is_some_and(|known| {
            known.address.is_same_mailbox(&bounce.address) || known.written > bounce.written
        });
        (!stands).then(|| Self { version: self.version + 1, bounced: Some(bounce), ..self.clone() })
    }

    /// With what they wish, as was said at `at`. Nothing where it's so, or where something was said later.
    #[must_use]
    pub fn wishing(&self, wishes: Wishes, at: Instant) -> Option<Self> {
        let late = self.reminders_set_at.is_some_and(|set_at| at <= set_at);
        (!late && wishes != self.wishes()).then(|| Self {
            version: self.version + 1,
            reminders_off: !wishes.reminders,
            quiet: wishes.quiet,
            digest: wishes.digest,
            reminders_set_at: Some(at),
            ..self.clone()
        })
    }

    /// The same without reminders by mail.
    #[must_use]
    pub fn unsubscribed(&self, at: Instant) -> Option<Self> {
        self.wishing(Wishes { reminders: false, ..self.wishes() }, at)
    }
}
