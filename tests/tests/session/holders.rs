//! Holders sign in: by WeChat, and through a back end of their mini-program.

use super::house::{APP, CLIENT, CLIENT_SECRET, House, KEYS_TABLE, field_codes, holder_of, refusal, send};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::{
    body::Body,
    http::{Request, header},
};
use common::auth::principal::Principal;
use futures_util::future::join_all;
use local::wechat::Trouble;
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::Reply;
use tower::ServiceExt;

async fn with_key(house: &House, code: &str, key: &str) -> Reply {
    let body = Some(json!({ "code": code }));
    house.send("POST", "/v1/session/wechat", None, body, &[("Idempotency-Key", key)]).await
}

fn client_input(secret: &str, open_id: &str) -> Value {
    json!({ "client_id": CLIENT, "client_secret": secret, "open_id": open_id })
}

#[tokio::test]
async fn the_first_sign_in_makes_a_holder_and_the_next_ones_find_them() {
    let house = House::new().await;
    let first = house.holder("li").await;
    assert_eq!(first.body["token_type"], "Bearer");
    assert_eq!(first.body["expires_in"], 1800);
    assert_eq!(first.body["roles"], json!(["holder"]));
    let now = house.now();
    let expires_at = first.text("/expires_at").parse().unwrap();
    assert!(now < expires_at && expires_at <= now.plus_seconds(1800));
    let refresh_expires_at = first.text("/refresh_expires_at").parse().unwrap();
    assert!(now.plus_seconds(29 * 86_400) < refresh_expires_at);
    assert_eq!(first.headers["cache-control"], "no-store");

    let holder = holder_of(&first);
    let principal = house.principal(&first.text("/access_token")).await;
    assert_eq!(principal, Principal::holder(holder.clone(), None));
    assert_eq!(holder_of(&house.holder("li").await), holder);
    assert_ne!(holder_of(&house.holder("wang").await), holder);
    let open_id = house.wechat.open_id("li");
    assert!(!first.body.to_string().contains(&open_id), "nobody is told an open id");
}

#[tokio::test]
async fn parallel_first_sign_ins_give_one_holder() {
    let house = House::new().await;
    let open_id = house.wechat.open_id("li");
    let by_client = async || house.post("/v1/session/client", client_input(CLIENT_SECRET, &open_id)).await;
    let (by_wechat, by_client) =
        tokio::join!(join_all((0..12).map(|_| house.holder("li"))), join_all((0..12).map(|_| by_client())));
    let replies = by_wechat.into_iter().chain(by_client.into_iter().map(|reply| reply.expect(200)));
    let holders: BTreeSet<_> = replies.map(|reply| holder_of(&reply)).collect();
    assert_eq!(holders.len(), 1, "{holders:?}");
}

#[tokio::test]
async fn a_retried_sign_in_answers_the_same_holder_with_fresh_tokens() {
    let house = House::new().await;
    let first = with_key(&house, "demo-li-1", "k1").await.expect(200);
    let again = with_key(&house, "demo-li-1", "k1").await.expect(200);
    assert_eq!(holder_of(&again), holder_of(&first));
    for token in ["/access_token", "/refresh_token"] {
        assert_ne!(again.text(token), first.text(token));
    }
    house.refresh(&first.text("/refresh_token")).await.expect(200);
    house.refresh(&again.text("/refresh_token")).await.expect(200);

    let bare = house.post("/v1/session/wechat", json!({ "code": "demo-li-1" })).await.expect(401);
    assert_eq!(bare.code(), "wechat_code_used");
    assert_eq!(with_key(&house, "demo-li-1", "k2").await.expect(401).code(), "wechat_code_used");
    for code in ["demo-li-2", "nonsense"] {
        assert_eq!(with_key(&house, code, "k1").await.expect(422).code(), "idempotency_key_reused", "{code}");
    }

    house.pass(599 - 5);
    with_key(&house, "demo-li-1", "k1").await.expect(200);
    house.pass(10);
    assert_eq!(with_key(&house, "demo-li-1", "k1").await.expect(401).code(), "wechat_code_used");
    with_key(&house, "demo-li-3", "k1").await.expect(200);
}

#[tokio::test]
async fn what_is_remembered_of_a_sign_in_is_the_holder_and_no_token() {
    let house = House::new().await;
    let reply = with_key(&house, "demo-li-1", "k1").await.expect(200);
    let key = AttributeValue::S(format!("wechat:{APP}#k1"));
    let found = house.parts.dynamodb().get_item().table_name(KEYS_TABLE).key("pk", key).send().await.unwrap();
    let kept = format!("{:?}", found.item.unwrap());
    assert!(kept.contains(holder_of(&reply).as_str()));
    for secret in [&reply.text("/access_token"), &reply.text("/refresh_token"), "demo-li-1"] {
        assert!(!kept.contains(secret), "{kept}");
    }
}

#[tokio::test]
async fn the_same_request_twice_at_the_same_time_answers_the_same_holder() {
    let house = House::new().await;
    let (one, other) = tokio::join!(with_key(&house, "demo-li-1", "k1"), with_key(&house, "demo-li-1", "k1"));
    assert_eq!(holder_of(&one.expect(200)), holder_of(&other.expect(200)));
}

#[tokio::test]
async fn a_new_person_whose_key_was_used_is_not_made_a_holder() {
    let house = House::new().await;
    with_key(&house, "demo-li-1", "k1").await.expect(200);
    with_key(&house, "demo-wang-1", "k1").await.expect(422);
    let link = common::store::WeChatLink {
        app_id: APP.to_owned(),
        open_id: house.wechat.open_id("wang").parse().unwrap(),
    };
    assert_eq!(house.store().wechat_holder(&link).await.unwrap(), None);
}

#[tokio::test]
async fn each_trouble_with_wechat_has_its_own_answer() {
    let house = House::new().await;
    let sign_in = async |code: &str| house.post("/v1/session/wechat", json!({ "code": code })).await;
    house.wechat.fail_next(1, Trouble::Busy);
    house.wechat.fail_next(1, Trouble::RateLimited);
    let busy = sign_in("demo-li-1").await.expect(503);
    assert_eq!((busy.code(), &busy.headers["retry-after"]), ("wechat_busy", &"2".parse().unwrap()));
    let limited = sign_in("demo-li-1").await.expect(429);
    assert_eq!(
        (limited.code(), &limited.headers["retry-after"]),
        ("wechat_rate_limited", &"60".parse().unwrap())
    );
    assert_eq!(sign_in("nonsense").await.expect(401).code(), "wechat_code_invalid");
    assert_eq!(sign_in("").await.expect(401).code(), "wechat_code_invalid");
    sign_in("demo-li-1").await.expect(200);
    assert_eq!(sign_in("demo-li-1").await.expect(401).code(), "wechat_code_used");

    let elsewhere = json!({ "app_id": "wx2", "code": "demo-li-2" });
    let unknown = house.post("/v1/session/wechat", elsewhere).await.expect(422);
    assert_eq!(field_codes(&unknown), [("app_id".to_owned(), "unknown_app".to_owned())]);
    let named = json!({ "app_id": APP, "code": "demo-li-3" });
    house.post("/v1/session/wechat", named).await.expect(200);

    let body = || Some(json!({ "code": "demo-li-4" }));
    let misconfigured = house.configured("WECHAT_APPS", "wx1:another secret");
    let reply = send(&misconfigured, "POST", "/v1/session/wechat", None, body(), &[]).await.expect(502);
    assert_eq!(reply.code(), "wechat_rejected");
    assert!(!reply.body.to_string().contains("another secret"));
    let away = house.configured("WECHAT_BASE_URL", "http://127.0.0.1:9");
    let reply = send(&away, "POST", "/v1/session/wechat", None, body(), &[]).await.expect(503);
    assert_eq!(reply.code(), "wechat_unreachable");
}

#[tokio::test]
async fn a_back_end_signs_its_user_in_as_wechat_would() {
    let house = House::new().await;
    let holder = holder_of(&house.holder("li").await);
    let open_id = house.wechat.open_id("li");
    let reply = house.post("/v1/session/client", client_input(CLIENT_SECRET, &open_id)).await.expect(200);
    assert_eq!(holder_of(&reply), holder);
    let expected = Principal::holder(holder, Some(CLIENT.to_owned()));
    assert_eq!(house.principal(&reply.text("/access_token")).await, expected);
    let refreshed = house.refresh(&reply.text("/refresh_token")).await.expect(200);
    assert_eq!(house.principal(&refreshed.text("/access_token")).await, expected);

    let gone = house.configured("SERVICE_CLIENTS", "");
    let body = json!({ "refresh_token": refreshed.text("/refresh_token") });
    let reply = send(&gone, "POST", "/v1/session/refresh", None, Some(body), &[]).await.expect(401);
    assert_eq!(reply.code(), "refresh_token_ended", "a client that's no longer known acts for nobody");
}

#[tokio::test]
async fn a_client_that_is_not_known_by_its_secret_is_refused_in_one_way() {
    let house = House::new().await;
    let open_id = house.wechat.open_id("li");
    let wrong = house.post("/v1/session/client", client_input("a guess", &open_id)).await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (401, "client_refused"));
    let mut stranger = client_input(CLIENT_SECRET, &open_id);
    stranger["client_id"] = json!("stranger");
    assert_eq!(refusal(&house.post("/v1/session/client", stranger).await), refusal(&wrong));
    let malformed = house.post("/v1/session/client", client_input("a guess", "not an open id")).await;
    assert_eq!(refusal(&malformed), refusal(&wrong), "who isn't known isn't told more");
    let malformed = house.post("/v1/session/client", client_input(CLIENT_SECRET, "a#b")).await.expect(422);
    assert_eq!(field_codes(&malformed), [("open_id".to_owned(), "malformed".to_owned())]);
}

#[rstest]
#[case::not_json("{", "application/json", 400, "malformed_json")]
#[case::another_type("{}", "text/plain", 415, "not_json")]
#[case::nothing("", "application/json", 400, "body_missing")]
#[case::a_number(r#"{"code":1}"#, "application/json", 422, "invalid_fields")]
#[case::a_field_more(r#"{"code":"a","secret":"b"}"#, "application/json", 422, "invalid_fields")]
#[case::ten_megabytes(&"x".repeat(10_000_000), "application/json", 413, "body_too_large")]
#[tokio::test]
async fn a_body_that_is_no_sign_in_is_refused(
    #[case] body: &str,
    #[case] content_type: &str,
    #[case] status: u16,
    #[case] code: &str,
) {
    let house = House::new().await;
    let request = Request::post("/v1/session/wechat").header(header::CONTENT_TYPE, content_type);
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let reply = house.router.clone().oneshot(request).await.unwrap();
    assert_eq!(reply.status().as_u16(), status);
    let bytes = axum::body::to_bytes(reply.into_body(), usize::MAX).await.unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap()["code"], code);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_before_the_code_is_used() {
    let house = House::new().await;
    for key in ["", "two words", &"k".repeat(129)] {
        let reply = with_key(&house, "demo-li-1", key).await.expect(400);
        assert_eq!(reply.code(), "invalid_idempotency_key");
    }
    with_key(&house, "demo-li-1", "k1").await.expect(200);
}
