//! Cells: what spreadsheets leave around a value is taken off, and what they did to it is said.

use super::{csv, table};
use roster::sheet::{Format, Sheet};
use rstest::rstest;

/// The first cell's error, as its code and sentence.
fn wrong(name: &str, number: &str, rest: &str) -> (&'static str, &'static str, String) {
    let quote = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
    let text = format!("姓名¦管理号¦学时¦开始日期¦结束日期\n{},{},{rest}\n", quote(name), quote(number));
    let text = table(&text);
    let sheet = Sheet::open(text.as_bytes(), Format::Csv).unwrap();
    let error = sheet.iter().next().unwrap().entry.unwrap_err().remove(0);
    (error.column, error.code, error.detail)
}

#[rstest]
#[case("4201231990a", "4201231990A")]
#[case("４２０１２３Ａ", "420123A")]
#[case("'4201231990", "4201231990")]
#[case("\"=\"\"4201231990\"\"\"", "4201231990")]
#[case("=\"4201231990\"", "4201231990")]
#[case("4201 2319\u{a0}90", "4201231990")]
#[case("\u{202d}4201231990\u{202c}\u{feff}", "4201231990")]
#[case("　4201231990\u{200b}", "4201231990")]
#[case("\"4201231990\t\"", "4201231990")]
#[case("\t4201231990", "4201231990")]
fn a_management_number_is_taken_out_of_its_wrapping(#[case] cell: &str, #[case] number: &str) {
    assert_eq!(csv(&format!("姓名¦管理号\n张三,{cell}\n")), [format!("1@2 张三|{number}|-|-|-")]);
}

#[rstest]
#[case("4.20123E+17")]
#[case("4E+17")]
#[case("4.2e17")]
#[case("4,20123E+17")]
#[case("420123199001010000")]
#[case("42012319900101000000")]
fn a_number_that_a_spreadsheet_mangled_is_told_with_the_remedy(#[case] number: &str) {
    let (column, code, detail) = wrong("张三", number, "");
    assert_eq!((column, code), ("management_number", "number_mangled"));
    let remedy = "Excel 只保留 15 位数字，请从原始数据重新导入，导入时把管理号列设为文本";
    assert!(detail.ends_with(remedy), "{detail}");
}

#[rstest]
#[case("42012E17ABCD", None)]
#[case("42012319900101000", None)]
#[case("420123199001010001", None)]
#[case("42012319900101000A", None)]
#[case("4201-2319", Some("management_number_malformed"))]
#[case("管理号", Some("management_number_malformed"))]
#[case("12345678901234567890123456789012345678901", Some("management_number_malformed"))]
#[case("'", Some("missing_cell"))]
#[case("=\"\"", Some("missing_cell"))]
fn a_number_is_letters_and_digits(#[case] number: &str, #[case] code: Option<&str>) {
    let said = csv(&format!("姓名¦管理号\n张三,{number}\n")).remove(0);
    let expected =
        code.map_or(format!("1@2 张三|{number}|-|-|-"), |code| format!("1@2 management_number:{code}"));
    assert_eq!(said, expected);
}

#[rstest]
#[case("张 三", "张三")]
#[case("张　　三", "张三")]
#[case("\u{200b}张三\u{a0}", "张三")]
#[case("阿卜杜拉．买买提", "阿卜杜拉·买买提")]
#[case("Ａｎｎａ  Ｌｉ", "Anna Li")]
#[case("𠮷 田", "𠮷田")]
#[case("O'Neill", "O'Neill")]
fn a_name_is_read_as_its_holder_writes_it(#[case] cell: &str, #[case] name: &str) {
    assert_eq!(csv(&format!("姓名¦管理号\n{cell},4201231990\n")), [format!("1@2 {name}|4201231990|-|-|-")]);
}

#[rstest]
#[case("张", "name_malformed")]
#[case("张三1", "name_malformed")]
#[case("张\n三", "name_malformed")]
#[case("=cmd|' /C calc'!A0", "formula_cell")]
#[case("+张三", "formula_cell")]
#[case("-张三", "formula_cell")]
#[case("@张三", "formula_cell")]
#[case("＝张三", "formula_cell")]
#[case(" =1+1", "formula_cell")]
#[case("\t张三", "formula_cell")]
#[case("\r张三", "formula_cell")]
#[case("", "missing_cell")]
fn a_name_that_is_none_is_refused(#[case] name: &str, #[case] code: &str) {
    let error = wrong(name, "4201231990", "");
    assert_eq!((error.0, error.1), ("name", code));
}

#[rstest]
#[case("张三", "=1+1", ",,", "management_number")]
#[case("张三", "'=1+1", ",,", "management_number")]
#[case("张三", "=\"=1\"", ",,", "management_number")]
#[case("张三", "@SUM(1)", ",,", "management_number")]
#[case("张三", "\t=1+1", ",,", "management_number")]
#[case("\t张三", "4201231990", ",,", "name")]
#[case("张三", "4201231990", "=3,,", "hours")]
#[case("张三", "4201231990", ",=TODAY(),", "from")]
#[case("张三", "4201231990", ",,-2026", "to")]
fn what_a_spreadsheet_would_run_is_refused_in_every_column(
    #[case] name: &str,
    #[case] number: &str,
    #[case] rest: &str,
    #[case] column: &str,
) {
    let error = wrong(name, number, rest);
    assert_eq!((error.0, error.1), (column, "formula_cell"));
}

#[test]
fn a_row_says_all_that_is_wrong_with_it() {
    assert_eq!(
        csv("姓名¦管理号¦学时¦开始日期¦结束日期\n张,4E+17,-1,昨天,2026-02-30\n"),
        [
            "1@2 name:name_malformed management_number:number_mangled hours:hours_negative from:date_malformed to:date_malformed"
        ]
    );
}

#[rstest]
#[case("2026-03-02,2026-03-01", "1@2 to:dates_out_of_order")]
#[case("2026-03-01,2026-03-01", "1@2 张三|4201231990|-|2026-03-01|2026-03-01")]
#[case("46082,2026年3月2日", "1@2 张三|4201231990|-|2026-03-01|2026-03-02")]
#[case("２０２６／３／１,", "1@2 张三|4201231990|-|2026-03-01|-")]
fn days_are_in_order(#[case] days: &str, #[case] said: &str) {
    assert_eq!(csv(&format!("姓名¦管理号¦开始日期¦结束日期\n张三,4201231990,{days}\n")), [said]);
}

#[test]
fn a_message_repeats_no_more_than_twenty_characters_and_nothing_that_controls() {
    let (.., detail) = wrong(&"王".repeat(60), "4201231990", "");
    assert_eq!(detail.matches('王').count(), 20);
    assert!(detail.ends_with("…」"), "{detail}");
    let (.., detail) = wrong("张\u{1b}[31m\u{202e}三\n", "4201231990", "");
    assert_eq!(detail, "姓名应为 2 至 50 个字符，只含汉字、字母、间隔号和空格：「张[31m三」");
}
