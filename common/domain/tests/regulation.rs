//! The regulation as tests: windows, the life of an application, reminders, continuing education, figures, and a walk through all of it at random.
//!
//! They use the crate as the shell does, through its public API. One program holds them all: it links once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
mod digests;
mod education;
mod figures;
mod lifecycle;
mod purity;
mod reminders;
mod revocation;
mod subscription;
mod transfer;
mod walk;
mod windows;
mod working_days;
