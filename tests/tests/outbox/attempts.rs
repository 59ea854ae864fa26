//! What becomes of a message: sent, tried again later, or given up.

use crate::{
    office::{READER, after, office, start},
    stream::{hand_over, inserted},
};
use common::{
    notify::Outcome,
    store::{MOST_ATTEMPTS, OutboxState},
};
use local::mailbox::Failure;
use reminder::Report;
use tests::doors::{Doors, due_messages};

#[tokio::test]
async fn failures_that_pass_back_off_and_end_as_a_dead_letter() {
    let office = office().await;
    let id = office.write_one().await;
    let postman = office.postman();
    office.mailbox.fail_next(MOST_ATTEMPTS as usize - 1, 451);
    office.mailbox.fail_next(1, Failure::Disconnect);

    let mut now = start();
    let mut outcome = postman.send_new(&id, now).await.unwrap();
    for wait in [120, 240, 480, 960, 1920, 3840, 7680, 15_360, 21_600] {
        assert_eq!(outcome, Outcome::Deferred);
        let item = office.item(&id).await;
        let due = now.plus_seconds(wait);
        assert_eq!((item.state, item.next_attempt), (OutboxState::Pending, due));
        assert!(item.last_error.unwrap().starts_with("mail_deferred: "));
        let early = due.plus_seconds(-1);
        assert_eq!(due_messages(&office.store, early).await.unwrap(), [""; 0]);
        assert_eq!(postman.send_due(&id, early).await.unwrap(), Outcome::NotOurs);
        assert_eq!(due_messages(&office.store, due).await.unwrap(), [id.as_str()]);
        now = due;
        outcome = postman.send_due(&id, now).await.unwrap();
    }
    assert_eq!(outcome, Outcome::Dead);
    let item = office.item(&id).await;
    assert_eq!((item.state, item.attempts), (OutboxState::Dead, MOST_ATTEMPTS));
    assert!(item.last_error.unwrap().starts_with("mail_provider_unreachable: "));

    // The server would take it now; nobody offers it any more.
    let later = now.plus_seconds(30 * 86_400);
    assert_eq!(due_messages(&office.store, later).await.unwrap(), [""; 0]);
    assert_eq!(postman.send_due(&id, later).await.unwrap(), Outcome::NotOurs);
    assert_eq!(office.mailbox.count(), 0);
}

#[tokio::test]
async fn a_message_deferred_is_sent_once_when_its_time_comes() {
    let office = office().await;
    let id = office.write_one().await;
    office.mailbox.fail_next(1, 421);
    assert_eq!(office.postman().send_new(&id, start()).await.unwrap(), Outcome::Deferred);
    assert_eq!(office.sweep(after(110)).await.sent, 0);
    assert_eq!(office.sweep(after(120)).await.sent, 1);
    let item = office.item(&id).await;
    assert_eq!((item.state, item.attempts, item.last_error), (OutboxState::Sent, 2, None));
    assert_eq!(office.copies(), [1]);
}

#[tokio::test]
async fn a_sweep_says_how_long_the_oldest_message_has_been_waiting() {
    let office = office().await;
    office.write(0..1, start()).await;
    office.write(1..30, after(3000)).await;
    office.mailbox.fail_next(30, 451);
    // The clock runs on while the sweep does.
    let tried = office.sweep(after(3600)).await;
    assert_eq!(tried.deferred, 30);
    assert!((3600..3660).contains(&tried.oldest_unsent_seconds), "{tried:?}");
    // Nothing is due yet, and it's older all the same.
    let waiting = office.sweep(after(3700)).await;
    assert_eq!(waiting.deferred, 0);
    assert!((3700..3760).contains(&waiting.oldest_unsent_seconds), "{waiting:?}");
    let sent = office.sweep(after(3800)).await;
    assert_eq!((sent.sent, sent.oldest_unsent_seconds), (30, 0));
}

#[tokio::test]
async fn a_refusal_for_good_is_a_dead_letter_at_once() {
    let office = office().await;
    let id = office.write_one().await;
    let postman = office.postman();
    office.mailbox.fail_next(1, 550);
    assert_eq!(postman.send_new(&id, start()).await.unwrap(), Outcome::Dead);
    let item = office.item(&id).await;
    assert_eq!((item.state, item.attempts), (OutboxState::Dead, 1));
    let why = item.last_error.unwrap();
    assert_eq!(item.trail.len(), 1);
    assert!(why.starts_with("mail_message_refused: ") && !why.contains(READER), "{why}");
    assert_eq!(postman.send_due(&id, after(86_400)).await.unwrap(), Outcome::NotOurs);
    assert_eq!(office.sweep(after(86_400)).await, Report { complete: true, ..Report::default() });
    assert_eq!(office.mailbox.count(), 0);
}

#[tokio::test]
async fn what_was_sent_is_not_sent_again() {
    let office = office().await;
    let id = office.write_one().await;
    let postman = office.postman();
    assert_eq!(postman.send_new(&id, start()).await.unwrap(), Outcome::Sent);
    let item = office.item(&id).await;
    assert_eq!((item.state, item.attempts, item.last_error), (OutboxState::Sent, 1, None));
    assert_eq!(item.provider_id.as_deref(), Some("2.0.0 kept"));

    let much_later = after(30 * 86_400);
    assert_eq!(postman.send_new(&id, much_later).await.unwrap(), Outcome::NotOurs);
    assert_eq!(postman.send_due(&id, much_later).await.unwrap(), Outcome::NotOurs);
    assert_eq!(hand_over(&office.notifier(), &[inserted(&id, 1)]).await, [""; 0]);
    assert_eq!(office.sweep(much_later).await.sent, 0);
    assert_eq!(office.copies(), [1]);
}
