//! What SES says of mail that it took: delivered, come back, called spam. It arrives through SNS, more than once and in any
//! order. Nothing is believed that SNS didn't sign for our topic.

use common::{
    sns::{SnsError, SnsNotification, SnsVerifier},
    store::{Dispatch, Store, StoreError},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    date::Instant,
    delivery::{BouncedAddress, Feedback, FeedbackKind},
};
use serde::Deserialize;

/// The most characters of a provider's words that are kept.
const WORDS: usize = 200;

/// Notifications, as Lambda hands them over.
#[derive(Debug, Deserialize)]
pub struct SnsEvent {
    /// One each, so far.
    #[serde(rename = "Records")]
    pub records: Vec<SnsRecord>,
}

/// One notification.
#[derive(Debug, Deserialize)]
pub struct SnsRecord {
    /// The notification.
    #[serde(rename = "Sns")]
    pub sns: SnsNotification,
}

/// What was said can't be noted now. Lambda hands it over again.
#[derive(Debug, thiserror::Error)]
pub enum FeedbackError {
    /// The signature can't be checked now.
    #[error("{0}")]
    Sns(#[from] SnsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Noted, now or before.
    Noted(FeedbackKind),
    /// Nothing to note: of no message of ours, or of a kind that says nothing about its way.
    Nothing,
    /// Not believed, or not understood.
    Refused,
}

/// An event, as SES publishes it. Identities' own notifications call the kind otherwise.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "eventType", alias = "notificationType")]
    kind: String,
    mail: Mail,
    #[serde(default)]
    bounce: Option<Bounce>,
    #[serde(default)]
    complaint: Option<Complaint>,
    #[serde(default)]
    delivery: Option<Delivery>,
    #[serde(default)]
    reject: Option<Reject>,
    #[serde(default)]
    delivery_delay: Option<Delay>,
}

#[derive(Debug, Deserialize)]
struct Mail {
    timestamp: Instant,
    #[serde(default)]
    tags: Tags,
}

#[derive(Debug, Default, Deserialize)]
struct Tags {
    #[serde(default)]
    notification: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    #[serde(rename = "bounceType")]
    kind: String,
    #[serde(rename = "bounceSubType", default)]
    sub_kind: String,
    timestamp: Instant,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    #[serde(default)]
    diagnostic_code: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    timestamp: Instant,
    #[serde(default)]
    complaint_feedback_type: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    timestamp: Instant,
    #[serde(default)]
    smtp_response: String,
}

#[derive(Debug, Deserialize)]
struct Reject {
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delay {
    timestamp: Instant,
    #[serde(default)]
    delay_type: String,
}

impl Event {
    /// What it says of the message; nothing where it's of another kind, such as an opened mail.
    fn feedback(&self) -> Option<Feedback> {
        let (kind, at, detail) = match self.kind.as_str() {
            "Bounce" => {
                let bounce = self.bounce.as_ref()?;
                let kind = if bounce.kind == "Permanent" {
                    FeedbackKind::Bounced
                } else {
                    FeedbackKind::BouncedForNow
                };
                let said = bounce.bounced_recipients.first().map_or("", |first| &first.diagnostic_code);
                (kind, bounce.timestamp, format!("{} {}: {said}", bounce.kind, bounce.sub_kind))
            }
            "Complaint" => {
                let complaint = self.complaint.as_ref()?;
                let said = complaint.complaint_feedback_type.clone().unwrap_or_default();
                (FeedbackKind::Complained, complaint.timestamp, said)
            }
            "Delivery" => {
                let delivery = self.delivery.as_ref()?;
                (FeedbackKind::Delivered, delivery.timestamp, delivery.smtp_response.clone())
            }
            "Reject" => (FeedbackKind::Rejected, self.mail.timestamp, self.reject.as_ref()?.reason.clone()),
            "DeliveryDelay" => {
                let delay = self.delivery_delay.as_ref()?;
                (FeedbackKind::Delayed, delay.timestamp, delay.delay_type.clone())
            }
            _ => return None,
        };
        Some(Feedback { kind, at, detail: without_addresses(&detail) })
    }
}

/// Notes what `notification` says, and does what follows: an address that bounced for good is suppressed, and who called a
/// mail spam gets no more reminders. Doing either twice is doing it once.
pub(crate) async fn hear(
    store: &Store,
    verifier: Option<&SnsVerifier>,
    notification: &SnsNotification,
    now: Instant,
) -> Result<Heard, FeedbackError> {
    let checked = match verifier {
        Some(verifier) => verifier.verify(notification).await,
        None => Err(SnsError::Topic),
    };
    match checked {
        Ok(()) => {}
        Err(error) if error.is_transient() => return Err(error.into()),
        Err(error) => {
            tracing::error!(%error, code = error.code(), "a notification of SNS isn't believed");
            return Ok(Heard::Refused);
        }
    }
    let event: Event = match serde_json::from_str(&notification.message) {
        Ok(event) => event,
        Err(error) => {
            // Only where: its words could be an address.
            let (line, column) = (error.line(), error.column());
            tracing::error!(line, column, id = notification.message_id, "an event of SES can't be read");
            return Ok(Heard::Refused);
        }
    };
    let (Some(feedback), Some(id)) = (event.feedback(), event.mail.tags.notification.first()) else {
        return Ok(Heard::Nothing);
    };
    let Some(message) = store.note_feedback(id, &feedback).await? else { return Ok(Heard::Nothing) };
    let Dispatch::Letter(letter) = &message.dispatch else { return Ok(Heard::Nothing) };
    match feedback.kind {
        FeedbackKind::Bounced => {
            let bounce = BouncedAddress {
                address: letter.to.clone(),
                since: now,
                written: letter.at,
                detail: feedback.detail.clone(),
            };
            store.note_bounce(&letter.holder, &bounce).await?;
        }
        FeedbackKind::Complained => {
            // As of when it was said: who has wanted reminders again since goes on getting them.
            let at = feedback.at.min(now);
            let entry = JournalEntry::new(Actor::System, JournalAction::RemindersSet, at);
            let standing = store.mail_standing(&letter.holder).await?;
            store.unsubscribe(standing, &entry).await?;
        }
        _ => {}
    }
    Ok(Heard::Noted(feedback.kind))
}

/// `text` on one line, cut, every word with an `@` in it left out: providers quote addresses.
fn without_addresses(text: &str) -> String {
    let words = text.split_whitespace().map(|word| if word.contains('@') { "…" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().take(WORDS).collect()
}
