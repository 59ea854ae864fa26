//! Samples: who is drawn, what is asked of them, and until when.

use super::{course, done, hours, library, reason, submit_with};
use crate::common::{Answer, World, code, preliminary_reviewer};
use domain::{
    actor::Actor,
    credit::{
        Audit, CreditCategory::Professional, CreditForm, CreditRecord, CreditState, EvidenceKind, Ruling,
    },
    date::{CalendarDate, date},
    education::{self, draw},
    id::CreditId,
    notification::Message,
    rules::RuleSet,
};
use rstest::rstest;
use std::collections::BTreeSet;

fn percent(percent: u8) -> RuleSet {
    let to = format!("audit_percent = {{ value = {percent},");
    super::hubei_with(&[("audit_percent = { value = 0,", &to)])
}

/// So many records' ids.
fn ids(count: u128) -> Vec<CreditId> {
    let record = done(CreditForm::Online, Professional, 60);
    (0..count).map(|n| CreditId::mint(&record.holder, record.cycle_start, n * 7919 + 13)).collect()
}

#[rstest]
#[case::none(0, 200, 0)]
#[case::a_fortieth_of_few(3, 10, 1)]
#[case::three_of_a_hundred(3, 200, 6)]
#[case::rounded_up(3, 201, 7)]
#[case::all(100, 200, 200)]
#[case::of_none(50, 0, 0)]
fn a_draw_takes_the_share_the_rules_ask_for(#[case] share: u8, #[case] of: u128, #[case] drawn: usize) {
    assert_eq!(draw(ids(of), "2027-06", &percent(share)).len(), drawn);
}

#[test]
fn a_draw_can_be_done_again_from_its_seed_whatever_the_order() {
    let (rules, mut all) = (percent(10), ids(300));
    let first = draw(all.clone(), "2027-06", &rules);
    all.reverse();
    all.extend(ids(100));
    assert_eq!(draw(all.clone(), "2027-06", &rules), first, "nor how often one comes");
    assert_ne!(draw(all.clone(), "2027-07", &rules), first);
    assert!(draw(all, "2027-06", &percent(20)).is_superset(&first), "a larger share draws more");
}

#[rstest]
fn only_what_counts_and_was_never_drawn_can_be_drawn(
    #[values(false, true)] drawn: bool,
    #[values(false, true)] decided: bool,
) {
    let record = done(CreditForm::Online, Professional, 60);
    let at = record.recorded_at;
    let closed_at = decided.then_some(at);
    let audit =
        Audit { asked_at: at, by_hand: false, due: at.day(), answered_at: None, closed_at, reminded: None };
    for state in CreditState::ALL {
        let record = CreditRecord { state, audit: drawn.then(|| audit.clone()), ..record.clone() };
        assert_eq!(record.is_drawable(), state.counts() && !drawn, "{state:?}");
    }
}

#[test]
fn a_row_counts_since_it_was_recorded_and_a_claim_since_it_was_recognised() {
    let row = done(CreditForm::Online, Professional, 60);
    let later = row.recorded_at.plus_seconds(86_400);
    let ruling = Some(Ruling { by: Actor::System, at: later, reasons: vec![] });
    let claim = CreditRecord { recorded_by: Actor::Holder(row.holder.clone()), ..row.clone() };
    for state in CreditState::ALL {
        let of = |record: &CreditRecord| {
            CreditRecord { state, ruling: ruling.clone(), ..record.clone() }.counts_since()
        };
        let (recorded, claimed) = match state {
            CreditState::Recorded => (Some(row.recorded_at), Some(row.recorded_at)),
            CreditState::Recognised => (Some(row.recorded_at), Some(later)),
            _ => (None, None),
        };
        assert_eq!((of(&row), of(&claim)), (recorded, claimed), "{state:?}");
    }
}

/// Somebody with 8 hours that a provider recorded, who is asked for evidence on 10 June 2027.
fn asked() -> (World, CreditRecord) {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2027, 6, 10));
    let class = course(date(2027, 5, 4));
    let id = world.put_credit(class.attended(class.from, class.to), 80);
    let record = world.credit(&id);
    ask(&mut world, &record).unwrap();
    (world.clone(), world.credit(&id))
}

fn ask(world: &mut World, record: &CreditRecord) -> Answer {
    world.educate(|dossier, rules, now| education::ask_for_evidence(dossier, record, None, rules, now))
}

#[test]
fn who_is_drawn_is_asked_with_a_deadline_and_keeps_the_hours_meanwhile() {
    let (mut world, record) = asked();
    let due = date(2027, 7, 10);
    assert_eq!((record.audit.as_ref().unwrap().due, record.state), (due, CreditState::Recorded));
    assert_eq!(world.assessed().shortfall.counted, hours(80));
    let Message::EvidenceAsked { due: told, days_left: 30, accepted, by_hand: false, .. } =
        world.last_message()
    else {
        panic!("told")
    };
    assert_eq!(*told, due);
    assert!(accepted.contains(&"结业证书".to_owned()));
    assert_eq!(code(&ask(&mut world, &record)), "wrong_credit_state");
}

#[test]
fn reminders_come_within_the_time_given_and_end_with_it() {
    let (mut world, record) = asked();
    let mut days = Vec::new();
    while let Some(due) = world.credit(&record.id).next_due {
        assert!(days.len() < 9, "{days:?}");
        world.go_to_day(due.plus_days(-1));
        let now = world.credit(&record.id);
        assert_eq!(education::evidence_due(&world.dossier, &now, world.now, world.rules), None);
        world.go_to_day(due);
        world
            .educate(|dossier, rules, at| Ok(education::evidence_due(dossier, &now, at, rules).unwrap()))
            .unwrap();
        let Message::EvidenceAsked { days_left, by_hand: false, .. } = world.last_message() else {
            panic!("told")
        };
        days.push(*days_left);
    }
    assert_eq!(days, [14, 7, 1]);
    let ids: BTreeSet<_> = world.outbox.iter().map(|told| &told.id).collect();
    assert_eq!(ids.len(), world.outbox.len(), "each letter under an id of its own");
}

#[test]
fn after_days_without_a_run_one_letter_makes_up_for_all() {
    let (mut world, record) = asked();
    world.go_to_day(date(2027, 7, 4));
    let told = world.outbox.len();
    world
        .educate(|dossier, rules, now| Ok(education::evidence_due(dossier, &record, now, rules).unwrap()))
        .unwrap();
    assert_eq!(world.outbox.len(), told + 1);
    let next = world.credit(&record.id);
    assert_eq!((next.audit.unwrap().reminded, next.next_due), (Some(7), Some(date(2027, 7, 9))));
}

fn bring(world: &mut World, record: &CreditRecord, kind: EvidenceKind) -> Answer {
    submit_with(world, &record.id, kind)
}

#[rstest]
#[case::in_time("2027-06-20", EvidenceKind::CompletionCertificate, "ok")]
#[case::late_but_before_a_decision("2027-08-01", EvidenceKind::SignInSheet, "ok")]
#[case::of_another_kind("2027-06-20", EvidenceKind::DegreeCertificate, "invalid_fields")]
fn evidence_is_taken_until_it_is_decided(
    #[case] day: CalendarDate,
    #[case] kind: EvidenceKind,
    #[case] expected: &str,
) {
    let (mut world, record) = asked();
    world.go_to_day(day);
    let answer = bring(&mut world, &record, kind);
    assert_eq!(code(&answer), expected);
    if answer.is_ok() {
        let next = world.credit(&record.id);
        assert_eq!((next.next_due, next.files.len()), (None, 1));
        let Message::EvidenceBrought { receipt, .. } = world.last_message() else { panic!("told") };
        assert_eq!(Some(&receipt.number), next.receipt.as_ref().map(|receipt| &receipt.number));
        assert_eq!(education::evidence_due(&world.dossier, &next, world.now, world.rules), None);
    }
}

#[test]
fn a_sample_is_decided_like_a_claim_and_then_closed() {
    let (mut world, record) = asked();
    let reviewer = preliminary_reviewer("4201");
    // A record that counts is asked about by hand too, and whose word it was is told apart.
    let mut by_hand = world.clone();
    let unasked = by_hand.dossier.credits.iter_mut().find(|held| held.id == record.id).unwrap();
    unasked.audit = None;
    let unasked = unasked.clone();
    by_hand
        .educate(|dossier, rules, now| {
            education::ask_for_evidence(dossier, &unasked, Some(&reviewer), rules, now)
        })
        .unwrap();
    assert!(matches!(by_hand.last_message(), Message::EvidenceAsked { by_hand: true, .. }));
    let mut refused = world.clone();
    let refuse = |world: &mut World| {
        world.educate(|dossier, rules, now| {
            education::refuse(dossier, &record, &reviewer, vec![reason("evidence_insufficient")], rules, now)
        })
    };
    let due = record.audit.as_ref().unwrap().due;
    refused.go_to_day(due);
    assert_eq!(code(&refuse(&mut refused)), "wrong_credit_state", "it may still come today");
    refused.go_to_day(due.plus_days(1));
    refuse(&mut refused).unwrap();
    assert_eq!(refused.assessed().shortfall.counted, hours(0));
    assert!(matches!(refused.last_message(), Message::HoursRefused { recorded: true, .. }));
    bring(&mut world, &record, EvidenceKind::CompletionCertificate).unwrap();
    let brought = world.credit(&record.id);
    world
        .educate(|dossier, rules, now| {
            education::recognise(dossier, &brought, &reviewer, None, vec![], rules, now)
        })
        .unwrap();
    assert!(matches!(world.last_message(), Message::HoursRecognised { recorded: true, .. }));
    let next = world.credit(&record.id);
    assert_eq!((next.state, next.is_undecided(), next.next_due), (CreditState::Recognised, false, None));
    assert_eq!(code(&bring(&mut world, &next, EvidenceKind::CompletionCertificate)), "evidence_not_asked");
    assert_eq!(world.assessed().shortfall.counted, hours(80));
}

#[test]
fn a_share_that_is_asked_for_without_time_to_answer_is_no_rule() {
    let zero = super::HUBEI.replace("evidence_days = { value = 30,", "evidence_days = { value = 0,");
    assert!(domain::rules::RuleLibrary::parse(&[&zero, super::NATIONAL]).is_err());
    assert!(library(&[]).iter().count() == 2);
}
