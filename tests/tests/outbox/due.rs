//! What is due: found page by page, and swept.

use crate::office::{FIRST_SWEEP, LEASE, after, office, start};
use common::store::Lane;
use domain::delivery::Urgency;
use reminder::{Job, Reminder, Report};
use std::{collections::BTreeSet, time::Duration};

const URGENT: Lane = Lane::Messages(Urgency::Urgent);

#[tokio::test]
async fn what_is_due_is_found_page_by_page() {
    let office = office().await;
    let mut written = Vec::new();
    // More in each of the eight shards than one query gives.
    for batch in 0..20_u32 {
        written.extend(office.write(batch * 100..(batch + 1) * 100, after(batch.into())).await);
    }
    let due = async |seconds, limit| {
        office.store.due_messages(URGENT, after(FIRST_SWEEP + seconds), limit).await.unwrap()
    };
    let found = due(19, 8000).await;
    assert_eq!(found.len(), 2000);
    assert_eq!(found.iter().collect::<BTreeSet<_>>(), written.iter().collect());
    let age = |id: &String| written.iter().position(|other| other == id).unwrap() / 100;
    assert!(found.is_sorted_by_key(age), "oldest first");

    // Each shard gives its oldest: none of what comes first is missing.
    let page = due(19, 240).await;
    assert_eq!(page.len(), 240);
    assert_eq!(page[..100].iter().collect::<BTreeSet<_>>(), found[..100].iter().collect());
    assert_eq!(due(4, 8000).await.len(), 500);
    assert_eq!(due(-1, 8000).await, [""; 0]);
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

    // A marked message keeps the lease it was sent under. Thirty-two are sent at a time, at this rate.
    let mut leases = Vec::new();
    for id in &ids {
        leases.push(office.item(id).await.next_attempt);
    }
    leases.sort();
    let began = |place: i64| after(FIRST_SWEEP + LEASE + (place - 31).max(0) * LEASE);
    assert!((0..).zip(&leases).all(|(place, lease)| *lease >= began(place)));
}
