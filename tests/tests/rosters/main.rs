//! Class lists of training providers, row by row.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod hall;
mod interrupted;
mod many;
mod outcomes;
mod told;
mod waiting;
mod withdrawn;
