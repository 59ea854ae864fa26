//! Replies as clients read them, each whole: status, the headers they go by, body. What differs from run to run is
//! replaced by what it is, and only where it really is that. After a change that is meant: `INSTA_UPDATE=always`, then
//! read the difference as somebody who programs against this, and as the official or holder who reads the Chinese in it.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

use domain::{
    date::Instant,
    id::{ApplicationId, AttachmentId, StaffId},
    registration::RegistrationNumber,
};
use serde_json::{Map, Value, json};
use tests::{Person, Reply, World, form, tiny_jpeg};

/// A reply without what differs from run to run.
fn shot(reply: &Reply) -> Value {
    let mut shot = Map::from_iter([("status".to_owned(), json!(reply.status.as_u16()))]);
    for name in ["content-type", "cache-control", "etag", "retry-after", "allow", "www-authenticate"] {
        if let Some(value) = reply.headers.get(name) {
            shot.insert(name.to_owned(), json!(value.to_str().unwrap()));
        }
    }
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
    let trace_id = reply.headers["x-trace-id"].to_str().unwrap();
    if reply.status.is_client_error() {
        assert_eq!(reply.text("/trace_id"), trace_id);
    }
    shot.insert("body".to_owned(), redacted("", &reply.body));
    Value::Object(shot)
}

/// `value` under `key` with a name in place of each id, time, token, hash and address.
fn redacted(key: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), redacted(key, value))).collect()
        }
        Value::Array(items) => items.iter().map(|item| redacted(key, item)).collect(),
        Value::String(text) => json!(name_of(key, text).unwrap_or(text)),
        other => other.clone(),
    }
}

/// What a text is, where it's something that differs from run to run. Ids and times are told by their form, so one of
/// another form stands in a snapshot as it is; random texts that have none are told by their field.
fn name_of(key: &str, text: &str) -> Option<&'static str> {
    let receipt = |text: &str| {
        let parts: Vec<_> = text.split('-').collect();
        parts.len() == 3 && parts[0] == "20260302" && parts[1].len() == 8 && parts[2].parse::<u32>().is_ok()
    };
    let is_hash = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match key {
        "access_token" if text.split('.').count() == 3 => Some("[jwt]"),
        "refresh_token" => Some("[refresh token]"),
        "password" => Some("[password]"),
        "totp_secret" => Some("[base 32]"),
        "provisioning_uri" if text.starts_with("otpauth://totp/") => Some("[otpauth uri]"),
        "trace_id" if text.len() == 24 => Some("[trace id]"),
        // Sixteen digits, as an id may have.
        "management_number" => None,
        "next" if text.len() > 12 => Some("[cursor]"),
        "number" if receipt(text) => Some("[receipt number]"),
        "url" if text.starts_with("http://127.0.0.1:") => Some("[url]"),
        "key" if text.starts_with("uploads/") => Some("[object key]"),
        "policy" | "x-amz-signature" | "x-amz-credential" | "x-amz-date" => Some("[signed]"),
        _ if is_hash => Some("[sha-256]"),
        _ if text.ends_with('Z') && text.len() == 24 && text.parse::<Instant>().is_ok() => Some("[time]"),
        _ if text.parse::<AttachmentId>().is_ok() => Some("[attachment id]"),
        _ if text.parse::<ApplicationId>().is_ok() => Some("[application id]"),
        _ if text.parse::<StaffId>().is_ok() => Some("[id]"),
        _ if text.parse::<RegistrationNumber>().is_ok() => Some("[registration number]"),
        _ => None,
    }
}

/// Compares a reply with the snapshot of this name.
macro_rules! assert_reply {
    ($name:literal, $reply:expr) => {
        insta::assert_json_snapshot!($name, shot(&$reply))
    };
}

#[tokio::test]
async fn from_signing_in_to_a_registration() {
    let world = World::new().await;
    let body = json!({ "code": "demo-zhang-1" });
    let signed_in = world.nobody().post("/v1/session/wechat", body).await;
    assert_reply!("signed_in_holder", signed_in);
    let mut holder = world.nobody();
    holder.token = Some(signed_in.text("/access_token"));
    assert_reply!("readiness_empty", holder.get("/v1/me/readiness").await);
    assert_reply!("me_empty", holder.get("/v1/me").await);
    assert_reply!("profile_saved", holder.save_profile(form(1)).await);

    let opened = holder.post("/v1/applications", json!({ "kind": "first" })).await;
    assert_reply!("draft_opened", opened);
    let application = opened.text("/id");
    let path = format!("/v1/applications/{application}");
    assert_reply!("not_ready", holder.submit(&application).await);
    let photo = json!({
        "kind": "photo",
        "file_name": "证件照.jpg",
        "content_type": "image/jpeg",
        "size": tiny_jpeg().len(),
    });
    let place = holder.post(&format!("{path}/attachments"), photo).await;
    assert_reply!("place_for_an_upload", place);
    let bytes = tiny_jpeg();
    assert_eq!(tests::upload(&place.body["upload"], "证件照.jpg", "image/jpeg", bytes).await, 201);
    let photo = place.text("/attachment/id");
    assert_reply!(
        "upload_confirmed",
        holder.post_empty(&format!("/v1/attachments/{photo}/confirmation")).await
    );
    assert_reply!("attachment_shown", holder.get(&format!("/v1/attachments/{photo}")).await);
    for kind in ["identity_card_front", "identity_card_back", "certificate_scan"] {
        holder.attach(&application, kind).await;
    }
    holder.edit(&application, json!({ "declaration": true })).await.expect(200);
    assert_reply!("readiness_of_a_whole_draft", holder.get("/v1/me/readiness").await);
    assert_reply!("receipt", holder.submit(&application).await);
    assert_reply!("readiness_while_waiting", holder.get("/v1/me/readiness").await);

    let reviewer = world.staff("chushen").await;
    assert_reply!("queue", reviewer.get("/v1/review/queue").await);
    assert_reply!("counters", reviewer.get("/v1/review/counters").await);
    let review = format!("/v1/review/applications/{application}");
    assert_reply!("claimed", reviewer.post_empty(&format!("{review}/claim")).await);
    assert_reply!("opened_for_review", reviewer.get(&review).await);
    let approve = json!({ "outcome": "approve" });
    assert_reply!("approved_at_the_first_stage", reviewer.decide(&application, approve.clone()).await);
    let reviewer = world.staff("zhongshen").await;
    assert_reply!("approved_at_the_last_stage", reviewer.decide(&application, approve).await);

    assert_reply!("me_registered", holder.get("/v1/me").await);
    assert_reply!("readiness_registered", holder.get("/v1/me/readiness").await);
    assert_reply!("application_approved", holder.get(&path).await);
    assert_reply!("journal", holder.get(&format!("{path}/journal")).await);
    assert_reply!("journal_page", holder.get(&format!("{path}/journal?limit=1")).await);
}

#[tokio::test]
async fn returned_and_refused() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let application = holder.ready_first(1).await;
    holder.submit(&application).await.expect(200);
    let reviewer = world.staff("chushen").await;
    let reason =
        json!({ "part": "certificate_scan", "ground": "unclear_attachment", "note": "右下角看不清" });
    let decision = json!({ "outcome": "return", "reasons": [reason] });
    assert_reply!("returned", reviewer.decide(&application, decision).await);
    let path = format!("/v1/applications/{application}");
    assert_reply!("application_returned", holder.get(&path).await);
    assert_reply!("readiness_returned", holder.get("/v1/me/readiness").await);
    holder.submit(&application).await.expect(200);
    assert_reply!("queue_after_mending", reviewer.get("/v1/review/queue").await);
    let refuse = json!({ "outcome": "refuse", "reasons": [{ "ground": "not_eligible" }] });
    assert_reply!("refused", reviewer.decide(&application, refuse).await);
    assert_reply!("application_refused", holder.get(&path).await);

    let version = holder.get(&path).await.body["version"].as_u64().unwrap();
    let item =
        |version: u64| json!({ "application_id": application, "version": version, "outcome": "approve" });
    let batch = json!({ "items": [item(version)] });
    assert_reply!("batch", reviewer.post("/v1/review/decisions", batch).await);
}

#[tokio::test]
async fn staff() {
    let world = World::new().await;
    world.put("2026-03-02T10:01:00+08:00");
    let keys = &world.system.keys;
    let code = local::staff::code(keys, "admin", world.now()).unwrap().unwrap();
    let body = json!({ "username": "admin", "password": keys.staff_password, "code": code });
    let signed_in = world.nobody().post("/v1/session/staff", body.clone()).await;
    assert_reply!("signed_in_staff", signed_in);
    assert_reply!("sign_in_refused", world.nobody().post("/v1/session/staff", body).await);
    let mut administrator = world.nobody();
    administrator.token = Some(signed_in.text("/access_token"));
    let new =
        json!({ "username": "wang.wu", "name": "王五", "roles": ["preliminary_reviewer"], "area": "4201" });
    assert_reply!("appointed", administrator.post("/v1/staff", new).await);
    assert_reply!("accounts", administrator.get("/v1/staff?limit=2").await);
    let wrong = json!({ "username": "a", "name": "6", "roles": ["holder"], "area": "4" });
    assert_reply!("appointment_invalid", administrator.post("/v1/staff", wrong).await);
    assert_reply!("public_keys_headers_only", keys_without_their_values(&world.nobody()).await);
}

/// The public keys' reply, with each key's random half left out.
async fn keys_without_their_values(nobody: &Person<'_>) -> Reply {
    let mut reply = nobody.get("/v1/session/keys").await;
    for key in reply.body["keys"].as_array_mut().unwrap() {
        for name in ["kid", "x"] {
            assert!(key[name].as_str().is_some_and(|text| !text.is_empty()));
            key[name] = json!("[random]");
        }
    }
    reply
}

#[tokio::test]
async fn problems() {
    let world = World::new().await;
    let nobody = world.nobody();
    let holder = world.holder("zhang").await;
    assert_reply!("problem_token_missing", nobody.get("/v1/me").await);
    assert_reply!("problem_forbidden", holder.get("/v1/review/queue").await);
    assert_reply!("problem_not_found", holder.get("/v1/nothing").await);
    assert_reply!("problem_method_not_allowed", holder.send("DELETE", "/v1/me", None, &[]).await);
    assert_reply!("problem_unknown_application", holder.get("/v1/applications/x").await);
    let wrong = json!({
        "identity_document": { "kind": "resident_identity_card", "number": "110105194912310021" },
        "mobile": "123",
        "email": "nobody",
        "issued_on": "2023-02-29",
    });
    assert_reply!("problem_invalid_fields", holder.save_profile(wrong).await);
    assert_reply!("problem_wrong_shape", holder.save_profile(json!({ "nickname": "x" })).await);
    let malformed = json!({ "code": 1 });
    assert_reply!("problem_wrong_type", nobody.post("/v1/session/wechat", malformed).await);
    assert_reply!("problem_query", world.staff("chushen").await.get("/v1/review/queue?limit=many").await);

    holder.save_profile(form(1)).await.expect(200);
    let application = holder.open("first").await;
    let again = holder.post("/v1/applications", json!({ "kind": "first" })).await;
    assert_reply!("problem_already_open", again);
    let path = format!("/v1/applications/{application}");
    let edit = |headers: &'static [(&str, &str)]| {
        let (holder, path) = (holder.clone(), path.clone());
        async move { holder.send("PATCH", &path, Some(json!({ "name": "李四" })), headers).await }
    };
    assert_reply!("problem_version_required", edit(&[]).await);
    assert_reply!("problem_version_stale", edit(&[("If-Match", "\"9\"")]).await);
    let keyed = async |kind: &str| {
        let body = Some(json!({ "kind": kind }));
        holder.send("POST", "/v1/applications", body, &[("Idempotency-Key", "k1")]).await
    };
    holder.post_empty(&format!("{path}/withdrawal")).await.expect(200);
    keyed("first").await.expect(201);
    assert_reply!("problem_idempotency_key_reused", keyed("renewal").await);
    let renewal = holder.post("/v1/applications", json!({ "kind": "renewal" })).await;
    assert_reply!("problem_no_active_registration", renewal);
}

#[tokio::test]
async fn problems_of_time() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    holder.register(1).await;
    let me = holder.get("/v1/me").await.expect(200);
    let mended = holder.save_profile(json!({ "name": "张小雯" })).await;
    assert_reply!("problem_change_needs_application", mended);
    world.put("2028-11-01T10:00:00+08:00");
    assert_reply!("problem_token_expired", holder.get("/v1/me").await);
    let holder = world.holder("zhang").await;
    let application = holder.open("renewal").await;
    holder.attach(&application, "photo").await;
    holder.edit(&application, json!({ "declaration": true })).await.expect(200);
    assert_reply!("problem_renewal_too_early", holder.submit(&application).await);
    world.put("2029-02-01T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    world.record_hours(&me.text("/holder_id"), "2026-03-02", "2027-05-01", 895).await;
    assert_reply!("readiness_renewal", holder.get("/v1/me/readiness").await);
    assert_reply!("problem_hours_short", holder.submit(&application).await);
    world.put("2029-03-03T00:00:00+08:00");
    let holder = world.holder("zhang").await;
    assert_reply!("problem_renewal_window_closed", holder.submit(&application).await);
}

#[tokio::test]
async fn a_renewal_that_is_returned() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    holder.register(1).await;
    let me = holder.get("/v1/me").await.expect(200);
    world.put("2029-02-01T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    world.record_hours(&me.text("/holder_id"), "2026-03-02", "2027-05-01", 900).await;
    let application = holder.open("renewal").await;
    holder.attach(&application, "photo").await;
    holder.edit(&application, json!({ "declaration": true })).await.expect(200);
    holder.submit(&application).await.expect(200);
    assert_reply!("readiness_renewal_waiting", holder.get("/v1/me/readiness").await);
    let reason = json!({ "part": "photo", "ground": "unclear_attachment" });
    let decision = json!({ "outcome": "return", "reasons": [reason] });
    world.staff("chushen").await.decide(&application, decision).await.expect(200);
    // Past the registration's last day, and still to be mended.
    world.put("2029-03-20T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    assert_reply!("readiness_renewal_returned", holder.get("/v1/me/readiness").await);
    world.put("2029-04-03T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    assert_reply!("readiness_mend_period_over", holder.get("/v1/me/readiness").await);
}
