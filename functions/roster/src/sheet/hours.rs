//! Hours in a cell, and the unit that the cell or its header names. A 学时 is never made a 小时, nor the other way round.

use super::CellError;
use super::cell::{Cell, Column, fold, refuse_formula};
use super::error::excerpt;
use domain::credit::Hours;

/// The units that there are.
const UNITS: [&str; 2] = ["学时", "小时"];

/// The most hours that a row can state.
const MOST_TENTHS: u32 = 10_000;

/// The unit that a header or a cell ends with.
pub(super) fn unit_at_end(text: &str) -> Option<&'static str> {
    UNITS.into_iter().find(|unit| text.ends_with(unit))
}

/// The hours of a cell and their unit: the cell's own, or its header's. No hours are those of the whole course.
pub(super) fn read(
    cell: &Cell<'_>,
    header: Option<&'static str>,
) -> Result<(Option<Hours>, Option<&'static str>), CellError> {
    let column = Column::Hours;
    let text = match cell {
        Cell::Text(text) => {
            if !is_negative(&fold(text)) || text.starts_with(['\t', '\r']) {
                refuse_formula(column, text)?;
            }
            fold(text)
        }
        Cell::Number(number) => number.clone(),
        Cell::Other => return Err(column.error("wrong_type", "学时应为数字，例如 3 或 3.5")),
    };
    if text.is_empty() {
        return Ok((None, header));
    }
    let own = unit_at_end(&text);
    if let (Some(own), Some(header)) = (own, header)
        && own != header
    {
        let detail = format!("该列的单位是{header}，{}的单位是{own}，请统一后重新上传", excerpt(&text));
        return Err(column.error("hours_unit", detail));
    }
    let number = own.and_then(|unit| text.strip_suffix(unit)).unwrap_or(&text).trim_end();
    if is_negative(number) {
        let detail = format!("学时{}不能是负数，未参加的请删除该行", excerpt(&text));
        return Err(column.error("hours_negative", detail));
    }
    match tenths(number) {
        Ok(tenths @ 1..=MOST_TENTHS) => Ok((Some(Hours::from_tenths(tenths)), own.or(header))),
        Err(NotDecimal) => {
            let detail = format!("学时{}不是数字，请写成 3 或 3.5 这样的格式", excerpt(&text));
            Err(column.error("hours_malformed", detail))
        }
        Ok(_) => {
            let detail = format!("学时{}应大于 0、不超过 1000，最多一位小数，请核对", excerpt(&text));
            Err(column.error("hours_absurd", detail))
        }
    }
}

/// A minus sign (also the typographer's) and a number.
fn is_negative(text: &str) -> bool {
    let number = text.strip_prefix(['-', '−']).map(str::trim_start);
    number.is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit() || first == '.'))
}

/// The text isn't a number in decimal.
struct NotDecimal;

/// Tenths of an hour in a decimal number; none where they are too many to count, or not whole.
fn tenths(number: &str) -> Result<u32, NotDecimal> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return Err(NotDecimal);
    }
    let (tenth, rest) = fraction.split_at(1);
    let is_whole = rest.bytes().all(|byte| byte == b'0');
    let tenths = || whole.parse::<u32>().ok()?.checked_mul(10)?.checked_add(tenth.parse().ok()?);
    Ok(if is_whole { tenths().unwrap_or(0) } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn of(
        text: &str,
        header: Option<&'static str>,
    ) -> Result<(Option<Hours>, Option<&'static str>), &'static str> {
        read(&Cell::Text(text.into()), header).map_err(|error| error.code)
    }

    #[rstest]
    #[case("3", 30)]
    #[case("3.0", 30)]
    #[case("3.5", 35)]
    #[case("3.50", 35)]
    #[case("0.1", 1)]
    #[case("３．５", 35)]
    #[case(" 3\u{a0}", 30)]
    #[case("1000", 10_000)]
    #[case("03", 30)]
    fn hours_are_read_to_the_tenth(#[case] text: &str, #[case] tenths: u32) {
        assert_eq!(of(text, None), Ok((Some(Hours::from_tenths(tenths)), None)));
    }

    #[rstest]
    #[case("-3", "hours_negative")]
    #[case("－3.5", "hours_negative")]
    #[case("−3", "hours_negative")]
    #[case("-3学时", "hours_negative")]
    #[case("0", "hours_absurd")]
    #[case("0.0", "hours_absurd")]
    #[case("1000.1", "hours_absurd")]
    #[case("99999999999999999999", "hours_absurd")]
    #[case("3.25", "hours_absurd")]
    #[case("三", "hours_malformed")]
    #[case("3.", "hours_malformed")]
    #[case(".5", "hours_malformed")]
    #[case("3,5", "hours_malformed")]
    #[case("1e3", "hours_malformed")]
    #[case("3课时", "hours_malformed")]
    #[case("学时", "hours_malformed")]
    #[case("=3", "formula_cell")]
    #[case("+3", "formula_cell")]
    #[case("-", "formula_cell")]
    #[case("-cmd|' /C calc'!A0", "formula_cell")]
    #[case("\t3", "formula_cell")]
    fn hours_that_are_none_are_refused(#[case] text: &str, #[case] code: &str) {
        assert_eq!(of(text, None), Err(code));
    }

    #[rstest]
    #[case("3", None, None)]
    #[case("3", Some("学时"), Some("学时"))]
    #[case("3学时", None, Some("学时"))]
    #[case("3 小时", None, Some("小时"))]
    #[case("3小时", Some("小时"), Some("小时"))]
    fn the_unit_is_the_cells_own_or_its_headers(
        #[case] text: &str,
        #[case] header: Option<&'static str>,
        #[case] unit: Option<&'static str>,
    ) {
        assert_eq!(of(text, header), Ok((Some(Hours::from_tenths(30)), unit)));
    }

    #[test]
    fn a_cell_in_another_unit_than_its_header_is_refused_rather_than_converted() {
        assert_eq!(of("3小时", Some("学时")), Err("hours_unit"));
    }

    #[test]
    fn no_hours_are_those_of_the_course() {
        assert_eq!(of("　", Some("学时")), Ok((None, Some("学时"))));
    }
}
