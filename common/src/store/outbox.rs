//! The outbox: messages written with the change they tell of, then leased, sent and marked.
//!
//! A lease keeps two senders from sending one message at the same time; a sender that dies leaves a lease that runs
//! out, and the sweep takes the message up again. So a message is sent at least once, and twice only where a sender
//! died between sending and marking.

use super::{
    Store, StoreError,
    keys::{self, Item, Key},
    lost_condition,
    records::{self, DUE_SHARDS, entity},
};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::{
    date::Instant,
    delivery::{Attempt, AttemptOutcome, Channel, Feedback},
    notification::Notification,
    watch::WatchEvent,
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
/// How an attempt is added to a message's trail.
const TRAIL: &str = "trail = list_append(if_not_exists(trail, :none), :attempt)";
/// Days a message is kept after it was sent or given up, as proof.
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
}

impl Dispatch {
    /// Its id, unique for good.
    pub fn id(&self) -> &str {
        match self {
            Self::Letter(notification) => &notification.id,
            Self::Call(event) => &event.id,
        }
    }

    /// When what it tells of happened.
    pub fn at(&self) -> Instant {
        match self {
            Self::Letter(notification) => notification.at,
            Self::Call(event) => event.at,
        }
    }

    /// How it travels.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Letter(_) => Channel::Mail,
            Self::Call(_) => Channel::Call,
        }
    }

    /// The message, where it's one to a person.
    pub fn letter(&self) -> Option<&Notification> {
        match self {
            Self::Letter(notification) => Some(notification),
            Self::Call(_) => None,
        }
    }
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
    /// When the lease ends; what marking it is conditional on.
    lease: Instant,
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
}

impl Delivery {
    /// The attempt that ended like this, for the proof.
    fn attempt(&self, channel: Channel, at: Instant) -> Attempt {
        let (outcome, detail) = match self {
            Self::Sent { .. } => (AttemptOutcome::Accepted, None),
            Self::Retry { error } => (AttemptOutcome::Deferred, Some(error)),
            Self::Refused { error } => (AttemptOutcome::Refused, Some(error)),
            Self::Withheld { error } => (AttemptOutcome::Withheld, Some(error)),
        };
        Attempt { at, channel, outcome, detail: detail.cloned() }
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
        item.insert(keys::DUE_PK.to_owned(), keys::text(keys::outbox_due_pk(keys::shard_of(id, DUE_SHARDS))));
        let due = due_sk(self.next_attempt, Some(self.dispatch.at()), id);
        item.insert(keys::DUE_SK.to_owned(), keys::text(due));
        if let Some(letter) = self.dispatch.letter() {
            item.insert(keys::MESSAGES_PK.to_owned(), keys::text(letter.holder.as_str()));
            item.insert(keys::MESSAGES_SK.to_owned(), keys::text(format!("{}#{id}", letter.at)));
        }
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
                Ok(Some(Leased { dispatch: item.dispatch, attempt: item.attempts, lease }))
            }
            Err(error) if lost_condition(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Marks how an attempt went. A mark that comes after the lease ended, when another sender has taken over, changes
    /// nothing and gives `false`. Where nobody has, it still counts: a mail that's on its way needn't be sent again.
    pub async fn mark(&self, leased: &Leased, delivery: &Delivery, now: Instant) -> Result<bool, StoreError> {
        let id = leased.dispatch.id();
        let attempt = delivery.attempt(leased.dispatch.channel(), now);
        let request = self
            .client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::outbox(id).attributes()))
            .condition_expression("#state = :pending AND next_attempt = :lease")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":pending", keys::text("pending"))
            .expression_attribute_values(":lease", keys::text(leased.lease.to_string()))
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":attempt", serde_dynamo::to_attribute_value(vec![attempt])?);
        let request = match delivery {
            Delivery::Retry { error } if leased.attempt < MOST_ATTEMPTS => {
                let next = now.plus_seconds(back_off_seconds(leased.attempt));
                let place = due_sk(next, Some(leased.dispatch.at()), id);
                request
                    .update_expression(format!(
                        "SET next_attempt = :next, due_sk = :due_sk, last_error = :error, {TRAIL}"
                    ))
                    .expression_attribute_values(":due_sk", keys::text(place))
                    .expression_attribute_values(":next", keys::text(next.to_string()))
                    .expression_attribute_values(":error", keys::text(error))
            }
            ended => {
                let expiry = now.plus_seconds(KEPT_DAYS * 86_400).unix_seconds();
                let (state, last, attribute, value) = match ended {
                    Delivery::Sent { provider_id } => ("sent", ", last_error", "provider_id", provider_id),
                    Delivery::Withheld { error } => ("withheld", "", "last_error", error),
                    Delivery::Retry { error } | Delivery::Refused { error } => {
                        ("dead", "", "last_error", error)
                    }
                };
                request
                    .update_expression(format!(
                        "SET #state = :state, expires_at = :expiry, {attribute} = :value, {TRAIL} REMOVE due_pk, due_sk{last}"
                    ))
                    .expression_attribute_values(":state", keys::text(state))
                    .expression_attribute_values(":expiry", keys::number(expiry))
                    .expression_attribute_values(":value", keys::text(value))
            }
        };
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if lost_condition(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
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
