//! Writing a notice: what may be typed, and what becomes of it.

use super::{Audience, AudienceInput, Notice, NoticeCategory, NoticeRefusal, NoticeState};
use crate::{actor::Administrator, date::Instant, error::FieldError, id::NoticeId};
use serde::Deserialize;

/// The longest title, in characters.
pub const MOST_TITLE: usize = 100;
/// The longest summary, in characters.
pub const MOST_SUMMARY: usize = 200;
/// The longest body, in characters: some twenty pages.
pub const MOST_BODY: usize = 20_000;

/// A notice as it's drafted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NoticeInput {
    /// 类别
    pub category: NoticeCategory,
    /// 标题: one line, 1 to 100 characters.
    #[cfg_attr(feature = "openapi", schema(example = "关于开展 2026 年继续教育的通知"))]
    pub title: String,
    /// 摘要: one line, 200 characters at the most; shown in lists and mail.
    #[serde(default)]
    pub summary: String,
    /// 正文: Markdown (CommonMark), 1 to 20,000 characters. HTML in it isn't shown.
    pub body: String,
    /// 阅读对象; everybody in the author's area where it's left out.
    #[serde(default)]
    pub audience: AudienceInput,
}

/// What changes of a notice; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NoticeEdit {
    /// 类别
    pub category: Option<NoticeCategory>,
    /// 标题
    pub title: Option<String>,
    /// 摘要
    pub summary: Option<String>,
    /// 正文
    pub body: Option<String>,
    /// 阅读对象, all of it; not of a notice that is published.
    pub audience: Option<AudienceInput>,
}

/// One line of 1 to `most` characters (or none where `may_lack`), without marks that turn the direction of writing.
fn line(field: &str, text: &str, most: usize, may_lack: bool, errors: &mut Vec<FieldError>) -> String {
    let plain: String = text.chars().filter(|character| !turns_direction(*character)).collect();
    let plain = plain.split(|character: char| character.is_whitespace() || character.is_control());
    let plain = plain.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    check_length(field, &plain, most, may_lack, errors);
    plain
}

/// A text of several lines.
fn text(field: &str, text: &str, most: usize, errors: &mut Vec<FieldError>) -> String {
    let kept = |character: &char| {
        (!character.is_control() || matches!(character, '\n' | '\t')) && !turns_direction(*character)
    };
    let plain: String = text.replace("\r\n", "\n").chars().filter(kept).collect();
    let plain = plain.trim_matches('\n').trim_end().to_owned();
    let empty = plain.trim().is_empty();
    check_length(field, if empty { "" } else { &plain }, most, false, errors);
    plain
}

fn turns_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn check_length(field: &str, text: &str, most: usize, may_lack: bool, errors: &mut Vec<FieldError>) {
    let (code, detail) = match text.chars().count() {
        0 if !may_lack => ("required", "不能为空".to_owned()),
        length if length > most => ("too_long", format!("最多 {most} 个字符，现有 {length} 个")),
        _ => return,
    };
    errors.push(FieldError { field: field.to_owned(), code: code.to_owned(), detail });
}

pub(super) fn reason(typed: &str, most: usize) -> Result<String, NoticeRefusal> {
    let mut errors = Vec::new();
    let reason = line("reason", typed, most, false, &mut errors);
    if errors.is_empty() { Ok(reason) } else { Err(NoticeRefusal::InvalidFields(errors)) }
}

impl Notice {
    /// Drafts a notice.
    ///
    /// # Errors
    ///
    /// [`NoticeRefusal::InvalidFields`].
    pub fn draft(
        input: &NoticeInput,
        id: NoticeId,
        by: &Administrator,
        now: Instant,
    ) -> Result<Self, NoticeRefusal> {
        let mut errors = Vec::new();
        let notice = Self {
            id,
            version: 1,
            area: by.area.clone(),
            author: by.id.clone(),
            category: input.category,
            title: line("title", &input.title, MOST_TITLE, false, &mut errors),
            summary: line("summary", &input.summary, MOST_SUMMARY, true, &mut errors),
            body: text("body", &input.body, MOST_BODY, &mut errors),
            audience: Audience::read(&input.audience, by.area.as_ref(), &mut errors),
            files: Vec::new(),
            publish_at: None,
            pinned: false,
            withdrawn: None,
            created_at: now,
            updated_at: now,
        };
        if errors.is_empty() { Ok(notice) } else { Err(NoticeRefusal::InvalidFields(errors)) }
    }

    /// The notice as it's edited. Its words may be mended while it's published; whom it's for may not: who has read it, or
    /// been mailed, can't be taken back.
    ///
    /// # Errors
    ///
    /// [`NoticeRefusal::InvalidFields`], [`NoticeRefusal::Withdrawn`], [`NoticeRefusal::AudienceFixed`].
    pub fn edit(&self, edit: &NoticeEdit, now: Instant) -> Result<Self, NoticeRefusal> {
        let state = self.state(now);
        if state == NoticeState::Withdrawn {
            return Err(NoticeRefusal::Withdrawn);
        }
        let mut errors = Vec::new();
        let mut next = self.next();
        next.updated_at = now;
        if let Some(category) = edit.category {
            next.category = category;
        }
        if let Some(typed) = &edit.title {
            next.title = line("title", typed, MOST_TITLE, false, &mut errors);
        }
        if let Some(typed) = &edit.summary {
            next.summary = line("summary", typed, MOST_SUMMARY, true, &mut errors);
        }
        if let Some(typed) = &edit.body {
            next.body = text("body", typed, MOST_BODY, &mut errors);
        }
        if let Some(typed) = &edit.audience {
            next.audience = Audience::read(typed, self.area.as_ref(), &mut errors);
        }
        if !errors.is_empty() {
            return Err(NoticeRefusal::InvalidFields(errors));
        }
        if state == NoticeState::Published && next.audience != self.audience {
            return Err(NoticeRefusal::AudienceFixed);
        }
        Ok(next)
    }
}
