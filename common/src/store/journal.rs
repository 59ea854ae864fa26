//! The journal: read in order, and the entry of a view of identity data.

use super::{
    Cursor, InvalidCursor, Page, Store, StoreError, keys,
    records::{self, entity},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    date::Instant,
    id::{ApplicationId, StaffId},
};

/// One line of a record's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLine {
    /// The record's version that the change gave, or that was viewed.
    pub version: u64,
    /// The entry.
    pub entry: JournalEntry,
}

/// Why a page of the journal can't be given.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The cursor is of no page of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// A page of the journal of `record` (an application's id, a registration's number or a holder's id), oldest
    /// first.
    pub async fn journal(
        &self,
        record: &str,
        limit: i32,
        cursor: Option<&Cursor>,
    ) -> Result<Page<JournalLine>, JournalError> {
        let pk = keys::journal_pk(record);
        let start = cursor.map(Cursor::decode::<String>).transpose()?.map(|sk| {
            keys::Item::from([(keys::PK.to_owned(), keys::text(&pk)), (keys::SK.to_owned(), keys::text(sk))])
        });
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", keys::text(&pk))
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(StoreError::from)?;
        let next = page.last_evaluated_key.as_ref().map(|key| records::string(key, keys::SK)).transpose()?;
        let next = next.and_then(|sk| Cursor::encode(&sk));
        let lines = page.items.unwrap_or_default().into_iter().map(|item| {
            let sk = records::string(&item, keys::SK)?;
            let version = sk.get(..10).and_then(|digits| digits.parse().ok());
            let version = version.ok_or(StoreError::Attribute(keys::SK))?;
            Ok(JournalLine { version, entry: records::from_item(item)? })
        });
        Ok(Page { items: lines.collect::<Result<_, StoreError>>()?, next })
    }

    /// Notes that `reviewer` saw the identity document of an application. Written before it's shown: no view without
    /// an entry.
    pub async fn record_view(
        &self,
        application: &ApplicationId,
        version: u64,
        reviewer: &StaffId,
        from: &str,
        now: Instant,
    ) -> Result<(), StoreError> {
        let actor = Actor::Staff(reviewer.clone());
        let mut entry =
            domain::application::Change::new(application.holder(), actor, JournalAction::Viewed, now).journal;
        from.clone_into(&mut entry.from);
        let tail = hex::encode(crate::crypto::random_bytes::<4>()?);
        let key = keys::journal_view(application.as_str(), version, &now.to_string(), &tail);
        self.client
            .put_item()
            .table_name(&self.tables.records)
            .set_item(Some(records::to_item(&entry, &key, entity::JOURNAL)?))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await?;
        Ok(())
    }
}
