//! Submission: a draft goes into the queue, and evidence that was asked for is handed in.

use super::{Place, check};
use crate::{
    actor::Actor,
    application::{Change, JournalAction},
    credit::{CreditReceipt, CreditRecord, CreditRefusal, CreditState},
    date::Instant,
    dossier::Dossier,
    error::{FieldError, Refusal},
    notification::Message,
    rules::{RuleLibrary, RuleSet},
};

/// What still keeps `record` from being submitted, by field; empty where nothing does, and where nothing is to be
/// submitted.
pub fn lacking(record: &CreditRecord, rules: &RuleSet) -> Vec<FieldError> {
    let mut problems = check::Problems::default();
    if record.state == CreditState::Draft || record.is_undecided() {
        check::check_evidence(rules, record, &mut problems);
    }
    problems.into_list()
}

/// Submits a draft: it waits for a decision from now on, and its holder gets a receipt. Or hands in the evidence that
/// was asked for of a record that was drawn; late is better than never, as long as nothing was decided.
pub fn submit(
    dossier: &Dossier,
    record: &CreditRecord,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = Place::own(dossier, record, library, now)?;
    let by = Actor::Holder(record.holder.clone());
    let decision_due = place.rules.decision_due(now.day());
    let mut next = record.next(now);
    match record.state {
        CreditState::Draft => {
            check_draft(dossier, &place, record, library, now)?;
            next.state = CreditState::Pending;
            next.submitted_at = Some(now);
            let receipt = CreditReceipt::issue(&next, now);
            next.receipt = Some(receipt.clone());
            Ok(place.change(dossier, next, (by, JournalAction::HoursClaimed), Vec::new(), |hours| {
                Some(Message::HoursClaimed { hours, receipt: receipt.line(), decision_due })
            }))
        }
        CreditState::Recorded | CreditState::Recognised => {
            let Some(audit) = next.audit.as_mut().filter(|audit| audit.is_open()) else {
                return Err(CreditRefusal::EvidenceNotAsked.into());
            };
            if audit.answered_at.is_some() {
                return Err(CreditRefusal::WrongState {
                    state: "抽查材料已提交", wanted: "再次提交"
                }
                .into());
            }
            audit.answered_at = Some(now);
            next.next_due = None;
            let mut problems = check::Problems::default();
            check::check_evidence(place.rules, &next, &mut problems);
            problems.into_result()?;
            let receipt = CreditReceipt::issue(&next, now);
            next.receipt = Some(receipt.clone());
            Ok(place.change(dossier, next, (by, JournalAction::EvidenceBrought), Vec::new(), |hours| {
                Some(Message::EvidenceBrought { hours, receipt: receipt.line(), decision_due })
            }))
        }
        CreditState::Pending | CreditState::Refused | CreditState::Withdrawn | CreditState::Voided => {
            Err(CreditRefusal::WrongState { state: record.state.label(), wanted: "提交" }.into())
        }
    }
}

/// All that a claim must say, as it's the day it's submitted: since it was drafted its cycle may have been closed, or
/// the same course recorded.
fn check_draft(
    dossier: &Dossier,
    place: &Place<'_>,
    record: &CreditRecord,
    library: &RuleLibrary,
    now: Instant,
) -> Result<(), Refusal> {
    place.check_unlocked("提交")?;
    place.check_same_cycle(dossier, record.activity.done_to, library)?;
    let mut problems = check::Problems::default();
    let said = (Some(record.claimed), Some(record.unit.as_str()));
    check::check_said(place.rules, &record.activity, said, Some(now.day()), &mut problems)?;
    check::check_evidence(place.rules, record, &mut problems);
    problems.into_result()?;
    check::check_once(dossier, place, &record.activity, Some(&record.id))
}
