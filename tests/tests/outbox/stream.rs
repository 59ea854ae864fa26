//! The stream: which of its records wake the notifier, and which it wants to be handed again.

use crate::office::{LEASE, after, office, start};
use aws_sdk_dynamodb::types::AttributeValue;
use common::store::OutboxState;
use local::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    stream::{PumpOptions, StreamPump},
};
use notifier::Notifier;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tests::bare::{TABLE, parts};

/// Hands `records` over as Lambda does; the sequence numbers that the notifier wants again.
pub async fn hand_over(notifier: &Notifier, records: &[Value]) -> Vec<String> {
    let event = serde_json::from_value(json!({ "Records": records })).unwrap();
    let reply = serde_json::to_value(notifier.handle(event).await).unwrap();
    let failures = reply["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

fn record(name: &str, key: &str, sequence: u32) -> Value {
    json!({
        "eventID": format!("c4ca4238a0b923820dcc509a6f75849{sequence}"),
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "cn-north-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_867_021_200.0,
            "Keys": { "pk": { "S": key }, "sk": { "S": "OUTBOX" } },
            "SequenceNumber": sequence_number(sequence),
            "SizeBytes": 412,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN":
            "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/registry/stream/2029-01-01T00:00:00.000",
    })
}

fn sequence_number(count: u32) -> String {
    format!("442158450000000001745043909{count}")
}

pub fn inserted(id: &str, sequence: u32) -> Value {
    record("INSERT", &format!("OUTBOX#{id}"), sequence)
}

#[tokio::test]
async fn only_the_message_that_cant_be_read_goes_back_to_the_stream() {
    let office = office().await;
    let ids = office.write(0..4, start()).await;
    // The second is one that this release doesn't understand.
    let update = office.parts.dynamodb().update_item().table_name(TABLE);
    update
        .key("pk", AttributeValue::S(format!("OUTBOX#{}", ids[1])))
        .key("sk", AttributeValue::S("OUTBOX".to_owned()))
        .update_expression("SET notification.message.message = :unknown")
        .expression_attribute_values(":unknown", AttributeValue::S("unheard_of".to_owned()))
        .send()
        .await
        .unwrap();
    let records = [
        inserted(&ids[0], 1),
        inserted(&ids[1], 2),
        record("MODIFY", &format!("OUTBOX#{}", ids[3]), 3),
        record("REMOVE", "OUTBOX#gone", 4),
        record("INSERT", "HOLDER#somebody", 5),
        inserted("nobody-wrote-this", 6),
        inserted(&ids[2], 7),
    ];
    assert_eq!(hand_over(&office.notifier(), &records).await, [sequence_number(2)]);
    assert_eq!(office.copies(), [1, 1]);
    assert_eq!(office.item(&ids[3]).await.attempts, 0);

    // A mail server that is busy is the sweep's business, not the stream's.
    office.mailbox.fail_next(1, 451);
    assert_eq!(hand_over(&office.notifier(), &[inserted(&ids[3], 8)]).await, [""; 0]);
    assert_eq!(office.item(&ids[3]).await.attempts, 1);
}

#[tokio::test]
async fn a_batch_that_meets_a_dead_store_is_handed_over_again_and_sent_once() {
    let mut office = office().await;
    let ids = office.write(0..3, start()).await;
    let notifier = office.notifier();
    assert_eq!(hand_over(&notifier, &[inserted(&ids[0], 1)]).await, [""; 0]);

    let batch =
        [inserted(&ids[0], 1), record("MODIFY", "OUTBOX#x", 2), inserted(&ids[1], 3), inserted(&ids[2], 4)];
    let file = StoreAt::File(office.folder.path().join("registry.db"));
    drop(office.database);
    assert_eq!(hand_over(&notifier, &batch).await, [1, 3, 4].map(sequence_number));
    assert_eq!(office.mailbox.count(), 1);

    office.database = EmbeddedDynamoDb::start(file).unwrap();
    office.parts = parts(office.database.endpoint());
    assert_eq!(hand_over(&office.notifier(), &batch).await, [""; 0]);
    assert_eq!(office.copies(), [1; 3]);
}

#[tokio::test]
async fn a_batch_that_takes_long_leases_each_message_when_its_turn_comes() {
    let office = office().await;
    // More than are sent at the same time.
    let ids = office.write(0..80, start()).await;
    let records: Vec<_> = ids.iter().zip(1..).map(|(id, sequence)| inserted(id, sequence)).collect();
    let time_flies = async {
        loop {
            office.clock.put(office.clock.now().plus_seconds(LEASE));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let notifier = office.notifier();
    let failed = tokio::select! {
        failed = hand_over(&notifier, &records) => failed,
        () = time_flies => unreachable!(),
    };
    assert_eq!(failed, [""; 0]);
    let (first, last) = (office.item(&ids[0]).await, office.item(&ids[79]).await);
    assert!(last.next_attempt > first.next_attempt.plus_seconds(LEASE), "{first:?} {last:?}");
}

#[tokio::test]
async fn the_tables_own_stream_wakes_the_notifier() {
    let office = office().await;
    let notifier = Arc::new(office.notifier());
    let deliver = move |batch: Value| {
        let notifier = notifier.clone();
        async move {
            let reply = notifier.handle(serde_json::from_value(batch).unwrap()).await;
            if reply.batch_item_failures.is_empty() { Ok(()) } else { Err("handed back") }
        }
    };
    let (table, region) = (TABLE.to_owned(), "cn-north-1".to_owned());
    let options = PumpOptions { table, region, batch_size: 10, position: None };
    let pump = StreamPump::start(&office.database, options, deliver).unwrap();
    let ids = office.write(0..30, start()).await;
    pump.drain().await.unwrap();
    assert_eq!(office.copies(), [1; 30]);
    for id in &ids {
        let item = office.item(id).await;
        assert_eq!((item.state, item.attempts), (OutboxState::Sent, 1));
    }
    assert_eq!(office.sweep(after(86_400)).await.sent, 0);
}
