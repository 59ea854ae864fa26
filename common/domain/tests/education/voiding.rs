//! Striking out for fraud: what it would do is shown first, and confirmed as shown.

use super::{hours, reason};
use crate::common::{Answer, World, activity, code, final_reviewer, preliminary_reviewer};
use domain::{
    actor::Reviewer,
    application::{ApplicationKind, State},
    credit::{CreditCategory::Professional, CreditForm, CreditRecord, CreditState},
    date::date,
    education::{self, ConsequenceKind, VoidEffect},
    notification::Message,
};
use rstest::rstest;

fn effect(world: &World, record: &CreditRecord) -> VoidEffect {
    education::void_effect(&world.dossier, record, world.rules).unwrap()
}

fn kinds(effect: &VoidEffect) -> Vec<ConsequenceKind> {
    effect.consequences.iter().map(|consequence| consequence.code).collect()
}

fn void(world: &mut World, record: &CreditRecord, by: &Reviewer, confirmed: &str) -> Answer {
    let reasons = vec![reason("fraud")];
    world.educate(|dossier, rules, now| education::void(dossier, record, by, reasons, confirmed, rules, now))
}

/// Somebody registered on 2 March 2026 with 85 hours, and 10 more by a record that turns out to be bought.
fn with_bought_hours() -> (World, CreditRecord) {
    let mut world = World::registered(date(2026, 3, 2));
    world.earn(850);
    let id = world.put_credit(activity(CreditForm::InPerson, Professional, date(2027, 1, 1)), 100);
    let record = world.credit(&id);
    (world, record)
}

fn renewed(world: &mut World) {
    let id = world.draft(ApplicationKind::Renewal);
    world.submit(&id).unwrap();
    world.approve_all(&id);
    assert_eq!(world.state(&id), State::Approved);
}

#[test]
fn what_is_left_may_be_enough() {
    let (mut world, record) = with_bought_hours();
    world.earn(50);
    let seen = effect(&world, &record);
    assert_eq!(
        (seen.counted, seen.before.counted, seen.after.counted),
        (hours(100), hours(1000), hours(900))
    );
    assert_eq!(kinds(&seen), []);
}

#[test]
fn in_an_open_cycle_there_is_time_to_make_up_for_it() {
    let (world, record) = with_bought_hours();
    let seen = effect(&world, &record);
    assert_eq!(kinds(&seen), [ConsequenceKind::CycleShort]);
    assert!(seen.consequences[0].detail.contains("还差 5 学时"), "{}", seen.consequences[0].detail);
    assert_eq!(world.credit(&record.id), record, "a preview writes nothing");
}

#[test]
fn a_renewal_that_waits_can_no_longer_be_approved() {
    let (mut world, record) = with_bought_hours();
    world.go_to_day(date(2029, 1, 10));
    let id = world.draft(ApplicationKind::Renewal);
    world.submit(&id).unwrap();
    let seen = effect(&world, &record);
    assert_eq!(kinds(&seen), [ConsequenceKind::CycleShort, ConsequenceKind::PendingRenewalShort]);
    assert_eq!(seen.consequences[1].application, Some(id.clone()));
    void(&mut world, &record, &final_reviewer("42"), &seen.confirmation).unwrap();
    world.decide_stage(&id, domain::application::Outcome::Approve).unwrap();
    let answer = world.decide_stage(&id, domain::application::Outcome::Approve);
    assert_eq!(code(&answer), "hours_short");
    // Made up for, it can.
    world.earn(50);
    world.approve_all(&id);
    assert_eq!(world.state(&id), State::Approved);
}

#[test]
fn renewals_that_rest_on_it_are_named_one_after_another() {
    let (mut world, record) = with_bought_hours();
    world.go_to_day(date(2029, 1, 10));
    renewed(&mut world);
    let seen = effect(&world, &record);
    assert_eq!(kinds(&seen), [ConsequenceKind::RenewalUnfounded]);
    world.go_to_day(date(2031, 12, 20));
    world.earn(900);
    renewed(&mut world);
    let seen = effect(&world, &record);
    assert_eq!(kinds(&seen), [ConsequenceKind::RenewalUnfounded, ConsequenceKind::RestsOnUnfounded]);
    let closed = &world.registration().closed;
    let of: Vec<_> = seen.consequences.iter().filter_map(|one| one.application.clone()).collect();
    assert_eq!(of, [closed[0].renewal.clone(), closed[1].renewal.clone()]);
    // Hours of the later cycle touch the later renewal alone.
    let later = world.dossier.credits.last().unwrap().clone();
    assert_eq!(kinds(&effect(&world, &later)), [ConsequenceKind::RenewalUnfounded]);
    // Locked as they are, hours got by fraud are struck out.
    void(&mut world, &record, &final_reviewer("42"), &seen.confirmation).unwrap();
    assert_eq!(world.credit(&record.id).state, CreditState::Voided);
}

#[test]
fn only_the_effect_that_was_seen_is_confirmed() {
    let (mut world, record) = with_bought_hours();
    let seen = effect(&world, &record);
    let by = final_reviewer("42");
    assert_eq!(code(&void(&mut world, &record, &by, "")), "effect_not_confirmed");
    world.earn(10);
    assert_eq!(code(&void(&mut world, &record, &by, &seen.confirmation)), "effect_not_confirmed");
    let seen = effect(&world, &record);
    assert_eq!(seen, effect(&world, &record), "the same twice");
    let change = void(&mut world, &record, &by, &seen.confirmation).unwrap();
    assert_eq!(change.journal.reasons, [reason("fraud")]);
    let Message::HoursVoided { hours: line, taken_back: false, .. } = world.last_message() else {
        panic!("told")
    };
    assert_eq!((line.tenths, line.counted_tenths), (100, 860));
    let next = world.credit(&record.id);
    assert_eq!(
        (next.state, next.recognised),
        (CreditState::Voided, hours(100)),
        "what it was stays to be read"
    );
}

#[rstest]
#[case::last_stage(final_reviewer("42"), "ok")]
#[case::first_stage(preliminary_reviewer("4201"), "wrong_reviewer")]
#[case::another_province(final_reviewer("43"), "outside_area")]
fn striking_out_is_for_who_decides_last(#[case] by: Reviewer, #[case] expected: &str) {
    let (mut world, record) = with_bought_hours();
    let seen = effect(&world, &record);
    assert_eq!(code(&void(&mut world, &record, &by, &seen.confirmation)), expected);
}

#[rstest]
fn what_does_not_count_is_not_struck_out(
    #[values(
        CreditState::Draft,
        CreditState::Pending,
        CreditState::Refused,
        CreditState::Withdrawn,
        CreditState::Voided
    )]
    state: CreditState,
) {
    let (mut world, record) = with_bought_hours();
    let held = CreditRecord { state, ..record };
    *world.dossier.credits.last_mut().unwrap() = held.clone();
    let seen = effect(&world, &held);
    assert_eq!(seen.counted, hours(0));
    assert_eq!(
        code(&void(&mut world, &held, &final_reviewer("42"), &seen.confirmation)),
        "wrong_credit_state"
    );
}

#[test]
fn striking_out_says_why() {
    let (mut world, record) = with_bought_hours();
    let seen = effect(&world, &record);
    let answer = world.educate(|dossier, rules, now| {
        let by = final_reviewer("42");
        education::void(dossier, &record, &by, vec![], &seen.confirmation, rules, now)
    });
    assert_eq!(code(&answer), "credit_reason_needed");
}
