//! A place for an upload, and the signed form that leads there.

use crate::{
    Attachments,
    owner::{FileView, Owner, since},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use common::{
    blobs::{PresignedPost, Sha256, Upload},
    crypto::random_u128,
    http::{Holder, Problem, Write, reply_of},
};
use domain::{
    application::{AttachmentRequest, Change, request_attachment},
    attachment::{AttachmentKind, ContentType, upload_key},
    credit::{CreditRefusal, EvidenceKind},
    date::Instant,
    dossier::Dossier,
    education::{EvidenceRequest, request_evidence as request_file},
    id::{AttachmentId, CreditId},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a form can be used: long enough for ten megabytes over a poor connection.
const FORM_LIFETIME: Duration = Duration::from_mins(15);

/// A file that is to be uploaded.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct FileInput<K> {
    /// What it shows.
    kind: K,
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
    attachment: FileView,
    /// How to upload it.
    upload: PresignedPost,
    /// Until when the form can be used.
    expires_at: Instant,
    /// The version now of what it belongs to: the application, or the record of hours.
    version: u64,
}

/// 申请上传附件，取得上传表单
///
/// 用返回的表单上传文件：POST 到 upload.url（multipart/form-data），upload.fields 各字段原样在前，文件字段名为 file 并放在最后（wx.uploadFile
/// 与 curl -F 均可）。上传成功后须确认，附件才算数。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/applications/{id}/attachments", tag = "attachment",
    params(("id" = domain::id::ApplicationId, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = FileInput<AttachmentKind>, responses((status = 201, body = Place))))]
pub(crate) async fn request(
    State(room): State<Attachments>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<FileInput<AttachmentKind>>,
) -> Result<Response, Problem> {
    let id = AttachmentId::mint(&holder.own(&id)?, random_u128().map_err(Problem::internal)?);
    let now = write.received.at;
    let FileInput { kind, file_name, size, .. } = &write.body;
    let (kind, size) = (*kind, *size);
    give(&room, &holder, &write, &id, |owner, _, (content_type, sha256)| {
        let Owner::Application(application, _) = owner else { return Err(unlike(&id)) };
        let (id, file_name) = (id.clone(), file_name.clone());
        let request = AttachmentRequest { id, kind, file_name, content_type, size, sha256 };
        Ok(request_attachment(application, request, &room.app.rules, now)?)
    })
    .await
}

/// 申请上传学时的证明材料，取得上传表单
///
/// 草稿、待认定的申报和被抽查的记录可以上传。表单用法同申请的附件：上传成功后须确认，材料才算数；材料齐全后提交。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/me/credits/{id}/attachments", tag = "attachment",
    params(("id" = CreditId, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = FileInput<EvidenceKind>, responses((status = 201, body = Place))))]
pub(crate) async fn request_evidence(
    State(room): State<Attachments>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<FileInput<EvidenceKind>>,
) -> Result<Response, Problem> {
    let credit: CreditId = id.parse().map_err(|_| CreditRefusal::UnknownCredit)?;
    if credit.holder() != holder.id {
        return Err(CreditRefusal::UnknownCredit.into());
    }
    let id = AttachmentId::of_evidence(&credit, random_u128().map_err(Problem::internal)?);
    let now = write.received.at;
    let FileInput { kind, file_name, size, .. } = &write.body;
    let (kind, size) = (*kind, *size);
    give(&room, &holder, &write, &id, |owner, dossier, (content_type, sha256)| {
        let Owner::Credit(record, _) = owner else { return Err(unlike(&id)) };
        let (id, file_name) = (id.clone(), file_name.clone());
        let request = EvidenceRequest { id, kind, file_name, content_type, size, sha256 };
        Ok(request_file(dossier, record, request, &room.app.rules, now)?)
    })
    .await
}

/// An id that was minted for one kind of owner and belongs to another: it can't be.
fn unlike(id: &AttachmentId) -> Problem {
    Problem::internal(format!("{id} belongs to what it wasn't minted for"))
}

/// Gives a place for the file `id`, as `decide` finds, of its format and checksum (hex).
async fn give<K>(
    Attachments { app, blobs }: &Attachments,
    holder: &Holder,
    write: &Write<FileInput<K>>,
    id: &AttachmentId,
    decide: impl Fn(Owner<'_>, &Dossier, (ContentType, Option<String>)) -> Result<Change, Problem>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    let (content_type, sha256) = check(&write.body)?;
    app.execute_since(since(now.day(), id), write, &holder.id, |dossier, _| {
        let owner = Owner::of(dossier, id, &app.rules)?.in_version(write.if_match)?;
        let change = decide(owner, dossier, (content_type, sha256.map(|sha256| sha256.to_string())))?;
        let next = owner.after(&change)?;
        let place = Place {
            attachment: next.file(id)?.view,
            upload: blobs.presign_post(&Upload {
                key: upload_key(id),
                content_type: content_type.as_str(),
                max_bytes: write.body.size,
                sha256,
                expires_in: FORM_LIFETIME,
            }),
            expires_at: now.plus_seconds(FORM_LIFETIME.as_secs().cast_signed()),
            version: next.version(),
        };
        let reply = reply_of(StatusCode::CREATED, Some(place.version), &place)?;
        Ok((change, reply))
    })
    .await
}

/// The announced format and checksum.
fn check<K>(file: &FileInput<K>) -> Result<(ContentType, Option<Sha256>), Problem> {
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
