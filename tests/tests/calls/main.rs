//! What each endpoint and each job asks of DynamoDB, counted on the wire: which calls, how many one after the other, how
//! many items, what they consume. `docs/DATA-MODEL.md` has the same table; where the two differ, one of them is wrong.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used)]

mod education;
mod endpoints;
mod figures;
mod growth;
mod hours;
mod ledger;
mod messages;
mod notices;
mod overdue;
mod register;
mod revocation;
mod rights;
mod transfer;
mod verification;
mod watch;

use ledger::{Ledger, Row};
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Write};
use tests::wire::Call;

/// The data model, which people read.
const DATA_MODEL: &str = include_str!("../../../docs/DATA-MODEL.md");
/// The API as it's published.
const OPENAPI: &str = include_str!("../../../infra/openapi.json");
/// What may be called at all. No `Scan`, and no PartiQL, which can be one in disguise.
const ALLOWED: [&str; 8] = [
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "GetItem",
    "PutItem",
    "Query",
    "TransactWriteItems",
    "UpdateItem",
];

/// Requests that load more than once, and why. A job is no request.
const SEVERAL_CALLS: [(&str, &str); 37] = [
    ("POST verify", "a hundred numbers and the count of guesses are one more than a call takes"),
    ("POST review/decisions", "a batch is as many requests as it has decisions"),
    ("POST review/credits/decisions", "a batch is as many requests as it has decisions"),
    ("GET review/credits", "a queue's shards are asked at the same time"),
    ("GET review/credits/{id}", "who else has its files is known once it's read"),
    ("GET review/registrations/{number}/credits", "only the number's key says whose dossier it is"),
    ("GET registrations/{number}", "for staff only the number's key says whose dossier it is"),
    ("GET registrations/{number}/certificate", "for staff only the number's key says whose dossier it is"),
    ("GET registrations/{number}/holder", "only the number's key says whose dossier it is"),
    ("GET registrations/{number}/messages", "only the number's key says whose messages they are"),
    ("GET registrations/{number}/journal", "only the number's key says whose dossier it is"),
    ("GET registrations/{number}/revocation", "only the number's key says whose dossier it is"),
    ("POST registrations/{number}/revocation", "only the number's key says whose dossier it is"),
    ("POST registrations/{number}/revocation/decision", "only the number's key says whose dossier it is"),
    (
        "GET registrations/{number}/hours-statement",
        "for staff only the number's key says whose dossier it is",
    ),
    (
        "GET registrations/{number}/transfer-letter",
        "for staff only the number's key says whose dossier it is",
    ),
    (
        "GET verify/paper",
        "whose dossier it is, and whether it's to be read, is known once the signature is checked",
    ),
    (
        "GET watch/numbers",
        "which registrations are on the page is known once the list is read, how they stand once they are",
    ),
    (
        "POST watch/numbers",
        "guessing is looked into before the list is, and what is on it already after both",
    ),
    ("DELETE watch/numbers/{number}", "only the list says under which name the registration is on it"),
    ("GET statistics", "only the pointer says which sums are read"),
    ("GET review/samples", "its shards"),
    ("GET review/samples/{id}", "whom it drew is known once it's read"),
    ("POST review/samples", "what it draws from is read shard by shard"),
    ("GET review/queue", "a queue's shards are asked at the same time"),
    ("GET review/counters", "a queue's shards are asked at the same time"),
    ("GET courses", "a year after another until the page is full, four at the most"),
    ("POST me/credits", "dossier and course are read at the same time"),
    ("POST me/credits/preview", "dossier and course are read at the same time"),
    ("PATCH me/credits/{id}", "only the record says which course it is of"),
    (
        "GET notices",
        "only the dossier says in which areas it's told; their lists and the marks are read at the same time",
    ),
    ("GET notices/{id}", "whether it's told to its reader is looked up once it's there"),
    ("GET notices/{id}/files/{file}", "whether it's told to its reader is looked up once it's there"),
    ("PUT notices/{id}/read", "whether it's told to its reader is looked up once it's there"),
    ("GET rosters/{id}/rows", "list and rows are read at the same time"),
    ("PATCH rosters/{id}/rows/{row}", "only the row says whose dossier it is about"),
    ("POST rosters/{id}/rows/{row}/withdrawal", "only the row says whose dossier it is about"),
];

/// The lines of the data model's table of costs.
fn documented() -> Vec<&'static str> {
    let table = DATA_MODEL.split("## What each call costs").nth(1).unwrap_or_default();
    let lines = table.lines().skip_while(|line| !line.starts_with("|--"));
    lines.skip(1).take_while(|line| line.starts_with('|')).collect()
}

/// Methods and paths of the API, as the ledger names them.
fn published() -> BTreeSet<String> {
    let api: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut routes = BTreeSet::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/v1/").unwrap();
        routes.extend(
            methods.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    routes
}

/// Nothing reads more than it returns.
#[track_caller]
fn assert_allowed(calls: &[Call]) {
    for call in calls {
        assert!(ALLOWED.contains(&call.operation.as_str()) && !call.filtered, "{call:?}");
    }
}

#[tokio::test]
async fn every_endpoint_and_job_costs_what_the_data_model_says() {
    let ledger = Ledger::new().await;
    endpoints::holders_sign_in(&ledger).await;
    endpoints::staff_sign_in(&ledger).await;
    endpoints::administration(&ledger).await;
    endpoints::submission(&ledger).await;
    endpoints::attachments(&ledger).await;
    endpoints::review(&ledger).await;
    education::claims(&ledger).await;
    register::registrations(&ledger).await;
    Box::pin(transfer::leaving(&ledger)).await;
    Box::pin(transfer::arriving(&ledger)).await;
    figures::figures(&ledger).await;
    Box::pin(education::class_lists(&ledger)).await;
    endpoints::jobs(&ledger).await;
    Box::pin(watch::standing_lists(&ledger)).await;
    verification::verification(&ledger).await;
    Box::pin(messages::messages(&ledger)).await;

    // A register of its own, since the job is run in it, and by rules that draw everybody.
    let everybody =
        tests::edited_rules(&[("audit_percent = { value = 0,", "audit_percent = { value = 100,")]);
    let hours = Ledger::by(Some(everybody)).await;
    Box::pin(hours::review(&hours)).await;
    let register = Ledger::new().await;
    Box::pin(revocation::revocation(&register)).await;
    let late = Ledger::new().await;
    Box::pin(overdue::overdue(&late)).await;
    let told = Ledger::new().await;
    Box::pin(notices::notices(&told)).await;

    rights::rarer(&ledger).await;
    rights::assert_recorded(&[&ledger, &hours, &register, &late, &told]).await;
    let rows = [ledger, hours, register, late, told].map(|ledger| ledger.rows.into_inner()).concat();
    let counted: BTreeSet<_> = rows.iter().map(|row| row.who.clone()).collect();
    let missed: Vec<_> = published().into_iter().filter(|route| !counted.contains(route)).collect();
    assert_eq!(missed, [""; 0], "endpoints that nobody counted");

    for row in &rows {
        let (who, case) = (&row.who, row.case);
        assert_allowed(&row.calls);
        let is_one_request =
            !SEVERAL_CALLS.iter().any(|(several, _)| who == several) && !who.starts_with("job");
        assert!(!is_one_request || row.keeps_to_the_design(), "{who}, {case}: {}", row.line());
    }

    let lines: Vec<_> = rows.iter().map(Row::line).collect();
    let mut difference = String::new();
    for line in lines.iter().filter(|line| !documented().contains(&line.as_str())) {
        writeln!(difference, "counted    {line}").unwrap();
    }
    for line in documented().iter().filter(|line| !lines.iter().any(|counted| counted == *line)) {
        writeln!(difference, "documented {line}").unwrap();
    }
    assert!(
        difference.is_empty(),
        "docs/DATA-MODEL.md is out of step:\n{difference}\nall:\n{}",
        lines.join("\n")
    );
    assert_eq!(lines, documented(), "in the same order");
}
