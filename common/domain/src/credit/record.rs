//! A record of continuing education and its states.
//!
//! ```text
//!                                                    holder ──claim──▶ Draft ◀─edit─┐
//!                                                                      │ │ └────────┘
//!                                                             withdraw │ │ submit
//!                                                                      ▼ ▼
//!   provider ──record──▶ Recorded ◀─correct─┐                  Withdrawn Pending ◀─edit─┐
//!                         │  │ └────────────┘                          │ │ │ └────────┘
//!                  strike │  │ asked for evidence             withdraw │ │ │ recognise (in full or in part)
//!                         ▼  ▼                                         ▼ │ ▼
//!                 Withdrawn  recognised or refused like a claim  Withdrawn │ Recognised
//!                                                                         └──refuse──▶ Refused
//!   Recorded, Recognised ──void (fraud)──▶ Voided
//! ```

use super::{Activity, CreditReceipt, EvidenceFile, Hours};
use crate::{
    actor::Actor,
    application::Reason,
    date::{CalendarDate, Instant},
    district::DistrictCode,
    form::PersonName,
    id::{ApplicationId, AttachmentId, CreditId, HolderId, RosterId},
    registration::Registration,
};
use serde::{Deserialize, Serialize};

/// How far a credit record has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CreditState {
    /// Entered by the holder, not yet submitted. Doesn't count, and stands in nobody's way.
    Draft,
    /// Recorded by a provider. Counts.
    Recorded,
    /// Submitted by the holder, not yet looked at. Doesn't count.
    Pending,
    /// Looked at and recognised, in full or in part. Counts.
    Recognised,
    /// Refused, with reasons. Doesn't count.
    Refused,
    /// Taken back: a claim by its holder, a row by its provider. Doesn't count.
    Withdrawn,
    /// Struck out for fraud. Doesn't count, and is never revived.
    Voided,
}

impl CreditState {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Draft,
        Self::Recorded,
        Self::Pending,
        Self::Recognised,
        Self::Refused,
        Self::Withdrawn,
        Self::Voided,
    ];

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Draft => "未提交",
            Self::Recorded => "已记录",
            Self::Pending => "待认定",
            Self::Recognised => "已认定",
            Self::Refused => "不予认定",
            Self::Withdrawn => "已撤回",
            Self::Voided => "已作废",
        }
    }

    /// True where its hours may count.
    pub fn counts(self) -> bool {
        matches!(self, Self::Recorded | Self::Recognised)
    }

    /// True where its hours count or may come to count.
    pub fn is_alive(self) -> bool {
        self.counts() || self == Self::Pending
    }
}

/// What was decided on a record last, or done to it by whoever recorded it (corrected, taken back), and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ruling {
    /// By whom.
    pub by: Actor,
    /// When.
    pub at: Instant,
    /// Why; empty where it was recognised in full.
    pub reasons: Vec<Reason>,
}

/// A sample that was drawn: its holder is asked for evidence. Its hours count until that is decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Audit {
    /// When it was asked for.
    pub asked_at: Instant,
    /// True where a reviewer asked for this one by hand; false where it was drawn.
    #[serde(default)]
    pub by_hand: bool,
    /// Last day to bring it.
    pub due: CalendarDate,
    /// When it was brought.
    pub answered_at: Option<Instant>,
    /// When it was decided.
    pub closed_at: Option<Instant>,
    /// The smallest reminder threshold (days before the last day) planned.
    #[serde(default)]
    pub reminded: Option<u16>,
}

impl Audit {
    /// True until it's decided.
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }
}

/// The row of a class list that a record was made from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RosterRow {
    /// The class list.
    pub roster: RosterId,
    /// The row, as the class list counts them.
    pub row: u32,
}

/// Whom a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    /// The name registered.
    pub name: PersonName,
    /// The district registered.
    pub district: DistrictCode,
}

impl From<&Registration> for Whose {
    fn from(registration: &Registration) -> Self {
        Self { name: registration.name.clone(), district: registration.district.clone() }
    }
}

/// Days after its last change until a draft is given up.
const DRAFT_DAYS: i64 = 180;

/// Hours of one activity, of one holder, in one cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditRecord {
    /// Its id.
    pub id: CreditId,
    /// Whose hours.
    pub holder: HolderId,
    /// Grows by one with each change.
    pub version: u64,
    /// How far it has come.
    pub state: CreditState,
    /// First day of the cycle they're claimed for. A record never moves to another cycle.
    pub cycle_start: CalendarDate,
    /// Its holder's name, as it was registered when the record was made.
    pub name: PersonName,
    /// Where its holder is registered: whose reviewers decide it.
    pub district: DistrictCode,
    /// What was done.
    pub activity: Activity,
    /// What proves it: confirmed files, and places where some are uploaded to.
    #[serde(default)]
    pub files: Vec<EvidenceFile>,
    /// Hours as claimed, or as a provider recorded them.
    pub claimed: Hours,
    /// 学时 or 小时: what those hours are. Never converted.
    pub unit: String,
    /// Hours recognised, all of them or a part; none while it's pending or where it's refused.
    pub recognised: Hours,
    /// Who recorded it: the provider, or the holder who claims it.
    pub recorded_by: Actor,
    /// When.
    pub recorded_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
    /// When its holder submitted it; none for a draft and for what somebody else recorded.
    #[serde(default)]
    pub submitted_at: Option<Instant>,
    /// The receipt for what its holder submitted last: the claim, or evidence that was asked for.
    #[serde(default)]
    pub receipt: Option<CreditReceipt>,
    /// The row of a class list that it was made from.
    #[serde(default)]
    pub roster: Option<RosterRow>,
    /// The transfer in that brought it from another province.
    #[serde(default)]
    pub brought_by: Option<ApplicationId>,
    /// What was decided last, and why.
    pub ruling: Option<Ruling>,
    /// The sample it was drawn into.
    pub audit: Option<Audit>,
    /// The day the reminder job looks at it next.
    pub next_due: Option<CalendarDate>,
}

impl CreditRecord {
    /// A new record of `activity`, entered by `by` at `now`: a holder's is a draft, anybody else's counts.
    ///
    /// What it asks of the activity was checked before, by [`crate::education`].
    pub fn entered(
        id: CreditId,
        whose: Whose,
        activity: Activity,
        hours: Hours,
        unit: &str,
        by: Actor,
        now: Instant,
    ) -> Self {
        let claimed_by_holder = matches!(by, Actor::Holder(_));
        Self {
            holder: id.holder(),
            cycle_start: id.cycle_start(),
            id,
            version: 1,
            state: if claimed_by_holder { CreditState::Draft } else { CreditState::Recorded },
            name: whose.name,
            district: whose.district,
            activity,
            files: Vec::new(),
            claimed: hours,
            unit: unit.to_owned(),
            recognised: if claimed_by_holder { Hours::ZERO } else { hours },
            recorded_by: by,
            recorded_at: now,
            updated_at: now,
            submitted_at: None,
            receipt: None,
            roster: None,
            brought_by: None,
            ruling: None,
            audit: None,
            next_due: None,
        }
    }

    /// The next version of this record, changed at `now`.
    pub(crate) fn next(&self, now: Instant) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// A file, or the place for one, by id.
    pub fn file(&self, id: &AttachmentId) -> Option<&EvidenceFile> {
        self.files.iter().find(|file| file.id == *id)
    }

    /// The files that were looked at: those that count.
    pub fn confirmed_files(&self) -> impl Iterator<Item = &EvidenceFile> {
        self.files.iter().filter(|file| file.is_confirmed())
    }

    /// The SHA-256 (hex) of each confirmed file.
    pub fn contents(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter_map(EvidenceFile::content)
    }

    /// When a draft that nobody touches is given up; none for what was submitted or recorded.
    pub fn draft_expires_at(&self) -> Option<Instant> {
        (self.state == CreditState::Draft).then(|| self.updated_at.plus_seconds(DRAFT_DAYS * 86_400))
    }

    /// The sample it was drawn into, while nothing was decided on that.
    pub fn open_audit(&self) -> Option<&Audit> {
        self.audit.as_ref().filter(|audit| self.state.counts() && audit.is_open())
    }

    /// True where it may be drawn as a sample: it counts, and was never drawn.
    pub fn is_drawable(&self) -> bool {
        self.state.counts() && self.audit.is_none()
    }

    /// When it began to count: a provider's row when it was recorded, a claim when it was recognised. None for what
    /// doesn't count. A claim that was drawn and recognised again counts since then.
    pub fn counts_since(&self) -> Option<Instant> {
        let claimed = matches!(self.recorded_by, Actor::Holder(_));
        match self.state {
            CreditState::Recognised if claimed => self.ruling.as_ref().map(|ruling| ruling.at),
            CreditState::Recorded | CreditState::Recognised => Some(self.recorded_at),
            _ => None,
        }
    }

    /// True while somebody has to look at it: a claim that waits, or a sample whose evidence was asked for.
    pub fn is_undecided(&self) -> bool {
        self.state == CreditState::Pending || self.open_audit().is_some()
    }
}
