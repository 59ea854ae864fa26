//! What it costs to look at the register.

use super::ledger::Ledger;
use serde_json::json;

pub async fn registrations(ledger: &Ledger) {
    let world = &ledger.world;
    let holder = world.holder("registered").await;
    let number = holder.register(70).await;
    let (admin, elsewhere) = (world.staff("admin").await, world.staff("chushen-yichang").await);
    let path = format!("/v1/registrations/{number}");
    let unknown = format!("/v1/registrations/{}", tests::nobodys_number());
    let who = "GET registrations/{number}";
    ledger.request(who, "its holder", 200, async { holder.get(&path).await }).await;
    ledger.request(who, "staff", 200, async { admin.get(&path).await }).await;
    ledger.request(who, "of another area", 403, async { elsewhere.get(&path).await }).await;
    ledger.request(who, "a number that nobody has", 404, async { admin.get(&unknown).await }).await;
    let printed = format!("{path}/certificate");
    let who = "GET registrations/{number}/certificate";
    ledger.request(who, "printed for its holder", 200, async { holder.get(&printed).await }).await;
    ledger.request(who, "kept, for staff", 200, async { admin.get(&printed).await }).await;
    ledger.request(who, "of another area", 403, async { elsewhere.get(&printed).await }).await;
    let shown = format!("{path}/holder");
    ledger
        .request("GET registrations/{number}/holder", "shown", 200, async { admin.get(&shown).await })
        .await;
    let journal = format!("{path}/journal");
    let who = "GET registrations/{number}/journal";
    ledger.request(who, "a page", 200, async { admin.get(&journal).await }).await;
    // A view of an application that is about a registration is in that one's journal too.
    let change = holder.open("change").await;
    for kind in ["identity_card_front", "identity_card_back"] {
        holder.attach(&change, kind).await;
    }
    holder.edit(&change, json!({ "name": "张晓文", "declaration": true })).await.expect(200);
    holder.submit(&change).await.expect(200);
    let reviewer = world.staff("chushen").await;
    let opened = format!("/v1/review/applications/{change}");
    let who = "GET review/applications/{id}";
    ledger.request(who, "about a registration", 200, async { reviewer.get(&opened).await }).await;
}
