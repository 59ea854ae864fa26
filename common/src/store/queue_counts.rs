//! How much waits in a queue, how much of it is due soon, and how much is overdue. Counted in the index and bounded, so that
//! the answer costs the same however long the queue is.

use super::{
    QueueKind, QueueOf, Store, StoreError,
    keys::{self, Item},
    queue::end_of,
    records,
};
use aws_sdk_dynamodb::types::Select;
use domain::{
    application::Receipt,
    date::{CalendarDate, Instant},
    digest::QueueCounts,
    rules::RuleSet,
};
use futures_util::future::{try_join, try_join_all};
use serde::Deserialize;

/// The most that is counted of a shard.
pub const COUNTED_TO: i32 = 1000;

/// Days before which what was accepted is due soon, or overdue.
#[derive(Clone, Copy)]
struct Limits {
    soon: CalendarDate,
    overdue: CalendarDate,
}

impl Store {
    /// How much waits in `queue` on `today`. Each shard counts to a thousand at the most; what is cut is said to be.
    pub async fn queue_counts(
        &self,
        queue: QueueOf<'_>,
        rules: &RuleSet,
        today: CalendarDate,
    ) -> Result<QueueCounts, StoreError> {
        let limits = Limits { soon: rules.not_due_soon_from(today), overdue: rules.not_overdue_from(today) };
        let shards = (0..queue.shards).map(|shard| {
            let pk = queue.pk(shard);
            try_join(self.waiting(pk.clone(), end_of(queue.until)), self.pressing(pk, queue, limits))
        });
        let mut sum = QueueCounts::default();
        for ((waiting, waiting_more), pressing) in try_join_all(shards).await? {
            sum.waiting += waiting;
            sum.waiting_more |= waiting_more;
            sum.due_soon += pressing.due_soon;
            sum.due_soon_more |= pressing.due_soon_more;
            sum.overdue += pressing.overdue;
            sum.overdue_more |= pressing.overdue_more;
        }
        Ok(sum)
    }

    async fn waiting(&self, pk: String, until: String) -> Result<(u64, bool), StoreError> {
        let request = self
            .client
            .query()
            .table_name(&self.tables.records)
            .index_name(keys::QUEUE_INDEX)
            .key_condition_expression("queue_pk = :pk AND queue_sk < :until")
            .expression_attribute_values(":pk", keys::text(pk))
            .expression_attribute_values(":until", keys::text(until))
            .select(Select::Count)
            .limit(COUNTED_TO);
        let page = request.send().await?;
        Ok((u64::try_from(page.count).unwrap_or(0), page.last_evaluated_key.is_some()))
    }

    /// What is due soon or overdue in one shard. It's among what was first submitted long enough ago; when it was last
    /// accepted, which the limit counts from, is in the entry.
    async fn pressing(
        &self,
        pk: String,
        queue: QueueOf<'_>,
        limits: Limits,
    ) -> Result<QueueCounts, StoreError> {
        let request = self
            .client
            .query()
            .table_name(&self.tables.records)
            .index_name(keys::QUEUE_INDEX)
            .key_condition_expression("queue_pk = :pk AND queue_sk < :soon")
            .projection_expression("queue_sk, receipt")
            .expression_attribute_values(":pk", keys::text(pk))
            .expression_attribute_values(":soon", keys::text(limits.soon.start().to_string()))
            .limit(COUNTED_TO);
        let page = request.send().await?;
        let more = page.last_evaluated_key.is_some();
        let mut counts = QueueCounts { due_soon_more: more, overdue_more: more, ..QueueCounts::default() };
        for item in page.items.unwrap_or_default() {
            let since = counts_from(item, queue.kind)?.day();
            counts.overdue += u64::from(since < limits.overdue);
            counts.due_soon += u64::from((limits.overdue..limits.soon).contains(&since));
        }
        Ok(counts)
    }
}

/// When the limit of a waiting record begins.
fn counts_from(item: Item, kind: QueueKind) -> Result<Instant, StoreError> {
    #[derive(Deserialize)]
    struct Accepted {
        receipt: Receipt,
    }
    match kind {
        QueueKind::Applications => Ok(records::from_item::<Accepted>(item)?.receipt.accepted_at),
        QueueKind::Hours => {
            let since = records::string(&item, keys::QUEUE_SK)?.split('#').next().unwrap_or_default();
            since.parse().map_err(|_| StoreError::Attribute(keys::QUEUE_SK))
        }
    }
}
