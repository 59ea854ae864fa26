//! A whole exam year at once: ten thousand on one day, most urgent first; and a cost that follows from what is due.

use super::bureau::{Bureau, today};
use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

const MANY: u32 = 10_000;
/// As many of them as are written one by one: a multiple of the kinds of urgency.
const ORIGINALS: usize = 140;
/// Records that the job deals with at the same time: among these the order doesn't matter.
const AT_ONCE: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_due_on_one_day_are_planned_once_each_most_urgent_first() {
    let bureau = Bureau::open().await;
    let began = Instant::now();
    // Every kind of urgency: lapsed yesterday, and what each threshold leaves.
    let left = [
        (-1, Some(1)),
        (1, Some(7)),
        (7, Some(14)),
        (14, Some(30)),
        (30, Some(60)),
        (60, Some(90)),
        (90, None),
    ];
    let due = (0..MANY).map(|person| {
        let (days, reminded) = left[person as usize % left.len()];
        bureau.registration(person, today().plus_days(days), reminded)
    });
    let due: Vec<_> = due.collect();
    let urgency: HashMap<_, _> =
        due.iter().map(|due| (format!("HOLDER#{}", due.holder), due.valid_until)).collect();
    // The first are written as an approval does; they lie in every shard, and the others are copies of theirs.
    let (originals, copies) = due.split_at(ORIGINALS);
    bureau.write(originals.to_vec()).await;
    for (place, original) in originals.iter().enumerate() {
        let persons: Vec<_> = (ORIGINALS + place..MANY as usize).step_by(ORIGINALS).collect();
        let persons: Vec<_> = persons.into_iter().map(|person| u32::try_from(person).unwrap()).collect();
        bureau.copy(original, &persons).await;
    }
    assert_eq!(copies.len() + originals.len(), MANY as usize);
    println!("written in {:?}", began.elapsed());
    bureau.wire.take();
    let began = Instant::now();
    let report = bureau.plan().await;
    println!("planned in {:?}", began.elapsed());
    assert_eq!((report.failed, report.skipped, report.complete), (0, 0, true));
    let lapsed = u64::from(MANY).div_ceil(7);
    assert_eq!((report.planned, report.lapsed), (u64::from(MANY) - lapsed, lapsed));

    let calls = bureau.wire.take();
    let waiting: BTreeSet<_> = bureau.waiting().await.into_iter().collect();
    assert_eq!(waiting.len(), MANY as usize, "one message for each");

    let commits: Vec<_> = calls.iter().filter(|call| call.operation == "TransactWriteItems").collect();
    assert_eq!(commits.len(), MANY as usize, "each is committed once");
    let order: Vec<_> = commits.iter().map(|call| urgency[&call.keys[0]]).collect();
    let mut sorted = order.clone();
    sorted.sort();
    for (place, (came, should)) in order.iter().zip(&sorted).enumerate() {
        let batch = place / AT_ONCE * AT_ONCE;
        let same_batch = &sorted[batch..(batch + AT_ONCE).min(sorted.len())];
        assert!(same_batch.contains(came), "number {place} is about {came}, not {should}");
    }

    // A dossier each; the index a page at a time: three days' shards, each read to its end.
    let queries = calls.iter().filter(|call| call.operation == "Query" && call.keys[0] != "STAFF");
    let (index, dossiers): (Vec<_>, Vec<_>) = queries.partition(|call| call.keys[0].starts_with("DUE#"));
    assert_eq!(dossiers.len(), MANY as usize);
    assert_eq!(index.iter().map(|call| call.found).sum::<usize>(), MANY as usize);
    assert!(index.len() <= MANY as usize / 50 + 3 * 8, "{} pages", index.len());
    assert_eq!(
        calls.len(),
        commits.len() + dossiers.len() + index.len() + 5,
        "and two watermarks, read and set, and the directory of staff, to whom nothing is to be said"
    );
}

#[tokio::test]
async fn a_run_costs_what_is_due_and_not_who_is_registered() {
    let mut costs = Vec::new();
    for registered in [50, 2000] {
        let bureau = Bureau::open().await;
        let later =
            |person| bureau.registration(person, today().plus_days(31 + i64::from(person % 500)), Some(60));
        bureau.write((1000..1000 + registered).map(later)).await;
        bureau.write_due(20).await;
        bureau.wire.take();
        assert_eq!(bureau.plan().await.planned, 20);
        let calls = bureau.wire.take();
        costs.push((calls.len(), calls.iter().map(|call| call.units).sum::<f64>()));
    }
    println!("{costs:?}");
    assert_eq!(costs[0], costs[1]);
}
