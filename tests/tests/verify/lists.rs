//! Many numbers at once.

use crate::{assert_masked, nobodys};
use serde_json::{Value, json};
use tests::{Reply, World};

async fn verify(world: &World, numbers: &[String]) -> Reply {
    world.nobody().post("/v1/verify", json!({ "numbers": numbers })).await
}

#[tokio::test]
async fn each_number_has_its_result_in_its_place() {
    let world = World::new().await;
    let zhang = world.holder("zhang").await.register(1).await;
    let li = world.holder("li").await.register(2).await;
    let digit = if zhang.ends_with('0') { '1' } else { '0' };
    let mistyped = format!("{}{digit}", &zhang[..14]);
    let spaced = format!("{} {}", &li[..6], &li[6..]);
    let numbers = [li.clone(), mistyped.clone(), nobodys(1), zhang, "张三".to_owned(), spaced, li];
    let reply = verify(&world, &numbers).await.expect(200);
    assert_masked(&reply, 1);
    assert_masked(&reply, 2);
    assert_eq!(reply.headers["cache-control"], "no-store");
    let items = reply.body["items"].as_array().unwrap();
    let echoed: Vec<_> = items.iter().map(|item| item["number"].as_str().unwrap()).collect();
    assert_eq!(echoed, numbers);
    let told: Vec<_> =
        items.iter().map(|item| (&item["result"]["standing"], &item["error"]["code"])).collect();
    let (valid, unknown, none) = (json!("valid"), json!("unknown"), Value::Null);
    let (check, form) = (json!("registration_number_check_digit"), json!("registration_number_malformed"));
    let expected = [
        (&valid, &none),
        (&none, &check),
        (&unknown, &none),
        (&valid, &none),
        (&none, &form),
        (&valid, &none),
        (&valid, &none),
    ];
    assert_eq!(told, expected);
    assert_eq!(items[1]["error"]["field"], "numbers[1]");
    assert_eq!(items[2]["result"]["in_force"], false);
    assert_eq!(items[2]["result"].get("name"), None);
    // What is said of each is what is said of it alone.
    let mut alone = world.nobody().get(&format!("/v1/verify/{}", numbers[3])).await.expect(200).body;
    alone.as_object_mut().unwrap().remove("checked_at").unwrap();
    assert_eq!(items[3]["result"], alone);
}

#[tokio::test]
async fn a_hundred_at_once_and_no_more() {
    let world = World::new().await;
    let zhang = world.holder("zhang").await.register(1).await;
    let mut numbers: Vec<_> = (0..99).map(nobodys).collect();
    numbers.push(zhang.clone());
    let reply = verify(&world, &numbers).await.expect(200);
    let items = reply.body["items"].as_array().unwrap();
    assert_eq!(items.iter().filter(|item| item["result"]["standing"] == "unknown").count(), 99);
    assert_eq!(items[99]["result"]["standing"], "valid");

    for (count, numbers) in [(101, vec![zhang; 101]), (0, Vec::new())] {
        let reply = verify(&world, &numbers).await.expect(422);
        assert_eq!(reply.text("/errors/0/code"), "wrong_count");
        let said = format!("每次核验 1 至 100 个登记号，收到 {count} 个，请分批查询");
        assert_eq!(reply.text("/errors/0/detail"), said);
    }
    for (body, status) in
        [(json!({}), 422), (json!({ "numbers": "1" }), 422), (json!({ "numbers": [1] }), 422)]
    {
        world.nobody().post("/v1/verify", body).await.expect(status);
    }
}
