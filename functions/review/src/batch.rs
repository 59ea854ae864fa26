//! Batches: every item by itself, with a result each. One that fails doesn't stand in the others' way.

use axum::{body::to_bytes, response::Response};
use common::{
    http::{IfMatch, Problem, Received, Write},
    store::IdempotencyKey,
};
use domain::error::FieldError;
use serde_json::Value;

/// The most items in one batch.
const MOST: usize = 50;

/// An item of a batch: what it's about.
pub(crate) trait Named {
    /// The id that was given.
    fn name(&self) -> &str;
}

/// What became of one item.
pub(crate) struct Done {
    /// HTTP status that it would have had alone.
    pub status: u16,
    /// What it did, where it succeeded.
    pub result: Option<Value>,
    /// The error's code, where it failed.
    pub code: Option<&'static str>,
    /// The error, in Chinese.
    pub detail: Option<String>,
    /// Errors by field.
    pub errors: Vec<FieldError>,
}

/// The request that one item makes, but for what it asks.
pub(crate) struct One {
    received: Received,
    idempotency: Option<IdempotencyKey>,
}

impl One {
    /// As the request that asks `body` of what was looked at in `version`.
    pub fn with<T>(self, body: T, version: u64) -> Write<T> {
        let Self { received, idempotency } = self;
        Write { received, body, if_match: Some(IfMatch(version)), idempotency }
    }
}

/// The requests that `items` make, each by itself.
pub(crate) fn requests<'a, T, I: Named>(
    write: &Write<T>,
    items: &'a [I],
) -> Result<Vec<(&'a I, One)>, Problem> {
    if items.is_empty() || items.len() > MOST {
        return Err(Problem::invalid("items", "wrong_count", format!("每批 1 至 {MOST} 件")));
    }
    let one = |item: &I| One {
        received: write.received.clone(),
        // Each is remembered by itself: a batch cut off half way can be sent again.
        idempotency: write.idempotency.as_ref().map(|key| IdempotencyKey {
            scope: format!("{}#{}", key.scope, item.name()),
            payload_hash: key.payload_hash.clone(),
        }),
    };
    Ok(items.iter().map(|item| (item, one(item))).collect())
}

/// What became of an item whose request was answered by `result`.
pub(crate) async fn outcome(result: Result<Response, Problem>) -> Result<Done, Problem> {
    match result {
        Ok(response) => {
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), usize::MAX).await.map_err(Problem::internal)?;
            let result = serde_json::from_slice(&body).map_err(Problem::internal)?;
            Ok(Done { status, result: Some(result), code: None, detail: None, errors: Vec::new() })
        }
        Err(problem) => Ok(Done {
            status: problem.status().as_u16(),
            result: None,
            code: Some(problem.code()),
            detail: Some(problem.detail().to_owned()),
            errors: problem.errors().to_vec(),
        }),
    }
}
