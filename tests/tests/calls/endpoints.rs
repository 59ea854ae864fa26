//! Every endpoint's ordinary way and the refusals that people meet, and the jobs.

use super::ledger::{Ledger, is_background, is_postman};
use local::{
    staff,
    system::{SERVICE_CLIENT, WECHAT_APP},
};
use reminder::Job;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Person, Reply, form};

pub async fn holders_sign_in(ledger: &Ledger) {
    let nobody = ledger.world.nobody();
    let wechat = async |code: &str, key: Option<&str>| {
        let body = json!({ "app_id": WECHAT_APP, "code": code });
        let headers: Vec<_> = key.map(|key| ("Idempotency-Key", key)).into_iter().collect();
        nobody.send("POST", "/v1/session/wechat", Some(body), &headers).await
    };
    let who = "POST session/wechat";
    ledger.request(who, "first time", 200, wechat("demo-zhao-a", None)).await;
    let signed_in = ledger.request(who, "again", 200, wechat("demo-zhao-b", Some("k1"))).await;
    ledger.request(who, "retried with its key", 200, wechat("demo-zhao-b", Some("k1"))).await;
    ledger.request(who, "a code that was used", 401, wechat("demo-zhao-a", None)).await;

    let client = async |secret: &str| {
        let body =
            json!({ "client_id": SERVICE_CLIENT, "client_secret": secret, "open_id": "oD-somebody-else" });
        nobody.post("/v1/session/client", body).await
    };
    let who = "POST session/client";
    ledger.request(who, "first time", 200, client(&ledger.world.system.keys.client_secret)).await;
    ledger.request(who, "again", 200, client(&ledger.world.system.keys.client_secret)).await;
    ledger.request(who, "wrong secret", 401, client("wrong")).await;

    let token = |reply: &Reply| json!({ "refresh_token": reply.text("/refresh_token") });
    let refresh = async |body: &Value| nobody.post("/v1/session/refresh", body.clone()).await;
    let who = "POST session/refresh";
    let first = token(&signed_in);
    let refreshed = ledger.request(who, "a holder", 200, refresh(&first)).await;
    let second = token(&refreshed);
    let end = async || nobody.send("DELETE", "/v1/session", Some(second.clone()), &[]).await;
    ledger.request("DELETE session", "signed out", 204, end()).await;
    ledger.request(who, "an ended sign-in", 401, refresh(&second)).await;
    ledger.request("GET session/keys", "read", 200, nobody.get("/v1/session/keys")).await;
}

pub async fn staff_sign_in(ledger: &Ledger) {
    let world = &ledger.world;
    let nobody = world.nobody();
    let sign_in = async |username: &str, password: &str| {
        world.system.clock.put(world.now().plus_seconds(31));
        let code = staff::code(&world.system.keys, "chushen", world.now()).unwrap().unwrap();
        let body = json!({ "username": username, "password": password, "code": code });
        nobody.post("/v1/session/staff", body).await
    };
    let password = world.system.keys.staff_password.as_str();
    let who = "POST session/staff";
    let signed_in = ledger.request(who, "signed in", 200, sign_in("chushen", password)).await;
    ledger.request(who, "wrong password", 401, sign_in("chushen", "wrong")).await;
    ledger.request(who, "no such account", 401, sign_in("nobody", password)).await;

    let token = json!({ "refresh_token": signed_in.text("/refresh_token") });
    let refresh = nobody.post("/v1/session/refresh", token);
    ledger.request("POST session/refresh", "a member of staff", 200, refresh).await;

    let change = async |old: &str| {
        world.system.clock.put(world.now().plus_seconds(31));
        let code = staff::code(&world.system.keys, "chushen", world.now()).unwrap().unwrap();
        let mut reviewer = world.nobody();
        reviewer.token = Some(signed_in.text("/access_token"));
        // The same password again, so that the demo account stays usable.
        let body = json!({ "old": old, "new": password, "code": code });
        reviewer.post("/v1/staff/me/password", body).await
    };
    let who = "POST staff/me/password";
    ledger.request(who, "changed", 200, change(password)).await;
    ledger.request(who, "wrong password", 403, change("wrong")).await;
}

pub async fn administration(ledger: &Ledger) {
    let admin = ledger.world.staff("admin").await;
    let who = "POST staff";
    let appoint = async |username: &str, area: &str| {
        let body = json!({ "username": username, "name": "王五", "roles": ["provider"], "area": area });
        admin.post("/v1/staff", body).await
    };
    let appointed = ledger.request(who, "appointed", 201, appoint("wang.wu", "4201")).await;
    ledger.request(who, "a username that is taken", 409, appoint("wang.wu", "4201")).await;
    ledger.request(who, "outside their own area", 403, appoint("wang.wu", "43")).await;

    let account = format!("/v1/staff/{}", appointed.text("/id"));
    let change = async |area: &str, version: &str, key: Option<&str>| {
        let mut headers = vec![("If-Match", version)];
        headers.extend(key.map(|key| ("Idempotency-Key", key)));
        admin.send("PATCH", &account, Some(json!({ "area": area })), &headers).await
    };
    let who = "PATCH staff/{id}";
    ledger.request(who, "changed", 200, change("4202", "\"1\"", Some("k1"))).await;
    ledger.request(who, "retried with its key", 200, change("4202", "\"1\"", Some("k1"))).await;
    ledger.request(who, "nothing changed", 200, change("4202", "\"2\"", None)).await;
    ledger.request(who, "a version that is old", 412, change("4203", "\"1\"", None)).await;
    let reset = async { admin.post_empty(&format!("{account}/reset")).await };
    ledger.request("POST staff/{id}/reset", "reset", 200, reset).await;
    let unknown = admin.post_empty("/v1/staff/0000000000000000/reset");
    ledger.request("POST staff/{id}/reset", "no such account", 404, unknown).await;
    ledger.request("GET staff", "a page", 200, admin.get("/v1/staff")).await;
}

pub async fn submission(ledger: &Ledger) {
    let world = &ledger.world;
    let nobody = world.nobody();
    let zhang = world.holder("zhang").await;
    ledger.request("GET me", "nobody signed in", 401, nobody.get("/v1/me")).await;
    let who = "PUT me";
    ledger.request(who, "saved", 200, zhang.save_profile(form(1))).await;
    let wrong = json!({ "mobile": "123" });
    ledger.request(who, "a field that is wrong", 422, zhang.save_profile(wrong)).await;
    ledger.request("GET me", "read", 200, zhang.get("/v1/me")).await;
    ledger.request("GET me/readiness", "read", 200, zhang.get("/v1/me/readiness")).await;
    ledger.request("GET me/subscriptions", "read", 200, zhang.get("/v1/me/subscriptions")).await;
    let answer = async |template: &str, key: &str| {
        let body = json!({ "answers": { template: "accept" } });
        zhang.send("POST", "/v1/me/subscriptions", Some(body), &[("Idempotency-Key", key)]).await
    };
    let who = "POST me/subscriptions";
    ledger.request(who, "accepted", 200, answer("local-review", "a1")).await;
    ledger.request(who, "retried with its key", 200, answer("local-review", "a1")).await;
    ledger.request(who, "a template that isn't ours", 422, answer("other", "a2")).await;

    let who = "POST applications";
    let open = async |kind: &str, key: Option<&str>| {
        let headers: Vec<_> = key.map(|key| ("Idempotency-Key", key)).into_iter().collect();
        zhang.send("POST", "/v1/applications", Some(json!({ "kind": kind })), &headers).await
    };
    let opened = ledger.request(who, "opened", 201, open("first", Some("k1"))).await.text("/id");
    ledger.request(who, "retried with its key", 201, open("first", Some("k1"))).await;
    ledger.request(who, "one is open already", 409, open("first", None)).await;
    ledger.request(who, "the key of another request", 422, open("renewal", Some("k1"))).await;
    ledger.request("GET applications", "read", 200, zhang.get("/v1/applications")).await;

    let path = format!("/v1/applications/{opened}");
    let who = "GET applications/{id}";
    ledger.request(who, "read", 200, zhang.get(&path)).await;
    ledger.request(who, "somebody else's", 404, world.holder("li").await.get(&path)).await;
    let who = "PATCH applications/{id}";
    let edit = async |version: Option<&str>| {
        let headers: Vec<_> = version.map(|version| ("If-Match", version)).into_iter().collect();
        zhang.send("PATCH", &path, Some(json!({ "position": "督导" })), &headers).await
    };
    ledger.request(who, "saved", 200, edit(Some("\"1\""))).await;
    ledger.request(who, "a version that is old", 412, edit(Some("\"1\""))).await;
    ledger.request(who, "no version", 428, edit(None)).await;
    let journal = async { zhang.get(&format!("{path}/journal")).await };
    ledger.request("GET applications/{id}/journal", "a page", 200, journal).await;

    let who = "POST applications/{id}/submission";
    ledger.request(who, "incomplete", 422, zhang.submit(&opened)).await;
    let who = "POST applications/{id}/withdrawal";
    let withdraw = async |id: &str| zhang.post_empty(&format!("/v1/applications/{id}/withdrawal")).await;
    ledger.request(who, "a draft", 200, withdraw(&opened)).await;
    ledger.request(who, "withdrawn already", 409, withdraw(&opened)).await;

    let ready = zhang.ready_first(1).await;
    let submit = async || {
        let path = format!("/v1/applications/{ready}/submission");
        zhang.send("POST", &path, None, &[("Idempotency-Key", "k2")]).await
    };
    let who = "POST applications/{id}/submission";
    ledger.request(who, "a first registration", 200, submit()).await;
    ledger.request(who, "retried with its key", 200, submit()).await;
    ledger.request(who, "submitted already", 409, zhang.submit(&ready)).await;
    let li = world.holder("li").await;
    let theirs = li.ready_first(1).await;
    ledger.request(who, "somebody else has the certificate", 409, li.submit(&theirs)).await;
    let path = format!("/v1/applications/{theirs}/submission");
    let key = [("Idempotency-Key", "k3")];
    let again = li.send("POST", &path, None, &key);
    ledger.request(who, "somebody else has it, and there is a key", 409, again).await;
    let path = format!("/v1/applications/{ready}");
    let version = zhang.get(&path).await.etag();
    let change = Some(json!({ "position": "主任" }));
    let version = [("If-Match", version.as_str())];
    let amended = zhang.send("PATCH", &path, change, &version);
    ledger.request("PATCH applications/{id}", "amended while it waits", 200, amended).await;
    ledger.request("POST applications/{id}/withdrawal", "one that waits", 200, withdraw(&ready)).await;
}

pub async fn attachments(ledger: &Ledger) {
    let world = &ledger.world;
    let wang = world.holder("wang").await;
    let application = wang.open("first").await;
    let place = async |size: u32| {
        let body =
            json!({ "kind": "photo", "file_name": "a.jpg", "content_type": "image/jpeg", "size": size });
        wang.post(&format!("/v1/applications/{application}/attachments"), body).await
    };
    let who = "POST applications/{id}/attachments";
    let bytes = tests::tiny_jpeg();
    let given = ledger.request(who, "a place", 201, place(u32::try_from(bytes.len()).unwrap())).await;
    ledger.request(who, "too large", 422, place(30_000_000)).await;
    let id = given.text("/attachment/id");
    let confirm = async || wang.post_empty(&format!("/v1/attachments/{id}/confirmation")).await;
    let who = "POST attachments/{id}/confirmation";
    ledger.request(who, "nothing was uploaded", 409, confirm()).await;
    tests::upload(&given.body["upload"], "a.jpg", "image/jpeg", bytes).await;
    ledger.request(who, "confirmed", 200, confirm()).await;
    ledger.request(who, "confirmed already", 200, confirm()).await;
    let read = async { wang.get(&format!("/v1/attachments/{id}")).await };
    ledger.request("GET attachments/{id}", "its holder", 200, read).await;
    let remove = async || wang.send("DELETE", &format!("/v1/attachments/{id}"), None, &[]).await;
    let who = "DELETE attachments/{id}";
    ledger.request(who, "removed", 200, remove()).await;
    ledger.request(who, "removed already", 404, remove()).await;
}

pub async fn review(ledger: &Ledger) {
    let world = &ledger.world;
    let mut waiting = Vec::new();
    for person in 2..6 {
        let holder = world.holder(&format!("person{person}")).await;
        let application = holder.ready_first(person).await;
        let submitted = holder.submit(&application).await.expect(200);
        let attachments = submitted.body["attachments"].as_array().unwrap();
        let front = attachments.iter().find(|file| file["kind"] == "identity_card_front").unwrap();
        waiting.push((application, front["id"].as_str().unwrap().to_owned()));
    }
    let (first, front) = &waiting[0];
    let reviewer = world.staff("chushen").await;
    let elsewhere = world.staff("chushen-yichang").await;
    let last = world.staff("zhongshen").await;

    ledger.request("GET review/queue", "at 初审", 200, reviewer.get("/v1/review/queue")).await;
    ledger.request("GET review/queue", "at 终审", 200, last.get("/v1/review/queue")).await;
    let who = "GET review/counters";
    ledger.request(who, "at 初审", 200, reviewer.get("/v1/review/counters")).await;
    ledger.request(who, "at 终审", 200, last.get("/v1/review/counters")).await;

    let path = format!("/v1/review/applications/{first}");
    let who = "GET review/applications/{id}";
    let version = ledger.request(who, "opened", 200, reviewer.get(&path)).await.etag();
    ledger.request(who, "of another area", 403, elsewhere.get(&path)).await;
    let attachment = async { reviewer.get(&format!("/v1/attachments/{front}")).await };
    ledger.request("GET attachments/{id}", "a reviewer, an identity card", 200, attachment).await;

    let claim = format!("{path}/claim");
    let who = "POST review/applications/{id}/claim";
    ledger.request(who, "taken up", 200, reviewer.post_empty(&claim)).await;
    ledger.request(who, "of another area", 403, elsewhere.post_empty(&claim)).await;
    let release = reviewer.send("DELETE", &claim, None, &[]);
    ledger.request("DELETE review/applications/{id}/claim", "laid down", 200, release).await;

    let who = "POST review/applications/{id}/decision";
    let decide = async |person: &Person<'_>, id: &str, version: &str, outcome: &str| {
        let reasons = if outcome == "approve" { json!([]) } else { json!([{ "ground": "not_eligible" }]) };
        let path = format!("/v1/review/applications/{id}/decision");
        let decision = json!({ "outcome": outcome, "reasons": reasons });
        person.send("POST", &path, Some(decision), &[("If-Match", version)]).await
    };
    ledger.request(who, "a version that is old", 412, decide(&reviewer, first, &version, "approve")).await;
    let now = reviewer.get(&path).await.etag();
    ledger.request(who, "初审 approves", 200, decide(&reviewer, first, &now, "approve")).await;
    ledger.request(who, "decided already", 409, decide(&reviewer, first, &now, "approve")).await;
    let now = last.get(&path).await.etag();
    ledger.request(who, "终审 approves, and registers", 200, decide(&last, first, &now, "approve")).await;
    let (second, third) = (&waiting[1].0, &waiting[2].0);
    let now = async |id: &str| reviewer.get(&format!("/v1/review/applications/{id}")).await.etag();
    let version = now(second).await;
    ledger.request(who, "returned", 200, decide(&reviewer, second, &version, "return")).await;
    let version = now(third).await;
    ledger.request(who, "refused", 200, decide(&reviewer, third, &version, "refuse")).await;

    let item = |id: &str, version: &str| {
        let version: u64 = version.trim_matches('"').parse().unwrap();
        json!({ "application_id": id, "version": version, "outcome": "approve" })
    };
    let fourth = &waiting[3].0;
    let batch = json!({ "items": [item(fourth, &now(fourth).await), item(third, "\"1\"")] });
    let who = "POST review/decisions";
    ledger
        .request(who, "one that passes, one that doesn't", 200, reviewer.post("/v1/review/decisions", batch))
        .await;
    let none = reviewer.post("/v1/review/decisions", json!({ "items": [] }));
    ledger.request(who, "an empty batch", 422, none).await;
}

pub async fn jobs(ledger: &Ledger) {
    let world = &ledger.world;
    let due = world.now().day().plus_years(3).plus_days(-90);
    world.put_day(due.plus_days(-1));
    world.run_job().await;
    let run = async |job| world.system.reminder.run(job, Duration::from_mins(2), |_| {}).await.unwrap();
    let plan = async |case| {
        let (report, calls) = ledger.watch(run(Job::Plan)).await;
        ledger.note("job reminder, plan", case, calls, |call| !is_background(call));
        assert!(report.complete);
        report.planned
    };
    assert_eq!(plan("again on the same day").await, 0);
    world.put_day(due);
    // The stream hands the letter to the postman at once, whom the carrier sends away.
    world.system.mailbox.fail_next(1, 451);
    assert_eq!(plan("the next day, one is due").await, 1);

    world.mails().await;
    world.system.clock.put(world.now().plus_seconds(3600));
    for (case, due) in [("one message is due", 1), ("none is due", 0)] {
        let (report, calls) = ledger.watch(run(Job::Sweep)).await;
        ledger.note("job reminder, sweep", case, calls, |_| true);
        assert_eq!((report.sent, report.complete), (due, true));
    }

    let holder = world.holder("person3").await;
    let applications = holder.get("/v1/applications").await;
    let path = format!("/v1/applications/{}/withdrawal", applications.text("/items/0/id"));
    let withdrawn = async {
        holder.post_empty(&path).await.expect(200);
        world.mails().await
    };
    let (_, calls) = ledger.watch(withdrawn).await;
    ledger.note("job notifier", "one message", calls, is_postman);

    // Somebody whose application waits, and who accepted a message.
    let holder = world.holder("person5").await;
    world.system.wechat.accept("person5", "local-review");
    let answers = json!({ "answers": { "local-review": "accept" } });
    let key = [("Idempotency-Key", "accepted")];
    holder.send("POST", "/v1/me/subscriptions", Some(answers), &key).await.expect(200);
    let applications = holder.get("/v1/applications").await;
    let path = format!("/v1/applications/{}/withdrawal", applications.text("/items/0/id"));
    let withdrawn = async {
        holder.post_empty(&path).await.expect(200);
        world.mails().await
    };
    let (_, calls) = ledger.watch(withdrawn).await;
    ledger.note("job notifier", "one message by WeChat, and no token lives", calls, is_postman);
    assert_eq!(world.system.wechat.messages().len(), 1);
}
