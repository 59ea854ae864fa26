//! What waits in the outbox, by when it's tried next.

use super::Lane;
use crate::store::{
    Store, StoreError, keys,
    records::{self, DUE_SHARDS},
};
use domain::date::Instant;
use futures_util::future::try_join_all;

/// Messages of a shard that are looked at for the oldest one.
const LOOKED_AT: i32 = 100;
/// Messages of a shard that are read at a time: some hundred bytes each, so well within DynamoDB's megabyte.
const MOST_OF_A_SHARD: usize = 2000;

/// A waiting message's place in its shard: when it's tried next, since when it waits (a lease doesn't know), which it is.
pub(super) fn due_sk(next: Instant, since: Option<Instant>, id: &str) -> String {
    match since {
        Some(since) => format!("{next}#{since}#{id}"),
        None => format!("{next}#{id}"),
    }
}

/// Since when the message at a place waits.
fn waits_since(due_sk: &str) -> Option<Instant> {
    due_sk.split('#').nth(1)?.parse().ok()
}

impl Store {
    /// Ids of messages in `lane` whose next attempt is due by `now`, the longest due first; at most `limit`. The shards are
    /// asked at the same time, each for its share.
    pub async fn due_messages(
        &self,
        lane: Lane,
        now: Instant,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let share = limit.div_ceil(usize::from(DUE_SHARDS)).min(MOST_OF_A_SHARD);
        let limit = i32::try_from(share).unwrap_or(i32::MAX);
        let shards = (0..DUE_SHARDS).map(|shard| {
            self.client
                .query()
                .table_name(&self.tables.records)
                .index_name(keys::DUE_INDEX)
                .key_condition_expression("due_pk = :pk AND due_sk <= :now")
                .expression_attribute_values(":pk", keys::text(lane.pk(shard)))
                .expression_attribute_values(":now", keys::text(format!("{now}~")))
                .limit(limit)
                .send()
        });
        let mut due = Vec::new();
        for page in try_join_all(shards).await? {
            for item in page.items.unwrap_or_default() {
                due.push(records::string(&item, keys::DUE_SK)?.to_owned());
            }
        }
        due.sort_unstable();
        Ok(due.iter().filter_map(|place| Some(place.rsplit_once('#')?.1.to_owned())).collect())
    }

    /// Since when the oldest message in `lane` waits that is still unsent and not given up, by the first hundred to be tried
    /// next in each shard; nothing where none waits. The shards are asked at the same time.
    pub async fn waiting_since(&self, lane: Lane) -> Result<Option<Instant>, StoreError> {
        let shards = (0..DUE_SHARDS).map(|shard| {
            self.client
                .query()
                .table_name(&self.tables.records)
                .index_name(keys::DUE_INDEX)
                .key_condition_expression("due_pk = :pk")
                .expression_attribute_values(":pk", keys::text(lane.pk(shard)))
                .limit(LOOKED_AT)
                .send()
        });
        let mut oldest: Option<Instant> = None;
        for page in try_join_all(shards).await? {
            for item in page.items.unwrap_or_default() {
                let since = waits_since(records::string(&item, keys::DUE_SK)?);
                oldest = oldest.into_iter().chain(since).min();
            }
        }
        Ok(oldest)
    }
}

#[cfg(test)]
mod tests {
    use super::{due_sk, waits_since};

    #[test]
    fn a_place_tells_when_which_and_since_when() {
        let (next, since) =
            ("2026-03-02T02:00:00Z".parse().unwrap(), "2026-03-01T02:00:00Z".parse().unwrap());
        let place = due_sk(next, Some(since), "A-v7-returned");
        assert!(place.starts_with("2026-03-02T02:00:00") && place.ends_with("#A-v7-returned"), "{place}");
        assert_eq!(waits_since(&place), Some(since));
        assert_eq!(waits_since(&due_sk(next, None, "A-v7-returned")), None);
    }
}
