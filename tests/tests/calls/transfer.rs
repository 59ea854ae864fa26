//! What it costs to move between provinces: to leave with the papers, and to arrive with hours.

use super::ledger::Ledger;
use serde_json::json;
use tests::{Person, form, paper::Paper};

/// What is open about a registration ends with it, and the papers are handed out.
pub async fn leaving(ledger: &Ledger) {
    let world = &ledger.world;
    let holder = world.holder("leaving").await;
    let number = holder.register(71).await;
    let path = format!("/v1/registrations/{number}");
    let (statement, letter) = (format!("{path}/hours-statement"), format!("{path}/transfer-letter"));
    let who = "GET registrations/{number}/hours-statement";
    let admin = world.staff("admin").await;
    ledger.request(who, "its holder", 200, async { holder.get(&statement).await }).await;
    ledger.request(who, "staff", 200, async { admin.get(&statement).await }).await;
    let shown = holder.get(&statement).await.expect(200);
    let code = Paper::fetch(&shown, "/pdf/url", &number).await.qr();
    let (_, proof) = code.split_once("?s=").unwrap();
    let scan = async |proof: &str| world.nobody().get(&format!("/v1/verify/paper?s={proof}")).await;
    ledger.request("GET verify/paper", "a statement of hours", 200, scan(proof)).await;
    ledger.request("GET verify/paper", "no paper", 422, scan("abc")).await;
    let of_letter = "GET registrations/{number}/transfer-letter";
    ledger.request(of_letter, "one that didn't leave", 404, async { holder.get(&letter).await }).await;

    let change = holder.open("change").await;
    for kind in ["identity_card_front", "identity_card_back"] {
        holder.attach(&change, kind).await;
    }
    holder.edit(&change, json!({ "name": "张晓文", "declaration": true })).await.expect(200);
    holder.submit(&change).await.expect(200);
    let application = holder.open("transfer_out").await;
    let details = json!({ "declaration": true, "transfer": { "province": "11" } });
    holder.edit(&application, details).await.expect(200);
    let who = "POST applications/{id}/submission";
    ledger.request(who, "a transfer out", 200, async { holder.submit(&application).await }).await;
    approve(ledger, &application, "终审 approves a transfer out, with a change that waits").await;
    ledger.request(of_letter, "its holder", 200, async { holder.get(&letter).await }).await;
}

/// A registration with two records of hours.
pub async fn arriving(ledger: &Ledger) {
    let world = &ledger.world;
    let holder = world.holder("arriving").await;
    let application = ready(&holder).await;
    let who = "POST applications/{id}/submission";
    ledger.request(who, "a transfer in", 200, async { holder.submit(&application).await }).await;
    approve(ledger, &application, "终审 approves a transfer in with two records of hours").await;
}

async fn ready(holder: &Person<'_>) -> String {
    holder.save_profile(form(72)).await.expect(200);
    let application = holder.open("transfer_in").await;
    for kind in ["photo", "identity_card_front", "identity_card_back", "certificate_scan", "transfer_letter"]
    {
        holder.attach(&application, kind).await;
    }
    let seminar = |title: &str| json!({ "form": "seminar", "category": "professional", "title": title, "done_from": "2025-06-01", "hours": 4 });
    let details = json!({ "province": "11", "registration_number": "2025-00123", "cycle_start": "2025-03-02",
        "valid_until": "2028-03-02", "hours": [seminar("个案研讨"), seminar("小组研讨")] });
    let entered = json!({ "declaration": true, "issued_on": "2024-11-20", "transfer": details });
    holder.edit(&application, entered).await.expect(200);
    application
}

/// Both stages approve; the last is counted.
async fn approve(ledger: &Ledger, application: &str, case: &'static str) {
    let approval = json!({ "outcome": "approve" });
    let (first, last) = (ledger.world.staff("chushen").await, ledger.world.staff("zhongshen").await);
    first.decide(application, approval.clone()).await.expect(200);
    let opened = last.get(&format!("/v1/review/applications/{application}")).await.expect(200);
    let path = format!("/v1/review/applications/{application}/decision");
    let version = opened.etag();
    let headers = [("If-Match", version.as_str())];
    let decided = last.send("POST", &path, Some(approval), &headers);
    ledger.request("POST review/applications/{id}/decision", case, 200, decided).await;
}
