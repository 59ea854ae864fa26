//! What is wrong with a file, and what with a cell: a stable code each, and a Chinese sentence that says what to do.

use domain::education::NoTable;

/// The most characters of a cell that a message repeats.
const LONGEST_EXCERPT: usize = 20;

/// The file can't be read as a class list at all; nothing of it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct SheetError {
    /// Stable code.
    pub code: &'static str,
    /// What to do about it, in Chinese.
    pub detail: String,
    /// The line of the file, counted from 1, where one can be named.
    pub line: Option<u64>,
}

impl SheetError {
    pub(super) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), line: None }
    }

    pub(super) fn at(code: &'static str, line: u64, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), line: Some(line) }
    }
}

impl From<NoTable> for SheetError {
    fn from(NoTable { code, detail }: NoTable) -> Self {
        Self::new(code, detail)
    }
}

/// A cell that can't be taken. Its row records nothing; the others do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellError {
    /// The column's key: `name`, `management_number`, `hours`, `from`, `to`; `item` for all of a JSON item.
    pub column: &'static str,
    /// Stable code.
    pub code: &'static str,
    /// What to do about it, in Chinese. Repeats at most 20 characters of the cell and no control characters.
    pub detail: String,
}

impl CellError {
    pub(super) fn new(column: &'static str, code: &'static str, detail: impl Into<String>) -> Self {
        Self { column, code, detail: detail.into() }
    }
}

/// `「…」` with the beginning of `text`, safe to show: no control or invisible characters.
pub(super) fn excerpt(text: &str) -> String {
    let mut shown = text.chars().filter(|character| !character.is_control() && !is_invisible(*character));
    let mut excerpt = String::from("「");
    excerpt.extend(shown.by_ref().take(LONGEST_EXCERPT));
    if shown.next().is_some() {
        excerpt.push('…');
    }
    excerpt.push('」');
    excerpt
}

/// Excerpts of the first few of `texts`, as a list.
pub(super) fn excerpts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 8;
    let mut list = String::new();
    for (index, text) in texts.into_iter().enumerate() {
        if index == MOST {
            list.push('等');
            break;
        }
        list.push_str(&excerpt(text));
    }
    list
}

/// Characters that take no room: zero-width ones, byte order marks, and marks of writing direction, which spreadsheets
/// and address books leave around numbers.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
