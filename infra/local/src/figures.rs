//! `figures rebuild`: counts the figures for policy anew, from every record there is, with a bar.

use crate::{operator, system::Options};
use anyhow::{Context, Result, bail};
use common::{
    clock::Clock,
    store::{RebuildError, RebuildProgress, Store},
};
use std::time::Duration;

/// How long whoever has just learned which figures to read has for reading them, where they are deployed.
const GRACE: Duration = Duration::from_secs(30);

/// Counts anew what is in the data folder.
pub async fn rebuild(options: Options) -> Result<()> {
    let system = operator::of_folder(options).await?;
    count(&system.app.store, &system.clock, Duration::ZERO).await?;
    // What changed before this run is told by the stream, and counted already.
    system.drain().await
}

/// Counts anew what is in the deployed table.
pub async fn rebuild_deployed() -> Result<()> {
    count(&operator::deployed()?, &Clock::system(), GRACE).await
}

async fn count(store: &Store, clock: &Clock, grace: Duration) -> Result<()> {
    let bar = operator::bar()?;
    let show = |progress: &RebuildProgress| {
        // The table's own count is hours old, and none for a new one.
        bar.set_length(progress.items.max(progress.seen));
        bar.set_position(progress.seen);
        bar.set_message(format!("计入 {} · 清理 {}", progress.counted, progress.deleted));
    };
    let owner = format!("operator-{}", std::process::id());
    let done = store.rebuild_figures(&owner, clock, grace, show).await;
    bar.finish_and_clear();
    let progress = match done {
        Err(RebuildError::Running(until)) => bail!(
            "另一次重建正在进行：请等它完成；如它已中断，请在 {} 之后重试 · another run is counting the figures",
            until.in_chinese()
        ),
        Err(RebuildError::TakenOver) => {
            bail!("本次重建停顿过久，已由另一次重建接手：请等它完成 · another run took over: wait for it")
        }
        other => other
            .context("重建未完成，统计数据仍为重建前的数值，请再运行一次 · not complete: run it again")?,
    };
    println!(
        "统计数据已重建：读取 {} 条，计入 {} 条，清理旧数据 {} 条 · figures counted anew",
        progress.seen, progress.counted, progress.deleted
    );
    if progress.unreadable > 0 {
        bail!(
            "有 {} 条记录无法读取，未计入统计：请查看日志 · {} records can't be read, see the log",
            progress.unreadable,
            progress.unreadable
        );
    }
    Ok(())
}
