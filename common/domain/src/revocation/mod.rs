//! Revocation (撤销登记): an administrator announces it with grounds of the rule set, the holder may object, and it takes
//! effect on the day after the last one to object, or when an objection is dismissed.
//!
//! ```text
//!              announce              object                 dismiss
//!   (in force) ────────▶ Announced ─────────▶ Objected ─────────────────▶ Revoked
//!                          │  │ nobody objected: the job, on the day after ───▲
//!                          │  └──────────────────────────────────────────────┘
//!                          │ drop               │ drop     │ uphold
//!                          ▼                    ▼          ▼
//!                        Dropped             Dropped     Upheld        Overtaken: the registration lapsed first
//! ```
//!
//! While it runs the registration stays in force and can be renewed, but it can't be left by cancelling. Taking effect is
//! one change: the registration, every open application about it and the hours that wait are ended together.

mod effect;
mod refusal;

pub use effect::{decide, due};
pub use refusal::RevocationRefusal;

use crate::{
    actor::{Actor, Administrator},
    application::{Application, Change, JournalAction, Reason, reason_text},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    error::{FieldError, Refusal},
    id::StaffId,
    notification::{Message, Notification, ReasonLine},
    registration::{Registration, RegistrationNumber, RegistrationStatus},
    rules::{RuleLibrary, RuleSet, RuleSetId},
};
use serde::{Deserialize, Serialize};

/// The most characters of an objection, and of an answer to one.
pub const MOST_TEXT: usize = 2000;

/// How far a revocation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RevocationState {
    /// 拟撤销: the holder may object.
    Announced,
    /// 异议待处理: an administrator has to decide.
    Objected,
    /// 已撤销
    Revoked,
    /// 异议成立: the registration stands.
    Upheld,
    /// 已终止: an administrator dropped it.
    Dropped,
    /// 因登记终止而结束: the registration ended otherwise before.
    Overtaken,
}

impl RevocationState {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Announced => "拟撤销",
            Self::Objected => "异议待处理",
            Self::Revoked => "已撤销",
            Self::Upheld => "异议成立，登记继续有效",
            Self::Dropped => "程序已终止，登记继续有效",
            Self::Overtaken => "登记已因其他原因终止，程序随之结束",
        }
    }

    /// True until it's decided one way or another.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Announced | Self::Objected)
    }
}

/// What the holder says against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// In their words.
    pub text: String,
    /// Who handed it in: the holder, or a member of staff in their name.
    pub by: Actor,
    /// When it arrived.
    pub at: Instant,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevocationEnd {
    /// On which day.
    pub on: CalendarDate,
    /// By whom; the system where nobody objected.
    pub by: Actor,
    /// What was answered, as the holder reads it; empty where nobody had to say anything.
    pub note: String,
}

/// A revocation of a registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// How far it has come.
    pub state: RevocationState,
    /// The rules it goes by.
    pub rules: RuleSetId,
    /// Grounds of those rules, each with the facts.
    pub reasons: Vec<Reason>,
    /// Who announced it.
    pub by: StaffId,
    /// When.
    pub announced_at: Instant,
    /// Last day to object.
    pub object_until: CalendarDate,
    /// What was said against it.
    pub objection: Option<Objection>,
    /// How it ended.
    pub ended: Option<RevocationEnd>,
}

impl Revocation {
    /// The day the job revokes: the day after the last one to object. None where it ended, or an administrator has to
    /// decide on an objection.
    pub fn takes_effect_on(&self) -> Option<CalendarDate> {
        (self.state == RevocationState::Announced).then(|| self.object_until.plus_days(1))
    }

    /// True where the holder may object on `today`.
    pub fn may_object_on(&self, today: CalendarDate) -> bool {
        self.state == RevocationState::Announced && today <= self.object_until
    }

    /// The grounds with their facts, as people read them.
    pub fn reason_lines(&self, library: &RuleLibrary) -> Vec<ReasonLine> {
        let grounds = &library.get(&self.rules).revocation.grounds;
        let line = |reason: &Reason| {
            let text = reason_text(reason, grounds).unwrap_or_else(|_| reason.note.clone());
            ReasonLine { part: String::new(), text }
        };
        self.reasons.iter().map(line).collect()
    }

    /// Ends it because the registration it's about ended otherwise on `today`.
    pub(crate) fn overtake(&mut self, today: CalendarDate) {
        if self.state.is_open() {
            self.state = RevocationState::Overtaken;
            self.ended = Some(RevocationEnd { on: today, by: Actor::System, note: String::new() });
        }
    }
}

/// How an administrator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RevocationRuling {
    /// 驳回异议: the registration is revoked.
    Dismiss,
    /// 异议成立: the registration stands.
    Uphold,
    /// 终止程序: nothing comes of it, whether somebody objected or not.
    Drop,
}

/// An administrator's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RevocationDecision {
    /// How.
    pub ruling: RevocationRuling,
    /// Why, as the holder reads it; 2,000 characters at most.
    pub note: String,
}

/// The revocation of `registration` that runs.
fn running(registration: &Registration) -> Option<&Revocation> {
    registration.revocation.as_deref().filter(|revocation| revocation.state.is_open())
}

/// Checks that `by` may deal with the revocation of `registration`: it lies in their area and isn't their own.
fn check_authority(
    dossier: &Dossier,
    registration: &Registration,
    by: &Administrator,
) -> Result<(), Refusal> {
    if !by.covers(&registration.district) {
        return Err(Refusal::OutsideArea);
    }
    let own = |application: &Application| application.identity == by.identity;
    if by.identity.is_some() && dossier.applications.iter().any(own) {
        return Err(RevocationRefusal::OwnRegistration.into());
    }
    Ok(())
}

/// A text that people typed and that has to be there, without the blanks around it.
fn needed_text(field: &str, what: &str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if !text.is_empty() && text.chars().count() <= MOST_TEXT {
        return Ok(text.to_owned());
    }
    let (code, detail) = if text.is_empty() {
        ("missing_field", format!("请填写{what}"))
    } else {
        ("too_long", format!("{what}不能超过 {MOST_TEXT} 个字符"))
    };
    Err(Refusal::InvalidFields(vec![FieldError { field: field.to_owned(), code: code.to_owned(), detail }]))
}

/// Announces that `registration` is to be revoked, for `reasons`: grounds of the rules, each with the facts.
pub fn announce(
    dossier: &Dossier,
    registration: &Registration,
    by: &Administrator,
    reasons: Vec<Reason>,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    check_authority(dossier, registration, by)?;
    let number = registration.number.clone();
    match registration.status {
        RegistrationStatus::Active => {}
        RegistrationStatus::Revoked => {
            let on = registration.ended_on.unwrap_or(now.day());
            return Err(RevocationRefusal::AlreadyRevoked { number, on }.into());
        }
        status => return Err(RevocationRefusal::NotInForce { number, status }.into()),
    }
    if running(registration).is_some() {
        return Err(RevocationRefusal::Running { number }.into());
    }
    let rules = library.for_district(Some(&registration.district));
    if reasons.is_empty() {
        return Err(RevocationRefusal::ReasonNeeded.into());
    }
    for (place, reason) in reasons.iter().enumerate() {
        reason_text(reason, &rules.revocation.grounds)?;
        needed_text(&format!("reasons[{place}].note"), "事实和依据", &reason.note)?;
    }
    let object_until = now.day().plus_days(i64::from(*rules.revocation.objection_days));
    let revocation = Revocation {
        state: RevocationState::Announced,
        rules: rules.key(),
        reasons: reasons.clone(),
        by: by.id.clone(),
        announced_at: now,
        object_until,
        objection: None,
        ended: None,
    };
    let message =
        Message::RevocationAnnounced { number, reasons: revocation.reason_lines(library), object_until };
    let actor = Actor::Staff(by.id.clone());
    let mut change =
        next(registration, revocation, (actor, JournalAction::RevocationAnnounced), library, now);
    change.journal.reasons = reasons;
    change.journal.rule = Some(rules.cite("revocation.grounds", &rules.revocation.grounds));
    tell(&mut change, "revocation-announced", message);
    Ok(change)
}

/// Objects to the revocation of `registration`, by its holder or by an administrator in their name.
pub fn object(
    registration: &Registration,
    by: Actor,
    text: &str,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let held = running(registration).ok_or(RevocationRefusal::NoneRunning)?;
    if let Some(objection) = &held.objection {
        return Err(RevocationRefusal::AlreadyObjected { on: objection.at.day() }.into());
    }
    let rules = library.get(&held.rules);
    let rule = rules.cite("revocation.objection_days", &rules.revocation.objection_days);
    if now.day() > held.object_until {
        return Err(RevocationRefusal::ObjectionPeriodOver { until: held.object_until, rule }.into());
    }
    let text = needed_text("text", "异议内容", text)?;
    let objection = Objection { text: text.clone(), by: by.clone(), at: now };
    let revocation =
        Revocation { state: RevocationState::Objected, objection: Some(objection), ..held.clone() };
    let mut change = next(registration, revocation, (by, JournalAction::RevocationObjected), library, now);
    change.journal.rule = Some(rule);
    let message = Message::RevocationObjected { number: registration.number.clone(), at: now, text };
    tell(&mut change, "revocation-objected", message);
    Ok(change)
}

/// As [`object`], by an administrator who enters what came on paper.
pub fn object_for(
    dossier: &Dossier,
    registration: &Registration,
    by: &Administrator,
    text: &str,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    check_authority(dossier, registration, by)?;
    object(registration, Actor::Staff(by.id.clone()), text, library, now)
}

/// The change that puts the next version of `registration`, with `revocation`.
fn next(
    registration: &Registration,
    revocation: Revocation,
    (by, action): (Actor, JournalAction),
    library: &RuleLibrary,
    now: Instant,
) -> Change {
    let mut next = registration.clone();
    next.version += 1;
    next.revocation = Some(Box::new(revocation));
    next.next_due = crate::reminder::next_due(&next, library.get(&next.cycle.rules));
    let mut change = Change::new(next.holder.clone(), by, action, now);
    change.registration = Some(next);
    change
}

/// Tells the holder of the registration that `change` puts. The id follows from its version: once for each.
fn tell(change: &mut Change, what: &str, message: Message) {
    let at = change.journal.at;
    let notice = change.registration.as_ref().map(|registration| Notification {
        id: format!("{}-v{}-{what}", registration.number, registration.version),
        holder: registration.holder.clone(),
        to: registration.email.clone(),
        name: registration.name.as_str().to_owned(),
        at,
        message,
    });
    change.notifications.extend(notice);
}

/// Refuses to let the holder leave `registration` while a revocation of it runs: who cancelled, or moved to another
/// province, would be out of reach of its grounds.
pub(crate) fn check_may_leave(registration: &Registration) -> Result<(), Refusal> {
    match running(registration) {
        Some(_) => Err(RevocationRefusal::Leaving { number: registration.number.clone() }.into()),
        None => Ok(()),
    }
}

/// Why there is no registration for `wanted`, where that is because it was revoked: the one called `number`, or any.
pub(crate) fn revoked(
    dossier: &Dossier,
    number: Option<&RegistrationNumber>,
    wanted: &'static str,
) -> Option<Refusal> {
    let found = dossier.registrations.iter().rfind(|registration| {
        registration.status == RegistrationStatus::Revoked
            && number.is_none_or(|number| registration.number == *number)
    })?;
    let on = found.ended_on?;
    Some(RevocationRefusal::Revoked { number: found.number.clone(), on, wanted }.into())
}

/// Refuses to register a certificate anew whose registration was revoked, where the rules say so.
pub(crate) fn check_register_again(
    dossier: &Dossier,
    application: &Application,
    rules: &RuleSet,
) -> Result<(), Refusal> {
    let certificate = application.form.management_number.as_ref();
    let found = dossier.registrations.iter().find(|registration| {
        registration.status == RegistrationStatus::Revoked
            && Some(&registration.certificate.management_number) == certificate
    });
    match found {
        Some(found) if !*rules.revocation.may_register_again => {
            let rule = rules.cite("revocation.may_register_again", &rules.revocation.may_register_again);
            Err(RevocationRefusal::MayNotRegisterAgain { number: found.number.clone(), rule }.into())
        }
        _ => Ok(()),
    }
}
