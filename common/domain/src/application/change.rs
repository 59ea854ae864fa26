//! What a command changes: the next state of each record, why, and whom to tell. The store writes a whole [`Change`]
//! or nothing of it.

use super::{Application, ApplicationKind, Outcome, Reason, Stage};
use crate::{
    actor::Actor,
    certificate::ManagementNumber,
    credit::CreditRecord,
    date::Instant,
    form::{Field, Part},
    id::{ApplicationId, HolderId, IdentityKey},
    notification::Notification,
    profile::Profile,
    registration::{Registration, RegistrationNumber},
    rules::Citation,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Something only one can have at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "unique", content = "key", rename_all = "snake_case")]
pub enum UniqueKey {
    /// One person, one holder.
    Identity(IdentityKey),
    /// One certificate, one holder.
    Certificate(ManagementNumber),
    /// One registration has the number.
    Registration(RegistrationNumber),
    /// One open application per kind and certificate; a first registration and a transfer in are their holder's, others their
    /// registration's.
    OpenApplication(ApplicationKind, String),
}

/// Taking or letting go of a [`UniqueKey`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Taken by `owner`; refused where somebody else has it. Taking what one has is no change.
    Take {
        /// What.
        key: UniqueKey,
        /// A holder's or an application's id.
        owner: String,
        /// When it lapses by itself, in seconds since 1970: a draft nobody touches.
        expires_at: Option<i64>,
    },
    /// Let go, where `owner` has it.
    Release {
        /// What.
        key: UniqueKey,
        /// A holder's or an application's id.
        owner: String,
    },
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum JournalAction {
    /// A draft was opened.
    Opened,
    /// A draft, or what was returned, was edited.
    Saved,
    /// The profile was edited.
    ProfileSaved,
    /// Submitted.
    Submitted,
    /// Amended while waiting.
    Amended,
    /// Withdrawn.
    Withdrawn,
    /// A place for an upload was given.
    AttachmentRequested,
    /// An uploaded file was looked at and accepted.
    AttachmentConfirmed,
    /// An attachment was removed.
    AttachmentRemoved,
    /// A reviewer took it up.
    Claimed,
    /// A reviewer laid it down.
    Released,
    /// A reviewer saw the identity document.
    Viewed,
    /// A stage approved it.
    Approved,
    /// A stage returned it.
    Returned,
    /// A stage refused it.
    Refused,
    /// It rose to the next level: nobody had decided it within the limit.
    Escalated,
    /// It has another day by which it's to be decided: holidays were announced.
    DeadlineMoved,
    /// It was closed because it was not mended in time.
    Expired,
    /// A reminder was planned.
    Reminded,
    /// The registration lapsed.
    Lapsed,
    /// An administrator announced that the registration is to be revoked.
    RevocationAnnounced,
    /// The holder, or somebody in their name, objected to that.
    RevocationObjected,
    /// The objection was upheld: the registration stands.
    RevocationUpheld,
    /// An administrator dropped the revocation.
    RevocationDropped,
    /// The registration was revoked.
    Revoked,
    /// Closed, since the registration it was about had ended.
    Closed,
    /// A claim of hours was entered by their holder, not yet submitted.
    HoursDrafted,
    /// Hours were claimed by their holder.
    HoursClaimed,
    /// A claim of hours was edited.
    HoursClaimEdited,
    /// A claim of hours was taken back.
    HoursClaimWithdrawn,
    /// Hours were recorded by a provider.
    HoursRecorded,
    /// A provider corrected hours it had recorded.
    HoursCorrected,
    /// A provider took back hours it had recorded.
    HoursStruck,
    /// Hours were recognised, in full or in part.
    HoursRecognised,
    /// Hours were refused.
    HoursRefused,
    /// Hours were struck out for fraud.
    HoursVoided,
    /// A course was put into the catalogue.
    CourseOffered,
    /// A course was taken out of the catalogue.
    CourseWithdrawn,
    /// A record of hours was drawn as a sample, and evidence asked for.
    EvidenceAsked,
    /// A sample was drawn of the records of a month.
    SampleDrawn,
    /// Everybody who was drawn was asked for evidence.
    SampleAsked,
    /// Evidence that was asked for was brought.
    EvidenceBrought,
    /// A place was given for a class list.
    RosterOpened,
    /// A class list's file was there.
    RosterQueued,
    /// Every row of a class list had its result, or it couldn't be read.
    RosterFinished,
    /// A row of a class list was corrected or taken back.
    RosterRowChanged,
    /// A holder answered which messages they accept by WeChat.
    SubscriptionAnswered,
    /// A service client opened a list of registrations that it's told of.
    WatchOpened,
    /// It's to be told at another address.
    WatchMoved,
    /// Registrations were put on the list.
    NumbersWatched,
    /// A registration was taken off it.
    NumberUnwatched,
    /// The list was ended.
    WatchEnded,
    /// A notice was drafted.
    NoticeDrafted,
    /// A notice was edited.
    NoticeEdited,
    /// A notice was published.
    NoticePublished,
    /// A notice is to be published at a time to come.
    NoticeScheduled,
    /// A notice was put before the others.
    NoticePinned,
    /// A notice stands among the others again.
    NoticeUnpinned,
    /// A notice was withdrawn.
    NoticeWithdrawn,
    /// A place was given for a file of a notice.
    NoticeFileRequested,
    /// A file of a notice was looked at and accepted.
    NoticeFileConfirmed,
    /// A file of a notice was removed.
    NoticeFileRemoved,
    /// A notice is mailed to its audience.
    MailingStarted,
    /// It's mailed no further.
    MailingStopped,
    /// An address bounced for good, and isn't written to any more.
    AddressBounced,
    /// Reminders by mail are wanted, or wanted no more.
    RemindersSet,
    /// A staff account was made.
    AccountAppointed,
    /// A staff account's name, roles, area or state was changed.
    AccountChanged,
    /// A staff account was given a new initial password and a new one-time code.
    CredentialsReset,
    /// A member of staff changed their own password.
    PasswordChanged,
    /// A member of staff signed in.
    SignedIn,
    /// An attempt to sign in to a staff account failed.
    SignInFailed,
    /// A staff account was locked for a while: too many attempts failed.
    SignInLocked,
}

/// One entry of the journal: who, when, from where, what, why, by which rule. Never changed, never deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When.
    pub at: Instant,
    /// Who.
    pub actor: Actor,
    /// From where: the caller's network address, set by the shell; empty for the system's own jobs.
    #[serde(default)]
    pub from: String,
    /// What.
    pub action: JournalAction,
    /// At which stage of review.
    pub stage: Option<Stage>,
    /// The fields that changed.
    pub fields: BTreeSet<Field>,
    /// The parts that a stage has to look at again.
    pub parts: BTreeSet<Part>,
    /// Why.
    pub reasons: Vec<Reason>,
    /// By which rule.
    pub rule: Option<Citation>,
    /// In an entry of a registration's journal: the application that changed it, or that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationId>,
}

impl JournalEntry {
    /// The entry of what is closed by the change that this one is of.
    #[must_use]
    pub fn of_closed(&self) -> Self {
        Self {
            from: self.from.clone(),
            reasons: self.reasons.clone(),
            rule: self.rule.clone(),
            ..Self::new(self.actor.clone(), JournalAction::Closed, self.at)
        }
    }

    /// An entry that says who did what at `now`, and nothing more.
    pub fn new(actor: Actor, action: JournalAction, now: Instant) -> Self {
        Self {
            at: now,
            actor,
            from: String::new(),
            action,
            stage: None,
            fields: BTreeSet::new(),
            parts: BTreeSet::new(),
            reasons: Vec::new(),
            rule: None,
            application: None,
        }
    }

    /// The same about `application`.
    #[must_use]
    pub fn about(&self, application: Option<&ApplicationId>) -> Self {
        Self { application: application.cloned(), ..self.clone() }
    }
}

/// A whole change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whose records it changes.
    pub holder: HolderId,
    /// The next application.
    pub application: Option<Application>,
    /// The next registration.
    pub registration: Option<Registration>,
    /// The next profile.
    pub profile: Option<Profile>,
    /// The next credit record.
    pub credit: Option<Box<CreditRecord>>,
    /// Credit records that a new registration begins with; each is new.
    pub credits: Vec<CreditRecord>,
    /// Applications that are closed because the registration they were about ends; journalled as closed.
    pub closed: Vec<Application>,
    /// Credit records that are closed for the same reason.
    pub closed_hours: Vec<CreditRecord>,
    /// What is taken and let go.
    pub claims: Vec<Claim>,
    /// The journal's entry; the store writes it beside every record that changes.
    pub journal: JournalEntry,
    /// Whom to tell.
    pub notifications: Vec<Notification>,
}

impl Change {
    /// An empty change by `actor`.
    pub fn new(holder: HolderId, actor: Actor, action: JournalAction, now: Instant) -> Self {
        Self {
            holder,
            application: None,
            registration: None,
            profile: None,
            credit: None,
            credits: Vec::new(),
            closed: Vec::new(),
            closed_hours: Vec::new(),
            claims: Vec::new(),
            journal: JournalEntry::new(actor, action, now),
            notifications: Vec::new(),
        }
    }

    /// An empty change by the system.
    pub fn by_system(holder: HolderId, action: JournalAction, now: Instant) -> Self {
        Self::new(holder, Actor::System, action, now)
    }

    /// An empty change by the holder.
    pub fn by_holder(holder: &HolderId, action: JournalAction, now: Instant) -> Self {
        Self::new(holder.clone(), Actor::Holder(holder.clone()), action, now)
    }

    /// Takes `key` for the holder or, where it's about an open application, for that application.
    pub(super) fn take(&mut self, key: UniqueKey, application: &ApplicationId, expires_at: Option<i64>) {
        let owner = self.owner(&key, application);
        self.claims.push(Claim::Take { key, owner, expires_at });
    }

    /// Lets go of `key`.
    pub(super) fn release(&mut self, key: UniqueKey, application: &ApplicationId) {
        let owner = self.owner(&key, application);
        self.claims.push(Claim::Release { key, owner });
    }

    fn owner(&self, key: &UniqueKey, application: &ApplicationId) -> String {
        match key {
            UniqueKey::OpenApplication(..) => application.to_string(),
            _ => self.holder.to_string(),
        }
    }
}

impl From<&Outcome> for JournalAction {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Approve => Self::Approved,
            Outcome::Return => Self::Returned,
            Outcome::Refuse => Self::Refused,
        }
    }
}
