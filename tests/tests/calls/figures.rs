//! What it costs to keep figures and to read them.

use super::ledger::{Ledger, is_postman};
use serde_json::json;
use tests::wire::Call;

fn counts(call: &Call) -> bool {
    call.caller == "notifier" && !is_postman(call)
}

pub async fn figures(ledger: &Ledger) {
    let world = &ledger.world;
    let holder = world.holder("counted").await;
    let application = holder.ready_first(75).await;
    holder.submit(&application).await.expect(200);
    let approve = json!({ "outcome": "approve" });
    world.staff("chushen").await.decide(&application, approve.clone()).await.expect(200);
    let last = world.staff("zhongshen").await;
    let registered = async {
        last.decide(&application, approve).await.expect(200);
        world.mails().await
    };
    let (_, calls) = ledger.watch(registered).await;
    ledger.note("job notifier", "a decision and a registration counted", calls, counts);

    let (admin, city) = (world.staff("admin").await, world.staff("chushen").await);
    let who = "GET statistics";
    ledger.request(who, "a year", 200, admin.get("/v1/statistics")).await;
    ledger.request(who, "of another area", 403, city.get("/v1/statistics?area=4205")).await;
}
