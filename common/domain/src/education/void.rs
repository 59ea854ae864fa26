//! Striking hours out for fraud, and what that does to the registrations that rest on them: shown first, then confirmed.

use super::{Place, needed_reasons, review::ruling, with};
use crate::{
    actor::Reviewer,
    application::{ApplicationKind, Change, JournalAction, Reason, Stage},
    credit::{CreditCategory, CreditRecord, CreditRefusal, CreditState, Hours, HoursShortfall, assess},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    error::Refusal,
    id::{ApplicationId, CreditId},
    notification::Message,
    registration::RegistrationNumber,
    rules::{RuleLibrary, RuleSet},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What becomes of a registration. Codes are part of the API's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConsequenceKind {
    /// The open cycle is short of hours; there is time to make up for it.
    CycleShort,
    /// A renewal that was submitted no longer has its hours: it can't be approved.
    PendingRenewalShort,
    /// A renewal that was approved didn't have its hours.
    RenewalUnfounded,
    /// A later renewal rests on one that didn't.
    RestsOnUnfounded,
}

/// One consequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Consequence {
    /// Which.
    pub code: ConsequenceKind,
    /// For which registration.
    pub registration: RegistrationNumber,
    /// For which renewal.
    pub application: Option<ApplicationId>,
    /// The same in Chinese.
    pub detail: String,
}

/// What voiding a record would do. It writes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VoidEffect {
    /// The record.
    pub credit: CreditId,
    /// First day of its cycle.
    pub cycle_start: CalendarDate,
    /// Hours of it that count now.
    pub counted: Hours,
    /// The cycle's hours with it.
    pub before: HoursShortfall,
    /// The cycle's hours without it.
    pub after: HoursShortfall,
    /// What becomes of the registrations that rest on it; empty where enough is left.
    pub consequences: Vec<Consequence>,
    /// What [`void`] wants to be told, as proof that this very effect was seen.
    pub confirmation: String,
}

/// What voiding `record` would do to its cycle and to every registration after it. `dossier` must hold the records of
/// that cycle, which may lie before the working set.
pub fn void_effect(
    dossier: &Dossier,
    record: &CreditRecord,
    library: &RuleLibrary,
) -> Result<VoidEffect, Refusal> {
    let place = Place::of(dossier, record, library)?;
    let now = assess(place.cycle, &with(dossier, record), place.rules);
    let voided = CreditRecord { state: CreditState::Voided, ..record.clone() };
    let after = place.assess_with(dossier, &voided).shortfall;
    let consequences =
        if after.is_met() { Vec::new() } else { consequences(dossier, record, &after, place.rules) };
    let mut effect = VoidEffect {
        credit: record.id.clone(),
        cycle_start: record.cycle_start,
        counted: now.line(&record.id).map_or(Hours::ZERO, |line| line.counted),
        before: now.shortfall,
        after,
        consequences,
        confirmation: String::new(),
    };
    effect.confirmation = effect.digest(record.version);
    Ok(effect)
}

impl VoidEffect {
    /// SHA-256 over the effect and the record's version, hex.
    fn digest(&self, version: u64) -> String {
        let effect = serde_json::to_vec(self).unwrap_or_default();
        let digest = Sha256::new().chain_update(version.to_be_bytes()).chain_update(effect).finalize();
        format!("{digest:x}")
    }
}

fn consequences(
    dossier: &Dossier,
    record: &CreditRecord,
    after: &HoursShortfall,
    rules: &RuleSet,
) -> Vec<Consequence> {
    let unit = rules.hours.unit.as_str();
    let (missing, ethics, category) = (after.missing, after.ethics_missing, CreditCategory::Ethics.label());
    let short = match (missing.is_zero(), ethics.is_zero()) {
        (_, true) => format!("还差 {missing} {unit}"),
        (true, false) => format!("{category}还差 {ethics} {unit}"),
        (false, false) => format!("还差 {missing} {unit}，其中{category}还差 {ethics} {unit}"),
    };
    let mut found = Vec::new();
    for registration in &dossier.registrations {
        let number = &registration.number;
        let mut add = |code, application: Option<&ApplicationId>, detail| {
            let (registration, application) = (number.clone(), application.cloned());
            found.push(Consequence { code, registration, application, detail });
        };
        match registration.cycle_from(record.cycle_start) {
            None => {}
            Some((cycle, None)) => {
                add(
                    ConsequenceKind::CycleShort,
                    None,
                    format!("登记号 {number}：本登记周期（至 {}止）{short}", cycle.end.in_chinese()),
                );
                if let Some(pending) = &registration.pending_renewal {
                    let detail = format!(
                        "登记号 {number}：已提交的{}{short}，不能通过",
                        ApplicationKind::Renewal.label()
                    );
                    add(ConsequenceKind::PendingRenewalShort, Some(pending), detail);
                }
            }
            Some((_, Some(unfounded))) => {
                for closed in &registration.closed {
                    if closed.cycle.start < unfounded.cycle.start {
                        continue;
                    }
                    let day = closed.closed_on.in_chinese();
                    let (code, what) = if closed.renewal == unfounded.renewal {
                        (ConsequenceKind::RenewalUnfounded, format!("当时{short}，不符合再登记条件"))
                    } else {
                        (ConsequenceKind::RestsOnUnfounded, "以前一次不符合条件的再登记为基础".to_owned())
                    };
                    add(code, Some(&closed.renewal), format!("登记号 {number}：{day}通过的再登记{what}"));
                }
            }
        }
    }
    found
}

/// Where a record stands that `reviewer` may strike out, and the stage they do it as.
fn voidable<'a>(
    dossier: &'a Dossier,
    record: &CreditRecord,
    reviewer: &Reviewer,
    library: &'a RuleLibrary,
) -> Result<(Place<'a>, Stage), Refusal> {
    let place = Place::of(dossier, record, library)?;
    // Striking out reaches behind what was decided, so it's for who decides last.
    let stage = place.rules.last_stage();
    place.check_reviewer(dossier, record, reviewer, stage)?;
    if record.state.counts() {
        Ok((place, stage))
    } else {
        Err(CreditRefusal::WrongState { state: record.state.label(), wanted: "作废" }.into())
    }
}

/// What striking out would do, shown to whoever may do it.
pub fn preview_void(
    dossier: &Dossier,
    record: &CreditRecord,
    reviewer: &Reviewer,
    library: &RuleLibrary,
) -> Result<VoidEffect, Refusal> {
    voidable(dossier, record, reviewer, library)?;
    void_effect(dossier, record, library)
}

/// Strikes out a record that counted, for fraud (代挂学时). `confirmed` is the confirmation of the effect that the
/// reviewer was shown; where the effect is another by now, they have to look again.
///
/// What becomes of the registrations is decided by people: to revoke one is an act of its own.
pub fn void(
    dossier: &Dossier,
    record: &CreditRecord,
    reviewer: &Reviewer,
    reasons: Vec<Reason>,
    confirmed: &str,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let (place, stage) = voidable(dossier, record, reviewer, library)?;
    let lines = needed_reasons(&reasons, place.rules)?;
    if void_effect(dossier, record, library)?.confirmation != confirmed {
        return Err(CreditRefusal::EffectNotConfirmed.into());
    }
    let ruling = ruling(reviewer, reasons, now);
    let mut next = record.next(now);
    next.state = CreditState::Voided;
    next.close_audit(now);
    next.ruling = Some(ruling.clone());
    let by = (ruling.by, JournalAction::HoursVoided);
    let mut change = place.change(dossier, next, by, ruling.reasons, |hours| {
        Some(Message::HoursVoided { hours, taken_back: false, reasons: lines })
    });
    change.journal.stage = Some(stage);
    change.journal.rule = Some(place.rules.cite("hours.grounds", &place.rules.hours.grounds));
    Ok(change)
}
