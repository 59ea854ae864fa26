//! Hours that waited: credited as soon as their holder is registered.

use crate::{
    RosterWorker, WorkError,
    row::{Decided, as_offered},
};
use common::store::{Lost, RosterWrite};
use domain::{
    education::{RowChunk, RowOutcome, WaitingRow},
    id::HolderId,
    registration::RegistrationStatus,
};

/// How often a commit that was lost is tried again on what is there now.
const TRIES: u32 = 5;

impl RosterWorker {
    /// Credits everything that waits for a certificate that `holder` has registered. Done again, it finds nothing left.
    pub async fn credit_waiting(&self, holder: &HolderId) -> Result<(), WorkError> {
        let dossier = self.store.dossier(holder, self.clock.now()).await?;
        let active = dossier.registrations.iter().filter(|held| held.status == RegistrationStatus::Active);
        for registration in active {
            for waiting in self.store.waiting_rows(&registration.certificate.management_number).await? {
                Box::pin(self.credit(holder, &waiting)).await?;
            }
        }
        Ok(())
    }

    /// Credits one row, tells its list, and lets go of what waited: all of it or nothing. Where the list hasn't come as far
    /// as the row, it finds the record later.
    async fn credit(&self, holder: &HolderId, waiting: &WaitingRow) -> Result<(), WorkError> {
        let row = waiting.source.row;
        for _ in 0..TRIES {
            let (source, course, now) = (&waiting.source.roster, &waiting.course, self.clock.now());
            let found = self.store.listed(source, RowChunk::of_row(row), &course.id).await?;
            let course = as_offered(course, found.course.as_ref(), now);
            let waiting = &WaitingRow { course, ..waiting.clone() };
            let listed = found.roster.as_ref().zip(found.rows.as_ref());
            let held = listed.and_then(|(_, chunk)| chunk.row(row));
            if held.is_some_and(|held| held.outcome != RowOutcome::Waiting) {
                // Taken back, or credited by another run.
                self.store.drop_waiting(waiting).await?;
                return Ok(());
            }
            let dossier = self.store.dossier(holder, now).await?;
            let result = held.map_or_else(|| waiting.result(), Clone::clone);
            let (change, next) = match self.decide(&dossier, waiting, result) {
                Decided::Record(change, next) => (Some(change), next),
                Decided::Settled(next) => (None, next),
                Decided::NotRegistered(_) => return Ok(()),
            };
            let written = match listed {
                Some((roster, chunk)) if held.is_some() => {
                    let (roster, chunk) =
                        (roster.recount(RowOutcome::Waiting, next.outcome), chunk.with(next));
                    let write = RosterWrite {
                        chunk: Some(&chunk),
                        change: change.as_deref(),
                        waited: Some((&waiting.management_number, &waiting.course.id)),
                        ..RosterWrite::default()
                    };
                    self.store.commit_roster(&roster, write, now).await.map(|_| true)
                }
                _ => match &change {
                    Some(change) => self.store.commit(change, None).await.map(|_| false),
                    None => Ok(false),
                },
            };
            match written {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    self.store.drop_waiting(waiting).await?;
                    return Ok(());
                }
                Err(Lost::Stale) => {}
                Err(lost) => return Err(lost.into()),
            }
        }
        Err(Lost::Stale.into())
    }
}
