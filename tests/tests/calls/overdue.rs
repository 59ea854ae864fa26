//! What it costs that an application rises, and that staff are told what waits.

use super::ledger::{Ledger, is_background};
use reminder::Job;
use serde_json::json;
use std::time::Duration;

pub async fn overdue(ledger: &Ledger) {
    let world = &ledger.world;
    let holder = world.holder("zhang").await;
    let application = holder.ready_first(1).await;
    holder.submit(&application).await.expect(200);
    let admin = world.staff("admin").await;
    let staff = admin.get("/v1/staff").await.expect(200);
    for account in staff.body["items"].as_array().unwrap() {
        let username = account["username"].as_str().unwrap();
        if ["chushen", "zhongshen"].contains(&username) {
            let path = format!("/v1/staff/{}", account["id"].as_str().unwrap());
            let address = json!({ "email": format!("{username}@example.com") });
            let version = format!("\"{}\"", account["version"]);
            admin.send("PATCH", &path, Some(address), &[("If-Match", &version)]).await.expect(200);
        }
    }
    let submitted = holder.get(&format!("/v1/applications/{application}")).await.expect(200);
    let due: domain::date::CalendarDate = submitted.text("/decision_due").parse().unwrap();
    world.put_day(due);
    world.run_job().await;
    world.put_day(due.plus_days(1));
    for (case, escalated, digests) in
        [("one rises, and one digest is planned", 1, 1), ("again that morning", 0, 0)]
    {
        let run = world.system.reminder.run(Job::Plan, Duration::from_mins(2), |_| {});
        let (report, calls) = ledger.watch(run).await;
        ledger.note("job reminder, plan", case, calls, |call| !is_background(call));
        let report = report.unwrap();
        assert_eq!((report.escalated, report.digests, report.complete), (escalated, digests, true));
    }
}
