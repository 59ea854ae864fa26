//! The list itself: who may, how many, what is on it, and its end.

use crate::{Client, employer, told};
use serde_json::json;
use tests::{World, nobodys_number};

#[tokio::test]
async fn only_the_client_itself_has_a_list() {
    let world = World::new().await;
    for (id, secret) in [("nobody", "x"), (local::system::SERVICE_CLIENT, "wrong")] {
        let stranger = Client::called(&world, id, secret);
        let refused = stranger.read().await.expect(401);
        assert_eq!(refused.code(), "client_refused");
        assert_eq!(refused.headers["www-authenticate"], "Basic");
    }
    let holder = world.holder("zhang").await;
    assert_eq!(holder.get("/v1/watch").await.expect(401).code(), "client_refused");
    let client = Client::of(&world);
    assert_eq!(client.read().await.expect(404).code(), "watch_not_open");
    assert_eq!(client.add(&["422026987654324"]).await.expect(404).code(), "watch_not_open");
    assert_eq!(client.send("DELETE", "/v1/watch", None).await.expect(404).code(), "watch_not_open");
    let keys = world.nobody().get("/v1/watch/keys").await.expect(200);
    assert_eq!(keys.body["keys"].as_array().unwrap().len(), 1, "published before anything is sent");
}

#[tokio::test]
async fn what_is_no_number_or_nobodys_is_said_and_not_watched() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    let (client, employer) = (Client::of(&world), employer(&world).await);
    client.set(&employer.url()).await.expect(200);
    let slip = format!("{}{}", &number[..14], i32::from(number.ends_with('0')));
    let nobodys = nobodys_number();
    let added = client.add(&[&number, &slip, &nobodys, &number]).await.expect(200);
    assert_eq!(added.text("/items/0/result/standing"), "valid");
    assert_eq!(added.text("/items/1/error/code"), "registration_number_check_digit");
    assert_eq!(added.text("/items/2/result/standing"), "unknown");
    assert_eq!(client.read().await.expect(200).body["numbers"], 1);
    // The same again changes nothing.
    client.add(&[&number]).await.expect(200);
    assert_eq!(client.read().await.expect(200).body["numbers"], 1);
    let page = client.send("GET", "/v1/watch/numbers", None).await.expect(200);
    assert_eq!(page.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(page.text("/items/0/result/number"), number);

    let many: Vec<_> = (0..51).map(|_| number.as_str()).collect();
    assert_eq!(client.add(&many).await.expect(422).text("/errors/0/code"), "wrong_count");
    assert_eq!(client.add(&[]).await.expect(422).text("/errors/0/code"), "wrong_count");

    let path = format!("/v1/watch/numbers/{number}");
    client.send("DELETE", &path, None).await.expect(204);
    assert_eq!(client.send("DELETE", &path, None).await.expect(404).code(), "number_not_watched");
    assert_eq!(client.read().await.expect(200).body["numbers"], 0);
}

#[tokio::test]
async fn a_list_that_has_ended_tells_nothing_and_leaves_nothing() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    let (client, employer) = (Client::of(&world), employer(&world).await);
    client.set(&employer.url()).await.expect(200);
    client.add(&[&number]).await.expect(200);
    assert_eq!(told(&world, &employer).await.len(), 1);
    client.send("DELETE", "/v1/watch", None).await.expect(204);
    world.system.drain().await.unwrap();
    let watchers = world.system.app.store.watchers_of(&number.parse().unwrap()).await.unwrap();
    assert_eq!(watchers, [], "the stream's consumer lets go of them");
    client.set(&employer.url()).await.expect(200);
    let view = client.read().await.expect(200);
    assert_eq!(view.body["numbers"], 0, "another list begins empty");
    assert_eq!(told(&world, &employer).await.len(), 2, "and greets anew");
}

#[tokio::test]
async fn two_who_add_at_once_both_count() {
    let world = World::new().await;
    let numbers = [world.holder("a").await.register(1).await, world.holder("b").await.register(2).await];
    let (client, employer) = (Client::of(&world), employer(&world).await);
    client.set(&employer.url()).await.expect(200);
    let [first, second] = [[numbers[0].as_str()], [numbers[1].as_str()]];
    let (first, second) = tokio::join!(client.add(&first), client.add(&second));
    first.expect(200);
    second.expect(200);
    assert_eq!(client.read().await.expect(200).body["numbers"], json!(2));
}
