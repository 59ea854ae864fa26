//! A statistics bureau: a table, the consumer of its stream, which is handed what a test wants, and what is pure arithmetic.

use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, PutRequest, ReturnValue, StreamSpecification, WriteRequest},
};
use common::{clock::Clock, http::App, store::Store};
use domain::{
    certificate::CertificateLevel,
    date::{CalendarDate, date},
    figures::{Cell, Contribution, Period, Sums, areas, of_registration},
    form::{EducationLevel, EmploymentStatus, PracticeField},
    registration::{Registration, RegistrationStatus},
    rules::RuleSet,
    traits::Traits,
};
use futures_util::{StreamExt, stream};
use local::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    mailbox::Mailbox,
};
use notifier::Notifier;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tempfile::TempDir;
use tests::{
    bare::{TABLE, mail_env, parts},
    crowd,
    wire::Wire,
};

/// An item of the table.
pub type Item = HashMap<String, AttributeValue>;

/// Where people are registered: counties of three cities of Hubei, and one of Hunan.
pub const DISTRICTS: [&str; 8] =
    ["420106", "420102", "420111", "420502", "420505", "420602", "420607", "430102"];

pub fn today() -> CalendarDate {
    date(2029, 3, 1)
}

pub struct Bureau {
    /// Before the consumer's own connections and those of [`Self::wired`].
    pub wire: Wire,
    /// The store without the wire in between.
    pub store: Store,
    /// The store over the wire.
    pub wired: Store,
    pub notifier: Notifier,
    pub clock: Clock,
    pub client: Client,
    rules: RuleSet,
    _mailbox: Mailbox,
    _database: EmbeddedDynamoDb,
    _folder: TempDir,
}

/// A record as an item of the table, under `pk` and `sk`.
fn item<T: Serialize>(record: &T, pk: String, sk: String, entity: &str) -> serde_dynamo::Item {
    let mut item: serde_dynamo::Item = serde_dynamo::to_item(record).unwrap();
    for (name, text) in [("pk", pk), ("sk", sk), ("entity", entity.to_owned())] {
        item.insert(name.to_owned(), serde_dynamo::AttributeValue::S(text));
    }
    item
}

/// `registration` as the table has it.
pub fn registered(registration: &Registration) -> serde_dynamo::Item {
    let (pk, sk) =
        (format!("HOLDER#{}", registration.holder), format!("~REGISTRATION#{}", registration.number));
    item(registration, pk, sk, "REGISTRATION")
}

/// A batch of the stream that tells of each of `registrations`, in this order.
pub fn batch<'a>(registrations: impl IntoIterator<Item = &'a Registration>) -> Event {
    let records = registrations.into_iter().zip(1..).map(|(registration, sequence)| {
        let image = registered(registration);
        let mut record = EventRecord::default();
        let name = if registration.version == 1 { "INSERT" } else { "MODIFY" };
        name.clone_into(&mut record.event_name);
        for name in ["pk", "sk"] {
            record.change.keys.insert(name.to_owned(), image[name].clone());
        }
        record.change.sequence_number = Some(sequence.to_string());
        record.change.new_image = image;
        record
    });
    let mut event = Event::default();
    event.records = records.collect();
    event
}

impl Bureau {
    /// One whose calls go over its wire.
    pub async fn open() -> Self {
        Self::with(true).await
    }

    /// One whose calls go straight to the table, which is faster.
    pub async fn unwired() -> Self {
        Self::with(false).await
    }

    async fn with(wired: bool) -> Self {
        common::telemetry::set_quiet(true);
        let folder = tempfile::tempdir().unwrap();
        let database = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
        let wire = Wire::start(database.endpoint()).await;
        let mailbox = Mailbox::start(&folder.path().join("mail"), 0).await.unwrap();
        let env = mail_env(mailbox.address());
        let direct = parts(database.endpoint());
        let store = App::store(&env, &direct).unwrap();
        store.create_tables().await.unwrap();
        // Batches are handed over by the tests. A stream that nobody reads would fill the memory that the table has.
        let silent = StreamSpecification::builder().stream_enabled(false).build().unwrap();
        let client = direct.dynamodb();
        client.update_table().table_name(TABLE).stream_specification(silent).send().await.unwrap();
        let parts = if wired { parts(&wire.url()) } else { parts(database.endpoint()) };
        let wired = App::store(&env, &parts).unwrap();
        let clock = Clock::movable();
        clock.put(today().start().plus_seconds(9 * 3600));
        let notifier = Notifier::from_env(&env, &parts, clock.clone()).unwrap();
        let rules = store.rules().for_district(Some(&"420106".parse().unwrap())).clone();
        Self {
            wire,
            store,
            wired,
            notifier,
            clock,
            client,
            rules,
            _mailbox: mailbox,
            _database: database,
            _folder: folder,
        }
    }

    /// The `person`-th holder's registration: of some district, level, age and so on, in force or ended, of the last years.
    pub fn registration(&self, person: u32) -> Registration {
        fn some<T: Copy>(choices: &[T], person: u32) -> T {
            choices[person as usize % choices.len()]
        }
        let registered_on = today().plus_days(-i64::from(person % 1_300));
        let mut registration = crowd::registration(person, registered_on, &self.rules);
        registration.district = some(&DISTRICTS, person / 7).parse().unwrap();
        registration.certificate.level = some(&CertificateLevel::ALL, person / 3);
        let practises = !person.is_multiple_of(5);
        registration.traits = Traits {
            born: (!person.is_multiple_of(50)).then(|| 1955 + i32::try_from(person % 50).unwrap()),
            education: Some(some(EducationLevel::ALL, person)),
            employment_status: Some(some(EmploymentStatus::ALL, person)),
            practice_field: practises.then(|| some(PracticeField::ALL, person)),
        };
        let ended = match person % 20 {
            0 => Some(RegistrationStatus::Cancelled),
            1 => Some(RegistrationStatus::Revoked),
            2 => Some(RegistrationStatus::TransferredOut),
            3 => Some(RegistrationStatus::Lapsed),
            _ => None,
        };
        if let Some(status) = ended {
            registration.status = status;
            registration.ended_on = Some(registered_on.plus_days(i64::from(person % 90)));
        }
        registration.version = 1 + u64::from(person % 4);
        registration
    }

    /// Writes `registrations` as they are, without anybody being told.
    pub async fn write(&self, registrations: &[Registration]) {
        let calls = stream::iter(registrations.chunks(25)).map(|chunk| {
            let puts = chunk.iter().map(|registration| {
                let item: Item = registered(registration).into();
                let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
                WriteRequest::builder().put_request(put).build()
            });
            let puts: Vec<_> = puts.collect();
            async move {
                let written = self.client.batch_write_item().request_items(TABLE, puts).send().await.unwrap();
                assert!(written.unprocessed_items.is_none_or(|left| left.is_empty()));
            }
        });
        calls.buffer_unordered(8).collect::<Vec<_>>().await;
    }

    /// Takes the pointer away that says which generation is read, and gives it.
    pub async fn take_pointer(&self) -> Item {
        let key = ["pk", "sk"].map(|name| (name.to_owned(), AttributeValue::S("FIGURES".to_owned())));
        let taken = self.client.delete_item().table_name(TABLE).set_key(Some(key.into()));
        taken.return_values(ReturnValue::AllOld).send().await.unwrap().attributes.unwrap()
    }

    /// Puts an item as it is.
    pub async fn put(&self, item: Item) {
        self.client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    /// Hands a batch to the consumer; how many of its records it wants again.
    pub async fn tell(&self, batch: Event) -> usize {
        self.notifier.handle(batch).await.batch_item_failures.len()
    }

    /// Every sum of `generation`, in the areas that these districts lie in.
    pub async fn sums(&self, generation: u32) -> Sums {
        let areas: BTreeSet<_> =
            DISTRICTS.iter().flat_map(|district| areas(&district.parse().unwrap())).collect();
        let mut sums = BTreeMap::new();
        for area in areas {
            let key = AttributeValue::S(format!("FIGURES#{generation:06}#{area}"));
            let query = self.client.query().table_name(TABLE).key_condition_expression("pk = :pk");
            let found: Result<Vec<_>, _> =
                query.expression_attribute_values(":pk", key).into_paginator().items().send().collect().await;
            for item in found.unwrap() {
                let period: Period = item["sk"].as_s().unwrap().parse().unwrap();
                let cells = item.iter().filter_map(|(name, value)| {
                    let count = value.as_n().ok()?.parse::<i64>().unwrap();
                    Some((name.parse::<Cell>().unwrap(), count))
                });
                let cells: BTreeMap<_, _> = cells.filter(|(_, count)| *count != 0).collect();
                if !cells.is_empty() {
                    sums.insert((area.clone(), period), cells);
                }
            }
        }
        Sums(sums)
    }
}

/// The same registration one version earlier: in force, and somewhere else.
pub fn before(registration: &Registration) -> Registration {
    let district = if registration.district.as_str() == "420106" { "420102" } else { "420106" };
    Registration {
        version: registration.version - 1,
        status: RegistrationStatus::Active,
        ended_on: None,
        district: district.parse().unwrap(),
        ..registration.clone()
    }
}

/// What `registrations` come to, by arithmetic alone.
pub fn arithmetic(registrations: &[Registration]) -> Sums {
    // Alike ones together, a county at a time: the sums are the same and come sooner.
    let mut alike: BTreeMap<String, (Contribution, i64)> = BTreeMap::new();
    for registration in registrations {
        let contribution = of_registration(registration);
        let key = format!("{contribution:?}");
        alike.entry(key).or_insert((contribution, 0)).1 += 1;
    }
    let mut sums = Sums::default();
    for (contribution, times) in alike.into_values() {
        let mut times_over = contribution.sums();
        for cells in times_over.0.values_mut() {
            for count in cells.values_mut() {
                *count *= times;
            }
        }
        sums.merge(times_over);
    }
    sums
}

/// A permutation of `0..many` that is the same each time: a batch that comes out of order.
pub fn shuffled(many: usize) -> Vec<usize> {
    let mut places: Vec<_> = (0..many).collect();
    places.sort_by_key(|place| (*place as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    places
}
