//! The lanes that messages wait in: what is urgent doesn't stand behind what isn't, and mail not behind a client that is
//! down.

use crate::store::keys;
use domain::delivery::Urgency;

/// Where a message waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Messages to people that are so urgent.
    Messages(Urgency),
    /// Calls to service clients.
    Calls,
}

impl Lane {
    /// Every lane, in the order in which they're swept.
    pub const ALL: [Self; 4] = [
        Self::Messages(Urgency::Urgent),
        Self::Messages(Urgency::Ordinary),
        Self::Messages(Urgency::Bulk),
        Self::Calls,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Messages(Urgency::Urgent) => "",
            Self::Messages(Urgency::Ordinary) => "ORDINARY#",
            Self::Messages(Urgency::Bulk) => "BULK#",
            Self::Calls => "CALLS#",
        }
    }

    /// The partition of its `shard` in the index of what is due.
    pub(super) fn pk(self, shard: u8) -> String {
        keys::outbox_due_pk(self.name(), shard)
    }

    /// The lane of a message that a record of the stream tells of; none where it waits no more.
    pub fn of_pk(due_pk: &str) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|lane| {
            let shard =
                due_pk.strip_prefix(keys::OUTBOX_PREFIX).and_then(|rest| rest.strip_prefix(lane.name()));
            shard.is_some_and(|shard| shard.bytes().all(|byte| byte.is_ascii_digit()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Lane;

    #[test]
    fn a_lane_is_known_by_its_partition() {
        for lane in Lane::ALL {
            assert_eq!(Lane::of_pk(&lane.pk(7)), Some(lane));
        }
        assert_eq!(Lane::of_pk("2029-03-01#07"), None);
    }
}
