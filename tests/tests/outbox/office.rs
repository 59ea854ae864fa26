//! A registry office of its own for each test, and what tests do with it.

use aws_credential_types::Credentials;
use common::{
    aws::{Endpoints, SdkParts},
    clock::Clock,
    config::Env,
    crypto::generate_key,
    http::App,
    notify::Postman,
    store::{OutboxItem, Store},
};
use domain::{
    application::{ApplicationKind, Change, JournalAction},
    date::{Instant, date},
    id::{ApplicationId, HolderId},
    notification::{Message, Notification},
};
use local::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    mailbox::Mailbox,
};
use notifier::Notifier;
use reminder::{Job, Reminder, Report};
use std::{collections::BTreeSet, time::Duration};
use tempfile::TempDir;

pub const TABLE: &str = "registry";
pub const READER: &str = "zhang.san@mail.example.com";
/// Seconds a sender has.
pub const LEASE: i64 = 60;
/// Seconds after which the sweep looks for a new message.
pub const FIRST_SWEEP: i64 = 120;

/// A registry office: its store, its mailbox and a clock that stands where a test puts it.
pub struct Office {
    pub mailbox: Mailbox,
    pub store: Store,
    pub parts: SdkParts,
    pub env: Env,
    pub clock: Clock,
    pub database: EmbeddedDynamoDb,
    pub folder: TempDir,
}

/// When every message here was written: nine in the morning in Beijing.
pub fn start() -> Instant {
    "2029-03-01T09:00:00+08:00".parse().unwrap()
}

pub fn after(seconds: i64) -> Instant {
    start().plus_seconds(seconds)
}

pub fn parts(database: &EmbeddedDynamoDb) -> SdkParts {
    let endpoints =
        Endpoints { dynamodb: Some(database.endpoint().parse().unwrap()), ..Endpoints::default() };
    let credentials = Credentials::new("AKIDTEST", "SECRET", None, None, "test");
    SdkParts::new("cn-north-1", credentials, endpoints).unwrap()
}

/// The environment of a function that hands its mail to `port` on this machine.
pub fn env(port: u16) -> Env {
    let variables = [
        ("TABLE_NAME", TABLE.to_owned()),
        ("IDEMPOTENCY_TABLE_NAME", "idempotency".to_owned()),
        ("FIELD_KEYS", format!("k1={}", generate_key().unwrap())),
        ("LOOKUP_KEY", generate_key().unwrap()),
        ("MAIL_OFFICE", "湖北省社会工作者登记服务中心".to_owned()),
        ("MAIL_FROM", "registry@sw.example.cn".to_owned()),
        ("MAIL_ENQUIRIES", "电话 027-12345678".to_owned()),
        ("PORTAL_URL", "http://127.0.0.1:8080".to_owned()),
        ("MAIL_CARRIER", "smtp".to_owned()),
        ("SMTP_TLS", "none".to_owned()),
        ("SMTP_HOST", "127.0.0.1".to_owned()),
        ("SMTP_PORT", port.to_string()),
    ];
    Env::of(variables.map(|(name, value)| (name.to_owned(), value)))
}

fn store(env: &Env, parts: &SdkParts) -> Store {
    App::store(env, parts).unwrap()
}

pub async fn office() -> Office {
    let folder = tempfile::tempdir().unwrap();
    let database = EmbeddedDynamoDb::start(StoreAt::File(folder.path().join("registry.db"))).unwrap();
    let mailbox = Mailbox::start(&folder.path().join("mail"), 0).await.unwrap();
    let (parts, env) = (parts(&database), env(mailbox.address().port()));
    let store = store(&env, &parts);
    store.create_tables().await.unwrap();
    let clock = Clock::movable();
    clock.put(start());
    Office { mailbox, store, parts, env, clock, database, folder }
}

impl Office {
    /// Writes the messages `numbers` into the outbox, as a change of the register does; their ids.
    pub async fn write(&self, numbers: std::ops::Range<u32>, at: Instant) -> Vec<String> {
        let holder = HolderId::mint(0x5eed);
        let mut change = Change::by_system(holder.clone(), JournalAction::Reminded, at);
        change.notifications.extend(numbers.map(|number| {
            let application = ApplicationId::mint(&holder, date(2029, 2, 20), number.into());
            Notification {
                id: format!("{application}-v3-withdrawn"),
                holder: holder.clone(),
                to: READER.parse().unwrap(),
                name: "张三".to_owned(),
                at,
                message: Message::Withdrawn { application, kind: ApplicationKind::First },
            }
        }));
        self.store.commit(&change, None).await.unwrap();
        change.notifications.into_iter().map(|notification| notification.id).collect()
    }

    pub async fn write_one(&self) -> String {
        self.write(0..1, start()).await.remove(0)
    }

    pub async fn item(&self, id: &str) -> OutboxItem {
        self.store.outbox_item(id).await.unwrap().unwrap()
    }

    /// A sender with connections of its own.
    pub fn postman(&self) -> Postman {
        Postman::from_env(&self.env, &self.parts, self.store.clone()).unwrap()
    }

    pub fn notifier(&self) -> Notifier {
        Notifier::from_env(&self.env, &self.parts, self.clock.clone()).unwrap()
    }

    /// What the sweep does at `now`.
    pub async fn sweep(&self, now: Instant) -> Report {
        self.clock.put(now);
        let reminder = Reminder::from_env(&self.env, &self.parts, self.clock.clone()).unwrap();
        reminder.run(Job::Sweep, Duration::from_mins(5), |_| {}).await.unwrap()
    }

    /// How often a mail of each message is in the mailbox, which knows them by their `Message-ID`.
    pub fn copies(&self) -> Vec<usize> {
        let ids: Vec<_> = self.mailbox.summaries().into_iter().map(|mail| mail.message_id.unwrap()).collect();
        let distinct: BTreeSet<_> = ids.iter().collect();
        distinct.into_iter().map(|id| ids.iter().filter(|other| *other == id).count()).collect()
    }
}
