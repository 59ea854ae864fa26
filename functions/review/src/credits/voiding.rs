//! Striking hours out for fraud: what it would do is shown first, and confirmed by showing that it was seen.

use super::{decision::respond, find, parse, with_cycles};
use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use common::http::{App, IfMatch, Problem, Received, Staff, Write, etag};
use domain::{application::Reason, education};
use serde::Deserialize;

/// 查看作废的影响
///
/// 只查看，不改变任何内容。确认作废时须带回 confirmation。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/review/credits/{id}/voiding", tag = "review",
    params(("id" = domain::id::CreditId, Path)), responses((status = 200, body = domain::education::VoidEffect))))]
pub(crate) async fn preview(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    received: Received,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let id = parse(&id)?;
    let dossier = with_cycles(&app, &id, received.at).await?;
    let record = find(&dossier, &id, None)?;
    let effect = education::preview_void(&dossier, record, &reviewer, &app.rules)?;
    Ok(([(header::ETAG, etag(record.version))], Json(effect)))
}

/// Hours to be struck out.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Voiding {
    /// Why; at least one.
    reasons: Vec<Reason>,
    /// `confirmation` of the effect that was shown.
    confirmation: String,
}

/// 作废学时
///
/// 用于弄虚作假（如代挂学时），不能恢复。影响与查看时不同的，须重新查看后确认。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/review/credits/{id}/voiding", tag = "review",
    params(("id" = domain::id::CreditId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    request_body = Voiding, responses((status = 200, body = super::decision::CreditDecided))))]
pub(crate) async fn confirm(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    Path(id): Path<String>,
    write: Write<Voiding>,
) -> Result<Response, Problem> {
    let id = parse(&id)?;
    let version = IfMatch::required(write.if_match)?;
    let now = write.received.at;
    let dossier = with_cycles(&app, &id, now).await?;
    let decide = || {
        let record = find(&dossier, &id, None)?;
        let Voiding { reasons, confirmation } = write.body.clone();
        let change = education::void(&dossier, record, &reviewer, reasons, &confirmation, &app.rules, now)?;
        // Asked after the rules, as of a decision.
        find(&dossier, &id, version)?;
        respond(change)
    };
    app.settle(&write, decide()).await
}
