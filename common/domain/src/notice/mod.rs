//! Notices (公告): what an authority tells the holders of its area about policy, training and the trade.
//!
//! A notice is drafted, published now or at a time to come, pinned, and withdrawn. Whether anybody sees it is computed from
//! the time when they ask: no job has to run for a scheduled one to appear.

mod act;
mod audience;
mod draft;
mod file;
mod mailing;
mod refusal;

pub use audience::{Audience, AudienceInput, MOST_DISTRICTS, Standpoint, areas_of, current, standpoints};
pub use draft::{MOST_BODY, MOST_SUMMARY, MOST_TITLE, NoticeEdit, NoticeInput};
pub use file::{FileRequest, MOST_FILE_BYTES, MOST_FILES, NoticeFile};
pub use mailing::{Mailing, MailingState, Place, SLICE, Settled};
pub use refusal::NoticeRefusal;

use crate::{
    actor::Administrator,
    date::Instant,
    district::Area,
    id::{NoticeId, StaffId},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Days after which a notice counts as read, by everybody: so long are marks kept.
pub const UNREAD_DAYS: i64 = 90;
/// Days that a notice is listed for; it can be opened by its id for longer.
pub const LISTED_DAYS: i64 = 5 * 366;
/// The most days ahead that a notice is scheduled.
pub const MOST_DAYS_AHEAD: i64 = 366;
/// The longest reason for a withdrawal, in characters.
pub const MOST_REASON: usize = 500;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoticeCategory {
    /// 政策
    Policy,
    /// 培训
    Training,
    /// 行业资讯
    Industry,
}

impl NoticeCategory {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Policy => "政策",
            Self::Training => "培训",
            Self::Industry => "行业资讯",
        }
    }
}

/// How far a notice has come, as of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// 草稿: nobody but staff sees it.
    Draft,
    /// 待发布: it appears at its time.
    Scheduled,
    /// 已发布
    Published,
    /// 已撤回: nobody but staff sees it any more.
    Withdrawn,
}

impl NoticeState {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Scheduled => "待发布",
            Self::Published => "已发布",
            Self::Withdrawn => "已撤回",
        }
    }
}

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// Grows by one with each act.
    pub version: u64,
    /// The area of who drafted it, within which it's theirs and others' to act on; the whole country where there is none.
    pub area: Option<Area>,
    /// Who drafted it.
    pub author: StaffId,
    /// What it's about.
    pub category: NoticeCategory,
    /// Its title, one line.
    pub title: String,
    /// What it says in a sentence, one line, for lists and mail; empty where nobody wrote one.
    #[serde(default)]
    pub summary: String,
    /// What it says, in Markdown (CommonMark).
    pub body: String,
    /// Whom it's for.
    pub audience: Audience,
    /// Its files, and places for some.
    #[serde(default)]
    pub files: Vec<NoticeFile>,
    /// Since when it's there to be read, or will be; none for a draft.
    #[serde(default)]
    pub publish_at: Option<Instant>,
    /// True where it stands before the others.
    #[serde(default)]
    pub pinned: bool,
    /// That it was withdrawn.
    #[serde(default)]
    pub withdrawn: Option<Withdrawal>,
    /// When it was drafted.
    pub created_at: Instant,
    /// When its words or files were last changed.
    pub updated_at: Instant,
}

/// That a notice was withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// When.
    pub at: Instant,
    /// Why, for staff.
    pub reason: String,
}

/// What lists show of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeRow {
    /// Its id.
    pub id: NoticeId,
    /// Its version.
    pub version: u64,
    /// The area of who drafted it.
    pub area: Option<Area>,
    /// What it's about.
    pub category: NoticeCategory,
    /// Its title.
    pub title: String,
    /// What it says in a sentence.
    #[serde(default)]
    pub summary: String,
    /// Whom it's for.
    pub audience: Audience,
    /// Since when it's there to be read, or will be.
    #[serde(default)]
    pub publish_at: Option<Instant>,
    /// True where it stands before the others.
    #[serde(default)]
    pub pinned: bool,
    /// When it was withdrawn.
    #[serde(default)]
    pub withdrawn_at: Option<Instant>,
    /// Files that can be fetched.
    pub files: usize,
    /// When it was drafted.
    pub created_at: Instant,
    /// When its words or files were last changed.
    pub updated_at: Instant,
}

fn state(publish_at: Option<Instant>, withdrawn: bool, now: Instant) -> NoticeState {
    match publish_at {
        _ if withdrawn => NoticeState::Withdrawn,
        None => NoticeState::Draft,
        Some(at) if at > now => NoticeState::Scheduled,
        Some(_) => NoticeState::Published,
    }
}

impl Notice {
    /// How far it has come at `now`.
    pub fn state(&self, now: Instant) -> NoticeState {
        state(self.publish_at, self.withdrawn.is_some(), now)
    }

    /// True where a holder who stands so may read it at `now`.
    pub fn is_for(&self, standpoints: &[Standpoint], now: Instant) -> bool {
        self.state(now) == NoticeState::Published
            && self.audience.includes_any(self.area.as_ref(), standpoints)
    }

    /// The areas it's told in; the whole country is `None`. No two overlap.
    pub fn areas(&self) -> Vec<Option<Area>> {
        self.audience.areas(self.area.as_ref())
    }

    /// True where `by` may act on it: it was drafted within their area.
    pub fn is_within(&self, by: &Administrator) -> bool {
        match (&by.area, &self.area) {
            (None, _) => true,
            (Some(reach), Some(area)) => area.as_str().starts_with(reach.as_str()),
            (Some(_), None) => false,
        }
    }

    /// SHA-256 (hex) of its words, which each entry of its journal carries.
    pub fn content_hash(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.title, &self.summary, &self.body] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
            use std::fmt::Write;
            // Writing to a text can't fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// What lists show of it.
    pub fn row(&self) -> NoticeRow {
        NoticeRow {
            id: self.id.clone(),
            version: self.version,
            area: self.area.clone(),
            category: self.category,
            title: self.title.clone(),
            summary: self.summary.clone(),
            audience: self.audience.clone(),
            publish_at: self.publish_at,
            pinned: self.pinned,
            withdrawn_at: self.withdrawn.as_ref().map(|withdrawal| withdrawal.at),
            files: self.files.iter().filter(|file| file.is_confirmed()).count(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// The notice in its next version, with nothing of it changed: for what is done beside it and stands in its journal.
    #[must_use]
    pub fn touched(&self) -> Self {
        self.next()
    }

    fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }
}

impl NoticeRow {
    /// How far the notice has come at `now`.
    pub fn state(&self, now: Instant) -> NoticeState {
        state(self.publish_at, self.withdrawn_at.is_some(), now)
    }

    /// True where a holder who stands so may read the notice at `now`.
    pub fn is_for(&self, standpoints: &[Standpoint], now: Instant) -> bool {
        self.state(now) == NoticeState::Published
            && self.audience.includes_any(self.area.as_ref(), standpoints)
    }

    /// True where it can still be unread at `now`: it appeared in the last [`UNREAD_DAYS`].
    pub fn is_recent(&self, now: Instant) -> bool {
        self.publish_at.is_some_and(|at| at > now.plus_seconds(-UNREAD_DAYS * 86_400))
    }
}
