//! Drafts of claims: what they are, what keeps one from being submitted, and what its submission does.

use super::{claim_of, course, draft, file, hours, put_files, submit_with};
use crate::common::{Answer, World, code};
use domain::{
    application::JournalAction,
    credit::{Audit, CreditForm, CreditRecord, CreditState, EvidenceFile, EvidenceKind, Why},
    date::date,
    education::{self, ClaimInput, Row, lacking},
    error::Refusal,
    id::{CreditId, HolderId, StaffId},
    notification::Message,
};
use rstest::rstest;

/// The world of somebody registered on 2 March 2026, a year later.
fn world() -> World {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2027, 6, 10));
    world
}

fn seminar() -> ClaimInput {
    claim_of(CreditForm::Seminar, date(2027, 6, 1), 60)
}

fn drafted() -> (World, CreditRecord) {
    let mut world = world();
    let record = draft(&mut world, &seminar(), 1).unwrap().credit.unwrap();
    (world, *record)
}

fn submit(world: &mut World, record: &CreditRecord) -> Answer {
    world.educate(|dossier, rules, now| education::submit(dossier, record, rules, now))
}

fn missing(world: &World, record: &CreditRecord) -> Vec<String> {
    let rules = world.rules.get(&world.registration().cycle.rules);
    lacking(record, rules).into_iter().map(|error| error.code).collect()
}

#[test]
fn a_claim_begins_as_a_draft_that_counts_for_nothing_and_waits_for_nobody() {
    let mut world = world();
    let change = draft(&mut world, &seminar(), 1).unwrap();
    assert_eq!((change.journal.action, change.notifications.len()), (JournalAction::HoursDrafted, 0));
    assert!(change.journal.rule.is_some());
    let record = *change.credit.unwrap();
    assert_eq!(
        (record.state, record.claimed, record.recognised, record.submitted_at),
        (CreditState::Draft, hours(60), hours(0), None)
    );
    assert_eq!((record.version, record.unit.as_str()), (1, "学时"));
    assert_eq!(record.cycle_start, date(2026, 3, 2));
    assert_eq!(record.district.as_str(), "420106");
    assert!(!record.is_undecided() && !record.state.is_alive());
    let assessed = world.assessed();
    assert_eq!((assessed.shortfall.counted, assessed.pending()), (hours(0), hours(0)));
    assert_eq!(assessed.with_pending, assessed.shortfall, "nothing waits");
    let out = &assessed.line(&record.id).unwrap().uncounted[0];
    assert_eq!((out.code, out.hours, out.rule.rule.as_str()), (Why::Draft, hours(60), "hours.claim_stage"));
    assert!(out.detail.contains("请上传证明材料后提交"));
}

#[test]
fn a_draft_is_given_up_180_days_after_it_last_changed_and_a_claim_that_waits_never() {
    let (mut world, record) = drafted();
    assert_eq!(record.draft_expires_at(), Some(world.now.plus_seconds(180 * 86_400)));
    world.go_to_day(date(2027, 6, 20));
    let edited = world
        .educate(|dossier, rules, now| education::edit_claim(dossier, &record, &seminar(), rules, now))
        .unwrap();
    assert_eq!(edited.credit.unwrap().draft_expires_at(), Some(world.now.plus_seconds(180 * 86_400)));
    let mut late = world.clone();
    let waits = submit_with(&mut world, &record.id, EvidenceKind::SignInSheet).unwrap().credit.unwrap();
    assert_eq!(waits.draft_expires_at(), None);
    // Until then it's there; from then on it's gone, whether or not the store has cleaned up.
    late.now = late.now.plus_seconds(180 * 86_400 - 1);
    assert_eq!(code(&submit_with(&mut late.clone(), &record.id, EvidenceKind::SignInSheet)), "ok");
    late.now = late.now.plus_seconds(1);
    assert_eq!(code(&submit_with(&mut late, &record.id, EvidenceKind::SignInSheet)), "unknown_credit");
}

#[test]
fn a_draft_that_is_submitted_waits_for_a_decision_and_its_holder_has_a_receipt() {
    let (mut world, record) = drafted();
    let change = submit_with(&mut world, &record.id, EvidenceKind::CompletionCertificate).unwrap();
    assert_eq!(change.journal.action, JournalAction::HoursClaimed);
    let next = *change.credit.unwrap();
    assert_eq!(
        (next.state, next.submitted_at, next.version),
        (CreditState::Pending, Some(world.now), record.version + 1)
    );
    assert!(next.is_undecided());
    let Message::HoursClaimed { hours: line, receipt: told, decision_due } = world.last_message() else {
        panic!("told")
    };
    let receipt = next.receipt.clone().expect("a receipt");
    assert_eq!((&told.number, &told.content_hash), (&receipt.number, &receipt.content_hash));
    assert_eq!(receipt.accepted_at, world.now);
    assert!(
        receipt.number.ends_with("-2") && next.id.as_str().contains(receipt.number.trim_end_matches("-2"))
    );
    assert_eq!(receipt.content_hash.len(), 64);
    assert!(*decision_due > world.now.day());
    assert_eq!((&line.credit, line.tenths, line.counted_tenths), (&next.id, 60, 0));
    assert!(world.outbox.last().unwrap().id.ends_with("-v2-claimed"));
    let assessed = world.assessed();
    assert_eq!((assessed.shortfall.counted, assessed.pending()), (hours(0), hours(60)));
    assert_eq!(assessed.with_pending.counted, hours(60));
    assert_eq!(code(&submit(&mut world, &next)), "wrong_credit_state", "once is enough");
}

/// A place that nothing was confirmed in.
fn place(content: u8) -> EvidenceFile {
    let state = domain::attachment::AttachmentState::Pending;
    EvidenceFile { state, ..file(EvidenceKind::CompletionCertificate, content) }
}

#[rstest]
#[case::no_file(CreditForm::Seminar, vec![], &["missing_evidence"])]
#[case::a_place_only(CreditForm::Seminar, vec![place(1)], &["missing_evidence"])]
#[case::another_kind(CreditForm::Seminar, vec![file(EvidenceKind::DegreeCertificate, 1)], &["missing_evidence"])]
#[case::one_of_several_kinds(CreditForm::Seminar, vec![file(EvidenceKind::Notice, 1)], &[])]
#[case::and_a_place(CreditForm::Seminar, vec![place(2), file(EvidenceKind::Notice, 1)], &[])]
#[case::a_paper(CreditForm::Paper, vec![file(EvidenceKind::Notice, 1)], &["missing_evidence"])]
#[case::a_paper_in_print(CreditForm::Paper, vec![file(EvidenceKind::Publication, 1)], &[])]
fn what_is_lacking_is_what_a_submission_is_refused_for(
    #[case] form: CreditForm,
    #[case] files: Vec<EvidenceFile>,
    #[case] expected: &[&str],
) {
    let mut world = world();
    let id = draft(&mut world, &claim_of(form, date(2027, 6, 1), 60), 1).unwrap().credit.unwrap().id;
    let record = put_files(&mut world, &id, files);
    assert_eq!(missing(&world, &record), expected);
    let before = world.dossier.clone();
    match submit(&mut world, &record) {
        Err(Refusal::InvalidFields(errors)) => {
            let codes: Vec<_> = errors.iter().map(|error| error.code.as_str()).collect();
            assert_eq!((codes, world.dossier), (expected.to_vec(), before));
        }
        answer => assert_eq!((code(&answer), expected.len()), ("ok", 0)),
    }
}

#[test]
fn a_form_that_needs_no_evidence_is_submitted_without() {
    let rules = super::library(&[("evidence = { value = [\"project_papers\"]", "evidence = { value = []")]);
    let mut world = World::registered_under(rules, date(2026, 3, 2));
    world.go_to_day(date(2027, 6, 10));
    let research = claim_of(CreditForm::Research, date(2027, 6, 1), 60);
    let record = draft(&mut world, &research, 1).unwrap().credit.unwrap();
    assert!(missing(&world, &record).is_empty());
    assert_eq!(code(&submit(&mut world, &record)), "ok");
}

#[rstest]
#[case(CreditState::Draft, "ok")]
#[case(CreditState::Pending, "wrong_credit_state")]
#[case(CreditState::Recorded, "evidence_not_asked")]
#[case(CreditState::Recognised, "evidence_not_asked")]
#[case(CreditState::Refused, "wrong_credit_state")]
#[case(CreditState::Withdrawn, "wrong_credit_state")]
#[case(CreditState::Voided, "wrong_credit_state")]
fn only_a_draft_is_submitted_or_what_evidence_was_asked_for(
    #[case] state: CreditState,
    #[case] expected: &str,
) {
    let (mut world, record) = drafted();
    world.dossier.credits[0].state = state;
    assert_eq!(code(&submit_with(&mut world, &record.id, EvidenceKind::CompletionCertificate)), expected);
    let bare = CreditRecord { files: vec![], ..world.credit(&record.id) };
    let asks = matches!(state, CreditState::Draft);
    assert_eq!(
        missing(&world, &CreditRecord { state, ..bare }).is_empty(),
        !(asks || state == CreditState::Pending)
    );
}

#[test]
fn a_draft_is_submitted_by_its_holder_alone() {
    let (mut world, record) = drafted();
    world.dossier.profile.holder = HolderId::mint(77);
    assert_eq!(
        code(&submit_with(&mut world, &record.id, EvidenceKind::CompletionCertificate)),
        "unknown_credit"
    );
}

fn of_course() -> ClaimInput {
    let course = course(date(2027, 5, 4));
    let mut input = claim_of(CreditForm::InPerson, course.from, 160);
    input.activity.done_to = course.to;
    ClaimInput { course: Some(course), ..input }
}

#[test]
fn of_two_drafts_of_one_course_one_is_submitted() {
    let mut world = world();
    let first = draft(&mut world, &of_course(), 1).unwrap().credit.unwrap().id;
    let second = draft(&mut world, &of_course(), 2).unwrap().credit.unwrap().id;
    assert_eq!(code(&submit_with(&mut world, &first, EvidenceKind::SignInSheet)), "ok");
    let refusal = submit_with(&mut world, &second, EvidenceKind::SignInSheet).unwrap_err();
    assert_eq!(refusal.code(), "already_credited");
    assert_eq!(refusal.rule().unwrap().rule, "hours.one_activity_once");
}

#[test]
fn a_draft_of_a_course_does_not_keep_its_provider_from_recording_it() {
    let mut world = world();
    let id = draft(&mut world, &of_course(), 1).unwrap().credit.unwrap().id;
    let name = "张三".parse().unwrap();
    let row = Row { registration: None, name, hours: None, from: None, to: None, source: None };
    let (class, by) = (course(date(2027, 5, 4)), StaffId::mint(500));
    world.educate(|dossier, rules, now| education::record(dossier, &class, &row, &by, rules, now)).unwrap();
    assert_eq!(world.assessed().shortfall.counted, hours(160));
    assert_eq!(code(&submit_with(&mut world, &id, EvidenceKind::SignInSheet)), "already_credited");
}

#[test]
fn a_draft_of_a_day_to_come_or_of_another_unit_is_not_submitted() {
    let (mut world, record) = drafted();
    world.dossier.credits[0].activity.done_to = date(2027, 6, 11);
    let answer = submit_with(&mut world, &record.id, EvidenceKind::SignInSheet);
    assert_eq!(code(&answer), "invalid_fields");
    world.go_to_day(date(2027, 6, 11));
    world.dossier.credits[0].unit = "小时".to_owned();
    assert_eq!(code(&submit_with(&mut world, &record.id, EvidenceKind::SignInSheet)), "other_unit");
    world.dossier.credits[0].unit = "学时".to_owned();
    world.dossier.credits[0].activity.done_to = date(2029, 3, 3);
    assert_eq!(code(&submit_with(&mut world, &record.id, EvidenceKind::SignInSheet)), "outside_cycle");
    world.dossier.credits[0].activity.done_to = date(2027, 6, 11);
    assert_eq!(code(&submit_with(&mut world, &record.id, EvidenceKind::SignInSheet)), "ok");
}

#[test]
fn a_claim_that_waits_stays_proved_when_it_is_edited_and_a_draft_need_not_be() {
    let (mut world, record) = drafted();
    // A paper is proved by other papers than a seminar is.
    let paper = claim_of(CreditForm::Paper, date(2027, 6, 1), 60);
    let edit = |world: &World, record: &CreditRecord| {
        let answer = world
            .clone()
            .educate(|dossier, rules, now| education::edit_claim(dossier, record, &paper, rules, now));
        code(&answer)
    };
    let draft = put_files(&mut world, &record.id, vec![file(EvidenceKind::SignInSheet, 1)]);
    assert_eq!(edit(&world, &draft), "ok");
    let waits = submit(&mut world, &draft).unwrap().credit.unwrap();
    assert_eq!(edit(&world, &waits), "invalid_fields");
    let both = vec![file(EvidenceKind::SignInSheet, 1), file(EvidenceKind::Publication, 2)];
    let waits = put_files(&mut world, &record.id, both);
    assert_eq!(edit(&world, &waits), "ok");
}

#[test]
fn evidence_that_was_asked_for_is_handed_in_once() {
    let (mut world, record) = drafted();
    let audit = Audit {
        asked_at: world.now,
        by_hand: false,
        due: date(2027, 7, 10),
        answered_at: None,
        closed_at: None,
        reminded: None,
    };
    let held = &mut world.dossier.credits[0];
    (held.state, held.recognised, held.audit) = (CreditState::Recorded, hours(60), Some(audit));
    held.next_due = Some(date(2027, 6, 26));
    let bare = world.credit(&record.id);
    assert_eq!(missing(&world, &bare), ["missing_evidence"]);
    assert_eq!(code(&submit(&mut world, &bare)), "invalid_fields");
    let change = submit_with(&mut world, &record.id, EvidenceKind::SignInSheet).unwrap();
    assert_eq!((change.journal.action, change.notifications.len()), (JournalAction::EvidenceBrought, 1));
    let next = *change.credit.unwrap();
    assert_eq!((next.state, next.next_due, next.submitted_at), (CreditState::Recorded, None, None));
    assert_eq!(next.audit.as_ref().unwrap().answered_at, Some(world.now));
    assert_eq!(code(&submit(&mut world, &next)), "wrong_credit_state");
}

#[test]
fn a_draft_that_was_left_when_its_cycle_closed_is_taken_back_and_not_submitted() {
    let (mut world, record) = drafted();
    world.earn(900);
    world.go_to_day(date(2029, 1, 10));
    let id = world.draft(domain::application::ApplicationKind::Renewal);
    world.submit(&id).unwrap();
    world.approve_all(&id);
    let held: CreditId = record.id.clone();
    let now = world.now;
    // It was touched while the renewal waited, so it's still there.
    world
        .dossier
        .credits
        .iter_mut()
        .filter(|credit| credit.id == held)
        .for_each(|draft| draft.updated_at = now);
    assert_eq!(code(&submit_with(&mut world, &held, EvidenceKind::SignInSheet)), "credit_locked");
    let record = world.credit(&held);
    let answer = world.educate(|dossier, rules, now| education::withdraw_claim(dossier, &record, rules, now));
    assert_eq!(code(&answer), "ok");
}
