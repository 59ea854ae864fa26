//! A registry office for one holder who is reached through WeChat: store, mailbox, stand-in, a clock that stands where a
//! test puts it.

use aws_sdk_dynamodb::types::AttributeValue;
use common::{
    aws::SdkParts,
    clock::Clock,
    config::Env,
    http::App,
    notify::{Outcome, Postman},
    store::{Committed, HolderSignIn, OutboxItem, SignIn, Store, WeChatLink},
};
use domain::{
    actor::Actor,
    application::{ApplicationKind, Change, JournalAction, JournalEntry},
    date::{Instant, date},
    id::{ApplicationId, HolderId},
    notification::{Message, Notification},
    subscription::{Answer, TemplateId, Templates},
};
use local::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    mailbox::Mailbox,
    serve::LoopbackServer,
    system::{WECHAT_APP, WECHAT_TEMPLATES},
    wechat::WeChat,
};
use std::collections::BTreeMap;
use tempfile::TempDir;
use tests::{
    bare::{TABLE, mail_env_with, parts},
    doors::Doors,
};

/// The template of what becomes of an application.
pub const REVIEW: &str = "local-review";
/// Who reads the messages.
pub const READER: &str = "zhang";

pub struct Bureau {
    pub store: Store,
    pub mailbox: Mailbox,
    pub wechat: WeChat,
    pub env: Env,
    pub clock: Clock,
    pub holder: HolderId,
    parts: SdkParts,
    /// What must live as long as the bureau does.
    _alive: (LoopbackServer, EmbeddedDynamoDb, TempDir),
}

/// When every message here was written: nine in the morning in Beijing.
pub fn start() -> Instant {
    "2029-03-01T09:00:00+08:00".parse().unwrap()
}

pub fn after(seconds: i64) -> Instant {
    start().plus_seconds(seconds)
}

pub async fn bureau() -> Bureau {
    common::telemetry::set_quiet(true);
    let folder = tempfile::tempdir().unwrap();
    let database = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
    let mailbox = Mailbox::start(&folder.path().join("mail"), 0).await.unwrap();
    let clock = Clock::movable();
    clock.put(start());
    let templates: Templates = WECHAT_TEMPLATES.parse().unwrap();
    let wechat = WeChat::with_templates(WECHAT_APP, "s3cret", &templates, clock.clone());
    let server = LoopbackServer::start(wechat.router(), 0).await.unwrap();
    let env = mail_env_with(
        mailbox.address(),
        [
            ("WECHAT_BASE_URL", server.url()),
            ("WECHAT_APPS", format!("{WECHAT_APP}:s3cret")),
            ("WECHAT_TEMPLATES", WECHAT_TEMPLATES.to_owned()),
        ],
    );
    let parts = parts(database.endpoint());
    let store = App::store(&env, &parts).unwrap();
    store.create_tables().await.unwrap();
    let holder = HolderId::mint(0x5eed);
    let alive = (server, database, folder);
    let bureau = Bureau { store, mailbox, wechat, env, clock, holder, parts, _alive: alive };
    bureau.sign_in().await;
    bureau
}

impl Bureau {
    /// Signs the reader in, which is how they can be reached.
    async fn sign_in(&self) {
        let subject = common::auth::principal::Subject::Holder(self.holder.clone());
        let (family, _) = common::auth::refresh::RefreshFamily::start(subject, None, start()).unwrap();
        let open_id = self.wechat.open_id(READER).parse().unwrap();
        let link = WeChatLink { app_id: WECHAT_APP.to_owned(), open_id };
        let who = Some((&link, &self.holder));
        let sign_in = &SignIn { family, epoch: 0 };
        let begin = HolderSignIn { sign_in, first: who, reached_as: who, idempotency: None, now: start() };
        self.store.begin_sign_in(&begin).await.unwrap();
    }

    /// Has the reader accept `count` messages, in WeChat and here.
    pub async fn accept(&self, count: u32) {
        for _ in 0..count {
            self.wechat.accept(READER, REVIEW);
        }
        self.count(count).await;
    }

    /// Counts `count` acceptances here alone.
    pub async fn count(&self, count: u32) {
        let templates: Templates = WECHAT_TEMPLATES.parse().unwrap();
        let answers = BTreeMap::from([(REVIEW.to_owned(), Answer::Accept)]);
        for _ in 0..count {
            let ledger = self.store.subscriber(&self.holder).await.unwrap().ledger(&self.holder, WECHAT_APP);
            let ledger = ledger.answered(&answers, templates.of(WECHAT_APP).unwrap(), start()).unwrap();
            let action = JournalAction::SubscriptionAnswered;
            let entry = JournalEntry::new(Actor::Holder(self.holder.clone()), action, start());
            let committed = self.store.commit_consents(&ledger, &entry, None).await.unwrap();
            assert_eq!(committed, Committed::Now);
        }
    }

    /// How many messages we count as left.
    pub async fn left(&self) -> u32 {
        let template: TemplateId = REVIEW.to_owned().try_into().unwrap();
        let subscriber = self.store.subscriber(&self.holder).await.unwrap();
        subscriber.ledger(&self.holder, WECHAT_APP).left(&template)
    }

    /// Writes a message into the outbox; its id.
    pub async fn write(&self, number: u32) -> String {
        self.write_as(number, "张晓雯").await
    }

    /// The same to a reader of that name.
    pub async fn write_as(&self, number: u32, name: &str) -> String {
        let application = ApplicationId::mint(&self.holder, date(2029, 2, 20), number.into());
        let id = format!("{application}-v3-withdrawn");
        let mut change = Change::by_system(self.holder.clone(), JournalAction::Reminded, start());
        change.notifications.push(Notification {
            id: id.clone(),
            holder: self.holder.clone(),
            to: "zhang@example.com".parse().unwrap(),
            name: name.to_owned(),
            at: start(),
            message: Message::Withdrawn { application, kind: ApplicationKind::First },
        });
        self.store.commit(&change, None).await.unwrap();
        id
    }

    pub async fn item(&self, id: &str) -> OutboxItem {
        self.store.outbox_item(id).await.unwrap().unwrap()
    }

    /// A sender with connections of its own, as `reminder` has it.
    pub fn postman(&self) -> Postman {
        Postman::from_env(&self.env, &self.parts, self.store.clone()).unwrap()
    }

    /// A sender as `notifier` has it.
    pub fn keeper(&self) -> Postman {
        self.postman().keeping_tokens()
    }

    /// Puts the clock to `now` and sends `id` as the stream's consumer does.
    pub async fn send_new(&self, id: &str, now: Instant) -> Outcome {
        self.clock.put(now);
        self.keeper().send_new(id, now).await.unwrap()
    }

    /// Puts the clock to `now` and sends `id` as the sweep does.
    pub async fn send_due(&self, id: &str, now: Instant) -> Outcome {
        self.clock.put(now);
        self.postman().send_due(id, now).await.unwrap()
    }

    /// Messages by WeChat, and mails.
    pub fn arrived(&self) -> (usize, usize) {
        (self.wechat.messages().len(), self.mailbox.count())
    }

    /// The parts that a sender's clients are made of.
    pub fn parts(&self) -> SdkParts {
        self.parts.clone()
    }

    /// The item of the access token, as the table has it.
    pub async fn token_item(&self) -> String {
        let key = [("pk", format!("WECHAT-TOKEN#{WECHAT_APP}")), ("sk", "TOKEN".to_owned())];
        let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
        let client = self.parts.dynamodb();
        let found = client.get_item().table_name(TABLE).set_key(Some(key.into())).send().await.unwrap();
        format!("{:?}", found.item.unwrap())
    }
}
