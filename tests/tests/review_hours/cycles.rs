//! A cycle of a registration, found by its number: what counts and is in no queue.

use super::{claim, draft, june, reviewer_zhang};
use serde_json::{Value, json};
use tests::{Person, Reply, World};

async fn cycle(reviewer: &Person<'_>, number: &str, query: &str) -> Reply {
    reviewer.get(&format!("/v1/review/registrations/{number}/credits{query}")).await
}

#[tokio::test]
async fn a_reviewer_has_what_the_holders_transcript_has_but_drafts() {
    let world = june(&["zhang"]).await;
    let zhang = world.holder("zhang").await;
    let me = zhang.get("/v1/me").await.expect(200);
    let number = me.text("/registrations/0/number");
    world.record_hours(&me.text("/holder_id"), "2026-03-02", "2026-05-01", 60).await;
    let waits = claim(&zhang, 8.0).await;
    draft(&zhang, "online", 3.0).await;

    let transcript = zhang.get("/v1/me/transcript").await.expect(200).body;
    for reviewer in ["chushen", "zhongshen"] {
        let seen = cycle(&world.staff(reviewer).await, &number, "").await.expect(200).body;
        for same in ["cycle", "hours", "with_pending", "unit", "renewed_by"] {
            assert_eq!(seen[same], transcript[same], "{same}");
        }
        assert_eq!(
            (&seen["holder"]["name"], &seen["holder"]["level"]),
            (&json!("张晓雯"), &json!("assistant_social_worker"))
        );
        assert_eq!(seen["holder"]["registration"]["number"], json!(number));
        let lines = seen["items"].as_array().unwrap();
        let all = transcript["items"].as_array().unwrap();
        assert_eq!((lines.len(), all.len()), (2, 3), "a draft is its holder's alone");
        assert!(lines.iter().all(|line| all.contains(line)), "{lines:#?}");
        assert_eq!((&lines[0]["counted"], &lines[1]["credit"]["id"]), (&json!(6), &json!(waits)));
    }
}

#[tokio::test]
async fn a_cycle_is_shown_to_those_of_its_area_who_are_not_its_holder() {
    let world = june(&["zhang"]).await;
    let zhang = world.holder("zhang").await;
    let number = zhang.get("/v1/me").await.text("/registrations/0/number");
    let away = world.staff("chushen-yichang").await;
    assert_eq!(cycle(&away, &number, "").await.expect(403).code(), "outside_area");
    assert_eq!(cycle(&zhang, &number, "").await.expect(403).code(), "forbidden");
    let own = reviewer_zhang(&world).await;
    assert_eq!(cycle(&own, &number, "").await.expect(403).code(), "own_application");
    let reviewer = world.staff("chushen").await;
    for nobodys in [&*tests::nobodys_number(), "000000000000001", "123", "zhang"] {
        assert_eq!(cycle(&reviewer, nobodys, "").await.expect(404).code(), "unknown_registration");
    }
    let unknown = cycle(&reviewer, &number, "?cycle=2025-01-01").await.expect(404);
    assert_eq!(unknown.code(), "unknown_cycle");
    assert!(unknown.text("/detail").contains("2026-03-02"), "{}", unknown.text("/detail"));
}

#[tokio::test]
async fn a_cycle_that_a_renewal_closed_is_found_and_so_is_the_last_one_however_long_ago() {
    let world = World::new().await;
    let zhang = world.holder("zhang").await;
    let number = zhang.register(1).await;
    let id = zhang.get("/v1/me").await.text("/holder_id");
    world.record_hours(&id, "2026-03-02", "2028-05-01", 900).await;
    world.put("2029-01-10T10:00:00+08:00");
    let zhang = world.holder("zhang").await;
    let renewal = zhang.open("renewal").await;
    zhang.attach(&renewal, "photo").await;
    zhang.edit(&renewal, json!({ "declaration": true })).await.expect(200);
    zhang.submit(&renewal).await.expect(200);
    for reviewer in ["chushen", "zhongshen"] {
        let reviewer = world.staff(reviewer).await;
        let opened = reviewer.get(&format!("/v1/review/applications/{renewal}")).await.expect(200);
        assert_eq!(opened.body["registration"]["hours"]["counted"], 90.0, "who renews shows their hours");
        reviewer.decide(&renewal, json!({ "outcome": "approve" })).await.expect(200);
    }
    let start = zhang.get("/v1/me").await.text("/registrations/0/cycle/start");
    world.record_hours(&id, &start, "2029-05-01", 40).await;

    for (time, count) in [("2029-06-10T10:00:00+08:00", 4.0), ("2046-01-10T10:00:00+08:00", 4.0)] {
        world.put(time);
        let reviewer = world.staff("zhongshen").await;
        let present = cycle(&reviewer, &number, "").await.expect(200);
        assert_eq!(present.body["hours"]["counted"], count, "in {time}");
        assert_eq!(present.body["items"].as_array().unwrap().len(), 1, "in {time}");
        let starts: Vec<&Value> =
            present.body["cycles"].as_array().unwrap().iter().map(|c| &c["start"]).collect();
        assert_eq!(starts, [&json!(start), &json!("2026-03-02")]);
        let past = cycle(&reviewer, &number, "?cycle=2026-03-02").await.expect(200);
        assert_eq!((past.text("/renewed_by"), &past.body["hours"]["counted"]), (renewal.clone(), &json!(90)));
        assert_eq!(past.body["items"].as_array().unwrap().len(), 1, "in {time}");
    }
}
