//! The outbox: messages written with the change they tell of, then leased, sent and marked.
//!
//! A lease keeps two senders from sending one message at the same time; a sender that dies leaves a lease that runs
//! out, and the sweep takes the message up again. So a message is sent at least once, and twice only where a sender
//! died between sending and marking.

use super::{
    Store, StoreError,
    items::written,
    keys::{self, Item, Key},
    lost_condition,
    records::{self, DUE_SHARDS, entity},
};
use aws_sdk_dynamodb::types::ReturnValue;
use domain::{
    date::Instant, digest::Digest, notification::Notification, subscription::TemplateId, watch::WatchEvent,
};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

/// Seconds the stream's trigger has before the sweep looks for a message.
const FIRST_SWEEP_SECONDS: i64 = 120;
/// Seconds a sender has.
const LEASE_SECONDS: i64 = 60;
/// Attempts before a message is given up and an alarm rings.
pub const MOST_ATTEMPTS: u32 = 10;
/// Messages of a shard that are looked at for the oldest one.
const LOOKED_AT: i32 = 100;
/// Days a message that was sent is kept.
const KEPT_DAYS: i64 = 400;

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
    /// Not sent, since whoever had it planned stopped that. Nothing is wrong with it.
    Dropped,
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
    /// Not to be sent any more.
    Dropped,
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
        }
    }

    fn key(&self) -> Key {
        keys::outbox(self.dispatch.id())
    }

    pub(super) fn to_item(&self) -> Result<Item, StoreError> {
        let id = self.dispatch.id();
        let mut item = records::to_item(self, &self.key(), entity::OUTBOX)?;
        item.insert(keys::DUE_PK.to_owned(), keys::text(keys::outbox_due_pk(keys::shard_of(id, DUE_SHARDS))));
        let due = due_sk(self.next_attempt, Some(self.dispatch.at()), id);
        item.insert(keys::DUE_SK.to_owned(), keys::text(due));
        Ok(item)
    }
}

/// A waiting message's place in its shard: when it's tried next, since when it waits (a lease doesn't know), which it is.
fn due_sk(next: Instant, since: Option<Instant>, id: &str) -> String {
    match since {
        Some(since) => format!("{next}#{since}#{id}"),
        None => format!("{next}#{id}"),
    }
}

/// Since when the message at a place waits.
fn waits_since(due_sk: &str) -> Option<Instant> {
    due_sk.split('#').nth(1)?.parse().ok()
}

/// Seconds until the attempt after `attempt`: 2 minutes doubling to 6 hours.
fn back_off_seconds(attempt: u32) -> i64 {
    (60_i64 << attempt.min(9)).min(6 * 3600)
}

impl Store {
    /// Leases a message to this sender, or `None` where it's sent already, given up, or somebody else is at it.
    /// `due` tells whether the message must be due (the sweep) or may be new (the stream's trigger).
    pub async fn lease(
        &self,
        notification: &str,
        now: Instant,
        due: bool,
    ) -> Result<Option<Leased>, StoreError> {
        let lease = now.plus_seconds(LEASE_SECONDS);
        let condition = if due {
            "#state = :pending AND next_attempt <= :now"
        } else {
            "#state = :pending AND attempts = :none"
        };
        let request = self
            .client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::outbox(notification).attributes()))
            .update_expression("SET attempts = attempts + :one, next_attempt = :lease, due_sk = :due_sk")
            .condition_expression(condition)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":pending", keys::text("pending"))
            .expression_attribute_values(":one", keys::number(1))
            .expression_attribute_values(":lease", keys::text(lease.to_string()))
            .expression_attribute_values(":due_sk", keys::text(due_sk(lease, None, notification)))
            .return_values(ReturnValue::AllNew);
        let request = if due {
            request.expression_attribute_values(":now", keys::text(now.to_string()))
        } else {
            request.expression_attribute_values(":none", keys::number(0))
        };
        match request.send().await {
            Ok(output) => {
                let item: OutboxItem = records::from_item(output.attributes.unwrap_or_default())?;
                let OutboxItem { dispatch, attempts: attempt, wechat, .. } = item;
                Ok(Some(Leased { dispatch, attempt, wechat, lease }))
            }
            Err(error) if lost_condition(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Marks how an attempt went. A mark that comes after the lease ended, when another sender has taken over, changes
    /// nothing and gives `false`. Where nobody has, it still counts: a mail that's on its way needn't be sent again.
    pub async fn mark(&self, leased: &Leased, delivery: &Delivery, now: Instant) -> Result<bool, StoreError> {
        let id = leased.dispatch.id();
        let request = self
            .client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::outbox(id).attributes()))
            .condition_expression("#state = :pending AND next_attempt = :lease")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":pending", keys::text("pending"))
            .expression_attribute_values(":lease", keys::text(leased.lease.to_string()));
        let exhausted = leased.attempt >= MOST_ATTEMPTS;
        let request = match delivery {
            Delivery::Sent { provider_id } => request
                .update_expression(
                    "SET #state = :state, provider_id = :provider, expires_at = :expiry REMOVE due_pk, due_sk, last_error",
                )
                .expression_attribute_values(":state", keys::text("sent"))
                .expression_attribute_values(":provider", keys::text(provider_id))
                .expression_attribute_values(
                    ":expiry",
                    keys::number(now.plus_seconds(KEPT_DAYS * 86_400).unix_seconds()),
                ),
            Delivery::Dropped => request
                .update_expression("SET #state = :state, expires_at = :expiry REMOVE due_pk, due_sk, last_error")
                .expression_attribute_values(":state", keys::text("dropped"))
                .expression_attribute_values(
                    ":expiry",
                    keys::number(now.plus_seconds(KEPT_DAYS * 86_400).unix_seconds()),
                ),
            Delivery::Retry { error } if !exhausted => {
                let next = now.plus_seconds(back_off_seconds(leased.attempt));
                let place = due_sk(next, Some(leased.dispatch.at()), id);
                request
                    .update_expression("SET next_attempt = :next, due_sk = :due_sk, last_error = :error")
                    .expression_attribute_values(":due_sk", keys::text(place))
                    .expression_attribute_values(":next", keys::text(next.to_string()))
                    .expression_attribute_values(":error", keys::text(error))
            }
            Delivery::Retry { error } | Delivery::Refused { error } => request
                .update_expression("SET #state = :state, last_error = :error REMOVE due_pk, due_sk")
                .expression_attribute_values(":state", keys::text("dead"))
                .expression_attribute_values(":error", keys::text(error)),
        };
        written(request.send().await)
    }

    /// Ids of messages whose next attempt is due by `now`, oldest first within each shard; at most `limit`.
    pub async fn due_messages(&self, now: Instant, limit: usize) -> Result<Vec<String>, StoreError> {
        let mut ids = Vec::new();
        for shard in 0..DUE_SHARDS {
            let mut start: Option<Item> = None;
            loop {
                let page = self
                    .client
                    .query()
                    .table_name(&self.tables.records)
                    .index_name(keys::DUE_INDEX)
                    .key_condition_expression("due_pk = :pk AND due_sk <= :now")
                    .expression_attribute_values(":pk", keys::text(keys::outbox_due_pk(shard)))
                    .expression_attribute_values(":now", keys::text(format!("{now}~")))
                    .limit(200)
                    .set_exclusive_start_key(start.take())
                    .send()
                    .await?;
                for item in page.items.unwrap_or_default() {
                    let due = records::string(&item, keys::DUE_SK)?;
                    if let Some((_, id)) = due.rsplit_once('#') {
                        ids.push(id.to_owned());
                    }
                    if ids.len() >= limit {
                        return Ok(ids);
                    }
                }
                start = page.last_evaluated_key;
                if start.is_none() {
                    break;
                }
            }
        }
        Ok(ids)
    }

    /// Since when the oldest message waits that is still unsent and not given up, by the first hundred to be tried next
    /// in each shard; nothing where none waits. The shards are asked at the same time.
    pub async fn waiting_since(&self) -> Result<Option<Instant>, StoreError> {
        let shards = (0..DUE_SHARDS).map(|shard| {
            self.client
                .query()
                .table_name(&self.tables.records)
                .index_name(keys::DUE_INDEX)
                .key_condition_expression("due_pk = :pk")
                .expression_attribute_values(":pk", keys::text(keys::outbox_due_pk(shard)))
                .limit(LOOKED_AT)
                .send()
        });
        let mut oldest: Option<Instant> = None;
        for page in try_join_all(shards).await? {
            for item in page.items.unwrap_or_default() {
                let since = waits_since(records::string(&item, keys::DUE_SK)?);
                oldest = oldest.into_iter().chain(since).min();
            }
        }
        Ok(oldest)
    }

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

#[cfg(test)]
mod tests {
    use super::{back_off_seconds, due_sk, waits_since};

    #[test]
    fn a_place_tells_when_which_and_since_when() {
        let (next, since) =
            ("2026-03-02T02:00:00Z".parse().unwrap(), "2026-03-01T02:00:00Z".parse().unwrap());
        let place = due_sk(next, Some(since), "A-v7-returned");
        assert!(place.starts_with("2026-03-02T02:00:00") && place.ends_with("#A-v7-returned"), "{place}");
        assert_eq!(waits_since(&place), Some(since));
        assert_eq!(waits_since(&due_sk(next, None, "A-v7-returned")), None);
    }

    #[test]
    fn attempts_are_spread_from_two_minutes_to_six_hours() {
        assert_eq!(back_off_seconds(1), 120);
        assert_eq!(back_off_seconds(5), 1920);
        assert_eq!(back_off_seconds(9), 21_600);
        assert!((1..super::MOST_ATTEMPTS).map(back_off_seconds).sum::<i64>() > 12 * 3600);
    }
}
