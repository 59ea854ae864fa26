//! What a provider reports, from the upload to the holder's mail, and what it corrects.

use super::{another_provider, course, offer, registered, report};
use serde_json::{Value, json};
use tests::World;

const LIST: &str = "name,management_number,hours\n张晓雯,2025104200000001,6\n张晓雯,2025104200000009,6\n";

#[tokio::test]
async fn a_class_list_is_uploaded_gone_through_and_told_of() {
    let world = World::new().await;
    registered(&world, 1).await;
    world.put("2026-06-11T10:00:00+08:00");
    let provider = world.staff("peixun").await;
    let holder = world.holder("zhang").await;
    let id = offer(&provider, course("2026-06-10", "2026-06-10")).await;
    let confirmed = report(&provider, &id, LIST).await.expect(202);
    assert_eq!(confirmed.text("/state"), "queued");
    let mail = world.mails().await.pop().unwrap();
    assert!(mail.summary.subject.contains("6 学时"), "{}", mail.summary.subject);

    let roster = confirmed.text("/id");
    let seen = provider.get(&format!("/v1/rosters/{roster}")).await.expect(200);
    assert_eq!(seen.text("/state"), "done");
    assert_eq!((seen.body["percent"].clone(), seen.body["total"].clone()), (json!(100), json!(2)));
    let counts = json!([
        { "outcome": "recorded", "label": "已记录", "rows": 1 },
        { "outcome": "waiting", "label": "待登记后计入", "rows": 1 },
    ]);
    assert_eq!(seen.body["counts"], counts);
    let rows = provider.get(&format!("/v1/rosters/{roster}/rows?outcome=recorded")).await.expect(200);
    assert_eq!(rows.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(rows.text("/items/0/name"), "张晓雯");

    let transcript = holder.get("/v1/me/transcript").await.expect(200);
    assert_eq!(transcript.body["hours"]["counted"], json!(6));
    assert_eq!(transcript.text("/items/0/credit/id"), rows.text("/items/0/credit"));
    let lists = provider.get("/v1/rosters").await.expect(200);
    assert_eq!(lists.text("/items/0/id"), roster);
}

#[tokio::test]
async fn what_is_uploaded_over_a_list_that_was_confirmed_is_not_gone_through() {
    let world = World::at("2026-06-11T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    let id = offer(&provider, course("2026-06-10", "2026-06-10")).await;
    let list = "name,management_number\n张晓雯,2025104200000001\n";
    let request = json!({ "course": id, "format": "csv", "file_name": "a.csv", "size": 4000 });
    let place = provider.post("/v1/rosters", request).await.expect(201);
    let send = async |list: String| {
        tests::upload(&place.body["upload"], "a.csv", "text/csv", list.into_bytes()).await
    };
    assert_eq!(send(list.to_owned()).await, 201);
    let path = format!("/v1/rosters/{}", place.text("/roster/id"));
    provider.post_empty(&format!("{path}/confirmation")).await.expect(202);
    assert_eq!(send(format!("{list}李四,2025104200000002\n")).await, 201, "the form still works");
    world.system.drain().await.unwrap();
    let seen = provider.get(&path).await.expect(200);
    assert_eq!((seen.text("/state"), seen.body["total"].clone()), ("done".into(), json!(1)));
}

#[tokio::test]
async fn confirming_again_tells_how_far_it_is() {
    let world = World::at("2026-06-11T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    let id = offer(&provider, course("2026-06-10", "2026-06-10")).await;
    let roster = report(&provider, &id, LIST).await.expect(202).text("/id");
    world.system.drain().await.unwrap();
    let again = provider.post_empty(&format!("/v1/rosters/{roster}/confirmation")).await.expect(202);
    assert_eq!(again.text("/state"), "done");
}

#[tokio::test]
async fn a_row_is_corrected_with_a_reason_that_its_holder_reads() {
    let world = World::new().await;
    registered(&world, 1).await;
    world.put("2026-06-11T10:00:00+08:00");
    let provider = world.staff("peixun").await;
    let holder = world.holder("zhang").await;
    let id = offer(&provider, course("2026-06-10", "2026-06-10")).await;
    let roster = report(&provider, &id, LIST).await.expect(202).text("/id");
    world.system.drain().await.unwrap();
    let row = format!("/v1/rosters/{roster}/rows/1");
    let correction = json!({ "hours": 3, "reason": { "note": "下午缺席" } });
    let key = [("Idempotency-Key", "correct-1")];
    let corrected = provider.send("PATCH", &row, Some(correction.clone()), &key).await.expect(200);
    assert_eq!(corrected.body["hours"], json!(3));
    let again = provider.send("PATCH", &row, Some(correction.clone()), &key).await.expect(200);
    assert_eq!(again.body, corrected.body, "a retry is answered as the first time");
    assert_eq!(
        provider.send("PATCH", &row, Some(correction), &[]).await.expect(422).code(),
        "nothing_changed"
    );
    assert_eq!(holder.get("/v1/me/transcript").await.body["hours"]["counted"], json!(3));
    let mail = world.mails().await.pop().unwrap();
    assert!(mail.text.unwrap().contains("下午缺席"));

    let over = json!({ "hours": 7, "reason": { "note": "多记" } });
    assert_eq!(provider.send("PATCH", &row, Some(over), &[]).await.expect(422).code(), "over_course_hours");
    let none = json!({ "hours": 3, "reason": { "ground": "no_such", "note": "x" } });
    assert_eq!(provider.send("PATCH", &row, Some(none), &[]).await.status, 422);
}

#[tokio::test]
async fn a_row_is_taken_back_whether_it_was_recorded_or_still_waits() {
    let world = World::new().await;
    registered(&world, 1).await;
    world.put("2026-06-11T10:00:00+08:00");
    let provider = world.staff("peixun").await;
    let holder = world.holder("zhang").await;
    let id = offer(&provider, course("2026-06-10", "2026-06-10")).await;
    let roster = report(&provider, &id, LIST).await.expect(202).text("/id");
    world.system.drain().await.unwrap();
    let reason = json!({ "reason": { "note": "报错班级" } });
    for row in [1, 2] {
        let path = format!("/v1/rosters/{roster}/rows/{row}/withdrawal");
        let taken = provider.post(&path, reason.clone()).await.expect(200);
        assert_eq!(taken.text("/outcome"), "withdrawn");
        assert_eq!(provider.post(&path, reason.clone()).await.expect(409).code(), "wrong_credit_state");
    }
    let seen = provider.get(&format!("/v1/rosters/{roster}")).await;
    assert_eq!(seen.body["counts"], json!([{ "outcome": "withdrawn", "label": "已撤回", "rows": 2 }]));
    let transcript = holder.get("/v1/me/transcript").await;
    assert_eq!(transcript.text("/items/0/uncounted/0/code"), "withdrawn");
    // Who waited and was taken back has nothing when they register.
    let other = world.holder("li").await;
    other.register(9).await;
    world.system.drain().await.unwrap();
    assert_eq!(other.get("/v1/me/transcript").await.expect(200).body["items"], json!([]));
    // A class list that is corrected and reported again finds its rows free.
    let again = report(&provider, &id, LIST).await.expect(202).text("/id");
    world.system.drain().await.unwrap();
    let counted = provider.get(&format!("/v1/rosters/{again}")).await;
    assert_eq!(counted.body["counts"], json!([{ "outcome": "recorded", "label": "已记录", "rows": 2 }]));
}

#[tokio::test]
async fn who_registers_after_the_class_has_its_hours_without_anybody_asking() {
    let world = World::at("2026-03-01T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    let id = offer(&provider, course("2026-02-27", "2026-02-27")).await;
    let roster = report(&provider, &id, LIST).await.expect(202).text("/id");
    world.system.drain().await.unwrap();
    let (holder, _) = registered(&world, 1).await;
    world.system.drain().await.unwrap();
    let transcript = holder.get("/v1/me/transcript").await.expect(200);
    assert_eq!(transcript.body["hours"]["counted"], json!(6), "the first cycle counts what came before it");
    let row = provider.get(&format!("/v1/rosters/{roster}/rows?outcome=recorded")).await;
    assert_eq!(row.text("/items/0/credit"), transcript.text("/items/0/credit/id"));
}

#[tokio::test]
async fn a_file_that_is_no_list_is_named_when_it_is_confirmed() {
    let world = World::at("2026-06-11T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    let id = offer(&provider, course("2026-06-10", "2026-06-10")).await;
    let zip = report(&provider, &id, "PK\u{3}\u{4}abcdefgh").await;
    assert_eq!(zip.expect(422).code(), "is_a_zip");

    let input = |size: u64| json!({ "course": id, "format": "csv", "file_name": "a.csv", "size": size });
    for size in [0, 200 * 1024 * 1024] {
        let refused = provider.post("/v1/rosters", input(size)).await.expect(422);
        assert_eq!(refused.text("/errors/0/code"), "file_too_large");
    }
    // A form for a small list takes no large file.
    let place = provider.post("/v1/rosters", input(100)).await.expect(201);
    let status = tests::upload(&place.body["upload"], "a.csv", "text/csv", vec![b'a'; 200_000]).await;
    assert_eq!(status, 400);
    let id = place.text("/roster/id");
    let unconfirmed = provider.post_empty(&format!("/v1/rosters/{id}/confirmation")).await.expect(409);
    assert_eq!(unconfirmed.code(), "attachment_not_uploaded");

    let unknown: Value =
        json!({ "course": "0000000000000000", "format": "csv", "file_name": "a", "size": 9 });
    let refused = provider.post("/v1/rosters", unknown).await.expect(422);
    assert_eq!(
        (refused.text("/errors/0/field"), refused.text("/errors/0/code")),
        ("course".into(), "unknown_course".into())
    );
}

#[tokio::test]
async fn another_providers_lists_and_courses_are_not_theirs() {
    let world = World::at("2026-06-11T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    let id = offer(&provider, course("2026-06-10", "2026-06-10")).await;
    let roster = report(&provider, &id, LIST).await.expect(202).text("/id");
    let other = another_provider(&world).await;
    for path in [format!("/v1/rosters/{roster}"), format!("/v1/rosters/{roster}/rows")] {
        assert_eq!(other.get(&path).await.expect(404).code(), "unknown_roster");
    }
    let input = json!({ "course": id, "format": "csv", "file_name": "a.csv", "size": 9 });
    assert_eq!(other.post("/v1/rosters", input).await.expect(403).code(), "other_provider");
    let withdrawn = other.send("DELETE", &format!("/v1/courses/{id}"), None, &[]).await;
    assert_eq!(withdrawn.expect(403).code(), "other_provider");
}
