//! Access tokens: one copy, one who asks, nothing forced in parallel.

use crate::bureau::{after, bureau, start};
use common::notify::Outcome;
use local::wechat::Asked;
use std::time::Duration;
use tests::doors::Doors;

fn asked(ordinarily: usize, forced: usize) -> Asked {
    Asked { ordinarily, forced }
}

#[tokio::test]
async fn of_two_functions_that_need_a_token_at_once_one_asks() {
    let bureau = bureau().await;
    bureau.accept(6).await;
    bureau.wechat.delay_tokens(Duration::from_millis(250));
    let mut ids = Vec::new();
    for number in 0..6 {
        ids.push(bureau.write(number).await);
    }
    let senders = [bureau.keeper(), bureau.postman(), bureau.postman()];
    let sent = ids.iter().zip(senders.iter().cycle()).map(|(id, sender)| sender.send_new(id, start()));
    for outcome in futures_util::future::join_all(sent).await {
        assert_eq!(outcome.unwrap(), Outcome::Sent);
    }
    assert_eq!(bureau.wechat.asked(), asked(1, 0));
    let (by_wechat, by_mail) = bureau.arrived();
    assert!(by_wechat >= 2 && by_wechat + by_mail == 6, "{by_wechat} {by_mail}");
}

#[tokio::test]
async fn the_copy_is_read_by_all_and_is_sealed() {
    let bureau = bureau().await;
    bureau.accept(2).await;
    let (first, second) = (bureau.write(1).await, bureau.write(2).await);
    assert_eq!(bureau.send_new(&first, start()).await, Outcome::Sent);
    assert_eq!(bureau.send_due(&second, after(6_000)).await, Outcome::Sent);
    assert_eq!((bureau.wechat.asked(), bureau.arrived()), (asked(1, 0), (2, 0)));
    let item = bureau.token_item().await;
    assert!(item.contains("token_id") && !item.contains("token-000001"), "{item}");
}

#[tokio::test]
async fn only_its_keeper_asks_for_the_next_token_early() {
    let bureau = bureau().await;
    bureau.accept(4).await;
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(bureau.write(number).await);
    }
    assert_eq!(bureau.send_new(&ids[0], start()).await, Outcome::Sent);
    // Four minutes before its end.
    assert_eq!(bureau.send_due(&ids[1], after(6_960)).await, Outcome::Sent);
    assert_eq!(bureau.wechat.asked(), asked(1, 0));
    assert_eq!(bureau.send_new(&ids[2], after(6_961)).await, Outcome::Sent);
    assert_eq!(bureau.wechat.asked(), asked(2, 0));
    // Beyond the first one's end there's the second.
    assert_eq!(bureau.send_due(&ids[3], after(7_300)).await, Outcome::Sent);
    assert_eq!((bureau.wechat.asked(), bureau.arrived()), (asked(2, 0), (4, 0)));
}

#[tokio::test]
async fn a_keeper_that_gets_no_early_token_goes_on_with_the_one_that_lives() {
    let bureau = bureau().await;
    bureau.accept(2).await;
    let (first, second) = (bureau.write(1).await, bureau.write(2).await);
    assert_eq!(bureau.send_new(&first, start()).await, Outcome::Sent);
    bureau.wechat.fail_tokens(1, -1);
    assert_eq!(bureau.send_new(&second, after(6_960)).await, Outcome::Sent);
    assert_eq!((bureau.wechat.asked(), bureau.arrived()), (asked(2, 0), (2, 0)));
}

#[tokio::test]
async fn who_finds_no_token_alive_asks_whoever_it_is() {
    let bureau = bureau().await;
    bureau.accept(2).await;
    let (first, second) = (bureau.write(1).await, bureau.write(2).await);
    assert_eq!(bureau.send_new(&first, start()).await, Outcome::Sent);
    assert_eq!(bureau.send_due(&second, after(10_000)).await, Outcome::Sent);
    assert_eq!((bureau.wechat.asked(), bureau.arrived()), (asked(2, 0), (2, 0)));
}

#[tokio::test]
async fn a_token_that_ends_in_the_middle_is_replaced_once() {
    let bureau = bureau().await;
    bureau.accept(3).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(bureau.write(number).await);
    }
    assert_eq!(bureau.send_new(&ids[0], start()).await, Outcome::Sent);
    // The mini-program's own back end has forced one.
    bureau.wechat.end_token();
    assert_eq!(bureau.send_new(&ids[1], after(10)).await, Outcome::Sent);
    assert_eq!(bureau.send_new(&ids[2], after(20)).await, Outcome::Sent);
    assert_eq!((bureau.wechat.asked(), bureau.arrived()), (asked(2, 0), (3, 0)));
}

#[tokio::test]
async fn a_token_is_forced_only_where_wechat_calls_its_own_invalid_and_then_by_one() {
    let bureau = bureau().await;
    bureau.accept(5).await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(bureau.write(number).await);
    }
    assert_eq!(bureau.send_new(&ids[0], start()).await, Outcome::Sent);
    bureau.wechat.confuse_token();
    bureau.wechat.delay_tokens(Duration::from_millis(100));
    let now = after(60);
    bureau.clock.put(now);
    let senders = [bureau.keeper(), bureau.postman()];
    let sent = ids[1..4].iter().zip(senders.iter().cycle()).map(|(id, sender)| sender.send_new(id, now));
    for outcome in futures_util::future::join_all(sent).await {
        assert_eq!(outcome.unwrap(), Outcome::Sent);
    }
    assert_eq!(bureau.wechat.asked(), asked(2, 1));
    // Where that doesn't help for long, it isn't done again and again.
    bureau.wechat.confuse_token();
    let later = after(600);
    assert_eq!(bureau.send_new(&ids[4], later).await, Outcome::Deferred);
    assert_eq!(bureau.wechat.asked().forced, 1);
}

#[tokio::test]
async fn a_token_that_wechat_doesnt_give_now_is_asked_for_later() {
    let bureau = bureau().await;
    bureau.accept(1).await;
    let id = bureau.write(1).await;
    bureau.wechat.fail_tokens(1, -1);
    assert_eq!(bureau.send_new(&id, start()).await, Outcome::Deferred);
    assert!(bureau.item(&id).await.last_error.unwrap().starts_with("wechat_busy: -1: "));
    assert_eq!(bureau.send_due(&id, after(120)).await, Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((1, 0), 0));
}

#[tokio::test]
async fn a_secret_that_wechat_refuses_costs_nobody_their_message() {
    let bureau = bureau().await;
    bureau.accept(1).await;
    let id = bureau.write(1).await;
    bureau.wechat.fail_tokens(1, 40125);
    assert_eq!(bureau.send_new(&id, start()).await, Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 1), 1));
}
