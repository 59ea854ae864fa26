//! Staff accounts as administrators see them: appointing, the list, and who may not look.

use super::house::{House, Staff, field_codes};
use common::auth::totp::TotpSecret;
use domain::{
    actor::{Actor, Role},
    application::JournalAction,
};
use futures_util::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};
use tests::Reply;

async fn appoint(house: &House, token: &str, body: Value) -> Reply {
    house.send("POST", "/v1/staff", Some(token), Some(body), &[]).await
}

fn input(username: &str, role: &str, area: impl Into<Value>) -> Value {
    json!({ "username": username, "name": "赵六", "roles": [role], "area": area.into() })
}

async fn list(house: &House, token: &str, query: &str) -> Reply {
    house.send("GET", &format!("/v1/staff{query}"), Some(token), None, &[]).await
}

fn usernames(page: &Reply) -> Vec<String> {
    let items = page.body["items"].as_array().unwrap();
    items.iter().map(|item| item["username"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn whoever_is_appointed_signs_in_with_what_was_handed_over() {
    let house = House::new().await;
    let (administrator, token) = house.administrator("admin", "42").await;
    let number = tests::identity_number(1);
    let mut body = input("Zhao.Liu", "final_reviewer", "42");
    body["identity_document"] = json!({ "kind": "resident_identity_card", "number": number });
    let made = appoint(&house, &token, body).await.expect(201);
    assert_eq!(made.etag(), "\"1\"");
    assert_eq!((made.text("/username"), made.text("/name")), ("zhao.liu".to_owned(), "赵六".to_owned()));
    assert_eq!((&made.body["disabled"], &made.body["version"]), (&json!(false), &json!(1)));
    let (password, secret) = (made.text("/password"), made.text("/totp_secret"));
    assert_eq!(password.len(), 19, "four groups of four");
    let uri = made.text("/provisioning_uri");
    assert!(
        uri.starts_with("otpauth://totp/") && uri.contains(&secret) && uri.contains("zhao%2Eliu"),
        "{uri}"
    );

    let id = made.text("/id").parse().unwrap();
    let totp = TotpSecret::from_base32(&secret).unwrap();
    let staff = Staff { id, username: "zhao.liu".to_owned(), password, totp };
    let reply = house.sign_in(&staff).await.expect(200);
    let own = house.app.store.cipher().identity_key(&format!("resident_identity_card:{number}"));
    assert_eq!(house.principal(&reply.text("/access_token")).await.identity, Some(own));
    let journal = house.journal(&staff.id).await;
    assert_eq!(journal[0].entry.action, JournalAction::AccountAppointed);
    assert_eq!(journal[0].entry.actor, Actor::Staff(administrator.id));
    assert_eq!(journal[0].entry.from, "203.0.113.7");
}

#[tokio::test]
async fn a_username_is_taken_once() {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    let made = join_all((0..6).map(|_| appoint(&house, &token, input("zhao", "provider", "42")))).await;
    assert_eq!(made.iter().filter(|reply| reply.status.as_u16() == 201).count(), 1);
    let refused = made.iter().filter(|reply| reply.code() == "username_taken").count();
    assert_eq!(refused, 5);
    assert_eq!(
        appoint(&house, &token, input("ZHAO", "provider", "42")).await.expect(409).code(),
        "username_taken"
    );
}

#[rstest]
#[case::the_whole_country("", "final_reviewer", json!("42"), None)]
#[case::another_of_the_whole_country("", "administrator", json!(null), None)]
#[case::same_area("42", "administrator", json!("42"), None)]
#[case::within("42", "preliminary_reviewer", json!("4205"), None)]
#[case::further_within("42", "provider", json!("420106"), None)]
#[case::elsewhere("42", "provider", json!("43"), Some((403, "outside_area", "")))]
#[case::above("4201", "final_reviewer", json!("42"), Some((403, "outside_area", "")))]
#[case::beside("4201", "provider", json!("4202"), Some((403, "outside_area", "")))]
#[case::everywhere("42", "provider", json!(null), Some((403, "outside_area", "")))]
#[case::too_large_for_the_stage("42", "preliminary_reviewer", json!("42"), Some((422, "invalid_fields", "wrong_area")))]
#[case::too_small_for_the_stage("42", "final_reviewer", json!("4201"), Some((422, "invalid_fields", "wrong_area")))]
#[case::no_area_for_a_stage("", "final_reviewer", json!(null), Some((422, "invalid_fields", "wrong_area")))]
#[case::a_holder("42", "holder", json!("42"), Some((422, "invalid_fields", "not_a_staff_role")))]
#[case::a_back_end("42", "service", json!("42"), Some((422, "invalid_fields", "not_a_staff_role")))]
#[case::no_such_role("42", "king", json!("42"), Some((422, "invalid_fields", "wrong_shape")))]
#[tokio::test]
async fn an_administrator_appoints_within_their_own_area(
    #[case] reach: &str,
    #[case] role: &str,
    #[case] area: Value,
    #[case] refused: Option<(u16, &str, &str)>,
) {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", reach).await;
    let reply = appoint(&house, &token, input("zhao", role, area)).await;
    let Some((status, code, of_field)) = refused else {
        reply.expect(201);
        return;
    };
    let reply = reply.expect(status);
    assert_eq!(reply.code(), code);
    assert_eq!(field_codes(&reply).first().map_or("", |(_, code)| code), of_field);
    assert!(house.store().account(&house.store().staff_id("zhao")).await.unwrap().is_none());
}

#[tokio::test]
async fn all_that_is_wrong_is_named_at_once() {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    let body = json!({
        "username": "a b", "name": "6", "roles": ["provider"], "area": "999",
        "identity_document": { "kind": "resident_identity_card", "number": "11010519491231002Y" },
    });
    let reply = appoint(&house, &token, body).await.expect(422);
    let fields: Vec<_> = field_codes(&reply).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["area", "identity_document", "username", "name"]);
    assert!(!reply.body.to_string().contains("11010519491231002Y"));
    let reply = appoint(&house, &token, json!({ "username": "zhao", "name": "赵六", "roles": [] })).await;
    assert_eq!(field_codes(&reply.expect(422)), [("roles".to_owned(), "missing".to_owned())]);
}

#[tokio::test]
async fn an_administrator_pages_through_their_own_area_and_no_other() {
    let house = House::new().await;
    let (_, everywhere) = house.administrator("root", "").await;
    let (_, hubei) = house.administrator("admin", "42").await;
    let (_, wuhan) = house.administrator("wuhan", "4201").await;
    for (username, area) in [("b", "4201"), ("a", "4201"), ("c", "420106"), ("d", "4205"), ("e", "43")] {
        house.appoint(&format!("staff-{username}"), &[Role::Provider], area).await;
    }
    let all = ["admin", "staff-a", "staff-b", "wuhan", "staff-c", "staff-d", "staff-e", "root"];
    assert_eq!(
        usernames(&list(&house, &wuhan, "").await.expect(200)),
        ["staff-a", "staff-b", "wuhan", "staff-c"]
    );

    for (token, expected) in [(&everywhere, &all[..]), (&hubei, &all[..6])] {
        let mut found = Vec::new();
        let mut query = "?limit=2".to_owned();
        loop {
            let page = list(&house, token, &query).await.expect(200);
            let names = usernames(&page);
            assert!((1..=2).contains(&names.len()));
            found.extend(names);
            let Some(next) = page.body["next"].as_str() else { break };
            query = format!("?limit=2&cursor={next}");
        }
        let mut wanted: Vec<_> = expected.iter().map(ToString::to_string).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted);
    }
}

#[rstest]
#[case::nonsense("nonsense")]
#[case::of_another_area("IjQzI3N0YWZmLWUi")]
#[case::beyond_the_end("IjQyfn5-Ig")]
#[tokio::test]
async fn a_cursor_of_no_page_of_this_list_is_refused(#[case] cursor: &str) {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    house.appoint("staff-e", &[Role::Provider], "43").await;
    let reply = list(&house, &token, &format!("?cursor={cursor}")).await.expect(400);
    assert_eq!(reply.code(), "invalid_cursor");
}

#[tokio::test]
async fn the_list_shows_no_secret_and_bounds_its_pages() {
    let house = House::new().await;
    let (admin, token) = house.administrator("admin", "42").await;
    let page = list(&house, &token, "?limit=100000").await.expect(200);
    let shown = page.body.to_string();
    for hidden in ["argon2", "totp", "password", &admin.totp.to_base32()] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert_eq!(usernames(&list(&house, &token, "?limit=0").await.expect(200)).len(), 1);
    assert_eq!(list(&house, &token, "?limit=many").await.expect(400).code(), "invalid_query");
}

#[tokio::test]
async fn nobody_but_an_administrator_touches_accounts() {
    let house = House::new().await;
    let reviewer = house.appoint("wang.wu", &[Role::FinalReviewer], "42").await;
    let reviewer_token = house.sign_in(&reviewer).await.expect(200).text("/access_token");
    let holder_token = house.holder("li").await.text("/access_token");
    let account = format!("/v1/staff/{}", reviewer.id);
    let reset = format!("{account}/reset");
    for (method, path) in [("GET", "/v1/staff"), ("POST", "/v1/staff"), ("PATCH", &account), ("POST", &reset)]
    {
        for (token, status, code) in [
            (None, 401, "token_missing"),
            (Some(&holder_token), 403, "forbidden"),
            (Some(&reviewer_token), 403, "forbidden"),
        ] {
            let token = token.map(String::as_str);
            let reply = house.send(method, path, token, Some(json!({})), &[("If-Match", "\"1\"")]).await;
            assert_eq!((reply.status.as_u16(), reply.code()), (status, code), "{method} {path}");
        }
    }
}
