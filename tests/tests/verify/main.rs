//! Verification without sign-in: how every registration stands in a stranger's eyes, what a certificate's QR code proves,
//! and who only guesses.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod guessing;
mod journeys;
mod lists;
mod standings;
mod statements;

use common::statement::Signer;
use domain::registration::{Registration, RegistrationNumber};
use serde_json::Value;
use tests::{Reply, World, form};

/// The `serial`-th number of Hubei that nobody was given: those that are given out are of other years.
fn nobodys(serial: u32) -> String {
    RegistrationNumber::mint(&"420106".parse().unwrap(), 2001, serial.into()).to_string()
}

/// The registration `number`.
async fn registration(world: &World, number: &str) -> Registration {
    let number = number.parse().unwrap();
    let store = &world.system.app.store;
    let holder = store.registration_holder(&number).await.unwrap().unwrap();
    store.dossier(&holder, world.now()).await.unwrap().registration(&number).unwrap().clone()
}

/// The function that prints, as far as it signs; its key is published.
async fn printer(world: &World) -> Signer {
    let signer = Signer::from_env(&world.system.env).unwrap();
    signer.publish(&world.system.app.store).await.unwrap();
    signer
}

/// What the QR code of the present certificate of `number` holds.
async fn paper(world: &World, number: &str) -> String {
    printer(world).await.statement(&registration(world, number).await)
}

/// A stranger verifies `number`.
async fn look(world: &World, number: &str) -> Reply {
    world.nobody().get(&format!("/v1/verify/{number}")).await
}

/// A stranger scans a QR code.
async fn scan(world: &World, statement: &str) -> Reply {
    world.nobody().get(&format!("/v1/verify?s={statement}")).await
}

/// How the register has it and how what was shown stands.
fn standings(reply: &Reply) -> (String, String) {
    (reply.text("/standing"), reply.text("/registration_standing"))
}

/// Nothing of `person` is in `reply` but what anybody may know.
#[track_caller]
fn assert_masked(reply: &Reply, person: u32) {
    let said = reply.body.to_string();
    let form = form(person);
    for field in ["name", "mobile", "email", "management_number", "employer"] {
        let value = form[field].as_str().unwrap();
        assert!(!said.contains(value), "{field}: {said}");
    }
    assert!(!said.contains(&tests::identity_number(person)), "{said}");
    for key in ["holder", "holder_id", "certificate", "form", "identity_document", "edition"] {
        assert_eq!(reply.body.get(key), None::<&Value>, "{key}");
    }
}
