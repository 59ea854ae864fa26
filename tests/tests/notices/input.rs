//! What can't be taken, and what isn't shown of what can.

use super::{WUCHANG, act, administrator, draft, draft_for, drafted, holder, published};
use serde_json::{Value, json};
use tests::{Reply, World};

/// The fields that a refusal names, each with its code.
fn wrong(reply: Reply) -> Vec<(String, String)> {
    let reply = reply.expect(422);
    assert_eq!(reply.code(), "invalid_fields");
    let errors = reply.body["errors"].as_array().unwrap();
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    errors.iter().map(|error| (text(error, "field"), text(error, "code"))).collect()
}

fn with(field: &str, value: Value) -> Value {
    let mut notice = draft("通知");
    notice[field] = value;
    notice
}

#[tokio::test]
async fn each_field_that_cant_be_taken_is_named() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let districts = |districts: &[&str]| with("audience", json!({ "districts": districts }));
    for (notice, field, code) in [
        (with("title", json!("")), "title", "required"),
        (with("title", json!(" \u{202e}\n ")), "title", "required"),
        (with("title", json!("题".repeat(101))), "title", "too_long"),
        (with("summary", json!("摘".repeat(201))), "summary", "too_long"),
        (with("body", json!(" \n ")), "body", "required"),
        (with("body", json!("文".repeat(20_001))), "body", "too_long"),
        (districts(&["999999"]), "audience.districts", "unknown_district"),
        (districts(&["武汉"]), "audience.districts", "unknown_district"),
        (districts(&["43"]), "audience.districts", "outside_area"),
        (districts(&["4201"; 21]), "audience.districts", "too_many"),
    ] {
        let refused = wrong(staff.post("/v1/staff/notices", notice.clone()).await);
        assert_eq!(refused, [(field.to_owned(), code.to_owned())], "{notice}");
    }
    let many = json!({ "category": "policy", "title": "", "body": "", "audience": { "districts": ["43"] } });
    assert_eq!(wrong(staff.post("/v1/staff/notices", many).await).len(), 3, "all of them at once");
    for (field, value) in
        [("category", json!("gossip")), ("audience", json!({ "levels": ["x"] })), ("html", json!(""))]
    {
        let refused = staff.post("/v1/staff/notices", with(field, value)).await.expect(422);
        assert_eq!(refused.body["errors"][0]["code"], "wrong_shape", "{field}");
    }
    let whole = with("body", json!("文".repeat(20_000)));
    staff.post("/v1/staff/notices", whole).await.expect(201);
    let huge = with("body", json!("文".repeat(100_000)));
    assert_eq!(staff.post("/v1/staff/notices", huge).await.expect(413).code(), "body_too_large");
}

#[tokio::test]
async fn a_time_that_is_past_or_years_ahead_is_no_time_to_publish() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let id = drafted(&staff, draft("通知")).await;
    for (at, code) in [
        (world.now().to_string(), "time_in_past"),
        ("2026-03-01T10:00:00+08:00".to_owned(), "time_in_past"),
        ("2027-03-10T10:00:00+08:00".to_owned(), "time_too_far"),
        ("tomorrow".to_owned(), "wrong_shape"),
    ] {
        let reply = act(&staff, "POST", &id, "publication", Some(json!({ "at": at }))).await;
        assert_eq!(wrong(reply), [("at".to_owned(), code.to_owned())], "{at}");
    }
    let found = staff.get(&format!("/v1/staff/notices/{id}")).await.expect(200);
    assert_eq!(found.text("/state"), "draft");
}

#[tokio::test]
async fn nothing_is_written_over_what_the_caller_hasnt_seen() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let id = drafted(&staff, draft("通知")).await;
    let path = format!("/v1/staff/notices/{id}");
    let edit = || Some(json!({ "title": "新题" }));
    let unseen = staff.send("PATCH", &path, edit(), &[]).await.expect(428);
    assert_eq!(unseen.code(), "version_required");
    let first = staff.get(&path).await.expect(200).etag();
    staff.send("PATCH", &path, edit(), &[("If-Match", &first)]).await.expect(200);
    let reason = || Some(json!({ "reason": "有误" }));
    for (method, what, body) in [
        ("PATCH", "", edit()),
        ("POST", "/publication", None),
        ("PUT", "/pin", None),
        ("DELETE", "/pin", None),
        ("POST", "/withdrawal", reason()),
        ("POST", "/mailing", None),
        ("DELETE", "/mailing", None),
    ] {
        let stale = staff.send(method, &format!("{path}{what}"), body, &[("If-Match", &first)]).await;
        assert_eq!(stale.expect(412).code(), "version_stale", "{method} {what}");
    }
    for reason in [json!({ "reason": " " }), json!({ "reason": "因".repeat(501) })] {
        let refused = act(&staff, "POST", &id, "withdrawal", Some(reason)).await;
        assert_eq!(wrong(refused)[0].0, "reason");
    }
    assert_eq!(staff.get(&path).await.expect(200).text("/state"), "draft");
}

#[tokio::test]
async fn nobody_publishes_beyond_their_area() {
    let world = World::new().await;
    let (country, wuhan) = (administrator(&world, None).await, administrator(&world, Some("4201")).await);
    let beyond = wuhan.post("/v1/staff/notices", draft_for("湖北", json!({ "districts": ["42"] }))).await;
    assert_eq!(wrong(beyond), [("audience.districts".to_owned(), "outside_area".to_owned())]);
    let id = drafted(&wuhan, draft("武汉")).await;
    let path = format!("/v1/staff/notices/{id}");
    let etag = wuhan.get(&path).await.expect(200).etag();
    let edit = json!({ "audience": { "districts": ["4205"] } });
    let beyond = country.send("PATCH", &path, Some(edit), &[("If-Match", &etag)]).await;
    assert_eq!(wrong(beyond)[0].1, "outside_area", "it's told where its author may tell, whoever edits it");
    act(&country, "POST", &id, "publication", None).await.expect(200);
    let person = holder(&world, "yichang", super::in_district("420502")).await;
    assert_eq!(super::seen(&person).await, [""; 0]);
}

/// What would run, load or lead astray; the whole table is beside the code that cleans.
const ATTACKS: [&str; 8] = [
    "<script>alert(1)</script>",
    "文字<img src=x onerror=alert(1)>",
    "<iframe src=https://evil.example></iframe>",
    "[按](javascript:alert(1))",
    "[按](&#106;avascript:alert(1))",
    "![跟踪](https://evil.example/pixel.gif)",
    "<a href=\"https://ok.example\" onclick=\"alert(1)\">x</a>",
    "<style>@import 'https://evil.example'</style>",
];

#[tokio::test]
async fn what_is_shown_neither_runs_nor_loads_anything() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let person = holder(&world, "zhang", WUCHANG).await;
    for attack in ATTACKS {
        let body = format!("正文\n\n{attack}\n\n完");
        let id = published(&world, &staff, with("body", json!(body))).await;
        for path in [format!("/v1/notices/{id}"), format!("/v1/staff/notices/{id}")] {
            let reader = if path.contains("staff") { &staff } else { &person };
            let shown = reader.get(&path).await.expect(200);
            assert_eq!(shown.text("/body"), body, "the source is as it was typed");
            let html = shown.text("/html");
            assert!(html.starts_with("<p>正文</p>") && html.ends_with("<p>完</p>\n"), "{html}");
            for part in
                ["<script", "<img", "<iframe", "<style", "javascript:", "onerror", "onclick", "evil.example"]
            {
                assert!(!html.contains(part), "{attack}: {html}");
            }
        }
    }
    // Marks that turn the direction of writing could make a title read as another.
    let id = published(&world, &staff, draft("通\u{202e}知 \n 公告")).await;
    assert_eq!(person.get(&format!("/v1/notices/{id}")).await.expect(200).text("/title"), "通知 公告");
}
