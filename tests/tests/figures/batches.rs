//! Batches of the stream that come twice, in another order, to two consumers at once, or to one that dies.

use crate::bureau::{Bureau, arithmetic, batch, before, shuffled};
use domain::registration::Registration;
use std::sync::atomic::{AtomicU32, Ordering};
use tests::wire::Fault;

fn people(bureau: &Bureau, many: u32) -> Vec<Registration> {
    (1..=many).map(|person| bureau.registration(person)).collect()
}

#[tokio::test]
async fn what_comes_twice_late_or_in_another_order_is_counted_once() {
    let bureau = Bureau::open().await;
    let latest = people(&bureau, 120);
    let earlier: Vec<_> = latest.iter().filter(|one| one.version > 1).map(before).collect();
    assert!(earlier.len() > 50);
    // The versions before, then all of it mixed, then the versions before once more.
    assert_eq!(bureau.tell(batch(&earlier)).await, 0);
    assert_eq!(bureau.sums(1).await, arithmetic(&earlier));
    let mut mixed: Vec<_> = latest.iter().chain(&earlier).chain(&latest[..40]).collect();
    mixed = shuffled(mixed.len()).into_iter().map(|place| mixed[place]).collect();
    for part in mixed.chunks(37) {
        assert_eq!(bureau.tell(batch(part.iter().copied())).await, 0);
    }
    assert_eq!(bureau.tell(batch(&earlier)).await, 0);
    assert_eq!(bureau.sums(1).await, arithmetic(&latest));
}

#[tokio::test]
async fn two_consumers_at_once_count_as_one() {
    let bureau = Bureau::open().await;
    let latest = people(&bureau, 60);
    let backwards: Vec<_> = latest.iter().rev().collect();
    let (one, other) =
        tokio::join!(bureau.tell(batch(&latest)), bureau.tell(batch(backwards.iter().copied())));
    // Who kept losing has the batch again, as the stream would hand it over.
    if one + other > 0 {
        assert_eq!(bureau.tell(batch(&latest)).await, 0);
    }
    assert_eq!(bureau.sums(1).await, arithmetic(&latest));
}

#[tokio::test]
async fn a_consumer_that_dies_in_between_has_its_batch_again_and_counts_the_rest() {
    let bureau = Bureau::open().await;
    let latest = people(&bureau, 150);
    // The first transaction is written and its answer lost; from the third on the store refuses.
    let seen = AtomicU32::new(0);
    bureau.wire.trouble(move |call| {
        if call.operation != "TransactWriteItems" {
            return None;
        }
        match seen.fetch_add(1, Ordering::Relaxed) {
            0 => Some(Fault::LoseReply),
            1 | 2 => None,
            _ => Some(Fault::refuse()),
        }
    });
    let again = bureau.tell(batch(&latest)).await;
    assert_eq!(again, latest.len(), "what isn't known to be counted comes again");
    let half = bureau.sums(1).await;
    assert!(half != arithmetic(&latest) && !half.0.is_empty());
    bureau.wire.mend();
    assert_eq!(bureau.tell(batch(&latest)).await, 0);
    assert_eq!(bureau.sums(1).await, arithmetic(&latest));
}

#[tokio::test]
async fn a_record_that_cant_be_read_keeps_nobody_waiting() {
    let bureau = Bureau::open().await;
    let latest = people(&bureau, 5);
    let mut event = batch(&latest);
    let state = serde_dynamo::AttributeValue::S("unheard_of".to_owned());
    event.records[2].change.new_image.insert("status".to_owned(), state);
    assert_eq!(bureau.tell(event).await, 0);
    let others = latest.iter().enumerate().filter(|(place, _)| *place != 2);
    let others: Vec<_> = others.map(|(_, one)| one.clone()).collect();
    assert_eq!(bureau.sums(1).await, arithmetic(&others));
}

#[tokio::test]
async fn one_registration_costs_one_read_and_one_transaction() {
    let bureau = Bureau::open().await;
    let one = bureau.registration(7);
    bureau.tell(batch([&one])).await;
    let calls = bureau.wire.take();
    let operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
    assert_eq!(operations, ["BatchGetItem", "TransactWriteItems"]);
    // Its mark; and now, the month it began in and the one it's due in, in four areas.
    assert_eq!(calls[1].keys.len(), 1 + 3 * 4);
    bureau.tell(batch([&one])).await;
    let calls = bureau.wire.take();
    assert_eq!(calls.len(), 1, "told again, it's only looked at");
}
