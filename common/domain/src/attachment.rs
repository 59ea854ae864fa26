//! Attachments: what kinds there are, what a file must be, and how its content is told from its name.

use crate::{date::Instant, id::AttachmentId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an attachment shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// 近期免冠证件照
    Photo,
    /// 身份证人像面
    IdentityCardFront,
    /// 身份证国徽面
    IdentityCardBack,
    /// 职业水平证书扫描件
    CertificateScan,
    /// 学历学位证书
    Degree,
    /// 在职证明
    EmploymentProof,
    /// 其他材料
    Other,
}

impl AttachmentKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Photo,
        Self::IdentityCardFront,
        Self::IdentityCardBack,
        Self::CertificateScan,
        Self::Degree,
        Self::EmploymentProof,
        Self::Other,
    ];

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Photo => "近期免冠证件照",
            Self::IdentityCardFront => "身份证人像面",
            Self::IdentityCardBack => "身份证国徽面",
            Self::CertificateScan => "职业水平证书扫描件",
            Self::Degree => "学历学位证书",
            Self::EmploymentProof => "在职证明",
            Self::Other => "其他材料",
        }
    }
}

/// A file format that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ContentType {
    /// JPEG
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG
    #[serde(rename = "image/png")]
    Png,
    /// PDF
    #[serde(rename = "application/pdf")]
    Pdf,
}

impl ContentType {
    /// The format that a file's first bytes show, whatever its name says; eight bytes are enough.
    pub fn of_bytes(head: &[u8]) -> Option<Self> {
        if head.starts_with(&[0xFF, 0xD8, 0xFF]) {
            Some(Self::Jpeg)
        } else if head.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if head.starts_with(b"%PDF-") {
            Some(Self::Pdf)
        } else {
            None
        }
    }

    /// The media type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Pdf => "application/pdf",
        }
    }

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Jpeg => "JPG",
            Self::Png => "PNG",
            Self::Pdf => "PDF",
        }
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far an upload has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttachmentState {
    /// A place was given; the file has not been looked at. It doesn't count yet.
    Pending,
    /// The file itself was looked at: size, format and SHA-256.
    Confirmed,
}

/// One attachment of an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// What it shows.
    pub kind: AttachmentKind,
    /// The name the holder's device gave it; for display only.
    pub file_name: String,
    /// The format announced, and once confirmed the format seen.
    pub content_type: ContentType,
    /// Bytes announced, and once confirmed the bytes stored.
    pub size: u64,
    /// SHA-256 in hex: as announced (where it was), and once confirmed as computed from what is stored.
    pub sha256: Option<String>,
    /// How far it has come.
    pub state: AttachmentState,
    /// When the place was given.
    pub requested_at: Instant,
}

impl Attachment {
    /// True once the file itself was looked at.
    pub fn is_confirmed(&self) -> bool {
        self.state == AttachmentState::Confirmed
    }

    /// The object's key in the bucket: it follows from the id, so nobody can point an attachment at another's file.
    pub fn object_key(&self) -> String {
        object_key(&self.id)
    }
}

/// The object's key in the bucket for attachment `id`.
pub fn object_key(id: &AttachmentId) -> String {
    let application = id.application();
    format!("attachments/{}/{application}/{id}", application.holder())
}

/// A file as the store found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Bytes.
    pub size: u64,
    /// The first bytes, eight or more where the file has them.
    pub head: Vec<u8>,
    /// SHA-256, hex.
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"\xFF\xD8\xFF\xE0\0\x10JFIF", Some(ContentType::Jpeg))]
    #[case(b"\x89PNG\r\n\x1a\n\0\0", Some(ContentType::Png))]
    #[case(b"%PDF-1.7", Some(ContentType::Pdf))]
    #[case(b"MZ\x90\0\x03\0\0\0", None)]
    #[case(b"<html>", None)]
    #[case(b"\xFF\xD8", None)]
    #[case(b"", None)]
    fn a_format_is_told_by_the_first_bytes(#[case] head: &[u8], #[case] format: Option<ContentType>) {
        assert_eq!(ContentType::of_bytes(head), format);
    }
}
