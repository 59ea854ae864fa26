//! An upload that is read whole: a class list.

use super::{BlobError, Blobs, refusal};

/// The beginning of an upload.
#[derive(Debug, Clone)]
pub struct Peeked {
    /// Its size in bytes.
    pub size: u64,
    /// Its first bytes, as many as were asked for where it has them.
    pub head: Vec<u8>,
    /// The version of the object, in S3's words.
    pub etag: Option<String>,
}

impl Blobs {
    /// Looks at the first `bytes` of the upload under `key`.
    pub async fn peek(&self, key: &str, bytes: u64) -> Result<Peeked, BlobError> {
        let head = self.client.head_object().bucket(&self.bucket).key(key).send().await.map_err(refusal)?;
        let size = head.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
        let mut peeked = Peeked { size, head: Vec::new(), etag: head.e_tag };
        if size > 0 {
            let range = format!("bytes=0-{}", bytes.min(size).saturating_sub(1));
            let object = self.client.get_object().bucket(&self.bucket).key(key).range(range);
            let object = object.set_if_match(peeked.etag.clone()).send().await.map_err(refusal)?;
            let body = object.body.collect().await.map_err(BlobError::unavailable)?;
            peeked.head = body.to_vec();
        }
        Ok(peeked)
    }

    /// Copies the upload under `from`, in the version that was looked at, to `to`, where no form reaches. Again and again
    /// makes no difference.
    pub async fn take(&self, from: &str, seen: &Peeked, to: &str) -> Result<(), BlobError> {
        let copy = self.client.copy_object().bucket(&self.bucket).key(to);
        let copy = copy.copy_source(format!("{}/{from}", self.bucket));
        copy.set_copy_source_if_match(seen.etag.clone()).send().await.map_err(refusal)?;
        Ok(())
    }

    /// Reads the object under `key`, of `max_bytes` at the most.
    pub async fn read(&self, key: &str, max_bytes: u64) -> Result<Vec<u8>, BlobError> {
        let object = self.client.get_object().bucket(&self.bucket).key(key).send().await.map_err(refusal)?;
        let size = object.content_length().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let too_large = |size: usize| BlobError::TooLarge { size: size as u64, max: max_bytes };
        if size as u64 > max_bytes {
            return Err(too_large(size));
        }
        let mut bytes = Vec::with_capacity(size);
        let mut body = object.body;
        while let Some(chunk) = body.try_next().await.map_err(BlobError::unavailable)? {
            if (bytes.len() + chunk.len()) as u64 > max_bytes {
                return Err(too_large(bytes.len() + chunk.len()));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}
