//! What it costs to watch registrations, and to tell those who do.

use super::ledger::{Ledger, is_postman};
use base64::{Engine, prelude::BASE64_STANDARD};
use local::{
    employer::{Employer, Manner},
    system::SERVICE_CLIENT,
};
use reminder::Job;
use serde_json::{Value, json};
use std::time::Duration;
use tests::wire::Call;

fn tells(call: &Call) -> bool {
    call.caller == "notifier" && !is_postman(call)
}

pub async fn standing_lists(ledger: &Ledger) {
    let world = &ledger.world;
    let nobody = world.nobody();
    let employer = Employer::start(&world.system.employers).await.unwrap();
    let pair = format!("{SERVICE_CLIENT}:{}", world.system.keys.client_secret);
    let basic = format!("Basic {}", BASE64_STANDARD.encode(pair));
    let client = async |method: &str, path: &str, body: Option<Value>| {
        nobody.send(method, path, body, &[("Authorization", &basic)]).await
    };
    let number = world.holder("person2").await.get("/v1/me").await.text("/registrations/0/number");
    let leaver = world.holder("watched").await;
    let leaving = leaver.register(90).await;

    let refused = async { nobody.get("/v1/watch").await };
    ledger.request("GET watch", "by nobody", 401, refused).await;
    ledger.request("GET watch", "none", 404, client("GET", "/v1/watch", None)).await;
    let address = json!({ "address": employer.url() });
    let set = async || client("PUT", "/v1/watch", Some(address.clone())).await;
    ledger.request("PUT watch", "opened", 200, set()).await;
    ledger.request("PUT watch", "the same again", 200, set()).await;
    ledger.request("GET watch", "a list", 200, client("GET", "/v1/watch", None)).await;
    ledger.request("GET watch/keys", "read", 200, nobody.get("/v1/watch/keys")).await;

    let add =
        async || client("POST", "/v1/watch/numbers", Some(json!({ "numbers": [number, leaving] }))).await;
    ledger.request("POST watch/numbers", "two", 200, add()).await;
    ledger.request("POST watch/numbers", "two that are on it", 200, add()).await;
    ledger.request("GET watch/numbers", "a page", 200, client("GET", "/v1/watch/numbers", None)).await;

    // A registration that somebody watches ends, and they're told.
    let application = leaver.open("cancellation").await;
    leaver.edit(&application, json!({ "declaration": true })).await.expect(200);
    leaver.submit(&application).await.expect(200);
    let approve = || json!({ "outcome": "approve" });
    world.staff("chushen").await.decide(&application, approve()).await.expect(200);
    let last = world.staff("zhongshen").await;
    let ended = async {
        last.decide(&application, approve()).await.expect(200);
        // What is planned while the stream drains is in the stream itself.
        world.system.drain().await.unwrap();
        world.system.drain().await.unwrap();
    };
    let ((), calls) = ledger.watch(ended).await;
    ledger.note("job notifier", "a cancellation counted, and told to one who watches", calls, tells);
    assert!(employer.calls().len() > 1, "the greeting, and what became of the registration");

    // The list moves to where nobody takes calls, and the sweep tries again.
    let silent = Employer::start(&world.system.employers).await.unwrap();
    silent.answer(Manner::Answers(503));
    client("PUT", "/v1/watch", Some(json!({ "address": silent.url() }))).await.expect(200);
    world.system.drain().await.unwrap();
    silent.answer(Manner::Takes);
    world.system.clock.put(world.now().plus_seconds(180));
    let swept = world.system.reminder.run(Job::Sweep, Duration::from_mins(1), |_| {}).await.unwrap();
    assert!(swept.sent > 0 && silent.calls().len() == 2);

    let path = format!("/v1/watch/numbers/{leaving}");
    ledger.request("DELETE watch/numbers/{number}", "taken off", 204, client("DELETE", &path, None)).await;
    let (_, calls) = ledger
        .watch(async {
            client("DELETE", "/v1/watch", None).await;
            world.mails().await
        })
        .await;
    let (by_job, by_request): (Vec<_>, Vec<_>) = calls.into_iter().partition(tells);
    ledger.note("DELETE watch", "ended", by_request, |call| call.caller == "registry");
    ledger.note("job notifier", "a list of one let go of", by_job, tells);
}
