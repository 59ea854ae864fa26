//! Writing a whole [`Change`]: one `TransactWriteItems`, conditional on the versions that were read.

use super::{
    Dispatch, IdempotencyKey, Replay, Store, StoreError,
    idempotency::LIFETIME_SECONDS,
    keys::{self, Item, Key},
    outbox::OutboxItem,
    records::{self, entity},
    transact::{Sent, cancelled},
};
use aws_sdk_dynamodb::types::{CancellationReason, ConditionCheck, Delete, Put, TransactWriteItem};
use domain::{
    application::{Change, Claim, JournalAction, UniqueKey},
    credit::EvidenceFile,
    date::Instant,
};
use serde::{Deserialize, Serialize};

/// A reply as it's remembered under an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The `ETag`, where there was one.
    pub etag: Option<String>,
    /// The JSON body.
    pub body: String,
}

/// A commit went through, now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Committed {
    /// The change is written.
    Now,
    /// The same request had been written before; this was its reply.
    Before(Reply),
}

/// A commit lost. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// A record changed since it was read.
    #[error("a record changed since it was read")]
    Stale,
    /// Somebody else has what only one can have.
    #[error("somebody else has it")]
    Taken(UniqueKey),
    /// The idempotency key was used for another payload.
    #[error("the idempotency key was used for another payload")]
    KeyReused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a part of the transaction is for: what a failed condition means.
enum Purpose {
    Idempotency,
    Version,
    Unique(UniqueKey),
}

/// A transaction being put together.
pub(super) struct Transaction<'a> {
    store: &'a Store,
    items: Vec<TransactWriteItem>,
    purposes: Vec<Purpose>,
    idempotency: Option<&'a IdempotencyKey>,
}

impl<'a> Transaction<'a> {
    /// A transaction that begins with remembering a reply, where there is one to remember.
    pub fn new(
        store: &'a Store,
        idempotency: Option<(&'a IdempotencyKey, &Reply)>,
        now: Instant,
    ) -> Result<Self, StoreError> {
        let key = idempotency.map(|(key, _)| key);
        let mut transaction = Self { store, items: Vec::new(), purposes: Vec::new(), idempotency: key };
        if let Some((key, reply)) = idempotency {
            let put = store.idempotency_put(key, reply, LIFETIME_SECONDS, now)?;
            transaction.push(TransactWriteItem::builder().put(put).build(), Purpose::Idempotency);
        }
        Ok(transaction)
    }

    /// Sends it, and says what became of it.
    pub async fn send(self) -> Result<Committed, Lost> {
        match self.store.transact(self.items).await? {
            Sent::Written => Ok(Committed::Now),
            Sent::Cancelled(reasons) => verdict(&self.purposes, &reasons, self.idempotency),
        }
    }

    /// Puts `item`, whatever is there.
    pub fn put(&mut self, item: Item) -> Result<(), StoreError> {
        let put = self.store.plain_put(item)?;
        self.push(put, Purpose::Version);
        Ok(())
    }

    /// Deletes what is under `key`, where there is something if `there` says so.
    pub fn delete(&mut self, key: &Key, there: bool) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(&self.store.tables.records)
            .set_key(Some(key.attributes()))
            .set_condition_expression(there.then(|| "attribute_exists(pk)".to_owned()))
            .build();
        let delete = delete.map_err(|error| StoreError::Failed(error.to_string()))?;
        self.push(TransactWriteItem::builder().delete(delete).build(), Purpose::Version);
        Ok(())
    }

    /// Lets the transaction go through only where there is nothing under `key`.
    pub fn check_absent(&mut self, key: &Key) -> Result<(), StoreError> {
        let check = ConditionCheck::builder()
            .table_name(&self.store.tables.records)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        self.push(TransactWriteItem::builder().condition_check(check).build(), Purpose::Version);
        Ok(())
    }

    /// Deletes the record under `key` where it's still in `version`.
    pub fn delete_version(&mut self, key: &Key, version: u64) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(&self.store.tables.records)
            .set_key(Some(key.attributes()))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", keys::number(version))
            .build()
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        self.push(TransactWriteItem::builder().delete(delete).build(), Purpose::Version);
        Ok(())
    }

    fn push(&mut self, item: TransactWriteItem, purpose: Purpose) {
        self.items.push(item);
        self.purposes.push(purpose);
    }

    /// Puts a record in `version`, where the version before it is what's there.
    pub fn put_version(&mut self, item: Item, version: u64) -> Result<(), StoreError> {
        let put = self.store.version_put(item, version)?;
        self.push(put, Purpose::Version);
        Ok(())
    }

    /// Puts a record that is never written twice.
    pub fn put_new(&mut self, item: Item) -> Result<(), StoreError> {
        self.put_version(item, 1)
    }

    pub fn journal<T: Serialize>(&mut self, record: &str, version: u64, entry: &T) -> Result<(), StoreError> {
        let key = keys::journal(record, version);
        self.put_new(records::to_item(entry, &key, entity::JOURNAL)?)
    }

    /// Has a confirmed file found by its content. What is put again is the same.
    fn put_evidence(&mut self, file: &EvidenceFile) -> Result<(), StoreError> {
        let Some(content) = file.content() else { return Ok(()) };
        let mut item = keys::evidence(content, &file.id).attributes();
        item.insert(keys::ENTITY.to_owned(), keys::text(entity::EVIDENCE));
        self.put(item)
    }

    fn claim(&mut self, claim: &Claim, now: Instant) -> Result<(), StoreError> {
        let table = &self.store.tables.records;
        let failed = |error: aws_sdk_dynamodb::error::BuildError| StoreError::Failed(error.to_string());
        match claim {
            Claim::Take { key, owner, expires_at } => {
                let mut item = keys::unique(key).attributes();
                item.insert("owner".to_owned(), keys::text(owner));
                item.insert(keys::ENTITY.to_owned(), keys::text(entity::UNIQUE));
                if let Some(expires_at) = expires_at {
                    item.insert(keys::EXPIRES_AT.to_owned(), keys::number(expires_at));
                }
                // A number that is taken is taken, whoever has it; anything else may be taken again by its owner.
                let condition = match key {
                    UniqueKey::Registration(_) => "attribute_not_exists(pk)",
                    _ => "attribute_not_exists(pk) OR #owner = :owner OR expires_at < :now",
                };
                let mut put =
                    Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition);
                if !matches!(key, UniqueKey::Registration(_)) {
                    put = put
                        .expression_attribute_names("#owner", "owner")
                        .expression_attribute_values(":owner", keys::text(owner))
                        .expression_attribute_values(":now", keys::number(now.unix_seconds()));
                }
                let put = put.build().map_err(failed)?;
                self.push(TransactWriteItem::builder().put(put).build(), Purpose::Unique(key.clone()));
            }
            Claim::Release { key, owner } => {
                let Key { pk, sk } = keys::unique(key);
                let delete = Delete::builder()
                    .table_name(table)
                    .key(keys::PK, keys::text(pk))
                    .key(keys::SK, keys::text(sk))
                    .condition_expression("attribute_not_exists(pk) OR #owner = :owner")
                    .expression_attribute_names("#owner", "owner")
                    .expression_attribute_values(":owner", keys::text(owner))
                    .build()
                    .map_err(failed)?;
                self.push(TransactWriteItem::builder().delete(delete).build(), Purpose::Version);
            }
        }
        Ok(())
    }
}

impl Store {
    /// Writes `change` whole or not at all. With an idempotency key, `reply` is remembered under it in the same
    /// transaction, and a request that was written before is answered as then.
    pub async fn commit(
        &self,
        change: &Change,
        idempotency: Option<(&IdempotencyKey, &Reply)>,
    ) -> Result<Committed, Lost> {
        self.transaction(change, idempotency)?.send().await
    }

    /// The transaction that writes `change`.
    pub(super) fn transaction<'a>(
        &'a self,
        change: &Change,
        idempotency: Option<(&'a IdempotencyKey, &Reply)>,
    ) -> Result<Transaction<'a>, StoreError> {
        let now = change.journal.at;
        let mut transaction = Transaction::new(self, idempotency, now)?;
        if let Some(application) = &change.application {
            let item = records::application_item(application, &self.cipher, &self.rules, now.day())?;
            transaction.put_version(item, application.version)?;
            transaction.journal(application.id.as_str(), application.version, &change.journal)?;
        }
        if let Some(registration) = &change.registration {
            let application = change.application.as_ref().map(|application| &application.id);
            transaction.registration(registration, &change.journal.about(application), now.day())?;
            // What verifiers see follows in the same transaction: its condition is the registration's.
            transaction.put(records::entry_item(registration)?)?;
        }
        if let Some(profile) = &change.profile {
            let item = records::profile_item(profile, &self.cipher, &self.rules, now.day())?;
            transaction.put_version(item, profile.version)?;
            transaction.journal(profile.holder.as_str(), profile.version, &change.journal)?;
        }
        if let Some(credit) = &change.credit {
            transaction.put_version(records::credit_item(credit, &self.rules, now.day())?, credit.version)?;
            transaction.journal(credit.id.as_str(), credit.version, &change.journal)?;
            if change.journal.action == JournalAction::AttachmentConfirmed {
                for file in credit.confirmed_files() {
                    transaction.put_evidence(file)?;
                }
            }
        }
        for credit in &change.credits {
            transaction.put_version(records::credit_item(credit, &self.rules, now.day())?, credit.version)?;
            transaction.journal(credit.id.as_str(), credit.version, &change.journal)?;
        }
        let closed = change.journal.of_closed();
        for application in &change.closed {
            let item = records::application_item(application, &self.cipher, &self.rules, now.day())?;
            transaction.put_version(item, application.version)?;
            transaction.journal(application.id.as_str(), application.version, &closed)?;
        }
        for credit in &change.closed_hours {
            transaction.put_version(records::credit_item(credit, &self.rules, now.day())?, credit.version)?;
            transaction.journal(credit.id.as_str(), credit.version, &closed)?;
        }
        for claim in &change.claims {
            transaction.claim(claim, now)?;
        }
        for notification in &change.notifications {
            transaction.put_new(OutboxItem::new(Dispatch::Letter(notification.clone()), now).to_item()?)?;
        }
        Ok(transaction)
    }
}

/// What the failed conditions mean. The idempotency key speaks first: where it was written, everything else failed
/// because the same request had been done.
fn verdict(
    purposes: &[Purpose],
    reasons: &[CancellationReason],
    key: Option<&IdempotencyKey>,
) -> Result<Committed, Lost> {
    let mut taken = None;
    let mut stale = false;
    for (purpose, reason) in purposes.iter().zip(reasons) {
        if reason.code() != Some("ConditionalCheckFailed") {
            continue;
        }
        match purpose {
            Purpose::Idempotency => {
                let (Some(key), Some(item)) = (key, reason.item.clone()) else { return Err(Lost::Stale) };
                return match Store::replay_of(key, item)? {
                    Replay::Same(reply) => Ok(Committed::Before(reply)),
                    Replay::Reused => Err(Lost::KeyReused),
                };
            }
            Purpose::Version => stale = true,
            Purpose::Unique(key) => taken = Some(key.clone()),
        }
    }
    match (stale, taken) {
        (false, Some(key)) => Err(Lost::Taken(key)),
        (true, _) => Err(Lost::Stale),
        (false, None) => Err(cancelled(reasons).into()),
    }
}
