//! What it costs to look at messages, to want them at other times, and to want no more reminders.

use super::ledger::{Ledger, is_postman};
use common::notify::UnsubscribeTokens;
use domain::{
    application::{Change, JournalAction},
    date::date,
    notification::{Message, Notification},
};
use local::mailbox::Failure;
use reminder::Job;
use serde_json::json;
use std::time::Duration;
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

    waits_for_the_morning(ledger).await;

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

/// Two reminders to somebody who wants one mail a day: they wait, and are sent in one.
async fn waits_for_the_morning(ledger: &Ledger) {
    let world = &ledger.world;
    let holder = world.holder("patient").await;
    let id: domain::id::HolderId = holder.get("/v1/me").await.expect(200).text("/holder_id").parse().unwrap();
    let wishes = json!({ "mail_reminders": true, "digest": true });
    holder.send("PUT", "/v1/me/preferences", Some(wishes), &[]).await.expect(200);
    for day in [1, 2] {
        let now = world.now();
        let mut change = Change::by_system(id.clone(), JournalAction::Reminded, now);
        let until = date(2099, 1, day);
        change.notifications.push(Notification {
            id: format!("{id}-{day}"),
            holder: id.clone(),
            to: "patient@example.com".parse().unwrap(),
            name: "李四".to_owned(),
            at: now,
            message: Message::FirstRegistrationDue { until, days_left: 30, late_accepted: true },
        });
        let written = async {
            world.system.app.store.commit(&change, None).await.unwrap();
            world.mails().await
        };
        let (_, calls) = ledger.watch(written).await;
        let case = if day == 1 { "one message, for the morning" } else { "another, for the same mail" };
        ledger.note("job notifier", case, calls, |call| call.caller == "notifier" && is_about(call));
    }
    let before = world.now();
    // Until then the second waits longer than the first, which gathers it.
    let days = i64::from(before >= before.day().start().plus_seconds(8 * 3600));
    let eight = before.day().plus_days(days).start().plus_seconds(8 * 3600);
    world.system.clock.put(eight.plus_seconds(60));
    let run = world.system.reminder.run(Job::Sweep, Duration::from_mins(2), |_| {});
    let (report, calls) = ledger.watch(run).await;
    assert_eq!(report.unwrap().sent, 1);
    ledger.note("job reminder, sweep", "two messages in one mail", calls, |call| call.caller == "reminder");
    world.system.clock.put(before);
}

/// True for what is done about a message: in the outbox, about its reader, or what else that one is to be told.
fn is_about(call: &Call) -> bool {
    is_postman(call) || call.accesses.iter().any(|access| access.index.as_deref() == Some("messages"))
}
