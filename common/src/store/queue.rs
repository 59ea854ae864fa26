//! The review queue: what waits at a stage in an area, oldest first. A page costs the same however long the queue is.

use super::{Cursor, InvalidCursor, Store, StoreError, keys, records};
use aws_sdk_dynamodb::types::Select;
use domain::{
    application::{ApplicationKind, Receipt, ReviewClaim, Stage, StageProgress},
    certificate::CertificateLevel,
    date::Instant,
    district::{Area, DistrictCode},
    form::PersonName,
    id::ApplicationId,
};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

/// What a waiting application's item shows in the index beside the application's own attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The holder's name.
    pub name: PersonName,
    /// The certificate's level.
    pub level: CertificateLevel,
    /// The district.
    pub district: DistrictCode,
}

/// One waiting application.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct QueueEntry {
    /// Its id.
    pub id: ApplicationId,
    /// What for.
    pub kind: ApplicationKind,
    /// Whom it's about.
    pub summary: Summary,
    /// The receipt.
    pub receipt: Receipt,
    /// True for a late first registration.
    pub late: bool,
    /// How far each stage has come.
    pub stages: Vec<StageProgress>,
    /// Who is at it.
    pub claim: Option<ReviewClaim>,
    /// Its version.
    pub version: u64,
}

/// A page of the queue.
#[derive(Debug, Clone)]
pub struct QueuePage {
    /// Oldest first.
    pub entries: Vec<QueueEntry>,
    /// Where the next page begins.
    pub next: Option<Cursor>,
}

/// Where each shard's next page begins: after this sort key.
#[derive(Serialize, Deserialize)]
struct Position(String);

/// The most that is counted one by one; see [`Store::queue_count`].
pub const COUNTED_TO: i32 = 1000;

impl Store {
    /// A page of at most `limit` of what waits at `stage` in `area`, whose queue has `shards` keys. Each shard is asked
    /// for a whole page at the same time, since the oldest may all lie in one.
    pub async fn queue_page(
        &self,
        stage: Stage,
        area: &Area,
        shards: u8,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<QueuePage, QueueError> {
        let after = cursor.map(Cursor::decode::<Position>).transpose()?;
        let after = after.as_ref().map(|Position(after)| after.as_str());
        let pages =
            try_join_all((0..shards).map(|shard| self.queue_shard(stage, area, shard, limit, after))).await?;
        let mut entries: Vec<(String, QueueEntry)> = pages.into_iter().flatten().collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let more = entries.len() > limit;
        entries.truncate(limit);
        let next = if more {
            entries.last().and_then(|(sk, _)| Cursor::encode(&Position(sk.clone())))
        } else {
            None
        };
        Ok(QueuePage { entries: entries.into_iter().map(|(_, entry)| entry).collect(), next })
    }

    async fn queue_shard(
        &self,
        stage: Stage,
        area: &Area,
        shard: u8,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Vec<(String, QueueEntry)>, StoreError> {
        // One more than a page tells whether there is another.
        let limit = i32::try_from(limit + 1).unwrap_or(i32::MAX);
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .index_name(keys::QUEUE_INDEX)
            .key_condition_expression("queue_pk = :pk AND queue_sk > :after")
            .expression_attribute_values(":pk", keys::text(keys::queue_pk(stage, area.as_str(), shard)))
            .expression_attribute_values(":after", keys::text(after.unwrap_or(" ")))
            .limit(limit)
            .send()
            .await?;
        let items = page.items.unwrap_or_default().into_iter();
        items
            .map(|item| Ok((records::string(&item, keys::QUEUE_SK)?.to_owned(), records::from_item(item)?)))
            .collect()
    }

    /// How many wait at `stage` in `area`, and of these how many were submitted before `overdue`. Each shard counts
    /// to [`COUNTED_TO`] at the most, so that the answer's cost is bounded; `true` says there are more.
    pub async fn queue_count(
        &self,
        stage: Stage,
        area: &Area,
        shards: u8,
        before: Option<Instant>,
    ) -> Result<(u64, bool), StoreError> {
        let counts = try_join_all((0..shards).map(|shard| async move {
            let request = self
                .client
                .query()
                .table_name(&self.tables.records)
                .index_name(keys::QUEUE_INDEX)
                .key_condition_expression("queue_pk = :pk AND queue_sk < :before")
                .expression_attribute_values(":pk", keys::text(keys::queue_pk(stage, area.as_str(), shard)))
                .expression_attribute_values(
                    ":before",
                    keys::text(before.map_or_else(|| "~".to_owned(), |before| before.to_string())),
                )
                .select(Select::Count)
                .limit(COUNTED_TO);
            let page = request.send().await?;
            Ok::<_, StoreError>((u64::try_from(page.count).unwrap_or(0), page.last_evaluated_key.is_some()))
        }))
        .await?;
        Ok(counts.into_iter().fold((0, false), |(sum, more), (count, cut)| (sum + count, more || cut)))
    }
}

/// Why a page of the queue can't be given.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The cursor is of no page of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
