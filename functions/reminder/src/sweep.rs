//! The sweep: messages that the stream's consumer didn't send, or couldn't, are tried again when their time has come; and
//! what is written to many is sent from here. The most urgent goes first, again and again. Calls to service clients go beside
//! them: one that's down keeps no mail waiting.

use crate::{Reminder, Report};
use common::{
    notify::{Door, Outcome},
    store::{Lane, StoreError},
};
use domain::delivery::Urgency;
use futures_util::StreamExt;
use std::{
    pin::pin,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant as Stopwatch},
};

/// Lanes of messages, the most urgent first.
const MESSAGES: [Lane; 3] =
    [Lane::Messages(Urgency::Urgent), Lane::Messages(Urgency::Ordinary), Lane::Messages(Urgency::Bulk)];
/// The wait where others have taken what the provider lets go.
const PAUSE: Duration = Duration::from_millis(250);

impl Reminder {
    /// Sends every message whose next attempt is due, until done or `until`, and says how old the oldest is that's left.
    pub(crate) async fn sweep(
        &self,
        until: Stopwatch,
        report: &mut Report,
        progress: &(impl Fn(&Report) + Sync),
    ) -> Result<(), StoreError> {
        let sent = {
            let report = Mutex::new(&mut *report);
            let sweep = |lanes| Box::pin(self.send_due(lanes, until, &report, progress));
            let (messages, calls) = tokio::join!(sweep(&MESSAGES), sweep(&[Lane::Calls]));
            messages.and(calls)
        };
        let [urgent, ordinary, bulk] = MESSAGES;
        report.oldest_unsent_seconds = self.age(urgent).await?.max(self.age(ordinary).await?);
        report.oldest_bulk_seconds = self.age(bulk).await?;
        report.oldest_call_seconds = self.age(Lane::Calls).await?;
        sent
    }

    /// Seconds since the oldest message in `lane` waits; 0 where none does, or not yet.
    async fn age(&self, lane: Lane) -> Result<u64, StoreError> {
        let since = self.store.waiting_since(lane).await?;
        let seconds = since.map_or(0, |since| self.clock.now().unix_seconds() - since.unix_seconds());
        Ok(u64::try_from(seconds).unwrap_or_default())
    }

    /// Sends what is due in `lanes`, a page of the first that has any, then again from the first.
    async fn send_due(
        &self,
        lanes: &[Lane],
        until: Stopwatch,
        report: &Mutex<&mut Report>,
        progress: &(impl Fn(&Report) + Sync),
    ) -> Result<(), StoreError> {
        // A lane in which nothing moved: what is left belongs to other senders, or the store is down. The next run sees.
        let mut done: Vec<Lane> = Vec::new();
        while let Some((lane, due)) = self.next_page(lanes, &done).await? {
            if Stopwatch::now() >= until {
                locked(report).complete = false;
                return Ok(());
            }
            if !self.postman.has_room(lane).await? {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            if !self.send_page(&due, until, report, progress).await {
                done.push(lane);
            }
        }
        Ok(())
    }

    /// What is due in the first of `lanes` that isn't `done` and has any.
    async fn next_page(
        &self,
        lanes: &[Lane],
        done: &[Lane],
    ) -> Result<Option<(Lane, Vec<(Lane, String)>)>, StoreError> {
        for lane in lanes.iter().copied().filter(|lane| !done.contains(lane)) {
            let due = self.store.due_messages(lane, self.clock.now(), self.postman.page()).await?;
            if !due.is_empty() {
                return Ok(Some((lane, due.into_iter().map(|id| (lane, id)).collect())));
            }
        }
        Ok(None)
    }

    /// Sends a page. False where nothing moved.
    async fn send_page(
        &self,
        due: &[(Lane, String)],
        until: Stopwatch,
        report: &Mutex<&mut Report>,
        progress: &(impl Fn(&Report) + Sync),
    ) -> bool {
        let mut moved = false;
        let mut posted =
            pin!(self.postman.send_each(Door::Sweep, due, &self.clock, || Stopwatch::now() < until));
        while let Some(posted) = posted.next().await {
            let mut report = locked(report);
            if let Ok(posted) = posted {
                report.add(posted);
                moved |= posted.outcome != Outcome::NotOurs;
            } else {
                // The postman has told the log.
                report.failed += 1;
                report.complete = false;
            }
            progress(&report);
        }
        moved
    }
}

fn locked<'a, 'b>(report: &'a Mutex<&'b mut Report>) -> std::sync::MutexGuard<'a, &'b mut Report> {
    report.lock().unwrap_or_else(PoisonError::into_inner)
}
