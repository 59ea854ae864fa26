//! The mail that tells of a notice: its title, what it says in a sentence, and where it can be read. The notice itself isn't
//! in it, so that one that was mended or withdrawn doesn't go on in mailboxes.

use super::{
    content::{Content, Tone, Writing},
    wording::{lines, moment, one_line},
};
use domain::{date::Instant, id::NoticeId, notice::NoticeCategory};

/// What the mail tells of.
pub(super) struct Told<'a> {
    pub notice: &'a NoticeId,
    pub category: NoticeCategory,
    pub title: &'a str,
    pub summary: &'a str,
    pub published_at: Instant,
    pub files: usize,
}

/// A notice was published.
pub(super) fn told(writing: Writing<'_>, told: &Told<'_>) -> Content {
    let (title, category) = (one_line(told.title), told.category.label());
    let summary = lines(told.summary).join(" ");
    let files = match told.files {
        0 => "无".to_owned(),
        count => format!("{count} 个，请登录后下载"),
    };
    Content::new(Tone::Done, "公告", format!("{category}公告：{title}"), title.clone())
        .summary(if summary.is_empty() { title } else { summary.clone() })
        .when(!summary.is_empty(), |content| content.paragraph(summary))
        .facts([("类别", category.to_owned()), ("发布时间", moment(told.published_at)), ("附件", files)])
        .note("公告如有更正或撤回，以登录后看到的内容为准。")
        .link("登录系统阅读全文", writing.letterhead.notice(told.notice))
}
