//! The embedded DynamoDB: as correct under fifty clients as under one, kept between runs, and clear about
//! a file that it can't use.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, Put, ScalarAttributeType,
    StreamSpecification, StreamViewType, TimeToLiveSpecification, TransactWriteItem, Update,
};
use local::dynamodb::{EmbeddedDynamoDb, StartError, StoreAt};

use crate::clients;

pub async fn create_table(client: &Client, name: &str) {
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let text = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .attribute_definitions(text("pk"))
        .attribute_definitions(text("sk"))
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
}

pub async fn put(client: &Client, table: &str, pk: &str, more: &[(&str, AttributeValue)]) {
    let mut put = client
        .put_item()
        .table_name(table)
        .item("pk", AttributeValue::S(pk.to_owned()))
        .item("sk", AttributeValue::S("A".to_owned()));
    for (name, value) in more {
        put = put.item(*name, value.clone());
    }
    put.send().await.unwrap();
}

async fn get(client: &Client, pk: &str) -> Option<std::collections::HashMap<String, AttributeValue>> {
    client
        .get_item()
        .table_name("registry")
        .key("pk", AttributeValue::S(pk.to_owned()))
        .key("sk", AttributeValue::S("A".to_owned()))
        .consistent_read(true)
        .send()
        .await
        .unwrap()
        .item
}

#[tokio::test]
async fn it_starts_in_milliseconds_and_answers_the_sdk() {
    let begun = Instant::now();
    let db = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
    let started = begun.elapsed();
    let client = clients::dynamodb(db.endpoint());
    create_table(&client, "registry").await;
    put(&client, "registry", "a", &[]).await;
    assert!(get(&client, "a").await.is_some());
    println!("start {started:?}, first table, put and get {:?}", begun.elapsed());
    assert!(started < Duration::from_millis(250), "{started:?}");
}

#[tokio::test]
async fn two_of_them_share_nothing() {
    let [one, two] = [(); 2].map(|()| EmbeddedDynamoDb::start(StoreAt::Memory).unwrap());
    create_table(&clients::dynamodb(one.endpoint()), "registry").await;
    let tables = clients::dynamodb(two.endpoint()).list_tables().send().await.unwrap();
    assert!(tables.table_names().is_empty());
}

/// Fifty clients at once raise one counter in a transaction that also takes a number nobody else may have.
async fn fifty_clients_each_take_a_number(at: StoreAt) -> Duration {
    let db = EmbeddedDynamoDb::start(at).unwrap();
    let client = clients::dynamodb(db.endpoint());
    create_table(&client, "registry").await;
    put(&client, "registry", "counter", &[("n", AttributeValue::N("0".to_owned()))]).await;
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..50 {
        let client = clients::dynamodb(db.endpoint());
        tasks.spawn(async move {
            loop {
                let seen: u64 = get(&client, "counter").await.unwrap()["n"].as_n().unwrap().parse().unwrap();
                let raise = Update::builder()
                    .table_name("registry")
                    .key("pk", AttributeValue::S("counter".to_owned()))
                    .key("sk", AttributeValue::S("A".to_owned()))
                    .update_expression("SET n = :next")
                    .condition_expression("n = :seen")
                    .expression_attribute_values(":seen", AttributeValue::N(seen.to_string()))
                    .expression_attribute_values(":next", AttributeValue::N((seen + 1).to_string()))
                    .build()
                    .unwrap();
                let take = Put::builder()
                    .table_name("registry")
                    .item("pk", AttributeValue::S(format!("number-{seen}")))
                    .item("sk", AttributeValue::S("A".to_owned()))
                    .item("by", AttributeValue::N(worker.to_string()))
                    .condition_expression("attribute_not_exists(pk)")
                    .build()
                    .unwrap();
                let write = client
                    .transact_write_items()
                    .transact_items(TransactWriteItem::builder().update(raise).build())
                    .transact_items(TransactWriteItem::builder().put(take).build());
                match write.send().await {
                    Ok(_) => return seen,
                    Err(error) => assert!(error.into_service_error().is_transaction_canceled_exception()),
                }
            }
        });
    }
    let mut numbers = HashSet::new();
    while let Some(number) = tasks.join_next().await {
        assert!(numbers.insert(number.unwrap()), "a number was given twice");
    }
    let took = begun.elapsed();
    assert_eq!(numbers, (0..50).collect());
    assert_eq!(get(&client, "counter").await.unwrap()["n"].as_n().unwrap(), "50");
    took
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_clients_in_parallel_never_share_a_number() {
    let took = fifty_clients_each_take_a_number(StoreAt::Memory).await;
    println!("in memory: {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_clients_in_parallel_never_share_a_number_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let took = fifty_clients_each_take_a_number(StoreAt::File(folder.path().join("t.db"))).await;
    println!("on disk: {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[tokio::test]
async fn a_second_start_finds_the_data_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made on the way/t.db");
    for run in 0..3 {
        let db = EmbeddedDynamoDb::start(StoreAt::File(path.clone())).unwrap();
        let client = clients::dynamodb(db.endpoint());
        if run == 0 {
            create_table(&client, "registry").await;
        }
        put(&client, "registry", &run.to_string(), &[]).await;
        for earlier in 0..=run {
            assert!(get(&client, &earlier.to_string()).await.is_some(), "run {run} lost {earlier}");
        }
    }
}

#[tokio::test]
async fn dropping_it_closes_the_port_though_a_client_is_half_way_through_a_request() {
    let db = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
    let address = db.endpoint().strip_prefix("http://").unwrap().to_owned();
    let mut half = tokio::net::TcpStream::connect(&address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut half, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
        .await
        .unwrap();
    let begun = Instant::now();
    drop(db);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    tokio::net::TcpStream::connect(&address).await.unwrap_err();
}

#[tokio::test]
async fn expired_items_go_when_swept() {
    let db = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
    let client = clients::dynamodb(db.endpoint());
    create_table(&client, "registry").await;
    let ttl = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires").build().unwrap();
    client.update_time_to_live().table_name("registry").time_to_live_specification(ttl).send().await.unwrap();
    put(&client, "registry", "old", &[("expires", AttributeValue::N("1000000000".to_owned()))]).await;
    put(&client, "registry", "new", &[("expires", AttributeValue::N("9000000000".to_owned()))]).await;
    assert_eq!(db.sweep_expired().unwrap(), 1);
    assert!(get(&client, "old").await.is_none());
    assert!(get(&client, "new").await.is_some());
}

fn refusal(path: &Path) -> StartError {
    let error = EmbeddedDynamoDb::start(StoreAt::File(path.to_owned())).unwrap_err();
    let said = error.to_string();
    assert!(!said.contains('\n') && said.contains(path.to_str().unwrap()) && said.contains("--"), "{said}");
    println!("{said}");
    error
}

#[tokio::test]
async fn a_cut_file_is_said_to_be_damaged_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    {
        let db = EmbeddedDynamoDb::start(StoreAt::File(path.clone())).unwrap();
        let client = clients::dynamodb(db.endpoint());
        create_table(&client, "registry").await;
        for n in 0..50 {
            put(&client, "registry", &n.to_string(), &[("text", AttributeValue::S("x".repeat(2_000)))]).await;
        }
    }
    let whole = std::fs::read(&path).unwrap();
    for kept in [whole.len() / 2, 5_000, 200] {
        std::fs::write(&path, &whole[..kept]).unwrap();
        let error = refusal(&path);
        assert!(matches!(error.code(), "data_damaged" | "data_foreign"), "{kept}: {error:?}");
        assert_eq!(std::fs::read(&path).unwrap(), &whole[..kept]);
    }
    let mut scribbled = whole.clone();
    let middle = whole.len() / 2 / 4096 * 4096;
    scribbled[middle..middle + 4096].fill(0xaa);
    std::fs::write(&path, &scribbled).unwrap();
    assert_eq!(refusal(&path).code(), "data_damaged");
    std::fs::write(&path, &whole).unwrap();
    EmbeddedDynamoDb::start(StoreAt::File(path)).unwrap();
}

#[tokio::test]
async fn a_file_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("letter.db");
    std::fs::write(&text, "Dear all, this is not a database. ".repeat(100)).unwrap();
    assert_eq!(refusal(&text).code(), "data_foreign");

    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE photos (id INTEGER)").unwrap();
    let before = std::fs::read(&other).unwrap();
    assert_eq!(refusal(&other).code(), "data_foreign");
    assert_eq!(std::fs::read(&other).unwrap(), before);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = EmbeddedDynamoDb::start(StoreAt::File(folder.path().join("file/t.db"))).unwrap_err();
    assert_eq!(error.code(), "data_unwritable");
    assert!(error.to_string().contains("--data"), "{error}");
}

#[tokio::test]
async fn a_file_in_use_is_not_opened_twice_and_is_free_again_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let db = EmbeddedDynamoDb::start(StoreAt::File(path.clone())).unwrap();
    assert_eq!(refusal(&path).code(), "data_in_use");
    drop(db);
    EmbeddedDynamoDb::start(StoreAt::File(path)).unwrap();
}
