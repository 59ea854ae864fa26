//! The receipt (受理回执): proof of what was submitted, and when.

use super::Application;
use crate::{date::Instant, id::IdentityKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Proof of an accepted submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// Its number: the application's day and tail, and the count of submissions, e.g. `20260301-7f3k9q2m-1`.
    pub number: String,
    /// When the server accepted the first submission. Deadlines are measured by this.
    pub submitted_at: Instant,
    /// When the server accepted the last submission or amendment.
    pub accepted_at: Instant,
    /// SHA-256, hex, of what was submitted; see [`Receipt::issue`].
    pub content_hash: String,
    /// How many times it was submitted or amended.
    pub count: u32,
}

/// What the hash is taken of, as JSON with these fields in this order.
#[derive(Serialize)]
struct Content<'a> {
    application: &'a str,
    kind: super::ApplicationKind,
    form: &'a crate::form::Form,
    #[serde(skip_serializing_if = "Option::is_none")]
    transfer: Option<&'a crate::transfer::TransferDetails>,
    identity: Option<&'a IdentityKey>,
    attachments: Vec<(&'a str, &'a str)>,
    accepted_at: Instant,
}

impl Receipt {
    /// Issues the receipt for `application` as it stands. The hash covers the form, what a transfer asks beyond it, the identity document's keyed
    /// hash (never its digits), each confirmed attachment's id and SHA-256, and the time.
    pub(super) fn issue(application: &Application, now: Instant) -> Self {
        let previous = application.receipt.as_ref();
        let mut attachments: Vec<_> = application
            .attachments
            .iter()
            .filter(|attachment| attachment.is_confirmed())
            .map(|attachment| (attachment.id.as_str(), attachment.sha256.as_deref().unwrap_or("")))
            .collect();
        attachments.sort_unstable();
        let content = Content {
            application: application.id.as_str(),
            kind: application.kind,
            form: &application.form,
            transfer: application.transfer.as_ref(),
            identity: application.identity.as_ref(),
            attachments,
            accepted_at: now,
        };
        // These types have string keys and no floats: nothing in them can fail to become JSON.
        let json = serde_json::to_vec(&content).unwrap_or_default();
        let content_hash = Sha256::digest(&json).iter().fold(String::with_capacity(64), |mut hex, byte| {
            for digit in [byte >> 4, byte & 15] {
                hex.extend(char::from_digit(u32::from(digit), 16));
            }
            hex
        });
        let count = previous.map_or(0, |receipt| receipt.count) + 1;
        Self {
            number: format!("{}-{count}", &application.id.as_str()[17..]),
            submitted_at: previous.map_or(now, |receipt| receipt.submitted_at),
            accepted_at: now,
            content_hash,
            count,
        }
    }
}
