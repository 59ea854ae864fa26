//! The files that prove an activity. A record owns them, whoever entered it and however often it's edited.

use crate::{
    attachment::{AttachmentState, ContentType, StoredFile, object_key},
    date::Instant,
    id::AttachmentId,
};
use serde::{Deserialize, Serialize};

/// What a file proves, as the guide lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// 培训（会议）通知
    Notice,
    /// 签到表
    SignInSheet,
    /// 结业证书
    CompletionCertificate,
    /// 平台学习记录
    LearningRecord,
    /// 论文录用通知
    AcceptanceLetter,
    /// 刊物或著作的封面、目录、版权页和正文
    Publication,
    /// 课题立项或结项材料
    ProjectPapers,
    /// 学历学位证书
    DegreeCertificate,
    /// 成绩单
    CourseTranscript,
    /// 备案核准材料
    FilingApproval,
    /// 其他证明材料
    Other,
}

impl EvidenceKind {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Notice => "培训（会议）通知",
            Self::SignInSheet => "签到表",
            Self::CompletionCertificate => "结业证书",
            Self::LearningRecord => "平台学习记录",
            Self::AcceptanceLetter => "论文录用通知",
            Self::Publication => "刊物或著作的封面、目录和版权页",
            Self::ProjectPapers => "课题立项或结项材料",
            Self::DegreeCertificate => "学历学位证书",
            Self::CourseTranscript => "成绩单",
            Self::FilingApproval => "备案核准材料",
            Self::Other => "其他证明材料",
        }
    }
}

/// A file that proves an activity, or the place where it's uploaded to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceFile {
    /// Its id.
    pub id: AttachmentId,
    /// What it shows.
    pub kind: EvidenceKind,
    /// The name the holder's device gave it; for display only.
    pub file_name: String,
    /// The format announced, and once confirmed the format seen.
    pub content_type: ContentType,
    /// Bytes announced, and once confirmed the bytes stored.
    pub size: u64,
    /// SHA-256 in hex: as announced (where it was), and once confirmed as computed from what is stored. The same file in
    /// two records is seen by it.
    pub sha256: Option<String>,
    /// How far it has come.
    pub state: AttachmentState,
    /// When the place was given.
    pub requested_at: Instant,
}

impl EvidenceFile {
    /// True once the file itself was looked at.
    pub fn is_confirmed(&self) -> bool {
        self.state == AttachmentState::Confirmed
    }

    /// SHA-256 (hex) of the confirmed file; none before there is one.
    pub fn content(&self) -> Option<&str> {
        self.sha256.as_deref().filter(|_| self.is_confirmed())
    }

    /// The key of the confirmed file in the bucket; none before there is one.
    pub fn object_key(&self) -> Option<String> {
        self.content().map(|sha256| object_key(&self.id, sha256))
    }

    /// The confirmed file, as it's shown; none before there is one.
    pub fn stored(&self) -> Option<StoredFile<'_>> {
        let (content_type, file_name) = (self.content_type, self.file_name.as_str());
        Some(StoredFile { key: self.object_key()?, content_type, file_name })
    }
}
