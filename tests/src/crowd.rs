//! A crowd of registered people, written as fast as the table takes them: what is asked of one registration is asked of
//! ten thousand.

use crate::bare::TABLE;
use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, PutRequest, WriteRequest},
};
use common::store::Store;
use domain::{
    application::{Change, Claim, JournalAction, UniqueKey},
    certificate::{Certificate, CertificateLevel},
    credit::Cycle,
    date::{CalendarDate, Instant},
    district::DistrictCode,
    id::HolderId,
    registration::{Registration, RegistrationNumber, RegistrationStatus},
    rules::RuleSet,
    traits::Traits,
};
use std::collections::HashMap;

/// The `person`-th holder.
pub fn holder(person: u32) -> HolderId {
    HolderId::mint(u128::from(person))
}

/// The `person`-th certificate.
pub fn management_number(person: u32) -> String {
    format!("20251042{person:08}")
}

/// The `person`-th holder's registration under `rules`, since `registered_on`.
pub fn registration(person: u32, registered_on: CalendarDate, rules: &RuleSet) -> Registration {
    let district: DistrictCode = "420106".parse().expect("a district");
    let valid_until = registered_on.plus_years(3).plus_days(-1);
    let number = rules.management_number(&management_number(person)).expect("a number");
    Registration {
        number: RegistrationNumber::mint(&district, registered_on.year(), person.into()),
        holder: holder(person),
        version: 1,
        status: RegistrationStatus::Active,
        name: "张晓雯".parse().expect("a name"),
        certificate: Certificate {
            management_number: number,
            issued_on: registered_on.plus_days(-30),
            level: CertificateLevel::AssistantSocialWorker,
        },
        district,
        email: format!("person{person}@example.com").parse().expect("an address"),
        registered_on,
        late: false,
        valid_until,
        cycle: Cycle {
            start: registered_on,
            end: valid_until,
            first: true,
            level: CertificateLevel::AssistantSocialWorker,
            rules: rules.key(),
        },
        closed: Vec::new(),
        pending_renewal: None,
        reminded: None,
        next_due: None,
        edition: 1,
        photo: None,
        traits: Traits::default(),
        ended_on: None,
        revocation: None,
        transfer: domain::transfer::Transfers::default(),
        journal_head: None,
    }
}

/// Registers the `person`-th holder, as an approval does.
pub async fn register(store: &Store, person: u32, registered_on: CalendarDate, now: Instant) {
    let rules = store.rules().for_district(Some(&"420106".parse().expect("a district")));
    let registration = registration(person, registered_on, rules);
    let mut change = Change::by_system(registration.holder.clone(), JournalAction::Approved, now);
    change.claims.push(Claim::Take {
        key: UniqueKey::Certificate(registration.certificate.management_number.clone()),
        owner: registration.holder.to_string(),
        expires_at: None,
    });
    change.registration = Some(registration);
    store.commit(&change, None).await.expect("the store works");
}

/// Registers `persons` without their journals: the first as an approval does, the others as copies of theirs.
pub async fn register_all(
    store: &Store,
    client: &Client,
    persons: impl IntoIterator<Item = u32>,
    registered_on: CalendarDate,
    now: Instant,
) {
    let mut persons = persons.into_iter();
    let Some(first) = persons.next() else { return };
    register(store, first, registered_on, now).await;
    let rules = store.rules().for_district(Some(&"420106".parse().expect("a district")));
    let original = registration(first, registered_on, rules);
    let number = original.certificate.management_number.as_str().to_owned();
    let mut items = Vec::new();
    for (pk, sk) in [
        (format!("HOLDER#{}", original.holder), format!("~REGISTRATION#{}", original.number)),
        (format!("REGISTER#{}", original.number), "ENTRY".to_owned()),
        (format!("UNIQUE#CERTIFICATE#{number}"), "UNIQUE".to_owned()),
    ] {
        let key = [("pk".to_owned(), AttributeValue::S(pk)), ("sk".to_owned(), AttributeValue::S(sk))];
        let found = client.get_item().table_name(TABLE).set_key(Some(key.into())).send().await;
        items.push(found.expect("the table works").item.expect("it was written"));
    }
    let persons: Vec<u32> = persons.collect();
    for persons in persons.chunks(8) {
        let puts = persons.iter().flat_map(|person| {
            let other = registration(*person, registered_on, rules);
            let renames = [
                (original.holder.to_string(), other.holder.to_string()),
                (original.number.to_string(), other.number.to_string()),
                (original.email.to_string(), other.email.to_string()),
                (number.clone(), other.certificate.management_number.as_str().to_owned()),
            ];
            items.iter().map(move |item| put(item, &renames)).collect::<Vec<_>>()
        });
        let written = client.batch_write_item().request_items(TABLE, puts.collect()).send().await;
        let left = written.expect("the table works").unprocessed_items;
        assert!(left.is_none_or(|left| left.is_empty()), "all of it is written");
    }
}

fn put(item: &HashMap<String, AttributeValue>, renames: &[(String, String)]) -> WriteRequest {
    let copy = item.iter().map(|(name, value)| (name.clone(), renamed(value, renames))).collect();
    let put = PutRequest::builder().set_item(Some(copy)).build().expect("an item");
    WriteRequest::builder().put_request(put).build()
}

/// A value with what names one holder in it naming another.
fn renamed(value: &AttributeValue, renames: &[(String, String)]) -> AttributeValue {
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
