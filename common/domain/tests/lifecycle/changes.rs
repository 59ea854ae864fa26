//! Changes of what is registered, and cancellation.

use crate::common::{World, code, decision, final_reviewer, identity_key};
use domain::{
    application::{ApplicationKind, Change, Claim, JournalAction, Outcome, Stage, State, UniqueKey},
    attachment::AttachmentKind,
    date::date,
    error::Refusal,
    form::Part,
    id::ApplicationId,
    notification::Message,
    registration::RegistrationStatus,
};
use rstest::rstest;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const TWO_SIDES: [AttachmentKind; 2] = [AttachmentKind::IdentityCardFront, AttachmentKind::IdentityCardBack];

/// A change with `patch`, a week after registration.
fn change(patch: Value) -> (World, ApplicationId) {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2026, 3, 9));
    let id = world.draft(ApplicationKind::Change);
    world.enter(&id, patch).unwrap();
    (world, id)
}

fn attach_both_sides(world: &mut World, id: &ApplicationId) {
    for side in TWO_SIDES {
        world.attach(id, side);
    }
}

#[rstest]
#[case("mobile", json!("13900139000"), "手机号码")]
#[case("email", json!("san@example.com"), "电子邮箱")]
#[case("postal_address", json!("东湖路"), "通讯地址")]
#[case("political_status", json!("non_partisan"), "政治面貌")]
#[case("employment_status", json!("part_time"), "从业状态")]
#[case("employer", json!("洪山区社会工作站"), "工作单位")]
#[case("position", json!("督导"), "职务")]
#[case("practice_field", json!("elderly"), "从事社会工作领域")]
#[case("memberships", json!(["湖北省社会工作联合会"]), "加入的社会工作行业组织")]
fn what_needs_no_approval_takes_effect_at_once(
    #[case] field: &str,
    #[case] value: Value,
    #[case] label: &str,
) {
    let (mut world, id) = change(json!({ field: value }));
    let wanted = world.application(&id).form.clone();
    let change = world.submit(&id).unwrap();
    assert_eq!(world.state(&id), State::Approved);
    let [told] = &change.notifications[..] else { panic!("one letter") };
    let Message::Changed { fields, receipt, .. } = &told.message else { panic!("of the change") };
    assert_eq!(fields[..], [label.to_owned()]);
    let issued = world.application(&id).receipt.clone().unwrap();
    assert_eq!(receipt.as_ref().unwrap().number, issued.number, "the letter is the receipt too");
    assert_eq!(world.registration().email, wanted.email.clone().unwrap());
    assert_eq!(world.dossier.profile.form.changed_fields(&wanted).len(), 1, "all but the declaration");
    // Another can follow at once.
    assert_eq!(code(&world.try_open(ApplicationKind::Change, None)), "ok");
}

#[rstest]
#[case::name("name", json!("张三丰"), &TWO_SIDES, vec![Part::Person, Part::IdentityCard])]
#[case::identity("identity_document", json!({ "kind": "resident_identity_card", "number": "440524188001010014" }), &TWO_SIDES, vec![Part::Person, Part::IdentityCard])]
#[case::education("education", json!("master"), &[AttachmentKind::Degree], vec![Part::Education, Part::Papers])]
#[case::school("school", json!("武汉大学"), &[AttachmentKind::Degree], vec![Part::Education, Part::Papers])]
fn what_needs_approval_needs_its_evidence_and_waits_for_both_stages(
    #[case] field: &str,
    #[case] value: Value,
    #[case] evidence: &[AttachmentKind],
    #[case] parts: Vec<Part>,
) {
    // A free field changed along with it isn't looked at.
    let (mut world, id) = change(json!({ field: value, "position": "督导" }));
    let Err(Refusal::NotReady(missing)) = world.submit(&id) else { panic!("evidence is missing") };
    assert_eq!(missing.len(), evidence.len());
    for one in &missing {
        assert_eq!(
            (one.code.as_str(), one.rule.as_ref().unwrap().rule.as_str()),
            ("missing_attachment", "changes")
        );
    }
    for kind in evidence {
        world.attach(&id, *kind);
    }
    let before = world.registration().clone();
    let form_before = world.dossier.profile.form.clone();
    world.submit(&id).unwrap();
    for stage in [Stage::Preliminary, Stage::Final] {
        assert_eq!(world.application(&id).stage(), Some(stage));
        assert_eq!(world.application(&id).outstanding().into_iter().collect::<Vec<_>>(), parts);
        assert_eq!(*world.registration(), before, "nothing takes effect before the last approval");
        assert_eq!(world.dossier.profile.form, form_before);
        world.decide_stage(&id, Outcome::Approve).unwrap();
    }
    assert_eq!(world.state(&id), State::Approved);
    let approved = &world.application(&id).form;
    assert_eq!(world.registration().name, approved.name.clone().unwrap());
    assert_eq!(world.dossier.profile.form.changed_fields(approved).len(), 1, "all but the declaration");
    assert_eq!(world.registration().valid_until, before.valid_until, "a change gives no more time");
    assert_eq!(world.registration().next_due, before.next_due);
}

#[rstest]
#[case("district", json!("420107"))]
#[case("management_number", json!("202510420106000124"))]
#[case("issued_on", json!("2026-03-01"))]
#[case("certificate_level", json!("social_worker"))]
fn the_certificate_and_the_place_of_registration_are_not_changed_this_way(
    #[case] field: &str,
    #[case] value: Value,
) {
    let (mut world, id) = change(json!({ field: value, "position": "督导" }));
    let before = world.dossier.clone();
    let refusal = world.submit(&id).unwrap_err();
    assert_eq!(refusal.code(), "field_not_changeable");
    assert_eq!(refusal.fields().into_iter().map(|error| error.field).collect::<Vec<_>>(), [field]);
    assert_eq!(world.dossier, before);
}

#[test]
fn a_change_of_nothing_is_refused() {
    let (mut world, id) = change(json!({}));
    assert_eq!(code(&world.submit(&id)), "nothing_changed");
    world.enter(&id, json!({ "position": "督导" })).unwrap();
    world.enter(&id, json!({ "position": "社工" })).unwrap();
    assert_eq!(code(&world.submit(&id)), "nothing_changed");
}

#[test]
fn a_change_that_is_refused_or_withdrawn_changes_nothing() {
    for withdrawn in [true, false] {
        let (mut world, id) = change(json!({ "name": "张三丰" }));
        attach_both_sides(&mut world, &id);
        let before = (world.registration().clone(), world.dossier.profile.clone());
        world.submit(&id).unwrap();
        if withdrawn { world.withdraw(&id) } else { world.decide_stage(&id, Outcome::Refuse) }.unwrap();
        assert_eq!((world.registration().clone(), world.dossier.profile.clone()), before);
    }
}

#[test]
fn what_changed_meanwhile_is_kept_when_an_older_change_is_approved() {
    let (mut world, id) = change(json!({ "name": "张三丰" }));
    attach_both_sides(&mut world, &id);
    world.submit(&id).unwrap();
    world.go_to_day(date(2026, 3, 12));
    world.save_profile(json!({ "email": "new@example.com", "position": "督导" })).unwrap();
    world.approve_all(&id);
    let (registration, form) = (world.registration(), &world.dossier.profile.form);
    assert_eq!((registration.name.as_str(), registration.email.as_str()), ("张三丰", "new@example.com"));
    assert_eq!(
        (form.name.as_ref().unwrap().as_str(), form.position.as_ref().unwrap().as_str()),
        ("张三丰", "督导")
    );
    assert_eq!(form.email.as_ref().unwrap().as_str(), "new@example.com");
}

/// The identity documents that are held, by number.
fn documents(world: &World) -> Vec<String> {
    let keys = world.held.keys().filter_map(|key| match key {
        UniqueKey::Identity(key) => Some(key.as_str().rsplit(':').next().unwrap().to_owned()),
        _ => None,
    });
    keys.collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn a_change_of_identity_document_holds_both_until_it_is_decided_and_then_one() {
    const OLD: &str = "11010519491231002X";
    const NEW: &str = "440524188001010014";
    let new = json!({ "identity_document": { "kind": "resident_identity_card", "number": NEW } });
    let waiting = || {
        let (mut world, id) = change(new.clone());
        attach_both_sides(&mut world, &id);
        world.submit(&id).unwrap();
        assert_eq!(documents(&world), [OLD, NEW]);
        (world, id)
    };
    let (mut world, id) = waiting();
    world.approve_all(&id);
    assert_eq!(documents(&world), [NEW], "the old number may be somebody else's after all");
    for outcome in [Outcome::Refuse, Outcome::Return] {
        let (mut world, id) = waiting();
        world.decide_stage(&id, outcome).unwrap();
        if outcome == Outcome::Return {
            world.withdraw(&id).unwrap();
        }
        assert_eq!(documents(&world), [OLD]);
    }
    // Also where the document was only amended into a change of something else.
    let (mut world, id) = change(json!({ "name": "张三丰" }));
    attach_both_sides(&mut world, &id);
    world.submit(&id).unwrap();
    world.enter(&id, new).unwrap();
    assert_eq!(documents(&world), [OLD, NEW]);
    assert_eq!(world.application(&id).identity, identity_key(&world.application(&id).form));
    world.withdraw(&id).unwrap();
    assert_eq!(documents(&world), [OLD]);
}

#[test]
fn a_document_that_two_applications_bring_is_held_until_both_have_ended() {
    let new = json!({ "identity_document": { "kind": "passport", "number": "E12345678" } });
    let mut world = World::registered(date(2026, 3, 2));
    world.earn(900);
    world.go_to_day(date(2029, 1, 10));
    let ids = [ApplicationKind::Change, ApplicationKind::Renewal].map(|kind| {
        let id = world.draft(kind);
        world.enter(&id, new.clone()).unwrap();
        world.attach(&id, AttachmentKind::IdentityCardFront);
        world.submit(&id).unwrap();
        id
    });
    world.withdraw(&ids[0]).unwrap();
    assert_eq!(documents(&world), ["11010519491231002X", "E12345678"]);
    world.withdraw(&ids[1]).unwrap();
    assert_eq!(documents(&world), ["11010519491231002X"]);
}

#[test]
fn a_draft_with_a_document_replaced_meanwhile_does_not_take_it_back() {
    let mut world = World::registered(date(2026, 3, 2));
    world.earn(900);
    world.go_to_day(date(2029, 1, 10));
    let change = world.draft(ApplicationKind::Change);
    let renewal = world.draft(ApplicationKind::Renewal);
    let new = json!({ "identity_document": { "kind": "passport", "number": "E12345678" } });
    world.enter(&renewal, new).unwrap();
    world.attach(&renewal, AttachmentKind::IdentityCardFront);
    world.submit(&renewal).unwrap();
    world.approve_all(&renewal);
    assert_eq!(documents(&world), ["E12345678"]);

    world.enter(&change, json!({ "position": "督导" })).unwrap();
    let old = identity_key(&world.application(&change).form).map(UniqueKey::Identity).unwrap();
    let decided = world.submit(&change).unwrap();
    // It may be somebody else's by now: it's neither taken nor let go.
    let names_it =
        |claim: &Claim| matches!(claim, Claim::Take { key, .. } | Claim::Release { key, .. } if *key == old);
    assert!(!decided.claims.iter().any(names_it));
    assert_eq!(documents(&world), ["E12345678"]);
    assert_eq!(
        identity_key(&world.dossier.profile.form).map(UniqueKey::Identity).as_ref(),
        world.held.keys().next()
    );
}

/// A registration in its renewal window, whose cancellation is approved while `kind` waits at the final stage. Gives that
/// application, and what approving the cancellation changed.
fn cancelled_while_waiting(kind: ApplicationKind) -> (World, ApplicationId, Change) {
    let mut world = World::registered(date(2026, 3, 2));
    world.earn(900);
    world.go_to_day(date(2029, 1, 10));
    let id = world.draft(kind);
    if kind == ApplicationKind::Change {
        world.enter(&id, json!({ "name": "张三丰" })).unwrap();
        attach_both_sides(&mut world, &id);
    }
    world.submit(&id).unwrap();
    world.decide_stage(&id, Outcome::Approve).unwrap();
    let cancellation = world.draft(ApplicationKind::Cancellation);
    world.submit(&cancellation).unwrap();
    world.decide_stage(&cancellation, Outcome::Approve).unwrap();
    assert_eq!(
        (world.registration().status, world.state(&id)),
        (RegistrationStatus::Active, State::Submitted)
    );
    let change = world.decide_stage(&cancellation, Outcome::Approve).unwrap();
    (world, id, change)
}

#[rstest]
fn what_still_waited_is_closed_with_the_registration_that_is_cancelled(
    #[values(ApplicationKind::Renewal, ApplicationKind::Change)] kind: ApplicationKind,
) {
    let (mut world, id, change) = cancelled_while_waiting(kind);
    let cancelled = world.registration().clone();
    assert_eq!((cancelled.status, cancelled.next_due), (RegistrationStatus::Cancelled, None));
    assert_eq!(cancelled.pending_renewal, None);
    assert!(!cancelled.is_valid_on(world.now.day()));
    let told =
        Message::Cancelled { number: cancelled.number.clone(), closed: vec![kind], claims_closed: false };
    assert_eq!(*world.last_message(), told);

    // In the same change, journalled as closed and not as approved, and out of every queue.
    let [closed] = &change.closed[..] else { panic!("one is closed: {:?}", change.closed) };
    assert_eq!((&closed.id, closed.state, closed.stage()), (&id, State::Closed, None));
    assert_eq!(change.journal.of_closed().action, JournalAction::Closed);
    assert_eq!(change.journal.of_closed().stage, None);
    let place = UniqueKey::OpenApplication(kind, cancelled.number.to_string());
    assert!(!world.held.contains_key(&place), "its place is free");

    for outcome in [Outcome::Approve, Outcome::Refuse] {
        let reviewer = final_reviewer("42");
        assert_eq!(code(&world.decide(&id, &reviewer, decision(outcome))), "already_decided");
    }
    assert_eq!(code(&world.enter(&id, json!({ "position": "督导" }))), "wrong_state");
    assert_eq!(code(&world.withdraw(&id)), "wrong_state");
    assert_eq!(*world.registration(), cancelled);
    // Nothing is told of a lapse, then or on any later day.
    world.go_to_day(date(2029, 6, 1));
    assert_eq!(world.run_job(), []);
    assert!(!world.outbox.iter().any(|told| matches!(told.message, Message::Lapsed { .. })));
}

#[test]
fn a_new_document_that_was_to_be_registered_is_let_go_with_the_cancellation() {
    let mut world = World::registered(date(2026, 3, 2));
    world.earn(900);
    world.go_to_day(date(2029, 1, 10));
    for kind in [ApplicationKind::Change, ApplicationKind::Renewal] {
        let id = world.draft(kind);
        world
            .enter(&id, json!({ "identity_document": { "kind": "passport", "number": "E12345678" } }))
            .unwrap();
        world.attach(&id, AttachmentKind::IdentityCardFront);
        world.submit(&id).unwrap();
    }
    assert_eq!(documents(&world), ["11010519491231002X", "E12345678"]);
    let cancellation = world.draft(ApplicationKind::Cancellation);
    world.submit(&cancellation).unwrap();
    world.approve_all(&cancellation);
    // Both held it, and the second lets it go.
    assert_eq!(documents(&world), ["11010519491231002X"]);
}

#[test]
fn a_cancelled_certificate_can_be_registered_again() {
    let mut world = World::registered(date(2026, 3, 2));
    let id = world.draft(ApplicationKind::Cancellation);
    world.submit(&id).unwrap();
    world.approve_all(&id);
    assert_eq!(code(&world.try_open(ApplicationKind::Cancellation, None)), "no_active_registration");
    let again = world.first();
    world.submit(&again).unwrap();
    world.approve_all(&again);
    assert_eq!(world.registration().status, RegistrationStatus::Active);
    assert_eq!(world.dossier.registrations.len(), 2);
}
