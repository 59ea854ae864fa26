//! The life of an application: what each command does in each state, what must be there, what goes back to whom.

mod amending;
mod attachments;
mod changes;
mod overdue;
mod profile;
mod readiness;
mod renewals;
mod review;
mod states;
mod uniqueness;
