//! The transcript: what counts, why the rest doesn't, what is missing; of this cycle and of past ones.

use super::{course, offer, registered, report};
use serde_json::{Value, json};
use tests::World;

#[tokio::test]
async fn an_empty_transcript_says_what_is_asked_for_and_by_when() {
    let world = World::new().await;
    let (holder, number) = registered(&world, 1).await;
    let transcript = holder.get("/v1/me/transcript").await.expect(200);
    assert_eq!(transcript.text("/registration_number"), number);
    assert_eq!(transcript.body["items"], json!([]));
    assert_eq!(transcript.body["hours"]["missing"], json!(90));
    assert_eq!(transcript.text("/unit"), "学时");
    assert!(transcript.text("/advice").contains("还差 90 学时"), "{}", transcript.text("/advice"));
    assert_eq!(transcript.text("/cycles/0/start"), transcript.text("/cycle/start"));
    assert_eq!(transcript.body["renewal"]["possible_from"], Value::Null);
    assert!(transcript.text("/rule/source").contains("指南"), "{:#}", transcript.body["rule"]);
}

#[tokio::test]
async fn who_is_not_registered_has_none() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let refused = holder.get("/v1/me/transcript").await.expect(422);
    assert_eq!(refused.code(), "not_registered");
}

#[tokio::test]
async fn a_cycle_that_never_was_is_not_found_and_those_that_were_are_named() {
    let world = World::new().await;
    let (holder, number) = registered(&world, 1).await;
    let refused = holder.get("/v1/me/transcript?cycle=2020-01-01").await.expect(404);
    assert_eq!(refused.code(), "unknown_cycle");
    assert!(refused.text("/detail").contains("2026-03-02"), "{}", refused.text("/detail"));
    let refused = holder.get("/v1/me/transcript?registration=422026000000019").await.expect(404);
    assert_eq!(refused.code(), "unknown_registration");
    assert!(refused.text("/detail").contains(&number), "{}", refused.text("/detail"));
    assert_eq!(holder.get("/v1/me/transcript?cycle=yesterday").await.expect(400).code(), "invalid_query");
}

#[tokio::test]
async fn every_hour_that_does_not_count_has_its_reason_and_its_rule() {
    let world = World::new().await;
    registered(&world, 1).await;
    world.put("2026-06-11T10:00:00+08:00");
    let provider = world.staff("peixun").await;
    let holder = world.holder("zhang").await;
    let id = offer(&provider, course("2026-06-10", "2026-06-10")).await;
    report(&provider, &id, "name,management_number\n张晓雯,2025104200000001\n").await.expect(202);
    world.system.drain().await.unwrap();
    let seminar = json!({ "form": "seminar", "category": "professional", "title": "个案研讨", "hours": 4,
        "done_from": "2026-06-01" });
    holder.post("/v1/me/credits", seminar).await.expect(201);
    let transcript = holder.get("/v1/me/transcript").await.expect(200);
    let items = transcript.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "by the day they were done");
    assert_eq!((&items[0]["counted"], &items[0]["uncounted"][0]["code"]), (&json!(0), &json!("draft")));
    assert!(items[0]["uncounted"][0]["detail"].as_str().unwrap().contains("提交"));
    assert!(items[0]["uncounted"][0]["rule"]["source"].is_string());
    assert_eq!((&items[1]["counted"], &items[1]["uncounted"]), (&json!(6), &json!([])));
    assert_eq!(transcript.body["by_form"][0]["label"], json!("面授培训"));
    assert_eq!(transcript.body["by_category"][0]["counted"], json!(6));
}

#[tokio::test]
async fn a_cycle_that_a_renewal_closed_keeps_its_transcript() {
    let world = World::new().await;
    let (holder, number) = registered(&world, 1).await;
    let id = holder.get("/v1/me").await.text("/holder_id");
    world.record_hours(&id, "2026-03-02", "2028-05-01", 900).await;
    world.put("2029-01-10T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    let renewal = holder.open("renewal").await;
    holder.attach(&renewal, "photo").await;
    holder.edit(&renewal, json!({ "declaration": true })).await.expect(200);
    holder.submit(&renewal).await.expect(200);
    for reviewer in ["chushen", "zhongshen"] {
        world.staff(reviewer).await.decide(&renewal, json!({ "outcome": "approve" })).await.expect(200);
    }
    let present = holder.get("/v1/me/transcript").await.expect(200);
    assert_eq!((present.text("/registration_number"), present.body["items"].clone()), (number, json!([])));
    assert_eq!(present.body["cycles"].as_array().unwrap().len(), 2);
    let past = holder.get("/v1/me/transcript?cycle=2026-03-02").await.expect(200);
    assert_eq!(past.body["hours"]["counted"], json!(90));
    assert_eq!(past.text("/renewed_by"), renewal);
    assert!(past.text("/advice").contains("锁定"), "{}", past.text("/advice"));
    // Long after the working set has left it behind.
    world.put("2036-01-10T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    let old = holder.get("/v1/me/transcript?cycle=2026-03-02").await.expect(200);
    assert_eq!(old.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_transcript_is_one_query_at_five_records_and_at_five_hundred() {
    let (world, wire) = World::wired(tests::START).await;
    let (holder, _) = registered(&world, 1).await;
    let id = holder.get("/v1/me").await.text("/holder_id");
    // Half of a unit for each 4 kB read and begun, consistently read twice that: a record is some 1.2 kB. What a
    // transcript costs grows with what it shows, and by nothing else; the calls don't grow at all.
    for count in [5, 495] {
        for nth in 0..count {
            world.record_hours(&id, "2026-03-02", &format!("2026-{:02}-10", 3 + nth % 9), 1).await;
        }
        // What the registration set going has come to its end.
        world.mails().await;
        wire.take();
        let transcript = holder.get("/v1/me/transcript").await.expect(200);
        let calls = wire.take();
        assert_eq!(transcript.body["items"].as_array().unwrap().len(), if count == 5 { 5 } else { 500 });
        assert_eq!(calls.iter().map(|call| call.operation.as_str()).collect::<Vec<_>>(), ["Query"]);
    }
}
