//! Class lists: the list itself with how far it has come, what became of its rows a hundred at a time, and the rows that
//! wait for somebody to register.

use super::{
    Committed, Cursor, IdempotencyKey, InvalidCursor, Lost, Page, PageError, Reply, Store, StoreError,
    commit::Transaction,
    items::every_item,
    keys,
    records::{self, entity},
};
use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{KeysAndAttributes, ReturnValuesOnConditionCheckFailure},
};
use domain::{
    application::{Change, JournalEntry, UniqueKey},
    certificate::ManagementNumber,
    credit::Course,
    date::Instant,
    education::{Roster, RowChunk, WaitingRow},
    id::{CourseId, HolderId, RosterId, StaffId},
};
use std::collections::BTreeMap;

/// Seconds that results of rows, and rows that wait, are kept: longer than anybody may still have to register.
const KEPT_SECONDS: i64 = 4 * 366 * 86_400;
/// Seconds that a place for a file is kept to which nothing is uploaded.
const UNUSED_SECONDS: i64 = 7 * 86_400;
/// The most keys of one `BatchGetItem`.
pub(super) const BATCH: usize = 100;
/// How often what a batch left out is asked for again.
const BATCH_ROUNDS: u32 = 5;

/// What is written beside a class list.
#[derive(Debug, Clone, Copy, Default)]
pub struct RosterWrite<'a> {
    /// Results of rows.
    pub chunk: Option<&'a RowChunk>,
    /// The journal's entry, where its state changed; how far it has come isn't journalled.
    pub journal: Option<&'a JournalEntry>,
    /// What becomes of a record of hours.
    pub change: Option<&'a Change>,
    /// A row that waits no more: its certificate and course.
    pub waited: Option<(&'a ManagementNumber, &'a CourseId)>,
    /// What to remember for a retry.
    pub idempotency: Option<(&'a IdempotencyKey, &'a Reply)>,
}

/// A class list, a chunk of it, and its course, as far as each is there.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// The list.
    pub roster: Option<Roster>,
    /// The results of the chunk.
    pub rows: Option<RowChunk>,
    /// The course as it is now, withdrawn or not.
    pub course: Option<Course>,
}

impl Store {
    /// The class list `id`, strongly consistent; none where there is none.
    pub async fn roster(&self, id: &RosterId) -> Result<Option<Roster>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::roster(id).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        found.item.map(records::from_item).transpose()
    }

    /// A page of `provider`'s class lists, the latest day's first.
    pub async fn rosters(
        &self,
        provider: &StaffId,
        limit: i32,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Roster>, PageError> {
        let pk = keys::provider_pk(provider);
        let after = cursor.map(Cursor::decode::<String>).transpose()?;
        if !after.as_ref().is_none_or(|sk| sk.starts_with("ROSTER#")) {
            return Err(InvalidCursor.into());
        }
        let start = after.map(|sk| {
            keys::Item::from([(keys::PK.to_owned(), keys::text(&pk)), (keys::SK.to_owned(), keys::text(sk))])
        });
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND begins_with(sk, :rosters)")
            .expression_attribute_values(":pk", keys::text(&pk))
            .expression_attribute_values(":rosters", keys::text("ROSTER#"))
            .scan_index_forward(false)
            .limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(StoreError::from)?;
        let next = page.last_evaluated_key.as_ref().map(|key| records::string(key, keys::SK)).transpose()?;
        let next = next.and_then(|sk| Cursor::encode(&sk));
        let items = page.items.unwrap_or_default().into_iter().map(records::from_item);
        Ok(Page { items: items.collect::<Result<_, StoreError>>()?, next })
    }

    /// A page of what became of `roster`'s rows, at most `limit` chunks of them.
    pub async fn rows_page(
        &self,
        roster: &RosterId,
        limit: i32,
        cursor: Option<&Cursor>,
    ) -> Result<Page<RowChunk>, PageError> {
        let pk = keys::roster_pk(roster);
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
        let items = page.items.unwrap_or_default().into_iter().map(records::from_item);
        Ok(Page { items: items.collect::<Result<_, StoreError>>()?, next })
    }

    /// The class list `id`, the results of its chunk `chunk`, and `course` as it is now, in one call.
    pub async fn listed(&self, id: &RosterId, chunk: u32, course: &CourseId) -> Result<Listed, StoreError> {
        let mut listed = Listed::default();
        let wanted = vec![keys::roster(id), keys::row_chunk(id, chunk), keys::course(course)];
        for item in self.batch(wanted).await? {
            match records::string(&item, keys::ENTITY)? {
                entity::ROSTER => listed.roster = Some(records::from_item(item)?),
                entity::COURSE => listed.course = Some(records::from_item(item)?),
                _ => listed.rows = Some(records::from_item(item)?),
            }
        }
        Ok(listed)
    }

    /// The class list `id` and the results of its chunk `chunk`, in one call.
    pub async fn roster_with_chunk(
        &self,
        id: &RosterId,
        chunk: u32,
    ) -> Result<(Option<Roster>, Option<RowChunk>), StoreError> {
        let found = self.batch(vec![keys::roster(id), keys::row_chunk(id, chunk)]).await?;
        let (mut roster, mut rows) = (None, None);
        for item in found {
            match records::string(&item, keys::ENTITY)? {
                entity::ROSTER => roster = Some(records::from_item(item)?),
                _ => rows = Some(records::from_item(item)?),
            }
        }
        Ok((roster, rows))
    }

    /// Writes the next version of a class list and what goes with it, whole or not at all.
    pub async fn commit_roster(
        &self,
        roster: &Roster,
        write: RosterWrite<'_>,
        now: Instant,
    ) -> Result<Committed, Lost> {
        let mut transaction = match write.change {
            Some(change) => self.transaction(change, write.idempotency)?,
            None => Transaction::new(self, write.idempotency, now)?,
        };
        let mut item = records::to_item(roster, &keys::roster(&roster.id), entity::ROSTER)?;
        if roster.is_unfinished() {
            let from = roster.lease.as_ref().map_or(now, |lease| lease.until);
            item.insert(keys::DUE_PK.to_owned(), keys::text(keys::UNFINISHED_PK));
            item.insert(keys::DUE_SK.to_owned(), keys::text(format!("{from}#{}", roster.id)));
        }
        let kept = if roster.queued_at.is_some() { KEPT_SECONDS } else { UNUSED_SECONDS };
        item.insert(keys::EXPIRES_AT.to_owned(), keys::number(roster.created_at.unix_seconds() + kept));
        transaction.put_version(item, roster.version)?;
        if let Some(journal) = write.journal {
            transaction.journal(roster.id.as_str(), roster.version, journal)?;
        }
        if let Some(chunk) = write.chunk {
            let mut item =
                records::to_item(chunk, &keys::row_chunk(&chunk.roster, chunk.chunk), entity::ROW_CHUNK)?;
            item.insert(
                keys::EXPIRES_AT.to_owned(),
                keys::number(roster.created_at.unix_seconds() + KEPT_SECONDS),
            );
            transaction.put_version(item, chunk.version)?;
        }
        if let Some((number, course)) = write.waited {
            transaction.delete(&keys::waiting(number, course), true)?;
        }
        transaction.send().await
    }

    /// Class lists that somebody may take up at `now`.
    pub async fn unfinished_rosters(&self, now: Instant, limit: i32) -> Result<Vec<RosterId>, StoreError> {
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .index_name(keys::DUE_INDEX)
            .key_condition_expression("due_pk = :pk AND due_sk <= :now")
            .expression_attribute_values(":pk", keys::text(keys::UNFINISHED_PK))
            .expression_attribute_values(":now", keys::text(format!("{now}~")))
            .limit(limit)
            .send()
            .await?;
        let id = |item: keys::Item| {
            let due = records::string(&item, keys::DUE_SK)?;
            due.split_once('#').and_then(|(_, id)| id.parse().ok()).ok_or(StoreError::Attribute(keys::DUE_SK))
        };
        page.items.unwrap_or_default().into_iter().map(id).collect()
    }

    /// Keeps a row until its holder registers. Gives the other row of the course that waits for the same certificate,
    /// where there is one; none where this one is kept, now or by itself before.
    pub async fn keep_waiting(&self, row: &WaitingRow) -> Result<Option<WaitingRow>, StoreError> {
        let key = keys::waiting(&row.management_number, &row.course.id);
        let mut item = records::to_item(row, &key, entity::WAITING)?;
        let until = row.at.unix_seconds() + KEPT_SECONDS;
        item.insert(keys::EXPIRES_AT.to_owned(), keys::number(until));
        let outcome = self
            .client
            .put_item()
            .table_name(&self.tables.records)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR #source = :source")
            .expression_attribute_names("#source", "source")
            .expression_attribute_values(":source", serde_dynamo::to_attribute_value(&row.source)?)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = outcome else { return Ok(None) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => match &failed.item {
                Some(item) => records::from_item(item.clone()).map(Some),
                None => Err(error.into()),
            },
            _ => Err(error.into()),
        }
    }

    /// Lets go of a row that waits no more. That there is none is no error.
    pub async fn drop_waiting(&self, row: &WaitingRow) -> Result<(), StoreError> {
        let key = keys::waiting(&row.management_number, &row.course.id);
        let request = self.client.delete_item().table_name(&self.tables.records);
        request.set_key(Some(key.attributes())).send().await?;
        Ok(())
    }

    /// What waits for the certificate `number`.
    pub async fn waiting_rows(&self, number: &ManagementNumber) -> Result<Vec<WaitingRow>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.records)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", keys::text(keys::waiting_pk(number)));
        every_item(query).await?.into_iter().map(records::from_item).collect()
    }

    /// Whose each of `numbers` is, as far as anybody has claimed it: in a registration, or in an application that was
    /// submitted.
    pub async fn certificate_holders(
        &self,
        numbers: &[ManagementNumber],
    ) -> Result<BTreeMap<ManagementNumber, HolderId>, StoreError> {
        let mut by_key: BTreeMap<String, &ManagementNumber> = BTreeMap::new();
        for number in numbers {
            by_key.insert(keys::unique(&UniqueKey::Certificate(number.clone())).pk, number);
        }
        let wanted =
            by_key.values().map(|number| keys::unique(&UniqueKey::Certificate((*number).clone()))).collect();
        let mut holders = BTreeMap::new();
        for item in self.batch(wanted).await? {
            let holder = records::string(&item, "owner")?.parse();
            let holder = holder.map_err(|_| StoreError::Attribute("owner"))?;
            if let Some(number) = by_key.get(records::string(&item, keys::PK)?) {
                holders.insert((*number).clone(), holder);
            }
        }
        Ok(holders)
    }

    /// The items under `wanted`, as far as they are there, strongly consistent, in no order.
    pub(super) async fn batch(&self, mut wanted: Vec<keys::Key>) -> Result<Vec<keys::Item>, StoreError> {
        wanted.sort_by(|a, b| (&a.pk, &a.sk).cmp(&(&b.pk, &b.sk)));
        wanted.dedup();
        let mut found = Vec::with_capacity(wanted.len());
        for keys in wanted.chunks(BATCH) {
            let mut left: Vec<keys::Item> = keys.iter().map(keys::Key::attributes).collect();
            for _ in 0..BATCH_ROUNDS {
                if left.is_empty() {
                    break;
                }
                let asked = KeysAndAttributes::builder().set_keys(Some(left)).consistent_read(true).build();
                let asked = asked.map_err(|error| StoreError::Failed(error.to_string()))?;
                let table = &self.tables.records;
                let answer = self.client.batch_get_item().request_items(table, asked).send().await?;
                found.extend(answer.responses.unwrap_or_default().remove(table).unwrap_or_default());
                let unprocessed = answer.unprocessed_keys.unwrap_or_default().remove(table);
                left = unprocessed.map(|keys| keys.keys).unwrap_or_default();
            }
            if !left.is_empty() {
                return Err(StoreError::Busy("a batch was left unfinished".to_owned()));
            }
        }
        Ok(found)
    }
}
