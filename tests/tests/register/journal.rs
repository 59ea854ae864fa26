//! A registration's journal: what is in it, finding one's way in it, and that nobody can change it unnoticed.

use aws_sdk_dynamodb::{Client, types::AttributeValue};
use common::store::ChainFault;
use domain::{id::HolderId, registration::RegistrationNumber};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::collections::HashMap;
use tests::{Person, Reply, World, bare};

pub(crate) type Item = HashMap<String, AttributeValue>;

/// A world in which a registration was made, its holder's address changed, and their name with approval.
async fn eventful() -> (World, String) {
    let world = World::new().await;
    let holder = world.holder("zhao").await;
    let number = holder.register(1).await;
    holder.save_profile(json!({ "email": "new@example.com" })).await.expect(200);
    let change = holder.open("change").await;
    for kind in ["identity_card_front", "identity_card_back"] {
        holder.attach(&change, kind).await;
    }
    holder.edit(&change, json!({ "name": "张晓文", "declaration": true })).await.expect(200);
    holder.submit(&change).await.expect(200);
    for reviewer in ["chushen", "zhongshen"] {
        world.staff(reviewer).await.decide(&change, json!({ "outcome": "approve" })).await.expect(200);
    }
    (world, number)
}

async fn read(admin: &Person<'_>, number: &str, query: &str) -> Reply {
    admin.get(&format!("/v1/registrations/{number}/journal{query}")).await
}

fn items(reply: &Reply) -> Vec<Value> {
    reply.body["items"].as_array().unwrap().clone()
}

fn actions(reply: &Reply) -> Vec<String> {
    items(reply).iter().map(|item| item["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_change_and_every_look_at_the_identity_is_in_it_linked_to_the_one_before() {
    let (world, number) = eventful().await;
    let admin = world.staff("admin").await;
    let journal = read(&admin, &number, "").await.expect(200);
    // A reviewer opens an application before deciding it, and sees the identity document then.
    assert_eq!(actions(&journal), ["approved", "profile_saved", "viewed", "viewed", "approved"]);
    let lines = items(&journal);
    let mut before = json!("0".repeat(64));
    for (place, line) in (1_u64..).zip(&lines) {
        assert_eq!((&line["version"], &line["before"]), (&json!(place), &before));
        before = line["hash"].clone();
    }
    assert_eq!(lines[4]["action_label"], "审核通过");
    assert_eq!(lines[2]["application_id"], lines[4]["application_id"]);
    assert!(lines[0]["application_id"].is_string() && lines[1]["application_id"].is_null());
}

#[tokio::test]
async fn it_is_paged_and_filtered_by_actor_and_by_day() {
    let (world, number) = eventful().await;
    world.put("2026-03-09T10:00:00+08:00");
    let admin = world.staff("admin").await;
    admin.get(&format!("/v1/registrations/{number}/holder")).await.expect(200);
    let whole = items(&read(&admin, &number, "").await.expect(200));
    let mut paged = Vec::new();
    let mut query = "?limit=2".to_owned();
    loop {
        let page = read(&admin, &number, &query).await.expect(200);
        assert!(items(&page).len() <= 2);
        paged.extend(items(&page));
        let Some(next) = page.body["next"].as_str() else { break };
        query = format!("?limit=2&cursor={next}");
    }
    assert_eq!(paged, whole);
    let reviewer = whole[2]["actor"]["id"].as_str().unwrap();
    let by_one = read(&admin, &number, &format!("?actor={reviewer}")).await.expect(200);
    assert_eq!(actions(&by_one), ["viewed"]);
    assert_eq!(actions(&read(&admin, &number, "?actor=system").await.expect(200)), Vec::<String>::new());
    let late = read(&admin, &number, "?from=2026-03-09").await.expect(200);
    assert_eq!(actions(&late), ["viewed"]);
    let early = read(&admin, &number, "?to=2026-03-08").await.expect(200);
    assert_eq!((items(&early).len(), &early.body["next"]), (5, &Value::Null));
    let reversed = read(&admin, &number, "?from=2026-03-09&to=2026-03-08").await.expect(422);
    assert_eq!(reversed.text("/errors/0/code"), "range_reversed");
}

#[tokio::test]
async fn it_is_exported_as_a_table() {
    let (world, number) = eventful().await;
    let admin = world.staff("admin").await;
    let table = admin.text(&format!("/v1/registrations/{number}/journal?format=csv")).await;
    let lines: Vec<_> = table.trim_start_matches('\u{FEFF}').lines().collect();
    let columns: Vec<_> = lines[0].split(',').take(3).collect();
    assert!(table.starts_with('\u{FEFF}') && columns == ["序号", "时间", "操作人"], "{table}");
    assert_eq!(lines.len(), 6, "{table}");
    assert!(lines[2].contains("修改个人资料") && lines[2].contains("电子邮箱"), "{}", lines[2]);
}

#[tokio::test]
async fn looks_that_meet_are_all_noted() {
    let (world, number) = eventful().await;
    let admin = world.staff("admin").await;
    let path = format!("/v1/registrations/{number}/holder");
    let looks = join_all((0..4).map(|_| admin.get(&path))).await;
    assert!(looks.iter().all(|look| look.status == 200), "{looks:?}");
    assert_eq!(items(&read(&admin, &number, "").await).len(), 9);
    assert_eq!(faults(&world, &number).await, []);
}

async fn faults(world: &World, number: &str) -> Vec<ChainFault> {
    let number: RegistrationNumber = number.parse().unwrap();
    let store = &world.system.app.store;
    let holder: HolderId = store.registration_holder(&number).await.unwrap().unwrap();
    store.check_journal(&holder, &number).await.unwrap().faults
}

/// The table as somebody has it who goes past the system.
pub(crate) struct Intruder {
    client: Client,
    table: String,
}

impl Intruder {
    pub(crate) fn of(world: &World) -> Self {
        let client = bare::parts(world.system.dynamodb_endpoint()).dynamodb();
        Self { client, table: world.system.env.get("TABLE_NAME").unwrap() }
    }

    pub(crate) async fn journal(&self, number: &str) -> Vec<Item> {
        let pk = AttributeValue::S(format!("JOURNAL#{number}"));
        let query = self.client.query().table_name(&self.table).key_condition_expression("pk = :pk");
        query.expression_attribute_values(":pk", pk).send().await.unwrap().items.unwrap()
    }

    async fn put(&self, item: &Item) {
        self.client.put_item().table_name(&self.table).set_item(Some(item.clone())).send().await.unwrap();
    }

    pub(crate) async fn remove(&self, item: &Item) {
        let request = self.client.delete_item().table_name(&self.table);
        let request = request.key("pk", item["pk"].clone()).key("sk", item["sk"].clone());
        request.send().await.unwrap();
    }
}

#[tokio::test]
async fn what_was_changed_removed_added_or_put_in_another_order_is_found() {
    let (world, number) = eventful().await;
    assert_eq!(faults(&world, &number).await, []);
    let intruder = Intruder::of(&world);
    let whole = intruder.journal(&number).await;
    let place = |index: usize| whole[index]["sk"].clone();

    let mut changed = whole[1].clone();
    changed.insert("from".to_owned(), AttributeValue::S("10.0.0.1".to_owned()));
    intruder.put(&changed).await;
    assert_eq!(faults(&world, &number).await, [ChainFault::Broken(2)]);
    intruder.put(&whole[1]).await;

    let mut last = whole[4].clone();
    last.insert("action".to_owned(), AttributeValue::S("viewed".to_owned()));
    intruder.put(&last).await;
    assert_eq!(faults(&world, &number).await, [ChainFault::Head(5)]);
    intruder.put(&whole[4]).await;

    intruder.remove(&whole[2]).await;
    assert_eq!(faults(&world, &number).await, [ChainFault::Missing(3, 3)]);
    intruder.put(&whole[2]).await;
    intruder.remove(&whole[4]).await;
    assert_eq!(faults(&world, &number).await, [ChainFault::Missing(5, 5)]);
    intruder.put(&whole[4]).await;

    for (from, to) in [(2, 3), (3, 2)] {
        let mut moved = whole[from].clone();
        moved.insert("sk".to_owned(), place(to));
        intruder.put(&moved).await;
    }
    assert!(!faults(&world, &number).await.is_empty());
    intruder.put(&whole[2]).await;
    intruder.put(&whole[3]).await;

    let mut more = whole[4].clone();
    more.insert("sk".to_owned(), AttributeValue::S("0000000006".to_owned()));
    intruder.put(&more).await;
    assert!(faults(&world, &number).await.contains(&ChainFault::Surplus(6)));
    intruder.remove(&more).await;
    assert_eq!(faults(&world, &number).await, []);
}
