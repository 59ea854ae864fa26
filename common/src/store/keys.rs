//! The table's keys. Every key condition of the system is spelled here and nowhere else; `docs/DATA-MODEL.md` lists
//! them with what they cost.
//!
//! ```text
//! pk                      sk                               what
//! HOLDER#{holder}         {day}#CREDIT#{id}                credit record; the day its cycle starts
//!                         {day}#APPLICATION#{id}           application; the day it was opened
//!                         ~PROFILE                         profile
//!                         ~REGISTRATION#{number}           registration
//!                         ~MAIL                            how mail to them fares
//! JOURNAL#{record}        {version}[#…]                    journal of one record
//! UNIQUE#{kind}#{key}     UNIQUE                           who has something only one can have
//! OUTBOX#{notification}   OUTBOX                           a message to be sent
//! RATE#{provider}         RATE                             until when the rate of a provider is used up
//! JOB#{name}              JOB                              how far a scheduled job has come
//! STAFF#{staff}           ACCOUNT                          staff account
//!                         SESSION#{family}                 one sign-in of that member of staff
//! STAFF                   {area}#{username}                what the directory shows of a staff account
//! SESSION#{family}        SESSION                          one sign-in of a holder
//! WECHAT#{app}#{open id}  WECHAT                           the holder that a WeChat user is
//! SUBSCRIBER#{holder}     LINK#{app}                       which WeChat user a holder is
//!                         LEDGER#{app}                     subscribe messages they accepted
//! WECHAT-TOKEN#{app}      TOKEN                            the access token of a mini-program
//! KEYS#TOKEN              {key id}                         a public key that access tokens are verified by
//! KEYS#CERTIFICATE        {start of its id}                a public key that certificates are verified by
//! REGISTER#{number}       ENTRY                            what verifiers see of a registration
//! KEYS#WEBHOOK            {start of its id}                a public key that calls to service clients are verified by
//! WATCHER#{client}        WATCHER                          a service client's standing list
//! WATCHED#{number}        {list}                           a registration on such a list
//! GUESSES#{network}#{hour} GUESSES                         how many unknown numbers a network asked for in an hour
//! COURSE#{course}         COURSE                           a course
//! CATALOGUE#{year}#{word} {last day}#{course}              a course, under a word of its title or a trait of it
//! PROVIDER#{staff}        ROSTER#{day}#{roster}            a provider's class list
//! ROSTER#{roster}         {chunk}                          what became of a hundred rows of it
//! WAITING#{certificate}   {course}                         hours of somebody who isn't registered yet
//! EVIDENCE#{sha256}       {attachment}                     a record's file that has this content
//! SAMPLE#{city}#{month}   {sample}                         what was drawn of the hours that began to count in a month
//! FIGURES                 FIGURES                          which generation of figures is read
//! FIGURES#{gen}#{area}    now | {month}                    sums of an area, as it stands or of a month
//! MARK#{record}           MARK                             what was counted of a record
//! ```
//!
//! In a holder's partition what is dated sorts before `~`, so one query from "seven years ago" to the end reads the
//! dossier: the working set, the profile and the registrations, and nothing of a long career's past.
//!
//! A member of staff's account and sign-ins share a partition, so that refreshing a sign-in reads both at once. The
//! directory is one partition, bounded by who is appointed; in it an area's accounts are one range, so that a page
//! costs what it shows.

mod names;

pub use names::*;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    application::{Stage, UniqueKey},
    certificate::ManagementNumber,
    date::CalendarDate,
    district::Area,
    education::SampleId,
    figures::Period,
    id::{ApplicationId, AttachmentId, CourseId, CreditId, HolderId, RosterId, StaffId},
    registration::RegistrationNumber,
};
use std::collections::HashMap;

/// An item of the table.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// A primary key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub pk: String,
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// As the SDK takes it.
    pub fn attributes(&self) -> Item {
        [(PK.to_owned(), text(&self.pk)), (SK.to_owned(), text(&self.sk))].into()
    }
}

/// A string attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
#[allow(clippy::needless_pass_by_value)] // numbers are copied anyway
pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A holder's partition.
pub(crate) fn holder_pk(holder: &HolderId) -> String {
    format!("{HOLDER_PREFIX}{holder}")
}

pub(crate) fn profile(holder: &HolderId) -> Key {
    Key::new(holder_pk(holder), "~PROFILE")
}

/// How mail to a holder fares.
pub(crate) fn mail_standing(holder: &HolderId) -> Key {
    Key::new(holder_pk(holder), "~MAIL")
}

/// The record that the journal of that is about.
pub(crate) fn mail_record(holder: &HolderId) -> String {
    format!("{holder}-mail")
}

pub(crate) fn application(id: &ApplicationId) -> Key {
    Key::new(holder_pk(&id.holder()), format!("{}#APPLICATION#{id}", id.opened_on().compact()))
}

pub(crate) fn registration(holder: &HolderId, number: &RegistrationNumber) -> Key {
    Key::new(holder_pk(holder), format!("~REGISTRATION#{number}"))
}

pub(crate) fn credit(holder: &HolderId, cycle_start: CalendarDate, id: &CreditId) -> Key {
    Key::new(holder_pk(holder), format!("{}#CREDIT#{id}", cycle_start.compact()))
}

/// A record's journal.
pub(crate) fn journal_pk(record: &str) -> String {
    format!("JOURNAL#{record}")
}

/// The entry of the change that gave a record `version`.
pub(crate) fn journal(record: &str, version: u64) -> Key {
    Key::new(journal_pk(record), format!("{version:010}"))
}

/// The entry of a view of a record while it had `version`.
pub(crate) fn journal_view(record: &str, version: u64, at: &str, tail: &str) -> Key {
    Key::new(journal_pk(record), format!("{version:010}#{at}#{tail}"))
}

pub(crate) fn unique(key: &UniqueKey) -> Key {
    let pk = match key {
        UniqueKey::Identity(hash) => format!("UNIQUE#IDENTITY#{}", hash.as_str()),
        UniqueKey::Certificate(number) => format!("UNIQUE#CERTIFICATE#{number}"),
        UniqueKey::Registration(number) => format!("UNIQUE#REGISTRATION#{number}"),
        UniqueKey::OpenApplication(kind, subject) => format!("UNIQUE#OPEN#{}#{subject}", kind.key()),
    };
    Key::new(pk, "UNIQUE")
}

pub(crate) fn outbox(notification: &str) -> Key {
    Key::new(format!("{OUTBOX_PREFIX}{notification}"), "OUTBOX")
}

pub(crate) fn job(name: &str) -> Key {
    Key::new(format!("JOB#{name}"), "JOB")
}

/// The directory of staff.
pub(crate) const DIRECTORY_PK: &str = "STAFF";

fn staff_pk(staff: &StaffId) -> String {
    format!("{DIRECTORY_PK}#{staff}")
}

pub(crate) fn account(staff: &StaffId) -> Key {
    Key::new(staff_pk(staff), "ACCOUNT")
}

/// An account's entry in the directory. Who is appointed for no area in particular sorts after all areas.
pub(crate) fn directory(area: Option<&Area>, username: &str) -> Key {
    Key::new(DIRECTORY_PK.to_owned(), format!("{}#{username}", area.map_or("~", Area::as_str)))
}

/// One sign-in: a holder's, or `staff`'s.
pub(crate) fn session(staff: Option<&StaffId>, family: &str) -> Key {
    match staff {
        Some(staff) => Key::new(staff_pk(staff), format!("SESSION#{family}")),
        None => Key::new(format!("SESSION#{family}"), "SESSION"),
    }
}

/// A user of a mini-program. Neither name has a `#` in it.
pub(crate) fn wechat(app_id: &str, open_id: &str) -> Key {
    Key::new(format!("WECHAT#{app_id}#{open_id}"), "WECHAT")
}

/// What a holder's mini-programs may send them.
pub(crate) fn subscriber_pk(holder: &HolderId) -> String {
    format!("SUBSCRIBER#{holder}")
}

/// Which WeChat user a holder is in a mini-program.
pub(crate) fn subscriber_link(holder: &HolderId, app_id: &str) -> Key {
    Key::new(subscriber_pk(holder), format!("LINK#{app_id}"))
}

/// What they accepted there.
pub(crate) fn subscriber_ledger(holder: &HolderId, app_id: &str) -> Key {
    Key::new(subscriber_pk(holder), format!("LEDGER#{app_id}"))
}

/// The access token of a mini-program.
pub(crate) fn wechat_token(app_id: &str) -> Key {
    Key::new(format!("WECHAT-TOKEN#{app_id}"), "TOKEN")
}

/// The public keys that access tokens are verified by; as many as there were seeds in two months.
pub(crate) const TOKEN_KEYS_PK: &str = "KEYS#TOKEN";

pub(crate) fn token_key(id: &str) -> Key {
    Key::new(TOKEN_KEYS_PK.to_owned(), id)
}

/// The public keys that certificates are verified by; as many as there ever were seeds.
pub(crate) const CERTIFICATE_KEYS_PK: &str = "KEYS#CERTIFICATE";

/// One of them, by the start of its id that a statement names it by.
pub(crate) fn certificate_key(id: &str) -> Key {
    Key::new(CERTIFICATE_KEYS_PK.to_owned(), id)
}

/// The public keys that calls to service clients are verified by; as many as there ever were seeds.
pub(crate) const WEBHOOK_KEYS_PK: &str = "KEYS#WEBHOOK";

pub(crate) fn webhook_key(id: &str) -> Key {
    Key::new(WEBHOOK_KEYS_PK.to_owned(), id)
}

/// A service client's standing list.
pub(crate) fn watcher(client: &str) -> Key {
    Key::new(format!("{WATCHER_PREFIX}{client}"), "WATCHER")
}

/// Who watches the registration `number`.
pub(crate) fn watched_pk(number: &RegistrationNumber) -> String {
    format!("WATCHED#{number}")
}

/// `number` on the list `watch`.
pub(crate) fn watched(number: &RegistrationNumber, watch: &str) -> Key {
    Key::new(watched_pk(number), watch)
}

/// What verifiers see of the registration `number`.
pub(crate) fn entry(number: &RegistrationNumber) -> Key {
    Key::new(format!("REGISTER#{number}"), "ENTRY")
}

/// How many unknown numbers were asked for from `network`, a keyed hash, in the `hour`-th hour since 1970.
pub(crate) fn guesses(network: &str, hour: i64) -> Key {
    Key::new(format!("GUESSES#{network}#{hour}"), "GUESSES")
}

pub(crate) fn course(id: &CourseId) -> Key {
    Key::new(format!("COURSE#{id}"), "COURSE")
}

/// What has `word` in the catalogue of the year that a course ends in.
pub(crate) fn catalogue_pk(year: i32, word: &str) -> String {
    format!("CATALOGUE#{year:04}#{word}")
}

/// A course under `word`, the latest last.
pub(crate) fn catalogue(word: &str, to: CalendarDate, id: &CourseId) -> Key {
    Key::new(catalogue_pk(to.year(), word), format!("{to}#{id}"))
}

/// A provider's class lists.
pub(crate) fn provider_pk(provider: &StaffId) -> String {
    format!("{PROVIDER_PREFIX}{provider}")
}

pub(crate) fn roster(id: &RosterId) -> Key {
    Key::new(provider_pk(&id.provider()), format!("ROSTER#{}#{id}", id.day().compact()))
}

/// What became of the rows of a class list.
pub(crate) fn roster_pk(id: &RosterId) -> String {
    format!("ROSTER#{id}")
}

pub(crate) fn row_chunk(id: &RosterId, chunk: u32) -> Key {
    Key::new(roster_pk(id), format!("{chunk:04}"))
}

/// What waits for the certificate `number` to be registered.
pub(crate) fn waiting_pk(number: &ManagementNumber) -> String {
    format!("WAITING#{number}")
}

pub(crate) fn waiting(number: &ManagementNumber, course: &CourseId) -> Key {
    Key::new(waiting_pk(number), course.as_str())
}

/// The files with the content that has this SHA-256 (hex).
pub(crate) fn evidence_pk(sha256: &str) -> String {
    format!("EVIDENCE#{sha256}")
}

pub(crate) fn evidence(sha256: &str, attachment: &AttachmentId) -> Key {
    Key::new(evidence_pk(sha256), attachment.as_str())
}

/// The samples of a city's month (`yyyymm`).
pub(crate) fn sample_pk(area: &str, month: &str) -> String {
    format!("SAMPLE#{area}#{month}")
}

pub(crate) fn sample(id: &SampleId) -> Key {
    Key::new(sample_pk(id.area(), id.month()), id.as_str())
}

/// Which generation of figures is read.
pub(crate) fn figures_pointer() -> Key {
    Key::new("FIGURES".to_owned(), "FIGURES")
}

/// What the partition keys of a generation's sums begin with.
pub(crate) fn figures_prefix(generation: u32) -> String {
    format!("FIGURES#{generation:06}#")
}

/// The sums of an area in a period.
pub(crate) fn figures(generation: u32, area: &str, period: Period) -> Key {
    Key::new(format!("{}{area}", figures_prefix(generation)), period.to_string())
}

/// What was counted of a record.
pub(crate) fn mark(record: &str) -> Key {
    Key::new(format!("{MARK_PREFIX}{record}"), "MARK")
}

/// One shard of an area's queue at a stage.
pub(crate) fn queue_pk(stage: Stage, area: &str, shard: u8) -> String {
    format!("{}#{area}#{shard:02}", stage.key())
}

/// One shard of an area's queue of claimed hours at a stage.
pub(crate) fn hours_queue_pk(stage: Stage, area: &str, shard: u8) -> String {
    format!("HOURS#{}#{area}#{shard:02}", stage.key())
}

/// One shard of an area's records of hours that began to count in a month (`yyyymm`), for samples.
pub(crate) fn counted_pk(area: &str, month: &str, shard: u8) -> String {
    format!("COUNTED#{area}#{month}#{shard:02}")
}

/// What is on the standing list `watch`, by number.
pub(crate) fn watching_pk(watch: &str) -> String {
    format!("WATCHING#{watch}")
}

/// The class lists that are unfinished, by when somebody may take them up.
pub(crate) const UNFINISHED_PK: &str = "ROSTER#00";

/// One shard of what the reminder job looks at on a day.
pub(crate) fn due_pk(day: CalendarDate, shard: u8) -> String {
    format!("DUE#{day}#{shard:02}")
}

/// One shard of the messages that wait to be sent.
pub(crate) fn outbox_due_pk(lane: &str, shard: u8) -> String {
    format!("OUTBOX#{lane}{shard:02}")
}

/// The slots of a provider that are taken.
pub(crate) fn rate(provider: &str) -> Key {
    Key { pk: format!("RATE#{provider}"), sk: "RATE".to_owned() }
}

/// The shard, of `shards`, that `id` belongs to: FNV-1a, which spreads ids evenly and is the same on every machine
/// and in every release.
pub(crate) fn shard_of(id: &str, shards: u8) -> u8 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    u8::try_from(hash % u64::from(shards.max(1))).unwrap_or(0)
}

#[cfg(test)]
mod tests;
