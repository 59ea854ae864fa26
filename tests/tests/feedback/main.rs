//! What SES says of mail, through SNS: believed where SNS signed it for our topic, noted once however often and in whatever
//! order it comes, and what follows from it.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod scene;

use common::sns::SnsNotification;
use domain::{
    application::JournalAction,
    delivery::{DeliveryState, FeedbackKind},
};
use rstest::rstest;
use scene::{
    CERTIFICATE, Scene, TOPIC, bounce, complaint, delay, delivery, event, reject, sign, signed, start,
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_hard_bounce_is_noted_and_its_address_suppressed() {
    let scene = Scene::new().await;
    let id = scene.sent(1).await;
    scene.hear(&signed(&bounce(&id, "Permanent"))).await.unwrap();
    let message = scene.message().await;
    assert_eq!(message.standing(), DeliveryState::Bounced);
    let feedback = message.feedback.unwrap();
    assert_eq!(feedback.kind, FeedbackKind::Bounced);
    assert_eq!(feedback.at, "2029-03-01T01:00:05.000Z".parse().unwrap());
    assert_eq!(feedback.detail, "Permanent General: smtp; 550 5.1.1 … unknown");
    let standing = scene.standing().await;
    assert_eq!(standing.bounced.unwrap().address.as_str(), scene::READER);

    // The next letter isn't sent there.
    let next = scene.written(2).await;
    scene.deliver(&next).await;
    assert_eq!(scene.message().await.standing(), DeliveryState::Withheld);
    assert_eq!(scene.mailbox.count(), 1);
}

#[tokio::test]
async fn an_event_that_comes_again_or_late_changes_nothing() {
    let scene = Scene::new().await;
    let id = scene.sent(1).await;
    let events = [delivery(&id), bounce(&id, "Permanent"), delay(&id)].map(|event| signed(&event));
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 1, 1]] {
        for place in order {
            scene.hear(&events[place]).await.unwrap();
        }
        assert_eq!(scene.message().await.standing(), DeliveryState::Bounced, "{order:?}");
    }
    assert_eq!(scene.standing().await.version, 1);
    assert_eq!(scene.journal().await, [JournalAction::AddressBounced]);
}

#[tokio::test]
async fn a_bounce_that_was_noted_by_one_who_died_is_still_acted_upon() {
    let scene = Scene::new().await;
    let id = scene.sent(1).await;
    let feedback =
        domain::delivery::Feedback { kind: FeedbackKind::Bounced, at: start(), detail: String::new() };
    scene.store.note_feedback(&id, &feedback).await.unwrap();
    assert_eq!(scene.standing().await.version, 0);
    scene.hear(&signed(&bounce(&id, "Permanent"))).await.unwrap();
    assert!(scene.standing().await.bounced.is_some());
}

#[rstest]
#[case::full(|id: &str| bounce(id, "Transient"), DeliveryState::Bounced)]
#[case::unknown(|id: &str| bounce(id, "Undetermined"), DeliveryState::Bounced)]
#[case::delivered(delivery, DeliveryState::Delivered)]
#[case::delayed(delay, DeliveryState::Accepted)]
#[case::rejected(reject, DeliveryState::Refused)]
#[tokio::test]
async fn other_events_are_noted_and_leave_the_address_alone(
    #[case] of: impl Fn(&str) -> Value,
    #[case] state: DeliveryState,
) {
    let scene = Scene::new().await;
    let id = scene.sent(1).await;
    scene.hear(&signed(&of(&id))).await.unwrap();
    assert_eq!(scene.message().await.standing(), state);
    assert_eq!(scene.standing().await.version, 0);
}

#[tokio::test]
async fn who_calls_a_mail_spam_gets_no_more_reminders_until_they_want_them_again() {
    let scene = Scene::new().await;
    let id = scene.sent(1).await;
    let complaint = signed(&complaint(&id));
    scene.hear(&complaint).await.unwrap();
    assert_eq!(scene.message().await.standing(), DeliveryState::Complained);
    assert!(scene.standing().await.reminders_off);
    scene.want_reminders(start().plus_seconds(600)).await;
    scene.hear(&complaint).await.unwrap();
    assert!(!scene.standing().await.reminders_off, "said before they wanted them again");
}

#[tokio::test]
async fn what_is_of_no_message_of_ours_is_passed_over() {
    let scene = Scene::new().await;
    let id = scene.sent(1).await;
    for event in [
        bounce("nobody-wrote-this", "Permanent"),
        event(&id, "Open", &json!({})),
        json!({ "eventType": "Bounce", "mail": { "timestamp": "2029-03-01T01:00:00.000Z" } }),
    ] {
        scene.hear(&signed(&event)).await.unwrap();
    }
    scene.hear(&sign("no JSON")).await.unwrap();
    assert_eq!(scene.message().await.standing(), DeliveryState::Accepted);
    assert_eq!(scene.standing().await.version, 0);
}

/// A change of a notification that SNS had signed.
type Change = fn(&mut SnsNotification);

#[rstest]
#[case::message(|sns: &mut SnsNotification| sns.message = sns.message.replace("Transient", "Permanent"))]
#[case::message_id(|sns: &mut SnsNotification| sns.message_id.push('0'))]
#[case::time(|sns: &mut SnsNotification| sns.timestamp = "2029-03-02T01:00:00.000Z".to_owned())]
#[case::subject(|sns: &mut SnsNotification| sns.subject = Some("Amazon SES".to_owned()))]
#[case::signature(|sns: &mut SnsNotification| sns.signature = sns.signature.replacen('A', "B", 1))]
#[case::no_signature(|sns: &mut SnsNotification| sns.signature = String::new())]
#[case::no_base64(|sns: &mut SnsNotification| sns.signature = "###".to_owned())]
#[case::version(|sns: &mut SnsNotification| sns.signature_version = "3".to_owned())]
#[case::other_hash(|sns: &mut SnsNotification| sns.signature_version = "1".to_owned())]
#[case::kind(|sns: &mut SnsNotification| sns.kind = "SubscriptionConfirmation".to_owned())]
#[case::topic(|sns: &mut SnsNotification| sns.topic_arn = TOPIC.replace("registry", "attacker"))]
#[case::elsewhere(|sns: &mut SnsNotification| sns.signing_cert_url = "https://attacker.example.com/SimpleNotificationService-0.pem".to_owned())]
#[case::userinfo(|sns: &mut SnsNotification| sns.signing_cert_url = "https://sns.eu-central-1.amazonaws.com@attacker.example.com/SimpleNotificationService-0.pem".to_owned())]
#[case::suffix(|sns: &mut SnsNotification| sns.signing_cert_url = "https://sns.eu-central-1.amazonaws.com.attacker.example.com/SimpleNotificationService-0.pem".to_owned())]
#[case::bucket(|sns: &mut SnsNotification| sns.signing_cert_url = "https://s3.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem".to_owned())]
#[case::region(|sns: &mut SnsNotification| sns.signing_cert_url = CERTIFICATE.replace("eu-central-1", "us-east-1"))]
#[case::china(|sns: &mut SnsNotification| sns.signing_cert_url = CERTIFICATE.replace(".com/", ".com.cn/"))]
#[case::port(|sns: &mut SnsNotification| sns.signing_cert_url = CERTIFICATE.replace(".com/", ".com:8443/"))]
#[case::plain(|sns: &mut SnsNotification| sns.signing_cert_url = CERTIFICATE.replace("https", "http"))]
#[case::path(|sns: &mut SnsNotification| sns.signing_cert_url = CERTIFICATE.replace("SimpleNotificationService-", ""))]
#[case::query(|sns: &mut SnsNotification| sns.signing_cert_url = format!("{CERTIFICATE}?x=.pem"))]
#[tokio::test]
async fn what_sns_did_not_sign_for_our_topic_is_not_believed(#[case] change: Change) {
    let scene = Scene::new().await;
    let id = scene.sent(1).await;
    let mut forged = signed(&bounce(&id, "Transient"));
    let before = forged.signed() + &forged.signature + &forged.signing_cert_url + &forged.signature_version;
    change(&mut forged);
    let after = forged.signed() + &forged.signature + &forged.signing_cert_url + &forged.signature_version;
    assert_ne!(before, after, "something was changed");
    scene.hear(&forged).await.unwrap();
    assert_eq!(scene.message().await.standing(), DeliveryState::Accepted);
    assert_eq!(scene.standing().await.version, 0);
}

#[tokio::test]
async fn nothing_is_believed_where_no_topic_is_listened_to() {
    let scene = Scene::listening_to(None).await;
    let id = scene.sent(1).await;
    scene.hear(&signed(&bounce(&id, "Permanent"))).await.unwrap();
    assert_eq!(scene.message().await.standing(), DeliveryState::Accepted);
}

#[tokio::test]
async fn both_versions_of_the_signature_are_checked_and_a_certificate_is_fetched_once() {
    let scene = Scene::new().await;
    let verifier = scene.verifier();
    let old: SnsNotification = serde_json::from_str(include_str!("version-1.json")).unwrap();
    assert_eq!(verifier.verify(&old).await, Ok(()));
    let mut changed = old.clone();
    changed.message.push(' ');
    assert_eq!(verifier.verify(&changed).await, Err(common::sns::SnsError::Signature));
    for _ in 0..3 {
        assert_eq!(verifier.verify(&sign("{}")).await, Ok(()));
    }
    assert_eq!(scene.fetched(), 1);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_fetched_now_has_the_event_come_again() {
    let scene = Scene::new().await;
    let id = scene.sent(1).await;
    scene.cut_off(true);
    let bounce = signed(&bounce(&id, "Permanent"));
    assert!(scene.hear(&bounce).await.is_err());
    scene.cut_off(false);
    scene.hear(&bounce).await.unwrap();
    assert_eq!(scene.message().await.standing(), DeliveryState::Bounced);
}

#[tokio::test]
async fn a_function_tells_its_two_kinds_of_calls_apart() {
    let scene = Scene::new().await;
    let id = scene.sent(1).await;
    let old: Value = serde_json::from_str(include_str!("version-1.json")).unwrap();
    for call in [
        json!({ "Records": [{ "EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": TOPIC, "Sns": old }] }),
        json!({ "Records": [] }),
    ] {
        let call: notifier::Call = serde_json::from_value(call).unwrap();
        assert!(matches!(call, notifier::Call::Feedback(_)), "{call:?}");
        assert_eq!(serde_json::to_value(scene.notifier.take(call).await.unwrap()).unwrap(), Value::Null);
    }
    let stream: Value = serde_json::from_str(include_str!("../../events/stream.json")).unwrap();
    let call: notifier::Call = serde_json::from_value(stream).unwrap();
    assert!(matches!(call, notifier::Call::Stream(_)), "{call:?}");
    assert!(!id.is_empty());
}
