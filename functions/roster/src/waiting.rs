//! Hours that waited: credited as soon as their holder is registered.

use crate::{
    RosterWorker, WorkError,
    row::{Attempt, as_offered},
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

    /// Credits one row, tells its list, and lets go of what waited. In this order: cut off in between, it's done again,
    /// and finds its own record.
    async fn credit(&self, holder: &HolderId, waiting: &WaitingRow) -> Result<(), WorkError> {
        let row = waiting.source.row;
        for _ in 0..TRIES {
            let (source, course) = (&waiting.source.roster, &waiting.course);
            let found = self.store.listed(source, RowChunk::of_row(row), &course.id).await?;
            let course = as_offered(course, found.course.as_ref(), self.clock.now());
            let waiting = &WaitingRow { course, ..waiting.clone() };
            let listed = match (&found.roster, &found.rows) {
                (Some(roster), Some(chunk)) => chunk
                    .row(row)
                    .filter(|result| result.outcome == RowOutcome::Waiting)
                    .map(|result| (roster, chunk, result.clone())),
                _ => None,
            };
            let blank = waiting.result();
            let result = listed.as_ref().map_or(blank, |(_, _, result)| result.clone());
            let Attempt::Settled(next) = self.record(holder, waiting, result).await? else { return Ok(()) };
            let Some((roster, chunk, _)) = listed else {
                // The list hasn't come that far, and will find the record; or it's no more.
                self.store.drop_waiting(waiting).await?;
                return Ok(());
            };
            let (roster, chunk) = (roster.recount(RowOutcome::Waiting, next.outcome), chunk.with(next));
            let write = RosterWrite {
                chunk: Some(&chunk),
                waited: Some((&waiting.management_number, &waiting.course.id)),
                ..RosterWrite::default()
            };
            match self.store.commit_roster(&roster, write, self.clock.now()).await {
                Ok(_) => return Ok(()),
                Err(Lost::Stale) => {}
                Err(lost) => return Err(lost.into()),
            }
        }
        Err(Lost::Stale.into())
    }
}
