//! Standing lists: a service client names registrations, and is told of each change by a signed call.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod addresses;
mod changes;
mod life;
mod lists;

use base64::{Engine, prelude::BASE64_STANDARD};
use common::{
    auth::keys::{Jwks, PublicKey},
    webhook::verify_webhook,
};
use domain::date::Instant;
use local::{
    employer::{Call, Employer},
    system::SERVICE_CLIENT,
};
use serde_json::{Value, json};
use tests::{Reply, World};

/// The demo service client, by its own id and secret.
struct Client<'a> {
    world: &'a World,
    basic: String,
}

impl<'a> Client<'a> {
    fn of(world: &'a World) -> Self {
        Self::called(world, SERVICE_CLIENT, &world.system.keys.client_secret)
    }

    fn called(world: &'a World, id: &str, secret: &str) -> Self {
        Self { world, basic: format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}"))) }
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.world.nobody().send(method, path, body, &[("Authorization", &self.basic)]).await
    }

    /// Wants to be called at `address`.
    async fn set(&self, address: &str) -> Reply {
        self.send("PUT", "/v1/watch", Some(json!({ "address": address }))).await
    }

    async fn read(&self) -> Reply {
        self.send("GET", "/v1/watch", None).await
    }

    async fn add(&self, numbers: &[&str]) -> Reply {
        self.send("POST", "/v1/watch/numbers", Some(json!({ "numbers": numbers }))).await
    }
}

/// An employer of this world.
async fn employer(world: &World) -> Employer {
    Employer::start(&world.system.employers).await.unwrap()
}

/// What `employer` was told, each call checked as a receiver checks it: by the published keys, the headers and the body.
async fn told(world: &World, employer: &Employer) -> Vec<Value> {
    world.system.drain().await.unwrap();
    // What was planned while the stream drained is in the stream itself.
    world.system.drain().await.unwrap();
    let keys = published(world).await;
    employer.calls().iter().map(|call| read(&keys, call)).collect()
}

/// The keys that anybody may have.
async fn published(world: &World) -> Vec<PublicKey> {
    let reply = world.nobody().get("/v1/watch/keys").await.expect(200);
    let published: Jwks = serde_json::from_value(reply.body).unwrap();
    published.keys.iter().map(|key| PublicKey::try_from(key).unwrap()).collect()
}

/// A call as its receiver read it when it arrived.
fn read(keys: &[PublicKey], call: &Call) -> Value {
    let arrived = Instant::from_unix_millis(call.headers.timestamp.parse::<i64>().unwrap() * 1000);
    assert_eq!(verify_webhook(keys, &call.headers, &call.body, arrived), Ok(()));
    serde_json::from_slice(&call.body).unwrap()
}
