//! The outbox over a real DynamoDB and a real SMTP server: every message is sent at least once, once where no sender
//! dies, and given up in the end; and the stream is told what to hand over again.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used)]

mod attempts;
mod due;
mod leases;
mod office;
mod proof;
mod rates;
mod stream;
mod wishes;
