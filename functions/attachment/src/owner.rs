//! What a file belongs to: an application, or a record of hours that it proves. What differs between the two is told here;
//! how a file comes, is looked at, shown and removed is the same for both.

use common::{
    http::{IfMatch, Problem},
    view::{AttachmentView, EvidenceView},
};
use domain::{
    actor::Reviewer,
    application::{self, Application, Change, confirm_attachment, remove_attachment},
    attachment::{Inspection, StoredFile},
    credit::{CreditRecord, CreditRefusal},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    education::{self, confirm_evidence, lacking, remove_evidence},
    error::{FieldError, Refusal},
    id::AttachmentId,
    readiness::{Shortcoming, shortcomings},
    rules::{RuleLibrary, RuleSet},
};
use serde::Serialize;

/// A file's owner, and the rules it stands under.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner<'a> {
    /// An application, whose paper it is.
    Application(&'a Application, &'a RuleSet),
    /// A record of hours, whose evidence it is.
    Credit(&'a CreditRecord, &'a RuleSet),
}

/// The oldest day that a dossier must reach on `today` for the owner of `file` to be in it.
pub(crate) fn since(today: CalendarDate, file: &AttachmentId) -> CalendarDate {
    file.credit().map_or_else(|| Dossier::since(today), |credit| Dossier::since_credit(today, &credit))
}

/// A file in its owner.
#[derive(Debug)]
pub(crate) struct Held<'a> {
    /// As it's shown.
    pub view: FileView,
    /// Its size as it was announced.
    pub size: u64,
    /// The confirmed file; none before it's confirmed.
    pub stored: Option<StoredFile<'a>>,
    /// The application whose journal notes each reviewer who looks at it; none where nobody has to.
    pub noted: Option<&'a Application>,
}

/// An attachment of an application, or evidence of hours.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub(crate) enum FileView {
    /// An application's.
    Attachment(AttachmentView),
    /// Of a record of hours.
    Evidence(EvidenceView),
}

/// How what a file belongs to stands now.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub(crate) enum Standing {
    /// An application.
    Application {
        /// The application's version now, for `If-Match`.
        application_version: u64,
        /// What the application still lacks before it can be submitted.
        missing: Vec<Shortcoming>,
    },
    /// A record of hours.
    Credit {
        /// The record's version now, for `If-Match`.
        credit_version: u64,
        /// What the record still lacks before it can be submitted.
        missing: Vec<FieldError>,
    },
}

impl<'a> Owner<'a> {
    /// Whom `file` belongs to, in its holder's `dossier`.
    pub fn of(dossier: &'a Dossier, file: &AttachmentId, library: &'a RuleLibrary) -> Result<Self, Refusal> {
        if let Some(id) = file.credit() {
            let record = dossier.credit(&id).ok_or(CreditRefusal::UnknownCredit)?;
            let (_, cycle, _) = dossier.cycle_of(record).ok_or(CreditRefusal::UnknownCredit)?;
            return Ok(Self::Credit(record, library.get(&cycle.rules)));
        }
        let application = dossier.application(&file.application()).ok_or(Refusal::UnknownApplication)?;
        Ok(Self::Application(application, library.get(&application.rules)))
    }

    /// The same, in the version that `If-Match` asks for.
    pub fn in_version(self, asked: Option<IfMatch>) -> Result<Self, Problem> {
        match asked {
            Some(IfMatch(version)) if version != self.version() => Err(Problem::stale()),
            _ => Ok(self),
        }
    }

    /// Its version.
    pub fn version(self) -> u64 {
        match self {
            Self::Application(application, _) => application.version,
            Self::Credit(record, _) => record.version,
        }
    }

    /// The file `id` of it, or the place for one.
    pub fn file(self, id: &AttachmentId) -> Result<Held<'a>, Refusal> {
        match self {
            Self::Application(application, _) => application.attachment(id).map(|held| Held {
                view: FileView::Attachment(held.into()),
                size: held.size,
                stored: held.stored(),
                noted: held.kind.shows_identity_card().then_some(application),
            }),
            Self::Credit(record, _) => record.file(id).map(|held| Held {
                view: FileView::Evidence(held.into()),
                size: held.size,
                stored: held.stored(),
                noted: None,
            }),
        }
        .ok_or(Refusal::UnknownAttachment)
    }

    /// What `change` makes of it.
    pub fn after<'b>(self, change: &'b Change) -> Result<Owner<'b>, Problem>
    where
        'a: 'b,
    {
        match self {
            Self::Application(_, rules) => {
                change.application.as_ref().map(|next| Owner::Application(next, rules))
            }
            Self::Credit(_, rules) => change.credit.as_deref().map(|next| Owner::Credit(next, rules)),
        }
        .ok_or_else(|| Problem::internal("a file is changed and what it belongs to isn't"))
    }

    /// The files that `change` takes out of it.
    pub fn taken_out(self, change: &Change) -> Vec<AttachmentId> {
        let Ok(after) = self.after(change) else { return Vec::new() };
        self.ids().into_iter().filter(|id| after.file(id).is_err()).cloned().collect()
    }

    fn ids(self) -> Vec<&'a AttachmentId> {
        match self {
            Self::Application(application, _) => {
                application.attachments.iter().map(|held| &held.id).collect()
            }
            Self::Credit(record, _) => record.files.iter().map(|held| &held.id).collect(),
        }
    }

    /// Checks that `reviewer` may see its files.
    pub fn check_view(self, dossier: &Dossier, reviewer: &Reviewer) -> Result<(), Refusal> {
        match self {
            Self::Application(application, _) => application::check_view(application, reviewer),
            Self::Credit(record, _) => education::check_view(dossier, record, reviewer),
        }
    }

    /// Decides on the file `id` as it was seen.
    pub fn confirm(
        self,
        dossier: &Dossier,
        id: &AttachmentId,
        seen: &Inspection,
        library: &RuleLibrary,
        now: Instant,
    ) -> Result<Change, Refusal> {
        match self {
            Self::Application(application, _) => {
                confirm_attachment(dossier, application, id, seen, library, now)
            }
            Self::Credit(record, _) => confirm_evidence(dossier, record, id, seen, library, now),
        }
    }

    /// Removes the file `id`.
    pub fn remove(
        self,
        dossier: &Dossier,
        id: &AttachmentId,
        library: &RuleLibrary,
        now: Instant,
    ) -> Result<Change, Refusal> {
        match self {
            Self::Application(application, _) => remove_attachment(dossier, application, id, library, now),
            Self::Credit(record, _) => remove_evidence(dossier, record, id, library, now),
        }
    }

    /// How it stands on `today`. Nothing is missing once it's decided.
    pub fn standing(self, today: CalendarDate) -> Standing {
        match self {
            Self::Application(application, rules) => Standing::Application {
                application_version: application.version,
                missing: if application.is_open() {
                    shortcomings(application, rules, today)
                } else {
                    Vec::new()
                },
            },
            Self::Credit(record, rules) => {
                Standing::Credit { credit_version: record.version, missing: lacking(record, rules) }
            }
        }
    }
}
