//! The register itself, as its holders, staff and others see it.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod audit;
mod journal;
mod registration;
