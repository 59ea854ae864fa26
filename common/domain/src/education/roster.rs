//! A class list (名单): the attendees of one course, reported at once and recorded row by row.
//!
//! ```text
//!   AwaitingUpload ──queue──▶ Queued ──begin──▶ Processing ──checkpoint…──▶ Done
//!                                ▲                  │ │
//!                                └──── hand on ─────┘ └──fail──▶ Failed (the file can't be read at all)
//! ```
//!
//! Each row's hours are committed by themselves; what became of the rows is written a chunk at a time, together with
//! how far the list has come. A worker that is killed in between leaves records that say which row they are of, so the
//! next one finds them and counts them as this list's own.

use super::{RowOutcome, RowResult};
use crate::{
    credit::{Course, RosterRow},
    date::Instant,
    id::{RosterId, StaffId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of a class list whose results are written together.
pub const CHUNK_ROWS: u32 = 100;
/// The most rows of a class list.
pub const MOST_ROWS: u32 = 10_000;
/// The most bytes of a class list.
pub const MOST_ROSTER_BYTES: u64 = 4 * 1024 * 1024;

/// How a class list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RosterFormat {
    /// A table of comma-separated values, as Excel saves it.
    Csv,
    /// An array of objects, or one object per line.
    Json,
}

impl RosterFormat {
    /// The media type it's uploaded with.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Json => "application/json",
        }
    }
}

/// What is done with somebody who isn't registered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Unregistered {
    /// Their hours wait, and are recorded when they register.
    #[default]
    Wait,
    /// The row is refused: nobody is known by that certificate.
    Refuse,
}

/// How far a class list has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RosterState {
    /// A place was given for the file.
    AwaitingUpload,
    /// The file is there, and waits for its turn.
    Queued,
    /// Its rows are being recorded.
    Processing,
    /// Every row has its result.
    Done,
    /// The file can't be read as a class list. Nothing of it was recorded.
    Failed,
}

impl RosterState {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::AwaitingUpload => "待上传",
            Self::Queued => "排队中",
            Self::Processing => "处理中",
            Self::Done => "已完成",
            Self::Failed => "无法读取",
        }
    }
}

/// Who is working through a list, and until when nobody else begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// A word that only that worker knows.
    pub holder: String,
    /// Until when.
    pub until: Instant,
}

/// Why a file can't be read as a class list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RosterFailure {
    /// Stable code.
    pub code: String,
    /// The same in Chinese, with what there is to do about it.
    pub detail: String,
    /// The line of the file, where it's about one.
    pub line: Option<u64>,
}

/// A class list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roster {
    /// Its id.
    pub id: RosterId,
    /// Grows by one with each change.
    pub version: u64,
    /// The course, as it was when the list was made.
    pub course: Course,
    /// How it's written.
    pub format: RosterFormat,
    /// What the provider's computer calls the file; for display only.
    pub file_name: String,
    /// What is done with somebody who isn't registered.
    pub unregistered: Unregistered,
    /// How far it has come.
    pub state: RosterState,
    /// When the place was given.
    pub created_at: Instant,
    /// When the file was there.
    pub queued_at: Option<Instant>,
    /// When every row had its result, or the file turned out not to be readable.
    pub finished_at: Option<Instant>,
    /// Rows of the file; known once it was opened.
    pub total: Option<u32>,
    /// Rows that have a result.
    pub processed: u32,
    /// Rows by what became of them. They come to `processed`.
    pub counts: BTreeMap<RowOutcome, u32>,
    /// Why it can't be read.
    pub failure: Option<RosterFailure>,
    /// Who is at it.
    pub lease: Option<Lease>,
}

impl Roster {
    /// A place for a class list of `course`, whose provider is who reports it.
    pub fn new(
        id: RosterId,
        course: Course,
        (format, unregistered): (RosterFormat, Unregistered),
        file_name: String,
        now: Instant,
    ) -> Self {
        Self {
            id,
            version: 1,
            course,
            format,
            file_name,
            unregistered,
            state: RosterState::AwaitingUpload,
            created_at: now,
            queued_at: None,
            finished_at: None,
            total: None,
            processed: 0,
            counts: BTreeMap::new(),
            failure: None,
            lease: None,
        }
    }

    /// Whose list it is.
    pub fn provider(&self) -> StaffId {
        self.id.provider()
    }

    /// The key in the bucket that the file is uploaded to.
    pub fn upload_key(&self) -> String {
        format!("uploads/{}", self.id)
    }

    /// The key in the bucket of the file as it was confirmed, where no form reaches.
    pub fn file_key(&self) -> String {
        format!("rosters/{}", self.id)
    }

    /// How much of it has a result, in whole percent; 100 only once all of it has.
    pub fn percent(&self) -> u8 {
        match (self.state, self.total) {
            (RosterState::Done, _) => 100,
            (_, Some(total)) if total > 0 => {
                u8::try_from(u64::from(self.processed) * 100 / u64::from(total)).unwrap_or(100).min(99)
            }
            _ => 0,
        }
    }

    /// True where `worker` has its lease.
    pub fn is_held_by(&self, worker: &str) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.holder == worker)
    }

    /// True while somebody has to work on it.
    pub fn is_unfinished(&self) -> bool {
        matches!(self.state, RosterState::Queued | RosterState::Processing)
    }

    /// The source that row `row` is recorded under.
    pub fn source(&self, row: u32) -> RosterRow {
        RosterRow { roster: self.id.clone(), row }
    }

    fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }

    /// The file is there, under [`Self::file_key`].
    #[must_use]
    pub fn queue(&self, now: Instant) -> Self {
        Self { state: RosterState::Queued, queued_at: Some(now), ..self.next() }
    }

    /// Taken up under `lease`. None where it's finished, or somebody else is at it.
    pub fn begin(&self, lease: Lease, now: Instant) -> Option<Self> {
        let taken = self.lease.as_ref().is_some_and(|held| held.until > now && held.holder != lease.holder);
        (self.is_unfinished() && !taken).then(|| Self {
            state: RosterState::Processing,
            lease: Some(lease),
            ..self.next()
        })
    }

    /// Laid down half way, for another run to go on.
    #[must_use]
    pub fn hand_on(&self) -> Self {
        Self { state: RosterState::Queued, lease: None, ..self.next() }
    }

    /// The chunk that comes next.
    pub fn next_chunk(&self) -> u32 {
        self.processed / CHUNK_ROWS
    }

    /// With the results of the chunk that comes next, of `total` rows; done with the last.
    #[must_use]
    pub fn checkpoint(&self, results: &[RowResult], total: u32, lease: Lease, now: Instant) -> Self {
        let mut next = Self { total: Some(total), lease: Some(lease), ..self.next() };
        next.processed += u32::try_from(results.len()).unwrap_or(0);
        for result in results {
            *next.counts.entry(result.outcome).or_default() += 1;
        }
        if next.processed >= total {
            next.state = RosterState::Done;
            next.finished_at = Some(now);
            next.lease = None;
        }
        next
    }

    /// The file can't be read.
    #[must_use]
    pub fn fail(&self, failure: RosterFailure, now: Instant) -> Self {
        Self {
            state: RosterState::Failed,
            finished_at: Some(now),
            failure: Some(failure),
            lease: None,
            ..self.next()
        }
    }

    /// A row whose outcome became another.
    #[must_use]
    pub fn recount(&self, from: RowOutcome, to: RowOutcome) -> Self {
        let mut next = self.next();
        if let Some(count) = next.counts.get_mut(&from) {
            *count = count.saturating_sub(1);
        }
        *next.counts.entry(to).or_default() += 1;
        next.counts.retain(|_, count| *count > 0);
        next
    }
}
