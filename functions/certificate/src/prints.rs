//! Prints: where they are kept, and how they are handed out.

use crate::Certificates;
use axum::http::StatusCode;
use common::{
    blobs::{DOWNLOAD_LIFETIME, Disposition},
    crypto::sha256,
    http::{Problem, Received},
};
use domain::{
    attachment::{ContentType, StoredFile},
    date::Instant,
    registration::RegistrationNumber,
};
use print::{LAYOUT, PrintError};
use serde::{Deserialize, Serialize};

/// A PDF, and where it can be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Print {
    /// Where the PDF can be fetched.
    pub url: String,
    /// Until when the address works.
    pub expires_at: Instant,
}

/// The key of a print for registration `number`. All that is on the page is in `printed`, so what changes anything of it,
/// another layout or another key of ours included, leads to another key.
pub(crate) fn key<T: Serialize>(number: &RegistrationNumber, printed: &T) -> Result<String, Problem> {
    let printed = serde_json::to_vec(&(LAYOUT, printed)).map_err(Problem::internal)?;
    Ok(format!("certificates/{number}/{}.pdf", hex::encode(sha256(&printed))))
}

impl Certificates {
    /// Keeps `printed` under `key`. What can't be printed is said to who asked, where somebody can do something about it.
    pub(crate) async fn keep(&self, key: &str, printed: Result<Vec<u8>, PrintError>) -> Result<(), Problem> {
        let pdf = printed.map_err(refused)?;
        Ok(self.blobs.put(key, ContentType::Pdf, pdf).await?)
    }

    /// An address for the print under `key`, which is called `file_name` where it's saved.
    pub(crate) async fn shown(
        &self,
        key: String,
        file_name: &str,
        received: &Received,
    ) -> Result<Print, Problem> {
        let file = StoredFile { key, content_type: ContentType::Pdf, file_name };
        Ok(Print {
            url: self.blobs.presign_get(file, Disposition::Inline).await?,
            expires_at: received.at.plus_seconds(DOWNLOAD_LIFETIME.as_secs().cast_signed()),
        })
    }
}

fn refused(error: PrintError) -> Problem {
    match error {
        PrintError::Characters { .. } | PrintError::Photo(_) | PrintError::PhotoTooLarge { .. } => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.code(), error.to_string())
        }
        PrintError::QrContent(_) | PrintError::Document(_) => Problem::internal(error),
    }
}
