//! The catalogue of courses: offering, finding, withdrawing.

use super::{course, offer, registered};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Person, World};

fn titles(reply: &Value) -> Vec<String> {
    reply["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

async fn find(caller: &Person<'_>, query: &str) -> Vec<String> {
    titles(&caller.get(&format!("/v1/courses?{query}")).await.expect(200).body)
}

async fn offered(provider: &Person<'_>, title: &str, edits: Value) -> String {
    let mut course = course("2026-06-10", "2026-06-10");
    course["title"] = json!(title);
    for (field, value) in edits.as_object().unwrap() {
        course[field] = value.clone();
    }
    offer(provider, course).await
}

#[tokio::test]
async fn courses_are_found_by_word_form_category_and_day() {
    let world = World::at("2026-06-11T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    offered(&provider, "社会工作伦理", json!({ "from": "2026-06-09", "to": "2026-06-09" })).await;
    offered(&provider, "个案工作方法", json!({ "category": "professional", "form": "seminar" })).await;
    offered(
        &provider,
        "小组工作 Group Work",
        json!({ "category": "professional", "to": "2026-07-01", "from": "2026-07-01" }),
    )
    .await;
    let holder = world.holder("zhang").await;
    assert_eq!(
        find(&holder, "").await,
        ["小组工作 Group Work", "个案工作方法", "社会工作伦理"],
        "the latest first"
    );
    assert_eq!(find(&holder, "q=伦理").await, ["社会工作伦理"]);
    assert_eq!(find(&holder, "q=工作").await.len(), 3);
    assert_eq!(find(&holder, "q=工作%20方法").await, ["个案工作方法"], "each word has to be there");
    assert_eq!(
        find(&holder, "q=ＧＲＯＵＰ").await,
        ["小组工作 Group Work"],
        "letters of whatever width and case"
    );
    assert_eq!(find(&holder, "q=培训中心").await.len(), 3, "its provider's name is searched, too");
    assert_eq!(find(&holder, "q=伦理%20工作").await, ["社会工作伦理"]);
    assert_eq!(find(&holder, "q=工作法").await, [""; 0], "all of a word has to be there");
    assert_eq!(find(&holder, "q=工方").await, [""; 0], "characters that aren't side by side");
    assert_eq!(find(&holder, "form=seminar").await, ["个案工作方法"]);
    assert_eq!(find(&holder, "category=ethics").await, ["社会工作伦理"]);
    assert_eq!(find(&holder, "category=professional&form=in_person").await, ["小组工作 Group Work"]);
    assert_eq!(find(&holder, "from=2026-06-12").await, ["小组工作 Group Work"]);
    assert_eq!(find(&holder, "to=2026-06-30&q=工作").await.len(), 2);
    let short = holder.get("/v1/courses?q=伦").await.expect(422);
    assert_eq!(short.text("/errors/0/code"), "word_too_short");
    assert_eq!(holder.get("/v1/courses?mine=true").await.status, 403, "a holder offers none");
    assert_eq!(find(&provider, "mine=true").await.len(), 3);
    assert_eq!(world.nobody().get("/v1/courses").await.status, 401);
}

#[tokio::test]
async fn a_list_is_paged_to_its_end_over_the_years() {
    let world = World::at("2026-06-11T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    let mut expected = Vec::new();
    for year in [2026, 2025, 2023] {
        for day in ["05-20", "05-10"] {
            let title = format!("伦理课 {year}-{day}");
            let on = format!("{year}-{day}");
            offered(&provider, &title, json!({ "from": on, "to": on })).await;
            expected.push(title);
        }
    }
    for query in ["", "q=伦理课", "form=in_person"] {
        let (mut found, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = provider.get(&format!("/v1/courses?limit=2&{query}{cursor}")).await.expect(200);
            found.extend(titles(&page.body));
            pages += 1;
            match page.body["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, expected, "{query}");
        assert!(pages <= 6, "{pages} pages");
    }
    assert_eq!(provider.get("/v1/courses?cursor=nonsense").await.expect(400).code(), "invalid_cursor");
}

#[rstest]
#[case::no_hours(json!({ "hours": 0 }), "hours_absurd")]
#[case::negative_hours(json!({ "hours": -3 }), "wrong_shape")]
#[case::more_than_a_day_has(json!({ "hours": 25 }), "hours_absurd")]
#[case::the_wrong_way_round(json!({ "from": "2026-06-12" }), "dates_out_of_order")]
#[case::another_unit(json!({ "unit": "小时" }), "other_unit")]
#[case::no_course(json!({ "form": "paper" }), "form_not_offered")]
#[case::not_put_on_record(json!({ "form": "in_house" }), "missing_field")]
#[case::a_title_too_long(json!({ "title": "社".repeat(61) }), "title_too_long")]
#[case::a_name_too_long(json!({ "provider": "社".repeat(31) }), "provider_too_long")]
#[tokio::test]
async fn what_no_catalogue_takes_is_refused_by_field(#[case] edits: Value, #[case] code: &str) {
    let world = World::at("2026-06-11T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    let mut input = course("2026-06-10", "2026-06-10");
    for (field, value) in edits.as_object().unwrap() {
        input[field] = value.clone();
    }
    let refused = provider.post("/v1/courses", input).await.expect(422);
    let codes: Vec<_> =
        refused.body["errors"].as_array().unwrap().iter().map(|error| error["code"].clone()).collect();
    assert!(codes.contains(&json!(code)) || refused.code() == code, "{:#}", refused.body);
    assert_eq!(find(&provider, "").await, [""; 0]);
}

#[tokio::test]
async fn the_longest_names_a_catalogue_takes_fit_into_one_transaction() {
    let world = World::at("2026-06-11T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    let different = |count: u32, first: u32| -> String {
        (0..count).map(|nth| char::from_u32(first + nth).unwrap()).collect()
    };
    let (title, name) = (different(60, 0x4E00), different(30, 0x5E00));
    let id = offered(&provider, &title, json!({ "provider": name })).await;
    let last: String = title.chars().skip(58).collect();
    assert_eq!(find(&provider, &format!("q={last}")).await, [title]);
    provider.send("DELETE", &format!("/v1/courses/{id}"), None, &[]).await.expect(200);
    assert_eq!(find(&provider, &format!("q={last}")).await, [""; 0]);
}

#[tokio::test]
async fn a_course_that_is_withdrawn_is_found_no_more_and_nobody_is_recorded_for_it() {
    let world = World::new().await;
    registered(&world, 1).await;
    world.put("2026-06-11T10:00:00+08:00");
    let provider = world.staff("peixun").await;
    let holder = world.holder("zhang").await;
    let id = offer(&provider, course("2026-06-10", "2026-06-10")).await;
    let path = format!("/v1/courses/{id}");
    let key = [("Idempotency-Key", "withdraw-1")];
    let withdrawn = provider.send("DELETE", &path, None, &key).await.expect(200);
    assert_eq!(provider.send("DELETE", &path, None, &key).await.expect(200).body, withdrawn.body);
    assert_eq!(provider.send("DELETE", &path, None, &[]).await.expect(409).code(), "wrong_credit_state");
    assert_eq!(find(&holder, "").await, [""; 0]);
    assert!(
        holder.get(&path).await.expect(200).body["withdrawn_at"].is_string(),
        "who has its id sees what became of it"
    );
    let claimed = holder.post("/v1/me/credits", json!({ "course": id })).await;
    assert_eq!(claimed.expect(409).code(), "course_withdrawn");
    let input = json!({ "course": id, "format": "csv", "file_name": "a.csv", "size": 9 });
    assert_eq!(provider.post("/v1/rosters", input).await.expect(409).code(), "course_withdrawn");
}

#[tokio::test]
async fn a_retried_offer_makes_one_course() {
    let world = World::at("2026-06-11T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    let key = [("Idempotency-Key", "offer-1")];
    let input = course("2026-06-10", "2026-06-10");
    let first = provider.send("POST", "/v1/courses", Some(input.clone()), &key).await.expect(201);
    let again = provider.send("POST", "/v1/courses", Some(input), &key).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(find(&provider, "").await.len(), 1);
}

#[tokio::test]
async fn a_page_that_is_full_where_a_look_ends_leads_to_the_next_course_and_not_back() {
    let world = World::at("2026-06-11T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    // The catalogue looks at two hundred at a time: among the first there are three on ethics, and right behind them more.
    for nth in 0..202 {
        let day = if nth < 200 { "2026-06-10" } else { "2026-06-09" };
        let category = if (3..200).contains(&nth) { "professional" } else { "ethics" };
        offered(&provider, &format!("课程 {nth}"), json!({ "category": category, "from": day, "to": day }))
            .await;
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..4 {
        let path = format!("/v1/courses?form=in_person&category=ethics&limit=3{cursor}");
        let page = provider.get(&path).await.expect(200);
        found.extend(titles(&page.body));
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    found.sort();
    assert_eq!(found, ["课程 0", "课程 1", "课程 2", "课程 200", "课程 201"]);
}

#[tokio::test]
async fn days_the_wrong_way_round_and_a_place_that_is_in_no_list_are_refused() {
    let world = World::at("2026-06-11T10:00:00+08:00").await;
    let provider = world.staff("peixun").await;
    for title in ["伦理一", "伦理二"] {
        offered(&provider, title, json!({})).await;
    }
    let refused = provider.get("/v1/courses?from=2026-07-01&to=2026-06-01").await.expect(422);
    assert_eq!(refused.text("/errors/0/code"), "dates_out_of_order");
    let next = provider.get("/v1/courses?limit=1").await.expect(200).text("/next");
    let moved = provider.get(&format!("/v1/courses?to=2026-06-01&cursor={next}")).await.expect(400);
    assert_eq!(moved.code(), "invalid_cursor");
    assert_eq!(
        provider.get(&format!("/v1/rosters?cursor={next}")).await.expect(400).code(),
        "invalid_cursor"
    );
}
