//! The morning's digest: to whom, when, what it says, and never twice.

use super::{DUE, after, submitted, write_to};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::date::CalendarDate;
use serde_json::json;
use tests::{World, bare::parts};

/// Runs the job at `time` of `day`; who got a digest since the last run, with its subject.
async fn run(world: &World, day: CalendarDate, time: &str) -> Vec<(String, String)> {
    let seen = world.mails().await.len();
    world.put(&format!("{day}T{time}:00+08:00"));
    let report = world.run_job().await;
    assert!(report.complete && report.failed == 0, "{report:?}");
    let all = world.mails().await;
    let mails =
        all[seen..].iter().map(|mail| (mail.summary.recipients.concat(), mail.summary.subject.clone()));
    let mut digests: Vec<_> = mails.filter(|(_, subject)| subject.contains("每日待办")).collect();
    digests.sort();
    assert_eq!(u64::try_from(digests.len()).unwrap(), report.digests);
    digests
}

/// A world in which `usernames` have addresses, on Monday 2 March 2026 at ten.
async fn written_to(usernames: &[&str]) -> World {
    let world = World::new().await;
    for username in usernames {
        write_to(&world, username, json!(format!("{username}@example.com"))).await;
    }
    world
}

const MONDAY: &str = "2026-03-09";

#[tokio::test]
async fn each_working_morning_those_for_whom_something_waits_get_one_digest() {
    let world = written_to(&["chushen", "chushen-yichang", "zhongshen", "admin"]).await;
    assert_eq!(run(&world, after(MONDAY, 0), "09:00").await, [], "nothing waits for anybody");
    submitted(&world, 1).await;
    submitted(&world, 2).await;
    assert_eq!(run(&world, after(MONDAY, 0), "12:00").await, [], "what came today is told tomorrow");

    let chushen = ("chushen@example.com".to_owned(), "每日待办：待办 2 件".to_owned());
    assert_eq!(
        run(&world, after(MONDAY, 1), "09:00").await,
        std::slice::from_ref(&chushen),
        "and nobody of another city or stage"
    );
    for time in ["10:00", "11:00", "17:00"] {
        assert_eq!(run(&world, after(MONDAY, 1), time).await, [], "{time}: once a day");
    }
    for (days, time, expected) in [
        (2, "05:30", vec![]),
        // The morning's runs were missed.
        (2, "15:00", vec![chushen.clone()]),
        (3, "19:00", vec![]),
        // Friday's digest is Friday's: what was missed on Thursday isn't sent then.
        (4, "09:00", vec![chushen.clone()]),
        (5, "09:00", vec![]),
        (6, "09:00", vec![]),
        (7, "09:00", vec![chushen]),
    ] {
        assert_eq!(run(&world, after(MONDAY, days), time).await, expected, "day {days}, {time}");
    }
}

#[tokio::test]
async fn a_digest_says_how_much_waits_and_what_presses_and_names_nobody() {
    let world = written_to(&["chushen", "zhongshen", "admin"]).await;
    let id = submitted(&world, 1).await;
    assert_eq!(
        run(&world, after(DUE, -1), "09:00").await,
        [("chushen@example.com".to_owned(), "每日待办：即将到期 1 件，待办 1 件".to_owned())]
    );
    // The same run lets it rise before it tells of it: it's the province's by then.
    assert_eq!(
        run(&world, after(DUE, 1), "09:00").await,
        [
            ("admin@example.com".to_owned(), "每日待办：已超过审核期限 1 件".to_owned()),
            ("zhongshen@example.com".to_owned(), "每日待办：已逾期 1 件，待办 1 件".to_owned()),
        ]
    );
    let mails = world.mails().await;
    let mail =
        mails.iter().rfind(|mail| mail.summary.recipients.concat() == "zhongshen@example.com").unwrap();
    for told in [&mail.text, &mail.html].map(|part| part.as_ref().unwrap()) {
        assert!(told.contains("终审申请（辖区 42）") && told.contains("5 个工作日"), "{told}");
        assert!(!told.contains("张晓雯") && !told.contains(&id), "{told}");
    }
}

#[tokio::test]
async fn a_run_that_died_before_it_was_done_is_gone_on_with_and_doubles_nothing() {
    let world = written_to(&["chushen"]).await;
    submitted(&world, 1).await;
    assert_eq!(run(&world, after(MONDAY, 0), "09:00").await.len(), 1);
    // As if it had died before it kept that everybody was dealt with.
    let parts = parts(world.system.dynamodb_endpoint());
    let job = [("pk", "JOB#digest"), ("sk", "JOB")];
    let key = job.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
    let removed =
        parts.dynamodb().delete_item().table_name("social-worker-registry").set_key(Some(key.into())).send();
    removed.await.unwrap();
    write_to(&world, "zhongshen", json!("zhongshen@example.com")).await;
    assert_eq!(run(&world, after(MONDAY, 0), "10:00").await, [], "it's there already");
}

#[tokio::test]
async fn who_has_no_address_or_may_not_sign_in_gets_none() {
    let world = written_to(&["chushen"]).await;
    submitted(&world, 1).await;
    assert_eq!(run(&world, after(MONDAY, 0), "09:00").await.len(), 1);
    write_to(&world, "chushen", json!(null)).await;
    assert_eq!(run(&world, after(MONDAY, 1), "09:00").await, []);
    write_to(&world, "chushen", json!("wuhan@example.com")).await;
    assert_eq!(run(&world, after(MONDAY, 2), "09:00").await.len(), 1);
    let admin = world.staff("admin").await;
    let staff = admin.get("/v1/staff").await.expect(200);
    let account =
        staff.body["items"].as_array().unwrap().iter().find(|one| one["username"] == "chushen").unwrap();
    let path = format!("/v1/staff/{}", account["id"].as_str().unwrap());
    let version = format!("\"{}\"", account["version"]);
    let wrong =
        admin.send("PATCH", &path, Some(json!({ "email": "nowhere" })), &[("If-Match", &version)]).await;
    assert_eq!(wrong.expect(422).body["errors"][0]["field"], "email");
    let off = admin.send("PATCH", &path, Some(json!({ "disabled": true })), &[("If-Match", &version)]).await;
    off.expect(200);
    assert_eq!(run(&world, after(MONDAY, 3), "09:00").await, []);
}
