//! What continuing education costs: transcript, claims and their files, the catalogue, class lists and who goes through
//! them.

use super::ledger::Ledger;
use serde_json::{Value, json};
use tests::{Person, Reply, tiny_jpeg, upload};

/// Somebody who is registered, and the certificate's number.
const REGISTERED: (&str, &str) = ("person2", "2025104200000002");
/// Somebody who will be.
const LATER: u32 = 30;

fn course() -> Value {
    json!({
        "title": "社会工作伦理", "provider": "省社会工作培训中心", "form": "in_person", "category": "ethics",
        "hours": 6, "unit": "学时", "from": "2026-02-10", "to": "2026-02-10",
    })
}

pub async fn claims(ledger: &Ledger) {
    let world = &ledger.world;
    let provider = world.staff("peixun").await;
    let who = "POST courses";
    let offered = ledger.request(who, "offered", 201, provider.post("/v1/courses", course())).await;
    let mut absurd = course();
    absurd["hours"] = json!(100);
    ledger.request(who, "a field that is wrong", 422, provider.post("/v1/courses", absurd)).await;
    let id = offered.text("/id");
    let read = async { provider.get(&format!("/v1/courses/{id}")).await };
    ledger.request("GET courses/{id}", "read", 200, read).await;

    let holder = world.holder(REGISTERED.0).await;
    let who = "GET courses";
    ledger.request(who, "a page of this year's and the years before", 200, holder.get("/v1/courses")).await;
    let found = holder.get("/v1/courses?q=伦理&from=2026-01-01&to=2026-12-31");
    ledger.request(who, "by a word, of one year", 200, found).await;
    ledger.request("GET me/transcript", "read", 200, holder.get("/v1/me/transcript")).await;

    let who = "POST me/credits";
    let seminar = json!({ "form": "seminar", "category": "ethics", "title": "伦理研讨", "hours": 4,
        "done_from": "2026-02-12" });
    let drafted = ledger.request(who, "a draft", 201, holder.post("/v1/me/credits", seminar)).await;
    let of_course = json!({ "course": id });
    let claimed = holder.post("/v1/me/credits", of_course.clone());
    let other = ledger.request(who, "a draft of a course", 201, claimed).await;
    let absurd = json!({ "form": "seminar", "category": "ethics", "title": "伦理研讨", "hours": 0,
        "done_from": "2026-02-12" });
    let refused = holder.post("/v1/me/credits", absurd);
    ledger.request(who, "a field that is wrong", 422, refused).await;
    let preview = holder.post("/v1/me/credits/preview", of_course);
    ledger.request("POST me/credits/preview", "of a course", 200, preview).await;
    ledger.request("GET me/credits", "read", 200, holder.get("/v1/me/credits")).await;

    let path = format!("/v1/me/credits/{}", drafted.text("/id"));
    ledger.request("GET me/credits/{id}", "read", 200, holder.get(&path)).await;
    let edit = async |path: &str| holder.send("PATCH", path, Some(json!({ "hours": 3 })), &[]).await;
    let who = "PATCH me/credits/{id}";
    ledger.request(who, "saved", 200, edit(&path)).await;
    let others = format!("/v1/me/credits/{}", other.text("/id"));
    ledger.request(who, "saved, of a course", 200, edit(&others)).await;
    let withdraw = async || holder.send("DELETE", &others, None, &[]).await;
    let who = "DELETE me/credits/{id}";
    ledger.request(who, "withdrawn", 200, withdraw()).await;
    ledger.request(who, "withdrawn already", 409, withdraw()).await;
    evidence(ledger, &holder, &path).await;
}

/// The files of a draft, and its submission.
async fn evidence(ledger: &Ledger, holder: &Person<'_>, path: &str) {
    let submit = async || holder.post_empty(&format!("{path}/submission")).await;
    let who = "POST me/credits/{id}/submission";
    ledger.request(who, "incomplete", 422, submit()).await;
    let file = tiny_jpeg();
    let body = json!({ "kind": "completion_certificate", "file_name": "a.jpg", "content_type": "image/jpeg",
        "size": file.len() });
    let ask = async || holder.post(&format!("{path}/attachments"), body.clone()).await;
    let place = ledger.request("POST me/credits/{id}/attachments", "a place", 201, ask()).await;
    upload(&place.body["upload"], "a.jpg", "image/jpeg", file.clone()).await;
    let id = place.text("/attachment/id");
    let confirm = async { holder.post_empty(&format!("/v1/attachments/{id}/confirmation")).await };
    ledger.request("POST attachments/{id}/confirmation", "evidence of hours", 200, confirm).await;
    let read = async { holder.get(&format!("/v1/attachments/{id}")).await };
    ledger.request("GET attachments/{id}", "evidence, its holder", 200, read).await;
    let second = ask().await.expect(201).text("/attachment/id");
    let remove = async { holder.send("DELETE", &format!("/v1/attachments/{second}"), None, &[]).await };
    ledger.request("DELETE attachments/{id}", "a place for evidence", 200, remove).await;
    ledger.request(who, "submitted", 200, submit()).await;
    ledger.request(who, "submitted already", 409, submit()).await;
}

/// A place for a list, and the file in it.
async fn handed_in(provider: &Person<'_>, course: &str, list: &str) -> Reply {
    let request = json!({ "course": course, "format": "csv", "file_name": "a.csv", "size": list.len() });
    let place = provider.post("/v1/rosters", request).await;
    upload(&place.body["upload"], "a.csv", "text/csv", list.as_bytes().to_vec()).await;
    place
}

pub async fn class_lists(ledger: &Ledger) {
    let world = &ledger.world;
    let provider = world.staff("peixun").await;
    let course = provider.post("/v1/courses", course()).await.expect(201).text("/id");
    let who = "POST rosters";
    let header = "name,management_number\n";
    let list = format!("{header}张晓雯,{}\n", REGISTERED.1);
    let place = ledger.request(who, "a place", 201, handed_in(&provider, &course, &list)).await;
    let large = json!({ "course": course, "format": "csv", "file_name": "a.csv", "size": 30_000_000 });
    ledger.request(who, "too large", 422, provider.post("/v1/rosters", large)).await;
    let id = place.text("/roster/id");
    let path = format!("/v1/rosters/{id}");

    let who = "POST rosters/{id}/confirmation";
    let confirm = async |id: &str| {
        let confirmed = provider.post_empty(&format!("/v1/rosters/{id}/confirmation")).await.expect(202);
        // What follows is the worker's.
        world.mails().await;
        confirmed
    };
    let (_, calls) = ledger.watch(confirm(&id)).await;
    ledger.note(who, "confirmed", calls.clone(), |call| call.caller == "education");
    ledger.note("job roster", "one row, recorded", calls, |call| call.caller == "roster");
    let again = async { provider.post_empty(&format!("{path}/confirmation")).await };
    ledger.request(who, "confirmed already", 202, again).await;
    ledger.request("GET rosters/{id}", "read", 200, provider.get(&path)).await;
    ledger.request("GET rosters", "a page", 200, provider.get("/v1/rosters")).await;
    let rows = async { provider.get(&format!("{path}/rows")).await };
    ledger.request("GET rosters/{id}/rows", "a page", 200, rows).await;

    let (_, calls) = {
        let place = handed_in(&provider, &course, &list).await;
        ledger.watch(confirm(&place.text("/roster/id"))).await
    };
    ledger.note("job roster", "one row, recorded before", calls, |call| call.caller == "roster");
    let list = format!("{header}张晓雯,20251042{LATER:08}\n");
    let (_, calls) = {
        let place = handed_in(&provider, &course, &list).await;
        ledger.watch(confirm(&place.text("/roster/id"))).await
    };
    ledger.note("job roster", "one row, of nobody registered", calls, |call| call.caller == "roster");
    // Taken back, it waits no more; reported again, it does.
    let path_of = |reply: &Reply| format!("/v1/rosters/{}", reply.text("/roster/id"));
    let place = handed_in(&provider, &course, &format!("{header}张晓雯,20251042{:08}\n", LATER + 1)).await;
    confirm(&place.text("/roster/id")).await;
    let withdrawal = async {
        let body = json!({ "reason": { "note": "报错班级" } });
        provider.post(&format!("{}/rows/1/withdrawal", path_of(&place)), body).await
    };
    let who = "POST rosters/{id}/rows/{row}/withdrawal";
    ledger.request(who, "withdrawn while it waits", 200, withdrawal).await;
    let swept = world.system.roster.sweep(std::time::Instant::now());
    let (_, calls) = ledger.watch(swept).await;
    ledger.note("job roster, sweep", "none is unfinished", calls, |_| true);
    corrections(ledger, &provider, &path).await;
    registers(ledger).await;

    let provider = world.staff("peixun").await;
    let withdraw = async || provider.send("DELETE", &format!("/v1/courses/{course}"), None, &[]).await;
    let who = "DELETE courses/{id}";
    ledger.request(who, "withdrawn", 200, withdraw()).await;
    ledger.request(who, "withdrawn already", 409, withdraw()).await;
}

/// A row is corrected, and taken back.
async fn corrections(ledger: &Ledger, provider: &Person<'_>, path: &str) {
    let reason = json!({ "note": "下午缺席" });
    let row = format!("{path}/rows/1");
    let body = json!({ "hours": 3, "reason": reason });
    let correct = async || {
        let key = [("Idempotency-Key", "correction")];
        provider.send("PATCH", &row, Some(body.clone()), &key).await
    };
    let who = "PATCH rosters/{id}/rows/{row}";
    ledger.request(who, "corrected", 200, correct()).await;
    ledger.request(who, "retried with its key", 200, correct()).await;
    let withdraw = async || {
        let body = json!({ "reason": reason });
        provider.post(&format!("{row}/withdrawal"), body).await
    };
    let who = "POST rosters/{id}/rows/{row}/withdrawal";
    ledger.request(who, "withdrawn", 200, withdraw()).await;
    ledger.request(who, "withdrawn already", 409, withdraw()).await;
}

/// Somebody registers for whom a row waits.
async fn registers(ledger: &Ledger) {
    let world = &ledger.world;
    // Not on the day on which the others were: what falls due with them is counted by itself.
    world.put_day(world.now().day().plus_days(1));
    let holder = world.holder("later").await;
    let application = holder.ready_first(LATER).await;
    holder.submit(&application).await.expect(200);
    world.staff("chushen").await.decide(&application, json!({ "outcome": "approve" })).await.expect(200);
    let last = world.staff("zhongshen").await;
    world.mails().await;
    let approved = async {
        last.decide(&application, json!({ "outcome": "approve" })).await.expect(200);
        world.mails().await
    };
    let (_, calls) = ledger.watch(approved).await;
    ledger
        .note("job roster", "somebody registers for whom a row waits", calls, |call| call.caller == "roster");
}
