//! What readers wish: quiet hours, and one mail a day for what can wait.

use crate::office::{FIRST_SWEEP, Office, office, start};
use common::{notify::Outcome, store::OutboxState};
use domain::{
    actor::Actor,
    application::{ApplicationKind, JournalAction, JournalEntry},
    date::{Instant, date},
    delivery::{QuietHours, Wishes},
    id::{ApplicationId, HolderId},
    notification::Message,
};
use local::mailbox::Failure;
use tests::doors::Doors;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn holder() -> HolderId {
    HolderId::mint(0x5eed)
}

async fn wish(office: &Office, quiet: Option<(&str, &str)>, digest: bool) {
    let quiet =
        quiet.map(|(from, until)| QuietHours::new(from.parse().unwrap(), until.parse().unwrap()).unwrap());
    let standing = office.store.mail_standing(&holder()).await.unwrap();
    let entry = JournalEntry::new(Actor::Holder(holder()), JournalAction::RemindersSet, start());
    let wishes = Wishes { reminders: true, quiet, digest };
    assert_eq!(office.store.set_wishes(standing, wishes, &entry).await.unwrap().wishes(), wishes);
}

fn reminder(days_left: i64) -> Message {
    let until = date(2029, 3, 1).plus_days(days_left);
    Message::FirstRegistrationDue { until, days_left, late_accepted: false }
}

fn mend(days_left: i64) -> Message {
    let application = ApplicationId::mint(&holder(), date(2029, 2, 20), 7);
    let mend_by = date(2029, 3, 1).plus_days(days_left);
    Message::ReturnedReminder { application, kind: ApplicationKind::First, mend_by, days_left }
}

const READER: &str = "zhang@example.com";

#[tokio::test]
async fn at_night_only_what_is_urgent_is_sent_and_the_rest_in_the_morning_as_a_first_attempt() {
    let office = office().await;
    wish(&office, Some(("22:00", "07:30")), false).await;
    let night = at("2029-03-01T23:00:00+08:00");
    let postman = office.postman();
    let waits = office.write_to(READER, night, reminder(30)).await;
    assert_eq!(postman.send_new(&waits, night).await.unwrap(), Outcome::Held);
    let urgent = office.write_to(READER, night.plus_seconds(1), reminder(7)).await;
    assert_eq!(postman.send_new(&urgent, night).await.unwrap(), Outcome::Sent);

    let held = office.item(&waits).await;
    assert_eq!((held.state, held.attempts, held.trail.len()), (OutboxState::Pending, 0, 0));
    let morning = at("2029-03-02T07:30:00+08:00");
    assert_eq!(held.next_attempt, morning);
    let early = office.sweep(morning.plus_seconds(-1)).await;
    assert_eq!((early.sent, early.oldest_unsent_seconds), (0, 0), "it isn't late");
    assert_eq!(office.sweep(morning).await.sent, 1);
    let sent = office.item(&waits).await;
    assert_eq!((sent.state, sent.attempts, sent.trail.len()), (OutboxState::Sent, 1, 1));
}

/// Writes three reminders through a Thursday, which are held; their ids.
async fn through_the_day(office: &Office) -> Vec<String> {
    let mut ids = Vec::new();
    for (hour, message) in [(10, reminder(60)), (14, mend(20)), (18, reminder(30))] {
        let now = at(&format!("2029-03-01T{hour}:00:00+08:00"));
        let id = office.write_to(READER, now, message).await;
        assert_eq!(office.postman().send_new(&id, now).await.unwrap(), Outcome::Held);
        ids.push(id);
    }
    ids
}

#[tokio::test]
async fn what_can_wait_comes_in_one_mail_the_next_morning() {
    let office = office().await;
    wish(&office, None, true).await;
    let ids = through_the_day(&office).await;
    let eight = at("2029-03-02T08:00:00+08:00");
    assert_eq!(office.sweep(eight.plus_seconds(-1)).await.sent, 0);
    let report = office.sweep(eight).await;
    assert_eq!((report.sent, report.complete), (1, true), "one mail");
    let mails = office.mailbox.messages().unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].summary.subject, "每日汇总：3 条通知");
    let text = mails[0].text.as_deref().unwrap();
    for part in ["还剩 59 天", "还剩 19 天", "还剩 29 天", "■ "] {
        assert!(text.contains(part), "{part} isn't in\n{text}");
    }
    for id in &ids {
        let item = office.item(id).await;
        assert_eq!((item.state, item.attempts, item.trail.len()), (OutboxState::Sent, 1, 1));
        assert_eq!(item.provider_id, office.item(&ids[0]).await.provider_id);
    }
    assert_eq!(office.sweep(eight.plus_seconds(86_400)).await.sent, 0);
}

#[tokio::test]
async fn one_alone_is_a_letter_as_always() {
    let office = office().await;
    wish(&office, None, true).await;
    let now = at("2029-03-01T10:00:00+08:00");
    let id = office.write_to(READER, now, reminder(60)).await;
    assert_eq!(office.postman().send_new(&id, now).await.unwrap(), Outcome::Held);
    office.sweep(at("2029-03-02T08:00:00+08:00")).await;
    assert!(!office.mailbox.messages().unwrap()[0].summary.subject.contains("汇总"));
}

#[tokio::test]
async fn what_goes_in_one_mail_is_tried_again_where_it_is_not_taken_and_none_is_lost() {
    let office = office().await;
    wish(&office, None, true).await;
    let ids = through_the_day(&office).await;
    let eight = at("2029-03-02T08:00:00+08:00");
    office.mailbox.fail_next(1, Failure::Recipient("451 4.2.1 later"));
    assert_eq!(office.sweep(eight).await.deferred, 1);
    for id in &ids {
        let item = office.item(id).await;
        assert_eq!((item.state, item.attempts), (OutboxState::Pending, 1));
    }
    assert_eq!(office.sweep(eight.plus_seconds(FIRST_SWEEP + 60)).await.sent, 3);
    for id in &ids {
        assert_eq!(office.item(id).await.state, OutboxState::Sent);
    }
}

#[tokio::test]
async fn what_goes_in_one_mail_is_sent_again_where_its_sender_died() {
    let office = office().await;
    wish(&office, None, true).await;
    let ids = through_the_day(&office).await;
    let eight = at("2029-03-02T08:00:00+08:00");
    // Leased, as by a sender that died then: the first, and one that it gathered.
    office.store.lease(&ids[0], eight, true).await.unwrap().unwrap();
    office.store.lease(&ids[1], eight, false).await.unwrap().unwrap();
    assert_eq!(office.sweep(eight).await.sent, 0);
    // The third waits for the first until it's clear that that doesn't come.
    assert!(office.sweep(eight.plus_seconds(3700)).await.complete);
    for id in &ids {
        assert_eq!(office.item(id).await.state, OutboxState::Sent);
    }
    assert_eq!(office.copies().iter().sum::<usize>(), office.mailbox.count());
}

#[tokio::test]
async fn who_wants_no_reminders_gets_no_digest_of_them() {
    let office = office().await;
    wish(&office, None, true).await;
    let ids = through_the_day(&office).await;
    let standing = office.store.mail_standing(&holder()).await.unwrap();
    let entry =
        JournalEntry::new(Actor::Holder(holder()), JournalAction::RemindersSet, start().plus_seconds(9));
    office.store.unsubscribe(standing, &entry).await.unwrap();
    office.sweep(at("2029-03-02T09:00:00+08:00")).await;
    assert_eq!(office.mailbox.count(), 0);
    for id in &ids {
        assert_eq!(office.item(id).await.state, OutboxState::Withheld);
    }
}
