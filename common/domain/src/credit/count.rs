//! Counting: what of each record is in, what is out, and why.
//!
//! # How caps are counted
//!
//! Caps nest: each form has at most one, and a cycle may have one over all forms. Over such nested caps filling greedily
//! is optimal: the total is `min(cycle cap, Σ over forms of min(form cap, hours of the form))` whatever the order the
//! records are taken in. So the order is free to serve something else: records of values and ethics are taken first,
//! those of all forms before any other record. Ethics hours then come to `min(cycle cap, Σ min(form cap, ethics hours
//! of the form))`, the most there can be, and at no cost in total. A holder whose seminars overrun their cap isn't short
//! of ethics because the wrong seminar was counted.
//!
//! Both formulas are sums of minima of sums: they don't depend on the order of the records, and neither falls when a
//! record is added. Within ethics and within the rest, the earlier activity is taken first, then the smaller id, so
//! that the lines of a transcript are the same each time, too.
//!
//! One activity counts once: of several records of the same course (or degree) the one with the most hours counts. Since
//! form and category are the course's, a second record of it can only raise what the course gives.

use super::{
    CreditCategory, CreditForm, CreditRecord, CreditState, Cycle, Hours, Why,
    activity::{Activity, DegreeLevel},
    conversion::Worth,
};
use crate::{
    date::CalendarDate,
    id::{CourseId, CreditId},
    rules::{Filing, RuleSet},
};
use std::{cmp::Reverse, collections::BTreeMap};

/// What makes two records the same activity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ActivityKey {
    Course(CourseId),
    Degree(DegreeLevel),
}

impl ActivityKey {
    pub(crate) fn of(activity: &Activity, rules: &RuleSet) -> Option<Self> {
        if !*rules.hours.one_activity_once {
            return None;
        }
        match activity.particulars.degree_level {
            Some(level) if activity.form == CreditForm::Degree && activity.particulars.degree_awarded => {
                Some(Self::Degree(level))
            }
            _ => activity.course.clone().map(Self::Course),
        }
    }
}

/// One record on its way through the count.
pub(super) struct Entry<'a> {
    pub record: &'a CreditRecord,
    /// What is still in the running.
    pub hours: Hours,
    /// What fell out, and why.
    pub out: Vec<(Why, Hours, Option<CreditId>)>,
}

impl Entry<'_> {
    /// Takes out all but `most` hours.
    fn keep(&mut self, most: Hours, why: Why, other: Option<&CreditId>) {
        let rest = self.hours.minus(most);
        if !rest.is_zero() {
            self.out.push((why, rest, other.cloned()));
            self.hours = self.hours.min(most);
        }
    }
}

/// Which records are looked at, and how.
#[derive(Clone, Copy)]
pub(super) struct Scope {
    /// Only what was done by this day.
    pub until: Option<CalendarDate>,
    /// As if claims that wait were recognised.
    pub pending_too: bool,
}

pub(super) const ALL: Scope = Scope { until: None, pending_too: false };

/// Counts: what of each record is in, what is out and why. By the day it was done.
pub(super) fn count<'a>(
    cycle: &Cycle,
    credits: &'a [CreditRecord],
    rules: &RuleSet,
    scope: Scope,
) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'_>> = credits
        .iter()
        .filter(|credit| scope.until.is_none_or(|day| credit.activity.done_to <= day))
        .map(|credit| sift(cycle, credit, rules, scope.pending_too))
        .collect();
    entries.sort_by(|a, b| {
        let key = |entry: &Entry<'a>| (entry.record.activity.done_to, &entry.record.id);
        key(a).cmp(&key(b))
    });
    once(cycle, credits, &mut entries, rules);
    cap(&mut entries, rules);
    entries
}

/// What of one record is in the running, others and caps aside.
fn sift<'a>(cycle: &Cycle, record: &'a CreditRecord, rules: &RuleSet, pending_too: bool) -> Entry<'a> {
    let mut entry = Entry { record, hours: record.claimed, out: Vec::new() };
    let pending = pending_too && record.state == CreditState::Pending;
    if let Some(why) = shut_out(cycle, record, rules, pending) {
        entry.keep(Hours::ZERO, why, None);
        return entry;
    }
    if !pending {
        entry.keep(record.recognised, Why::RecognisedInPart, None);
    }
    let worth = rules
        .credit_form(record.activity.form)
        .map_or(Worth::None, |form| form.conversion.worth(&record.activity));
    let why = if worth == Worth::None { Why::NoConversion } else { Why::OverConversion };
    entry.keep(worth.limit(entry.hours), why, None);
    entry
}

/// Why a record doesn't count at all.
fn shut_out(cycle: &Cycle, record: &CreditRecord, rules: &RuleSet, pending: bool) -> Option<Why> {
    let activity = &record.activity;
    // Where it belongs comes first: what was decided on it elsewhere is no matter of this cycle.
    if record.cycle_start != cycle.start {
        return Some(Why::OtherCycle);
    }
    match record.state {
        CreditState::Refused => return Some(Why::Refused),
        CreditState::Withdrawn => return Some(Why::Withdrawn),
        CreditState::Voided => return Some(Why::Voided),
        _ => {}
    }
    if activity.done_to > cycle.end {
        return Some(Why::AfterCycle);
    }
    let early_counts = cycle.first && *rules.hours.before_first_registration;
    if activity.done_to < cycle.start && !early_counts {
        return Some(Why::BeforeCycle);
    }
    if record.unit != *rules.hours.unit {
        return Some(Why::OtherUnit);
    }
    let form = rules.credit_form(activity.form);
    if form.is_none_or(|form| !*form.accepted) {
        return Some(Why::FormNotAccepted);
    }
    if !is_on_record(activity, rules) {
        return Some(Why::NotOnRecord);
    }
    // Last, so that somebody who waits for a decision is told beforehand what it can't change.
    match record.state {
        CreditState::Draft => Some(Why::Draft),
        CreditState::Pending if !pending => Some(Why::Pending),
        _ => None,
    }
}

/// True where an activity was put on record as the rules ask of its form.
pub(crate) fn is_on_record(activity: &Activity, rules: &RuleSet) -> bool {
    let filing = rules.credit_form(activity.form).and_then(|form| form.filing.as_ref());
    let filing = filing.map_or(Filing::None, |filing| **filing);
    let particulars = &activity.particulars;
    match filing {
        Filing::None => true,
        Filing::AnyTime => particulars.filing_number.is_some(),
        Filing::Beforehand => {
            particulars.filing_number.is_some()
                && particulars.filed_on.is_some_and(|day| day <= activity.done_from)
        }
    }
}

/// One activity counts once: of its records the one with the most hours, and none where an earlier cycle has it.
fn once(cycle: &Cycle, credits: &[CreditRecord], entries: &mut [Entry<'_>], rules: &RuleSet) {
    let mut earlier: BTreeMap<ActivityKey, &CreditId> = BTreeMap::new();
    for credit in credits.iter().filter(|credit| {
        credit.cycle_start < cycle.start && credit.state.counts() && !credit.recognised.is_zero()
    }) {
        if let Some(key) = ActivityKey::of(&credit.activity, rules) {
            let held = earlier.entry(key).or_insert(&credit.id);
            *held = (*held).min(&credit.id);
        }
    }
    let mut best: BTreeMap<ActivityKey, usize> = BTreeMap::new();
    let rank = |entry: &Entry<'_>| {
        let ethics = entry.record.activity.category == CreditCategory::Ethics;
        (entry.hours, ethics, Reverse(entry.record.id.clone()))
    };
    for index in 0..entries.len() {
        if entries[index].hours.is_zero() {
            continue;
        }
        let Some(key) = ActivityKey::of(&entries[index].record.activity, rules) else { continue };
        if let Some(other) = earlier.get(&key) {
            entries[index].keep(Hours::ZERO, Why::CountedInEarlierCycle, Some(other));
            continue;
        }
        let Some(&held) = best.get(&key) else {
            best.insert(key, index);
            continue;
        };
        let (winner, loser) =
            if rank(&entries[index]) > rank(&entries[held]) { (index, held) } else { (held, index) };
        let other = entries[winner].record.id.clone();
        entries[loser].keep(Hours::ZERO, Why::SameActivity, Some(&other));
        best.insert(key, winner);
    }
    // A loser names who won in the end, not who beat it on the way.
    for (key, winner) in best {
        let id = entries[winner].record.id.clone();
        for entry in entries.iter_mut() {
            if ActivityKey::of(&entry.record.activity, rules).as_ref() != Some(&key) {
                continue;
            }
            for (_, _, other) in entry.out.iter_mut().filter(|(why, ..)| *why == Why::SameActivity) {
                *other = Some(id.clone());
            }
        }
    }
}

/// Caps, ethics first; see the module's words on why.
fn cap(entries: &mut [Entry<'_>], rules: &RuleSet) {
    let mut room: BTreeMap<CreditForm, Hours> =
        rules.hours.caps.iter().map(|(form, cap)| (*form, **cap)).collect();
    let mut cycle_room = rules.hours.cycle_cap.as_ref().map(|cap| **cap);
    for ethics in [true, false] {
        for entry in entries.iter_mut() {
            let Activity { form, category, .. } = entry.record.activity;
            if (category == CreditCategory::Ethics) != ethics {
                continue;
            }
            if let Some(room) = room.get(&form) {
                entry.keep(*room, Why::OverFormCap, None);
            }
            if let Some(room) = cycle_room {
                entry.keep(room, Why::OverCycleCap, None);
            }
            // What the cycle's cap left out takes no room of its form.
            if let Some(room) = room.get_mut(&form) {
                *room = room.minus(entry.hours);
            }
            cycle_room = cycle_room.map(|room| room.minus(entry.hours));
        }
    }
}
