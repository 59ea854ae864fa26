//! What a holder does: open, save (and amend), submit, withdraw.

use super::{
    Application, ApplicationKind, Change, JournalAction, Receipt, StageProgress, State, UniqueKey, effect,
    transfer,
};
use crate::{
    certificate::Certificate,
    date::Instant,
    dossier::Dossier,
    error::Refusal,
    form::{Field, Form, Part},
    id::{ApplicationId, IdentityKey},
    notification::Message,
    readiness,
    registration::{Registration, RegistrationNumber},
    reminder, revocation,
    rules::{RuleLibrary, RuleSet},
    transfer::TransferDetails,
};
use std::collections::BTreeSet;

/// Days after which a draft that was never submitted is removed.
const DRAFT_DAYS: i64 = 180;

/// What a holder wants to open.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The new application's id.
    pub id: ApplicationId,
    /// What for.
    pub kind: ApplicationKind,
    /// Which registration, where the holder has several.
    pub registration: Option<RegistrationNumber>,
}

/// Random numbers a command may need. The domain has none of its own.
#[derive(Debug, Clone, Copy)]
pub struct Entropy(pub u128);

/// Opens a draft, with the holder's last form in it.
pub fn open(dossier: &Dossier, draft: Draft, library: &RuleLibrary, now: Instant) -> Result<Change, Refusal> {
    let Draft { id, kind, registration } = draft;
    let mut form = Form { declaration: false, ..dossier.profile.form.clone() };
    let registration = match kind {
        kind if kind.registers() => None,
        _ => Some(subject(dossier, kind, registration.as_ref())?),
    };
    if let Some(registration) = registration {
        // Where a holder has several, the last form entered may be another's.
        let Registration { name, district, certificate, .. } = registration.clone();
        let Certificate { management_number, issued_on, level } = certificate;
        form.name = Some(name);
        form.district = Some(district);
        form.management_number = Some(management_number);
        form.issued_on = Some(issued_on);
        form.certificate_level = Some(level);
    }
    let same_subject = |application: &&Application| {
        kind.registers() || application.registration == registration.map(|found| found.number.clone())
    };
    let open =
        dossier.applications.iter().filter(|application| application.kind == kind && application.is_open());
    // A draft past its day is gone for everyone but the store's own clean-up, which may lag by days.
    let mut open =
        open.filter(|application| application.draft_expires_at().is_none_or(|expiry| expiry > now));
    if let Some(open) = open.find(same_subject) {
        return Err(Refusal::ApplicationAlreadyOpen { kind, application: open.id.clone() });
    }
    let rules = match registration {
        Some(registration) if kind == ApplicationKind::Renewal => library.get(&registration.cycle.rules),
        _ => library.for_district(form.district.as_ref()),
    };
    let unique = UniqueKey::OpenApplication(
        kind,
        registration.map_or_else(|| dossier.profile.holder.to_string(), |found| found.number.to_string()),
    );
    let application = Application {
        holder: dossier.profile.holder.clone(),
        kind,
        rules: rules.key(),
        version: 1,
        state: State::Draft,
        before: matches!(
            kind,
            ApplicationKind::Change | ApplicationKind::Renewal | ApplicationKind::TransferOut
        )
        .then(|| form.clone()),
        transfer: None,
        form,
        identity: None,
        attachments: Vec::new(),
        registration: registration.map(|found| found.number.clone()),
        opened_at: now,
        updated_at: now,
        receipt: None,
        late: false,
        stages: Vec::new(),
        claim: None,
        escalation: None,
        reasons: Vec::new(),
        mend_by: None,
        reminded: None,
        next_due: None,
        claims: [unique.clone()].into(),
        id,
    };
    let mut change = Change::by_holder(&application.holder, JournalAction::Opened, now);
    let expiry = application.draft_expires_at().map(Instant::unix_seconds);
    change.take(unique, &application.id, expiry);
    change.application = Some(application);
    Ok(change)
}

/// The registration that a renewal, change, cancellation or transfer out is about.
fn subject<'a>(
    dossier: &'a Dossier,
    kind: ApplicationKind,
    number: Option<&RegistrationNumber>,
) -> Result<&'a Registration, Refusal> {
    let mut active = dossier.registrations.iter().filter(|registration| {
        registration.status == crate::registration::RegistrationStatus::Active
            && number.is_none_or(|number| registration.number == *number)
    });
    match (active.next(), active.next()) {
        (Some(registration), None) => {
            if kind.gives_up() {
                revocation::check_may_leave(registration)?;
            }
            Ok(registration)
        }
        (Some(_), Some(_)) => Err(Refusal::RegistrationNumberNeeded),
        (None, _) => Err(effect::none_in_force(dossier, number, kind)),
    }
}

impl Application {
    /// When a draft that is never submitted is removed.
    pub fn draft_expires_at(&self) -> Option<Instant> {
        (self.state == State::Draft).then(|| self.opened_at.plus_seconds(DRAFT_DAYS * 86_400))
    }

    /// The rules that apply after an edit: a draft follows its district, anything submitted keeps its rules.
    fn follow_district(&mut self, library: &RuleLibrary) {
        if self.state == State::Draft && self.kind != ApplicationKind::Renewal {
            self.rules = library.for_district(self.form.district.as_ref()).key();
        }
    }

    /// Takes the uniqueness that a submitted form needs, and lets go of what an earlier one took and this doesn't.
    fn claim_uniqueness(&mut self, dossier: &Dossier, change: &mut Change) {
        let mut wanted: BTreeSet<UniqueKey> =
            self.claims.iter().filter(|key| matches!(key, UniqueKey::OpenApplication(..))).cloned().collect();
        wanted.extend(self.identity.clone().map(UniqueKey::Identity));
        wanted.extend(self.form.management_number.clone().map(UniqueKey::Certificate));
        for key in &wanted {
            change.take(key.clone(), &self.id, None);
        }
        for key in self.claims.difference(&wanted).filter(|key| !effect::is_needed(dossier, key, &self.id)) {
            change.release(key.clone(), &self.id);
        }
        self.claims = wanted;
    }
}

/// Edits the form. A draft, or what was returned, may stay incomplete; an application that waits is amended: it must
/// stay complete, gets a new receipt, and what changed goes back to every stage.
///
/// What was entered is the form, and what a transfer asks beyond it; see [`super::entered`].
/// `identity` is the keyed hash of the identity document in the edited form.
pub fn save(
    dossier: &Dossier,
    application: &Application,
    (form, details): (Form, Option<TransferDetails>),
    identity: Option<IdentityKey>,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    if !application.is_open() {
        return Err(Refusal::WrongState { state: application.state.label(), wanted: "修改" });
    }
    let fields = application.form.changed_fields(&form);
    let mut next = application.next(now);
    next.form = form;
    next.transfer = details;
    transfer::check_province(&next)?;
    let mut change = Change::by_holder(&application.holder, JournalAction::Saved, now);
    let mut parts = changed_parts(&fields);
    if next.transfer != application.transfer {
        parts.insert(Part::Transfer);
    }
    change.journal.fields = fields;
    match application.state {
        State::Draft => next.follow_district(library),
        State::Returned => {
            next.mark_outstanding(&parts);
            change.journal.parts = parts;
        }
        _ => {
            if change.journal.fields.is_empty() && parts.is_empty() {
                return Err(Refusal::NothingChanged);
            }
            next.identity = identity;
            let rules = library.get(&application.rules);
            amend(dossier, &mut next, &mut change, parts, rules, now)?;
        }
    }
    change.application = Some(next);
    Ok(change)
}

/// Completes an amendment of a waiting application, whose `parts` changed.
pub(super) fn amend(
    dossier: &Dossier,
    next: &mut Application,
    change: &mut Change,
    parts: BTreeSet<Part>,
    rules: &RuleSet,
    now: Instant,
) -> Result<(), Refusal> {
    check(dossier, next, rules, now)?;
    next.mark_outstanding(&parts);
    next.claim = None;
    next.claim_uniqueness(dossier, change);
    next.receipt = Some(Receipt::issue(next, now));
    next.next_due = reminder::next_application_due(next, rules);
    change.journal.action = JournalAction::Amended;
    change.journal.parts = parts;
    change.notifications.extend(receipt_notification(next, true, rules, now));
    Ok(())
}

/// Everything an application must meet to be, or stay, submitted. A deadline is measured by the first submission.
fn check(dossier: &Dossier, next: &mut Application, rules: &RuleSet, now: Instant) -> Result<(), Refusal> {
    let submitted_on = next.receipt.as_ref().map_or(now, |receipt| receipt.submitted_at).day();
    next.late = readiness::check_window(dossier, next, rules, submitted_on)?;
    let missing = readiness::shortcomings(next, rules, now.day());
    if !missing.is_empty() {
        return Err(Refusal::NotReady(missing));
    }
    readiness::check_kind(dossier, next, rules)
}

fn changed_parts(fields: &BTreeSet<Field>) -> BTreeSet<Part> {
    fields.iter().filter_map(|field| field.part()).collect()
}

fn receipt_notification(
    application: &Application,
    amendment: bool,
    rules: &RuleSet,
    now: Instant,
) -> Option<crate::notification::Notification> {
    let receipt = application.receipt.as_ref()?;
    application.tell(
        "receipt",
        now,
        Message::Receipt {
            application: application.id.clone(),
            kind: application.kind,
            receipt_number: receipt.number.clone(),
            content_hash: receipt.content_hash.clone(),
            submitted_at: receipt.accepted_at,
            amendment,
            late: application.late,
            decision_due: rules.decision_due(now.day()),
        },
    )
}

/// Submits a draft, or again what was returned. `now`, the server's clock when the request arrived, decides whether
/// a deadline was met; one that was met by the first submission stays met. `identity` is the keyed hash of the
/// identity document in the form. A change that needs no approval takes effect at once.
pub fn submit(
    dossier: &Dossier,
    application: &Application,
    identity: Option<IdentityKey>,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    if !matches!(application.state, State::Draft | State::Returned) {
        return Err(Refusal::WrongState { state: application.state.label(), wanted: "提交" });
    }
    if application.draft_expires_at().is_some_and(|expiry| expiry <= now) {
        return Err(Refusal::UnknownApplication);
    }
    let rules = library.get(&application.rules);
    if let Some(mend_by) = application.mend_by.filter(|mend_by| now.day() > *mend_by) {
        let rule = rules.cite("review.mend_days", &rules.review.mend_days);
        return Err(Refusal::MendPeriodOver { mend_by, rule });
    }
    let first_time = application.receipt.is_none();
    let mut next = application.next(now);
    check(dossier, &mut next, rules, now)?;
    next.state = State::Submitted;
    next.identity = identity;
    next.reasons = Vec::new();
    next.mend_by = None;
    next.reminded = None;
    next.escalation = None;
    let mut change = Change::by_holder(&application.holder, JournalAction::Submitted, now);
    next.claim_uniqueness(dossier, &mut change);
    if first_time {
        let parts = next.reviewed_parts(rules);
        next.stages = rules
            .review
            .stages
            .iter()
            .map(|stage| StageProgress { stage: stage.stage, outstanding: parts.clone(), approved: None })
            .collect();
        change.journal.parts = parts;
    } else {
        change.journal.parts = next.outstanding();
    }
    next.receipt = Some(Receipt::issue(&next, now));
    next.next_due = reminder::next_application_due(&next, rules);

    match application.kind {
        // Who is registered already, for another certificate, keeps the form as registered until this is approved.
        kind if kind.registers() && dossier.active_registration().is_some() => {}
        ApplicationKind::First | ApplicationKind::TransferIn => {
            let mut profile = dossier.profile.with_form(&next.form, now);
            profile.next_due = None;
            change.profile = Some(profile);
        }
        ApplicationKind::Renewal => {
            let mut registration = effect::subject(dossier, application)?;
            registration.pending_renewal = Some(application.id.clone());
            // Nothing is to be reminded of; a revocation that was announced takes its course.
            registration.next_due = reminder::next_due(&registration, rules);
            change.journal.rule = Some(rules.cite("renewal.window_months", &rules.renewal.window_months));
            change.registration = Some(registration);
        }
        ApplicationKind::Change | ApplicationKind::Cancellation | ApplicationKind::TransferOut => {}
    }
    if next.stage().is_none() {
        // Nobody has to look at it: the letter that it took effect stands for the receipt's.
        effect::approve(dossier, &mut next, &mut change, Entropy(0), library, now)?;
    } else {
        change.notifications.extend(receipt_notification(&next, false, rules, now));
    }
    change.application = Some(next);
    Ok(change)
}

/// Takes an application back.
pub fn withdraw(
    dossier: &Dossier,
    application: &Application,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    if !application.is_open() {
        return Err(Refusal::WrongState { state: application.state.label(), wanted: "撤回" });
    }
    let mut next = application.next(now);
    let mut change = Change::by_holder(&application.holder, JournalAction::Withdrawn, now);
    effect::close(dossier, &mut next, &mut change, State::Withdrawn, library, now);
    if application.state != State::Draft {
        let message = Message::Withdrawn { application: next.id.clone(), kind: next.kind };
        change.notifications.extend(next.tell("withdrawn", now, message));
    }
    change.application = Some(next);
    Ok(change)
}
