//! Samples of hours: what they're drawn from, and the samples themselves.

use super::{
    Committed, Cursor, Lost, Page, PageError, Store, StoreError,
    commit::Transaction,
    keys,
    records::{self, SAMPLE_SHARDS, entity},
};
use domain::{
    application::JournalEntry,
    date::Instant,
    district::Area,
    education::{Month, Sample, SampleId},
    id::CreditId,
};
use futures_util::future::try_join_all;

impl Store {
    /// The records of `area` that began to count in `month` and were never drawn. Of more than `most`, that many and
    /// some: no more is read than tells that there are too many.
    pub async fn drawable(
        &self,
        area: &Area,
        month: Month,
        most: usize,
    ) -> Result<Vec<CreditId>, StoreError> {
        let month = month.compact();
        let shards = (0..SAMPLE_SHARDS).map(|shard| {
            let pk = keys::counted_pk(area.as_str(), &month, shard);
            self.drawable_shard(pk, most)
        });
        Ok(try_join_all(shards).await?.into_iter().flatten().collect())
    }

    async fn drawable_shard(&self, pk: String, most: usize) -> Result<Vec<CreditId>, StoreError> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.tables.records)
                .index_name(keys::QUEUE_INDEX)
                .key_condition_expression("queue_pk = :pk")
                .expression_attribute_values(":pk", keys::text(&pk))
                .projection_expression("id")
                .set_exclusive_start_key(start)
                .send()
                .await?;
            for item in page.items.unwrap_or_default() {
                let id = records::string(&item, "id")?.parse().map_err(|_| StoreError::Attribute("id"))?;
                found.push(id);
            }
            start = page.last_evaluated_key;
            if start.is_none() || found.len() > most {
                return Ok(found);
            }
        }
    }

    /// The sample `id`, strongly consistent; none where there is none.
    pub async fn sample(&self, id: &SampleId) -> Result<Option<Sample>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::sample(id).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        found.item.map(records::from_item).transpose()
    }

    /// A page of the samples of `area` and `month`.
    pub async fn samples(
        &self,
        area: &Area,
        month: Month,
        limit: i32,
        cursor: Option<&Cursor>,
    ) -> Result<Page<Sample>, PageError> {
        let pk = keys::sample_pk(area.as_str(), &month.compact());
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

    /// Writes the next version of a sample, with its journal's entry where its state changed; how far asking has come
    /// isn't journalled.
    pub async fn commit_sample(
        &self,
        sample: &Sample,
        journal: Option<&JournalEntry>,
        now: Instant,
    ) -> Result<Committed, Lost> {
        let mut transaction = Transaction::new(self, None, now)?;
        let mut item = records::to_item(sample, &keys::sample(&sample.id), entity::SAMPLE)?;
        records::set_due(&mut item, sample.next_due, None, now.day(), sample.id.as_str());
        transaction.put_version(item, sample.version)?;
        if let Some(journal) = journal {
            transaction.journal(sample.id.as_str(), sample.version, journal)?;
        }
        transaction.send().await
    }
}
