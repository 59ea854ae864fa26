//! The line that names the columns: which one it is, what separates its cells, and which column is where.

use super::SheetError;
use super::cell::{Column, fold, trim};
use super::error::excerpts;
use super::hours::unit_at_end;
use super::text::{Mark, Splitter};
use domain::education::NoTable;
use std::borrow::Cow;

/// Lines with something in them that are looked at: titles may stand above the header.
const HEADER_WITHIN: usize = 5;
/// Columns of a header that are looked at.
const MOST_COLUMNS: usize = 200;
/// What separates cells. The last is typed by people who write a list by hand.
const DELIMITERS: [char; 4] = [',', ';', '\t', FULL_WIDTH_COMMA];

/// `，`
pub(super) const FULL_WIDTH_COMMA: char = '，';

/// The header of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// What separates cells.
    pub(super) delimiter: char,
    /// Where each column is, in the order of [`Column::ALL`].
    pub(super) places: [Option<usize>; 5],
    /// The unit that the column of hours is named by.
    pub(super) unit: Option<&'static str>,
    /// Where the rows begin.
    pub(super) rows: Mark,
}

/// A line that may be the header.
struct Candidate<'a> {
    delimiter: char,
    line: u64,
    cells: Vec<Cow<'a, str>>,
    rows: Mark,
}

impl Candidate<'_> {
    /// How much it looks like one: columns that must be there, then others, then cells that hold anything.
    fn likeness(&self) -> (usize, usize, usize) {
        let columns: Vec<Column> = self.cells.iter().filter_map(|cell| column(cell)).collect();
        let needed = NEEDED.iter().filter(|needed| columns.contains(needed)).count();
        (needed, columns.len(), self.cells.iter().filter(|cell| !trim(cell).is_empty()).count())
    }
}

const NEEDED: [Column; 2] = [Column::Name, Column::ManagementNumber];

/// Finds the header of `text`. Where the first line says `sep=;`, that is what separates.
pub(super) fn find(text: &str) -> Result<Header, SheetError> {
    let (told, start) = told(text);
    let mut best: Option<Candidate<'_>> = None;
    let mut broken: Vec<(char, SheetError)> = Vec::new();
    for delimiter in told.as_ref().map_or(&DELIMITERS[..], std::slice::from_ref) {
        let mut from = start;
        let splitter = Splitter { text, delimiter: *delimiter, keep: MOST_COLUMNS };
        let mut seen = 0;
        while seen < HEADER_WITHIN {
            let mut cells = Vec::new();
            let record = match splitter.record(from, &mut cells) {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(error) => {
                    broken.push((*delimiter, error));
                    break;
                }
            };
            let candidate = Candidate { delimiter: *delimiter, line: from.line, cells, rows: record.next };
            from = record.next;
            if record.blank {
                continue;
            }
            seen += 1;
            if best.as_ref().is_none_or(|best| candidate.likeness() > best.likeness()) {
                best = Some(candidate);
            }
        }
    }
    let Some(best) = best else {
        return Err(broken.into_iter().next().map_or_else(|| NoTable::EMPTY.into(), |(_, error)| error));
    };
    let is_header = best.likeness().0 == NEEDED.len();
    // A quote may be what hides the header.
    match broken.into_iter().find(|(delimiter, _)| *delimiter == best.delimiter && !is_header) {
        Some((_, error)) => Err(error),
        None => read(&best),
    }
}

/// `sep=;`, which spreadsheets write before the table, and where the table begins.
fn told(text: &str) -> (Option<char>, Mark) {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let first = trim(&text[..end]).trim_matches('"');
    let is_told = first.get(..4).is_some_and(|sep| sep.eq_ignore_ascii_case("sep="));
    // A tab would have been trimmed.
    let told =
        if is_told { first[4..].chars().next().or(text[..end].contains('\t').then_some('\t')) } else { None };
    match told.filter(|told| !told.is_alphanumeric() && *told != '"') {
        Some(told) => {
            let next = end + if text[end..].starts_with("\r\n") { 2 } else { 1 };
            (Some(told), Mark::START.moved(text, next.min(text.len())))
        }
        None => (None, Mark::START),
    }
}

fn read(header: &Candidate<'_>) -> Result<Header, SheetError> {
    let named = || header.cells.iter().map(AsRef::as_ref).filter(|cell| !trim(cell).is_empty());
    let mut places = [None; 5];
    for (index, kind) in Column::ALL.iter().enumerate() {
        let mut found = (0..header.cells.len()).filter(|at| column(&header.cells[*at]) == Some(*kind));
        places[index] = found.next();
        if let (Some(first), Some(second)) = (places[index], found.next()) {
            let detail = format!(
                "「{}」列出现了不止一次：{}，请只保留一列",
                kind.label(),
                excerpts([first, second].map(|at| header.cells[at].as_ref()))
            );
            return Err(SheetError::at("duplicate_column", header.line, detail));
        }
    }
    let missing: Vec<&str> = Column::ALL
        .iter()
        .zip(&places)
        .filter(|(column, place)| NEEDED.contains(column) && place.is_none())
        .map(|(column, _)| column.label())
        .collect();
    if !missing.is_empty() {
        let detail = format!(
            "缺少「{}」列，找到的列有：{}。请在名单的第一行写明各列的名称；若显示为乱码，请另存为「CSV UTF-8」后上传",
            missing.join("」「"),
            excerpts(named())
        );
        return Err(SheetError::at("missing_column", header.line, detail));
    }
    let hours = places[2].map(|at| header.cells[at].as_ref());
    // Taken for an extra column, it would give everybody the hours of the whole course.
    if let (None, Some(unclear)) = (hours, named().find(|cell| speaks_of_hours(cell))) {
        let detail = format!("{}列看不明白，请把列名改为「学时」或「小时」", excerpts([unclear]));
        return Err(SheetError::at("unclear_column", header.line, detail));
    }
    let unit = hours.and_then(|name| unit_at_end(&key(name)));
    Ok(Header { delimiter: header.delimiter, places, unit, rows: header.rows })
}

fn speaks_of_hours(cell: &str) -> bool {
    let cell = fold(cell).to_lowercase();
    ["学时", "小时", "课时", "hour"].iter().any(|word| cell.contains(word))
}

/// The column that a header cell names.
fn column(cell: &str) -> Option<Column> {
    match key(cell).as_str() {
        "姓名" | "name" => Some(Column::Name),
        "管理号" | "证书管理号" | "管理编号" | "证书编号" | "management_number" | "managementnumber" => {
            Some(Column::ManagementNumber)
        }
        "学时" | "小时" | "hours" => Some(Column::Hours),
        "开始日期" | "from" => Some(Column::From),
        "结束日期" | "完成日期" | "to" => Some(Column::To),
        _ => None,
    }
}

/// A header cell without blanks, asterisks, a colon, and a remark in brackets (but one that speaks of hours).
fn key(cell: &str) -> String {
    let folded = fold(cell).to_lowercase();
    let named =
        folded.split_once('(').filter(|(_, remark)| remark.ends_with(')') && !speaks_of_hours(remark));
    let named = named.map_or(folded.as_str(), |(name, _)| name);
    named.chars().filter(|character| !character.is_whitespace() && !"*:".contains(*character)).collect()
}
