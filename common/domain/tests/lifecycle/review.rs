//! Who may decide what, when somebody else is at it, and what a decision must say.

use crate::common::{World, code, decision, final_reviewer, noon, preliminary_reviewer, reviewer};
use domain::{
    actor::{Actor, Reviewer, Role},
    application::{ApplicationKind, Decision, JournalAction, Outcome, Reason, Stage, State},
    attachment::AttachmentKind,
    date::date,
    error::RefusalClass,
    form::Part,
    id::ApplicationId,
    notification::{Message, ReasonLine},
};
use rstest::rstest;
use serde_json::json;

/// A first registration in Wuchang (420106) that waits at the preliminary stage.
fn waiting() -> (World, ApplicationId) {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first();
    world.submit(&id).unwrap();
    (world, id)
}

/// The same person as the applicant.
fn applicant(world: &World, id: &ApplicationId, role: Role, area: &str) -> Reviewer {
    Reviewer { identity: world.application(id).identity.clone(), ..reviewer(9, role, area) }
}

#[rstest]
#[case::wuhan(preliminary_reviewer("4201"), "ok")]
#[case::wuchang(preliminary_reviewer("420106"), "ok")]
#[case::all_of_hubei(preliminary_reviewer("42"), "ok")]
#[case::another_district(preliminary_reviewer("420107"), "outside_area")]
#[case::another_city(preliminary_reviewer("4202"), "outside_area")]
#[case::another_province(preliminary_reviewer("43"), "outside_area")]
#[case::the_other_stage(final_reviewer("42"), "wrong_stage")]
#[case::a_provider(reviewer(5, Role::Provider, "42"), "wrong_stage")]
#[case::an_administrator(reviewer(6, Role::Administrator, "42"), "wrong_stage")]
#[case::a_holder(reviewer(7, Role::Holder, "42"), "wrong_stage")]
fn a_stage_is_decided_by_who_holds_it_in_that_area(#[case] who: Reviewer, #[case] expected: &str) {
    let (world, id) = waiting();
    for command in ["claim", "decide"] {
        let mut tried = world.clone();
        let answer = match command {
            "claim" => tried.claim(&id, &who),
            _ => tried.decide(&id, &who, decision(Outcome::Approve)),
        };
        assert_eq!(code(&answer), expected, "{command}");
        match answer {
            Ok(change) => assert_eq!(change.journal.actor, Actor::Staff(who.id.clone())),
            Err(refusal) => {
                assert_eq!(refusal.class(), RefusalClass::Forbidden);
                assert_eq!(tried.dossier, world.dossier);
            }
        }
    }
}

#[rstest]
fn nobody_decides_their_own_application(
    #[values(Role::PreliminaryReviewer, Role::FinalReviewer)] role: Role,
    #[values(Outcome::Approve, Outcome::Return, Outcome::Refuse)] outcome: Outcome,
) {
    let (mut world, id) = waiting();
    if role == Role::FinalReviewer {
        world.decide_stage(&id, Outcome::Approve).unwrap();
    }
    let own = applicant(&world, &id, role, "42");
    assert_eq!(code(&world.claim(&id, &own)), "own_application");
    assert_eq!(code(&world.decide(&id, &own, decision(outcome))), "own_application");
}

#[test]
fn nor_does_a_new_identity_document_make_it_somebody_elses() {
    let (mut world, id) = waiting();
    let own = applicant(&world, &id, Role::PreliminaryReviewer, "42");
    world.approve_all(&id);
    let change = world.draft(ApplicationKind::Change);
    world
        .enter(&change, json!({ "identity_document": { "kind": "passport", "number": "E12345678" } }))
        .unwrap();
    world.attach(&change, AttachmentKind::IdentityCardFront);
    world.submit(&change).unwrap();
    assert_eq!(code(&world.decide(&change, &own, decision(Outcome::Approve))), "own_application");
}

#[rstest]
fn what_was_decided_is_not_decided_twice(
    #[values(Outcome::Approve, Outcome::Return, Outcome::Refuse)] first: Outcome,
    #[values(Outcome::Approve, Outcome::Return, Outcome::Refuse)] second: Outcome,
) {
    let (mut world, id) = waiting();
    world.decide_stage(&id, first).unwrap();
    let before = world.dossier.clone();
    let refusal = world.decide(&id, &preliminary_reviewer("4201"), decision(second)).unwrap_err();
    assert_eq!((refusal.code(), refusal.class()), ("already_decided", RefusalClass::Conflict));
    assert_eq!(world.dossier, before);
}

#[test]
fn while_one_reviewer_is_at_it_no_other_is() {
    let (mut world, id) = waiting();
    let (one, other) = (preliminary_reviewer("4201"), reviewer(8, Role::PreliminaryReviewer, "4201"));
    world.claim(&id, &one).unwrap();
    let until = world.application(&id).claim.clone().unwrap().until;
    assert_eq!(until, world.now.plus_seconds(30 * 60), "30 minutes");
    for answer in [
        world.claim(&id, &other),
        world.release(&id, &other),
        world.decide(&id, &other, decision(Outcome::Approve)),
    ] {
        let refusal = answer.unwrap_err();
        assert_eq!((refusal.code(), refusal.class()), ("claimed_by_other", RefusalClass::Conflict));
    }
    // Whoever has it may take it up again, and so longer.
    world.go_to(until.plus_seconds(-60));
    world.claim(&id, &one).unwrap();
    assert_eq!(world.application(&id).claim.as_ref().unwrap().until, world.now.plus_seconds(30 * 60));
    // The final stage isn't theirs by that.
    world.decide(&id, &one, decision(Outcome::Approve)).unwrap();
    assert_eq!(world.application(&id).claim, None);
    assert_eq!(code(&world.claim(&id, &final_reviewer("42"))), "ok");
}

#[rstest]
#[case::in_its_last_second(-1, "claimed_by_other")]
#[case::when_it_ends(0, "ok")]
#[case::later(3600, "ok")]
fn a_claim_ends_by_itself(#[case] seconds: i64, #[case] expected: &str) {
    let (mut world, id) = waiting();
    world.claim(&id, &preliminary_reviewer("4201")).unwrap();
    world.go_to(world.now.plus_seconds(30 * 60 + seconds));
    let other = reviewer(8, Role::PreliminaryReviewer, "4201");
    assert_eq!(code(&world.clone().claim(&id, &other)), expected);
    assert_eq!(code(&world.decide(&id, &other, decision(Outcome::Approve))), expected);
}

#[test]
fn only_who_took_it_up_lays_it_down() {
    let (mut world, id) = waiting();
    let (one, other) = (preliminary_reviewer("4201"), reviewer(8, Role::PreliminaryReviewer, "4201"));
    assert_eq!(code(&world.release(&id, &one)), "wrong_state", "nobody took it up");
    world.claim(&id, &one).unwrap();
    let change = world.release(&id, &one).unwrap();
    assert_eq!(
        (change.journal.action, change.journal.stage),
        (JournalAction::Released, Some(Stage::Preliminary))
    );
    assert_eq!(world.application(&id).claim, None);
    // One that has run out is still not another's to lay down.
    world.claim(&id, &one).unwrap();
    world.go_to(world.now.plus_seconds(31 * 60));
    assert_eq!(code(&world.release(&id, &other)), "wrong_state");
    assert_eq!(code(&world.release(&id, &one)), "ok");
}

fn reason(ground: &str, note: &str, part: Option<Part>) -> Reason {
    Reason { part, ground: ground.to_owned(), note: note.to_owned() }
}

#[rstest]
#[case::none(vec![], "reason_needed")]
#[case::unknown_ground(vec![reason("dislike", "", None)], "unknown_ground")]
#[case::one_of_two_unknown(vec![reason("incomplete", "", None), reason("", "", None)], "unknown_ground")]
#[case::long_note(vec![reason("other", &"长".repeat(501), None)], "note_too_long")]
#[case::longest_note(vec![reason("other", &"长".repeat(500), None)], "ok")]
#[case::several(vec![reason("unclear_attachment", "", Some(Part::Photo)), reason("data_mismatch", "", None)], "ok")]
fn a_return_or_refusal_says_why(
    #[values(Outcome::Return, Outcome::Refuse)] outcome: Outcome,
    #[case] reasons: Vec<Reason>,
    #[case] expected: &str,
) {
    let (mut world, id) = waiting();
    let before = world.dossier.clone();
    let answer =
        world.decide(&id, &preliminary_reviewer("4201"), Decision { outcome, reasons: reasons.clone() });
    assert_eq!(code(&answer), expected);
    match answer {
        Ok(change) => {
            assert_eq!(change.journal.reasons, reasons);
            assert_eq!(world.application(&id).reasons, reasons);
            assert!(change.journal.rule.is_some(), "and by which rule");
        }
        Err(_) => assert_eq!(world.dossier, before),
    }
}

#[test]
fn the_holder_reads_the_reasons_in_words() {
    let (mut world, id) = waiting();
    let reasons =
        vec![reason("unclear_attachment", " 照片反光 ", Some(Part::Photo)), reason("incomplete", "", None)];
    world.decide(&id, &preliminary_reviewer("4201"), Decision { outcome: Outcome::Return, reasons }).unwrap();
    let Message::Returned { reasons, mend_by, .. } = world.last_message() else {
        panic!("told of the return")
    };
    let line = |part: &str, text: &str| ReasonLine { part: part.to_owned(), text: text.to_owned() };
    assert_eq!(*reasons, [line("证件照", "附件不清晰或不完整：照片反光"), line("", "填报内容不完整")]);
    assert_eq!(*mend_by, date(2026, 5, 1));
}

#[test]
fn an_approval_at_both_stages_registers_and_says_who_and_when() {
    let (mut world, id) = waiting();
    world.decide_stage(&id, Outcome::Approve).unwrap();
    assert!(world.dossier.registrations.is_empty());
    world.go_to_day(date(2026, 3, 5));
    let change = world.decide_stage(&id, Outcome::Approve).unwrap();
    assert_eq!((change.journal.action, change.journal.stage), (JournalAction::Approved, Some(Stage::Final)));
    let application = world.application(&id);
    let approvals: Vec<_> = application.stages.iter().map(|stage| stage.approved.clone().unwrap()).collect();
    assert_eq!(
        (&approvals[0].by, approvals[0].at),
        (&preliminary_reviewer("4201").id, noon(date(2026, 3, 2)))
    );
    assert_eq!((&approvals[1].by, approvals[1].at), (&final_reviewer("42").id, noon(date(2026, 3, 5))));
    let registration = world.registration();
    assert_eq!(
        (application.state, &application.registration),
        (State::Approved, &Some(registration.number.clone()))
    );
    assert_eq!(
        (registration.version, registration.registered_on),
        (1, date(2026, 3, 5)),
        "on the day of approval"
    );
    assert!(matches!(world.last_message(), Message::Registered { kind: ApplicationKind::First, .. }));
}
