//! 转出, as its holder, reviewers and strangers see it.

use crate::{approve, leave, ready_to_leave, standing};
use serde_json::{Value, json};
use tests::World;

#[tokio::test]
async fn an_approved_transfer_out_ends_the_registration_and_the_next_request_sees_it() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let application = ready_to_leave(&holder, "11").await;
    let seen = holder.get(&format!("/v1/applications/{application}")).await.expect(200);
    assert_eq!(seen.body["transfer"]["province_name"], "北京市");
    holder.submit(&application).await.expect(200);
    assert_eq!(standing(&world, &number).await, "valid", "until it's approved");
    world.put("2026-04-10T10:00:00+08:00");
    approve(&world, &application).await;

    let verified = world.nobody().get(&format!("/v1/verify/{number}")).await.expect(200);
    assert_eq!(
        (verified.text("/standing"), verified.text("/ended_on")),
        ("transferred".into(), "2026-04-10".into())
    );
    assert_eq!(verified.body["in_force"], false);
    assert!(verified.text("/detail").contains("转入地"), "{:#}", verified.body);
    for reader in [world.holder("zhang").await, world.staff("admin").await] {
        let seen = reader.get(&format!("/v1/registrations/{number}")).await.expect(200);
        assert_eq!(
            (seen.text("/status"), seen.text("/status_label")),
            ("transferred_out".into(), "已转出".into())
        );
        assert_eq!(seen.body["valid"], false);
        let went = json!({ "province": { "code": "11", "name": "北京市" }, "on": "2026-04-10",
            "application_id": application });
        assert_eq!((&seen.body["transferred_out"], &seen.body["transferred_in"]), (&went, &Value::Null));
    }
    let mails = world.mails().await;
    let mail = mails.last().unwrap();
    assert!(
        mail.summary.subject.contains("转出已办结") && mail.summary.subject.contains(&number),
        "{}",
        mail.summary.subject
    );
    assert_eq!(
        world
            .system
            .app
            .store
            .check_journal(&holder_id(&world, &number).await, &number.parse().unwrap())
            .await
            .unwrap()
            .faults,
        []
    );
    // Nothing comes after it: no reminder, no lapse.
    world.put("2029-06-01T09:00:00+08:00");
    assert_eq!(world.run_job().await.lapsed, 0);
    assert_eq!(standing(&world, &number).await, "transferred");
}

/// Whose `number` is.
async fn holder_id(world: &World, number: &str) -> domain::id::HolderId {
    world.system.app.store.registration_holder(&number.parse().unwrap()).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_transfer_to_the_province_one_is_in_says_so() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let application = holder.open("transfer_out").await;
    let here = json!({ "declaration": true, "transfer": { "province": "42" } });
    let refused = holder.edit(&application, here).await.expect(422);
    assert_eq!(refused.code(), "same_province");
    assert_eq!(refused.text("/errors/0/field"), "transfer.province");
    assert!(refused.text("/detail").contains("不能转出到湖北省"), "{:#}", refused.body);
    // Without a destination it isn't complete, and it's nobody else's registration that ends.
    let refused = holder.submit(&application).await.expect(422);
    let fields: Vec<_> =
        refused.body["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert!(fields.contains(&&json!("transfer.province")), "{:#}", refused.body);
    assert_eq!(standing(&world, &number).await, "valid");
}

#[tokio::test]
async fn what_else_is_open_about_it_is_closed_with_it_and_hours_are_kept_as_claimed() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    holder.register(1).await;
    let change = holder.open("change").await;
    for kind in ["identity_card_front", "identity_card_back"] {
        holder.attach(&change, kind).await;
    }
    holder.edit(&change, json!({ "name": "张晓文", "declaration": true })).await.expect(200);
    holder.submit(&change).await.expect(200);
    leave(&world, &holder).await;

    let closed = holder.get(&format!("/v1/applications/{change}")).await.expect(200);
    assert_eq!(closed.text("/state"), "closed");
    let journal = holder.get(&format!("/v1/applications/{change}/journal")).await.expect(200);
    let last = journal.body["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["action"], "closed", "not as if it had been approved: {last:#}");
    let reviewer = world.staff("chushen").await;
    assert_eq!(reviewer.get("/v1/review/queue").await.expect(200).body["items"], json!([]));
    let mails = world.mails().await;
    let said = mails.last().unwrap().text.clone().unwrap();
    assert!(said.contains("信息变更申请"), "{said}");
    for kind in ["change", "renewal", "cancellation", "transfer_out"] {
        let refused = holder.post("/v1/applications", json!({ "kind": kind })).await.expect(422);
        assert_eq!(refused.code(), "no_active_registration", "{kind}");
    }
}

#[tokio::test]
async fn a_renewal_under_review_is_decided_first() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    world.put("2029-02-01T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    let id = holder_id(&world, &number).await;
    world.record_hours(id.as_str(), "2026-03-02", "2027-05-01", 900).await;
    let renewal = holder.open("renewal").await;
    holder.attach(&renewal, "photo").await;
    holder.edit(&renewal, json!({ "declaration": true })).await.expect(200);
    let leaving = ready_to_leave(&holder, "11").await;
    holder.submit(&renewal).await.expect(200);
    let refused = holder.submit(&leaving).await.expect(409);
    assert_eq!(refused.code(), "renewal_under_review");
    approve(&world, &renewal).await;
    holder.submit(&leaving).await.expect(200);
    approve(&world, &leaving).await;
    assert_eq!(standing(&world, &number).await, "transferred");
}
