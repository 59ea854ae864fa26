//! The procedure: announced, objected to, decided. Every command in every state.

use super::{
    administrator, announce, announce_by, decide, decide_by, ground, held, job_on, library, object,
    registered,
};
use crate::common::{Answer, World, code, identity_key};
use domain::{
    actor::Actor,
    application::{ApplicationKind, JournalAction, Reason},
    date::{CalendarDate, date},
    notification::Message,
    registration::RegistrationStatus,
    revocation::{self, MOST_TEXT, RevocationDecision, RevocationRuling, RevocationState},
};
use rstest::rstest;
use serde_json::json;

/// The last day to object to what is announced on the day of registration.
fn last_day() -> CalendarDate {
    date(2026, 3, 17)
}

#[test]
fn the_holder_is_told_the_grounds_with_their_facts_and_until_when_they_may_object() {
    let mut world = registered();
    let change = announce(&mut world).unwrap();
    let Message::RevocationAnnounced { number, reasons, object_until } = world.last_message() else {
        panic!("{:?}", world.last_message())
    };
    assert_eq!((number, *object_until), (&world.registration().number, last_day()), "fifteen days");
    let text = "以欺骗、贿赂等不正当手段取得登记：经核查，工作经历证明系伪造";
    assert_eq!(reasons.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), [text]);
    assert_eq!(change.journal.action, JournalAction::RevocationAnnounced);
    assert_eq!(change.journal.reasons, [ground("fraud_in_registration")]);
    assert_eq!(change.journal.rule.unwrap().rule, "revocation.grounds");
    // It stands meanwhile.
    assert!(world.registration().is_valid_on(world.now.day()));
    assert_eq!(world.registration().next_due, Some(last_day().plus_days(1)));
}

/// Brings somebody registered to a state of the procedure.
fn brought_to(state: &str) -> World {
    let mut world = registered();
    if state == "none" {
        return world;
    }
    announce(&mut world).unwrap();
    match state {
        "objected" | "upheld" | "dismissed" => drop(object(&mut world, "材料属实").unwrap()),
        "dropped" => drop(decide(&mut world, RevocationRuling::Drop).unwrap()),
        "over" => world.go_to_day(last_day().plus_days(1)),
        "revoked" => job_on(&mut world, last_day().plus_days(1)),
        _ => {}
    }
    match state {
        "upheld" => drop(decide(&mut world, RevocationRuling::Uphold).unwrap()),
        "dismissed" => drop(decide(&mut world, RevocationRuling::Dismiss).unwrap()),
        _ => {}
    }
    world
}

/// `over`: the last day to object is past, and the job hasn't run yet.
const STATES: [&str; 8] =
    ["none", "announced", "over", "objected", "upheld", "dropped", "dismissed", "revoked"];

/// The last entry of the journal names the grounds and the rule they are from.
#[track_caller]
fn journal_has_the_grounds(world: &World) {
    let entry = world.journal.last().unwrap();
    assert_eq!(entry.reasons, [ground("fraud_in_registration")]);
    assert_eq!(entry.rule.as_ref().unwrap().rule, "revocation.grounds");
}

type Command = fn(&mut World) -> Answer;

/// A row for each command: `ok` or the refusal, in each of [`STATES`] in turn.
#[rustfmt::skip]
const TABLE: &[(&str, Command, [&str; 8])] = &[
    ("announce", announce,
        ["ok", "revocation_running", "revocation_running", "revocation_running", "ok", "ok", "already_revoked", "already_revoked"]),
    ("object", |world| object(world, "材料属实"),
        ["no_revocation_running", "ok", "objection_period_over", "already_objected", "no_revocation_running", "no_revocation_running", "no_revocation_running", "no_revocation_running"]),
    ("dismiss", |world| decide(world, RevocationRuling::Dismiss),
        ["no_revocation_running", "no_objection", "no_objection", "ok", "no_revocation_running", "no_revocation_running", "no_revocation_running", "no_revocation_running"]),
    ("uphold", |world| decide(world, RevocationRuling::Uphold),
        ["no_revocation_running", "no_objection", "no_objection", "ok", "no_revocation_running", "no_revocation_running", "no_revocation_running", "no_revocation_running"]),
    ("drop", |world| decide(world, RevocationRuling::Drop),
        ["no_revocation_running", "ok", "ok", "ok", "no_revocation_running", "no_revocation_running", "no_revocation_running", "no_revocation_running"]),
    ("cancel", |world| world.try_open(ApplicationKind::Cancellation, None),
        ["ok", "revocation_in_the_way", "revocation_in_the_way", "revocation_in_the_way", "ok", "ok", "registration_revoked", "registration_revoked"]),
    ("change", |world| world.try_open(ApplicationKind::Change, None),
        ["ok", "ok", "ok", "ok", "ok", "ok", "registration_revoked", "registration_revoked"]),
    ("renew", |world| world.try_open(ApplicationKind::Renewal, None),
        ["ok", "ok", "ok", "ok", "ok", "ok", "registration_revoked", "registration_revoked"]),
];

#[test]
fn each_command_in_each_state_does_what_the_table_says() {
    let mut wrong = Vec::new();
    for (name, command, row) in TABLE {
        for (state, expected) in STATES.into_iter().zip(row) {
            let mut world = brought_to(state);
            let before = world.dossier.clone();
            let answer = command(&mut world);
            assert!(
                answer.is_ok() || world.dossier == before,
                "{name}, {state}: refused and changes nothing"
            );
            if code(&answer) != *expected {
                wrong.push(format!("{name}, {state}: {}, not {expected}", code(&answer)));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[rstest]
#[case::on_the_last_day(17, "ok")]
#[case::on_the_day_after(18, "objection_period_over")]
fn one_may_object_until_the_end_of_the_last_day(#[case] day: u8, #[case] expected: &str) {
    let mut world = brought_to("announced");
    world.go_to(date(2026, 3, day).plus_days(1).start().plus_seconds(-1));
    assert_eq!(held(&world).may_object_on(world.now.day()), expected == "ok", "what is shown says the same");
    assert_eq!(code(&object(&mut world, "材料属实")), expected);
}

#[test]
fn an_objection_is_receipted_and_waits_for_the_administrator() {
    let mut world = brought_to("objected");
    let told = Message::RevocationObjected {
        number: world.registration().number.clone(),
        at: world.now,
        text: "材料属实".to_owned(),
    };
    assert_eq!(*world.last_message(), told);
    job_on(&mut world, last_day().plus_days(60));
    assert_eq!(world.registration().status, RegistrationStatus::Active);
    assert_eq!(held(&world).state, RevocationState::Objected);
}

#[test]
fn an_objection_that_is_upheld_ends_the_procedure_and_the_registration_stands() {
    let mut world = brought_to("upheld");
    assert_eq!(
        (held(&world).state, world.registration().status),
        (RevocationState::Upheld, RegistrationStatus::Active)
    );
    assert!(matches!(world.last_message(), Message::RevocationEnded { upheld: true, .. }));
    let due = world.registration().next_due;
    assert_eq!(due, registered().registration().next_due, "as if nothing had been");
    assert!(!held(&world).may_object_on(world.now.day()), "there is nothing left to object to");
    journal_has_the_grounds(&world);
    job_on(&mut world, last_day().plus_days(1));
    assert_eq!(world.registration().status, RegistrationStatus::Active);
}

#[test]
fn a_dismissed_objection_revokes_at_once_and_says_why() {
    let world = brought_to("dismissed");
    assert_eq!(world.registration().status, RegistrationStatus::Revoked);
    assert_eq!(world.registration().ended_on, Some(world.now.day()));
    let Message::Revoked { objected_at, note, .. } = world.last_message() else { panic!("of the outcome") };
    assert!(objected_at.is_some() && !note.is_empty());
    let ended = held(&world).ended.as_ref().unwrap();
    assert_eq!((&ended.by, &ended.note), (&Actor::Staff(administrator(1, "42").id), note), "and by whom");
    journal_has_the_grounds(&world);
}

#[test]
fn without_an_objection_the_job_revokes_on_the_day_after_the_last_and_not_before() {
    let mut world = brought_to("announced");
    job_on(&mut world, last_day());
    assert_eq!(world.registration().status, RegistrationStatus::Active);
    let early = revocation::due(&world.dossier, world.registration(), world.rules, world.now);
    assert_eq!(early, None, "whoever asks");
    job_on(&mut world, last_day().plus_days(1));
    let registration = world.registration();
    assert_eq!((registration.status, registration.next_due), (RegistrationStatus::Revoked, None));
    assert_eq!(world.journal.last().unwrap().actor, Actor::System);
    assert_eq!(world.journal.last().unwrap().action, JournalAction::Revoked);
    assert!(matches!(world.last_message(), Message::Revoked { objected_at: None, .. }));
    assert_eq!(held(&world).ended.as_ref().unwrap().by, Actor::System);
    journal_has_the_grounds(&world);
    // A second run has nothing to do.
    assert_eq!(world.run_job(), []);
}

#[test]
fn runs_that_were_missed_are_made_up_for() {
    let mut world = brought_to("announced");
    job_on(&mut world, last_day().plus_days(40));
    assert_eq!(world.registration().ended_on, Some(last_day().plus_days(40)), "on the day it takes effect");
}

#[rstest]
#[case::of_another_province(administrator(2, "43"), "outside_area")]
#[case::of_the_province(administrator(2, "42"), "ok")]
fn an_administrator_deals_with_their_own_area(
    #[case] by: domain::actor::Administrator,
    #[case] expected: &str,
) {
    let mut world = registered();
    assert_eq!(code(&announce_by(&mut world, &by, vec![ground("other")])), expected);
    let mut world = brought_to("objected");
    assert_eq!(code(&decide_by(&mut world, &by, RevocationRuling::Uphold)), expected);
}

#[test]
fn nobody_decides_about_themselves() {
    let mut world = brought_to("objected");
    let mut own = administrator(1, "42");
    own.identity = identity_key(&world.dossier.profile.form);
    for ruling in [RevocationRuling::Uphold, RevocationRuling::Dismiss, RevocationRuling::Drop] {
        assert_eq!(code(&decide_by(&mut world, &own, ruling)), "own_registration");
    }
    let mut world = registered();
    assert_eq!(code(&announce_by(&mut world, &own, vec![ground("other")])), "own_registration");
}

#[test]
fn where_the_rules_ask_for_it_another_administrator_decides() {
    let strict = library(&[("another_decides = { value = false,", "another_decides = { value = true,")]);
    let mut world = World::registered_under(strict, date(2026, 3, 2));
    announce(&mut world).unwrap();
    object(&mut world, "材料属实").unwrap();
    assert_eq!(code(&decide(&mut world, RevocationRuling::Dismiss)), "another_decides");
    assert_eq!(
        code(&decide(&mut world.clone(), RevocationRuling::Drop)),
        "ok",
        "one may always think better of it"
    );
    assert_eq!(code(&decide_by(&mut world, &administrator(2, "42"), RevocationRuling::Dismiss)), "ok");
}

#[test]
fn grounds_are_those_of_the_rules_and_come_with_facts() {
    let of = |code: &str, note: &str| Reason { part: None, ground: code.to_owned(), note: note.to_owned() };
    for (reasons, expected) in [
        (vec![], "revocation_reason_needed"),
        (vec![of("bad_mood", "不满意")], "unknown_ground"),
        (vec![of("other", " \n")], "invalid_fields"),
        (vec![of("other", &"长".repeat(501))], "note_too_long"),
        (vec![of("other", "甲"), of("false_hours", "乙")], "ok"),
    ] {
        let mut world = registered();
        assert_eq!(
            code(&announce_by(&mut world, &administrator(1, "42"), reasons.clone())),
            expected,
            "{reasons:?}"
        );
    }
}

#[test]
fn grounds_are_told_in_the_words_of_the_rules_they_were_announced_by() {
    let wording = "以欺骗、贿赂等不正当手段取得登记";
    let mut world = World::registered_under(library(&[(wording, "以不实材料取得登记")]), date(2026, 3, 2));
    announce(&mut world).unwrap();
    let lines = held(&world).reason_lines(world.rules);
    assert_eq!(lines[0].text, "以不实材料取得登记：经核查，工作经历证明系伪造");
}

#[rstest]
#[case::nothing(" \n".to_owned(), "invalid_fields")]
#[case::too_much("长".repeat(MOST_TEXT + 1), "invalid_fields")]
#[case::as_much_as_may_be("长".repeat(MOST_TEXT), "ok")]
fn a_decision_says_why(#[case] note: String, #[case] expected: &str) {
    for ruling in [RevocationRuling::Uphold, RevocationRuling::Dismiss, RevocationRuling::Drop] {
        let mut world = brought_to("objected");
        let registration = world.registration().clone();
        let decision = RevocationDecision { ruling, note: note.clone() };
        let answer = world.educate(|dossier, rules, now| {
            revocation::decide(dossier, &registration, &administrator(1, "42"), &decision, rules, now)
        });
        assert_eq!(code(&answer), expected, "{ruling:?}");
    }
}

#[test]
fn an_objection_on_paper_is_entered_by_an_administrator_of_the_area_who_isnt_the_holder() {
    let mut own = administrator(1, "42");
    own.identity = identity_key(&registered().dossier.profile.form);
    for (by, expected) in
        [(administrator(2, "43"), "outside_area"), (own, "own_registration"), (administrator(2, "42"), "ok")]
    {
        let mut world = brought_to("announced");
        let registration = world.registration().clone();
        let answer = world.educate(|dossier, rules, now| {
            revocation::object_for(dossier, &registration, &by, "材料属实", rules, now)
        });
        assert_eq!(code(&answer), expected);
        let entered = held(&world).objection.as_ref().map(|objection| objection.by.clone());
        assert_eq!(entered, (expected == "ok").then_some(Actor::Staff(by.id)));
    }
}

#[test]
fn an_objection_says_something_of_a_bounded_length() {
    for (text, expected) in [
        ("  ".to_owned(), "invalid_fields"),
        ("长".repeat(MOST_TEXT + 1), "invalid_fields"),
        ("长".repeat(MOST_TEXT), "ok"),
    ] {
        assert_eq!(code(&object(&mut brought_to("announced"), &text)), expected);
    }
}

#[test]
fn what_was_cancelled_or_has_lapsed_cant_be_revoked() {
    let mut world = registered();
    let id = world.draft(ApplicationKind::Cancellation);
    world.submit(&id).unwrap();
    world.approve_all(&id);
    assert_eq!(code(&announce(&mut world)), "registration_not_in_force");
}

#[test]
fn a_cancellation_that_waited_before_it_was_announced_waits_for_its_end() {
    let mut world = registered();
    let id = world.draft(ApplicationKind::Cancellation);
    world.submit(&id).unwrap();
    world.decide_stage(&id, domain::application::Outcome::Approve).unwrap();
    announce(&mut world).unwrap();
    let approved = world.decide_stage(&id, domain::application::Outcome::Approve);
    assert_eq!(code(&approved), "revocation_in_the_way");
    assert_eq!(code(&world.enter(&id, json!({ "position": "督导" }))), "revocation_in_the_way");
    // It can still be taken back; and goes on once the procedure is over.
    assert_eq!(code(&world.clone().withdraw(&id)), "ok");
    decide(&mut world, RevocationRuling::Drop).unwrap();
    world.approve_all(&id);
    assert_eq!(world.registration().status, RegistrationStatus::Cancelled);
}
