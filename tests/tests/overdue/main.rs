//! Overdue work: what the queue and the counters say of the limit, how an application rises past it, and the digests of
//! what waits.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used)]

mod digests;
mod queue;
mod rising;

use domain::date::CalendarDate;
use serde_json::{Value, json};
use tests::{Person, World};

/// The last day to decide what was submitted on 2 March 2026.
const DUE: &str = "2026-04-14";

/// A first registration of the `person`-th holder, submitted now.
async fn submitted(world: &World, person: u32) -> String {
    let holder = world.holder(&format!("person{person}")).await;
    let application = holder.ready_first(person).await;
    holder.submit(&application).await.expect(200);
    application
}

/// What waits in a reviewer's queue.
async fn queue(reviewer: &Person<'_>) -> Vec<Value> {
    reviewer.get("/v1/review/queue").await.expect(200).body["items"].as_array().unwrap().clone()
}

/// `waiting`, `due_soon` and `overdue` of the one stage that a reviewer holds.
async fn counts(reviewer: &Person<'_>) -> [u64; 3] {
    let counters = reviewer.get("/v1/review/counters").await.expect(200);
    let of_stage = &counters.body["stages"][0];
    assert_eq!(of_stage["waiting_more"], false, "{:#}", counters.body);
    ["waiting", "due_soon", "overdue"].map(|name| of_stage[name].as_u64().unwrap())
}

/// The `days`-th day after `day`.
fn after(day: &str, days: i64) -> CalendarDate {
    day.parse::<CalendarDate>().unwrap().plus_days(days)
}

/// Gives a member of staff an address, or takes it.
async fn write_to(world: &World, username: &str, email: Value) {
    let admin = world.staff("admin").await;
    let staff = admin.get("/v1/staff").await.expect(200);
    let items = staff.body["items"].as_array().unwrap();
    let account = items.iter().find(|account| account["username"] == username).unwrap();
    let path = format!("/v1/staff/{}", account["id"].as_str().unwrap());
    let version = format!("\"{}\"", account["version"]);
    let changed =
        admin.send("PATCH", &path, Some(json!({ "email": email })), &[("If-Match", &version)]).await;
    assert_eq!(changed.expect(200).body["email"], email);
}
