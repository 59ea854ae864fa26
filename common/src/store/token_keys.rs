//! The public keys that access tokens are verified by. `session` publishes its own here; the other functions learn them
//! when they start, and again when a token names one they don't know. So the seed is configured in one place, and a
//! new one needs no other function to be told.

use super::{
    Store, StoreError,
    keys::{self, Item},
    records,
};
use crate::auth::keys::{PublicKey, PublishedKey};
use domain::date::Instant;

/// How long a key stays published after it was last published, in seconds: 60 days. More than a function that has the
/// seed can go without publishing it again (see [`RENEWED_SECONDS`]) by far more than a token lives.
const PUBLISHED_SECONDS: i64 = 60 * 86_400;
/// How long before its end `session` publishes its key again, in seconds: 30 days.
const RENEWED_SECONDS: i64 = 30 * 86_400;
/// The attribute that holds the key.
const PUBLIC: &str = "public";

impl PublishedKey {
    /// True where the key's own function should publish it again.
    pub fn is_to_be_renewed(&self, now: Instant) -> bool {
        self.until <= now.plus_seconds(RENEWED_SECONDS)
    }
}

impl Store {
    /// Every key that is published at `now`. One consistent `Query` of one small partition.
    pub async fn token_keys(&self, now: Instant) -> Result<Vec<PublishedKey>, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", keys::text(keys::TOKEN_KEYS_PK))
            .consistent_read(true)
            .send()
            .await?;
        let keys = found.items.unwrap_or_default().into_iter().map(|item| published(&item));
        let keys = keys.collect::<Result<Vec<_>, StoreError>>()?;
        Ok(keys.into_iter().filter(|key| now < key.until).collect())
    }

    /// Publishes `key` for the next 60 days, from when on a token signed with it is accepted everywhere.
    pub async fn publish_token_key(&self, key: PublicKey, now: Instant) -> Result<PublishedKey, StoreError> {
        let until = now.plus_seconds(PUBLISHED_SECONDS);
        let mut item = keys::token_key(&key.id()).attributes();
        item.insert(PUBLIC.to_owned(), keys::text(key.to_string()));
        item.insert(keys::EXPIRES_AT.to_owned(), keys::number(until.unix_seconds()));
        self.client.put_item().table_name(&self.tables.records).set_item(Some(item)).send().await?;
        Ok(PublishedKey { key, until })
    }
}

fn published(item: &Item) -> Result<PublishedKey, StoreError> {
    let key = records::string(item, PUBLIC)?.parse().map_err(|_| StoreError::Attribute(PUBLIC))?;
    let seconds = item
        .get(keys::EXPIRES_AT)
        .and_then(|value| value.as_n().ok())
        .and_then(|number| number.parse::<i64>().ok())
        .ok_or(StoreError::Attribute(keys::EXPIRES_AT))?;
    Ok(PublishedKey { key, until: Instant::from_unix_millis(seconds.saturating_mul(1000)) })
}
