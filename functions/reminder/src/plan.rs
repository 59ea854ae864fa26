//! Planning: each record that is due gets its reminder, its lapse, its revocation or its end, in one transaction.

use crate::{Reminder, Report, ask::Asked, lanes::Lanes};
use common::store::{DueEntry, DueRecord, Lost, StoreError, Watermark};
use domain::{
    application::{Change, JournalAction},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    education::evidence_due,
    reminder::{application_due, first_window_due, registration_due},
};
use futures_util::future::join_all;
use std::time::Instant as Stopwatch;

/// The watermark's name.
const JOB: &str = "reminder";
/// Records dealt with at the same time.
const AT_ONCE: usize = 16;
/// How far the first run of all looks back, in days. Later ones begin where the last ended.
const FIRST_LOOK_BACK: i64 = 400;

/// What became of one record.
enum Done {
    Planned,
    Lapsed,
    Revoked,
    Expired,
    Escalated,
    EvidenceReminded,
    Asked(Asked),
    Skipped,
    Failed,
}

impl Reminder {
    /// Plans everything due by today, most urgent first, until done or `until`.
    pub(crate) async fn plan(
        &self,
        until: Stopwatch,
        report: &mut Report,
        progress: &impl Fn(&Report),
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let today = now.day();
        // The last finished day is looked at again: what was received just before midnight may have been filed under it
        // behind the run that finished it.
        let first = self
            .store
            .watermark(JOB)
            .await?
            .map_or_else(|| today.plus_days(-FIRST_LOOK_BACK), |mark| mark.done_through.min(today));
        let mut lanes = Lanes::open(&self.store, first, today).await?;
        let mut oldest_undone: Option<CalendarDate> = None;
        let mut undone =
            |day: CalendarDate| oldest_undone = Some(oldest_undone.map_or(day, |old| old.min(day)));
        loop {
            if Stopwatch::now() >= until {
                // What is left may lie under any of these days.
                if !lanes.take(1).await?.is_empty() {
                    undone(first);
                    report.complete = false;
                }
                break;
            }
            let batch = lanes.take(AT_ONCE).await?;
            if batch.is_empty() {
                break;
            }
            let results = join_all(batch.iter().map(|(_, entry)| self.deal_with(entry, until, now))).await;
            for ((day, entry), done) in batch.iter().zip(results) {
                match done {
                    Ok(Done::Planned) => report.planned += 1,
                    Ok(Done::Lapsed) => report.lapsed += 1,
                    Ok(Done::Revoked) => report.revoked += 1,
                    Ok(Done::Expired) => report.expired += 1,
                    Ok(Done::Escalated) => report.escalated += 1,
                    Ok(Done::EvidenceReminded) => report.evidence_reminded += 1,
                    Ok(Done::Asked(asked)) => {
                        report.evidence_asked += asked.told;
                        report.skipped += asked.skipped;
                        report.failed += asked.failed;
                        if !asked.complete {
                            undone(*day);
                            report.complete = false;
                        }
                    }
                    Ok(Done::Skipped) => report.skipped += 1,
                    Ok(Done::Failed) => {
                        undone(*day);
                        report.failed += 1;
                        report.complete = false;
                    }
                    Err(error) => {
                        tracing::error!(%error, code = error.code(), ?entry, "a due record failed");
                        undone(*day);
                        report.failed += 1;
                        report.complete = false;
                    }
                }
            }
            progress(report);
        }
        // Today isn't over.
        let done_through = oldest_undone.unwrap_or(today).plus_days(-1);
        self.store.set_watermark(JOB, &Watermark { done_through, at: now }).await
    }

    /// Deals with one record. A commit that was overtaken is decided anew, once.
    async fn deal_with(&self, entry: &DueEntry, until: Stopwatch, now: Instant) -> Result<Done, StoreError> {
        let unknown = || StoreError::Failed("of a kind that this release doesn't know".to_owned());
        let record = entry.record.as_ref().ok_or_else(unknown)?;
        if let DueRecord::Sample(sample) = record {
            return self.ask(sample, until, now).await.map(Done::Asked);
        }
        for _ in 0..2 {
            let dossier = self.dossier_of(record, now).await?;
            let Some(change) = self.decide(&dossier, record, now) else { return Ok(Done::Skipped) };
            match self.store.commit(&change, None).await {
                Ok(_) => return Ok(done(&change)),
                Err(Lost::Stale) => {}
                Err(Lost::Store(error)) => return Err(error),
                Err(lost) => return Err(StoreError::Failed(lost.to_string())),
            }
        }
        tracing::warn!(?entry, "a due record was overtaken twice, or its message is there already");
        Ok(Done::Failed)
    }

    /// The dossier that `record` is decided on. The cycle that a sample is of may lie before the working set.
    async fn dossier_of(&self, record: &DueRecord, now: Instant) -> Result<Dossier, StoreError> {
        let working = Dossier::since(now.day());
        let (holder, since) = match record {
            DueRecord::Registration(holder, _) | DueRecord::FirstWindow(holder) => (holder.clone(), working),
            DueRecord::Application(application) => (application.holder(), working),
            DueRecord::Evidence(credit) => (credit.holder(), working.min(credit.cycle_start())),
            DueRecord::Sample(_) => return Err(StoreError::Failed("a sample has no dossier".to_owned())),
        };
        self.store.dossier_since(&holder, since, now).await
    }

    fn decide(&self, dossier: &Dossier, record: &DueRecord, now: Instant) -> Option<Change> {
        match record {
            DueRecord::Registration(_, number) => {
                registration_due(dossier, dossier.registration(number)?, now, &self.rules)
            }
            DueRecord::FirstWindow(_) => first_window_due(dossier, now, &self.rules),
            DueRecord::Application(id) => {
                application_due(dossier, dossier.application(id)?, now, &self.rules)
            }
            DueRecord::Evidence(id) => evidence_due(dossier, dossier.credit(id)?, now, &self.rules),
            DueRecord::Sample(_) => None,
        }
    }
}

fn done(change: &Change) -> Done {
    match change.journal.action {
        JournalAction::Lapsed => Done::Lapsed,
        JournalAction::Revoked => Done::Revoked,
        JournalAction::Expired => Done::Expired,
        JournalAction::Escalated => Done::Escalated,
        _ if change.notifications.is_empty() => Done::Skipped,
        _ if change.credit.is_some() => Done::EvidenceReminded,
        _ => Done::Planned,
    }
}
