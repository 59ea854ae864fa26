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
    notify::{Door, Postman, Tally},
    sns::{Fetch, SnsVerifier, fetch_over_tls},
    store::{DUE_PK, Lane, OUTBOX_PREFIX, PK, Store},
    telemetry,
};
use domain::delivery::{FeedbackKind, Urgency};
use feedback::Heard;
pub use feedback::{FeedbackError, SnsEvent, SnsRecord};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};

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
        let (messages, sequences): (Vec<_>, Vec<_>) = event.records.iter().filter_map(new_message).unzip();
        let posted: Vec<_> =
            self.postman.send_each(Door::Stream, &messages, &self.clock, || true).collect().await;

        let mut response = DynamoDbEventResponse::default();
        let mut tally = Tally::default();
        for (posted, sequence) in posted.into_iter().zip(sequences) {
            match posted {
                Ok(posted) => tally.add(posted),
                // The postman has told the log.
                Err(_) => response.batch_item_failures.push(again(sequence)),
            }
        }
        let failed = response.batch_item_failures.len() as u64;
        let told = lists::tell(&self.store, &event.records, &self.clock).await;
        let untold = told.again.len() as u64;
        response.batch_item_failures.extend(told.again.into_iter().map(again));
        let figures = figures::count(&self.store, event.records, &self.clock).await;
        let uncounted = figures.again.len() as u64;
        response.batch_item_failures.extend(figures.again.into_iter().map(again));
        let counts: Vec<_> = tally.metrics().into_iter().chain([("MessagesFailed", failed)]).collect();
        telemetry::counts("notifier", self.clock.now(), &counts);
        let counts = [
            ("CallsPlanned", told.planned),
            ("ListsUnreadable", told.unreadable),
            ("ListsFailed", untold),
            ("FiguresCounted", figures.counted),
            ("FiguresUnreadable", figures.unreadable),
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

/// A message that was just put into the outbox, with its lane, and the record's place in the stream. The event source's
/// filter hands over nothing else; the local runner and a changed filter might. What is written to many isn't sent from here:
/// it waits for the sweep, so that it keeps nothing else waiting.
fn new_message(record: &EventRecord) -> Option<((Lane, String), Option<String>)> {
    if record.event_name != "INSERT" {
        return None;
    }
    let (_, key) = record.change.keys.iter().find(|(name, _)| *name == PK)?;
    let serde_dynamo::AttributeValue::S(key) = key else { return None };
    let id = key.strip_prefix(OUTBOX_PREFIX)?.to_owned();
    let place = record.change.new_image.iter().find(|(name, _)| *name == DUE_PK).map(|(_, place)| place);
    let lane = match place {
        Some(serde_dynamo::AttributeValue::S(place)) => Lane::of_pk(place),
        _ => None,
    };
    // The record says it waits; what the image doesn't say can't make it less urgent.
    let lane = lane.unwrap_or(Lane::Messages(Urgency::Urgent));
    let bulk = lane == Lane::Messages(Urgency::Bulk);
    (!bulk).then(|| ((lane, id), record.change.sequence_number.clone()))
}
