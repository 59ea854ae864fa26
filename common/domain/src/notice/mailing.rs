//! Mailing a notice to its audience: how far the walk over the register has come, and what became of what was planned.
//!
//! What is planned stands in the outbox only a little ahead of the sending: a run plans no more than there is room for, so
//! that whoever stops a mailing stops nearly all of it.

use super::{Notice, NoticeRefusal, NoticeState};
use crate::{
    contact::EmailAddress,
    date::Instant,
    id::{HolderId, NoticeId, StaffId},
    notification::{Message, Notification},
};
use serde::{Deserialize, Serialize};

/// The most messages that one transaction plans, with how far the walk has come.
pub const SLICE: usize = 40;

/// How far a mailing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MailingState {
    /// 群发中: the register is walked through.
    Running,
    /// 发送中: everybody is planned for, and some mail is still unsent.
    Sending,
    /// 已完成
    Done,
    /// 已停止
    Stopped,
}

impl MailingState {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Running => "群发中",
            Self::Sending => "发送中",
            Self::Done => "已完成",
            Self::Stopped => "已停止",
        }
    }
}

/// Where the walk goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The lane, of all those that the audience's registrations lie in.
    pub lane: usize,
    /// The last one dealt with in that lane, as the store names it; none at its beginning.
    pub after: Option<String>,
}

/// The mailing of a notice. Each has one at the most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailing {
    /// The notice.
    pub notice: NoticeId,
    /// Grows by one with each write.
    pub version: u64,
    /// How far it has come.
    pub state: MailingState,
    /// Who started it.
    pub started_by: StaffId,
    /// When.
    pub started_at: Instant,
    /// Where the walk goes on.
    pub place: Place,
    /// Lanes there are.
    pub lanes: usize,
    /// Registrations looked at.
    pub looked_at: u64,
    /// Messages planned.
    pub planned: u64,
    /// Messages sent.
    pub sent: u64,
    /// Messages given up.
    pub failed: u64,
    /// Messages that were planned and not sent: their readers want no such mail or can't be reached, or the mailing was
    /// stopped.
    pub withheld: u64,
    /// Messages planned that their readers want later, at the end of their quiet hours or in the next morning's mail. What
    /// becomes of them isn't followed, so that they take nobody's room.
    #[serde(default)]
    pub later: u64,
    /// Whose message is planned and not settled yet; no more than a run may plan.
    #[serde(default)]
    pub open: Vec<HolderId>,
    /// Until when somebody is at it.
    #[serde(default)]
    pub leased_until: Option<Instant>,
    /// When it ended: everything was settled, or it was stopped.
    #[serde(default)]
    pub ended_at: Option<Instant>,
}

/// What became of messages that were open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Sent.
    pub sent: u64,
    /// Given up.
    pub failed: u64,
    /// Not sent, and not to be.
    pub withheld: u64,
    /// Wanted later by their readers.
    pub later: u64,
    /// Still unsent.
    pub open: Vec<HolderId>,
}

impl Mailing {
    /// Starts to mail `notice`, whose audience's registrations lie in `lanes` lanes; `before` is the mailing it has.
    ///
    /// # Errors
    ///
    /// [`NoticeRefusal::AlreadyMailed`], [`NoticeRefusal::Withdrawn`], [`NoticeRefusal::NotPublished`].
    pub fn start(
        notice: &Notice,
        before: Option<&Self>,
        lanes: usize,
        by: &StaffId,
        now: Instant,
    ) -> Result<Self, NoticeRefusal> {
        match notice.state(now) {
            NoticeState::Withdrawn => return Err(NoticeRefusal::Withdrawn),
            NoticeState::Draft | NoticeState::Scheduled => return Err(NoticeRefusal::NotPublished),
            NoticeState::Published if before.is_some() => return Err(NoticeRefusal::AlreadyMailed),
            NoticeState::Published => {}
        }
        Ok(Self {
            notice: notice.id.clone(),
            version: 1,
            state: MailingState::Running,
            started_by: by.clone(),
            started_at: now,
            place: Place::default(),
            lanes,
            looked_at: 0,
            planned: 0,
            sent: 0,
            failed: 0,
            withheld: 0,
            later: 0,
            open: Vec::new(),
            leased_until: None,
            ended_at: None,
        })
    }

    /// True where somebody has to go on with it: to plan, or to see what became of what was planned.
    pub fn is_unfinished(&self) -> bool {
        match self.state {
            MailingState::Running | MailingState::Sending => true,
            MailingState::Stopped => !self.open.is_empty(),
            MailingState::Done => false,
        }
    }

    /// The mailing under a lease until `until`; none where there is nothing to do or somebody is at it. It's asked of the
    /// record as it's kept: one that was stopped beside it is still to be noted as stopped.
    pub fn begin(&self, until: Instant, now: Instant) -> Option<Self> {
        let free = self.leased_until.is_none_or(|leased| leased <= now);
        (self.is_unfinished() && free).then(|| Self { leased_until: Some(until), ..self.next() })
    }

    /// The mailing with what became of its open messages counted. It's the version that is written with what comes next.
    #[must_use]
    pub fn settle(&self, settled: Settled) -> Self {
        Self {
            sent: self.sent + settled.sent,
            failed: self.failed + settled.failed,
            withheld: self.withheld + settled.withheld,
            later: self.later + settled.later,
            open: settled.open,
            ..self.clone()
        }
    }

    /// The mailing with messages to `to` planned out of `looked_at` registrations; the walk goes on at `place`.
    #[must_use]
    pub fn plan(&self, to: &[HolderId], looked_at: usize, place: Place, until: Instant) -> Self {
        let state = if place.lane < self.lanes { MailingState::Running } else { MailingState::Sending };
        let mut next = self.next();
        next.open.extend_from_slice(to);
        Self {
            state,
            planned: self.planned + to.len() as u64,
            looked_at: self.looked_at + looked_at as u64,
            place,
            leased_until: Some(until),
            ..next
        }
    }

    /// The mailing as a run leaves it: done where nothing is left, else for the next run.
    #[must_use]
    pub fn hand_on(&self, now: Instant) -> Self {
        let done = self.state == MailingState::Sending && self.open.is_empty();
        let (state, ended_at) =
            if done { (MailingState::Done, Some(now)) } else { (self.state, self.ended_at) };
        Self { state, ended_at, leased_until: None, ..self.next() }
    }

    /// True while it's neither done nor stopped.
    pub fn goes_on(&self) -> bool {
        matches!(self.state, MailingState::Running | MailingState::Sending)
    }

    /// The mailing as it stands since it was stopped at `at`, where it was. That it was is noted beside it, and in its own
    /// record by the next run: who stops it doesn't have to meet a run.
    #[must_use]
    pub fn stopped(self, at: Option<Instant>) -> Self {
        match at {
            Some(_) if self.goes_on() => Self { state: MailingState::Stopped, ended_at: at, ..self },
            _ => self,
        }
    }

    /// Checks that it can be stopped.
    ///
    /// # Errors
    ///
    /// [`NoticeRefusal::MailingOver`] where it has ended.
    pub fn check_stop(&self) -> Result<(), NoticeRefusal> {
        if self.goes_on() { Ok(()) } else { Err(NoticeRefusal::MailingOver) }
    }

    /// How much of the register was walked through, in whole percent.
    pub fn percent(&self) -> u8 {
        let part = self.place.lane.min(self.lanes) * 100 / self.lanes.max(1);
        u8::try_from(part).unwrap_or(100)
    }

    fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }
}

impl Notice {
    /// The id of its message to `holder`: it follows from both, so that nobody is told twice.
    pub fn message_id(&self, holder: &HolderId) -> String {
        format!("{}-{holder}", self.id)
    }

    /// Its message to `holder`, who is addressed as `name` at `to`.
    pub fn message(&self, holder: &HolderId, name: &str, to: &EmailAddress, now: Instant) -> Notification {
        Notification {
            id: self.message_id(holder),
            holder: holder.clone(),
            to: to.clone(),
            name: name.to_owned(),
            at: now,
            message: Message::Notice {
                notice: self.id.clone(),
                category: self.category,
                title: self.title.clone(),
                summary: self.summary.clone(),
                published_at: self.publish_at.unwrap_or(now),
                files: self.files.iter().filter(|file| file.is_confirmed()).count(),
            },
        }
    }
}
