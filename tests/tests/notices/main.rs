//! Notices: who sees which, from when and until when, what is unread, what is mailed to whom. By HTTP over the real system.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod files;
mod input;
mod interrupted;
mod journal;
mod lists;
mod mailing;
mod publishing;
mod unread;

use domain::{
    application::{Change, JournalAction},
    certificate::CertificateLevel,
    date::date,
    id::HolderId,
    registration::{Registration, RegistrationNumber, RegistrationStatus},
};
use serde_json::{Value, json};
use session::NewStaff;
use std::collections::BTreeSet;
use tests::{Person, Reply, World, crowd};

/// What a registration is like.
#[derive(Clone, Copy)]
struct Kind {
    district: &'static str,
    level: CertificateLevel,
    status: RegistrationStatus,
}

/// An assistant registered in 武昌, in force.
const WUCHANG: Kind = Kind {
    district: "420106",
    level: CertificateLevel::AssistantSocialWorker,
    status: RegistrationStatus::Active,
};

/// The same elsewhere.
const fn in_district(district: &'static str) -> Kind {
    Kind { district, ..WUCHANG }
}

/// The `person`-th registration, of `kind`.
fn registration(world: &World, person: u32, kind: Kind) -> Registration {
    let rules = world.system.app.store.rules();
    let rules = rules.for_district(Some(&"420106".parse().unwrap()));
    let mut registration = crowd::registration(person, date(2026, 1, 5), rules);
    registration.district = kind.district.parse().unwrap();
    registration.number = RegistrationNumber::mint(&registration.district, 2026, person.into());
    registration.certificate.level = kind.level;
    registration.status = kind.status;
    registration
}

/// Puts a registration into the register, as an approval does.
async fn register(world: &World, registration: Registration) {
    let mut change = Change::by_system(registration.holder.clone(), JournalAction::Approved, world.now());
    change.registration = Some(registration);
    world.system.app.store.commit(&change, None).await.unwrap();
}

/// The `person`-th of a crowd, registered as `kind`; nobody of them signs in.
async fn registered(world: &World, person: u32, kind: Kind) {
    register(world, registration(world, person, kind)).await;
}

/// A holder who is signed in and registered as `kind`, by their own id.
async fn holder<'a>(world: &'a World, name: &str, kind: Kind) -> Person<'a> {
    let person = world.holder(name).await;
    let id: HolderId = person.get("/v1/me").await.expect(200).text("/holder_id").parse().unwrap();
    let mut of = registration(world, 900_000 + world.next(), kind);
    of.holder = id;
    register(world, of).await;
    person
}

/// An administrator of `area`, signed in.
async fn administrator<'a>(world: &'a World, area: Option<&str>) -> Person<'a> {
    let username = format!("admin{}", world.next());
    let new = NewStaff {
        username: username.clone(),
        name: "王五".to_owned(),
        roles: [domain::actor::Role::Administrator].into(),
        area: area.map(|area| area.parse().unwrap()),
        email: None,
        identity: None,
    };
    let made = session::appoint(&world.system.app, new).await.unwrap();
    world.system.clock.put(world.now().plus_seconds(31));
    let code = common::auth::totp::TotpSecret::from_base32(&made.totp_secret).unwrap().code_at(world.now());
    let body = json!({ "username": username, "password": made.password, "code": code });
    let mut person = world.nobody();
    person.token =
        Some(world.nobody().post("/v1/session/staff", body).await.expect(200).text("/access_token"));
    person
}

/// A notice that says its title.
fn draft(title: &str) -> Value {
    json!({ "category": "policy", "title": title, "body": format!("# {title}\n\n正文。") })
}

/// The same for an audience.
fn draft_for(title: &str, audience: Value) -> Value {
    let mut notice = draft(title);
    notice["audience"] = audience;
    notice
}

/// Drafts a notice, and gives its id.
async fn drafted(staff: &Person<'_>, notice: Value) -> String {
    staff.post("/v1/staff/notices", notice).await.expect(201).text("/id")
}

/// Does something with a notice of which nothing is said but what.
async fn act(staff: &Person<'_>, method: &str, notice: &str, what: &str, body: Option<Value>) -> Reply {
    staff.send(method, &format!("/v1/staff/notices/{notice}/{what}"), body, &[]).await
}

/// Drafts a notice and publishes it, and gives its id. A second passes, so that no two appear at the same moment.
async fn published(world: &World, staff: &Person<'_>, notice: Value) -> String {
    let id = drafted(staff, notice).await;
    act(staff, "POST", &id, "publication", None).await.expect(200);
    world.system.clock.put(world.now().plus_seconds(1));
    id
}

async fn withdraw(staff: &Person<'_>, notice: &str) -> Reply {
    act(staff, "POST", notice, "withdrawal", Some(json!({ "reason": "内容有误" }))).await
}

/// The titles of a list, in its order.
fn titles(reply: &Reply) -> Vec<String> {
    let items = reply.body["items"].as_array().unwrap();
    items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

/// What somebody sees, in its order.
async fn seen(person: &Person<'_>) -> Vec<String> {
    titles(&person.get("/v1/notices?limit=50").await.expect(200))
}

/// Whom mail went to, each as often as it did; notices' alone.
async fn mailed(world: &World) -> Vec<String> {
    let mails = world.mails().await.into_iter();
    let mails = mails.filter(|mail| mail.summary.subject.contains("公告"));
    let mut to: Vec<_> = mails.flat_map(|mail| mail.summary.to).collect();
    to.sort();
    to
}

/// The addresses of a crowd, in the order of [`mailed`].
fn addresses(persons: impl IntoIterator<Item = u32>) -> Vec<String> {
    let addresses: BTreeSet<_> =
        persons.into_iter().map(|person| format!("person{person}@example.com")).collect();
    addresses.into_iter().collect()
}
