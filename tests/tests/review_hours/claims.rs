//! Claims: who decides them, in which version, in part, and many at once.

use super::{claim, decide, draft, june, open, queue, reviewer_zhang};
use serde_json::json;

#[tokio::test]
async fn a_claim_is_recognised_in_part_and_its_holder_learns_why() {
    let world = june(&["zhang"]).await;
    let zhang = world.holder("zhang").await;
    let id = draft(&zhang, "online", 8.0).await;
    let reviewer = world.staff("chushen").await;
    assert_eq!(queue(&reviewer).await, [] as [serde_json::Value; 0], "a draft is its holder's alone");
    assert_eq!(open(&reviewer, &id).await.expect(404).code(), "unknown_credit");
    zhang.post_empty(&format!("/v1/me/credits/{id}/submission")).await.expect(200);

    let waiting = queue(&reviewer).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!((&waiting[0]["credit_id"], &waiting[0]["state"]), (&json!(id), &json!("pending")));
    assert_eq!((&waiting[0]["claimed"], &waiting[0]["sample"]), (&json!(8), &json!(null)));
    let counters = reviewer.get("/v1/review/counters").await.expect(200);
    assert_eq!(counters.body["hours"]["waiting"], 1, "{:#}", counters.body);
    assert_eq!(counters.body["hours"]["overdue"], 0);

    let opened = open(&reviewer, &id).await.expect(200);
    assert_eq!(opened.body["standing"]["recognised_in_full"]["counted"], 8.0);
    assert_eq!(opened.body["standing"]["now"]["uncounted"][0]["code"], "pending");
    assert_eq!(opened.text("/holder/name"), "张晓雯");
    let path = format!("/v1/review/credits/{id}/decision");
    let unseen = reviewer.post(&path, json!({ "outcome": "recognise" })).await;
    assert_eq!(unseen.expect(428).code(), "version_required");
    let in_part = json!({ "outcome": "recognise", "hours": 5 });
    let refused = decide(&reviewer, &id, &opened.etag(), in_part).await;
    assert_eq!(refused.expect(422).code(), "credit_reason_needed");
    let mixed = json!({ "outcome": "refuse", "hours": 5, "reasons": [{ "ground": "other" }] });
    assert_eq!(decide(&reviewer, &id, &opened.etag(), mixed).await.expect(422).code(), "invalid_fields");

    let mails = world.mails().await.len();
    let reasons = json!([{ "ground": "hours_overstated", "note": "签到表只有五个学时" }]);
    let in_part = json!({ "outcome": "recognise", "hours": 5, "reasons": reasons });
    let decided = decide(&reviewer, &id, &opened.etag(), in_part.clone()).await.expect(200);
    assert_eq!((&decided.body["state"], &decided.body["recognised"]), (&json!("recognised"), &json!(5)));
    assert!(queue(&reviewer).await.is_empty());
    let told = world.mails().await;
    assert_eq!(told.len(), mails + 1);
    assert!(told[mails].summary.subject.contains("部分认定"), "{}", told[mails].summary.subject);
    let transcript = zhang.get("/v1/me/transcript").await.expect(200);
    assert_eq!(transcript.body["hours"]["counted"], 5.0);
    assert_eq!(transcript.text("/items/0/credit/reasons/0/note"), "签到表只有五个学时");

    // Who decides twice is told that it's decided, not that the page is old.
    let again = decide(&reviewer, &id, &opened.etag(), in_part).await;
    assert_eq!(again.expect(409).code(), "wrong_credit_state");
}

#[tokio::test]
async fn a_claim_is_decided_by_who_holds_its_stage_in_its_area_and_in_the_version_they_saw() {
    let world = june(&["zhang"]).await;
    let zhang = world.holder("zhang").await;
    let id = claim(&zhang, 8.0).await;
    let recognise = json!({ "outcome": "recognise" });

    let away = world.staff("chushen-yichang").await;
    assert!(queue(&away).await.is_empty());
    assert_eq!(open(&away, &id).await.expect(403).code(), "outside_area");
    assert_eq!(decide(&away, &id, "\"2\"", recognise.clone()).await.expect(403).code(), "outside_area");
    let last = world.staff("zhongshen").await;
    assert_eq!(last.get("/v1/review/credits").await.expect(403).code(), "wrong_reviewer");
    assert_eq!(last.get("/v1/review/counters").await.expect(200).body["hours"], json!(null));
    let opened = open(&last, &id).await.expect(200);
    assert_eq!(
        decide(&last, &id, &opened.etag(), recognise.clone()).await.expect(403).code(),
        "wrong_reviewer"
    );
    assert_eq!(open(&zhang, &id).await.expect(403).code(), "forbidden");

    let reviewer = world.staff("chushen").await;
    let opened = open(&reviewer, &id).await.expect(200);
    let path = format!("/v1/me/credits/{id}");
    zhang.send("PATCH", &path, Some(json!({ "hours": 6 })), &[]).await.expect(200);
    let stale = decide(&reviewer, &id, &opened.etag(), recognise.clone()).await;
    assert_eq!(stale.expect(412).code(), "version_stale");
    assert_eq!(queue(&reviewer).await.len(), 1, "nothing was decided");
    let opened = open(&reviewer, &id).await.expect(200);
    decide(&reviewer, &id, &opened.etag(), recognise).await.expect(200);
}

#[tokio::test]
async fn nobody_decides_their_own_claim() {
    let world = june(&["zhang"]).await;
    let id = claim(&world.holder("zhang").await, 8.0).await;
    let own = reviewer_zhang(&world).await;
    assert_eq!(open(&own, &id).await.expect(403).code(), "own_application");
    let decided = decide(&own, &id, "\"2\"", json!({ "outcome": "recognise" })).await;
    assert_eq!(decided.expect(403).code(), "own_application");
}

#[tokio::test]
async fn claims_that_say_the_same_are_decided_together_and_one_that_changed_is_left() {
    let world = june(&["zhang", "li", "wang"]).await;
    for name in ["zhang", "li", "wang"] {
        claim(&world.holder(name).await, 8.0).await;
    }
    let reviewer = world.staff("chushen").await;
    let waiting = queue(&reviewer).await;
    assert_eq!(waiting.len(), 3);
    assert!(waiting.iter().all(|entry| entry["alike"] == waiting[0]["alike"]), "{waiting:#?}");
    let page = reviewer.get("/v1/review/credits?limit=2").await.expect(200);
    let rest = format!("/v1/review/credits?limit=2&cursor={}", page.text("/next"));
    let rest = reviewer.get(&rest).await.expect(200);
    assert_eq!(rest.body["items"], json!([waiting[2]]), "the page behind begins where the first ended");
    assert_eq!(rest.body["next"], json!(null));

    let changed = waiting[1]["credit_id"].as_str().unwrap();
    for name in ["zhang", "li", "wang"] {
        let path = format!("/v1/me/credits/{changed}");
        let edited = world.holder(name).await.send("PATCH", &path, Some(json!({ "hours": 7 })), &[]).await;
        assert!([200, 404].contains(&edited.status.as_u16()));
    }
    let items = waiting.iter().map(|entry| {
        let (id, version) = (&entry["credit_id"], &entry["version"]);
        json!({ "credit_id": id, "version": version, "outcome": "recognise" })
    });
    let body = json!({ "items": items.collect::<Vec<_>>() });
    let send = async || {
        let key = [("Idempotency-Key", "batch-1")];
        reviewer.send("POST", "/v1/review/credits/decisions", Some(body.clone()), &key).await.expect(200)
    };
    let decided = send().await;
    let statuses: Vec<_> = (0..3).map(|n| decided.body["items"][n]["status"].clone()).collect();
    assert_eq!(statuses, [200, 412, 200]);
    assert_eq!(decided.body["items"][1]["code"], "version_stale");
    assert_eq!(send().await.body, decided.body, "sent again, it's answered as before");
    let left = queue(&reviewer).await;
    assert_eq!((left.len(), &left[0]["credit_id"]), (1, &json!(changed)));
    assert_ne!(left[0]["alike"], waiting[0]["alike"], "it says something else now");
    reviewer.post("/v1/review/credits/decisions", json!({ "items": [] })).await.expect(422);
}
