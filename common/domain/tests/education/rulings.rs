//! What reviewers decide on claims: in full, in part, not at all; and who may.

use super::{claim_of, draft, hours, reason, submit_with};
use crate::common::{Answer, World, code, final_reviewer, identity_key, preliminary_reviewer};
use domain::{
    actor::{Actor, Reviewer, Role},
    application::{JournalAction, Reason, Stage},
    credit::{CreditForm, CreditRecord, CreditState, EvidenceKind},
    date::date,
    education,
    notification::Message,
};
use rstest::rstest;

/// Somebody registered, with a claim of 6 hours that waits.
fn waiting() -> (World, CreditRecord) {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2027, 6, 10));
    let id = draft(&mut world, &claim_of(CreditForm::Seminar, date(2027, 6, 1), 60), 1)
        .unwrap()
        .credit
        .unwrap()
        .id;
    let change = submit_with(&mut world, &id, EvidenceKind::CompletionCertificate).unwrap();
    (world, *change.credit.unwrap())
}

fn reviewer() -> Reviewer {
    preliminary_reviewer("4201")
}

fn recognise(
    world: &mut World,
    record: &CreditRecord,
    by: &Reviewer,
    tenths: Option<u32>,
    reasons: Vec<Reason>,
) -> Answer {
    world.educate(|dossier, rules, now| {
        education::recognise(dossier, record, by, tenths.map(hours), reasons, rules, now)
    })
}

fn refuse(world: &mut World, record: &CreditRecord, by: &Reviewer, reasons: Vec<Reason>) -> Answer {
    world.educate(|dossier, rules, now| education::refuse(dossier, record, by, reasons, rules, now))
}

#[test]
fn what_is_recognised_in_full_counts_and_its_holder_is_told() {
    let (mut world, record) = waiting();
    let change = recognise(&mut world, &record, &reviewer(), None, vec![]).unwrap();
    let next = *change.credit.unwrap();
    assert_eq!((next.state, next.recognised, next.version), (CreditState::Recognised, hours(60), 3));
    assert_eq!(next.ruling.unwrap().by, Actor::Staff(reviewer().id));
    assert_eq!(
        (change.journal.action, change.journal.stage),
        (JournalAction::HoursRecognised, Some(Stage::Preliminary))
    );
    assert_eq!(world.assessed().shortfall.counted, hours(60));
    let Message::HoursRecognised { hours: line, claimed_tenths: 60, recorded: false, .. } =
        world.last_message()
    else {
        panic!("told")
    };
    assert_eq!((line.tenths, line.counted_tenths), (60, 60));
    assert!(!next.files.is_empty());
}

#[rstest]
#[case::a_part(Some(45), vec![reason("hours_overstated")], "ok")]
#[case::a_part_without_a_reason(Some(45), vec![], "credit_reason_needed")]
#[case::a_part_for_a_reason_nobody_lists(Some(45), vec![reason("mood")], "unknown_ground")]
#[case::all_of_it_said(Some(60), vec![], "ok")]
#[case::more_than_was_claimed(Some(61), vec![], "over_claimed_hours")]
#[case::none_of_it(Some(0), vec![reason("other")], "over_claimed_hours")]
fn a_part_is_recognised_with_a_reason(
    #[case] tenths: Option<u32>,
    #[case] reasons: Vec<Reason>,
    #[case] expected: &str,
) {
    let (mut world, record) = waiting();
    let answer = recognise(&mut world, &record, &reviewer(), tenths, reasons.clone());
    assert_eq!(code(&answer), expected);
    if answer.is_ok() {
        assert_eq!(world.assessed().shortfall.counted, hours(tenths.unwrap()));
        assert_eq!(world.credit(&record.id).ruling.unwrap().reasons, reasons);
        let Message::HoursRecognised { reasons: told, .. } = world.last_message() else { panic!("told") };
        assert_eq!(told.len(), reasons.len());
    }
}

#[rstest]
#[case::with_a_reason(vec![reason("not_relevant"), reason("duplicate")], "ok")]
#[case::without(vec![], "credit_reason_needed")]
#[case::that_nobody_lists(vec![reason("not_relevant"), reason("mood")], "unknown_ground")]
#[case::with_an_endless_note(vec![Reason { note: "长".repeat(501), ..reason("other") }], "note_too_long")]
fn a_refusal_gives_reasons(#[case] reasons: Vec<Reason>, #[case] expected: &str) {
    let (mut world, record) = waiting();
    let answer = refuse(&mut world, &record, &reviewer(), reasons);
    assert_eq!(code(&answer), expected);
    if let Ok(change) = answer {
        assert_eq!(world.credit(&record.id).state, CreditState::Refused);
        assert_eq!(change.journal.rule.unwrap().rule, "hours.grounds");
        let Message::HoursRefused { hours: line, recorded: false, reasons } = world.last_message() else {
            panic!("told")
        };
        assert_eq!((line.tenths, line.counted_tenths), (60, 0));
        assert_eq!(reasons[1].text, "同一活动重复申报：见材料第 2 页");
    }
}

#[rstest]
#[case(CreditState::Draft, "wrong_credit_state")]
#[case(CreditState::Pending, "ok")]
#[case(CreditState::Recorded, "wrong_credit_state")]
#[case(CreditState::Recognised, "wrong_credit_state")]
#[case(CreditState::Refused, "wrong_credit_state")]
#[case(CreditState::Withdrawn, "wrong_credit_state")]
#[case(CreditState::Voided, "wrong_credit_state")]
fn what_was_decided_is_not_decided_again(#[case] state: CreditState, #[case] expected: &str) {
    let (mut world, record) = waiting();
    let held = CreditRecord { state, ..record };
    world.dossier.credits[0] = held.clone();
    assert_eq!(code(&recognise(&mut world.clone(), &held, &reviewer(), None, vec![])), expected);
    assert_eq!(code(&refuse(&mut world, &held, &reviewer(), vec![reason("other")])), expected);
}

#[rstest]
#[case::of_the_city(preliminary_reviewer("4201"), "ok")]
#[case::of_another_city(preliminary_reviewer("4205"), "outside_area")]
#[case::of_another_stage(final_reviewer("42"), "wrong_reviewer")]
fn claims_are_decided_by_the_stage_the_rules_name_within_its_area(
    #[case] by: Reviewer,
    #[case] expected: &str,
) {
    let (mut world, record) = waiting();
    assert_eq!(code(&recognise(&mut world.clone(), &record, &by, None, vec![])), expected);
    assert_eq!(code(&refuse(&mut world, &record, &by, vec![reason("other")])), expected);
}

#[test]
fn nobody_decides_their_own_claim() {
    let (mut world, record) = waiting();
    let form = world.dossier.applications[0].form.clone();
    let own = Reviewer { identity: identity_key(&form), ..reviewer() };
    assert!(own.identity.is_some());
    assert_eq!(code(&recognise(&mut world.clone(), &record, &own, None, vec![])), "own_application");
    assert_eq!(code(&refuse(&mut world, &record, &own, vec![reason("other")])), "own_application");
}

#[rstest]
#[case::of_the_city(preliminary_reviewer("4201"), "ok")]
#[case::of_the_province_whatever_stage_decides(final_reviewer("42"), "ok")]
#[case::of_another_city(preliminary_reviewer("4205"), "outside_area")]
#[case::who_reviews_nothing(Reviewer { roles: [Role::Provider].into(), ..reviewer() }, "wrong_reviewer")]
fn what_proves_a_claim_is_seen_by_who_reviews_in_its_area(#[case] by: Reviewer, #[case] expected: &str) {
    let (world, record) = waiting();
    assert_eq!(seen(&world, &record, &by), expected);
}

#[test]
fn after_a_move_both_areas_see_what_proves_a_claim() {
    let (mut world, record) = waiting();
    world.dossier.registrations[0].district = "420502".parse().unwrap();
    assert_eq!(seen(&world, &record, &preliminary_reviewer("4201")), "ok");
    assert_eq!(seen(&world, &record, &preliminary_reviewer("4205")), "ok");
    assert_eq!(seen(&world, &record, &preliminary_reviewer("4202")), "outside_area");
}

#[test]
fn nobody_looks_at_their_own_claim_as_a_reviewer() {
    let (world, record) = waiting();
    let identity = identity_key(&world.dossier.applications[0].form);
    assert_eq!(seen(&world, &record, &Reviewer { identity, ..reviewer() }), "own_application");
}

#[test]
fn what_was_never_submitted_is_its_holders_own() {
    let (world, record) = waiting();
    for state in [CreditState::Draft, CreditState::Withdrawn] {
        let drafted = CreditRecord { state, submitted_at: None, ..record.clone() };
        assert_eq!(seen(&world, &drafted, &reviewer()), "unknown_credit");
        let by_provider = CreditRecord { recorded_by: Actor::Staff(reviewer().id), ..drafted };
        assert_eq!(seen(&world, &by_provider, &reviewer()), "ok");
    }
    let taken_back = CreditRecord { state: CreditState::Withdrawn, ..record };
    assert_eq!(seen(&world, &taken_back, &reviewer()), "ok");
}

/// What `by` is told who wants to see what proves `record`.
fn seen(world: &World, record: &CreditRecord, by: &Reviewer) -> &'static str {
    education::check_view(&world.dossier, record, by).map_or_else(|refusal| refusal.code(), |()| "ok")
}
