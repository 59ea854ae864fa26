//! Standing lists: who watches which registrations, and where they're told.

use super::{
    Cursor, Dispatch, OutboxItem, Page, PageError, Store, StoreError,
    keys::{self, Item, Key},
    records::{self, entity},
    transact::Sent,
};
use aws_sdk_dynamodb::types::{Delete, DeleteRequest, Put, TransactWriteItem, WriteRequest};
use domain::{
    application::JournalEntry,
    date::Instant,
    registration::RegistrationNumber,
    watch::{Failing, WatchEvent, Watched, Watcher},
};
use std::collections::BTreeSet;

/// The most items of one `BatchWriteItem`.
const BATCH_WRITES: usize = 25;
/// How often what a batch left out is written again.
const BATCH_ROUNDS: u32 = 5;

/// A change of a list lost: it changed since it was read. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WatchLost {
    /// The list changed since it was read.
    #[error("the list changed since it was read")]
    Stale,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is written with a list's next state.
#[derive(Debug, Default)]
pub struct WatchWrite<'a> {
    /// Registrations that come onto it.
    pub add: &'a [Watched],
    /// The registration that goes off it.
    pub remove: Option<&'a RegistrationNumber>,
    /// The call that tells its owner.
    pub event: Option<&'a WatchEvent>,
}

impl Store {
    /// The list of `client`, strongly consistent; none where it has none.
    pub async fn watcher(&self, client: &str) -> Result<Option<Watcher>, StoreError> {
        let request = self.client.get_item().table_name(&self.tables.records).consistent_read(true);
        let found = request.set_key(Some(keys::watcher(client).attributes())).send().await?;
        found.item.map(records::from_item).transpose()
    }

    /// Writes a list's next state and what comes with it, where it's still as `before`; a new one where there is none.
    pub async fn write_watch(
        &self,
        before: Option<&Watcher>,
        after: &Watcher,
        with: WatchWrite<'_>,
        journal: &JournalEntry,
    ) -> Result<(), WatchLost> {
        let item = records::to_item(after, &keys::watcher(&after.client), entity::WATCHER)?;
        let mut items = vec![put(self.put_of(item), before.map(|before| before.version))?];
        items.push(self.watch_journal(after, journal)?);
        for watched in with.add {
            let row = keys::watched(&watched.number, &watched.watch);
            let mut item = records::to_item(watched, &row, entity::WATCHED)?;
            item.insert(keys::QUEUE_PK.to_owned(), keys::text(keys::watching_pk(&watched.watch)));
            item.insert(keys::QUEUE_SK.to_owned(), keys::text(watched.number.as_str()));
            items.push(put(self.put_of(item), None)?);
        }
        if let Some(number) = with.remove {
            items.push(self.delete_of(&keys::watched(number, &after.watch), "attribute_exists(pk)", None)?);
        }
        if let Some(event) = with.event {
            let item = OutboxItem::new(Dispatch::Call(event.clone()), event.at).to_item()?;
            items.push(put(self.put_of(item), None)?);
        }
        self.write_all(items).await
    }

    /// Ends a list, where it's still as it was read. The registrations on it are let go of by [`Self::clear_watch`].
    pub async fn end_watch(&self, watcher: &Watcher, journal: &JournalEntry) -> Result<(), WatchLost> {
        let ended = Watcher { version: watcher.version + 1, ..watcher.clone() };
        let delete =
            self.delete_of(&keys::watcher(&watcher.client), "#version = :before", Some(watcher.version))?;
        self.write_all(vec![delete, self.watch_journal(&ended, journal)?]).await
    }

    /// Lets go of every registration on the list `watch`, which has ended. May be cut off anywhere and run again.
    pub async fn clear_watch(&self, watch: &str) -> Result<u64, StoreError> {
        let mut cleared = 0;
        loop {
            let page = self.watched_rows(watch, None, None).await?;
            let (rows, more) = (page.items.unwrap_or_default(), page.last_evaluated_key.is_some());
            for rows in rows.chunks(BATCH_WRITES) {
                let deletes = rows.iter().map(|row| {
                    let key = [keys::PK, keys::SK].into_iter().filter_map(|name| row.get_key_value(name));
                    let key: Item = key.map(|(name, value)| (name.clone(), value.clone())).collect();
                    delete_request(key)
                });
                self.write_batch(deletes.collect::<Result<_, _>>()?).await?;
                cleared += rows.len() as u64;
            }
            if !more {
                return Ok(cleared);
            }
        }
    }

    /// A page of the registrations on the list `watch`, by number. By the index, so that what was just added may lack.
    pub async fn watched(
        &self,
        watch: &str,
        limit: i32,
        cursor: Option<&Cursor>,
    ) -> Result<Page<RegistrationNumber>, PageError> {
        let after: Option<RegistrationNumber> = cursor.map(Cursor::decode).transpose()?;
        let page = self.watched_rows(watch, Some(limit), after.as_ref()).await?;
        let number = |item: &Item| -> Result<RegistrationNumber, StoreError> {
            let number = records::string(item, keys::QUEUE_SK)?;
            number.parse().map_err(|_| StoreError::Attribute(keys::QUEUE_SK))
        };
        let next = page.last_evaluated_key.as_ref().map(number).transpose()?;
        let items: Result<Vec<_>, StoreError> = page.items.unwrap_or_default().iter().map(number).collect();
        Ok(Page { items: items?, next: next.and_then(|number| Cursor::encode(&number)) })
    }

    async fn watched_rows(
        &self,
        watch: &str,
        limit: Option<i32>,
        after: Option<&RegistrationNumber>,
    ) -> Result<aws_sdk_dynamodb::operation::query::QueryOutput, StoreError> {
        let pk = keys::watching_pk(watch);
        let start = after.map(|number| {
            let mut start = keys::watched(number, watch).attributes();
            start.insert(keys::QUEUE_PK.to_owned(), keys::text(&pk));
            start.insert(keys::QUEUE_SK.to_owned(), keys::text(number.as_str()));
            start
        });
        let request = self.client.query().table_name(&self.tables.records).index_name(keys::QUEUE_INDEX);
        let request = request.key_condition_expression("queue_pk = :pk").set_limit(limit);
        let request =
            request.expression_attribute_values(":pk", keys::text(pk)).set_exclusive_start_key(start);
        Ok(request.send().await?)
    }

    /// Which of `numbers` are on the list `watch` already.
    pub async fn watched_among(
        &self,
        watch: &str,
        numbers: impl IntoIterator<Item = &RegistrationNumber>,
    ) -> Result<BTreeSet<RegistrationNumber>, StoreError> {
        let wanted = numbers.into_iter().map(|number| keys::watched(number, watch)).collect();
        let rows = self.batch(wanted).await?.into_iter().map(records::from_item::<Watched>);
        rows.map(|row| row.map(|row| row.number)).collect()
    }

    /// Everybody who watches `number`. What is left of lists that have ended is let go of: [`Self::clear_watch`] finds it
    /// by an index, which may be behind.
    pub async fn watchers_of(&self, number: &RegistrationNumber) -> Result<Vec<Watched>, StoreError> {
        let rows = self.watched_by(number).await?;
        let wanted = rows.iter().map(|row| keys::watcher(&row.client)).collect();
        let lists = self.batch(wanted).await?.into_iter().map(records::from_item::<Watcher>);
        let lists: BTreeSet<_> = lists.map(|list| list.map(|list| list.watch)).collect::<Result<_, _>>()?;
        let (rows, ended): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| lists.contains(&row.watch));
        for ended in ended.chunks(BATCH_WRITES) {
            let keys = ended.iter().map(|row| keys::watched(&row.number, &row.watch).attributes());
            self.write_batch(keys.map(delete_request).collect::<Result<_, _>>()?).await?;
        }
        Ok(rows)
    }

    async fn watched_by(&self, number: &RegistrationNumber) -> Result<Vec<Watched>, StoreError> {
        let (mut rows, mut start) = (Vec::new(), None);
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.tables.records)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", keys::text(keys::watched_pk(number)))
                .consistent_read(true)
                .set_exclusive_start_key(start.take())
                .send()
                .await?;
            for item in page.items.unwrap_or_default() {
                rows.push(records::from_item(item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(rows);
            }
        }
    }

    /// Notes that the list's address took a call.
    pub async fn note_reached(&self, watcher: &Watcher, now: Instant) -> Result<(), StoreError> {
        let request = self.note(watcher).update_expression("SET reached_at = :now REMOVE failing");
        Self::noted(request.expression_attribute_values(":now", keys::text(now.to_string()))).await
    }

    /// Notes that it didn't.
    pub async fn note_failing(&self, watcher: &Watcher, failing: &Failing) -> Result<(), StoreError> {
        let request = self.note(watcher).update_expression("SET failing = :failing");
        let failing = serde_dynamo::to_attribute_value(failing)?;
        Self::noted(request.expression_attribute_values(":failing", failing)).await
    }

    /// An update of what is known of the list's present address.
    fn note(
        &self,
        watcher: &Watcher,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::watcher(&watcher.client).attributes()))
            .condition_expression("watch = :watch AND address = :address")
            .expression_attribute_values(":watch", keys::text(&watcher.watch))
            .expression_attribute_values(":address", keys::text(watcher.address.to_string()))
    }

    /// Of a list that was ended or moved meanwhile there is nothing to note.
    async fn noted(
        request: aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder,
    ) -> Result<(), StoreError> {
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) if super::lost_condition(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn watch_journal(&self, after: &Watcher, entry: &JournalEntry) -> Result<TransactWriteItem, StoreError> {
        let key = keys::journal(&format!("WATCH-{}", after.watch), after.version);
        let mut item = records::to_item(entry, &key, entity::JOURNAL)?;
        item.insert("address".to_owned(), keys::text(after.address.to_string()));
        put(self.put_of(item), None)
    }

    fn put_of(&self, item: Item) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        Put::builder().table_name(&self.tables.records).set_item(Some(item))
    }

    fn delete_of(
        &self,
        key: &Key,
        condition: &str,
        version: Option<u64>,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut delete = Delete::builder()
            .table_name(&self.tables.records)
            .set_key(Some(key.attributes()))
            .condition_expression(condition);
        if let Some(version) = version {
            delete = delete
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":before", keys::number(version));
        }
        let delete = delete.build().map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    async fn write_all(&self, items: Vec<TransactWriteItem>) -> Result<(), WatchLost> {
        match self.transact(items).await? {
            Sent::Written => Ok(()),
            Sent::Cancelled(reasons) => {
                let codes: Vec<_> = reasons.iter().filter_map(|reason| reason.code()).collect();
                if codes.contains(&"ConditionalCheckFailed") {
                    return Err(WatchLost::Stale);
                }
                Err(StoreError::Busy(format!("transaction cancelled: {codes:?}")).into())
            }
        }
    }

    async fn write_batch(&self, mut left: Vec<WriteRequest>) -> Result<(), StoreError> {
        for _ in 0..BATCH_ROUNDS {
            let table = &self.tables.records;
            let answer = self.client.batch_write_item().request_items(table, left).send().await?;
            left = answer.unprocessed_items.unwrap_or_default().remove(table).unwrap_or_default();
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(StoreError::Busy("a batch was left unfinished".to_owned()))
    }
}

fn delete_request(key: Item) -> Result<WriteRequest, StoreError> {
    let delete = DeleteRequest::builder().set_key(Some(key)).build();
    let delete = delete.map_err(|error| StoreError::Failed(error.to_string()))?;
    Ok(WriteRequest::builder().delete_request(delete).build())
}

/// A put where the item has `version`; with none, where there is none.
fn put(
    put: aws_sdk_dynamodb::types::builders::PutBuilder,
    version: Option<u64>,
) -> Result<TransactWriteItem, StoreError> {
    let put = match version {
        None => put.condition_expression("attribute_not_exists(pk)"),
        Some(version) => put
            .condition_expression("#version = :before")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":before", keys::number(version)),
    };
    let put = put.build().map_err(|error| StoreError::Failed(error.to_string()))?;
    Ok(TransactWriteItem::builder().put(put).build())
}
