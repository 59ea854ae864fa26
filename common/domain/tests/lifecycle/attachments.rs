//! Attachments: what may be announced, what is found when the file is looked at, how many there may be.

use crate::common::{DATA, World, code, noon};
use domain::{
    application::{ApplicationKind, Outcome},
    attachment::{AttachmentKind, ContentType, Inspection, upload_key},
    date::date,
    id::{ApplicationId, AttachmentId},
};
use rstest::rstest;

const PHOTO_LIMIT: u64 = 5 * 1024 * 1024;

fn draft() -> (World, ApplicationId) {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.open(ApplicationKind::First);
    (world, id)
}

fn confirmed(world: &World, id: &ApplicationId, kind: AttachmentKind) -> Vec<AttachmentId> {
    let held = world.application(id).attachments.iter();
    held.filter(|held| held.kind == kind && held.is_confirmed()).map(|held| held.id.clone()).collect()
}

#[rstest]
#[case::as_large_as_may_be(AttachmentKind::Photo, ContentType::Jpeg, PHOTO_LIMIT, "ok")]
#[case::a_byte_more(AttachmentKind::Photo, ContentType::Jpeg, PHOTO_LIMIT + 1, "attachment_too_large")]
#[case::thirty_megabytes(AttachmentKind::Photo, ContentType::Jpeg, 30 * 1024 * 1024, "attachment_too_large")]
#[case::empty(AttachmentKind::Photo, ContentType::Jpeg, 0, "attachment_mismatch")]
#[case::a_png(AttachmentKind::Photo, ContentType::Png, 1000, "ok")]
#[case::a_photo_as_pdf(AttachmentKind::Photo, ContentType::Pdf, 1000, "attachment_format")]
#[case::a_certificate_as_pdf(AttachmentKind::CertificateScan, ContentType::Pdf, 1000, "ok")]
#[case::a_card_of_ten_megabytes(AttachmentKind::IdentityCardFront, ContentType::Jpeg, 2 * PHOTO_LIMIT, "ok")]
fn what_is_announced_must_keep_to_the_kinds_limits(
    #[case] kind: AttachmentKind,
    #[case] content_type: ContentType,
    #[case] size: u64,
    #[case] expected: &str,
) {
    let (mut world, id) = draft();
    let before = world.dossier.clone();
    let answer = world.request(&id, kind, |request| {
        request.content_type = content_type;
        request.size = size;
    });
    assert_eq!(code(&answer), expected);
    if expected != "ok" {
        assert_eq!(world.dossier, before);
    }
}

#[rstest]
#[case::as_announced(DATA.inspection(), "ok")]
#[case::hash_in_capitals(Inspection { sha256: DATA.sha256.to_uppercase(), ..DATA.inspection() }, "ok")]
#[case::an_exe_named_jpg(Inspection { head: b"MZ\x90\0\x03\0\0\0".to_vec(), ..DATA.inspection() }, "attachment_mismatch")]
#[case::html(Inspection { head: b"<html><b".to_vec(), ..DATA.inspection() }, "attachment_mismatch")]
#[case::a_png_announced_as_jpeg(Inspection { head: b"\x89PNG\r\n\x1a\n".to_vec(), ..DATA.inspection() }, "attachment_mismatch")]
#[case::a_pdf_announced_as_jpeg(Inspection { head: b"%PDF-1.7".to_vec(), ..DATA.inspection() }, "attachment_format")]
#[case::shorter_than_announced(Inspection { size: DATA.size - 1, ..DATA.inspection() }, "attachment_mismatch")]
#[case::thirty_megabytes_after_all(Inspection { size: 30 * 1024 * 1024, ..DATA.inspection() }, "attachment_too_large")]
#[case::nothing_in_it(Inspection { size: 0, head: Vec::new(), ..DATA.inspection() }, "attachment_mismatch")]
#[case::another_file(Inspection { sha256: "0".repeat(64), ..DATA.inspection() }, "attachment_mismatch")]
fn what_arrived_is_looked_at_and_not_believed(#[case] file: Inspection, #[case] expected: &str) {
    let (mut world, id) = draft();
    world
        .request(&id, AttachmentKind::Photo, |request| request.sha256 = Some(DATA.sha256.to_owned()))
        .unwrap();
    let attachment = world.application(&id).attachments[0].id.clone();
    let before = world.dossier.clone();
    assert_eq!(code(&world.confirm(&attachment, &file)), expected);
    if expected == "ok" {
        let held = world.application(&id).attachment(&attachment).unwrap();
        assert_eq!((held.is_confirmed(), held.sha256.as_deref()), (true, Some(DATA.sha256)));
        assert_eq!(held.object_key(), Some(format!("attachments/{attachment}/{}", DATA.sha256)));
    } else {
        assert_eq!(world.dossier, before, "it doesn't count");
    }
}

#[test]
fn a_file_that_was_confirmed_cannot_be_exchanged_behind_its_hash() {
    let (mut world, id) = draft();
    let attachment = world.attach(&id, AttachmentKind::Photo);
    let other = Inspection { sha256: "1".repeat(64), ..DATA.inspection() };
    assert_eq!(code(&world.confirm(&attachment, &other)), "attachment_mismatch");
    assert_eq!(code(&world.confirm(&attachment, &DATA.inspection())), "ok", "a retry is no harm");
}

#[test]
fn a_new_photo_takes_the_place_of_the_old_one_once_it_is_confirmed() {
    let (mut world, id) = draft();
    let old = world.attach(&id, AttachmentKind::Photo);
    let new = world.place(&id, AttachmentKind::Photo);
    assert_eq!(confirmed(&world, &id, AttachmentKind::Photo), std::slice::from_ref(&old), "not before");
    world.confirm(&new, &DATA.inspection()).unwrap();
    assert_eq!(confirmed(&world, &id, AttachmentKind::Photo), [new]);
    assert!(world.application(&id).attachment(&old).is_none());
}

#[test]
fn there_are_no_more_files_of_a_kind_than_the_rules_allow_however_they_are_announced() {
    // One after the other: the place itself is refused.
    let (mut world, id) = draft();
    for _ in 0..2 {
        world.attach(&id, AttachmentKind::CertificateScan);
    }
    assert_eq!(code(&world.request(&id, AttachmentKind::CertificateScan, |_| {})), "too_many_attachments");
    let one = confirmed(&world, &id, AttachmentKind::CertificateScan)[0].clone();
    world.remove(&one).unwrap();
    assert_eq!(code(&world.request(&id, AttachmentKind::CertificateScan, |_| {})), "ok");

    // All places first: the third confirmation is.
    let (mut world, id) = draft();
    let places = [(); 3].map(|()| world.place(&id, AttachmentKind::CertificateScan));
    let answers = places.map(|place| code(&world.confirm(&place, &DATA.inspection())));
    assert_eq!(answers, ["ok", "ok", "too_many_attachments"]);
    assert_eq!(confirmed(&world, &id, AttachmentKind::CertificateScan).len(), 2);
}

#[test]
fn places_nothing_came_to_are_given_up_after_a_day() {
    let (mut world, id) = draft();
    for _ in 0..40 {
        world.place(&id, AttachmentKind::Other);
    }
    assert_eq!(code(&world.request(&id, AttachmentKind::Photo, |_| {})), "too_many_attachments");
    world.go_to(world.now.plus_seconds(86_400));
    assert_eq!(code(&world.request(&id, AttachmentKind::Photo, |_| {})), "ok");
    assert_eq!(world.application(&id).attachments.len(), 1);
}

#[test]
fn a_files_name_is_only_for_display() {
    let (mut world, id) = draft();
    let name = format!("..\\证件\r\n{}.jpg", "照".repeat(200));
    world.request(&id, AttachmentKind::Photo, |request| request.file_name = name).unwrap();
    let held = &world.application(&id).attachments[0];
    assert_eq!(held.file_name.chars().count(), 100);
    assert!(!held.file_name.chars().any(char::is_control));
    assert_eq!(upload_key(&held.id), format!("uploads/{}", held.id));
    assert_eq!(held.object_key(), None, "nothing was confirmed");
}

#[test]
fn what_is_not_there_is_not_found() {
    let (mut world, id) = draft();
    let nobodys = AttachmentId::mint(&id, 777);
    assert_eq!(code(&world.confirm(&nobodys, &DATA.inspection())), "unknown_attachment");
    assert_eq!(code(&world.remove(&nobodys)), "unknown_attachment");
}

#[test]
fn while_an_application_waits_a_required_paper_is_replaced_and_never_removed() {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first();
    let extra = world.attach(&id, AttachmentKind::CertificateScan);
    world.submit(&id).unwrap();
    let photo = confirmed(&world, &id, AttachmentKind::Photo)[0].clone();
    assert_eq!(code(&world.remove(&photo)), "attachment_required");
    world.attach(&id, AttachmentKind::Photo);
    assert!(world.application(&id).attachment(&photo).is_none());
    // One of two may go.
    assert_eq!(code(&world.remove(&extra)), "ok");
    let last = confirmed(&world, &id, AttachmentKind::CertificateScan)[0].clone();
    assert_eq!(code(&world.remove(&last)), "attachment_required");
    // Once returned it may, and is missed on the way back.
    world.decide_stage(&id, Outcome::Return).unwrap();
    assert_eq!(code(&world.remove(&last)), "ok");
    assert_eq!(code(&world.submit(&id)), "not_ready");
}

#[test]
fn an_upload_that_was_never_confirmed_is_nothing_to_review() {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first();
    world.place(&id, AttachmentKind::Other);
    world.submit(&id).unwrap();
    assert!(!world.application(&id).outstanding().contains(&domain::form::Part::Papers));
}
