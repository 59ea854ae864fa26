//! Asking those who were drawn for evidence: each by one transaction, and how far that has come is kept beside the sample.
//! Whoever was asked, by this run, one that was killed or one beside it, has it in their record and isn't asked again.

use crate::Reminder;
use common::store::{Lost, StoreError};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    date::Instant,
    dossier::Dossier,
    education::{Sample, SampleId, ask_for_evidence},
    id::CreditId,
};
use futures_util::future::join_all;
use std::time::Instant as Stopwatch;

/// Records dealt with at the same time.
const AT_ONCE: usize = 16;
/// Records dealt with until how far it has come is kept.
const KEPT_EVERY: usize = 64;

/// What a run did of one sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Holders asked.
    pub told: u64,
    /// Records that no longer count, or whose holders were asked before.
    pub skipped: u64,
    /// Records that failed; the next run takes them up again.
    pub failed: u64,
    /// True where nobody is left to be asked.
    pub complete: bool,
}

impl Reminder {
    /// Goes on asking those of sample `id` who weren't asked yet, until done or `until`.
    pub(crate) async fn ask(
        &self,
        id: &SampleId,
        until: Stopwatch,
        now: Instant,
    ) -> Result<Asked, StoreError> {
        let mut done = Asked::default();
        let Some(mut sample) = self.store.sample(id).await? else {
            return Ok(Asked { complete: true, ..done });
        };
        // The first that failed: what is kept never moves past it, and the others are asked all the same.
        let mut first_failed = None;
        let (mut place, _) = sample.to_ask();
        loop {
            let chunk: Vec<_> = sample.drawn.iter().skip(place).take(KEPT_EVERY).cloned().collect();
            if chunk.is_empty() {
                done.complete = first_failed.is_none();
                // One that was left with all of it done, before that was kept.
                if done.complete && sample.next_due.is_some() {
                    self.keep(&sample, place, now).await?;
                }
                return Ok(done);
            }
            for part in chunk.chunks(AT_ONCE) {
                if Stopwatch::now() >= until {
                    self.keep(&sample, first_failed.unwrap_or(place), now).await?;
                    return Ok(done);
                }
                let results = join_all(part.iter().map(|credit| self.ask_one(credit, now))).await;
                for (credit, result) in part.iter().zip(results) {
                    match result {
                        Ok(true) => done.told += 1,
                        Ok(false) => done.skipped += 1,
                        Err(error) => {
                            tracing::error!(%error, code = error.code(), %credit, "a drawn record failed");
                            first_failed.get_or_insert(place);
                            done.failed += 1;
                        }
                    }
                    place += 1;
                }
            }
            if first_failed.is_none() {
                sample = self.keep(&sample, place, now).await?;
                place = place.max(sample.to_ask().0);
            }
        }
    }

    /// Keeps that the first `asked` were dealt with. Where another run has kept more meanwhile, that holds.
    async fn keep(&self, sample: &Sample, asked: usize, now: Instant) -> Result<Sample, StoreError> {
        let mut held = sample.clone();
        for _ in 0..2 {
            let done = asked >= held.drawn.len();
            if held.to_ask().0 >= asked && !(done && held.next_due.is_some()) {
                return Ok(held);
            }
            let next = held.with_asked(asked);
            let entry = JournalEntry::new(Actor::System, JournalAction::SampleAsked, now);
            let entry = next.next_due.is_none().then_some(&entry);
            match self.store.commit_sample(&next, entry, now).await {
                Ok(_) => return Ok(next),
                Err(Lost::Stale) => {
                    let found = self.store.sample(&held.id).await?;
                    held = found.ok_or_else(|| StoreError::Failed("a sample is gone".to_owned()))?;
                }
                Err(Lost::Store(error)) => return Err(error),
                Err(lost) => return Err(StoreError::Failed(lost.to_string())),
            }
        }
        // Overtaken twice: whoever did goes on.
        Ok(held)
    }

    /// Asks the holder of one record. False where there is nothing to ask.
    async fn ask_one(&self, credit: &CreditId, now: Instant) -> Result<bool, StoreError> {
        let since = credit.cycle_start().min(Dossier::since(now.day()));
        for _ in 0..2 {
            let dossier = self.store.dossier_since(&credit.holder(), since, now).await?;
            let Some(record) = dossier.credit(credit).filter(|record| record.is_drawable()) else {
                return Ok(false);
            };
            let Ok(change) = ask_for_evidence(&dossier, record, None, &self.rules, now) else {
                return Ok(false);
            };
            match self.store.commit(&change, None).await {
                Ok(_) => return Ok(true),
                Err(Lost::Stale) => {}
                Err(Lost::Store(error)) => return Err(error),
                Err(lost) => return Err(StoreError::Failed(lost.to_string())),
            }
        }
        Err(StoreError::Busy("a drawn record was overtaken twice".to_owned()))
    }
}
