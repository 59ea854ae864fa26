//! What goes first where more is to be sent than may be.

use crate::notification::Message;
use serde::{Deserialize, Serialize};

/// Days before a deadline from which on a reminder of it is urgent: the last two of the usual thresholds, 7 and 1.
const URGENT_DAYS: i64 = 7;

/// How urgent a message is; the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// What the office has to tell, and reminders of a deadline within a week.
    Urgent,
    /// Other reminders, and good news.
    Ordinary,
    /// One text to many, which goes when nothing else waits.
    Bulk,
}

impl Message {
    /// How urgent it is on the day it's written.
    pub fn urgency(&self) -> Urgency {
        let soon = |days_left: i64| days_left <= URGENT_DAYS;
        match self {
            Self::ReturnedReminder { days_left, .. }
            | Self::FirstRegistrationDue { days_left, .. }
            | Self::RenewalDue { days_left, .. }
                if soon(*days_left) =>
            {
                Urgency::Urgent
            }
            message if message.is_statutory() => Urgency::Urgent,
            _ => Urgency::Ordinary,
        }
    }
}
