//! The morning's digest: each queue that somebody decides is counted once, and each member of staff for whom something waits
//! gets one message. Its id says who and which day, so that there is one of each however often this runs; once everybody
//! was dealt with, the day's later runs read one item and stop.

use crate::{Reminder, Report};
use common::store::{QueueKind, QueueOf, StaffProfile, StoreError, Watermark};
use domain::{
    date::Instant,
    digest::{self, Desk, QueueCounts, Reader, Waiting},
};
use futures_util::{StreamExt, TryStreamExt, future::join_all, stream};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant as Stopwatch,
};

/// The watermark's name.
const JOB: &str = "digest";
/// Queues counted, or messages written, at the same time.
const AT_ONCE: usize = 8;

impl Reminder {
    /// Plans the digests of a working day's morning, until done or `until`. A morning that was missed altogether isn't made up
    /// for: the next one's says what waits by then.
    pub(crate) async fn tell_staff(
        &self,
        until: Stopwatch,
        report: &mut Report,
        progress: &impl Fn(&Report),
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let Some(day) = digest::day(now, self.rules.calendar()) else { return Ok(()) };
        if self.store.watermark(JOB).await?.is_some_and(|mark| mark.done_through >= day) {
            return Ok(());
        }
        let staff: Vec<_> =
            self.store.every_account().await?.into_iter().filter(|account| !account.disabled).collect();
        // What nobody is written to about isn't counted.
        let all: BTreeSet<_> = staff.iter().flat_map(|account| reader(account).desks(&self.rules)).collect();
        let written_to = || staff.iter().map(reader).filter(|reader| reader.email.is_some());
        let mut desks: BTreeSet<Desk> =
            written_to().flat_map(|reader| reader.supervises(all.iter(), &self.rules)).cloned().collect();
        desks.extend(written_to().flat_map(|reader| reader.desks(&self.rules)));
        let counted: BTreeMap<Desk, QueueCounts> = stream::iter(desks)
            .map(|desk| async move { Ok::<_, StoreError>((desk.clone(), self.count(&desk, now).await?)) })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;

        let digests: Vec<_> =
            staff.iter().filter_map(|account| reader(account).digest(&counted, &self.rules, now)).collect();
        let mut all_written = true;
        for batch in digests.chunks(AT_ONCE) {
            if Stopwatch::now() >= until {
                report.complete = false;
                return Ok(());
            }
            let written = join_all(batch.iter().map(|digest| self.store.put_digest(digest.clone()))).await;
            for (digest, written) in batch.iter().zip(written) {
                match written {
                    Ok(new) => report.digests += u64::from(new),
                    Err(error) => {
                        tracing::error!(%error, code = error.code(), digest = digest.id, "a digest failed");
                        report.failed += 1;
                        report.complete = false;
                        all_written = false;
                    }
                }
            }
            progress(report);
        }
        if all_written {
            self.store.set_watermark(JOB, &Watermark { done_through: day, at: now }).await?;
        }
        Ok(())
    }

    async fn count(&self, desk: &Desk, now: Instant) -> Result<QueueCounts, StoreError> {
        let rules = self.rules.for_district(Some(&desk.area.district()));
        let Some(stage) = rules.stage(desk.stage) else { return Ok(QueueCounts::default()) };
        let (kind, until) = match desk.of {
            Waiting::Applications => (QueueKind::Applications, None),
            Waiting::Hours => (QueueKind::Hours, Some(now)),
        };
        let queue = QueueOf { kind, stage: desk.stage, area: &desk.area, shards: stage.queue_shards, until };
        self.store.queue_counts(queue, rules, now.day()).await
    }
}

fn reader(account: &StaffProfile) -> Reader<'_> {
    Reader {
        staff: &account.id,
        roles: &account.roles,
        area: account.area.as_ref(),
        email: account.email.as_ref(),
        name: account.name.as_str(),
    }
}
