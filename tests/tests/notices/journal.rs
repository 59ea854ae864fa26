//! Each act leaves its entry, with what the notice said then.

use super::{act, draft, drafted, withdraw};
use domain::notice::Notice;
use serde_json::json;
use tests::World;

#[tokio::test]
async fn each_act_is_an_entry_of_the_notices_journal() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let id = drafted(&staff, draft("通知")).await;
    let path = format!("/v1/staff/notices/{id}");
    let etag = staff.get(&path).await.expect(200).etag();
    let edit = json!({ "title": "改题" });
    staff.send("PATCH", &path, Some(edit), &[("If-Match", &etag)]).await.expect(200);
    act(&staff, "PUT", &id, "pin", None).await.expect(200);
    act(&staff, "DELETE", &id, "pin", None).await.expect(200);
    let at = world.now().plus_seconds(60).to_string();
    act(&staff, "POST", &id, "publication", Some(json!({ "at": at }))).await.expect(200);
    act(&staff, "POST", &id, "publication", None).await.expect(200);
    act(&staff, "POST", &id, "mailing", None).await.expect(202);
    act(&staff, "DELETE", &id, "mailing", None).await.expect(200);
    withdraw(&staff, &id).await.expect(200);

    let store = &world.system.app.store;
    let lines = store.journal(&id, 50, None).await.unwrap().items;
    let actions: Vec<_> = lines.iter().map(|line| line.entry.action.label()).collect();
    let mut expected = [
        "起草公告",
        "修改公告",
        "置顶公告",
        "取消置顶公告",
        "定时发布公告",
        "发布公告",
        "开始群发公告邮件",
        "停止群发公告邮件",
        "撤回公告",
    ];
    if actions.first() != expected.first() {
        expected.reverse();
    }
    assert_eq!(actions, expected);
    let notice: Notice = store.notice(&id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(notice.version, 9, "a version for each");
    assert_eq!(notice.content_hash().len(), 64);
}
