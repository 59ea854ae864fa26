//! The standing lists' share of a batch: who is told of what changed, and lists that have ended.

use aws_lambda_events::dynamodb::EventRecord;
use common::{
    clock::Clock,
    store::{Store, StoreError, WatchNews},
};

/// What became of a batch's standing lists.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Calls put into the outbox.
    pub planned: u64,
    /// Records that this release can't read. They wait for nobody: a later release doesn't see them again.
    pub unreadable: u64,
    /// The records to be handed over again, as they stand in the stream.
    pub again: Vec<Option<String>>,
}

/// Plans the calls that `records` make for. Any of them may have been seen before, here or elsewhere.
pub(crate) async fn tell(store: &Store, records: &[EventRecord], clock: &Clock) -> Told {
    let mut told = Told::default();
    for record in records {
        let change = &record.change;
        let news = match store.watch_news(change.old_image.clone(), change.new_image.clone()) {
            Ok(Some(news)) => news,
            Ok(None) => continue,
            Err(error) => {
                let sequence = &change.sequence_number;
                tracing::error!(%error, code = error.code(), ?sequence, "a record can't be read for standing lists");
                told.unreadable += 1;
                continue;
            }
        };
        match act(store, &news, clock).await {
            Ok(planned) => told.planned += planned,
            Err(error) => {
                tracing::error!(%error, code = error.code(), "a standing list could not be served");
                told.again.push(change.sequence_number.clone());
            }
        }
    }
    told
}

async fn act(store: &Store, news: &WatchNews, clock: &Clock) -> Result<u64, StoreError> {
    match news {
        WatchNews::Changed(change) => store.plan_calls(change, clock.now()).await,
        WatchNews::Ended(watch) => store.clear_watch(watch).await.map(|_| 0),
    }
}
