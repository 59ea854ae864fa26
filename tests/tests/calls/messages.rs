//! What it costs to look at messages, and to want no more reminders.

use super::ledger::{Ledger, is_postman};
use common::notify::UnsubscribeTokens;
use local::mailbox::Failure;
use serde_json::json;
use tests::wire::Call;

pub async fn messages(ledger: &Ledger) {
    let world = &ledger.world;
    let holder = world.holder("told").await;
    let number = holder.register(171).await;
    world.mails().await;
    ledger.request("GET me/messages", "a page", 200, holder.get("/v1/me/messages")).await;
    let path = format!("/v1/registrations/{number}/messages");
    let (admin, elsewhere) = (world.staff("admin").await, world.staff("chushen-yichang").await);
    let who = "GET registrations/{number}/messages";
    ledger.request(who, "a page", 200, async { admin.get(&path).await }).await;
    ledger.request(who, "of another area", 403, async { elsewhere.get(&path).await }).await;

    let prefer = async |wanted: bool| {
        world.system.clock.put(world.now().plus_seconds(1));
        let body = json!({ "mail_reminders": wanted });
        holder.send("PUT", "/v1/me/preferences", Some(body), &[]).await
    };
    let who = "PUT me/preferences";
    ledger.request(who, "set", 200, prefer(false)).await;
    ledger.request(who, "set already", 200, prefer(false)).await;
    prefer(true).await.expect(200);

    let me = holder.get("/v1/me").await.expect(200).text("/holder_id").parse().unwrap();
    let token = UnsubscribeTokens::of(world.system.app.store.cipher()).token(&me);
    let path = format!("/v1/mail/unsubscribe?t={token}");
    let nobody = world.nobody();
    ledger.request("GET mail/unsubscribe", "looked at", 200, async { nobody.get(&path).await }).await;
    world.system.clock.put(world.now().plus_seconds(1));
    let click = async |path: &str| nobody.post(path, json!("List-Unsubscribe=One-Click")).await;
    let who = "POST mail/unsubscribe";
    ledger.request(who, "clicked", 200, click(&path)).await;
    ledger.request(who, "clicked again", 200, click(&path)).await;
    ledger.request(who, "a link that isn't ours", 404, click("/v1/mail/unsubscribe?t=forged")).await;

    // A letter comes back.
    let another = world.holder("unreachable").await;
    let application = another.ready_first(172).await;
    let submitted = async {
        another.submit(&application).await.expect(200);
        world.mails().await
    };
    world.system.mailbox.fail_next(1, Failure::Recipient("550 5.1.1 no such mailbox"));
    let (_, calls) = ledger.watch(submitted).await;
    let about_mail = |call: &Call| {
        is_postman(call)
            || call.caller == "notifier" && call.keys.iter().any(|key| key.starts_with("HOLDER#"))
    };
    ledger.note("job notifier", "one message, whose address bounces", calls, about_mail);
}
