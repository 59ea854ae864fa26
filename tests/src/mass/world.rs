//! Store, provider, WeChat, and a message for each of very many readers.

use super::{Plan, Sender, provider::Provider, start};
use crate::bare::{mail_variables, parts};
use common::{
    auth::{principal::Subject, refresh::RefreshFamily},
    clock::Clock,
    config::Env,
    http::App,
    store::{HolderSignIn, SignIn, Store, WeChatLink},
};
use domain::{
    actor::Actor,
    application::{ApplicationKind, Change, JournalAction, JournalEntry},
    date::{Instant, date},
    id::{ApplicationId, HolderId},
    notification::{Message, Notification},
    subscription::{Answer, Templates},
};
use futures_util::{StreamExt, stream};
use local::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    serve::LoopbackServer,
    system::{WECHAT_APP, WECHAT_TEMPLATES},
    wechat::{SendTrouble, WeChat},
};
use std::{collections::BTreeMap, path::PathBuf};
use tempfile::TempDir;

/// The template of what becomes of an application.
const REVIEW: &str = "local-review";
/// Messages that are written in one transaction.
const WRITTEN_AT_ONCE: u32 = 90;
/// Seconds after which the sweep looks for a new message.
const FIRST_SWEEP: i64 = 120;

/// Everything there is.
pub(super) struct World {
    pub(super) store: Store,
    pub(super) provider: Provider,
    pub(super) wechat: WeChat,
    plan: Plan,
    variables: Vec<(String, String)>,
    endpoint: String,
    /// What must live as long as the world does.
    _alive: (LoopbackServer, EmbeddedDynamoDb, TempDir),
}

/// True for readers who accepted a message by WeChat: a tenth.
fn goes_by_wechat(number: u32) -> bool {
    number % 10 == 4
}

/// True for those who turned them off meanwhile: a tenth of those.
fn turned_off(number: u32) -> bool {
    number % 100 == 44
}

fn holder(number: u32) -> HolderId {
    HolderId::mint(u128::from(number) << 32 | 0x5eed)
}

/// The id of the message to that reader.
pub(super) fn id(number: u32) -> String {
    format!("{}-mass", holder(number))
}

fn message(number: u32) -> Notification {
    let holder = holder(number);
    // Every second is urgent; the others are reminders of a day that's a month away.
    let message = if number.is_multiple_of(2) {
        let application = ApplicationId::mint(&holder, date(2029, 2, 20), number.into());
        Message::Withdrawn { application, kind: ApplicationKind::First }
    } else {
        Message::FirstRegistrationDue { until: date(2029, 3, 31), days_left: 30, late_accepted: true }
    };
    let to = format!("reader-{number}@mail.example.com").parse().expect("an address");
    Notification { id: id(number), holder, to, name: format!("读者{number}"), at: start(), message }
}

impl World {
    pub(super) async fn start(plan: Plan) -> Self {
        common::telemetry::set_quiet(true);
        let folder = tempfile::tempdir().expect("a folder");
        let database = EmbeddedDynamoDb::start(StoreAt::Memory).expect("a store");
        let provider = Provider::start(folder.path());
        let templates: Templates = WECHAT_TEMPLATES.parse().expect("templates");
        let clock = Clock::movable();
        clock.put(start());
        let wechat = WeChat::with_templates(WECHAT_APP, "s3cret", &templates, clock);
        let server = LoopbackServer::start(wechat.router(), 0).await.expect("WeChat's stand-in");
        let mut variables = mail_variables(provider.address());
        variables.retain(|(name, _)| name != "MAIL_RATE");
        let more = [
            ("MAIL_RATE", plan.per_second.to_string()),
            ("WECHAT_BASE_URL", server.url()),
            ("WECHAT_APPS", format!("{WECHAT_APP}:s3cret")),
            ("WECHAT_TEMPLATES", WECHAT_TEMPLATES.to_owned()),
        ];
        variables.extend(more.map(|(name, value)| (name.to_owned(), value)));
        let endpoint = database.endpoint().to_owned();
        let store = App::store(&Env::of(variables.clone()), &parts(&endpoint)).expect("a store");
        store.create_tables().await.expect("tables");
        Self { store, provider, wechat, plan, variables, endpoint, _alive: (server, database, folder) }
    }

    /// Writes a message for each reader, and has some accept it by WeChat.
    pub(super) async fn fill(&self) {
        let readers = (0..self.plan.messages).filter(|number| goes_by_wechat(*number));
        stream::iter(readers).for_each_concurrent(8, |number| self.accept(number)).await;
        // One in twenty isn't taken at first.
        let troubles = self.plan.messages.div_ceil(200) as usize;
        self.wechat.fail_sends(troubles, SendTrouble::Errcode(-1));
        let batches = (0..self.plan.messages).step_by(WRITTEN_AT_ONCE as usize);
        stream::iter(batches).for_each_concurrent(4, |first| self.write(first)).await;
    }

    async fn write(&self, first: u32) {
        let numbers = first..(first + WRITTEN_AT_ONCE).min(self.plan.messages);
        let mut change = Change::by_system(holder(first), JournalAction::Reminded, start());
        change.notifications.extend(numbers.map(message));
        self.store.commit(&change, None).await.expect("messages");
    }

    async fn accept(&self, number: u32) {
        let (holder, reader) = (holder(number), format!("r{number}"));
        let subject = Subject::Holder(holder.clone());
        let (family, _) = RefreshFamily::start(subject, None, start()).expect("a sign-in");
        let open_id = self.wechat.open_id(&reader).parse().expect("an open id");
        let link = WeChatLink { app_id: WECHAT_APP.to_owned(), open_id };
        let who = Some((&link, &holder));
        let sign_in = &SignIn { family, epoch: 0 };
        let begin = HolderSignIn { sign_in, first: who, reached_as: who, idempotency: None, now: start() };
        self.store.begin_sign_in(&begin).await.expect("a sign-in");
        let templates: Templates = WECHAT_TEMPLATES.parse().expect("templates");
        let answers = BTreeMap::from([(REVIEW.to_owned(), Answer::Accept)]);
        let ledger = self.store.subscriber(&holder).await.expect("a ledger").ledger(&holder, WECHAT_APP);
        let templates = templates.of(WECHAT_APP).expect("templates");
        let ledger = ledger.answered(&answers, templates, start()).expect("an answer");
        let action = JournalAction::SubscriptionAnswered;
        let entry = JournalEntry::new(Actor::Holder(holder), action, start());
        self.store.commit_consents(&ledger, &entry, None).await.expect("an answer");
        if !turned_off(number) {
            self.wechat.accept(&reader, REVIEW);
        }
    }

    /// When the sweep first looks for what was written.
    pub(super) fn first_sweep() -> Instant {
        start().plus_seconds(FIRST_SWEEP)
    }

    /// Starts a sender whose clock says `now`.
    pub(super) fn sender(&self, now: Instant) -> Sender {
        Sender::start(&program(), &self.variables, &self.endpoint, now)
    }

    /// How often WeChat took the message to each reader.
    pub(super) fn by_wechat(&self) -> BTreeMap<u32, usize> {
        let readers = (0..self.plan.messages).filter(|number| goes_by_wechat(*number));
        let names: BTreeMap<_, _> =
            readers.map(|number| (self.wechat.open_id(&format!("r{number}")), number)).collect();
        let mut counts = BTreeMap::new();
        for message in self.wechat.messages() {
            *counts.entry(names[&message.to]).or_default() += 1;
        }
        counts
    }
}

/// The program whose subcommand is the sender: it lies beside this one, or beside the folder of the tests.
fn program() -> PathBuf {
    let own = std::env::current_exe().expect("a program");
    let folders = own.ancestors().skip(1).take(2);
    let found = folders.map(|folder| folder.join("mass")).find(|path| path.is_file());
    found.expect("the program `mass`, which is built with the tests")
}
