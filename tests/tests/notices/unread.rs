//! What is unread: told with the list, until the client says that a notice was shown.

use super::{WUCHANG, draft, draft_for, holder, published, withdraw};
use serde_json::json;
use tests::{Person, World};

/// What a list says is unread: how many, and each notice's own mark.
async fn unread(person: &Person<'_>) -> (u64, Vec<bool>) {
    let list = person.get("/v1/notices?limit=50").await.expect(200);
    let read = list.body["items"].as_array().unwrap().iter().map(|item| item["read"].as_bool().unwrap());
    (list.body["unread"]["count"].as_u64().unwrap(), read.collect())
}

async fn mark(person: &Person<'_>, id: &str) {
    person.send("PUT", &format!("/v1/notices/{id}/read"), None, &[]).await.expect(204);
}

#[tokio::test]
async fn a_notice_is_unread_until_its_reader_says_it_was_shown() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let (zhang, li) = (holder(&world, "zhang", WUCHANG).await, holder(&world, "li", WUCHANG).await);
    let mut ids = Vec::new();
    for title in ["一", "二", "三"] {
        ids.push(published(&world, &staff, draft(title)).await);
    }
    published(&world, &staff, draft_for("别处", json!({ "districts": ["4205"] }))).await;
    assert_eq!(unread(&zhang).await, (3, vec![false, false, false]));
    zhang.get(&format!("/v1/notices/{}", ids[1])).await.expect(200);
    assert_eq!(unread(&zhang).await, (3, vec![false, false, false]), "a GET marks nothing");
    for _ in 0..2 {
        mark(&zhang, &ids[1]).await;
        assert_eq!(unread(&zhang).await, (2, vec![false, true, false]));
    }
    assert_eq!(unread(&li).await, (3, vec![false, false, false]), "each has marks of their own");
    withdraw(&staff, &ids[0]).await.expect(200);
    assert_eq!(unread(&zhang).await, (1, vec![false, true]));
}

#[tokio::test]
async fn marks_outlive_the_months_between_and_what_is_old_counts_as_read() {
    let world = World::at("2026-01-31T23:30:00+08:00").await;
    let staff = world.staff("admin").await;
    holder(&world, "zhang", WUCHANG).await;
    let old = published(&world, &staff, draft("一月")).await;
    world.put("2026-03-01T10:00:00+08:00");
    let (staff, person) = (world.staff("admin").await, world.holder("zhang").await);
    let new = published(&world, &staff, draft("三月")).await;
    assert_eq!(unread(&person).await, (2, vec![false, false]));
    mark(&person, &old).await;
    mark(&person, &new).await;
    assert_eq!(unread(&person).await, (0, vec![true, true]));
    let staff = world.staff("admin").await;
    published(&world, &staff, draft("又一")).await;
    world.put("2026-06-10T10:00:00+08:00");
    let person = world.holder("zhang").await;
    assert_eq!(unread(&person).await, (0, vec![true, true, true]), "ninety days later nothing is unread");
}

#[tokio::test]
async fn two_marks_at_once_are_both_kept() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let person = holder(&world, "zhang", WUCHANG).await;
    let mut ids = Vec::new();
    for number in 0..12 {
        ids.push(published(&world, &staff, draft(&format!("第{number}"))).await);
    }
    futures_util::future::join_all(ids.iter().map(|id| mark(&person, id))).await;
    assert_eq!(unread(&person).await, (0, vec![true; 12]));
}
