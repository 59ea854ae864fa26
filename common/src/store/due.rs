//! What the reminder job looks at: the `due` index by day, and how far the job has come.

use super::{
    Store, StoreError,
    items::written,
    keys::{self, Item},
    records::{self, DUE_SHARDS, entity},
};
use domain::{
    date::{CalendarDate, Instant},
    education::SampleId,
    id::{ApplicationId, CreditId, HolderId},
    registration::RegistrationNumber,
};
use serde::{Deserialize, Serialize};

/// A record that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DueRecord {
    /// A registration: a reminder or its lapse.
    Registration(HolderId, RegistrationNumber),
    /// A certificate whose first-registration window closes.
    FirstWindow(HolderId),
    /// An application that waits to be mended, or decided.
    Application(ApplicationId),
    /// A record of hours whose evidence was asked for.
    Evidence(CreditId),
    /// A sample, of which not everybody was asked yet.
    Sample(SampleId),
}

/// A record that is due, and its place in its shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueEntry {
    /// The record; none where it's of a kind that this release doesn't know.
    pub record: Option<DueRecord>,
    /// Its sort key in the index: the last day it's about, then its id. What sorts first is most urgent.
    pub position: String,
}

/// How far a daily job has come. Days up to and including `done_through` hold nothing that is still due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermark {
    /// The last day that was finished.
    pub done_through: CalendarDate,
    /// When that was.
    pub at: Instant,
}

impl Store {
    /// How many keys one due day is spread over.
    pub const DUE_SHARDS: u8 = DUE_SHARDS;

    /// One page of what is due on `day` in `shard`, after the position `after`, at most `limit`, most urgent first. A
    /// record leaves the index when it's dealt with.
    pub async fn due_page(
        &self,
        day: CalendarDate,
        shard: u8,
        after: Option<&str>,
        limit: i32,
    ) -> Result<Vec<DueEntry>, StoreError> {
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .index_name(keys::DUE_INDEX)
            .key_condition_expression("due_pk = :pk AND due_sk > :after")
            .expression_attribute_values(":pk", keys::text(keys::due_pk(day, shard)))
            .expression_attribute_values(":after", keys::text(after.unwrap_or(" ")))
            .limit(limit)
            .send()
            .await?;
        page.items.unwrap_or_default().iter().map(due_entry).collect()
    }

    /// How far the job `name` has come; none before its first run.
    pub async fn watermark(&self, name: &str) -> Result<Option<Watermark>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::job(name).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        found.item.map(records::from_item).transpose()
    }

    /// Notes that the job `name` has finished every day up to `mark`. Never goes back: of two runs at once the one
    /// that came further wins.
    pub async fn set_watermark(&self, name: &str, mark: &Watermark) -> Result<(), StoreError> {
        let outcome = self
            .client
            .put_item()
            .table_name(&self.tables.records)
            .set_item(Some(records::to_item(mark, &keys::job(name), entity::JOB)?))
            .condition_expression("attribute_not_exists(pk) OR done_through <= :day")
            .expression_attribute_values(":day", keys::text(mark.done_through.to_string()))
            .send()
            .await;
        written(outcome).map(drop)
    }
}

fn due_entry(item: &Item) -> Result<DueEntry, StoreError> {
    let position = records::string(item, keys::DUE_SK)?;
    Ok(DueEntry { record: due_record(item, position), position: position.to_owned() })
}

fn due_record(item: &Item, position: &str) -> Option<DueRecord> {
    let (_, id) = position.split_once('#')?;
    let holder = || records::string(item, keys::PK).ok()?.strip_prefix("HOLDER#")?.parse().ok();
    match records::string(item, keys::ENTITY).ok()? {
        entity::REGISTRATION => Some(DueRecord::Registration(holder()?, id.parse().ok()?)),
        entity::PROFILE => Some(DueRecord::FirstWindow(holder()?)),
        entity::APPLICATION => Some(DueRecord::Application(id.parse().ok()?)),
        entity::CREDIT => Some(DueRecord::Evidence(id.parse().ok()?)),
        entity::SAMPLE => Some(DueRecord::Sample(id.parse().ok()?)),
        _ => None,
    }
}
