//! The pump: the event a function would get, in order, again after a failure, and on from where it was.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lambda_events::event::dynamodb::Event;
use aws_sdk_dynamodb::types::AttributeValue;
use local::dynamodb::{EmbeddedDynamoDb, StoreAt};
use local::stream::{PumpOptions, StreamPump};
use serde_json::Value;

use crate::clients;
use crate::dynamodb::{create_table, put};

fn options() -> PumpOptions {
    PumpOptions {
        table: "registry".to_owned(),
        region: clients::REGION.to_owned(),
        batch_size: 100,
        position: None,
    }
}

/// A consumer that remembers what it got.
#[derive(Clone, Default)]
struct Inbox(Arc<Mutex<Vec<Value>>>);

impl Inbox {
    fn take(&self, event: &Value) {
        self.0.lock().unwrap().extend(event["Records"].as_array().unwrap().iter().cloned());
    }

    fn keys(&self) -> Vec<String> {
        let records = self.0.lock().unwrap();
        records
            .iter()
            .map(|record| record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap().to_owned())
            .collect()
    }

    fn pump(&self, db: &EmbeddedDynamoDb, options: PumpOptions) -> StreamPump {
        let inbox = self.clone();
        StreamPump::start(db, options, move |event| {
            inbox.take(&event);
            std::future::ready(Ok::<(), String>(()))
        })
        .unwrap()
    }
}

#[tokio::test]
async fn a_batch_is_the_event_that_lambda_delivers() {
    let db = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
    let client = clients::dynamodb(db.endpoint());
    create_table(&client, "registry").await;
    let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
    let pump =
        StreamPump::start(&db, options(), move |event| std::future::ready(sender.send(event))).unwrap();
    put(&client, "registry", "a", &[("n", AttributeValue::N("1".to_owned()))]).await;
    put(&client, "registry", "a", &[("n", AttributeValue::N("2".to_owned()))]).await;
    client
        .delete_item()
        .table_name("registry")
        .key("pk", AttributeValue::S("a".to_owned()))
        .key("sk", AttributeValue::S("A".to_owned()))
        .send()
        .await
        .unwrap();
    pump.drain().await.unwrap();

    let mut records = Vec::new();
    while let Ok(event) = events.try_recv() {
        for raw in event["Records"].as_array().unwrap() {
            assert_eq!(raw["eventSource"], "aws:dynamodb");
            assert_eq!(raw["awsRegion"], clients::REGION);
            assert!(raw["eventSourceARN"].as_str().unwrap().contains(":table/registry/stream/"), "{raw}");
            assert_eq!(raw["dynamodb"]["StreamViewType"], "NEW_AND_OLD_IMAGES");
            assert_eq!(raw["dynamodb"]["Keys"]["sk"]["S"], "A");
            assert!(raw["dynamodb"]["SizeBytes"].as_i64().unwrap() > 0);
        }
        records.extend(serde_json::from_value::<Event>(event).expect("the crate's own event type").records);
    }
    let names: Vec<_> = records.iter().map(|record| record.event_name.as_str()).collect();
    assert_eq!(names, ["INSERT", "MODIFY", "REMOVE"]);
    let change = &records[1].change;
    assert_eq!(serde_json::to_value(&change.old_image).unwrap()["n"]["N"], "1");
    assert_eq!(serde_json::to_value(&change.new_image).unwrap()["n"]["N"], "2");
    let age =
        std::time::SystemTime::now().duration_since(change.approximate_creation_date_time.into()).unwrap();
    assert!(age < Duration::from_secs(10), "{age:?}");
    assert!(records[0].change.sequence_number < records[1].change.sequence_number);
}

#[tokio::test]
async fn a_write_reaches_an_idle_consumer_within_a_tenth_of_a_second() {
    let db = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
    let client = clients::dynamodb(db.endpoint());
    create_table(&client, "registry").await;
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    let _pump =
        StreamPump::start(&db, options(), move |_| std::future::ready(sender.send(Instant::now()))).unwrap();
    let mut slowest = Duration::ZERO;
    for n in 0..10 {
        tokio::time::sleep(Duration::from_millis(33)).await;
        let written = Instant::now();
        put(&client, "registry", &n.to_string(), &[]).await;
        slowest = slowest.max(seen.recv().await.unwrap().duration_since(written));
    }
    println!("slowest of ten: {slowest:?}");
    assert!(slowest < Duration::from_millis(100), "{slowest:?}");
}

#[tokio::test]
async fn a_failing_batch_comes_again_and_nothing_overtakes_it() {
    let db = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
    let client = clients::dynamodb(db.endpoint());
    create_table(&client, "registry").await;
    for n in 0..25 {
        put(&client, "registry", &n.to_string(), &[]).await;
    }
    let inbox = Inbox::default();
    let calls = Arc::new(AtomicUsize::new(0));
    let (taken, counted) = (inbox.clone(), calls.clone());
    let pump = StreamPump::start(&db, PumpOptions { batch_size: 10, ..options() }, move |event| {
        // The second batch fails twice.
        let call = counted.fetch_add(1, Ordering::SeqCst);
        let fails = call == 1 || call == 2;
        if !fails {
            taken.take(&event);
        }
        std::future::ready(if fails { Err("not now") } else { Ok(()) })
    })
    .unwrap();
    tokio::time::timeout(Duration::from_secs(5), pump.drain()).await.unwrap().unwrap();
    assert_eq!(calls.load(Ordering::SeqCst), 5);
    assert_eq!(inbox.keys(), (0..25).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn it_goes_on_after_a_restart_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let options = PumpOptions { position: Some(folder.path().join("stream.position")), ..options() };
    let inbox = Inbox::default();
    {
        let db = EmbeddedDynamoDb::start(StoreAt::File(path.clone())).unwrap();
        let client = clients::dynamodb(db.endpoint());
        create_table(&client, "registry").await;
        put(&client, "registry", "before the pump", &[]).await;
        let pump = inbox.pump(&db, options.clone());
        pump.drain().await.unwrap();
        pump.shutdown().await;
        put(&client, "registry", "while it was away", &[]).await;
    }
    let db = EmbeddedDynamoDb::start(StoreAt::File(path)).unwrap();
    let pump = inbox.pump(&db, options);
    put(&clients::dynamodb(db.endpoint()), "registry", "after", &[]).await;
    pump.drain().await.unwrap();
    assert_eq!(inbox.keys(), ["before the pump", "while it was away", "after"]);
}

#[tokio::test]
async fn a_record_is_kept_for_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    {
        let db = EmbeddedDynamoDb::start(StoreAt::File(path.clone())).unwrap();
        let client = clients::dynamodb(db.endpoint());
        create_table(&client, "registry").await;
        for key in ["25 hours old", "23 hours old"] {
            put(&client, "registry", key, &[]).await;
        }
    }
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "UPDATE _stream_records SET created_at = created_at - 3600 *
                CASE WHEN keys_json LIKE '%25 hours%' THEN 25 ELSE 23 END",
        )
        .unwrap();
    let db = EmbeddedDynamoDb::start(StoreAt::File(path)).unwrap();
    let inbox = Inbox::default();
    inbox.pump(&db, options()).drain().await.unwrap();
    assert_eq!(inbox.keys(), ["23 hours old"]);
}

#[tokio::test]
async fn draining_waits_for_the_consumer_and_not_for_what_comes_later() {
    let db = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
    let client = clients::dynamodb(db.endpoint());
    create_table(&client, "registry").await;
    let done = Arc::new(AtomicUsize::new(0));
    let counted = done.clone();
    let pump = StreamPump::start(&db, options(), move |event| {
        let counted = counted.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            counted.fetch_add(event["Records"].as_array().unwrap().len(), Ordering::SeqCst);
            Ok::<(), String>(())
        }
    })
    .unwrap();
    pump.drain().await.unwrap();
    put(&client, "registry", "a", &[]).await;
    pump.drain().await.unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_table_without_a_stream_is_named() {
    let db = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
    let error = StreamPump::start(&db, options(), |_| std::future::ready(Ok::<(), String>(()))).unwrap_err();
    assert_eq!(error.code(), "stream_missing");
}
