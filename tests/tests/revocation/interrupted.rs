//! The job killed, refused or doubled while it revokes: once and whole, or not at all.

use super::{
    DAY_AFTER, after_the_window_began, announce, claim, count, day, ready_to_renew, renewal, status,
};
use tests::{World, wire::Fault};

/// True for the transaction that revokes.
fn revokes(call: &tests::wire::Call) -> bool {
    call.operation == "TransactWriteItems" && call.keys.iter().any(|key| key.starts_with("OUTBOX#42"))
}

#[tokio::test]
async fn a_commit_that_fails_leaves_everything_as_it_was_and_the_next_run_does_it() {
    let (world, wire) = World::wired(tests::START).await;
    let (holder, number) = ready_to_renew(&world).await;
    let application = renewal(&holder).await;
    let hours = claim(&holder).await;
    announce(&world.staff("admin").await, &number).await.expect(201);
    world.mails().await;
    world.put_day(after_the_window_began());
    wire.trouble(|call| revokes(call).then(Fault::refuse));
    let report = world.run_job().await;
    assert_eq!((report.revoked, report.failed, report.complete), (0, 1, false));
    wire.mend();
    let holder = world.holder("zhang").await;
    assert_eq!(status(&holder, &number).await, "active");
    let states = async |person: &tests::Person<'_>| {
        let renewal = person.get(&format!("/v1/applications/{application}")).await.expect(200).text("/state");
        (renewal, person.get(&format!("/v1/me/credits/{hours}")).await.expect(200).text("/state"))
    };
    assert_eq!(states(&holder).await, ("submitted".into(), "pending".into()));
    assert_eq!(world.run_job().await.revoked, 1);
    assert_eq!(states(&holder).await, ("closed".into(), "refused".into()));
}

#[tokio::test]
async fn a_commit_whose_reply_was_lost_is_done_once() {
    let (world, wire) = World::wired(tests::START).await;
    let number = world.holder("zhang").await.register(1).await;
    announce(&world.staff("admin").await, &number).await.expect(201);
    world.mails().await;
    world.put_day(day(DAY_AFTER));
    wire.trouble(|call| revokes(call).then_some(Fault::LoseReply));
    world.run_job().await;
    wire.mend();
    assert_eq!(status(&world.holder("zhang").await, &number).await, "revoked");
    assert_eq!(world.run_job().await.revoked, 0);
    assert_eq!(count(&world, "登记已撤销").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_at_once_revoke_once() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    announce(&world.staff("admin").await, &number).await.expect(201);
    world.put_day(day(DAY_AFTER));
    let (one, other) = tokio::join!(world.run_job(), world.run_job());
    assert_eq!(one.revoked + other.revoked, 1);
    assert_eq!(count(&world, "登记已撤销").await, 1);
}
