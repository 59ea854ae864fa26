//! The runner's console: one clear table at the start, then quiet until Ctrl-C.

use anyhow::{Context, Result, bail};
use common::telemetry;
use indicatif::{ProgressBar, ProgressStyle};
use local::{
    clock, desk, reference,
    s3::S3StartError,
    serve::LoopbackServer,
    staff::STAFF,
    system::{Options, SERVICE_CLIENT, System, WECHAT_APP},
};
use reminder::{Job, Reminder, Report};
use roster::RosterWorker;
use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

/// The API reference's document, as checked in.
const OPENAPI: &str = include_str!("../../openapi.json");
/// How often the schedule's sweep runs.
const SWEEP_EVERY: Duration = Duration::from_mins(1);
/// How long one scheduled run may take.
const BUDGET: Duration = Duration::from_mins(5);
/// Held by whoever uses the data folder, and never removed: a folder without it isn't one of ours.
const LOCK: &str = "registry.sqlite.lock";
/// What this program keeps in its data folder.
const OURS: [&str; 8] = [
    clock::FILE,
    "registry.sqlite",
    "registry.sqlite-wal",
    "registry.sqlite-shm",
    "keys.json",
    "stream.position",
    "s3",
    "mail",
];

/// Logs for people go to standard error; a function's own metric lines, and the database's warning of each conditional
/// write that it refuses, only where somebody asks for detail.
pub fn log_to_stderr(level: LevelFilter) {
    let quiet = level < LevelFilter::INFO;
    telemetry::set_quiet(quiet);
    let database = if quiet { level.min(LevelFilter::ERROR) } else { level };
    let filter = Targets::new().with_default(level).with_target("dynoxide", database);
    let lines = tracing_subscriber::fmt::layer().with_target(false).with_writer(io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
}

/// Where the system of this folder and port is, and what it's told.
pub fn options(data: PathBuf, port: u16) -> Options {
    let portal = format!("http://127.0.0.1:{port}");
    Options { data, in_memory: false, s3_port: port + 1, portal, rules: None }
}

/// Serves everything until Ctrl-C.
pub async fn serve(port: u16, data: PathBuf, fresh: bool) -> Result<()> {
    if fresh {
        clear(&data)?;
    }
    let clock = clock::of_folder(&data)?;
    let system = System::start(&options(data.clone(), port), clock).await.map_err(named_port)?;
    let pages = desk::router(&system, data.clone())
        .merge(system.mailbox.router_beside(&system.wechat))
        .merge(reference::router(OPENAPI.to_owned())?)
        .fallback_service(system.api.clone());
    let server = LoopbackServer::start(pages, port).await.map_err(|error| port_error(port, &error))?;
    print_table(&system, &server.url(), &data);

    let (reminder, roster) = (system.reminder.clone(), system.roster.clone());
    let schedule = tokio::spawn(async move { schedule(&reminder, &roster).await });
    tokio::signal::ctrl_c().await.context("listening for Ctrl-C")?;
    schedule.abort();
    server.shutdown().await;
    println!("已停止 · stopped");
    Ok(())
}

fn port_error(port: u16, error: &io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::AddrInUse {
        anyhow::anyhow!(
            "端口 {port} 已被占用：请停止占用它的程序，或用 --port 换一个（共用相邻的两个端口）· port {port} is taken: stop what has it, or choose another with --port (it and the next are used)"
        )
    } else {
        anyhow::anyhow!(
            "无法监听端口 {port}（{error}）：请用 --port 换一个 · can't listen on {port}: choose another with --port"
        )
    }
}

/// The attachments' port is the one after the one that was asked for, and is spoken of in the same way.
fn named_port(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(S3StartError::Listen { port, source }) => port_error(*port, source),
        _ => error,
    }
}

/// What the schedules do in a deployed stack: the daily job once at the start and then each day, the sweeps every few
/// minutes. Here one beat does for all, since a day that is done costs a handful of reads.
async fn schedule(reminder: &Reminder, roster: &RosterWorker) {
    let mut beat = interval_at(Instant::now() + Duration::from_secs(2), SWEEP_EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        if let Err(error) = reminder.run(Job::Daily, BUDGET, |_: &Report| {}).await {
            tracing::error!(%error, "the scheduled job failed");
        }
        if let Err(error) = roster.sweep(std::time::Instant::now() + BUDGET).await {
            tracing::error!(%error, "class lists that were left half way could not be looked for");
        }
    }
}

/// Runs the daily job once, with a bar.
pub async fn remind(port: u16, data: PathBuf) -> Result<()> {
    let clock = clock::of_folder(&data)?;
    let system = System::start(&Options { s3_port: 0, ..options(data, port) }, clock).await?;
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {elapsed} {msg}")?);
    bar.enable_steady_tick(Duration::from_millis(100));
    let show = |report: &Report| {
        bar.set_message(format!(
            "提醒 {} · 失效 {} · 撤销 {} · 关闭 {} · 已发 {} · 失败 {}",
            report.planned, report.lapsed, report.revoked, report.expired, report.sent, report.failed
        ));
    };
    let report = system.reminder.run(Job::Daily, BUDGET, show).await?;
    system.drain().await?;
    bar.finish_and_clear();
    println!(
        "计划提醒 {} 封，失效 {} 件，撤销 {} 件，关闭 {} 件，补发邮件 {} 封，失败 {} 件",
        report.planned, report.lapsed, report.revoked, report.expired, report.sent, report.failed
    );
    if !report.complete {
        bail!("任务未全部完成，请再运行一次 · not complete: run it again");
    }
    Ok(())
}

/// Removes this program's own files from `data`, and nothing else; nothing at all while somebody uses them.
fn clear(data: &Path) -> Result<()> {
    let in_use = match File::open(data.join(LOCK)) {
        Ok(lock) => matches!(lock.try_lock(), Err(TryLockError::WouldBlock)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(not_cleared(&data.join(LOCK), &error)),
    };
    if in_use {
        bail!(
            "{} 正被另一个进程使用：请先停止它，或用 --data 换一个文件夹 · in use by another process: stop it, or choose another folder with --data",
            data.display()
        );
    }
    for name in OURS {
        let path = data.join(name);
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(not_cleared(&path, &error)),
            _ => {}
        }
    }
    Ok(())
}

fn not_cleared(path: &Path, error: &io::Error) -> anyhow::Error {
    anyhow::anyhow!("无法清空 {}（{error}）：请检查权限 · can't remove it: check permissions", path.display())
}

fn print_table(system: &System, url: &str, data: &Path) {
    println!("社工证登记已启动，按 Ctrl-C 停止 · Social Worker Registry is running, Ctrl-C stops it\n");
    let row = |label: &str, value: &str| println!("  {label:<12}{value}");
    row("home", &format!("{url}/"));
    row("api", &format!("{url}/v1"));
    row("reference", &format!("{url}/reference"));
    row("mailbox", &format!("{url}/mailbox"));
    row("dynamodb", system.dynamodb_endpoint());
    row("s3", system.s3().endpoint());
    row("data", &data.display().to_string());
    row("clock", &system.clock.now().in_chinese());
    println!();
    row(
        "holder",
        &format!("POST /v1/session/wechat {{\"app_id\":\"{WECHAT_APP}\",\"code\":\"demo-zhang-1\"}}"),
    );
    row("backend", &format!("{SERVICE_CLIENT} / {}", system.keys.client_secret));
    row("password", &format!("{} · 所有工作人员 all staff", system.keys.staff_password));
    row("code", &format!("{url}/local/accounts/USERNAME/code"));
    for (place, staff) in STAFF.iter().enumerate() {
        let label = if place == 0 { "staff" } else { "" };
        row(
            label,
            &format!("{:<18}{} · {} · {}", staff.username, staff.name, staff.role.label(), staff.area),
        );
    }
    println!();
}
