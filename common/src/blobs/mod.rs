//! Attachments in S3. Clients upload straight to the bucket with a signed form and download with a signed address;
//! what we do ourselves is look at an upload before it counts, keep a copy of what was seen where no form reaches, and
//! delete. The bucket's life cycle clears what is left of uploads.

mod disposition;
mod made;
mod object;
mod policy;
mod sha256;

pub use disposition::Disposition;
pub use object::Peeked;
pub use policy::PresignedPost;
pub use sha256::{InvalidSha256, Sha256};

use crate::aws::SdkParts;
use aws_sdk_s3::{
    Client,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    presigning::PresigningConfig,
    types::ChecksumAlgorithm,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    attachment::{Inspection, StoredFile, object_key, object_prefix, upload_key},
    id::AttachmentId,
};
use ring::digest;
use std::{error::Error, time::Duration};
use time::OffsetDateTime;

/// How long a signed address for a download lives.
pub const DOWNLOAD_LIFETIME: Duration = Duration::from_mins(5);
/// How many of a file's first bytes an inspection keeps. Formats are told by eight.
const HEAD_BYTES: usize = 16;

/// Why the bucket did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The configured name can't be a bucket's host; for logs at start.
    #[error("bucket names have 3 to 63 lower-case letters, digits and `-`, a letter or digit at each end")]
    BucketName,
    /// There is no such object: it was never uploaded, or was deleted. A `409`.
    #[error("文件尚未上传或上传未完成，请先用返回的表单上传文件，再确认")]
    NotUploaded,
    /// It is larger than it may be. A `422`.
    #[error("文件大小为 {size} 字节，超过 {max} 字节的上限，请压缩后重新上传")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        max: u64,
    },
    /// Another upload replaced it while it was being looked at. A `409`.
    #[error("文件在确认过程中被重新上传，请再次确认")]
    Replaced,
    /// S3 failed or didn't answer. A `503`.
    #[error("文件存储服务暂时不可用，请稍后重试")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl BlobError {
    /// Stable name in problem replies and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BucketName => "bucket_name_invalid",
            Self::NotUploaded => "attachment_not_uploaded",
            Self::TooLarge { .. } => "attachment_too_large",
            Self::Replaced => "attachment_replaced",
            Self::Unavailable(_) => "storage_unavailable",
        }
    }

    /// The error with its causes, for the log.
    pub fn report(&self) -> String {
        DisplayErrorContext(self).to_string()
    }

    fn unavailable(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

/// What an upload may be. The form that is made of it accepts this and nothing else.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The key it's uploaded to, under `uploads/`.
    pub key: String,
    /// The one content type it may be sent with.
    pub content_type: &'static str,
    /// Its largest size in bytes; the smallest is 1.
    pub max_bytes: u64,
    /// What its content must hash to, where the client announced it. Without it, the form can replace what it brought
    /// by another file for as long as it lives; see [`Blobs::keep`].
    pub sha256: Option<Sha256>,
    /// How long the form can be used.
    pub expires_in: Duration,
}

/// An upload that was looked at.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// What it is.
    pub file: Inspection,
    sha256: digest::Digest,
    /// The version of the object, in S3's words, that was looked at.
    etag: Option<String>,
}

/// The bucket that holds the attachments.
#[derive(Debug, Clone)]
pub struct Blobs {
    client: Client,
    bucket: String,
    url: String,
    parts: SdkParts,
}

impl Blobs {
    /// The bucket of that name. Doesn't call anything.
    pub fn new(parts: &SdkParts, bucket: &str) -> Result<Self, BlobError> {
        // A dot in the name would break the certificate of `{bucket}.s3.…`.
        let bytes = bucket.as_bytes();
        let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let ends = bytes.first().is_some_and(alphanumeric) && bytes.last().is_some_and(alphanumeric);
        if !(3..=63).contains(&bytes.len())
            || !ends
            || !bytes.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
        {
            return Err(BlobError::BucketName);
        }
        Ok(Self {
            client: parts.s3(),
            bucket: bucket.to_owned(),
            url: parts.bucket_url(bucket),
            parts: parts.clone(),
        })
    }

    /// A form with which a browser or `wx.uploadFile` can upload one file: its fields as they are, then the file as
    /// the last field, named `file`. S3 answers 201.
    ///
    /// Signed by the system's clock and not the one we are given, since S3 compares it with its own.
    pub fn presign_post(&self, upload: &Upload) -> PresignedPost {
        let target = policy::Target {
            url: &self.url,
            bucket: &self.bucket,
            region: self.parts.region(),
            credentials: self.parts.credentials(),
        };
        policy::presign(&target, upload, OffsetDateTime::now_utc())
    }

    /// An address from which a confirmed file can be fetched for [`DOWNLOAD_LIFETIME`], under its name and type.
    /// Signed by the system's clock too.
    pub async fn presign_get(
        &self,
        file: StoredFile<'_>,
        disposition: Disposition,
    ) -> Result<String, BlobError> {
        let config = PresigningConfig::expires_in(DOWNLOAD_LIFETIME).map_err(BlobError::unavailable)?;
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(file.key)
            .response_content_type(file.content_type.as_str())
            .response_content_disposition(disposition.header(file.file_name))
            .presigned(config)
            .await
            .map_err(BlobError::unavailable)?;
        Ok(request.uri().to_owned())
    }

    /// Looks at the upload itself, reading it once: size, first bytes, SHA-256. What is larger than `max_bytes` isn't
    /// read. An object that was replaced between its two calls is not taken for either.
    ///
    /// The caller needs `s3:ListBucket` as well as `s3:GetObject`, or S3 says 403 for an object that isn't there.
    pub async fn inspect(&self, attachment: &AttachmentId, max_bytes: u64) -> Result<Inspected, BlobError> {
        let key = upload_key(attachment);
        let head = self.client.head_object().bucket(&self.bucket).key(&key).send().await.map_err(refusal)?;
        let size = head.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        if size > max_bytes {
            return Err(BlobError::TooLarge { size, max: max_bytes });
        }

        let etag = head.e_tag;
        let object = self.client.get_object().bucket(&self.bucket).key(&key).set_if_match(etag.clone());
        let mut body = object.send().await.map_err(refusal)?.body;
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut first = Vec::with_capacity(HEAD_BYTES);
        let mut read = 0u64;
        while let Some(chunk) = body.try_next().await.map_err(BlobError::unavailable)? {
            read += chunk.len() as u64;
            // The size was checked above, but what comes over the wire is what counts.
            if read > max_bytes {
                return Err(BlobError::TooLarge { size: read, max: max_bytes });
            }
            first.extend_from_slice(&chunk[..chunk.len().min(HEAD_BYTES - first.len())]);
            hash.update(&chunk);
        }
        let sha256 = hash.finish();
        Ok(Inspected {
            file: Inspection { size: read, head: first, sha256: hex::encode(sha256) },
            sha256,
            etag,
        })
    }

    /// Copies the upload that was looked at to where it can be shown from and no form can write. Again and again makes
    /// no difference.
    ///
    /// What was uploaded over it meanwhile isn't copied: S3 compares the ETag. That may be an MD5, of which two files
    /// can be made, so the copy's SHA-256, which S3 computes, is compared too. (Emulators may leave it out.)
    pub async fn keep(&self, attachment: &AttachmentId, seen: &Inspected) -> Result<(), BlobError> {
        let copied = self
            .client
            .copy_object()
            .bucket(&self.bucket)
            .key(object_key(attachment, &seen.file.sha256))
            .copy_source(format!("{}/{}", self.bucket, upload_key(attachment)))
            .set_copy_source_if_match(seen.etag.clone())
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .send()
            .await
            .map_err(refusal)?;
        let sha256 = copied.copy_object_result().and_then(|result| result.checksum_sha256());
        match sha256 {
            Some(sha256) if sha256 != STANDARD.encode(seen.sha256) => Err(BlobError::Replaced),
            _ => Ok(()),
        }
    }

    /// Deletes what was uploaded and not kept. That there is nothing is no error.
    pub async fn delete_upload(&self, attachment: &AttachmentId) -> Result<(), BlobError> {
        self.delete(upload_key(attachment)).await
    }

    /// Deletes everything there is of an attachment: what was uploaded and what was kept. That there is nothing is no
    /// error. Only for one that no record knows any more.
    pub async fn discard(&self, attachment: &AttachmentId) -> Result<(), BlobError> {
        let prefix = object_prefix(attachment);
        let listed = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).send().await;
        let kept = listed.map_err(BlobError::unavailable)?.contents.unwrap_or_default();
        for key in kept.into_iter().filter_map(|object| object.key).chain([upload_key(attachment)]) {
            self.delete(key).await?;
        }
        Ok(())
    }

    async fn delete(&self, key: String) -> Result<(), BlobError> {
        let deleted = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        deleted.map(|_| ()).map_err(BlobError::unavailable)
    }
}

/// What S3's refusal to show an object means.
fn refusal<E>(error: SdkError<E>) -> BlobError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error.raw_response().map(|response| response.status().as_u16()) {
        Some(404) => BlobError::NotUploaded,
        Some(412) => BlobError::Replaced,
        _ => BlobError::unavailable(error),
    }
}

#[cfg(test)]
mod tests;
