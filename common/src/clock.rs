//! The clock. Deadlines are decided by the server's; the local tour and tests move theirs by hand.

use domain::date::Instant;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// Tells the time. A moved clock runs on from where it was put.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Milliseconds added to the system's time.
    offset: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self { offset: None }
    }

    /// A clock that can be put to any time; starts at the system's.
    pub fn movable() -> Self {
        Self { offset: Some(Arc::new(AtomicI64::new(0))) }
    }

    /// The time.
    pub fn now(&self) -> Instant {
        let offset = self.offset.as_ref().map_or(0, |offset| offset.load(Ordering::SeqCst));
        Instant::from_unix_millis(system_millis() + offset)
    }

    /// Puts a movable clock to `instant`. The system's clock stays as it is, and `false` comes back.
    pub fn put(&self, instant: Instant) -> bool {
        let Some(offset) = &self.offset else { return false };
        offset.store(instant.unix_millis() - system_millis(), Ordering::SeqCst);
        true
    }
}

fn system_millis() -> i64 {
    // A system clock before 1970 is a machine that hasn't been set up.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movable_clock_goes_where_it_is_put_and_the_systems_does_not() {
        let target: Instant = "2029-03-01T00:00:00Z".parse().unwrap();
        let clock = Clock::movable();
        assert!(clock.clone().put(target), "clones share one time");
        assert!(clock.now() >= target && clock.now() < target.plus_seconds(60));
        assert!(!Clock::system().put(target));
    }
}
