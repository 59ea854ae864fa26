//! Chores of the house: `cargo xtask openapi`, `tidy`, `template`, `e2e`.

mod e2e;
mod openapi;
mod samconfig;
mod template;
mod tidy;
mod tools;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};

/// 本项目的维护命令。Chores of this repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// 由代码生成 infra/openapi.json。Writes the API reference's document from the code.
    Openapi {
        /// 只检查是否一致。Only checks that the file is in step; exits 1 where it isn't.
        #[arg(long)]
        check: bool,
    },
    /// 检查代码仓库的约定。Checks the house rules.
    Tidy,
    /// 检查部署模板，并与代码对照。Checks the deployment template, by itself and against the code.
    Template,
    /// 部署到模拟器，走完一次登记的全过程。Deploys to an emulator and drives a whole registration.
    E2e(e2e::Options),
}

fn main() -> Result<()> {
    let root = root()?;
    match Cli::parse().command {
        Command::Openapi { check } => openapi::run(&root, check),
        Command::Tidy => tidy::run(&root),
        Command::Template => template::check(&root),
        Command::E2e(options) => e2e::run(&root, &options),
    }
}

/// The repository's root: two folders above this crate.
fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map(Path::to_owned).context("this crate has left infra/xtask")
}
