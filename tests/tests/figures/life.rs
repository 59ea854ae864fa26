//! From the register to the figures: what happens through the API, and what officials read of it.

use axum::{
    body::{Body, to_bytes},
    http::{Request, header},
};
use serde_json::{Value, json};
use tests::{Person, World};
use tower::ServiceExt;

/// Six people: fewer than five wouldn't be told of.
const PEOPLE: u32 = 6;

async fn registered(world: &World) -> Vec<String> {
    let mut holders = Vec::new();
    for person in 1..=PEOPLE {
        let holder = world.holder(&format!("person{person}")).await;
        holder.register(person).await;
        holders.push(holder.get("/v1/me").await.expect(200).text("/holder_id"));
    }
    world.system.drain().await.unwrap();
    holders
}

async fn figures(person: &Person<'_>, query: &str) -> Value {
    person.get(&format!("/v1/statistics?{query}")).await.expect(200).body
}

/// The row of a measure in the last month.
fn row<'a>(figures: &'a Value, measure: &str) -> &'a Value {
    let months = figures["months"].as_array().unwrap();
    let rows = months.last().unwrap()["rows"].as_array().unwrap();
    rows.iter().find(|row| row["measure"] == measure).unwrap()
}

/// The categories of a row that aren't zero, as `dimension.key=count`.
fn categories(row: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for breakdown in row["breakdowns"].as_array().unwrap() {
        for category in breakdown["categories"].as_array().unwrap().iter().filter(|one| one["count"] != 0) {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let (dimension, key) = (text(&breakdown["dimension"]), text(&category["key"]));
            found.push(format!("{dimension}.{key}={}", category["count"]));
        }
    }
    found
}

#[tokio::test]
async fn who_registers_is_told_of_by_level_age_education_employment_and_field() {
    let world = World::new().await;
    let admin = world.staff("admin").await;
    let empty = figures(&admin, "to=2026-03").await;
    assert_eq!((&empty["as_of"], &empty["registered"]["total"]), (&json!(null), &json!(0)));
    assert_eq!(empty["months"].as_array().unwrap().len(), 12, "a year where none is named");

    let holders = registered(&world).await;
    let seen = figures(&admin, "from=2026-03&to=2026-03").await;
    assert_eq!((&seen["area"], &seen["rebuilding"]), (&json!("42"), &json!(false)));
    assert!(seen["as_of"].is_string());
    assert_eq!(seen["registered"]["total"], PEOPLE);
    let expected = [
        "level.assistant_social_worker=6",
        "age.65_and_over=6",
        "education.bachelor=6",
        "employment_status.full_time=6",
        "practice_field.community=6",
    ];
    assert_eq!(categories(&seen["registered"]), expected);
    assert_eq!(categories(row(&seen, "new")), expected);
    assert_eq!(row(&seen, "lapsed")["total"], 0);
    let reviews = &seen["months"][0]["reviews"];
    assert_eq!(
        (&reviews["decided"], &reviews["median_days"], &reviews["overdue_share"]),
        (&json!(6), &json!(0), &json!(0.0))
    );

    for holder in &holders {
        world.record_hours(holder, "2026-03-02", "2026-03-20", 75).await;
    }
    world.system.drain().await.unwrap();
    let hours = &figures(&admin, "from=2026-03&to=2026-03").await["months"][0]["hours"];
    assert_eq!(hours[0], json!({ "form": "total", "label": "合计", "records": 6, "hours": 45 }));
    assert_eq!(hours[1], json!({ "form": "online", "label": "线上学习", "records": 6, "hours": 45 }));

    // Nobody renews: three years later they're due, and lapse.
    world.put_day(domain::date::date(2029, 3, 5));
    world.run_job().await;
    world.system.drain().await.unwrap();
    let admin = world.staff("admin").await;
    let seen = figures(&admin, "from=2029-03&to=2029-03").await;
    assert_eq!((&seen["registered"]["total"], &row(&seen, "lapsed")["total"]), (&json!(0), &json!(6)));
    assert_eq!((&row(&seen, "due")["total"], &seen["months"][0]["renewal_rate"]), (&json!(6), &json!(0.0)));
    let then = figures(&admin, "from=2026-03&to=2026-03").await;
    assert_eq!(row(&then, "new")["total"], 6, "what was, stays");
}

#[tokio::test]
async fn officials_see_their_area_and_few_people_are_not_told_of() {
    let world = World::new().await;
    let holder = world.holder("person1").await;
    holder.register(1).await;
    world.system.drain().await.unwrap();
    let city = world.staff("chushen").await;
    let seen = figures(&city, "from=2026-03&to=2026-03").await;
    assert_eq!((&seen["area"], &seen["registered"]["total"]), (&json!("4201"), &json!(null)));
    let counts = categories(&seen["registered"]);
    assert!(counts.iter().all(|count| count.ends_with("=null")) && counts.len() > 20, "{counts:?}");
    assert_eq!(figures(&city, "area=420106&to=2026-03").await["registered"]["total"], json!(null));

    let elsewhere = world.staff("chushen-yichang").await;
    assert_eq!(figures(&elsewhere, "").await["registered"]["total"], 0);
    for (person, area) in
        [(&elsewhere, "4201"), (&city, "42"), (&city, "420502"), (&city, "CN"), (&elsewhere, "43")]
    {
        let refused = person.get(&format!("/v1/statistics?area={area}")).await.expect(403);
        assert_eq!(refused.code(), "outside_area", "{area}");
    }
    world.nobody().get("/v1/statistics").await.expect(401);
    holder.get("/v1/statistics").await.expect(403);
    world.staff("peixun").await.get("/v1/statistics").await.expect(403);
}

#[tokio::test]
async fn a_range_that_cant_be_answered_is_told_from_one_that_can() {
    let world = World::new().await;
    let admin = world.staff("admin").await;
    for (query, code) in [
        ("from=2026-13", "month_malformed"),
        ("to=2026", "month_malformed"),
        ("from=2026-04&to=2026-03", "range_reversed"),
        ("from=2023-03&to=2026-03", "range_too_long"),
        ("from=0001-01&to=9999-12", "range_too_long"),
        ("area=9", "area_malformed"),
        ("area=999999", "area_malformed"),
        ("format=xlsx", "format_unknown"),
    ] {
        let refused = admin.get(&format!("/v1/statistics?{query}")).await.expect(422);
        assert_eq!(refused.text("/errors/0/code"), code, "{query}");
    }
    let longest = figures(&admin, "from=2023-04&to=2026-03&area=4201").await;
    assert_eq!(longest["months"].as_array().unwrap().len(), 36);
    assert_eq!(figures(&admin, "from=9999-12&to=9999-12").await["months"][0]["month"], "9999-12");
}

/// The text of an answer that is no JSON, and its headers.
async fn text(world: &World, token: &str, uri: &str, accept: &str) -> (axum::http::HeaderMap, String) {
    let request = Request::get(uri)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::ACCEPT, accept)
        .body(Body::empty())
        .unwrap();
    let (parts, body) = world.system.api.clone().oneshot(request).await.unwrap().into_parts();
    assert_eq!(parts.status, 200);
    (parts.headers, String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn a_spreadsheet_opens_it() {
    let world = World::new().await;
    registered(&world).await;
    let token = world.staff("admin").await.token.unwrap();
    let query = "/v1/statistics?from=2026-03&to=2026-03";
    let (headers, by_accept) = text(&world, &token, query, "text/csv").await;
    assert_eq!(headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    let name = "attachment; filename=\"statistics-42-202603-202603.csv\"";
    assert_eq!(headers[header::CONTENT_DISPOSITION], name);
    let (_, by_format) = text(&world, &token, &format!("{query}&format=csv"), "*/*").await;
    assert_eq!(by_accept, by_format);
    let body = by_accept.strip_prefix('\u{feff}').expect("a mark that this is UTF-8");
    let lines: Vec<Vec<_>> = body.lines().map(|line| line.split(',').collect()).collect();
    assert!(lines.iter().all(|cells| cells.len() == 6), "{body}");
    for line in [
        ["地区", "月份", "指标", "维度", "类别", "数值"],
        ["42", "当前", "有效登记人数", "合计", "", "6"],
        ["42", "当前", "有效登记人数", "年龄段", "65 岁及以上", "6"],
        ["42", "2026-03", "首次登记", "学历", "本科", "6"],
        ["42", "2026-03", "审核天数中位数", "合计", "", "0"],
        ["42", "2026-03", "再登记率", "合计", "", ""],
    ] {
        assert!(lines.iter().any(|found| found == &line), "{line:?} isn't in {body}");
    }
}
