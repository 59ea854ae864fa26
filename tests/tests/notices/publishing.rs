//! Drafts, schedules, corrections, withdrawals: what is visible is told by the time alone.

use super::{WUCHANG, act, draft, draft_for, drafted, holder, published, seen, withdraw};
use serde_json::json;
use tests::World;

#[tokio::test]
async fn a_scheduled_notice_appears_at_its_time_without_anybody_doing_anything() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    holder(&world, "zhang", WUCHANG).await;
    published(&world, &staff, draft("已发布")).await;
    let id = drafted(&staff, draft("定时")).await;
    let at = json!({ "at": "2026-03-02T11:00:00+08:00" });
    let scheduled = act(&staff, "POST", &id, "publication", Some(at)).await.expect(200);
    assert_eq!(
        (scheduled.text("/state"), scheduled.text("/state_label")),
        ("scheduled".into(), "待发布".into())
    );
    for (time, titles) in
        [("2026-03-02T10:59:30+08:00", vec!["已发布"]), ("2026-03-02T11:00:00+08:00", vec!["定时", "已发布"])]
    {
        world.put(time);
        let person = world.holder("zhang").await;
        assert_eq!(seen(&person).await, titles, "{time}");
        let opened = person.get(&format!("/v1/notices/{id}")).await;
        assert_eq!(opened.status.as_u16(), if titles.len() == 2 { 200 } else { 404 }, "{time}");
    }
    let found = world.staff("admin").await.get(&format!("/v1/staff/notices/{id}")).await.expect(200);
    assert_eq!(found.text("/state"), "published");
}

#[tokio::test]
async fn a_scheduled_notice_can_be_moved_published_at_once_or_withdrawn() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let person = holder(&world, "zhang", WUCHANG).await;
    let soon = json!({ "at": "2026-03-02T11:00:00+08:00" });
    let mut ids = Vec::new();
    for title in ["改期", "提前", "取消"] {
        let id = drafted(&staff, draft(title)).await;
        act(&staff, "POST", &id, "publication", Some(soon.clone())).await.expect(200);
        ids.push(id);
    }
    let later = json!({ "at": "2026-03-03T11:00:00+08:00" });
    act(&staff, "POST", &ids[0], "publication", Some(later)).await.expect(200);
    act(&staff, "POST", &ids[1], "publication", None).await.expect(200);
    withdraw(&staff, &ids[2]).await.expect(200);
    assert_eq!(seen(&person).await, ["提前"]);
    world.put("2026-03-02T12:00:00+08:00");
    assert_eq!(seen(&world.holder("zhang").await).await, ["提前"]);
    world.put("2026-03-03T11:00:00+08:00");
    let person = world.holder("zhang").await;
    assert_eq!(seen(&person).await, ["改期", "提前"]);
}

#[tokio::test]
async fn a_published_notice_is_corrected_in_its_words_and_its_audience_stays() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let person = holder(&world, "zhang", WUCHANG).await;
    let id = published(&world, &staff, draft("原题")).await;
    let path = format!("/v1/staff/notices/{id}");
    let etag = staff.get(&path).await.expect(200).etag();
    let edit = json!({ "title": "更正", "summary": "改了日期", "body": "新的**正文**" });
    let edited = staff.send("PATCH", &path, Some(edit), &[("If-Match", &etag)]).await.expect(200);
    assert_eq!(seen(&person).await, ["更正"], "and it's listed once");
    let opened = person.get(&format!("/v1/notices/{id}")).await.expect(200);
    assert_eq!(opened.text("/html"), "<p>新的<strong>正文</strong></p>\n");
    assert_eq!((opened.text("/body"), opened.text("/summary")), ("新的**正文**".into(), "改了日期".into()));
    for unseen in ["audience", "author", "version", "withdrawn", "pending_files"] {
        assert!(opened.body[unseen].is_null(), "a holder isn't told its {unseen}");
    }
    let audience = json!({ "audience": { "districts": ["4205"] } });
    let refused =
        staff.send("PATCH", &path, Some(audience), &[("If-Match", &edited.etag())]).await.expect(409);
    assert_eq!(refused.code(), "notice_audience_fixed");
    // The same audience is none that changes.
    let same = json!({ "audience": {}, "category": "training" });
    staff.send("PATCH", &path, Some(same), &[("If-Match", &edited.etag())]).await.expect(200);
}

#[tokio::test]
async fn an_audience_that_is_changed_before_its_time_is_told_in_the_new_places_alone() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    holder(&world, "wuchang", WUCHANG).await;
    holder(&world, "yichang", super::in_district("420502")).await;
    let id = drafted(&staff, draft_for("定时", json!({ "districts": ["4201"] }))).await;
    let at = json!({ "at": "2026-03-02T11:00:00+08:00" });
    act(&staff, "POST", &id, "publication", Some(at)).await.expect(200);
    let path = format!("/v1/staff/notices/{id}");
    let etag = staff.get(&path).await.expect(200).etag();
    let audience = json!({ "audience": { "districts": ["4205"] } });
    staff.send("PATCH", &path, Some(audience), &[("If-Match", &etag)]).await.expect(200);
    world.put("2026-03-02T11:00:00+08:00");
    assert_eq!(seen(&world.holder("wuchang").await).await, [""; 0]);
    assert_eq!(seen(&world.holder("yichang").await).await, ["定时"]);
}

#[tokio::test]
async fn a_withdrawn_notice_is_gone_for_good() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let person = holder(&world, "zhang", WUCHANG).await;
    let id = published(&world, &staff, draft("有误")).await;
    act(&staff, "PUT", &id, "pin", None).await.expect(200);
    assert_eq!(seen(&person).await, ["有误"]);
    let gone = withdraw(&staff, &id).await.expect(200);
    assert_eq!(
        (gone.text("/state"), gone.text("/withdrawn/reason")),
        ("withdrawn".into(), "内容有误".into())
    );
    assert_eq!(seen(&person).await, [""; 0]);
    assert_eq!(person.get(&format!("/v1/notices/{id}")).await.expect(404).code(), "unknown_notice");
    let again = [
        act(&staff, "POST", &id, "publication", None).await,
        act(&staff, "PUT", &id, "pin", None).await,
        act(&staff, "POST", &id, "mailing", None).await,
        withdraw(&staff, &id).await,
        staff
            .send(
                "PATCH",
                &format!("/v1/staff/notices/{id}"),
                Some(json!({ "title": "新" })),
                &[("If-Match", &gone.etag())],
            )
            .await,
    ];
    for reply in again {
        assert_eq!(reply.expect(409).code(), "notice_withdrawn");
    }
}

#[tokio::test]
async fn a_notice_is_published_once() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let id = drafted(&staff, draft("通知")).await;
    let key = [("Idempotency-Key", "once")];
    let path = format!("/v1/staff/notices/{id}/publication");
    let first = staff.send("POST", &path, None, &key).await.expect(200);
    world.system.clock.put(world.now().plus_seconds(60));
    let again = staff.send("POST", &path, None, &key).await.expect(200);
    assert_eq!(again.body, first.body, "a retry is answered as then");
    assert_eq!(
        act(&staff, "POST", &id, "publication", None).await.expect(409).code(),
        "notice_already_published"
    );
}

#[tokio::test]
async fn a_draft_that_is_sent_twice_with_its_key_is_one_notice() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let key = [("Idempotency-Key", "draft")];
    let first = staff.send("POST", "/v1/staff/notices", Some(draft("通知")), &key).await.expect(201);
    let again = staff.send("POST", "/v1/staff/notices", Some(draft("通知")), &key).await.expect(201);
    assert_eq!(first.body, again.body);
    let other = staff.send("POST", "/v1/staff/notices", Some(draft("别的")), &key).await.expect(422);
    assert_eq!(other.code(), "idempotency_key_reused");
    assert_eq!(staff.get("/v1/staff/notices").await.expect(200).body["items"].as_array().unwrap().len(), 1);
}
