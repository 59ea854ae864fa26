//! From a place to a confirmed file, and uploads that aren't what was announced.

use crate::{
    announced, application, ask, attach, blobs, bucket, confirm, download, hash, jpeg, kept, look, missing,
    place, send,
};
use common::blobs::Upload;
use domain::{attachment::ContentType, date::Instant};
use rstest::rstest;
use serde_json::json;
use std::time::Duration;
use tests::World;

#[tokio::test]
async fn a_photo_is_uploaded_confirmed_and_shown() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let photo = jpeg(b'a');
    let mut wanted = announced("photo", photo.len());
    wanted["sha256"] = json!(hash(&photo).to_uppercase());
    let given = ask(&holder, &draft, wanted).await.expect(201);
    let id = given.text("/attachment/id");
    assert_eq!(given.body["attachment"]["state"], "pending");
    assert_eq!(given.body["attachment"]["file_name"], "照片 1.jpg");
    let lives =
        given.text("/expires_at").parse::<Instant>().unwrap().unix_seconds() - world.now().unix_seconds();
    assert!((895..=900).contains(&lives), "{lives}");
    assert_eq!(given.etag(), format!("\"{}\"", given.body["version"]));
    let form = &given.body["upload"];
    assert_eq!(form["fields"]["key"], format!("uploads/{id}"), "a form leads to the uploads alone");

    assert_eq!(send(form, &photo).await, 201);
    let pending = look(&holder, &id).await.expect(200);
    assert_eq!((&pending.body["url"], &pending.body["expires_at"]), (&json!(null), &json!(null)));

    let confirmed = confirm(&holder, &id).await.expect(200);
    assert_eq!(confirmed.body["attachment"]["state"], "confirmed");
    assert_eq!(confirmed.body["attachment"]["sha256"], hash(&photo));
    assert_eq!(confirmed.etag(), format!("\"{}\"", confirmed.body["application_version"]));
    assert!(!missing(&confirmed).contains(&"attachments.photo"));
    assert!(missing(&confirmed).contains(&"attachments.certificate_scan"));
    assert_eq!(download(&holder, &id).await, photo);
    assert_eq!(bucket(&world), [kept(&id, &photo)]);

    let shown = look(&holder, &id).await.expect(200);
    let response = reqwest::get(shown.text("/url")).await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/jpeg");
    let disposition = response.headers()["content-disposition"].to_str().unwrap();
    assert!(disposition.contains("filename*=UTF-8''%E7%85%A7%E7%89%87%201.jpg"), "{disposition}");
}

#[rstest]
#[case::a_program_named_jpg(b"MZ\x90\0\x03\0\0\0 not a photo at all", 0, "attachment_mismatch")]
#[case::a_page_named_jpg(b"<html><script>alert(1)</script></html>", 0, "attachment_mismatch")]
#[case::a_png_announced_as_jpeg(b"\x89PNG\r\n\x1a\n and so on", 0, "attachment_mismatch")]
#[case::a_pdf_where_none_is_taken(b"%PDF-1.7 and so on", 0, "attachment_format")]
#[case::smaller_than_announced(b"\xFF\xD8\xFF\xE0 a photo", 1, "attachment_mismatch")]
#[tokio::test]
async fn a_file_that_belies_what_was_said_of_it_does_not_count(
    #[case] lie: &[u8],
    #[case] bytes_more_announced: usize,
    #[case] code: &str,
) {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let given = ask(&holder, &draft, announced("photo", lie.len() + bytes_more_announced)).await.expect(201);
    let (id, form) = (given.text("/attachment/id"), &given.body["upload"]);
    let before = application(&holder, &draft).await;
    assert_eq!(send(form, lie).await, 201);

    let refused = confirm(&holder, &id).await.expect(422);
    assert_eq!(refused.code(), code);
    assert_eq!(application(&holder, &draft).await, before, "nothing changed");
    assert_eq!(bucket(&world), [""; 0], "the lie isn't kept");

    // The form still takes the right file.
    let mut photo = jpeg(b'a');
    photo.resize(lie.len() + bytes_more_announced, b'a');
    assert_eq!(send(form, &photo).await, 201);
    confirm(&holder, &id).await.expect(200);
    assert_eq!(download(&holder, &id).await, photo);
}

#[tokio::test]
async fn with_a_checksum_the_form_takes_that_file_alone() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let mut wanted = announced("photo", jpeg(b'a').len());
    wanted["sha256"] = json!(hash(&jpeg(b'a')));
    let given = ask(&holder, &draft, wanted).await.expect(201);
    assert_eq!(send(&given.body["upload"], &jpeg(b'b')).await, 400);
    assert_eq!(bucket(&world), [""; 0]);
    let refused = confirm(&holder, &given.text("/attachment/id")).await.expect(409);
    assert_eq!(refused.code(), "attachment_not_uploaded");
}

#[tokio::test]
async fn thirty_megabytes_are_refused_however_they_come() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let before = application(&holder, &draft).await;
    let refused = ask(&holder, &draft, announced("photo", 30 << 20)).await.expect(422);
    assert_eq!(refused.code(), "attachment_too_large");
    assert!(refused.text("/detail").contains("5 MB"));
    assert_eq!(application(&holder, &draft).await, before);

    let (id, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    let mut large = jpeg(b'a');
    large.resize(30 << 20, b'a');
    assert_eq!(send(&form, &large).await, 400, "S3 keeps to the size announced");
    large.truncate(jpeg(b'a').len() + 1);
    assert_eq!(send(&form, &large).await, 400, "to the byte");
    assert_eq!(confirm(&holder, &id).await.expect(409).code(), "attachment_not_uploaded");
}

#[rstest]
#[case::a_format_nobody_takes(json!({ "content_type": "image/heic" }), "content_type", "unknown_content_type")]
#[case::no_checksum(json!({ "sha256": "abc" }), "sha256", "invalid_sha256")]
#[case::no_such_kind(json!({ "kind": "selfie" }), "kind", "wrong_shape")]
#[case::no_size(json!({ "size": -1 }), "size", "wrong_shape")]
#[tokio::test]
async fn what_is_announced_is_checked_field_by_field(
    #[case] wrong: serde_json::Value,
    #[case] field: &str,
    #[case] code: &str,
) {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let mut wanted = announced("photo", 100);
    wanted.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
    let refused = ask(&holder, &draft, wanted).await.expect(422);
    assert_eq!(
        (refused.text("/errors/0/field"), refused.text("/errors/0/code")),
        (field.into(), code.into())
    );
}

#[tokio::test]
async fn a_form_that_has_expired_takes_nothing() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let photo = jpeg(b'a');
    let (id, _) = place(&holder, &draft, "photo", &photo).await;
    // The same form, but for how long it lives.
    let form = blobs(&world).presign_post(&Upload {
        key: domain::attachment::upload_key(&id.parse().unwrap()),
        content_type: ContentType::Jpeg.as_str(),
        max_bytes: photo.len() as u64,
        sha256: None,
        expires_in: Duration::ZERO,
    });
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(send(&json!({ "url": form.url, "fields": form.fields }), &photo).await, 403);
    assert_eq!(confirm(&holder, &id).await.expect(409).code(), "attachment_not_uploaded");
}

#[tokio::test]
async fn what_was_never_confirmed_does_not_count() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.ready_first(1).await;
    let photo = application(&holder, &draft).await["attachments"][0]["id"].as_str().unwrap().to_owned();
    crate::remove(&holder, &photo).await.expect(200);
    let (_, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    assert_eq!(send(&form, &jpeg(b'a')).await, 201);

    let refused = holder.submit(&draft).await.expect(422);
    assert_eq!(refused.code(), "not_ready");
    assert_eq!(refused.text("/errors/0/field"), "attachments.photo");
}

#[tokio::test]
async fn there_are_no_more_files_of_a_kind_than_the_rules_allow() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let (late, form) = place(&holder, &draft, "certificate_scan", &jpeg(b'c')).await;
    for letter in [b'a', b'b'] {
        attach(&holder, &draft, "certificate_scan", &jpeg(letter)).await;
    }
    let before = application(&holder, &draft).await;
    let refused = ask(&holder, &draft, announced("certificate_scan", 100)).await.expect(422);
    assert_eq!(refused.code(), "too_many_attachments");

    // Its place was given before the others were confirmed.
    assert_eq!(send(&form, &jpeg(b'c')).await, 201);
    assert_eq!(confirm(&holder, &late).await.expect(422).code(), "too_many_attachments");
    assert_eq!(application(&holder, &draft).await, before);
    assert!(bucket(&world).contains(&format!("uploads/{late}")), "nothing is wrong with the file");
}
