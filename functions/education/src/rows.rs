//! The rows of a class list: what became of each, and correcting or taking one back with a reason.

use crate::rosters::{entry, own, unknown};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use common::{
    http::{App, Problem, Provider, Query, Write, reply_of},
    store::{Cursor, RosterWrite},
};
use domain::{
    application::{Change, JournalAction, Reason},
    credit::{CreditRecord, CreditRefusal, Hours},
    dossier::Dossier,
    education::{self, Correction, Roster, RowChunk, RowOutcome, RowResult},
};
use futures_util::future::try_join;
use serde::{Deserialize, Serialize};

/// Chunks of a hundred rows that one page looks at.
const CHUNKS: i32 = 10;

/// Which rows.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct RowsInput {
    /// Only rows of which this became.
    outcome: Option<RowOutcome>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A row.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct RowView {
    /// The row and what became of it.
    #[serde(flatten)]
    result: RowResult,
    /// What became of it, in Chinese.
    outcome_label: &'static str,
}

impl From<RowResult> for RowView {
    fn from(result: RowResult) -> Self {
        Self { outcome_label: result.outcome.label(), result }
    }
}

/// A page of rows.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Rows {
    /// In the order of the file.
    items: Vec<RowView>,
    /// `cursor` of the next page; none on the last. A page may be short and yet not be the last.
    next: Option<Cursor>,
}

/// 查看名单每行的处理结果
///
/// 每页最多 1,000 行；可只看某种结果，例如 outcome=name_disagrees。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/rosters/{id}/rows", tag = "education",
    params(("id" = domain::id::RosterId, Path), RowsInput), responses((status = 200, body = Rows))))]
pub(crate) async fn list(
    State(app): State<App>,
    provider: Provider,
    Path(id): Path<String>,
    Query(input): Query<RowsInput>,
) -> Result<Json<Rows>, Problem> {
    let id = own(&provider, &id)?;
    let cursor = input.cursor.map(Cursor::from_text);
    let known = async { Ok::<_, Problem>(app.store.roster(&id).await?) };
    let page = async { Ok(app.store.rows_page(&id, CHUNKS, cursor.as_ref()).await?) };
    let (known, page) = try_join(known, page).await?;
    known.ok_or_else(unknown)?;
    let rows = page.items.into_iter().flat_map(|chunk| chunk.rows);
    let wanted = rows.filter(|row| input.outcome.is_none_or(|outcome| row.outcome == outcome));
    Ok(Json(Rows { items: wanted.map(RowView::from).collect(), next: page.next }))
}

/// What a provider corrects.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RowCorrection {
    /// The hours that were attended.
    hours: Hours,
    /// Why; the holder reads it.
    reason: ProviderReason,
}

/// A row that is taken back.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct RowWithdrawal {
    /// Why; the holder reads it.
    reason: ProviderReason,
}

/// Why a row is changed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderReason {
    /// A ground's code, from the rules; `recording_error` where it's left out.
    #[serde(default = "recording_error")]
    ground: String,
    /// In the provider's words.
    #[serde(default)]
    note: String,
}

fn recording_error() -> String {
    "recording_error".to_owned()
}

impl From<ProviderReason> for Reason {
    fn from(reason: ProviderReason) -> Self {
        Self { part: None, ground: reason.ground, note: reason.note }
    }
}

/// A row as it was found.
struct Found {
    roster: Roster,
    chunk: RowChunk,
    row: RowResult,
}

async fn find(app: &App, provider: &Provider, id: &str, row: &str) -> Result<Found, Problem> {
    let id = own(provider, id)?;
    let no_row = || Problem::new(StatusCode::NOT_FOUND, "unknown_row", "名单中没有这一行，或这一行尚未处理");
    let row: u32 = row.parse().map_err(|_| no_row())?;
    let (roster, chunk) = app.store.roster_with_chunk(&id, RowChunk::of_row(row)).await?;
    let roster = roster.ok_or_else(unknown)?;
    let chunk = chunk.ok_or_else(no_row)?;
    let row = chunk.row(row).ok_or_else(no_row)?.clone();
    Ok(Found { roster, chunk, row })
}

impl Found {
    /// The record that this row made, in its holder's dossier.
    fn record<'a>(&self, dossier: &'a Dossier) -> Result<&'a CreditRecord, Problem> {
        let id = self.row.credit.as_ref().ok_or(CreditRefusal::UnknownCredit)?;
        Ok(dossier.credit(id).ok_or(CreditRefusal::UnknownCredit)?)
    }

    /// What a row that made no record can't have done to it.
    fn not_recorded(&self, wanted: &'static str) -> Problem {
        CreditRefusal::WrongState { state: self.row.outcome.label(), wanted }.into()
    }

    async fn write<T>(
        self,
        app: &App,
        provider: &Provider,
        write: &Write<T>,
        next: RowResult,
        mut change: Option<Change>,
    ) -> Result<Response, Problem> {
        if let Some(change) = &mut change {
            change.journal.from.clone_from(&write.received.from);
        }
        let roster = self.roster.recount(self.row.outcome, next.outcome);
        let chunk = self.chunk.with(next.clone());
        let number = self.row.management_number.as_ref().filter(|_| self.row.outcome == RowOutcome::Waiting);
        let waited = number.map(|number| (number, &self.roster.course.id));
        let reply = reply_of(StatusCode::OK, None, &RowView::from(next))?;
        let journal = entry(provider, JournalAction::RosterRowChanged, write);
        let with = RosterWrite {
            chunk: Some(&chunk),
            journal: Some(&journal),
            change: change.as_ref(),
            waited,
            idempotency: write.idempotency.as_ref().map(|key| (key, &reply)),
        };
        let committed = app.store.commit_roster(&roster, with, write.received.at).await;
        app.answer(write, committed, reply).await
    }
}

/// 更正一行的学时
///
/// 须说明理由，持证人会收到邮件。已用于再登记的不能更正。
#[cfg_attr(feature = "openapi", utoipa::path(patch, path = "/v1/rosters/{id}/rows/{row}", tag = "education",
    params(("id" = domain::id::RosterId, Path), ("row" = u32, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = RowCorrection, responses((status = 200, body = RowView))))]
pub(crate) async fn correct(
    State(app): State<App>,
    provider: Provider,
    Path((id, row)): Path<(String, String)>,
    write: Write<RowCorrection>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    let found = find(&app, &provider, &id, &row).await?;
    let RowCorrection { hours, reason } = write.body.clone();
    let Some(credit) = found.row.credit.clone().filter(|_| found.row.outcome == RowOutcome::Recorded) else {
        let problem = found.not_recorded("更正");
        return app.echo(&write).await?.ok_or(problem);
    };
    let dossier = app.store.dossier(&credit.holder(), now).await?;
    let decided = found.record(&dossier).and_then(|record| {
        let correction = Correction { course: &found.roster.course, hours, reason: reason.into() };
        Ok(education::correct(&dossier, record, correction, &provider.id, &app.rules, now)?)
    });
    match decided {
        Ok(change) => {
            let mut next = found.row.clone();
            next.record(credit, hours);
            found.write(&app, &provider, &write, next, Some(change)).await
        }
        Err(problem) => app.echo(&write).await?.ok_or(problem),
    }
}

/// 撤回一行
///
/// 须说明理由，持证人会收到邮件。待登记后计入的行也由此撤回。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/rosters/{id}/rows/{row}/withdrawal", tag = "education",
    params(("id" = domain::id::RosterId, Path), ("row" = u32, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = RowWithdrawal, responses((status = 200, body = RowView))))]
pub(crate) async fn strike(
    State(app): State<App>,
    provider: Provider,
    Path((id, row)): Path<(String, String)>,
    write: Write<RowWithdrawal>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    let found = find(&app, &provider, &id, &row).await?;
    let reason: Reason = write.body.reason.clone().into();
    let decided = match (found.row.outcome, found.row.credit.clone()) {
        (RowOutcome::Waiting, _) => Ok(None),
        (RowOutcome::Recorded, Some(credit)) => {
            let dossier = app.store.dossier(&credit.holder(), now).await?;
            found.record(&dossier).and_then(|record| {
                Ok(Some(education::strike(&dossier, record, reason.clone(), &provider.id, &app.rules, now)?))
            })
        }
        _ => Err(found.not_recorded("撤回")),
    };
    match decided {
        Ok(change) => {
            let mut next = found.row.clone();
            next.withdraw(&reason.note);
            found.write(&app, &provider, &write, next, change).await
        }
        Err(problem) => app.echo(&write).await?.ok_or(problem),
    }
}
