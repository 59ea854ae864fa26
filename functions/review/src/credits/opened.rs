//! One record of hours, opened by a reviewer: beside its files, what it comes to, and the records it looks like, the
//! holder's own and other people's.

use super::{parse, queue::SampleAsked, with_cycles};
use crate::{Review, opened::Download};
use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::IntoResponse,
};
use common::{
    blobs::{BlobError, Blobs, Disposition},
    http::{Problem, Received, Staff, etag},
    store::{Store, StoreError},
    view::{CreditView, RegistrationView},
};
use domain::{
    actor::Reviewer,
    application::Stage,
    certificate::CertificateLevel,
    credit::{
        CreditRecord, CreditRefusal, CreditState, Cycle, Hours, HoursShortfall, Likeness, Line, Uncounted,
        likenesses,
    },
    date::CalendarDate,
    district::DistrictCode,
    dossier::Dossier,
    education::{Look, look},
    form::{PersonName, ShortText},
    id::{ApplicationId, AttachmentId, CreditId},
    registration::Registration,
    rules::{Ground, RuleLibrary},
};
use futures_util::future::{try_join, try_join_all};
use serde::Serialize;
use std::collections::BTreeSet;

/// Records that are shown beside one at the most.
const MOST_ALIKE: usize = 20;
/// Other people's records that are looked at for it: what one call of the store reads.
const MOST_READ: usize = 100;
/// Files of one content that are looked up.
pub(super) const MOST_FILES: i32 = 50;

/// Whose record it is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct CreditHolder {
    /// The name registered.
    name: PersonName,
    /// The certificate's level.
    level: CertificateLevel,
    /// The level in Chinese.
    level_label: &'static str,
    /// Where they are registered.
    district: DistrictCode,
    /// The registration.
    registration: RegistrationView,
}

impl CreditHolder {
    /// Who has `registration`, by their dossier as of `today`.
    pub(crate) fn of(
        registration: &Registration,
        dossier: &Dossier,
        library: &RuleLibrary,
        today: CalendarDate,
    ) -> Self {
        Self {
            name: registration.name.clone(),
            level: registration.certificate.level,
            level_label: registration.certificate.level.label(),
            district: registration.district.clone(),
            registration: RegistrationView::of(registration, dossier, library, today),
        }
    }
}

/// What counts of a record.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Counted {
    /// Hours that count.
    counted: Hours,
    /// Hours that don't, each with its reason.
    uncounted: Vec<Uncounted>,
}

impl From<&Line> for Counted {
    fn from(line: &Line) -> Self {
        Self { counted: line.counted, uncounted: line.uncounted.clone() }
    }
}

/// The cycle that a record was claimed for, and what the record comes to in it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct CycleStanding {
    /// The cycle.
    cycle: Cycle,
    /// The renewal that used its hours, where one did: they're locked.
    renewed_by: Option<ApplicationId>,
    /// 学时 or 小时
    unit: String,
    /// Asked for, counted, missing.
    hours: HoursShortfall,
    /// What would be missing if every claim that waits were recognised in full.
    with_pending: HoursShortfall,
    /// What counts of this record now.
    now: Option<Counted>,
    /// What would count of it if all of it were recognised; none where nothing is to be decided.
    recognised_in_full: Option<Counted>,
}

/// A record that the opened one looks like.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Lookalike {
    /// The record.
    credit_id: CreditId,
    /// In what it's alike.
    likenesses: Vec<Likeness>,
    /// True where it's of the same person.
    same_person: bool,
    /// The holder's name; the surname alone where their district isn't the reviewer's.
    name: String,
    /// True where their district is the reviewer's: the record can be opened, and its files are here.
    covered: bool,
    /// What it was called.
    title: ShortText,
    /// Its form, in Chinese.
    form_label: &'static str,
    /// Who held it.
    provider: Option<ShortText>,
    /// First day.
    done_from: CalendarDate,
    /// Last day.
    done_to: CalendarDate,
    /// Hours claimed.
    claimed: Hours,
    /// Hours recognised.
    recognised: Hours,
    /// 学时 or 小时
    unit: String,
    /// How far it has come.
    state: CreditState,
    /// The same in Chinese.
    state_label: &'static str,
    /// Where its files can be looked at.
    downloads: Vec<Download>,
}

/// An opened record.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct OpenedCredit {
    /// The record.
    credit: CreditView,
    /// Where its files can be looked at.
    downloads: Vec<Download>,
    /// The sample it was drawn into, while that isn't decided.
    sample: Option<SampleAsked>,
    /// Whose it is.
    holder: CreditHolder,
    /// Its cycle, and what it comes to.
    standing: CycleStanding,
    /// What it looks like, side by side; nothing is taken off for it.
    alike: Vec<Lookalike>,
    /// True where there is more of that than is shown.
    alike_more: bool,
    /// The stage that decides it.
    decided_by: Stage,
    /// The stage that can strike it out.
    voided_by: Stage,
    /// Grounds for recognising in part, refusing and striking out.
    grounds: Vec<Ground>,
}

/// 打开学时记录
///
/// 附证明材料、计入情况，以及内容相近的记录：本人的，和使用了同一份材料的其他人的。不在辖区内的只显示姓氏。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/review/credits/{id}", tag = "review",
    params(("id" = CreditId, Path)), responses((status = 200, body = OpenedCredit))))]
pub(crate) async fn read(
    State(Review { app, blobs }): State<Review>,
    Staff { reviewer }: Staff,
    received: Received,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let id = parse(&id)?;
    let dossier = with_cycles(&app, &id, received.at).await?;
    let record = dossier.credit(&id).ok_or(CreditRefusal::UnknownCredit)?;
    let Look { registration, renewal, rules, assessment, in_full } =
        look(&dossier, record, &reviewer, &app.rules)?;
    let (others, cut) = same_files(&app.store, record, &dossier).await?;
    let (shown, downloads, more) = side_by_side(&blobs, &reviewer, record, (&dossier, &others)).await?;
    let opened = OpenedCredit {
        credit: CreditView::of(record, rules),
        downloads,
        sample: SampleAsked::of(record.open_audit()),
        holder: CreditHolder::of(registration, &dossier, &app.rules, received.at.day()),
        standing: CycleStanding {
            renewed_by: renewal.cloned(),
            unit: assessment.unit.clone(),
            hours: assessment.shortfall,
            with_pending: assessment.with_pending,
            now: assessment.line(&id).map(Counted::from),
            recognised_in_full: in_full.as_ref().map(Counted::from),
            cycle: assessment.cycle,
        },
        alike: shown,
        alike_more: more || cut,
        decided_by: *rules.hours.claim_stage,
        voided_by: rules.last_stage(),
        grounds: rules.hours.grounds.to_vec(),
    };
    Ok(([(header::ETAG, etag(record.version))], Json(opened)))
}

/// The records of whomever, but those in `dossier`, that have one of `record`'s files and count or may come to; and
/// whether there may be more.
async fn same_files(
    store: &Store,
    record: &CreditRecord,
    dossier: &Dossier,
) -> Result<(Vec<CreditRecord>, bool), StoreError> {
    let found = record.contents().map(|content| store.same_evidence(content, MOST_FILES));
    let found = try_join_all(found).await?;
    let full = |files: &Vec<AttachmentId>| i32::try_from(files.len()).is_ok_and(|count| count >= MOST_FILES);
    let cut = found.iter().any(full);
    let ids: BTreeSet<CreditId> = found
        .iter()
        .flatten()
        .filter_map(AttachmentId::credit)
        .filter(|id| dossier.credit(id).is_none())
        .collect();
    let cut = cut || ids.len() > MOST_READ;
    let ids: Vec<_> = ids.into_iter().take(MOST_READ).collect();
    if ids.is_empty() {
        return Ok((Vec::new(), cut));
    }
    let mut others = store.credits(&ids).await?;
    others.sort_by(|a, b| (a.recorded_at, &a.id).cmp(&(b.recorded_at, &b.id)));
    Ok((others, cut))
}

/// What `record` looks like of `own` and `others`, its own downloads, and whether there is more than is shown.
async fn side_by_side(
    blobs: &Blobs,
    reviewer: &Reviewer,
    record: &CreditRecord,
    (own, others): (&Dossier, &[CreditRecord]),
) -> Result<(Vec<Lookalike>, Vec<Download>, bool), Problem> {
    let alive = own.credits.iter().chain(others).filter(|other| other.state.is_alive());
    let alive: Vec<_> = alive
        .map(|other| (other, likenesses(record, [other])))
        .filter(|(_, likenesses)| !likenesses.is_empty())
        .collect();
    let more = alive.len() > MOST_ALIKE;
    let shown = alive.into_iter().take(MOST_ALIKE).map(|(other, likenesses)| async move {
        let same_person = other.holder == record.holder;
        let covered = same_person || reviewer.covers(&other.district);
        let downloads = if covered { downloads(blobs, other).await? } else { Vec::new() };
        Ok::<_, BlobError>(Lookalike {
            credit_id: other.id.clone(),
            likenesses,
            same_person,
            name: if covered { other.name.as_str().to_owned() } else { other.name.masked() },
            covered,
            title: other.activity.title.clone(),
            form_label: other.activity.form.label(),
            provider: other.activity.provider.clone(),
            done_from: other.activity.done_from,
            done_to: other.activity.done_to,
            claimed: other.claimed,
            recognised: other.recognised,
            unit: other.unit.clone(),
            state: other.state,
            state_label: other.state.label(),
            downloads,
        })
    });
    let (shown, files) =
        try_join(try_join_all(shown), downloads(blobs, record)).await.map_err(Problem::internal)?;
    Ok((shown, files, more))
}

/// Where the confirmed files of `record` can be looked at.
async fn downloads(blobs: &Blobs, record: &CreditRecord) -> Result<Vec<Download>, BlobError> {
    let stored = record.confirmed_files().filter_map(|file| Some((file, file.stored()?)));
    try_join_all(stored.map(|(file, stored)| async {
        let url = blobs.presign_get(stored, Disposition::Inline).await?;
        Ok(Download { attachment_id: file.id.clone(), url })
    }))
    .await
}
