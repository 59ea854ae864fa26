//! Rows: counted as a person counts them, none lost, read on from any of them.

use super::{csv, json, refusal, short, table};
use domain::education::MOST_ROWS;
use roster::sheet::{Format, Sheet};
use rstest::rstest;

#[rstest]
#[case("\n")]
#[case("\r\n")]
#[case("\r")]
fn lines_end_as_any_system_ends_them(#[case] end: &str) {
    let lines = ["姓名¦管理号", "张三,4201231990A", "", "李四,4201231990B"];
    let expected = ["1@2 张三|4201231990A|-|-|-", "2@4 李四|4201231990B|-|-|-"];
    assert_eq!(csv(&lines.join(end)), expected);
    assert_eq!(csv(&(lines.join(end) + end)), expected);
}

#[test]
fn rows_of_empty_cells_are_passed_over_and_not_counted() {
    let text =
        "姓名¦管理号¦备注\n,,\n张三,4201231990A\n  ,\u{3000},\u{a0}\n\"\",\"\",\n李四,4201231990B,\n,,\n";
    assert_eq!(csv(text), ["1@3 张三|4201231990A|-|-|-", "2@6 李四|4201231990B|-|-|-"]);
}

#[test]
fn a_row_with_a_remark_alone_is_not_passed_over() {
    assert_eq!(csv("姓名¦管理号¦备注\n,,缺席\n"), ["1@2 name:missing_cell management_number:missing_cell"]);
}

#[test]
fn quoted_cells_hold_separators_line_breaks_and_quotes() {
    let text = "备注¦姓名¦管理号\n\"一¦二\n三\r\n\"\"四\"\"\",\"张三\" ,\"4201231990A\"\n五¦李四,4201231990B";
    assert_eq!(csv(text), ["1@2 张三|4201231990A|-|-|-", "2@5 李四|4201231990B|-|-|-"]);
}

#[test]
fn a_row_with_too_few_cells_says_which_are_missing() {
    assert_eq!(
        csv("学时¦姓名¦管理号\n3,张三\n3\n"),
        ["1@2 management_number:missing_cell", "2@3 name:missing_cell management_number:missing_cell"]
    );
}

#[rstest]
#[case("姓名¦管理号\n张三,1\n\"李四,2\n王五,3\n", 3)]
#[case("姓名¦管理号\n\"张三,1\n李四,2\n\"王五,3\n", 2)]
#[case("姓名¦管理号\n张三,\"1\"2\n", 2)]
fn a_quote_that_would_swallow_rows_is_refused_with_its_line(#[case] text: &str, #[case] line: u64) {
    assert_eq!(refusal(text, Format::Csv), ("broken_quotes", Some(line)));
}

fn list(rows: u32) -> String {
    let row = |row| format!("张三,42012319{row:06},3.5,2026-03-01\n");
    std::iter::once(table("姓名¦管理号¦学时¦开始日期\n")).chain((1..=rows).map(row)).collect()
}

#[test]
fn ten_thousand_rows_are_read_and_one_more_is_refused() {
    let rows = csv(&list(MOST_ROWS));
    assert_eq!(rows.len(), 10_000);
    assert_eq!(rows[9_999], "10000@10001 张三|42012319010000|3.5|2026-03-01|-");
    assert_eq!(refusal(&list(MOST_ROWS + 1), Format::Csv), ("too_many_rows", Some(10_002)));
    let items = "{\"name\":\"张三\",\"management_number\":\"4201231990A\"}\n".repeat(10_001);
    assert_eq!(refusal(&items, Format::Json), ("too_many_rows", Some(10_001)));
    assert_eq!(json(&items[..items.len() / 10_001 * 10_000]).len(), 10_000);
}

#[rstest]
#[case("姓名¦管理号\n", Format::Csv)]
#[case("名单\n\n姓名¦管理号\n,,\n", Format::Csv)]
#[case(" [ ] ", Format::Json)]
fn a_list_of_nobody_is_refused(#[case] text: &str, #[case] format: Format) {
    assert_eq!(refusal(text, format), ("no_rows", None));
}

#[rstest]
#[case(Format::Csv)]
#[case(Format::Json)]
fn reading_on_from_a_row_gives_what_reading_all_gave(#[case] format: Format) {
    let mut text = list(250).replace("42012319000150,", "\n\n\"42012319000150\",");
    if format == Format::Json {
        let item = |row| format!(" {{\"name\":\"张三\",\n\"management_number\":\"42012319{row:06}\"}}");
        text = format!("[\n{}\n]", (1..=250).map(item).collect::<Vec<_>>().join(",\n"));
    }
    let sheet = Sheet::open(text.as_bytes(), format).unwrap();
    let all: Vec<String> = sheet.iter().map(|line| short(&line)).collect();
    for row in [0, 1, 2, 99, 100, 101, 150, 151, 200, 201, 249, sheet.rows(), sheet.rows() + 1, u32::MAX] {
        let lines = sheet.iter_from(row);
        let expected = &all[usize::try_from(row.max(1) - 1).unwrap().min(all.len())..];
        assert_eq!(lines.len(), expected.len(), "row {row}");
        assert_eq!(lines.map(|line| short(&line)).collect::<Vec<_>>(), expected, "row {row}");
    }
}
