//! The two doors of the postman, one message at a time; and what waits behind the second.

use common::{
    notify::{Door, Outcome, Postman},
    store::{Lane, Store, StoreError},
};
use domain::date::Instant;
use std::future::Future;

/// Sends one message, as each door does.
pub trait Doors {
    /// As the stream's consumer does.
    fn send_new(&self, id: &str, now: Instant) -> impl Future<Output = Result<Outcome, StoreError>> + Send;
    /// As the sweep does.
    fn send_due(&self, id: &str, now: Instant) -> impl Future<Output = Result<Outcome, StoreError>> + Send;
}

impl Doors for Postman {
    async fn send_new(&self, id: &str, now: Instant) -> Result<Outcome, StoreError> {
        Ok(self.send(Door::Stream, id, now).await?.outcome)
    }

    async fn send_due(&self, id: &str, now: Instant) -> Result<Outcome, StoreError> {
        Ok(self.send(Door::Sweep, id, now).await?.outcome)
    }
}

/// What is due by `now`, in whatever lane.
pub async fn due_messages(store: &Store, now: Instant) -> Result<Vec<String>, StoreError> {
    let mut due = Vec::new();
    for lane in Lane::ALL {
        due.extend(store.due_messages(lane, now, usize::MAX).await?);
    }
    Ok(due)
}
