//! Mailings of notices: the walk through the registrations of an area, what is planned of it, and what became of that.
//!
//! A province's registrations lie in eight lanes of the index `queue`, by district and holder. Each step of the walk is one
//! transaction: its messages, and how far the walk has come. A run that's killed loses nothing and doubles nothing; of two
//! runs at once one loses the mailing's version, and stops.

use super::{
    Dispatch, Lost, OutboxItem, Store, StoreError,
    commit::Transaction,
    items::{every_item, written},
    keys::{self, Item, REGISTERED_SHARDS},
    records::{self, entity},
};
use domain::{
    date::Instant,
    district::{Area, provinces},
    id::{HolderId, NoticeId},
    notice::{Mailing, Notice, Place},
    notification::Notification,
    registration::Registration,
};
use std::collections::BTreeMap;

/// Mailings that one look for unfinished ones finds.
const SWEPT: i32 = 20;

/// A step of the walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkPage {
    /// Whose registrations lie there, each once, in their order.
    pub holders: Vec<HolderId>,
    /// Registrations looked at.
    pub looked_at: usize,
    /// Where the walk goes on.
    pub next: Place,
}

/// A mailing; in the index of what is unfinished while it is, from `now` or the end of its lease on.
pub(super) fn mailing_item(mailing: &Mailing, now: Instant) -> Result<Item, StoreError> {
    let mut item = records::to_item(mailing, &keys::mailing(&mailing.notice), entity::MAILING)?;
    if mailing.is_unfinished() {
        let from = mailing.leased_until.unwrap_or(now);
        item.insert(keys::DUE_PK.to_owned(), keys::text(keys::MAILINGS_PK));
        item.insert(keys::DUE_SK.to_owned(), keys::text(format!("{from}#{}", mailing.notice)));
    }
    Ok(item)
}

/// The lanes that registrations of `areas` lie in: the partition of the index, and what the sort keys begin with.
fn lanes(areas: &[Option<Area>]) -> Vec<(String, String)> {
    let mut lanes = Vec::new();
    for area in areas {
        let places: Vec<(&str, &str)> = match area {
            Some(area) => vec![(area.as_str().get(..2).unwrap_or_default(), area.as_str())],
            None => provinces().map(|province| (province, province)).collect(),
        };
        for (province, prefix) in places {
            let shards = 0..REGISTERED_SHARDS;
            lanes.extend(shards.map(|shard| (keys::registered_pk(province, shard), prefix.to_owned())));
        }
    }
    lanes
}

impl Store {
    /// How many lanes the registrations of a notice's audience lie in.
    pub fn lanes_of(&self, notice: &Notice) -> usize {
        lanes(&notice.areas()).len()
    }

    /// Notices whose mailing somebody may take up at `now`.
    pub async fn unfinished_mailings(&self, now: Instant) -> Result<Vec<NoticeId>, StoreError> {
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .index_name(keys::DUE_INDEX)
            .key_condition_expression("due_pk = :pk AND due_sk <= :now")
            .expression_attribute_values(":pk", keys::text(keys::MAILINGS_PK))
            .expression_attribute_values(":now", keys::text(format!("{now}~")))
            .limit(SWEPT)
            .send()
            .await?;
        let id = |item: Item| {
            let due = records::string(&item, keys::DUE_SK)?;
            due.split_once('#').and_then(|(_, id)| id.parse().ok()).ok_or(StoreError::Attribute(keys::DUE_SK))
        };
        page.items.unwrap_or_default().into_iter().map(id).collect()
    }

    /// The next step of the walk through the registrations of a notice's audience, at most `limit` of them.
    pub async fn walk(&self, notice: &Notice, place: &Place, limit: usize) -> Result<WalkPage, StoreError> {
        let lanes = lanes(&notice.areas());
        let mut place = place.clone();
        // Lanes that nobody is in are passed at once: each is one small query, and a province has eight.
        while let Some((pk, prefix)) = lanes.get(place.lane) {
            let page = self.step(pk, prefix, place.after.as_deref(), limit).await?;
            let end = Place { lane: place.lane + 1, after: None };
            let next = page.cut.map_or(end, |cut| Place { lane: place.lane, after: Some(cut) });
            if !page.holders.is_empty() {
                return Ok(WalkPage { holders: page.holders, looked_at: page.looked_at, next });
            }
            place = next;
        }
        Ok(WalkPage { holders: Vec::new(), looked_at: 0, next: place })
    }

    async fn step(
        &self,
        pk: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Step, StoreError> {
        let from = after.map_or_else(|| prefix.to_owned(), |after| format!("{after}!"));
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .index_name(keys::QUEUE_INDEX)
            .key_condition_expression("queue_pk = :pk AND queue_sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", keys::text(pk))
            .expression_attribute_values(":from", keys::text(from))
            .expression_attribute_values(":to", keys::text(format!("{prefix}~")))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await?;
        let items = page.items.unwrap_or_default();
        let (mut holders, mut last): (Vec<HolderId>, _) = (Vec::new(), None);
        for item in &items {
            let sk = records::string(item, keys::QUEUE_SK)?;
            let holder = sk.split('#').nth(1).and_then(|holder| holder.parse().ok());
            let holder: HolderId = holder.ok_or(StoreError::Attribute(keys::QUEUE_SK))?;
            if !holders.contains(&holder) {
                holders.push(holder);
            }
            last = Some(sk.to_owned());
        }
        let cut = page.last_evaluated_key.is_some().then_some(last).flatten();
        Ok(Step { holders, looked_at: items.len(), cut })
    }

    /// Puts `registration` into the index that the walk goes by, where it isn't yet. One that moved since it was read is in it
    /// already: whatever is written is.
    pub async fn index_registration(&self, registration: &Registration) -> Result<(), StoreError> {
        let Registration { number, holder, district, .. } = registration;
        let (pk, sk) = keys::registered(district, holder, number);
        let request = self.client.update_item().table_name(&self.tables.records);
        let updated = request
            .set_key(Some(keys::entry(number).attributes()))
            .update_expression("SET queue_pk = :pk, queue_sk = :sk")
            .condition_expression("district = :district AND attribute_not_exists(queue_pk)")
            .expression_attribute_values(":pk", keys::text(pk))
            .expression_attribute_values(":sk", keys::text(sk))
            .expression_attribute_values(":district", keys::text(district.as_str()))
            .send()
            .await;
        written(updated).map(drop)
    }

    /// Every registration of `holder`, ended ones too.
    pub async fn registrations_of(&self, holder: &HolderId) -> Result<Vec<Registration>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND begins_with(sk, :registrations)")
            .expression_attribute_values(":pk", keys::text(keys::holder_pk(holder)))
            .expression_attribute_values(":registrations", keys::text(keys::REGISTRATIONS));
        every_item(query).await?.into_iter().map(records::from_item).collect()
    }

    /// Each of `messages` that is in the outbox, by its id.
    pub async fn outbox_items(
        &self,
        messages: impl IntoIterator<Item = String>,
    ) -> Result<BTreeMap<String, OutboxItem>, StoreError> {
        let wanted = messages.into_iter().map(|id| keys::outbox(&id)).collect();
        let items = self.batch(wanted).await?.into_iter().map(|item| {
            let item: OutboxItem = records::from_item(item)?;
            Ok((item.dispatch.id().to_owned(), item))
        });
        items.collect()
    }

    /// Writes a mailing's next version and the messages that it plans, whole or not at all. Nothing is planned of one that
    /// was stopped meanwhile.
    pub async fn commit_mailing(
        &self,
        mailing: &Mailing,
        messages: Vec<Notification>,
        now: Instant,
    ) -> Result<(), Lost> {
        let mut transaction = Transaction::new(self, None, now)?;
        transaction.put_version(mailing_item(mailing, now)?, mailing.version)?;
        if !messages.is_empty() {
            transaction.check_absent(&keys::mailing_stopped(&mailing.notice))?;
        }
        for message in messages {
            transaction.put_new(OutboxItem::new(Dispatch::Letter(message), now).to_item()?)?;
        }
        transaction.send().await.map(drop)
    }

    /// True where the mailing of `notice` was stopped, by hand or since the notice was withdrawn. Asked before each mail.
    pub async fn is_mailing_stopped(&self, notice: &NoticeId) -> Result<bool, StoreError> {
        let request = self.client.get_item().table_name(&self.tables.records).consistent_read(true);
        let found = request.set_key(Some(keys::mailing_stopped(notice).attributes())).send().await?;
        Ok(found.item.is_some())
    }
}

/// Part of a lane.
struct Step {
    holders: Vec<HolderId>,
    looked_at: usize,
    /// The last place, where there is more behind it.
    cut: Option<String>,
}
