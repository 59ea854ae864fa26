//! The sender: the scheduled job's sweep in a process of its own, as it is where it's deployed.

use crate::bare::parts;
use common::{clock::Clock, config::Env};
use domain::date::Instant;
use reminder::{Job, Reminder, Report};
use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The variable that tells where the store is.
const ENDPOINT: &str = "STORE_ENDPOINT";
/// The variable that tells what time it is.
const NOW: &str = "SENDER_NOW";
/// How long a run may last.
const BUDGET: Duration = Duration::from_hours(1);

/// Sweeps once, as the variables of this process say. True where nothing failed.
pub async fn send() -> bool {
    let env = Env::process();
    let variable = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let clock = Clock::movable();
    let now: Instant = variable(NOW).parse().expect("an instant");
    clock.put(now);
    common::telemetry::set_quiet(true);
    let reminder = Reminder::from_env(&env, &parts(&variable(ENDPOINT)), clock).expect("a sender");
    let report: Report = reminder.run(Job::Sweep, BUDGET, |_| {}).await.expect("a sweep");
    report.complete && report.failed == 0
}

/// A sender that runs. Dropping it ends it.
pub struct Sender(Child);

impl Sender {
    /// Starts `program` with these variables and no others.
    pub fn start(program: &Path, variables: &[(String, String)], endpoint: &str, now: Instant) -> Self {
        let child = Command::new(program)
            .arg("send")
            .env_clear()
            .envs(variables.iter().cloned())
            .env(ENDPOINT, endpoint)
            .env(NOW, now.to_string())
            .stdin(Stdio::null())
            .spawn()
            .expect("a sender");
        Self(child)
    }

    /// Its memory in bytes, where it still runs.
    pub fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
    }

    /// True where it has ended, which it does well.
    pub fn has_ended(&mut self) -> bool {
        let status = self.0.try_wait().expect("a child");
        assert!(status.is_none_or(|status| status.success()), "the sender failed: {status:?}");
        status.is_some()
    }

    /// Ends it at once (SIGKILL).
    pub fn kill(&mut self) {
        self.0.kill().expect("a child");
        self.0.wait().expect("a child");
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _status = self.0.wait();
    }
}
