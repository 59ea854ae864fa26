//! The morning's digest: what waits for a member of staff, planned once for each of them on each working day, and only
//! where there is something to say.
//!
//! Reviewers are told what waits at their stage in their area. Administrators are told what is overdue at a stage from
//! which applications rise to them, in each area of theirs that has reviewers.

use crate::{
    actor::Role,
    application::Stage,
    contact::EmailAddress,
    date::{CalendarDate, Instant},
    district::Area,
    id::StaffId,
    rules::{RuleLibrary, StageRules, WorkingDays},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// From when on a digest is planned, in hours of Beijing's clock.
const FROM_HOUR: i64 = 6;
/// Until when a run that comes late still plans it: what comes later is told the next morning.
const UNTIL_HOUR: i64 = 18;

/// How much waits in a queue. Each number may be cut: then there are more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueCounts {
    /// How many wait.
    pub waiting: u64,
    /// True where even more wait than were counted.
    pub waiting_more: bool,
    /// How many of them are due soon: within the working days that the rules name.
    pub due_soon: u64,
    /// True where even more are due soon than were counted.
    pub due_soon_more: bool,
    /// How many of them are overdue.
    pub overdue: u64,
    /// True where even more are overdue than were counted.
    pub overdue_more: bool,
}

/// What a queue is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// Applications.
    Applications,
    /// Claimed hours, and samples.
    Hours,
}

/// A queue that a member of staff is told of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Desk {
    /// Of what.
    pub of: Waiting,
    /// At which stage.
    pub stage: Stage,
    /// In which area.
    pub area: Area,
}

/// One queue in a digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestLine {
    /// Which queue.
    pub desk: Desk,
    /// How much waits in it.
    pub counts: QueueCounts,
    /// True where the reader doesn't decide it, and is told since what is overdue has risen to them.
    pub supervised: bool,
}

/// A digest for one member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Follows from who and the day: there is one of each.
    pub id: String,
    /// For whom.
    pub staff: StaffId,
    /// Where it goes.
    pub to: EmailAddress,
    /// How the reader is addressed.
    pub name: String,
    /// When it was counted.
    pub at: Instant,
    /// Working days within which something is due soon.
    pub soon_working_days: u16,
    /// The queues, as far as there is something to say.
    pub lines: Vec<DigestLine>,
}

/// A member of staff, as far as a digest asks.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// Who.
    pub staff: &'a StaffId,
    /// What they may do.
    pub roles: &'a BTreeSet<Role>,
    /// The area they are appointed for; the whole country where none is named.
    pub area: Option<&'a Area>,
    /// Where it goes; nobody is written to without.
    pub email: Option<&'a EmailAddress>,
    /// How they are addressed.
    pub name: &'a str,
}

/// The day whose digest is planned at `now`: today, on a working day between six in the morning and six in the evening.
pub fn day(now: Instant, calendar: &WorkingDays) -> Option<CalendarDate> {
    let today = now.day();
    let hour = (now.unix_seconds() - today.start().unix_seconds()) / 3600;
    ((FROM_HOUR..UNTIL_HOUR).contains(&hour) && calendar.is_working(today)).then_some(today)
}

impl Reader<'_> {
    /// The queues that they decide.
    pub fn desks(&self, library: &RuleLibrary) -> BTreeSet<Desk> {
        let Some(area) = self.area else { return BTreeSet::new() };
        let rules = library.for_district(Some(&area.district()));
        let held = |stage: &&StageRules| self.roles.contains(&stage.stage.reviewer());
        let desks = rules.review.stages.iter().filter(held).flat_map(|held| {
            let desk = |of| Desk { of, stage: held.stage, area: area.clone() };
            let hours = (*rules.hours.claim_stage == held.stage).then(|| desk(Waiting::Hours));
            std::iter::once(desk(Waiting::Applications)).chain(hours)
        });
        desks.collect()
    }

    /// Of the queues that `decided` ones are, those from which applications rise to them.
    pub fn supervises<'d>(
        &self,
        decided: impl Iterator<Item = &'d Desk>,
        library: &RuleLibrary,
    ) -> BTreeSet<&'d Desk> {
        let rises = |desk: &&Desk| {
            let rules = library.for_district(Some(&desk.area.district()));
            let to = rules.stage(desk.stage).and_then(|stage| stage.rises_to.as_deref());
            desk.of == Waiting::Applications
                && to == Some(&Role::Administrator)
                && self.area.is_none_or(|reach| desk.area.as_str().starts_with(reach.as_str()))
        };
        let administers = self.roles.contains(&Role::Administrator);
        decided.filter(|_| administers).filter(rises).collect()
    }

    /// Their digest of `day`, by what was counted of each queue. None where there is nothing to say, or nowhere to send it.
    pub fn digest(
        &self,
        counted: &BTreeMap<Desk, QueueCounts>,
        library: &RuleLibrary,
        now: Instant,
    ) -> Option<Digest> {
        let to = self.email?.clone();
        let own = self.desks(library);
        let supervised = self.supervises(counted.keys(), library);
        let lines: Vec<_> = counted
            .iter()
            .filter_map(|(desk, counts)| {
                let decides = own.contains(desk);
                let told =
                    (decides && counts.waiting > 0) || (supervised.contains(desk) && counts.overdue > 0);
                told.then(|| DigestLine { desk: desk.clone(), counts: *counts, supervised: !decides })
            })
            .collect();
        if lines.is_empty() {
            return None;
        }
        let district = self.area.map(Area::district);
        Some(Digest {
            id: format!("{}-digest-{}", self.staff, now.day().compact()),
            staff: self.staff.clone(),
            to,
            name: self.name.to_owned(),
            at: now,
            soon_working_days: *library.for_district(district.as_ref()).review.due_soon_working_days,
            lines,
        })
    }
}
