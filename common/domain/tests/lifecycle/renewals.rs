//! What a renewal may change on the way, and what it may not.

use crate::common::{World, code};
use domain::{
    application::{ApplicationKind, Outcome},
    attachment::AttachmentKind,
    date::date,
    id::ApplicationId,
};
use rstest::rstest;
use serde_json::{Value, json};

/// A renewal with `patch`, in its window and with its hours.
fn renewal(patch: Value) -> (World, ApplicationId) {
    let mut world = World::registered(date(2026, 3, 2));
    world.earn(900);
    world.go_to_day(date(2029, 1, 10));
    let id = world.draft(ApplicationKind::Renewal);
    world.enter(&id, patch).unwrap();
    (world, id)
}

#[rstest]
#[case::another_job(json!({ "employer": "洪山区社会工作站", "position": "督导" }), &[])]
#[case::another_city_of_the_province(json!({ "district": "420502" }), &[])]
#[case::another_name(json!({ "name": "张三丰" }), &[AttachmentKind::IdentityCardFront, AttachmentKind::IdentityCardBack])]
#[case::another_degree(json!({ "education": "master" }), &[AttachmentKind::Degree])]
fn a_renewal_brings_the_register_up_to_date_with_the_evidence_a_change_needs(
    #[case] patch: Value,
    #[case] evidence: &[AttachmentKind],
) {
    let (mut world, id) = renewal(patch);
    if !evidence.is_empty() {
        assert_eq!(code(&world.submit(&id)), "not_ready");
    }
    for kind in evidence {
        world.attach(&id, *kind);
    }
    world.submit(&id).unwrap();
    world.approve_all(&id);
    let (registration, form) = (world.registration(), world.application(&id).form.clone());
    assert_eq!(
        (&registration.name, &registration.district),
        (form.name.as_ref().unwrap(), form.district.as_ref().unwrap())
    );
    assert_eq!(world.dossier.profile.form.changed_fields(&form).len(), 1, "all but the declaration");
}

#[rstest]
#[case::another_certificate(json!({ "management_number": "202810420106000777" }), "management_number")]
#[case::another_level(json!({ "certificate_level": "social_worker" }), "certificate_level")]
#[case::another_issue_date(json!({ "issued_on": "2026-02-01" }), "issued_on")]
#[case::another_province(json!({ "district": "110105" }), "district")]
fn a_renewal_is_of_the_certificate_and_in_the_province_that_are_registered(
    #[case] patch: Value,
    #[case] field: &str,
) {
    let (mut world, id) = renewal(patch);
    let before = world.dossier.clone();
    let refusal = world.submit(&id).unwrap_err();
    assert_eq!(refusal.code(), "field_not_changeable");
    assert_eq!(refusal.fields().into_iter().map(|error| error.field).collect::<Vec<_>>(), [field]);
    assert_eq!(world.dossier, before);
}

#[test]
fn what_the_holder_changed_while_the_renewal_waited_is_kept() {
    let (mut world, id) = renewal(json!({ "position": "督导" }));
    world.submit(&id).unwrap();
    world.go_to_day(date(2029, 1, 20));
    world.save_profile(json!({ "email": "new@example.com" })).unwrap();
    // A change of name is asked for, and approved before the renewal is.
    let change = world.draft(ApplicationKind::Change);
    world.enter(&change, json!({ "name": "张三丰" })).unwrap();
    world.attach(&change, AttachmentKind::IdentityCardFront);
    world.attach(&change, AttachmentKind::IdentityCardBack);
    world.submit(&change).unwrap();
    world.approve_all(&change);
    world.approve_all(&id);
    let (registration, form) = (world.registration(), &world.dossier.profile.form);
    assert_eq!((registration.name.as_str(), registration.email.as_str()), ("张三丰", "new@example.com"));
    assert_eq!(form.email.as_ref().unwrap().as_str(), "new@example.com");
    assert_eq!(form.position.as_ref().unwrap().as_str(), "督导", "and what the renewal changed is there");
}

#[test]
fn what_the_renewal_changed_is_kept_when_an_older_change_is_approved_after_it() {
    let (mut world, id) = renewal(json!({ "district": "420502" }));
    let change = world.draft(ApplicationKind::Change);
    world.enter(&change, json!({ "name": "张三丰" })).unwrap();
    world.attach(&change, AttachmentKind::IdentityCardFront);
    world.attach(&change, AttachmentKind::IdentityCardBack);
    world.submit(&change).unwrap();
    world.submit(&id).unwrap();
    world.approve_all(&id);
    world.approve_all(&change);
    let registration = world.registration();
    assert_eq!((registration.name.as_str(), registration.district.as_str()), ("张三丰", "420502"));
}

#[test]
fn one_renewal_is_under_way_at_a_time() {
    let (mut world, id) = renewal(json!({}));
    assert_eq!(code(&world.try_open(ApplicationKind::Renewal, None)), "application_already_open");
    world.submit(&id).unwrap();
    assert_eq!(code(&world.try_open(ApplicationKind::Renewal, None)), "application_already_open");
    // A change or a cancellation may run beside it.
    assert_eq!(code(&world.try_open(ApplicationKind::Change, None)), "ok");
    assert_eq!(code(&world.try_open(ApplicationKind::Cancellation, None)), "ok");
    world.decide_stage(&id, Outcome::Refuse).unwrap();
    assert_eq!(code(&world.try_open(ApplicationKind::Renewal, None)), "ok");
}
