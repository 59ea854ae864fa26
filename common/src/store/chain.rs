//! A registration's journal is a chain: each entry carries the hash of the one before, and the registration carries the
//! hash of the last. Whoever changes, removes, adds or reorders an entry, leaves it broken.
//!
//! What is hashed is the item as it's stored, its key and its link included: every attribute, whatever release wrote it.
//! The bytes are spelled out in [`hash`], so that anybody can check an export by themselves.

use super::{
    StoreError,
    commit::Transaction,
    keys::{self, Item},
    records::{self, entity},
};
use crate::crypto::sha256;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::{application::JournalEntry, date::CalendarDate, registration::Registration};

/// The attribute of an entry that holds the hash of the one before.
pub(super) const BEFORE: &str = "before";
/// What the first entry carries: there is none before it.
pub(super) const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// SHA-256 (hex) of an item: of its attributes in the order of their names, each written as its type, its length in bytes,
/// a colon and its bytes. A map is written as its entries are, a list as its elements.
pub(super) fn hash(item: &Item) -> String {
    let mut bytes = Vec::with_capacity(512);
    write_map(&mut bytes, item);
    hex::encode(sha256(&bytes))
}

fn write_map(bytes: &mut Vec<u8>, map: &Item) {
    let mut names: Vec<_> = map.keys().collect();
    names.sort_unstable();
    write_length(bytes, 'M', names.len());
    for name in names {
        write_bytes(bytes, 'S', name.as_bytes());
        write(bytes, &map[name]);
    }
}

fn write(bytes: &mut Vec<u8>, value: &AttributeValue) {
    match value {
        AttributeValue::S(text) => write_bytes(bytes, 'S', text.as_bytes()),
        AttributeValue::N(number) => write_bytes(bytes, 'N', number.as_bytes()),
        AttributeValue::B(blob) => write_bytes(bytes, 'B', blob.as_ref()),
        AttributeValue::Bool(truth) => write_bytes(bytes, 'T', &[u8::from(*truth)]),
        AttributeValue::L(list) => {
            write_length(bytes, 'L', list.len());
            for value in list {
                write(bytes, value);
            }
        }
        AttributeValue::M(map) => write_map(bytes, map),
        AttributeValue::Null(_) => write_length(bytes, 'Z', 0),
        // No entry has sets, and none of a kind that isn't there yet.
        other => write_bytes(bytes, '?', format!("{other:?}").as_bytes()),
    }
}

fn write_length(bytes: &mut Vec<u8>, kind: char, length: usize) {
    bytes.extend_from_slice(format!("{kind}{length}:").as_bytes());
}

fn write_bytes(bytes: &mut Vec<u8>, kind: char, value: &[u8]) {
    write_length(bytes, kind, value.len());
    bytes.extend_from_slice(value);
}

/// The entry that goes with this version of `registration`, linked to the one before; and the registration, which names
/// it as its last.
pub(super) fn link(
    registration: &Registration,
    entry: &JournalEntry,
) -> Result<(Registration, Item), StoreError> {
    let key = keys::journal(registration.number.as_str(), registration.version);
    let mut item = records::to_item(entry, &key, entity::JOURNAL)?;
    item.insert(BEFORE.to_owned(), keys::text(registration.journal_head.as_deref().unwrap_or(FIRST)));
    Ok((Registration { journal_head: Some(hash(&item)), ..registration.clone() }, item))
}

impl Transaction<'_> {
    /// Puts a registration in its next version, with the entry of its journal that says why, linked to the one before.
    pub(super) fn registration(
        &mut self,
        registration: &Registration,
        entry: &JournalEntry,
        today: CalendarDate,
    ) -> Result<(), StoreError> {
        let (next, item) = link(registration, entry)?;
        self.put_version(records::registration_item(&next, today)?, registration.version)?;
        self.put_new(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(pairs: &[(&str, AttributeValue)]) -> Item {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    #[test]
    fn the_bytes_are_those_that_are_described() {
        let list = AttributeValue::L(vec![AttributeValue::N("7".to_owned()), AttributeValue::Null(true)]);
        let map = AttributeValue::M(item(&[("b", AttributeValue::Bool(true))]));
        let mut bytes = Vec::new();
        write_map(&mut bytes, &item(&[("z", list), ("a", keys::text("登")), ("m", map)]));
        let expected = "M3:S1:aS3:登S1:mM1:S1:bT1:\u{1}S1:zL2:N1:7Z0:";
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn where_a_text_ends_and_the_next_begins_is_part_of_it() {
        let one = item(&[("a", keys::text("xy")), ("b", keys::text("z"))]);
        for other in [
            item(&[("a", keys::text("x")), ("b", keys::text("yz"))]),
            item(&[("a", keys::text("xy")), ("c", keys::text("z"))]),
            item(&[("a", keys::text("xy"))]),
            item(&[("a", AttributeValue::N("xy".to_owned())), ("b", keys::text("z"))]),
        ] {
            assert_ne!(hash(&one), hash(&other));
        }
    }
}
