//! Revocation over HTTP, from the announcement to what the register, the holder, reviewers and the mailbox show of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod conflicts;
mod interrupted;
mod life;
mod objections;

use domain::date::{CalendarDate, date};
use serde_json::{Value, json};
use tests::{Person, Reply, World, tiny_jpeg, upload};

/// The day everybody here is registered on; what is announced on it may be objected to until 17 March.
const LAST_DAY: &str = "2026-03-17";
const DAY_AFTER: &str = "2026-03-18";

fn day(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

/// In the renewal window of who registered on 2 March 2026.
fn in_the_window() -> CalendarDate {
    date(2029, 1, 10)
}

/// A day on which what was announced in the window takes effect.
fn after_the_window_began() -> CalendarDate {
    date(2029, 1, 26)
}

fn path(number: &str) -> String {
    format!("/v1/registrations/{number}")
}

fn grounds() -> Value {
    json!({ "reasons": [{ "ground": "fraud_in_registration", "note": "工作经历证明系伪造" }] })
}

/// Sends what an administrator does, with the registration's present version.
async fn act(admin: &Person<'_>, number: &str, tail: &str, body: Value) -> Reply {
    let version = admin.get(&path(number)).await.expect(200).etag();
    let headers = [("If-Match", version.as_str())];
    admin.send("POST", &format!("{}/revocation{tail}", path(number)), Some(body), &headers).await
}

async fn announce(admin: &Person<'_>, number: &str) -> Reply {
    act(admin, number, "", grounds()).await
}

async fn decide(admin: &Person<'_>, number: &str, ruling: &str) -> Reply {
    act(admin, number, "/decision", json!({ "ruling": ruling, "note": "经复核出具单位的函件" })).await
}

async fn object(holder: &Person<'_>, number: &str) -> Reply {
    let said = json!({ "text": "证明由原单位出具，公章真实。" });
    holder.post(&format!("{}/revocation/objection", path(number)), said).await
}

/// The registration's status, as its holder sees it.
async fn status(holder: &Person<'_>, number: &str) -> String {
    holder.get(&path(number)).await.expect(200).text("/status")
}

/// How the registration stands in the eyes of anybody who verifies it.
async fn standing(world: &World, number: &str) -> String {
    world.nobody().get(&format!("/v1/verify/{number}")).await.expect(200).text("/standing")
}

/// The text of the last mail whose subject has `subject` in it.
async fn mail(world: &World, subject: &str) -> String {
    let mails = world.mails().await;
    let found = mails.iter().rfind(|mail| mail.summary.subject.contains(subject));
    let subjects: Vec<_> = mails.iter().map(|mail| mail.summary.subject.clone()).collect();
    found.unwrap_or_else(|| panic!("no {subject} in {subjects:?}")).text.clone().unwrap()
}

/// How many mails have `subject` in their subject.
async fn count(world: &World, subject: &str) -> usize {
    world.mails().await.iter().filter(|mail| mail.summary.subject.contains(subject)).count()
}

/// Somebody registered, in their renewal window and with hours enough: the person and the number.
async fn ready_to_renew(world: &World) -> (Person<'_>, String) {
    let number = world.holder("zhang").await.register(1).await;
    world.put_day(in_the_window());
    let holder = world.holder("zhang").await;
    let me = holder.get("/v1/me").await.expect(200);
    world.record_hours(&me.text("/holder_id"), "2026-03-02", "2027-05-01", 900).await;
    (holder, number)
}

/// A renewal that waits.
async fn renewal(holder: &Person<'_>) -> String {
    let id = holder.open("renewal").await;
    holder.attach(&id, "photo").await;
    holder.edit(&id, json!({ "declaration": true })).await.expect(200);
    holder.submit(&id).await.expect(200);
    id
}

/// A claim of hours that waits.
async fn claim(holder: &Person<'_>) -> String {
    let seminar = json!({ "form": "seminar", "category": "ethics", "title": "伦理研讨会", "hours": 4,
        "done_from": "2027-06-01" });
    let id = holder.post("/v1/me/credits", seminar).await.expect(201).text("/id");
    let file = tiny_jpeg();
    let body = json!({ "kind": "completion_certificate", "file_name": "a.jpg", "content_type": "image/jpeg",
        "size": file.len() });
    let place = holder.post(&format!("/v1/me/credits/{id}/attachments"), body).await.expect(201);
    upload(&place.body["upload"], "a.jpg", "image/jpeg", file).await;
    let file = place.text("/attachment/id");
    holder.post_empty(&format!("/v1/attachments/{file}/confirmation")).await.expect(200);
    holder.post_empty(&format!("/v1/me/credits/{id}/submission")).await.expect(200);
    id
}
