//! What becomes of rows: whose each is, recorded, kept waiting, or refused and why.

use crate::{
    RosterWorker, WorkError,
    sheet::{CellError, Entry, Line},
};
use common::store::Lost;
use domain::{
    application::Change,
    certificate::ManagementNumber,
    credit::{Course, CreditRecord, CreditRefusal},
    date::Instant,
    dossier::Dossier,
    education::{self, Roster, RowOutcome, RowResult, Unregistered, WaitingRow},
    error::Refusal,
    id::HolderId,
};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeMap;

/// People whose rows are dealt with at the same time.
const AT_ONCE: usize = 8;
/// How often a commit that was lost is decided again on what is there now.
const TRIES: u32 = 5;

/// What is to become of a row.
pub(crate) enum Decided {
    /// Recorded, by this change.
    Record(Box<Change>, RowResult),
    /// It has its result, and nothing is to be written.
    Settled(RowResult),
    /// Nobody is registered with its certificate.
    NotRegistered(RowResult),
}

/// What became of one attempt on a row.
pub(crate) enum Attempt {
    /// It has its result.
    Settled(RowResult),
    /// Nobody is registered with its certificate.
    NotRegistered(RowResult),
}

impl RosterWorker {
    /// Deals with the rows of one chunk. Rows of one certificate go one after another, so that the first of them is the
    /// one that's recorded, however often this is done.
    pub(crate) async fn chunk(
        &self,
        roster: &Roster,
        course: &Course,
        lines: Vec<Line>,
    ) -> Result<Vec<RowResult>, WorkError> {
        let mut results = Vec::with_capacity(lines.len());
        let mut people: BTreeMap<ManagementNumber, Vec<(RowResult, Entry)>> = BTreeMap::new();
        let rules = self.rules.for_district(None);
        for line in lines {
            let mut result = blank(&line);
            let entry = match line.entry {
                Ok(entry) => entry,
                Err(errors) => {
                    unreadable(&mut result, &errors);
                    results.push(result);
                    continue;
                }
            };
            let Some(number) = rules.management_number(&entry.management_number) else {
                result.invalid("management_number_malformed", "管理号的格式不正确，请核对");
                results.push(result);
                continue;
            };
            result.management_number = Some(number.clone());
            if entry.unit.is_some_and(|unit| unit != roster.course.unit) {
                let unit = &roster.course.unit;
                result
                    .invalid("other_unit", &format!("课程以「{unit}」计，系统不作换算，请按「{unit}」填写"));
                results.push(result);
                continue;
            }
            people.entry(number).or_default().push((result, entry));
        }
        let numbers: Vec<_> = people.keys().cloned().collect();
        let holders = &self.store.certificate_holders(&numbers).await?;
        let settled: Vec<Vec<RowResult>> = stream::iter(people)
            .map(|(number, rows)| async move {
                let mut settled = Vec::with_capacity(rows.len());
                for (result, entry) in rows {
                    let waiting = waiting((roster, course), &number, &result, entry, self.clock.now());
                    settled.push(self.row(roster, holders.get(&number), result, waiting).await?);
                }
                Ok::<_, WorkError>(settled)
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        results.extend(settled.into_iter().flatten());
        results.sort_by_key(|result| result.row);
        Ok(results)
    }

    async fn row(
        &self,
        roster: &Roster,
        holder: Option<&HolderId>,
        result: RowResult,
        waiting: WaitingRow,
    ) -> Result<RowResult, WorkError> {
        let result = match holder {
            Some(holder) => match self.record(holder, &waiting, result).await? {
                Attempt::Settled(result) => return Ok(result),
                Attempt::NotRegistered(result) => result,
            },
            None => result,
        };
        self.unregistered(roster, waiting, result).await
    }

    /// A row of somebody who isn't registered.
    async fn unregistered(
        &self,
        roster: &Roster,
        waiting: WaitingRow,
        mut result: RowResult,
    ) -> Result<RowResult, WorkError> {
        if roster.unregistered == Unregistered::Refuse {
            result.unknown();
            return Ok(result);
        }
        let hours = match education::check_waiting(&waiting, self.clock.now()) {
            Ok(hours) => hours,
            Err(refusal) => {
                result.refuse(&refusal);
                return Ok(result);
            }
        };
        if let Some(held) = self.store.keep_waiting(&waiting).await? {
            result.waits_already(&held, &waiting);
            return Ok(result);
        }
        result.wait(hours);
        // They may have been registered between the look and the keeping: then nobody else will credit them.
        let number = &waiting.management_number;
        let holders = self.store.certificate_holders(std::slice::from_ref(number)).await?;
        if let Some(holder) = holders.get(number)
            && let Attempt::Settled(settled) = self.record(holder, &waiting, result.clone()).await?
        {
            self.store.drop_waiting(&waiting).await?;
            return Ok(settled);
        }
        Ok(result)
    }

    /// Records a row for `holder`, and says what became of it.
    pub(crate) async fn record(
        &self,
        holder: &HolderId,
        waiting: &WaitingRow,
        result: RowResult,
    ) -> Result<Attempt, WorkError> {
        for _ in 0..TRIES {
            let dossier = self.store.dossier(holder, self.clock.now()).await?;
            match self.decide(&dossier, waiting, result.clone()) {
                Decided::Record(change, result) => match self.store.commit(&change, None).await {
                    Ok(_) => return Ok(Attempt::Settled(result)),
                    Err(Lost::Stale) => {}
                    Err(lost) => return Err(lost.into()),
                },
                Decided::Settled(result) => return Ok(Attempt::Settled(result)),
                Decided::NotRegistered(result) => return Ok(Attempt::NotRegistered(result)),
            }
        }
        Err(Lost::Stale.into())
    }

    /// What is to become of a row in its holder's `dossier`.
    pub(crate) fn decide(&self, dossier: &Dossier, waiting: &WaitingRow, mut result: RowResult) -> Decided {
        if let Some(own) = education::own_record(dossier, &waiting.source) {
            result.record(own.id.clone(), own.recognised);
            return Decided::Settled(result);
        }
        let Some(row) = waiting.row_in(dossier) else { return Decided::NotRegistered(result) };
        let (provider, now) = (waiting.source.roster.provider(), self.clock.now());
        match education::record(dossier, &waiting.course, &row, &provider, &self.rules, now) {
            Ok(change) => {
                if let Some(credit) = &change.credit {
                    result.record(credit.id.clone(), credit.recognised);
                }
                Decided::Record(Box::new(change), result)
            }
            Err(Refusal::Credit(CreditRefusal::NotRegistered)) => Decided::NotRegistered(result),
            Err(refusal) => {
                match other_record(dossier, &refusal) {
                    Some(other) => result.recorded_before(other, waiting),
                    None => result.refuse(&refusal),
                }
                Decided::Settled(result)
            }
        }
    }
}

/// The record that says already what is refused.
fn other_record<'a>(dossier: &'a Dossier, refusal: &Refusal) -> Option<&'a CreditRecord> {
    match refusal {
        Refusal::Credit(CreditRefusal::AlreadyRecorded { other }) => dossier.credit(other),
        _ => None,
    }
}

/// `course` as a list has it, but withdrawn where `now` says so: what is recorded under a course that is no more would be
/// counted again under the one in its place.
pub(crate) fn as_offered(course: &Course, now: Option<&Course>, at: Instant) -> Course {
    let withdrawn_at = now.map_or(Some(at), |now| now.withdrawn_at);
    Course { withdrawn_at, ..course.clone() }
}

/// A row, as it waits where it has to.
fn waiting(
    (roster, course): (&Roster, &Course),
    number: &ManagementNumber,
    result: &RowResult,
    entry: Entry,
    now: Instant,
) -> WaitingRow {
    WaitingRow {
        management_number: number.clone(),
        course: course.clone(),
        source: roster.source(result.row),
        name: entry.name,
        hours: entry.hours,
        from: entry.from,
        to: entry.to,
        at: now,
    }
}

/// A row before anything became of it.
fn blank(line: &Line) -> RowResult {
    let name = line.entry.as_ref().map(|entry| entry.name.as_str().to_owned()).unwrap_or_default();
    RowResult {
        row: line.row,
        line: line.line,
        name,
        management_number: None,
        outcome: RowOutcome::Invalid,
        hours: None,
        credit: None,
        code: None,
        detail: None,
    }
}

/// A row with cells that can't be read.
fn unreadable(result: &mut RowResult, errors: &[CellError]) {
    let code = errors.first().map_or("invalid", |error| error.code);
    let details: Vec<_> = errors.iter().map(|error| error.detail.as_str()).collect();
    result.invalid(code, &details.join("；"));
}
