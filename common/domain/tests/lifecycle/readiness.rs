//! What an application must have, each shortcoming named with the rule that asks for it.

use crate::common::{Answer, World, code, noon};
use domain::{
    application::{ApplicationKind, State},
    attachment::AttachmentKind,
    date::date,
    error::Refusal,
    id::ApplicationId,
    readiness::{Shortcoming, shortcomings},
};
use rstest::rstest;
use serde_json::json;

fn draft() -> (World, ApplicationId) {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first();
    (world, id)
}

fn missing(world: &World, id: &ApplicationId) -> Vec<Shortcoming> {
    let application = world.application(id);
    shortcomings(application, world.rules.get(&application.rules), world.now.day())
}

/// The fields that a refused submission names, and nothing else of it.
fn named(answer: Answer) -> Vec<String> {
    let Err(Refusal::NotReady(found)) = answer else { panic!("not ready") };
    found.into_iter().map(|shortcoming| shortcoming.field).collect()
}

#[test]
fn an_empty_first_registration_lacks_every_field_and_paper_of_the_guide_each_with_its_rule() {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.open(ApplicationKind::First);
    world.enter(&id, json!({ "district": "420106" })).unwrap();
    let found = missing(&world, &id);
    let expected = [
        ("name", "missing_field", "form.required"),
        ("identity_document", "missing_field", "form.required"),
        ("mobile", "missing_field", "form.required"),
        ("email", "missing_field", "form.required"),
        ("education", "missing_field", "form.required"),
        ("political_status", "missing_field", "form.required"),
        ("management_number", "missing_field", "form.required"),
        ("issued_on", "missing_field", "form.required"),
        ("certificate_level", "missing_field", "form.required"),
        ("employment_status", "missing_field", "form.required"),
        ("memberships", "missing_field", "form.required"),
        ("declaration", "missing_field", "form.required"),
        ("attachments.photo", "missing_attachment", "required_attachments"),
        ("attachments.identity_card_front", "missing_attachment", "required_attachments"),
        ("attachments.identity_card_back", "missing_attachment", "required_attachments"),
        ("attachments.certificate_scan", "missing_attachment", "required_attachments"),
    ];
    let told: Vec<_> = found
        .iter()
        .map(|one| {
            let rule = one.rule.as_ref().expect("the rule that asks for it");
            assert_eq!(rule.rule_set.id, "hubei");
            assert!(rule.source.contains("登记与继续教育指南") && rule.verified);
            assert!(!one.label.is_empty() && one.detail.starts_with('请'), "{one:?}");
            (one.field.as_str(), one.code.as_str(), rule.rule.as_str())
        })
        .collect();
    assert_eq!(told, expected);

    let refusal = world.submit(&id).unwrap_err();
    assert_eq!(refusal.code(), "not_ready");
    assert_eq!(refusal.fields().len(), expected.len(), "the answer names them all at once");
    assert!(refusal.to_string().contains("姓名、身份证件"), "{refusal}");
    assert_eq!(world.state(&id), State::Draft);
}

#[rstest]
fn each_field_must_be_filled_in(
    #[values(
        "name",
        "identity_document",
        "mobile",
        "email",
        "education",
        "political_status",
        "management_number",
        "certificate_level",
        "employment_status",
        "employer",
        "position",
        "practice_field",
        "memberships",
        "declaration"
    )]
    field: &str,
) {
    let (mut world, id) = draft();
    world.enter(&id, json!({ field: null })).unwrap();
    assert_eq!(named(world.submit(&id)), [field]);
}

#[rstest]
#[case::issue_date("issued_on")]
#[case::district("district")]
fn so_must_the_fields_that_choose_the_window_and_the_rules(#[case] field: &str) {
    let (mut world, id) = draft();
    world.enter(&id, json!({ field: null })).unwrap();
    assert_eq!(named(world.submit(&id)), [field]);
}

#[rstest]
#[case::address(json!({ "postal_address": null }))]
#[case::school(json!({ "school": null }))]
#[case::without_practice(json!({ "employment_status": "not_practising", "employer": null, "position": null, "practice_field": null }))]
#[case::part_time(json!({ "employment_status": "part_time" }))]
#[case::a_member(json!({ "memberships": ["湖北省社会工作联合会"] }))]
fn what_may_be_left_open_or_said_otherwise(#[case] patch: serde_json::Value) {
    let (mut world, id) = draft();
    world.enter(&id, patch).unwrap();
    assert_eq!(missing(&world, &id), []);
    assert_eq!(code(&world.submit(&id)), "ok");
}

#[rstest]
#[case::issued_today(0, &[])]
#[case::issued_tomorrow(1, &["issued_on"])]
fn a_certificate_cannot_have_been_issued_in_the_future(#[case] days: i64, #[case] fields: &[&str]) {
    let (mut world, id) = draft();
    let issued_on = world.now.day().plus_days(days);
    world.enter(&id, json!({ "issued_on": issued_on })).unwrap();
    let found: Vec<_> = missing(&world, &id).into_iter().map(|one| (one.field, one.code)).collect();
    let expected: Vec<_> =
        fields.iter().map(|field| ((*field).to_owned(), "date_in_future".to_owned())).collect();
    assert_eq!(found, expected);
    assert_eq!(code(&world.submit(&id)), if fields.is_empty() { "ok" } else { "not_ready" });
}

#[rstest]
fn each_paper_of_a_first_registration_must_be_there_and_confirmed(
    #[values(
        AttachmentKind::Photo,
        AttachmentKind::IdentityCardFront,
        AttachmentKind::IdentityCardBack,
        AttachmentKind::CertificateScan
    )]
    kind: AttachmentKind,
) {
    let (mut world, id) = draft();
    let attachment =
        world.application(&id).attachments.iter().find(|held| held.kind == kind).unwrap().id.clone();
    world.remove(&attachment).unwrap();
    world.place(&id, kind);
    let [field] = &named(world.submit(&id))[..] else { panic!("one thing is missing") };
    assert_eq!(*field, format!("attachments.{}", serde_json::to_value(kind).unwrap().as_str().unwrap()));
}

#[rstest]
#[case::resident("resident_identity_card", "11010519491231002X", false)]
#[case::residence_permit("residence_permit", "11010519491231002X", false)]
#[case::passport("passport", "E12345678", true)]
#[case::a_passport_of_18_characters("passport", "E12345678901234567", true)]
#[case::taiwan("taiwan_permit", "12345678", true)]
#[case::hong_kong("hong_kong_macao_permit", "H12345678", true)]
fn the_back_is_asked_of_documents_that_have_one(
    #[case] kind: &str,
    #[case] number: &str,
    #[case] one_page: bool,
) {
    let (mut world, id) = draft();
    world.enter(&id, json!({ "identity_document": { "kind": kind, "number": number } })).unwrap();
    let back =
        world.application(&id).attachments.iter().find(|held| held.kind == AttachmentKind::IdentityCardBack);
    let back = back.unwrap().id.clone();
    world.remove(&back).unwrap();
    assert_eq!(code(&world.submit(&id)), if one_page { "ok" } else { "not_ready" });
}

#[test]
fn a_renewal_needs_a_recent_photo_and_hours_and_starts_from_what_is_registered() {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2029, 1, 10));
    let id = world.open(ApplicationKind::Renewal);
    assert_eq!(named(world.submit(&id)), ["declaration", "attachments.photo"]);
    world.enter(&id, json!({ "declaration": true })).unwrap();
    world.attach(&id, AttachmentKind::Photo);
    world.earn(450);
    let before = world.dossier.clone();
    let refusal = world.submit(&id).unwrap_err();
    assert_eq!(refusal.code(), "hours_short");
    assert_eq!(refusal.to_string(), "继续教育学时不足：本登记周期要求 90 学时，已认定 45 学时，还差 45 学时");
    assert_eq!(refusal.rule().unwrap().rule, "hours.required");
    assert_eq!(world.dossier, before);
    world.earn(449);
    assert!(world.submit(&id).unwrap_err().to_string().ends_with("已认定 89.9 学时，还差 0.1 学时"));
    world.earn(1);
    assert_eq!(code(&world.submit(&id)), "ok");
}

#[rstest]
#[case::assistant_in_hubei("420106", "assistant_social_worker", 900)]
#[case::assistant_elsewhere("110105", "assistant_social_worker", 720)]
#[case::social_worker("110105", "social_worker", 900)]
#[case::senior("110105", "senior_social_worker", 900)]
fn hours_are_asked_by_level_and_province(#[case] district: &str, #[case] level: &str, #[case] tenths: u32) {
    let patch = json!({ "district": district, "certificate_level": level });
    let mut world = World::registered_with(date(2026, 3, 2), patch);
    world.go_to_day(date(2029, 1, 10));
    let id = world.draft(ApplicationKind::Renewal);
    world.earn(tenths - 1);
    assert_eq!(code(&world.submit(&id)), "hours_short");
    world.earn(1);
    assert_eq!(code(&world.submit(&id)), "ok");
}

#[test]
fn a_certificate_is_registered_once() {
    let mut world = World::registered(date(2026, 3, 2));
    let number = world.registration().number.clone();
    let again = world.first();
    let Err(Refusal::AlreadyRegistered { number: found }) = world.submit(&again) else {
        panic!("registered already")
    };
    assert_eq!(found, number);
    // Another certificate of the same holder is another matter.
    world
        .enter(
            &again,
            json!({ "management_number": "202610420106000777", "certificate_level": "social_worker" }),
        )
        .unwrap();
    assert_eq!(code(&world.submit(&again)), "ok");
    world.approve_all(&again);
    assert_eq!(world.dossier.registrations.len(), 2);
    // From then on one must say which.
    assert_eq!(code(&world.try_open(ApplicationKind::Renewal, None)), "registration_number_needed");
    assert_eq!(code(&world.try_open(ApplicationKind::Renewal, Some(number))), "ok");
}

#[rstest]
fn nothing_is_opened_without_a_registration_it_could_be_about(
    #[values(ApplicationKind::Renewal, ApplicationKind::Change, ApplicationKind::Cancellation)]
    kind: ApplicationKind,
) {
    let mut world = World::new(noon(date(2026, 3, 2)));
    assert_eq!(code(&world.try_open(kind, None)), "no_active_registration");
    let mut world = World::registered(date(2026, 3, 2));
    let somebody_elses =
        domain::registration::RegistrationNumber::mint(&"420106".parse().unwrap(), 2026, 777);
    assert_eq!(code(&world.try_open(kind, Some(somebody_elses))), "no_active_registration");
    assert_eq!(code(&world.try_open(kind, None)), "ok");
}
