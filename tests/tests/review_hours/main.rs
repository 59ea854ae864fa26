//! Review of hours: claims from draft to decision, cycles with what counts, the same file in two hands, striking out,
//! samples from the draw to the queue.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod claims;
mod cycles;
mod files;
mod samples;
mod voiding;

use common::auth::totp::TotpSecret;
use domain::{
    actor::Role,
    identity::{IdentityDocument, IdentityDocumentKind},
    rules::RuleLibrary,
};
use serde_json::{Value, json};
use session::NewStaff;
use tests::{Person, Reply, World, identity_number};

/// Hubei's rules, but that half of what counts is drawn as a sample and that online courses need no evidence.
fn rules() -> RuleLibrary {
    tests::edited_rules(&[
        ("audit_percent = { value = 0,", "audit_percent = { value = 50,"),
        (
            r#"evidence = { value = ["learning_record", "completion_certificate"],"#,
            "evidence = { value = [],",
        ),
    ])
}

/// A world in June 2026 in which those of `names` have been registered since March.
async fn june(names: &[&str]) -> World {
    registered_by_june(World::ruled_by(rules()).await, names).await
}

/// The same in a world that is there already.
async fn registered_by_june(world: World, names: &[&str]) -> World {
    for (place, name) in (1..).zip(names) {
        world.holder(name).await.register(place).await;
    }
    world.put("2026-06-10T10:00:00+08:00");
    world
}

/// What `person` claims of a course.
async fn draft(person: &Person<'_>, form: &str, hours: f64) -> String {
    let said = json!({
        "form": form, "category": "professional", "title": "社区工作实务", "provider": "武汉市社会工作联合会",
        "done_from": "2026-06-01", "hours": hours,
    });
    person.post("/v1/me/credits", said).await.expect(201).text("/id")
}

/// A claim that waits.
async fn claim(person: &Person<'_>, hours: f64) -> String {
    let id = draft(person, "online", hours).await;
    person.post_empty(&format!("/v1/me/credits/{id}/submission")).await.expect(200);
    id
}

/// A reviewer opens a record.
async fn open(reviewer: &Person<'_>, id: &str) -> Reply {
    reviewer.get(&format!("/v1/review/credits/{id}")).await
}

/// A reviewer decides a record in `version`.
async fn decide(reviewer: &Person<'_>, id: &str, version: &str, decision: Value) -> Reply {
    let path = format!("/v1/review/credits/{id}/decision");
    reviewer.send("POST", &path, Some(decision), &[("If-Match", version)]).await
}

/// The queue of hours.
async fn queue(reviewer: &Person<'_>) -> Vec<Value> {
    reviewer.get("/v1/review/credits").await.expect(200).body["items"].as_array().unwrap().clone()
}

/// The first person of [`june`], who reviews in Wuhan, too.
async fn reviewer_zhang(world: &World) -> Person<'_> {
    let identity =
        IdentityDocument::new(IdentityDocumentKind::ResidentIdentityCard, &identity_number(1)).unwrap();
    let new = NewStaff {
        username: "zhang-xiaowen".to_owned(),
        name: "张晓雯".to_owned(),
        roles: [Role::PreliminaryReviewer].into(),
        area: Some("4201".parse().unwrap()),
        email: None,
        identity: Some(identity),
    };
    let keys = &world.system.keys;
    session::appoint_demo(&world.system.app, new, &keys.staff_password, &keys.staff_totp[1]).await.unwrap();
    let code = TotpSecret::from_base32(&keys.staff_totp[1]).unwrap().code_at(world.now());
    let said = json!({ "username": "zhang-xiaowen", "password": keys.staff_password, "code": code });
    let signed_in = world.nobody().post("/v1/session/staff", said).await.expect(200);
    let mut own = world.nobody();
    own.token = Some(signed_in.text("/access_token"));
    own
}
