//! Notices as the API shows them.

use crate::html::render;
use domain::{
    attachment::{AttachmentState, ContentType},
    date::Instant,
    district::Area,
    id::{AttachmentId, NoticeId, StaffId},
    notice::{Audience, Mailing, MailingState, Notice, NoticeCategory, NoticeFile, NoticeRow, NoticeState},
};
use serde::Serialize;

/// A notice in a holder's list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct NoticeItem {
    /// Its id.
    id: NoticeId,
    /// 类别
    category: NoticeCategory,
    /// The same in Chinese.
    category_label: &'static str,
    /// 标题
    title: String,
    /// 摘要; may be empty.
    summary: String,
    /// 置顶
    pinned: bool,
    /// Since when it's there to be read.
    published_at: Option<Instant>,
    /// How many files come with it.
    files: usize,
    /// True once the holder has read it, and for what is older than 90 days.
    read: bool,
}

impl NoticeItem {
    pub fn of(row: NoticeRow, read: bool) -> Self {
        Self {
            id: row.id,
            category: row.category,
            category_label: row.category.label(),
            title: row.title,
            summary: row.summary,
            pinned: row.pinned,
            published_at: row.publish_at,
            files: row.files,
            read,
        }
    }
}

/// A file of a notice.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct NoticeFileView {
    /// Its id.
    id: AttachmentId,
    /// What it's called.
    file_name: String,
    /// Its format.
    content_type: ContentType,
    /// Its size in bytes.
    size: u64,
    /// SHA-256 in hex.
    sha256: Option<String>,
    /// How far it has come; holders only see what is confirmed.
    state: AttachmentState,
}

impl From<&NoticeFile> for NoticeFileView {
    fn from(file: &NoticeFile) -> Self {
        Self {
            id: file.id.clone(),
            file_name: file.file_name.clone(),
            content_type: file.content_type,
            size: file.size,
            sha256: file.sha256.clone(),
            state: file.state,
        }
    }
}

/// A notice as its readers see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct NoticeView {
    /// Its id.
    id: NoticeId,
    /// 类别
    category: NoticeCategory,
    /// The same in Chinese.
    category_label: &'static str,
    /// 标题
    title: String,
    /// 摘要; may be empty.
    summary: String,
    /// 正文: Markdown, as it was written.
    body: String,
    /// 正文: HTML, safe to be put into a page as it is. It has no pictures, scripts or styles.
    html: String,
    /// 置顶
    pinned: bool,
    /// Since when it's there to be read.
    published_at: Option<Instant>,
    /// When its words or files were last changed.
    updated_at: Instant,
    /// Its files.
    files: Vec<NoticeFileView>,
}

impl From<&Notice> for NoticeView {
    fn from(notice: &Notice) -> Self {
        Self {
            id: notice.id.clone(),
            category: notice.category,
            category_label: notice.category.label(),
            title: notice.title.clone(),
            summary: notice.summary.clone(),
            body: notice.body.clone(),
            html: render(&notice.body),
            pinned: notice.pinned,
            published_at: notice.publish_at,
            updated_at: notice.updated_at,
            files: notice.files.iter().filter(|file| file.is_confirmed()).map(NoticeFileView::from).collect(),
        }
    }
}

/// That a notice was withdrawn.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct WithdrawalView {
    /// When.
    at: Instant,
    /// 撤回原因
    reason: String,
}

/// A notice as staff see it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct StaffNoticeView {
    /// What its readers see, or will.
    #[serde(flatten)]
    notice: NoticeView,
    /// Its version, as in the `ETag`.
    version: u64,
    /// How far it has come.
    state: NoticeState,
    /// The same in Chinese.
    state_label: &'static str,
    /// The area of who drafted it; the whole country where there is none.
    area: Option<Area>,
    /// Who drafted it.
    author: StaffId,
    /// 阅读对象
    audience: Audience,
    /// 撤回
    withdrawn: Option<WithdrawalView>,
    /// Places for files that nothing was confirmed in yet.
    pending_files: Vec<NoticeFileView>,
    /// When it was drafted.
    created_at: Instant,
}

impl StaffNoticeView {
    pub fn of(notice: &Notice, now: Instant) -> Self {
        let state = notice.state(now);
        let pending = notice.files.iter().filter(|file| !file.is_confirmed());
        Self {
            version: notice.version,
            state,
            state_label: state.label(),
            area: notice.area.clone(),
            author: notice.author.clone(),
            audience: notice.audience.clone(),
            withdrawn: notice
                .withdrawn
                .as_ref()
                .map(|withdrawal| WithdrawalView { at: withdrawal.at, reason: withdrawal.reason.clone() }),
            pending_files: pending.map(NoticeFileView::from).collect(),
            created_at: notice.created_at,
            notice: notice.into(),
        }
    }
}

/// A notice in the staff's list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct StaffNoticeItem {
    /// Its id.
    id: NoticeId,
    /// Its version.
    version: u64,
    /// How far it has come.
    state: NoticeState,
    /// The same in Chinese.
    state_label: &'static str,
    /// 类别
    category: NoticeCategory,
    /// 标题
    title: String,
    /// The area of who drafted it.
    area: Option<Area>,
    /// 阅读对象
    audience: Audience,
    /// 置顶
    pinned: bool,
    /// Since when it's there to be read, or will be.
    publish_at: Option<Instant>,
    /// When it was withdrawn.
    withdrawn_at: Option<Instant>,
    /// How many files come with it.
    files: usize,
    /// When it was drafted.
    created_at: Instant,
    /// When its words or files were last changed.
    updated_at: Instant,
}

impl StaffNoticeItem {
    pub fn of(row: NoticeRow, now: Instant) -> Self {
        let state = row.state(now);
        Self {
            id: row.id,
            version: row.version,
            state,
            state_label: state.label(),
            category: row.category,
            title: row.title,
            area: row.area,
            audience: row.audience,
            pinned: row.pinned,
            publish_at: row.publish_at,
            withdrawn_at: row.withdrawn_at,
            files: row.files,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// How far a notice's mailing has come.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct MailingView {
    /// How far it has come.
    state: MailingState,
    /// The same in Chinese.
    state_label: &'static str,
    /// How much of the register was walked through, in whole percent.
    percent: u8,
    /// Registrations looked at.
    looked_at: u64,
    /// Mails planned: one for each holder.
    planned: u64,
    /// Mails sent, as the last run saw it.
    sent: u64,
    /// Mails given up.
    failed: u64,
    /// Mails planned and not sent: their readers want no such mail or can't be reached, or the mailing was stopped.
    withheld: u64,
    /// Mails planned that their readers want later: at the end of their quiet hours, or in the next morning's mail.
    later: u64,
    /// Mails planned of which the last run didn't see what became.
    waiting: usize,
    /// When it was started.
    started_at: Instant,
    /// When it was done, or stopped.
    ended_at: Option<Instant>,
}

impl From<&Mailing> for MailingView {
    fn from(mailing: &Mailing) -> Self {
        Self {
            state: mailing.state,
            state_label: mailing.state.label(),
            percent: mailing.percent(),
            looked_at: mailing.looked_at,
            planned: mailing.planned,
            sent: mailing.sent,
            failed: mailing.failed,
            withheld: mailing.withheld,
            later: mailing.later,
            waiting: mailing.open.len(),
            started_at: mailing.started_at,
            ended_at: mailing.ended_at,
        }
    }
}
