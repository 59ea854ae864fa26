//! That an application rose to the next level, as people see it.

use domain::{
    actor::Role,
    application::{Escalation, Stage},
    date::{CalendarDate, Instant},
};
use serde::Serialize;

/// That an application rose, since nobody decided it within the limit.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EscalationView {
    /// From which stage.
    pub from: Stage,
    /// The same in Chinese.
    pub from_label: &'static str,
    /// To whom: the reviewers of a later stage, who decide it now, or the administrators, who see to it that it's decided.
    pub to: Role,
    /// The same in Chinese.
    pub to_label: &'static str,
    /// When.
    pub at: Instant,
    /// The day by which it should have been decided.
    pub due: CalendarDate,
}

impl From<&Escalation> for EscalationView {
    fn from(escalation: &Escalation) -> Self {
        let Escalation { from, to, at, due } = escalation.clone();
        Self { from, from_label: from.label(), to, to_label: to.label(), at, due }
    }
}
