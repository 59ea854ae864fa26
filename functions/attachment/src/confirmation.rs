//! Confirming an upload: nothing that a client says about its file is believed, the file itself is looked at.
//!
//! The order is inspect, decide, copy, commit, delete the upload. A run that is killed at any point leaves either a
//! pending attachment whose upload is still there, or a confirmed one whose copy is; so a retry ends it.

use crate::{
    Attachments, own,
    owner::{FileView, Owner, Standing, since},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    blobs::{BlobError, Blobs},
    http::{Holder, NoBody, Problem, Write, reply_of},
    store::Reply,
};
use domain::{application::Change, date::CalendarDate, dossier::Dossier, error::Refusal, id::AttachmentId};
use serde::Serialize;

/// A confirmed file.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Confirmed {
    /// The attachment.
    attachment: FileView,
    /// How what it belongs to stands now.
    #[serde(flatten)]
    standing: Standing,
}

/// 确认附件已上传
///
/// 服务器检查文件本身的大小、格式和校验值；不符的文件会被删除，可用原表单重新上传。只能有一份的材料，确认后替换原件。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/attachments/{id}/confirmation", tag = "attachment",
    params(("id" = AttachmentId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Confirmed))))]
pub(crate) async fn confirm(
    State(room): State<Attachments>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let Attachments { app, blobs } = &room;
    let id = own(&holder, &id)?;
    let now = write.received.at;
    let dossier = app.store.dossier_since(&holder.id, since(now.day(), &id), now).await?;
    let before = Owner::of(&dossier, &id, &app.rules);
    if let Ok(owner) = &before
        && owner.file(&id).is_ok_and(|held| held.stored.is_some())
    {
        // Done before. An earlier run may not have come to its end.
        delete_upload(blobs, &id).await;
        let reply = reply(*owner, &id, now.day())?;
        return Ok(app.echo(&write).await?.unwrap_or_else(|| reply.into_response()));
    }

    let decided = match &before {
        Ok(owner) => decide(&room, *owner, &dossier, &id, &write).await,
        Err(refusal) => Err(refusal.clone().into()),
    };
    let replaced = match (&before, &decided) {
        (Ok(owner), Ok((change, _))) => owner.taken_out(change),
        _ => Vec::new(),
    };
    // Boxed: what is to be committed makes for a large future.
    let response = Box::pin(app.settle(&write, decided)).await?;
    delete_upload(blobs, &id).await;
    for id in replaced {
        if let Err(error) = blobs.discard(&id).await {
            tracing::error!(attachment = %id, error = %error.report(), "a replaced file could not be deleted");
        }
    }
    Ok(response)
}

/// Looks at the upload, decides, and keeps a copy of what was decided on.
async fn decide(
    Attachments { app, blobs }: &Attachments,
    owner: Owner<'_>,
    dossier: &Dossier,
    id: &AttachmentId,
    write: &Write<NoBody>,
) -> Result<(Change, Reply), Problem> {
    let now = write.received.at;
    let announced = owner.in_version(write.if_match)?.file(id)?.size;
    let seen = match blobs.inspect(id, announced).await {
        Err(error @ BlobError::TooLarge { .. }) => {
            delete_upload(blobs, id).await;
            return Err(error.into());
        }
        seen => seen?,
    };
    let change = match owner.confirm(dossier, id, &seen.file, &app.rules, now) {
        Err(refusal) => {
            if is_about_the_file(&refusal) {
                delete_upload(blobs, id).await;
            }
            return Err(refusal.into());
        }
        Ok(change) => change,
    };
    let reply = reply(owner.after(&change)?, id, now.day())?;
    blobs.keep(id, &seen).await?;
    Ok((change, reply))
}

fn reply(owner: Owner<'_>, id: &AttachmentId, today: CalendarDate) -> Result<Reply, Problem> {
    let view = Confirmed { attachment: owner.file(id)?.view, standing: owner.standing(today) };
    reply_of(StatusCode::OK, Some(owner.version()), &view)
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

/// Deletes an upload that is of no use any more. Where that fails, the bucket's life cycle does it within days.
async fn delete_upload(blobs: &Blobs, id: &AttachmentId) {
    if let Err(error) = blobs.delete_upload(id).await {
        tracing::warn!(attachment = %id, error = %error.report(), "an upload could not be deleted");
    }
}
