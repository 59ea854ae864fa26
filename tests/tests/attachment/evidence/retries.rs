//! What is done again, and runs that end half way: nothing is lost, and the next try ends it.

use super::{attach, claimant, record, submit, uploaded};
use crate::{blobs, bucket, confirm, download, failures::cut_off, jpeg, kept, look, remove, send};
use tests::World;

#[tokio::test]
async fn again_it_answers_the_same() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let id = uploaded(&holder, &claim, &jpeg(b'a')).await;
    let path = format!("/v1/attachments/{id}/confirmation");
    let keyed = [("Idempotency-Key", "confirm-1"), ("If-Match", "\"2\"")];
    let first = holder.send("POST", &path, None, &keyed).await.expect(200);
    let plain = holder.send("POST", &path, None, &[("If-Match", "\"2\"")]).await.expect(200);
    assert_eq!((&plain.body, plain.etag()), (&first.body, first.etag()));
    // Once more has happened since, only the key remembers what was said then.
    submit(&holder, &claim).await.expect(200);
    let echo = holder.send("POST", &path, None, &keyed).await.expect(200);
    assert_eq!((&echo.body, echo.etag()), (&first.body, first.etag()));
    let now = confirm(&holder, &id).await.expect(200);
    assert_eq!(now.body["attachment"], first.body["attachment"]);
    assert_eq!(now.body["credit_version"], record(&holder, &claim).await["version"]);

    attach(&holder, &claim, &jpeg(b'b')).await;
    let (path, keyed) = (format!("/v1/attachments/{id}"), [("Idempotency-Key", "remove-1")]);
    let removed = holder.send("DELETE", &path, None, &keyed).await.expect(200);
    assert_eq!(holder.send("DELETE", &path, None, &keyed).await.expect(200).body, removed.body);
}

#[tokio::test]
async fn a_place_is_asked_for_once_under_one_key() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let path = format!("/v1/me/credits/{claim}/attachments");
    let keyed = [("Idempotency-Key", "place-1")];
    let body = super::announced(100);
    let first = holder.send("POST", &path, Some(body.clone()), &keyed).await.expect(201);
    let again = holder.send("POST", &path, Some(body), &keyed).await.expect(201);
    assert_eq!(again.body, first.body);
    assert_eq!(record(&holder, &claim).await["files"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn at_a_stale_version_nothing_is_done() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let id = uploaded(&holder, &claim, &jpeg(b'a')).await;
    let before = record(&holder, &claim).await;
    let stale = [("If-Match", "\"1\"")];
    let place = format!("/v1/me/credits/{claim}/attachments");
    for (method, path, body) in [
        ("POST", place, Some(super::announced(100))),
        ("POST", format!("/v1/attachments/{id}/confirmation"), None),
        ("DELETE", format!("/v1/attachments/{id}"), None),
    ] {
        let refused = holder.send(method, &path, body, &stale).await.expect(412);
        assert_eq!(refused.code(), "version_stale", "{method} {path}");
    }
    assert_eq!(record(&holder, &claim).await, before);
    assert!(bucket(&world).contains(&format!("uploads/{id}")));
    confirm(&holder, &id).await.expect(200);
}

#[tokio::test]
async fn a_run_killed_before_its_commit_is_done_again() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let id = uploaded(&holder, &claim, &jpeg(b'a')).await;
    let (blobs, file) = (blobs(&world), id.parse().unwrap());
    blobs.keep(&file, &blobs.inspect(&file, 1000).await.unwrap()).await.unwrap();
    assert_eq!(look(&holder, &id).await.expect(200).text("/attachment/state"), "pending");

    confirm(&holder, &id).await.expect(200);
    assert_eq!(download(&holder, &id).await, jpeg(b'a'));
    let left: Vec<_> = bucket(&world).into_iter().filter(|key| key.contains(&id)).collect();
    assert_eq!(left, [kept(&id, &jpeg(b'a'))]);
}

#[tokio::test]
async fn a_run_killed_after_its_commit_leaves_an_upload_that_the_next_one_clears() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let (id, form) = super::place(&holder, &claim, &jpeg(b'a')).await;
    assert_eq!(send(&form, &jpeg(b'a')).await, 201);
    let first = confirm(&holder, &id).await.expect(200);
    assert_eq!(send(&form, &jpeg(b'b')).await, 201, "as if it had never been deleted, and another file");
    assert_eq!(confirm(&holder, &id).await.expect(200).body, first.body);
    assert_eq!(download(&holder, &id).await, jpeg(b'a'));
    let left: Vec<_> = bucket(&world).into_iter().filter(|key| key.contains(&id)).collect();
    assert_eq!(left, [kept(&id, &jpeg(b'a'))]);
}

#[tokio::test]
async fn without_the_bucket_nothing_is_confirmed_and_what_stayed_is_deleted_by_the_next_try() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let id = uploaded(&holder, &claim, &jpeg(b'a')).await;
    let before = record(&holder, &claim).await;
    let reply = cut_off(&world, &holder, "POST", &format!("/v1/attachments/{id}/confirmation")).await;
    assert_eq!(reply.status(), 503);
    assert_eq!(record(&holder, &claim).await, before);
    confirm(&holder, &id).await.expect(200);

    let reply = cut_off(&world, &holder, "DELETE", &format!("/v1/attachments/{id}")).await;
    assert_eq!(reply.status(), 503);
    assert!(bucket(&world).contains(&kept(&id, &jpeg(b'a'))));
    assert_eq!(remove(&holder, &id).await.expect(404).code(), "unknown_attachment");
    assert!(bucket(&world).iter().all(|key| !key.contains(&id)));
}
