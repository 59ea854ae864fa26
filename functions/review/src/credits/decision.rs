//! Decisions on records of hours: one, or a batch with a result each.

use super::{find, parse, shared::is_shared, with_cycle};
use crate::batch::{Named, outcome, requests};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    http::{App, IfMatch, Problem, Staff, Write, reply_of},
    store::Reply,
};
use domain::{
    actor::Reviewer,
    application::{Change, Reason},
    credit::{CreditRefusal, CreditState, Hours},
    education::{self, CreditDecision, CreditOutcome},
    error::{FieldError, Refusal},
    id::CreditId,
};
use serde::{Deserialize, Serialize};

/// What a decision made of a record.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct CreditDecided {
    /// The record.
    credit_id: CreditId,
    /// How far it has come.
    state: CreditState,
    /// The same in Chinese.
    state_label: &'static str,
    /// Hours claimed.
    claimed: Hours,
    /// Hours recognised.
    recognised: Hours,
    /// 学时 or 小时
    unit: String,
    /// Its version now.
    version: u64,
}

/// The reply that says what `change` made of its record.
pub(crate) fn respond(change: Change) -> Result<(Change, Reply), Problem> {
    let record = change.credit.as_deref().ok_or_else(|| Problem::internal("a decision changes no record"))?;
    let view = CreditDecided {
        credit_id: record.id.clone(),
        state: record.state,
        state_label: record.state.label(),
        claimed: record.claimed,
        recognised: record.recognised,
        unit: record.unit.clone(),
        version: record.version,
    };
    let reply = reply_of(StatusCode::OK, Some(view.version), &view)?;
    Ok((change, reply))
}

/// 认定或不予认定学时
///
/// 须带打开记录时得到的 If-Match。认定一部分的填写 hours 并说明理由；不填为全部认定。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/review/credits/{id}/decision", tag = "review",
    params(("id" = CreditId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    request_body = CreditDecision, responses((status = 200, body = CreditDecided))))]
pub(crate) async fn one(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    Path(id): Path<String>,
    write: Write<CreditDecision>,
) -> Result<Response, Problem> {
    Box::pin(decide(&app, &reviewer, &id, write, true)).await
}

async fn decide(
    app: &App,
    reviewer: &Reviewer,
    id: &str,
    write: Write<CreditDecision>,
    opened: bool,
) -> Result<Response, Problem> {
    let id = parse(id)?;
    let version = IfMatch::required(write.if_match)?;
    let now = write.received.at;
    let dossier = with_cycle(app, &id, now).await?;
    let decide = || {
        let record = find(&dossier, &id, None)?;
        let decision = write.body.clone();
        let change = education::decide(&dossier, record, reviewer, decision, &app.rules, now)?;
        // Asked after the rules: who decides twice is told that it's decided, not that a page is old.
        find(&dossier, &id, version)?;
        respond(change)
    };
    let mut decided = decide();
    // Only once the rules would let it pass: a refusal tells nothing of other people's files.
    if let (Ok(_), false, Some(record)) = (&decided, opened, dossier.credit(&id))
        && is_shared(&app.store, record).await?
    {
        decided = Err(Refusal::from(CreditRefusal::SharedEvidence).into());
    }
    app.settle(&write, decided).await
}

/// One decision of a batch.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CreditBatchItem {
    /// The record.
    credit_id: String,
    /// The version that was looked at.
    version: u64,
    /// How it's decided.
    outcome: CreditOutcome,
    /// The hours that are recognised; all that were claimed where it's left out.
    #[serde(default)]
    hours: Option<Hours>,
    /// Why.
    #[serde(default)]
    reasons: Vec<Reason>,
}

impl Named for CreditBatchItem {
    fn name(&self) -> &str {
        &self.credit_id
    }
}

/// A batch of decisions on hours.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct CreditBatch {
    /// 1 to 50 decisions.
    items: Vec<CreditBatchItem>,
}

/// What became of one decision of a batch.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct CreditBatchResult {
    /// The record.
    credit_id: String,
    /// HTTP status that the decision alone would have had.
    status: u16,
    /// What it did, where it succeeded.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<CreditDecided>))]
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
pub(crate) struct CreditBatchResults {
    /// One per decision, in their order.
    items: Vec<CreditBatchResult>,
}

/// 批量认定学时
///
/// 用于内容相同的申报，每批最多 50 条；与其他记录使用同一文件的（shared_evidence）须逐条打开后办理。逐条办理、逐条返回结果：一条失败不影响其他。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/review/credits/decisions", tag = "review",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = CreditBatch, responses((status = 200, body = CreditBatchResults))))]
pub(crate) async fn many(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    write: Write<CreditBatch>,
) -> Result<Response, Problem> {
    let mut items = Vec::with_capacity(write.body.items.len());
    for (item, one) in requests(&write, &write.body.items)? {
        let CreditBatchItem { version, outcome: ruled, hours, ref reasons, .. } = *item;
        let decision = CreditDecision { outcome: ruled, hours, reasons: reasons.clone() };
        let one = one.with(decision, version);
        let result = Box::pin(decide(&app, &reviewer, &item.credit_id, one, false)).await;
        let done = outcome(result).await?;
        items.push(CreditBatchResult {
            credit_id: item.credit_id.clone(),
            status: done.status,
            result: done.result,
            code: done.code,
            detail: done.detail,
            errors: done.errors,
        });
    }
    Ok(Json(CreditBatchResults { items }).into_response())
}
