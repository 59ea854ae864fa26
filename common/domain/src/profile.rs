//! What the register knows of a holder beyond their applications: the last form they entered, which new drafts start
//! from and reminders are addressed by.

use crate::{
    date::{CalendarDate, Instant},
    form::Form,
    id::HolderId,
};
use serde::{Deserialize, Serialize};

/// A holder's profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The holder.
    pub holder: HolderId,
    /// Grows by one with each change; 0 before the first.
    pub version: u64,
    /// The last form they entered, without its declaration.
    pub form: Form,
    /// When it was last changed.
    pub updated_at: Instant,
    /// The smallest reminder threshold planned for the first-registration window.
    pub reminded: Option<u16>,
    /// The day the reminder job looks at the first-registration window next; none once registered, or without a
    /// certificate or an address.
    pub next_due: Option<CalendarDate>,
}

impl Profile {
    /// The empty profile of someone who just arrived.
    pub fn new(holder: HolderId, now: Instant) -> Self {
        Self { holder, version: 0, form: Form::default(), updated_at: now, reminded: None, next_due: None }
    }

    /// This profile with `form` as the last one entered.
    #[must_use]
    pub(crate) fn with_form(&self, form: &Form, now: Instant) -> Self {
        Self {
            version: self.version + 1,
            form: Form { declaration: false, ..form.clone() },
            updated_at: now,
            ..self.clone()
        }
    }
}
