//! The outbox: messages written with the change they tell of, then leased, sent and marked.
//!
//! A lease keeps two senders from sending one message at the same time; a sender that dies leaves a lease that runs
//! out, and the sweep takes the message up again. So a message is sent at least once, and twice only where a sender
//! died between sending and marking.

mod due;
mod lane;
mod sending;

pub use lane::Lane;

use super::{
    Store, StoreError,
    keys::{self, Item, Key},
    records::{self, DUE_SHARDS, entity},
};
use domain::{
    date::Instant,
    delivery::{Attempt, AttemptOutcome, Channel, Feedback, Urgency},
    digest::Digest,
    notification::Notification,
    subscription::TemplateId,
    watch::WatchEvent,
};
use due::due_sk;
use serde::{Deserialize, Serialize};

/// Seconds the stream's trigger has before the sweep looks for a message.
const FIRST_SWEEP_SECONDS: i64 = 120;
/// Seconds a sender has.
const LEASE_SECONDS: i64 = 60;
/// Attempts before a message is given up and an alarm rings.
pub const MOST_ATTEMPTS: u32 = 10;

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// Waits to be sent.
    Pending,
    /// Sent.
    Sent,
    /// Given up: refused for good, or too many attempts.
    Dead,
    /// Not sent, since its reader can't be reached there, or doesn't want it.
    Withheld,
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dispatch {
    /// A message to a person, by mail.
    #[serde(rename = "notification")]
    Letter(Notification),
    /// A call to a service client.
    Call(WatchEvent),
    /// What waits for a member of staff, by mail.
    Digest(Digest),
}

impl Dispatch {
    /// Its id, unique for good.
    pub fn id(&self) -> &str {
        match self {
            Self::Letter(notification) => &notification.id,
            Self::Call(event) => &event.id,
            Self::Digest(digest) => &digest.id,
        }
    }

    /// When what it tells of happened.
    pub fn at(&self) -> Instant {
        match self {
            Self::Letter(notification) => notification.at,
            Self::Call(event) => event.at,
            Self::Digest(digest) => digest.at,
        }
    }

    /// How it travels, where no better way is found.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Letter(_) | Self::Digest(_) => Channel::Mail,
            Self::Call(_) => Channel::Call,
        }
    }

    /// The lane it waits in.
    pub fn lane(&self) -> Lane {
        match self {
            Self::Letter(notification) => Lane::Messages(notification.message.urgency()),
            Self::Digest(_) => Lane::Messages(Urgency::Ordinary),
            Self::Call(_) => Lane::Calls,
        }
    }

    /// The message, where it's one about somebody's own matters.
    pub fn letter(&self) -> Option<&Notification> {
        match self {
            Self::Letter(notification) => Some(notification),
            Self::Call(_) | Self::Digest(_) => None,
        }
    }
}

/// What pays for a message that WeChat carries: one acceptance, taken off the holder's ledger in the transaction that
/// notes it here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The mini-program.
    pub app_id: String,
    /// The template that was accepted.
    pub template: TemplateId,
    /// True once WeChat has turned out not to carry it: mail does.
    #[serde(default)]
    pub over: bool,
}

/// A message in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxItem {
    /// What is to be sent.
    #[serde(flatten)]
    pub dispatch: Dispatch,
    /// How far it has come.
    pub state: OutboxState,
    /// Attempts so far.
    pub attempts: u32,
    /// When the next attempt may be made; a lease moves it.
    pub next_attempt: Instant,
    /// The carrier's own id for it, once sent.
    pub provider_id: Option<String>,
    /// Why the last attempt failed: a code, never an address.
    pub last_error: Option<String>,
    /// What pays for it, where WeChat carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wechat: Option<Payment>,
    /// The attempts that were marked, oldest first. One whose sender died is in `attempts` and not here.
    #[serde(default)]
    pub trail: Vec<Attempt>,
    /// What the provider said of it after it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<Feedback>,
}

/// A message this sender may send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// What is to be sent.
    pub dispatch: Dispatch,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// What pays for it, where WeChat carries it.
    pub wechat: Option<Payment>,
    /// When the lease ends; what marking it is conditional on.
    pub(super) lease: Instant,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Taken by the carrier.
    Sent {
        /// The carrier's id for it.
        provider_id: String,
    },
    /// Not taken; worth another attempt.
    Retry {
        /// A code for the log.
        error: String,
    },
    /// Refused for good.
    Refused {
        /// A code for the log.
        error: String,
    },
    /// Not tried, and not to be.
    Withheld {
        /// A code for the log.
        error: String,
    },
    /// Not tried yet: it counts as no attempt.
    Held {
        /// When it may be.
        until: Instant,
    },
}

impl Delivery {
    /// The attempt that ended like this, for the proof; none where there was none.
    fn attempt(&self, channel: Channel, at: Instant) -> Option<Attempt> {
        let (outcome, detail) = match self {
            Self::Sent { .. } => (AttemptOutcome::Accepted, None),
            Self::Retry { error } => (AttemptOutcome::Deferred, Some(error)),
            Self::Refused { error } => (AttemptOutcome::Refused, Some(error)),
            Self::Withheld { error } => (AttemptOutcome::Withheld, Some(error)),
            Self::Held { .. } => return None,
        };
        Some(Attempt { at, channel, outcome, detail: detail.cloned() })
    }
}

impl OutboxItem {
    pub(super) fn new(dispatch: Dispatch, now: Instant) -> Self {
        Self {
            dispatch,
            state: OutboxState::Pending,
            attempts: 0,
            next_attempt: now.plus_seconds(FIRST_SWEEP_SECONDS),
            provider_id: None,
            last_error: None,
            wechat: None,
            trail: Vec::new(),
            feedback: None,
        }
    }

    fn key(&self) -> Key {
        keys::outbox(self.dispatch.id())
    }

    pub(super) fn to_item(&self) -> Result<Item, StoreError> {
        let id = self.dispatch.id();
        let mut item = records::to_item(self, &self.key(), entity::OUTBOX)?;
        item.insert(
            keys::DUE_PK.to_owned(),
            keys::text(self.dispatch.lane().pk(keys::shard_of(id, DUE_SHARDS))),
        );
        let due = due_sk(self.next_attempt, Some(self.dispatch.at()), id);
        item.insert(keys::DUE_SK.to_owned(), keys::text(due));
        if let Some(letter) = self.dispatch.letter() {
            item.insert(keys::MESSAGES_PK.to_owned(), keys::text(letter.holder.as_str()));
            item.insert(keys::MESSAGES_SK.to_owned(), keys::text(format!("{}#{id}", letter.at)));
        }
        Ok(item)
    }
}

impl Store {
    /// Puts a digest into the outbox, to be sent; false where that of its reader and day is there already.
    pub async fn put_digest(&self, digest: Digest) -> Result<bool, StoreError> {
        let now = digest.at;
        self.put_new(OutboxItem::new(Dispatch::Digest(digest), now).to_item()?).await
    }

    /// A message as it stands.
    pub async fn outbox_item(&self, notification: &str) -> Result<Option<OutboxItem>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::outbox(notification).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        found.item.map(records::from_item).transpose()
    }
}
