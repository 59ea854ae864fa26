//! Striking out: what it does is shown first, and only that very effect can be confirmed.

use super::june;
use serde_json::{Value, json};
use tests::{Person, Reply};

async fn void(reviewer: &Person<'_>, id: &str, version: &str, confirmation: &str) -> Reply {
    let body = json!({ "reasons": [{ "ground": "fraud" }], "confirmation": confirmation });
    let path = format!("/v1/review/credits/{id}/voiding");
    reviewer.send("POST", &path, Some(body), &[("If-Match", version)]).await
}

#[tokio::test]
async fn hours_are_struck_out_once_the_effect_was_seen_as_it_is() {
    let world = june(&["zhang"]).await;
    let zhang = world.holder("zhang").await;
    let holder = zhang.get("/v1/me").await.text("/holder_id");
    world.record_hours(&holder, "2026-03-02", "2026-05-01", 900).await;
    // What counts waits in no queue: whoever has to look at it again goes by the registration.
    let number = zhang.get("/v1/me").await.text("/registrations/0/number");
    let found =
        world.staff("zhongshen").await.get(&format!("/v1/review/registrations/{number}/credits")).await;
    let id = found.expect(200).text("/items/0/credit/id");
    let path = format!("/v1/review/credits/{id}/voiding");

    let first = world.staff("chushen").await;
    assert_eq!(first.get(&path).await.expect(403).code(), "wrong_reviewer", "it's for who decides last");
    let reviewer = world.staff("zhongshen").await;
    let seen = reviewer.get(&path).await.expect(200);
    assert_eq!((&seen.body["counted"], &seen.body["after"]["missing"]), (&json!(90), &json!(90)));
    assert_eq!(seen.body["consequences"][0]["code"], "cycle_short");
    let confirmation = seen.text("/confirmation");

    assert_eq!(void(&reviewer, &id, &seen.etag(), "").await.expect(409).code(), "effect_not_confirmed");
    // Meanwhile the cycle has other hours: what would be missing is another figure.
    world.record_hours(&holder, "2026-03-02", "2026-05-02", 100).await;
    let stale = void(&reviewer, &id, &seen.etag(), &confirmation).await;
    assert_eq!(stale.expect(409).code(), "effect_not_confirmed");
    let before = zhang.get("/v1/me/transcript").await.expect(200);
    assert_eq!(before.body["hours"]["counted"], 100.0, "nothing was struck out");

    let seen = reviewer.get(&path).await.expect(200);
    assert_eq!(seen.body["after"]["missing"], 80.0);
    let confirmation = seen.text("/confirmation");
    let path = format!("/v1/review/credits/{id}/voiding");
    let body = json!({ "reasons": [{ "ground": "fraud" }], "confirmation": confirmation });
    assert_eq!(reviewer.post(&path, body).await.expect(428).code(), "version_required");
    let mails = world.mails().await.len();
    let voided = void(&reviewer, &id, &seen.etag(), &confirmation).await.expect(200);
    assert_eq!(voided.body["state"], "voided");
    let after = zhang.get("/v1/me/transcript").await.expect(200);
    assert_eq!(after.body["hours"]["counted"], 10.0);
    let told = world.mails().await;
    assert_eq!(told.len(), mails + 1);
    assert!(told[mails].summary.subject.contains("作废"), "{}", told[mails].summary.subject);
    let again: Value = void(&reviewer, &id, &voided.etag(), &confirmation).await.expect(409).body;
    assert_eq!(again["code"], "wrong_credit_state");
}
