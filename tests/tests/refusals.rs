//! What is refused, with which status and code, in words a person can act on, and with nothing changed.

#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};
use tests::{Person, Reply, World, form, tiny_jpeg, upload};

/// A refusal as a client sees it: status, code, and a Chinese sentence.
#[track_caller]
fn assert_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!((reply.status.as_u16(), reply.code()), (status, code), "{:#}", reply.body);
    assert_eq!(reply.headers["content-type"], "application/problem+json");
    let detail = reply.text("/detail");
    assert!(
        detail.chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character)),
        "not Chinese: {detail}"
    );
    assert!(!reply.text("/trace_id").is_empty());
    assert_eq!(reply.body["status"], json!(status));
}

/// Everything a holder can see of theirs.
async fn everything(person: &Person<'_>) -> Value {
    let me = person.get("/v1/me").await.expect(200).body;
    let mut applications = Vec::new();
    for item in me["applications"].as_array().unwrap() {
        let id = item["id"].as_str().unwrap();
        applications.push(person.get(&format!("/v1/applications/{id}")).await.expect(200).body);
    }
    json!([me, applications])
}

#[tokio::test]
async fn an_identity_number_with_a_wrong_check_digit() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    holder.save_profile(form(1)).await.expect(200);
    let before = everything(&holder).await;
    let wrong =
        json!({ "identity_document": { "kind": "resident_identity_card", "number": "110105194912310021" } });
    let reply = holder.save_profile(wrong.clone()).await;
    assert_refused(&reply, 422, "invalid_fields");
    assert_eq!(reply.text("/errors/0/field"), "identity_document");
    assert_eq!(reply.text("/errors/0/code"), "invalid_identity_number");
    assert!(reply.text("/errors/0/detail").contains("校验位"));
    assert_eq!(everything(&holder).await, before);

    let application = holder.open("first").await;
    let before = everything(&holder).await;
    assert_refused(&holder.edit(&application, wrong).await, 422, "invalid_fields");
    assert_eq!(everything(&holder).await, before);
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let wrong = json!({ "mobile": "123", "email": "nobody", "district": "990101", "issued_on": "2023-02-29",
        "certificate_level": "chief", "memberships": ["x".repeat(101)] });
    let reply = holder.save_profile(wrong).await;
    assert_refused(&reply, 422, "invalid_fields");
    let fields: Vec<_> =
        reply.body["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(
        json!(fields),
        json!(["mobile", "email", "district", "issued_on", "certificate_level", "memberships"])
    );
}

/// A registration valid until 2029-03-02, and a renewal that lacks nothing but what each test is about.
async fn ready_renewal(world: &World) -> (Person<'_>, String) {
    let holder = world.holder("zhang").await;
    holder.register(1).await;
    let me = holder.get("/v1/me").await.expect(200);
    world.put("2028-11-01T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    world.record_hours(&me.text("/holder_id"), "2026-03-02", "2027-05-01", 900).await;
    let application = holder.open("renewal").await;
    holder.attach(&application, "photo").await;
    holder.edit(&application, json!({ "declaration": true })).await.expect(200);
    (holder, application)
}

#[tokio::test]
async fn a_renewal_one_day_early_and_on_the_first_day() {
    let world = World::new().await;
    let (_, application) = ready_renewal(&world).await;
    world.put("2028-12-01T23:59:30+08:00");
    let holder = world.holder("zhang").await;
    let before = everything(&holder).await;
    let reply = holder.submit(&application).await;
    assert_refused(&reply, 422, "renewal_too_early");
    assert_eq!(reply.text("/rule/rule"), "renewal.window_months");
    assert!(reply.text("/detail").contains("2028 年 12 月 2 日"), "it says from when");
    assert_eq!(everything(&holder).await, before);
    world.put("2028-12-02T00:00:00+08:00");
    world.holder("zhang").await.submit(&application).await.expect(200);
}

#[tokio::test]
async fn a_renewal_on_the_last_minute_of_the_last_day() {
    let world = World::new().await;
    let (_, application) = ready_renewal(&world).await;
    world.put("2029-03-02T23:59:00+08:00");
    let reply = world.holder("zhang").await.submit(&application).await.expect(200);
    assert!(reply.text("/receipt/submitted_at").starts_with("2029-03-02T15:59"));
}

#[tokio::test]
async fn a_renewal_one_day_late() {
    let world = World::new().await;
    let (_, application) = ready_renewal(&world).await;
    world.put("2029-03-03T00:00:00+08:00");
    let holder = world.holder("zhang").await;
    let before = everything(&holder).await;
    let reply = holder.submit(&application).await;
    assert_refused(&reply, 422, "renewal_window_closed");
    assert!(reply.text("/detail").contains("2029 年 3 月 2 日"), "it says when it closed");
    assert_eq!(everything(&holder).await, before);
}

#[tokio::test]
async fn a_renewal_that_is_short_of_hours() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    holder.register(1).await;
    let me = holder.get("/v1/me").await.expect(200);
    world.put("2029-02-01T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    world.record_hours(&me.text("/holder_id"), "2026-03-02", "2027-05-01", 895).await;
    let application = holder.open("renewal").await;
    holder.attach(&application, "photo").await;
    holder.edit(&application, json!({ "declaration": true })).await.expect(200);
    let before = everything(&holder).await;
    let reply = holder.submit(&application).await;
    assert_refused(&reply, 422, "hours_short");
    assert!(reply.text("/detail").contains("还差 0.5"), "{}", reply.text("/detail"));
    assert_eq!(everything(&holder).await, before);
}

#[tokio::test]
async fn a_second_open_application_of_a_kind() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    holder.save_profile(form(1)).await.expect(200);
    holder.open("first").await;
    let before = everything(&holder).await;
    assert_refused(
        &holder.post("/v1/applications", json!({ "kind": "first" })).await,
        409,
        "application_already_open",
    );
    assert_eq!(everything(&holder).await, before);
}

#[tokio::test]
async fn somebody_elses_identity_document_or_certificate() {
    let world = World::new().await;
    let first = world.holder("zhang").await;
    let application = first.ready_first(1).await;
    first.submit(&application).await.expect(200);

    let second = world.holder("li").await;
    let application = second.ready_first(1).await;
    let before = everything(&second).await;
    let reply = second.submit(&application).await;
    assert_eq!(reply.status.as_u16(), 409);
    assert!(["identity_taken", "certificate_taken"].contains(&reply.code()), "{}", reply.code());
    assert_eq!(everything(&second).await, before);

    second.edit(&application, json!({ "identity_document": form(2)["identity_document"] })).await.expect(200);
    assert_refused(&second.submit(&application).await, 409, "certificate_taken");
    second.edit(&application, json!({ "management_number": form(2)["management_number"] })).await.expect(200);
    second.submit(&application).await.expect(200);
}

#[tokio::test]
async fn a_stale_or_missing_if_match() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let application = holder.open("first").await;
    let path = format!("/v1/applications/{application}");
    let old = holder.get(&path).await.etag();
    holder.edit(&application, json!({ "name": "张三" })).await.expect(200);
    let before = everything(&holder).await;
    let change = Some(json!({ "name": "李四" }));
    assert_refused(
        &holder.send("PATCH", &path, change.clone(), &[("If-Match", &old)]).await,
        412,
        "version_stale",
    );
    assert_refused(&holder.send("PATCH", &path, change.clone(), &[]).await, 428, "version_required");
    assert_refused(
        &holder.send("PATCH", &path, change, &[("If-Match", "soon")]).await,
        400,
        "invalid_if_match",
    );
    assert_eq!(everything(&holder).await, before);
}

#[tokio::test]
async fn an_idempotency_key_reused_with_another_body() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let send = |kind: &str, key: &'static str| {
        let (holder, body) = (holder.clone(), json!({ "kind": kind }));
        async move { holder.send("POST", "/v1/applications", Some(body), &[("Idempotency-Key", key)]).await }
    };
    let first = send("first", "k1").await.expect(201);
    let again = send("first", "k1").await.expect(201);
    assert_eq!(first.body, again.body, "a retry gets the first reply");
    let before = everything(&holder).await;
    assert_refused(&send("renewal", "k1").await, 422, "idempotency_key_reused");
    let path = format!("/v1/applications/{}/withdrawal", first.text("/id"));
    let other = holder.send("POST", &path, None, &[("Idempotency-Key", "k1")]).await;
    assert_refused(&other, 422, "idempotency_key_reused");
    assert_eq!(everything(&holder).await, before);
    let long = "k".repeat(129);
    let reply = holder.send("POST", &path, None, &[("Idempotency-Key", &long)]).await;
    assert_refused(&reply, 400, "invalid_idempotency_key");
}

#[tokio::test]
async fn a_thirty_megabyte_photo_and_an_exe_named_jpg() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let application = holder.open("first").await;
    let path = format!("/v1/applications/{application}/attachments");
    let before = everything(&holder).await;
    let photo = json!({ "kind": "photo", "file_name": "a.jpg", "content_type": "image/jpeg", "size": 30 * 1024 * 1024 });
    let reply = holder.post(&path, photo).await;
    assert_refused(&reply, 422, "attachment_too_large");
    assert!(reply.text("/detail").contains("5 MB"), "it says how much is taken");
    assert_eq!(everything(&holder).await, before);

    let exe = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xFF\xFF\0\0".to_vec();
    let request =
        json!({ "kind": "photo", "file_name": "a.jpg", "content_type": "image/jpeg", "size": exe.len() });
    let place = holder.post(&path, request).await.expect(201);
    assert_eq!(upload(&place.body["upload"], "a.jpg", "image/jpeg", exe).await, 201);
    let before = everything(&holder).await;
    let confirmation = format!("/v1/attachments/{}/confirmation", place.text("/attachment/id"));
    assert_refused(&holder.post_empty(&confirmation).await, 422, "attachment_mismatch");
    assert_eq!(everything(&holder).await, before);
    assert!(!tiny_jpeg().starts_with(b"MZ"));
}

#[tokio::test]
async fn decisions_nobody_may_make() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let application = holder.ready_first(1).await;
    holder.submit(&application).await.expect(200);
    let before = everything(&holder).await;
    let path = format!("/v1/review/applications/{application}/decision");
    let approve = json!({ "outcome": "approve" });
    let version = holder.get(&format!("/v1/applications/{application}")).await.etag();
    let headers = [("If-Match", version.as_str())];

    // The applicant, as a holder and as nobody.
    assert_refused(&holder.send("POST", &path, Some(approve.clone()), &headers).await, 403, "forbidden");
    assert_refused(
        &world.nobody().send("POST", &path, Some(approve.clone()), &headers).await,
        401,
        "token_missing",
    );
    // A reviewer of another district, and one of another stage.
    let elsewhere = world.staff("chushen-yichang").await;
    assert_refused(
        &elsewhere.send("POST", &path, Some(approve.clone()), &headers).await,
        403,
        "outside_area",
    );
    let final_reviewer = world.staff("zhongshen").await;
    assert_refused(
        &final_reviewer.send("POST", &path, Some(approve.clone()), &headers).await,
        403,
        "wrong_stage",
    );
    // Without reasons, and with a ground nobody knows.
    let reviewer = world.staff("chushen").await;
    let bare = json!({ "outcome": "refuse" });
    assert_refused(&reviewer.send("POST", &path, Some(bare), &headers).await, 422, "reason_needed");
    let unknown = json!({ "outcome": "return", "reasons": [{ "ground": "mood" }] });
    assert_refused(&reviewer.send("POST", &path, Some(unknown), &headers).await, 422, "unknown_ground");
    assert_eq!(everything(&holder).await, before);
    // Twice.
    reviewer.send("POST", &path, Some(approve.clone()), &headers).await.expect(200);
    let after = everything(&holder).await;
    assert_refused(
        &reviewer.send("POST", &path, Some(approve.clone()), &headers).await,
        409,
        "already_decided",
    );
    // On an old page.
    assert_refused(&final_reviewer.send("POST", &path, Some(approve), &headers).await, 412, "version_stale");
    assert_eq!(everything(&holder).await, after);
}

#[tokio::test]
async fn bodies_that_are_none() {
    use axum::{
        body::Body,
        http::{Request, header},
    };
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let send = |body: Vec<u8>, kind: &'static str| {
        let request = Request::put("/v1/me")
            .header(header::AUTHORIZATION, format!("Bearer {}", holder.token.clone().unwrap()))
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body))
            .unwrap();
        world.send(request)
    };
    let before = everything(&holder).await;
    assert_refused(&send(b"{\"name\": ".to_vec(), "application/json").await, 400, "malformed_json");
    assert_refused(&send(b"{\"name\": \"\xff\"}".to_vec(), "application/json").await, 400, "malformed_json");
    assert_refused(&send(b"{} {}".to_vec(), "application/json").await, 400, "malformed_json");
    assert_refused(&send(vec![b' '; 10 * 1024 * 1024], "application/json").await, 413, "body_too_large");
    assert_refused(&send(b"name=x".to_vec(), "text/plain").await, 415, "not_json");
    let shape = send(b"{\"memberships\": [1]}".to_vec(), "application/json").await;
    assert_refused(&shape, 422, "invalid_fields");
    assert_eq!(shape.text("/errors/0/field"), "memberships[0]");
    assert_refused(&send(b"{\"nickname\": \"x\"}".to_vec(), "application/json").await, 422, "invalid_fields");
    assert_eq!(everything(&holder).await, before);
}

#[tokio::test]
async fn tokens_that_are_expired_or_tampered_with() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let token = holder.token.clone().unwrap();
    let with = |token: String| {
        let mut person = world.nobody();
        person.token = Some(token);
        person
    };
    let mut tampered = token.clone().into_bytes();
    let middle = tampered.len() / 2;
    tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
    let reply = with(String::from_utf8(tampered).unwrap()).get("/v1/me").await;
    assert_eq!(reply.status.as_u16(), 401, "{:#}", reply.body);
    assert_refused(&with("nonsense".into()).get("/v1/me").await, 401, "token_malformed");
    world.put("2026-03-02T10:31:00+08:00");
    assert_refused(&holder.get("/v1/me").await, 401, "token_expired");
}

#[tokio::test]
async fn what_isnt_there() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    assert_refused(&holder.get("/v1/nothing").await, 404, "not_found");
    assert_refused(&holder.send("DELETE", "/v1/me", None, &[]).await, 405, "method_not_allowed");
    assert_refused(&holder.get("/v1/applications/not-an-id").await, 404, "unknown_application");
    assert_refused(&holder.get("/v1/applications/%FF").await, 400, "bad_request");
    let other = world.holder("li").await;
    let application = other.open("first").await;
    assert_refused(&holder.get(&format!("/v1/applications/{application}")).await, 404, "unknown_application");
    assert_refused(
        &holder.get(&format!("/v1/applications/{application}/journal")).await,
        404,
        "unknown_application",
    );
    let page = other.get(&format!("/v1/applications/{application}/journal?cursor=zzz")).await;
    assert_refused(&page, 400, "invalid_cursor");
}
