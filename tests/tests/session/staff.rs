//! Staff sign in: password and one-time code together, once; refusals that tell nothing; and the lock.

use super::house::{House, Staff, refusal};
use common::{
    auth::principal::{Principal, Subject},
    store::JournalLine,
};
use domain::{
    actor::{Actor, Role},
    application::JournalAction,
};
use futures_util::future::join_all;
use serde_json::json;
use std::time::{Duration, Instant};

async fn reviewer(house: &House) -> Staff {
    house.appoint("wang.wu", &[Role::PreliminaryReviewer], "4201").await
}

fn actions(journal: &[JournalLine]) -> Vec<JournalAction> {
    journal.iter().map(|line| line.entry.action).collect()
}

#[tokio::test]
async fn password_and_code_sign_a_member_of_staff_in() {
    let house = House::new().await;
    let staff = reviewer(&house).await;
    let reply = house.sign_in(&staff).await.expect(200);
    assert_eq!(reply.body["staff_id"], json!(staff.id));
    assert_eq!(reply.body["holder_id"], json!(null));
    assert_eq!(reply.body["roles"], json!(["preliminary_reviewer"]));
    assert_eq!((reply.text("/name"), reply.text("/area")), ("王五".to_owned(), "4201".to_owned()));
    assert_eq!(
        house.principal(&reply.text("/access_token")).await,
        Principal {
            subject: Subject::Staff(staff.id.clone()),
            roles: [Role::PreliminaryReviewer].into(),
            area: Some("4201".parse().unwrap()),
            identity: None,
            client: None,
            name: Some("王五".to_owned()),
        }
    );
    let journal = house.journal(&staff.id).await;
    assert_eq!(actions(&journal), [JournalAction::AccountAppointed, JournalAction::SignedIn]);
    assert_eq!(journal[1].entry.actor, Actor::Staff(staff.id.clone()));
    assert_eq!(journal[1].entry.from, "203.0.113.7");
}

#[tokio::test]
async fn a_username_may_be_typed_in_capitals_and_a_code_with_blanks_around_it() {
    let house = House::new().await;
    let staff = reviewer(&house).await;
    let code = format!(" {} ", staff.totp.code_at(house.now()));
    house.try_in(" Wang.WU ", &staff.password, &code).await.expect(200);
}

#[tokio::test]
async fn every_refusal_is_the_same_and_takes_its_time() {
    let house = House::new().await;
    let staff = reviewer(&house).await;
    let disabled = house.appoint("disabled", &[Role::Provider], "42").await;
    let (_, administrator) = house.administrator("admin", "42").await;
    let path = format!("/v1/staff/{}", disabled.id);
    let body = Some(json!({ "disabled": true }));
    house.send("PATCH", &path, Some(&administrator), body, &[("If-Match", "\"1\"")]).await.expect(200);

    house.pass(31);
    let code = |staff: &Staff| staff.totp.code_at(house.now());
    let wrong_code = if code(&staff) == "000000" { "000001" } else { "000000" };
    let used = code(&staff);
    house.try_in("wang.wu", &staff.password, &used).await.expect(200);
    let mut refusals = Vec::new();
    for (username, password, code) in [
        ("nobody", staff.password.as_str(), used.as_str()),
        ("", "", ""),
        ("wang.wu", "wrong", &used),
        ("wang.wu", &staff.password, wrong_code),
        ("wang.wu", &staff.password, &used),
        ("disabled", &disabled.password, &code(&disabled)),
    ] {
        let started = Instant::now();
        let reply = house.try_in(username, password, code).await.expect(401);
        assert!(started.elapsed() >= Duration::from_millis(250), "{username}: {:?}", started.elapsed());
        assert_eq!(reply.code(), "sign_in_refused");
        refusals.push(refusal(&reply));
    }
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "{refusals:#?}");
}

#[tokio::test]
async fn a_code_signs_in_once_even_in_parallel() {
    let house = House::new().await;
    let staff = reviewer(&house).await;
    let code = staff.totp.code_at(house.now());
    let tries = join_all((0..8).map(|_| house.try_in("wang.wu", &staff.password, &code))).await;
    assert_eq!(tries.iter().filter(|reply| reply.status.is_success()).count(), 1);
    house.try_in("wang.wu", &staff.password, &code).await.expect(401);
    house.sign_in(&staff).await.expect(200);
}

#[tokio::test]
async fn ten_failures_lock_the_account_for_a_quarter_of_an_hour() {
    let house = House::new().await;
    let staff = reviewer(&house).await;
    for _ in 0..9 {
        house.try_in("wang.wu", "wrong", "000000").await.expect(401);
    }
    house.sign_in(&staff).await.expect(200);
    for _ in 0..10 {
        house.try_in("wang.wu", "wrong", "000000").await.expect(401);
    }
    let journal = house.journal(&staff.id).await;
    let mut expected = vec![JournalAction::AccountAppointed];
    expected.extend([JournalAction::SignInFailed; 9]);
    expected.push(JournalAction::SignedIn);
    expected.extend([JournalAction::SignInFailed; 9]);
    expected.push(JournalAction::SignInLocked);
    assert_eq!(actions(&journal), expected);
    let last = &journal.last().unwrap().entry;
    assert_eq!((&last.actor, last.from.as_str()), (&Actor::System, "203.0.113.7"));

    house.sign_in(&staff).await.expect(401);
    house.try_in("wang.wu", "wrong", "000000").await.expect(401);
    assert_eq!(house.journal(&staff.id).await.len(), journal.len(), "trying on writes nothing");
    house.pass(15 * 60 - 31 - 31 - 10);
    house.sign_in(&staff).await.expect(401);
    house.pass(10);
    house.sign_in(&staff).await.expect(200);
}

#[tokio::test]
async fn failures_at_the_same_time_are_counted_at_least_one_by_one() {
    let house = House::new().await;
    let staff = reviewer(&house).await;
    // Rounds of guesses in parallel; each round counts once at least, so the account locks within ten rounds.
    for _ in 0..10 {
        join_all((0..4).map(|_| house.try_in("wang.wu", "wrong", "000000"))).await;
    }
    assert!(actions(&house.journal(&staff.id).await).contains(&JournalAction::SignInLocked));
    house.sign_in(&staff).await.expect(401);
}
