//! Past the limit an application rises: by the job, once, into the queue of those who decide it then.

use super::{DUE, after, counts, queue, submitted};
use serde_json::{Value, json};
use tests::{Reply, World};

fn approve() -> Value {
    json!({ "outcome": "approve" })
}

async fn opened(world: &World, username: &str, id: &str) -> Reply {
    world.staff(username).await.get(&format!("/v1/review/applications/{id}")).await.expect(200)
}

/// Actions in the journal that the holder sees, oldest first.
async fn actions(world: &World, id: &str) -> Vec<(String, Value, Value)> {
    let journal =
        world.holder("person1").await.get(&format!("/v1/applications/{id}/journal")).await.expect(200);
    let mut entries: Vec<_> = journal.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (entry["action"].as_str().unwrap().to_owned(), entry["stage"].clone(), entry["rule"].clone())
        })
        .filter(|(action, ..)| action == "escalated")
        .collect();
    entries.reverse();
    entries
}

#[tokio::test]
async fn past_the_limit_it_waits_for_the_next_level_which_decides_it() {
    let world = World::new().await;
    let id = submitted(&world, 1).await;
    world.put_day(after(DUE, 0));
    assert_eq!(world.run_job().await.escalated, 0, "the last day is one to decide on");
    assert_eq!(counts(&world.staff("zhongshen").await).await, [0, 0, 0]);

    world.put_day(after(DUE, 1));
    // Somebody is at it, and hasn't decided when the job comes.
    let before = opened(&world, "chushen", &id).await;
    let chushen = world.staff("chushen").await;
    chushen.post_empty(&format!("/v1/review/applications/{id}/claim")).await.expect(200);
    let mails = world.mails().await.len();
    let report = world.run_job().await;
    assert_eq!((report.escalated, report.failed, report.complete), (1, 0, true));
    let again = world.run_job().await;
    assert_eq!((again.escalated, again.skipped), (0, 0), "once, and it's out of the index");
    assert_eq!(
        world.mails().await.len(),
        mails,
        "its holder is told of decisions, and of nothing within the office"
    );

    let chushen = world.staff("chushen").await;
    assert_eq!((queue(&chushen).await.len(), counts(&chushen).await), (0, [0, 0, 0]));
    let path = format!("/v1/review/applications/{id}/decision");
    let late = chushen.send("POST", &path, Some(approve()), &[("If-Match", &before.etag())]).await;
    assert_eq!(late.expect(409).code(), "escalated");

    let zhongshen = world.staff("zhongshen").await;
    assert_eq!(counts(&zhongshen).await, [1, 0, 1]);
    let [entry] = &queue(&zhongshen).await[..] else { panic!("it rose into this queue") };
    assert_eq!(
        (&entry["stage"], &entry["overdue"], &entry["claimed"]),
        (&json!("preliminary"), &json!(true), &json!(false))
    );
    assert_eq!(
        (&entry["escalation"]["from"], &entry["escalation"]["to"], &entry["escalation"]["due"]),
        (&json!("preliminary"), &json!("final_reviewer"), &json!(DUE))
    );
    assert_eq!(entry["outstanding"].as_array().unwrap().len(), 9, "all of it is still to be looked at");
    let shown = opened(&world, "zhongshen", &id).await;
    assert_eq!(shown.text("/application/escalation/to_label"), "终审人员");
    let [(_, stage, rule)] = &actions(&world, &id).await[..] else { panic!("the journal says so once") };
    assert_eq!((stage, &rule["rule"]), (&json!("preliminary"), &json!("review.decision_working_days")));

    // Both stages are theirs now, one after the other; in between the last one is overdue as well.
    let zhongshen = world.staff("zhongshen").await;
    let first = zhongshen.decide(&id, approve()).await.expect(200);
    assert_eq!((first.text("/stage"), first.text("/state")), ("final".to_owned(), "submitted".to_owned()));
    assert_eq!(world.run_job().await.escalated, 1);
    let [entry] = &queue(&world.staff("zhongshen").await).await[..] else { panic!("it stays in this queue") };
    assert_eq!((&entry["stage"], &entry["escalation"]["to"]), (&json!("final"), &json!("administrator")));
    let last = world.staff("zhongshen").await.decide(&id, approve()).await.expect(200);
    assert!(last.body["registration_number"].is_string(), "{:#}", last.body);
    assert_eq!(actions(&world, &id).await.len(), 2);
    assert_eq!(world.run_job().await.escalated, 0);
}

#[tokio::test]
async fn days_without_a_run_are_made_up_for_and_what_was_decided_meanwhile_stays() {
    let world = World::new().await;
    let (waits, decided) = (submitted(&world, 1).await, submitted(&world, 2).await);
    world.run_job().await;
    let chushen = world.staff("chushen").await;
    let refused = json!({ "outcome": "refuse", "reasons": [{ "ground": "not_eligible" }] });
    chushen.decide(&decided, refused).await.expect(200);
    // No run for three months.
    world.put_day(after(DUE, 90));
    let report = world.run_job().await;
    assert_eq!((report.escalated, report.failed, report.complete), (1, 0, true));
    let risen = queue(&world.staff("zhongshen").await).await;
    assert_eq!(risen.iter().map(|entry| &entry["application_id"]).collect::<Vec<_>>(), [&json!(waits)]);
}

#[tokio::test]
async fn the_job_says_when_the_announced_holidays_come_to_their_end() {
    let world = World::new().await;
    assert!(!world.run_job().await.calendar_runs_out);
    let last = world.system.app.rules.calendar().known_until().unwrap();
    world.put_day(last.plus_days(-60));
    assert!(!world.run_job().await.calendar_runs_out);
    world.put_day(last.plus_days(-59));
    assert!(world.run_job().await.calendar_runs_out);
}
