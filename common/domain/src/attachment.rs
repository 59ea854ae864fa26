//! Attachments: what kinds there are, what a file must be, and how its content is told from its name.

use crate::{date::Instant, error::Refusal, id::AttachmentId, rules::AttachmentRules};
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
    /// 原登记地出具的转出证明（调转函）
    TransferLetter,
    /// 其他材料
    Other,
}

impl AttachmentKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Photo,
        Self::IdentityCardFront,
        Self::IdentityCardBack,
        Self::CertificateScan,
        Self::Degree,
        Self::EmploymentProof,
        Self::TransferLetter,
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
            Self::TransferLetter => "转出证明（调转函）",
            Self::Other => "其他材料",
        }
    }

    /// True for a picture of an identity card: who reviews and looks at one is noted in the journal.
    pub fn shows_identity_card(self) -> bool {
        matches!(self, Self::IdentityCardFront | Self::IdentityCardBack)
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
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Jpeg, Self::Png, Self::Pdf];

    /// The format of a media type as clients name it, `image/jpeg` say; upper and lower case are the same.
    pub fn of_media_type(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str().eq_ignore_ascii_case(text))
    }

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

    /// The key of the confirmed file in the bucket; none before there is one.
    pub fn object_key(&self) -> Option<String> {
        let sha256 = self.sha256.as_ref().filter(|_| self.is_confirmed())?;
        Some(object_key(&self.id, sha256))
    }

    /// The confirmed file, as it's shown; none before there is one.
    pub fn stored(&self) -> Option<StoredFile<'_>> {
        let (content_type, file_name) = (self.content_type, self.file_name.as_str());
        Some(StoredFile { key: self.object_key()?, content_type, file_name })
    }
}

/// A confirmed file in the bucket and what it's shown as: of an application, or of a record of hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile<'a> {
    /// Its key.
    pub key: String,
    /// Its format.
    pub content_type: ContentType,
    /// The name the holder's device gave it.
    pub file_name: &'a str,
}

/// The key in the bucket that attachment `id` is uploaded to. Whoever has the form can write there for as long as it
/// lives, so what is there never counts and is never shown; it's copied to [`object_key`] once it was looked at.
///
/// Keys follow from ids, so nobody can point an attachment at another's file.
pub fn upload_key(id: &AttachmentId) -> String {
    format!("uploads/{id}")
}

/// What the keys of attachment `id`'s file begin with, whatever its content. A notice's files have a folder of their own:
/// who may write there may write to nobody's papers.
pub fn object_prefix(id: &AttachmentId) -> String {
    let folder = if id.notice().is_some() { "notices" } else { "attachments" };
    format!("{folder}/{id}/")
}

/// The key in the bucket of attachment `id`'s file with the content that has this SHA-256 (hex). It's in the key so that
/// two confirmations that meet, of two uploads to one place, can't write over each other's file.
pub fn object_key(id: &AttachmentId, sha256: &str) -> String {
    format!("{}{}", object_prefix(id), sha256.to_ascii_lowercase())
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

/// Seconds after which a place that nothing was confirmed in is given up.
const PENDING_SECONDS: i64 = 86_400;

/// True while a place given at `requested_at`, that nothing was confirmed in yet, is kept.
pub(crate) fn is_kept(requested_at: Instant, now: Instant) -> bool {
    requested_at.plus_seconds(PENDING_SECONDS) > now
}

/// A file's name as it's kept, for display: without control characters, and at most 100 characters.
pub fn display_name(file_name: &str) -> String {
    file_name.chars().filter(|character| !character.is_control()).take(100).collect()
}

/// Checks a file's format and size against `rules`; `of` says in Chinese what the file is.
pub(crate) fn check_file(
    rules: &AttachmentRules,
    of: &'static str,
    format: ContentType,
    size: u64,
) -> Result<(), Refusal> {
    if !rules.content_types.contains(&format) {
        let accepted = rules.content_types.iter().map(|format| format.label()).collect::<Vec<_>>().join("、");
        return Err(Refusal::AttachmentFormat { of, accepted });
    }
    if size > rules.max_bytes {
        return Err(Refusal::AttachmentTooLarge { of, max_bytes: rules.max_bytes });
    }
    if size == 0 {
        return Err(Refusal::AttachmentMismatch { what: "文件是空的" });
    }
    Ok(())
}

/// What was said of a file before it was uploaded.
pub(crate) struct Announced<'a> {
    pub content_type: ContentType,
    pub size: u64,
    pub sha256: Option<&'a str>,
}

/// Checks what arrived against `rules`, and against what was said of it.
pub(crate) fn check_arrived(
    rules: &AttachmentRules,
    of: &'static str,
    announced: &Announced<'_>,
    file: &Inspection,
) -> Result<(), Refusal> {
    let format = ContentType::of_bytes(&file.head)
        .ok_or(Refusal::AttachmentMismatch { what: "文件内容不是图片或 PDF" })?;
    check_file(rules, of, format, file.size)?;
    if format != announced.content_type {
        return Err(Refusal::AttachmentMismatch { what: "文件格式" });
    }
    if file.size != announced.size {
        return Err(Refusal::AttachmentMismatch { what: "文件大小" });
    }
    if announced.sha256.is_some_and(|hash| !hash.eq_ignore_ascii_case(&file.sha256)) {
        return Err(Refusal::AttachmentMismatch { what: "校验值" });
    }
    Ok(())
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

    #[test]
    fn a_format_is_named_by_its_media_type() {
        for format in ContentType::ALL {
            assert_eq!(ContentType::of_media_type(&format.as_str().to_uppercase()), Some(format));
        }
        for other in ["", "image/heic", "image/jpeg; q=1", "jpeg"] {
            assert_eq!(ContentType::of_media_type(other), None, "{other}");
        }
    }
}
