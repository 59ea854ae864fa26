//! Twice, by the wrong person, on an old page, at the same time as something else: one wins, and nothing comes back.

use super::{
    after_the_window_began, announce, count, decide, grounds, object, path, ready_to_renew, renewal, status,
};
use serde_json::json;
use tests::{World, nobodys_number};

#[tokio::test]
async fn announcing_twice_is_refused_and_a_retry_is_answered_as_the_first() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let admin = world.staff("admin").await;
    let version = admin.get(&path(&number)).await.expect(200).etag();
    let target = format!("{}/revocation", path(&number));
    let headers = [("If-Match", version.as_str()), ("Idempotency-Key", "once")];
    let first = admin.send("POST", &target, Some(grounds()), &headers).await.expect(201);
    let retried = admin.send("POST", &target, Some(grounds()), &headers).await.expect(201);
    assert_eq!((first.body, first.headers.get("etag")), (retried.body, retried.headers.get("etag")));
    assert_eq!(announce(&admin, &number).await.expect(409).code(), "revocation_running");
    assert_eq!(count(&world, "拟撤销登记通知").await, 1);

    let none = admin.send("POST", &target, Some(grounds()), &[]).await.expect(428);
    assert_eq!(none.code(), "version_required");
    let target = format!("{}/revocation", path(&nobodys_number()));
    let unknown = admin.send("POST", &target, Some(grounds()), &[("If-Match", "\"1\"")]).await.expect(404);
    assert_eq!(unknown.code(), "unknown_registration");
}

#[tokio::test]
async fn who_decides_on_an_old_page_is_told_so() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let admin = world.staff("admin").await;
    let old = announce(&admin, &number).await.expect(201).etag();
    object(&holder, &number).await.expect(201);
    let target = format!("{}/revocation/decision", path(&number));
    let body = json!({ "ruling": "drop", "note": "证据不足" });
    let stale = admin.send("POST", &target, Some(body), &[("If-Match", &old)]).await.expect(412);
    assert_eq!(stale.code(), "version_stale");
}

#[tokio::test]
async fn the_holder_cant_cancel_while_it_runs() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let cancellation = holder.open("cancellation").await;
    holder.edit(&cancellation, json!({ "declaration": true })).await.expect(200);
    let admin = world.staff("admin").await;
    announce(&admin, &number).await.expect(201);
    let refused = holder.submit(&cancellation).await.expect(409);
    assert_eq!(refused.code(), "revocation_in_the_way");
    assert!(refused.text("/detail").contains("程序结束之前不能办理注销或转出"));
    decide(&admin, &number, "drop").await.expect(200);
    holder.submit(&cancellation).await.expect(200);
}

/// A renewal that the last stage has still to approve, and a revocation that is due.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_an_approval_and_a_revocation_at_once_none_brings_the_registration_back() {
    for round in 0..4 {
        let world = World::new().await;
        let (holder, number) = ready_to_renew(&world).await;
        let application = renewal(&holder).await;
        let approve = json!({ "outcome": "approve" });
        world.staff("chushen").await.decide(&application, approve.clone()).await.expect(200);
        announce(&world.staff("admin").await, &number).await.expect(201);
        world.put_day(after_the_window_began());
        let last = world.staff("zhongshen").await;
        let path = format!("/v1/review/applications/{application}");
        let version = last.get(&path).await.expect(200).etag();
        let target = format!("{path}/decision");
        let headers = [("If-Match", version.as_str())];
        let decision = last.send("POST", &target, Some(approve), &headers);
        let (decided, report) = if round % 2 == 0 {
            tokio::join!(decision, world.run_job())
        } else {
            let (report, decided) = tokio::join!(world.run_job(), decision);
            (decided, report)
        };
        // One that was overtaken twice is the next run's.
        let again = world.run_job().await;
        assert_eq!(report.revoked + again.revoked, 1, "{decided:?}");
        let holder = world.holder("zhang").await;
        assert_eq!(status(&holder, &number).await, "revoked", "{decided:?}");
        let state = holder.get(&format!("/v1/applications/{application}")).await.expect(200).text("/state");
        match decided.status.as_u16() {
            200 => assert_eq!(state, "approved"),
            409 | 412 => assert_eq!(state, "closed", "{decided:?}"),
            _ => panic!("{decided:?}"),
        }
        assert_eq!(count(&world, "登记已撤销").await, 1);
    }
}
