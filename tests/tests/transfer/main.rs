//! Moving between provinces, through the API alone: what leaving ends, what the papers prove, and who arrives with what.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod arriving;
mod leaving;
mod papers;
mod printed;

use serde_json::{Value, json};
use tests::{Person, Reply, World, form};

/// Both stages approve `application`; gives the last reply.
async fn approve(world: &World, application: &str) -> Reply {
    let approval = json!({ "outcome": "approve" });
    world.staff("chushen").await.decide(application, approval.clone()).await.expect(200);
    world.staff("zhongshen").await.decide(application, approval).await.expect(200)
}

/// A draft of a transfer out to `province` that can be submitted.
async fn ready_to_leave(holder: &Person<'_>, province: &str) -> String {
    let application = holder.open("transfer_out").await;
    let details = json!({ "declaration": true, "transfer": { "province": province } });
    holder.edit(&application, details).await.expect(200);
    application
}

/// `holder`'s registration leaves for Beijing.
async fn leave(world: &World, holder: &Person<'_>) {
    let application = ready_to_leave(holder, "11").await;
    holder.submit(&application).await.expect(200);
    approve(world, &application).await;
}

/// `holder` arrives from Beijing, and is registered under the number that comes back, with four hours done before the cycle
/// there began and four done in it.
async fn arrive(world: &World, holder: &Person<'_>) -> String {
    let lines = [seminar("周期之前", "2025-03-01"), seminar("个案研讨", "2025-06-01")];
    let application = ready_to_arrive(holder, 2, from_beijing(&lines), "").await;
    holder.submit(&application).await.expect(200);
    approve(world, &application).await.text("/registration_number")
}

/// Four hours of a seminar in Beijing on `day`.
fn seminar(title: &str, day: &str) -> Value {
    json!({ "form": "seminar", "category": "professional", "title": title, "provider": "北京市社会工作协会",
        "done_from": day, "hours": 4 })
}

/// A registration in Beijing that began on 2 March 2025, with `hours` done there.
fn from_beijing(hours: &[Value]) -> Value {
    json!({ "province": "11", "registration_number": "京社登 2025-00123", "cycle_start": "2025-03-02",
        "valid_until": "2028-03-02", "hours": hours })
}

/// A draft of a transfer in of `person` with `details`, and the papers that are asked for but `missing`.
async fn ready_to_arrive(holder: &Person<'_>, person: u32, details: Value, missing: &str) -> String {
    holder.save_profile(form(person)).await.expect(200);
    let application = holder.open("transfer_in").await;
    let papers =
        ["photo", "identity_card_front", "identity_card_back", "certificate_scan", "transfer_letter"];
    for kind in papers.into_iter().filter(|kind| *kind != missing) {
        holder.attach(&application, kind).await;
    }
    holder
        .edit(&application, json!({ "declaration": true, "issued_on": "2024-11-20", "transfer": details }))
        .await
        .expect(200);
    application
}

/// How a stranger sees `number` stand.
async fn standing(world: &World, number: &str) -> String {
    world.nobody().get(&format!("/v1/verify/{number}")).await.expect(200).text("/standing")
}
