//! What is due: found page by page, and swept.

use crate::office::{FIRST_SWEEP, LEASE, after, office, start};
use reminder::{Job, Reminder, Report};
use std::{collections::BTreeSet, time::Duration};

#[tokio::test]
async fn what_is_due_is_found_page_by_page() {
    let office = office().await;
    let mut written = Vec::new();
    // More in each of the eight shards than one query gives.
    for batch in 0..20_u32 {
        written.extend(office.write(batch * 100..(batch + 1) * 100, after(batch.into())).await);
    }
    let found = office.store.due_messages(after(FIRST_SWEEP + 19), 5000).await.unwrap();
    assert_eq!(found.len(), 2000);
    assert_eq!(found.iter().collect::<BTreeSet<_>>(), written.iter().collect());
    let age = |id: &String| written.iter().position(|other| other == id).unwrap() / 100;
    let steps_back = found.windows(2).filter(|pair| age(&pair[1]) < age(&pair[0])).count();
    assert_eq!(steps_back, 7, "oldest first within each shard");

    assert_eq!(office.store.due_messages(after(FIRST_SWEEP + 19), 250).await.unwrap(), found[..250]);
    assert_eq!(office.store.due_messages(after(FIRST_SWEEP + 4), 5000).await.unwrap().len(), 500);
    assert_eq!(office.store.due_messages(after(FIRST_SWEEP - 1), 5000).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_sweep_sends_all_that_is_due_and_each_lease_counts_from_its_own_sending() {
    let office = office().await;
    let mut ids = office.write(0..100, start()).await;
    ids.extend(office.write(100..130, start()).await);
    office.clock.put(after(FIRST_SWEEP));
    let reminder = Reminder::from_env(&office.env, &office.parts, office.clock.clone()).unwrap();
    let slowly = |_: &Report| assert!(office.clock.put(office.clock.now().plus_seconds(LEASE)));
    let report = reminder.run(Job::Sweep, Duration::from_mins(5), slowly).await.unwrap();
    assert_eq!((report.sent, report.failed, report.complete), (130, 0, true));
    assert_eq!(office.copies(), [1; 130]);

    // A marked message keeps the lease it was sent under. Four are sent at a time.
    let mut leases = Vec::new();
    for id in &ids {
        leases.push(office.item(id).await.next_attempt);
    }
    leases.sort();
    let began = |place: i64| after(FIRST_SWEEP + LEASE + place / 4 * LEASE);
    assert!((0..).zip(&leases).all(|(place, lease)| *lease >= began(place)));
}
