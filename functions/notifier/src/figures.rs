//! The figures' share of a batch: what registrations, decisions and hours add to the sums.

use aws_lambda_events::dynamodb::EventRecord;
use common::{
    clock::Clock,
    store::{Countable, HOLDER_PREFIX, PK, Store},
};

/// What became of a batch's figures.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Records that weren't counted before in this version.
    pub counted: u64,
    /// Records that this release can't read. They stay as they were counted last, and handing them over again would only
    /// keep mails waiting behind them; counting anew by a release that reads them puts it right.
    pub unreadable: u64,
    /// The records to be handed over again, as they stand in the stream.
    pub again: Vec<Option<String>>,
}

/// Counts what `records` tell. Any of them may have been counted before, here or elsewhere.
pub(crate) async fn count(store: &Store, records: Vec<EventRecord>, clock: &Clock) -> Tally {
    let mut tally = Tally::default();
    let (mut countables, mut sequences) = (Vec::new(), Vec::new());
    for record in records.into_iter().filter(is_about_a_holder) {
        let sequence = record.change.sequence_number.clone();
        match countable(store, record) {
            Ok(Some(countable)) => {
                countables.push(countable);
                sequences.push(sequence);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, code = error.code(), ?sequence, "a record can't be counted into the figures");
                tally.unreadable += 1;
            }
        }
    }
    if countables.is_empty() {
        return tally;
    }
    match store.count_figures(countables, clock.now()).await {
        Ok(counted) => tally.counted = counted as u64,
        Err(error) => {
            tracing::error!(%error, code = error.code(), "figures could not be counted");
            tally.again = sequences;
        }
    }
    tally
}

/// What the record's new image adds; none where nothing is there any more: what TTL removes never added anything.
fn countable(store: &Store, record: EventRecord) -> Result<Option<Countable>, common::store::StoreError> {
    store.countable(record.change.new_image)
}

/// The event source's filter hands over little else; the local runner and a changed filter might.
fn is_about_a_holder(record: &EventRecord) -> bool {
    let key = record.change.keys.iter().find(|(name, _)| *name == PK).map(|(_, value)| value);
    matches!(key, Some(serde_dynamo::AttributeValue::S(key)) if key.starts_with(HOLDER_PREFIX))
}
