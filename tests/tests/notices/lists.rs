//! Whom a notice is for, in what order they see it, and how it's paged.

use super::{
    Kind, WUCHANG, act, administrator, draft, draft_for, drafted, holder, in_district, published, seen,
    titles, withdraw,
};
use domain::{certificate::CertificateLevel, registration::RegistrationStatus};
use serde_json::json;
use tests::World;

#[tokio::test]
async fn a_notice_is_seen_in_its_districts_and_nowhere_else() {
    let world = World::new().await;
    let (country, hubei) = (administrator(&world, None).await, world.staff("admin").await);
    let wuhan = administrator(&world, Some("4201")).await;
    published(&world, &country, draft("全国")).await;
    published(&world, &hubei, draft("湖北")).await;
    published(&world, &hubei, draft_for("宜昌和恩施", json!({ "districts": ["4205", "4228"] }))).await;
    published(&world, &wuhan, draft("武汉")).await;
    published(&world, &wuhan, draft_for("武昌", json!({ "districts": ["420106"] }))).await;
    // An area that lies in another is told there once.
    published(&world, &hubei, draft_for("重叠", json!({ "districts": ["420106", "4201", "42"] }))).await;

    for (district, titles) in [
        ("420106", vec!["重叠", "武昌", "武汉", "湖北", "全国"]),
        ("420102", vec!["重叠", "武汉", "湖北", "全国"]),
        ("420502", vec!["重叠", "宜昌和恩施", "湖北", "全国"]),
        ("430102", vec!["全国"]),
    ] {
        let person = holder(&world, district, in_district(district)).await;
        assert_eq!(seen(&person).await, titles, "{district}");
    }
}

#[tokio::test]
async fn levels_and_standings_are_asked_for_of_those_who_are_registered() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    published(&world, &staff, draft("所有人")).await;
    published(
        &world,
        &staff,
        draft_for("社会工作师", json!({ "levels": ["social_worker", "senior_social_worker"] })),
    )
    .await;
    published(&world, &staff, draft_for("有效", json!({ "statuses": ["active"] }))).await;
    published(&world, &staff, draft_for("已失效", json!({ "statuses": ["lapsed"] }))).await;
    published(
        &world,
        &staff,
        draft_for("有效的助理", json!({ "levels": ["assistant_social_worker"], "statuses": ["active"] })),
    )
    .await;

    let social_worker = Kind { level: CertificateLevel::SocialWorker, ..WUCHANG };
    let lapsed = Kind { status: RegistrationStatus::Lapsed, ..WUCHANG };
    let cancelled = Kind { status: RegistrationStatus::Cancelled, ..WUCHANG };
    for (name, kind, titles) in [
        ("assistant", WUCHANG, vec!["有效的助理", "有效", "所有人"]),
        ("social-worker", social_worker, vec!["有效", "社会工作师", "所有人"]),
        ("lapsed", lapsed, vec!["已失效", "所有人"]),
        ("cancelled", cancelled, vec!["所有人"]),
    ] {
        let person = holder(&world, name, kind).await;
        assert_eq!(seen(&person).await, titles, "{name}");
    }
    // On the day after its last one a registration has lapsed, whether or not the job has noted it.
    holder(&world, "past-the-last-day", WUCHANG).await;
    world.put("2029-06-01T09:00:00+08:00");
    let person = world.holder("past-the-last-day").await;
    assert_eq!(seen(&person).await, ["已失效", "所有人"]);
}

#[tokio::test]
async fn somebody_who_never_registered_is_told_by_their_profiles_district() {
    let world = World::new().await;
    let (country, staff) = (administrator(&world, None).await, world.staff("admin").await);
    published(&world, &country, draft("全国")).await;
    published(&world, &staff, draft("湖北")).await;
    published(&world, &staff, draft_for("已登记", json!({ "statuses": ["active"] }))).await;
    let person = world.holder("newcomer").await;
    assert_eq!(seen(&person).await, ["全国"], "nobody knows yet where they work");
    person.save_profile(json!({ "district": "420106" })).await.expect(200);
    assert_eq!(seen(&person).await, ["湖北", "全国"]);
}

#[tokio::test]
async fn what_somebody_isnt_told_isnt_there_for_them() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let person = holder(&world, "zhang", WUCHANG).await;
    let elsewhere = published(&world, &staff, draft_for("宜昌", json!({ "districts": ["4205"] }))).await;
    let unfinished = drafted(&staff, draft("草稿")).await;
    let withdrawn = published(&world, &staff, draft("撤回")).await;
    withdraw(&staff, &withdrawn).await.expect(200);
    for id in [&elsewhere, &unfinished, &withdrawn, "notice-20260302-000000000000", "nonsense"] {
        for (method, path) in
            [("GET", String::new()), ("PUT", "/read".to_owned()), ("GET", format!("/files/{id}-00000000"))]
        {
            let reply = person.send(method, &format!("/v1/notices/{id}{path}"), None, &[]).await.expect(404);
            assert_eq!(reply.code(), "unknown_notice", "{id}");
        }
    }
    assert_eq!(seen(&person).await, [""; 0]);
}

#[tokio::test]
async fn pinned_ones_stand_before_the_others_the_newest_first_among_both() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let person = holder(&world, "zhang", WUCHANG).await;
    let mut ids = Vec::new();
    for title in ["一", "二", "三", "四"] {
        ids.push(published(&world, &staff, draft(title)).await);
    }
    assert_eq!(seen(&person).await, ["四", "三", "二", "一"]);
    for id in &ids[..2] {
        act(&staff, "PUT", id, "pin", None).await.expect(200);
    }
    assert_eq!(seen(&person).await, ["二", "一", "四", "三"]);
    // Again makes no difference, and no other version.
    let before = staff.get(&format!("/v1/staff/notices/{}", ids[0])).await.expect(200).etag();
    assert_eq!(act(&staff, "PUT", &ids[0], "pin", None).await.expect(200).etag(), before);
    act(&staff, "DELETE", &ids[1], "pin", None).await.expect(200);
    assert_eq!(seen(&person).await, ["一", "四", "三", "二"]);
    // One that is pinned before it's published stands before the others from then on.
    let pinned = drafted(&staff, draft("五")).await;
    act(&staff, "PUT", &pinned, "pin", None).await.expect(200);
    act(&staff, "POST", &pinned, "publication", None).await.expect(200);
    assert_eq!(seen(&person).await, ["五", "一", "四", "三", "二"]);
}

#[tokio::test]
async fn pages_meet_without_a_gap_or_a_double_while_notices_are_published() {
    let world = World::new().await;
    let (country, staff) = (administrator(&world, None).await, world.staff("admin").await);
    let person = holder(&world, "zhang", WUCHANG).await;
    let mut expected = Vec::new();
    for number in 0..150 {
        // Of three areas in turn, and one in five that others are told.
        let title = format!("第{number}");
        match number % 5 {
            0 => drop(published(&world, &country, draft(&title)).await),
            1 => drop(published(&world, &staff, draft_for(&title, json!({ "districts": ["4201"] }))).await),
            2 => drop(published(&world, &staff, draft_for(&title, json!({ "districts": ["4205"] }))).await),
            3 => drop(
                published(&world, &staff, draft_for(&title, json!({ "levels": ["social_worker"] }))).await,
            ),
            _ => drop(published(&world, &staff, draft(&title)).await),
        }
        if ![2, 3].contains(&(number % 5)) {
            expected.insert(0, title);
        }
    }
    let mut all: Vec<String> = Vec::new();
    let (mut next, mut pages) = (String::new(), 0);
    loop {
        let page = person.get(&format!("/v1/notices?limit=7{next}")).await.expect(200);
        assert!(titles(&page).len() <= 7);
        assert_eq!(
            page.body["unread"].is_null(),
            pages > 0,
            "what is unread is said on the first page alone"
        );
        all.extend(titles(&page));
        pages += 1;
        let Some(cursor) = page.body["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
        // What appears meanwhile stands before all of this.
        published(&world, &staff, draft("插队")).await;
    }
    assert_eq!(all, expected);
    assert!(pages >= 13, "{pages}");
}

#[tokio::test]
async fn a_cursor_of_something_else_is_refused() {
    let world = World::new().await;
    let person = holder(&world, "zhang", WUCHANG).await;
    for cursor in ["x", "Ik5PTlNFTlNFIg"] {
        let reply = person.get(&format!("/v1/notices?cursor={cursor}")).await.expect(400);
        assert_eq!(reply.code(), "invalid_cursor");
    }
}

#[tokio::test]
async fn staff_find_what_was_drafted_within_their_area_by_its_state() {
    let world = World::new().await;
    let (country, hubei) = (administrator(&world, None).await, world.staff("admin").await);
    let (wuhan, hunan) = (administrator(&world, Some("4201")).await, administrator(&world, Some("43")).await);
    let all = drafted(&country, draft("全国")).await;
    world.system.clock.put(world.now().plus_seconds(1));
    let scheduled = drafted(&hubei, draft("待发布")).await;
    world.system.clock.put(world.now().plus_seconds(1));
    let at = world.now().plus_seconds(600).to_string();
    act(&hubei, "POST", &scheduled, "publication", Some(json!({ "at": at }))).await.expect(200);
    published(&world, &wuhan, draft("已发布")).await;
    let withdrawn = published(&world, &wuhan, draft("已撤回")).await;
    withdraw(&wuhan, &withdrawn).await.expect(200);

    let found = async |person: &tests::Person<'_>, query: &str| {
        titles(&person.get(&format!("/v1/staff/notices{query}")).await.expect(200))
    };
    assert_eq!(found(&country, "").await, ["已撤回", "已发布", "待发布", "全国"]);
    assert_eq!(found(&hubei, "").await, ["已撤回", "已发布", "待发布"]);
    assert_eq!(found(&wuhan, "").await, ["已撤回", "已发布"]);
    assert_eq!(found(&hunan, "").await, [""; 0]);
    for (state, titles) in [
        ("draft", vec!["全国"]),
        ("scheduled", vec!["待发布"]),
        ("published", vec!["已发布"]),
        ("withdrawn", vec!["已撤回"]),
    ] {
        assert_eq!(found(&country, &format!("?state={state}")).await, titles, "{state}");
    }
    world.system.clock.put(world.now().plus_seconds(700));
    assert_eq!(found(&country, "?state=published").await, ["已发布", "待发布"], "its time has come");
    // What isn't theirs to act on isn't there for them.
    for (staff, id) in [(&hubei, &all), (&wuhan, &scheduled), (&hunan, &withdrawn)] {
        let reply = staff.get(&format!("/v1/staff/notices/{id}")).await.expect(404);
        assert_eq!(reply.code(), "unknown_notice");
        assert_eq!(act(staff, "POST", id, "publication", None).await.expect(404).code(), "unknown_notice");
    }
}
