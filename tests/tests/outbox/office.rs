//! A registry office of its own for each test, and what tests do with it.

use common::{
    aws::SdkParts,
    clock::Clock,
    config::Env,
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
use tests::bare::{mail_env, parts};

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

fn store(env: &Env, parts: &SdkParts) -> Store {
    App::store(env, parts).unwrap()
}

pub async fn office() -> Office {
    let folder = tempfile::tempdir().unwrap();
    let database = EmbeddedDynamoDb::start(StoreAt::File(folder.path().join("registry.db"))).unwrap();
    let mailbox = Mailbox::start(&folder.path().join("mail"), 0).await.unwrap();
    let (parts, env) = (parts(database.endpoint()), mail_env(mailbox.address()));
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

    /// Writes a message to a reader at `to` into the outbox; its id.
    pub async fn write_to(&self, to: &str, at: Instant, message: Message) -> String {
        let holder = HolderId::mint(0x5eed);
        let mut change = Change::by_system(holder.clone(), JournalAction::Reminded, at);
        let id = format!("{holder}-{}-{}", at.unix_seconds(), message.kind().0);
        let to = to.parse().unwrap();
        change.notifications =
            vec![Notification { id: id.clone(), holder, to, name: "张三".to_owned(), at, message }];
        self.store.commit(&change, None).await.unwrap();
        id
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
