//! Attachments of an application: give a place for an upload, look at what arrived, remove.

use super::{Application, Change, JournalAction, State, holder::amend, part_of};
use crate::{
    attachment::{
        Announced, Attachment, AttachmentKind, AttachmentState, ContentType, Inspection, check_arrived,
        check_file, display_name, is_kept,
    },
    date::Instant,
    dossier::Dossier,
    error::Refusal,
    id::AttachmentId,
    rules::{AttachmentRules, RuleLibrary, RuleSet},
};

/// The most attachments, unconfirmed ones included, that one application holds.
const MOST_ATTACHMENTS: usize = 40;

/// A file that a holder wants to upload, as announced.
#[derive(Debug, Clone)]
pub struct AttachmentRequest {
    /// The new attachment's id.
    pub id: AttachmentId,
    /// What it shows.
    pub kind: AttachmentKind,
    /// The file's name, for display; shortened to 100 characters.
    pub file_name: String,
    /// Its format.
    pub content_type: ContentType,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in hex, where the client computed it.
    pub sha256: Option<String>,
}

fn limits(rules: &RuleSet, kind: AttachmentKind) -> Result<&AttachmentRules, Refusal> {
    rules.attachments.get(&kind).ok_or(Refusal::UnknownAttachment)
}

/// Gives a place for an upload. It doesn't count until [`confirm_attachment`] has looked at the file.
pub fn request_attachment(
    application: &Application,
    request: AttachmentRequest,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    if !application.is_open() {
        return Err(Refusal::WrongState { state: application.state.label(), wanted: "上传附件" });
    }
    let limits = limits(library.get(&application.rules), request.kind)?;
    check_file(limits, request.kind.label(), request.content_type, request.size)?;
    let mut next = application.next(now);
    next.attachments.retain(|attachment| attachment.is_confirmed() || is_kept(attachment.requested_at, now));
    let of_kind =
        next.attachments.iter().filter(|held| held.kind == request.kind && held.is_confirmed()).count();
    // Where one file is the most, another takes its place once confirmed.
    let full = limits.max_files > 1 && of_kind >= usize::from(limits.max_files);
    if full || next.attachments.len() >= MOST_ATTACHMENTS {
        return Err(Refusal::TooManyAttachments { of: request.kind.label(), max_files: limits.max_files });
    }
    next.attachments.push(Attachment {
        id: request.id,
        kind: request.kind,
        file_name: display_name(&request.file_name),
        content_type: request.content_type,
        size: request.size,
        sha256: request.sha256,
        state: AttachmentState::Pending,
        requested_at: now,
    });
    let mut change = Change::by_holder(&application.holder, JournalAction::AttachmentRequested, now);
    change.application = Some(next);
    Ok(change)
}

/// Looks at what arrived: `file` is what the store holds, not what the client said. Confirming again is refused where
/// the file differs; the same file stays confirmed and nobody has to look at it again.
pub fn confirm_attachment(
    dossier: &Dossier,
    application: &Application,
    id: &AttachmentId,
    file: &Inspection,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    if !application.is_open() {
        return Err(Refusal::WrongState { state: application.state.label(), wanted: "确认附件" });
    }
    let announced = application.attachment(id).ok_or(Refusal::UnknownAttachment)?;
    let rules = library.get(&application.rules);
    let limits = limits(rules, announced.kind)?;
    let said = Announced {
        content_type: announced.content_type,
        size: announced.size,
        sha256: announced.sha256.as_deref(),
    };
    check_arrived(limits, announced.kind.label(), &said, file)?;
    let (kind, confirmed_before) = (announced.kind, announced.is_confirmed());
    let mut next = application.next(now);
    let counts = |held: &Attachment| held.id != *id && held.kind == kind && held.is_confirmed();
    if limits.max_files == 1 {
        next.attachments.retain(|held| !counts(held));
    } else if next.attachments.iter().filter(|held| counts(held)).count() >= usize::from(limits.max_files) {
        return Err(Refusal::TooManyAttachments { of: kind.label(), max_files: limits.max_files });
    }
    for held in next.attachments.iter_mut().filter(|held| held.id == *id) {
        held.state = AttachmentState::Confirmed;
        held.sha256 = Some(file.sha256.to_ascii_lowercase());
    }
    let mut change = Change::by_holder(&application.holder, JournalAction::AttachmentConfirmed, now);
    if !confirmed_before {
        changed(dossier, &mut next, &mut change, kind, rules, now)?;
    }
    change.application = Some(next);
    Ok(change)
}

/// Removes an attachment. A waiting application can't lose one that it must have.
pub fn remove_attachment(
    dossier: &Dossier,
    application: &Application,
    id: &AttachmentId,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    if !application.is_open() {
        return Err(Refusal::WrongState { state: application.state.label(), wanted: "删除附件" });
    }
    let held = application.attachment(id).ok_or(Refusal::UnknownAttachment)?;
    let (kind, counted) = (held.kind, held.is_confirmed());
    let mut next = application.next(now);
    next.attachments.retain(|attachment| attachment.id != *id);
    let mut change = Change::by_holder(&application.holder, JournalAction::AttachmentRemoved, now);
    if counted {
        let rules = library.get(&application.rules);
        match changed(dossier, &mut next, &mut change, kind, rules, now) {
            Err(Refusal::NotReady(_)) => return Err(Refusal::AttachmentRequired),
            other => other?,
        }
    }
    change.application = Some(next);
    Ok(change)
}

/// The attachments of `next.kind` changed: whoever reviews must look again.
fn changed(
    dossier: &Dossier,
    next: &mut Application,
    change: &mut Change,
    kind: AttachmentKind,
    rules: &RuleSet,
    now: Instant,
) -> Result<(), Refusal> {
    let parts = [part_of(kind)].into();
    match next.state {
        State::Submitted => {
            let action = change.journal.action;
            amend(dossier, next, change, parts, rules, now)?;
            change.journal.action = action;
        }
        State::Returned => {
            next.mark_outstanding(&parts);
            change.journal.parts = parts;
        }
        _ => {}
    }
    Ok(())
}
