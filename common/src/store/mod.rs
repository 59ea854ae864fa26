//! The store: one DynamoDB table for records, one for idempotency keys.
//!
//! A decision needs one read ([`Store::dossier`]) and is written by one transaction ([`Store::commit`]), conditional
//! on the versions that were read. Nothing is scanned but by operators' commands ([`Store::rebuild_figures`],
//! [`Store::registrations_from`]), and there is no repository trait: tests run this code against a real DynamoDB protocol.

mod account_change;
mod accounts;
mod audit;
mod chain;
mod commit;
mod courses;
mod credits;
mod delivery;
mod dossier;
mod due;
mod figures;
mod figures_rebuild;
mod idempotency;
mod items;
mod journal;
mod keys;
mod outbox;
mod page;
mod queue;
mod queue_counts;
mod rates;
mod records;
mod registration_journal;
mod rosters;
mod samples;
pub mod schema;
mod sessions;
mod subscriptions;
mod token_keys;
mod transact;
mod verification;
mod watch;
mod watch_events;
mod wechat_tokens;

pub use account_change::{AccountChange, AccountLost, AccountWritten, Appointer};
pub use accounts::{InvalidUsername, StaffAccount, StaffProfile, Username};
pub use audit::{TablePart, TablePlace};
pub use commit::{Committed, Lost, Reply};
pub use courses::{CourseQuery, LEAST_WORD};
pub use delivery::ToldMessage;
pub use due::{DueEntry, DueRecord, Watermark};
pub use figures::{AreaFigures, Countable};
pub use figures_rebuild::{RebuildError, RebuildProgress};
pub use idempotency::{IdempotencyKey, Replay};
pub use journal::{JournalError, JournalLine};
pub use keys::{DUE_PK, HOLDER_PREFIX, OUTBOX_PREFIX, PK, PROVIDER_PREFIX, SK, WATCHER_PREFIX};
pub use outbox::{Delivery, Dispatch, Lane, Leased, MOST_ATTEMPTS, OutboxItem, OutboxState, Payment};
pub use page::{Cursor, InvalidCursor, Page, PageError};
pub use queue::{HoursEntry, HoursSummary, QueueEntry, QueueError, QueueKind, QueueOf, QueuePage, Summary};
pub use queue_counts::COUNTED_TO;
pub use rates::SlotsWanted;
pub use registration_journal::{ChainFault, ChainReport, ChainedEntry, JournalFilter};
pub use rosters::{Listed, RosterWrite};
pub use sessions::{Begun, HolderSignIn, Session, SignIn, SignInToken, WeChatLink};
pub use subscriptions::{Settled, Subscriber};
pub use verification::{Guesses, Looked};
pub use watch::WatchWrite;
pub use watch_events::WatchNews;
pub use wechat_tokens::{CachedToken, TokenLease};

use crate::crypto::{CryptoError, FieldCipher};
use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
};
use domain::rules::RuleLibrary;
use std::sync::Arc;

/// The store failed. Nobody outside sees more of it than "try again"; the cause goes to the log.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB refused for now: too fast, or a transaction met another. Worth a retry by the caller.
    #[error("DynamoDB is busy: {0}")]
    Busy(String),
    /// DynamoDB failed.
    #[error("DynamoDB failed: {0}")]
    Failed(String),
    /// An item isn't what this release reads.
    #[error("an item can't be read: {0}")]
    Item(#[from] serde_dynamo::Error),
    /// An item lacks an attribute, or it has another type.
    #[error("an item's attribute {0} is missing or malformed")]
    Attribute(&'static str),
    /// Sealing or opening an identity document failed.
    #[error("sealing failed: {0}")]
    Crypto(#[from] CryptoError),
}

impl StoreError {
    /// A stable code for the log and the metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Busy(_) => "store_busy",
            Self::Failed(_) => "store_failed",
            Self::Item(_) | Self::Attribute(_) => "store_item",
            Self::Crypto(_) => "store_crypto",
        }
    }
}

/// DynamoDB's own codes for "not now".
const BUSY: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TransactionInProgressException",
    "TransactionConflictException",
    "InternalServerError",
];

impl<E, R> From<SdkError<E, R>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    fn from(error: SdkError<E, R>) -> Self {
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
        let busy =
            BUSY.contains(&code) || matches!(error, SdkError::TimeoutError(_) | SdkError::DispatchFailure(_));
        let text = aws_sdk_dynamodb::error::DisplayErrorContext(&error).to_string();
        if busy { Self::Busy(text) } else { Self::Failed(text) }
    }
}

/// True where a write was refused because its condition didn't hold.
pub(crate) fn lost_condition<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.as_service_error().and_then(ProvideErrorMetadata::code) == Some("ConditionalCheckFailedException")
}

/// The store's two tables.
#[derive(Debug, Clone)]
pub struct Tables {
    /// Business records.
    pub records: String,
    /// Idempotency keys.
    pub idempotency: String,
}

/// The store.
#[derive(Clone)]
pub struct Store {
    client: Client,
    tables: Arc<Tables>,
    cipher: Arc<FieldCipher>,
    rules: Arc<RuleLibrary>,
}

impl Store {
    /// A store over `client`.
    pub fn new(client: Client, tables: Tables, cipher: Arc<FieldCipher>, rules: Arc<RuleLibrary>) -> Self {
        Self { client, tables: Arc::new(tables), cipher, rules }
    }

    /// Opens the table's connection by one `GetItem`, while a starting function still has its whole CPU (see
    /// docs/ARCHITECTURE.md, "Boot"). An error is only logged: the first request will meet it again and answer it.
    pub async fn warm_up(&self) {
        let key = keys::job("warm-up").attributes();
        let result = self.client.get_item().table_name(&self.tables.records).set_key(Some(key)).send().await;
        if let Err(error) = result {
            tracing::warn!(error = %StoreError::from(error), "warm-up failed");
        }
    }

    /// The rules that records are indexed by.
    pub fn rules(&self) -> &Arc<RuleLibrary> {
        &self.rules
    }

    /// The same store with `rules` in the place of those that are compiled in.
    #[must_use]
    pub fn with_rules(self, rules: Arc<RuleLibrary>) -> Self {
        Self { rules, ..self }
    }

    /// The cipher for identity documents.
    pub fn cipher(&self) -> &FieldCipher {
        &self.cipher
    }
}
