//! Lists whose worker is killed, runs out of time, or meets another one.

use super::hall::{Hall, counts, course, line, list};
use common::store::RosterWrite;
use domain::{
    credit::Course,
    education::{Roster, RosterState, RowOutcome, Unregistered},
    id::{CourseId, RosterId},
};
use roster::Ended;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant as Stopwatch},
};
use tests::{crowd::management_number, wire::Fault};

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

/// The end state of the `nth` list of these people: the same however it was gone through.
async fn assert_nth_ended(hall: &Hall, id: &RosterId, nth: usize) {
    let roster = hall.roster(id).await;
    assert_eq!((roster.state, roster.lease.clone()), (RosterState::Done, None));
    assert_eq!(roster.counts, expected());
    let rows = hall.rows(id).await;
    assert_eq!(counts(&rows), expected());
    let numbers: Vec<_> = rows.iter().map(|row| row.row).collect();
    assert_eq!(numbers, (1..=PEOPLE + 14).collect::<Vec<_>>(), "each row has one result");
    for person in 0..PEOPLE {
        assert_eq!(hall.credits(person).await.len(), nth, "person {person}");
    }
    assert_eq!(hall.messages().await.len(), PEOPLE as usize * nth, "each is told once");
}

async fn assert_ended(hall: &Hall, id: &RosterId) {
    assert_nth_ended(hall, id, 1).await;
}

/// A number below `below`; the same ones in every run.
fn chance(seed: &mut u64, below: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap() % below
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_at_any_call_leaves_nothing_that_the_next_one_does_not_end() {
    const KILLS: usize = 15;
    let hall = Hall::open().await;
    hall.register_all(0..PEOPLE).await;
    let hand_in = |nth: usize| {
        let course = Course { id: CourseId::mint(100 + nth as u128), ..course() };
        hall.hand_in_of(course, mixed(), Unregistered::Wait)
    };
    let undisturbed = hand_in(1).await;
    hall.wire.take();
    hall.work(&undisturbed).await;
    let calls = hall.wire.take().len();
    let mut seed = 5;
    for kill in 0..KILLS {
        // One in each fifteenth of the run. Of the last call that it hears of, the worker doesn't hear the answer, or the
        // table doesn't hear the call; after it there's nothing.
        let last = (calls * kill + chance(&mut seed, calls)) / KILLS;
        let heard = Arc::new(AtomicUsize::new(0));
        let count = heard.clone();
        hall.wire.trouble(move |_| match (count.fetch_add(1, Ordering::Relaxed), kill % 2) {
            (nth, _) if nth < last => None,
            (nth, 0) if nth == last => Some(Fault::LoseReply),
            _ => Some(Fault::refuse()),
        });
        let id = hand_in(kill + 2).await;
        let until = Stopwatch::now() + Duration::from_mins(5);
        assert!(hall.worker.work(&id, until, |_| {}).await.is_err(), "killed at call {last} of {calls}");
        assert!(heard.load(Ordering::Relaxed) > last);
        hall.wire.mend();
        // The dead worker's lease runs out.
        hall.pass(61);
        hall.worker.sweep(until).await.unwrap();
        assert_nth_ended(&hall, &id, kill + 2).await;
    }
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_whose_lease_ran_out_while_it_still_works_does_no_harm() {
    let hall = Hall::open().await;
    hall.register_all(0..PEOPLE).await;
    let id = hall.hand_in(mixed()).await;
    // One call half way through the second hundred rows is held back until the other worker is done.
    let (at_it, reached) = mpsc::channel();
    let (go_on, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let commits = AtomicUsize::new(0);
    hall.wire.trouble(move |call| {
        if call.operation == "TransactWriteItems" && commits.fetch_add(1, Ordering::Relaxed) == 150 {
            at_it.send(()).unwrap();
            tokio::task::block_in_place(|| held.lock().unwrap().recv().unwrap());
        }
        None
    });
    let (worker, list) = (hall.worker.clone(), id.clone());
    let slow = tokio::spawn(async move {
        worker.work(&list, Stopwatch::now() + Duration::from_mins(5), |_| {}).await.unwrap()
    });
    tokio::task::spawn_blocking(move || reached.recv().unwrap()).await.unwrap();
    let roster = hall.roster(&id).await;
    assert_eq!((roster.state, roster.processed), (RosterState::Processing, 100));
    assert_eq!(hall.work(&id).await, Ended::NotOurs, "somebody is at it");
    hall.pass(61);
    // Both are at the same rows now.
    assert_eq!(hall.work(&id).await, Ended::Done);
    go_on.send(()).unwrap();
    assert_eq!(slow.await.unwrap(), Ended::NotOurs);
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
async fn a_list_that_was_restored_without_its_results_finds_them_and_goes_on() {
    let hall = Hall::open().await;
    hall.register_all(0..PEOPLE).await;
    let id = hall.hand_in(mixed()).await;
    let queued = hall.roster(&id).await;
    hall.work(&id).await;
    let (done, rows) = (hall.roster(&id).await, hall.rows(&id).await);
    // The item is put back as it was; what is written since stays.
    let restored = Roster { version: done.version + 1, ..queued };
    hall.store.commit_roster(&restored, RosterWrite::default(), hall.now()).await.unwrap();
    hall.wire.take();
    assert_eq!(hall.work(&id).await, Ended::Done);
    assert_eq!((hall.rows(&id).await, hall.roster(&id).await.counts), (rows, done.counts));
    assert!(
        hall.wire.take().iter().all(|call| call.operation != "Query"),
        "nobody's hours are looked at again"
    );
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
    assert_eq!(roster.percent(), 37, "and that is what is shown of it");
    hall.worker.sweep(until).await.unwrap();
    assert_eq!(hall.roster(&id).await.processed, 100, "its lease is still running");
    hall.pass(61);
    hall.worker.sweep(until).await.unwrap();
    assert_ended(&hall, &id).await;
}
