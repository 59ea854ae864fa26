//! Splitting a text into records and cells, as RFC 4180 and the programs that don't know it write them.
//!
//! Ours, since a class list must not lose anybody: a quote that opens and isn't closed would swallow the rows below it
//! into one cell, and is refused here with its line. Cells are borrowed from the text wherever they can be.

use super::SheetError;
use std::borrow::Cow;

/// A place in the text where a record or an item begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// Bytes before it.
    pub(super) at: usize,
    /// The line it's in, counted from 1.
    pub(super) line: u64,
}

impl Mark {
    /// The beginning.
    pub(super) const START: Self = Self { at: 0, line: 1 };

    /// This place, moved on to `at`.
    pub(super) fn moved(self, text: &str, at: usize) -> Self {
        Self { at, line: self.line + text.get(self.at..at).map_or(0, breaks) }
    }
}

/// Line breaks in `text`: CRLF, LF or CR.
pub(super) fn breaks(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = |(at, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    bytes.iter().enumerate().filter(|it| ends(*it)).count() as u64
}

/// Splits one record of a text.
pub(super) struct Splitter<'a> {
    pub(super) text: &'a str,
    pub(super) delimiter: char,
    /// Cells that are kept; those after them are passed over.
    pub(super) keep: usize,
}

/// A record that was split.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    /// Where the next one begins.
    pub(super) next: Mark,
    /// True where none of its cells holds anything.
    pub(super) blank: bool,
}

impl<'a> Splitter<'a> {
    /// The record at `from`, its cells put into `cells`; nothing at the end of the text.
    pub(super) fn record(
        &self,
        from: Mark,
        cells: &mut Vec<Cow<'a, str>>,
    ) -> Result<Option<Record>, SheetError> {
        cells.clear();
        let mut blank = true;
        let mut at = from.at;
        if at >= self.text.len() {
            return Ok(None);
        }
        loop {
            let (cell, end) =
                self.cell(at).map_err(|open| broken_quotes(from.moved(self.text, open).line))?;
            blank &= super::cell::trim(&cell).is_empty();
            if cells.len() < self.keep {
                cells.push(cell);
            }
            let rest = &self.text[end..];
            let Some(next) = rest.chars().next() else {
                return Ok(Some(Record { next: from.moved(self.text, end), blank }));
            };
            at = end + next.len_utf8();
            if next == '\n' || next == '\r' {
                at += usize::from(rest.starts_with("\r\n"));
                return Ok(Some(Record { next: from.moved(self.text, at), blank }));
            }
        }
    }

    /// The cell at `at`, and where it ends: at a delimiter, a line break or the text's end. An error is the place of a
    /// quote that isn't closed, or that something follows.
    fn cell(&self, at: usize) -> Result<(Cow<'a, str>, usize), usize> {
        let rest = &self.text[at..];
        let ends = |character: char| character == self.delimiter || character == '\n' || character == '\r';
        let Some(quoted) = rest.strip_prefix('"') else {
            let length = rest.find(ends).unwrap_or(rest.len());
            return Ok((Cow::Borrowed(&rest[..length]), at + length));
        };
        let mut seen = 0;
        let mut doubled = false;
        loop {
            let close = seen + quoted[seen..].find('"').ok_or(at)?;
            let after = &quoted[close + 1..];
            if after.starts_with('"') {
                doubled = true;
                seen = close + 2;
                continue;
            }
            let blanks = after.len() - after.trim_start_matches(' ').len();
            if !after[blanks..].chars().next().is_none_or(ends) {
                return Err(at);
            }
            let inside = &quoted[..close];
            let cell = if doubled { Cow::Owned(inside.replace("\"\"", "\"")) } else { Cow::Borrowed(inside) };
            // The opening quote, what's inside, the closing one, blanks.
            return Ok((cell, at + 1 + close + 1 + blanks));
        }
    }
}

fn broken_quotes(line: u64) -> SheetError {
    SheetError::at(
        "broken_quotes",
        line,
        format!("第 {line} 行的双引号没有成对，无法分清各行，请删除多余的双引号后重新上传"),
    )
}
