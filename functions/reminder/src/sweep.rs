//! The sweep: messages that the stream's consumer didn't send, or couldn't, are tried again when their time has come.

use crate::{Reminder, Report};
use common::{notify::Outcome, store::StoreError};
use futures_util::future::join_all;
use std::time::Instant as Stopwatch;

/// Messages looked up at a time.
const PAGE: usize = 100;
/// Messages sent at the same time.
const AT_ONCE: usize = 4;

impl Reminder {
    /// Sends every message whose next attempt is due, until done or `until`, and says how old the oldest is that's left.
    pub(crate) async fn sweep(
        &self,
        until: Stopwatch,
        report: &mut Report,
        progress: &impl Fn(&Report),
    ) -> Result<(), StoreError> {
        let sent = self.send_due(until, report, progress).await;
        if let Some(since) = self.store.waiting_since().await? {
            let seconds = self.clock.now().unix_seconds() - since.unix_seconds();
            report.oldest_unsent_seconds = u64::try_from(seconds).unwrap_or_default();
        }
        sent
    }

    async fn send_due(
        &self,
        until: Stopwatch,
        report: &mut Report,
        progress: &impl Fn(&Report),
    ) -> Result<(), StoreError> {
        loop {
            let due = self.store.due_messages(self.clock.now(), PAGE).await?;
            let mut moved = false;
            for batch in due.chunks(AT_ONCE) {
                if Stopwatch::now() >= until {
                    report.complete = false;
                    return Ok(());
                }
                // A lease counts from the time it's taken: the page's would be over before the page's last message.
                let now = self.clock.now();
                let outcomes = join_all(batch.iter().map(|id| self.postman.send_due(id, now))).await;
                for (id, outcome) in batch.iter().zip(outcomes) {
                    match outcome {
                        Ok(Outcome::Sent) => report.sent += 1,
                        Ok(Outcome::Deferred) => report.deferred += 1,
                        Ok(Outcome::Dead) => report.dead += 1,
                        Ok(Outcome::Withheld) => report.withheld += 1,
                        Ok(Outcome::NotOurs) => continue,
                        Err(error) => {
                            tracing::error!(%error, code = error.code(), notification = id, "a message failed");
                            report.failed += 1;
                            report.complete = false;
                            continue;
                        }
                    }
                    moved = true;
                }
                progress(report);
            }
            // Nothing moved: what is left belongs to other senders, or the store is down. The next run sees.
            if due.len() < PAGE || !moved {
                return Ok(());
            }
        }
    }
}
