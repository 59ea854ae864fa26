//! `reminder`: the scheduled job. It plans what is due, lapses what has lapsed, revokes what nobody objected to, closes
//! what wasn't mended, lets what wasn't decided rise to the next level, asks those whom a sample has drawn for evidence,
//! tells staff each working day what waits for them, and sweeps what is still unsent.
//!
//! Its cost follows from what is due and not from who is registered: it reads the `due` index day by day from where
//! the last run ended, and nothing else. A run that is cut off, killed or missed is made up for by the next one; what
//! a run does to one record is one transaction, conditional on the record's version, so nothing is done twice.

mod ask;
mod digest;
mod lanes;
mod plan;
mod sweep;

use common::{
    aws::SdkParts,
    clock::Clock,
    config::{ConfigError, Env},
    http::App,
    notify::{Outcome, Posted, Postman, Tally},
    store::{Store, StoreError},
    telemetry,
};
use domain::rules::RuleLibrary;
use serde::{Deserialize, Serialize};
use std::{
    sync::Arc,
    time::{Duration, Instant as Stopwatch, SystemTime},
};

/// How long before the function's deadline a run stops taking up new work. More than sending one mail may take (20
/// seconds) with its lease and its mark: a run cut off between the two sends that mail again.
const MARGIN: Duration = Duration::from_secs(30);

/// Which job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Plan and sweep.
    #[default]
    Daily,
    /// Plan what is due.
    Plan,
    /// Send what is unsent.
    Sweep,
}

/// The schedule's event, `{"job": "daily"}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Event {
    /// Which job.
    pub job: Job,
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Reminders planned.
    pub planned: u64,
    /// Registrations lapsed.
    pub lapsed: u64,
    /// Registrations revoked, since nobody objected in time.
    pub revoked: u64,
    /// Returned applications closed.
    pub expired: u64,
    /// Applications that rose to the next level, since nobody had decided them in time.
    pub escalated: u64,
    /// Members of staff for whom a digest of what waits was planned.
    pub digests: u64,
    /// True where holidays are announced for less than the next sixty days.
    pub calendar_runs_out: bool,
    /// Holders asked for evidence, since a sample has drawn them.
    pub evidence_asked: u64,
    /// Holders reminded of evidence.
    pub evidence_reminded: u64,
    /// Records that were dealt with meanwhile, or need nothing.
    pub skipped: u64,
    /// Records that failed; the next run takes them up again.
    pub failed: u64,
    /// Messages sent.
    pub sent: u64,
    /// Messages to be tried again.
    pub deferred: u64,
    /// Messages given up.
    pub dead: u64,
    /// Messages not sent, since their reader can't be reached there, or doesn't want them.
    pub withheld: u64,
    /// Messages whose turn hasn't come, or that their reader wants later.
    pub held: u64,
    /// The same by channel.
    #[serde(skip)]
    pub tally: Tally,
    /// How long the oldest message to one person waits that is still unsent after the sweep, in seconds; 0 where none waits.
    pub oldest_unsent_seconds: u64,
    /// The same of what is written to many.
    pub oldest_bulk_seconds: u64,
    /// The same of calls to service clients.
    pub oldest_call_seconds: u64,
    /// False where time ran out or something failed: the next run goes on.
    pub complete: bool,
}

impl Report {
    /// Counts what became of a message.
    fn add(&mut self, posted: Posted) {
        self.tally.add(posted);
        match posted.outcome {
            Outcome::Sent => self.sent += 1,
            Outcome::Deferred => self.deferred += 1,
            Outcome::Dead => self.dead += 1,
            Outcome::Withheld => self.withheld += 1,
            Outcome::Held => self.held += 1,
            Outcome::NotOurs => {}
        }
    }
}

/// The function.
pub struct Reminder {
    store: Store,
    postman: Postman,
    rules: Arc<RuleLibrary>,
    clock: Clock,
}

impl Reminder {
    /// Reads the configuration of the store and of mail.
    pub fn from_env(env: &Env, parts: &SdkParts, clock: Clock) -> Result<Self, ConfigError> {
        let store = App::store(env, parts)?;
        let rules = store.rules().clone();
        let postman = Postman::from_env(env, parts, store.clone())?;
        Ok(Self { store, postman, rules, clock })
    }

    /// The same with `rules` in the place of those that are compiled in.
    #[must_use]
    pub fn with_rules(self, rules: Arc<RuleLibrary>) -> Self {
        Self { store: self.store.with_rules(rules.clone()), rules, ..self }
    }

    /// Publishes the key that calls to service clients are signed with, and so opens the table's connection.
    pub async fn warm_up(&self) {
        self.postman.warm_up().await;
    }

    /// Runs the job of a schedule's event, and stops before `deadline`.
    pub async fn handle(&self, event: Event, deadline: SystemTime) -> Result<Report, StoreError> {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(MARGIN);
        self.run(event.job, left, |_| {}).await
    }

    /// Runs `job` for at most `budget`, telling `progress` after each step.
    pub async fn run(
        &self,
        job: Job,
        budget: Duration,
        progress: impl Fn(&Report) + Sync,
    ) -> Result<Report, StoreError> {
        let until = Stopwatch::now() + budget;
        let mut report = Report { complete: true, ..Report::default() };
        // Where one fails, the others are still done.
        let (planned, told) = if job == Job::Sweep {
            (Ok(()), Ok(()))
        } else {
            report.calendar_runs_out = self.look_at_calendar();
            let planned = self.plan(until, &mut report, &progress).await;
            (planned, self.tell_staff(until, &mut report, &progress).await)
        };
        let swept = if job == Job::Plan { Ok(()) } else { self.sweep(until, &mut report, &progress).await };
        report.complete &= planned.is_ok() && told.is_ok() && swept.is_ok();
        let daily = job == Job::Daily && report.complete;
        let counts = [
            ("RemindersPlanned", report.planned),
            ("RegistrationsLapsed", report.lapsed),
            ("RegistrationsRevoked", report.revoked),
            ("ApplicationsExpired", report.expired),
            ("ApplicationsEscalated", report.escalated),
            ("DigestsPlanned", report.digests),
            ("HolidayCalendarDaysLeft", self.rules.calendar().days_left(self.clock.now().day())),
            ("EvidenceAsked", report.evidence_asked),
            ("EvidenceReminded", report.evidence_reminded),
            ("RecordsFailed", report.failed),
            ("DailyRunsComplete", u64::from(daily)),
        ];
        telemetry::counts("reminder", self.clock.now(), &counts);
        // A run that only plans knows nothing of messages.
        if job != Job::Plan {
            let ages = [
                ("OldestUnsentSeconds", report.oldest_unsent_seconds),
                ("OldestBulkSeconds", report.oldest_bulk_seconds),
                ("OldestCallSeconds", report.oldest_call_seconds),
            ];
            let counts: Vec<_> = report.tally.metrics().into_iter().chain(ages).collect();
            telemetry::counts("reminder", self.clock.now(), &counts);
        }
        planned.and(told).and(swept).map(|()| report)
    }

    /// True where the holidays that are announced end within the days in which the next due dates lie.
    fn look_at_calendar(&self) -> bool {
        let (calendar, today) = (self.rules.calendar(), self.clock.now().day());
        let runs_out = calendar.runs_out(today);
        if runs_out {
            let (days_left, known_until) = (calendar.days_left(today), calendar.known_until());
            tracing::warn!(
                days_left,
                ?known_until,
                code = "holiday_calendar_runs_out",
                "the next year's holidays are missing from common/domain/rules/holidays.toml"
            );
        }
        runs_out
    }
}
