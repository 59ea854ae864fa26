//! Lists whose worker is killed, runs out of time, or meets another one.

use super::hall::{Hall, counts, line, list};
use domain::{
    education::{RosterState, RowOutcome},
    id::RosterId,
};
use roster::Ended;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant as Stopwatch},
};
use tests::crowd::management_number;

const PEOPLE: u32 = 250;

/// Two hundred and fifty who are registered, one of them twice; ten who aren't; and one of each kind of bad row in
/// between.
fn mixed() -> String {
    let mut lines: Vec<_> = (0..PEOPLE).map(line).collect();
    lines.insert(30, line(7));
    lines.insert(60, format!("李四,{},6", management_number(8)));
    lines.insert(90, format!("张晓雯,{},-6", management_number(9)));
    lines.insert(120, format!("张晓雯,{},7", management_number(10)));
    lines.extend((900..910).map(line));
    list(lines)
}

fn expected() -> BTreeMap<RowOutcome, u32> {
    [
        (RowOutcome::Recorded, PEOPLE),
        (RowOutcome::AlreadyRecorded, 1),
        (RowOutcome::Waiting, 10),
        (RowOutcome::NameDisagrees, 1),
        (RowOutcome::OverHours, 1),
        (RowOutcome::Invalid, 1),
    ]
    .into()
}

/// The end state: the same however the list was gone through.
async fn assert_ended(hall: &Hall, id: &RosterId) {
    let roster = hall.roster(id).await;
    assert_eq!((roster.state, roster.lease.clone()), (RosterState::Done, None));
    assert_eq!(roster.counts, expected());
    let rows = hall.rows(id).await;
    assert_eq!(counts(&rows), expected());
    let numbers: Vec<_> = rows.iter().map(|row| row.row).collect();
    assert_eq!(numbers, (1..=PEOPLE + 14).collect::<Vec<_>>(), "each row has one result");
    for person in 0..PEOPLE {
        assert_eq!(hall.credits(person).await.len(), 1, "person {person}");
    }
    assert_eq!(hall.messages().await.len(), PEOPLE as usize, "each is told once");
}

/// A number below `below`; the same ones in every run.
fn chance(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_at_any_point_leaves_nothing_that_the_next_one_does_not_end() {
    let hall = Hall::open().await;
    hall.register_all(0..PEOPLE).await;
    let id = hall.hand_in(mixed()).await;
    // Slow enough for a run to take longer than it's given.
    hall.wire.hold(Duration::from_millis(2));
    let mut seed = 5;
    let (mut killed, mut killed_at) = (0, Vec::new());
    for _ in 0..15 {
        let (worker, list) = (hall.worker.clone(), id.clone());
        let run = tokio::spawn(async move {
            worker.work(&list, Stopwatch::now() + Duration::from_mins(5), |_| {}).await
        });
        tokio::time::sleep(Duration::from_millis(20 + chance(&mut seed, 150))).await;
        run.abort();
        killed += usize::from(run.await.is_err());
        killed_at.push(hall.roster(&id).await.processed);
        // The dead worker's lease runs out.
        hall.pass(61);
    }
    hall.wire.hold(Duration::ZERO);
    assert!(killed >= 1, "a run takes longer than it was given: {killed_at:?}");
    hall.worker.sweep(Stopwatch::now() + Duration::from_mins(5)).await.unwrap();
    assert_ended(&hall, &id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_meet_on_one_list_leave_it_as_one_would() {
    let hall = Hall::open().await;
    hall.register_all(0..PEOPLE).await;
    let id = hall.hand_in(mixed()).await;
    let run = || {
        let (worker, list) = (hall.worker.clone(), id.clone());
        tokio::spawn(async move {
            worker.work(&list, Stopwatch::now() + Duration::from_mins(5), |_| {}).await.unwrap()
        })
    };
    let (a, b, c) = tokio::join!(run(), run(), run());
    let ended = [a.unwrap(), b.unwrap(), c.unwrap()];
    assert_eq!(ended.iter().filter(|ended| **ended == Ended::Done).count(), 1, "{ended:?}");
    assert_ended(&hall, &id).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_lease_ran_out_while_it_still_works_does_no_harm() {
    let hall = Hall::open().await;
    hall.register_all(0..PEOPLE).await;
    let id = hall.hand_in(mixed()).await;
    hall.wire.hold(Duration::from_millis(2));
    let (worker, list) = (hall.worker.clone(), id.clone());
    let slow = tokio::spawn(async move {
        worker.work(&list, Stopwatch::now() + Duration::from_mins(5), |_| {}).await.unwrap()
    });
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(hall.roster(&id).await.state, RosterState::Processing);
    assert_eq!(hall.work(&id).await, Ended::NotOurs, "somebody is at it");
    hall.pass(61);
    // Both are at the same rows now.
    assert_eq!(hall.work(&id).await, Ended::Done);
    assert_eq!(slow.await.unwrap(), Ended::NotOurs);
    hall.wire.hold(Duration::ZERO);
    assert_ended(&hall, &id).await;
}

#[tokio::test]
async fn a_run_that_is_out_of_time_hands_the_list_on() {
    let hall = Hall::open().await;
    hall.register_all(0..PEOPLE).await;
    let id = hall.hand_in(mixed()).await;
    assert_eq!(hall.worker.work(&id, Stopwatch::now(), |_| {}).await.unwrap(), Ended::HandedOn);
    let roster = hall.roster(&id).await;
    assert_eq!((roster.state, roster.lease.clone(), roster.processed), (RosterState::Queued, None, 0));
    // Nobody has to wait for a lease.
    assert_eq!(hall.work(&id).await, Ended::Done);
    assert_ended(&hall, &id).await;
}

#[tokio::test]
async fn while_the_table_refuses_nothing_is_lost_and_the_sweep_goes_on() {
    let hall = Hall::open().await;
    hall.register_all(0..PEOPLE).await;
    let id = hall.hand_in(mixed()).await;
    let commits = std::sync::atomic::AtomicU32::new(0);
    hall.wire.trouble(move |call| {
        let nth = commits.fetch_add(
            u32::from(call.operation == "TransactWriteItems"),
            std::sync::atomic::Ordering::Relaxed,
        );
        (nth > 130).then(tests::wire::Fault::refuse)
    });
    let until = Stopwatch::now() + Duration::from_mins(5);
    assert!(hall.worker.work(&id, until, |_| {}).await.is_err());
    hall.wire.mend();
    let roster = hall.roster(&id).await;
    assert_eq!((roster.state, roster.processed), (RosterState::Processing, 100), "as far as it was written");
    hall.worker.sweep(until).await.unwrap();
    assert_eq!(hall.roster(&id).await.processed, 100, "its lease is still running");
    hall.pass(61);
    hall.worker.sweep(until).await.unwrap();
    assert_ended(&hall, &id).await;
}
