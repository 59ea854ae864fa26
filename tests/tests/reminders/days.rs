//! Reminders on their days, as their readers get them: registered, returned and not registered through the real API, one
//! run of the job a day, and mails by the table's stream. And days without a run.

use domain::date::{CalendarDate, date};
use serde_json::json;
use tests::{Person, World, form};

/// A mail: the day it came, whom it's for, and its subject.
type Mail = (CalendarDate, String, String);

/// Runs the job each day from `first` to `last`; the mails of these days.
async fn daily(world: &World, first: CalendarDate, last: CalendarDate) -> Vec<Mail> {
    let mut mails = Vec::new();
    let mut seen = arrived(world).await.len();
    for day in (0..=first.days_until(last)).map(|days| first.plus_days(days)) {
        world.put_day(day);
        let report = world.run_job().await;
        assert!(report.complete && report.failed == 0, "{day}: {report:?}");
        let all = arrived(world).await;
        mails.extend(all[seen..].iter().map(|(to, subject)| (day, to.clone(), subject.clone())));
        seen = all.len();
    }
    mails
}

/// Every mail so far: whom it's for, and its subject.
async fn arrived(world: &World) -> Vec<(String, String)> {
    world.system.drain().await.unwrap();
    let mails = world.system.mailbox.summaries().into_iter();
    mails.map(|mail| (mail.recipients.concat(), mail.subject)).collect()
}

/// The days on which mails came, counted from `end`: 90 is ninety days before, -1 the day after.
fn days_before(end: CalendarDate, mails: &[Mail]) -> Vec<i64> {
    mails.iter().map(|(day, ..)| day.days_until(end)).collect()
}

async fn status(person: &Person<'_>) -> String {
    person.get("/v1/me").await.expect(200).text("/registrations/0/status")
}

/// A registration of 2026-03-02, valid until 2029-03-02.
async fn registered(world: &World) -> CalendarDate {
    world.holder("zhang").await.register(1).await;
    assert_eq!(arrived(world).await.len(), 2, "the receipt, and the number");
    date(2029, 3, 2)
}

#[tokio::test]
async fn a_registration_is_reminded_of_on_its_days_and_lapses_after_the_last() {
    let world = World::new().await;
    let end = registered(&world).await;
    let mails = daily(&world, end.plus_days(-95), end).await;
    assert_eq!(days_before(end, &mails), [90, 60, 30, 14, 7, 1]);
    for (day, to, subject) in &mails {
        assert_eq!(to, "person1@example.com");
        let left = match day.days_until(end) {
            1 => "明天是最后一天".to_owned(),
            days => format!("{days} 天"),
        };
        assert!(subject.contains(&left), "{day}: {subject}");
    }
    assert_eq!(status(&world.holder("zhang").await).await, "active", "its last day is a day of validity");

    let mails = daily(&world, end.plus_days(1), end.plus_days(40)).await;
    assert_eq!(days_before(end, &mails), [-1], "told once that it lapsed, and left in peace");
    assert!(mails[0].2.contains("登记已失效"), "{}", mails[0].2);
    assert_eq!(status(&world.holder("zhang").await).await, "lapsed");
}

#[tokio::test]
async fn whoever_has_not_registered_is_reminded_while_the_window_closes() {
    let world = World::new().await;
    world.holder("zhang").await.save_profile(form(1)).await.expect(200);
    let li = world.holder("li").await;
    let submitted = li.ready_first(2).await;
    li.submit(&submitted).await.expect(200);
    let readiness = world.holder("zhang").await.get("/v1/me/readiness").await.expect(200);
    let end: CalendarDate = readiness.text("/closes").parse().unwrap();
    let mails = daily(&world, end.plus_days(-95), end.plus_days(40)).await;
    assert_eq!(days_before(end, &mails), [90, 60, 30, 14, 7, 1, -1]);
    assert!(
        mails.iter().all(|(_, to, _)| to == "person1@example.com"),
        "who has applied waits for us: {mails:?}"
    );
}

#[tokio::test]
async fn what_was_returned_is_reminded_of_until_it_is_closed() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let application = holder.ready_first(1).await;
    holder.submit(&application).await.expect(200);
    let returned = json!({ "outcome": "return", "reasons": [{ "ground": "unclear_attachment" }] });
    world.staff("chushen").await.decide(&application, returned).await.expect(200);
    let returned_on = world.now().day();
    let mails = daily(&world, returned_on, returned_on.plus_days(70)).await;
    let days: Vec<_> = mails.iter().map(|(day, ..)| returned_on.days_until(*day)).collect();
    assert_eq!(days, [3, 7, 14, 30, 50, 61], "five reminders, and the end");
    let me = world.holder("zhang").await.get("/v1/me").await.expect(200);
    assert_eq!(me.text("/applications/0/state"), "withdrawn");
}

#[tokio::test]
async fn days_without_a_run_are_made_up_for_by_the_most_urgent_reminder() {
    let world = World::new().await;
    let end = registered(&world).await;
    assert_eq!(daily(&world, end.plus_days(-95), end.plus_days(-91)).await, []);
    // No run for seventy days: the reminders of 90, 60 and 30 days were missed.
    let mails = daily(&world, end.plus_days(-20), end.plus_days(-15)).await;
    assert_eq!(days_before(end, &mails), [20], "one of the three, at once");
    assert!(mails[0].2.contains("20 天"), "and it says what is true today: {}", mails[0].2);
    let mails = daily(&world, end.plus_days(-14), end.plus_days(-10)).await;
    assert_eq!(days_before(end, &mails), [14], "the next on its day");
    // No run until after the end: nobody wants to read "7 days left" then.
    let mails = daily(&world, end.plus_days(5), end.plus_days(8)).await;
    assert_eq!(days_before(end, &mails), [-5]);
    assert!(mails[0].2.contains("登记已失效"), "{}", mails[0].2);
    assert_eq!(status(&world.holder("zhang").await).await, "lapsed");
}

#[tokio::test]
async fn a_job_that_first_runs_after_a_year_finds_all_that_was_due() {
    let world = World::new().await;
    world.holder("zhang").await.save_profile(form(1)).await.expect(200);
    let li = world.holder("li").await;
    let application = li.ready_first(2).await;
    li.submit(&application).await.expect(200);
    let returned = json!({ "outcome": "return", "reasons": [{ "ground": "unclear_attachment" }] });
    world.staff("chushen").await.decide(&application, returned).await.expect(200);
    let day = world.now().day().plus_years(1);
    let mails = daily(&world, day, day.plus_days(1)).await;
    let mut readers: Vec<_> = mails.iter().map(|(_, to, _)| to.as_str()).collect();
    readers.sort_unstable();
    // The first-registration window of both is over, and what was returned isn't mended in time.
    let (zhang, li) = ("person1@example.com", "person2@example.com");
    assert_eq!(readers, [zhang, li, li], "{mails:?}");
}

/// Hours, a photo, the declaration: a renewal that is submitted.
async fn renew(world: &World, name: &str) -> String {
    let holder = world.holder(name).await;
    let me = holder.get("/v1/me").await.expect(200);
    world.record_hours(&me.text("/holder_id"), "2026-03-02", "2027-05-01", 900).await;
    let application = holder.open("renewal").await;
    holder.attach(&application, "photo").await;
    holder.edit(&application, json!({ "declaration": true })).await.expect(200);
    holder.submit(&application).await.expect(200);
    application
}

#[tokio::test]
async fn a_registration_whose_renewal_waits_neither_is_reminded_of_nor_lapses() {
    let world = World::new().await;
    for (person, name) in (1..).zip(["zhang", "li", "wang"]) {
        world.holder(name).await.register(person).await;
    }
    let end = date(2029, 3, 2);
    let mails = daily(&world, end.plus_days(-60), end.plus_days(-60)).await;
    assert_eq!(mails.len(), 3, "all three in time");
    let refused = renew(&world, "li").await;
    let approved = renew(&world, "wang").await;

    let mails = daily(&world, end.plus_days(-59), end.plus_days(20)).await;
    assert!(mails.iter().all(|(_, to, _)| to == "person1@example.com"), "{mails:?}");
    assert_eq!(days_before(end, &mails), [30, 14, 7, 1, -1]);
    for (name, stands) in [("zhang", "lapsed"), ("li", "active"), ("wang", "active")] {
        assert_eq!(status(&world.holder(name).await).await, stands, "{name}");
    }

    // Decided after the end: one lapses there and then, the other goes on from its last day.
    let before = arrived(&world).await.len();
    let no = json!({ "outcome": "refuse", "reasons": [{ "ground": "not_eligible" }] });
    // Nobody decided them within the limit: they rose to 终审, which decides both stages.
    world.staff("zhongshen").await.decide(&refused, no).await.expect(200);
    for _ in 0..2 {
        world.staff("zhongshen").await.decide(&approved, json!({ "outcome": "approve" })).await.expect(200);
    }
    assert_eq!(status(&world.holder("li").await).await, "lapsed");
    let me = world.holder("wang").await.get("/v1/me").await.expect(200);
    assert_eq!(me.text("/registrations/0/valid_until"), "2032-03-02");
    let told: Vec<_> = arrived(&world).await.split_off(before).into_iter().map(|(to, _)| to).collect();
    let (li, wang) = ("person2@example.com", "person3@example.com");
    assert_eq!(told, [li, li, wang], "refused, lapsed; renewed");
    assert_eq!(daily(&world, end.plus_days(21), end.plus_days(30)).await, []);
}
