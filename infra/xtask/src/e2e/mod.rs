//! `cargo xtask e2e`: the template deployed, a whole registration driven through the deployed gateway, from its first day to
//! a move to another province and back, and a class list, the figures and an employer's standing list through the stream;
//! with what it's all told by: mail, WeChat, a notice and its mailing.
//! Every function is its release binary, called as Lambda calls it; DynamoDB, S3, streams, schedules and mail are the
//! target's.

mod mail;
mod moving;
mod progress;
mod register;
mod stack;
mod story;
mod target;
mod telling;
mod training;
mod watching;

use anyhow::{Context, Result, anyhow, ensure};
use progress::Progress;
use stack::Stack;
use std::{path::Path, time::Duration};
use story::{Registered, StandIn, Story};
use target::{Kind, Target};
use tokio::signal::unix::{SignalKind, signal};

/// How long what the stream tells may take: it has to be read, and a function to be started.
const PATIENCE: Duration = Duration::from_mins(2);
/// How often it's looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The office's name in the second version, with what a shell or SAM might cut it at.
const SECOND: &str = "换了 \"名称\" 的办公室";

/// What to run, and how.
#[derive(clap::Args)]
pub struct Options {
    /// 部署到哪里：ministack、localstack，或一个已在运行的模拟器的地址（其中会留下模板规定保留的资源）。Where to: ministack,
    /// localstack, or the address of an emulator that is running, where what the template retains is left behind.
    #[arg(long)]
    target: String,
    /// 不重新构建，直接部署上次 sam build 的结果。Deploys what the last `sam build` made.
    #[arg(long)]
    skip_build: bool,
    /// 结束后保留部署和模拟器，按回车才清理。Waits for Enter before it cleans up.
    #[arg(long)]
    keep: bool,
}

/// Deploys, drives, cleans up.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(drive(root, options))
}

async fn drive(root: &Path, options: &Options) -> Result<()> {
    let progress = Progress::new();
    let target = unless_interrupted(Target::start(root, &options.target, &progress)).await?;
    let mut stack = Stack::new(root, &target)?;
    let outcome = unless_interrupted(played(&progress, &target, &mut stack, options)).await;
    if let Err(error) = &outcome {
        progress.failed(&format!("{error:#}"));
        stack.show_logs(&progress);
        target.show_log(&progress);
    }
    if options.keep {
        progress.note(&format!("保留中：{} · kept; press Enter to clean up", target.endpoint()));
        tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    }
    let cleaned = stack.remove(&progress).context("the stack could not be removed");
    outcome.and(cleaned)?;
    drop(target);
    progress.end();
    Ok(())
}

/// Ends `work` at Ctrl-C and its kin; what it started is ended with it, and what it deployed is cleaned up by the caller.
async fn unless_interrupted<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    let interrupted = || Err(anyhow!("已中断 · interrupted"));
    tokio::select! {
        outcome = work => outcome,
        _ = tokio::signal::ctrl_c() => interrupted(),
        _ = terminated.recv() => interrupted(),
        _ = hung_up.recv() => interrupted(),
    }
}

async fn played(progress: &Progress, target: &Target, stack: &mut Stack, options: &Options) -> Result<()> {
    let wechat = story::wechat().await?;
    if !options.skip_build {
        progress.step("sam build：十一个函数的发布版 · the release binaries of eleven functions");
        stack.build()?;
    }
    progress.step("sam deploy：建立整个系统 · the whole stack");
    stack.deploy(&story::parameters(&wechat))?;
    let api = stack.api()?;
    progress.shows("API", &api);

    let story = Story::new(progress, target, stack, &wechat, api);
    let registered = story.registers().await?;
    story.is_verified(&registered).await?;
    story.is_taught(&registered).await?;
    story.is_reminded().await?;
    story.meets_the_gateway().await?;
    let staff = story.office(&registered).await?;
    story.is_denounced(&registered, &staff.administrator).await?;
    let watching = story.is_watched(&registered).await?;
    story.moves(&registered, &staff.reviewers).await?;
    story.was_watched(watching).await?;
    story.is_counted(&staff.administrator).await?;
    story.is_told(&registered, &staff.administrator).await?;
    drop(story);

    if target.kind() == Kind::LocalStack {
        progress.note("LocalStack 不能更新别名和 API：不再次部署 · it can't update an alias or an API, so it's deployed once");
    } else {
        redeployed(progress, target, stack, &wechat, &registered).await?;
    }
    Ok(())
}

/// Deploys again: nothing, something new, and what can't be.
async fn redeployed(
    progress: &Progress,
    target: &Target,
    stack: &mut Stack,
    wechat: &StandIn,
    registered: &Registered,
) -> Result<()> {
    let same = story::parameters(wechat);
    let renamed = |office: &str, revision: &str| {
        let new = [("MailOffice", office), ("Revision", revision)];
        [same.clone(), new.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()].concat()
    };
    let reminder = stack.output("ReminderFunction")?;
    progress.step("再部署一次：什么都不变 · deploying again changes nothing");
    stack.deploy_unchanged(&same)?;

    progress.step("部署新版本：数据还在 · a new version keeps the data");
    stack.deploy(&renamed(SECOND, "second"))?;
    ensure!(stack.variable(&reminder, "MAIL_OFFICE")? == SECOND, "the new version isn't there");
    let story = Story::new(progress, target, stack, wechat, stack.api()?);
    story.is_still_registered(registered).await?;

    progress.step("部署失败：回滚并说明原因 · a deployment that fails rolls back and says why");
    let reason = stack.deploy_broken(&renamed("不会出现的办公室", "third"))?;
    progress.shows("原因", &reason);
    ensure!(stack.variable(&reminder, "MAIL_OFFICE")? == SECOND, "it isn't rolled back");
    let story = Story::new(progress, target, stack, wechat, stack.api()?);
    story.is_still_registered(registered).await
}
