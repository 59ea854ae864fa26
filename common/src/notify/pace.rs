//! The pace of a provider: no message goes before its slot, whoever sends it. Slots are taken a few at a time, as many as
//! are expected to be used at once, and one that comes too late for its slot takes another.

use crate::{
    config::{ConfigError, Env},
    store::{SlotsWanted, Store, StoreError},
};
use domain::delivery::{Channel, Urgency};
use std::{
    collections::VecDeque,
    num::NonZeroU32,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::Mutex;

/// How much later than its slot a message may go. What was late isn't made up for by a burst.
const SLACK: Duration = Duration::from_millis(100);
/// Slots are taken for at most so long: whoever is more urgent waits for no more than that.
const AT_A_TIME: Duration = Duration::from_millis(250);
/// How long a sender waits for a slot before it leaves a message for later. With sending itself well within a lease.
const PATIENCE: Duration = Duration::from_secs(15);
/// The wait before a sender that got no slot asks again.
const PAUSE: Duration = Duration::from_millis(250);

/// The pace of one provider.
pub struct Pace {
    channel: Channel,
    per_second: NonZeroU32,
    expected: AtomicU32,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    /// Starts of slots that nobody used yet.
    slots: VecDeque<u64>,
    /// Until when the rate is used up, as far as is known here.
    used_until: u64,
}

impl Pace {
    /// `per_second` messages by `channel`.
    pub fn new(channel: Channel, per_second: NonZeroU32) -> Self {
        Self { channel, per_second, expected: AtomicU32::new(0), taken: Mutex::default() }
    }

    /// As the variable `name` says, in messages per second.
    pub fn from_env(
        env: &Env,
        name: &'static str,
        channel: Channel,
        default: NonZeroU32,
    ) -> Result<Self, ConfigError> {
        Ok(Self::new(channel, env.or(name, "messages that the provider takes in a second", default)?))
    }

    /// Messages per second.
    pub fn per_second(&self) -> u32 {
        self.per_second.get()
    }

    /// Says that `count` messages are about to be sent; until what comes back is dropped.
    pub(super) fn expect(&self, count: usize) -> Expected<'_> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.expected.fetch_add(count, Ordering::Relaxed);
        Expected { pace: self, count }
    }

    /// Waits until a message that is so urgent may go. False where others have to go first for longer than a sender waits.
    pub(super) async fn turn(&self, store: &Store, urgency: Urgency) -> Result<bool, StoreError> {
        let begun = now();
        loop {
            if let Some(slot) = self.slot(store, urgency).await? {
                tokio::time::sleep(Duration::from_micros(slot.saturating_sub(now()))).await;
                return Ok(true);
            }
            if now().saturating_sub(begun) > micros(PATIENCE) {
                return Ok(false);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// True where a message that is so urgent may go soon.
    pub(super) async fn has_room(&self, store: &Store, urgency: Urgency) -> Result<bool, StoreError> {
        let mut taken = self.taken.lock().await;
        self.fill(&mut taken, store, urgency).await
    }

    /// The next slot; none where the rate is used up for as long as this urgency looks ahead.
    async fn slot(&self, store: &Store, urgency: Urgency) -> Result<Option<u64>, StoreError> {
        let mut taken = self.taken.lock().await;
        Ok(if self.fill(&mut taken, store, urgency).await? { taken.slots.pop_front() } else { None })
    }

    async fn fill(&self, taken: &mut Taken, store: &Store, urgency: Urgency) -> Result<bool, StoreError> {
        let now = now();
        taken.slots.retain(|slot| slot.saturating_add(micros(SLACK)) >= now);
        if !taken.slots.is_empty() {
            return Ok(true);
        }
        // Rounded up: never more than asked for.
        let step = 1_000_000_u32.div_ceil(self.per_second.get());
        let most = u32::try_from(AT_A_TIME.as_micros()).unwrap_or(u32::MAX) / step;
        let count = self.expected.load(Ordering::Relaxed).clamp(1, most.max(1));
        let step_lasts = Duration::from_micros(step.into());
        let wanted =
            SlotsWanted { channel: self.channel, count, step: step_lasts, within: looks_ahead(urgency) };
        let Some(slots) = store.take_slots(wanted, taken.used_until, now).await? else {
            // What is known here may be old by the time somebody asks again.
            taken.used_until = 0;
            return Ok(false);
        };
        taken.used_until = slots.end;
        taken.slots.extend(slots.step_by(step as usize));
        Ok(true)
    }
}

/// How far ahead slots may be taken. Who looks further goes first: as long as what is urgent keeps the rate used up for
/// longer than the others look ahead, it's all that goes.
fn looks_ahead(urgency: Urgency) -> Duration {
    match urgency {
        Urgency::Urgent => Duration::from_secs(10),
        Urgency::Ordinary => Duration::from_secs(3),
        Urgency::Bulk => Duration::from_secs(1),
    }
}

/// Messages that are about to be sent.
pub(super) struct Expected<'a> {
    pace: &'a Pace,
    count: u32,
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        self.pace.expected.fetch_sub(self.count, Ordering::Relaxed);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The machine's time, in microseconds since 1970. Not the clock that deadlines go by: a provider's rate is one of physics.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, micros)
}
