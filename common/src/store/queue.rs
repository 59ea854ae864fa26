//! The review queues: what waits at a stage in an area, oldest first. Applications have one, claimed hours another. A page
//! costs the same however long the queue is.

use super::{Cursor, InvalidCursor, Store, StoreError, keys, records};
use domain::{
    application::{ApplicationKind, Escalation, Receipt, ReviewClaim, Stage, StageProgress},
    certificate::CertificateLevel,
    credit::{Audit, CreditCategory, CreditForm, CreditState, Hours},
    date::{CalendarDate, Instant},
    district::{Area, DistrictCode},
    form::{PersonName, ShortText},
    id::{ApplicationId, CreditId},
};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What a waiting application's item shows in the index beside the application's own attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The holder's name.
    pub name: PersonName,
    /// The certificate's level.
    pub level: CertificateLevel,
    /// The district.
    pub district: DistrictCode,
    /// That it rose from the stage it waits at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
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

/// What a record of hours that waits shows in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoursSummary {
    /// The holder's name.
    pub name: PersonName,
    /// The district.
    pub district: DistrictCode,
    /// What it was called.
    pub title: ShortText,
    /// Its form.
    pub form: CreditForm,
    /// Ethics or not.
    pub category: CreditCategory,
    /// Who held it.
    pub provider: Option<ShortText>,
    /// First day.
    pub done_from: CalendarDate,
    /// Last day.
    pub done_to: CalendarDate,
    /// Hours claimed.
    pub claimed: Hours,
    /// 学时 or 小时
    pub unit: String,
    /// How far it has come.
    pub state: CreditState,
    /// Since when it waits for a reviewer.
    pub since: Instant,
    /// The sample it was drawn into.
    pub audit: Option<Audit>,
    /// Claims with the same word say the same of the same activity.
    pub alike: String,
    /// SHA-256 (hex) of the files that prove it.
    #[serde(default)]
    pub contents: Vec<String>,
}

/// A record of hours that waits.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HoursEntry {
    /// Its id.
    pub id: CreditId,
    /// What it's about.
    pub summary: HoursSummary,
    /// Its version.
    pub version: u64,
}

/// What waits in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKind {
    /// Applications.
    Applications,
    /// Claimed hours, and samples.
    Hours,
}

/// Which queue is asked.
#[derive(Debug, Clone, Copy)]
pub struct QueueOf<'a> {
    /// Of what.
    pub kind: QueueKind,
    /// At which stage.
    pub stage: Stage,
    /// In which area.
    pub area: &'a Area,
    /// Over how many keys it's spread.
    pub shards: u8,
    /// Nothing on a page begins to wait after this: a sample is filed under the day on which its evidence will be late.
    /// None for everything.
    pub until: Option<Instant>,
}

impl QueueOf<'_> {
    pub(super) fn pk(&self, shard: u8) -> String {
        match self.kind {
            QueueKind::Applications => keys::queue_pk(self.stage, self.area.as_str(), shard),
            QueueKind::Hours => keys::hours_queue_pk(self.stage, self.area.as_str(), shard),
        }
    }
}

/// A page of a queue.
#[derive(Debug, Clone)]
pub struct QueuePage<T> {
    /// Oldest first.
    pub entries: Vec<T>,
    /// Where the next page begins.
    pub next: Option<Cursor>,
}

/// Where each shard's next page begins: after this sort key.
#[derive(Serialize, Deserialize)]
struct Position(String);

/// Behind the sort keys of what waits since `until` or earlier.
pub(super) fn end_of(until: Option<Instant>) -> String {
    until.map_or_else(|| "~".to_owned(), |until| format!("{until}~"))
}

impl Store {
    /// A page of at most `limit` of what waits in `queue`. Each shard is asked for a whole page at the same time, since
    /// the oldest may all lie in one.
    pub async fn queue_page<T: DeserializeOwned>(
        &self,
        queue: QueueOf<'_>,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<QueuePage<T>, QueueError> {
        let after = cursor.map(Cursor::decode::<Position>).transpose()?;
        let after = after.as_ref().map(|Position(after)| after.as_str());
        let until = end_of(queue.until);
        let shards = (0..queue.shards).map(|shard| self.queue_shard(queue.pk(shard), limit, (after, &until)));
        let mut entries: Vec<(String, T)> = try_join_all(shards).await?.into_iter().flatten().collect();
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

    async fn queue_shard<T: DeserializeOwned>(
        &self,
        pk: String,
        limit: usize,
        (after, until): (Option<&str>, &str),
    ) -> Result<Vec<(String, T)>, StoreError> {
        // Both ends of a range belong to it, and nothing lies between a key and the same with a blank.
        let after = format!("{} ", after.unwrap_or_default());
        if after.as_str() > until {
            return Ok(Vec::new());
        }
        // One more than a page tells whether there is another.
        let limit = i32::try_from(limit + 1).unwrap_or(i32::MAX);
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .index_name(keys::QUEUE_INDEX)
            .key_condition_expression("queue_pk = :pk AND queue_sk BETWEEN :after AND :until")
            .expression_attribute_values(":pk", keys::text(pk))
            .expression_attribute_values(":after", keys::text(after))
            .expression_attribute_values(":until", keys::text(until))
            .limit(limit)
            .send()
            .await?;
        let items = page.items.unwrap_or_default().into_iter();
        items
            .map(|item| Ok((records::string(&item, keys::QUEUE_SK)?.to_owned(), records::from_item(item)?)))
            .collect()
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
