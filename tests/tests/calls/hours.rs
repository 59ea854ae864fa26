//! What the review of hours costs: queue, side by side, decisions, samples, striking out.

use super::ledger::Ledger;
use reminder::Job;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Person, Reply, tiny_jpeg, upload};

/// A claim that waits, proved by a file.
async fn claimed(holder: &Person<'_>, title: &str, file: Vec<u8>) -> String {
    let seminar = json!({ "form": "seminar", "category": "ethics", "title": title, "hours": 4,
        "done_from": "2026-02-12" });
    let id = holder.post("/v1/me/credits", seminar).await.expect(201).text("/id");
    let body = json!({ "kind": "completion_certificate", "file_name": "a.jpg", "content_type": "image/jpeg",
        "size": file.len() });
    let place = holder.post(&format!("/v1/me/credits/{id}/attachments"), body).await.expect(201);
    upload(&place.body["upload"], "a.jpg", "image/jpeg", file).await;
    let file = place.text("/attachment/id");
    holder.post_empty(&format!("/v1/attachments/{file}/confirmation")).await.expect(200);
    holder.post_empty(&format!("/v1/me/credits/{id}/submission")).await.expect(200);
    id
}

async fn opened(reviewer: &Person<'_>, id: &str) -> Reply {
    reviewer.get(&format!("/v1/review/credits/{id}")).await
}

async fn send(reviewer: &Person<'_>, path: &str, version: &str, body: Value) -> Reply {
    reviewer.send("POST", path, Some(body), &[("If-Match", version)]).await
}

pub async fn review(ledger: &Ledger) {
    let world = &ledger.world;
    // The first run there is looks back further than any later one.
    assert!(world.run_job().await.complete);
    let holder = world.holder("zhang").await;
    holder.register(1).await;
    let other = world.holder("li").await;
    other.register(2).await;
    claimed(&other, "督导", tiny_jpeg()).await;
    let mut ids = Vec::new();
    for title in ["个案", "小组", "社区", "督导"] {
        // What several records have isn't decided in a batch, and the third is.
        let own = if title == "社区" { b"another".as_slice() } else { b"" };
        ids.push(claimed(&holder, title, [&tiny_jpeg(), own].concat()).await);
    }
    let reviewer = world.staff("chushen").await;
    let last = world.staff("zhongshen").await;
    let elsewhere = world.staff("chushen-yichang").await;
    ledger.request("GET review/credits", "a page", 200, reviewer.get("/v1/review/credits")).await;
    let who = "GET review/credits/{id}";
    let seen = ledger
        .request(who, "opened, with a file that others have too", 200, opened(&reviewer, &ids[0]))
        .await;
    ledger.request(who, "of another area", 403, opened(&elsewhere, &ids[0])).await;

    let who = "POST review/credits/{id}/decision";
    let path = |id: &str| format!("/v1/review/credits/{id}/decision");
    let recognise = || json!({ "outcome": "recognise" });
    let (first, second) = (path(&ids[0]), path(&ids[1]));
    ledger.request(who, "a version that is old", 412, send(&reviewer, &first, "\"1\"", recognise())).await;
    let version = seen.etag();
    ledger.request(who, "recognised", 200, send(&reviewer, &first, &version, recognise())).await;
    ledger.request(who, "decided already", 409, send(&reviewer, &first, &version, recognise())).await;
    let version = opened(&reviewer, &ids[1]).await.etag();
    let refuse = json!({ "outcome": "refuse", "reasons": [{ "ground": "evidence_insufficient" }] });
    ledger.request(who, "refused", 200, send(&reviewer, &second, &version, refuse)).await;
    let third: u64 = opened(&reviewer, &ids[2]).await.etag().trim_matches('"').parse().unwrap();
    let item =
        |id: &str, version: u64| json!({ "credit_id": id, "version": version, "outcome": "recognise" });
    let fourth: u64 = opened(&reviewer, &ids[3]).await.etag().trim_matches('"').parse().unwrap();
    let batch = json!({ "items": [item(&ids[2], third), item(&ids[0], 1)] });
    let of_a_shared_file = json!({ "items": [item(&ids[3], fourth)] });
    let who = "POST review/credits/decisions";
    let decided = reviewer.post("/v1/review/credits/decisions", batch);
    ledger.request(who, "one that passes, one that doesn't", 200, decided).await;
    let refused = reviewer.post("/v1/review/credits/decisions", of_a_shared_file);
    ledger.request(who, "one with a file that others have too", 200, refused).await;

    let version = opened(&reviewer, &ids[2]).await.etag();
    let path = format!("/v1/review/credits/{}/evidence-request", ids[2]);
    let who = "POST review/credits/{id}/evidence-request";
    ledger.request(who, "asked", 200, send(&reviewer, &path, &version, json!({}))).await;
    let number = holder.get("/v1/me").await.text("/registrations/0/number");
    let path = format!("/v1/review/registrations/{number}/credits");
    let who = "GET review/registrations/{number}/credits";
    ledger.request(who, "a cycle", 200, async { reviewer.get(&path).await }).await;
    ledger.request(who, "of another area", 403, async { elsewhere.get(&path).await }).await;
    let unknown = format!("/v1/review/registrations/{}/credits", tests::nobodys_number());
    ledger.request(who, "a number that nobody has", 404, async { reviewer.get(&unknown).await }).await;
    samples(ledger, &last).await;
    let path = format!("/v1/review/credits/{}/voiding", ids[0]);
    let effect = async { last.get(&path).await };
    let effect = ledger.request("GET review/credits/{id}/voiding", "shown", 200, effect).await;
    let version = opened(&last, &ids[0]).await.etag();
    let body = json!({ "reasons": [{ "ground": "fraud" }], "confirmation": effect.text("/confirmation") });
    let who = "POST review/credits/{id}/voiding";
    ledger.request(who, "struck out", 200, send(&last, &path, &version, body)).await;
}

/// A sample is drawn, looked at, and its holders are asked.
async fn samples(ledger: &Ledger, last: &Person<'_>) {
    let world = &ledger.world;
    let month = &world.now().day().to_string()[..7];
    let draw = json!({ "month": month, "seed": "A7", "area": "4201" });
    let who = "POST review/samples";
    let drawn = ledger.request(who, "drawn", 201, last.post("/v1/review/samples", draw.clone())).await;
    ledger.request(who, "drawn before", 200, last.post("/v1/review/samples", draw)).await;
    let listed = async { last.get(&format!("/v1/review/samples?month={month}&area=4201")).await };
    ledger.request("GET review/samples", "of a month", 200, listed).await;
    let one = async { last.get(&format!("/v1/review/samples/{}", drawn.text("/id"))).await };
    ledger.request("GET review/samples/{id}", "read", 200, one).await;
    let run = world.system.reminder.run(Job::Plan, Duration::from_mins(2), |_| {});
    let (report, calls) = ledger.watch(Box::pin(run)).await;
    assert!(report.unwrap().evidence_asked > 0);
    ledger.note("job reminder, plan", "a sample whose holders are asked", calls, |call| {
        call.caller == "reminder"
    });
}
