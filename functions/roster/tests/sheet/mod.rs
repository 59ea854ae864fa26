//! Reading the file: what each kind of file, header, row and cell gives.

mod cells;
mod encodings;
mod files;
mod headers;
mod items;
mod properties;
mod rows;

use roster::sheet::{Entry, Format, Line, Sheet, SheetError};

/// A row in short: its number, its line, and its values or the columns and codes of its errors.
fn short(line: &Line) -> String {
    let said = match &line.entry {
        Ok(entry) => values(entry),
        Err(errors) => errors
            .iter()
            .map(|error| format!("{}:{}", error.column, error.code))
            .collect::<Vec<_>>()
            .join(" "),
    };
    format!("{}@{} {said}", line.row, line.line)
}

fn values(entry: &Entry) -> String {
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "-".into());
    [
        entry.name.as_str().to_owned(),
        entry.management_number.clone(),
        or_none(entry.hours.map(|hours| hours.to_string())),
        or_none(entry.from.map(|day| day.to_string())),
        or_none(entry.to.map(|day| day.to_string())),
    ]
    .join("|")
}

fn read(bytes: &[u8], format: Format) -> Vec<String> {
    let sheet = Sheet::open(bytes, format).unwrap();
    let lines: Vec<String> = sheet.iter().map(|line| short(&line)).collect();
    assert_eq!(lines.len(), usize::try_from(sheet.rows()).unwrap());
    lines
}

/// A text with `¦` for the commas between Chinese words, which the house otherwise takes for slips.
fn table(text: &str) -> String {
    text.replace('¦', ",")
}

fn csv(text: &str) -> Vec<String> {
    read(table(text).as_bytes(), Format::Csv)
}

fn json(text: &str) -> Vec<String> {
    read(text.as_bytes(), Format::Json)
}

fn refused(bytes: &[u8], format: Format) -> SheetError {
    Sheet::open(bytes, format).map(|sheet| sheet.rows()).unwrap_err()
}

/// Code and line of what is wrong with a file.
fn refusal(text: &str, format: Format) -> (&'static str, Option<u64>) {
    let error = refused(table(text).as_bytes(), format);
    (error.code, error.line)
}
