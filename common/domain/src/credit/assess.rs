//! Assessment: a set of records against a cycle. How it counts is [`super::count`]'s.

use super::{
    CreditCategory, CreditForm, CreditRecord, CreditState, Cycle, Hours, HoursShortfall, Uncounted, Why,
    activity::Activity,
    count::{ALL, Entry, Scope, count},
    likeness::{Likeness, within},
};
use crate::{date::CalendarDate, id::CreditId, rules::RuleSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a cycle's records come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assessment {
    /// The cycle.
    pub cycle: Cycle,
    /// 学时 or 小时
    pub unit: String,
    /// Asked for, counted, missing.
    pub shortfall: HoursShortfall,
    /// What would be missing if every claim that waits were recognised in full.
    pub with_pending: HoursShortfall,
    /// Hours of values and ethics asked for.
    pub ethics_required: Hours,
    /// By form; forms without a record aren't there.
    pub by_form: BTreeMap<CreditForm, Tally>,
    /// By category.
    pub by_category: BTreeMap<CreditCategory, Tally>,
    /// When the renewal can be submitted.
    pub renewal: RenewalOutlook,
    /// Every record given, by the day it was done.
    pub lines: Vec<Line>,
}

/// Hours of one form or category.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tally {
    /// Hours claimed or recorded for this cycle.
    pub claimed: Hours,
    /// Hours that count.
    pub counted: Hours,
    /// Hours that would count if a cap weren't reached.
    pub capped: Hours,
    /// Hours of claims that wait.
    pub pending: Hours,
    /// The most that counts; none where there is no cap.
    pub cap: Option<Hours>,
}

/// When a renewal can be submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RenewalOutlook {
    /// First day of the window.
    pub opens: CalendarDate,
    /// Last day of the window.
    pub closes: CalendarDate,
    /// The earliest day on which hours and window allow it; none while hours are missing.
    pub possible_from: Option<CalendarDate>,
}

/// One record: what of it counts, and why the rest doesn't. The hours that count and those that don't come to the hours
/// claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Line {
    /// The record.
    pub credit: CreditId,
    /// How far it has come.
    pub state: CreditState,
    /// Hours claimed or recorded.
    pub claimed: Hours,
    /// Hours that count.
    pub counted: Hours,
    /// Hours that don't, each with its reason.
    pub uncounted: Vec<Uncounted>,
    /// Other records that it looks like. Nothing is taken off for it: a person decides.
    pub likenesses: Vec<Likeness>,
}

/// Assesses `credits` against `cycle` under the `rules` it runs by.
///
/// `credits` are one holder's, of any cycle and in any state and order. A record counts when it's recorded by a provider
/// or recognised, was claimed for this cycle and done within it (or, in the first one and where the rules allow it,
/// before), and as far as conversion and caps reach.
pub fn assess(cycle: &Cycle, credits: &[CreditRecord], rules: &RuleSet) -> Assessment {
    let entries = count(cycle, credits, rules, ALL);
    let with_pending =
        shortfall(cycle, &count(cycle, credits, rules, Scope { pending_too: true, ..ALL }), rules);
    let shortfall = shortfall(cycle, &entries, rules);
    let (opens, closes) = (rules.renewal_opens(cycle.end), rules.renewal_closes(cycle.end));
    let done = shortfall.is_met().then(|| met_on(cycle, credits, rules)).flatten();
    let mut by_form: BTreeMap<CreditForm, Tally> = BTreeMap::new();
    let mut by_category: BTreeMap<CreditCategory, Tally> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.record.cycle_start == cycle.start) {
        let Activity { form, category, .. } = entry.record.activity;
        let cap = rules.hours.caps.get(&form).map(|cap| **cap);
        by_form.entry(form).or_insert(Tally { cap, ..Tally::default() }).add(entry);
        by_category.entry(category).or_default().add(entry);
    }
    let mut alike = within(credits);
    let line = |entry: Entry<'_>| Line {
        credit: entry.record.id.clone(),
        state: entry.record.state,
        claimed: entry.record.claimed,
        counted: entry.hours,
        uncounted: entry
            .out
            .into_iter()
            .map(|(why, hours, other)| Uncounted::new(why, hours, other, entry.record, cycle, rules))
            .collect(),
        likenesses: alike.remove(&entry.record.id).unwrap_or_default(),
    };
    Assessment {
        unit: rules.hours.unit.to_string(),
        ethics_required: shortfall.required.percent(*rules.hours.ethics_percent),
        shortfall,
        with_pending,
        by_form,
        by_category,
        renewal: RenewalOutlook { opens, closes, possible_from: done.map(|day| day.max(opens)) },
        lines: entries.into_iter().map(line).collect(),
        cycle: cycle.clone(),
    }
}

impl Assessment {
    /// Hours of claims that wait.
    pub fn pending(&self) -> Hours {
        self.by_category.values().map(|tally| tally.pending).sum()
    }

    /// The line of record `id`.
    pub fn line(&self, id: &CreditId) -> Option<&Line> {
        self.lines.iter().find(|line| line.credit == *id)
    }
}

impl Tally {
    fn add(&mut self, entry: &Entry<'_>) {
        self.claimed = self.claimed.plus(entry.record.claimed);
        self.counted = self.counted.plus(entry.hours);
        for (why, hours, _) in &entry.out {
            match why {
                Why::OverFormCap | Why::OverCycleCap => self.capped = self.capped.plus(*hours),
                Why::Pending => self.pending = self.pending.plus(*hours),
                _ => {}
            }
        }
    }
}

/// The day by which everything that is asked for was done; none where it wasn't.
///
/// What counts of the records done by a day never falls as the day moves on, so the day is searched for by halves.
fn met_on(cycle: &Cycle, credits: &[CreditRecord], rules: &RuleSet) -> Option<CalendarDate> {
    let mut days: Vec<_> = credits.iter().map(|credit| credit.activity.done_to).collect();
    days.push(cycle.start);
    days.sort_unstable();
    days.dedup();
    let short = |day: &CalendarDate| {
        let scope = Scope { until: Some(*day), ..ALL };
        !shortfall(cycle, &count(cycle, credits, rules, scope), rules).is_met()
    };
    days.get(days.partition_point(short)).copied()
}

fn shortfall(cycle: &Cycle, entries: &[Entry<'_>], rules: &RuleSet) -> HoursShortfall {
    let required = rules.hours_required(cycle.level).map_or(Hours::ZERO, |hours| **hours);
    let counted = entries.iter().map(|entry| entry.hours).sum();
    let ethics = entries.iter().filter(|entry| entry.record.activity.category == CreditCategory::Ethics);
    let ethics = ethics.map(|entry| entry.hours).sum();
    HoursShortfall {
        required,
        counted,
        missing: required.minus(counted),
        ethics_missing: required.percent(*rules.hours.ethics_percent).minus(ethics),
    }
}
