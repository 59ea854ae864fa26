//! Records to items and back. Identity documents are sealed here on the way in and opened on the way out, so no
//! other code can store one in the clear.

use super::{
    StoreError,
    keys::{self, Item, Key},
    queue::{HoursSummary, Summary},
};
use crate::crypto::{FieldCipher, Sealed};
use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use domain::{
    application::Application,
    credit::{CreditRecord, CreditState},
    date::{CalendarDate, Instant},
    education::alike_key,
    form::Form,
    identity::{IdentityDocument, IdentityDocumentKind},
    profile::Profile,
    registration::Registration,
    rules::RuleLibrary,
    verification::PublicEntry,
};
use serde::{Serialize, de::DeserializeOwned};

/// The sealed identity document of a form.
const SEALED: &str = "sealed_identity";
/// The sealed identity document of the form before a change.
const SEALED_BEFORE: &str = "sealed_identity_before";

/// What a page of the queue shows of a waiting application beside its own attributes.
const SUMMARY: &str = "summary";

/// How many keys spread a due day, and the messages that wait.
pub(crate) const DUE_SHARDS: u8 = 8;

/// Digits of the district that samples of hours are drawn within.
pub(crate) const SAMPLE_DIGITS: usize = 4;
/// How many keys spread what a month's samples are drawn from.
pub(crate) const SAMPLE_SHARDS: u8 = 4;

/// What an item is.
pub(crate) mod entity {
    pub const APPLICATION: &str = "APPLICATION";
    pub const PROFILE: &str = "PROFILE";
    pub const REGISTRATION: &str = "REGISTRATION";
    pub const CREDIT: &str = "CREDIT";
    pub const JOURNAL: &str = "JOURNAL";
    pub const UNIQUE: &str = "UNIQUE";
    pub const OUTBOX: &str = "OUTBOX";
    pub const RATE: &str = "RATE";
    pub const MAIL_STANDING: &str = "MAIL_STANDING";
    pub const JOB: &str = "JOB";
    pub const ACCOUNT: &str = "ACCOUNT";
    pub const DIRECTORY: &str = "DIRECTORY";
    pub const SESSION: &str = "SESSION";
    pub const WECHAT: &str = "WECHAT";
    pub const SUBSCRIBER: &str = "SUBSCRIBER";
    pub const CONSENTS: &str = "CONSENTS";
    pub const WECHAT_TOKEN: &str = "WECHAT_TOKEN";
    pub const COURSE: &str = "COURSE";
    pub const CATALOGUE: &str = "CATALOGUE";
    pub const ROSTER: &str = "ROSTER";
    pub const ROW_CHUNK: &str = "ROW_CHUNK";
    pub const WAITING: &str = "WAITING";
    pub const EVIDENCE: &str = "EVIDENCE";
    pub const SAMPLE: &str = "SAMPLE";
    pub const FIGURES: &str = "FIGURES";
    pub const MARK: &str = "MARK";
    pub const ENTRY: &str = "ENTRY";
    pub const GUESSES: &str = "GUESSES";
    pub const CERTIFICATE_KEY: &str = "CERTIFICATE_KEY";
    pub const WEBHOOK_KEY: &str = "WEBHOOK_KEY";
    pub const WATCHER: &str = "WATCHER";
    pub const WATCHED: &str = "WATCHED";
}

/// An item of `record` under `key`.
pub(crate) fn to_item<T: Serialize>(record: &T, key: &Key, entity: &str) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(record)?;
    item.extend(key.attributes());
    item.insert(keys::ENTITY.to_owned(), keys::text(entity));
    Ok(item)
}

pub(crate) fn from_item<T: DeserializeOwned>(item: Item) -> Result<T, StoreError> {
    Ok(serde_dynamo::from_item(item)?)
}

/// A string attribute of an item.
pub(crate) fn string<'a>(item: &'a Item, name: &'static str) -> Result<&'a str, StoreError> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str).ok_or(StoreError::Attribute(name))
}

fn seal(cipher: &FieldCipher, form: &Form, context: &str) -> Result<Option<AttributeValue>, StoreError> {
    let Some(document) = &form.identity_document else { return Ok(None) };
    let plain = serde_json::to_string(&(document.kind(), document.reveal()))
        .map_err(|_| StoreError::Attribute(SEALED))?;
    let sealed = cipher.seal(context, &plain)?;
    Ok(Some(AttributeValue::B(Blob::new(sealed.as_bytes()))))
}

fn unseal(
    cipher: &FieldCipher,
    item: &Item,
    name: &'static str,
    context: &str,
) -> Result<Option<IdentityDocument>, StoreError> {
    let Some(value) = item.get(name) else { return Ok(None) };
    let bytes = value.as_b().map_err(|_| StoreError::Attribute(name))?;
    let plain = cipher.open(context, &Sealed::from_bytes(bytes.as_ref().to_vec()))?;
    let (kind, number): (IdentityDocumentKind, String) =
        serde_json::from_str(&plain).map_err(|_| StoreError::Attribute(name))?;
    IdentityDocument::new(kind, &number).map(Some).map_err(|_| StoreError::Attribute(name))
}

/// Puts a record into the index of what falls due on `day`, most urgent first by the `last` day that it's about.
///
/// Never under a day that is past by `today`: the job has finished those and looks at them no more.
pub(crate) fn set_due(
    item: &mut Item,
    day: Option<CalendarDate>,
    last: Option<CalendarDate>,
    today: CalendarDate,
    id: &str,
) {
    if let Some(day) = day {
        let day = day.max(today);
        item.insert(keys::DUE_PK.to_owned(), keys::text(keys::due_pk(day, keys::shard_of(id, DUE_SHARDS))));
        item.insert(keys::DUE_SK.to_owned(), keys::text(format!("{}#{id}", last.unwrap_or(day))));
    }
}

pub(crate) fn application_item(
    application: &Application,
    cipher: &FieldCipher,
    rules: &RuleLibrary,
    today: CalendarDate,
) -> Result<Item, StoreError> {
    let id = application.id.as_str();
    let mut item = to_item(application, &keys::application(&application.id), entity::APPLICATION)?;
    if let Some(sealed) = seal(cipher, &application.form, id)? {
        item.insert(SEALED.to_owned(), sealed);
    }
    if let Some(sealed) =
        application.before.as_ref().map(|form| seal(cipher, form, id)).transpose()?.flatten()
    {
        item.insert(SEALED_BEFORE.to_owned(), sealed);
    }
    set_due(&mut item, application.next_due, application.mend_by, today, id);
    if let Some(expiry) = application.draft_expires_at() {
        item.insert(keys::EXPIRES_AT.to_owned(), keys::number(expiry.unix_seconds()));
    }
    // It waits where it's decided: at its own stage, or the one it rose to.
    let waiting =
        application.decided_at().zip(application.form.district.as_ref()).zip(application.receipt.as_ref());
    if let Some(((stage, district), receipt)) = waiting {
        let stage_rules =
            rules.get(&application.rules).stage(stage).ok_or(StoreError::Attribute(keys::QUEUE_PK))?;
        let area = district.prefix(usize::from(stage_rules.area_digits));
        let shard = keys::shard_of(id, stage_rules.queue_shards);
        item.insert(keys::QUEUE_PK.to_owned(), keys::text(keys::queue_pk(stage, area, shard)));
        // Oldest first by the first submission: what was sent back doesn't lose its place.
        item.insert(keys::QUEUE_SK.to_owned(), keys::text(format!("{}#{id}", receipt.submitted_at)));
        if let (Some(name), Some(level)) = (application.form.name.clone(), application.form.certificate_level)
        {
            let escalation = application.risen().cloned();
            let summary = Summary { name, level, district: district.clone(), escalation };
            item.insert(SUMMARY.to_owned(), serde_dynamo::to_attribute_value(summary)?);
        }
    }
    Ok(item)
}

pub(crate) fn application_from(item: Item, cipher: &FieldCipher) -> Result<Application, StoreError> {
    let id = string(&item, "id")?.to_owned();
    let identity = unseal(cipher, &item, SEALED, &id)?;
    let before = unseal(cipher, &item, SEALED_BEFORE, &id)?;
    let mut application: Application = from_item(item)?;
    application.form.identity_document = identity;
    if let Some(form) = &mut application.before {
        form.identity_document = before;
    }
    Ok(application)
}

pub(crate) fn profile_item(
    profile: &Profile,
    cipher: &FieldCipher,
    rules: &RuleLibrary,
    today: CalendarDate,
) -> Result<Item, StoreError> {
    let id = profile.holder.as_str();
    let mut item = to_item(profile, &keys::profile(&profile.holder), entity::PROFILE)?;
    if let Some(sealed) = seal(cipher, &profile.form, id)? {
        item.insert(SEALED.to_owned(), sealed);
    }
    let rules = rules.for_district(profile.form.district.as_ref());
    let last = profile.form.issued_on.map(|issued_on| rules.first_window_end(issued_on));
    set_due(&mut item, profile.next_due, last, today, id);
    Ok(item)
}

pub(crate) fn profile_from(item: Item, cipher: &FieldCipher) -> Result<Profile, StoreError> {
    let id = string(&item, "holder")?.to_owned();
    let identity = unseal(cipher, &item, SEALED, &id)?;
    let mut profile: Profile = from_item(item)?;
    profile.form.identity_document = identity;
    Ok(profile)
}

pub(crate) fn registration_item(
    registration: &Registration,
    today: CalendarDate,
) -> Result<Item, StoreError> {
    let key = keys::registration(&registration.holder, &registration.number);
    let mut item = to_item(registration, &key, entity::REGISTRATION)?;
    let last = Some(registration.valid_until);
    set_due(&mut item, registration.next_due, last, today, registration.number.as_str());
    Ok(item)
}

/// What verifiers see of a registration. Written whenever that is.
pub(crate) fn entry_item(registration: &Registration) -> Result<Item, StoreError> {
    to_item(&PublicEntry::from(registration), &keys::entry(&registration.number), entity::ENTRY)
}

/// A record of hours: in the queue while somebody has to look at it, else, where it counts and was never drawn, among
/// those that samples are drawn from.
pub(crate) fn credit_item(
    credit: &CreditRecord,
    rules: &RuleLibrary,
    today: CalendarDate,
) -> Result<Item, StoreError> {
    let id = credit.id.as_str();
    let mut item =
        to_item(credit, &keys::credit(&credit.holder, credit.cycle_start, &credit.id), entity::CREDIT)?;
    let rules = rules.for_district(Some(&credit.district));
    if let Some(since) = hours_wait_since(credit) {
        let stage = *rules.hours.claim_stage;
        let stage_rules = rules.stage(stage).ok_or(StoreError::Attribute(keys::QUEUE_PK))?;
        let area = credit.district.prefix(usize::from(stage_rules.area_digits));
        let shard = keys::shard_of(id, stage_rules.queue_shards);
        item.insert(keys::QUEUE_PK.to_owned(), keys::text(keys::hours_queue_pk(stage, area, shard)));
        item.insert(keys::QUEUE_SK.to_owned(), keys::text(format!("{since}#{id}")));
        item.insert(SUMMARY.to_owned(), serde_dynamo::to_attribute_value(hours_summary(credit, since))?);
    } else if let Some(since) = credit.counts_since().filter(|_| credit.is_drawable()) {
        let area = credit.district.prefix(SAMPLE_DIGITS);
        let pk = keys::counted_pk(area, &month_of(since.day()), keys::shard_of(id, SAMPLE_SHARDS));
        item.insert(keys::QUEUE_PK.to_owned(), keys::text(pk));
        item.insert(keys::QUEUE_SK.to_owned(), keys::text(format!("{since}#{id}")));
    }
    let last = credit.audit.as_ref().map(|audit| audit.due);
    set_due(&mut item, credit.next_due, last, today, id);
    if let Some(expiry) = credit.draft_expires_at() {
        item.insert(keys::EXPIRES_AT.to_owned(), keys::number(expiry.unix_seconds()));
    }
    Ok(item)
}

/// `202603`, of a day in March 2026.
pub(crate) fn month_of(day: CalendarDate) -> String {
    day.compact()[..6].to_owned()
}

/// Since when a record of hours waits for a reviewer; none where nobody has to look at it. What evidence was asked for
/// of and didn't come waits from the day after the last one.
fn hours_wait_since(credit: &CreditRecord) -> Option<Instant> {
    if credit.state == CreditState::Pending {
        return credit.submitted_at;
    }
    let audit = credit.open_audit()?;
    Some(audit.answered_at.unwrap_or_else(|| audit.due.plus_days(1).start()))
}

fn hours_summary(credit: &CreditRecord, since: Instant) -> HoursSummary {
    let activity = &credit.activity;
    HoursSummary {
        name: credit.name.clone(),
        district: credit.district.clone(),
        title: activity.title.clone(),
        form: activity.form,
        category: activity.category,
        provider: activity.provider.clone(),
        done_from: activity.done_from,
        done_to: activity.done_to,
        claimed: credit.claimed,
        unit: credit.unit.clone(),
        state: credit.state,
        since,
        audit: credit.audit.clone(),
        alike: alike_key(credit),
        contents: credit.contents().map(str::to_owned).collect(),
    }
}
