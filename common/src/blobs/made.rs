//! Objects that the system makes by itself and keeps so as not to make them twice: printed documents.

use super::{BlobError, Blobs, refusal};
use domain::attachment::ContentType;

impl Blobs {
    /// True where there is an object under `key`.
    ///
    /// The caller needs `s3:ListBucket` as well as `s3:GetObject`, or S3 says 403 for an object that isn't there.
    pub async fn has(&self, key: &str) -> Result<bool, BlobError> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await.map_err(refusal) {
            Ok(_) => Ok(true),
            Err(BlobError::NotUploaded) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts `bytes` under `key`. Whoever puts something there puts the same: the key follows from what it's made of.
    pub async fn put(&self, key: &str, content_type: ContentType, bytes: Vec<u8>) -> Result<(), BlobError> {
        let put = self.client.put_object().bucket(&self.bucket).key(key);
        let put = put.content_type(content_type.as_str()).body(bytes.into());
        put.send().await.map(|_| ()).map_err(BlobError::unavailable)
    }
}
