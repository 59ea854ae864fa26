//! Many at once: one submission stays one, one decision stays one, numbers are never given twice.

use serde_json::json;
use std::collections::BTreeSet;
use tests::{Person, Reply, World};

/// Runs the same request `times` at once.
async fn at_once<F: Future<Output = Reply>>(times: usize, request: impl Fn(usize) -> F) -> Vec<Reply> {
    futures_util::future::join_all((0..times).map(request)).await
}

fn count(replies: &[Reply], status: u16) -> usize {
    replies.iter().filter(|reply| reply.status.as_u16() == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_submits_with_one_idempotency_key_make_one_submission() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let application = holder.ready_first(1).await;
    let path = format!("/v1/applications/{application}/submission");
    let replies =
        at_once(50, |_| holder.send("POST", &path, None, &[("Idempotency-Key", "the-one-and-only")])).await;
    assert_eq!(count(&replies, 200), 50, "every retry is told that it worked: {:?}", statuses(&replies));
    let receipts: BTreeSet<String> = replies.iter().map(|reply| reply.text("/receipt/number")).collect();
    assert_eq!(receipts.len(), 1, "and all of them of the same receipt");
    assert_eq!(world.mails().await.len(), 1, "one receipt is mailed");
    let journal = holder.get(&format!("/v1/applications/{application}/journal")).await.expect(200);
    let submissions =
        journal.body["items"].as_array().unwrap().iter().filter(|line| line["action"] == "submitted");
    assert_eq!(submissions.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_submits_without_a_key_make_one_submission() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let application = holder.ready_first(1).await;
    let replies = at_once(50, |_| holder.submit(&application)).await;
    assert_eq!(count(&replies, 200), 1, "{:?}", statuses(&replies));
    assert_eq!(count(&replies, 409), 49, "{:?}", statuses(&replies));
    assert_eq!(world.mails().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_reviewers_deciding_one_application_make_one_decision() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let application = holder.ready_first(1).await;
    holder.submit(&application).await.expect(200);
    let reviewer = world.staff("chushen").await;
    let version = reviewer.get(&format!("/v1/review/applications/{application}")).await.expect(200).etag();
    let path = format!("/v1/review/applications/{application}/decision");
    let replies = at_once(50, |place| {
        let decision = if place % 2 == 0 {
            json!({ "outcome": "approve" })
        } else {
            json!({ "outcome": "refuse", "reasons": [{ "ground": "not_eligible" }] })
        };
        let (reviewer, path, version) = (reviewer.clone(), path.clone(), version.clone());
        async move { reviewer.send("POST", &path, Some(decision), &[("If-Match", &version)]).await }
    })
    .await;
    assert_eq!(count(&replies, 200), 1, "{:?}", statuses(&replies));
    assert_eq!(count(&replies, 409) + count(&replies, 412), 49, "{:?}", statuses(&replies));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_drafts_opened_at_once_are_one() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let replies = at_once(10, |_| holder.post("/v1/applications", json!({ "kind": "first" }))).await;
    assert_eq!((count(&replies, 201), count(&replies, 409)), (1, 9), "{:?}", statuses(&replies));
    let list = holder.get("/v1/applications").await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_approvals_give_numbers_of_their_own() {
    let world = World::new().await;
    let mut applications = Vec::new();
    for person in 0..20 {
        let holder = world.holder(&format!("person{person}")).await;
        let application = holder.ready_first(person).await;
        holder.submit(&application).await.expect(200);
        applications.push(application);
    }
    approve_all(&world.staff("chushen").await, &applications).await;
    let decided = approve_all(&world.staff("zhongshen").await, &applications).await;
    let numbers: BTreeSet<String> = decided.iter().map(|reply| reply.text("/registration_number")).collect();
    assert_eq!(numbers.len(), applications.len());
}

async fn approve_all(reviewer: &Person<'_>, applications: &[String]) -> Vec<Reply> {
    let replies = at_once(applications.len(), |place| {
        let (reviewer, application) = (reviewer.clone(), applications[place].clone());
        async move { reviewer.decide(&application, json!({ "outcome": "approve" })).await }
    })
    .await;
    assert_eq!(count(&replies, 200), applications.len(), "{:?}", statuses(&replies));
    replies
}

fn statuses(replies: &[Reply]) -> Vec<(u16, &str)> {
    replies.iter().map(|reply| (reply.status.as_u16(), reply.code())).collect()
}
