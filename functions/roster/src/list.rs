//! Going through one list: take it up under a lease, read the file, a hundred rows at a time, and write what became of
//! them together with how far the list has come.

use crate::{
    RosterWorker, WorkError,
    row::as_offered,
    sheet::{Format, Line, Sheet, SheetError},
};
use common::{
    blobs::BlobError,
    crypto::random_bytes,
    store::{Lost, RosterWrite},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    education::{
        CHUNK_ROWS, Lease, MOST_ROSTER_BYTES, Roster, RosterFailure, RosterFormat, RosterState, RowChunk,
    },
    id::RosterId,
};
use std::time::Instant as Stopwatch;

/// Seconds a worker has for its next hundred rows before another one may take the list up.
const LEASE_SECONDS: i64 = 60;
/// How often a commit that was lost is tried again on what is there now.
const TRIES: u32 = 5;

/// How a run over a list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every row has its result.
    Done,
    /// The file can't be read.
    Failed,
    /// Time ran out; another run goes on.
    HandedOn,
    /// There was nothing to do, or somebody else is at it.
    NotOurs,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows that have a result.
    pub processed: u32,
    /// Rows of the file.
    pub total: u32,
}

/// What became of a hundred rows.
enum Results {
    /// To be written.
    New(RowChunk),
    /// They were there already.
    Known(RowChunk),
}

impl RosterWorker {
    /// Goes through the list `id`, telling `progress` after each chunk. Lays it down at `until`.
    pub async fn work(
        &self,
        id: &RosterId,
        until: Stopwatch,
        progress: impl Fn(Progress),
    ) -> Result<Ended, WorkError> {
        let word = hex::encode(random_bytes::<8>()?);
        let Some(mut roster) = self.begin(id, &word).await? else { return Ok(Ended::NotOurs) };
        let bytes = match self.read(&roster).await {
            Ok(bytes) => bytes,
            Err(WorkError::Blob(BlobError::Unavailable(error))) => {
                return Err(BlobError::Unavailable(error).into());
            }
            Err(WorkError::Blob(error)) => {
                let failure =
                    RosterFailure { code: error.code().to_owned(), detail: error.to_string(), line: None };
                return self.fail(roster, failure).await;
            }
            Err(error) => return Err(error),
        };
        let sheet = match open(&bytes, &roster) {
            Ok(sheet) => sheet,
            Err(SheetError { code, detail, line }) => {
                return self.fail(roster, RosterFailure { code: code.to_owned(), detail, line }).await;
            }
        };
        let total = sheet.rows();
        while roster.state == RosterState::Processing {
            if Stopwatch::now() >= until {
                return self.hand_on(roster).await;
            }
            let found = self.store.listed(id, roster.next_chunk(), &roster.course.id).await?;
            let held_version = found.rows.as_ref().map_or(0, |held| held.version);
            let course = as_offered(&roster.course, found.course.as_ref(), self.clock.now());
            let lines: Vec<Line> = sheet.iter_from(roster.processed + 1).take(CHUNK_ROWS as usize).collect();
            // Results that the list doesn't know of, as where it alone was restored: they are of these very rows.
            let known = found.rows.filter(|held| {
                held.rows.iter().map(|result| result.row).eq(lines.iter().map(|line| line.row))
            });
            let results = match known {
                Some(held) => Results::Known(held),
                None => Results::New(RowChunk {
                    roster: roster.id.clone(),
                    chunk: roster.next_chunk(),
                    version: held_version + 1,
                    rows: self.chunk(&roster, &course, lines).await?,
                }),
            };
            match self.checkpoint(roster, results, total, &word).await? {
                Some(next) => roster = next,
                None => return Ok(Ended::NotOurs),
            }
            progress(Progress { processed: roster.processed, total });
        }
        Ok(Ended::Done)
    }

    /// Takes the list up; none where there is nothing to do or somebody else is at it.
    async fn begin(&self, id: &RosterId, word: &str) -> Result<Option<Roster>, WorkError> {
        let mut lost = Lost::Stale;
        for _ in 0..TRIES {
            let Some(roster) = self.store.roster(id).await? else { return Ok(None) };
            let Some(next) = roster.begin(self.lease(word), self.clock.now()) else { return Ok(None) };
            match self.store.commit_roster(&next, RosterWrite::default(), self.clock.now()).await {
                Ok(_) => return Ok(Some(next)),
                Err(Lost::Stale) => lost = Lost::Stale,
                Err(other) => return Err(other.into()),
            }
        }
        Err(lost.into())
    }

    fn lease(&self, word: &str) -> Lease {
        Lease { holder: word.to_owned(), until: self.clock.now().plus_seconds(LEASE_SECONDS) }
    }

    async fn read(&self, roster: &Roster) -> Result<Vec<u8>, WorkError> {
        Ok(self.blobs.read(&roster.file_key(), MOST_ROSTER_BYTES).await?)
    }

    /// Writes what became of a chunk, and how far the list has come with it. None where another worker has taken over.
    async fn checkpoint(
        &self,
        mut roster: Roster,
        mut results: Results,
        total: u32,
        word: &str,
    ) -> Result<Option<Roster>, WorkError> {
        let at = roster.processed;
        for _ in 0..TRIES {
            let now = self.clock.now();
            let (Results::New(rows) | Results::Known(rows)) = &results;
            let chunk = matches!(results, Results::New(_)).then_some(rows);
            let next = roster.checkpoint(&rows.rows, total, self.lease(word), now);
            let finished = self.entry(JournalAction::RosterFinished);
            let journal = (next.state == RosterState::Done).then_some(&finished);
            let write = RosterWrite { chunk, journal, ..RosterWrite::default() };
            match self.store.commit_roster(&next, write, now).await {
                Ok(_) => return Ok(Some(next)),
                Err(Lost::Stale) => {}
                Err(other) => return Err(other.into()),
            }
            // A row that waited may have been credited meanwhile, or one been taken back, which is no other worker.
            let found = self.store.listed(&roster.id, rows.chunk, &roster.course.id).await?;
            match found.roster {
                Some(now) if now.processed == at && now.is_held_by(word) => roster = now,
                _ => return Ok(None),
            }
            if let (Results::Known(known), Some(held)) = (&mut results, found.rows) {
                *known = held;
            }
        }
        Err(Lost::Stale.into())
    }

    async fn hand_on(&self, roster: Roster) -> Result<Ended, WorkError> {
        match self.store.commit_roster(&roster.hand_on(), RosterWrite::default(), self.clock.now()).await {
            Ok(_) => Ok(Ended::HandedOn),
            // Somebody else has it, or the sweep will once the lease has run out.
            Err(Lost::Stale) => Ok(Ended::NotOurs),
            Err(other) => Err(other.into()),
        }
    }

    async fn fail(&self, roster: Roster, failure: RosterFailure) -> Result<Ended, WorkError> {
        let now = self.clock.now();
        let journal = self.entry(JournalAction::RosterFinished);
        let write = RosterWrite { journal: Some(&journal), ..RosterWrite::default() };
        match self.store.commit_roster(&roster.fail(failure, now), write, now).await {
            Ok(_) => Ok(Ended::Failed),
            Err(Lost::Stale) => Ok(Ended::NotOurs),
            Err(other) => Err(other.into()),
        }
    }

    fn entry(&self, action: JournalAction) -> JournalEntry {
        JournalEntry::new(Actor::System, action, self.clock.now())
    }
}

/// Opens the file, and checks that it speaks of the course's unit.
fn open<'a>(bytes: &'a [u8], roster: &Roster) -> Result<Sheet<'a>, SheetError> {
    let format = match roster.format {
        RosterFormat::Csv => Format::Csv,
        RosterFormat::Json => Format::Json,
    };
    let sheet = Sheet::open(bytes, format)?;
    match sheet.unit() {
        Some(unit) if unit != roster.course.unit => Err(SheetError {
            code: "other_unit",
            detail: format!(
                "名单以「{unit}」计，课程以「{}」计，系统不作换算，请改为「{}」后重新报送",
                roster.course.unit, roster.course.unit
            ),
            line: None,
        }),
        _ => Ok(sheet),
    }
}
