//! Objections: receipted, upheld, dismissed, entered in somebody's name; and one day too late.

use super::{DAY_AFTER, LAST_DAY, announce, day, decide, mail, object, path, standing, status};
use serde_json::json;
use tests::{Person, World};

async fn announced(world: &World) -> (Person<'_>, String) {
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    announce(&world.staff("admin").await, &number).await.expect(201);
    (holder, number)
}

#[tokio::test]
async fn an_objection_is_receipted_and_stops_the_job() {
    let world = World::new().await;
    let (_, number) = announced(&world).await;
    world.put(&format!("{LAST_DAY}T23:59:59+08:00"));
    let holder = world.holder("zhang").await;
    let objected = object(&holder, &number).await.expect(201);
    assert_eq!(
        (objected.text("/state"), objected.body["may_object"].clone()),
        ("objected".into(), json!(false))
    );
    assert_eq!(objected.body["objection"]["entered_by_staff"], json!(false));
    let text = mail(&world, "异议已收到").await;
    assert!(text.contains("证明由原单位出具，公章真实。") && text.contains("登记不会被撤销"), "{text}");
    assert_eq!(object(&holder, &number).await.expect(409).code(), "already_objected");
    world.put_day(day(LAST_DAY).plus_days(30));
    assert_eq!(world.run_job().await.revoked, 0);
    assert_eq!(status(&world.holder("zhang").await, &number).await, "active");
}

#[tokio::test]
async fn an_objection_that_is_upheld_leaves_the_registration_as_it_was() {
    let world = World::new().await;
    let (holder, number) = announced(&world).await;
    object(&holder, &number).await.expect(201);
    let admin = world.staff("admin").await;
    let upheld = decide(&admin, &number, "uphold").await.expect(200);
    assert_eq!(
        (upheld.text("/state"), upheld.text("/registration_status")),
        ("upheld".into(), "active".into())
    );
    let text = mail(&world, "异议成立").await;
    assert!(text.contains("经复核出具单位的函件") && text.contains("决定不撤销您的登记"), "{text}");
    world.put_day(day(DAY_AFTER));
    assert_eq!(world.run_job().await.revoked, 0);
    let holder = world.holder("zhang").await;
    assert_eq!(status(&holder, &number).await, "active");
    holder.post("/v1/applications", json!({ "kind": "cancellation" })).await.expect(201);
    // It can be announced again, on other grounds.
    announce(&world.staff("admin").await, &number).await.expect(201);
}

#[tokio::test]
async fn a_dismissed_objection_revokes_at_once() {
    let world = World::new().await;
    let (holder, number) = announced(&world).await;
    object(&holder, &number).await.expect(201);
    let admin = world.staff("admin").await;
    let dismissed = decide(&admin, &number, "dismiss").await.expect(200);
    assert_eq!(
        (dismissed.text("/state"), dismissed.text("/registration_status")),
        ("revoked".into(), "revoked".into())
    );
    assert_eq!(standing(&world, &number).await, "revoked");
    let text = mail(&world, "登记已撤销").await;
    for words in ["经审查未予采纳", "经复核出具单位的函件", "工作经历证明系伪造"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(decide(&admin, &number, "uphold").await.expect(409).code(), "no_revocation_running");
    assert_eq!(announce(&admin, &number).await.expect(409).code(), "already_revoked");
}

#[tokio::test]
async fn it_can_be_dropped_without_an_objection_but_neither_upheld_nor_dismissed() {
    let world = World::new().await;
    let (_, number) = announced(&world).await;
    let admin = world.staff("admin").await;
    for ruling in ["uphold", "dismiss"] {
        let refused = decide(&admin, &number, ruling).await.expect(409);
        assert_eq!(refused.code(), "no_objection");
        assert!(refused.text("/detail").contains("2026 年 3 月 17 日"));
    }
    assert_eq!(decide(&admin, &number, "drop").await.expect(200).text("/state"), "dropped");
    assert!(mail(&world, "程序已终止").await.contains("不再撤销您的登记"));
}

#[tokio::test]
async fn one_day_too_late_is_refused_also_before_the_job_ran() {
    let world = World::new().await;
    let (_, number) = announced(&world).await;
    world.put(&format!("{DAY_AFTER}T00:00:00+08:00"));
    let holder = world.holder("zhang").await;
    let refused = object(&holder, &number).await.expect(409);
    assert_eq!(
        (refused.code(), refused.text("/rule/rule")),
        ("objection_period_over", "revocation.objection_days".into())
    );
}

#[tokio::test]
async fn staff_enter_what_came_on_paper() {
    let world = World::new().await;
    let (holder, number) = announced(&world).await;
    let admin = world.staff("admin").await;
    let entered = object(&admin, &number).await.expect(201);
    assert_eq!(entered.body["objection"]["entered_by_staff"], json!(true));
    assert!(mail(&world, "异议已收到").await.contains("如果异议不是您本人提出的"));
    assert_eq!(holder.get(&path(&number)).await.expect(200).text("/revocation/state"), "objected");
}

#[tokio::test]
async fn what_cant_be_taken_is_said_field_by_field() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let admin = world.staff("admin").await;
    let none = holder.get(&format!("{}/revocation", path(&number))).await.expect(404);
    assert_eq!(none.code(), "unknown_revocation");
    for (body, code) in [
        (json!({ "reasons": [] }), "revocation_reason_needed"),
        (json!({ "reasons": [{ "ground": "no_such", "note": "无" }] }), "unknown_ground"),
        (json!({ "reasons": [{ "ground": "other" }] }), "invalid_fields"),
    ] {
        let refused = super::act(&admin, &number, "", body).await.expect(422);
        assert_eq!(refused.code(), code, "{:#}", refused.body);
    }
    announce(&admin, &number).await.expect(201);
    let empty = holder.post(&format!("{}/revocation/objection", path(&number)), json!({ "text": " " })).await;
    assert_eq!(empty.expect(422).text("/errors/0/field"), "text");
}
