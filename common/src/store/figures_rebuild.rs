//! Counting all figures anew, from every record there is: an operator's command, and the one place where a scan is right,
//! since it has to see each record, whoever's it is, and nobody waits for it.
//!
//! It makes the next generation of sums beside the one that is read. From its first moment on the stream's consumer
//! counts into that too, by the same marks, so that a change is counted once whoever comes to it first. Then the pointer
//! is moved, and the old sums are deleted. A run that was killed leaves a generation that nobody reads; the next run makes
//! another, and deletes both.

use super::{
    Store, StoreError,
    figures::Pointer,
    items::{DELETED_AT_ONCE, written},
    keys::{self, Item},
    records::{self, entity},
};
use crate::clock::Clock;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::date::Instant;
use futures_util::future::try_join_all;
use std::time::Duration;

/// Parts of the table that are read at the same time.
const SEGMENTS: i32 = 4;
/// How long a run may say nothing until another may take its place.
const LEASE_SECONDS: i64 = 60;

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RebuildProgress {
    /// About how many items the table has; DynamoDB counts every six hours.
    pub items: u64,
    /// Items looked at.
    pub seen: u64,
    /// Records counted.
    pub counted: u64,
    /// Records that this release can't read. They are in the log.
    pub unreadable: u64,
    /// Old sums deleted.
    pub deleted: u64,
}

/// Why figures weren't counted anew. What is read is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// Somebody else is at it, until then at least.
    #[error("another run is counting the figures anew, until {0} at least")]
    Running(Instant),
    /// Somebody else took over, since this run had been silent for too long.
    #[error("another run took over")]
    TakenOver,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The right to make a generation.
struct Lease {
    pointer: Pointer,
    generation: u32,
}

impl Store {
    /// Counts all figures anew. `owner` names this run; `grace` is how long those who have just learned which sums to read
    /// have for reading them.
    pub async fn rebuild_figures(
        &self,
        owner: &str,
        clock: &Clock,
        grace: Duration,
        show: impl Fn(&RebuildProgress),
    ) -> Result<RebuildProgress, RebuildError> {
        let mut lease = self.begin_rebuild(owner, clock.now()).await?;
        let mut progress =
            RebuildProgress { items: self.about_how_many().await?, ..RebuildProgress::default() };
        let mut old = Vec::new();
        // Where to go on in each part; a part that is done isn't there any more.
        let mut parts: Vec<(i32, Option<Item>)> = (0..SEGMENTS).map(|segment| (segment, None)).collect();
        while !parts.is_empty() {
            let pages = try_join_all(parts.into_iter().map(|(part, after)| self.part(part, after))).await?;
            parts = Vec::new();
            let mut records = Vec::new();
            for page in pages {
                progress.seen += page.seen;
                parts.extend(page.next.map(|next| (page.part, Some(next))));
                for item in page.items {
                    if records::string(&item, keys::ENTITY)? == entity::FIGURES {
                        old.extend(old_key(item, lease.generation));
                        continue;
                    }
                    let key = records::string(&item, keys::SK)?.to_owned();
                    match self.countable(item) {
                        Ok(countable) => records.extend(countable),
                        Err(error) => {
                            tracing::error!(%error, %key, "a record can't be counted into the figures");
                            progress.unreadable += 1;
                        }
                    }
                }
            }
            progress.counted += self.count_as_read(records, clock.now()).await? as u64;
            lease.pointer.lease_until = Some(clock.now().plus_seconds(LEASE_SECONDS));
            lease.pointer = self.move_pointer(lease.pointer).await?.ok_or(RebuildError::TakenOver)?;
            show(&progress);
        }
        let current =
            Pointer { version: lease.pointer.version, current: lease.generation, ..Pointer::default() };
        self.move_pointer(current).await?.ok_or(RebuildError::TakenOver)?;
        tokio::time::sleep(grace).await;
        for keys in old.chunks(DELETED_AT_ONCE) {
            self.delete_items(keys.iter().cloned()).await?;
            progress.deleted += keys.len() as u64;
            show(&progress);
        }
        Ok(progress)
    }

    /// Begins the next generation, where nobody else is making one.
    async fn begin_rebuild(&self, owner: &str, now: Instant) -> Result<Lease, RebuildError> {
        let before = self.figures_pointer().await?;
        if let Some(until) = before.lease_until.filter(|until| *until > now) {
            return Err(RebuildError::Running(until));
        }
        let generation = before.building.unwrap_or_default().max(before.current) + 1;
        let until = now.plus_seconds(LEASE_SECONDS);
        let pointer = Pointer {
            building: Some(generation),
            owner: Some(owner.to_owned()),
            lease_until: Some(until),
            ..before
        };
        match self.move_pointer(pointer).await? {
            Some(pointer) => Ok(Lease { pointer, generation }),
            None => Err(RebuildError::Running(until)),
        }
    }

    /// Puts the next version of `pointer`, where its version is what's there; gives what was put.
    async fn move_pointer(&self, mut pointer: Pointer) -> Result<Option<Pointer>, StoreError> {
        let before = pointer.version;
        pointer.version += 1;
        let put = self.client.put_item().table_name(&self.tables.records).set_item(Some(records::to_item(
            &pointer,
            &keys::figures_pointer(),
            entity::JOB,
        )?));
        let put = if before == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("version = :before")
                .expression_attribute_values(":before", keys::number(before))
        };
        Ok(written(put.send().await)?.then_some(pointer))
    }

    /// The next page of a part of the table: what figures are made of, and sums.
    async fn part(&self, part: i32, after: Option<Item>) -> Result<PartPage, StoreError> {
        let page = self
            .client
            .scan()
            .table_name(&self.tables.records)
            .consistent_read(true)
            .segment(part)
            .total_segments(SEGMENTS)
            .filter_expression("entity IN (:registration, :application, :credit, :figures)")
            .expression_attribute_values(":registration", keys::text(entity::REGISTRATION))
            .expression_attribute_values(":application", keys::text(entity::APPLICATION))
            .expression_attribute_values(":credit", keys::text(entity::CREDIT))
            .expression_attribute_values(":figures", keys::text(entity::FIGURES))
            .set_exclusive_start_key(after)
            .send()
            .await?;
        Ok(PartPage {
            part,
            seen: u64::try_from(page.scanned_count).unwrap_or_default(),
            next: page.last_evaluated_key,
            items: page.items.unwrap_or_default(),
        })
    }
}

/// A page of a part of the table.
struct PartPage {
    part: i32,
    seen: u64,
    next: Option<Item>,
    items: Vec<Item>,
}

/// The key of sums of another generation than `generation`.
fn old_key(mut item: Item, generation: u32) -> Option<Item> {
    let of_another = |value: &AttributeValue| {
        value.as_s().is_ok_and(|pk| !pk.starts_with(&keys::figures_prefix(generation)))
    };
    item.retain(|name, _| name == keys::PK || name == keys::SK);
    item.get(keys::PK).is_some_and(of_another).then_some(item)
}
