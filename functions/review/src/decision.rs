//! Decisions: one, or a batch with a result each.

use crate::batch::{Named, outcome, requests};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    http::{App, IfMatch, Problem, Staff, Write, reply_of},
    view::DecisionView,
};
use domain::{
    actor::Reviewer,
    application::{self, Decision, Outcome, Reason},
    error::{FieldError, Refusal},
    id::ApplicationId,
};
use serde::{Deserialize, Serialize};

/// 作出审核决定
///
/// 须带打开申请时得到的 If-Match,申请人在此期间的修改不会被忽略。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/review/applications/{id}/decision", tag = "review",
    params(("id" = ApplicationId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    request_body = Decision, responses((status = 200, body = DecisionView))))]
pub(crate) async fn one(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    Path(id): Path<String>,
    write: Write<Decision>,
) -> Result<Response, Problem> {
    decide(&app, &reviewer, &id, write).await
}

async fn decide(
    app: &App,
    reviewer: &Reviewer,
    id: &str,
    write: Write<Decision>,
) -> Result<Response, Problem> {
    let id: ApplicationId = id.parse().map_err(|_| Refusal::UnknownApplication)?;
    let version = IfMatch::required(write.if_match)?;
    let now = write.received.at;
    app.execute(&write, &id.holder(), |dossier, entropy| {
        let application = App::find(dossier, &id, None)?;
        let change = application::decide(
            dossier,
            application,
            reviewer,
            write.body.clone(),
            entropy,
            &app.rules,
            now,
        )?;
        // Asked after the rules: who decides twice is told that it's decided, not that a page is old.
        App::find(dossier, &id, version)?;
        let after = change.application.as_ref();
        let after = after.ok_or_else(|| Problem::internal("a decision changes no application"))?;
        let view = DecisionView {
            application_id: id.clone(),
            outcome: write.body.outcome,
            state: after.state,
            state_label: after.state.label(),
            stage: after.stage(),
            version: after.version,
            registration_number: after.registration.clone(),
        };
        let reply = reply_of(StatusCode::OK, Some(view.version), &view)?;
        Ok((change, reply))
    })
    .await
}

/// One decision of a batch.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchItem {
    /// The application.
    application_id: String,
    /// The version that was looked at.
    version: u64,
    /// How it's decided.
    outcome: Outcome,
    /// Why.
    #[serde(default)]
    reasons: Vec<Reason>,
}

impl Named for BatchItem {
    fn name(&self) -> &str {
        &self.application_id
    }
}

/// A batch of decisions.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Batch {
    /// 1 to 50 decisions.
    items: Vec<BatchItem>,
}

/// What became of one decision of a batch.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct BatchResult {
    /// The application.
    application_id: String,
    /// HTTP status that the decision alone would have had.
    status: u16,
    /// What it did, where it succeeded.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<DecisionView>))]
    result: Option<serde_json::Value>,
    /// The error's code, where it failed.
    code: Option<&'static str>,
    /// The error, in Chinese.
    detail: Option<String>,
    /// Errors by field.
    errors: Vec<FieldError>,
}

/// What became of a batch.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct BatchResults {
    /// One per decision, in their order.
    items: Vec<BatchResult>,
}

/// 批量作出审核决定
///
/// 逐件办理、逐件返回结果：一件失败不影响其他。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/review/decisions", tag = "review",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = Batch, responses((status = 200, body = BatchResults))))]
pub(crate) async fn many(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    write: Write<Batch>,
) -> Result<Response, Problem> {
    let mut items = Vec::with_capacity(write.body.items.len());
    for (item, one) in requests(&write, &write.body.items)? {
        let decision = Decision { outcome: item.outcome, reasons: item.reasons.clone() };
        let result = decide(&app, &reviewer, &item.application_id, one.with(decision, item.version)).await;
        let done = outcome(result).await?;
        items.push(BatchResult {
            application_id: item.application_id.clone(),
            status: done.status,
            result: done.result,
            code: done.code,
            detail: done.detail,
            errors: done.errors,
        });
    }
    Ok(Json(BatchResults { items }).into_response())
}
