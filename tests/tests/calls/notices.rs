//! What it costs to tell people something: to write a notice, to read it, and to mail it.

use super::ledger::{Ledger, is_postman};
use domain::date::date;
use reminder::Job;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Person, Reply, crowd, tiny_jpeg, upload};

/// Somebody who isn't registered yet reads a notice, and somebody who is gets it by mail.
pub async fn notices(ledger: &Ledger) {
    let world = &ledger.world;
    let reader = world.holder("reader").await;
    reader.save_profile(json!({ "district": "420106" })).await.expect(200);
    // Somebody whose id, and so the lane they're met in, is the same in every run.
    let store = &world.system.app.store;
    crowd::register(store, 77, date(2026, 1, 5), world.now()).await;
    let staff = world.staff("admin").await;

    let draft = json!({ "category": "policy", "title": "通知", "body": "正文", "audience": { "districts": ["4201"] } });
    let drafted = ledger
        .request("POST staff/notices", "drafted", 201, staff.post("/v1/staff/notices", draft.clone()))
        .await;
    let id = drafted.text("/id");
    let path = format!("/v1/staff/notices/{id}");
    let mut wrong = draft.clone();
    wrong["title"] = json!("");
    ledger
        .request("POST staff/notices", "a field that is wrong", 422, staff.post("/v1/staff/notices", wrong))
        .await;
    ledger.request("GET staff/notices", "a page", 200, staff.get("/v1/staff/notices")).await;
    ledger.request("GET staff/notices/{id}", "read", 200, staff.get(&path)).await;
    let edit = || Some(json!({ "summary": "摘要" }));
    let old = [("If-Match", "\"7\"")];
    ledger
        .request(
            "PATCH staff/notices/{id}",
            "a version that is old",
            412,
            staff.send("PATCH", &path, edit(), &old),
        )
        .await;
    let new = [("If-Match", "\"1\"")];
    ledger.request("PATCH staff/notices/{id}", "saved", 200, staff.send("PATCH", &path, edit(), &new)).await;
    files(ledger, &staff, &id).await;

    let act = async |method, what: &str| staff.send(method, &format!("{path}/{what}"), None, &[]).await;
    let publication = format!("{path}/publication");
    for case in ["published", "retried with its key"] {
        let sent = staff.send("POST", &publication, None, &[("Idempotency-Key", "publication")]);
        ledger.request("POST staff/notices/{id}/publication", case, 200, sent).await;
    }
    let again = act("POST", "publication");
    ledger.request("POST staff/notices/{id}/publication", "published already", 409, again).await;
    ledger.request("PUT staff/notices/{id}/pin", "pinned", 200, act("PUT", "pin")).await;
    ledger.request("PUT staff/notices/{id}/pin", "pinned already", 200, act("PUT", "pin")).await;
    ledger.request("DELETE staff/notices/{id}/pin", "unpinned", 200, act("DELETE", "pin")).await;

    let shown = format!("/v1/notices/{id}");
    ledger.request("GET notices", "a page", 200, reader.get("/v1/notices")).await;
    ledger.request("GET notices/{id}", "read", 200, reader.get(&shown)).await;
    ledger.request("GET notices/{id}", "none", 404, reader.get("/v1/notices/nonsense")).await;
    let mark = async || reader.send("PUT", &format!("{shown}/read"), None, &[]).await;
    ledger.request("PUT notices/{id}/read", "marked", 204, mark()).await;
    let file = reader.get(&shown).await.expect(200).text("/files/0/id");
    let file_path = format!("{shown}/files/{file}");
    let fetched = reader.get(&file_path);
    download(&ledger.request("GET notices/{id}/files/{file}", "shown", 200, fetched).await).await;
    let remove = async || staff.send("DELETE", &format!("{path}/files/{file}"), None, &[]).await;
    ledger.request("DELETE staff/notices/{id}/files/{file}", "removed", 200, remove()).await;
    mailing(ledger, &staff, &id).await;

    let withdrawal = json!({ "reason": "内容有误" });
    let withdrawal_path = format!("{path}/withdrawal");
    let withdrawn = staff.post(&withdrawal_path, withdrawal);
    ledger
        .request("POST staff/notices/{id}/withdrawal", "withdrawn while it's mailed no more", 200, withdrawn)
        .await;
}

async fn files(ledger: &Ledger, staff: &Person<'_>, id: &str) {
    let path = format!("/v1/staff/notices/{id}/files");
    let bytes = tiny_jpeg();
    let announced = json!({ "file_name": "a.jpg", "content_type": "image/jpeg", "size": bytes.len() });
    let key = [("Idempotency-Key", "file")];
    let place = staff.send("POST", &path, Some(announced.clone()), &key);
    let place = ledger.request("POST staff/notices/{id}/files", "a place", 201, place).await;
    let again = staff.send("POST", &path, Some(announced), &key);
    ledger.request("POST staff/notices/{id}/files", "retried with its key", 201, again).await;
    assert_eq!(upload(&place.body["upload"], "a.jpg", "image/jpeg", bytes).await, 201);
    let path = format!("{path}/{}", place.text("/file/id"));
    let who = "POST staff/notices/{id}/files/{file}/confirmation";
    for case in ["confirmed", "confirmed already"] {
        ledger.request(who, case, 200, staff.post_empty(&format!("{path}/confirmation"))).await;
    }
    let shown = ledger.request("GET staff/notices/{id}/files/{file}", "shown", 200, staff.get(&path)).await;
    download(&shown).await;
}

async fn download(reply: &Reply) {
    assert_eq!(reqwest::get(reply.text("/url")).await.unwrap().status().as_u16(), 200);
}

async fn mailing(ledger: &Ledger, staff: &Person<'_>, id: &str) {
    let world = &ledger.world;
    let path = format!("/v1/staff/notices/{id}/mailing");
    let started = staff.post_empty(&path);
    ledger.request("POST staff/notices/{id}/mailing", "started", 202, started).await;
    // A mail that the server doesn't take, and the sweep sends.
    world.mails().await;
    world.system.mailbox.fail_next(1, 451);
    let planned = sweep(ledger, "a notice is mailed to one").await;
    assert_eq!(planned, 1, "{:#}", staff.get(&path).await.body);
    world.mails().await;
    world.system.clock.put(world.now().plus_seconds(200));
    assert_eq!(sweep(ledger, "a notice's mail is due").await, 0);
    let shown: Value =
        ledger.request("GET staff/notices/{id}/mailing", "read", 200, staff.get(&path)).await.body;
    assert_eq!(shown["planned"], 1);
    let stop = staff.send("DELETE", &path, None, &[]);
    ledger.request("DELETE staff/notices/{id}/mailing", "stopped", 200, stop).await;
    assert_eq!(sweep(ledger, "a mailing that was stopped is settled").await, 0);
}

async fn sweep(ledger: &Ledger, case: &'static str) -> u64 {
    let world = &ledger.world;
    let run = world.system.reminder.run(Job::Sweep, Duration::from_mins(2), |_| {});
    let (report, calls) = ledger.watch(run).await;
    ledger.note("job reminder, sweep", case, calls, |call| call.caller == "reminder" && !is_postman(call));
    report.unwrap().notices_planned
}
