//! The files of a record: what is taken, who may bring it and until when, and what can't be removed any more.

use super::{claim_of, draft, file, hours, put_files, submit_with};
use crate::common::{Answer, DATA, World, code};
use domain::{
    application::JournalAction,
    attachment::{AttachmentState, ContentType, Inspection},
    credit::{Audit, CreditForm, CreditRecord, CreditState, EvidenceFile, EvidenceKind},
    date::date,
    education::{self, EvidenceRequest},
    id::{AttachmentId, CreditId, HolderId},
};
use rstest::rstest;

/// Somebody registered on 2 March 2026, with a draft of a seminar's six hours a year later.
fn drafted() -> (World, CreditId) {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2027, 6, 10));
    let seminar = claim_of(CreditForm::Seminar, date(2027, 6, 1), 60);
    let id = draft(&mut world, &seminar, 1).unwrap().credit.unwrap().id;
    (world, id)
}

fn ask(world: &mut World, id: &CreditId, number: u128, edit: impl FnOnce(&mut EvidenceRequest)) -> Answer {
    let mut request = EvidenceRequest {
        id: AttachmentId::of_evidence(id, 1000 + number),
        kind: EvidenceKind::SignInSheet,
        file_name: "签到表.jpg".to_owned(),
        content_type: ContentType::Jpeg,
        size: DATA.size,
        sha256: None,
    };
    edit(&mut request);
    let record = world.credit(id);
    world.educate(|dossier, rules, now| education::request_evidence(dossier, &record, request, rules, now))
}

/// A place that was given.
fn place(world: &mut World, id: &CreditId, number: u128) -> AttachmentId {
    ask(world, id, number, |_| {}).unwrap().credit.unwrap().files.last().unwrap().id.clone()
}

fn confirm(world: &mut World, id: &CreditId, file: &AttachmentId, arrived: &Inspection) -> Answer {
    let record = world.credit(id);
    world.educate(|dossier, rules, now| {
        education::confirm_evidence(dossier, &record, file, arrived, rules, now)
    })
}

fn remove(world: &mut World, id: &CreditId, file: &AttachmentId) -> Answer {
    let record = world.credit(id);
    world.educate(|dossier, rules, now| education::remove_evidence(dossier, &record, file, rules, now))
}

#[test]
fn a_file_is_announced_uploaded_looked_at_and_removed() {
    let (mut world, id) = drafted();
    let change = ask(&mut world, &id, 1, |request| {
        request.file_name = format!("签到\n{}.jpg", "长".repeat(200));
    })
    .unwrap();
    assert_eq!((change.journal.action, change.notifications.len()), (JournalAction::AttachmentRequested, 0));
    assert_eq!(change.journal.rule.unwrap().rule, "hours.files");
    let record = *change.credit.unwrap();
    let file = record.files[0].clone();
    assert_eq!((file.state, file.requested_at), (AttachmentState::Pending, world.now));
    assert_eq!((file.file_name.chars().count(), file.file_name.contains('\n')), (100, false));
    assert_eq!((file.content(), file.object_key()), (None, None));
    assert_eq!(record.confirmed_files().count(), 0);

    let change = confirm(&mut world, &id, &file.id, &DATA.inspection()).unwrap();
    assert_eq!(change.journal.action, JournalAction::AttachmentConfirmed);
    let record = *change.credit.unwrap();
    let confirmed = record.file(&file.id).unwrap();
    assert_eq!(confirmed.content(), Some(DATA.sha256));
    assert_eq!(confirmed.object_key(), Some(format!("attachments/{}/{}", file.id, DATA.sha256)));
    assert_eq!(record.contents().collect::<Vec<_>>(), [DATA.sha256]);

    let change = remove(&mut world, &id, &file.id).unwrap();
    assert_eq!(change.journal.action, JournalAction::AttachmentRemoved);
    assert!(change.credit.unwrap().files.is_empty());
    assert_eq!(code(&remove(&mut world, &id, &file.id)), "unknown_attachment");
    assert_eq!(code(&confirm(&mut world, &id, &file.id, &DATA.inspection())), "unknown_attachment");
}

type Edit = fn(&mut EvidenceRequest);

#[rstest]
#[case::a_picture(|_: &mut EvidenceRequest| {}, "ok")]
#[case::of_any_kind(|request: &mut EvidenceRequest| request.kind = EvidenceKind::Other, "ok")]
#[case::ten_megabytes(|request: &mut EvidenceRequest| request.size = 10_485_760, "ok")]
#[case::a_byte_more(|request: &mut EvidenceRequest| request.size = 10_485_761, "attachment_too_large")]
#[case::nothing(|request: &mut EvidenceRequest| request.size = 0, "attachment_mismatch")]
fn what_is_taken_is_data(#[case] edit: Edit, #[case] expected: &str) {
    let (mut world, id) = drafted();
    assert_eq!(code(&ask(&mut world, &id, 1, edit)), expected);
}

#[test]
fn a_format_that_the_rules_leave_out_is_not_taken() {
    let formats = |pdf| format!("files = {{ value = {{ content_types = [\"image/jpeg\", \"image/png\"{pdf}]");
    let rules = super::library(&[(&formats(", \"application/pdf\""), &formats(""))]);
    let mut world = World::registered_under(rules, date(2026, 3, 2));
    world.go_to_day(date(2027, 6, 10));
    let seminar = claim_of(CreditForm::Seminar, date(2027, 6, 1), 60);
    let id = draft(&mut world, &seminar, 1).unwrap().credit.unwrap().id;
    let answer = ask(&mut world, &id, 1, |request| request.content_type = ContentType::Pdf);
    assert_eq!(code(&answer), "attachment_format");
    assert_eq!(answer.unwrap_err().to_string(), "证明材料只接受 JPG、PNG 格式的文件");
}

#[rstest]
#[case::as_announced(DATA.inspection(), "ok")]
#[case::of_another_size(Inspection { size: 5, ..DATA.inspection() }, "attachment_mismatch")]
#[case::of_another_format(Inspection { head: b"%PDF-1.7".to_vec(), ..DATA.inspection() }, "attachment_mismatch")]
#[case::no_picture_at_all(Inspection { head: b"MZ\x90\0".to_vec(), ..DATA.inspection() }, "attachment_mismatch")]
#[case::of_other_content(Inspection { sha256: "0".repeat(64), ..DATA.inspection() }, "attachment_mismatch")]
fn what_arrived_must_be_what_was_announced(#[case] arrived: Inspection, #[case] expected: &str) {
    let (mut world, id) = drafted();
    let change =
        ask(&mut world, &id, 1, |request| request.sha256 = Some(DATA.sha256.to_uppercase())).unwrap();
    let file = change.credit.unwrap().files[0].id.clone();
    assert_eq!(code(&confirm(&mut world, &id, &file, &arrived)), expected);
}

#[test]
fn confirming_again_is_taken_for_the_same_file_only_and_one_file_is_added_once() {
    let (mut world, id) = drafted();
    let first = place(&mut world, &id, 1);
    confirm(&mut world, &id, &first, &DATA.inspection()).unwrap();
    assert_eq!(code(&confirm(&mut world, &id, &first, &DATA.inspection())), "ok");
    let other = Inspection { sha256: "1".repeat(64), ..DATA.inspection() };
    assert_eq!(code(&confirm(&mut world, &id, &first, &other)), "attachment_mismatch");
    let second = place(&mut world, &id, 2);
    let refusal = confirm(&mut world, &id, &second, &DATA.inspection()).unwrap_err();
    assert_eq!(refusal.fields()[0].code, "file_twice");
    assert_eq!(code(&confirm(&mut world, &id, &second, &other)), "ok");
    assert_eq!(world.credit(&id).contents().count(), 2);
}

fn files(count: u8) -> Vec<EvidenceFile> {
    (1..=count).map(|content| file(EvidenceKind::SignInSheet, content)).collect()
}

#[test]
fn ten_files_are_taken_and_no_eleventh() {
    let (mut world, id) = drafted();
    put_files(&mut world, &id, files(9));
    let tenth = place(&mut world, &id, 1);
    let eleventh = place(&mut world, &id, 2);
    confirm(&mut world, &id, &tenth, &DATA.inspection()).unwrap();
    let other = Inspection { sha256: "1".repeat(64), ..DATA.inspection() };
    let refusal = confirm(&mut world, &id, &eleventh, &other).unwrap_err();
    assert_eq!(refusal.code(), "too_many_attachments");
    assert_eq!(refusal.to_string(), "证明材料最多上传 10 个，请先删除不需要的文件");
    assert_eq!(code(&ask(&mut world, &id, 3, |_| {})), "too_many_attachments");
}

#[test]
fn a_place_that_nothing_came_to_is_given_up_after_a_day() {
    let (mut world, id) = drafted();
    put_files(&mut world, &id, files(3));
    for number in 0..17 {
        place(&mut world, &id, number);
    }
    assert_eq!(code(&ask(&mut world, &id, 17, |_| {})), "too_many_attachments");
    world.go_to_day(date(2027, 6, 11));
    assert_eq!(code(&ask(&mut world, &id, 17, |_| {})), "ok");
    assert_eq!(world.credit(&id).files.len(), 4);
}

fn audit(world: &World, answered: bool, closed: bool) -> Audit {
    Audit {
        asked_at: world.now,
        by_hand: false,
        due: world.now.day().plus_days(30),
        answered_at: answered.then_some(world.now),
        closed_at: closed.then_some(world.now),
        reminded: None,
    }
}

#[rstest]
#[case::a_draft(CreditState::Draft, None, "ok")]
#[case::a_claim_that_waits(CreditState::Pending, None, "ok")]
#[case::what_counts(CreditState::Recorded, None, "wrong_credit_state")]
#[case::a_sample(CreditState::Recorded, Some((false, false)), "ok")]
#[case::a_sample_that_was_answered(CreditState::Recognised, Some((true, false)), "ok")]
#[case::a_sample_that_was_decided(CreditState::Recognised, Some((true, true)), "wrong_credit_state")]
#[case::refused(CreditState::Refused, None, "wrong_credit_state")]
#[case::taken_back(CreditState::Withdrawn, None, "wrong_credit_state")]
#[case::struck_out(CreditState::Voided, Some((false, false)), "wrong_credit_state")]
fn files_are_taken_until_it_is_decided(
    #[case] state: CreditState,
    #[case] sample: Option<(bool, bool)>,
    #[case] expected: &str,
    #[values(false, true)] closed: bool,
) {
    let (mut world, id) = drafted();
    if closed {
        world.earn(900);
        world.go_to_day(date(2029, 1, 10));
        let renewal = world.draft(domain::application::ApplicationKind::Renewal);
        world.submit(&renewal).unwrap();
        world.approve_all(&renewal);
    }
    let sample = sample.map(|(answered, closed)| audit(&world, answered, closed));
    // A draft that was touched lately is still there.
    let now = world.now;
    let held = world.dossier.credits.iter_mut().find(|held| held.id == id).unwrap();
    (held.state, held.audit, held.updated_at) = (state, sample, now);
    let waiting = EvidenceFile { state: AttachmentState::Pending, ..file(EvidenceKind::Other, 9) };
    put_files(
        &mut world,
        &id,
        vec![file(EvidenceKind::SignInSheet, 1), file(EvidenceKind::Notice, 2), waiting],
    );
    // What a renewal has closed takes nothing but the evidence that was asked for.
    let claim = matches!(state, CreditState::Draft | CreditState::Pending);
    let expected = if closed && claim { "credit_locked" } else { expected };
    let arrived = Inspection {
        size: 20_000,
        head: b"%PDF-1.7".to_vec(),
        sha256: file(EvidenceKind::Other, 9).sha256.unwrap(),
    };
    let record = world.credit(&id);
    assert_eq!(code(&ask(&mut world.clone(), &id, 1, |_| {})), expected);
    assert_eq!(code(&confirm(&mut world.clone(), &id, &record.files[2].id, &arrived)), expected);
    assert_eq!(code(&remove(&mut world.clone(), &id, &record.files[0].id)), expected);
}

#[rstest]
#[case::a_draft(CreditState::Draft, None, "ok")]
#[case::a_claim_that_waits(CreditState::Pending, None, "attachment_required")]
#[case::a_sample_not_yet_answered(CreditState::Recorded, Some(false), "ok")]
#[case::a_sample_that_was_answered(CreditState::Recorded, Some(true), "attachment_required")]
fn what_was_submitted_stays_proved(
    #[case] state: CreditState,
    #[case] answered: Option<bool>,
    #[case] expected: &str,
) {
    let (mut world, id) = drafted();
    let sample = answered.map(|answered| audit(&world, answered, false));
    let held = &mut world.dossier.credits[0];
    (held.state, held.audit) = (state, sample);
    let waiting = EvidenceFile { state: AttachmentState::Pending, ..file(EvidenceKind::Notice, 3) };
    let others = vec![file(EvidenceKind::SignInSheet, 1), file(EvidenceKind::Other, 2), waiting];
    let record = put_files(&mut world, &id, others);
    assert_eq!(code(&remove(&mut world.clone(), &id, &record.files[0].id)), expected);
    assert_eq!(code(&remove(&mut world.clone(), &id, &record.files[1].id)), "ok", "it proves nothing");
    assert_eq!(code(&remove(&mut world.clone(), &id, &record.files[2].id)), "ok", "a place proves nothing");
    let two = vec![file(EvidenceKind::SignInSheet, 1), file(EvidenceKind::Notice, 2)];
    let record = put_files(&mut world, &id, two);
    assert_eq!(code(&remove(&mut world, &id, &record.files[0].id)), "ok", "another one proves it");
}

#[test]
fn files_are_their_holders_alone() {
    let (mut world, id) = drafted();
    submit_with(&mut world, &id, EvidenceKind::SignInSheet).unwrap();
    let record: CreditRecord = world.credit(&id);
    world.dossier.profile.holder = HolderId::mint(77);
    assert_eq!(code(&ask(&mut world, &id, 1, |_| {})), "unknown_credit");
    assert_eq!(code(&confirm(&mut world, &id, &record.files[0].id, &DATA.inspection())), "unknown_credit");
    assert_eq!(code(&remove(&mut world, &id, &record.files[0].id)), "unknown_credit");
    assert_eq!(record.claimed, hours(60));
}
