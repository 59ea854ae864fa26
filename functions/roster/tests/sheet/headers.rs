//! The header: found below titles, in either language, whatever separates its cells.

use super::{csv, refusal, refused, table};
use roster::sheet::{Format, Sheet};
use rstest::rstest;

const ROW: [&str; 1] = ["1@2 张三|4201231990A|3|2026-03-01|2026-03-02"];

#[rstest]
#[case("姓名¦管理号¦学时¦开始日期¦结束日期")]
#[case("name,management_number,hours,from,to")]
#[case("Name,Management Number,HOURS,From,To")]
#[case("姓 名¦证书管理号¦小时¦开始日期¦完成日期")]
#[case("姓名¦管理编号¦学时¦开始日期¦结束日期")]
#[case("　姓名　,证书编号\u{a0},学时\u{200b},开始日期¦结束日期")]
#[case("ｎａｍｅ,管理号,ｈｏｕｒｓ,ｆｒｏｍ,ｔｏ")]
#[case("*姓名¦管理号（必填）,学时(选填),开始日期：,结束日期")]
#[case("\"姓名\",\"管理号\",\"学时\",\"开始日期\",\"结束日期\"")]
#[case("姓名¦管理号¦学时¦开始日期¦结束日期,,,")]
fn columns_are_known_by_their_names_in_either_language(#[case] header: &str) {
    assert_eq!(csv(&format!("{header}\n张三,4201231990A,3,2026-03-01,2026-03-02\n")), ROW);
}

#[rstest]
#[case(",")]
#[case(";")]
#[case("\t")]
#[case("，")]
fn what_separates_cells_is_seen_in_the_header(#[case] delimiter: &str) {
    let lines = ["姓名¦管理号¦学时¦开始日期¦结束日期", "张三,4201231990A,3,2026-03-01,2026-03-02"];
    assert_eq!(csv(&table(&lines.join("\n")).replace(',', delimiter)), ROW);
}

#[test]
fn a_list_typed_with_full_width_commas_may_mix_them_with_others() {
    assert_eq!(
        csv("姓名，管理号，学时\n张三,4201231990A，3\n李四，4201231990B,4\n"),
        ["1@2 张三|4201231990A|3|-|-", "2@3 李四|4201231990B|4|-|-"]
    );
}

#[rstest]
#[case("sep=;\r\n姓名\u{3b}管理号\r\n张三;4201231990A\r\n")]
#[case("\"sep=;\"\n姓名\u{3b}管理号\n张三;4201231990A")]
#[case("SEP=|\r姓名|管理号\r张三|4201231990A")]
#[case("sep=\t\n姓名\t管理号\n张三\t4201231990A")]
fn a_first_line_may_say_what_separates(#[case] text: &str) {
    assert_eq!(csv(text), ["1@3 张三|4201231990A|-|-|-"]);
}

#[test]
fn columns_come_in_any_order_and_extra_ones_are_passed_over() {
    let text = "序号¦结束日期¦备注¦管理号¦单位¦姓名\n1,2026-03-02,=HYPERLINK(0),4201231990A,社¦张三¦多\n";
    assert_eq!(csv(text), ["1@2 张三|4201231990A|-|-|2026-03-02"]);
}

#[test]
fn titles_may_stand_above_the_header_but_not_more_than_four() {
    let table = "姓名¦管理号\n张三,4201231990A\n";
    assert_eq!(csv(&format!("XX 培训名单,,\n\n主办：某社,,\n{table}")), ["1@5 张三|4201231990A|-|-|-"]);
    assert_eq!(csv(&format!("一\n二\n三\n四\n{table}")).len(), 1);
    assert_eq!(refusal(&format!("一\n二\n三\n四\n五\n{table}"), Format::Csv).0, "missing_column");
}

#[rstest]
#[case("姓名¦学时\n张三,3\n", "「管理号」", "「姓名」「学时」")]
#[case("名字¦管理号\n张三,4201231990A\n", "「姓名」", "「名字」「管理号」")]
#[case("甲¦乙\n丙¦丁\n", "「姓名」「管理号」", "「甲」「乙」")]
#[case("\"甲\";\"管理号\"\n丙\u{3b}丁\n", "「姓名」", "「甲」「管理号」")]
fn a_column_that_is_missing_is_named_beside_those_that_were_found(
    #[case] text: &str,
    #[case] missing: &str,
    #[case] found: &str,
) {
    let error = refused(table(text).as_bytes(), Format::Csv);
    assert_eq!((error.code, error.line), ("missing_column", Some(1)));
    let detail = format!(
        "缺少{missing}列，找到的列有：{found}。请在名单的第一行写明各列的名称；若显示为乱码，请另存为「CSV UTF-8」后上传"
    );
    assert_eq!(error.detail, detail);
}

#[test]
fn a_column_that_comes_twice_is_refused() {
    let error = refused(table("名单\n姓名¦证书编号¦管理号\n张三,1,2\n").as_bytes(), Format::Csv);
    assert_eq!((error.code, error.line), ("duplicate_column", Some(2)));
    assert_eq!(error.detail, "「管理号」列出现了不止一次：「证书编号」「管理号」，请只保留一列");
}

#[rstest]
#[case("培训学时")]
#[case("学时（小时）")]
#[case("课时")]
fn a_column_that_may_be_of_hours_is_not_passed_over(#[case] name: &str) {
    let text = format!("姓名¦管理号,{name}\n张三,4201231990A,3\n");
    assert_eq!(refusal(&text, Format::Csv), ("unclear_column", Some(1)));
}

#[test]
fn beside_a_column_of_hours_another_one_that_speaks_of_them_is_an_extra_one() {
    assert_eq!(csv("姓名¦管理号¦课程总学时¦学时\n张三,4201231990A,30,3\n"), ["1@2 张三|4201231990A|3|-|-"]);
}

#[rstest]
#[case("学时", Some("学时"))]
#[case("小时", Some("小时"))]
#[case("hours", None)]
#[case("备注", None)]
fn the_unit_of_hours_is_the_headers_word_and_never_converted(#[case] name: &str, #[case] unit: Option<&str>) {
    let text = format!("姓名¦管理号,{name}\n张三,4201231990A,3\n");
    let text = table(&text);
    let sheet = Sheet::open(text.as_bytes(), Format::Csv).unwrap();
    let entry = sheet.iter().next().unwrap().entry.unwrap();
    assert_eq!((sheet.unit(), entry.unit), (unit, unit));
}

#[test]
fn a_header_that_a_quote_hides_is_told_of_as_a_broken_quote() {
    assert_eq!(refusal("名单\n\"姓名¦管理号\n张三,1\n", Format::Csv), ("broken_quotes", Some(2)));
}
