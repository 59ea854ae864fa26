//! What verification asks of the table: what verifiers see of registrations, how many unknown numbers a caller asked for,
//! and the public keys of certificates. All of it in one call.

use super::{
    Store, StoreError,
    keys::{self, Item, Key},
    records::{self, entity},
    rosters::BATCH,
};
use crate::{
    auth::keys::PublicKey,
    statement::{key_name, short_id},
};
use domain::{date::Instant, id::HolderId, registration::RegistrationNumber, verification::PublicEntry};
use futures_util::future::try_join;
use std::collections::BTreeMap;

/// How long guesses are counted together, in seconds.
const HOUR: i64 = 3600;
/// The attribute that holds a key.
const PUBLIC: &str = "public";
/// The attribute that counts.
const MISSES: &str = "misses";

/// The unknown numbers asked for from one network within one hour of the clock.
#[derive(Debug, Clone)]
pub struct Guesses {
    network: String,
    hour: i64,
    /// Seconds until the next hour, when counting begins anew.
    pub left_seconds: u32,
}

impl Guesses {
    fn key(&self) -> Key {
        keys::guesses(&self.network, self.hour)
    }
}

/// What a look at the register found.
#[derive(Debug, Default)]
pub struct Looked {
    /// What there is under the numbers that were asked for.
    pub entries: BTreeMap<RegistrationNumber, PublicEntry>,
    /// How many unknown numbers were asked for before, within this hour.
    pub misses: u32,
    /// The key that was asked for, where it's published.
    pub key: Option<PublicKey>,
}

impl Store {
    /// Where guesses from `network` are counted at `now`. The network is kept as a keyed hash.
    pub fn guesses(&self, network: &str, now: Instant) -> Guesses {
        let seconds = now.unix_seconds();
        let left = HOUR - seconds.rem_euclid(HOUR);
        Guesses {
            network: self.cipher().network_key(network),
            hour: seconds.div_euclid(HOUR),
            left_seconds: u32::try_from(left).unwrap_or(0),
        }
    }

    /// Looks `numbers` up, and in the same call how much was guessed and the certificate key called `key`, where they are
    /// asked for. Strongly consistent: what is written is seen.
    pub async fn verify(
        &self,
        numbers: impl IntoIterator<Item = &RegistrationNumber>,
        guesses: Option<&Guesses>,
        key: Option<&str>,
    ) -> Result<Looked, StoreError> {
        let mut wanted: Vec<Key> = guesses.map(Guesses::key).into_iter().collect();
        wanted.extend(key.map(keys::certificate_key));
        wanted.extend(numbers.into_iter().map(keys::entry));
        // A hundred numbers and the count are one key more than a call takes: two calls, at the same time.
        let rest = wanted.split_off(wanted.len().min(BATCH));
        let (found, more) = try_join(self.batch(wanted), self.batch(rest)).await?;
        let mut looked = Looked::default();
        for item in found.into_iter().chain(more) {
            match records::string(&item, keys::ENTITY)? {
                entity::GUESSES => looked.misses = misses(&item)?,
                entity::CERTIFICATE_KEY => looked.key = Some(public(&item)?),
                _ => {
                    let entry: PublicEntry = records::from_item(item)?;
                    looked.entries.insert(entry.number.clone(), entry);
                }
            }
        }
        Ok(looked)
    }

    /// Counts `count` more unknown numbers.
    pub async fn count_guesses(&self, guesses: &Guesses, count: usize) -> Result<(), StoreError> {
        let end = (guesses.hour + 1).saturating_mul(HOUR);
        self.client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(guesses.key().attributes()))
            .update_expression("ADD #misses :count SET #expires = :end, #entity = :guesses")
            .expression_attribute_names("#misses", MISSES)
            .expression_attribute_names("#expires", keys::EXPIRES_AT)
            .expression_attribute_names("#entity", keys::ENTITY)
            .expression_attribute_values(":count", keys::number(count))
            .expression_attribute_values(":end", keys::number(end))
            .expression_attribute_values(":guesses", keys::text(entity::GUESSES))
            .send()
            .await?;
        Ok(())
    }

    /// Whose the registration `number` is; nobody's where it was never given out.
    pub async fn registration_holder(
        &self,
        number: &RegistrationNumber,
    ) -> Result<Option<HolderId>, StoreError> {
        let request = self.client.get_item().table_name(&self.tables.records);
        let found = request.set_key(Some(keys::entry(number).attributes())).send().await?;
        let entry = found.item.map(records::from_item::<PublicEntry>).transpose()?;
        Ok(entry.map(|entry| entry.holder))
    }

    /// Every key that certificates were ever signed with: paper lives for years, and so do they. One consistent `Query` of
    /// one small partition.
    pub async fn certificate_keys(&self) -> Result<Vec<PublicKey>, StoreError> {
        self.published_keys(keys::CERTIFICATE_KEYS_PK).await
    }

    /// Every key that calls to service clients were ever signed with.
    pub async fn webhook_keys(&self) -> Result<Vec<PublicKey>, StoreError> {
        self.published_keys(keys::WEBHOOK_KEYS_PK).await
    }

    async fn published_keys(&self, pk: &str) -> Result<Vec<PublicKey>, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", keys::text(pk))
            .consistent_read(true)
            .send()
            .await?;
        found.items.unwrap_or_default().iter().map(public).collect()
    }

    /// Publishes `key` for good, where it isn't published yet: what is signed with it from now on verifies. One read, by
    /// which a starting function opens its connection too.
    pub async fn publish_certificate_key(&self, key: PublicKey) -> Result<(), StoreError> {
        let place = keys::certificate_key(&key_name(short_id(key)));
        let there = self
            .client
            .get_item()
            .table_name(&self.tables.records)
            .set_key(Some(place.attributes()))
            .consistent_read(true)
            .send()
            .await?;
        if there.item.is_some() {
            return Ok(());
        }
        self.publish(key, &place, entity::CERTIFICATE_KEY).await
    }

    /// The same for a key that calls to service clients are signed with. It's written each time: those that sign start
    /// seldom, and either of them may be the first.
    pub async fn publish_webhook_key(&self, key: PublicKey) -> Result<(), StoreError> {
        self.publish(key, &keys::webhook_key(&key_name(short_id(key))), entity::WEBHOOK_KEY).await
    }

    async fn publish(&self, key: PublicKey, place: &Key, kind: &str) -> Result<(), StoreError> {
        let mut item = place.attributes();
        item.insert(PUBLIC.to_owned(), keys::text(key.to_string()));
        item.insert(keys::ENTITY.to_owned(), keys::text(kind));
        self.client.put_item().table_name(&self.tables.records).set_item(Some(item)).send().await?;
        Ok(())
    }
}

fn public(item: &Item) -> Result<PublicKey, StoreError> {
    records::string(item, PUBLIC)?.parse().map_err(|_| StoreError::Attribute(PUBLIC))
}

fn misses(item: &Item) -> Result<u32, StoreError> {
    let number = item.get(MISSES).and_then(|value| value.as_n().ok());
    number.and_then(|number| number.parse().ok()).ok_or(StoreError::Attribute(MISSES))
}
