//! Records as the API shows them. Identity documents are masked, but for a reviewer who opened the application.

mod change;
mod credit;
mod escalation;
mod message;
mod registration;
mod revocation;
mod transfer;

pub use change::FieldChange;
pub use credit::{CreditView, EvidenceView, Recorder};
pub use escalation::EscalationView;
pub use message::{AttemptView, BouncedView, FeedbackView, MailView, MessageView, QuietHoursView};
pub use registration::RegistrationView;
pub use revocation::{ObjectionView, RevocationEndView, RevocationView};
pub use transfer::{ArrivalView, DepartureView, TransferView};

use domain::{
    application::{Application, ApplicationKind, Outcome, Reason, Receipt, Stage, StageProgress, State},
    attachment::{Attachment, AttachmentKind, AttachmentState, ContentType},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    form::{Field, Form, Part},
    id::{ApplicationId, AttachmentId, HolderId},
    identity::{IdentityDocument, IdentityDocumentKind},
    readiness::{Shortcoming, shortcomings},
    registration::RegistrationNumber,
    rules::{RuleLibrary, RuleSetId},
};
use serde::Serialize;

/// An identity document.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityDocumentView {
    /// The kind of document.
    pub kind: IdentityDocumentKind,
    /// Its number: `110***********002X`, or whole for a reviewer who opened the application.
    pub number: String,
}

/// A form.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FormView {
    /// Every field but the identity document.
    #[serde(flatten)]
    pub form: Form,
    /// 身份证件
    pub identity_document: Option<IdentityDocumentView>,
}

impl FormView {
    /// The form with the identity document masked.
    pub fn masked(form: &Form) -> Self {
        Self::with(form, IdentityDocument::masked)
    }

    /// The form with the identity document's number whole. Only for a reviewer whose view is in the journal.
    pub fn revealed(form: &Form) -> Self {
        Self::with(form, |document| document.reveal().to_owned())
    }

    fn with(form: &Form, number: impl Fn(&IdentityDocument) -> String) -> Self {
        let document = form.identity_document.as_ref();
        let identity_document =
            document.map(|document| IdentityDocumentView { kind: document.kind(), number: number(document) });
        Self { form: form.clone(), identity_document }
    }
}

/// An attachment.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttachmentView {
    /// Its id.
    pub id: AttachmentId,
    /// What it shows.
    pub kind: AttachmentKind,
    /// The kind's name in Chinese.
    pub label: &'static str,
    /// The name the holder's device gave it.
    pub file_name: String,
    /// Its format.
    pub content_type: ContentType,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex, once known.
    pub sha256: Option<String>,
    /// Whether it counts yet.
    pub state: AttachmentState,
}

impl From<&Attachment> for AttachmentView {
    fn from(attachment: &Attachment) -> Self {
        Self {
            id: attachment.id.clone(),
            kind: attachment.kind,
            label: attachment.kind.label(),
            file_name: attachment.file_name.clone(),
            content_type: attachment.content_type,
            size: attachment.size,
            sha256: attachment.sha256.clone(),
            state: attachment.state,
        }
    }
}

/// A reason of a return or refusal.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReasonView {
    /// The part it's about.
    pub part: Option<Part>,
    /// The part's name in Chinese.
    pub part_label: Option<&'static str>,
    /// The ground's code.
    pub ground: String,
    /// The ground in Chinese.
    pub text: String,
    /// The reviewer's words.
    pub note: String,
}

/// An application.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplicationView {
    /// Its id.
    pub id: ApplicationId,
    /// What for.
    pub kind: ApplicationKind,
    /// 首次登记, 再登记, …
    pub kind_label: &'static str,
    /// Where it stands.
    pub state: State,
    /// Where it stands, in Chinese.
    pub state_label: &'static str,
    /// The stage it waits at.
    pub stage: Option<Stage>,
    /// Its version, as in the `ETag`.
    pub version: u64,
    /// The rules it's judged by.
    pub rules: RuleSetId,
    /// The form.
    pub form: FormView,
    /// For a change: the form as registered.
    pub before: Option<FormView>,
    /// For a transfer: what it asks beyond the form.
    pub transfer: Option<TransferView>,
    /// For a change: the fields that differ.
    pub changed_fields: Vec<Field>,
    /// For a change or a renewal: what is registered beside what is to be, field by field.
    pub changes: Vec<FieldChange>,
    /// Attachments.
    pub attachments: Vec<AttachmentView>,
    /// What is still missing before it can be submitted.
    pub missing: Vec<Shortcoming>,
    /// The registration it's about, or that it gave.
    pub registration_number: Option<RegistrationNumber>,
    /// The receipt.
    pub receipt: Option<Receipt>,
    /// True where a first registration came after its window.
    pub late: bool,
    /// How far each stage has come.
    pub stages: Vec<StageProgress>,
    /// The reasons of the last return or refusal.
    pub reasons: Vec<ReasonView>,
    /// Last day to mend what was returned.
    pub mend_by: Option<CalendarDate>,
    /// The day by which a decision is due.
    pub decision_due: Option<CalendarDate>,
    /// True once that day has passed.
    pub overdue: bool,
    /// That it last rose to the next level, since nobody decided it in time.
    pub escalation: Option<EscalationView>,
    /// When a draft that isn't submitted is removed.
    pub draft_expires_at: Option<Instant>,
    /// When it was opened.
    pub opened_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

impl ApplicationView {
    /// An application as its holder sees it on `today`.
    pub fn for_holder(application: &Application, library: &RuleLibrary, today: CalendarDate) -> Self {
        Self::with(application, library, today, FormView::masked, IdentityDocument::masked)
    }

    /// An application as the reviewer sees it who opened it on `today`.
    pub fn for_reviewer(application: &Application, library: &RuleLibrary, today: CalendarDate) -> Self {
        let whole = |document: &IdentityDocument| document.reveal().to_owned();
        Self::with(application, library, today, FormView::revealed, whole)
    }

    fn with(
        application: &Application,
        library: &RuleLibrary,
        today: CalendarDate,
        form: impl Fn(&Form) -> FormView,
        number: impl Fn(&IdentityDocument) -> String,
    ) -> Self {
        let rules = library.get(&application.rules);
        let before = application.before.as_ref();
        let editable = matches!(application.state, State::Draft | State::Returned);
        let ground = |code: &str| rules.grounds.iter().find(|ground| ground.code == code);
        let decision_due = application.decision_due(rules);
        Self {
            id: application.id.clone(),
            kind: application.kind,
            kind_label: application.kind.label(),
            state: application.state,
            state_label: application.state.label(),
            stage: application.stage(),
            version: application.version,
            rules: application.rules.clone(),
            form: form(&application.form),
            before: before.map(&form),
            transfer: application.transfer.as_ref().map(TransferView::from),
            changed_fields: before
                .map(|before| before.changed_fields(&application.form).into_iter().collect())
                .unwrap_or_default(),
            changes: FieldChange::of(application, number),
            attachments: application.attachments.iter().map(AttachmentView::from).collect(),
            missing: if editable { shortcomings(application, rules, today) } else { Vec::new() },
            registration_number: application.registration.clone(),
            receipt: application.receipt.clone(),
            late: application.late,
            stages: application.stages.clone(),
            reasons: application
                .reasons
                .iter()
                .map(|Reason { part, ground: code, note }| ReasonView {
                    part: *part,
                    part_label: part.map(Part::label),
                    ground: code.clone(),
                    text: ground(code).map(|ground| ground.text.clone()).unwrap_or_default(),
                    note: note.clone(),
                })
                .collect(),
            mend_by: application.mend_by,
            decision_due,
            overdue: decision_due.is_some_and(|due| today > due),
            escalation: application.escalation.as_ref().map(EscalationView::from),
            draft_expires_at: application.draft_expires_at(),
            opened_at: application.opened_at,
            updated_at: application.updated_at,
        }
    }
}

/// An application in a list.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplicationSummary {
    /// Its id.
    pub id: ApplicationId,
    /// What for.
    pub kind: ApplicationKind,
    /// 首次登记, 再登记, …
    pub kind_label: &'static str,
    /// Where it stands.
    pub state: State,
    /// Where it stands, in Chinese.
    pub state_label: &'static str,
    /// The registration it's about, or that it gave.
    pub registration_number: Option<RegistrationNumber>,
    /// When it was first submitted.
    pub submitted_at: Option<Instant>,
    /// When it last changed.
    pub updated_at: Instant,
    /// Last day to mend what was returned.
    pub mend_by: Option<CalendarDate>,
}

impl From<&Application> for ApplicationSummary {
    fn from(application: &Application) -> Self {
        Self {
            id: application.id.clone(),
            kind: application.kind,
            kind_label: application.kind.label(),
            state: application.state,
            state_label: application.state.label(),
            registration_number: application.registration.clone(),
            submitted_at: application.receipt.as_ref().map(|receipt| receipt.submitted_at),
            updated_at: application.updated_at,
            mend_by: application.mend_by,
        }
    }
}

/// What a decision did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionView {
    /// The application.
    pub application_id: ApplicationId,
    /// How it was decided.
    pub outcome: Outcome,
    /// Where it stands now.
    pub state: State,
    /// Where it stands now, in Chinese.
    pub state_label: &'static str,
    /// The stage it waits at now.
    pub stage: Option<Stage>,
    /// Its version now.
    pub version: u64,
    /// The registration's number, once approved.
    pub registration_number: Option<RegistrationNumber>,
}

/// The holder in a reply about them.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProfileView {
    /// Their id.
    pub holder_id: HolderId,
    /// The profile's version, as in the `ETag`.
    pub version: u64,
    /// The last form they entered.
    pub form: FormView,
    /// Registrations, the newest first.
    pub registrations: Vec<RegistrationView>,
    /// Applications of the last years, the newest first.
    pub applications: Vec<ApplicationSummary>,
    /// How mail to them fares.
    pub mail: MailView,
}

impl ProfileView {
    /// A dossier as its holder sees it on `today`.
    pub fn of(dossier: &Dossier, library: &RuleLibrary, today: CalendarDate) -> Self {
        let mut registrations: Vec<_> = dossier
            .registrations
            .iter()
            .map(|registration| RegistrationView::of(registration, dossier, library, today))
            .collect();
        registrations.sort_by_key(|registration| std::cmp::Reverse(registration.registered_on));
        Self {
            holder_id: dossier.profile.holder.clone(),
            version: dossier.profile.version,
            form: FormView::masked(&dossier.profile.form),
            registrations,
            applications: dossier.applications.iter().rev().map(ApplicationSummary::from).collect(),
            mail: MailView::of(dossier),
        }
    }
}
