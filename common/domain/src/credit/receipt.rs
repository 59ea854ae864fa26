//! The receipt for hours: proof of what was submitted, and when.

use super::{Activity, CreditRecord, Hours};
use crate::{date::Instant, notification::ReceiptLine};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Proof that a claim, or evidence that was asked for, was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreditReceipt {
    /// Its number: the record's own part of its id, and the version that was submitted.
    pub number: String,
    /// When the server accepted it.
    pub accepted_at: Instant,
    /// SHA-256, hex, of what was submitted.
    pub content_hash: String,
}

/// What the hash is taken of, as JSON with these fields in this order.
#[derive(Serialize)]
struct Content<'a> {
    credit: &'a str,
    activity: &'a Activity,
    claimed: Hours,
    unit: &'a str,
    files: Vec<(&'a str, &'a str)>,
    accepted_at: Instant,
}

impl CreditReceipt {
    /// Issues the receipt for `record` as it stands. The hash covers what was done, the hours, each confirmed file's id and
    /// SHA-256, and the time.
    pub(crate) fn issue(record: &CreditRecord, now: Instant) -> Self {
        let mut files: Vec<_> = record
            .confirmed_files()
            .map(|file| (file.id.as_str(), file.content().unwrap_or_default()))
            .collect();
        files.sort_unstable();
        let content = Content {
            credit: record.id.as_str(),
            activity: &record.activity,
            claimed: record.claimed,
            unit: &record.unit,
            files,
            accepted_at: now,
        };
        // These types have string keys and no floats: nothing in them can fail to become JSON.
        let json = serde_json::to_vec(&content).unwrap_or_default();
        Self {
            number: format!("{}-{}", &record.id.as_str()[17..], record.version),
            accepted_at: now,
            content_hash: format!("{:x}", Sha256::digest(&json)),
        }
    }

    /// As a letter quotes it.
    pub(crate) fn line(&self) -> ReceiptLine {
        ReceiptLine {
            number: self.number.clone(),
            accepted_at: self.accepted_at,
            content_hash: self.content_hash.clone(),
        }
    }
}
