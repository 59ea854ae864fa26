//! Samples: drawn once by a seed, asked once, reminded in time, and in the queue once the evidence is there or late.

use super::{june, open, queue, registered_by_june, rules};
use domain::{
    credit::CreditRecord,
    date::{CalendarDate, date},
    id::HolderId,
};
use reminder::Job;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tests::{Person, Reply, World, wire::Wire};
use tokio::sync::Notify;

/// A world in June with so many records of one holder that count since then.
async fn counted(records: u32) -> (World, HolderId) {
    counted_in(june(&["zhang"]).await, records).await
}

async fn counted_in(world: World, records: u32) -> (World, HolderId) {
    let holder = world.holder("zhang").await.get("/v1/me").await.text("/holder_id");
    for _ in 0..records {
        world.record_hours(&holder, "2026-03-02", "2026-05-01", 10).await;
    }
    (world, holder.parse().unwrap())
}

async fn draw(reviewer: &Person<'_>, seed: &str) -> Reply {
    let body = json!({ "month": "2026-06", "seed": seed, "area": "4201" });
    reviewer.post("/v1/review/samples", body).await
}

async fn records(world: &World, holder: &HolderId) -> Vec<CreditRecord> {
    world.system.app.store.dossier(holder, world.now()).await.unwrap().credits
}

/// How many were asked, each by one change of its record.
async fn asked(world: &World, holder: &HolderId) -> usize {
    let records = records(world, holder).await;
    for record in &records {
        assert_eq!(record.version, 1 + u64::from(record.audit.is_some()), "{record:#?}");
    }
    records.iter().filter(|record| record.audit.is_some()).count()
}

#[tokio::test]
async fn one_seed_draws_one_sample_and_each_who_is_drawn_is_asked_once() {
    let (world, holder) = counted(30).await;
    let first = world.staff("chushen").await;
    assert_eq!(draw(&first, "A7").await.expect(403).code(), "wrong_reviewer");
    let reviewer = world.staff("zhongshen").await;
    let without = json!({ "month": "2026-06", "seed": "A7" });
    let refused = reviewer.post("/v1/review/samples", without).await.expect(422);
    assert_eq!(refused.body["errors"][0]["code"], "area_needed");
    let to_come = json!({ "month": "2026-07", "seed": "A7", "area": "4201" });
    let refused = reviewer.post("/v1/review/samples", to_come).await.expect(422);
    assert_eq!(refused.body["errors"][0]["code"], "month_to_come");
    let elsewhere = json!({ "month": "2026-06", "seed": "A7", "area": "4301" });
    assert_eq!(reviewer.post("/v1/review/samples", elsewhere).await.expect(403).code(), "outside_area");
    let empty = json!({ "month": "2026-01", "seed": "A7", "area": "4201" });
    assert_eq!(reviewer.post("/v1/review/samples", empty).await.expect(422).code(), "nothing_to_draw");

    let drawn = draw(&reviewer, "A7").await.expect(201);
    assert_eq!((&drawn.body["population"], &drawn.body["drawn"]), (&json!(30), &json!(15)));
    assert_eq!((&drawn.body["asked"], &drawn.body["complete"]), (&json!(0), &json!(false)));
    assert_eq!(draw(&reviewer, "A7").await.expect(200).body, drawn.body);
    assert_eq!(asked(&world, &holder).await, 0, "asking is the job's");

    let mails = world.mails().await.len();
    let report = world.run_job().await;
    assert_eq!((report.evidence_asked, report.failed, report.complete), (15, 0, true), "{report:?}");
    assert_eq!(asked(&world, &holder).await, 15);
    assert_eq!(world.mails().await.len(), mails + 15);
    let report = world.run_job().await;
    assert_eq!((report.evidence_asked, report.skipped), (0, 0), "{report:?}");
    assert_eq!(asked(&world, &holder).await, 15);

    // By the same seed it's still the one that was drawn, though others can't be drawn any more.
    let again = draw(&reviewer, "A7").await.expect(200);
    assert_eq!((&again.body["population"], &again.body["asked"]), (&json!(30), &json!(15)));
    assert_eq!(draw(&reviewer, "B3").await.expect(201).body["population"], 15, "nobody is drawn twice");
    let list = reviewer.get("/v1/review/samples?month=2026-06&area=4201").await.expect(200);
    assert_eq!(list.body["items"].as_array().unwrap().len(), 2);
    let path = format!("/v1/review/samples/{}", drawn.text("/id"));
    let shown = first.get(&format!("{path}?limit=10")).await.expect(200);
    assert_eq!((shown.body["items"].as_array().unwrap().len(), &shown.body["next"]), (10, &json!(10)));
    let shown = first.get(&format!("{path}?limit=10&after=10")).await.expect(200);
    assert_eq!((shown.body["items"].as_array().unwrap().len(), &shown.body["next"]), (5, &json!(null)));
    assert!(shown.body["items"].as_array().unwrap().iter().all(|item| item["asked_at"].is_string()));
    let away = world.staff("chushen-yichang").await;
    assert_eq!(away.get(&path).await.expect(403).code(), "outside_area");
}

#[tokio::test]
async fn evidence_is_reminded_of_and_what_does_not_come_waits_for_a_reviewer_from_the_day_after() {
    let (world, holder) = counted(4).await;
    draw(&world.staff("zhongshen").await, "A7").await.expect(201);
    assert_eq!(world.run_job().await.evidence_asked, 2);
    let due = records(&world, &holder).await.iter().find_map(|record| record.audit.as_ref().map(|a| a.due));
    let due: CalendarDate = due.unwrap();
    assert_eq!(due, date(2026, 7, 10), "thirty days");
    assert!(queue(&world.staff("chushen").await).await.is_empty(), "there is time");

    world.put_day(due.plus_days(-15));
    assert_eq!(world.run_job().await.evidence_reminded, 0);
    world.put_day(due.plus_days(-14));
    let mails = world.mails().await.len();
    assert_eq!(world.run_job().await.evidence_reminded, 2);
    assert_eq!(world.run_job().await.evidence_reminded, 0, "each day once");
    assert_eq!(world.mails().await.len(), mails + 2);

    // One answers, and can be looked at from then on.
    let audited = records(&world, &holder).await.into_iter().find(|record| record.audit.is_some()).unwrap();
    let zhang = world.holder("zhang").await;
    zhang.post_empty(&format!("/v1/me/credits/{}/submission", audited.id)).await.expect(200);
    let reviewer = world.staff("chushen").await;
    let waiting = queue(&reviewer).await;
    assert_eq!((waiting.len(), &waiting[0]["credit_id"]), (1, &json!(audited.id.as_str())));
    assert!(waiting[0]["sample"]["answered_at"].is_string());
    assert_eq!(reviewer.get("/v1/review/counters").await.expect(200).body["hours"]["waiting"], 1);

    world.put(&format!("{due}T23:50:00+08:00"));
    assert_eq!(queue(&world.staff("chushen").await).await.len(), 1, "the last day isn't over");
    world.put_day(due.plus_days(1));
    let reviewer = world.staff("chushen").await;
    let waiting = queue(&reviewer).await;
    assert_eq!(waiting.len(), 2);
    let late: Vec<&Value> = waiting.iter().filter(|entry| entry["sample"]["answered_at"].is_null()).collect();
    assert_eq!(late.len(), 1);
    let id = late[0]["credit_id"].as_str().unwrap();
    let opened = open(&reviewer, id).await.expect(200);
    assert_eq!(opened.body["standing"]["now"]["counted"], 1.0, "it counts until that's decided");
    let refuse = json!({ "outcome": "refuse", "reasons": [{ "ground": "evidence_insufficient" }] });
    super::decide(&reviewer, id, &opened.etag(), refuse).await.expect(200);
    assert_eq!(queue(&reviewer).await.len(), 1);
}

#[tokio::test]
async fn a_reviewer_asks_one_holder_by_hand_and_no_second_time_while_that_is_open() {
    let (world, holder) = counted(1).await;
    let id = records(&world, &holder).await[0].id.clone();
    let path = format!("/v1/review/credits/{id}/evidence-request");
    let away = world.staff("chushen-yichang").await;
    assert_eq!(away.post_empty(&path).await.expect(403).code(), "outside_area");
    let reviewer = world.staff("chushen").await;
    reviewer.post_empty(&path).await.expect(200);
    assert_eq!(reviewer.post_empty(&path).await.expect(409).code(), "wrong_credit_state");
    assert_eq!(asked(&world, &holder).await, 1);
}

#[tokio::test]
async fn rules_that_give_no_share_draw_nobody() {
    let world = World::new().await;
    let refused = draw(&world.staff("zhongshen").await, "A7").await;
    // START is in March.
    assert_eq!(refused.expect(422).code(), "invalid_fields");
    let body = json!({ "month": "2026-03", "seed": "A7", "area": "4201" });
    let refused = world.staff("zhongshen").await.post("/v1/review/samples", body).await.expect(422);
    assert_eq!(refused.code(), "no_samples");
    assert_eq!(refused.text("/rule/rule"), "hours.audit_percent");
}

/// Holds every call back from the `count`th transaction of the job on; what comes back says when that is.
fn stop_at(wire: &Arc<Wire>, count: usize) -> Arc<Notify> {
    let reached = Arc::new(Notify::new());
    let (seen, told, held) = (AtomicUsize::new(0), reached.clone(), Arc::downgrade(wire));
    wire.trouble(move |call| {
        let is_its = call.operation == "TransactWriteItems" && call.caller == "reminder";
        if is_its && seen.fetch_add(1, Ordering::SeqCst) + 1 == count {
            // Longer than any test takes: the run is where it is until it's killed.
            held.upgrade()?.hold(Duration::from_hours(1));
            told.notify_one();
        }
        None
    });
    reached
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_are_killed_or_meet_ask_everybody_once() {
    let (world, wire) = World::wired_by(tests::START, Some(rules())).await;
    let wire = Arc::new(wire);
    let (world, holder) = counted_in(registered_by_june(world, &["zhang"]).await, 200).await;
    draw(&world.staff("zhongshen").await, "A7").await.expect(201);
    let run = || {
        let reminder = world.system.reminder.clone();
        tokio::spawn(async move { reminder.run(Job::Plan, Duration::from_mins(5), |_| {}).await.unwrap() })
    };
    let mut killed_at = 0;
    for transactions in [1, 7, 2, 12, 1, 15] {
        let reached = stop_at(&wire, transactions);
        let run = run();
        reached.notified().await;
        run.abort();
        assert!(run.await.unwrap_err().is_cancelled());
        wire.mend();
        wire.hold(Duration::ZERO);
        let asked = asked(&world, &holder).await;
        assert!(asked >= killed_at, "what was done stays done");
        killed_at = asked;
    }
    let before = asked(&world, &holder).await;
    assert!((1..100).contains(&before), "the last of them had something left to do: {before}");
    let (first, second) = tokio::join!(run(), run());
    let (first, second) = (first.unwrap(), second.unwrap());
    assert!(first.complete && second.complete, "{first:?} {second:?}");
    assert_eq!(first.evidence_asked + second.evidence_asked, 100 - before as u64);
    assert_eq!(asked(&world, &holder).await, 100);
    let report = world.run_job().await;
    assert_eq!((report.evidence_asked, report.skipped, report.complete), (0, 0, true), "it left the index");
}
