//! From a draft to a claim that waits, and files that can't prove it.

use super::{announced, ask, attach, claim, claimant, place, record, submit, uploaded};
use crate::{bucket, confirm, download, hash, jpeg, kept, look, missing, remove, send};
use domain::{date::Instant, id::AttachmentId};
use rstest::rstest;
use serde_json::{Value, json};
use tests::World;

#[tokio::test]
async fn a_certificate_is_uploaded_and_confirmed_and_the_claim_waits() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    assert_eq!(submit(&holder, &claim).await.expect(422).text("/errors/0/code"), "missing_evidence");
    let (before, scan) = (bucket(&world), jpeg(b'a'));
    let mut wanted = announced(scan.len());
    wanted["sha256"] = json!(hash(&scan).to_uppercase());
    let given = ask(&holder, &claim, wanted).await.expect(201);
    let id = given.text("/attachment/id");
    assert!(id.starts_with(&claim), "{id}");
    assert_eq!((given.text("/attachment/state"), given.text("/attachment/kind_label")), {
        ("pending".to_owned(), "结业证书".to_owned())
    });
    let lives =
        given.text("/expires_at").parse::<Instant>().unwrap().unix_seconds() - world.now().unix_seconds();
    assert!((895..=900).contains(&lives), "{lives}");
    assert_eq!(given.etag(), format!("\"{}\"", given.body["version"]));
    assert_eq!(given.body["version"], record(&holder, &claim).await["version"]);
    assert_eq!(given.body["upload"]["fields"]["key"], format!("uploads/{id}"));

    assert_eq!(send(&given.body["upload"], &scan).await, 201);
    let pending = look(&holder, &id).await.expect(200);
    assert_eq!((&pending.body["url"], &pending.body["expires_at"]), (&json!(null), &json!(null)));
    assert_eq!(record(&holder, &claim).await["missing"][0]["code"], "missing_evidence");

    let confirmed = confirm(&holder, &id).await.expect(200);
    assert_eq!(confirmed.text("/attachment/state"), "confirmed");
    assert_eq!(confirmed.text("/attachment/sha256"), hash(&scan));
    assert_eq!(confirmed.etag(), format!("\"{}\"", confirmed.body["credit_version"]));
    assert_eq!(confirmed.body.get("application_version"), None);
    assert_eq!(missing(&confirmed), [""; 0]);
    let held = record(&holder, &claim).await;
    assert_eq!((&held["files"][0], &held["missing"]), (&confirmed.body["attachment"], &json!([])));
    assert_eq!(held["version"], confirmed.body["credit_version"]);
    assert_eq!(download(&holder, &id).await, scan);
    let new: Vec<_> = bucket(&world).into_iter().filter(|key| !before.contains(key)).collect();
    assert_eq!(new, [kept(&id, &scan)], "the upload is gone, the copy is kept");

    let submitted = submit(&holder, &claim).await.expect(200);
    assert_eq!((submitted.text("/state"), submitted.text("/files/0/id")), ("pending".to_owned(), id));
}

#[tokio::test]
async fn while_it_waits_it_stays_proved() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let first = attach(&holder, &claim, &jpeg(b'a')).await;
    submit(&holder, &claim).await.expect(200);
    let before = record(&holder, &claim).await;
    assert_eq!(remove(&holder, &first).await.expect(409).code(), "attachment_required");
    assert_eq!(record(&holder, &claim).await, before);
    assert_eq!(download(&holder, &first).await, jpeg(b'a'));

    let second = attach(&holder, &claim, &jpeg(b'b')).await;
    let removed = remove(&holder, &first).await.expect(200);
    assert_eq!(removed.etag(), format!("\"{}\"", removed.body["credit_version"]));
    assert_eq!(missing(&removed), [""; 0]);
    let held = record(&holder, &claim).await;
    assert_eq!(
        (held["state"].as_str(), &held["version"]),
        (Some("pending"), &removed.body["credit_version"])
    );
    assert_eq!(
        (held["files"].as_array().unwrap().len(), held["files"][0]["id"].as_str()),
        (1, Some(&*second))
    );
    assert!(bucket(&world).iter().all(|key| !key.contains(&first)), "its file is deleted");
}

#[tokio::test]
async fn a_draft_lacks_what_is_removed() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let id = attach(&holder, &claim, &jpeg(b'a')).await;
    let url = look(&holder, &id).await.expect(200).text("/url");
    assert_eq!(missing(&remove(&holder, &id).await.expect(200)), ["evidence"]);
    assert_eq!(reqwest::get(url).await.unwrap().status(), 404);
    assert_eq!(remove(&holder, &id).await.expect(404).code(), "unknown_attachment");
    assert_eq!(submit(&holder, &claim).await.expect(422).text("/errors/0/code"), "missing_evidence");
}

#[rstest]
#[case::a_format_nobody_takes(json!({ "content_type": "image/heic" }), "content_type", "unknown_content_type")]
#[case::no_checksum(json!({ "sha256": "abc" }), "sha256", "invalid_sha256")]
#[case::a_paper_of_an_application(json!({ "kind": "photo" }), "kind", "wrong_shape")]
#[case::no_size(json!({ "size": -1 }), "size", "wrong_shape")]
#[tokio::test]
async fn what_is_announced_is_checked_field_by_field(
    #[case] wrong: Value,
    #[case] field: &str,
    #[case] code: &str,
) {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let before = record(&holder, &claim).await;
    let mut wanted = announced(100);
    wanted.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
    let refused = ask(&holder, &claim, wanted).await.expect(422);
    assert_eq!(
        (refused.text("/errors/0/field"), refused.text("/errors/0/code")),
        (field.into(), code.into())
    );
    assert_eq!(record(&holder, &claim).await, before);
}

#[rstest]
#[case::a_page_named_jpg(b"<html><script>alert(1)</script></html>", 0)]
#[case::a_png_announced_as_jpeg(b"\x89PNG\r\n\x1a\n and so on", 0)]
#[case::smaller_than_announced(b"\xFF\xD8\xFF\xE0 a certificate", 1)]
#[tokio::test]
async fn a_file_that_belies_what_was_said_of_it_does_not_count(
    #[case] lie: &[u8],
    #[case] bytes_more_announced: usize,
) {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let size = lie.len() + bytes_more_announced;
    let given = ask(&holder, &claim, announced(size)).await.expect(201);
    let (id, form) = (given.text("/attachment/id"), &given.body["upload"]);
    let (before, files) = (record(&holder, &claim).await, bucket(&world));
    assert_eq!(send(form, lie).await, 201);
    assert_eq!(confirm(&holder, &id).await.expect(422).code(), "attachment_mismatch");
    assert_eq!((record(&holder, &claim).await, bucket(&world)), (before, files), "the lie isn't kept");

    // The form still takes the right file.
    let mut scan = jpeg(b'a');
    scan.resize(size, b'a');
    assert_eq!(send(form, &scan).await, 201);
    confirm(&holder, &id).await.expect(200);
    assert_eq!(download(&holder, &id).await, scan);
}

#[tokio::test]
async fn no_form_takes_a_larger_or_another_file_than_announced() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let refused = ask(&holder, &claim, announced(30 << 20)).await.expect(422);
    assert_eq!(refused.code(), "attachment_too_large");
    assert!(refused.text("/detail").contains("10 MB"), "{}", refused.text("/detail"));

    let mut wanted = announced(jpeg(b'a').len());
    wanted["sha256"] = json!(hash(&jpeg(b'a')));
    let given = ask(&holder, &claim, wanted).await.expect(201);
    let larger = [jpeg(b'a'), vec![0]].concat();
    for other in [jpeg(b'b'), larger] {
        assert_eq!(send(&given.body["upload"], &other).await, 400);
    }
    let refused = confirm(&holder, &given.text("/attachment/id")).await.expect(409);
    assert_eq!(refused.code(), "attachment_not_uploaded");
}

#[tokio::test]
async fn ten_files_are_enough_for_one_record() {
    let world = World::new().await;
    let (holder, first) = claimant(&world).await;
    let late = uploaded(&holder, &first, &jpeg(b'z')).await;
    for letter in b'a'..=b'j' {
        attach(&holder, &first, &jpeg(letter)).await;
    }
    let before = record(&holder, &first).await;
    let refused = ask(&holder, &first, announced(100)).await.expect(422);
    assert_eq!(refused.code(), "too_many_attachments");

    // Its place was given before the others were confirmed.
    assert_eq!(confirm(&holder, &late).await.expect(422).code(), "too_many_attachments");
    assert_eq!(record(&holder, &first).await, before);
    assert!(bucket(&world).contains(&format!("uploads/{late}")), "nothing is wrong with the file");
    remove(&holder, before["files"][1]["id"].as_str().unwrap()).await.expect(200);
    confirm(&holder, &late).await.expect(200);
}

#[tokio::test]
async fn one_file_is_one_proof_however_often_it_is_uploaded() {
    let world = World::new().await;
    let (holder, first) = claimant(&world).await;
    let once = attach(&holder, &first, &jpeg(b'a')).await;
    let twice = uploaded(&holder, &first, &jpeg(b'a')).await;
    let refused = confirm(&holder, &twice).await.expect(422);
    assert_eq!(refused.text("/errors/0/code"), "file_twice");
    assert_eq!(look(&holder, &twice).await.expect(200).text("/attachment/state"), "pending");
    // Whichever of the two is removed, the other can stay.
    remove(&holder, &once).await.expect(200);
    confirm(&holder, &twice).await.expect(200);

    // Another record may be proved by it: whoever reviews is told.
    let (other, _) = place(&holder, &first, &jpeg(b'b')).await;
    remove(&holder, &other).await.expect(200);
    let second = claim(&holder).await;
    attach(&holder, &second, &jpeg(b'a')).await;
    let store = &world.system.app.store;
    let mut same = store.same_evidence(&hash(&jpeg(b'a')), 10).await.unwrap();
    same.retain(|id| id.as_str() != once);
    let of: Vec<_> = same.iter().filter_map(AttachmentId::credit).map(|id| id.to_string()).collect();
    assert!(of.contains(&first) && of.contains(&second), "{of:?}");
}
