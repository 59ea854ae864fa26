//! A registration's journal: read with its links, a page at a time, and checked as a whole.

use super::{
    Cursor, Page, Store, StoreError, chain,
    journal::JournalError,
    keys::{self, Item},
    records,
};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    actor::Actor,
    application::JournalEntry,
    date::CalendarDate,
    id::HolderId,
    registration::{Registration, RegistrationNumber},
};

/// Entries that are read at a time.
const READ_AT_ONCE: i32 = 200;
/// Entries that are read for one page at the most; a page that found less isn't the last for that.
const MOST_READ: usize = 2_000;
/// How often a journal that grows while it's checked is read again.
const CHECK_ATTEMPTS: u32 = 5;

/// An entry with its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainedEntry {
    /// Its place: the version of the registration that it gave, from 1.
    pub version: u64,
    /// The entry.
    pub entry: JournalEntry,
    /// The hash (SHA-256, hex) of the entry before, as this one carries it; zeros in the first.
    pub before: String,
    /// This entry's own hash.
    pub hash: String,
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct JournalFilter {
    /// Those of one actor: a holder's or a member of staff's id, or `system`.
    pub actor: Option<String>,
    /// Those from this day on.
    pub from: Option<CalendarDate>,
    /// Those up to this day, itself included.
    pub to: Option<CalendarDate>,
}

impl JournalFilter {
    fn takes(&self, entry: &JournalEntry) -> bool {
        let actor = match &entry.actor {
            Actor::Holder(id) => id.as_str(),
            Actor::Staff(id) => id.as_str(),
            Actor::Client(id) => id,
            Actor::System => "system",
        };
        let day = entry.at.day();
        self.actor.as_deref().is_none_or(|wanted| wanted == actor)
            && self.from.is_none_or(|from| from <= day)
            && self.to.is_none_or(|to| day <= to)
    }

    /// True where nothing after an entry of `day` can be wanted: entries are in the order of time.
    fn is_past(&self, day: CalendarDate) -> bool {
        self.to.is_some_and(|to| to < day)
    }
}

/// What is wrong with a journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// Entries aren't there: from the first to the last of them.
    #[error("缺少第 {0} 至第 {1} 条记录")]
    Missing(u64, u64),
    /// An entry carries another hash than the one before has: one of both was changed, or their order was.
    #[error("第 {0} 条与第 {next} 条记录不相连：内容或顺序被改动", next = .0 + 1)]
    Broken(u64),
    /// The first entry carries the hash of one before it.
    #[error("第 1 条记录之前还有记录，或第 1 条被改动")]
    NotFirst,
    /// The registration names another last entry.
    #[error("最后一条（第 {0} 条）记录与登记所记的不符：内容被改动")]
    Head(u64),
    /// There is an entry that no version of the registration goes with.
    #[error("多出第 {0} 条记录")]
    Surplus(u64),
    /// Something in the journal's place is no entry, or can't be read as one.
    #[error("第 {0} 条记录无法读取")]
    Unreadable(u64),
}

/// A journal as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainReport {
    /// Entries that are there.
    pub entries: u64,
    /// What is wrong; empty where it's whole.
    pub faults: Vec<ChainFault>,
}

impl Store {
    /// A page of the journal of registration `number`: entries that `filter` takes, oldest first, at most `limit`. A page
    /// may be short, or empty, and yet not be the last.
    pub async fn registration_journal(
        &self,
        number: &RegistrationNumber,
        filter: &JournalFilter,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<ChainedEntry>, JournalError> {
        let mut after = cursor.map(Cursor::decode::<String>).transpose()?;
        let mut items = Vec::new();
        let mut read = 0;
        loop {
            let page = self.journal_items(number, after.take()).await?;
            let last = page.next;
            for item in page.items {
                read += 1;
                let sk = records::string(&item, keys::SK)?.to_owned();
                let entry = chained(item)?;
                if filter.is_past(entry.entry.at.day()) {
                    return Ok(Page { items, next: None });
                }
                if filter.takes(&entry.entry) {
                    items.push(entry);
                }
                if items.len() >= limit || read >= MOST_READ {
                    return Ok(Page { items, next: Cursor::encode(&sk) });
                }
            }
            match last {
                Some(sk) => after = Some(sk),
                None => return Ok(Page { items, next: None }),
            }
        }
    }

    /// Checks the journal of registration `number`, which is `holder`'s, from its first entry to its last.
    pub async fn check_journal(
        &self,
        holder: &HolderId,
        number: &RegistrationNumber,
    ) -> Result<ChainReport, StoreError> {
        for _ in 0..CHECK_ATTEMPTS {
            let before = self.registration(holder, number).await?;
            let mut items = Vec::new();
            let mut after = None;
            loop {
                let page = self.journal_items(number, after.take()).await?;
                items.extend(page.items);
                match page.next {
                    Some(sk) => after = Some(sk),
                    None => break,
                }
            }
            // Somebody may have written in between: then what was read is of no one moment.
            if self.registration(holder, number).await?.version == before.version {
                return Ok(examine(&before, &items));
            }
        }
        Err(StoreError::Busy("a registration's journal kept changing".to_owned()))
    }

    /// Items of the journal after `after`, and the place of the last where there are more.
    async fn journal_items(
        &self,
        number: &RegistrationNumber,
        after: Option<String>,
    ) -> Result<RawPage, StoreError> {
        let pk = keys::journal_pk(number.as_str());
        let start = after.map(|sk| {
            Item::from([(keys::PK.to_owned(), keys::text(&pk)), (keys::SK.to_owned(), keys::text(sk))])
        });
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .consistent_read(true)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", keys::text(&pk))
            .limit(READ_AT_ONCE)
            .set_exclusive_start_key(start)
            .send()
            .await?;
        let last = page.last_evaluated_key.as_ref().map(|key| records::string(key, keys::SK));
        Ok(RawPage { next: last.transpose()?.map(str::to_owned), items: page.items.unwrap_or_default() })
    }
}

struct RawPage {
    items: Vec<Item>,
    next: Option<String>,
}

/// The place of an entry; 0 for what has none.
fn place(item: &Item) -> u64 {
    let sk = item.get(keys::SK).and_then(|sk| sk.as_s().ok());
    sk.and_then(|sk| sk.parse().ok()).unwrap_or(0)
}

fn link(item: &Item) -> Option<&str> {
    item.get(chain::BEFORE).and_then(|value| AttributeValue::as_s(value).ok()).map(String::as_str)
}

fn chained(item: Item) -> Result<ChainedEntry, StoreError> {
    Ok(ChainedEntry {
        version: place(&item),
        before: link(&item).ok_or(StoreError::Attribute(chain::BEFORE))?.to_owned(),
        hash: chain::hash(&item),
        entry: records::from_item(item)?,
    })
}

/// What is wrong with `items`, which should be the whole journal of `registration`.
fn examine(registration: &Registration, items: &[Item]) -> ChainReport {
    let mut faults = Vec::new();
    let mut before: Option<(u64, String)> = None;
    for item in items {
        let version = place(item);
        if version == 0 || records::from_item::<JournalEntry>(item.clone()).is_err() {
            faults.push(ChainFault::Unreadable(version));
        }
        let last = before.as_ref().map_or(0, |(version, _)| *version);
        if last.saturating_add(1) < version {
            faults.push(ChainFault::Missing(last + 1, version - 1));
        }
        match &before {
            Some((last, hash)) if last.checked_add(1) == Some(version) && link(item) != Some(hash) => {
                faults.push(ChainFault::Broken(*last));
            }
            None if version == 1 && link(item) != Some(chain::FIRST) => faults.push(ChainFault::NotFirst),
            _ => {}
        }
        if version > registration.version {
            faults.push(ChainFault::Surplus(version));
        }
        before = Some((version, chain::hash(item)));
    }
    let last = before.as_ref().map_or(0, |(version, _)| *version);
    if last < registration.version {
        faults.push(ChainFault::Missing(last + 1, registration.version));
    }
    let head = before.map(|(_, hash)| hash);
    if last == registration.version && head != registration.journal_head {
        faults.push(ChainFault::Head(last));
    }
    ChainReport { entries: items.len() as u64, faults }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        actor::Actor, application::JournalAction, certificate::CertificateLevel, date::date, form::Form,
        rules::RuleLibrary,
    };

    /// A registration with a journal of three entries, as the store writes it.
    fn whole() -> (Registration, Vec<Item>) {
        let library = RuleLibrary::compiled_in().unwrap();
        let district = "420106".parse().unwrap();
        let rules = library.for_district(Some(&district));
        let form = Form {
            name: Some("张三".parse().unwrap()),
            email: Some("a@example.com".parse().unwrap()),
            district: Some(district.clone()),
            management_number: rules.management_number("202510420106000123"),
            issued_on: Some(date(2026, 1, 15)),
            certificate_level: Some(CertificateLevel::SocialWorker),
            ..Form::default()
        };
        let number = RegistrationNumber::mint(&district, 2026, 7);
        let day = date(2026, 3, 2);
        let mut registration =
            Registration::open(number, HolderId::mint(1), &form, false, day, rules).unwrap();
        let mut items = Vec::new();
        for version in 1..=3 {
            registration.version = version;
            let mut entry = JournalEntry::new(Actor::System, JournalAction::Reminded, day.start());
            entry.from = "203.0.113.7".to_owned();
            let (next, item) = chain::link(&registration, &entry).unwrap();
            registration = next;
            items.push(item);
        }
        (registration, items)
    }

    #[test]
    fn a_journal_that_nobody_touched_is_whole() {
        let (registration, items) = whole();
        assert_eq!(examine(&registration, &items), ChainReport { entries: 3, faults: vec![] });
    }

    /// Every text of `value` with one byte of it another, one after the other.
    fn tampered(value: &AttributeValue) -> Vec<AttributeValue> {
        match value {
            AttributeValue::S(text) => (0..text.len())
                .map(|place| {
                    let mut bytes = text.clone().into_bytes();
                    bytes[place] ^= 1;
                    AttributeValue::S(String::from_utf8(bytes).unwrap())
                })
                .collect(),
            AttributeValue::M(map) => map
                .iter()
                .flat_map(|(name, value)| {
                    tampered(value).into_iter().map(|value| {
                        let mut map = map.clone();
                        map.insert(name.clone(), value);
                        AttributeValue::M(map)
                    })
                })
                .collect(),
            AttributeValue::L(_) => vec![AttributeValue::L(vec![AttributeValue::Bool(true)])],
            AttributeValue::Null(_) => vec![AttributeValue::Bool(true)],
            other => panic!("an entry has no {other:?}"),
        }
    }

    #[test]
    fn any_byte_of_any_entry_that_is_another_is_found() {
        let (registration, items) = whole();
        let mut tried = 0;
        for (index, item) in items.iter().enumerate() {
            for (name, value) in item {
                for value in tampered(value) {
                    let mut tampered = items.clone();
                    tampered[index].insert(name.clone(), value);
                    tried += 1;
                    assert_ne!(examine(&registration, &tampered).faults, [], "{name} of entry {}", index + 1);
                }
            }
            for name in item.keys() {
                let mut tampered = items.clone();
                tampered[index].remove(name);
                assert_ne!(examine(&registration, &tampered).faults, [], "without {name}");
            }
        }
        assert!(tried > 400, "{tried}");
    }

    #[test]
    fn an_entry_that_is_missing_or_in_anothers_place_is_found() {
        let (registration, items) = whole();
        for missing in 0..3 {
            let mut left = items.clone();
            left.remove(missing);
            let faults = examine(&registration, &left).faults;
            assert_eq!(faults, [ChainFault::Missing(missing as u64 + 1, missing as u64 + 1)]);
        }
        for (a, b) in [(0, 1), (1, 2), (0, 2)] {
            let mut swapped = items.clone();
            let place = swapped[a][keys::SK].clone();
            let other = swapped[b].insert(keys::SK.to_owned(), place).unwrap();
            swapped[a].insert(keys::SK.to_owned(), other);
            swapped.swap(a, b);
            assert_ne!(examine(&registration, &swapped).faults, [], "{a} and {b}");
        }
        assert_eq!(examine(&registration, &[]).faults, [ChainFault::Missing(1, 3)]);
    }
}
