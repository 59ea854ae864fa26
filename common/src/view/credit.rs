//! Records of continuing education as the API shows them: to their holders, and to the reviewers who decide them.

use super::ReasonView;
use domain::{
    actor::Actor,
    application::Reason,
    attachment::{AttachmentState, ContentType},
    credit::{Activity, Audit, CreditReceipt, CreditRecord, CreditState, EvidenceFile, EvidenceKind, Hours},
    date::{CalendarDate, Instant},
    education::lacking,
    error::FieldError,
    id::{ApplicationId, AttachmentId, CreditId},
    rules::RuleSet,
};
use serde::Serialize;

/// A file that proves an activity.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EvidenceView {
    /// Its id.
    pub id: AttachmentId,
    /// What it shows.
    pub kind: EvidenceKind,
    /// The same in Chinese.
    pub kind_label: &'static str,
    /// What the holder's device calls it.
    pub file_name: String,
    /// Its format.
    pub content_type: ContentType,
    /// Bytes.
    pub size: u64,
    /// SHA-256, hex.
    pub sha256: Option<String>,
    /// How far the upload has come. It doesn't count before it's confirmed.
    pub state: AttachmentState,
}

impl From<&EvidenceFile> for EvidenceView {
    fn from(file: &EvidenceFile) -> Self {
        Self {
            id: file.id.clone(),
            kind: file.kind,
            kind_label: file.kind.label(),
            file_name: file.file_name.clone(),
            content_type: file.content_type,
            size: file.size,
            sha256: file.sha256.clone(),
            state: file.state,
        }
    }
}

/// Who recorded hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Recorder {
    /// 本人申报
    Holder,
    /// 培训机构记录
    Provider,
    /// 系统
    System,
}

/// A record of hours.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreditView {
    /// Its id.
    pub id: CreditId,
    /// How far it has come.
    pub state: CreditState,
    /// The same in Chinese.
    pub state_label: &'static str,
    /// Its version, as in the `ETag`.
    pub version: u64,
    /// First day of the cycle it's claimed for.
    pub cycle_start: CalendarDate,
    /// What was done.
    pub activity: Activity,
    /// Its form in Chinese.
    pub form_label: &'static str,
    /// Its category in Chinese.
    pub category_label: &'static str,
    /// Hours claimed or recorded.
    pub claimed: Hours,
    /// Hours recognised.
    pub recognised: Hours,
    /// 学时 or 小时
    pub unit: String,
    /// What proves it.
    pub files: Vec<EvidenceView>,
    /// Who recorded it.
    pub recorded_by: Recorder,
    /// When it was recorded, or first saved.
    pub recorded_at: Instant,
    /// When it was submitted.
    pub submitted_at: Option<Instant>,
    /// The receipt for what was submitted last: the claim, or evidence that was asked for.
    pub receipt: Option<CreditReceipt>,
    /// When it last changed.
    pub updated_at: Instant,
    /// When it was last decided, corrected or taken back, for the reasons given.
    pub decided_at: Option<Instant>,
    /// Why it was recognised in part, refused, corrected, taken back or struck out.
    pub reasons: Vec<ReasonView>,
    /// The transfer in that brought it from another province.
    pub brought_by: Option<ApplicationId>,
    /// The sample it was drawn into.
    pub audit: Option<Audit>,
    /// What it still lacks before it can be submitted; nothing where there is nothing to submit.
    pub missing: Vec<FieldError>,
    /// When a draft that isn't submitted is removed.
    pub draft_expires_at: Option<Instant>,
}

impl CreditView {
    /// A record under the rules of its cycle.
    pub fn of(record: &CreditRecord, rules: &RuleSet) -> Self {
        let ruling = record.ruling.as_ref();
        let asked = record.audit.as_ref().is_some_and(|audit| audit.is_open() && audit.answered_at.is_none());
        let to_submit = record.state == CreditState::Draft || (record.state.counts() && asked);
        Self {
            id: record.id.clone(),
            state: record.state,
            state_label: record.state.label(),
            version: record.version,
            cycle_start: record.cycle_start,
            activity: record.activity.clone(),
            form_label: record.activity.form.label(),
            category_label: record.activity.category.label(),
            claimed: record.claimed,
            recognised: record.recognised,
            unit: record.unit.clone(),
            files: record.files.iter().map(EvidenceView::from).collect(),
            recorded_by: match record.recorded_by {
                Actor::Holder(_) => Recorder::Holder,
                Actor::Staff(_) => Recorder::Provider,
                Actor::System | Actor::Client(_) => Recorder::System,
            },
            recorded_at: record.recorded_at,
            submitted_at: record.submitted_at,
            receipt: record.receipt.clone(),
            updated_at: record.updated_at,
            decided_at: ruling.map(|ruling| ruling.at),
            reasons: ruling
                .map(|ruling| ruling.reasons.iter().map(|reason| reason_view(reason, rules)).collect())
                .unwrap_or_default(),
            brought_by: record.brought_by.clone(),
            audit: record.audit.clone(),
            missing: if to_submit { lacking(record, rules) } else { Vec::new() },
            draft_expires_at: record.draft_expires_at(),
        }
    }
}

/// A reason as people read it.
fn reason_view(reason: &Reason, rules: &RuleSet) -> ReasonView {
    let ground = rules.hours.grounds.iter().find(|ground| ground.code == reason.ground);
    ReasonView {
        part: None,
        part_label: None,
        ground: reason.ground.clone(),
        text: ground.map(|ground| ground.text.clone()).unwrap_or_default(),
        note: reason.note.clone(),
    }
}
