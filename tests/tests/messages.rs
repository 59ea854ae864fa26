//! What holders and staff see of messages: how each fared, where an address bounced, and one-click unsubscribe.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use domain::application::JournalAction;
use local::mailbox::Failure;
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Person, World, form};
use tower::ServiceExt;

const GONE: Failure = Failure::Recipient("550 5.1.1 no such mailbox");

async fn titles(person: &Person<'_>) -> Vec<(String, String)> {
    let page = person.get("/v1/me/messages").await.expect(200);
    let items = page.body["items"].as_array().unwrap();
    let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
    items.iter().map(|item| (text(item, "kind"), text(item, "state"))).collect()
}

fn told(kind: &str, state: &str) -> (String, String) {
    (kind.to_owned(), state.to_owned())
}

#[tokio::test]
async fn a_holder_sees_what_they_were_told_and_how_it_fared_and_nobody_elses() {
    let world = World::new().await;
    let (zhang, li) = (world.holder("zhang").await, world.holder("li").await);
    let number = zhang.register(1).await;
    world.mails().await;
    assert_eq!(titles(&zhang).await, [told("registered", "accepted"), told("receipt", "accepted")]);
    assert_eq!(titles(&li).await, []);

    let page = zhang.get("/v1/me/messages?limit=1").await.expect(200);
    let first = &page.body["items"][0];
    assert_eq!(first["to"], "p***@example.com");
    assert_eq!(first["title"], "登记通过");
    assert_eq!(first["provider_id"], "2.0.0 kept");
    assert_eq!(first["attempts"][0]["outcome"], "accepted");
    assert_eq!(first["attempts"][0]["channel_label"], "电子邮件");
    assert!(!page.body.to_string().contains("person1@"), "{:#}", page.body);
    let next = format!("/v1/me/messages?limit=1&cursor={}", page.text("/next"));
    assert_eq!(zhang.get(&next).await.expect(200).body["items"][0]["kind"], "receipt");
    // A cursor is a place in a list, and the list is always the caller's.
    assert_eq!(li.get(&next).await.expect(200).body["items"], json!([]));
    assert_eq!(zhang.get("/v1/me/messages?cursor=x").await.expect(400).code(), "invalid_cursor");

    let path = format!("/v1/registrations/{number}/messages");
    let seen = world.staff("chushen").await.get(&path).await.expect(200);
    assert_eq!(seen.body["items"].as_array().unwrap().len(), 2);
    assert!(!seen.body.to_string().contains("person1@"), "{:#}", seen.body);
    assert_eq!(world.staff("chushen-yichang").await.get(&path).await.expect(403).code(), "outside_area");
    zhang.get(&path).await.expect(403);
}

#[tokio::test]
async fn a_holder_whose_address_bounced_is_asked_for_another_and_entering_it_lifts_that() {
    let world = World::new().await;
    let zhang = world.holder("zhang").await;
    let application = zhang.ready_first(1).await;
    world.system.mailbox.fail_next(1, GONE);
    zhang.submit(&application).await.expect(200);
    world.mails().await;
    let me = zhang.get("/v1/me").await.expect(200);
    assert_eq!(me.body["mail"]["bounced"]["address"], "p***@example.com");
    assert!(me.text("/mail/bounced/advice").contains("新的电子邮箱"), "{:#}", me.body["mail"]);
    assert_eq!(me.body["mail"]["reminders"], true);
    let page = zhang.get("/v1/me/messages").await.expect(200);
    let attempt = &page.body["items"][0]["attempts"][0];
    assert_eq!(
        (&attempt["outcome"], &attempt["code"]),
        (&json!("refused"), &json!("mail_recipient_refused"))
    );
    assert!(attempt["reason"].as_str().unwrap().contains("不存在"), "{attempt:#}");
    assert_eq!(attempt.get("reply"), None, "the provider's words are for staff");

    zhang.post_empty(&format!("/v1/applications/{application}/withdrawal")).await.expect(200);
    assert_eq!(world.mails().await.len(), 0);
    assert_eq!(titles(&zhang).await, [told("withdrawn", "withheld"), told("receipt", "refused")]);

    zhang.save_profile(json!({ "email": "new@example.com" })).await.expect(200);
    assert_eq!(zhang.get("/v1/me").await.expect(200).body["mail"]["bounced"], Value::Null);
    let again = zhang.ready_first_as("new@example.com").await;
    zhang.submit(&again).await.expect(200);
    let mails = world.mails().await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].summary.recipients, ["new@example.com"]);
}

/// A first registration of somebody who is reached at another address.
trait ReadyAs {
    async fn ready_first_as(&self, email: &str) -> String;
}

impl ReadyAs for Person<'_> {
    async fn ready_first_as(&self, email: &str) -> String {
        let application = self.ready_first(1).await;
        self.edit(&application, json!({ "email": email })).await.expect(200);
        application
    }
}

/// A request as a mail program makes it; status, kind and text of the answer.
async fn ask(world: &World, method: &str, path: &str, body: &'static str) -> (u16, String, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(body));
    let reply = world.system.api.clone().oneshot(request.unwrap()).await.unwrap();
    let (parts, body) = reply.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let kind = parts.headers["content-type"].to_str().unwrap().to_owned();
    (parts.status.as_u16(), kind, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn the_link_in_a_reminder_takes_its_reader_off_reminders_by_post_alone() {
    let world = World::new().await;
    let zhang = world.holder("zhang").await;
    zhang.save_profile(form(1)).await.expect(200);
    let due = world.now().day().plus_days(200);
    for day in 0..300 {
        world.put_day(world.now().day().plus_days(1));
        if world.run_job().await.planned > 0 {
            break;
        }
        assert!(world.now().day() <= due.plus_days(day), "a reminder comes some day");
    }
    let mails = world.mails().await;
    let raw = String::from_utf8(mails[0].raw.clone()).unwrap();
    assert!(raw.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{raw}");
    let link = raw.split("List-Unsubscribe: <").nth(1).unwrap().split('>').next().unwrap().to_owned();
    assert!(
        mails[0].text.as_ref().unwrap().contains(&link) && mails[0].html.as_ref().unwrap().contains(&link)
    );
    let path = link.strip_prefix("https://registry.example.com").unwrap();
    // Signed in again: months have passed.
    let zhang = world.holder("zhang").await;
    let reminders = async || zhang.get("/v1/me").await.expect(200).body["mail"]["reminders"].clone();

    let (status, kind, page) = ask(&world, "GET", path, "").await;
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    assert!(page.contains("<form method=\"post\">"), "{page}");
    assert_eq!(reminders().await, true, "looking at it does nothing");
    assert_eq!(ask(&world, "POST", path, "").await.0, 422);
    assert_eq!(reminders().await, true);
    let mut forged = path.to_owned();
    let last = if forged.pop() == Some('0') { '1' } else { '0' };
    forged.push(last);
    for method in ["GET", "POST"] {
        assert_eq!(ask(&world, method, &forged, "List-Unsubscribe=One-Click").await.0, 404);
    }
    assert_eq!(reminders().await, true);
    for _ in 0..2 {
        assert_eq!(ask(&world, "POST", path, "List-Unsubscribe=One-Click").await.0, 200);
        assert_eq!(reminders().await, false);
    }
    let holder = zhang.get("/v1/me").await.expect(200).text("/holder_id");
    let journal = world.system.app.store.journal(&format!("{holder}-mail"), 10, None).await.unwrap();
    assert_eq!(journal.items.len(), 1);
    assert_eq!(journal.items[0].entry.action, JournalAction::RemindersSet);

    // The next reminder isn't sent, and is on record as such; the receipt of an application is sent.
    world.put_day("2027-01-15".parse().unwrap());
    assert!(world.run_job().await.planned > 0);
    assert_eq!(world.mails().await.len(), mails.len());
    let zhang = world.holder("zhang").await;
    let (kind, state) = titles(&zhang).await.remove(0);
    assert_eq!((kind.as_str(), state.as_str()), ("first_registration_due", "withheld"));
    let application = zhang.ready_first(1).await;
    zhang.submit(&application).await.expect(200);
    let sent = world.mails().await;
    assert_eq!(sent.len(), mails.len() + 1);
    let receipt = String::from_utf8(sent.last().unwrap().raw.clone()).unwrap();
    assert!(!receipt.contains("List-Unsubscribe"), "the office has to tell it: {receipt}");

    world.system.clock.put(world.now().plus_seconds(60));
    let wanted = json!({ "mail_reminders": true });
    let preferred = zhang.send("PUT", "/v1/me/preferences", Some(wanted), &[]).await.expect(200);
    assert_eq!(
        preferred.body,
        json!({ "bounced": null, "reminders": true, "quiet_hours": null, "digest": false })
    );
    assert_eq!(zhang.get("/v1/me").await.expect(200).body["mail"]["reminders"], true);
}

#[tokio::test]
async fn a_holder_says_when_and_how_often_they_want_what_can_wait() {
    let world = World::new().await;
    let zhang = world.holder("zhang").await;
    let wanted = json!({
        "mail_reminders": true, "quiet_hours": { "from": "22:00", "until": "07:30" }, "digest": true
    });
    let said = zhang.send("PUT", "/v1/me/preferences", Some(wanted), &[]).await.expect(200);
    assert_eq!(said.body["quiet_hours"], json!({ "from": "22:00", "until": "07:30" }));
    assert_eq!(said.body["digest"], true);
    assert_eq!(zhang.get("/v1/me").await.expect(200).body["mail"], said.body);
    // All of it, each time.
    let said = zhang
        .send("PUT", "/v1/me/preferences", Some(json!({ "mail_reminders": true })), &[])
        .await
        .expect(200);
    assert_eq!((&said.body["quiet_hours"], &said.body["digest"]), (&Value::Null, &json!(false)));
}

#[rstest]
#[case::no_time("25:00", "08:00", "quiet_hours.from", "time_malformed")]
#[case::a_word("22:00", "morning", "quiet_hours.until", "time_malformed")]
#[case::all_day("08:00", "08:00", "quiet_hours.until", "quiet_hours_empty")]
#[tokio::test]
async fn quiet_hours_that_cannot_be(
    #[case] from: &str,
    #[case] until: &str,
    #[case] field: &str,
    #[case] code: &str,
) {
    let world = World::new().await;
    let zhang = world.holder("zhang").await;
    let wanted = json!({ "mail_reminders": true, "quiet_hours": { "from": from, "until": until } });
    let refused = zhang.send("PUT", "/v1/me/preferences", Some(wanted), &[]).await.expect(422);
    assert_eq!(
        (&refused.body["errors"][0]["field"], &refused.body["errors"][0]["code"]),
        (&json!(field), &json!(code))
    );
    assert_eq!(zhang.get("/v1/me").await.expect(200).body["mail"]["quiet_hours"], Value::Null);
}
