//! Who asks for number after number that nobody has.

use crate::{nobodys, paper, scan};
use registry::MOST_MISSES;
use serde_json::json;
use tests::{Reply, World};

/// `number`, asked for from `address`.
async fn from(world: &World, address: &str, number: &str) -> Reply {
    let path = format!("/v1/verify/{number}");
    world.nobody().send("GET", &path, None, &[("X-Forwarded-For", address)]).await
}

/// `count` numbers that nobody has, asked for at once from `address`.
async fn guess(world: &World, address: &str, count: u32) -> Reply {
    let numbers: Vec<_> = (0..count).map(nobodys).collect();
    let headers = [("X-Forwarded-For", address)];
    world.nobody().send("POST", "/v1/verify", Some(json!({ "numbers": numbers })), &headers).await
}

#[tokio::test]
async fn after_so_many_unknown_numbers_nothing_is_told_until_the_next_hour() {
    let world = World::at("2026-03-02T10:00:00+08:00").await;
    let number = world.holder("zhang").await.register(1).await;
    let paper = paper(&world, &number).await;
    world.put("2026-03-02T10:18:00+08:00");
    let (guesser, other) = ("203.0.113.7", "203.0.113.8");
    guess(&world, guesser, MOST_MISSES - 1).await.expect(200);
    // Neither known numbers nor what isn't a number counts.
    for _ in 0..3 {
        from(&world, guesser, &number).await.expect(200);
        from(&world, guesser, "123").await.expect(422);
    }
    from(&world, guesser, &nobodys(1)).await.expect(404);
    for number in [&number, &nobodys(2)] {
        let held = from(&world, guesser, number).await.expect(429);
        assert_eq!(held.code(), "too_many_unknown_numbers");
        assert_eq!(held.headers["retry-after"], "2520");
        assert!(held.text("/detail").contains("约 42 分钟后再试"), "{:#}", held.body);
        assert!(!held.body.to_string().contains("张"), "{:#}", held.body);
    }
    guess(&world, guesser, 1).await.expect(429);
    // Others aren't held up, and neither is who has a certificate to scan.
    from(&world, other, &number).await.expect(200);
    from(&world, other, &nobodys(1)).await.expect(404);
    scan(&world, &paper).await.expect(200);
    from(&world, guesser, &format!("{number}?s={paper}")).await.expect(200);

    world.put("2026-03-02T10:59:59+08:00");
    assert_eq!(from(&world, guesser, &number).await.expect(429).headers["retry-after"], "1");
    world.put("2026-03-02T11:00:00+08:00");
    from(&world, guesser, &number).await.expect(200);
    from(&world, guesser, &nobodys(2)).await.expect(404);
}

#[tokio::test]
async fn a_subscriber_of_many_addresses_is_one_guesser() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    guess(&world, "2001:db8:1:2::1", MOST_MISSES).await.expect(200);
    from(&world, "2001:db8:1:2:ffff::9", &number).await.expect(429);
    from(&world, "2001:db8:1:3::1", &number).await.expect(200);
}

#[tokio::test]
async fn a_number_asked_for_twice_at_once_counts_once() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    let address = "203.0.113.7";
    let twice = json!({ "numbers": vec![nobodys(0); 100] });
    let headers = [("X-Forwarded-For", address)];
    world.nobody().send("POST", "/v1/verify", Some(twice), &headers).await.expect(200);
    guess(&world, address, MOST_MISSES - 2).await.expect(200);
    from(&world, address, &number).await.expect(200);
    from(&world, address, &nobodys(0)).await.expect(404);
    from(&world, address, &number).await.expect(429);
}
