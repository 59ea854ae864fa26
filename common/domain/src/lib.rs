//! The rules of social-worker registration in China (社会工作者职业水平证书登记), as pure functions.
//!
//! Nothing here does I/O, waits, reads a clock or draws a random number: `now` and entropy come in as arguments. A
//! command takes the present state and gives back a [`application::Change`] or a [`error::Refusal`].

pub mod actor;
pub mod application;
pub mod attachment;
pub mod certificate;
pub mod contact;
pub mod credit;
pub mod date;
pub mod delivery;
pub mod digest;
pub mod district;
pub mod dossier;
pub mod education;
pub mod error;
pub mod figures;
pub mod form;
pub mod id;
pub mod identity;
pub mod notice;
pub mod notification;
#[cfg(feature = "openapi")]
mod openapi;
pub mod profile;
pub mod province;
pub mod readiness;
pub mod registration;
pub mod reminder;
pub mod revocation;
pub mod rules;
pub mod statement;
pub mod subscription;
pub mod traits;
pub mod transfer;
pub mod verification;
pub mod watch;
