//! One acceptance, one message.

use crate::bureau::{REVIEW, after, bureau, start};
use common::{notify::Outcome, store::OutboxState};
use tests::doors::Doors;

#[tokio::test]
async fn an_acceptance_pays_for_one_message_and_the_next_goes_by_mail() {
    let bureau = bureau().await;
    bureau.accept(1).await;
    let (first, second) = (bureau.write(1).await, bureau.write(2).await);
    assert_eq!(bureau.send_new(&first, start()).await, Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((1, 0), 0));
    assert_eq!(bureau.send_new(&second, start()).await, Outcome::Sent);
    assert_eq!(bureau.arrived(), (1, 1));

    let message = bureau.wechat.messages().remove(0);
    assert_eq!((message.template_id.as_str(), message.page.as_str()), (REVIEW, "pages/index/index"));
    let expected = [
        ("phrase2", "已撤回"),
        ("thing1", "首次登记"),
        ("thing4", "如需办理，可重新申请"),
        ("time3", "2029年3月1日 09:00"),
    ];
    assert_eq!(message.data, expected.map(|(key, value)| (key.to_owned(), value.to_owned())).into());
    let item = bureau.item(&first).await;
    assert_eq!((item.state, item.attempts), (OutboxState::Sent, 1));
    assert!(item.provider_id.unwrap().starts_with("wechat 29"));
    assert_eq!(item.wechat.unwrap().template.as_str(), REVIEW);
    assert_eq!(bureau.item(&second).await.wechat, None);
}

#[tokio::test]
async fn messages_at_once_spend_what_there_is_and_no_more() {
    let bureau = bureau().await;
    bureau.accept(3).await;
    let mut ids = Vec::new();
    for number in 0..8 {
        ids.push(bureau.write(number).await);
    }
    let postman = bureau.keeper();
    let sent = ids.iter().map(|id| postman.send_new(id, start()));
    for outcome in futures_util::future::join_all(sent).await {
        assert_eq!(outcome.unwrap(), Outcome::Sent);
    }
    let (by_wechat, by_mail) = bureau.arrived();
    // Who lost the race for the ledger four times in a row writes a mail, and spends nothing.
    assert_eq!(by_wechat + by_mail, 8);
    assert!(by_wechat <= 3);
    assert_eq!(bureau.left().await as usize, 3 - by_wechat);
}

#[tokio::test]
async fn a_sender_killed_before_it_sent_is_made_up_for_without_paying_twice() {
    let bureau = bureau().await;
    bureau.accept(2).await;
    let id = bureau.write(1).await;
    bureau.wechat.fail_sends(1, local::wechat::SendTrouble::Lost);
    assert_eq!(bureau.send_new(&id, start()).await, Outcome::Deferred);
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 0), 1));
    assert_eq!(bureau.send_due(&id, after(120)).await, Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((1, 0), 1));
}

#[tokio::test]
async fn a_sender_killed_between_send_and_mark_costs_a_mail_at_the_most() {
    let bureau = bureau().await;
    bureau.accept(1).await;
    let id = bureau.write(1).await;
    bureau.wechat.fail_sends(1, local::wechat::SendTrouble::TakenSilently);
    let postman = bureau.keeper();
    tokio::select! {
        outcome = postman.send_new(&id, start()) => panic!("{outcome:?}"),
        () = async {
            while bureau.wechat.messages().is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        } => {}
    }
    // This is where it died: taken by WeChat, not marked.
    assert_eq!((bureau.arrived(), bureau.left().await), ((1, 0), 0));
    assert_eq!(bureau.send_due(&id, after(50)).await, Outcome::NotOurs);
    // WeChat has nothing left to pay with, and says that the reader refuses.
    assert_eq!(bureau.send_due(&id, after(60)).await, Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((1, 1), 0));
    assert_eq!(bureau.item(&id).await.state, OutboxState::Sent);
    assert_eq!(bureau.send_due(&id, after(86_400)).await, Outcome::NotOurs);
}

#[tokio::test]
async fn where_there_are_no_templates_everything_is_mailed() {
    let bureau = bureau().await;
    bureau.accept(1).await;
    let id = bureau.write(1).await;
    let env = tests::bare::mail_env_with(bureau.mailbox.address(), []);
    let postman = common::notify::Postman::from_env(&env, &bureau.parts(), bureau.store.clone()).unwrap();
    assert_eq!(postman.send_new(&id, start()).await.unwrap(), Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 1), 1));
}

#[tokio::test]
async fn templates_of_a_stranger_are_refused_at_the_start() {
    let bureau = bureau().await;
    let env = tests::bare::mail_env_with(
        bureau.mailbox.address(),
        [
            ("WECHAT_APPS", "wx-other:s3cret".to_owned()),
            ("WECHAT_TEMPLATES", local::system::WECHAT_TEMPLATES.to_owned()),
        ],
    );
    let refused = common::notify::Postman::from_env(&env, &bureau.parts(), bureau.store.clone());
    let why = refused.err().unwrap().to_string();
    assert!(why.contains("WECHAT_TEMPLATES") && why.contains("wx-local isn't among WECHAT_APPS"), "{why}");
    assert!(!why.contains("s3cret"));
}

#[tokio::test]
async fn what_was_paid_for_and_configured_away_is_mailed_and_paid_back() {
    let bureau = bureau().await;
    bureau.accept(1).await;
    let id = bureau.write(1).await;
    bureau.wechat.fail_sends(1, local::wechat::SendTrouble::Lost);
    assert_eq!(bureau.send_new(&id, start()).await, Outcome::Deferred);
    let templates = local::system::WECHAT_TEMPLATES.replace("local-review", "another");
    let env = tests::bare::mail_env_with(
        bureau.mailbox.address(),
        [("WECHAT_APPS", "wx-local:s3cret".to_owned()), ("WECHAT_TEMPLATES", templates)],
    );
    let postman = common::notify::Postman::from_env(&env, &bureau.parts(), bureau.store.clone()).unwrap();
    assert_eq!(postman.send_due(&id, after(120)).await.unwrap(), Outcome::Sent);
    assert_eq!((bureau.arrived(), bureau.left().await), ((0, 1), 1));
    assert!(bureau.item(&id).await.wechat.unwrap().over);
}
