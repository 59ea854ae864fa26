//! What only one can have: an identity document, a certificate, a registration number, an open application.

use crate::common::{World, noon};
use domain::{
    application::{ApplicationKind, Outcome, UniqueKey},
    date::date,
    id::ApplicationId,
};
use rstest::rstest;
use serde_json::json;

/// The keys that are held, one word each.
fn held(world: &World) -> Vec<String> {
    let named = |key: &UniqueKey| match key {
        UniqueKey::Identity(_) => "identity".to_owned(),
        UniqueKey::Certificate(number) => format!("certificate {number}"),
        UniqueKey::Registration(_) => "registration".to_owned(),
        UniqueKey::OpenApplication(kind, _) => format!("open {}", kind.key()),
    };
    world.held.keys().map(named).collect()
}

const CERTIFICATE: &str = "certificate 202510420106000123";

fn first() -> (World, ApplicationId) {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first();
    (world, id)
}

#[test]
fn a_draft_holds_its_place_only_and_only_as_long_as_it_lives() {
    let (world, id) = first();
    assert_eq!(held(&world), ["open first"]);
    let holding = world.held.values().next().unwrap();
    assert_eq!(holding.owner, id.as_str());
    assert_eq!(holding.expires_at, Some(noon(date(2026, 3, 2).plus_days(180)).unix_seconds()));
}

#[test]
fn a_submission_takes_the_document_and_the_certificate_and_a_registration_keeps_them() {
    let (mut world, id) = first();
    world.submit(&id).unwrap();
    assert_eq!(held(&world), ["identity", CERTIFICATE, "open first"]);
    let holder = world.dossier.profile.holder.to_string();
    let owners: Vec<_> = world.held.values().map(|holding| holding.owner.as_str()).collect();
    assert_eq!(owners, [holder.as_str(), holder.as_str(), id.as_str()]);
    world.approve_all(&id);
    assert_eq!(held(&world), ["identity", CERTIFICATE, "registration"]);
}

#[rstest]
#[case::withdrawn("withdraw")]
#[case::refused("refuse")]
#[case::not_mended("expire")]
fn an_end_without_a_registration_lets_go_of_everything(#[case] end: &str) {
    let (mut world, id) = first();
    world.submit(&id).unwrap();
    match end {
        "withdraw" => drop(world.withdraw(&id).unwrap()),
        "refuse" => drop(world.decide_stage(&id, Outcome::Refuse).unwrap()),
        _ => {
            world.decide_stage(&id, Outcome::Return).unwrap();
            world.go_to_day(date(2026, 6, 1));
            world.run_job();
        }
    }
    assert_eq!(held(&world), [""; 0]);
    assert!(world.application(&id).claims.is_empty());
}

#[test]
fn an_amended_certificate_number_is_taken_and_the_old_one_let_go() {
    let (mut world, id) = first();
    world.submit(&id).unwrap();
    world.enter(&id, json!({ "management_number": "202510420106000777" })).unwrap();
    assert_eq!(held(&world), ["identity", "certificate 202510420106000777", "open first"]);
    // What was only typed while it was returned is taken when it comes back.
    world.decide_stage(&id, Outcome::Return).unwrap();
    world.enter(&id, json!({ "management_number": "202510420106000123" })).unwrap();
    assert_eq!(held(&world), ["identity", "certificate 202510420106000777", "open first"]);
    world.submit(&id).unwrap();
    assert_eq!(held(&world), ["identity", CERTIFICATE, "open first"]);
}

#[rstest]
fn what_a_registration_needs_stays_held_whatever_becomes_of_other_applications(
    #[values(ApplicationKind::Renewal, ApplicationKind::Cancellation)] kind: ApplicationKind,
) {
    let mut world = World::registered(date(2026, 3, 2));
    world.earn(900);
    world.go_to_day(date(2029, 1, 10));
    let id = world.draft(kind);
    world.submit(&id).unwrap();
    world.withdraw(&id).unwrap();
    assert_eq!(held(&world), ["identity", CERTIFICATE, "registration"]);

    // A second certificate that isn't registered after all is let go; the first isn't.
    let second =
        world.first_with(json!({ "management_number": "202810420106000777", "issued_on": "2028-12-20" }));
    world.submit(&second).unwrap();
    assert_eq!(held(&world).len(), 5);
    world.decide_stage(&second, Outcome::Refuse).unwrap();
    assert_eq!(held(&world), ["identity", CERTIFICATE, "registration"]);
}
