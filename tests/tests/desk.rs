//! The desk: what a developer does here and can't do through the API.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used)]

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use local::desk;
use serde_json::Value;
use tests::World;
use tower::ServiceExt;

/// Status and body of a request to the desk.
async fn ask(world: &World, method: &str, path: &str, body: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let reply = desk::router(&world.system, world.folder().to_owned()).oneshot(request).await.unwrap();
    let status = reply.status().as_u16();
    let body = to_bytes(reply.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn the_clock_goes_ahead_and_not_back() {
    let world = World::new().await;
    let (status, moved) = ask(&world, "PUT", "/local/clock", r#"{"now": "2029-03-02T10:00:00+08:00"}"#).await;
    assert_eq!((status, &moved["now"].as_str().unwrap()[..19]), (200, "2029-03-02T02:00:00"));
    let (status, refused) =
        ask(&world, "PUT", "/local/clock", r#"{"now": "2026-03-02T10:00:00+08:00"}"#).await;
    assert_eq!(status, 409);
    assert!(refused["error"].as_str().unwrap().contains("--fresh"), "{refused}");
    assert!(world.now().to_string().starts_with("2029-03-02"));
}

#[tokio::test]
async fn what_cannot_be_done_is_said_in_json() {
    let world = World::new().await;
    for (method, path, body, expected) in [
        ("PUT", "/local/clock", r#"{"now": "tomorrow"}"#, 422),
        ("PUT", "/local/clock", "{", 400),
        ("POST", "/local/jobs/weekly", "", 404),
        ("GET", "/local/accounts/nobody/code", "", 404),
    ] {
        let (status, refused) = ask(&world, method, path, body).await;
        assert_eq!(status, expected, "{method} {path}: {refused}");
        assert!(refused["error"].is_string(), "{method} {path}: {refused}");
    }
}
