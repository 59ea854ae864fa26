//! Idempotency keys: a retried write is answered as the first one was, and never done twice.
//!
//! The key is written in the same transaction as the change it stands for, with the hash of its payload and the reply
//! to give again. There is no "in progress" state to be left behind: either the whole change is there, or nothing.

use super::{Reply, Store, StoreError, keys, records};
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure};
use domain::date::Instant;
use serde::{Deserialize, Serialize};

/// How long a key is remembered: a week, so that a phone that was switched off over a holiday still gets its receipt.
pub(super) const LIFETIME_SECONDS: i64 = 7 * 86_400;

/// A caller's key for one write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The caller (so that two callers' keys never meet), the operation, and the key they sent.
    pub scope: String,
    /// SHA-256 of the payload, hex.
    pub payload_hash: String,
}

/// What an idempotency key says of an earlier request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// The same request was done: this was the reply.
    Same(Reply),
    /// The key was used for another payload.
    Reused,
}

#[derive(Serialize, Deserialize)]
struct Record {
    payload_hash: String,
    reply: Reply,
    expires_at: i64,
}

impl Store {
    /// The write of `key` with the reply to remember for `seconds`, as a part of a transaction.
    pub(super) fn idempotency_put(
        &self,
        key: &IdempotencyKey,
        reply: &Reply,
        seconds: i64,
        now: Instant,
    ) -> Result<Put, StoreError> {
        let record = Record {
            payload_hash: key.payload_hash.clone(),
            reply: reply.clone(),
            expires_at: now.plus_seconds(seconds).unix_seconds(),
        };
        let mut item: keys::Item = serde_dynamo::to_item(&record)?;
        item.insert(keys::PK.to_owned(), keys::text(&key.scope));
        Put::builder()
            .table_name(&self.tables.idempotency)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR expires_at < :now")
            .expression_attribute_values(":now", keys::number(now.unix_seconds()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| StoreError::Failed(error.to_string()))
    }

    /// Reads what the item of a key says about a request with `key`'s payload.
    pub(super) fn replay_of(key: &IdempotencyKey, item: keys::Item) -> Result<Replay, StoreError> {
        let record: Record = records::from_item(item)?;
        Ok(if record.payload_hash == key.payload_hash { Replay::Same(record.reply) } else { Replay::Reused })
    }

    /// What is remembered of `key`. Asked only when a request is about to be refused: the refusal may be the echo of
    /// the request's own first success.
    pub async fn replay(&self, key: &IdempotencyKey, now: Instant) -> Result<Option<Replay>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.idempotency)
            .key(keys::PK, AttributeValue::S(key.scope.clone()))
            .consistent_read(true)
            .send()
            .await?;
        let Some(item) = found.item else { return Ok(None) };
        let record: Record = records::from_item(item.clone())?;
        if record.expires_at < now.unix_seconds() {
            return Ok(None);
        }
        Self::replay_of(key, item).map(Some)
    }
}
