//! The tour: the whole life of a registration, played against the same HTTP routes as any client uses, with a clock it
//! moves itself. Each step is checked; a step that is off ends the tour with an error.

mod acts;
pub mod client;
pub mod files;
mod narrator;
mod notice;
pub mod page;
mod register;
mod revocation;
mod steps;
mod story;
mod subscription;
mod training;
mod transfer;
mod watch;

use crate::{
    serve::LoopbackServer,
    system::{Options, System},
};
use anyhow::{Context, Result};
use common::clock::Clock;

/// Plays the tour in a folder of its own, which is gone afterwards.
pub async fn run() -> Result<()> {
    let folder = tempfile::tempdir().context("a folder for the tour")?;
    let options = Options {
        data: folder.path().to_owned(),
        in_memory: true,
        s3_port: 0,
        portal: "https://registry.example.com".to_owned(),
        rules: None,
    };
    let system = System::start(&options, Clock::movable()).await?;
    let server = LoopbackServer::start(system.api.clone(), 0).await.context("a port for the tour")?;
    let outcome = story::Story::new(&system, &server.url()).tell().await;
    server.shutdown().await;
    outcome
}
