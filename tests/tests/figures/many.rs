//! A whole province told by the stream, in any order and more than once, and counted anew.

use crate::bureau::{Bureau, arithmetic, batch, before, shuffled};
use domain::registration::Registration;
use std::time::{Duration, Instant};

/// How many registrations there are, unless `REGISTRATIONS` says another number: a hundred thousand take minutes in a
/// build without optimisations.
const MANY: u32 = 5_000;
/// Records of a batch; Lambda hands over as many.
const BATCH: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counted_anew_registrations_come_to_what_the_stream_told() {
    let many = std::env::var("REGISTRATIONS").map_or(MANY, |many| many.parse().unwrap());
    let bureau = Bureau::unwired().await;
    let began = Instant::now();
    let latest: Vec<Registration> = (1..=many).map(|person| bureau.registration(person)).collect();
    let expected = arithmetic(&latest);
    println!("{many} registrations reckoned in {:?}", began.elapsed());
    let began = Instant::now();
    bureau.write(&latest).await;
    println!("written in {:?}", began.elapsed());

    // Each tenth has the version before told too, each seventh comes twice, and nothing comes in its order.
    let began = Instant::now();
    let earlier = latest.iter().step_by(10).filter(|one| one.version > 1).map(before);
    let earlier: Vec<_> = earlier.collect();
    let twice = latest.iter().step_by(7);
    let told: Vec<_> = latest.iter().chain(&earlier).chain(twice).collect();
    let told: Vec<_> = shuffled(told.len()).into_iter().map(|place| told[place]).collect();
    for part in told.chunks(BATCH) {
        assert_eq!(bureau.tell(batch(part.iter().copied())).await, 0);
    }
    println!("{} versions told in {:?}", told.len(), began.elapsed());
    let by_stream = bureau.sums(1).await;
    assert!(by_stream == expected, "what the stream told comes to what arithmetic says");

    let began = Instant::now();
    let rebuilt = bureau.store.rebuild_figures("test", &bureau.clock, Duration::ZERO, |_| {}).await.unwrap();
    println!("rebuilt in {:?}: {rebuilt:?}", began.elapsed());
    assert_eq!((rebuilt.counted, rebuilt.unreadable), (u64::from(many), 0));
    assert!(bureau.sums(2).await == by_stream, "counted anew it comes to the same");
    assert!(bureau.sums(1).await.0.is_empty());

    // What comes late changes nothing any more.
    assert_eq!(bureau.tell(batch(earlier.iter().take(BATCH))).await, 0);
    assert!(bureau.sums(2).await == by_stream);
}
