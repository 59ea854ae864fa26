//! Taking an application up and laying it down, so that two reviewers don't read the same one.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use common::http::{App, NoBody, Problem, Staff, Write, reply_of};
use domain::{
    application::{self, ApplicationKind, Change, ReviewClaim},
    error::Refusal,
    id::ApplicationId,
};
use serde::Serialize;

/// Who is at an application.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Claimed {
    /// The application.
    application_id: ApplicationId,
    /// What for.
    kind: ApplicationKind,
    /// Who is at it, and until when; nobody once it's laid down.
    claim: Option<ReviewClaim>,
    /// Its version now, for `If-Match`.
    version: u64,
}

/// 领取申请
///
/// 领取后 30 分钟内其他审核人员不能办理。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/review/applications/{id}/claim", tag = "review",
    params(("id" = ApplicationId, Path)), responses((status = 200, body = Claimed))))]
pub(crate) async fn take(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let id: ApplicationId = id.parse().map_err(|_| Refusal::UnknownApplication)?;
    let now = write.received.at;
    app.execute(&write, &id.holder(), |dossier, _| {
        let application = App::find(dossier, &id, write.if_match)?;
        respond(application::claim(application, &reviewer, &app.rules, now)?)
    })
    .await
}

/// 放回申请
#[cfg_attr(feature = "openapi", utoipa::path(delete, path = "/v1/review/applications/{id}/claim", tag = "review",
    params(("id" = ApplicationId, Path)), responses((status = 200, body = Claimed))))]
pub(crate) async fn release(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let id: ApplicationId = id.parse().map_err(|_| Refusal::UnknownApplication)?;
    let now = write.received.at;
    app.execute(&write, &id.holder(), |dossier, _| {
        let application = App::find(dossier, &id, write.if_match)?;
        respond(application::release(application, &reviewer, now)?)
    })
    .await
}

fn respond(change: Change) -> Result<(Change, common::store::Reply), Problem> {
    let application =
        change.application.as_ref().ok_or_else(|| Problem::internal("a claim changes no application"))?;
    let view = Claimed {
        application_id: application.id.clone(),
        kind: application.kind,
        claim: application.claim.clone(),
        version: application.version,
    };
    let reply = reply_of(StatusCode::OK, Some(view.version), &view)?;
    Ok((change, reply))
}
