//! Calls to service clients (webhooks): signed as the Standard Webhooks specification has it, by an asymmetric key
//! (`v1a`, Ed25519), so that no secret is shared; and sent to nowhere but the public internet.
//!
//! What is signed is `{webhook-id}.{webhook-timestamp}.{body}`. The headers of a call: `webhook-id`, the same however often
//! it's tried; `webhook-timestamp`, seconds since 1970 of this attempt; `webhook-signature`, `v1a,` and the signature in
//! base64; `webhook-key`, the `kid` of the published key it verifies by.

mod call;
mod guard;
mod sign;

pub use call::{CallError, Caller};
pub use guard::{Guard, Lookup};
pub use sign::{SignatureError, WebhookHeaders, WebhookSigner, verify_webhook};

use crate::{
    config::{ConfigError, Env},
    store::{Delivery, Store, StoreError},
};
use domain::{
    date::Instant,
    watch::{Failing, WatchEvent, Watcher},
};

/// Calls service clients, and keeps in mind whether they could be reached.
pub struct Webhooks {
    signer: WebhookSigner,
    caller: Caller,
}

impl Webhooks {
    /// Calls by `caller`, signed by `signer`.
    pub fn new(signer: WebhookSigner, caller: Caller) -> Self {
        Self { signer, caller }
    }

    /// Reads `WEBHOOK_SEED`, and what [`Guard::from_env`] and [`Caller::from_env`] read.
    ///
    /// # Errors
    ///
    /// Where one of them isn't set or can't be used.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self::new(WebhookSigner::from_env(env)?, Caller::from_env(env, Guard::from_env(env)?)?))
    }

    /// Publishes the public half for good, so that what is sent from now on verifies.
    pub async fn publish(&self, store: &Store) -> Result<(), StoreError> {
        store.publish_webhook_key(self.signer.public_key()).await
    }

    /// Calls the client that `event` is for, wherever it wants to be called now.
    pub(crate) async fn deliver(
        &self,
        store: &Store,
        event: &WatchEvent,
        now: Instant,
    ) -> Result<Delivery, StoreError> {
        let watcher = store.watcher(&event.client).await?.filter(|watcher| watcher.watch == event.watch);
        let Some(watcher) = watcher else {
            return Ok(Delivery::Withheld { error: "watch_ended".to_owned() });
        };
        let headers = self.signer.sign(&event.id, now, &event.body);
        match self.caller.post(&watcher.address, &headers, &event.body).await {
            Ok(status) => {
                if watcher.failing.is_some() || watcher.reached_at.is_none() {
                    store.note_reached(&watcher, now).await?;
                }
                Ok(Delivery::Sent { provider_id: format!("HTTP {status}") })
            }
            Err(error) => {
                store.note_failing(&watcher, &failing(&watcher, error, now)).await?;
                let text = error.code();
                Ok(if error.is_final() {
                    Delivery::Refused { error: text }
                } else {
                    Delivery::Retry { error: text }
                })
            }
        }
    }
}

fn failing(watcher: &Watcher, error: CallError, now: Instant) -> Failing {
    let since = watcher.failing.as_ref().map_or(now, |failing| failing.since);
    Failing { since, last_at: now, error: error.code() }
}
