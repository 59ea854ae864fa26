//! What an employer is told of one registration, from the day it's put on the list.

use crate::{Client, employer, published, told};
use common::webhook::{SignatureError, verify_webhook};
use local::employer::Manner;
use reminder::Job;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{START, World};

/// What each call says it was, and is.
fn standings(told: &[Value]) -> Vec<(&str, &str)> {
    let of = |call| Some((text(call, "previous_standing")?, text(call, "standing")?));
    told.iter().filter_map(of).collect()
}

fn text<'a>(call: &'a Value, name: &str) -> Option<&'a str> {
    call["data"][name].as_str()
}

#[tokio::test]
async fn each_change_of_how_it_stands_is_told_once_and_signed() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    let (client, employer) = (Client::of(&world), employer(&world).await);
    client.set(&employer.url()).await.expect(200);
    let added = client.add(&[&number]).await.expect(200);
    assert_eq!(added.text("/items/0/result/standing"), "valid", "how it stands now is said at once");
    let greeting = told(&world, &employer).await;
    assert_eq!(greeting.len(), 1, "{greeting:#?}");
    assert_eq!((&greeting[0]["type"], &greeting[0]["data"]["numbers"]), (&json!("watch.opened"), &json!(0)));

    // A renewal is submitted, and approved.
    world.put("2029-02-01T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    let me = holder.get("/v1/me").await.expect(200);
    world.record_hours(&me.text("/holder_id"), &START[..10], "2027-05-01", 900).await;
    let renewal = holder.renew().await;
    told(&world, &employer).await;
    world.approve(&renewal).await;
    let calls = told(&world, &employer).await;
    let expected = [("valid", "renewal_under_review"), ("renewal_under_review", "valid")];
    assert_eq!(standings(&calls[1..]), expected, "{calls:#?}");
    let last = calls.last().unwrap();
    assert_eq!(last["data"]["valid_until"], "2032-03-02");
    assert!(last["data"]["version"].as_u64() > calls[1]["data"]["version"].as_u64());

    // Nothing is said that verification wouldn't say.
    let said = last.to_string();
    assert!(said.contains("张**") && !said.contains("张晓雯"), "{said}");
    assert!(!said.contains(&me.text("/holder_id")) && !said.contains("person1@example.com"), "{said}");

    // It lapses, and whoever changed a byte on the way is found out.
    world.put("2032-03-03T09:00:00+08:00");
    assert!(world.run_job().await.complete);
    let calls = told(&world, &employer).await;
    assert_eq!(standings(&calls[3..]), [("valid", "lapsed")]);
    let keys = published(&world).await;
    let call = employer.calls().pop().unwrap();
    for place in 0..call.body.len() {
        let mut body = call.body.clone();
        body[place] ^= 1;
        let checked = verify_webhook(&keys, &call.headers, &body, world.now());
        assert_eq!(checked, Err(SignatureError::NotAuthentic));
    }
    let view = client.read().await.expect(200);
    assert_eq!((&view.body["numbers"], view.body.get("failing")), (&json!(1), None));
}

#[tokio::test]
async fn whoever_takes_no_call_is_called_again_under_the_same_id() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    let (client, employer) = (Client::of(&world), employer(&world).await);
    client.set(&employer.url()).await.expect(200);
    client.add(&[&number]).await.expect(200);
    told(&world, &employer).await;
    employer.answer(Manner::Answers(503));
    let holder = world.holder("zhang").await;
    let leaving = holder.apply("cancellation", &[], json!({ "declaration": true })).await;
    world.approve(&leaving).await;
    let calls = told(&world, &employer).await;
    assert_eq!(standings(&calls[1..]), [("valid", "cancelled")]);
    let view = client.read().await.expect(200);
    assert_eq!(view.text("/failing/error"), "http_503");

    // Too early, nothing; once it's due, again, and this time it's taken.
    let sweep = || world.system.reminder.run(Job::Sweep, Duration::from_mins(1), |_| {});
    employer.answer(Manner::Takes);
    sweep().await.unwrap();
    assert_eq!(employer.calls().len(), 2);
    world.system.clock.put(world.now().plus_seconds(180));
    assert_eq!(sweep().await.unwrap().sent, 1);
    let calls = employer.calls();
    assert_eq!(calls.len(), 3);
    assert_eq!((&calls[1].headers.id, &calls[1].body), (&calls[2].headers.id, &calls[2].body));
    assert_ne!(calls[1].headers.timestamp, calls[2].headers.timestamp);
    assert_eq!(client.read().await.expect(200).body.get("failing"), None);
}
