//! The profile: free before registration, bound by the register after it.

use crate::common::{World, answers, code, noon};
use domain::{application::ApplicationKind, date::date, form::EmploymentStatus};
use rstest::rstest;
use serde_json::{Value, json};

#[test]
fn before_registration_anything_can_be_saved_and_drafts_start_from_it() {
    let mut world = World::new(noon(date(2026, 3, 2)));
    world.save_profile(answers(json!({ "issued_on": "2026-03-01" }))).unwrap();
    let id = world.open(ApplicationKind::First);
    let form = &world.application(&id).form;
    assert_eq!(form.name.as_ref().unwrap().as_str(), "张三");
    assert!(!form.declaration, "a declaration is made anew each time");
    assert_eq!(world.application(&id).rules.id, "hubei");
}

#[rstest]
#[case(json!({ "mobile": "13900139000" }))]
#[case(json!({ "postal_address": "东湖路" }))]
#[case(json!({ "political_status": "non_partisan", "memberships": ["湖北省社会工作联合会"] }))]
#[case(json!({ "employer": "武汉市江岸区社会工作服务中心" }))]
#[case(json!({ "declaration": true }))]
fn once_registered_what_needs_no_approval_is_saved_at_once(#[case] patch: Value) {
    let mut world = World::registered(date(2026, 3, 2));
    let before = world.registration().clone();
    assert_eq!(code(&world.save_profile(patch)), "ok");
    assert_eq!(*world.registration(), before);
    assert!(!world.dossier.profile.form.declaration);
    assert_eq!(world.dossier.profile.next_due, None);
}

#[test]
fn what_the_figures_are_broken_down_by_reaches_the_register_and_changes_no_certificate() {
    let mut world = World::registered(date(2026, 3, 2));
    let before = world.registration().clone();
    assert_eq!(before.traits.born, Some(1949));
    let patch = json!({ "employment_status": "not_practising", "employer": null, "position": null, "practice_field": null });
    world.save_profile(patch).unwrap();
    let after = world.registration();
    assert_eq!(after.traits.employment_status, Some(EmploymentStatus::NotPractising));
    assert_eq!((after.traits.practice_field, after.traits.born), (None, Some(1949)));
    assert_eq!((after.version, after.edition), (before.version + 1, 1));
}

#[test]
fn a_new_address_reaches_the_register_so_that_reminders_do_too() {
    let mut world = World::registered(date(2026, 3, 2));
    let before = world.registration().clone();
    let change = world.save_profile(json!({ "email": "new@example.com" })).unwrap();
    let after = world.registration();
    assert_eq!((after.email.as_str(), after.version), ("new@example.com", before.version + 1));
    let changed = domain::registration::Registration {
        email: before.email.clone(),
        version: before.version,
        ..after.clone()
    };
    assert_eq!(changed, before, "and nothing else does");
    assert_eq!(change.journal.fields.len(), 1);
    world.go_to_day(date(2028, 12, 2));
    assert_eq!(world.run_job()[0].to.as_str(), "new@example.com");
}

#[rstest]
#[case("name", json!("张三丰"))]
#[case("identity_document", json!({ "kind": "passport", "number": "E12345678" }))]
#[case("district", json!("420107"))]
#[case("education", json!("master"))]
#[case("school", json!("武汉大学"))]
#[case("management_number", json!("202510420106000124"))]
#[case("issued_on", json!("2026-03-01"))]
#[case("certificate_level", json!("social_worker"))]
fn what_is_registered_needs_an_application_for_change(#[case] field: &str, #[case] value: Value) {
    let mut world = World::registered(date(2026, 3, 2));
    let before = world.dossier.clone();
    let refusal = world.save_profile(json!({ field: value, "mobile": "13900139000" })).unwrap_err();
    assert_eq!(refusal.code(), "change_needs_application");
    assert_eq!(refusal.fields().into_iter().map(|error| error.field).collect::<Vec<_>>(), [field]);
    assert_eq!(world.dossier, before, "the mobile number isn't saved either");
}

#[test]
fn what_is_wrong_is_named_field_by_field() {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let wrong = json!({
        "name": "张", "mobile": "12345", "email": "zhang@example", "district": "999999", "education": "phd",
        "management_number": "12-34", "issued_on": "2026-02-30", "memberships": [""],
        "identity_document": { "kind": "resident_identity_card", "number": "110105194912310021" },
    });
    let refusal = world.save_profile(wrong).unwrap_err();
    assert_eq!(refusal.code(), "invalid_fields");
    let told: Vec<_> = refusal.fields().into_iter().map(|error| (error.field, error.code)).collect();
    let expected = [
        ("name", "invalid"),
        ("identity_document", "invalid_identity_number"),
        ("mobile", "invalid"),
        ("email", "invalid"),
        ("district", "invalid"),
        ("education", "unknown_choice"),
        ("management_number", "invalid"),
        ("issued_on", "invalid"),
        ("memberships", "invalid"),
    ];
    assert_eq!(told, expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    assert_eq!(world.dossier.profile.version, 0);
}

#[test]
fn a_second_certificate_under_review_leaves_the_registered_data_alone() {
    let mut world = World::registered(date(2026, 3, 2));
    world.earn(900);
    let number = world.registration().number.clone();
    let registered = world.dossier.profile.form.clone();
    world.go_to_day(date(2029, 1, 10));
    let second = world.first_with(json!({
        "name": "张三丰", "management_number": "202810420106000777", "issued_on": "2028-12-20",
        "certificate_level": "social_worker",
    }));
    world.submit(&second).unwrap();
    assert_eq!(world.dossier.profile.form, registered, "it isn't registered yet");
    world.save_profile(json!({ "email": "new@example.com" })).unwrap();
    assert_eq!(world.registration().name.as_str(), "张三");
    world.approve_all(&second);

    // The first certificate's renewal starts from what is registered of the first certificate.
    let renewal =
        world.try_open(ApplicationKind::Renewal, Some(number.clone())).unwrap().application.unwrap().id;
    let form = &world.application(&renewal).form;
    let registration = world.dossier.registration(&number).unwrap();
    assert_eq!(form.certificate().as_ref(), Some(&registration.certificate));
    assert_eq!(form.name.as_ref(), Some(&registration.name));
}
