//! Files that several records have: of a page of the queue, and of one that is about to be decided among others.

use super::opened::MOST_FILES;
use common::store::{Store, StoreError};
use domain::{
    credit::CreditRecord,
    id::{AttachmentId, CreditId},
};
use futures_util::future::try_join_all;
use std::collections::{BTreeMap, BTreeSet};

/// Contents that are looked up for one page, and other records that are read for it.
const MOST_LOOKED_UP: usize = 100;

/// For each record with the contents of its files: whether another that counts or waits, of whomever, has one of them. None
/// where not all of them were looked up and none of the rest is shared.
///
/// A query for each content, at the same time, and one read of the records that were found.
pub(super) async fn shared(
    store: &Store,
    proofs: &[(&CreditId, &[String])],
) -> Result<Vec<Option<bool>>, StoreError> {
    let mut contents: Vec<&str> = Vec::new();
    let mut known = BTreeSet::new();
    let all = proofs.iter().flat_map(|(_, contents)| *contents).map(String::as_str);
    contents.extend(all.filter(|content| known.insert(*content)).take(MOST_LOOKED_UP));
    let found = try_join_all(contents.iter().map(|content| store.same_evidence(content, MOST_FILES))).await?;
    let by_content: BTreeMap<&str, BTreeSet<CreditId>> = contents
        .into_iter()
        .zip(found)
        .map(|(content, files)| (content, files.iter().filter_map(AttachmentId::credit).collect()))
        .collect();
    let others = |id: &CreditId, content: &str| {
        let ids = by_content.get(content).into_iter().flatten();
        ids.filter(|other| *other != id).cloned().collect::<Vec<_>>()
    };
    let wanted: BTreeSet<CreditId> = proofs
        .iter()
        .flat_map(|(id, contents)| contents.iter().flat_map(|content| others(id, content)))
        .collect();
    let wanted: Vec<_> = wanted.into_iter().take(MOST_LOOKED_UP).collect();
    let read = if wanted.is_empty() { Vec::new() } else { store.credits(&wanted).await? };
    let read: BTreeMap<&CreditId, &CreditRecord> = read.iter().map(|record| (&record.id, record)).collect();
    // A file may have been removed since, and a draft is its holder's alone. What wasn't read is taken for shared.
    let has = |other: &CreditId, content: &str| match read.get(other) {
        Some(record) => record.state.is_alive() && record.contents().any(|held| held == content),
        None => wanted.binary_search(other).is_err(),
    };
    let of = |(id, contents): &(&CreditId, &[String])| {
        let shares = |content: &String| others(id, content).iter().any(|other| has(other, content));
        match contents.iter().any(shares) {
            false if contents.iter().any(|content| !by_content.contains_key(content.as_str())) => None,
            known => Some(known),
        }
    };
    Ok(proofs.iter().map(of).collect())
}

/// As [`shared`], of one record; what can't be said is taken for shared.
pub(super) async fn is_shared(store: &Store, record: &CreditRecord) -> Result<bool, StoreError> {
    let contents: Vec<_> = record.contents().map(str::to_owned).collect();
    let found = shared(store, &[(&record.id, &contents)]).await?;
    Ok(found.contains(&Some(true)) || found.contains(&None))
}
