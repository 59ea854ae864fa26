//! An application and its states.
//!
//! ```text
//!            save            submit                  approve (each stage in turn)
//!   Draft ─────────▶ Draft ─────────▶ Submitted ──────────────────────────────▶ Approved
//!     │                                │  ▲  │ amend: what changed goes back to every stage
//!     │ withdraw              return   ▼  │ submit
//!     └──────────▶ Withdrawn ◀────── Returned         Submitted ──refuse──▶ Refused
//!
//!   Draft, Submitted, Returned ──its registration ends──▶ Closed
//! ```
//!
//! Each command is a pure function from the state, the rules and the time to a [`Change`] or a
//! [`Refusal`](crate::error::Refusal).

mod action_label;
mod attach;
mod change;
mod effect;
mod ending;
mod escalation;
mod holder;
mod profile;
mod receipt;
mod review;
mod transfer;

pub use attach::{AttachmentRequest, confirm_attachment, remove_attachment, request_attachment};
pub use change::{Change, Claim, JournalAction, JournalEntry, UniqueKey};
pub(crate) use effect::none_in_force;
pub(crate) use ending::end_with;
pub(crate) use escalation::next_due as next_escalation;
pub use escalation::{Escalation, overdue};
pub use holder::{Draft, Entropy, open, save, submit, withdraw};
pub use profile::save_profile;
pub use receipt::Receipt;
pub(crate) use review::reason_text;
pub use review::{Decision, Outcome, Reason, check_view, claim, decide, expire, release};
pub use transfer::entered;
pub(crate) use transfer::{check_departure, check_unregistered, shortcomings as transfer_shortcomings};

use crate::{
    actor::Role,
    attachment::{Attachment, AttachmentKind},
    date::{CalendarDate, Instant},
    form::{Field, Form, Part},
    id::{ApplicationId, AttachmentId, HolderId, IdentityKey, StaffId},
    notification::{Message, Notification},
    registration::RegistrationNumber,
    rules::{RuleSet, RuleSetId},
    transfer::TransferDetails,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is applied for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApplicationKind {
    /// 首次登记
    First,
    /// 再登记
    Renewal,
    /// 信息变更
    Change,
    /// 注销登记
    Cancellation,
    /// 转出: to another province's authority
    TransferOut,
    /// 转入: from another province's authority
    TransferIn,
}

impl ApplicationKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::First, Self::Renewal, Self::Change, Self::Cancellation, Self::TransferOut, Self::TransferIn];

    /// True for what gives a registration up: it can't be done while a revocation runs.
    pub fn gives_up(self) -> bool {
        matches!(self, Self::Cancellation | Self::TransferOut)
    }

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::First => "首次登记",
            Self::Renewal => "再登记",
            Self::Change => "信息变更",
            Self::Cancellation => "注销登记",
            Self::TransferOut => "转出",
            Self::TransferIn => "转入",
        }
    }

    /// The kind's key in JSON and in the store.
    pub fn key(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Renewal => "renewal",
            Self::Change => "change",
            Self::Cancellation => "cancellation",
            Self::TransferOut => "transfer_out",
            Self::TransferIn => "transfer_in",
        }
    }

    /// True where an approval makes a registration; the others are about one that is there.
    pub fn registers(self) -> bool {
        matches!(self, Self::First | Self::TransferIn)
    }

    /// True for a move to another province's authority, or from it.
    pub fn is_transfer(self) -> bool {
        matches!(self, Self::TransferOut | Self::TransferIn)
    }
}

/// A stage of review. The rule set says which stages there are and who holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 初审
    Preliminary,
    /// 终审
    Final,
}

impl Stage {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Preliminary => "初审",
            Self::Final => "终审",
        }
    }

    /// The stage's key in JSON and in the store.
    pub fn key(self) -> &'static str {
        match self {
            Self::Preliminary => "preliminary",
            Self::Final => "final",
        }
    }

    /// The role that decides it.
    pub fn reviewer(self) -> Role {
        match self {
            Self::Preliminary => Role::PreliminaryReviewer,
            Self::Final => Role::FinalReviewer,
        }
    }
}

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// 草稿
    Draft,
    /// 已提交: at the first stage that has something outstanding
    Submitted,
    /// 退回修改
    Returned,
    /// 通过
    Approved,
    /// 不予登记
    Refused,
    /// 撤回
    Withdrawn,
    /// 终止: the registration it was about ended
    Closed,
}

impl State {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Submitted => "审核中",
            Self::Returned => "退回修改",
            Self::Approved => "通过",
            Self::Refused => "不予登记",
            Self::Withdrawn => "已撤回",
            Self::Closed => "已终止",
        }
    }
}

/// How far one stage has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StageProgress {
    /// The stage.
    pub stage: Stage,
    /// The parts it has still to look at; a stage with none has approved what there is.
    pub outstanding: BTreeSet<Part>,
    /// The last approval.
    pub approved: Option<Approval>,
}

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Approval {
    /// By whom.
    pub by: StaffId,
    /// When.
    pub at: Instant,
}

/// A reviewer's hold on an application, so that two don't read the same one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReviewClaim {
    /// Who holds it.
    pub by: StaffId,
    /// Until when.
    pub until: Instant,
}

/// An application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Whose.
    pub holder: HolderId,
    /// What for.
    pub kind: ApplicationKind,
    /// The rules it's judged by.
    pub rules: RuleSetId,
    /// Grows by one with each change.
    pub version: u64,
    /// Where it stands.
    pub state: State,
    /// The form as it stands.
    pub form: Form,
    /// For a change, a renewal or a transfer out: the form as registered when it was opened. What differs from it is what the
    /// application changes; whatever else changes in the register meanwhile stays.
    pub before: Option<Form>,
    /// For a transfer: what it asks beyond the form, as far as it was entered.
    #[serde(default)]
    pub transfer: Option<TransferDetails>,
    /// Keyed hash of the identity document, from the first submission on.
    pub identity: Option<IdentityKey>,
    /// Attachments, confirmed or not.
    pub attachments: Vec<Attachment>,
    /// The registration it's about, or that it gave.
    pub registration: Option<RegistrationNumber>,
    /// When it was opened.
    pub opened_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
    /// The receipt; from the first submission on. Its `submitted_at` is what deadlines are measured by.
    pub receipt: Option<Receipt>,
    /// True where a first registration came after its window.
    pub late: bool,
    /// The stages of review.
    pub stages: Vec<StageProgress>,
    /// Who is reviewing it.
    pub claim: Option<ReviewClaim>,
    /// That it last rose to the next level, since nobody decided it in time.
    #[serde(default)]
    pub escalation: Option<Escalation>,
    /// The reasons of the last return or refusal.
    pub reasons: Vec<Reason>,
    /// Last day to mend what was returned.
    pub mend_by: Option<CalendarDate>,
    /// The largest "still waiting" reminder (days after the return) planned.
    pub reminded: Option<u16>,
    /// The day the reminder job looks at it next.
    pub next_due: Option<CalendarDate>,
    /// The uniqueness it holds, to be let go when it ends without a registration.
    pub claims: BTreeSet<UniqueKey>,
}

impl Application {
    /// True until it's decided or withdrawn.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Draft | State::Submitted | State::Returned)
    }

    /// The stage it waits at.
    pub fn stage(&self) -> Option<Stage> {
        if self.state != State::Submitted {
            return None;
        }
        self.stages.iter().find(|progress| !progress.outstanding.is_empty()).map(|progress| progress.stage)
    }

    /// The parts that the stage it waits at has to look at.
    pub fn outstanding(&self) -> BTreeSet<Part> {
        let stage = self.stage();
        self.stages
            .iter()
            .find(|progress| Some(progress.stage) == stage)
            .map(|progress| progress.outstanding.clone())
            .unwrap_or_default()
    }

    /// An attachment by id.
    pub fn attachment(&self, id: &AttachmentId) -> Option<&Attachment> {
        self.attachments.iter().find(|attachment| attachment.id == *id)
    }

    /// True where a confirmed attachment of `kind` is there.
    pub fn has_attachment(&self, kind: AttachmentKind) -> bool {
        self.attachments.iter().any(|attachment| attachment.kind == kind && attachment.is_confirmed())
    }

    /// A notification about this application, where its holder has given an address. Its id follows from the
    /// application, its version and `what`.
    pub(crate) fn tell(&self, what: &str, now: Instant, message: Message) -> Option<Notification> {
        Some(Notification {
            id: format!("{}-v{}-{what}", self.id, self.version),
            holder: self.holder.clone(),
            to: self.form.email.clone()?,
            name: self.form.name.as_ref().map_or("持证人", |name| name.as_str()).to_owned(),
            at: now,
            message,
        })
    }

    /// Marks `parts` as to be looked at by every stage.
    fn mark_outstanding(&mut self, parts: &BTreeSet<Part>) {
        for progress in &mut self.stages {
            progress.outstanding.extend(parts);
        }
    }

    /// The next version of this application, changed at `now`.
    pub(crate) fn next(&self, now: Instant) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// The parts this kind of application has for review.
    fn reviewed_parts(&self, rules: &RuleSet) -> BTreeSet<Part> {
        if self.kind == ApplicationKind::Change {
            return self.changed_parts(rules);
        }
        let parts = Part::ALL.into_iter().filter(|part| match part {
            Part::Photo => self.has_attachment(AttachmentKind::Photo),
            Part::IdentityCard => {
                self.has_attachment(AttachmentKind::IdentityCardFront)
                    || self.has_attachment(AttachmentKind::IdentityCardBack)
            }
            Part::CertificateScan => self.has_attachment(AttachmentKind::CertificateScan),
            Part::Transfer => self.kind.is_transfer() || self.has_attachment(AttachmentKind::TransferLetter),
            Part::Papers => self
                .attachments
                .iter()
                .any(|attachment| attachment.is_confirmed() && part_of(attachment.kind) == Part::Papers),
            _ => true,
        });
        parts.collect()
    }

    /// The fields of what is registered that this application changes.
    pub fn registered_fields_changed(&self) -> BTreeSet<Field> {
        let Some(before) = &self.before else { return BTreeSet::new() };
        let mut changed = before.changed_fields(&self.form);
        changed.remove(&Field::Declaration);
        changed
    }

    /// For a change: the parts whose changed fields need approval, with the evidence that came along; and the photo where
    /// there is one, since it's printed on the certificate.
    fn changed_parts(&self, rules: &RuleSet) -> BTreeSet<Part> {
        let mut parts = BTreeSet::new();
        for field in self.registered_fields_changed() {
            let Some(rule) = rules.change_rule(field).filter(|rule| rule.approval) else { continue };
            parts.extend(field.part());
            parts.extend(rule.evidence.iter().map(|kind| part_of(*kind)));
        }
        parts.extend(self.has_attachment(AttachmentKind::Photo).then_some(Part::Photo));
        parts
    }
}

/// The part of an application that an attachment of `kind` stands in.
pub fn part_of(kind: AttachmentKind) -> Part {
    match kind {
        AttachmentKind::Photo => Part::Photo,
        AttachmentKind::IdentityCardFront | AttachmentKind::IdentityCardBack => Part::IdentityCard,
        AttachmentKind::CertificateScan => Part::CertificateScan,
        AttachmentKind::TransferLetter => Part::Transfer,
        AttachmentKind::Degree | AttachmentKind::EmploymentProof | AttachmentKind::Other => Part::Papers,
    }
}
