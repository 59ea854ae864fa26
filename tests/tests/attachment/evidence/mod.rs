//! Evidence of hours: the same room, the same steps. A claim is drafted, what proves it is uploaded, looked at, and the
//! claim submitted.

mod access;
mod retries;
mod samples;
mod uploading;

use crate::{confirm, send};
use serde_json::{Value, json};
use tests::{Person, Reply, World};

/// Somebody registered, with a draft of a claim that nothing proves yet; its id.
async fn claimant(world: &World) -> (Person<'_>, String) {
    let holder = world.holder("zhang").await;
    holder.register(1).await;
    let claim = claim(&holder).await;
    (holder, claim)
}

/// Drafts a claim of six hours of a seminar today.
async fn claim(holder: &Person<'_>) -> String {
    let body = json!({
        "form": "seminar", "category": "ethics", "title": "社会工作伦理研讨会",
        "provider": "武汉市社会工作联合会", "done_from": "2026-03-02", "hours": 6,
    });
    holder.post("/v1/me/credits", body).await.expect(201).text("/id")
}

/// What is said of a JPEG of `size` bytes that shows a certificate.
fn announced(size: usize) -> Value {
    crate::announced("completion_certificate", size)
}

async fn ask(person: &Person<'_>, claim: &str, announced: Value) -> Reply {
    person.post(&format!("/v1/me/credits/{claim}/attachments"), announced).await
}

/// A place for `file`: its id, and the form.
async fn place(person: &Person<'_>, claim: &str, file: &[u8]) -> (String, Value) {
    let reply = ask(person, claim, announced(file.len())).await.expect(201);
    (reply.text("/attachment/id"), reply.body["upload"].clone())
}

/// A place that `file` came to.
async fn uploaded(person: &Person<'_>, claim: &str, file: &[u8]) -> String {
    let (id, form) = place(person, claim, file).await;
    assert_eq!(send(&form, file).await, 201);
    id
}

/// A confirmed file.
async fn attach(person: &Person<'_>, claim: &str, file: &[u8]) -> String {
    let id = uploaded(person, claim, file).await;
    confirm(person, &id).await.expect(200);
    id
}

/// The record as its holder sees it.
async fn record(person: &Person<'_>, claim: &str) -> Value {
    person.get(&format!("/v1/me/credits/{claim}")).await.expect(200).body
}

async fn submit(person: &Person<'_>, claim: &str) -> Reply {
    person.post_empty(&format!("/v1/me/credits/{claim}/submission")).await
}
