//! Many messages: as many at once as the pace is worth, each at its turn.

use super::{Outcome, Posted, Postman};
use crate::{
    clock::Clock,
    store::{Lane, StoreError},
};
use domain::delivery::Channel;
use futures_util::{Stream, StreamExt, stream};
use std::future::ready;

/// Messages that one sender sends at the same time, at least and at most. In between it's an eighth of those that may go in
/// a second, so that one sender can keep the pace where a provider takes that long for each.
const AT_ONCE: (u32, u32) = (4, 32);

/// Where a message comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// It was just written. Where its turn isn't soon, it's left to the sweep.
    Stream,
    /// Its next attempt is due.
    Sweep,
}

impl Postman {
    /// Sends `messages`, each with the lane it waits in, as long as there is `time` to begin another; what became of each,
    /// in this order. To be awaited to its end: what is dropped half way may have been sent, and is sent again.
    pub fn send_each<'a>(
        &'a self,
        door: Door,
        messages: &'a [(Lane, String)],
        clock: &'a Clock,
        time: impl Fn() -> bool + 'a,
    ) -> impl Stream<Item = Result<Posted, StoreError>> + 'a {
        let expected = self.pace.expect(messages.iter().filter(|(lane, _)| *lane != Lane::Calls).count());
        let (least, most) = AT_ONCE;
        let at_once = (self.pace.per_second() / 8).clamp(least, most) as usize;
        stream::iter(messages)
            .take_while(move |_| ready(time()))
            .map(move |(lane, id)| {
                let _until_the_last_is_sent = &expected;
                self.send_one(door, *lane, id, clock)
            })
            .buffered(at_once)
    }

    async fn send_one(&self, door: Door, lane: Lane, id: &str, clock: &Clock) -> Result<Posted, StoreError> {
        // Before it's leased: what isn't leased needs no mark.
        if let Lane::Messages(urgency) = lane
            && door == Door::Stream
            && !self.pace.has_room(&self.store, urgency).await?
        {
            return Ok(Posted { channel: Channel::Mail, outcome: Outcome::Held });
        }
        // The time is taken anew for each: a lease counts from it, and all of them may take longer than a lease.
        self.send(door, id, clock.now()).await.inspect_err(|error| {
            tracing::error!(%error, code = error.code(), notification = id, "a message could not be taken from the outbox");
        })
    }

    /// Messages of a lane that a sender looks up at a time: those of two seconds. What is more urgent comes next.
    pub fn page(&self) -> usize {
        let (least, most) = AT_ONCE;
        (self.pace.per_second() * 2).clamp(least * 4, most * 16) as usize
    }

    /// True where a message of `lane` may go soon.
    pub async fn has_room(&self, lane: Lane) -> Result<bool, StoreError> {
        match lane {
            Lane::Messages(urgency) => self.pace.has_room(&self.store, urgency).await,
            Lane::Calls => Ok(true),
        }
    }
}
