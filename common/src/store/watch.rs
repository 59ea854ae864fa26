//! Standing lists: who watches which registrations, and where they're told.

use super::{
    Cursor, Dispatch, Lost, OutboxItem, Page, PageError, Store, StoreError,
    commit::Transaction,
    items::{every_item, written},
    keys::{self, Item},
    records::{self, entity},
};
use aws_sdk_dynamodb::operation::{
    query::builders::QueryFluentBuilder, update_item::builders::UpdateItemFluentBuilder,
};
use domain::{
    application::JournalEntry,
    date::Instant,
    registration::RegistrationNumber,
    watch::{Failing, WatchEvent, Watched, Watcher},
};
use std::collections::BTreeSet;

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

    /// Writes a list's next state and what comes with it, where the version before it is what's there.
    pub async fn write_watch(
        &self,
        after: &Watcher,
        with: WatchWrite<'_>,
        journal: &JournalEntry,
    ) -> Result<(), Lost> {
        let mut transaction = Transaction::new(self, None, journal.at)?;
        let item = records::to_item(after, &keys::watcher(&after.client), entity::WATCHER)?;
        transaction.put_version(item, after.version)?;
        transaction.put_new(watch_journal(after, journal)?)?;
        for watched in with.add {
            let row = keys::watched(&watched.number, &watched.watch);
            let mut item = records::to_item(watched, &row, entity::WATCHED)?;
            item.insert(keys::QUEUE_PK.to_owned(), keys::text(keys::watching_pk(&watched.watch)));
            item.insert(keys::QUEUE_SK.to_owned(), keys::text(watched.number.as_str()));
            transaction.put_new(item)?;
        }
        if let Some(number) = with.remove {
            transaction.delete(&keys::watched(number, &after.watch), true)?;
        }
        if let Some(event) = with.event {
            transaction.put_new(OutboxItem::new(Dispatch::Call(event.clone()), event.at).to_item()?)?;
        }
        transaction.send().await.map(drop)
    }

    /// Ends a list, where it's still as it was read. The registrations on it are let go of by [`Self::clear_watch`].
    pub async fn end_watch(&self, watcher: &Watcher, journal: &JournalEntry) -> Result<(), Lost> {
        let ended = Watcher { version: watcher.version + 1, ..watcher.clone() };
        let mut transaction = Transaction::new(self, None, journal.at)?;
        transaction.delete_version(&keys::watcher(&watcher.client), watcher.version)?;
        transaction.put_new(watch_journal(&ended, journal)?)?;
        transaction.send().await.map(drop)
    }

    /// Lets go of every registration on the list `watch`, which has ended. May be cut off anywhere and run again.
    pub async fn clear_watch(&self, watch: &str) -> Result<u64, StoreError> {
        let rows = every_item(self.watching(watch)).await?;
        let cleared = rows.len() as u64;
        let key =
            |row: Item| row.into_iter().filter(|(name, _)| [keys::PK, keys::SK].contains(&name.as_str()));
        self.delete_items(rows.into_iter().map(|row| key(row).collect())).await?;
        Ok(cleared)
    }

    /// A page of the registrations on the list `watch`, by number. By the index, so that what was just added may lack.
    pub async fn watched(
        &self,
        watch: &str,
        limit: i32,
        cursor: Option<&Cursor>,
    ) -> Result<Page<RegistrationNumber>, PageError> {
        let after: Option<RegistrationNumber> = cursor.map(Cursor::decode).transpose()?;
        let start = after.map(|number| {
            let mut start = keys::watched(&number, watch).attributes();
            start.insert(keys::QUEUE_PK.to_owned(), keys::text(keys::watching_pk(watch)));
            start.insert(keys::QUEUE_SK.to_owned(), keys::text(number.as_str()));
            start
        });
        let request = self.watching(watch).limit(limit).set_exclusive_start_key(start);
        let page = request.send().await.map_err(StoreError::from)?;
        let number = |item: &Item| -> Result<RegistrationNumber, StoreError> {
            let number = records::string(item, keys::QUEUE_SK)?;
            number.parse().map_err(|_| StoreError::Attribute(keys::QUEUE_SK))
        };
        let next = page.last_evaluated_key.as_ref().map(number).transpose()?;
        let items: Result<Vec<_>, StoreError> = page.items.unwrap_or_default().iter().map(number).collect();
        Ok(Page { items: items?, next: next.and_then(|number| Cursor::encode(&number)) })
    }

    /// The query of the registrations on the list `watch`, by number.
    fn watching(&self, watch: &str) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.tables.records)
            .index_name(keys::QUEUE_INDEX)
            .key_condition_expression("queue_pk = :pk")
            .expression_attribute_values(":pk", keys::text(keys::watching_pk(watch)))
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
        let ended = ended.iter().map(|row| keys::watched(&row.number, &row.watch).attributes());
        self.delete_items(ended).await?;
        Ok(rows)
    }

    async fn watched_by(&self, number: &RegistrationNumber) -> Result<Vec<Watched>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.records)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", keys::text(keys::watched_pk(number)));
        every_item(query).await?.into_iter().map(records::from_item).collect()
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
    fn note(&self, watcher: &Watcher) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::watcher(&watcher.client).attributes()))
            .condition_expression("watch = :watch AND address = :address")
            .expression_attribute_values(":watch", keys::text(&watcher.watch))
            .expression_attribute_values(":address", keys::text(watcher.address.to_string()))
    }

    /// Of a list that was ended or moved meanwhile there is nothing to note.
    async fn noted(request: UpdateItemFluentBuilder) -> Result<(), StoreError> {
        written(request.send().await).map(drop)
    }
}

fn watch_journal(after: &Watcher, entry: &JournalEntry) -> Result<Item, StoreError> {
    let key = keys::journal(&format!("WATCH-{}", after.watch), after.version);
    let mut item = records::to_item(entry, &key, entity::JOURNAL)?;
    item.insert("address".to_owned(), keys::text(after.address.to_string()));
    Ok(item)
}
