//! Pages and their opaque cursors.

use super::StoreError;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::fmt;

/// Where the next page begins. Opaque to the caller; what it holds is checked against the query it comes back with,
/// so a made-up cursor shows nothing that the query wouldn't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Cursor(String);

/// The text is no cursor of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("分页标记无效，请从第一页重新开始")]
pub struct InvalidCursor;

/// Why a page can't be given.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The cursor is of no page of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Cursor {
    /// A cursor as a caller sends it back.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn encode<T: Serialize>(position: &T) -> Option<Self> {
        use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
        serde_json::to_vec(position).ok().map(|json| Self(BASE64_URL_SAFE_NO_PAD.encode(json)))
    }

    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, InvalidCursor> {
        use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
        let json = BASE64_URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| InvalidCursor)?;
        serde_json::from_slice(&json).map_err(|_| InvalidCursor)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next begins; none on the last.
    pub next: Option<Cursor>,
}
