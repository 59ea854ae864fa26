//! Proof of delivery: each attempt is kept with when and how it ended, what a provider says later is kept beside it, an
//! address that bounced isn't written to again, and who wants no reminders gets none.

use crate::office::{Office, READER, after, office, start};
use aws_sdk_dynamodb::types::AttributeValue;
use common::{
    notify::Outcome,
    store::{Cursor, OutboxState},
};
use domain::{
    actor::Actor,
    application::{ApplicationKind, JournalAction, JournalEntry},
    date::{Instant, date},
    delivery::{AttemptOutcome, Channel, DeliveryState, Feedback, FeedbackKind},
    id::{ApplicationId, HolderId},
    notification::Message,
};
use local::mailbox::Failure;
use rstest::rstest;
use tests::{bare::TABLE, doors::Doors};

const GONE: Failure = Failure::Recipient("550 5.1.1 no such mailbox");

fn holder() -> HolderId {
    HolderId::mint(0x5eed)
}

fn due() -> Message {
    Message::FirstRegistrationDue { until: date(2029, 4, 1), days_left: 31, late_accepted: true }
}

fn withdrawn(number: u128) -> Message {
    let application = ApplicationId::mint(&holder(), date(2029, 2, 20), number);
    Message::Withdrawn { application, kind: ApplicationKind::First }
}

async fn states(office: &Office) -> Vec<DeliveryState> {
    let page = office.store.messages(&holder(), 100, None).await.unwrap();
    page.items.iter().map(common::store::ToldMessage::standing).collect()
}

#[tokio::test]
async fn each_attempt_is_kept_with_when_and_how_it_ended() {
    let office = office().await;
    let id = office.write_one().await;
    assert_eq!(states(&office).await, [DeliveryState::Waiting]);
    office.mailbox.fail_next(1, 451);
    office.mailbox.fail_next(1, Failure::Disconnect);
    let postman = office.postman();
    postman.send_new(&id, start()).await.unwrap();
    postman.send_due(&id, after(120)).await.unwrap();
    assert_eq!(states(&office).await, [DeliveryState::Waiting]);
    postman.send_due(&id, after(360)).await.unwrap();

    let page = office.store.messages(&holder(), 100, None).await.unwrap();
    let [message] = &page.items[..] else { panic!("{page:?}") };
    assert_eq!(message.standing(), DeliveryState::Accepted);
    assert_eq!(message.provider_id.as_deref(), Some("2.0.0 kept"));
    assert_eq!(message.notification.id, id);
    let trail: Vec<_> = message.trail.iter().map(|attempt| (attempt.at, attempt.outcome)).collect();
    assert_eq!(
        trail,
        [
            (start(), AttemptOutcome::Deferred),
            (after(120), AttemptOutcome::Deferred),
            (after(360), AttemptOutcome::Accepted)
        ]
    );
    assert!(message.trail.iter().all(|attempt| attempt.channel == Channel::Mail));
    let details: Vec<_> =
        message.trail.iter().map(|attempt| attempt.detail.clone().unwrap_or_default()).collect();
    assert!(details[0].starts_with("mail_deferred: ") && details[0].contains("451"), "{details:?}");
    assert!(details[1].starts_with("mail_provider_unreachable: "), "{details:?}");
    assert_eq!(details[2], "");
}

#[tokio::test]
async fn an_address_that_bounced_is_not_written_to_again_and_another_one_is() {
    let office = office().await;
    let postman = office.postman();
    let id = office.write_to(READER, start(), withdrawn(1)).await;
    office.mailbox.fail_next(1, GONE);
    assert_eq!(postman.send_new(&id, start()).await.unwrap(), Outcome::Dead);
    let standing = office.store.mail_standing(&holder()).await.unwrap();
    let bounced = standing.bounced.unwrap();
    assert_eq!((bounced.address.as_str(), bounced.since, standing.version), (READER, start(), 1));
    assert!(bounced.detail.contains("5.1.1") && !bounced.detail.contains('@'), "{}", bounced.detail);
    let journal = office.store.journal(&format!("{}-mail", holder()), 10, None).await.unwrap();
    assert_eq!(journal.items.len(), 1);
    assert_eq!(journal.items[0].entry.action, JournalAction::AddressBounced);

    let id = office.write_to(READER, after(60), withdrawn(2)).await;
    assert_eq!(postman.send_new(&id, after(60)).await.unwrap(), Outcome::Withheld);
    let item = office.item(&id).await;
    assert_eq!((item.state, item.last_error.as_deref()), (OutboxState::Withheld, Some("address_bounced")));
    assert_eq!(office.mailbox.count(), 0);
    assert_eq!(office.sweep(after(86_400)).await.sent, 0, "nothing is tried again");
    assert_eq!(states(&office).await, [DeliveryState::Withheld, DeliveryState::Refused]);

    let id = office.write_to("another@example.com", after(120), withdrawn(3)).await;
    assert_eq!(postman.send_new(&id, after(120)).await.unwrap(), Outcome::Sent);
    assert_eq!(office.mailbox.count(), 1);
}

#[rstest]
#[case::full(Failure::Recipient("552 5.2.2 mailbox full"))]
#[case::policy(Failure::Recipient("550 5.4.1 rejected"))]
#[case::content(Failure::Reply(550))]
#[tokio::test]
async fn a_mail_refused_for_another_reason_leaves_its_address_alone(#[case] failure: Failure) {
    let office = office().await;
    let postman = office.postman();
    let id = office.write_to(READER, start(), withdrawn(1)).await;
    office.mailbox.fail_next(1, failure);
    assert_eq!(postman.send_new(&id, start()).await.unwrap(), Outcome::Dead);
    assert_eq!(states(&office).await, [DeliveryState::Refused]);
    assert_eq!(office.store.mail_standing(&holder()).await.unwrap().version, 0);
    let id = office.write_to(READER, after(60), withdrawn(2)).await;
    assert_eq!(postman.send_new(&id, after(60)).await.unwrap(), Outcome::Sent);
}

#[tokio::test]
async fn a_busy_server_is_no_bounce() {
    let office = office().await;
    let id = office.write_to(READER, start(), withdrawn(1)).await;
    office.mailbox.fail_next(1, Failure::Recipient("450 4.2.0 greylisted"));
    assert_eq!(office.postman().send_new(&id, start()).await.unwrap(), Outcome::Deferred);
    assert_eq!(office.store.mail_standing(&holder()).await.unwrap().version, 0);
    assert_eq!(office.sweep(after(120)).await.sent, 1);
}

#[tokio::test]
async fn who_wants_no_reminders_gets_none_and_whatever_else_there_is() {
    let office = office().await;
    let postman = office.postman();
    let entry = JournalEntry::new(Actor::Holder(holder()), JournalAction::RemindersSet, start());
    let standing = office.store.mail_standing(&holder()).await.unwrap();
    office.store.unsubscribe(standing, &entry).await.unwrap();
    let reminder = office.write_to(READER, after(60), due()).await;
    assert_eq!(postman.send_new(&reminder, after(60)).await.unwrap(), Outcome::Withheld);
    let letter = office.write_to(READER, after(61), withdrawn(1)).await;
    assert_eq!(postman.send_new(&letter, after(61)).await.unwrap(), Outcome::Sent);
    assert_eq!(states(&office).await, [DeliveryState::Accepted, DeliveryState::Withheld]);
}

/// When DynamoDB may remove the message.
async fn expiry(office: &Office, id: &str) -> Option<i64> {
    let get = office.parts.dynamodb().get_item().table_name(TABLE);
    let found = get
        .key("pk", AttributeValue::S(format!("OUTBOX#{id}")))
        .key("sk", AttributeValue::S("OUTBOX".to_owned()))
        .send()
        .await
        .unwrap();
    Some(found.item?.get("expires_at")?.as_n().unwrap().parse().unwrap())
}

#[tokio::test]
async fn proof_is_kept_for_four_hundred_days_however_it_ended() {
    let office = office().await;
    let postman = office.postman();
    let kept = |since: Instant| Some(since.plus_seconds(400 * 86_400).unix_seconds());
    let sent = office.write_to(READER, start(), withdrawn(1)).await;
    assert_eq!(expiry(&office, &sent).await, None, "nothing that waits is removed");
    postman.send_new(&sent, after(5)).await.unwrap();
    assert_eq!(expiry(&office, &sent).await, kept(after(5)));
    let refused = office.write_to(READER, after(1), withdrawn(2)).await;
    office.mailbox.fail_next(1, GONE);
    postman.send_new(&refused, after(6)).await.unwrap();
    assert_eq!(expiry(&office, &refused).await, kept(after(6)));
    let withheld = office.write_to(READER, after(2), withdrawn(3)).await;
    postman.send_new(&withheld, after(7)).await.unwrap();
    assert_eq!(expiry(&office, &withheld).await, kept(after(7)));
}

#[tokio::test]
async fn messages_are_paged_newest_first_and_a_cursor_shows_nobody_elses() {
    let office = office().await;
    let mut written = Vec::new();
    for number in 0..45 {
        written.push(office.write_to(READER, after(number), withdrawn(1)).await);
    }
    written.reverse();
    let (mut seen, mut cursor, mut sizes) = (Vec::new(), None::<Cursor>, Vec::new());
    loop {
        let page = office.store.messages(&holder(), 20, cursor.as_ref()).await.unwrap();
        sizes.push(page.items.len());
        seen.extend(page.items.into_iter().map(|message| message.notification.id));
        cursor = page.next;
        let Some(cursor) = &cursor else { break };
        let elsewhere = office.store.messages(&HolderId::mint(9), 20, Some(cursor)).await.unwrap();
        assert_eq!(elsewhere.items, []);
    }
    assert_eq!((seen, sizes), (written, vec![20, 20, 5]));
    let made_up = Cursor::from_text("bm9uc2Vuc2U".to_owned());
    assert!(office.store.messages(&holder(), 20, Some(&made_up)).await.is_err());
}

fn said(kind: FeedbackKind, at: Instant) -> Feedback {
    Feedback { kind, at, detail: "smtp; 550 5.1.1".to_owned() }
}

#[tokio::test]
async fn what_a_provider_says_counts_in_whatever_order_and_how_often_it_comes() {
    let office = office().await;
    let id = office.write_one().await;
    office.postman().send_new(&id, start()).await.unwrap();
    for (kind, state) in [
        (FeedbackKind::Delayed, DeliveryState::Accepted),
        (FeedbackKind::Delivered, DeliveryState::Delivered),
        (FeedbackKind::Delayed, DeliveryState::Delivered),
        (FeedbackKind::Bounced, DeliveryState::Bounced),
        (FeedbackKind::Delivered, DeliveryState::Bounced),
        (FeedbackKind::Bounced, DeliveryState::Bounced),
        (FeedbackKind::Complained, DeliveryState::Complained),
        (FeedbackKind::Bounced, DeliveryState::Complained),
    ] {
        let known = office.store.note_feedback(&id, &said(kind, after(10))).await.unwrap().unwrap();
        assert_eq!(known.dispatch.id(), id);
        assert_eq!(states(&office).await, [state], "{kind:?}");
    }
    let unknown = said(FeedbackKind::Bounced, start());
    assert_eq!(office.store.note_feedback("nobody-wrote-this", &unknown).await.unwrap(), None);
    assert_eq!(office.store.outbox_item("nobody-wrote-this").await.unwrap(), None);
}
