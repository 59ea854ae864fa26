//! The files of a record: give a place for an upload, look at what arrived, remove. A claim takes them until it's decided,
//! and a record that counts while evidence is asked for.

use super::{Place, check};
use crate::{
    actor::Actor,
    application::{Change, JournalAction},
    attachment::{
        Announced, AttachmentState, ContentType, Inspection, check_arrived, check_file, display_name, is_kept,
    },
    credit::{CreditRecord, CreditRefusal, CreditState, EvidenceFile, EvidenceKind},
    date::Instant,
    dossier::Dossier,
    error::{FieldError, Refusal},
    id::AttachmentId,
    rules::RuleLibrary,
};

/// What the files are called where one is refused.
const EVIDENCE: &str = "证明材料";

/// A file that a holder wants to upload as evidence, as announced.
#[derive(Debug, Clone)]
pub struct EvidenceRequest {
    /// The new file's id.
    pub id: AttachmentId,
    /// What it shows.
    pub kind: EvidenceKind,
    /// The file's name, for display; shortened to 100 characters.
    pub file_name: String,
    /// Its format.
    pub content_type: ContentType,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in hex, where the client computed it.
    pub sha256: Option<String>,
}

/// Where a record stands that takes files now.
fn taking<'a>(
    dossier: &'a Dossier,
    record: &CreditRecord,
    library: &'a RuleLibrary,
    wanted: &'static str,
    now: Instant,
) -> Result<Place<'a>, Refusal> {
    let place = Place::own(dossier, record, library, now)?;
    if matches!(record.state, CreditState::Draft | CreditState::Pending) {
        place.check_unlocked(wanted)?;
    } else if record.open_audit().is_none() {
        return Err(CreditRefusal::WrongState { state: record.state.label(), wanted }.into());
    }
    Ok(place)
}

/// The change of a record's files to `next`'s.
fn filed(dossier: &Dossier, place: &Place<'_>, next: CreditRecord, action: JournalAction) -> Change {
    let by = Actor::Holder(next.holder.clone());
    let mut change = place.change(dossier, next, (by, action), Vec::new(), |_| None);
    change.journal.rule = Some(place.rules.cite("hours.files", &place.rules.hours.files));
    change
}

/// Gives a place for an upload. It doesn't count until [`confirm_evidence`] has looked at the file.
pub fn request_evidence(
    dossier: &Dossier,
    record: &CreditRecord,
    request: EvidenceRequest,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = taking(dossier, record, library, "上传证明材料", now)?;
    let limits = &*place.rules.hours.files;
    check_file(limits, EVIDENCE, request.content_type, request.size)?;
    let mut next = record.next(now);
    next.files.retain(|file| file.is_confirmed() || is_kept(file.requested_at, now));
    let most = usize::from(limits.max_files);
    // Places that nothing has come to yet are as many again: an upload that broke off doesn't stand in the next one's way.
    if next.confirmed_files().count() >= most || next.files.len() >= 2 * most {
        return Err(Refusal::TooManyAttachments { of: EVIDENCE, max_files: limits.max_files });
    }
    next.files.push(EvidenceFile {
        id: request.id,
        kind: request.kind,
        file_name: display_name(&request.file_name),
        content_type: request.content_type,
        size: request.size,
        sha256: request.sha256,
        state: AttachmentState::Pending,
        requested_at: now,
    });
    Ok(filed(dossier, &place, next, JournalAction::AttachmentRequested))
}

/// Looks at what arrived: `arrived` is what the store holds, not what the client said. Confirming again is refused where
/// the file differs; the same file stays confirmed.
pub fn confirm_evidence(
    dossier: &Dossier,
    record: &CreditRecord,
    id: &AttachmentId,
    arrived: &Inspection,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = taking(dossier, record, library, "确认证明材料", now)?;
    let announced = record.file(id).ok_or(Refusal::UnknownAttachment)?;
    let limits = &*place.rules.hours.files;
    let said = Announced {
        content_type: announced.content_type,
        size: announced.size,
        sha256: announced.sha256.as_deref(),
    };
    check_arrived(limits, EVIDENCE, &said, arrived)?;
    let sha256 = arrived.sha256.to_ascii_lowercase();
    let others = || record.confirmed_files().filter(|file| file.id != *id);
    if others().count() >= usize::from(limits.max_files) {
        return Err(Refusal::TooManyAttachments { of: EVIDENCE, max_files: limits.max_files });
    }
    if others().any(|file| file.content() == Some(sha256.as_str())) {
        let detail = "同一个文件不能添加两次，请删除其中一个".to_owned();
        let (field, code) = ("evidence".to_owned(), "file_twice".to_owned());
        return Err(Refusal::InvalidFields(vec![FieldError { field, code, detail }]));
    }
    let mut next = record.next(now);
    for file in next.files.iter_mut().filter(|file| file.id == *id) {
        file.state = AttachmentState::Confirmed;
        file.sha256 = Some(sha256.clone());
    }
    Ok(filed(dossier, &place, next, JournalAction::AttachmentConfirmed))
}

/// Removes a file, or gives up a place. What was submitted stays proved: its last file that proves it can't be removed.
pub fn remove_evidence(
    dossier: &Dossier,
    record: &CreditRecord,
    id: &AttachmentId,
    library: &RuleLibrary,
    now: Instant,
) -> Result<Change, Refusal> {
    let place = taking(dossier, record, library, "删除证明材料", now)?;
    record.file(id).ok_or(Refusal::UnknownAttachment)?;
    let mut next = record.next(now);
    next.files.retain(|file| file.id != *id);
    let submitted = record.state == CreditState::Pending
        || record.open_audit().is_some_and(|audit| audit.answered_at.is_some());
    if submitted {
        let mut problems = check::Problems::default();
        check::check_evidence(place.rules, &next, &mut problems);
        problems.into_result().map_err(|_| Refusal::AttachmentRequired)?;
    }
    Ok(filed(dossier, &place, next, JournalAction::AttachmentRemoved))
}
