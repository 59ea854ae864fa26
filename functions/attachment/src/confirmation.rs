//! Confirming an upload: nothing that a client says about its file is believed, the file itself is looked at.
//!
//! The order is inspect, decide, copy, commit, delete the upload. A run that is killed at any point leaves either a
//! pending attachment whose upload is still there, or a confirmed one whose copy is; so a retry ends it.

use crate::{Attachments, missing, own};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    blobs::{BlobError, Blobs},
    http::{App, Holder, NoBody, Problem, Write, reply_of},
    store::Reply,
    view::AttachmentView,
};
use domain::{
    application::{Application, Change, confirm_attachment},
    attachment::Attachment,
    date::CalendarDate,
    dossier::Dossier,
    error::Refusal,
    id::AttachmentId,
    readiness::Shortcoming,
};
use serde::Serialize;

/// A confirmed attachment.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Confirmed {
    /// The attachment.
    attachment: AttachmentView,
    /// The application's version now, for `If-Match`.
    application_version: u64,
    /// What the application still lacks before it can be submitted.
    missing: Vec<Shortcoming>,
}

/// 确认附件已上传
///
/// 服务器检查文件本身的大小、格式和校验值；不符的文件会被删除，可用原表单重新上传。只能有一份的材料，确认后替换原件。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/attachments/{id}/confirmation", tag = "attachment",
    params(("id" = AttachmentId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Confirmed))))]
pub(crate) async fn confirm(
    State(Attachments { app, blobs }): State<Attachments>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let id = own(&holder, &id)?;
    let today = write.received.at.day();
    let dossier = app.store.dossier(&holder.id, write.received.at).await?;
    let application = dossier.application(&id.application());
    let confirmed = |held: &&Application| held.attachment(&id).is_some_and(Attachment::is_confirmed);
    if let Some(application) = application.filter(confirmed) {
        // Done before. An earlier run may not have come to its end.
        delete_upload(&blobs, &id).await;
        let reply = reply(&app, application, &id, today)?;
        return Ok(app.echo(&write).await?.unwrap_or_else(|| reply.into_response()));
    }

    let decided = decide(&app, &blobs, &dossier, &id, &write).await;
    let replaced = decided.as_ref().map(|(change, _)| replaced(application, change)).unwrap_or_default();
    let response = app.settle(&write, decided).await?;
    delete_upload(&blobs, &id).await;
    for id in replaced {
        if let Err(error) = blobs.discard(&id).await {
            tracing::error!(attachment = %id, error = %error.report(), "a replaced file could not be deleted");
        }
    }
    Ok(response)
}

/// Looks at the upload, decides, and keeps a copy of what was decided on.
async fn decide(
    app: &App,
    blobs: &Blobs,
    dossier: &Dossier,
    id: &AttachmentId,
    write: &Write<NoBody>,
) -> Result<(Change, Reply), Problem> {
    let now = write.received.at;
    let application = App::find(dossier, &id.application(), write.if_match)?;
    let announced = application.attachment(id).ok_or(Refusal::UnknownAttachment)?;
    let seen = match blobs.inspect(id, announced.size).await {
        Err(error @ BlobError::TooLarge { .. }) => {
            delete_upload(blobs, id).await;
            return Err(error.into());
        }
        seen => seen?,
    };
    let change = match confirm_attachment(dossier, application, id, &seen.file, &app.rules, now) {
        Err(refusal) => {
            if is_about_the_file(&refusal) {
                delete_upload(blobs, id).await;
            }
            return Err(refusal.into());
        }
        Ok(change) => change,
    };
    let next = change.application.as_ref();
    let next = next.ok_or_else(|| Problem::internal("a confirmation changes no application"))?;
    let reply = reply(app, next, id, now.day())?;
    blobs.keep(id, &seen).await?;
    Ok((change, reply))
}

fn reply(
    app: &App,
    application: &Application,
    id: &AttachmentId,
    today: CalendarDate,
) -> Result<Reply, Problem> {
    let attachment = application.attachment(id).ok_or(Refusal::UnknownAttachment)?;
    let view = Confirmed {
        attachment: attachment.into(),
        application_version: application.version,
        missing: missing(app, application, today),
    };
    reply_of(StatusCode::OK, Some(application.version), &view)
}

/// True where another file in the same place could be accepted.
fn is_about_the_file(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::AttachmentFormat { .. }
            | Refusal::AttachmentTooLarge { .. }
            | Refusal::AttachmentMismatch { .. }
    )
}

/// The attachments that `change` takes out of the application.
fn replaced(before: Option<&Application>, change: &Change) -> Vec<AttachmentId> {
    let (Some(before), Some(after)) = (before, &change.application) else { return Vec::new() };
    let gone = before.attachments.iter().filter(|held| after.attachment(&held.id).is_none());
    gone.map(|held| held.id.clone()).collect()
}

/// Deletes an upload that is of no use any more. Where that fails, the bucket's life cycle does it within days.
async fn delete_upload(blobs: &Blobs, id: &AttachmentId) {
    if let Err(error) = blobs.delete_upload(id).await {
        tracing::warn!(attachment = %id, error = %error.report(), "an upload could not be deleted");
    }
}
