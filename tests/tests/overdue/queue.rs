//! What the queue and the counters say of the limit.

use super::{DUE, counts, queue, submitted};
use serde_json::json;
use tests::World;

#[tokio::test]
async fn queue_counters_and_application_show_what_is_due_and_what_is_overdue() {
    let world = World::new().await;
    let id = submitted(&world, 1).await;
    // Five working days are soon: 7 April, the day after Tomb-Sweeping Day, is the first of them.
    for (day, left, due_soon, overdue) in [
        ("2026-03-02", 30, false, false),
        ("2026-04-03", 6, false, false),
        ("2026-04-07", 5, true, false),
        (DUE, 0, true, false),
        ("2026-04-15", -1, false, true),
        ("2026-05-06", -13, false, true),
    ] {
        world.put(&format!("{day}T10:00:00+08:00"));
        let reviewer = world.staff("chushen").await;
        let [entry] = &queue(&reviewer).await[..] else { panic!("one waits") };
        assert_eq!(entry["decision_due"], DUE);
        assert_eq!(
            (&entry["working_days_left"], &entry["due_soon"], &entry["overdue"]),
            (&json!(left), &json!(due_soon), &json!(overdue)),
            "{day}"
        );
        assert_eq!(counts(&reviewer).await, [1, u64::from(due_soon), u64::from(overdue)], "{day}");
        let held = world.holder("person1").await.get(&format!("/v1/applications/{id}")).await.expect(200);
        assert_eq!((&held.body["decision_due"], &held.body["overdue"]), (&json!(DUE), &json!(overdue)));
    }
}

#[tokio::test]
async fn the_limit_counts_from_the_last_amendment_and_the_place_from_the_first_submission() {
    let world = World::new().await;
    let (amended, other) = (submitted(&world, 1).await, submitted(&world, 2).await);
    world.put("2026-03-09T10:00:00+08:00");
    let holder = world.holder("person1").await;
    holder.edit(&amended, json!({ "mobile": "13900139000" })).await.expect(200);
    world.put("2026-04-15T10:00:00+08:00");
    let reviewer = world.staff("chushen").await;
    let shown: Vec<_> = queue(&reviewer)
        .await
        .iter()
        .map(|entry| {
            (entry["application_id"].clone(), entry["decision_due"].clone(), entry["overdue"].clone())
        })
        .collect();
    let expected =
        [(json!(amended), json!("2026-04-21"), json!(false)), (json!(other), json!(DUE), json!(true))];
    assert_eq!(
        shown, expected,
        "what was amended keeps its place, and has the day that its new receipt says"
    );
    assert_eq!(counts(&reviewer).await, [2, 1, 1], "each is counted as the queue shows it");
}
