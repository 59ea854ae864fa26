//! Evidence that was asked for of what counts already: answered with a real upload, whatever cycle it's of.

use super::{attach, record, submit, uploaded};
use crate::{confirm, download, jpeg, remove};
use serde_json::{Value, json};
use tests::{Person, World};

/// A record that counts, of somebody registered on 2 March 2026; its id.
async fn counting(world: &World) -> (Person<'_>, String) {
    let holder = world.holder("zhang").await;
    holder.register(1).await;
    let id = holder.get("/v1/me").await.expect(200).text("/holder_id");
    world.record_hours(&id, "2026-03-02", "2026-03-02", 60).await;
    let credit = holder.get("/v1/me/transcript").await.expect(200).text("/items/0/credit/id");
    (holder, credit)
}

/// Recognises it.
async fn recognise(world: &World, credit: &str) -> Value {
    let reviewer = world.staff("chushen").await;
    let version = reviewer.get(&format!("/v1/review/credits/{credit}")).await.expect(200).etag();
    let path = format!("/v1/review/credits/{credit}/decision");
    let decision = json!({ "outcome": "recognise" });
    reviewer.send("POST", &path, Some(decision), &[("If-Match", &version)]).await.expect(200).body
}

#[tokio::test]
async fn who_is_drawn_uploads_submits_and_is_recognised() {
    let rules = tests::edited_rules(&[("audit_percent = { value = 0,", "audit_percent = { value = 100,")]);
    let world = World::ruled_by(rules).await;
    let (_, credit) = counting(&world).await;
    world.put("2026-04-02T10:00:00+08:00");
    let draw = json!({ "area": "4201", "month": "2026-03", "seed": "A7" });
    world.staff("zhongshen").await.post("/v1/review/samples", draw).await.expect(201);
    world.mails().await;
    assert_eq!(world.run_job().await.evidence_asked, 1);
    let holder = world.holder("zhang").await;
    let asked = record(&holder, &credit).await;
    assert_eq!(
        (&asked["state"], &asked["missing"][0]["code"]),
        (&json!("recorded"), &json!("missing_evidence"))
    );
    assert_eq!(submit(&holder, &credit).await.expect(422).text("/errors/0/code"), "missing_evidence");

    let file = attach(&holder, &credit, &jpeg(b'a')).await;
    let brought = submit(&holder, &credit).await.expect(200);
    assert_eq!(brought.body["state"], "recorded", "it counts meanwhile");
    assert!(brought.body["audit"]["answered_at"].is_string());
    assert_eq!(remove(&holder, &file).await.expect(409).code(), "attachment_required");
    assert_eq!(download(&world.staff("chushen").await, &file).await, jpeg(b'a'));

    recognise(&world, &credit).await;
    let closed = record(&holder, &credit).await;
    assert_eq!((&closed["state"], closed["audit"]["closed_at"].is_string()), (&json!("recognised"), true));
}

#[tokio::test]
async fn what_is_asked_of_a_cycle_before_the_working_set_can_be_brought() {
    let world = World::new().await;
    let (_, credit) = counting(&world).await;
    world.put("2030-06-10T10:00:00+08:00");
    let asking = format!("/v1/review/credits/{credit}/evidence-request");
    world.staff("chushen").await.post_empty(&asking).await.expect(200);
    let holder = world.holder("zhang").await;
    assert_eq!(submit(&holder, &credit).await.expect(422).text("/errors/0/code"), "missing_evidence");
    let first = attach(&holder, &credit, &jpeg(b'a')).await;
    confirm(&holder, &first).await.expect(200);
    let spare = uploaded(&holder, &credit, &jpeg(b'b')).await;
    remove(&holder, &spare).await.expect(200);
    submit(&holder, &credit).await.expect(200);
    let path = format!("/v1/me/credits/{credit}");
    for (method, body) in [("PATCH", Some(json!({ "hours": 5 }))), ("DELETE", None)] {
        let refused = holder.send(method, &path, body, &[]).await.expect(409);
        assert_eq!(refused.code(), "wrong_credit_state", "{method}");
    }
    recognise(&world, &credit).await;
}
