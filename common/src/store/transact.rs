//! Sending one transaction: tried again where it met another one, and where it was cancelled, why.

use super::{
    Store, StoreError,
    keys::{self, Item},
};
use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, Put, TransactWriteItem},
};
use std::time::Duration;

/// How often a transaction that met another one is tried again.
const CONFLICT_RETRIES: u32 = 4;

/// What became of a transaction.
pub(super) enum Sent {
    /// All of it is written.
    Written,
    /// Nothing is written; a reason for each part, in their order.
    Cancelled(Vec<CancellationReason>),
}

impl Store {
    /// A put of `item`, whatever is there.
    pub(super) fn plain_put(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.tables.records).set_item(Some(item)).build();
        let put = put.map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// A put of `item` in `version`, where the version before it is what's there.
    pub(super) fn version_put(&self, item: Item, version: u64) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.tables.records).set_item(Some(item));
        let put = if version <= 1 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("version = :before")
                .expression_attribute_values(":before", keys::number(version - 1))
        };
        let put = put.build().map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Sends `items` as one transaction. One that met another is tried again; a condition that failed is the caller's
    /// to judge.
    pub(super) async fn transact(&self, items: Vec<TransactWriteItem>) -> Result<Sent, StoreError> {
        let mut attempt = 0;
        loop {
            let sent =
                self.client.transact_write_items().set_transact_items(Some(items.clone())).send().await;
            let Err(error) = sent else { return Ok(Sent::Written) };
            match cancellation(&error) {
                Some(reasons) if reasons.iter().any(is_conflict) && attempt < CONFLICT_RETRIES => {
                    attempt += 1;
                    tokio::time::sleep(back_off(attempt)).await;
                }
                Some(reasons) => return Ok(Sent::Cancelled(reasons.to_vec())),
                None => return Err(error.into()),
            }
        }
    }
}

/// What a transaction failed of where none of its conditions did.
pub(super) fn cancelled(reasons: &[CancellationReason]) -> StoreError {
    let codes: Vec<_> = reasons.iter().filter_map(CancellationReason::code).collect();
    StoreError::Busy(format!("transaction cancelled: {codes:?}"))
}

/// The reasons of a cancelled transaction, in the order of its parts.
fn cancellation<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            Some(cancelled.cancellation_reasons())
        }
        _ => None,
    }
}

fn is_conflict(reason: &CancellationReason) -> bool {
    matches!(reason.code(), Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"))
}

/// 10, 20, 40 … milliseconds, spread by chance so that those who met don't meet again.
fn back_off(attempt: u32) -> Duration {
    let base = 10_u64 << attempt.min(5);
    let spread = crate::crypto::random_u128()
        .map_or(0, |entropy| u64::try_from(entropy % u128::from(base)).unwrap_or(0));
    Duration::from_millis(base / 2 + spread)
}
