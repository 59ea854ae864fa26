//! Runs that end half way, and a bucket that can't be reached: nothing is lost, and the next try ends it.

use crate::{application, attach, blobs, bucket, confirm, download, jpeg, kept, parts, place, remove, send};
use attachment::Attachments;
use axum::{
    body::Body,
    http::{Request, header},
    response::Response,
};
use tests::{Person, World};
use tower::ServiceExt;

/// Sends a request to a function whose bucket can't be reached.
pub(crate) async fn cut_off(world: &World, person: &Person<'_>, method: &str, path: &str) -> Response {
    // A port that was free a moment ago: nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (app, env) = (world.system.app.clone(), &world.system.env);
    let router = attachment::router(Attachments::from_env(app, env, &parts(world, &endpoint)).unwrap());
    let token = format!("Bearer {}", person.token.as_ref().unwrap());
    let request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, token);
    router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn without_the_bucket_nothing_is_confirmed_and_nothing_lost() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let (id, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    assert_eq!(send(&form, &jpeg(b'a')).await, 201);
    let before = application(&holder, &draft).await;
    let reply = cut_off(&world, &holder, "POST", &format!("/v1/attachments/{id}/confirmation")).await;
    assert_eq!((reply.status().as_u16(), reply.headers()["retry-after"].as_bytes()), (503, b"2".as_slice()));
    assert_eq!(application(&holder, &draft).await, before);
    confirm(&holder, &id).await.expect(200);
}

#[tokio::test]
async fn a_removal_whose_file_stayed_says_so_and_the_next_try_deletes_it() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let id = attach(&holder, &draft, "photo", &jpeg(b'a')).await;
    let reply = cut_off(&world, &holder, "DELETE", &format!("/v1/attachments/{id}")).await;
    assert_eq!(reply.status(), 503);
    assert_eq!(bucket(&world), [kept(&id, &jpeg(b'a'))]);
    assert_eq!(remove(&holder, &id).await.expect(404).code(), "unknown_attachment");
    assert_eq!(bucket(&world), [""; 0]);
}

#[tokio::test]
async fn a_run_killed_before_its_commit_is_done_again() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let (id, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    assert_eq!(send(&form, &jpeg(b'a')).await, 201);
    let blobs = blobs(&world);
    let attachment = id.parse().unwrap();
    blobs.keep(&attachment, &blobs.inspect(&attachment, 1000).await.unwrap()).await.unwrap();
    assert_eq!(crate::look(&holder, &id).await.expect(200).body["attachment"]["state"], "pending");

    confirm(&holder, &id).await.expect(200);
    assert_eq!(download(&holder, &id).await, jpeg(b'a'));
    assert_eq!(bucket(&world), [kept(&id, &jpeg(b'a'))]);
}

#[tokio::test]
async fn a_run_killed_after_its_commit_leaves_an_upload_that_the_next_one_clears() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let (id, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    assert_eq!(send(&form, &jpeg(b'a')).await, 201);
    let first = confirm(&holder, &id).await.expect(200);
    assert_eq!(send(&form, &jpeg(b'a')).await, 201, "as if it had never been deleted");
    assert_eq!(confirm(&holder, &id).await.expect(200).body, first.body);
    assert_eq!(bucket(&world), [kept(&id, &jpeg(b'a'))]);
}
