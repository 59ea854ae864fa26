//! Counting anew: while the register goes on, killed half way, and two at once.

use crate::bureau::{Bureau, arithmetic, batch};
use common::store::RebuildError;
use domain::{figures::COUNTRY, registration::Registration};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    time::Duration,
};
use tests::wire::Fault;
use tokio::sync::oneshot;

async fn rebuild(bureau: &Bureau) -> Result<common::store::RebuildProgress, RebuildError> {
    bureau.wired.rebuild_figures("test", &bureau.clock, Duration::ZERO, |_| {}).await
}

fn people(bureau: &Bureau, persons: std::ops::Range<u32>) -> Vec<Registration> {
    persons.map(|person| bureau.registration(person)).collect()
}

#[tokio::test]
async fn a_run_that_is_killed_leaves_what_is_read_and_the_next_one_makes_it_whole() {
    let bureau = Bureau::open().await;
    let mut all = people(&bureau, 1..400);
    bureau.write(&all).await;
    // The stream told of the first hundred, and of the others never.
    bureau.tell(batch(&all[..100])).await;
    let told = bureau.sums(1).await;

    let seen = AtomicU32::new(0);
    bureau.wire.trouble(move |call| {
        let dies = call.operation == "TransactWriteItems" && seen.fetch_add(1, Ordering::Relaxed) >= 2;
        dies.then(Fault::refuse)
    });
    assert!(matches!(rebuild(&bureau).await, Err(RebuildError::Store(_))));
    bureau.wire.mend();
    assert_eq!(bureau.sums(1).await, told, "what is read is as it was");
    let figures = bureau.store.figures(COUNTRY, &[]).await.unwrap();
    assert!(figures.rebuilding && figures.as_of.is_some());
    assert!(!bureau.sums(2).await.0.is_empty(), "half a generation is left over");

    // Meanwhile the register goes on.
    let last = all.last_mut().unwrap();
    *last = Registration { version: last.version + 1, district: "420505".parse().unwrap(), ..last.clone() };
    bureau.write(&all[398..]).await;
    assert_eq!(bureau.tell(batch(&all[398..])).await, 0);

    assert!(matches!(rebuild(&bureau).await, Err(RebuildError::Running(_))), "it may still be at it");
    bureau.clock.put(bureau.clock.now().plus_seconds(61));
    let progress = rebuild(&bureau).await.unwrap();
    assert_eq!((progress.counted, progress.unreadable), (399, 0));
    assert_eq!(bureau.sums(3).await, arithmetic(&all));
    assert!(bureau.sums(1).await.0.is_empty() && bureau.sums(2).await.0.is_empty(), "the old ones are gone");
    assert!(!bureau.store.figures(COUNTRY, &[]).await.unwrap().rebuilding);

    // And the stream goes on where it left off.
    bureau.tell(batch(&all)).await;
    assert_eq!(bureau.sums(3).await, arithmetic(&all));
}

#[tokio::test]
async fn changes_that_are_told_while_all_is_counted_are_counted_once() {
    let bureau = Bureau::open().await;
    let mut all = people(&bureau, 1..600);
    bureau.write(&all).await;
    bureau.tell(batch(&all)).await;
    for registration in all.iter_mut().step_by(3) {
        registration.version += 1;
        registration.district = "420602".parse().unwrap();
    }
    let changing = async {
        for part in all.chunks(50) {
            bureau.write(part).await;
            while bureau.tell(batch(part)).await > 0 {}
        }
    };
    let (rebuilt, ()) = tokio::join!(rebuild(&bureau), changing);
    rebuilt.unwrap();
    assert_eq!(bureau.sums(2).await, arithmetic(&all));
}

#[tokio::test]
async fn of_two_runs_at_once_one_is_refused() {
    let bureau = Bureau::open().await;
    let all = people(&bureau, 1..200);
    bureau.write(&all).await;
    let (one, other) = tokio::join!(rebuild(&bureau), rebuild(&bureau));
    let refused = |run: &Result<_, RebuildError>| matches!(run, Err(RebuildError::Running(_)));
    assert!(refused(&one) != refused(&other) && (one.is_ok() || other.is_ok()), "{one:?} {other:?}");
    assert_eq!(bureau.sums(2).await, arithmetic(&all));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_silent_for_too_long_ends_when_another_has_taken_over() {
    let bureau = Bureau::open().await;
    let all = people(&bureau, 1..100);
    bureau.write(&all).await;
    // The first run hangs over its first read, until the second, whom no wire is in between, is through.
    let (hangs, hung) = oneshot::channel();
    let (through, goes_on) = mpsc::channel();
    let place = Mutex::new(Some((hangs, goes_on)));
    bureau.wire.trouble(move |call| {
        let first = (call.operation == "Scan").then(|| place.lock().unwrap().take()).flatten();
        if let Some((hangs, goes_on)) = first {
            hangs.send(()).unwrap();
            tokio::task::block_in_place(|| goes_on.recv().unwrap());
        }
        None
    });
    let second = async {
        hung.await.unwrap();
        bureau.clock.put(bureau.clock.now().plus_seconds(61));
        let done = bureau.store.rebuild_figures("another", &bureau.clock, Duration::ZERO, |_| {}).await;
        through.send(()).unwrap();
        done
    };
    let (first, second) = tokio::join!(rebuild(&bureau), second);
    assert!(matches!(first, Err(RebuildError::TakenOver)), "{first:?}");
    second.unwrap();
    assert_eq!(bureau.sums(3).await, arithmetic(&all));
    assert!(bureau.sums(2).await.0.is_empty());
}

#[tokio::test]
async fn a_version_that_was_told_to_who_reads_an_old_pointer_isnt_lost() {
    let bureau = Bureau::open().await;
    let all = people(&bureau, 1..60);
    bureau.write(&all).await;
    // A run begins and gets nowhere.
    bureau.wire.trouble(|call| (call.operation == "Scan").then(Fault::refuse));
    rebuild(&bureau).await.unwrap_err();
    bureau.wire.mend();
    // Whoever doesn't see the pointer counts into what was read before, and a version that the run didn't see.
    let pointer = bureau.take_pointer().await;
    let newer =
        Registration { version: all[6].version + 1, district: "420505".parse().unwrap(), ..all[6].clone() };
    assert_eq!(bureau.tell(batch([&newer])).await, 0);
    assert_eq!(bureau.sums(1).await, arithmetic(std::slice::from_ref(&newer)));
    bureau.put(pointer).await;
    // The stream's older version, told to who sees it, is no news.
    assert_eq!(bureau.tell(batch([&all[6]])).await, 0);
    assert!(bureau.sums(2).await.0.is_empty());

    bureau.clock.put(bureau.clock.now().plus_seconds(61));
    rebuild(&bureau).await.unwrap();
    let latest: Vec<_> =
        all.iter().map(|one| if one.number == newer.number { &newer } else { one }.clone()).collect();
    assert_eq!(bureau.sums(3).await, arithmetic(&latest));
}

#[tokio::test]
async fn who_reads_an_old_pointer_beside_new_marks_counts_nothing_and_has_it_again() {
    let bureau = Bureau::open().await;
    let mut all = people(&bureau, 1..60);
    bureau.write(&all).await;
    rebuild(&bureau).await.unwrap();
    let counted = arithmetic(&all);
    let pointer = bureau.take_pointer().await;
    all[6].version += 1;
    all[6].district = "420505".parse().unwrap();
    assert_eq!(bureau.tell(batch([&all[6]])).await, 1);
    assert!(bureau.sums(1).await.0.is_empty());
    assert_eq!(bureau.sums(2).await, counted);
    bureau.put(pointer).await;
    assert_eq!(bureau.tell(batch([&all[6]])).await, 0);
    assert_eq!(bureau.sums(2).await, arithmetic(&all));
}
