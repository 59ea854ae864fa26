//! The figures' sums, and how a record is counted into them once.
//!
//! Of each record there's a mark: which version was counted last, and what it added. A record is counted by one
//! transaction that puts the new mark, on condition that the old one is still there, and adds to the sums what changed.
//! So a version that comes twice, late, or to two consumers at once is counted once; and many records share one
//! transaction, since what they add to one area and month is one update.
//!
//! Sums belong to a *generation*. Counting all anew ([`Store::rebuild_figures`]) makes the next one; meanwhile
//! changes are counted into it too, and what a mark of an earlier generation says was counted counts for nothing. The
//! pointer says which generation is read. Who has just read it may be overtaken by its move, so a mark of a later
//! generation has them read it again, and a mark of an earlier one still tells of a version that the table's reader, or
//! the stream, is behind.

use super::{
    Store, StoreError,
    keys::{self, Item, Key},
    records::{self, entity},
    transact::Sent,
};
use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem, Update};
use domain::{
    application::Application,
    credit::CreditRecord,
    date::Instant,
    education::Month,
    figures::{self, Cell, Contribution, Period, Sums},
    registration::Registration,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
};

/// Items of one transaction, by DynamoDB's limit.
const MOST_ITEMS: usize = 100;
/// Cells that one update adds to: its expression may have 4 kB, and a cell takes a dozen bytes of it.
const MOST_CELLS: usize = 250;
/// How often records whose marks changed meanwhile are looked at again.
const ATTEMPTS: u32 = 5;
/// When the sums of an item last changed.
const COUNTED_AT: &str = "counted_at";

/// Which generation is read, and which is being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pointer {
    /// Grows by one with each change.
    pub version: u64,
    /// The generation that is read.
    pub current: u32,
    /// The one that is being made; meanwhile changes are counted into it alone.
    pub building: Option<u32>,
    /// Who makes it, and until when nobody else may.
    pub owner: Option<String>,
    pub lease_until: Option<Instant>,
}

impl Default for Pointer {
    /// As long as nothing was ever counted anew.
    fn default() -> Self {
        Self { version: 0, current: 1, building: None, owner: None, lease_until: None }
    }
}

impl Pointer {
    /// The generation that is counted into.
    fn target(&self) -> u32 {
        self.building.unwrap_or(self.current)
    }
}

/// What was counted of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    version: u64,
    generation: u32,
    contribution: Contribution,
}

/// A version of a record that may have to be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Countable {
    /// The record's id.
    pub record: String,
    /// Which version.
    pub version: u64,
    /// What it adds.
    pub contribution: Contribution,
}

/// The figures of an area.
#[derive(Debug, Clone, Default)]
pub struct AreaFigures {
    /// As it stands.
    pub now: BTreeMap<Cell, i64>,
    /// By month; one in which nothing happened isn't there.
    pub months: BTreeMap<Month, BTreeMap<Cell, i64>>,
    /// When the last change was counted among what is here; none where there is nothing.
    pub as_of: Option<Instant>,
    /// True while all is counted anew: until that's done these figures stand still.
    pub rebuilding: bool,
}

/// Where versions come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The table's stream, which may be late.
    Stream,
    /// The table, as it was read.
    Table,
}

/// Records of one transaction, with the marks that were read of them, and what they change.
#[derive(Default)]
struct Group<'a> {
    records: Vec<(&'a Countable, Option<&'a Mark>)>,
    sums: Sums,
}

impl Group<'_> {
    /// True where what a record changes still fits in.
    fn has_room_for(&self, change: &Sums) -> bool {
        let mut items = self.records.len() + 1 + self.sums.0.len();
        for (key, cells) in &change.0 {
            match self.sums.0.get(key) {
                Some(there) if there.len() + cells.len() > MOST_CELLS => return false,
                Some(_) => {}
                None => items += 1,
            }
        }
        items <= MOST_ITEMS
    }
}

impl Store {
    /// What an item of the table, as the table or its stream has it, adds to the figures; none where it's of a kind that
    /// adds nothing, or can't have added anything yet. What is sealed in it stays sealed.
    pub fn countable(&self, item: impl Into<serde_dynamo::Item>) -> Result<Option<Countable>, StoreError> {
        let item: serde_dynamo::Item = item.into();
        let kind = match item.get(keys::ENTITY) {
            Some(serde_dynamo::AttributeValue::S(kind)) => kind.clone(),
            _ => return Ok(None),
        };
        let countable = |record: String, version, contribution: Option<Contribution>| {
            contribution.map(|contribution| Countable { record, version, contribution })
        };
        Ok(match kind.as_str() {
            entity::REGISTRATION => {
                let record: Registration = serde_dynamo::from_item(item)?;
                let adds = figures::of_registration(&record);
                countable(record.number.to_string(), record.version, Some(adds))
            }
            entity::APPLICATION => {
                let record: Application = serde_dynamo::from_item(item)?;
                let adds = figures::of_application(&record, self.rules.get(&record.rules));
                countable(record.id.to_string(), record.version, adds)
            }
            entity::CREDIT => {
                let record: CreditRecord = serde_dynamo::from_item(item)?;
                let adds = figures::of_credit(&record);
                countable(record.id.to_string(), record.version, adds)
            }
            _ => None,
        })
    }

    /// Counts `records`, of which some may have been counted before, or may come more than once. Gives how many weren't
    /// counted before. Where it fails, some may be counted and others not: all of them may be handed over again.
    pub async fn count_figures(&self, records: Vec<Countable>, now: Instant) -> Result<usize, StoreError> {
        self.count(records, Source::Stream, now).await
    }

    /// Counts `records` as the table was read to have them, by the same rules.
    pub(super) async fn count_as_read(
        &self,
        records: Vec<Countable>,
        now: Instant,
    ) -> Result<usize, StoreError> {
        self.count(records, Source::Table, now).await
    }

    async fn count(
        &self,
        records: Vec<Countable>,
        source: Source,
        now: Instant,
    ) -> Result<usize, StoreError> {
        let mut latest: HashMap<String, Countable> = HashMap::new();
        for record in records {
            match latest.get(&record.record) {
                Some(other) if other.version >= record.version => {}
                _ => drop(latest.insert(record.record.clone(), record)),
            }
        }
        let mut left: Vec<_> = latest.into_values().collect();
        // Neighbours add to the same items, so that a transaction holds more of them.
        left.sort_by(|a, b| place(a).cmp(&place(b)));
        let mut counted = 0;
        for _ in 0..ATTEMPTS {
            if left.is_empty() {
                return Ok(counted);
            }
            let before = left.len();
            let (done, lost) = self.count_once(left, source, now).await?;
            counted += done;
            left = lost;
            tracing::debug!(before, counted, left = left.len(), "records counted into the figures");
        }
        if left.is_empty() {
            return Ok(counted);
        }
        Err(StoreError::Busy(format!("{} records kept changing while they were counted", left.len())))
    }

    /// Reads the marks of `records` and counts those that are newer. Gives how many were, and those whose marks changed
    /// meanwhile.
    async fn count_once(
        &self,
        mut records: Vec<Countable>,
        source: Source,
        now: Instant,
    ) -> Result<(usize, Vec<Countable>), StoreError> {
        let marks = records.iter().map(|record| keys::mark(&record.record));
        let wanted = marks.chain([keys::figures_pointer()]).collect();
        let mut pointer = Pointer::default();
        let mut marks: HashMap<String, Mark> = HashMap::new();
        for item in self.batch(wanted).await? {
            match records::string(&item, keys::PK)?.strip_prefix(keys::MARK_PREFIX).map(str::to_owned) {
                Some(record) => drop(marks.insert(record, records::from_item(item)?)),
                None => pointer = records::from_item(item)?,
            }
        }
        let generation = pointer.target();
        let mut overtaken = Vec::new();
        records.retain_mut(|record| {
            let Some(mark) = marks.get(&record.record) else { return true };
            if mark.generation > generation {
                overtaken.push(record.clone());
                return false;
            }
            if mark.generation < generation && mark.version > record.version {
                // A later version was counted, into a generation that isn't made any more. The reader of the table has
                // passed it by and counts it now; a stream that is late leaves it to the reader.
                record.version = mark.version;
                record.contribution = mark.contribution.clone();
                return source == Source::Table;
            }
            true
        });
        let mut groups = vec![Group::default()];
        for record in &records {
            let mark = marks.get(&record.record);
            let counted = mark.filter(|mark| mark.generation == generation);
            if counted.is_some_and(|mark| mark.version >= record.version) {
                continue;
            }
            let change = Sums::between(counted.map(|mark| &mark.contribution), &record.contribution);
            if !groups.last().is_some_and(|group| group.has_room_for(&change)) {
                groups.push(Group::default());
            }
            if let Some(group) = groups.last_mut() {
                group.records.push((record, mark));
                group.sums.merge(change);
            }
        }
        let (mut done, mut lost) = (0, overtaken);
        for group in groups.iter().filter(|group| !group.records.is_empty()) {
            match self.transact(self.counting(group, generation, now)?).await? {
                Sent::Written => done += group.records.len(),
                Sent::Cancelled(reasons) if reasons.iter().all(is_harmless) => {
                    lost.extend(group.records.iter().map(|(record, _)| (*record).clone()));
                }
                Sent::Cancelled(reasons) => {
                    return Err(StoreError::Failed(format!("figures can't be added to: {reasons:?}")));
                }
            }
        }
        Ok((done, lost))
    }

    /// The transaction that counts `group` into `generation`.
    fn counting(
        &self,
        group: &Group<'_>,
        generation: u32,
        now: Instant,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let failed = |error: aws_sdk_dynamodb::error::BuildError| StoreError::Failed(error.to_string());
        let mut items = Vec::with_capacity(group.records.len() + group.sums.0.len());
        for (record, before) in &group.records {
            let mark =
                Mark { version: record.version, generation, contribution: record.contribution.clone() };
            let item = records::to_item(&mark, &keys::mark(&record.record), entity::MARK)?;
            let put = Put::builder().table_name(&self.tables.records).set_item(Some(item));
            let put = match before {
                None => put.condition_expression("attribute_not_exists(pk)"),
                Some(before) => put
                    .condition_expression("version = :version AND generation = :generation")
                    .expression_attribute_values(":version", keys::number(before.version))
                    .expression_attribute_values(":generation", keys::number(before.generation)),
            };
            items.push(TransactWriteItem::builder().put(put.build().map_err(failed)?).build());
        }
        for ((area, period), cells) in &group.sums.0 {
            let update = self.adding(&keys::figures(generation, area, *period), cells, now);
            items.push(TransactWriteItem::builder().update(update.map_err(failed)?).build());
        }
        Ok(items)
    }

    /// The update that adds `cells` to the item under `key`. Cells that change by the same number share its value.
    fn adding(
        &self,
        key: &Key,
        cells: &BTreeMap<Cell, i64>,
        now: Instant,
    ) -> Result<Update, aws_sdk_dynamodb::error::BuildError> {
        let mut update = Update::builder().table_name(&self.tables.records).set_key(Some(key.attributes()));
        let mut expression = format!("SET {} = :entity, {COUNTED_AT} = :now", keys::ENTITY);
        let mut values = BTreeMap::new();
        for (place, (cell, count)) in cells.iter().enumerate() {
            let next = values.len();
            let value = *values.entry(*count).or_insert(next);
            let verb = if place == 0 { " ADD" } else { "," };
            // Writing to a text can't fail.
            write!(expression, "{verb} #{place} :{value}").ok();
            update = update.expression_attribute_names(format!("#{place}"), cell.to_string());
        }
        for (count, place) in values {
            update = update.expression_attribute_values(format!(":{place}"), keys::number(count));
        }
        update
            .update_expression(expression)
            .expression_attribute_values(":entity", keys::text(entity::FIGURES))
            .expression_attribute_values(":now", keys::text(now.to_string()))
            .build()
    }

    /// Which generation is read, and which is being made.
    pub(super) async fn figures_pointer(&self) -> Result<Pointer, StoreError> {
        let request = self.client.get_item().table_name(&self.tables.records).consistent_read(true);
        let found = request.set_key(Some(keys::figures_pointer().attributes())).send().await?.item;
        found.map_or_else(|| Ok(Pointer::default()), records::from_item)
    }

    /// The figures of `area` as they stand, and of `months`. Each is one item, and they are read by one call.
    pub async fn figures(&self, area: &str, months: &[Month]) -> Result<AreaFigures, StoreError> {
        let pointer = self.figures_pointer().await?;
        let periods = months.iter().map(|month| Period::Month(*month)).chain([Period::Now]);
        let wanted = periods.map(|period| keys::figures(pointer.current, area, period)).collect();
        let mut figures = AreaFigures { rebuilding: pointer.building.is_some(), ..AreaFigures::default() };
        for item in self.batch(wanted).await? {
            let at =
                records::string(&item, COUNTED_AT)?.parse().map_err(|_| StoreError::Attribute(COUNTED_AT))?;
            figures.as_of = figures.as_of.max(Some(at));
            let period = records::string(&item, keys::SK)?.parse();
            match period.map_err(|_| StoreError::Attribute(keys::SK))? {
                Period::Now => figures.now = cells(&item),
                Period::Month(month) => drop(figures.months.insert(month, cells(&item))),
            }
        }
        Ok(figures)
    }
}

/// Where and when a record adds something, for putting neighbours together.
fn place(record: &Countable) -> (&domain::district::DistrictCode, Vec<&Period>, &str) {
    let Contribution { district, counts, .. } = &record.contribution;
    (district, counts.keys().collect(), &record.record)
}

/// True for what another consumer's work does to this one's: it's to be looked at again.
fn is_harmless(reason: &CancellationReason) -> bool {
    matches!(
        reason.code(),
        None | Some(
            "None"
                | "ConditionalCheckFailed"
                | "TransactionConflict"
                | "ThrottlingError"
                | "ProvisionedThroughputExceeded"
        )
    )
}

/// The numbers of an item; its other attributes, and cells that this release doesn't know, are none.
fn cells(item: &Item) -> BTreeMap<Cell, i64> {
    let numbers = item.iter().filter_map(|(name, value)| {
        let count: i64 = value.as_n().ok()?.parse().ok()?;
        Some((name.parse().ok()?, count))
    });
    numbers.filter(|(_, count)| *count != 0).collect()
}
