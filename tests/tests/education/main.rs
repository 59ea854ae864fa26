//! Continuing education over HTTP: what holders see and claim, what providers offer and report.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod catalogue;
mod claims;
mod previews;
mod providers;
mod record;
mod transcripts;

use common::auth::totp::TotpSecret;
use domain::actor::Role;
use serde_json::{Value, json};
use session::NewStaff;
use tests::{Person, Reply, World, upload};

/// Somebody registered in a world, and the provider's account.
async fn registered(world: &World, person: u32) -> (Person<'_>, String) {
    let holder = world.holder("zhang").await;
    let number = holder.register(person).await;
    (holder, number)
}

/// A provider of another account.
async fn another_provider(world: &World) -> Person<'_> {
    let totp = TotpSecret::generate().unwrap();
    let new = NewStaff {
        username: "peixun-yichang".to_owned(),
        name: "宜昌市社会工作培训中心".to_owned(),
        roles: [Role::Provider].into(),
        area: Some("4205".parse().unwrap()),
        email: None,
        identity: None,
    };
    let password = "a password of some length";
    session::appoint_demo(&world.system.app, new, password, &totp.to_base32()).await.unwrap();
    let code = totp.code_at(world.now());
    let body = json!({ "username": "peixun-yichang", "password": password, "code": code });
    let reply = world.nobody().post("/v1/session/staff", body).await.expect(200);
    let mut provider = world.nobody();
    provider.token = Some(reply.text("/access_token"));
    provider
}

/// Six hours in person on ethics, on these days.
fn course(from: &str, to: &str) -> Value {
    json!({
        "title": "社会工作价值观与伦理（武汉三期）", "provider": "省社会工作培训中心", "form": "in_person",
        "category": "ethics", "hours": 6, "unit": "学时", "from": from, "to": to,
    })
}

/// Offers a course and gives its id.
async fn offer(provider: &Person<'_>, course: Value) -> String {
    provider.post("/v1/courses", course).await.expect(201).text("/id")
}

/// Reports a class list over HTTP: a place, the upload, the confirmation. Gives the confirmation's reply.
async fn report(provider: &Person<'_>, course: &str, list: &str) -> Reply {
    let request = json!({ "course": course, "format": "csv", "file_name": "名单.csv", "size": list.len() });
    let place = provider.post("/v1/rosters", request).await.expect(201);
    let status = upload(&place.body["upload"], "名单.csv", "text/csv", list.as_bytes().to_vec()).await;
    assert_eq!(status, 201, "the embedded S3 takes the file");
    let id = place.text("/roster/id");
    provider.post_empty(&format!("/v1/rosters/{id}/confirmation")).await
}
