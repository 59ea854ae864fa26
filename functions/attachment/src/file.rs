//! One file: showing it to who may see it, and removing it.

use crate::{
    Attachments, holder_of, own,
    owner::{FileView, Owner, since},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use common::{
    auth::principal::Principal,
    blobs::{DOWNLOAD_LIFETIME, Disposition},
    http::{Holder, NoBody, Problem, Received, Staff, Write, reply_of},
};
use domain::{date::Instant, error::Refusal, id::AttachmentId};
use serde::Serialize;

/// A file, and where it can be fetched.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Shown {
    /// The attachment.
    attachment: FileView,
    /// Where its file can be fetched; nowhere before it's confirmed.
    url: Option<String>,
    /// Until when the address works.
    expires_at: Option<Instant>,
}

/// 查看附件
///
/// 返回五分钟内有效的下载地址。本人和有权审核该申请或学时记录的人员可以查看；审核人员查看身份证照片会记入日志。
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
    let since = since(received.at.day(), &id);
    let dossier = app.store.dossier_since(&holder_of(&id), since, received.at).await?;
    let owner = Owner::of(&dossier, &id, &app.rules)?;
    if let Some(reviewer) = &reviewer {
        owner.check_view(&dossier, reviewer)?;
    }
    let held = owner.file(&id)?;
    let mut shown = Shown { attachment: held.view, url: None, expires_at: None };
    if let Some(stored) = held.stored {
        // No view without an entry: written before the address is given.
        if let (Some(reviewer), Some(application)) = (reviewer, held.noted) {
            let number = application.registration.as_ref();
            let registration = number.and_then(|number| dossier.registration(number));
            let (store, from) = (&app.store, &received.from);
            store.record_view(application, registration, &reviewer.id, from, received.at).await?;
        }
        shown.url = Some(blobs.presign_get(stored, Disposition::Inline).await?);
        shown.expires_at = Some(received.at.plus_seconds(DOWNLOAD_LIFETIME.as_secs().cast_signed()));
    }
    Ok(Json(shown))
}

/// 删除附件
///
/// 审核期间不能删除必需的材料，只能上传新文件替换；待认定的学时须保留至少一份所需的证明材料。
#[cfg_attr(feature = "openapi", utoipa::path(delete, path = "/v1/attachments/{id}", tag = "attachment",
    params(("id" = AttachmentId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = crate::owner::Standing))))]
pub(crate) async fn remove(
    State(Attachments { app, blobs }): State<Attachments>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let id = own(&holder, &id)?;
    let now = write.received.at;
    let response = app
        .execute_since(since(now.day(), &id), &write, &holder.id, |dossier, _| {
            let owner = Owner::of(dossier, &id, &app.rules)?.in_version(write.if_match)?;
            let change = owner.remove(dossier, &id, &app.rules, now)?;
            let next = owner.after(&change)?;
            let reply = reply_of(StatusCode::OK, Some(next.version()), &next.standing(now.day()))?;
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
