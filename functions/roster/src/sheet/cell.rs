//! What a cell says: cleaned of what spreadsheets leave around it, and read as its column wants it.

use super::error::{excerpt, is_invisible};
use super::{CellError, Entry, date, hours};
use domain::{date::CalendarDate, form::PersonName};
use std::borrow::Cow;

/// The most characters of a management number. The rule sets' patterns ask for fewer.
const LONGEST_NUMBER: usize = 40;

/// Digits that spreadsheets keep of a number; those after them become 0.
const KEPT_DIGITS: usize = 15;
/// From so many digits on, zeros after those that are kept are no accident.
const ROUNDED_NUMBER: usize = 18;
/// What to do about a number that a spreadsheet took for one: its digits are lost.
const REMEDY: &str = "Excel 只保留 15 位数字，请从原始数据重新导入，导入时把管理号列设为文本";

/// A column that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    ManagementNumber,
    Hours,
    From,
    To,
}

impl Column {
    pub(super) const ALL: [Self; 5] = [Self::Name, Self::ManagementNumber, Self::Hours, Self::From, Self::To];

    /// Its key, as JSON and error messages have it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::ManagementNumber => "management_number",
            Self::Hours => "hours",
            Self::From => "from",
            Self::To => "to",
        }
    }

    /// Its name, as messages write it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Name => "姓名",
            Self::ManagementNumber => "管理号",
            Self::Hours => "学时",
            Self::From => "开始日期",
            Self::To => "结束日期",
        }
    }

    /// An error in a cell of it.
    pub(super) fn error(self, code: &'static str, detail: impl Into<String>) -> CellError {
        CellError::new(self.key(), code, detail)
    }
}

/// A cell before it's read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    /// Text; an empty one is no value.
    Text(Cow<'a, str>),
    /// A number of JSON, in decimal.
    Number(String),
    /// A value of JSON that no column takes.
    Other,
}

impl Default for Cell<'_> {
    fn default() -> Self {
        Self::Text(Cow::Borrowed(""))
    }
}

impl Cell<'_> {
    /// The text, where the column takes text only.
    fn text(&self, column: Column) -> Result<&str, CellError> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Number(_) | Self::Other => {
                let detail = format!("{}应为字符串，请加上双引号", column.label());
                Err(column.error("wrong_type", detail))
            }
        }
    }
}

/// The cells of a row, in the order of [`Column::ALL`].
pub(super) type Row<'a> = [Cell<'a>; 5];

/// Reads a row, and says of each cell what is wrong with it. `unit` is the unit that the header names.
pub(super) fn entry(row: &Row<'_>, unit: Option<&'static str>) -> Result<Entry, Vec<CellError>> {
    let mut errors = Vec::new();
    let [name_cell, number_cell, hours_cell, from_cell, to_cell] = row;
    let name = keep(name(name_cell), &mut errors);
    let management_number = keep(management_number(number_cell), &mut errors);
    let hours = keep(hours::read(hours_cell, unit), &mut errors);
    let from = keep(day(Column::From, from_cell), &mut errors).flatten();
    let to = keep(day(Column::To, to_cell), &mut errors).flatten();
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        let detail = format!("结束日期 {to} 早于开始日期 {from}，请核对");
        errors.push(Column::To.error("dates_out_of_order", detail));
    }
    match (name, management_number, hours) {
        (Some(name), Some(management_number), Some((hours, unit))) if errors.is_empty() => {
            Ok(Entry { name, management_number, hours, unit, from, to })
        }
        _ => Err(errors),
    }
}

fn keep<T>(read: Result<T, CellError>, errors: &mut Vec<CellError>) -> Option<T> {
    read.map_err(|error| errors.push(error)).ok()
}

/// `text` without blanks of any width, and without what can't be seen, around it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character))
}

/// `text` trimmed, without what can't be seen, full-width letters, digits and signs as their ASCII ones.
pub(super) fn fold(text: &str) -> String {
    trim(text).chars().filter(|character| !is_invisible(*character)).map(narrow).collect()
}

/// The ASCII character of a full-width one.
fn narrow(character: char) -> char {
    match u32::from(character) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(character),
        0x3000 => ' ',
        _ => character,
    }
}

/// Refuses what a spreadsheet would run: a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return.
pub(super) fn refuse_formula(column: Column, text: &str) -> Result<(), CellError> {
    let first = trim(text).chars().next().map(narrow);
    if text.starts_with(['\t', '\r']) || matches!(first, Some('=' | '+' | '-' | '@')) {
        let detail = format!(
            "{}{}以 =、+、-、@ 或制表符开头，会被当作公式，请改为普通文本",
            column.label(),
            excerpt(text)
        );
        return Err(column.error("formula_cell", detail));
    }
    Ok(())
}

fn missing(column: Column) -> CellError {
    column.error("missing_cell", format!("缺少{}，请补充", column.label()))
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A name. Blanks between ideographs, which lists pad short names with, are dropped.
fn name(cell: &Cell<'_>) -> Result<PersonName, CellError> {
    let text = cell.text(Column::Name)?;
    refuse_formula(Column::Name, text)?;
    let mut name = String::new();
    let mut padded = false;
    for character in trim(text).chars().filter(|character| !is_invisible(*character)) {
        if character.is_whitespace() && !character.is_control() {
            padded = true;
            continue;
        }
        if padded && !(is_ideograph(character) && name.ends_with(is_ideograph)) {
            name.push(' ');
        }
        padded = false;
        // Signs stay as they are: the full-width dot is how some write the one between parts of a name.
        let plain = narrow(character);
        name.push(if plain.is_ascii_alphanumeric() { plain } else { character });
    }
    if name.is_empty() {
        return Err(missing(Column::Name));
    }
    name.parse().map_err(|error| Column::Name.error("name_malformed", format!("{error}：{}", excerpt(&name))))
}

/// A management number, as text: capitals and digits without blanks. Whether it is one, the rule set says.
fn management_number(cell: &Cell<'_>) -> Result<String, CellError> {
    let column = Column::ManagementNumber;
    let folded = fold(cell.text(column)?);
    // How spreadsheets are told that a number is text: ="…", an apostrophe before it, or a tab.
    let inner = folded.strip_prefix("=\"").and_then(|it| it.strip_suffix('"')).unwrap_or(&folded);
    let inner = inner.strip_prefix('\'').unwrap_or(inner);
    refuse_formula(column, inner)?;
    let number: String = inner.chars().filter(|character| !character.is_whitespace()).collect();
    if number.is_empty() {
        return Err(missing(column));
    }
    if is_mangled(&number) {
        let detail = format!("管理号{}不完整：{REMEDY}", excerpt(&number));
        return Err(column.error("number_mangled", detail));
    }
    if number.len() > LONGEST_NUMBER || !number.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let detail = format!("管理号{}应只含数字和字母，请核对", excerpt(&number));
        return Err(column.error("management_number_malformed", detail));
    }
    Ok(number.to_ascii_uppercase())
}

/// `4.20123E+17`, or `420123199001010000`: what is left of a long number that a spreadsheet took for one.
fn is_mangled(number: &str) -> bool {
    let is_rounded = number.len() >= ROUNDED_NUMBER
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && number.bytes().skip(KEPT_DIGITS).all(|byte| byte == b'0');
    if is_rounded {
        return true;
    }
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else {
        return false;
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let power = exponent.strip_prefix(['+', '-']);
    digits(whole)
        && digits(fraction)
        && digits(power.unwrap_or(exponent))
        && (power.is_some() || whole.len() < mantissa.len())
}

fn day(column: Column, cell: &Cell<'_>) -> Result<Option<CalendarDate>, CellError> {
    let text = cell.text(column)?;
    refuse_formula(column, text)?;
    let folded = fold(text);
    if folded.is_empty() {
        return Ok(None);
    }
    date::read(&folded).map(Some).ok_or_else(|| {
        let detail =
            format!("{}{}不是有效的日期，请写成 2026-03-01 这样的格式", column.label(), excerpt(&folded));
        column.error("date_malformed", detail)
    })
}
