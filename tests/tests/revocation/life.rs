//! A whole life: announced, told, not objected to, revoked by the job; and nothing that could bring the registration back.

use super::{
    DAY_AFTER, LAST_DAY, after_the_window_began, announce, claim, count, day, mail, path, ready_to_renew,
    renewal, standing, status,
};
use serde_json::json;
use tests::World;

#[tokio::test]
async fn nobody_objects_and_the_job_revokes_on_the_day_after_the_last() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let admin = world.staff("admin").await;
    let announced = announce(&admin, &number).await.expect(201);
    assert_eq!(announced.text("/state"), "announced");
    assert_eq!(announced.text("/object_until"), LAST_DAY);

    // The notice has the grounds, the last day, and how.
    let text = mail(&world, "拟撤销登记通知").await;
    for words in [
        "以欺骗、贿赂等不正当手段取得登记：工作经历证明系伪造",
        "2026 年 3 月 17 日",
        "登录系统，在登记页面提出异议",
        "系统将自动撤销登记",
        number.as_str(),
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // The holder sees it, and so do staff of the area; the registration stands.
    let reviewer = world.staff("chushen").await;
    for person in [&holder, &reviewer, &admin] {
        let seen = person.get(&path(&number)).await.expect(200);
        assert_eq!((seen.text("/status"), seen.body["valid"].clone()), ("active".into(), json!(true)));
        assert_eq!(
            (seen.text("/revocation/state_label"), seen.body["revocation"]["may_object"].clone()),
            ("拟撤销".into(), json!(true))
        );
        let alone = person.get(&format!("{}/revocation", path(&number))).await.expect(200);
        assert_eq!(alone.body, seen.body["revocation"]);
    }

    world.put_day(day(LAST_DAY));
    assert_eq!(world.run_job().await.revoked, 0);
    assert_eq!(standing(&world, &number).await, "valid");
    world.put_day(day(DAY_AFTER));
    let report = world.run_job().await;
    assert_eq!((report.revoked, report.lapsed, report.complete), (1, 0, true));
    assert_eq!(standing(&world, &number).await, "revoked");
    let holder = world.holder("zhang").await;
    let seen = holder.get(&path(&number)).await.expect(200);
    assert_eq!((seen.text("/status"), seen.text("/status_label")), ("revoked".into(), "已撤销".into()));
    assert_eq!(
        (seen.text("/revocation/state"), seen.text("/revocation/ended/on")),
        ("revoked".into(), DAY_AFTER.into())
    );
    let text = mail(&world, "登记已撤销").await;
    assert!(text.contains("公开核验时将显示为已撤销") && text.contains("没有收到您的异议"), "{text}");

    // Run again, on that day and the next: nothing more.
    assert_eq!(world.run_job().await.revoked, 0);
    world.put_day(day(DAY_AFTER).plus_days(1));
    assert_eq!(world.run_job().await.revoked, 0);
    assert_eq!(count(&world, "登记已撤销").await, 1);

    // What needs a registration is refused, and says why.
    let holder = world.holder("zhang").await;
    for kind in ["renewal", "change", "cancellation"] {
        let refused = holder.post("/v1/applications", json!({ "kind": kind })).await.expect(409);
        assert_eq!(refused.code(), "registration_revoked");
        assert!(
            refused.text("/detail").contains("2026 年 3 月 18 日被撤销，不能办理"),
            "{}",
            refused.text("/detail")
        );
    }
    let seminar = json!({ "form": "seminar", "category": "ethics", "title": "研讨会", "hours": 4, "done_from": "2026-03-05" });
    let refused = holder.post("/v1/me/credits", seminar).await.expect(409);
    assert_eq!(refused.code(), "registration_revoked");
    assert!(refused.text("/detail").contains("不能申报继续教育学时"));
}

#[tokio::test]
async fn what_is_open_ends_in_the_same_moment() {
    let world = World::new().await;
    let (holder, number) = ready_to_renew(&world).await;
    let application = renewal(&holder).await;
    let hours = claim(&holder).await;
    announce(&world.staff("admin").await, &number).await.expect(201);
    world.put_day(after_the_window_began());
    assert_eq!(world.run_job().await.revoked, 1);

    let holder = world.holder("zhang").await;
    let closed = holder.get(&format!("/v1/applications/{application}")).await.expect(200);
    assert_eq!((closed.text("/state"), closed.text("/state_label")), ("closed".into(), "已终止".into()));
    let journal = holder.get(&format!("/v1/applications/{application}/journal")).await.expect(200);
    let actions: Vec<_> = journal.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["action"].as_str().unwrap())
        .collect();
    assert!(actions.contains(&"closed") && !actions.contains(&"revoked"), "{actions:?}");
    let record = holder.get(&format!("/v1/me/credits/{hours}")).await.expect(200);
    assert_eq!(record.text("/state"), "refused");
    assert!(record.body.to_string().contains("本登记周期的学时不再认定"), "it says why: {:#}", record.body);

    // Neither waits in a queue, nor can be decided.
    let reviewer = world.staff("chushen").await;
    for queue in ["/v1/review/queue", "/v1/review/credits"] {
        assert_eq!(reviewer.get(queue).await.expect(200).body["items"], json!([]), "{queue}");
    }
    let decided = reviewer.decide(&application, json!({ "outcome": "approve" })).await;
    assert_eq!(decided.expect(409).code(), "already_decided");
    let text = mail(&world, "登记已撤销").await;
    assert!(text.contains("再登记申请、等待认定的继续教育学时"), "{text}");

    // No lapse, no reminder, on any later day.
    let before = world.mails().await.len();
    for days in [30, 60, 400] {
        world.put_day(after_the_window_began().plus_days(days));
        world.run_job().await;
    }
    assert_eq!(world.mails().await.len(), before);
}

#[tokio::test]
async fn who_registers_anew_is_shown_to_the_reviewer_with_what_was_revoked() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    announce(&world.staff("admin").await, &number).await.expect(201);
    world.put_day(day(DAY_AFTER));
    world.run_job().await;
    let holder = world.holder("zhang").await;
    assert_eq!(status(&holder, &number).await, "revoked");
    let again = holder.ready_first(1).await;
    holder.submit(&again).await.expect(200);
    let opened =
        world.staff("chushen").await.get(&format!("/v1/review/applications/{again}")).await.expect(200);
    assert_eq!(opened.text("/revoked_before/0/registration_number"), number);
    assert!(opened.text("/revoked_before/0/reasons/0").contains("工作经历证明系伪造"));
}

#[tokio::test]
async fn rules_may_keep_a_certificate_from_being_registered_anew() {
    let strict = tests::edited_rules(&[(
        "may_register_again = { value = true,",
        "may_register_again = { value = false,",
    )]);
    let world = World::ruled_by(strict).await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    announce(&world.staff("admin").await, &number).await.expect(201);
    world.put_day(day(DAY_AFTER));
    world.run_job().await;
    assert!(mail(&world, "登记已撤销").await.contains("该证书不能重新登记"));
    let holder = world.holder("zhang").await;
    let again = holder.ready_first(1).await;
    let refused = holder.submit(&again).await.expect(422);
    assert_eq!(refused.code(), "may_not_register_again");
    assert_eq!(refused.text("/rule/rule"), "revocation.may_register_again");
}
