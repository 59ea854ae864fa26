//! What revocation costs: announced, objected to, decided, and carried out by the job with all that is open.

use super::ledger::{Ledger, is_background};
use reminder::Job;
use serde_json::{Value, json};
use std::time::Duration;
use tests::Person;

fn path(number: &str) -> String {
    format!("/v1/registrations/{number}")
}

/// A claim of hours that waits.
async fn claim(holder: &Person<'_>) {
    let thesis = json!({ "form": "online", "category": "ethics", "title": "伦理", "hours": 4,
        "done_from": "2026-02-12" });
    let id = holder.post("/v1/me/credits", thesis).await.expect(201).text("/id");
    let file = tests::tiny_jpeg();
    let body = json!({ "kind": "learning_record", "file_name": "a.jpg", "content_type": "image/jpeg",
        "size": file.len() });
    let place = holder.post(&format!("/v1/me/credits/{id}/attachments"), body).await.expect(201);
    tests::upload(&place.body["upload"], "a.jpg", "image/jpeg", file).await;
    let file = place.text("/attachment/id");
    holder.post_empty(&format!("/v1/attachments/{file}/confirmation")).await.expect(200);
    holder.post_empty(&format!("/v1/me/credits/{id}/submission")).await.expect(200);
}

/// An objection dismissed: who decides ends what is open.
async fn dismissed(ledger: &Ledger, admin: &Person<'_>) {
    let holder = ledger.world.holder("li").await;
    let path = path(&holder.register(2).await);
    holder.open("change").await;
    let shown = format!("{path}/revocation");
    let version = admin.get(&path).await.expect(200).etag();
    let grounds = json!({ "reasons": [{ "ground": "other", "note": "经核查不符合登记条件" }] });
    admin.send("POST", &shown, Some(grounds), &[("If-Match", &version)]).await.expect(201);
    let said = json!({ "text": "符合登记条件" });
    let version = holder.post(&format!("{shown}/objection"), said).await.expect(201).etag();
    let decision = json!({ "ruling": "dismiss", "note": "证明材料不实" });
    let (target, headers) = (format!("{shown}/decision"), [("If-Match", version.as_str())]);
    let who = "POST registrations/{number}/revocation/decision";
    let case = "dismissed, with an application that is open";
    ledger.request(who, case, 200, admin.send("POST", &target, Some(decision), &headers)).await;
}

/// A register of its own, since the job is run in it.
pub async fn revocation(ledger: &Ledger) {
    let world = &ledger.world;
    // The first run there is looks back further than any later one.
    assert!(world.run_job().await.complete);
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    claim(&holder).await;
    let cancellation = holder.open("cancellation").await;
    holder.edit(&cancellation, json!({ "declaration": true })).await.expect(200);
    holder.submit(&cancellation).await.expect(200);
    let admin = world.staff("admin").await;
    let grounds = || json!({ "reasons": [{ "ground": "other", "note": "经核查不符合登记条件" }] });
    let said = || json!({ "text": "符合登记条件" });
    let send = async |tail: &str, version: &str, body: Value| {
        let path = format!("{}/revocation{tail}", path(&number));
        admin.send("POST", &path, Some(body), &[("If-Match", version)]).await
    };

    let shown = format!("{}/revocation", path(&number));
    let version = admin.get(&path(&number)).await.expect(200).etag();
    let who = "POST registrations/{number}/revocation";
    let headers = [("If-Match", version.as_str()), ("Idempotency-Key", "once")];
    let announce = async || admin.send("POST", &shown, Some(grounds()), &headers).await;
    let version = ledger.request(who, "announced", 201, announce()).await.etag();
    ledger.request(who, "retried with its key", 201, announce()).await;
    ledger.request(who, "one runs already", 409, send("", &version, grounds())).await;
    let who = "GET registrations/{number}/revocation";
    ledger.request(who, "its holder", 200, holder.get(&shown)).await;
    ledger.request(who, "staff", 200, admin.get(&shown)).await;
    let who = "POST registrations/{number}/revocation/objection";
    let target = format!("{shown}/objection");
    let version = ledger.request(who, "its holder", 201, holder.post(&target, said())).await.etag();
    ledger.request(who, "objected already", 409, holder.post(&target, said())).await;
    let who = "POST registrations/{number}/revocation/decision";
    let upheld = json!({ "ruling": "uphold", "note": "证明材料属实" });
    let version = ledger.request(who, "upheld", 200, send("/decision", &version, upheld)).await.etag();
    send("", &version, grounds()).await.expect(201);
    dismissed(ledger, &admin).await;
    let drop = json!({ "ruling": "drop", "note": "证据不足" });
    ledger.request(who, "a version that is old", 412, send("/decision", "\"1\"", drop)).await;

    let until = admin.get(&shown).await.expect(200).text("/object_until");
    world.put_day(until.parse().unwrap());
    world.run_job().await;
    world.put_day(until.parse::<domain::date::CalendarDate>().unwrap().plus_days(1));
    let run = world.system.reminder.run(Job::Plan, Duration::from_mins(2), |_| {});
    let (report, calls) = ledger.watch(run).await;
    ledger.note(
        "job reminder, plan",
        "one is revoked, with an application and a claim that wait",
        calls,
        |call| !is_background(call),
    );
    assert_eq!(report.unwrap().revoked, 1);
}
