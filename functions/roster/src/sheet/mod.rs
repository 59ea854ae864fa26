//! Reading a class list: bytes in, attendees out, row by row. Pure.
//!
//! [`table_head`] looks at the head of a file before anybody waits for it. [`Sheet::open`] decodes it, finds the header and
//! counts the rows; what is wrong with the file as a whole is said there. [`Sheet::iter`] then reads one row at a time:
//! each is an [`Entry`], or says of each cell what is wrong with it.

mod cell;
mod date;
mod encoding;
mod error;
mod header;
mod hours;
mod json;
mod text;

pub use error::{CellError, SheetError};

use cell::{Cell, Row};
use domain::{
    credit::Hours,
    date::CalendarDate,
    education::{MOST_ROWS, NoTable, table_head},
    form::PersonName,
};
use header::{FULL_WIDTH_COMMA, Header};
use std::borrow::Cow;
use text::{Mark, Splitter};

/// Every so many rows their place is remembered, for reading on from there.
const STRIDE: u32 = 100;

/// What a file is announced as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, or what spreadsheets call so.
    Csv,
    /// An array of objects, or one object after another.
    Json,
}

/// An attendee.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Name on the list.
    pub name: PersonName,
    /// Management number of the certificate: capitals and digits, at most 40. Whether it's one, the rule set says
    /// ([`domain::rules::RuleSet::management_number`]).
    pub management_number: String,
    /// Hours attended; none for all of the course.
    pub hours: Option<Hours>,
    /// The unit that the cell names, or else its header: 学时 or 小时. Not converted; a course that is in the other one
    /// can't take this row.
    pub unit: Option<&'static str>,
    /// First day attended; none for the course's.
    pub from: Option<CalendarDate>,
    /// Last day attended; none for the course's.
    pub to: Option<CalendarDate>,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number among those that hold anything, counted from 1 below the header.
    pub row: u32,
    /// The line of the file it begins in, counted from 1.
    pub line: u64,
    /// Who attended, or what is wrong with the row.
    pub entry: Result<Entry, Vec<CellError>>,
}

/// How rows are told apart.
#[derive(Debug, Clone)]
enum Layout {
    Table(Header),
    Items { array: bool },
}

/// A class list that can be read. Holds its text, and the places of a hundred rows.
#[derive(Debug, Clone)]
pub struct Sheet<'a> {
    text: Cow<'a, str>,
    layout: Layout,
    rows: u32,
    /// Where row 1, 101, 201 … begins.
    marks: Vec<Mark>,
}

impl<'a> Sheet<'a> {
    /// Decodes the file and looks through all of it once: its columns, the pairs of its quotes or its JSON, its rows.
    pub fn open(bytes: &'a [u8], format: Format) -> Result<Self, SheetError> {
        table_head(bytes, bytes.len() as u64)?;
        let mut text = encoding::decode(bytes)?;
        if cell::trim(&text).is_empty() {
            return Err(NoTable::EMPTY.into());
        }
        let (layout, first) = match format {
            Format::Csv => {
                let mut header = header::find(&text)?;
                if header.delimiter == FULL_WIDTH_COMMA {
                    // Who types one by hand mixes both; no column that is read can have either in a cell.
                    text = Cow::Owned(text.replace(FULL_WIDTH_COMMA, ","));
                    header = header::find(&text)?;
                }
                let first = header.rows;
                (Layout::Table(header), first)
            }
            Format::Json => {
                let (array, first) = json::begin(&text)?;
                (Layout::Items { array }, first)
            }
        };
        let mut sheet = Self { text, layout, rows: 0, marks: Vec::new() };
        sheet.look_through(first)?;
        Ok(sheet)
    }

    /// Counts the rows, and remembers the places of some.
    fn look_through(&mut self, first: Mark) -> Result<(), SheetError> {
        let (mut rows, mut marks) = (0, Vec::new());
        let mut cursor = Cursor { text: &self.text, layout: &self.layout, next: first, cells: Vec::new() };
        while let Some(found) = cursor.advance(0)? {
            if rows == MOST_ROWS {
                let detail = format!("名单不能超过 {MOST_ROWS} 行，请拆分为多个文件分别上传");
                return Err(SheetError::at("too_many_rows", found.begin.line, detail));
            }
            if rows % STRIDE == 0 {
                marks.push(found.begin);
            }
            rows += 1;
        }
        if rows == 0 {
            return Err(SheetError::new("no_rows", "名单里没有任何人员，请填写后重新上传"));
        }
        (self.rows, self.marks) = (rows, marks);
        Ok(())
    }

    /// How many rows there are.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// The unit that the header names, 学时 or 小时, where it names one. Hours are never converted.
    pub fn unit(&self) -> Option<&'static str> {
        match &self.layout {
            Layout::Table(header) => header.unit,
            Layout::Items { .. } => None,
        }
    }

    /// All rows.
    pub fn iter(&self) -> Lines<'_> {
        self.iter_from(1)
    }

    /// The rows from `row` on (counted from 1), without reading those before it.
    pub fn iter_from(&self, row: u32) -> Lines<'_> {
        let row = row.max(1);
        let mark = usize::try_from((row - 1) / STRIDE).ok().and_then(|index| self.marks.get(index));
        let Some(mark) = mark.filter(|_| row <= self.rows) else {
            return Lines { cursor: self.cursor(Mark::START), row, rows: 0 };
        };
        let mut lines =
            Lines { cursor: self.cursor(*mark), row: (row - 1) / STRIDE * STRIDE + 1, rows: self.rows };
        while lines.row < row && lines.find(0).is_some() {}
        lines
    }

    fn cursor(&self, next: Mark) -> Cursor<'_> {
        Cursor { text: &self.text, layout: &self.layout, next, cells: Vec::new() }
    }
}

impl<'s> IntoIterator for &'s Sheet<'_> {
    type Item = Line;
    type IntoIter = Lines<'s>;

    fn into_iter(self) -> Lines<'s> {
        self.iter()
    }
}

/// Where a row is.
struct Found {
    begin: Mark,
    end: usize,
}

/// Goes from row to row.
#[derive(Debug, Clone)]
struct Cursor<'s> {
    text: &'s str,
    layout: &'s Layout,
    next: Mark,
    /// Cells of the table's row it has passed, as many as were asked for.
    cells: Vec<Cow<'s, str>>,
}

impl Cursor<'_> {
    /// Passes the next row that holds anything.
    fn advance(&mut self, keep: usize) -> Result<Option<Found>, SheetError> {
        match self.layout {
            Layout::Table(header) => {
                let splitter = Splitter { text: self.text, delimiter: header.delimiter, keep };
                while let Some(record) = splitter.record(self.next, &mut self.cells)? {
                    let begin = std::mem::replace(&mut self.next, record.next);
                    if !record.blank {
                        return Ok(Some(Found { begin, end: record.next.at }));
                    }
                }
                Ok(None)
            }
            Layout::Items { array } => {
                let found = json::item(self.text, *array, self.next)?;
                Ok(found.map(|found| {
                    let begin = std::mem::replace(&mut self.next, found.next);
                    Found { begin, end: found.end }
                }))
            }
        }
    }
}

/// The rows of a [`Sheet`], each made when it's asked for.
#[derive(Debug, Clone)]
pub struct Lines<'s> {
    cursor: Cursor<'s>,
    /// The number of the next row.
    row: u32,
    /// The number of the last one.
    rows: u32,
}

impl Lines<'_> {
    fn find(&mut self, keep: usize) -> Option<Found> {
        if self.row > self.rows {
            return None;
        }
        // The whole text was looked through when the sheet was opened: there are no errors left in it.
        let found = self.cursor.advance(keep).ok().flatten()?;
        self.row += 1;
        Some(found)
    }

    /// Reads the row that was just passed.
    fn read(&mut self, found: &Found) -> Result<Entry, Vec<CellError>> {
        match self.cursor.layout {
            Layout::Table(header) => {
                let cells = &mut self.cursor.cells;
                let mut take = |place: Option<usize>| {
                    place
                        .and_then(|at| cells.get_mut(at))
                        .map_or_else(Cell::default, |cell| Cell::Text(std::mem::take(cell)))
                };
                let row: Row<'_> = header.places.map(&mut take);
                cell::entry(&row, header.unit)
            }
            Layout::Items { .. } => {
                let item = &self.cursor.text[found.begin.at..found.end];
                let row = json::cells(item).map_err(|error| vec![error])?;
                cell::entry(&row, None)
            }
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let keep = match self.cursor.layout {
            Layout::Table(header) => header.places.iter().flatten().max().map_or(0, |last| last + 1),
            Layout::Items { .. } => 0,
        };
        let row = self.row;
        let found = self.find(keep)?;
        let entry = self.read(&found);
        Some(Line { row, line: found.begin.line, entry })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from((self.rows + 1).saturating_sub(self.row)).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Lines<'_> {}
