//! One attachment: showing it to who may see it, and removing it.

use crate::{Attachments, missing, own};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use common::{
    auth::principal::Principal,
    blobs::{DOWNLOAD_LIFETIME, Disposition},
    http::{App, Holder, NoBody, Problem, Received, Staff, Write, reply_of},
    view::AttachmentView,
};
use domain::{
    application::{check_view, remove_attachment},
    date::Instant,
    error::Refusal,
    id::AttachmentId,
    readiness::Shortcoming,
};
use serde::Serialize;

/// An attachment, and where its file can be fetched.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Shown {
    /// The attachment.
    attachment: AttachmentView,
    /// Where its file can be fetched; nowhere before it's confirmed.
    url: Option<String>,
    /// Until when the address works.
    expires_at: Option<Instant>,
}

/// 查看附件
///
/// 返回五分钟内有效的下载地址。本人和有权审核该申请的人员可以查看；审核人员查看身份证照片会记入日志。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/attachments/{id}", tag = "attachment",
    params(("id" = AttachmentId, Path)), responses((status = 200, body = Shown))))]
pub(crate) async fn read(
    State(Attachments { app, blobs }): State<Attachments>,
    caller: Principal,
    received: Received,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Problem> {
    let reviewer = match caller.staff_id() {
        Some(_) => Some(Staff::of(&caller)?.reviewer),
        None => None,
    };
    let id: AttachmentId = match &reviewer {
        Some(_) => id.parse().map_err(|_| Refusal::UnknownAttachment)?,
        None => own(&Holder::of(&caller)?, &id)?,
    };
    let dossier = app.store.dossier(&id.application().holder(), received.at).await?;
    let application = App::find(&dossier, &id.application(), None)?;
    if let Some(reviewer) = &reviewer {
        check_view(application, reviewer)?;
    }
    let attachment = application.attachment(&id).ok_or(Refusal::UnknownAttachment)?;
    let mut shown = Shown { attachment: attachment.into(), url: None, expires_at: None };
    if attachment.is_confirmed() {
        // No view without an entry: written before the address is given.
        if let Some(reviewer) = reviewer.filter(|_| attachment.kind.shows_identity_card()) {
            let (id, version) = (&application.id, application.version);
            app.store.record_view(id, version, &reviewer.id, &received.from, received.at).await?;
        }
        shown.url = Some(blobs.presign_get(attachment, Disposition::Inline).await?);
        shown.expires_at = Some(received.at.plus_seconds(DOWNLOAD_LIFETIME.as_secs().cast_signed()));
    }
    Ok(Json(shown))
}

/// A removal.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Removed {
    /// The application's version now, for `If-Match`.
    application_version: u64,
    /// What the application still lacks before it can be submitted.
    missing: Vec<Shortcoming>,
}

/// 删除附件
///
/// 审核期间不能删除必需的材料，只能上传新文件替换。
#[cfg_attr(feature = "openapi", utoipa::path(delete, path = "/v1/attachments/{id}", tag = "attachment",
    params(("id" = AttachmentId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Removed))))]
pub(crate) async fn remove(
    State(Attachments { app, blobs }): State<Attachments>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let id = own(&holder, &id)?;
    let now = write.received.at;
    let response = app
        .execute(&write, &holder.id, |dossier, _| {
            let application = App::find(dossier, &id.application(), write.if_match)?;
            let change = remove_attachment(dossier, application, &id, &app.rules, now)?;
            let next = change.application.as_ref();
            let next = next.ok_or_else(|| Problem::internal("a removal changes no application"))?;
            let removed =
                Removed { application_version: next.version, missing: missing(&app, next, now.day()) };
            let reply = reply_of(StatusCode::OK, Some(next.version), &removed)?;
            Ok((change, reply))
        })
        .await;
    // Also where it's unknown: an earlier run may have taken it out of the record and then failed to delete the file,
    // and whoever was told to try again must find it tried.
    let unknown = Refusal::UnknownAttachment.code();
    if response.as_ref().map_or_else(|problem| problem.code() == unknown, |_| true) {
        blobs.discard(&id).await?;
    }
    response
}
