//! Everything due, most urgent first: the index has one lane per day and shard, each sorted by the last day a record
//! is about; this merges them, a page of each at a time.

use common::store::{DueEntry, Store, StoreError};
use domain::date::CalendarDate;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::VecDeque;

/// Entries read of a lane at a time.
const PAGE: i32 = 50;
/// Lanes read at the same time.
const AT_ONCE: usize = 16;

struct Lane {
    day: CalendarDate,
    shard: u8,
    waiting: VecDeque<DueEntry>,
    /// The last position read, where there may be more behind it.
    more_after: Option<String>,
}

impl Lane {
    async fn read(
        store: &Store,
        day: CalendarDate,
        shard: u8,
        after: Option<&str>,
    ) -> Result<Self, StoreError> {
        let page = store.due_page(day, shard, after, PAGE).await?;
        let full = i32::try_from(page.len()).is_ok_and(|length| length == PAGE);
        let waiting: VecDeque<_> = page.into();
        let more_after = if full { waiting.back().map(|entry| entry.position.clone()) } else { None };
        Ok(Self { day, shard, waiting, more_after })
    }
}

/// The merged lanes.
pub(crate) struct Lanes<'a> {
    store: &'a Store,
    lanes: Vec<Lane>,
}

impl<'a> Lanes<'a> {
    /// Opens the lanes of the days from `first` to `last`.
    pub async fn open(store: &'a Store, first: CalendarDate, last: CalendarDate) -> Result<Self, StoreError> {
        let days = (0..=first.days_until(last)).map(|offset| first.plus_days(offset));
        let places: Vec<_> =
            days.flat_map(|day| (0..Store::DUE_SHARDS).map(move |shard| (day, shard))).collect();
        let lanes = stream::iter(places)
            .map(|(day, shard)| Lane::read(store, day, shard, None))
            .buffer_unordered(AT_ONCE)
            .try_filter(|lane| std::future::ready(!lane.waiting.is_empty()))
            .try_collect()
            .await?;
        Ok(Self { store, lanes })
    }

    /// The `count` most urgent entries that are left, each with the day it's filed under.
    pub async fn take(&mut self, count: usize) -> Result<Vec<(CalendarDate, DueEntry)>, StoreError> {
        let mut taken = Vec::with_capacity(count);
        while taken.len() < count {
            let urgency = |lane: &Lane| lane.waiting.front().map(|entry| entry.position.clone());
            let Some(place) = (0..self.lanes.len()).min_by_key(|place| urgency(&self.lanes[*place])) else {
                break;
            };
            let lane = &mut self.lanes[place];
            taken.extend(lane.waiting.pop_front().map(|entry| (lane.day, entry)));
            if !lane.waiting.is_empty() {
                continue;
            }
            let next = match lane.more_after.take() {
                Some(after) => Some(Lane::read(self.store, lane.day, lane.shard, Some(&after)).await?),
                None => None,
            };
            match next.filter(|next| !next.waiting.is_empty()) {
                Some(next) => self.lanes[place] = next,
                None => drop(self.lanes.swap_remove(place)),
            }
        }
        Ok(taken)
    }
}
