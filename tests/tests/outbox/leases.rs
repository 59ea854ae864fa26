//! Leases: one sender at a time, and another where one died or was slow.

use crate::office::{FIRST_SWEEP, LEASE, after, office, start};
use common::{
    notify::{Carrier, Letterhead, Mail, Outcome, Postman, SmtpCarrier, SmtpSettings, SmtpTls},
    store::{Delivery, MOST_ATTEMPTS, OutboxState},
};
use domain::delivery::Channel;
use rstest::rstest;
use std::time::Duration;
use tests::{bare::mail_env, doors::Doors};
use tokio::net::TcpListener;

#[tokio::test]
async fn senders_at_once_send_a_message_once() {
    let office = office().await;
    let (first, second) = (office.postman(), office.postman());
    // Late enough for the sweep, so that both doors are open.
    let now = after(FIRST_SWEEP);
    for id in office.write(0..20, start()).await {
        let outcomes = tokio::join!(
            first.send_new(&id, now),
            second.send_new(&id, now),
            first.send_due(&id, now),
            second.send_due(&id, now)
        );
        let mut outcomes: Vec<_> =
            [outcomes.0, outcomes.1, outcomes.2, outcomes.3].into_iter().map(Result::unwrap).collect();
        outcomes.sort_by_key(|outcome| *outcome != Outcome::Sent);
        assert_eq!(outcomes, [Outcome::Sent, Outcome::NotOurs, Outcome::NotOurs, Outcome::NotOurs]);
    }
    assert_eq!(office.copies(), [1; 20]);
}

#[tokio::test]
async fn a_sender_killed_between_send_and_mark_is_made_up_for_when_its_lease_ends() {
    let office = office().await;
    let id = office.write_one().await;
    let letterhead = Letterhead::new(
        "登记中心",
        "registry@sw.example.cn".parse().unwrap(),
        None,
        "http://127.0.0.1:8080",
        "电话 027-12345678",
    );
    let settings = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port: office.mailbox.address().port(),
        tls: SmtpTls::None,
        login: None,
        timeout: Duration::from_secs(10),
    };
    let leased = office.store.lease(&id, start(), false).await.unwrap().unwrap();
    let mail = Mail::write(leased.dispatch.letter().unwrap(), &letterhead.unwrap(), start()).unwrap();
    Carrier::Smtp(SmtpCarrier::new(settings).unwrap()).send(&mail).await.unwrap();
    // This is where it dies.
    assert_eq!(office.sweep(after(LEASE - 10)).await.sent, 0);
    assert_eq!(office.copies(), [1]);
    let report = office.sweep(after(LEASE)).await;
    assert_eq!((report.sent, report.complete), (1, true));
    assert_eq!(office.copies(), [2], "the same message, and recognised as such");
    let item = office.item(&id).await;
    assert_eq!((item.state, item.attempts), (OutboxState::Sent, 2));
    assert_eq!(office.sweep(after(86_400)).await.sent, 0);
}

#[tokio::test]
async fn senders_that_always_die_dont_send_for_ever() {
    let office = office().await;
    let id = office.write_one().await;
    let mut now = start();
    for attempt in 1..=MOST_ATTEMPTS {
        let leased = office.store.lease(&id, now, attempt > 1).await.unwrap().unwrap();
        assert_eq!(leased.attempt, attempt);
        now = now.plus_seconds(LEASE);
    }
    let report = office.sweep(now).await;
    assert_eq!((report.sent, report.dead), (0, 1));
    let item = office.item(&id).await;
    assert_eq!((item.state, item.last_error.as_deref()), (OutboxState::Dead, Some("attempts_exhausted")));
    assert_eq!(office.mailbox.count(), 0);
}

#[rstest]
#[case(Delivery::Sent { provider_id: "late".to_owned() })]
#[case(Delivery::Retry { error: "late".to_owned() })]
#[case(Delivery::Refused { error: "late".to_owned() })]
#[tokio::test]
async fn a_mark_after_the_lease_ended_and_passed_on_changes_nothing(#[case] late: Delivery) {
    let office = office().await;
    let id = office.write_one().await;
    let slow = office.store.lease(&id, start(), false).await.unwrap().unwrap();
    assert_eq!(office.store.lease(&id, after(LEASE - 1), true).await.unwrap(), None);
    let next = office.store.lease(&id, after(LEASE), true).await.unwrap().unwrap();

    let before = office.item(&id).await;
    assert!(!office.store.mark(&slow, Channel::Mail, &late, after(LEASE + 1)).await.unwrap());
    assert_eq!(office.item(&id).await, before);
    let sent = Delivery::Sent { provider_id: "next".to_owned() };
    assert!(office.store.mark(&next, Channel::Mail, &sent, after(LEASE + 2)).await.unwrap());
    let before = office.item(&id).await;
    assert!(!office.store.mark(&slow, Channel::Mail, &late, after(LEASE + 3)).await.unwrap());
    assert_eq!(office.item(&id).await, before);
    assert_eq!((before.state, before.provider_id.as_deref()), (OutboxState::Sent, Some("next")));
}

#[tokio::test]
async fn a_late_mark_counts_where_nobody_has_taken_over() {
    let office = office().await;
    let id = office.write_one().await;
    let slow = office.store.lease(&id, start(), false).await.unwrap().unwrap();
    let sent = Delivery::Sent { provider_id: "slow".to_owned() };
    assert!(office.store.mark(&slow, Channel::Mail, &sent, after(LEASE + 1)).await.unwrap());
    assert_eq!(office.sweep(after(86_400)).await.sent, 0);
}

#[tokio::test]
async fn a_sender_that_was_overtaken_reports_no_failure_of_its_own() {
    let office = office().await;
    let id = office.write_one().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let env = mail_env(silent.local_addr().unwrap());
    let postman = Postman::from_env(&env, &office.parts, office.store.clone()).unwrap();
    let overtake = async {
        let (connection, _) = silent.accept().await.unwrap();
        let other = office.store.lease(&id, after(LEASE), true).await.unwrap();
        drop(connection);
        other
    };
    let (outcome, other) = tokio::join!(postman.send_new(&id, start()), overtake);
    assert_eq!(other.unwrap().attempt, 2);
    assert_eq!(outcome.unwrap(), Outcome::NotOurs);
    assert_eq!(office.item(&id).await.last_error, None);
}
