//! Confirming: before anything came, again, after the form was used once more, and in another's place.

use crate::{application, attach, bucket, confirm, download, jpeg, kept, place, send};
use serde_json::json;
use tests::World;

#[tokio::test]
async fn before_anything_came_there_is_nothing_to_confirm() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let (id, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    let before = application(&holder, &draft).await;
    let refused = confirm(&holder, &id).await.expect(409);
    assert_eq!(refused.code(), "attachment_not_uploaded");
    assert_eq!(application(&holder, &draft).await, before);

    assert_eq!(send(&form, &jpeg(b'a')).await, 201);
    confirm(&holder, &id).await.expect(200);
}

#[tokio::test]
async fn again_it_answers_the_same() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let (id, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    assert_eq!(send(&form, &jpeg(b'a')).await, 201);
    let path = format!("/v1/attachments/{id}/confirmation");
    let keyed = [("Idempotency-Key", "confirm-1"), ("If-Match", "\"2\"")];
    let first = holder.send("POST", &path, None, &keyed).await.expect(200);
    assert_eq!(bucket(&world), [kept(&id, &jpeg(b'a'))], "the upload is gone");

    let plain = holder.send("POST", &path, None, &[("If-Match", "\"2\"")]).await.expect(200);
    assert_eq!((&plain.body, plain.etag()), (&first.body, first.etag()));
    // Once more has happened since, only the key remembers what was said then.
    attach(&holder, &draft, "certificate_scan", &jpeg(b'c')).await;
    let echo = holder.send("POST", &path, None, &keyed).await.expect(200);
    assert_eq!((&echo.body, echo.etag()), (&first.body, first.etag()));
    let now = confirm(&holder, &id).await.expect(200);
    assert_eq!(now.body["attachment"], first.body["attachment"]);
    assert_eq!(now.body["application_version"], application(&holder, &draft).await["version"]);
    let reused = holder.send("POST", &path, Some(json!({})), &keyed[..1]).await.expect(422);
    assert_eq!(reused.code(), "idempotency_key_reused");
}

#[tokio::test]
async fn at_a_stale_version_it_is_refused_and_the_upload_stays() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let (id, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    assert_eq!(send(&form, &jpeg(b'a')).await, 201);
    let path = format!("/v1/attachments/{id}/confirmation");
    let refused = holder.send("POST", &path, None, &[("If-Match", "\"1\"")]).await.expect(412);
    assert_eq!(refused.code(), "version_stale");
    assert_eq!(bucket(&world), [format!("uploads/{id}")]);
    confirm(&holder, &id).await.expect(200);
}

#[tokio::test]
async fn a_form_that_still_lives_cannot_write_over_what_was_confirmed() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let (id, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    assert_eq!(send(&form, &jpeg(b'a')).await, 201);
    confirm(&holder, &id).await.expect(200);
    let before = application(&holder, &draft).await;

    assert_eq!(send(&form, &jpeg(b'b')).await, 201, "S3 takes it, to where nobody looks");
    assert_eq!(download(&holder, &id).await, jpeg(b'a'));
    confirm(&holder, &id).await.expect(200);
    assert_eq!(download(&holder, &id).await, jpeg(b'a'));
    assert_eq!(application(&holder, &draft).await, before);
    assert_eq!(bucket(&world), [kept(&id, &jpeg(b'a'))]);
}

#[tokio::test]
async fn two_that_meet_make_one_and_the_other_can_be_tried_again() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let (id, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    assert_eq!(send(&form, &jpeg(b'a')).await, 201);
    let (one, other) = tokio::join!(confirm(&holder, &id), confirm(&holder, &id));
    let statuses = [one.status.as_u16(), other.status.as_u16()];
    assert!(
        statuses.contains(&200) && statuses.iter().all(|status| [200, 409].contains(status)),
        "{statuses:?}"
    );
    assert_eq!(confirm(&holder, &id).await.expect(200).body["application_version"], 3);
    assert_eq!(download(&holder, &id).await, jpeg(b'a'));
}

#[tokio::test]
async fn a_new_photo_takes_the_place_of_the_old_one() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let old = attach(&holder, &draft, "photo", &jpeg(b'a')).await;
    let (new, form) = place(&holder, &draft, "photo", &jpeg(b'b')).await;
    assert_eq!(send(&form, &jpeg(b'b')).await, 201);
    assert_eq!(download(&holder, &old).await, jpeg(b'a'), "until the new one is confirmed");
    confirm(&holder, &new).await.expect(200);
    assert_eq!(crate::look(&holder, &old).await.expect(404).code(), "unknown_attachment");
    assert_eq!(download(&holder, &new).await, jpeg(b'b'));
    assert_eq!(bucket(&world), [kept(&new, &jpeg(b'b'))], "the old file is deleted");
}

#[tokio::test]
async fn while_it_waits_a_new_photo_goes_back_to_every_stage() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let waiting = holder.ready_first(1).await;
    holder.submit(&waiting).await.expect(200);
    let reviewer = world.staff("chushen").await;
    reviewer.decide(&waiting, json!({ "outcome": "approve" })).await.expect(200);
    assert_eq!(application(&holder, &waiting).await["stage"], "final");
    let receipt = application(&holder, &waiting).await["receipt"]["number"].clone();

    attach(&holder, &waiting, "photo", &jpeg(b'b')).await;
    let amended = application(&holder, &waiting).await;
    assert_eq!(amended["stage"], "preliminary");
    assert_eq!(amended["stages"][0]["outstanding"], json!(["photo"]));
    assert_ne!(amended["receipt"]["number"], receipt, "what is asked for changed, and is received anew");
}
