//! Why something can't be done with a notice.

use super::MOST_FILES;
use crate::error::{FieldError, Refusal, RefusalClass};

/// A refused command about a notice. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticeRefusal {
    /// Values that can't be taken.
    #[error("填写的内容有误，请按提示修改后重试")]
    InvalidFields(Vec<FieldError>),
    /// There is none, or not for this person.
    #[error("没有找到该公告，可能已经撤回")]
    Unknown,
    /// Its audience isn't all within the area of who wants to publish it.
    #[error("公告的阅读对象超出您的辖区，不能发布")]
    OutsideArea,
    /// It's published.
    #[error("公告已经发布，不能再次发布或改期")]
    AlreadyPublished,
    /// It's not published yet.
    #[error("公告尚未发布，发布后才能群发邮件")]
    NotPublished,
    /// It was withdrawn.
    #[error("公告已经撤回，不能再修改；如需继续使用请另行起草")]
    Withdrawn,
    /// Whom a published notice is for can't be changed.
    #[error("公告已经发布，不能更改阅读对象；请撤回后另行发布")]
    AudienceFixed,
    /// It has as many files as it may have.
    #[error("每则公告最多 {MOST_FILES} 个附件")]
    TooManyFiles,
    /// It has no such file.
    #[error("公告没有该附件")]
    UnknownFile,
    /// The file can't be taken.
    #[error(transparent)]
    File(Box<Refusal>),
    /// It isn't mailed and never was.
    #[error("该公告没有群发过邮件")]
    NotMailed,
    /// It's mailed already, or was.
    #[error("该公告已经开始群发邮件，每则公告只群发一次")]
    AlreadyMailed,
    /// Its mailing is over.
    #[error("该公告的邮件群发已经结束")]
    MailingOver,
}

impl NoticeRefusal {
    /// One field that can't be taken.
    pub(super) fn invalid(field: &str, code: &str, detail: &str) -> Self {
        let (field, code, detail) = (field.to_owned(), code.to_owned(), detail.to_owned());
        Self::InvalidFields(vec![FieldError { field, code, detail }])
    }

    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidFields(_) => "invalid_fields",
            Self::Unknown => "unknown_notice",
            Self::OutsideArea => "notice_outside_area",
            Self::AlreadyPublished => "notice_already_published",
            Self::NotPublished => "notice_not_published",
            Self::Withdrawn => "notice_withdrawn",
            Self::AudienceFixed => "notice_audience_fixed",
            Self::TooManyFiles => "notice_too_many_files",
            Self::UnknownFile => "unknown_notice_file",
            Self::File(refusal) => refusal.code(),
            Self::NotMailed => "notice_not_mailed",
            Self::AlreadyMailed => "notice_already_mailed",
            Self::MailingOver => "notice_mailing_over",
        }
    }

    /// What sort of refusal it is.
    pub fn class(&self) -> RefusalClass {
        match self {
            Self::InvalidFields(_) => RefusalClass::Unprocessable,
            Self::Unknown | Self::UnknownFile | Self::NotMailed => RefusalClass::NotFound,
            Self::OutsideArea => RefusalClass::Forbidden,
            Self::AlreadyPublished
            | Self::NotPublished
            | Self::Withdrawn
            | Self::AudienceFixed
            | Self::TooManyFiles
            | Self::AlreadyMailed
            | Self::MailingOver => RefusalClass::Conflict,
            Self::File(refusal) => refusal.class(),
        }
    }

    /// Errors by field.
    pub fn fields(&self) -> Vec<FieldError> {
        match self {
            Self::InvalidFields(errors) => errors.clone(),
            Self::File(refusal) => refusal.fields(),
            _ => Vec::new(),
        }
    }
}

/// A file that can't be taken is told in the same words whatever it belongs to.
impl From<Refusal> for NoticeRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::File(Box::new(refusal))
    }
}
