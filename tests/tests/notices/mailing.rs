//! A notice that is mailed: to each of those it's for, once; looked after; stopped.

use super::{
    Kind, WUCHANG, act, addresses, draft, draft_for, drafted, in_district, mailed, published, register,
    registered, registration, withdraw,
};
use aws_sdk_dynamodb::types::AttributeValue;
use common::aws::SdkParts;
use domain::{certificate::CertificateLevel, registration::RegistrationStatus};
use reminder::{Job, Reminder};
use serde_json::{Value, json};
use std::time::Duration;
use tests::{Person, World, bare};

/// One run of the sweep with room for `bulk` messages.
pub async fn sweep(world: &World, bulk: usize) -> reminder::Report {
    let parts: SdkParts = bare::parts(world.system.dynamodb_endpoint());
    let reminder = Reminder::from_env(&world.system.env, &parts, world.system.clock.clone()).unwrap();
    reminder.with_bulk(bulk).run(Job::Sweep, Duration::from_mins(2), |_| {}).await.unwrap()
}

pub async fn progress(staff: &Person<'_>, notice: &str) -> Value {
    act(staff, "GET", notice, "mailing", None).await.expect(200).body
}

/// Sweeps, five minutes apart, until the mailing is over; gives how it ended.
async fn until_over(world: &World, staff: &Person<'_>, notice: &str) -> Value {
    for _ in 0..60 {
        sweep(world, 500).await;
        world.mails().await;
        let seen = progress(staff, notice).await;
        if seen["state"] != "running" && seen["state"] != "sending" {
            return seen;
        }
        world.system.clock.put(world.now().plus_seconds(20));
    }
    panic!("the mailing doesn't end: {:#}", progress(staff, notice).await)
}

#[tokio::test]
async fn everybody_it_is_for_gets_one_mail_and_nobody_else() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    for person in 1..=30 {
        registered(&world, person, WUCHANG).await;
    }
    registered(&world, 31, in_district("420502")).await;
    registered(&world, 32, in_district("430102")).await;
    registered(&world, 33, Kind { level: CertificateLevel::SocialWorker, ..WUCHANG }).await;
    registered(&world, 34, Kind { status: RegistrationStatus::Lapsed, ..WUCHANG }).await;
    for (person, status) in [
        (35, RegistrationStatus::Cancelled),
        (36, RegistrationStatus::Revoked),
        (37, RegistrationStatus::TransferredOut),
    ] {
        registered(&world, person, Kind { status, ..WUCHANG }).await;
    }
    let audience = json!({ "districts": ["4201"], "levels": ["assistant_social_worker"] });
    let mut notice = draft_for("继续教育通知", audience);
    notice["summary"] = json!("请于三月底前报名");
    let id = published(&world, &staff, notice).await;
    let started = act(&staff, "POST", &id, "mailing", None).await.expect(202);
    assert_eq!((started.text("/state"), started.body["planned"].clone()), ("running".into(), json!(0)));
    assert_eq!(mailed(&world).await, [""; 0], "nothing goes before the job runs");

    let over = until_over(&world, &staff, &id).await;
    assert_eq!(mailed(&world).await, addresses((1..=30).chain([34])));
    assert_eq!((&over["state"], &over["percent"]), (&json!("done"), &json!(100)));
    assert_eq!((&over["planned"], &over["sent"], &over["waiting"]), (&json!(31), &json!(31), &json!(0)));
    assert_eq!(over["looked_at"], 35, "all of Wuhan, whatever their level and standing");
    let mail = &world.mails().await[0];
    assert_eq!(mail.summary.subject, "政策公告：继续教育通知");
    let text = mail.text.clone().unwrap();
    for part in ["请于三月底前报名", &format!("https://registry.example.com/notices/{id}"), "张晓雯，您好"]
    {
        assert!(text.contains(part), "{text}");
    }
    let again = act(&staff, "POST", &id, "mailing", None).await.expect(409);
    assert_eq!(again.code(), "notice_already_mailed");
    assert_eq!(act(&staff, "DELETE", &id, "mailing", None).await.expect(409).code(), "notice_mailing_over");
    // Whoever left the register is mailed where that is what is asked for.
    let left = published(&world, &staff, draft_for("注销后续", json!({ "statuses": ["cancelled"] }))).await;
    act(&staff, "POST", &left, "mailing", None).await.expect(202);
    until_over(&world, &staff, &left).await;
    assert_eq!(mailed(&world).await.len(), 32);
}

#[tokio::test]
async fn somebody_with_two_registrations_is_mailed_once() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let first = registration(&world, 1, WUCHANG);
    for (person, district) in [(2, "420106"), (3, "420502")] {
        let mut other = registration(&world, person, in_district(district));
        other.holder = first.holder.clone();
        other.email = first.email.clone();
        register(&world, other).await;
    }
    register(&world, first).await;
    let id = published(&world, &staff, draft("通知")).await;
    act(&staff, "POST", &id, "mailing", None).await.expect(202);
    let over = until_over(&world, &staff, &id).await;
    assert_eq!((&over["planned"], &over["looked_at"]), (&json!(1), &json!(3)));
    assert_eq!(mailed(&world).await, addresses([1]));
}

#[tokio::test]
async fn a_new_registration_of_a_certificate_stands_for_the_old_one() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let old = registration(&world, 1, Kind { status: RegistrationStatus::Lapsed, ..WUCHANG });
    let mut new = registration(&world, 2, WUCHANG);
    new.holder = old.holder.clone();
    new.certificate.management_number = old.certificate.management_number.clone();
    register(&world, old).await;
    register(&world, new).await;
    let id = published(&world, &staff, draft_for("请尽快办理", json!({ "statuses": ["lapsed"] }))).await;
    act(&staff, "POST", &id, "mailing", None).await.expect(202);
    assert_eq!(until_over(&world, &staff, &id).await["planned"], 0);
}

#[tokio::test]
async fn no_more_than_there_is_room_for_is_planned_ahead() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    for person in 1..=25 {
        registered(&world, person, WUCHANG).await;
    }
    let id = published(&world, &staff, draft("通知")).await;
    let other = published(&world, &staff, draft("另一则")).await;
    for notice in [&id, &other] {
        act(&staff, "POST", notice, "mailing", None).await.expect(202);
    }
    // The mail server takes nothing: what was planned stays where it is.
    world.system.mailbox.fail_next(10, 451);
    for _ in 0..3 {
        sweep(&world, 10).await;
        world.mails().await;
        let [one, two] = [progress(&staff, &id).await, progress(&staff, &other).await];
        let planned = one["planned"].as_u64().unwrap() + two["planned"].as_u64().unwrap();
        assert_eq!(planned, 10, "of both together: {one:#} {two:#}");
    }
    let mut runs = 0;
    loop {
        let staff = world.staff("admin").await;
        if progress(&staff, &other).await["state"] == "done" && progress(&staff, &id).await["state"] == "done"
        {
            break;
        }
        world.system.clock.put(world.now().plus_seconds(130));
        let report = sweep(&world, 10).await;
        world.mails().await;
        assert!(report.notices_planned <= 10, "{report:?}");
        runs += 1;
        assert!(runs < 40);
    }
    let twice: Vec<_> =
        addresses(1..=25).into_iter().flat_map(|address| [address.clone(), address]).collect();
    assert_eq!(mailed(&world).await, twice, "each of the two, once each");
}

#[tokio::test]
async fn what_was_stopped_goes_no_further() {
    let world = World::new().await;
    for person in 1..=40 {
        registered(&world, person, WUCHANG).await;
    }
    for by in ["stop", "withdrawal"] {
        let staff = world.staff("admin").await;
        let id = published(&world, &staff, draft("通知")).await;
        let before = mailed(&world).await.len();
        act(&staff, "POST", &id, "mailing", None).await.expect(202);
        sweep(&world, 10).await;
        assert_eq!(mailed(&world).await.len(), before + 10);
        // Ten more are planned, and can't be sent now.
        world.system.mailbox.fail_next(10, 451);
        world.system.clock.put(world.now().plus_seconds(10));
        sweep(&world, 10).await;
        assert_eq!(mailed(&world).await.len(), before + 10);
        if by == "stop" {
            let stopped = act(&staff, "DELETE", &id, "mailing", None).await.expect(200);
            assert_eq!(stopped.text("/state"), "stopped");
            assert_eq!(
                act(&staff, "DELETE", &id, "mailing", None).await.expect(409).code(),
                "notice_mailing_over"
            );
        } else {
            withdraw(&staff, &id).await.expect(200);
        }
        for _ in 0..4 {
            world.system.clock.put(world.now().plus_seconds(300));
            let report = sweep(&world, 10).await;
            assert_eq!((report.notices_planned, report.sent, report.dead), (0, 0, 0), "{report:?}");
            world.mails().await;
        }
        let staff = world.staff("admin").await;
        assert_eq!(mailed(&world).await.len(), before + 10, "{by}: what was planned isn't sent either");
        let over = progress(&staff, &id).await;
        assert_eq!((&over["state"], &over["planned"]), (&json!("stopped"), &json!(20)));
        let settled = (&over["sent"], &over["withheld"], &over["failed"], &over["waiting"]);
        assert_eq!(settled, (&json!(10), &json!(10), &json!(0), &json!(0)), "{by}");
        assert!(world.system.app.store.unfinished_mailings(world.now()).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn only_what_is_published_is_mailed_and_only_within_the_area() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    let id = drafted(&staff, draft("通知")).await;
    assert_eq!(act(&staff, "GET", &id, "mailing", None).await.expect(404).code(), "notice_not_mailed");
    assert_eq!(act(&staff, "DELETE", &id, "mailing", None).await.expect(404).code(), "notice_not_mailed");
    assert_eq!(act(&staff, "POST", &id, "mailing", None).await.expect(409).code(), "notice_not_published");
    let at = json!({ "at": "2026-03-03T11:00:00+08:00" });
    act(&staff, "POST", &id, "publication", Some(at)).await.expect(200);
    assert_eq!(act(&staff, "POST", &id, "mailing", None).await.expect(409).code(), "notice_not_published");
    let away = super::administrator(&world, Some("4205")).await;
    for method in ["GET", "POST", "DELETE"] {
        assert_eq!(act(&away, method, &id, "mailing", None).await.expect(404).code(), "unknown_notice");
    }
}

#[tokio::test]
async fn registrations_of_before_the_index_are_mailed_once_they_are_put_into_it() {
    let world = World::new().await;
    let staff = world.staff("admin").await;
    for person in 1..=5 {
        registered(&world, person, WUCHANG).await;
    }
    let client = bare::parts(world.system.dynamodb_endpoint()).dynamodb();
    for person in 1..=3 {
        let number = registration(&world, person, WUCHANG).number;
        let strip = client.update_item().table_name(world.system.env.get("TABLE_NAME").unwrap());
        let strip = strip.key("pk", AttributeValue::S(format!("REGISTER#{number}")));
        let strip = strip.key("sk", AttributeValue::S("ENTRY".to_owned()));
        strip.update_expression("REMOVE queue_pk, queue_sk").send().await.unwrap();
    }
    for (title, expected) in [("早", vec![4, 5]), ("晚", vec![1, 2, 3, 4, 4, 5, 5])] {
        let id = published(&world, &staff, draft(title)).await;
        act(&staff, "POST", &id, "mailing", None).await.expect(202);
        until_over(&world, &staff, &id).await;
        let expected: Vec<_> = expected.into_iter().flat_map(|person| addresses([person])).collect();
        assert_eq!(mailed(&world).await, expected);
        assert_eq!(local::lanes::index(&world.system.app.store).await.unwrap(), 5);
    }
}

#[tokio::test]
async fn who_unsubscribed_isnt_mailed_and_still_reads_it() {
    let world = World::new().await;
    let person = super::holder(&world, "zhang", WUCHANG).await;
    person.send("PUT", "/v1/me/preferences", Some(json!({ "mail_reminders": false })), &[]).await.expect(200);
    let staff = world.staff("admin").await;
    let id = published(&world, &staff, draft("通知")).await;
    act(&staff, "POST", &id, "mailing", None).await.expect(202);
    let over = until_over(&world, &staff, &id).await;
    assert_eq!((&over["planned"], &over["sent"], &over["withheld"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!(mailed(&world).await, [""; 0]);
    assert_eq!(super::seen(&person).await, ["通知"]);
}

#[tokio::test]
async fn who_wants_it_later_keeps_nobody_elses_mail_waiting() {
    let world = World::new().await;
    let wish = json!({ "mail_reminders": true, "quiet_hours": { "from": "09:00", "until": "11:00" } });
    for name in ["a", "b", "c"] {
        let person = super::holder(&world, name, WUCHANG).await;
        person.send("PUT", "/v1/me/preferences", Some(wish.clone()), &[]).await.expect(200);
    }
    for person in 1..=10 {
        registered(&world, person, WUCHANG).await;
    }
    let staff = world.staff("admin").await;
    let mut ids = Vec::new();
    for title in ["照常", "停发"] {
        let id = published(&world, &staff, draft(title)).await;
        act(&staff, "POST", &id, "mailing", None).await.expect(202);
        for _ in 0..20 {
            sweep(&world, 2).await;
            world.system.clock.put(world.now().plus_seconds(10));
        }
        let over = progress(&staff, &id).await;
        assert_eq!((&over["planned"], &over["sent"], &over["later"]), (&json!(13), &json!(10), &json!(3)));
        assert_eq!(over["state"], "done");
        ids.push(id);
    }
    // One that is withdrawn is sent to nobody any more, though its mailing was done.
    withdraw(&staff, &ids[1]).await.expect(200);
    let before = mailed(&world).await.len();
    world.put("2026-03-02T11:00:30+08:00");
    sweep(&world, 2).await;
    assert_eq!(mailed(&world).await.len(), before + 3);
}
