//! A lecture hall: a table, a bucket and the worker, and nobody who listens to the table's stream, so that what happens is
//! what the worker does.

use aws_sdk_dynamodb::types::AttributeValue;
use common::{
    aws::{Endpoints, SdkParts},
    clock::Clock,
    config::Env,
    crypto::generate_key,
    http::App,
    store::{RosterWrite, Store},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    credit::{Course, CreditCategory, CreditForm, CreditRecord, Hours, Particulars},
    date::{CalendarDate, Instant, date},
    education::{Roster, RosterFormat, RowChunk, RowOutcome, RowResult, Unregistered},
    id::{CourseId, RosterId, StaffId},
};
use local::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    s3::{Credentials, EmbeddedS3},
};
use roster::{Ended, RosterWorker};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant as Stopwatch},
};
use tempfile::TempDir;
use tests::{
    bare::TABLE,
    crowd::{holder, management_number, register, register_all},
    wire::Wire,
};

const BUCKET: &str = "attachments";

/// The day everybody here was registered.
pub fn registered_on() -> CalendarDate {
    date(2026, 3, 2)
}

/// The day after the course.
pub fn today() -> CalendarDate {
    date(2026, 6, 11)
}

pub struct Hall {
    /// Before the worker's own connections.
    pub wire: Wire,
    /// The store without the wire in between.
    pub store: Store,
    pub worker: Arc<RosterWorker>,
    pub clock: Clock,
    direct: SdkParts,
    _database: EmbeddedDynamoDb,
    _s3: EmbeddedS3,
    _folder: TempDir,
}

/// The provider of everything here.
pub fn provider() -> StaffId {
    StaffId::mint(77)
}

/// Six hours on ethics on the 10th of June.
pub fn course() -> Course {
    Course {
        id: CourseId::mint(5),
        title: "社会工作伦理".parse().unwrap(),
        provider: "省社会工作培训中心".parse().unwrap(),
        form: CreditForm::InPerson,
        category: CreditCategory::Ethics,
        hours: Hours::from_tenths(60),
        unit: "学时".to_owned(),
        from: date(2026, 6, 10),
        to: date(2026, 6, 10),
        particulars: Particulars::default(),
        held_by: provider(),
        offered_at: date(2026, 5, 1).start(),
        withdrawn_at: None,
        version: 1,
    }
}

/// A line of a list, of the `person`-th holder.
pub fn line(person: u32) -> String {
    format!("张晓雯,{},6", management_number(person))
}

/// A list of these lines.
pub fn list(lines: impl IntoIterator<Item = String>) -> String {
    let mut text = "name,management_number,hours".to_owned();
    for line in lines {
        text.push('\n');
        text.push_str(&line);
    }
    text
}

impl Hall {
    pub async fn open() -> Self {
        common::telemetry::set_quiet(true);
        let folder = tempfile::tempdir().unwrap();
        let database = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
        let wire = Wire::start(database.endpoint()).await;
        let signer = Credentials { access_key: "AKIDTEST".to_owned(), secret_key: "SECRET".to_owned() };
        let s3 = EmbeddedS3::start(&folder.path().join("s3"), &[signer], BUCKET, 0).await.unwrap();
        let parts = |dynamodb: &str| {
            let endpoints = Endpoints {
                dynamodb: Some(dynamodb.parse().unwrap()),
                s3: Some(s3.endpoint().parse().unwrap()),
                ses: None,
            };
            let credentials =
                aws_credential_types::Credentials::new("AKIDTEST", "SECRET", None, None, "test");
            SdkParts::new("cn-north-1", credentials, endpoints).unwrap()
        };
        let variables = [
            ("TABLE_NAME", TABLE.to_owned()),
            ("IDEMPOTENCY_TABLE_NAME", "idempotency".to_owned()),
            ("BUCKET_NAME", BUCKET.to_owned()),
            ("FIELD_KEYS", format!("k1={}", generate_key().unwrap())),
            ("LOOKUP_KEY", generate_key().unwrap()),
        ];
        let env = Env::of(variables.map(|(name, value)| (name.to_owned(), value)));
        let direct = parts(database.endpoint());
        let store = App::store(&env, &direct).unwrap();
        store.create_tables().await.unwrap();
        let clock = Clock::movable();
        clock.put(today().start().plus_seconds(9 * 3600));
        let worker = Arc::new(RosterWorker::from_env(&env, &parts(&wire.url()), clock.clone()).unwrap());
        Self { wire, store, worker, clock, direct, _database: database, _s3: s3, _folder: folder }
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.clock.put(self.now().plus_seconds(seconds));
    }

    /// Registers the `person`-th holder.
    pub async fn register(&self, person: u32) {
        register(&self.store, person, registered_on(), self.now()).await;
    }

    /// Registers so many, quickly.
    pub async fn register_all(&self, persons: impl IntoIterator<Item = u32>) {
        self.register_all_on(registered_on(), persons).await;
    }

    /// The same, on another day.
    pub async fn register_all_on(&self, day: CalendarDate, persons: impl IntoIterator<Item = u32>) {
        register_all(&self.store, &self.direct.dynamodb(), persons, day, self.now()).await;
    }

    /// Puts a class list of `course` into its place, and it into the queue.
    pub async fn hand_in_of(
        &self,
        course: Course,
        text: impl Into<Vec<u8>>,
        unregistered: Unregistered,
    ) -> RosterId {
        self.hand_in_by(&provider(), course, text, unregistered).await
    }

    /// The same, by another provider.
    pub async fn hand_in_by(
        &self,
        provider: &StaffId,
        course: Course,
        text: impl Into<Vec<u8>>,
        unregistered: Unregistered,
    ) -> RosterId {
        if self.store.course(&course.id).await.unwrap().is_none() {
            self.put_course(&course, JournalAction::CourseOffered).await;
        }
        let entropy = common::crypto::random_u128().unwrap();
        let id = RosterId::mint(provider, today(), entropy);
        let how = (RosterFormat::Csv, unregistered);
        let roster = Roster::new(id.clone(), course, how, "名单.csv".to_owned(), self.now());
        let put = self.direct.s3().put_object().bucket(BUCKET).key(roster.file_key());
        put.body(text.into().into()).send().await.unwrap();
        self.store.commit_roster(&roster, RosterWrite::default(), self.now()).await.unwrap();
        let queued = roster.queue(self.now());
        self.store.commit_roster(&queued, RosterWrite::default(), self.now()).await.unwrap();
        id
    }

    async fn put_course(&self, course: &Course, action: JournalAction) {
        let journal = JournalEntry::new(Actor::Staff(provider()), action, self.now());
        self.store.commit_course(course, &journal, None).await.unwrap();
    }

    /// Takes `course` out of the catalogue.
    pub async fn withdraw(&self, course: &Course) {
        let withdrawn = domain::education::withdraw_course(course, &provider(), self.now()).unwrap();
        self.put_course(&withdrawn, JournalAction::CourseWithdrawn).await;
    }

    /// Loses what is under `pk` and `sk`, as a restore from a backup may.
    pub async fn lose(&self, pk: String, sk: &str) {
        let request = self.direct.dynamodb().delete_item().table_name(TABLE);
        let request = request.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk.to_owned()));
        request.send().await.unwrap();
    }

    /// The provider takes back a row that waits.
    pub async fn take_back(&self, id: &RosterId, row: u32) {
        let (roster, chunk) = self.store.roster_with_chunk(id, RowChunk::of_row(row)).await.unwrap();
        let (roster, chunk) = (roster.unwrap(), chunk.unwrap());
        let mut result = chunk.row(row).unwrap().clone();
        let (before, number) = (result.outcome, result.management_number.clone().unwrap());
        result.withdraw("报错班级");
        let (roster, chunk) = (roster.recount(before, result.outcome), chunk.with(result));
        let waited = Some((&number, &roster.course.id));
        let write = RosterWrite { chunk: Some(&chunk), waited, ..RosterWrite::default() };
        self.store.commit_roster(&roster, write, self.now()).await.unwrap();
    }

    /// The file is gone, as if it had been cleared.
    pub async fn lose_file(&self, id: &RosterId) {
        let key = self.roster(id).await.file_key();
        self.direct.s3().delete_object().bucket(BUCKET).key(key).send().await.unwrap();
    }

    pub async fn hand_in(&self, text: impl Into<Vec<u8>>) -> RosterId {
        self.hand_in_of(course(), text, Unregistered::Wait).await
    }

    /// Goes through a list with all the time it needs.
    pub async fn work(&self, id: &RosterId) -> Ended {
        self.worker.work(id, Stopwatch::now() + Duration::from_mins(10), |_| {}).await.unwrap()
    }

    /// The list as it stands.
    pub async fn roster(&self, id: &RosterId) -> Roster {
        self.store.roster(id).await.unwrap().unwrap()
    }

    /// What became of its rows.
    pub async fn rows(&self, id: &RosterId) -> Vec<RowResult> {
        let (mut rows, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.store.rows_page(id, 10, cursor.as_ref()).await.unwrap();
            rows.extend(page.items.into_iter().flat_map(|chunk| chunk.rows));
            cursor = page.next;
            if cursor.is_none() {
                return rows;
            }
        }
    }

    /// What became of row `row`.
    pub async fn row(&self, id: &RosterId, row: u32) -> RowResult {
        self.rows(id).await.into_iter().find(|result| result.row == row).unwrap()
    }

    /// The hours that the `person`-th holder has.
    pub async fn credits(&self, person: u32) -> Vec<CreditRecord> {
        self.store.dossier(&holder(person), self.now()).await.unwrap().credits
    }

    /// Every message that waits to be sent, by its id.
    pub async fn messages(&self) -> Vec<String> {
        let late = self.now().plus_seconds(400 * 86_400);
        tests::doors::due_messages(&self.store, late).await.unwrap()
    }
}

/// Rows by what became of them.
pub fn counts(rows: &[RowResult]) -> BTreeMap<RowOutcome, u32> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.outcome).or_default() += 1;
    }
    counts
}
