//! Mailings whose runs are killed, or meet each other.

use super::{WUCHANG, act, addresses, draft, mailed, mailing::progress, published, registration};
use crate::register;
use reminder::Job;
use serde_json::json;
use std::time::Duration;
use tests::{START, World};

const CROWD: u32 = 300;

/// A crowd, and a notice that is mailed to it.
async fn begun(world: &World) -> String {
    for person in 0..CROWD {
        register(world, registration(world, person, WUCHANG)).await;
    }
    let staff = world.staff("admin").await;
    let id = published(world, &staff, draft("通知")).await;
    act(&staff, "POST", &id, "mailing", None).await.expect(202);
    id
}

/// Runs until the mailing is over, and checks that each of the crowd was mailed once.
async fn assert_each_once(world: &World, id: &str) {
    let staff = world.staff("admin").await;
    for _ in 0..20 {
        world.system.clock.put(world.now().plus_seconds(61));
        world.system.reminder.run(Job::Sweep, Duration::from_mins(2), |_| {}).await.unwrap();
        world.mails().await;
        if progress(&staff, id).await["state"] == "done" {
            break;
        }
    }
    let over = progress(&staff, id).await;
    assert_eq!(
        (&over["state"], &over["planned"], &over["sent"]),
        (&json!("done"), &json!(CROWD), &json!(CROWD))
    );
    assert_eq!(over["looked_at"], CROWD);
    assert_eq!(mailed(world).await, addresses(0..CROWD));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_killed_at_any_point_plans_nothing_twice_and_forgets_nobody() {
    let (world, wire) = World::wired(START).await;
    let id = begun(&world).await;
    let (mut killed, mut planned) = (0, Vec::new());
    wire.hold(Duration::from_millis(2));
    for attempt in 0..12_u64 {
        let reminder = world.system.reminder.clone();
        let run =
            tokio::spawn(async move { reminder.run(Job::Mailings, Duration::from_mins(2), |_| {}).await });
        tokio::time::sleep(Duration::from_millis(15 + attempt * 17 % 120)).await;
        run.abort();
        killed += usize::from(run.await.is_err());
        // Whoever held the mailing is gone, and its lease runs out.
        world.system.clock.put(world.now().plus_seconds(61));
        let held = world.system.app.store.notice_held(&id.parse().unwrap()).await.unwrap().unwrap();
        planned.push(held.mailing.unwrap().planned);
    }
    wire.hold(Duration::ZERO);
    assert!(killed >= 3, "{killed} of 12 runs were killed");
    assert!(planned.iter().any(|planned| *planned > 0), "{planned:?}");
    assert_each_once(&world, &id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_runs_at_once_each_message_is_planned_by_one() {
    let (world, wire) = World::wired(START).await;
    let id = begun(&world).await;
    wire.hold(Duration::from_millis(1));
    let runs = (0..3).map(|_| {
        let reminder = world.system.reminder.clone();
        tokio::spawn(async move { reminder.run(Job::Mailings, Duration::from_mins(2), |_| {}).await })
    });
    let mut planned = 0;
    for run in runs.collect::<Vec<_>>() {
        planned += run.await.unwrap().unwrap().notices_planned;
    }
    wire.hold(Duration::ZERO);
    assert_eq!(planned, u64::from(CROWD));
    assert_each_once(&world, &id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stops_a_mailing_needs_not_wait_for_a_run() {
    let (world, wire) = World::wired(START).await;
    let id = begun(&world).await;
    let staff = world.staff("admin").await;
    wire.hold(Duration::from_millis(3));
    let reminder = world.system.reminder.clone();
    let run = tokio::spawn(async move { reminder.run(Job::Sweep, Duration::from_mins(2), |_| {}).await });
    tokio::time::sleep(Duration::from_millis(80)).await;
    let stopped = act(&staff, "DELETE", &id, "mailing", None).await.expect(200);
    assert_eq!(stopped.text("/state"), "stopped");
    let sent = run.await.unwrap().unwrap();
    wire.hold(Duration::ZERO);
    assert!(sent.notices_planned < u64::from(CROWD), "{sent:?}");
    let before = mailed(&world).await.len();
    for _ in 0..3 {
        world.system.clock.put(world.now().plus_seconds(300));
        world.system.reminder.run(Job::Sweep, Duration::from_mins(2), |_| {}).await.unwrap();
    }
    assert_eq!(mailed(&world).await.len(), before);
    let over = progress(&staff, &id).await;
    assert_eq!((&over["state"], &over["waiting"]), (&json!("stopped"), &json!(0)));
}
