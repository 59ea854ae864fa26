//! Changes as people see them: each field before and after, at once or after approval, with evidence where it's needed;
//! and what a cancellation leaves.

use serde_json::{Value, json};
use tests::{Person, World, identity_number};

/// Somebody registered, with a change that has `patch` in it.
async fn change(world: &World, patch: Value) -> (Person<'_>, String) {
    let holder = world.holder("zhang").await;
    holder.register(1).await;
    let id = holder.open("change").await;
    holder.edit(&id, patch).await.expect(200);
    holder.edit(&id, json!({ "declaration": true })).await.expect(200);
    (holder, id)
}

#[tokio::test]
async fn holder_and_reviewer_see_each_field_before_and_after_and_only_the_reviewer_the_whole_number() {
    let world = World::new().await;
    let document = json!({ "kind": "resident_identity_card", "number": identity_number(2) });
    let patch = json!({ "name": "张晓文", "identity_document": document, "education": "master",
        "memberships": ["湖北省社会工作联合会", "武汉市社会工作者协会"] });
    let (holder, id) = change(&world, patch).await;
    for kind in ["identity_card_front", "identity_card_back", "degree"] {
        holder.attach(&id, kind).await;
    }
    holder.submit(&id).await.expect(200);
    let of = |old: &str, new: &str| {
        json!([
            { "field": "name", "label": "姓名", "before": "张晓雯", "after": "张晓文" },
            { "field": "identity_document", "label": "身份证件", "before": format!("居民身份证 {old}"),
                "after": format!("居民身份证 {new}") },
            { "field": "education", "label": "学历", "before": "本科", "after": "硕士研究生" },
            { "field": "memberships", "label": "加入的社会工作行业组织", "before": "无",
                "after": "湖北省社会工作联合会、武汉市社会工作者协会" },
        ])
    };
    let (old, new) = (identity_number(1), identity_number(2));
    let masked = |number: &str| format!("{}***********{}", &number[..3], &number[14..]);
    let shown = holder.get(&format!("/v1/applications/{id}")).await.expect(200);
    assert_eq!(shown.body["changes"], of(&masked(&old), &masked(&new)));
    assert!(!shown.body.to_string().contains(&new));
    let reviewer = world.staff("chushen").await;
    let opened = reviewer.get(&format!("/v1/review/applications/{id}")).await.expect(200);
    assert_eq!(opened.body["application"]["changes"], of(&old, &new));

    // Nothing took effect yet; then all of it does.
    assert_eq!(holder.get("/v1/me").await.expect(200).text("/registrations/0/name"), "张晓雯");
    reviewer.decide(&id, json!({ "outcome": "approve" })).await.expect(200);
    world.staff("zhongshen").await.decide(&id, json!({ "outcome": "approve" })).await.expect(200);
    assert_eq!(holder.get("/v1/me").await.expect(200).text("/registrations/0/name"), "张晓文");
    let shown = holder.get(&format!("/v1/applications/{id}")).await.expect(200);
    assert_eq!(shown.body["changes"], of(&masked(&old), &masked(&new)), "as it was decided");
}

#[tokio::test]
async fn what_needs_no_approval_is_shown_and_in_effect_at_once() {
    let world = World::new().await;
    let (holder, id) = change(&world, json!({ "position": "督导" })).await;
    let submitted = holder.submit(&id).await.expect(200);
    assert_eq!(submitted.text("/state"), "approved");
    let expected = json!([{ "field": "position", "label": "职务", "before": "社工", "after": "督导" }]);
    assert_eq!(submitted.body["changes"], expected);
}

#[tokio::test]
async fn a_name_or_a_document_is_never_changed_without_evidence() {
    let document = json!({ "kind": "resident_identity_card", "number": identity_number(2) });
    for patch in [json!({ "name": "张晓文" }), json!({ "identity_document": document })] {
        let world = World::new().await;
        let (holder, id) = change(&world, patch.clone()).await;
        let refused = holder.submit(&id).await.expect(422);
        let fields: Vec<_> =
            refused.body["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
        assert_eq!(fields, ["attachments.identity_card_front", "attachments.identity_card_back"], "{patch}");
    }
}

#[tokio::test]
async fn a_cancellation_ends_what_is_open_with_it() {
    let world = World::new().await;
    let (holder, change) = change(&world, json!({ "name": "张晓文" })).await;
    for kind in ["identity_card_front", "identity_card_back"] {
        holder.attach(&change, kind).await;
    }
    holder.submit(&change).await.expect(200);
    let cancellation = holder.open("cancellation").await;
    holder.edit(&cancellation, json!({ "declaration": true })).await.expect(200);
    holder.submit(&cancellation).await.expect(200);
    for reviewer in ["chushen", "zhongshen"] {
        let approve = json!({ "outcome": "approve" });
        world.staff(reviewer).await.decide(&cancellation, approve).await.expect(200);
    }
    let me = holder.get("/v1/me").await.expect(200);
    assert_eq!(me.text("/registrations/0/status"), "cancelled");
    let number = me.text("/registrations/0/number");
    let verified = world.nobody().get(&format!("/v1/verify/{number}")).await.expect(200);
    assert_eq!(verified.text("/standing"), "cancelled");
    assert_eq!(holder.get(&format!("/v1/applications/{change}")).await.expect(200).text("/state"), "closed");
    let reviewer = world.staff("chushen").await;
    assert_eq!(reviewer.get("/v1/review/queue").await.expect(200).body["items"], json!([]));
    let refused = reviewer.decide(&change, json!({ "outcome": "approve" })).await.expect(409);
    assert_eq!(refused.code(), "already_decided");
    let mails = world.mails().await;
    let told = mails.iter().rfind(|mail| mail.summary.subject.contains("登记已注销")).unwrap();
    assert!(told.text.as_deref().unwrap().contains("下列事项随登记一并终止，无需您另行办理：信息变更申请。"));
    // And can be registered anew.
    holder.open("first").await;
}
