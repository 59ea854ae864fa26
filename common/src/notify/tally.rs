//! What became of messages, counted by channel: a client that's down is no mail that isn't sent.

use super::{Outcome, Posted};
use domain::delivery::Channel;
use std::collections::BTreeMap;

/// Counts of what became of messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<(Channel, Outcome), u64>);

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, posted: Posted) {
        *self.0.entry((posted.channel, posted.outcome)).or_default() += 1;
    }

    /// How many ended like `outcome`, whatever the channel.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.0.iter().filter(|((_, ended), _)| *ended == outcome).map(|(_, count)| count).sum()
    }

    /// How many ended like `outcome` on `channel`.
    pub fn on(&self, channel: Channel, outcome: Outcome) -> u64 {
        self.0.get(&(channel, outcome)).copied().unwrap_or_default()
    }

    /// The same as metrics.
    pub fn metrics(&self) -> [(&'static str, u64); 12] {
        use Channel::{Call, Mail, WeChat};
        use Outcome::{Dead, Deferred, Held, Sent, Withheld};
        [
            ("MailSent", self.on(Mail, Sent)),
            ("MailDeferred", self.on(Mail, Deferred)),
            ("MailDead", self.on(Mail, Dead)),
            ("MailWithheld", self.on(Mail, Withheld)),
            ("WeChatSent", self.on(WeChat, Sent)),
            ("WeChatDeferred", self.on(WeChat, Deferred)),
            ("WeChatDead", self.on(WeChat, Dead)),
            ("CallsMade", self.on(Call, Sent)),
            ("CallsDeferred", self.on(Call, Deferred)),
            ("CallsDead", self.on(Call, Dead)),
            ("CallsWithheld", self.on(Call, Withheld)),
            ("MessagesHeld", self.of(Held)),
        ]
    }
}
