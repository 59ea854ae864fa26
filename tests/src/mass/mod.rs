//! A run of very many messages, against a provider of mail that fails as providers do and the stand-in for WeChat: the
//! sender is a process of its own, which is killed half way. What came of it is counted on both ends.

pub mod provider;
mod sender;
mod world;

use common::store::{Lane, OutboxState, Store};
use domain::{date::Instant, delivery::Channel};
use futures_util::{StreamExt, stream};
use provider::{Event, by_number, is_unknown};
pub use sender::{Sender, send};
use std::{collections::BTreeMap, time::Duration};
use world::World;

/// Messages that one sender has under way at most: what a kill may have sent twice.
pub const UNDER_WAY: usize = 32;
/// Seconds between one run of the sender and the next: the waits between attempts are longer at last, so there are more runs.
const BETWEEN_RUNS: i64 = 900;
/// Runs after which it's said that some were forgotten.
const MOST_RUNS: usize = 40;

/// How many, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Messages.
    pub messages: u32,
    /// Mails in a second.
    pub per_second: u32,
}

/// What came of a run.
#[derive(Debug)]
pub struct Findings {
    /// Messages by how they ended, by which channel, and why where they didn't arrive.
    pub ended: BTreeMap<(Option<Channel>, String, String), usize>,
    /// Messages that were neither sent nor given up.
    pub forgotten: Vec<u32>,
    /// Messages whose end isn't the one that their number stands for.
    pub surprises: Vec<(u32, String)>,
    /// Mails that were taken twice since the provider's answer was lost.
    pub twice_for_lost_answers: usize,
    /// Mails and messages that were taken twice since the sender was killed before it marked them.
    pub twice_for_the_kill: usize,
    /// Mails offered in the busiest second, by the provider's clock.
    pub busiest_second: usize,
    /// Mails offered, and the seconds from the first to the last in each run of the sender.
    pub offered: Vec<(usize, f64)>,
    /// The sender's memory in bytes: the most in the first fifth of its longest run, and in the rest.
    pub memory: (u64, u64),
}

/// Goes through all of it. `progress` is told how many were taken, of how many.
pub async fn run(plan: Plan, progress: impl Fn(usize, usize)) -> Findings {
    let world = World::start(plan).await;
    world.fill().await;
    let total = plan.messages as usize;
    let taken = || world.provider.taken() + world.wechat.messages().len();
    let mut memory: Vec<u64> = Vec::new();
    let mut offered = Vec::new();
    let mut now = World::first_sweep();
    for run in 0..MOST_RUNS {
        let before = world.provider.log().len();
        let mut sender = world.sender(now);
        let mut seen = Vec::new();
        loop {
            let done = taken();
            progress(done.min(total), total);
            seen.extend(sender.memory());
            if run == 0 && done >= total / 2 {
                sender.kill();
                break;
            }
            if sender.has_ended() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if seen.len() > memory.len() {
            memory = seen;
        }
        let came: Vec<_> = world.provider.log()[before..]
            .iter()
            .filter(|(_, event, _)| *event == Event::Came)
            .map(|(at, ..)| *at)
            .collect();
        let lasted = came.last().zip(came.first()).map_or(0.0, |(last, first)| last - first);
        offered.push((came.len(), lasted));
        now = now.plus_seconds(BETWEEN_RUNS);
        if run > 0 && nothing_waits(&world.store).await {
            break;
        }
    }
    let (first, rest) = memory.split_at(memory.len() / 5);
    let most = |samples: &[u64]| samples.iter().copied().max().unwrap_or_default();
    let memory = (most(first), most(rest));
    let mut findings = look(&world, plan).await;
    (findings.offered, findings.memory) = (offered, memory);
    findings
}

async fn nothing_waits(store: &Store) -> bool {
    for lane in Lane::ALL {
        if store.waiting_since(lane).await.expect("the outbox").is_some() {
            return false;
        }
    }
    true
}

/// Counts on both ends.
async fn look(world: &World, plan: Plan) -> Findings {
    let log = world.provider.log();
    let mails = by_number(&log);
    let items = stream::iter(0..plan.messages)
        .map(|number| async move {
            let item = world.store.outbox_item(&world::id(number)).await.expect("the outbox");
            (number, item.expect("a message"))
        })
        .buffered(16)
        .collect::<Vec<_>>()
        .await;
    let mut findings = Findings {
        ended: BTreeMap::new(),
        forgotten: Vec::new(),
        surprises: Vec::new(),
        twice_for_lost_answers: 0,
        twice_for_the_kill: 0,
        busiest_second: busiest_second(&log),
        offered: Vec::new(),
        memory: (0, 0),
    };
    let by_wechat = world.by_wechat();
    for (number, item) in items {
        let channel = item.trail.last().map(|attempt| attempt.channel);
        let error = item.last_error.clone().unwrap_or_default();
        let code = error.split(':').next().unwrap_or_default().to_owned();
        *findings.ended.entry((channel, format!("{:?}", item.state), code)).or_default() += 1;
        let count =
            |event| mails.get(&number).and_then(|events| events.get(&event)).copied().unwrap_or_default();
        let (taken, unsaid) = (count(Event::Taken), count(Event::Unsaid));
        let copies = taken + by_wechat.get(&number).copied().unwrap_or_default();
        let arrived = match item.state {
            OutboxState::Pending | OutboxState::Withheld => {
                findings.forgotten.push(number);
                continue;
            }
            OutboxState::Sent => true,
            OutboxState::Dead => false,
        };
        let expected = !is_unknown(number) || channel == Some(Channel::WeChat);
        if arrived != expected || arrived != (copies > 0) {
            findings.surprises.push((number, format!("{:?} {copies} {error}", item.state)));
        }
        findings.twice_for_lost_answers += unsaid;
        findings.twice_for_the_kill += copies.saturating_sub(1 + unsaid);
    }
    findings
}

fn busiest_second(log: &[(f64, Event, u32)]) -> usize {
    let came: Vec<_> = log.iter().filter(|(_, event, _)| *event == Event::Came).map(|(at, ..)| *at).collect();
    let (mut most, mut first) = (0, 0);
    for (place, at) in came.iter().enumerate() {
        while came[first] <= at - 1.0 {
            first += 1;
        }
        most = most.max(place + 1 - first);
    }
    most
}

impl Findings {
    /// What is wrong; nothing where all is as it should be.
    pub fn faults(&self, plan: Plan) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |wrong: bool, text: String| {
            if wrong {
                faults.push(text);
            }
        };
        let ended: usize = self.ended.values().sum();
        fault(ended != plan.messages as usize, format!("{ended} messages of {}", plan.messages));
        fault(!self.forgotten.is_empty(), format!("forgotten: {:?}", self.forgotten));
        fault(!self.surprises.is_empty(), format!("ended otherwise: {:?}", self.surprises));
        fault(self.twice_for_the_kill > UNDER_WAY, format!("{} twice for the kill", self.twice_for_the_kill));
        for (mails, seconds) in &self.offered {
            // The slots lie a step apart, so that many can't come in less time, but for the way they take to get there.
            #[allow(clippy::cast_precision_loss)] // some thousands
            let least = (*mails as f64 - UNDER_WAY as f64) / f64::from(plan.per_second) - 1.0;
            fault(*seconds < least, format!("{mails} mails in {seconds} seconds"));
        }
        let (first, rest) = self.memory;
        // What is under way, what a page holds, and what the allocator keeps.
        fault(rest > first + first / 4 + (16 << 20), format!("memory grew from {first} to {rest}"));
        faults
    }
}

/// When the run begins.
pub fn start() -> Instant {
    "2029-03-01T09:00:00+08:00".parse().expect("an instant")
}
