//! What WeChat refuses, by kind.

use crate::bureau::{READER, after, bureau, start};
use common::{notify::Outcome, store::OutboxState};
use local::wechat::SendTrouble;
use rstest::rstest;
use tests::doors::Doors;

#[tokio::test]
async fn a_reader_who_refuses_gets_a_mail_and_the_ledger_is_put_right() {
    let bureau = bureau().await;
    bureau.accept(3).await;
    bureau.wechat.refuse_all(READER);
    let (first, second) = (bureau.write(1).await, bureau.write(2).await);
    assert_eq!(bureau.send_new(&first, start()).await, Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 1), 0));
    let item = bureau.item(&first).await;
    assert!(item.wechat.unwrap().over && item.provider_id.unwrap().contains("kept"));

    // From then on WeChat isn't asked.
    bureau.wechat.fail_sends(1, SendTrouble::Errcode(-1));
    assert_eq!(bureau.send_new(&second, start()).await, Outcome::Sent);
    assert_eq!(bureau.arrived(), (0, 2));
}

#[rstest]
#[case::to_mail_since_nothing_was_accepted(0)]
#[case::to_mail_in_a_refused_messages_stead(1)]
#[tokio::test]
async fn the_first_attempt_decides_which_way_a_message_goes(#[case] counted: u32) {
    let bureau = bureau().await;
    bureau.count(counted).await;
    let id = bureau.write(1).await;
    bureau.mailbox.fail_next(1, 451);
    assert_eq!(bureau.send_new(&id, start()).await, Outcome::Deferred);
    // The reader accepts meanwhile: this message has its way already.
    bureau.accept(1).await;
    assert_eq!(bureau.send_due(&id, after(120)).await, Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 1), 1));
}

#[tokio::test]
async fn an_unknown_reader_gets_a_mail() {
    let bureau = bureau().await;
    bureau.accept(2).await;
    bureau.wechat.fail_sends(1, SendTrouble::Errcode(40003));
    let id = bureau.write(1).await;
    assert_eq!(bureau.send_new(&id, start()).await, Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 1), 0));
}

#[rstest]
#[case(47003)]
#[case(40037)]
#[case(41030)]
#[tokio::test]
async fn a_message_that_cant_be_taken_is_a_dead_letter_with_the_reason(#[case] code: i64) {
    let bureau = bureau().await;
    bureau.accept(1).await;
    let id = bureau.write(1).await;
    bureau.wechat.fail_sends(1, SendTrouble::Errcode(code));
    assert_eq!(bureau.send_new(&id, start()).await, Outcome::Dead);
    let item = bureau.item(&id).await;
    assert_eq!((item.state, item.wechat), (OutboxState::Dead, None));
    assert_eq!(item.last_error.unwrap(), format!("wechat_bad_message: {code}: as was asked for"));
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 0), 1), "what wasn't taken isn't paid for");
}

#[rstest]
#[case(-1)]
#[case(45009)]
#[case(45011)]
#[case(45047)]
#[tokio::test]
async fn who_is_busy_is_tried_again_and_after_a_quarter_of_an_hour_its_a_mail(#[case] code: i64) {
    let bureau = bureau().await;
    bureau.accept(1).await;
    let id = bureau.write(1).await;
    bureau.wechat.fail_sends(4, SendTrouble::Errcode(code));
    assert_eq!(bureau.send_new(&id, start()).await, Outcome::Deferred);
    let item = bureau.item(&id).await;
    assert_eq!((item.state, item.next_attempt), (OutboxState::Pending, after(120)));
    assert!(item.last_error.unwrap().starts_with(&format!("wechat_busy: {code}: ")));
    assert_eq!(bureau.send_due(&id, after(120)).await, Outcome::Deferred);
    assert_eq!(bureau.send_due(&id, after(360)).await, Outcome::Deferred);
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 0), 0), "paid for while it's tried");
    assert_eq!(bureau.send_due(&id, after(840)).await, Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 1), 1));
}

#[tokio::test]
async fn who_was_busy_once_takes_the_message_the_next_time() {
    let bureau = bureau().await;
    bureau.accept(1).await;
    let id = bureau.write(1).await;
    bureau.wechat.fail_sends(1, SendTrouble::Errcode(45009));
    assert_eq!(bureau.send_new(&id, start()).await, Outcome::Deferred);
    assert_eq!(bureau.send_due(&id, after(120)).await, Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((1, 0), 0));
}

#[tokio::test]
async fn a_mini_program_that_may_not_send_has_its_messages_mailed() {
    let bureau = bureau().await;
    bureau.accept(1).await;
    let id = bureau.write(1).await;
    bureau.wechat.fail_sends(1, SendTrouble::Errcode(43107));
    assert_eq!(bureau.send_new(&id, start()).await, Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 1), 1));
}

#[tokio::test]
async fn a_message_that_doesnt_fit_its_template_is_mailed_and_costs_nothing() {
    let bureau = bureau().await;
    bureau.accept(1).await;
    let templates = local::system::WECHAT_TEMPLATES.replace(
        "\"thing1\": \"matter\", \"phrase2\": \"outcome\", \"time3\"",
        "\"name1\": \"name\", \"time3\"",
    );
    let env = tests::bare::mail_env_with(
        bureau.mailbox.address(),
        [("WECHAT_APPS", "wx-local:s3cret".to_owned()), ("WECHAT_TEMPLATES", templates)],
    );
    let id = bureau.write_as(1, "404").await;
    let postman = common::notify::Postman::from_env(&env, &bureau.parts(), bureau.store.clone()).unwrap();
    assert_eq!(postman.send_new(&id, start()).await.unwrap(), Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 1), 1));
}
