//! `notifier`: the table's stream tells of a message in the outbox, and it's sent at once. What can't be sent now is
//! left to the sweep of `reminder`; what can't even be read or marked goes back to the stream. It's the one function that
//! asks for WeChat's access token before there is need; the others read it.
//!
//! SES tells of what became of a mail by events, through SNS, which this function hears as well.
//!
//! The same batches tell how registrations stand, which is passed on to those who watch them, and what changes in the
//! figures for policy. Mails go first, and wait for neither.

mod feedback;
mod figures;
mod lists;

use aws_lambda_events::{
    dynamodb::{Event, EventRecord},
    streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse},
};
use common::{
    aws::SdkParts,
    clock::Clock,
    config::{ConfigError, Env},
    http::App,
    notify::{Outcome, Postman},
    sns::{Fetch, SnsVerifier, fetch_over_tls},
    store::{OUTBOX_PREFIX, PK, Store},
    telemetry,
};
use domain::delivery::FeedbackKind;
use feedback::Heard;
pub use feedback::{FeedbackError, SnsEvent, SnsRecord};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

/// Mails sent at the same time.
const AT_ONCE: usize = 4;

/// What the function is called with: events of SES, or a batch of the table's stream.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Call {
    /// What became of mail, through SNS.
    Feedback(SnsEvent),
    /// Changes of the table.
    Stream(Event),
}

/// What a call is answered with.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// SNS is told nothing.
    Heard,
    /// The records of a batch to be handed over again.
    Stream(DynamoDbEventResponse),
}

/// The function.
pub struct Notifier {
    store: Store,
    postman: Postman,
    verifier: Option<SnsVerifier>,
    clock: Clock,
}

impl Notifier {
    /// Reads the configuration of the store and of mail, and `MAIL_EVENTS_TOPIC` (none, and no event is believed).
    pub fn from_env(env: &Env, parts: &SdkParts, clock: Clock) -> Result<Self, ConfigError> {
        let fetch = fetch_over_tls().map_err(|error| ConfigError::Unusable(error.to_string()))?;
        Self::from_env_fetching(env, parts, clock, fetch)
    }

    /// The same, with the certificates of SNS fetched by `fetch`.
    pub fn from_env_fetching(
        env: &Env,
        parts: &SdkParts,
        clock: Clock,
        fetch: Fetch,
    ) -> Result<Self, ConfigError> {
        let store = App::store(env, parts)?;
        let postman = Postman::from_env(env, parts, store.clone())?.keeping_tokens();
        let name = "MAIL_EVENTS_TOPIC";
        let malformed = |topic: &str| ConfigError::Malformed {
            name,
            purpose: "the topic of SNS that SES's events come by",
            why: format!("{topic} is no topic's ARN"),
        };
        let verifier =
            env.get(name).map(|topic| SnsVerifier::new(&topic, fetch).ok_or_else(|| malformed(&topic)));
        Ok(Self { store, postman, verifier: verifier.transpose()?, clock })
    }

    /// Takes a call.
    pub async fn take(&self, call: Call) -> Result<Answer, FeedbackError> {
        match call {
            Call::Feedback(event) => self.hear(event).await.map(|()| Answer::Heard),
            Call::Stream(event) => Ok(Answer::Stream(self.handle(event).await)),
        }
    }

    /// Notes what SES says of mail. An error has Lambda hand it over again, which does no harm.
    pub async fn hear(&self, event: SnsEvent) -> Result<(), FeedbackError> {
        let (mut bounced, mut complained, mut refused) = (0, 0, 0);
        for SnsRecord { sns } in &event.records {
            match feedback::hear(&self.store, self.verifier.as_ref(), sns, self.clock.now()).await? {
                Heard::Noted(FeedbackKind::Bounced) => bounced += 1,
                Heard::Noted(FeedbackKind::Complained) => complained += 1,
                Heard::Refused => refused += 1,
                Heard::Noted(_) | Heard::Nothing => {}
            }
        }
        let counts =
            [("MailBounced", bounced), ("MailComplained", complained), ("MailEventsRefused", refused)];
        if counts.iter().any(|(_, count)| *count > 0) {
            telemetry::counts("notifier", self.clock.now(), &counts);
        }
        Ok(())
    }

    /// Opens the table's connection, by publishing the key that calls are signed with.
    pub async fn warm_up(&self) {
        self.postman.warm_up().await;
    }

    /// Sends the messages that a batch of the stream tells of, plans calls to those who watch the registrations it tells of,
    /// and counts what it tells into the figures. The answer names
    /// the records to be handed over again.
    pub async fn handle(&self, event: Event) -> DynamoDbEventResponse {
        let messages = event.records.iter().filter_map(new_message);
        let outcomes: Vec<_> =
            stream::iter(messages)
                // The time is taken anew for each: a lease counts from it, and the batch may take longer than a lease.
                .map(|(id, sequence)| async move {
                    (self.postman.send_new(&id, self.clock.now()).await, sequence)
                })
                .buffered(AT_ONCE)
                .collect()
                .await;

        let mut response = DynamoDbEventResponse::default();
        let (mut sent, mut deferred, mut dead, mut withheld) = (0, 0, 0, 0);
        for (outcome, sequence) in outcomes {
            match outcome {
                Ok(Outcome::Sent) => sent += 1,
                Ok(Outcome::Deferred) => deferred += 1,
                Ok(Outcome::Dead) => dead += 1,
                Ok(Outcome::Withheld) => withheld += 1,
                Ok(Outcome::NotOurs) => {}
                Err(error) => {
                    tracing::error!(%error, code = error.code(), "a message could not be taken from the outbox");
                    response.batch_item_failures.push(again(sequence));
                }
            }
        }
        let failed = response.batch_item_failures.len() as u64;
        let told = lists::tell(&self.store, &event.records, &self.clock).await;
        let untold = told.again.len() as u64;
        response.batch_item_failures.extend(told.again.into_iter().map(again));
        let tally = figures::count(&self.store, event.records, &self.clock).await;
        let uncounted = tally.again.len() as u64;
        response.batch_item_failures.extend(tally.again.into_iter().map(again));
        let counts = [
            ("MailSent", sent),
            ("MailDeferred", deferred),
            ("MailDead", dead),
            ("MailWithheld", withheld),
            ("MailFailed", failed),
        ];
        telemetry::counts("notifier", self.clock.now(), &counts);
        let counts = [
            ("CallsPlanned", told.planned),
            ("ListsUnreadable", told.unreadable),
            ("ListsFailed", untold),
            ("FiguresCounted", tally.counted),
            ("FiguresUnreadable", tally.unreadable),
            ("FiguresFailed", uncounted),
        ];
        if counts.iter().any(|(_, count)| *count > 0) {
            telemetry::counts("notifier", self.clock.now(), &counts);
        }
        response
    }
}

/// Has the record at `sequence` handed over again.
fn again(sequence: Option<String>) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = sequence;
    failure
}

/// The id of a message that was just put into the outbox, and the record's place in the stream. The event source's
/// filter hands over nothing else; the local runner and a changed filter might.
fn new_message(record: &EventRecord) -> Option<(String, Option<String>)> {
    if record.event_name != "INSERT" {
        return None;
    }
    let (_, key) = record.change.keys.iter().find(|(name, _)| *name == PK)?;
    let serde_dynamo::AttributeValue::S(key) = key else { return None };
    let id = key.strip_prefix(OUTBOX_PREFIX)?.to_owned();
    Some((id, record.change.sequence_number.clone()))
}
