//! `roster`: goes through providers' class lists row by row, and credits what waited for somebody to register.
//!
//! The table's stream tells of a list whose upload was confirmed, and of a new registration; a schedule looks for lists
//! that were left half way. A list belongs to whoever has its lease; each row is a transaction of its own, and what
//! became of a hundred rows is written with how far the list has come. So a run can be killed anywhere, and two can
//! meet on one list: in the end each row has one result and each attendee their hours once.

mod list;
mod row;
pub mod sheet;
mod waiting;

use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use common::{
    aws::SdkParts,
    blobs::{BlobError, Blobs},
    clock::Clock,
    config::{ConfigError, Env},
    http::App,
    store::{Lost, PK, PROVIDER_PREFIX, SK, Store, StoreError},
    telemetry,
};
use domain::{
    id::{HolderId, RosterId},
    rules::RuleLibrary,
};
use serde::Deserialize;
use std::{
    sync::Arc,
    time::{Duration, Instant as Stopwatch, SystemTime},
};

pub use list::{Ended, Progress};

/// How long before the function's deadline a run lays a list down: longer than a hundred rows take.
const MARGIN: Duration = Duration::from_secs(30);
/// Lists that one look for unfinished ones takes up.
const SWEPT: i32 = 20;

/// What the function is called with: a batch of the table's stream, or the schedule's `{"job": "sweep"}`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Call {
    /// Changes of the table.
    Stream(Event),
    /// The schedule.
    Schedule(Schedule),
}

/// The schedule's event.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Which job.
    pub job: Job,
}

/// Which job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Go on with lists that were left half way.
    Sweep,
}

/// A list couldn't be gone through. It's left for the next run.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bucket failed.
    #[error("{}", .0.report())]
    Blob(#[from] BlobError),
    /// A commit kept losing.
    #[error("a commit kept losing: {0}")]
    Lost(#[from] Lost),
    /// No random bytes.
    #[error(transparent)]
    Crypto(#[from] common::crypto::CryptoError),
}

/// The function.
pub struct RosterWorker {
    store: Store,
    blobs: Blobs,
    rules: Arc<RuleLibrary>,
    clock: Clock,
}

impl RosterWorker {
    /// Reads the configuration of the store, and `BUCKET_NAME`.
    pub fn from_env(env: &Env, parts: &SdkParts, clock: Clock) -> Result<Self, ConfigError> {
        let store = App::store(env, parts)?;
        let bucket = env.required("BUCKET_NAME", "the name of the attachments' bucket")?;
        let blobs = Blobs::new(parts, &bucket).map_err(|error| ConfigError::Unusable(error.to_string()))?;
        let rules = store.rules().clone();
        Ok(Self { store, blobs, rules, clock })
    }

    /// The same with `rules` in the place of those that are compiled in.
    #[must_use]
    pub fn with_rules(self, rules: Arc<RuleLibrary>) -> Self {
        Self { store: self.store.with_rules(rules.clone()), rules, ..self }
    }

    /// Opens the table's connection.
    pub async fn warm_up(&self) {
        self.store.warm_up().await;
    }

    /// Takes a call, and stops before `deadline`.
    pub async fn handle(
        &self,
        call: Call,
        deadline: SystemTime,
    ) -> Result<DynamoDbEventResponse, StoreError> {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default().saturating_sub(MARGIN);
        let until = Stopwatch::now() + left;
        match call {
            Call::Stream(event) => Ok(self.stream(event, until).await),
            Call::Schedule(Schedule { job: Job::Sweep }) => {
                self.sweep(until).await?;
                Ok(DynamoDbEventResponse::default())
            }
        }
    }

    /// Goes on with every list that nobody is at.
    pub async fn sweep(&self, until: Stopwatch) -> Result<(), StoreError> {
        for id in self.store.unfinished_rosters(self.clock.now(), SWEPT).await? {
            if Stopwatch::now() >= until {
                break;
            }
            self.take_up(&id, until).await;
        }
        Ok(())
    }

    /// Deals with a batch of the stream: registrations first, since lists may take all the time there is. The answer names
    /// the records to be handed over again: those of registrations that waiting hours couldn't be credited to. A list
    /// isn't among them, nor is one that time didn't suffice for, since the sweep goes on with it.
    async fn stream(&self, event: Event, until: Stopwatch) -> DynamoDbEventResponse {
        let mut response = DynamoDbEventResponse::default();
        let mut lists = Vec::new();
        for record in event.records {
            match told(&record) {
                Some(Told::Roster(id)) => lists.push(id),
                Some(Told::Registered(holder)) => {
                    if let Err(error) = self.credit_waiting(&holder).await {
                        tracing::error!(%holder, %error, "waiting hours could not be credited");
                        let mut failure = DynamoDbBatchItemFailure::default();
                        failure.item_identifier = record.change.sequence_number;
                        response.batch_item_failures.push(failure);
                    }
                }
                None => {}
            }
        }
        for id in lists {
            if Stopwatch::now() >= until {
                break;
            }
            self.take_up(&id, until).await;
        }
        let failed = response.batch_item_failures.len() as u64;
        if failed > 0 {
            telemetry::counts("roster", self.clock.now(), &[("WaitingHoursFailed", failed)]);
        }
        response
    }

    /// Goes through the list `id` as far as time allows. A failure is logged, and the list left for the sweep.
    async fn take_up(&self, id: &RosterId, until: Stopwatch) {
        let (done, failed) = match Box::pin(self.work(id, until, |_| {})).await {
            Ok(ended) => (u64::from(ended == Ended::Done), 0),
            Err(error) => {
                tracing::error!(roster = %id, %error, "a class list was left half way");
                (0, 1)
            }
        };
        telemetry::counts(
            "roster",
            self.clock.now(),
            &[("RostersDone", done), ("RostersInterrupted", failed)],
        );
    }
}

/// What a record of the stream tells.
enum Told {
    /// A list is there to be gone through.
    Roster(RosterId),
    /// Somebody was registered.
    Registered(HolderId),
}

/// What `record` tells. The event source's filter hands over nothing else; the local runner and a changed filter might.
fn told(record: &EventRecord) -> Option<Told> {
    let text = |name: &str| match record.change.keys.iter().find(|(key, _)| *key == name)?.1 {
        serde_dynamo::AttributeValue::S(text) => Some(text.as_str()),
        _ => None,
    };
    let (pk, sk) = (text(PK)?, text(SK)?);
    let new = |name: &str| match record.change.new_image.iter().find(|(key, _)| *key == name)?.1 {
        serde_dynamo::AttributeValue::S(text) => Some(text.as_str()),
        _ => None,
    };
    if pk.starts_with(PROVIDER_PREFIX) {
        let id = sk.rsplit_once('#')?.1.parse().ok()?;
        return (new("state") == Some("queued")).then_some(Told::Roster(id));
    }
    let holder = pk.strip_prefix("HOLDER#").filter(|_| sk.starts_with("~REGISTRATION#"))?;
    (record.event_name == "INSERT").then(|| holder.parse().ok().map(Told::Registered)).flatten()
}
