//! "Would this count for me?"

use super::{course, offer, registered};
use rstest::rstest;
use serde_json::{Value, json};
use tests::World;

#[tokio::test]
async fn a_course_that_lies_ahead_is_tried_before_anybody_pays_for_it() {
    let world = World::new().await;
    registered(&world, 1).await;
    let provider = world.staff("peixun").await;
    let holder = world.holder("zhang").await;
    let id = offer(&provider, course("2026-09-10", "2026-09-10")).await;
    let preview = holder.post("/v1/me/credits/preview", json!({ "course": id })).await.expect(200);
    assert_eq!((&preview.body["counts"], &preview.body["gained"]), (&json!(true), &json!(6)));
    assert_eq!(preview.body["after"]["missing"], json!(84));
    assert_eq!(preview.body["problems"], json!([]));
    assert_eq!(holder.get("/v1/me/credits").await.expect(200).body["items"], json!([]), "nothing is kept");
}

#[rstest]
#[case::after_the_cycle(json!({ "done_from": "2029-03-03" }), "outside_cycle")]
#[case::another_unit(json!({ "unit": "小时" }), "other_unit")]
#[tokio::test]
async fn what_would_not_count_says_why_and_by_which_rule(#[case] edits: Value, #[case] code: &str) {
    let world = World::new().await;
    let (holder, _) = registered(&world, 1).await;
    let mut input = json!({ "form": "seminar", "category": "ethics", "title": "伦理研讨", "hours": 4,
        "done_from": "2026-06-01" });
    for (field, value) in edits.as_object().unwrap() {
        input[field] = value.clone();
    }
    let preview = holder.post("/v1/me/credits/preview", input).await.expect(200);
    assert_eq!((&preview.body["counts"], preview.text("/obstacle/code")), (&json!(false), code.to_owned()));
    assert!(preview.body["obstacle"]["rule"]["source"].is_string());
}

#[tokio::test]
async fn who_is_not_registered_is_told_so_and_an_unknown_course_is_named() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let input = json!({ "form": "seminar", "category": "ethics", "title": "伦理研讨", "hours": 4,
        "done_from": "2026-06-01" });
    let preview = holder.post("/v1/me/credits/preview", input).await.expect(200);
    assert_eq!(preview.text("/obstacle/code"), "not_registered");
    for course in ["0000000000000000", "../etc"] {
        let refused = holder.post("/v1/me/credits/preview", json!({ "course": course })).await.expect(422);
        assert_eq!(refused.text("/errors/0/code"), "unknown_course");
    }
}
