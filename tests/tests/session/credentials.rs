//! Passwords and second factors: changing one's own, being given new ones, and what is kept of them.

use super::house::{House, field_codes};
use common::auth::totp::TotpSecret;
use domain::{actor::Role, application::JournalAction};
use serde_json::{Value, json};
use session::{NewStaff, appoint_demo};
use tests::Reply;

const NEW: &str = "五月的第一个晴天，适合出门";

async fn change(house: &House, token: &str, old: &str, new: &str, code: &str) -> Reply {
    let body: Value = json!({ "old": old, "new": new, "code": code });
    house.send("POST", "/v1/staff/me/password", Some(token), Some(body), &[]).await
}

#[tokio::test]
async fn a_password_is_changed_with_the_old_one_and_a_code() {
    let house = House::new().await;
    let staff = house.appoint("wang.wu", &[Role::Provider], "42").await;
    let other = house.sign_in(&staff).await.expect(200);
    let here = house.sign_in(&staff).await.expect(200);
    let token = here.text("/access_token");
    house.pass(31);
    let code = staff.totp.code_at(house.now());

    let weak = change(&house, &token, &staff.password, "short", &code).await.expect(422);
    assert_eq!(field_codes(&weak), [("new".to_owned(), "password_length".to_owned())]);
    let wrong = change(&house, &token, "wrong", NEW, &code).await.expect(403);
    assert_eq!(wrong.code(), "sign_in_refused");
    let changed = change(&house, &token, &staff.password, NEW, &code).await.expect(200);
    assert_eq!(changed.body["staff_id"], json!(staff.id));
    for ended in [&other, &here] {
        let reply = house.refresh(&ended.text("/refresh_token")).await.expect(401);
        assert_eq!(reply.code(), "refresh_token_ended");
    }
    house.refresh(&changed.text("/refresh_token")).await.expect(200);

    house.sign_in(&staff).await.expect(401);
    let staff = super::house::Staff { password: NEW.to_owned(), ..staff };
    house.sign_in(&staff).await.expect(200);
    let journal = house.journal(&staff.id).await;
    let actions: Vec<_> = journal.iter().map(|line| line.entry.action).skip(3).collect();
    assert_eq!(
        actions,
        [
            JournalAction::SignInFailed,
            JournalAction::PasswordChanged,
            JournalAction::SignInFailed,
            JournalAction::SignedIn
        ]
    );
}

#[tokio::test]
async fn guessing_the_old_password_locks_the_account_too() {
    let house = House::new().await;
    let staff = house.appoint("wang.wu", &[Role::Provider], "42").await;
    let token = house.sign_in(&staff).await.expect(200).text("/access_token");
    for _ in 0..10 {
        change(&house, &token, "a guess", NEW, "000000").await.expect(403);
    }
    house.pass(31);
    let code = staff.totp.code_at(house.now());
    change(&house, &token, &staff.password, NEW, &code).await.expect(403);
    house.sign_in(&staff).await.expect(401);
}

#[tokio::test]
async fn only_staff_have_a_password_to_change() {
    let house = House::new().await;
    let holder = house.holder("li").await.text("/access_token");
    assert_eq!(change(&house, &holder, "x", NEW, "000000").await.expect(403).code(), "forbidden");
    let body = Some(json!({ "old": "x", "new": NEW, "code": "000000" }));
    let reply = house.send("POST", "/v1/staff/me/password", None, body, &[]).await.expect(401);
    assert_eq!(reply.code(), "token_missing");
}

#[tokio::test]
async fn a_reset_hands_over_new_credentials_and_ends_what_was() {
    let house = House::new().await;
    let (administrator, token) = house.administrator("admin", "42").await;
    let staff = house.appoint("wang.wu", &[Role::Provider], "4201").await;
    let before = house.sign_in(&staff).await.expect(200);
    for _ in 0..10 {
        house.try_in("wang.wu", "wrong", "000000").await.expect(401);
    }
    let path = format!("/v1/staff/{}/reset", staff.id);
    let reset = house.send("POST", &path, Some(&token), None, &[]).await.expect(200);
    assert_eq!((reset.text("/username"), reset.etag()), ("wang.wu".to_owned(), "\"1\"".to_owned()));
    let ended = house.refresh(&before.text("/refresh_token")).await.expect(401);
    assert_eq!(ended.code(), "refresh_token_ended");
    house.sign_in(&staff).await.expect(401);
    let anew = super::house::Staff {
        password: reset.text("/password"),
        totp: TotpSecret::from_base32(&reset.text("/totp_secret")).unwrap(),
        ..staff.clone()
    };
    house.sign_in(&anew).await.expect(200);
    assert!(house.journal(&staff.id).await.iter().any(|l| l.entry.action == JournalAction::CredentialsReset));

    let own = format!("/v1/staff/{}/reset", administrator.id);
    assert_eq!(house.send("POST", &own, Some(&token), None, &[]).await.expect(403).code(), "own_account");
    let elsewhere = house.appoint("zhao", &[Role::Provider], "43").await;
    for id in [elsewhere.id.as_str(), "0123456789abcdef", "nonsense", "me"] {
        let path = format!("/v1/staff/{id}/reset");
        let reply = house.send("POST", &path, Some(&token), None, &[]).await.expect(404);
        assert_eq!(reply.code(), "unknown_account", "{id}");
    }
}

#[tokio::test]
async fn the_table_keeps_no_secret_in_the_clear() {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    let number = tests::identity_number(1);
    let body = json!({
        "username": "wang.wu", "name": "王五", "roles": ["final_reviewer"], "area": "42",
        "identity_document": { "kind": "resident_identity_card", "number": number },
    });
    let made = house.send("POST", "/v1/staff", Some(&token), Some(body), &[]).await.expect(201);
    assert!(!made.body.to_string().contains(&number) && made.body["identity_on_record"] == true);
    let id = made.text("/id");
    let kept = house.raw(&format!("STAFF#{id}"), "ACCOUNT").await
        + &house.raw("STAFF", "42#wang.wu").await
        + &house.raw(&format!("JOURNAL#{id}"), "0000000001").await;
    for secret in [number, made.text("/password"), made.text("/totp_secret")] {
        assert!(!kept.contains(&secret), "{kept}");
    }
    assert!(kept.contains("argon2id"));

    let refresh = house.holder("li").await.text("/refresh_token");
    let (family, secret) = refresh.split_once('.').unwrap();
    let kept = house.raw(&format!("SESSION#{family}"), "SESSION").await;
    assert!(!kept.contains(secret), "{kept}");
}

#[tokio::test]
async fn a_demo_account_survives_a_restart_and_keeps_what_was_changed() {
    let house = House::new().await;
    let totp = TotpSecret::generate().unwrap();
    let demo = async |password: &str| {
        let new = NewStaff {
            username: "admin".to_owned(),
            name: "省级管理员".to_owned(),
            roles: [Role::Administrator].into(),
            area: Some("42".parse().unwrap()),
            email: None,
            identity: None,
        };
        appoint_demo(&house.app, new, password, &totp.to_base32()).await
    };
    // Two systems may start at the same time on one table.
    let (one, other) = tokio::join!(demo("demo-0123456789"), demo("demo-0123456789"));
    one.and(other).unwrap();
    demo("another password").await.unwrap();
    house.try_in("admin", "demo-0123456789", &totp.code_at(house.now())).await.expect(200);
    assert_eq!(house.journal(&house.store().staff_id("admin")).await.len(), 2);
}

#[tokio::test]
async fn a_password_that_is_too_simple_is_none_for_a_demo_account_either() {
    let house = House::new().await;
    let new = NewStaff {
        username: "admin".to_owned(),
        name: "省级管理员".to_owned(),
        roles: [Role::Administrator].into(),
        area: None,
        email: None,
        identity: None,
    };
    let totp = TotpSecret::generate().unwrap().to_base32();
    let error = appoint_demo(&house.app, new.clone(), "short", &totp).await.unwrap_err();
    assert_eq!(error.code(), "invalid_fields");
    let error = appoint_demo(&house.app, new, "demo-0123456789", "nonsense").await.unwrap_err();
    assert_eq!(error.code(), "totp_secret_invalid");
}
