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

use crate::{
    certificate::ManagementNumber,
    credit::{Course, CreditRefusal, Hours, RosterRow},
    date::Instant,
    error::Refusal,
    id::{CreditId, RosterId, StaffId},
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

/// What became of a row. Codes are part of the API's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// Its hours are recorded.
    Recorded,
    /// They had been recorded before, by another row or another list.
    AlreadyRecorded,
    /// Nobody is registered with that certificate: they wait until somebody is.
    Waiting,
    /// Nobody is registered with that certificate.
    NoSuchHolder,
    /// The certificate is somebody's of another name.
    NameDisagrees,
    /// Attended on days that aren't the course's.
    OutsideCourse,
    /// More hours than the course has.
    OverHours,
    /// A cell can't be read.
    Invalid,
    /// The rules don't take it; its code says which.
    Refused,
    /// Taken back by the provider.
    Withdrawn,
}

impl RowOutcome {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Recorded,
        Self::AlreadyRecorded,
        Self::Waiting,
        Self::NoSuchHolder,
        Self::NameDisagrees,
        Self::OutsideCourse,
        Self::OverHours,
        Self::Invalid,
        Self::Refused,
        Self::Withdrawn,
    ];

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Recorded => "已记录",
            Self::AlreadyRecorded => "此前已记录",
            Self::Waiting => "待登记后计入",
            Self::NoSuchHolder => "查无此人",
            Self::NameDisagrees => "姓名与证书不符",
            Self::OutsideCourse => "不在课程日期内",
            Self::OverHours => "超过课程学时",
            Self::Invalid => "填写有误",
            Self::Refused => "不能记录",
            Self::Withdrawn => "已撤回",
        }
    }

    /// What a refused row is, by why it was refused.
    pub fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Credit(CreditRefusal::AlreadyRecorded { .. }) => Self::AlreadyRecorded,
            Refusal::Credit(CreditRefusal::NameDisagrees) => Self::NameDisagrees,
            Refusal::Credit(CreditRefusal::OutsideCourse { .. }) => Self::OutsideCourse,
            Refusal::Credit(CreditRefusal::OverCourse { .. }) => Self::OverHours,
            Refusal::Credit(CreditRefusal::NotRegistered) => Self::NoSuchHolder,
            Refusal::InvalidFields(_) => Self::Invalid,
            _ => Self::Refused,
        }
    }
}

/// A row and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RowResult {
    /// Which row, from 1.
    pub row: u32,
    /// The line of the file it begins on, from 1.
    pub line: u64,
    /// The name on the list; empty where it can't be read.
    pub name: String,
    /// The certificate on the list; none where it can't be read.
    pub management_number: Option<ManagementNumber>,
    /// What became of it.
    pub outcome: RowOutcome,
    /// Hours recorded, or that wait.
    pub hours: Option<Hours>,
    /// The record, where there is one; that of another row where it was recorded before.
    pub credit: Option<CreditId>,
    /// Why, where it wasn't recorded: a stable code.
    pub code: Option<String>,
    /// The same in Chinese.
    pub detail: Option<String>,
}

impl RowResult {
    /// A row refused for `refusal`.
    pub fn refuse(&mut self, refusal: &Refusal) {
        self.outcome = RowOutcome::of(refusal);
        self.code = Some(refusal.code().to_owned());
        let fields = refusal.fields();
        let detail = fields.iter().map(|field| field.detail.as_str()).collect::<Vec<_>>().join("；");
        self.detail = Some(if detail.is_empty() { refusal.to_string() } else { detail });
        self.credit = match refusal {
            Refusal::Credit(
                CreditRefusal::AlreadyRecorded { other } | CreditRefusal::AlreadyVoided { other },
            ) => Some(other.clone()),
            _ => None,
        };
    }

    /// A row that says something which can't be taken.
    pub fn invalid(&mut self, code: &str, detail: &str) {
        self.outcome = RowOutcome::Invalid;
        self.code = Some(code.to_owned());
        self.detail = Some(detail.to_owned());
    }

    /// A row recorded as `credit`.
    pub fn record(&mut self, credit: CreditId, hours: Hours) {
        self.outcome = RowOutcome::Recorded;
        self.hours = Some(hours);
        self.credit = Some(credit);
        self.code = None;
        self.detail = None;
    }

    /// A row of nobody that is registered, where those aren't to wait.
    pub fn unknown(&mut self) {
        self.outcome = RowOutcome::NoSuchHolder;
        self.code = Some("no_such_holder".to_owned());
        self.detail = Some("没有找到该管理号的有效登记，请核对管理号，或请学员先办理登记".to_owned());
    }

    /// A row whose person another row of the course waits for.
    pub fn waits_already(&mut self) {
        self.outcome = RowOutcome::AlreadyRecorded;
        self.code = Some("already_waiting".to_owned());
        self.detail = Some("该学员的这门课程已在待登记后计入的名单中".to_owned());
    }

    /// A row that its provider took back, saying why.
    pub fn withdraw(&mut self, why: &str) {
        self.outcome = RowOutcome::Withdrawn;
        self.code = Some("withdrawn".to_owned());
        self.detail = Some(if why.is_empty() {
            "已由机构撤回".to_owned()
        } else {
            format!("已由机构撤回：{why}")
        });
    }

    /// A row that waits for somebody to register.
    pub fn wait(&mut self, hours: Hours) {
        self.outcome = RowOutcome::Waiting;
        self.hours = Some(hours);
        self.code = Some("waiting".to_owned());
        self.detail =
            Some("该管理号尚未登记，学时已留存，登记后自动计入；如管理号有误，请撤回本行后更正".to_owned());
    }
}

/// Results of [`CHUNK_ROWS`] rows, written together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowChunk {
    /// The list.
    pub roster: RosterId,
    /// Which chunk, from 0.
    pub chunk: u32,
    /// Grows by one with each change.
    pub version: u64,
    /// In the order of the file.
    pub rows: Vec<RowResult>,
}

impl RowChunk {
    /// The chunk that row `row` (from 1) is in.
    pub fn of_row(row: u32) -> u32 {
        row.saturating_sub(1) / CHUNK_ROWS
    }

    /// The result of row `row`.
    pub fn row(&self, row: u32) -> Option<&RowResult> {
        self.rows.iter().find(|result| result.row == row)
    }

    /// The next version, with `next` in the place of its row.
    #[must_use]
    pub fn with(&self, next: RowResult) -> Self {
        let mut chunk = Self { version: self.version + 1, ..self.clone() };
        if let Some(held) = chunk.rows.iter_mut().find(|result| result.row == next.row) {
            *held = next;
        }
        chunk
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
    /// The version of the uploaded object, in S3's words: what is uploaded over it later is another file.
    pub etag: Option<String>,
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
            etag: None,
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

    /// The file is there, in the version `etag`.
    #[must_use]
    pub fn queue(&self, etag: Option<String>, now: Instant) -> Self {
        Self { state: RosterState::Queued, queued_at: Some(now), etag, ..self.next() }
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
