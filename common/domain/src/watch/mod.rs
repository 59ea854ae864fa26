//! A service client's standing list (长期核验名单): the registrations it watches, and what it's told of them.
//!
//! An employer doesn't ask every night whether its people are still registered: it names their numbers once, and is told
//! of each change by a signed call to an address of its own. What it's told is what anybody may verify, no more.

mod address;

pub use address::{InvalidWebhookAddress, WebhookAddress, is_public};

use crate::{
    date::{CalendarDate, Instant},
    registration::{Registration, RegistrationNumber, RegistrationStatus},
    verification::{PublicEntry, Standing, Verification},
};
use serde::{Deserialize, Serialize};

/// The most registrations on one list.
pub const MOST_WATCHED: u32 = 5_000;
/// The most numbers that are put on a list at once.
pub const MOST_AT_ONCE: usize = 50;

/// A service client that watches registrations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watcher {
    /// The service client.
    pub client: String,
    /// This list: another one each time the client begins anew, so that nothing of an old list is taken for the new one's.
    pub watch: String,
    /// Where it's told.
    pub address: WebhookAddress,
    /// Since when.
    pub opened_at: Instant,
    /// Counts the changes of the list.
    pub version: u64,
    /// How many registrations are on it.
    pub numbers: u32,
    /// When the address last took a call.
    #[serde(default)]
    pub reached_at: Option<Instant>,
    /// Since when it takes none; nothing while it does.
    #[serde(default)]
    pub failing: Option<Failing>,
}

/// An address that doesn't take calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// The first call that wasn't taken.
    pub since: Instant,
    /// The last one.
    pub last_at: Instant,
    /// Why, as a code.
    pub error: String,
}

/// One registration on a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// The registration.
    pub number: RegistrationNumber,
    /// Who watches it.
    pub client: String,
    /// On which list.
    pub watch: String,
    /// Since when.
    pub since: Instant,
}

/// Why a list can't be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WatchRefusal {
    /// There is no list.
    #[error("尚未设置接收地址，请先用 PUT /v1/watch 设置")]
    NotOpen,
    /// The number isn't on it.
    #[error("名单中没有该登记号")]
    NotWatched,
    /// It would be too long.
    #[error("名单最多 {MOST_WATCHED} 个登记号，现有 {0} 个，请先移除不再需要的")]
    TooMany(u32),
}

impl WatchRefusal {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotOpen => "watch_not_open",
            Self::NotWatched => "number_not_watched",
            Self::TooMany(_) => "watch_full",
        }
    }
}

impl Watcher {
    /// A new list of `client`, called at `address`.
    pub fn open(client: &str, watch: String, address: WebhookAddress, now: Instant) -> Self {
        Self {
            client: client.to_owned(),
            watch,
            address,
            opened_at: now,
            version: 1,
            numbers: 0,
            reached_at: None,
            failing: None,
        }
    }

    /// The same list at another address, of which nothing is known yet.
    #[must_use]
    pub fn moved(&self, address: WebhookAddress) -> Self {
        Self { address, version: self.version + 1, reached_at: None, failing: None, ..self.clone() }
    }

    /// The list with `more` registrations on it that weren't.
    ///
    /// # Errors
    ///
    /// [`WatchRefusal::TooMany`] beyond [`MOST_WATCHED`].
    pub fn with(&self, more: usize) -> Result<Self, WatchRefusal> {
        let numbers = u32::try_from(more).ok().and_then(|more| self.numbers.checked_add(more));
        let numbers = numbers.filter(|numbers| *numbers <= MOST_WATCHED);
        let numbers = numbers.ok_or(WatchRefusal::TooMany(self.numbers))?;
        Ok(Self { numbers, version: self.version + 1, ..self.clone() })
    }

    /// The list with one registration less.
    #[must_use]
    pub fn without_one(&self) -> Self {
        Self { numbers: self.numbers.saturating_sub(1), version: self.version + 1, ..self.clone() }
    }

    /// The first call to a new address: shows its owner that calls arrive and how they are signed.
    pub fn greeting(&self, now: Instant) -> WatchEvent {
        let body = Call { kind: "watch.opened", timestamp: now, data: &Opened { numbers: self.numbers } };
        WatchEvent {
            id: format!("{}-v{}-opened", self.watch, self.version),
            client: self.client.clone(),
            watch: self.watch.clone(),
            at: now,
            body: body.to_json(),
        }
    }
}

/// A call to a service client, as the outbox holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchEvent {
    /// Follows from what is told, so that nothing is told twice under two names.
    pub id: String,
    /// Who is told.
    pub client: String,
    /// By which list.
    pub watch: String,
    /// When it was written.
    pub at: Instant,
    /// The JSON that is signed and sent, byte for byte.
    pub body: String,
}

/// A change of how a registration stands, as its record shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingChange {
    /// The registration's version after the change.
    pub version: u64,
    /// How it stood before.
    pub before: Standing,
    /// What verifiers see now.
    pub after: PublicEntry,
}

/// How the record has a registration, whatever the day: a lapse is told once it's noted.
fn noted(registration: &Registration) -> Standing {
    match registration.status {
        RegistrationStatus::Active if registration.pending_renewal.is_some() => Standing::RenewalUnderReview,
        RegistrationStatus::Active => Standing::Valid,
        RegistrationStatus::Lapsed => Standing::Lapsed,
        RegistrationStatus::Cancelled => Standing::Cancelled,
        RegistrationStatus::Revoked => Standing::Revoked,
        RegistrationStatus::TransferredOut => Standing::Transferred,
    }
}

impl StandingChange {
    /// What a change of a registration's record means for those who watch it: another standing, another last day, another
    /// edition of the certificate (the old one is replaced); nothing where they would see the same.
    pub fn between(before: &Registration, after: &Registration) -> Option<Self> {
        let seen = |registration: &Registration| {
            (noted(registration), registration.valid_until, registration.edition)
        };
        (seen(before) != seen(after)).then(|| Self {
            version: after.version,
            before: noted(before),
            after: PublicEntry::from(after),
        })
    }

    /// The call that tells `watched` of it.
    pub fn event(&self, watched: &Watched, authority: &str, now: Instant) -> WatchEvent {
        let today: CalendarDate = now.day();
        let data = Changed {
            version: self.version,
            previous_standing: self.before,
            edition: self.after.edition,
            seen: Verification::of(&self.after, None, authority, today),
        };
        let body = Call { kind: "registration.standing_changed", timestamp: now, data: &data };
        WatchEvent {
            id: format!("{}-v{}-{}", self.after.number, self.version, watched.watch),
            client: watched.client.clone(),
            watch: watched.watch.clone(),
            at: now,
            body: body.to_json(),
        }
    }
}

/// What is sent: the members that the Standard Webhooks specification recommends.
#[derive(Serialize)]
struct Call<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Instant,
    data: &'a T,
}

impl<T: Serialize> Call<'_, T> {
    /// As JSON. Nothing of ours fails to be written as such: there are no maps with other keys than texts.
    fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Opened {
    numbers: u32,
}

#[derive(Serialize)]
struct Changed {
    /// Counts the registration's changes: of two calls the one with the greater is the later one, however they arrive.
    version: u64,
    previous_standing: Standing,
    /// A certificate of an older edition is replaced.
    edition: u32,
    #[serde(flatten)]
    seen: Verification,
}
