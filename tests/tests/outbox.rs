//! The outbox over a real DynamoDB and a real SMTP server: every message is sent at least once, once where no sender
//! dies, and given up in the end; and the stream is told what to hand over again.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used)]

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use common::{
    aws::{Endpoints, SdkParts},
    clock::Clock,
    config::Env,
    crypto::generate_key,
    http::App,
    notify::{Carrier, Letterhead, Mail, Outcome, Postman, SmtpCarrier, SmtpSettings, SmtpTls},
    store::{Delivery, MOST_ATTEMPTS, OutboxItem, OutboxState, Store},
};
use domain::{
    application::{ApplicationKind, Change, JournalAction},
    date::{Instant, date},
    id::{ApplicationId, HolderId},
    notification::{Message, Notification},
    rules::RuleLibrary,
};
use local::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    mailbox::{Failure, Mailbox},
    stream::{PumpOptions, StreamPump},
};
use notifier::Notifier;
use reminder::{Job, Reminder, Report};
use rstest::rstest;
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::net::TcpListener;

const TABLE: &str = "registry";
const READER: &str = "zhang.san@mail.example.com";
/// Seconds a sender has.
const LEASE: i64 = 60;
/// Seconds after which the sweep looks for a new message.
const FIRST_SWEEP: i64 = 120;

/// A registry office: its store, its mailbox and a clock that stands where a test puts it.
struct Office {
    mailbox: Mailbox,
    store: Store,
    parts: SdkParts,
    env: Env,
    clock: Clock,
    database: EmbeddedDynamoDb,
    folder: TempDir,
}

/// When every message here was written: nine in the morning in Beijing.
fn start() -> Instant {
    "2029-03-01T09:00:00+08:00".parse().unwrap()
}

fn after(seconds: i64) -> Instant {
    start().plus_seconds(seconds)
}

fn parts(database: &EmbeddedDynamoDb) -> SdkParts {
    let endpoints =
        Endpoints { dynamodb: Some(database.endpoint().parse().unwrap()), ..Endpoints::default() };
    let credentials = Credentials::new("AKIDTEST", "SECRET", None, None, "test");
    SdkParts::new("cn-north-1", credentials, endpoints).unwrap()
}

/// The environment of a function that hands its mail to `port` on this machine.
fn env(port: u16) -> Env {
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
    App::store(env, parts, &Arc::new(RuleLibrary::compiled_in().unwrap())).unwrap()
}

async fn office() -> Office {
    let folder = tempfile::tempdir().unwrap();
    let database = EmbeddedDynamoDb::start(StoreAt::File(folder.path().join("registry.db"))).unwrap();
    let mailbox = Mailbox::start(&folder.path().join("mail"), 0).await.unwrap();
    let (parts, env) = (parts(&database), env(mailbox.address().port()));
    let store = store(&env, &parts);
    store.create_tables().await.unwrap();
    let clock = Clock::movable();
    clock.put(start());
    Office { mailbox, store, parts, env, clock, database, folder: folder }
}

impl Office {
    /// Writes the messages `numbers` into the outbox, as a change of the register does; their ids.
    async fn write(&self, numbers: std::ops::Range<u32>, at: Instant) -> Vec<String> {
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

    async fn write_one(&self) -> String {
        self.write(0..1, start()).await.remove(0)
    }

    async fn item(&self, id: &str) -> OutboxItem {
        self.store.outbox_item(id).await.unwrap().unwrap()
    }

    /// A sender with connections of its own.
    fn postman(&self) -> Postman {
        Postman::from_env(&self.env, &self.parts, self.store.clone()).unwrap()
    }

    fn notifier(&self) -> Notifier {
        Notifier::from_env(&self.env, &self.parts, self.clock.clone()).unwrap()
    }

    /// What the sweep does at `now`.
    async fn sweep(&self, now: Instant) -> Report {
        self.clock.put(now);
        let reminder = Reminder::from_env(&self.env, &self.parts, self.clock.clone()).unwrap();
        reminder.run(Job::Sweep, Duration::from_mins(5), |_| {}).await.unwrap()
    }

    /// How often a mail of each message is in the mailbox, which knows them by their `Message-ID`.
    fn copies(&self) -> Vec<usize> {
        let ids: Vec<_> = self.mailbox.summaries().into_iter().map(|mail| mail.message_id.unwrap()).collect();
        let distinct: BTreeSet<_> = ids.iter().collect();
        distinct.into_iter().map(|id| ids.iter().filter(|other| *other == id).count()).collect()
    }
}

#[tokio::test]
async fn senders_at_once_send_a_message_once() {
    let office = office().await;
    let (first, second) = (office.postman(), office.postman());
    // Late enough for the sweep, so that both doors are open.
    let now = after(FIRST_SWEEP);
    for id in office.write(0..20, start()).await {
        let outcomes = tokio::join!(
            first.send_new(&id, now),
            second.send_new(&id, now),
            first.send_due(&id, now),
            second.send_due(&id, now)
        );
        let mut outcomes: Vec<_> =
            [outcomes.0, outcomes.1, outcomes.2, outcomes.3].into_iter().map(Result::unwrap).collect();
        outcomes.sort_by_key(|outcome| *outcome != Outcome::Sent);
        assert_eq!(outcomes, [Outcome::Sent, Outcome::NotOurs, Outcome::NotOurs, Outcome::NotOurs]);
    }
    assert_eq!(office.copies(), [1; 20]);
}

#[tokio::test]
async fn a_sender_killed_between_send_and_mark_is_made_up_for_when_its_lease_ends() {
    let office = office().await;
    let id = office.write_one().await;
    let letterhead = Letterhead::new(
        "登记中心",
        "registry@sw.example.cn".parse().unwrap(),
        None,
        "http://127.0.0.1:8080",
        "电话 027-12345678",
    );
    let settings = SmtpSettings {
        host: "127.0.0.1".to_owned(),
        port: office.mailbox.address().port(),
        tls: SmtpTls::None,
        login: None,
        timeout: Duration::from_secs(10),
    };
    let leased = office.store.lease(&id, start(), false).await.unwrap().unwrap();
    let mail = Mail::write(&leased.notification, &letterhead.unwrap(), start()).unwrap();
    Carrier::Smtp(SmtpCarrier::new(settings).unwrap()).send(&mail).await.unwrap();
    // This is where it dies.
    assert_eq!(office.sweep(after(LEASE - 10)).await.sent, 0);
    assert_eq!(office.copies(), [1]);
    let report = office.sweep(after(LEASE)).await;
    assert_eq!((report.sent, report.complete), (1, true));
    assert_eq!(office.copies(), [2], "the same message, and recognised as such");
    let item = office.item(&id).await;
    assert_eq!((item.state, item.attempts), (OutboxState::Sent, 2));
    assert_eq!(office.sweep(after(86_400)).await.sent, 0);
}

#[tokio::test]
async fn senders_that_always_die_dont_send_for_ever() {
    let office = office().await;
    let id = office.write_one().await;
    let mut now = start();
    for attempt in 1..=MOST_ATTEMPTS {
        let leased = office.store.lease(&id, now, attempt > 1).await.unwrap().unwrap();
        assert_eq!(leased.attempt, attempt);
        now = now.plus_seconds(LEASE);
    }
    let report = office.sweep(now).await;
    assert_eq!((report.sent, report.dead), (0, 1));
    let item = office.item(&id).await;
    assert_eq!((item.state, item.last_error.as_deref()), (OutboxState::Dead, Some("attempts_exhausted")));
    assert_eq!(office.mailbox.count(), 0);
}

#[tokio::test]
async fn failures_that_pass_back_off_and_end_as_a_dead_letter() {
    let office = office().await;
    let id = office.write_one().await;
    let postman = office.postman();
    office.mailbox.fail_next(MOST_ATTEMPTS as usize - 1, 451);
    office.mailbox.fail_next(1, Failure::Disconnect);

    let mut now = start();
    let mut outcome = postman.send_new(&id, now).await.unwrap();
    for wait in [120, 240, 480, 960, 1920, 3840, 7680, 15_360, 21_600] {
        assert_eq!(outcome, Outcome::Deferred);
        let item = office.item(&id).await;
        let due = now.plus_seconds(wait);
        assert_eq!((item.state, item.next_attempt), (OutboxState::Pending, due));
        assert!(item.last_error.unwrap().starts_with("mail_deferred: "));
        let early = due.plus_seconds(-1);
        assert_eq!(office.store.due_messages(early, 10).await.unwrap(), [""; 0]);
        assert_eq!(postman.send_due(&id, early).await.unwrap(), Outcome::NotOurs);
        assert_eq!(office.store.due_messages(due, 10).await.unwrap(), [id.as_str()]);
        now = due;
        outcome = postman.send_due(&id, now).await.unwrap();
    }
    assert_eq!(outcome, Outcome::Dead);
    let item = office.item(&id).await;
    assert_eq!((item.state, item.attempts), (OutboxState::Dead, MOST_ATTEMPTS));
    assert!(item.last_error.unwrap().starts_with("mail_provider_unreachable: "));

    // The server would take it now; nobody offers it any more.
    let later = now.plus_seconds(30 * 86_400);
    assert_eq!(office.store.due_messages(later, 10).await.unwrap(), [""; 0]);
    assert_eq!(postman.send_due(&id, later).await.unwrap(), Outcome::NotOurs);
    assert_eq!(office.mailbox.count(), 0);
}

#[tokio::test]
async fn a_message_deferred_is_sent_once_when_its_time_comes() {
    let office = office().await;
    let id = office.write_one().await;
    office.mailbox.fail_next(1, 421);
    assert_eq!(office.postman().send_new(&id, start()).await.unwrap(), Outcome::Deferred);
    assert_eq!(office.sweep(after(110)).await.sent, 0);
    assert_eq!(office.sweep(after(120)).await.sent, 1);
    let item = office.item(&id).await;
    assert_eq!((item.state, item.attempts, item.last_error), (OutboxState::Sent, 2, None));
    assert_eq!(office.copies(), [1]);
}

#[tokio::test]
async fn a_refusal_for_good_is_a_dead_letter_at_once() {
    let office = office().await;
    let id = office.write_one().await;
    let postman = office.postman();
    office.mailbox.fail_next(1, 550);
    assert_eq!(postman.send_new(&id, start()).await.unwrap(), Outcome::Dead);
    let item = office.item(&id).await;
    assert_eq!((item.state, item.attempts), (OutboxState::Dead, 1));
    let why = item.last_error.unwrap();
    assert!(why.starts_with("mail_message_refused: ") && !why.contains(READER), "{why}");
    assert_eq!(postman.send_due(&id, after(86_400)).await.unwrap(), Outcome::NotOurs);
    assert_eq!(office.sweep(after(86_400)).await, Report { complete: true, ..Report::default() });
    assert_eq!(office.mailbox.count(), 0);
}

#[tokio::test]
async fn what_was_sent_is_not_sent_again() {
    let office = office().await;
    let id = office.write_one().await;
    let postman = office.postman();
    assert_eq!(postman.send_new(&id, start()).await.unwrap(), Outcome::Sent);
    let item = office.item(&id).await;
    assert_eq!((item.state, item.attempts, item.last_error), (OutboxState::Sent, 1, None));
    assert_eq!(item.provider_id.as_deref(), Some("2.0.0 kept"));

    let much_later = after(30 * 86_400);
    assert_eq!(postman.send_new(&id, much_later).await.unwrap(), Outcome::NotOurs);
    assert_eq!(postman.send_due(&id, much_later).await.unwrap(), Outcome::NotOurs);
    assert_eq!(hand_over(&office.notifier(), &[inserted(&id, 1)]).await, [""; 0]);
    assert_eq!(office.sweep(much_later).await.sent, 0);
    assert_eq!(office.copies(), [1]);
}

#[rstest]
#[case(Delivery::Sent { provider_id: "late".to_owned() })]
#[case(Delivery::Retry { error: "late".to_owned() })]
#[case(Delivery::Refused { error: "late".to_owned() })]
#[tokio::test]
async fn a_mark_after_the_lease_ended_and_passed_on_changes_nothing(#[case] late: Delivery) {
    let office = office().await;
    let id = office.write_one().await;
    let slow = office.store.lease(&id, start(), false).await.unwrap().unwrap();
    assert_eq!(office.store.lease(&id, after(LEASE - 1), true).await.unwrap(), None);
    let next = office.store.lease(&id, after(LEASE), true).await.unwrap().unwrap();

    let before = office.item(&id).await;
    assert!(!office.store.mark(&slow, &late, after(LEASE + 1)).await.unwrap());
    assert_eq!(office.item(&id).await, before);
    let sent = Delivery::Sent { provider_id: "next".to_owned() };
    assert!(office.store.mark(&next, &sent, after(LEASE + 2)).await.unwrap());
    let before = office.item(&id).await;
    assert!(!office.store.mark(&slow, &late, after(LEASE + 3)).await.unwrap());
    assert_eq!(office.item(&id).await, before);
    assert_eq!((before.state, before.provider_id.as_deref()), (OutboxState::Sent, Some("next")));
}

#[tokio::test]
async fn a_late_mark_counts_where_nobody_has_taken_over() {
    let office = office().await;
    let id = office.write_one().await;
    let slow = office.store.lease(&id, start(), false).await.unwrap().unwrap();
    let sent = Delivery::Sent { provider_id: "slow".to_owned() };
    assert!(office.store.mark(&slow, &sent, after(LEASE + 1)).await.unwrap());
    assert_eq!(office.sweep(after(86_400)).await.sent, 0);
}

#[tokio::test]
async fn a_sender_that_was_overtaken_reports_no_failure_of_its_own() {
    let office = office().await;
    let id = office.write_one().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let env = env(silent.local_addr().unwrap().port());
    let postman = Postman::from_env(&env, &office.parts, office.store.clone()).unwrap();
    let overtake = async {
        let (connection, _) = silent.accept().await.unwrap();
        let other = office.store.lease(&id, after(LEASE), true).await.unwrap();
        drop(connection);
        other
    };
    let (outcome, other) = tokio::join!(postman.send_new(&id, start()), overtake);
    assert_eq!(other.unwrap().attempt, 2);
    assert_eq!(outcome.unwrap(), Outcome::NotOurs);
    assert_eq!(office.item(&id).await.last_error, None);
}

#[tokio::test]
async fn what_is_due_is_found_page_by_page() {
    let office = office().await;
    let mut written = Vec::new();
    // More in each of the eight shards than one query gives.
    for batch in 0..20_u32 {
        written.extend(office.write(batch * 100..(batch + 1) * 100, after(batch.into())).await);
    }
    let found = office.store.due_messages(after(FIRST_SWEEP + 19), 5000).await.unwrap();
    assert_eq!(found.len(), 2000);
    assert_eq!(found.iter().collect::<BTreeSet<_>>(), written.iter().collect());
    let age = |id: &String| written.iter().position(|other| other == id).unwrap() / 100;
    let steps_back = found.windows(2).filter(|pair| age(&pair[1]) < age(&pair[0])).count();
    assert_eq!(steps_back, 7, "oldest first within each shard");

    assert_eq!(office.store.due_messages(after(FIRST_SWEEP + 19), 250).await.unwrap(), found[..250]);
    assert_eq!(office.store.due_messages(after(FIRST_SWEEP + 4), 5000).await.unwrap().len(), 500);
    assert_eq!(office.store.due_messages(after(FIRST_SWEEP - 1), 5000).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_sweep_sends_all_that_is_due_and_each_lease_counts_from_its_own_sending() {
    let office = office().await;
    let mut ids = office.write(0..100, start()).await;
    ids.extend(office.write(100..130, start()).await);
    office.clock.put(after(FIRST_SWEEP));
    let reminder = Reminder::from_env(&office.env, &office.parts, office.clock.clone()).unwrap();
    let slowly = |_: &Report| assert!(office.clock.put(office.clock.now().plus_seconds(LEASE)));
    let report = reminder.run(Job::Sweep, Duration::from_mins(5), slowly).await.unwrap();
    assert_eq!((report.sent, report.failed, report.complete), (130, 0, true));
    assert_eq!(office.copies(), [1; 130]);

    // A marked message keeps the lease it was sent under. Four are sent at a time.
    let mut leases = Vec::new();
    for id in &ids {
        leases.push(office.item(id).await.next_attempt);
    }
    leases.sort();
    let began = |place: i64| after(FIRST_SWEEP + LEASE + place / 4 * LEASE);
    assert!((0..).zip(&leases).all(|(place, lease)| *lease >= began(place)), "{leases:?}");
}

/// Hands `records` over as Lambda does; the sequence numbers that the notifier wants again.
async fn hand_over(notifier: &Notifier, records: &[Value]) -> Vec<String> {
    let event = serde_json::from_value(json!({ "Records": records })).unwrap();
    let reply = serde_json::to_value(notifier.handle(event).await).unwrap();
    let failures = reply["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

fn record(name: &str, key: &str, sequence: u32) -> Value {
    json!({
        "eventID": format!("c4ca4238a0b923820dcc509a6f75849{sequence}"),
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "cn-north-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_867_021_200.0,
            "Keys": { "pk": { "S": key }, "sk": { "S": "OUTBOX" } },
            "SequenceNumber": sequence_number(sequence),
            "SizeBytes": 412,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN":
            "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/registry/stream/2029-01-01T00:00:00.000",
    })
}

fn sequence_number(count: u32) -> String {
    format!("442158450000000001745043909{count}")
}

fn inserted(id: &str, sequence: u32) -> Value {
    record("INSERT", &format!("OUTBOX#{id}"), sequence)
}

#[tokio::test]
async fn only_the_message_that_cant_be_read_goes_back_to_the_stream() {
    let office = office().await;
    let ids = office.write(0..4, start()).await;
    // The second is one that this release doesn't understand.
    let update = office.parts.dynamodb().update_item().table_name(TABLE);
    update
        .key("pk", AttributeValue::S(format!("OUTBOX#{}", ids[1])))
        .key("sk", AttributeValue::S("OUTBOX".to_owned()))
        .update_expression("SET notification.message.message = :unknown")
        .expression_attribute_values(":unknown", AttributeValue::S("unheard_of".to_owned()))
        .send()
        .await
        .unwrap();
    let records = [
        inserted(&ids[0], 1),
        inserted(&ids[1], 2),
        record("MODIFY", &format!("OUTBOX#{}", ids[3]), 3),
        record("REMOVE", "OUTBOX#gone", 4),
        record("INSERT", "HOLDER#somebody", 5),
        inserted("nobody-wrote-this", 6),
        inserted(&ids[2], 7),
    ];
    assert_eq!(hand_over(&office.notifier(), &records).await, [sequence_number(2)]);
    assert_eq!(office.copies(), [1, 1]);
    assert_eq!(office.item(&ids[3]).await.attempts, 0);

    // A mail server that is busy is the sweep's business, not the stream's.
    office.mailbox.fail_next(1, 451);
    assert_eq!(hand_over(&office.notifier(), &[inserted(&ids[3], 8)]).await, [""; 0]);
    assert_eq!(office.item(&ids[3]).await.attempts, 1);
}

#[tokio::test]
async fn a_batch_that_meets_a_dead_store_is_handed_over_again_and_sent_once() {
    let mut office = office().await;
    let ids = office.write(0..3, start()).await;
    let notifier = office.notifier();
    assert_eq!(hand_over(&notifier, &[inserted(&ids[0], 1)]).await, [""; 0]);

    let batch =
        [inserted(&ids[0], 1), record("MODIFY", "OUTBOX#x", 2), inserted(&ids[1], 3), inserted(&ids[2], 4)];
    let file = StoreAt::File(office.folder.path().join("registry.db"));
    drop(office.database);
    assert_eq!(hand_over(&notifier, &batch).await, [1, 3, 4].map(sequence_number));
    assert_eq!(office.mailbox.count(), 1);

    office.database = EmbeddedDynamoDb::start(file).unwrap();
    office.parts = parts(&office.database);
    assert_eq!(hand_over(&office.notifier(), &batch).await, [""; 0]);
    assert_eq!(office.copies(), [1; 3]);
}

#[tokio::test]
async fn a_batch_that_takes_long_leases_each_message_when_its_turn_comes() {
    let office = office().await;
    let ids = office.write(0..20, start()).await;
    let records: Vec<_> = ids.iter().zip(1..).map(|(id, sequence)| inserted(id, sequence)).collect();
    let time_flies = async {
        while office.mailbox.count() < ids.len() {
            office.clock.put(office.clock.now().plus_seconds(LEASE));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let notifier = office.notifier();
    let (failed, ()) = tokio::join!(hand_over(&notifier, &records), time_flies);
    assert_eq!(failed, [""; 0]);
    let (first, last) = (office.item(&ids[0]).await, office.item(&ids[19]).await);
    assert!(last.next_attempt > first.next_attempt.plus_seconds(LEASE), "{first:?} {last:?}");
}

#[tokio::test]
async fn the_tables_own_stream_wakes_the_notifier() {
    let office = office().await;
    let notifier = Arc::new(office.notifier());
    let deliver = move |batch: Value| {
        let notifier = notifier.clone();
        async move {
            let reply = notifier.handle(serde_json::from_value(batch).unwrap()).await;
            if reply.batch_item_failures.is_empty() { Ok(()) } else { Err("handed back") }
        }
    };
    let (table, region) = (TABLE.to_owned(), "cn-north-1".to_owned());
    let options = PumpOptions { table, region, batch_size: 10, position: None };
    let pump = StreamPump::start(&office.database, options, deliver).unwrap();
    let ids = office.write(0..30, start()).await;
    pump.drain().await.unwrap();
    assert_eq!(office.copies(), [1; 30]);
    for id in &ids {
        let item = office.item(id).await;
        assert_eq!((item.state, item.attempts), (OutboxState::Sent, 1));
    }
    assert_eq!(office.sweep(after(86_400)).await.sent, 0);
}
