//! Reminders, from the day they're due to the mail that arrives: on their days, after days without a run, after runs that
//! were cut off, killed or doubled, with a store or a mail server that fails, and ten thousand on one day.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bureau;
mod days;
mod failures;
mod interrupted;
mod many;
