//! Amending what waits, and mending what was returned: only what changed goes back, and to every stage.

use crate::common::{DATA, World, code, noon, preliminary_reviewer};
use domain::{
    application::{ApplicationKind, JournalAction, Outcome, Stage, State},
    attachment::AttachmentKind,
    date::date,
    form::Part,
    id::ApplicationId,
    notification::Message,
};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The parts of a first registration with the papers that are required.
const FIRST: [Part; 9] = [
    Part::Person,
    Part::Contact,
    Part::Education,
    Part::Certificate,
    Part::Employment,
    Part::Membership,
    Part::Photo,
    Part::IdentityCard,
    Part::CertificateScan,
];

/// A first registration that waits at `stage`.
fn waiting_at(stage: Stage) -> (World, ApplicationId) {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first();
    world.submit(&id).unwrap();
    if stage == Stage::Final {
        world.decide_stage(&id, Outcome::Approve).unwrap();
    }
    world.go_to_day(date(2026, 3, 9));
    (world, id)
}

/// What each stage has still to look at.
fn outstanding(world: &World, id: &ApplicationId) -> [Vec<Part>; 2] {
    let [preliminary, last] = &world.application(id).stages[..] else { panic!("two stages") };
    assert_eq!((preliminary.stage, last.stage), (Stage::Preliminary, Stage::Final));
    [preliminary, last].map(|progress| progress.outstanding.iter().copied().collect())
}

#[rstest]
#[case::name(json!({ "name": "张三丰" }), Part::Person)]
#[case::identity(json!({ "identity_document": { "kind": "passport", "number": "E12345678" } }), Part::Person)]
#[case::politics(json!({ "political_status": "non_partisan" }), Part::Person)]
#[case::mobile(json!({ "mobile": "13900139000" }), Part::Contact)]
#[case::email(json!({ "email": "san@example.com" }), Part::Contact)]
#[case::address(json!({ "postal_address": "东湖路" }), Part::Contact)]
#[case::district(json!({ "district": "420107" }), Part::Contact)]
#[case::education(json!({ "education": "master" }), Part::Education)]
#[case::school(json!({ "school": "武汉大学" }), Part::Education)]
#[case::number(json!({ "management_number": "202510420106000124" }), Part::Certificate)]
#[case::issue_date(json!({ "issued_on": "2026-03-01" }), Part::Certificate)]
#[case::level(json!({ "certificate_level": "social_worker" }), Part::Certificate)]
#[case::status(json!({ "employment_status": "part_time" }), Part::Employment)]
#[case::employer(json!({ "employer": "洪山区社会工作站" }), Part::Employment)]
#[case::position(json!({ "position": "督导" }), Part::Employment)]
#[case::field(json!({ "practice_field": "elderly" }), Part::Employment)]
#[case::memberships(json!({ "memberships": ["湖北省社会工作联合会"] }), Part::Membership)]
fn after_the_first_stage_approved_only_the_amended_part_goes_back_to_it(
    #[case] patch: Value,
    #[case] part: Part,
) {
    let (mut world, id) = waiting_at(Stage::Final);
    assert_eq!(outstanding(&world, &id), [vec![], FIRST.to_vec()]);
    let change = world.enter(&id, patch.clone()).unwrap();
    assert_eq!(change.journal.action, JournalAction::Amended);
    assert_eq!(change.journal.parts, [part].into());
    let fields: BTreeSet<_> = patch.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        change.journal.fields.iter().map(|field| field.key().to_owned()).collect::<BTreeSet<_>>(),
        fields
    );
    assert_eq!(world.application(&id).stage(), Some(Stage::Preliminary));
    assert_eq!(outstanding(&world, &id), [vec![part], FIRST.to_vec()]);

    let change = world.decide_stage(&id, Outcome::Approve).unwrap();
    assert_eq!(change.journal.parts, [part].into(), "the journal tells what was looked at");
    assert_eq!(world.application(&id).stage(), Some(Stage::Final));
    world.decide_stage(&id, Outcome::Approve).unwrap();
    assert_eq!(world.state(&id), State::Approved);
}

#[rstest]
#[case::photo(AttachmentKind::Photo, Part::Photo)]
#[case::card_front(AttachmentKind::IdentityCardFront, Part::IdentityCard)]
#[case::card_back(AttachmentKind::IdentityCardBack, Part::IdentityCard)]
#[case::certificate(AttachmentKind::CertificateScan, Part::CertificateScan)]
#[case::degree(AttachmentKind::Degree, Part::Papers)]
#[case::employment(AttachmentKind::EmploymentProof, Part::Papers)]
#[case::other(AttachmentKind::Other, Part::Papers)]
fn a_new_paper_goes_back_as_its_part_once_it_is_confirmed(#[case] kind: AttachmentKind, #[case] part: Part) {
    let (mut world, id) = waiting_at(Stage::Final);
    let attachment = world.place(&id, kind);
    assert_eq!(outstanding(&world, &id)[0], [], "a place alone is nothing to look at");
    let change = world.confirm(&attachment, &DATA.inspection()).unwrap();
    assert_eq!(change.journal.action, JournalAction::AttachmentConfirmed);
    let mut all: BTreeSet<Part> = FIRST.into();
    all.insert(part);
    assert_eq!(outstanding(&world, &id), [vec![part], all.into_iter().collect()]);
    // A retried confirmation of the same file is nothing new.
    world.decide_stage(&id, Outcome::Approve).unwrap();
    let receipt = world.application(&id).receipt.clone();
    assert_eq!(world.confirm(&attachment, &DATA.inspection()).unwrap().notifications, []);
    assert_eq!(world.application(&id).receipt, receipt);
    assert_eq!(world.application(&id).stage(), Some(Stage::Final));
}

#[test]
fn an_amendment_gets_a_receipt_of_its_own_and_keeps_the_time_of_submission() {
    let (mut world, id) = waiting_at(Stage::Preliminary);
    let first = world.application(&id).receipt.clone().unwrap();
    let change = world.enter(&id, json!({ "position": "督导" })).unwrap();
    let second = world.application(&id).receipt.clone().unwrap();
    assert_eq!((second.submitted_at, second.accepted_at), (first.submitted_at, world.now));
    assert_eq!((first.count, second.count), (1, 2));
    assert!(first.number.ends_with("-1") && second.number.ends_with("-2"));
    assert_ne!(first.content_hash, second.content_hash);
    assert_eq!(
        (second.content_hash.len(), second.content_hash.to_lowercase()),
        (64, second.content_hash.clone())
    );
    let [told] = &change.notifications[..] else { panic!("one mail") };
    let Message::Receipt { receipt_number, content_hash, amendment, decision_due, .. } = &told.message else {
        panic!("a receipt")
    };
    assert_eq!((receipt_number, content_hash, *amendment), (&second.number, &second.content_hash, true));
    // Thirty working days after 9 March 2026, with Qingming on 6 April.
    assert_eq!(*decision_due, date(2026, 4, 21));
}

#[test]
fn an_amendment_ends_the_claim_of_whoever_was_reading_the_old_text() {
    let (mut world, id) = waiting_at(Stage::Preliminary);
    world.claim(&id, &preliminary_reviewer("4201")).unwrap();
    world.request(&id, AttachmentKind::Other, |_| {}).unwrap();
    assert!(world.application(&id).claim.is_some(), "a place for an upload changes nothing yet");
    world.enter(&id, json!({ "position": "督导" })).unwrap();
    assert_eq!(world.application(&id).claim, None);
}

#[rstest]
#[case::incomplete(json!({ "name": null }), "not_ready")]
#[case::declaration_taken_back(json!({ "declaration": false }), "not_ready")]
#[case::certificate_of_the_future(json!({ "issued_on": "2026-03-10" }), "not_ready")]
#[case::nothing(json!({ "name": "张三" }), "nothing_changed")]
#[case::wrong_check_digit(json!({ "identity_document": { "kind": "resident_identity_card", "number": "110105194912310021" } }), "invalid_fields")]
fn what_waits_must_stay_complete(#[case] patch: Value, #[case] refusal: &str) {
    let (mut world, id) = waiting_at(Stage::Final);
    let before = world.clone();
    assert_eq!(code(&world.enter(&id, patch)), refusal);
    assert_eq!(world.dossier, before.dossier);
}

#[test]
fn an_amendment_cannot_move_a_certificate_out_of_its_window() {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first_with(json!({ "issued_on": "2026-03-01", "district": "110105" }));
    world.submit(&id).unwrap();
    assert_eq!(code(&world.enter(&id, json!({ "issued_on": "2025-03-01" }))), "first_window_closed");
    assert_eq!(code(&world.enter(&id, json!({ "issued_on": "2025-03-02" }))), "ok");
    assert_eq!(world.application(&id).rules.id, "national");
}

#[rstest]
#[case::nothing_mended_goes_back_to_the_final_stage(Stage::Final, None, Stage::Final, vec![])]
#[case::a_field_goes_back_to_the_first(Stage::Final, Some("position"), Stage::Preliminary, vec![Part::Employment])]
#[case::a_photo_goes_back_to_the_first(Stage::Final, Some("photo"), Stage::Preliminary, vec![Part::Photo])]
#[case::returned_by_the_first(Stage::Preliminary, Some("position"), Stage::Preliminary, FIRST.to_vec())]
#[case::returned_by_the_first_unmended(Stage::Preliminary, None, Stage::Preliminary, FIRST.to_vec())]
fn what_was_returned_and_mended_comes_back_to_the_right_stage(
    #[case] returned_by: Stage,
    #[case] mended: Option<&str>,
    #[case] waits_at: Stage,
    #[case] preliminary: Vec<Part>,
) {
    let (mut world, id) = waiting_at(returned_by);
    world.decide_stage(&id, Outcome::Return).unwrap();
    let returned = world.application(&id);
    assert_eq!((returned.state, returned.stage()), (State::Returned, None));
    assert_eq!(returned.mend_by, Some(date(2026, 5, 8)), "60 days");
    assert_eq!(returned.reasons.len(), 1);
    match mended {
        Some("photo") => drop(world.attach(&id, AttachmentKind::Photo)),
        Some(field) => drop(world.enter(&id, json!({ field: "督导" })).unwrap()),
        None => {}
    }
    world.go_to_day(date(2026, 3, 20));
    world.submit(&id).unwrap();
    let again = world.application(&id);
    assert_eq!((again.stage(), again.mend_by), (Some(waits_at), None));
    assert_eq!(again.next_due, Some(date(2026, 5, 8)), "the day after its new limit, which is 7 May");
    assert!(again.reasons.is_empty(), "the reasons were for the last round");
    assert_eq!(outstanding(&world, &id), [preliminary, FIRST.to_vec()]);
    world.approve_all(&id);
    assert_eq!(world.state(&id), State::Approved);
}

#[test]
fn what_was_returned_may_be_incomplete_while_it_is_mended_but_not_when_it_comes_back() {
    let (mut world, id) = waiting_at(Stage::Preliminary);
    world.decide_stage(&id, Outcome::Return).unwrap();
    world.enter(&id, json!({ "name": null })).unwrap();
    assert_eq!(code(&world.submit(&id)), "not_ready");
    world.enter(&id, json!({ "name": "张三" })).unwrap();
    assert_eq!(code(&world.submit(&id)), "ok");
}

#[test]
fn a_cancellation_goes_through_the_stages_too() {
    let mut world = World::registered(date(2026, 3, 2));
    let id = world.draft(ApplicationKind::Cancellation);
    world.submit(&id).unwrap();
    world.decide_stage(&id, Outcome::Approve).unwrap();
    world.enter(&id, json!({ "mobile": "13900139000" })).unwrap();
    assert_eq!(outstanding(&world, &id)[0], [Part::Contact]);
}
