//! What is done with records of continuing education: claimed, recorded, decided, sampled.
//!
//! As in [`crate::application`], each command is a pure function from the state, the rules and the time to a [`Change`] or
//! a [`Refusal`]. Which hours count is never decided here: that is [`crate::credit::assess`]'s alone.

mod advice;
mod alike;
mod audit;
mod check;
mod claim;
mod course;
mod ended;
mod evidence;
mod preview;
mod provide;
mod review;
mod roster;
mod row;
mod sample;
mod submit;
mod table;
mod void;
mod waiting;

pub use advice::advice;
pub use alike::alike_key;
pub use audit::{ask_for_evidence, draw, evidence_due};
pub use claim::{ClaimInput, claim, edit_claim, withdraw_claim};
pub use course::{CourseInput, MOST_PROVIDER, MOST_TITLE, offer, withdraw_course};
pub(crate) use ended::close_waiting;
pub use ended::{GROUND_ENDED, ended_due};
pub use evidence::{EvidenceRequest, confirm_evidence, remove_evidence, request_evidence};
pub use preview::{Obstacle, Preview, preview};
pub use provide::{Correction, Row, correct, own_record, record, strike};
pub use review::{
    CreditDecision, CreditOutcome, CycleLook, Look, check_view, decide, look, look_at_cycle, recognise,
    refuse,
};
pub use roster::{
    CHUNK_ROWS, Lease, MOST_ROSTER_BYTES, MOST_ROWS, Roster, RosterFailure, RosterFormat, RosterState,
    Unregistered,
};
pub use row::{RowChunk, RowOutcome, RowResult};
pub use sample::{
    MOST_DRAWN, MOST_POPULATION, Month, Sample, SampleId, SampleInput, check_sample, draw_sample, sample_area,
};
pub use submit::{lacking, submit};
pub use table::{NoTable, TABLE_HEAD_BYTES, table_head};
pub use void::{Consequence, ConsequenceKind, VoidEffect, preview_void, void, void_effect};
pub use waiting::{WaitingRow, check_waiting};

use crate::{
    actor::{Actor, Reviewer},
    application::{Change, JournalAction, Reason, reason_text},
    credit::{Assessment, ClosedCycle, CreditRecord, CreditRefusal, Cycle, Hours, assess},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    error::Refusal,
    notification::{HoursLine, Message, Notification, ReasonLine},
    registration::{Registration, RegistrationNumber, RegistrationStatus},
    rules::{RuleLibrary, RuleSet},
};

/// Where a record stands: its registration, its cycle, the renewal that closed it, and the rules of that cycle. A change
/// of rules never touches an open cycle: the version is the cycle's own.
#[derive(Clone, Copy)]
struct Place<'a> {
    registration: &'a Registration,
    cycle: &'a Cycle,
    closed: Option<&'a ClosedCycle>,
    rules: &'a RuleSet,
}

impl<'a> Place<'a> {
    fn of(dossier: &'a Dossier, record: &CreditRecord, library: &'a RuleLibrary) -> Result<Self, Refusal> {
        let (registration, cycle, closed) = dossier.cycle_of(record).ok_or(CreditRefusal::UnknownCredit)?;
        Ok(Self { registration, cycle, closed, rules: library.get(&cycle.rules) })
    }

    /// The open cycle in which something done by `done_to` would count.
    fn open(
        dossier: &'a Dossier,
        number: Option<&RegistrationNumber>,
        done_to: CalendarDate,
        library: &'a RuleLibrary,
    ) -> Result<Self, Refusal> {
        let mut active = dossier.registrations.iter().filter(|registration| {
            registration.status == RegistrationStatus::Active
                && number.is_none_or(|number| registration.number == *number)
        });
        let registration = match (active.next(), active.next()) {
            (Some(registration), None) => registration,
            (Some(_), Some(_)) => return Err(Refusal::RegistrationNumberNeeded),
            (None, _) => return Err(CreditRefusal::NotRegistered.into()),
        };
        let cycle = &registration.cycle;
        let rules = library.get(&cycle.rules);
        // Also those of a registration of the same certificate that ended: what it used stays used.
        let certificate = &registration.certificate.management_number;
        let closed = dossier
            .registrations
            .iter()
            .filter(|other| other.certificate.management_number == *certificate)
            .flat_map(|other| &other.closed)
            .find(|closed| done_to <= closed.cycle.end);
        if let Some(ClosedCycle { cycle: Cycle { start, end, .. }, .. }) = closed {
            return Err(CreditRefusal::CycleClosed { start: *start, end: *end }.into());
        }
        if done_to > cycle.end && registration.pending_renewal.is_some() {
            return Err(CreditRefusal::NextCycleNotOpen { end: cycle.end }.into());
        }
        let early_counts = cycle.first && *rules.hours.before_first_registration;
        if done_to > cycle.end || (done_to < cycle.start && !early_counts) {
            let rule = if cycle.first && done_to < cycle.start {
                rules.cite("hours.before_first_registration", &rules.hours.before_first_registration)
            } else {
                rules.cite_hours(cycle.level)
            };
            return Err(CreditRefusal::OutsideCycle { start: cycle.start, end: cycle.end, rule }.into());
        }
        Ok(Self { registration, cycle, closed: None, rules })
    }

    /// As [`Self::of`], of a record that is the holder's own. A draft past its day is gone for everyone but the store's
    /// own clean-up, which may lag by days.
    fn own(
        dossier: &'a Dossier,
        record: &CreditRecord,
        library: &'a RuleLibrary,
        now: Instant,
    ) -> Result<Self, Refusal> {
        let kept = record.draft_expires_at().is_none_or(|expiry| expiry > now);
        if kept && record.holder == dossier.profile.holder {
            Self::of(dossier, record, library)
        } else {
            Err(CreditRefusal::UnknownCredit.into())
        }
    }

    /// Refuses what, done by `done_to`, would count in another cycle than this one, or in none.
    fn check_same_cycle(
        &self,
        dossier: &Dossier,
        done_to: CalendarDate,
        library: &RuleLibrary,
    ) -> Result<(), Refusal> {
        let target = Place::open(dossier, Some(&self.registration.number), done_to, library)?;
        if target.cycle.start == self.cycle.start {
            return Ok(());
        }
        let (start, end) = (self.cycle.start, self.cycle.end);
        let rule = self.rules.cite_hours(self.cycle.level);
        Err(CreditRefusal::OutsideCycle { start, end, rule }.into())
    }

    /// Refuses what would change hours that an approved renewal has used.
    fn check_unlocked(&self, wanted: &'static str) -> Result<(), Refusal> {
        self.closed.map_or(Ok(()), |closed| {
            Err(CreditRefusal::Locked { renewal: closed.renewal.clone(), wanted }.into())
        })
    }

    /// The cycle with `next` in the place of what it follows.
    fn assess_with(&self, dossier: &Dossier, next: &CreditRecord) -> Assessment {
        assess(self.cycle, &with(dossier, next), self.rules)
    }

    /// The change that puts `next`, journalled and told.
    fn change(
        &self,
        dossier: &Dossier,
        next: CreditRecord,
        (by, action): (Actor, JournalAction),
        reasons: Vec<Reason>,
        message: impl FnOnce(HoursLine) -> Option<Message>,
    ) -> Change {
        let now = next.updated_at;
        let mut change = Change::new(next.holder.clone(), by, action, now);
        change.journal.reasons = reasons;
        change.journal.rule = Some(self.rules.cite_hours(self.cycle.level));
        let line = self.line(dossier, &next);
        change.notifications.extend(message(line).map(|message| self.tell(&next, action, now, message)));
        change.registration = self.shaken(dossier, &next);
        change.credit = Some(Box::new(next));
        change
    }

    /// The registration's next version, where `next` changes hours that a renewal under review is decided on: of the
    /// approval and the change, whichever comes second finds another version than it has read.
    fn shaken(&self, dossier: &Dossier, next: &CreditRecord) -> Option<Registration> {
        let hours =
            |record: &CreditRecord| if record.state.counts() { record.recognised } else { Hours::ZERO };
        let before = dossier.credit(&next.id).map_or(Hours::ZERO, hours);
        let waits = self.closed.is_none() && self.registration.pending_renewal.is_some();
        (waits && hours(next) != before)
            .then(|| Registration { version: self.registration.version + 1, ..self.registration.clone() })
    }

    fn line(&self, dossier: &Dossier, next: &CreditRecord) -> HoursLine {
        let hours = self.assess_with(dossier, next);
        HoursLine {
            credit: next.id.clone(),
            title: next.activity.title.as_str().to_owned(),
            form: next.activity.form.label().to_owned(),
            done_to: next.activity.done_to,
            tenths: if next.recognised.is_zero() { next.claimed } else { next.recognised }.tenths(),
            unit: hours.unit,
            required_tenths: hours.shortfall.required.tenths(),
            counted_tenths: hours.shortfall.counted.tenths(),
            ethics_missing_tenths: hours.shortfall.ethics_missing.tenths(),
        }
    }

    /// A notification to the address that is registered. Its id follows from the record, its version and what was done.
    fn tell(
        &self,
        record: &CreditRecord,
        action: JournalAction,
        now: Instant,
        message: Message,
    ) -> Notification {
        let what = match action {
            JournalAction::HoursClaimed => "claimed",
            JournalAction::HoursRecorded => "recorded",
            JournalAction::HoursCorrected => "corrected",
            JournalAction::HoursStruck => "struck",
            JournalAction::HoursRecognised => "recognised",
            JournalAction::HoursRefused => "refused",
            JournalAction::HoursVoided => "voided",
            _ => "evidence",
        };
        Notification {
            id: format!("{}-v{}-{what}", record.id, record.version),
            holder: record.holder.clone(),
            to: self.registration.email.clone(),
            name: self.registration.name.as_str().to_owned(),
            at: now,
            message,
        }
    }

    /// Checks that `reviewer` may decide `record`, as `stage` does: it lies in their area and isn't their own.
    fn check_reviewer(
        &self,
        dossier: &Dossier,
        record: &CreditRecord,
        reviewer: &Reviewer,
        stage: crate::application::Stage,
    ) -> Result<(), Refusal> {
        review::check_reach(dossier, self.registration, record, reviewer)?;
        if reviewer.roles.contains(&stage.reviewer()) {
            Ok(())
        } else {
            Err(CreditRefusal::WrongReviewer { stage: stage.label() }.into())
        }
    }
}

/// The holder's records with `next` in the place of what it follows.
fn with(dossier: &Dossier, next: &CreditRecord) -> Vec<CreditRecord> {
    let mut credits = dossier.credits.clone();
    match credits.iter_mut().find(|credit| credit.id == next.id) {
        Some(held) => *held = next.clone(),
        None => credits.push(next.clone()),
    }
    credits
}

/// Checks `reasons` against the grounds that the rules list, and puts them as the holder reads them.
fn reason_lines(reasons: &[Reason], rules: &RuleSet) -> Result<Vec<ReasonLine>, Refusal> {
    let line = |reason| {
        let text = reason_text(reason, &rules.hours.grounds)?;
        Ok(ReasonLine { part: String::new(), text })
    };
    reasons.iter().map(line).collect()
}

/// As [`reason_lines`], of at least one reason.
fn needed_reasons(reasons: &[Reason], rules: &RuleSet) -> Result<Vec<ReasonLine>, Refusal> {
    if reasons.is_empty() {
        return Err(CreditRefusal::ReasonNeeded.into());
    }
    reason_lines(reasons, rules)
}

/// True for hours that are more than none and not absurd.
fn is_sensible(hours: Hours) -> bool {
    !hours.is_zero() && hours <= check::MOST
}
