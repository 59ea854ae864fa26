//! Runs that are cut off, killed, or meet each other.

use super::bureau::{Bureau, address, today};
use reminder::{Job, Report};
use std::{collections::BTreeSet, time::Duration};

/// Every one of `count` has its reminder, once.
async fn assert_each_once(bureau: &Bureau, count: u32) {
    let waiting = bureau.waiting().await;
    let expected: BTreeSet<_> = (0..count)
        .map(|person| {
            let number = bureau.registration(person, today().plus_days(30), Some(60)).number;
            format!("{number}-{}-30", today().plus_days(30))
        })
        .collect();
    assert_eq!(waiting.len(), expected.len());
    assert_eq!(waiting.into_iter().collect::<BTreeSet<_>>(), expected);
    for person in [0, count / 2, count - 1] {
        let registration = bureau.look(person).await;
        assert_eq!((registration.version, registration.reminded), (2, Some(30)));
        assert_eq!(registration.next_due, Some(today().plus_days(16)), "fourteen days before the end");
    }
}

#[tokio::test]
async fn a_run_with_too_little_time_stops_and_the_next_goes_on() {
    let bureau = Bureau::open().await;
    bureau.write_due(300).await;
    let mut budget = Duration::from_millis(10);
    let (mut planned, mut cut_off) = (0, 0);
    loop {
        let report = bureau.run(Job::Plan, budget).await;
        planned += report.planned;
        assert_eq!((report.failed, report.skipped), (0, 0), "what was done is no longer in the index");
        if report.complete {
            break;
        }
        cut_off += 1;
        // This machine may need the whole budget to look at the index.
        budget = if report.planned == 0 { budget * 2 } else { budget };
    }
    assert!(cut_off >= 2, "cut off only {cut_off} times");
    assert_eq!(planned, 300);
    assert_each_once(&bureau, 300).await;
}

#[tokio::test]
async fn days_that_a_cut_off_run_did_not_reach_are_not_taken_for_done() {
    let bureau = Bureau::open().await;
    for days in 0..5 {
        let day = today().plus_days(days);
        let due = |person| bureau.registration(person, day.plus_days(30), Some(60));
        let first = u32::try_from(days).unwrap() * 10;
        bureau.write((first..first + 10).map(due)).await;
        bureau.pass(86_400);
    }
    let report = bureau.run(Job::Plan, Duration::ZERO).await;
    assert_eq!((report.planned, report.complete), (0, false));
    let report = bureau.plan().await;
    assert_eq!((report.planned, report.complete), (50, true));
}

/// A number below `below`; the same ones in every run.
fn chance(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_killed_at_any_point_leaves_nothing_half_done() {
    let bureau = Bureau::open().await;
    bureau.write_due(300).await;
    // Slow enough for the first run to take longer than it's given, on any machine.
    bureau.wire.hold(Duration::from_millis(3));
    let mut seed = 7;
    let mut killed = 0;
    for _ in 0..40 {
        let reminder = bureau.reminder.clone();
        let run = tokio::spawn(async move { reminder.run(Job::Plan, Duration::from_mins(5), |_| {}).await });
        tokio::time::sleep(Duration::from_millis(chance(&mut seed, 60))).await;
        run.abort();
        killed += usize::from(run.await.is_err());
    }
    bureau.wire.hold(Duration::ZERO);
    let left = bureau.plan().await;
    assert!(left.complete && left.failed == 0, "{left:?}");
    assert!(killed >= 1, "the first run takes longer than it was given");
    assert_each_once(&bureau, 300).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_that_is_killed_at_any_point_loses_no_mail() {
    let bureau = Bureau::open().await;
    bureau.write_due(150).await;
    bureau.plan().await;
    // Slow enough for a kill to meet a message between its lease and its mark.
    bureau.wire.hold(Duration::from_millis(3));
    let mut seed = 11;
    let mut killed = 0;
    // Fewer than the attempts after which a message is given up: each kill may meet the same one.
    for _ in 0..8 {
        // What a killed sender held is free again.
        bureau.pass(700);
        let reminder = bureau.reminder.clone();
        let run = tokio::spawn(async move { reminder.run(Job::Sweep, Duration::from_mins(5), |_| {}).await });
        tokio::time::sleep(Duration::from_millis(30 + chance(&mut seed, 60))).await;
        run.abort();
        killed += usize::from(run.await.is_err());
    }
    bureau.wire.hold(Duration::ZERO);
    bureau.pass(700);
    assert!(bureau.sweep().await.complete);
    assert!(killed >= 1, "the first sweep takes longer than it was given");
    assert_eq!(bureau.waiting().await, [""; 0]);
    let mails = bureau.mails();
    let lost: Vec<_> = (0..150).map(address).filter(|address| !mails.contains_key(address)).collect();
    assert_eq!(lost, [""; 0]);
    // At most what was on its way when a sender died has come twice.
    assert!(mails.values().sum::<usize>() <= 150 + 32 * killed, "{mails:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_at_the_same_time_do_everything_once() {
    let bureau = Bureau::open().await;
    bureau.write_due(200).await;
    let run = || {
        let reminder = bureau.reminder.clone();
        tokio::spawn(async move { reminder.run(Job::Plan, Duration::from_mins(5), |_| {}).await.unwrap() })
    };
    let (first, second, third) = tokio::join!(run(), run(), run());
    let reports: [Report; 3] = [first.unwrap(), second.unwrap(), third.unwrap()];
    assert_eq!(reports.iter().map(|report| report.planned).sum::<u64>(), 200);
    assert!(reports.iter().all(|report| report.complete && report.failed == 0), "{reports:?}");
    assert_each_once(&bureau, 200).await;
}
