//! What staff do: take an application up, lay it down, decide it; and what the system does when nobody mends it.

use super::{Application, Approval, Change, Entropy, JournalAction, ReviewClaim, Stage, State, effect};
use crate::{
    actor::{Actor, Reviewer},
    date::Instant,
    dossier::Dossier,
    error::Refusal,
    form::Part,
    notification::{Message, ReasonLine},
    reminder,
    rules::{Ground, RuleLibrary, RuleSet},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a stage decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 通过
    Approve,
    /// 退回修改
    Return,
    /// 不予登记
    Refuse,
}

/// Why a stage returns or refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// The part it's about; the whole application where none is named.
    #[serde(default)]
    pub part: Option<Part>,
    /// A ground of the rule set.
    pub ground: String,
    /// What exactly, in the reviewer's words; 500 characters at most.
    #[serde(default)]
    pub note: String,
}

/// A stage's decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// How it decides.
    pub outcome: Outcome,
    /// Why; needed for a return or refusal.
    #[serde(default)]
    pub reasons: Vec<Reason>,
}

/// Checks that `reviewer` may act on `application` now, and tells the stage it waits at. What has risen is decided by
/// those it rose to.
fn check_reviewer(application: &Application, reviewer: &Reviewer, now: Instant) -> Result<Stage, Refusal> {
    check_view(application, reviewer)?;
    let Some((stage, decided_at)) = application.stage().zip(application.decided_at()) else {
        return Err(match application.state {
            State::Draft => Refusal::UnknownApplication,
            state => Refusal::AlreadyDecided { state: state.label() },
        });
    };
    if !reviewer.roles.contains(&decided_at.reviewer()) {
        if decided_at != stage && reviewer.roles.contains(&stage.reviewer()) {
            return Err(Refusal::Escalated { to: decided_at.reviewer().label() });
        }
        // Who holds an earlier stage that has approved comes late, not without right.
        let came_late = application
            .stages
            .iter()
            .any(|done| done.stage < stage && reviewer.roles.contains(&done.stage.reviewer()));
        return Err(if came_late {
            Refusal::AlreadyDecided { state: application.state.label() }
        } else {
            Refusal::WrongStage { stage: decided_at.label() }
        });
    }
    match &application.claim {
        Some(claim) if claim.by != reviewer.id && claim.until > now => {
            Err(Refusal::ClaimedByOther { until: claim.until })
        }
        _ => Ok(stage),
    }
}

/// Checks that `reviewer` may see `application`: it was submitted, lies in their area and isn't their own.
pub fn check_view(application: &Application, reviewer: &Reviewer) -> Result<(), Refusal> {
    if application.form.district.as_ref().is_none_or(|district| !reviewer.covers(district)) {
        return Err(Refusal::OutsideArea);
    }
    if reviewer.identity.is_some() && reviewer.identity == application.identity {
        return Err(Refusal::OwnApplication);
    }
    if application.receipt.is_none() { Err(Refusal::UnknownApplication) } else { Ok(()) }
}

/// Takes an application up, so that no other reviewer reads it meanwhile.
pub fn claim(
    application: &Application,
    reviewer: &Reviewer,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let stage = check_reviewer(application, reviewer, now)?;
    let rules = library.get(&application.rules);
    let mut next = application.next(now);
    let until = now.plus_seconds(i64::from(*rules.review.claim_minutes) * 60);
    next.claim = Some(ReviewClaim { by: reviewer.id.clone(), until });
    // What was submitted before applications rose has no day yet.
    next.next_due = reminder::next_application_due(&next, rules);
    let mut change = by_staff(&next, reviewer, JournalAction::Claimed, now);
    change.journal.stage = Some(stage);
    change.application = Some(next);
    Ok(change)
}

/// Lays an application down again. Only who took it up can.
pub fn release(application: &Application, reviewer: &Reviewer, now: Instant) -> Result<Change, Refusal> {
    let stage = check_reviewer(application, reviewer, now)?;
    if application.claim.as_ref().is_none_or(|claim| claim.by != reviewer.id) {
        return Err(Refusal::WrongState { state: "未由您办理", wanted: "取消办理" });
    }
    let mut next = application.next(now);
    next.claim = None;
    let mut change = by_staff(&next, reviewer, JournalAction::Released, now);
    change.journal.stage = Some(stage);
    change.application = Some(next);
    Ok(change)
}

/// Decides the stage an application waits at. `entropy` is for a registration's number.
pub fn decide(
    dossier: &Dossier,
    application: &Application,
    reviewer: &Reviewer,
    decision: Decision,
    entropy: Entropy,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let stage = check_reviewer(application, reviewer, now)?;
    // Also where the application brings another document than the one the reviewer is known by.
    if reviewer.identity.is_some() && dossier.applications.iter().any(|own| own.identity == reviewer.identity)
    {
        return Err(Refusal::OwnApplication);
    }
    let rules = library.get(&application.rules);
    let reasons = check_reasons(&decision, rules)?;
    let mut next = application.next(now);
    next.claim = None;
    let mut change = by_staff(&next, reviewer, JournalAction::from(&decision.outcome), now);
    change.journal.stage = Some(stage);
    change.journal.parts = application.outstanding();
    change.journal.reasons.clone_from(&decision.reasons);
    match decision.outcome {
        Outcome::Approve => {
            for progress in next.stages.iter_mut().filter(|progress| progress.stage == stage) {
                progress.outstanding = BTreeSet::new();
                progress.approved = Some(Approval { by: reviewer.id.clone(), at: now });
            }
            if next.stage().is_none() {
                effect::approve(dossier, &mut next, &mut change, entropy, library, now)?;
            }
            next.next_due = reminder::next_application_due(&next, rules);
        }
        Outcome::Return => {
            let mend_by = now.day().plus_days(i64::from(*rules.review.mend_days));
            next.state = State::Returned;
            next.mend_by = Some(mend_by);
            next.reasons = decision.reasons;
            next.reminded = None;
            next.next_due = reminder::next_application_due(&next, rules);
            change.journal.rule = Some(rules.cite("review.mend_days", &rules.review.mend_days));
            let message =
                Message::Returned { application: next.id.clone(), kind: next.kind, reasons, mend_by };
            change.notifications.extend(next.tell("returned", now, message));
        }
        Outcome::Refuse => {
            effect::close(dossier, &mut next, &mut change, State::Refused, library, now);
            next.reasons = decision.reasons;
            change.journal.rule = Some(rules.cite("grounds", &rules.grounds));
            let message = Message::Refused { application: next.id.clone(), kind: next.kind, reasons };
            change.notifications.extend(next.tell("refused", now, message));
        }
    }
    change.application = Some(next);
    Ok(change)
}

fn by_staff(application: &Application, reviewer: &Reviewer, action: JournalAction, now: Instant) -> Change {
    Change::new(application.holder.clone(), Actor::Staff(reviewer.id.clone()), action, now)
}

/// The reasons as the holder reads them.
fn check_reasons(decision: &Decision, rules: &RuleSet) -> Result<Vec<ReasonLine>, Refusal> {
    if decision.outcome != Outcome::Approve && decision.reasons.is_empty() {
        return Err(Refusal::ReasonNeeded);
    }
    decision
        .reasons
        .iter()
        .map(|reason| {
            let part = reason.part.map_or_else(String::new, |part| part.label().to_owned());
            Ok(ReasonLine { part, text: reason_text(reason, &rules.grounds)? })
        })
        .collect()
}

/// A reason in the words of its ground, with the note that belongs to it. `grounds` are those that may be given.
pub(crate) fn reason_text(reason: &Reason, grounds: &[Ground]) -> Result<String, Refusal> {
    let ground = grounds.iter().find(|ground| ground.code == reason.ground);
    let ground = ground.ok_or_else(|| Refusal::UnknownGround(reason.ground.clone()))?;
    if reason.note.chars().count() > 500 {
        return Err(Refusal::NoteTooLong);
    }
    let note = reason.note.trim();
    Ok(if note.is_empty() { ground.text.clone() } else { format!("{}：{note}", ground.text) })
}

/// Closes what was returned and not mended in time.
pub fn expire(dossier: &Dossier, application: &Application, library: &RuleLibrary, now: Instant) -> Change {
    let rules = library.get(&application.rules);
    let mut next = application.next(now);
    let mut change = Change::by_system(application.holder.clone(), JournalAction::Expired, now);
    effect::close(dossier, &mut next, &mut change, State::Withdrawn, library, now);
    change.journal.rule = Some(rules.cite("review.mend_days", &rules.review.mend_days));
    let message = Message::MendPeriodOver { application: next.id.clone(), kind: next.kind };
    change.notifications.extend(next.tell("expired", now, message));
    change.application = Some(next);
    change
}
