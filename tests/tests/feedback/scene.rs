//! A registry office whose mail is told of by SNS, with a key of its own that stands in for SNS's.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use common::{
    aws::SdkParts,
    clock::Clock,
    config::Env,
    http::App,
    notify::Postman,
    sns::{Fetch, SnsNotification, SnsVerifier},
    store::{Store, ToldMessage},
};
use domain::{
    actor::Actor,
    application::{ApplicationKind, Change, JournalAction, JournalEntry},
    date::{Instant, date},
    delivery::{MailStanding, Wishes},
    id::{ApplicationId, HolderId},
    notification::{Message, Notification},
};
use local::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    mailbox::Mailbox,
};
use notifier::{FeedbackError, Notifier, SnsEvent, SnsRecord};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU32, Ordering},
};
use tempfile::TempDir;
use tests::{
    bare::{mail_env_with, parts},
    doors::Doors,
};

pub const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:registry-MailEvents";
pub const CERTIFICATE: &str =
    "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem";
pub const READER: &str = "zhang.san@mail.example.com";

pub struct Scene {
    pub store: Store,
    pub notifier: Notifier,
    pub mailbox: Mailbox,
    postman: Postman,
    fetched: Arc<AtomicU32>,
    cut_off: Arc<AtomicBool>,
    _database: EmbeddedDynamoDb,
    _folder: TempDir,
}

/// Nine in the morning in Beijing, a minute before anything is said of mail.
pub fn start() -> Instant {
    "2029-03-01T09:00:00+08:00".parse().unwrap()
}

fn holder() -> HolderId {
    HolderId::mint(0x5eed)
}

impl Scene {
    pub async fn new() -> Self {
        Self::listening_to(Some(TOPIC)).await
    }

    pub async fn listening_to(topic: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
        let mailbox = Mailbox::start(folder.path(), 0).await.unwrap();
        let parts: SdkParts = parts(database.endpoint());
        let env: Env = match topic {
            Some(topic) => mail_env_with(mailbox.address(), [("MAIL_EVENTS_TOPIC", topic.to_owned())]),
            None => mail_env_with(mailbox.address(), []),
        };
        let store = App::store(&env, &parts).unwrap();
        store.create_tables().await.unwrap();
        let clock = Clock::movable();
        clock.put(start().plus_seconds(60));
        let (fetched, cut_off) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
        let fetch = fetch(fetched.clone(), cut_off.clone());
        let notifier = Notifier::from_env_fetching(&env, &parts, clock, fetch).unwrap();
        let postman = Postman::from_env(&env, &parts, store.clone()).unwrap();
        common::telemetry::set_quiet(true);
        Self { store, notifier, mailbox, postman, fetched, cut_off, _database: database, _folder: folder }
    }

    pub fn verifier(&self) -> SnsVerifier {
        SnsVerifier::new(TOPIC, fetch(self.fetched.clone(), self.cut_off.clone())).unwrap()
    }

    /// How often a certificate was fetched.
    pub fn fetched(&self) -> u32 {
        self.fetched.load(Ordering::Relaxed)
    }

    /// Whether SNS's certificates can be fetched.
    pub fn cut_off(&self, cut_off: bool) {
        self.cut_off.store(cut_off, Ordering::Relaxed);
    }

    /// Writes the `number`-th message to the reader.
    pub async fn written(&self, number: u32) -> String {
        let holder = holder();
        let at = start().plus_seconds(number.into());
        let mut change = Change::by_system(holder.clone(), JournalAction::Reminded, at);
        let application = ApplicationId::mint(&holder, date(2029, 2, 20), number.into());
        let id = format!("{application}-v3-withdrawn");
        let message = Message::Withdrawn { application, kind: ApplicationKind::First };
        let to = READER.parse().unwrap();
        change.notifications =
            vec![Notification { id: id.clone(), holder, to, name: "张三".to_owned(), at, message }];
        self.store.commit(&change, None).await.unwrap();
        id
    }

    pub async fn deliver(&self, id: &str) {
        self.postman.send_new(id, start().plus_seconds(30)).await.unwrap();
    }

    /// The same, sent.
    pub async fn sent(&self, number: u32) -> String {
        let id = self.written(number).await;
        self.deliver(&id).await;
        id
    }

    pub async fn hear(&self, sns: &SnsNotification) -> Result<(), FeedbackError> {
        self.notifier.hear(SnsEvent { records: vec![SnsRecord { sns: sns.clone() }] }).await
    }

    /// The last message.
    pub async fn message(&self) -> ToldMessage {
        self.store.messages(&holder(), 1, None).await.unwrap().items.remove(0)
    }

    pub async fn standing(&self) -> MailStanding {
        self.store.mail_standing(&holder()).await.unwrap()
    }

    pub async fn journal(&self) -> Vec<JournalAction> {
        let lines = self.store.journal(&format!("{}-mail", holder()), 10, None).await.unwrap();
        lines.items.into_iter().map(|line| line.entry.action).collect()
    }

    pub async fn want_reminders(&self, at: Instant) {
        let entry = JournalEntry::new(Actor::Holder(holder()), JournalAction::RemindersSet, at);
        let standing = self.standing().await;
        let wishes = Wishes { reminders: true, ..standing.wishes() };
        self.store.set_wishes(standing, wishes, &entry).await.unwrap();
    }
}

fn fetch(fetched: Arc<AtomicU32>, cut_off: Arc<AtomicBool>) -> Fetch {
    Arc::new(move |url| {
        let (fetched, cut_off) = (fetched.clone(), cut_off.clone());
        Box::pin(async move {
            assert_eq!(url, CERTIFICATE, "nothing else is ever asked for");
            if cut_off.load(Ordering::Relaxed) {
                return Err("no answer");
            }
            fetched.fetch_add(1, Ordering::Relaxed);
            Ok(Bytes::from_static(include_bytes!("signing.pem")))
        })
    })
}

/// `message` as SNS signs it, by version 2.
pub fn sign(message: &str) -> SnsNotification {
    let mut sns = SnsNotification {
        kind: "Notification".to_owned(),
        message_id: "7f0e7c5a-1d5b-5a0e-9f3e-2c1a0a0a0a0a".to_owned(),
        topic_arn: TOPIC.to_owned(),
        subject: None,
        message: message.to_owned(),
        timestamp: "2029-03-01T01:00:10.000Z".to_owned(),
        signature_version: "2".to_owned(),
        signature: String::new(),
        signing_cert_url: CERTIFICATE.to_owned(),
    };
    let key = RsaKeyPair::from_pkcs8(include_bytes!("signing.pk8")).unwrap();
    let mut signature = vec![0; key.public().modulus_len()];
    let text = sns.signed();
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    sns.signature = BASE64_STANDARD.encode(signature);
    sns
}

pub fn signed(event: &Value) -> SnsNotification {
    sign(&event.to_string())
}

/// An event of SES about the message `id`.
pub fn event(id: &str, kind: &str, more: &Value) -> Value {
    let mut event = json!({
        "eventType": kind,
        "mail": {
            "timestamp": "2029-03-01T01:00:00.000Z",
            "messageId": "0102018f-1",
            "source": "registry@sw.example.cn",
            "destination": [READER],
            "tags": { "ses:configuration-set": ["registry"], "notification": [id] },
        },
    });
    let fields = event.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    event
}

pub fn bounce(id: &str, kind: &str) -> Value {
    let recipient = json!({
        "emailAddress": READER, "action": "failed", "status": "5.1.1",
        "diagnosticCode": format!("smtp; 550 5.1.1 <{READER}> unknown"),
    });
    let bounce = json!({
        "bounceType": kind, "bounceSubType": "General", "bouncedRecipients": [recipient],
        "timestamp": "2029-03-01T01:00:05.000Z", "feedbackId": "0102018f-2",
    });
    event(id, "Bounce", &json!({ "bounce": bounce }))
}

pub fn delivery(id: &str) -> Value {
    let delivery = json!({
        "timestamp": "2029-03-01T01:00:04.000Z", "recipients": [READER], "smtpResponse": "250 ok",
    });
    event(id, "Delivery", &json!({ "delivery": delivery }))
}

pub fn complaint(id: &str) -> Value {
    let complaint = json!({
        "complainedRecipients": [{ "emailAddress": READER }], "timestamp": "2029-03-01T01:00:06.000Z",
        "complaintFeedbackType": "abuse",
    });
    event(id, "Complaint", &json!({ "complaint": complaint }))
}

pub fn delay(id: &str) -> Value {
    let delay = json!({ "delayType": "MailboxFull", "timestamp": "2029-03-01T01:00:03.000Z" });
    event(id, "DeliveryDelay", &json!({ "deliveryDelay": delay }))
}

pub fn reject(id: &str) -> Value {
    event(id, "Reject", &json!({ "reject": { "reason": "Bad content" } }))
}
