//! A register's back room: its table, the scheduled job and the mailbox, and nobody who listens to the table's stream, so
//! that what happens is what the job does.

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use common::{
    aws::SdkParts,
    clock::Clock,
    http::App,
    store::{OutboxItem, Store},
};
use domain::{
    application::{Change, JournalAction},
    certificate::{Certificate, CertificateLevel},
    credit::Cycle,
    date::{CalendarDate, Instant, date},
    id::HolderId,
    registration::{Registration, RegistrationNumber, RegistrationStatus},
    reminder::next_due,
    rules::RuleSet,
    traits::Traits,
};
use futures_util::{StreamExt, stream};
use local::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    mailbox::Mailbox,
};
use reminder::{Job, Reminder, Report};
use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};
use tempfile::TempDir;
use tests::{
    bare::{TABLE, mail_env, parts},
    wire::{Call, Wire},
};

/// The day everything here is due on.
pub fn today() -> CalendarDate {
    date(2029, 3, 1)
}

/// Nine in the morning in Beijing on [`today`].
pub fn now() -> Instant {
    today().start().plus_seconds(9 * 3600)
}

pub struct Bureau {
    /// Before the job's own connections.
    pub wire: Wire,
    /// The store without the wire in between.
    pub store: Store,
    pub reminder: Arc<Reminder>,
    pub clock: Clock,
    mailbox: Option<Mailbox>,
    post: SocketAddr,
    rules: RuleSet,
    direct: SdkParts,
    _database: EmbeddedDynamoDb,
    folder: TempDir,
}

/// The address of the `person`-th holder.
pub fn address(person: u32) -> String {
    format!("person{person}@example.com")
}

/// The `person`-th holder.
pub fn holder(person: u32) -> HolderId {
    HolderId::mint(u128::from(person))
}

impl Bureau {
    /// A bureau at [`now`], whose job has done all that was due until the day before.
    pub async fn open() -> Self {
        let bureau = Self::unopened().await;
        bureau.clock.put(now().plus_seconds(-86_400));
        assert!(bureau.plan().await.complete);
        bureau.clock.put(now());
        bureau.wire.take();
        bureau
    }

    /// A bureau at [`now`] whose job has never run.
    pub async fn unopened() -> Self {
        common::telemetry::set_quiet(true);
        let folder = tempfile::tempdir().unwrap();
        let database = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
        let wire = Wire::start(database.endpoint()).await;
        let mailbox = Mailbox::start(&folder.path().join("mail"), 0).await.unwrap();
        let post = mailbox.address();
        let env = mail_env(post);
        let direct = parts(database.endpoint());
        let store = App::store(&env, &direct).unwrap();
        store.create_tables().await.unwrap();
        let clock = Clock::movable();
        clock.put(now());
        let reminder = Arc::new(Reminder::from_env(&env, &parts(&wire.url()), clock.clone()).unwrap());
        let rules = store.rules().for_district(Some(&"420106".parse().unwrap())).clone();
        let mailbox = Some(mailbox);
        Self { wire, store, reminder, clock, mailbox, post, rules, direct, _database: database, folder }
    }

    /// The `person`-th holder's registration, valid until `valid_until`, with all reminders planned down to `reminded`.
    pub fn registration(
        &self,
        person: u32,
        valid_until: CalendarDate,
        reminded: Option<u16>,
    ) -> Registration {
        let district: domain::district::DistrictCode = "420106".parse().unwrap();
        let registered_on = valid_until.plus_years(-3);
        let mut registration = Registration {
            number: RegistrationNumber::mint(&district, registered_on.year(), person.into()),
            holder: holder(person),
            version: 1,
            status: RegistrationStatus::Active,
            name: "张晓雯".parse().unwrap(),
            certificate: Certificate {
                management_number: self.rules.management_number(&format!("20251042{person:08}")).unwrap(),
                issued_on: registered_on.plus_days(-30),
                level: CertificateLevel::AssistantSocialWorker,
            },
            district,
            email: address(person).parse().unwrap(),
            registered_on,
            late: false,
            valid_until,
            cycle: Cycle {
                start: registered_on,
                end: valid_until,
                first: true,
                level: CertificateLevel::AssistantSocialWorker,
                rules: self.rules.key(),
            },
            closed: Vec::new(),
            pending_renewal: None,
            reminded,
            next_due: None,
            edition: 1,
            photo: None,
            traits: Traits::default(),
            ended_on: None,
            revocation: None,
            transfer: domain::transfer::Transfers::default(),
            journal_head: None,
        };
        registration.next_due = next_due(&registration, &self.rules);
        registration
    }

    /// Writes registrations, as an approval does.
    pub async fn write(&self, registrations: impl IntoIterator<Item = Registration>) {
        let write = async |registration: Registration| {
            let mut change =
                Change::by_system(registration.holder.clone(), JournalAction::Approved, self.clock.now());
            change.registration = Some(registration);
            self.store.commit(&change, None).await.unwrap();
        };
        stream::iter(registrations).for_each_concurrent(8, write).await;
    }

    /// Writes copies of a registration that is written already, for other persons: as fast as the table takes them, and
    /// without the journal.
    pub async fn copy(&self, original: &Registration, persons: &[u32]) {
        let client = self.direct.dynamodb();
        let mut items = Vec::new();
        for (pk, sk) in [
            (format!("HOLDER#{}", original.holder), format!("~REGISTRATION#{}", original.number)),
            (format!("REGISTER#{}", original.number), "ENTRY".to_owned()),
        ] {
            let key = [("pk".to_owned(), AttributeValue::S(pk)), ("sk".to_owned(), AttributeValue::S(sk))];
            let found = client.get_item().table_name(TABLE).set_key(Some(key.into())).send().await.unwrap();
            items.push(found.item.unwrap());
        }
        for persons in persons.chunks(12) {
            let copies = persons.iter().flat_map(|person| {
                let other = self.registration(*person, original.valid_until, original.reminded);
                let renames = [
                    (original.holder.as_str(), other.holder.as_str()),
                    (original.number.as_str(), other.number.as_str()),
                    (original.email.as_str(), other.email.as_str()),
                ];
                let copy = |item: &HashMap<String, AttributeValue>| {
                    let copy = item.iter().map(|(name, value)| (name.clone(), renamed(value, &renames)));
                    let put = PutRequest::builder().set_item(Some(copy.collect())).build().unwrap();
                    WriteRequest::builder().put_request(put).build()
                };
                items.iter().map(copy).collect::<Vec<_>>()
            });
            let written =
                client.batch_write_item().request_items(TABLE, copies.collect()).send().await.unwrap();
            assert!(written.unprocessed_items.is_none_or(|items| items.is_empty()));
        }
    }

    /// Registrations of the persons `0..count` for which the reminder thirty days before the end is due today.
    pub async fn write_due(&self, count: u32) {
        let due = |person| self.registration(person, today().plus_days(30), Some(60));
        self.write((0..count).map(due)).await;
    }

    /// Makes the index entry of the `person`-th holder's registration one that this release can't read.
    pub async fn spoil(&self, person: u32) {
        let registration = self.look(person).await;
        let update = self.direct.dynamodb().update_item().table_name(TABLE);
        update
            .key("pk", AttributeValue::S(format!("HOLDER#{}", registration.holder)))
            .key("sk", AttributeValue::S(format!("~REGISTRATION#{}", registration.number)))
            .update_expression("SET entity = :unheard_of")
            .expression_attribute_values(":unheard_of", AttributeValue::S("UNHEARD_OF".to_owned()))
            .send()
            .await
            .unwrap();
    }

    /// Plans what is due, with all the time it needs.
    pub async fn plan(&self) -> Report {
        self.run(Job::Plan, Duration::from_mins(5)).await
    }

    /// Sends what is due.
    pub async fn sweep(&self) -> Report {
        self.run(Job::Sweep, Duration::from_mins(5)).await
    }

    pub async fn run(&self, job: Job, budget: Duration) -> Report {
        self.reminder.run(job, budget, |_| {}).await.unwrap()
    }

    /// The registration of the `person`-th holder as it stands.
    pub async fn look(&self, person: u32) -> Registration {
        let dossier = self.store.dossier(&holder(person), self.clock.now()).await.unwrap();
        dossier.registrations.into_iter().next().unwrap()
    }

    /// Every message that waits to be sent, by its id.
    pub async fn waiting(&self) -> Vec<String> {
        let late = self.clock.now().plus_seconds(400 * 86_400);
        tests::doors::due_messages(&self.store, late).await.unwrap()
    }

    pub async fn message(&self, id: &str) -> OutboxItem {
        self.store.outbox_item(id).await.unwrap().unwrap()
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.clock.put(self.clock.now().plus_seconds(seconds));
    }

    pub fn mailbox(&self) -> &Mailbox {
        self.mailbox.as_ref().unwrap()
    }

    /// How many mails each address has.
    pub fn mails(&self) -> BTreeMap<String, usize> {
        let mut mails = BTreeMap::new();
        for mail in self.mailbox().summaries() {
            *mails.entry(mail.recipients.concat()).or_default() += 1;
        }
        mails
    }

    /// The mail server goes down.
    pub fn close_post(&mut self) {
        self.mailbox = None;
    }

    /// The mail server comes up again where it was; its port is free a moment after it went down.
    pub async fn open_post(&mut self) {
        let folder = self.folder.path().join("mail");
        for _ in 0..100 {
            if let Ok(mailbox) = Mailbox::start(&folder, self.post.port()).await {
                self.mailbox = Some(mailbox);
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the port isn't free again");
    }
}

/// A value with what names one holder in it naming another.
fn renamed(value: &AttributeValue, renames: &[(&str, &str)]) -> AttributeValue {
    match value {
        AttributeValue::S(text) => {
            AttributeValue::S(renames.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to)))
        }
        AttributeValue::M(map) => {
            let map = map.iter().map(|(name, value)| (name.clone(), renamed(value, renames)));
            AttributeValue::M(map.collect())
        }
        other => other.clone(),
    }
}

/// True for a transaction that writes the registration of the `person`-th holder.
pub fn writes(call: &Call, person: u32) -> bool {
    let key = format!("HOLDER#{}", holder(person));
    call.operation == "TransactWriteItems" && call.keys.contains(&key)
}

/// True for a sender's lease or mark: the first of a message is its lease, the second its mark.
pub fn is_postman(call: &Call) -> bool {
    call.operation == "UpdateItem" && call.keys.iter().all(|key| key.starts_with("OUTBOX#"))
}
