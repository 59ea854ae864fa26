//! Where a call may not go: by name, by redirect, by a name that means something else a moment later.

use crate::{Client, employer, told};
use common::webhook::{CallError, Caller, Guard, Lookup, WebhookHeaders};
use domain::watch::InvalidWebhookAddress;
use local::employer::Manner;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tests::World;

fn headers() -> WebhookHeaders {
    let text = || "x".to_owned();
    WebhookHeaders { id: text(), timestamp: text(), signature: text(), key: text() }
}

#[tokio::test]
async fn an_address_that_is_no_https_or_leads_inside_is_refused() {
    let world = World::new().await;
    let client = Client::of(&world);
    for (address, code) in [
        ("http://hr.example.com/", "webhook_address_not_https"),
        ("hr.example.com", "webhook_address_malformed"),
        ("https://u:p@hr.example.com/", "webhook_address_decorated"),
        ("https://10.0.0.1/", "webhook_address_inside"),
        ("https://169.254.169.254/latest/meta-data", "webhook_address_inside"),
        ("https://[fd00::1]/", "webhook_address_inside"),
        ("https://0xa9fea9fe/", "webhook_address_inside"),
        ("https://no-such-host.invalid/", "webhook_address_unresolved"),
    ] {
        let refused = client.set(address).await.expect(422);
        assert_eq!(refused.text("/errors/0/code"), code, "{address}");
    }
    assert_eq!(client.read().await.expect(404).code(), "watch_not_open", "nothing was opened");
}

/// Where nothing inside is allowed, `localhost` isn't either, though it's a name like any other.
#[tokio::test]
async fn a_name_is_judged_by_what_it_stands_for() {
    let world = World::new().await;
    let employer = employer(&world).await;
    let caller = Caller::new(Guard::new(Vec::new()), Vec::new()).unwrap();
    let refused = caller.post(&employer.url().parse().unwrap(), &headers(), "{}").await;
    assert_eq!(refused, Err(CallError::Address(InvalidWebhookAddress::Inside)));
    // One inside among several is enough.
    let lookup: Lookup = Arc::new(|_, port| {
        Box::pin(async move { Ok(vec![([8, 8, 8, 8], port).into(), ([10, 0, 0, 1], port).into()]) })
    });
    let caller = Caller::new(Guard::new(Vec::new()).with_lookup(lookup), Vec::new()).unwrap();
    let refused = caller.post(&"https://hr.example.com/".parse().unwrap(), &headers(), "{}").await;
    assert_eq!(refused, Err(CallError::Address(InvalidWebhookAddress::Inside)));
    assert_eq!(employer.calls().len(), 0);
}

/// A name that is public when the address is set, and inside when it's called.
#[tokio::test]
async fn a_name_that_comes_to_mean_something_inside_is_not_called() {
    let world = World::new().await;
    let employer = employer(&world).await;
    let (asked, port) = (Arc::new(AtomicU32::new(0)), employer.port());
    let counted = asked.clone();
    let lookup: Lookup = Arc::new(move |_, _| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move {
            Ok(vec![if first { ([8, 8, 8, 8], 443).into() } else { ([127, 0, 0, 1], port).into() }])
        })
    });
    let guard = Guard::new(Vec::new()).with_lookup(lookup);
    let address = "https://hr.example.com/".parse().unwrap();
    assert_eq!(guard.addresses(&address).await.unwrap().len(), 1, "public when it's set");
    let caller = Caller::new(guard, Vec::new()).unwrap();
    let refused = caller.post(&address, &headers(), "{}").await;
    assert_eq!(refused, Err(CallError::Address(InvalidWebhookAddress::Inside)));
    assert_eq!(
        asked.load(Ordering::SeqCst),
        2,
        "looked at once for the call, and connected to what was looked at"
    );
    assert_eq!(employer.calls().len(), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let world = World::new().await;
    let (client, first, second) = (Client::of(&world), employer(&world).await, employer(&world).await);
    first.answer(Manner::Redirects(second.url()));
    client.set(&first.url()).await.expect(200);
    assert_eq!(told(&world, &first).await.len(), 1);
    assert_eq!(second.calls().len(), 0);
    assert_eq!(client.read().await.expect(200).text("/failing/error"), "redirected");
}

/// A receiver whose certificate no authority vouches for.
#[tokio::test]
async fn a_receiver_must_prove_who_it_is() {
    let (world, other) = (World::new().await, World::new().await);
    let (client, stranger) = (Client::of(&world), employer(&other).await);
    client.set(&stranger.url()).await.expect(200);
    world.system.drain().await.unwrap();
    assert_eq!(stranger.calls().len(), 0);
    assert_eq!(client.read().await.expect(200).text("/failing/error"), "tls_failed");
}
