//! A store that fails for one record, a record that somebody else is faster with, senders that die, a mail server that is
//! away: what can be done is done, and the rest is made up for.

use super::bureau::{Bureau, address, is_postman, now, today, writes};
use common::store::{OutboxState, Watermark};
use local::mailbox::Failure;
use reminder::Job;
use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tests::wire::Fault;

async fn watermark(bureau: &Bureau) -> Watermark {
    bureau.store.watermark("reminder").await.unwrap().unwrap()
}

#[tokio::test]
async fn a_record_that_fails_holds_its_day_back_and_nobody_else() {
    let bureau = Bureau::open().await;
    bureau.write_due(40).await;
    bureau.wire.trouble(|call| writes(call, 7).then(Fault::refuse));
    let report = bureau.plan().await;
    assert_eq!((report.planned, report.failed, report.complete), (39, 1, false));
    assert_eq!(bureau.waiting().await.len(), 39);
    assert_eq!(watermark(&bureau).await.done_through, today().plus_days(-1), "the day isn't done");

    // Days go by; the others' work isn't held up by it.
    bureau.write([bureau.registration(100, today().plus_days(33), Some(60))]).await;
    for days in 1..4 {
        bureau.pass(86_400);
        let report = bureau.plan().await;
        assert_eq!((report.planned, report.failed), (u64::from(days == 3), 1), "{days} days later");
        assert_eq!(watermark(&bureau).await.done_through, today().plus_days(-1));
    }
    bureau.wire.mend();
    let report = bureau.plan().await;
    assert_eq!((report.planned, report.failed, report.complete), (1, 0, true));
    assert_eq!(watermark(&bureau).await.done_through, today().plus_days(2));
    assert_eq!(bureau.look(7).await.reminded, Some(30));
    assert_eq!(bureau.waiting().await.len(), 41);
}

#[tokio::test]
async fn a_day_is_looked_at_again_after_the_run_that_finished_it() {
    let bureau = Bureau::open().await;
    bureau.write_due(1).await;
    assert_eq!(bureau.plan().await.planned, 1);
    // Written a moment after the run had read the day.
    bureau.write([bureau.registration(1, today().plus_days(30), Some(60))]).await;
    bureau.pass(86_400);
    assert_eq!(bureau.plan().await.planned, 1);
    assert_eq!(watermark(&bureau).await.done_through, today());
}

#[tokio::test]
async fn what_arrives_at_midnight_behind_the_first_run_of_a_day_isnt_lost() {
    let bureau = Bureau::open().await;
    let midnight = today().start();
    bureau.clock.put(midnight);
    assert_eq!(bureau.plan().await.planned, 0);
    // Received a second before midnight and due at once, but not to be seen in the index until now.
    bureau.clock.put(midnight.plus_seconds(-1));
    bureau.write([bureau.registration(0, today().plus_days(29), Some(60))]).await;
    bureau.clock.put(midnight.plus_seconds(15 * 60));
    assert_eq!(bureau.plan().await.planned, 1);
}

#[tokio::test]
async fn a_commit_that_was_overtaken_is_decided_anew() {
    let bureau = Bureau::open().await;
    bureau.write_due(1).await;
    let commits = Arc::new(AtomicUsize::new(0));
    let counted = commits.clone();
    bureau.wire.trouble(move |call| {
        let first = writes(call, 0) && counted.fetch_add(1, Ordering::SeqCst) == 0;
        first.then(|| Fault::conditions_failed(call.keys.len()))
    });
    let report = bureau.plan().await;
    assert_eq!((report.planned, report.failed, report.complete), (1, 0, true));
    assert_eq!(commits.load(Ordering::SeqCst), 2);
    assert_eq!(bureau.waiting().await.len(), 1);
}

#[tokio::test]
async fn a_record_that_is_always_overtaken_is_left_to_the_next_run() {
    let bureau = Bureau::open().await;
    bureau.write_due(2).await;
    bureau.wire.trouble(|call| writes(call, 0).then(|| Fault::conditions_failed(call.keys.len())));
    let report = bureau.plan().await;
    assert_eq!((report.planned, report.failed, report.complete), (1, 1, false));
    assert_eq!(watermark(&bureau).await.done_through, today().plus_days(-1));
    bureau.wire.mend();
    bureau.pass(86_400);
    assert_eq!(bureau.plan().await.planned, 1);
}

#[tokio::test]
async fn a_commit_whose_reply_was_lost_is_done_once() {
    let bureau = Bureau::open().await;
    bureau.write_due(3).await;
    let lost = Mutex::new(BTreeSet::new());
    // Once for each of them.
    bureau.wire.trouble(move |call| {
        let commit = call.operation == "TransactWriteItems" && lost.lock().unwrap().insert(call.keys.clone());
        commit.then_some(Fault::LoseReply)
    });
    let report = bureau.plan().await;
    assert_eq!((report.planned, report.failed, report.complete), (3, 0, true));
    assert_eq!(bureau.waiting().await.len(), 3);
}

#[tokio::test]
async fn an_entry_that_cant_be_read_doesnt_hide_the_others() {
    let bureau = Bureau::open().await;
    bureau.write_due(3).await;
    bureau.spoil(1).await;
    let report = bureau.plan().await;
    assert_eq!((report.planned, report.failed, report.complete), (2, 1, false));
    assert_eq!(watermark(&bureau).await.done_through, today().plus_days(-1));
}

#[tokio::test]
async fn a_mail_whose_reply_was_lost_is_sent_again_and_none_is_missing() {
    let bureau = Bureau::open().await;
    bureau.write_due(10).await;
    assert_eq!(bureau.plan().await.planned, 10);
    bureau.pass(180);
    bureau.mailbox().fail_next(3, Failure::DisconnectAfterStoring);
    let report = bureau.sweep().await;
    assert_eq!((report.sent, report.deferred), (7, 3));
    bureau.pass(3600);
    assert_eq!(bureau.sweep().await.sent, 3);
    let mails = bureau.mails();
    assert_eq!((mails.len(), mails.values().sum::<usize>()), (10, 13), "three have it twice");
    assert_eq!(bureau.waiting().await, [""; 0]);
}

#[tokio::test]
async fn a_sender_that_dies_before_it_marks_is_made_up_for() {
    let bureau = Bureau::open().await;
    bureau.write_due(10).await;
    bureau.plan().await;
    let ids = bureau.waiting().await;
    bureau.pass(180);
    let leased = Mutex::new(BTreeSet::new());
    // A lease passes, a mark doesn't: the mail has been sent.
    bureau.wire.trouble(move |call| {
        let mark = is_postman(call) && !leased.lock().unwrap().insert(call.keys.clone());
        mark.then(Fault::refuse)
    });
    let report = bureau.sweep().await;
    assert_eq!((report.sent, report.failed, report.complete), (0, 10, false));
    assert_eq!(bureau.mailbox().count(), 10);
    bureau.wire.mend();
    bureau.pass(3600);
    assert_eq!(bureau.sweep().await.sent, 10);
    assert!((0..10).all(|person| bureau.mails()[&address(person)] == 2), "{:?}", bureau.mails());
    for id in ids {
        assert_eq!(bureau.message(&id).await.state, OutboxState::Sent);
    }
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_tried_again_until_it_is_back() {
    let mut bureau = Bureau::open().await;
    bureau.write_due(12).await;
    assert_eq!(bureau.plan().await.planned, 12);
    bureau.close_post();
    bureau.pass(180);
    let report = bureau.sweep().await;
    assert_eq!((report.sent, report.deferred, report.dead), (0, 12, 0));
    // A sweep a minute later has nothing to do: everything waits for its next attempt.
    bureau.pass(60);
    let report = bureau.sweep().await;
    assert_eq!((report.sent, report.deferred, report.complete), (0, 0, true));
    bureau.pass(3600);
    assert_eq!(bureau.sweep().await.deferred, 12);

    bureau.open_post().await;
    bureau.pass(6 * 3600);
    let report = bureau.sweep().await;
    assert_eq!((report.sent, report.deferred, report.complete), (12, 0, true));
    assert_eq!(bureau.mails().values().copied().collect::<Vec<_>>(), [1; 12]);
    assert_eq!(bureau.waiting().await, [""; 0]);
}

#[tokio::test]
async fn planning_that_fails_doesnt_keep_the_mail_from_being_sent() {
    let bureau = Bureau::open().await;
    bureau.write_due(5).await;
    bureau.plan().await;
    bureau.pass(180);
    // The job's own record can't be read.
    bureau.wire.trouble(|call| call.keys.contains(&"JOB#reminder".to_owned()).then(Fault::refuse));
    bureau.reminder.run(Job::Daily, Duration::from_mins(5), |_| {}).await.unwrap_err();
    assert_eq!(bureau.mailbox().count(), 5);
    assert!(bureau.clock.now() > now());
}
