//! An upload that is read whole and kept nowhere: a class list.

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

    /// Reads the upload under `key`, in the version `etag`, of `max_bytes` at the most.
    pub async fn read(&self, key: &str, etag: Option<&str>, max_bytes: u64) -> Result<Vec<u8>, BlobError> {
        let object = self.client.get_object().bucket(&self.bucket).key(key);
        let object = object.set_if_match(etag.map(str::to_owned)).send().await.map_err(refusal)?;
        // S3 has compared them; what stands in for it may not.
        if etag.is_some() && object.e_tag() != etag {
            return Err(BlobError::Replaced);
        }
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
