//! Hours that a holder claims: drafted, edited, taken back; and what no claim can say.

use super::{course, offer, registered};
use rstest::rstest;
use serde_json::{Value, json};
use tests::World;

fn seminar() -> Value {
    json!({ "form": "seminar", "category": "ethics", "title": "伦理研讨会", "hours": 4, "done_from": "2026-06-01" })
}

#[tokio::test]
async fn a_claim_is_kept_as_a_draft_and_says_what_it_lacks() {
    let world = World::new().await;
    registered(&world, 1).await;
    world.put("2026-06-11T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    let drafted = holder.post("/v1/me/credits", seminar()).await.expect(201);
    assert_eq!((drafted.text("/state"), drafted.text("/state_label")), ("draft".into(), "未提交".into()));
    assert_eq!(drafted.text("/missing/0/code"), "missing_evidence");
    assert!(drafted.body["draft_expires_at"].is_string());
    let id = drafted.text("/id");
    let path = format!("/v1/me/credits/{id}");
    let refused = holder.post_empty(&format!("{path}/submission")).await.expect(422);
    assert_eq!(refused.text("/errors/0/code"), "missing_evidence");

    let edit = json!({ "hours": 5 });
    let etag = drafted.etag();
    let edited = holder.send("PATCH", &path, Some(edit.clone()), &[("If-Match", &etag)]).await.expect(200);
    assert_eq!(
        (edited.body["claimed"].clone(), edited.text("/activity/title")),
        (json!(5), "伦理研讨会".into())
    );
    let stale = holder.send("PATCH", &path, Some(edit), &[("If-Match", &etag)]).await;
    assert_eq!(stale.expect(412).code(), "version_stale");

    assert_eq!(holder.get("/v1/me/credits?state=draft").await.body["items"].as_array().unwrap().len(), 1);
    let taken_back = holder.send("DELETE", &path, None, &[]).await.expect(200);
    assert_eq!(taken_back.text("/state"), "withdrawn");
    assert_eq!(holder.get(&path).await.expect(200).text("/state"), "withdrawn");
    assert_eq!(holder.send("DELETE", &path, None, &[]).await.expect(409).code(), "wrong_credit_state");
}

#[tokio::test]
async fn a_course_says_what_it_was_and_the_holder_need_not() {
    let world = World::new().await;
    registered(&world, 1).await;
    world.put("2026-06-11T10:00:00+08:00");
    let provider = world.staff("peixun").await;
    let holder = world.holder("zhang").await;
    let id = offer(&provider, course("2026-06-10", "2026-06-10")).await;
    let drafted = holder.post("/v1/me/credits", json!({ "course": id, "hours": 3 })).await.expect(201);
    assert_eq!(drafted.text("/activity/title"), "社会工作价值观与伦理（武汉三期）");
    assert_eq!(
        (drafted.text("/activity/done_to"), drafted.body["claimed"].clone()),
        ("2026-06-10".into(), json!(3))
    );
    let path = format!("/v1/me/credits/{}", drafted.text("/id"));
    let edited = holder.send("PATCH", &path, Some(json!({ "hours": 6 })), &[]).await.expect(200);
    assert_eq!(edited.text("/activity/course"), id, "an edit keeps its course");
    let over = holder.send("PATCH", &path, Some(json!({ "hours": 7 })), &[]).await.expect(422);
    assert_eq!(over.code(), "over_course_hours");
}

#[rstest]
#[case::negative_hours(json!({ "hours": -4 }), "hours", "wrong_shape")]
#[case::no_hours(json!({ "hours": 0 }), "hours", "hours_absurd")]
#[case::absurd_hours(json!({ "hours": 5000 }), "hours", "hours_absurd")]
#[case::more_than_the_day_has(json!({ "hours": 25 }), "hours", "hours_absurd")]
#[case::hours_as_a_word(json!({ "hours": "四" }), "hours", "wrong_shape")]
#[case::two_decimals(json!({ "hours": 3.25 }), "hours", "wrong_shape")]
#[case::tomorrow(json!({ "done_from": "2026-06-12" }), "done_to", "date_in_future")]
#[case::the_wrong_way_round(json!({ "done_to": "2026-05-01" }), "done_from", "dates_out_of_order")]
#[case::a_day_that_is_none(json!({ "done_from": "2026-02-30" }), "done_from", "wrong_shape")]
#[case::a_title_of_two_lines(json!({ "title": "伦\n理" }), "title", "wrong_shape")]
#[case::an_unknown_course(json!({ "course": "0000000000000000" }), "course", "unknown_course")]
#[case::no_course_at_all(json!({ "course": "x" }), "course", "unknown_course")]
#[case::an_unknown_form(json!({ "form": "dreaming" }), "form", "wrong_shape")]
#[case::a_paper_of_no_journal(json!({ "form": "paper" }), "particulars.journal_class", "missing_field")]
#[tokio::test]
async fn what_no_claim_can_say_is_refused_by_field(
    #[case] edits: Value,
    #[case] field: &str,
    #[case] code: &str,
) {
    let world = World::new().await;
    registered(&world, 1).await;
    world.put("2026-06-11T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    let mut input = seminar();
    for (name, value) in edits.as_object().unwrap() {
        input[name] = value.clone();
    }
    let refused = holder.post("/v1/me/credits", input).await.expect(422);
    let errors = refused.body["errors"].as_array().unwrap();
    let found = errors.iter().any(|error| error["field"] == json!(field) && error["code"] == json!(code));
    assert!(found, "{:#}", refused.body);
    let detail = errors[0]["detail"].as_str().unwrap();
    assert!(!detail.is_ascii(), "in Chinese: {detail}");
    assert_eq!(holder.get("/v1/me/credits").await.body["items"], json!([]));
}

#[tokio::test]
async fn a_claim_that_lacks_everything_says_all_of_it() {
    let world = World::new().await;
    let (holder, _) = registered(&world, 1).await;
    let refused = holder.post("/v1/me/credits", json!({})).await.expect(422);
    let fields: Vec<_> =
        refused.body["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, ["form", "category", "title", "done_from"]);
}

#[tokio::test]
async fn a_claim_that_is_sent_again_is_one_claim() {
    let world = World::new().await;
    registered(&world, 1).await;
    world.put("2026-06-11T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    let key = [("Idempotency-Key", "claim-1")];
    let first = holder.send("POST", "/v1/me/credits", Some(seminar()), &key).await.expect(201);
    let again = holder.send("POST", "/v1/me/credits", Some(seminar()), &key).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(holder.get("/v1/me/credits").await.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn somebody_elses_claim_is_nobodys() {
    let world = World::new().await;
    registered(&world, 1).await;
    world.put("2026-06-11T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    let id = holder.post("/v1/me/credits", seminar()).await.expect(201).text("/id");
    let other = world.holder("li").await;
    let path = format!("/v1/me/credits/{id}");
    for (method, path) in [
        ("GET", path.clone()),
        ("DELETE", path.clone()),
        ("PATCH", path.clone()),
        ("POST", format!("{path}/submission")),
        ("GET", "/v1/me/credits/nonsense".to_owned()),
    ] {
        let body = (method == "PATCH").then(|| json!({ "hours": 1 }));
        assert_eq!(
            other.send(method, &path, body, &[]).await.expect(404).code(),
            "unknown_credit",
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_draft_past_its_day_is_gone_from_every_list_before_the_table_removes_it() {
    let world = World::new().await;
    registered(&world, 1).await;
    world.put("2026-06-11T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    let id = holder.post("/v1/me/credits", seminar()).await.expect(201).text("/id");
    let path = format!("/v1/me/credits/{id}");
    for (time, there) in [("2026-12-08T09:59:00+08:00", 1), ("2026-12-08T10:01:00+08:00", 0)] {
        world.put(time);
        let holder = world.holder("zhang").await;
        let list = holder.get("/v1/me/credits").await.expect(200);
        assert_eq!(list.body["items"].as_array().unwrap().len(), there, "{time}");
        let transcript = holder.get("/v1/me/transcript").await.expect(200);
        assert_eq!(transcript.body["items"].as_array().unwrap().len(), there, "{time}");
        holder.get(&path).await.expect(if there == 1 { 200 } else { 404 });
    }
}
