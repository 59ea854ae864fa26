//! A class list in JSON: an array of objects, or one object after another. Items are found one by one, and only the one
//! that is read is taken apart.

use super::SheetError;
use super::cell::{Cell, Row};
use super::error::CellError;
use super::text::Mark;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{borrow::Cow, fmt};

/// An item that was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Where it ends.
    pub(super) end: usize,
    /// Where the next one begins; the text's end after the last.
    pub(super) next: Mark,
}

/// Whether `text` is an array, and where its first item begins.
pub(super) fn begin(text: &str) -> Result<(bool, Mark), SheetError> {
    let start = text.len() - text.trim_ascii_start().len();
    if !text[start..].starts_with('[') {
        return Ok((false, Mark::START.moved(text, start)));
    }
    let first = skip_blanks(text, start + 1);
    let first = match text[first..].bytes().next() {
        Some(b']') => finish(text, first + 1)?,
        Some(_) => first,
        None => return Err(malformed(text, first)),
    };
    Ok((true, Mark::START.moved(text, first)))
}

/// The item at `from`; nothing at the end of the text.
pub(super) fn item(text: &str, array: bool, from: Mark) -> Result<Option<Found>, SheetError> {
    let rest = &text[from.at..];
    if rest.is_empty() {
        return Ok(None);
    }
    let mut items = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
    match items.next() {
        Some(Ok(_)) => {}
        Some(Err(error)) if error.is_eof() => return Err(malformed(text, text.len())),
        Some(Err(error)) => {
            let line_at =
                rest.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
            return Err(malformed(text, from.at + line_at + error.column().saturating_sub(1)));
        }
        None => return Err(malformed(text, from.at)),
    }
    let end = from.at + items.byte_offset();
    let after = skip_blanks(text, end);
    let next = match (array, text[after..].bytes().next()) {
        (true, Some(b',')) => {
            let next = skip_blanks(text, after + 1);
            if next == text.len() {
                return Err(malformed(text, next));
            }
            next
        }
        (true, Some(b']')) => finish(text, after + 1)?,
        (true, _) => return Err(malformed(text, after)),
        (false, _) => after,
    };
    Ok(Some(Found { end, next: from.moved(text, next) }))
}

/// After an array there is nothing.
fn finish(text: &str, at: usize) -> Result<usize, SheetError> {
    let end = skip_blanks(text, at);
    if end == text.len() { Ok(end) } else { Err(malformed(text, end)) }
}

fn skip_blanks(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start_matches([' ', '\t', '\r', '\n']).len()
}

fn malformed(text: &str, at: usize) -> SheetError {
    let at = text.floor_char_boundary(at);
    let line = Mark::START.moved(text, at).line;
    let column =
        text[..at].chars().rev().take_while(|character| !matches!(character, '\r' | '\n')).count() + 1;
    let detail = if at >= text.len() {
        format!("JSON 在第 {line} 行第 {column} 列中断，文件不完整，请重新导出后上传")
    } else {
        format!("第 {line} 行第 {column} 列不是有效的 JSON，请改正后重新上传")
    };
    SheetError::at("malformed_json", line, detail)
}

/// The cells of an item.
pub(super) fn cells(item: &str) -> Result<Row<'_>, CellError> {
    if !item.starts_with('{') {
        return Err(CellError::new("item", "not_an_object", "名单的每一项应为对象，例如 {\"name\": …}"));
    }
    let item: Item<'_> = serde_json::from_str(item).map_err(|_| {
        CellError::new("item", "malformed_item", "该项中有重复的键、无效的转义或超出范围的数字，请改正")
    })?;
    Ok([item.name, item.management_number, item.hours, item.from, item.to])
}

/// One attendee. Other keys are passed over.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Item<'a> {
    #[serde(borrow)]
    name: Cell<'a>,
    #[serde(borrow)]
    management_number: Cell<'a>,
    #[serde(borrow)]
    hours: Cell<'a>,
    #[serde(borrow)]
    from: Cell<'a>,
    #[serde(borrow)]
    to: Cell<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Cell<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// Takes every value, and of lists and objects only that they are ones.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cell::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cell::Number(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cell::Number(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Cell::Number(number.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Cell::default())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Cell::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Cell::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Cell::Other)
    }
}
