//! Who does what to the bucket: S3's server access log, as far as it's of use on one machine. A form or an address that
//! was signed beforehand is logged under who signed it, since it's their rights that it spends.

use s3s::{
    S3Result,
    access::{S3Access, S3AccessContext},
    path::S3Path,
};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

/// How many accesses are kept.
const KEPT: usize = 1000;

/// One access to the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The access key id it was signed with.
    pub requester: String,
    /// The operation by S3's name, e.g. `GetObject`.
    pub operation: String,
    /// The object; nothing where it's about the bucket.
    pub key: Option<String>,
}

/// The last thousand accesses. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct AccessLog(Arc<Mutex<VecDeque<Access>>>);

impl AccessLog {
    /// What was logged since this was asked last, oldest first.
    pub fn take(&self) -> Vec<Access> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}

#[async_trait::async_trait]
impl S3Access for AccessLog {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(credentials) = cx.credentials() else {
            return Err(s3s::s3_error!(AccessDenied, "Signature is required"));
        };
        let key = match cx.s3_path() {
            S3Path::Object { key, .. } => Some(key.to_string()),
            S3Path::Root | S3Path::Bucket { .. } => None,
        };
        let operation = cx.s3_op().name().to_owned();
        let access = Access { requester: credentials.access_key.clone(), operation, key };
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if log.len() == KEPT {
            log.pop_front();
        }
        log.push_back(access);
        Ok(())
    }
}
