//! The journal: read in order, and the entry of a view of identity data.

use super::{
    Cursor, InvalidCursor, Lost, Page, Store, StoreError,
    commit::Transaction,
    keys,
    records::{self, entity},
};
use domain::{
    actor::Actor,
    application::{Application, JournalAction, JournalEntry},
    date::Instant,
    id::{HolderId, StaffId},
    registration::{Registration, RegistrationNumber},
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

    /// Notes that `reviewer` saw the identity document of `application`. Written before it's shown: no view without an
    /// entry. Where the application is about a registration, or gave it, the view is in the registration's journal too.
    pub async fn record_view(
        &self,
        application: &Application,
        registration: Option<&Registration>,
        reviewer: &StaffId,
        from: &str,
        now: Instant,
    ) -> Result<(), StoreError> {
        let entry = viewed(reviewer, from, now);
        let id = &application.id;
        let key = || -> Result<keys::Key, StoreError> {
            let tail = hex::encode(crate::crypto::random_bytes::<4>()?);
            Ok(keys::journal_view(id.as_str(), application.version, &now.to_string(), &tail))
        };
        let Some(registration) = registration else {
            let item = records::to_item(&entry, &key()?, entity::JOURNAL)?;
            let request = self.client.put_item().table_name(&self.tables.records).set_item(Some(item));
            request.condition_expression("attribute_not_exists(pk)").send().await?;
            return Ok(());
        };
        self.record_registration_view(registration, &entry.about(Some(id)), |transaction| {
            transaction.put_new(records::to_item(&entry, &key()?, entity::JOURNAL)?)
        })
        .await
    }

    /// Notes in the journal of `registration` that `reviewer` saw its holder's identity document. Written before it's
    /// shown.
    pub async fn record_identity_view(
        &self,
        registration: &Registration,
        reviewer: &StaffId,
        from: &str,
        now: Instant,
    ) -> Result<(), StoreError> {
        self.record_registration_view(registration, &viewed(reviewer, from, now), |_| Ok(())).await
    }

    /// Adds `entry` to the journal of `registration`, and what `along` puts beside it. Of two that meet the second finds
    /// another version than it has read, and comes after the first.
    async fn record_registration_view(
        &self,
        registration: &Registration,
        entry: &JournalEntry,
        along: impl Fn(&mut Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut latest = registration.clone();
        for _ in 0..VIEW_ATTEMPTS {
            latest.version += 1;
            let mut transaction = Transaction::new(self, None, entry.at)?;
            along(&mut transaction)?;
            transaction.registration(&latest, entry, entry.at.day())?;
            match transaction.send().await {
                Ok(_) => return Ok(()),
                Err(Lost::Store(error)) => return Err(error),
                Err(_) => latest = self.registration(&registration.holder, &registration.number).await?,
            }
        }
        Err(StoreError::Busy("a registration's journal kept changing".to_owned()))
    }

    /// A registration as it stands: one read, strongly consistent.
    pub(super) async fn registration(
        &self,
        holder: &HolderId,
        number: &RegistrationNumber,
    ) -> Result<Registration, StoreError> {
        let key = keys::registration(holder, number).attributes();
        let request = self.client.get_item().table_name(&self.tables.records);
        let found = request.set_key(Some(key)).consistent_read(true).send().await?;
        records::from_item(found.item.ok_or(StoreError::Attribute("version"))?)
    }
}

/// Views of one registration that may meet before one of them gives up.
const VIEW_ATTEMPTS: u32 = 8;

fn viewed(reviewer: &StaffId, from: &str, now: Instant) -> JournalEntry {
    let mut entry = JournalEntry::new(Actor::Staff(reviewer.clone()), JournalAction::Viewed, now);
    from.clone_into(&mut entry.from);
    entry
}
