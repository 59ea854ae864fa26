//! What those who watch registrations are told: read off the table's stream, and planned as calls in the outbox.

use super::{Dispatch, OutboxItem, Store, StoreError, keys, records::entity};
use domain::{
    date::Instant,
    registration::Registration,
    watch::{StandingChange, Watcher},
};

/// What a record of the stream means for standing lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchNews {
    /// A registration stands otherwise than before.
    Changed(Box<StandingChange>),
    /// A list has ended: its id.
    Ended(String),
}

impl Store {
    /// Reads a record of the stream by the item's two images; nothing where it's none that lists care about.
    ///
    /// # Errors
    ///
    /// Where an image can't be read.
    pub fn watch_news(
        &self,
        old: impl Into<serde_dynamo::Item>,
        new: impl Into<serde_dynamo::Item>,
    ) -> Result<Option<WatchNews>, StoreError> {
        let (old, new): (serde_dynamo::Item, serde_dynamo::Item) = (old.into(), new.into());
        let is = |item: &serde_dynamo::Item, kind: &str| matches!(item.get(keys::ENTITY), Some(serde_dynamo::AttributeValue::S(entity)) if entity == kind);
        if is(&old, entity::WATCHER) && new.is_empty() {
            let watcher: Watcher = serde_dynamo::from_item(old)?;
            return Ok(Some(WatchNews::Ended(watcher.watch)));
        }
        if is(&old, entity::REGISTRATION) && is(&new, entity::REGISTRATION) {
            let (before, after): (Registration, Registration) =
                (serde_dynamo::from_item(old)?, serde_dynamo::from_item(new)?);
            let change = StandingChange::between(&before, &after);
            return Ok(change.map(|change| WatchNews::Changed(Box::new(change))));
        }
        Ok(None)
    }

    /// Puts a call into the outbox for everybody who watches the registration that changed. A change that is told of again
    /// puts none again. How many are new.
    pub async fn plan_calls(&self, change: &StandingChange, now: Instant) -> Result<u64, StoreError> {
        let rules = self.rules.for_district(Some(&change.after.district));
        let mut planned = 0;
        for watched in self.watchers_of(&change.after.number).await? {
            let event = change.event(&watched, &rules.authority, now);
            let new = self.put_new(OutboxItem::new(Dispatch::Call(event), now).to_item()?).await?;
            planned += u64::from(new);
        }
        Ok(planned)
    }
}
