//! Where the stack is deployed: MiniStack, LocalStack, or an emulator that somebody else runs. What this starts it ends,
//! and nothing else.

use super::progress::Progress;
use crate::tools::Tool;
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How long an emulator may take until it answers. The first start of LocalStack installs it.
const PATIENCE: Duration = Duration::from_mins(10);
/// What starts LocalStack on a machine without Docker, where somebody has put such a thing beside this repository.
const LOCALSTACK_RUN: &str = "../shared/localstack/run";

/// Which emulator it is; they keep their mail in different places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// MiniStack.
    MiniStack,
    /// LocalStack.
    LocalStack,
}

/// A running emulator.
pub struct Target {
    kind: Kind,
    endpoint: String,
    started: Option<Started>,
}

/// One that this process started.
struct Started {
    child: Child,
    log: PathBuf,
}

impl Target {
    /// Starts what `name` names, or finds it at the address that `name` is.
    pub async fn start(root: &Path, name: &str, progress: &Progress) -> Result<Self> {
        if name.starts_with("http://") || name.starts_with("https://") {
            let endpoint = name.trim_end_matches('/').to_owned();
            let kind = kind_at(&endpoint).await?;
            return Ok(Self { kind, endpoint, started: None });
        }
        let port = free_port()?;
        let (kind, mut command) = match name {
            "ministack" => {
                let mut command = Tool::ready(root, "ministack")?.command("ministack");
                // It hands its own address to the functions.
                command.env("GATEWAY_PORT", port.to_string()).env("AWS_ENDPOINT_URL", endpoint_on(port));
                command.env("BIND_HOST", "127.0.0.1");
                (Kind::MiniStack, command)
            }
            "localstack" => {
                let run = root.join(LOCALSTACK_RUN);
                ensure!(
                    run.exists(),
                    "LocalStack can't be started here: start it with infra/localstack/compose.yaml, and give its \
                     address: --target http://127.0.0.1:4566"
                );
                let mut command = Command::new(run);
                command.env("GATEWAY_LISTEN", format!("127.0.0.1:{port}"));
                (Kind::LocalStack, command)
            }
            other => bail!("--target is ministack, localstack or an address, not {other}"),
        };
        progress.step(&format!("启动 {name} · starting it"));
        let folder = root.join("target/e2e");
        fs::create_dir_all(&folder)?;
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log)?;
        command.current_dir(&folder).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        // A group of its own, so that all it starts can be ended with it.
        let child = command.process_group(0).spawn().with_context(|| format!("cannot start {name}"))?;
        let endpoint = endpoint_on(port);
        let mut target = Self { kind, endpoint, started: Some(Started { child, log }) };
        target.wait().await?;
        progress.shows(name, &target.endpoint);
        Ok(target)
    }

    /// Waits until it answers.
    async fn wait(&mut self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while kind_at(&self.endpoint).await.is_err() {
            if let Some(started) = &mut self.started
                && let Some(status) = started.child.try_wait()?
            {
                bail!("the emulator ended with {status}; see {}", started.log.display());
            }
            ensure!(Instant::now() < until, "the emulator doesn't answer at {}", self.endpoint);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Ok(())
    }

    /// Its address.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// True where this process started it, so that what it runs runs on this machine.
    pub fn is_here(&self) -> bool {
        self.started.is_some()
    }

    /// Which emulator it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The profile of samconfig.toml that is for it.
    pub fn profile(&self) -> &'static str {
        match self.kind {
            Kind::MiniStack => "ministack",
            Kind::LocalStack => "localstack",
        }
    }

    /// The end of its log, where this process has it.
    pub fn show_log(&self, progress: &Progress) {
        let Some(started) = &self.started else { return };
        progress.note(&format!("模拟器日志 · the emulator's log: {}", started.log.display()));
        let text = fs::read_to_string(&started.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        for line in &lines[lines.len().saturating_sub(30)..] {
            Progress::line(&format!("           {line}"));
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let Some(started) = &mut self.started else { return };
        let group = format!("-{}", started.child.id());
        for (signal, patience) in [("-TERM", Duration::from_secs(10)), ("-KILL", Duration::from_secs(2))] {
            let sent = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
            if !sent.is_ok_and(|status| status.success()) {
                break;
            }
            let until = Instant::now() + patience;
            while Instant::now() < until && started.child.try_wait().is_ok_and(|status| status.is_none()) {
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

fn endpoint_on(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// What answers at `endpoint`.
async fn kind_at(endpoint: &str) -> Result<Kind> {
    for (path, kind) in [("/_ministack/health", Kind::MiniStack), ("/_localstack/health", Kind::LocalStack)] {
        let reply = reqwest::get(format!("{endpoint}{path}")).await;
        if reply.with_context(|| format!("nothing answers at {endpoint}"))?.status().is_success() {
            return Ok(kind);
        }
    }
    bail!("what answers at {endpoint} is neither MiniStack nor LocalStack")
}
