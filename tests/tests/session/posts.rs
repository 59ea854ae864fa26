//! Changing a member of staff's post: versions, areas, one's own account, and what it does to whoever is signed in.

use super::house::{House, Staff, field_codes};
use domain::{
    actor::{Actor, Role},
    application::JournalAction,
};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use tests::Reply;

async fn patch(house: &House, token: &str, staff: &Staff, version: u64, body: Value) -> Reply {
    let path = format!("/v1/staff/{}", staff.id);
    house.send("PATCH", &path, Some(token), Some(body), &[("If-Match", &format!("\"{version}\""))]).await
}

async fn provider(house: &House) -> Staff {
    house.appoint("wang.wu", &[Role::Provider], "4201").await
}

async fn listed(house: &House, token: &str) -> Vec<(String, Value, u64)> {
    let page = house.send("GET", "/v1/staff", Some(token), None, &[]).await.expect(200);
    let items = page.body["items"].as_array().unwrap().iter();
    let text = |item: &Value| item["username"].as_str().unwrap().to_owned();
    items.map(|item| (text(item), item["area"].clone(), item["version"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn a_change_is_made_on_the_version_that_was_seen() {
    let house = House::new().await;
    let (administrator, token) = house.administrator("admin", "42").await;
    let staff = provider(&house).await;
    let path = format!("/v1/staff/{}", staff.id);
    let body = json!({ "name": "王小五" });
    let blind = house.send("PATCH", &path, Some(&token), Some(body.clone()), &[]).await.expect(428);
    assert_eq!(blind.code(), "version_required");
    assert_eq!(patch(&house, &token, &staff, 2, body.clone()).await.expect(412).code(), "version_stale");
    let changed = patch(&house, &token, &staff, 1, body.clone()).await.expect(200);
    assert_eq!((changed.etag(), changed.text("/name")), ("\"2\"".to_owned(), "王小五".to_owned()));
    assert_eq!(patch(&house, &token, &staff, 1, body.clone()).await.expect(412).code(), "version_stale");
    let same = patch(&house, &token, &staff, 2, body).await.expect(200);
    assert_eq!(same.etag(), "\"2\"", "nothing changed, so nothing was written");
    let journal = house.journal(&staff.id).await;
    assert_eq!(journal.len(), 2);
    assert_eq!(journal[1].entry.action, JournalAction::AccountChanged);
    assert_eq!(journal[1].entry.actor, Actor::Staff(administrator.id));
    let entry = house.raw(&format!("JOURNAL#{}", staff.id), "0000000002").await;
    assert!(entry.contains("王小五"), "the journal says what it was changed to: {entry}");
}

#[tokio::test]
async fn attempts_to_sign_in_dont_make_a_version_stale() {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    let staff = provider(&house).await;
    house.sign_in(&staff).await.expect(200);
    house.try_in(&staff.username, "wrong", "000000").await.expect(401);
    let guesses = join_all((0..3).map(|_| house.try_in(&staff.username, "wrong", "000000")));
    let (_, changed) = tokio::join!(guesses, patch(&house, &token, &staff, 1, json!({ "name": "王小五" })));
    changed.expect(200);
}

#[tokio::test]
async fn a_retried_change_is_answered_as_the_first() {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    let staff = provider(&house).await;
    let path = format!("/v1/staff/{}", staff.id);
    let send = async |body: Value| {
        let headers = [("If-Match", "\"1\""), ("Idempotency-Key", "k1")];
        house.send("PATCH", &path, Some(&token), Some(body), &headers).await
    };
    let first = send(json!({ "area": "4202" })).await.expect(200);
    let again = send(json!({ "area": "4202" })).await.expect(200);
    assert_eq!((first.body, first.headers["etag"].clone()), (again.body, again.headers["etag"].clone()));
    assert_eq!(send(json!({ "area": "4203" })).await.expect(422).code(), "idempotency_key_reused");
    assert_eq!(house.journal(&staff.id).await.len(), 2);
}

#[tokio::test]
async fn of_changes_at_the_same_time_one_is_made() {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    let staff = provider(&house).await;
    let names = ["王一", "王二", "王三", "王四"];
    let replies = join_all(names.map(|name| patch(&house, &token, &staff, 1, json!({ "name": name })))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status.is_success()).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.code() == "version_stale").count(), 3);
}

#[tokio::test]
async fn a_change_of_roles_or_area_or_state_ends_every_sign_in_for_good() {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    let staff = provider(&house).await;
    let mut version = 1;
    for change in [
        json!({ "roles": ["final_reviewer"], "area": "42" }),
        json!({ "area": "42", "roles": ["provider"] }),
        json!({ "area": "4205" }),
        json!({ "disabled": true }),
    ] {
        let signed_in = house.sign_in(&staff).await.expect(200).text("/refresh_token");
        patch(&house, &token, &staff, version, change.clone()).await.expect(200);
        version += 1;
        let reply = house.refresh(&signed_in).await.expect(401);
        assert_eq!(reply.code(), "refresh_token_ended", "{change}");
        if change["disabled"] == true {
            house.sign_in(&staff).await.expect(401);
            patch(&house, &token, &staff, version, json!({ "disabled": false })).await.expect(200);
            let reply = house.refresh(&signed_in).await.expect(401);
            assert_eq!(reply.code(), "refresh_token_ended", "enabling brings no old sign-in back");
            house.sign_in(&staff).await.expect(200);
        }
    }
}

#[tokio::test]
async fn a_refreshed_token_says_what_the_account_is_now() {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    let staff = provider(&house).await;
    let signed_in = house.sign_in(&staff).await.expect(200);
    patch(&house, &token, &staff, 1, json!({ "name": "王小五" })).await.expect(200);
    let refreshed = house.refresh(&signed_in.text("/refresh_token")).await.expect(200);
    assert_eq!(refreshed.text("/name"), "王小五");
    assert_eq!(house.principal(&refreshed.text("/access_token")).await.name.as_deref(), Some("王小五"));
}

#[tokio::test]
async fn an_account_that_moves_to_another_area_moves_in_the_list() {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    let (_, wuhan) = house.administrator("wuhan", "4201").await;
    let staff = provider(&house).await;
    patch(&house, &token, &staff, 1, json!({ "area": "4205" })).await.expect(200);
    let entry = ("wang.wu".to_owned(), json!("4205"), 2);
    let everyone = listed(&house, &token).await;
    assert_eq!(everyone.iter().filter(|(username, ..)| username == "wang.wu").collect::<Vec<_>>(), [&entry]);
    assert!(!listed(&house, &wuhan).await.iter().any(|(username, ..)| username == "wang.wu"));
    let reply = patch(&house, &wuhan, &staff, 2, json!({ "name": "王小五" })).await.expect(404);
    assert_eq!(reply.code(), "unknown_account", "nobody learns of accounts outside their area");
}

#[rstest]
#[case::out_of_reach(json!({ "area": "43" }), 403, "outside_area", "")]
#[case::the_whole_country(json!({ "area": null }), 403, "outside_area", "")]
#[case::no_area(json!({ "area": "4" }), 422, "invalid_fields", "malformed")]
#[case::no_role(json!({ "roles": [] }), 422, "invalid_fields", "missing")]
#[case::no_staff_role(json!({ "roles": ["holder"] }), 422, "invalid_fields", "not_a_staff_role")]
#[case::a_stage_of_another_area(json!({ "roles": ["final_reviewer"] }), 422, "invalid_fields", "wrong_area")]
#[case::no_name(json!({ "name": "6" }), 422, "invalid_fields", "malformed")]
#[case::the_username(json!({ "username": "zhao" }), 422, "invalid_fields", "wrong_shape")]
#[tokio::test]
async fn a_post_that_cannot_be_is_refused_and_changes_nothing(
    #[case] body: Value,
    #[case] status: u16,
    #[case] code: &str,
    #[case] of_field: &str,
) {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    let staff = provider(&house).await;
    let reply = patch(&house, &token, &staff, 1, body).await.expect(status);
    assert_eq!(reply.code(), code);
    assert_eq!(field_codes(&reply).first().map_or("", |(_, code)| code), of_field);
    assert_eq!(house.journal(&staff.id).await.len(), 1);
    assert!(listed(&house, &token).await.contains(&("wang.wu".to_owned(), json!("4201"), 1)));
}

#[tokio::test]
async fn nobody_changes_their_own_post() {
    let house = House::new().await;
    let (own, token) = house.administrator("admin", "42").await;
    for change in [
        json!({ "roles": ["administrator", "final_reviewer"] }),
        json!({ "area": "4201" }),
        json!({ "disabled": true }),
        json!({ "name": "王小五", "disabled": true }),
    ] {
        assert_eq!(patch(&house, &token, &own, 1, change).await.expect(403).code(), "own_account");
    }
    patch(&house, &token, &own, 1, json!({ "name": "王小五", "disabled": false })).await.expect(200);
}

#[tokio::test]
async fn an_administrator_who_was_dismissed_appoints_nobody_with_the_token_they_still_have() {
    let house = House::new().await;
    let (_, root) = house.administrator("root", "").await;
    let (disabled, disabled_token) = house.administrator("disabled", "42").await;
    let (demoted, demoted_token) = house.administrator("demoted", "42").await;
    let (moved, moved_token) = house.administrator("moved", "42").await;
    let staff = provider(&house).await;
    patch(&house, &root, &disabled, 1, json!({ "disabled": true })).await.expect(200);
    patch(&house, &root, &demoted, 1, json!({ "roles": ["provider"] })).await.expect(200);
    patch(&house, &root, &moved, 1, json!({ "area": "43" })).await.expect(200);
    for token in [disabled_token, demoted_token, moved_token] {
        let body = json!({ "username": "zhao", "name": "赵六", "roles": ["administrator"], "area": "42" });
        let made = house.send("POST", "/v1/staff", Some(&token), Some(body), &[]).await.expect(403);
        assert_eq!(made.code(), "appointment_changed");
        let changed = patch(&house, &token, &staff, 1, json!({ "name": "王小五" })).await.expect(403);
        assert_eq!(changed.code(), "appointment_changed");
        let path = format!("/v1/staff/{}/reset", staff.id);
        let reset = house.send("POST", &path, Some(&token), None, &[]).await.expect(403);
        assert_eq!(reset.code(), "appointment_changed");
    }
    house.sign_in(&staff).await.expect(200);
}
