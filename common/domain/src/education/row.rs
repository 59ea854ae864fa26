//! The rows of a class list: what became of each, and a hundred of them together.

use super::{CHUNK_ROWS, WaitingRow};
use crate::{
    certificate::ManagementNumber,
    credit::{CreditRecord, CreditRefusal, Hours, RosterRow},
    error::Refusal,
    id::{CreditId, RosterId},
};
use serde::{Deserialize, Serialize};

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
    /// Hours recorded, or that wait; those of the other row where it was recorded before.
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

    /// A row, `row`, whose hours `held` records already: it says how many those are, and where to correct them.
    pub fn recorded_before(&mut self, held: &CreditRecord, row: &WaitingRow) {
        self.outcome = RowOutcome::AlreadyRecorded;
        self.code = Some("already_recorded".to_owned());
        self.hours = Some(held.recognised);
        self.credit = Some(held.id.clone());
        let (hours, unit) = (held.recognised, held.unit.as_str());
        let place = held.roster.as_ref().and_then(|other| place_of(other, row));
        let place = place.map(|place| format!("，见{place}，如需更正，请在该行更正")).unwrap_or_default();
        let not_taken = row.not_taken(hours, unit);
        self.detail = Some(format!("该学员的这门课程已记录 {hours} {unit}{place}{not_taken}"));
    }

    /// A row, `row`, for whose certificate the row `held` of the same course waits: the same person's, or a slip in one
    /// of the two numbers.
    pub fn waits_already(&mut self, held: &WaitingRow, row: &WaitingRow) {
        if held.name != row.name {
            self.outcome = RowOutcome::NameDisagrees;
            self.code = Some("two_names".to_owned());
            self.detail = Some("同一管理号出现了两个姓名，请核对管理号".to_owned());
            return;
        }
        let (hours, unit) = (held.hours.unwrap_or(held.course.hours), held.course.unit.as_str());
        let place = place_of(&held.source, row);
        let place = place.map(|place| format!("，见{place}")).unwrap_or_default();
        let not_taken = row.not_taken(hours, unit);
        self.outcome = RowOutcome::AlreadyRecorded;
        self.code = Some("already_waiting".to_owned());
        self.hours = Some(hours);
        self.detail = Some(format!("该学员的这门课程已有 {hours} {unit}待登记后计入{place}{not_taken}"));
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

/// Where `other` is, as who reports `row` finds it; none where it's another provider's.
fn place_of(other: &RosterRow, row: &WaitingRow) -> Option<String> {
    let own = &row.source.roster;
    if other.roster == *own {
        return Some(format!("本名单第 {} 行", other.row));
    }
    (other.roster.provider() == own.provider()).then(|| format!("名单 {} 第 {} 行", other.roster, other.row))
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
