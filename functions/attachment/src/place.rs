//! A place for an upload, and the signed form that leads there.

use crate::Attachments;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use common::{
    blobs::{PresignedPost, Sha256, Upload},
    crypto::random_u128,
    http::{App, Holder, Problem, Write, reply_of},
    view::AttachmentView,
};
use domain::{
    application::{AttachmentRequest, request_attachment},
    attachment::{AttachmentKind, ContentType, upload_key},
    date::Instant,
    id::AttachmentId,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a form can be used: long enough for ten megabytes over a poor connection.
const FORM_LIFETIME: Duration = Duration::from_mins(15);

/// A file that is to be uploaded.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct FileInput {
    /// What it shows.
    kind: AttachmentKind,
    /// What the device calls it, for display; 100 characters of it are kept.
    #[cfg_attr(feature = "openapi", schema(example = "证件照.jpg"))]
    file_name: String,
    /// Its format.
    #[cfg_attr(feature = "openapi", schema(value_type = ContentType))]
    content_type: String,
    /// Its size in bytes. The form takes no larger file.
    size: u64,
    /// Its SHA-256 in hex, where the client can compute it. The form then takes this file alone.
    #[serde(default)]
    sha256: Option<String>,
}

/// A place for an upload.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Place {
    /// The attachment. It doesn't count until it's confirmed.
    attachment: AttachmentView,
    /// How to upload it.
    upload: PresignedPost,
    /// Until when the form can be used.
    expires_at: Instant,
    /// The application's version now.
    version: u64,
}

/// 申请上传附件，取得上传表单
///
/// 用返回的表单上传文件：POST 到 upload.url（multipart/form-data），upload.fields 各字段原样在前，文件字段名为 file 并放在最后（wx.uploadFile
/// 与 curl -F 均可）。上传成功后须确认，附件才算数。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/applications/{id}/attachments", tag = "attachment",
    params(("id" = domain::id::ApplicationId, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = FileInput, responses((status = 201, body = Place))))]
pub(crate) async fn request(
    State(Attachments { app, blobs }): State<Attachments>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<FileInput>,
) -> Result<Response, Problem> {
    let id = holder.own(&id)?;
    let now = write.received.at;
    let (content_type, sha256) = check(&write.body)?;
    let FileInput { kind, file_name, size, .. } = &write.body;
    let attachment = AttachmentId::mint(&id, random_u128().map_err(Problem::internal)?);
    app.execute(&write, &holder.id, |dossier, _| {
        let application = App::find(dossier, &id, write.if_match)?;
        let request = AttachmentRequest {
            id: attachment.clone(),
            kind: *kind,
            file_name: file_name.clone(),
            content_type,
            size: *size,
            sha256: sha256.map(|sha256| sha256.to_string()),
        };
        let change = request_attachment(application, request, &app.rules, now)?;
        let next =
            change.application.as_ref().and_then(|next| Some((next.attachment(&attachment)?, next.version)));
        let (placed, version) =
            next.ok_or_else(|| Problem::internal("a place was given to no attachment"))?;
        let place = Place {
            attachment: placed.into(),
            upload: blobs.presign_post(&Upload {
                key: upload_key(&attachment),
                content_type: content_type.as_str(),
                max_bytes: *size,
                sha256,
                expires_in: FORM_LIFETIME,
            }),
            expires_at: now.plus_seconds(FORM_LIFETIME.as_secs().cast_signed()),
            version,
        };
        let reply = reply_of(StatusCode::CREATED, Some(version), &place)?;
        Ok((change, reply))
    })
    .await
}

/// The announced format and checksum.
fn check(file: &FileInput) -> Result<(ContentType, Option<Sha256>), Problem> {
    let content_type = ContentType::of_media_type(&file.content_type).ok_or_else(|| {
        let accepted = ContentType::ALL.map(ContentType::label).join("、");
        let detail = format!("只接受 {accepted} 格式的文件，请转换格式后上传");
        Problem::invalid("content_type", "unknown_content_type", detail)
    })?;
    let sha256 = file.sha256.as_deref().map(str::parse).transpose();
    let sha256 = sha256.map_err(|error: common::blobs::InvalidSha256| {
        Problem::invalid("sha256", "invalid_sha256", error.to_string())
    })?;
    Ok((content_type, sha256))
}
