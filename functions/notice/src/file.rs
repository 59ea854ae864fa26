//! A notice's files: a place and a signed form, a look at what came, and where it can be fetched.

use crate::{
    Notices,
    staff::{Done, act, entry, find, view},
    view::NoticeFileView,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    blobs::{BlobError, Blobs, DOWNLOAD_LIFETIME, Disposition, PresignedPost, Sha256, Upload},
    crypto::random_u128,
    http::{Administrator, IfMatch, NoBody, Problem, Received, Write, reply_of},
    store::NoticeWrite,
};
use domain::{
    application::JournalAction,
    attachment::{ContentType, upload_key},
    date::Instant,
    error::RefusalClass,
    id::{AttachmentId, NoticeId},
    notice::{FileRequest, NoticeFile, NoticeRefusal},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a form can be used.
const FORM_LIFETIME: Duration = Duration::from_mins(15);

/// A file that is to be uploaded.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct NoticeFileInput {
    /// What the computer calls it, which readers fetch it under; 100 characters of it are kept.
    #[cfg_attr(feature = "openapi", schema(example = "培训日程.pdf"))]
    file_name: String,
    /// Its format: PDF, JPEG or PNG.
    #[cfg_attr(feature = "openapi", schema(value_type = ContentType))]
    content_type: String,
    /// Its size in bytes, 10 MB at the most. The form takes no larger file.
    size: u64,
    /// Its SHA-256 in hex, where the client can compute it. The form then takes this file alone.
    #[serde(default)]
    sha256: Option<String>,
}

/// A place for an upload.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct NoticeFilePlace {
    /// The file. Readers don't see it until it's confirmed.
    file: NoticeFileView,
    /// How to upload it.
    upload: PresignedPost,
    /// Until when the form can be used.
    expires_at: Instant,
    /// The notice's version now.
    version: u64,
}

/// A file and where it can be fetched.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct ShownFile {
    /// The file.
    file: NoticeFileView,
    /// Where it can be fetched; nowhere before it's confirmed.
    url: Option<String>,
    /// Until when the address works.
    expires_at: Option<Instant>,
}

/// `file` with an address to fetch it from.
pub(crate) async fn shown(blobs: &Blobs, file: &NoticeFile, now: Instant) -> Result<ShownFile, Problem> {
    let mut shown = ShownFile { file: file.into(), url: None, expires_at: None };
    if let Some(stored) = file.stored() {
        shown.url = Some(blobs.presign_get(stored, Disposition::Inline).await?);
        shown.expires_at = Some(now.plus_seconds(DOWNLOAD_LIFETIME.as_secs().cast_signed()));
    }
    Ok(shown)
}

/// A file's id, where it's one of the notice `id`.
fn of(id: &NoticeId, file: &str) -> Result<AttachmentId, NoticeRefusal> {
    let file: AttachmentId = file.parse().map_err(|_| NoticeRefusal::UnknownFile)?;
    if file.notice().as_ref() == Some(id) { Ok(file) } else { Err(NoticeRefusal::UnknownFile) }
}

/// 申请上传公告附件，取得上传表单
///
/// 用法同申请的附件：POST 到 upload.url，上传成功后须确认。PDF、JPG 或 PNG，每个不超过 10 MB，每则公告最多 10 个。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/staff/notices/{id}/files", tag = "notice",
    params(("id" = NoticeId, Path), ("If-Match" = Option<String>, Header), ("Idempotency-Key" = Option<String>, Header)),
    request_body = NoticeFileInput, responses((status = 201, body = NoticeFilePlace))))]
pub(crate) async fn request(
    State(Notices { app, blobs }): State<Notices>,
    administrator: Administrator,
    Path(id): Path<String>,
    write: Write<NoticeFileInput>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    let NoticeFileInput { file_name, content_type, size, sha256 } = &write.body;
    let format = ContentType::of_media_type(content_type)
        .ok_or_else(|| Problem::invalid("content_type", "unknown_format", "附件应为 PDF、JPG 或 PNG 格式"))?;
    let hash: Option<Sha256> =
        sha256.as_deref().map(str::parse).transpose().map_err(|error: common::blobs::InvalidSha256| {
            Problem::invalid("sha256", "malformed", error.to_string())
        })?;
    let notice: NoticeId = id.parse().map_err(|_| NoticeRefusal::Unknown)?;
    let file = AttachmentId::of_notice(&notice, random_u128().map_err(Problem::internal)?);
    let upload = blobs.presign_post(&Upload {
        key: upload_key(&file),
        content_type: format.as_str(),
        max_bytes: *size,
        sha256: hash,
        expires_in: FORM_LIFETIME,
    });
    act(
        &app,
        administrator,
        &id,
        &write,
        |held, _| {
            let request = FileRequest {
                id: file.clone(),
                file_name: file_name.clone(),
                content_type: format,
                size: *size,
                sha256: sha256.clone(),
            };
            let after = held.notice.with_place(request, now)?;
            Ok(Done::new(Some(after), JournalAction::NoticeFileRequested))
        },
        |notice, _| {
            let place = NoticeFilePlace {
                file: notice.file(&file)?.into(),
                upload: upload.clone(),
                expires_at: now.plus_seconds(FORM_LIFETIME.as_secs().cast_signed()),
                version: notice.version,
            };
            reply_of(StatusCode::CREATED, Some(notice.version), &place)
        },
    )
    .await
}

/// 确认公告附件已上传
///
/// 服务器检查文件的大小、格式和校验值，通过后读者才能看到。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/staff/notices/{id}/files/{file}/confirmation",
    tag = "notice",
    params(("id" = NoticeId, Path), ("file" = AttachmentId, Path), ("If-Match" = Option<String>, Header),
        ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = crate::view::StaffNoticeView))))]
pub(crate) async fn confirm(
    State(Notices { app, blobs }): State<Notices>,
    administrator: Administrator,
    Path((id, file)): Path<(String, String)>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let by = administrator.acting();
    let held = Box::pin(find(&app, &by, &id)).await?;
    let before = &held.notice;
    let file = of(&before.id, &file)?;
    let show = view(StatusCode::OK, &write);
    if write.if_match.is_some_and(|IfMatch(version)| version != before.version) {
        return app.echo(&write).await?.ok_or_else(Problem::stale);
    }
    let place = before.file(&file)?;
    if place.is_confirmed() {
        let reply = show(before, None)?;
        return Ok(app.echo(&write).await?.unwrap_or_else(|| reply.into_response()));
    }
    let seen = match blobs.inspect(&file, place.size).await {
        Err(error @ BlobError::TooLarge { .. }) => {
            delete_upload(&blobs, &file).await;
            return Err(error.into());
        }
        seen => seen?,
    };
    let after = match before.with_file(&file, &seen.file, write.received.at) {
        Ok(after) => after,
        Err(refusal) => {
            // Another file in the same place could be taken.
            if refusal.class() == RefusalClass::Unprocessable {
                delete_upload(&blobs, &file).await;
            }
            return Err(refusal.into());
        }
    };
    blobs.keep(&file, &seen).await?;
    let reply = show(&after, None)?;
    let idempotency = write.idempotency.as_ref().map(|key| (key, &reply));
    let with = NoticeWrite { before: Some(before), idempotency, ..NoticeWrite::default() };
    let journal = entry(&by, JournalAction::NoticeFileConfirmed, &write);
    let committed = Box::pin(app.store.commit_notice(&after, with, &journal)).await;
    let response = app.answer(&write, committed, reply).await?;
    delete_upload(&blobs, &file).await;
    Ok(response)
}

/// Deletes an upload that is of no use any more. Where that fails, the bucket's life cycle does it within days.
async fn delete_upload(blobs: &Blobs, id: &AttachmentId) {
    if let Err(error) = blobs.delete_upload(id).await {
        tracing::warn!(attachment = %id, error = %error.report(), "an upload could not be deleted");
    }
}

/// 查看公告附件
///
/// 返回五分钟内有效的下载地址。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/staff/notices/{id}/files/{file}", tag = "notice",
    params(("id" = NoticeId, Path), ("file" = AttachmentId, Path)), responses((status = 200, body = ShownFile))))]
pub(crate) async fn read(
    State(Notices { app, blobs }): State<Notices>,
    administrator: Administrator,
    received: Received,
    Path((id, file)): Path<(String, String)>,
) -> Result<Json<ShownFile>, Problem> {
    let held = find(&app, &administrator.acting(), &id).await?;
    let file = of(&held.notice.id, &file)?;
    Ok(Json(shown(&blobs, held.notice.file(&file)?, received.at).await?))
}

/// 删除公告附件
#[cfg_attr(feature = "openapi", utoipa::path(delete, path = "/v1/staff/notices/{id}/files/{file}", tag = "notice",
    params(("id" = NoticeId, Path), ("file" = AttachmentId, Path), ("If-Match" = Option<String>, Header),
        ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = crate::view::StaffNoticeView))))]
pub(crate) async fn remove(
    State(Notices { app, blobs }): State<Notices>,
    administrator: Administrator,
    Path((id, file)): Path<(String, String)>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let notice: NoticeId = id.parse().map_err(|_| NoticeRefusal::Unknown)?;
    let file = of(&notice, &file);
    let now = write.received.at;
    let show = view(StatusCode::OK, &write);
    let response = act(
        &app,
        administrator,
        &id,
        &write,
        |held, _| {
            // Not before it's known that the notice is theirs to act on.
            let file = file.as_ref().map_err(Clone::clone)?;
            let after = held.notice.without_file(file, now)?;
            Ok(Done::new(Some(after), JournalAction::NoticeFileRemoved))
        },
        show,
    )
    .await;
    // Also where it's unknown: an earlier run may have taken it out and then failed to delete the file.
    let unknown = NoticeRefusal::UnknownFile.code();
    let done = response.as_ref().map_or_else(|problem| problem.code() == unknown, |_| true);
    if let Ok(file) = file
        && done
    {
        blobs.discard(&file).await?;
    }
    response
}
