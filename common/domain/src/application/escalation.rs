//! What nobody decides within the limit rises to the next level, as the rule set names it for each stage: to the reviewers
//! of a later stage, who then decide this one too; or, where nobody above reviews, to the administrators, who are told
//! each morning until it's decided.
//!
//! An application rises once from a stage. It stays where it rose to while it's amended; what was returned and submitted again
//! begins anew, with a new limit.

use super::{Application, Change, JournalAction, Stage, State};
use crate::{
    actor::Role,
    date::{CalendarDate, Instant},
    rules::{RuleLibrary, RuleSet},
};
use serde::{Deserialize, Serialize};

/// That an application rose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Escalation {
    /// From which stage.
    pub from: Stage,
    /// To whom.
    pub to: Role,
    /// When.
    pub at: Instant,
    /// The day by which it should have been decided.
    pub due: CalendarDate,
}

impl Escalation {
    /// The stage whose reviewers decide instead; none where it's the administrators who were told.
    pub fn decided_at(&self) -> Option<Stage> {
        Stage::of_reviewer(self.to)
    }
}

impl Stage {
    /// The stage that `role` decides.
    pub fn of_reviewer(role: Role) -> Option<Self> {
        [Self::Preliminary, Self::Final].into_iter().find(|stage| stage.reviewer() == role)
    }
}

impl Application {
    /// The day by which a decision is due: the limit counts from the last submission or amendment, as its receipt says. None
    /// for what doesn't wait.
    pub fn decision_due(&self, rules: &RuleSet) -> Option<CalendarDate> {
        let receipt = self.receipt.as_ref().filter(|_| self.state == State::Submitted)?;
        Some(rules.decision_due(receipt.accepted_at.day()))
    }

    /// That it rose from the stage it waits at.
    pub fn risen(&self) -> Option<&Escalation> {
        self.escalation.as_ref().filter(|escalation| self.stage() == Some(escalation.from))
    }

    /// The stage whose reviewers decide the one it waits at: the same, or the one it rose to.
    pub fn decided_at(&self) -> Option<Stage> {
        self.risen().and_then(Escalation::decided_at).or_else(|| self.stage())
    }
}

/// The day on which `application` rises: the first one past its limit. None where it has risen from this stage, or can't.
pub(crate) fn next_due(application: &Application, rules: &RuleSet) -> Option<CalendarDate> {
    let stage = application.stage()?;
    rules.stage(stage)?.rises_to.as_ref()?;
    if application.risen().is_some() {
        return None;
    }
    Some(application.decision_due(rules)?.plus_days(1))
}

/// What is due on `now`'s day for an application that waits: it rises; or, where holidays were announced since its day was set,
/// has another day. None where nothing is due after all.
pub fn overdue(application: &Application, now: Instant, library: &RuleLibrary) -> Option<Change> {
    let rules = library.get(&application.rules);
    let today = now.day();
    if application.next_due.is_none_or(|day| day > today) {
        return None;
    }
    let day = next_due(application, rules);
    let (stage, due) = (application.stage()?, application.decision_due(rules)?);
    let mut next = application.next(now);
    let action = if day.is_some_and(|day| day <= today) {
        let to = **rules.stage(stage)?.rises_to.as_ref()?;
        next.escalation = Some(Escalation { from: stage, to, at: now, due });
        // Whoever is at it no longer decides it.
        if next.decided_at() != Some(stage) {
            next.claim = None;
        }
        JournalAction::Escalated
    } else {
        JournalAction::DeadlineMoved
    };
    next.next_due = next_due(&next, rules);
    let mut change = Change::by_system(application.holder.clone(), action, now);
    change.journal.stage = Some(stage);
    let limit = &rules.review.decision_working_days;
    change.journal.rule = Some(rules.cite("review.decision_working_days", limit));
    change.application = Some(next);
    Some(change)
}
