//! Staying signed in and signing out: refresh tokens, access tokens, and the keys they are verified by.

use super::house::House;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use common::{
    auth::{
        keys::SigningSeed,
        refresh::{HOLDER_LIFETIME_SECONDS, Refreshed, STAFF_LIFETIME_SECONDS},
    },
    config::Env,
    http::App,
    store::{SignIn, SignInToken},
};
use domain::actor::Role;
use rstest::rstest;
use serde_json::{Value, json};
use session::Session;
use tests::{START, World, wire::Fault};

#[tokio::test]
async fn each_refresh_token_gives_the_next_pair_once() {
    let house = House::new().await;
    let mut reply = house.holder("li").await;
    let holder = reply.text("/holder_id");
    for _ in 0..3 {
        house.pass(3600);
        let next = house.refresh(&reply.text("/refresh_token")).await.expect(200);
        assert_eq!(next.text("/holder_id"), holder);
        assert_eq!(next.body["refresh_expires_at"], reply.body["refresh_expires_at"], "nothing is extended");
        house.principal(&next.text("/access_token")).await;
        reply = next;
    }
}

#[tokio::test]
async fn a_token_used_again_ends_the_sign_in_for_both_who_hold_it() {
    let house = House::new().await;
    let first = house.holder("li").await;
    let other = house.holder("li").await;
    let second = house.refresh(&first.text("/refresh_token")).await.expect(200);
    let third = house.refresh(&second.text("/refresh_token")).await.expect(200);
    let again = house.refresh(&first.text("/refresh_token")).await.expect(401);
    assert_eq!(again.code(), "refresh_token_reused");
    for token in [&first, &second, &third] {
        let reply = house.refresh(&token.text("/refresh_token")).await.expect(401);
        assert_eq!(reply.code(), "refresh_token_ended");
    }
    house.refresh(&other.text("/refresh_token")).await.expect(200);
}

#[tokio::test]
async fn of_two_uses_at_the_same_time_one_wins_and_then_the_sign_in_ends() {
    let house = House::new().await;
    let token = house.holder("li").await.text("/refresh_token");
    let (one, other) = tokio::join!(house.refresh(&token), house.refresh(&token));
    let (won, lost) = if one.status.is_success() { (one, other) } else { (other, one) };
    assert_eq!((won.status.as_u16(), lost.status.as_u16()), (200, 401), "{:#}", lost.body);
    assert_eq!(lost.code(), "refresh_token_reused");
    let next = house.refresh(&won.text("/refresh_token")).await.expect(401);
    assert_eq!(next.code(), "refresh_token_ended");
}

#[tokio::test]
async fn a_write_that_was_sent_twice_counts_once_and_anothers_doesnt() {
    let house = House::new().await;
    let token: SignInToken = house.holder("li").await.text("/refresh_token").parse().unwrap();
    let sign_in = house.store().session(&token).await.unwrap().sign_in.unwrap();
    let next = || match sign_in.family.present(token.token(), house.now()).unwrap() {
        Refreshed::Rotated(family, _) => SignIn { family: *family, epoch: 0 },
        Refreshed::Ended(_) => panic!("ended"),
    };
    let (own, anothers) = (next(), next());
    for _ in 0..2 {
        assert!(house.store().move_sign_in(&sign_in.family, &own).await.unwrap());
    }
    assert!(!house.store().move_sign_in(&sign_in.family, &anothers).await.unwrap());
    assert_eq!(house.store().session(&token).await.unwrap().sign_in, Some(own));
}

#[tokio::test]
async fn a_sign_in_ends_by_itself_however_often_it_is_refreshed() {
    let house = House::new().await;
    let holder = house.holder("li").await;
    let staff = house.appoint("wang", &[Role::FinalReviewer], "42").await;
    let staff = house.sign_in(&staff).await.expect(200);
    house.pass(STAFF_LIFETIME_SECONDS - 5);
    let staff = house.refresh(&staff.text("/refresh_token")).await.expect(200);
    house.pass(10);
    assert_eq!(
        house.refresh(&staff.text("/refresh_token")).await.expect(401).code(),
        "refresh_token_expired"
    );
    house.pass(HOLDER_LIFETIME_SECONDS - STAFF_LIFETIME_SECONDS - 60);
    let holder = house.refresh(&holder.text("/refresh_token")).await.expect(200);
    house.pass(60);
    assert_eq!(
        house.refresh(&holder.text("/refresh_token")).await.expect(401).code(),
        "refresh_token_expired"
    );
}

#[tokio::test]
async fn signing_out_ends_one_sign_in_and_can_be_repeated() {
    let house = House::new().await;
    let staff = house.appoint("wang", &[Role::FinalReviewer], "42").await;
    for (leaving, staying) in [
        (house.holder("li").await, house.holder("li").await),
        (house.sign_in(&staff).await, house.sign_in(&staff).await),
    ] {
        let body = json!({ "refresh_token": leaving.text("/refresh_token") });
        for _ in 0..2 {
            let reply = house.send("DELETE", "/v1/session", None, Some(body.clone()), &[]).await;
            assert_eq!((reply.status.as_u16(), reply.body.is_null()), (204, true));
        }
        let reply = house.refresh(&leaving.text("/refresh_token")).await.expect(401);
        assert_eq!(reply.code(), "refresh_token_ended");
        house.refresh(&staying.text("/refresh_token")).await.expect(200);
    }
    let body = json!({ "refresh_token": "nonsense" });
    let reply = house.send("DELETE", "/v1/session", None, Some(body), &[]).await.expect(401);
    assert_eq!(reply.code(), "refresh_token_malformed");
}

#[tokio::test]
async fn what_is_no_refresh_token_of_ours_gives_nothing() {
    let house = House::new().await;
    let staff = house.appoint("wang", &[Role::FinalReviewer], "42").await;
    let other = house.appoint("zhao", &[Role::FinalReviewer], "42").await;
    let token = house.sign_in(&staff).await.expect(200).text("/refresh_token");
    let tail = token.strip_prefix(&format!("{}.", staff.id)).expect("the account's id in front");
    let holder = house.holder("li").await.text("/refresh_token");
    for (text, code) in [
        (String::new(), "refresh_token_malformed"),
        (token.replace('.', ""), "refresh_token_malformed"),
        (format!("{token}."), "refresh_token_malformed"),
        (tail.to_owned(), "refresh_token_ended"),
        (format!("{}.{tail}", other.id), "refresh_token_ended"),
        (format!("{}.{holder}", staff.id), "refresh_token_ended"),
    ] {
        assert_eq!(house.refresh(&text).await.expect(401).code(), code, "{text}");
    }
    house.refresh(&token).await.expect(200);
    house.refresh(&holder).await.expect(200);
}

#[tokio::test]
async fn an_access_token_lives_half_an_hour() {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    house.pass(1795);
    house.send("GET", "/v1/staff", Some(&token), None, &[]).await.expect(200);
    house.pass(6);
    let reply = house.send("GET", "/v1/staff", Some(&token), None, &[]).await.expect(401);
    assert_eq!(reply.code(), "token_expired");
}

#[rstest]
#[case::no_token(|_: &str| None, 401, "token_missing")]
#[case::nonsense(|_: &str| Some("nonsense".to_owned()), 401, "token_malformed")]
#[case::another_signature(|token: &str| { let (body, _) = token.rsplit_once('.').unwrap(); Some(format!("{body}.{}", "A".repeat(86))) }, 401, "token_signature_invalid")]
#[case::no_signature(|token: &str| { let (body, _) = token.rsplit_once('.').unwrap(); Some(format!("{body}.")) }, 401, "token_signature_invalid")]
#[case::another_claim(|token: &str| { let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect(); let middle = parts[1].len() / 2; let claim = if &parts[1][middle..=middle] == "A" { "B" } else { "A" }; parts[1].replace_range(middle..=middle, claim); Some(parts.join(".")) }, 401, "token_signature_invalid")]
#[tokio::test]
async fn a_token_that_is_not_ours_opens_nothing(
    #[case] tamper: fn(&str) -> Option<String>,
    #[case] status: u16,
    #[case] code: &str,
) {
    let house = House::new().await;
    let (_, token) = house.administrator("admin", "42").await;
    let tampered = tamper(&token);
    let reply = house.send("GET", "/v1/staff", tampered.as_deref(), None, &[]).await.expect(status);
    assert_eq!(reply.code(), code);
    house.send("GET", "/v1/staff", Some(&token), None, &[]).await.expect(200);
}

#[tokio::test]
async fn the_keys_are_public_and_may_be_kept_for_minutes() {
    let house = House::new().await;
    let reply = house.send("GET", "/v1/session/keys", None, None, &[]).await.expect(200);
    assert_eq!(reply.headers["cache-control"], "public, max-age=300");
    let keys = reply.body["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!((&keys[0]["kty"], &keys[0]["alg"]), (&json!("OKP"), &json!("EdDSA")));
    let seed: SigningSeed = house.variables["TOKEN_SEED"].parse().unwrap();
    assert_eq!(keys[0]["kid"], seed.public_key().unwrap().id());
    assert!(!reply.body.to_string().contains(&house.variables["TOKEN_SEED"]));
}

/// Another function: it has the table, but not the seed.
fn another_function(house: &House) -> App {
    App::from_env(&Env::of(house.variables.clone()), &house.parts, house.clock.clone()).unwrap()
}

#[tokio::test]
async fn another_function_learns_the_key_from_the_first_token_that_names_it() {
    let house = House::new().await;
    let submission = another_function(&house);
    // Started before anybody ever signed in: nothing was published yet.
    submission.warm_up().await;
    let token = house.holder("li").await.text("/access_token");
    submission.verify(&token, house.now()).await.unwrap();
}

#[tokio::test]
async fn after_a_change_of_seed_old_and_new_tokens_are_accepted_by_everybody() {
    let mut house = House::new().await;
    let submission = another_function(&house);
    let before = house.holder("li").await.text("/access_token");
    submission.verify(&before, house.now()).await.unwrap();

    house.reconfigure("TOKEN_SEED", &"5a".repeat(32));
    let after = house.holder("li").await.text("/access_token");
    for token in [&before, &after] {
        submission.verify(token, house.now()).await.unwrap();
    }
    let known = house.send("GET", "/v1/session/keys", None, None, &[]).await.expect(200);
    assert_eq!(known.body["keys"].as_array().unwrap().len(), 2);

    // Who signs publishes their key again; who was replaced doesn't.
    house.pass(40 * 86_400);
    house.holder("li").await;
    house.pass(25 * 86_400);
    let known = house.send("GET", "/v1/session/keys", None, None, &[]).await.expect(200);
    let new: SigningSeed = "5a".repeat(32).parse().unwrap();
    assert_eq!(known.body["keys"].as_array().unwrap().len(), 1);
    assert_eq!(known.body["keys"][0]["kid"], new.public_key().unwrap().id());
}

#[tokio::test]
async fn a_function_that_runs_for_years_still_issues_tokens_that_are_accepted() {
    let house = House::new().await;
    let submission = another_function(&house);
    for _ in 0..4 {
        let token = house.holder("li").await.text("/access_token");
        submission.verify(&token, house.now()).await.unwrap();
        house.pass(400 * 86_400);
    }
}

#[tokio::test]
async fn forged_tokens_cost_a_few_looks_at_the_keys_and_where_that_fails_nobody_is_signed_out() {
    let (world, wire) = World::wired(START).await;
    let token = world.holder("li").await.token.unwrap();
    let (header, rest) = token.split_once('.').unwrap();
    let mut forged: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    forged["kid"] = json!("somebody's");
    let forged = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(forged.to_string()));
    wire.take();

    wire.trouble(|_| Some(Fault::refuse()));
    let bearer = format!("Bearer {forged}");
    let refused = world.nobody().send("GET", "/v1/me", None, &[("authorization", &bearer)]).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (500, "internal"));
    wire.mend();
    assert!(!wire.take().is_empty());
    for _ in 0..20 {
        let refused = world.nobody().send("GET", "/v1/me", None, &[("authorization", &bearer)]).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (401, "token_signature_invalid"));
    }
    let looks = wire.take().len();
    assert!((1..10).contains(&looks), "{looks}");
}

#[rstest]
#[case("TOKEN_SEED", "", "environment variable TOKEN_SEED is not set")]
#[case("TOKEN_SEED", "c2hvcnQ=", "environment variable TOKEN_SEED can't be used")]
#[case("TOKEN_LIFETIME_SECONDS", "half an hour", "environment variable TOKEN_LIFETIME_SECONDS can't be used")]
#[case("WECHAT_APPS", "", "environment variable WECHAT_APPS is not set")]
#[case("WECHAT_APPS", "wx1-s3cret", "environment variable WECHAT_APPS can't be used")]
#[case("WECHAT_BASE_URL", "http://api.weixin.qq.com", "WeChat base URL")]
#[case("SERVICE_CLIENTS", "backend:wx1:s3cret", "environment variable SERVICE_CLIENTS can't be used")]
#[tokio::test]
async fn what_is_missing_or_malformed_in_the_configuration_is_named(
    #[case] name: &str,
    #[case] value: &str,
    #[case] expected: &str,
) {
    let house = House::new().await;
    let mut variables = house.variables.clone();
    variables.insert(name.to_owned(), value.to_owned());
    let env = common::config::Env::of(variables);
    let error = Session::from_env(house.app.clone(), &env, &house.parts).err().expect("an error").to_string();
    assert!(error.contains(expected), "{error}");
    assert!(!error.contains("s3cret") && !error.contains("c2hvcnQ="), "{error}");
}
