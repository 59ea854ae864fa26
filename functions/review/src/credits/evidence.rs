//! Asking one holder for evidence, by hand.

use super::{decision::respond, find, parse, with_cycle};
use axum::{
    extract::{Path, State},
    response::Response,
};
use common::http::{App, NoBody, Problem, Staff, Write};
use domain::education;

/// 要求补充证明材料
///
/// 用于已计入的单条记录。作出决定之前学时继续计入；持证人会收到邮件，逾期未补充的进入待认定队列。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/review/credits/{id}/evidence-request", tag = "review",
    params(("id" = domain::id::CreditId, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = super::decision::CreditDecided))))]
pub(crate) async fn ask(
    State(app): State<App>,
    Staff { reviewer }: Staff,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let id = parse(&id)?;
    let now = write.received.at;
    let dossier = with_cycle(&app, &id, now).await?;
    let decide = || {
        let record = find(&dossier, &id, write.if_match)?;
        let change = education::ask_for_evidence(&dossier, record, Some(&reviewer), &app.rules, now)?;
        respond(change)
    };
    app.settle(&write, decide()).await
}
