//! `figures rebuild`: counts the figures for policy anew, from every record there is, with a bar.

use anyhow::{Context, Result, bail};
use common::{
    aws::SdkParts,
    clock::Clock,
    config::Env,
    crypto::{FieldCipher, decode_key, generate_key},
    store::{RebuildError, RebuildProgress, Store, Tables},
};
use domain::rules::RuleLibrary;
use indicatif::{ProgressBar, ProgressStyle};
use local::{
    clock,
    system::{Options, System},
};
use std::{sync::Arc, time::Duration};

/// How long whoever has just learned which figures to read has for reading them, where they are deployed.
const GRACE: Duration = Duration::from_secs(30);

/// Counts anew what is in the data folder.
pub async fn rebuild(options: Options) -> Result<()> {
    let clock = clock::of_folder(&options.data)?;
    let system = System::start(&Options { s3_port: 0, ..options }, clock).await?;
    count(&system.app.store, &system.clock, Duration::ZERO).await?;
    // What changed before this run is told by the stream, and counted already.
    system.drain().await
}

/// Counts anew what is in the table that the environment names as it does for a function: `TABLE_NAME`, `AWS_REGION` and
/// credentials. No secret is needed: what is sealed stays sealed.
pub async fn rebuild_deployed() -> Result<()> {
    let env = Env::process();
    let records = env.required("TABLE_NAME", "the name of the records' table")?;
    let ring = format!("none={}", generate_key()?).parse()?;
    let cipher = FieldCipher::new(&ring, &decode_key(&generate_key()?)?)?;
    let tables = Tables { idempotency: records.clone(), records };
    let rules = RuleLibrary::compiled_in()?;
    let parts = SdkParts::from_env()?;
    let store = Store::new(parts.dynamodb(), tables, Arc::new(cipher), Arc::new(rules));
    count(&store, &Clock::system(), GRACE).await
}

async fn count(store: &Store, clock: &Clock, grace: Duration) -> Result<()> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template(
        "{spinner} {elapsed} [{bar:30}] 已读 {human_pos} / 约 {human_len} 条 · {msg}",
    )?);
    bar.enable_steady_tick(Duration::from_millis(100));
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
