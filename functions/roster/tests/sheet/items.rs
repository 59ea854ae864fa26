//! Lists in JSON: an item that is wrong is a row's error, a file that is broken is the file's.

use super::{json, refusal, refused};
use roster::sheet::Format;
use rstest::rstest;

const ZHANG: &str = r#"{"name":"张三","management_number":"4201231990a"}"#;

#[test]
fn an_array_and_one_object_a_line_give_the_same() {
    let people = ["1@1 张三|4201231990A|-|-|-", "2@2 李四|4201231990B|3.5|2026-03-01|2026-03-02"];
    let li = r#"{"from":"2026/3/1","to":"2026-03-02","hours":3.5,"note":[{"a":[1,{}]}],"name":"李四","management_number":"4201231990B"}"#;
    for text in
        [format!("[{ZHANG},\n{li}]"), format!("{ZHANG}\n{li}\n"), format!("\u{feff}{ZHANG}\r\n{li}\r\n\r\n")]
    {
        assert_eq!(json(&text), people);
    }
    assert_eq!(json(&format!("\n[\n\n{ZHANG}\n]\n")), ["1@4 张三|4201231990A|-|-|-"]);
}

#[rstest]
#[case("3", "3")]
#[case("3.0", "3")]
#[case("3.5", "3.5")]
#[case("\"3.5\"", "3.5")]
#[case("\"3学时\"", "3")]
#[case("null", "-")]
#[case("\"\"", "-")]
fn hours_are_a_number_or_its_text(#[case] value: &str, #[case] hours: &str) {
    let text = format!(r#"[{{"name":"张三","management_number":"4201231990","hours":{value}}}]"#);
    assert_eq!(json(&text), [format!("1@1 张三|4201231990|{hours}|-|-")]);
}

#[rstest]
#[case("3", "item:not_an_object")]
#[case("null", "item:not_an_object")]
#[case("\"张三\"", "item:not_an_object")]
#[case(r#"["张三","4201231990"]"#, "item:not_an_object")]
#[case("{}", "name:missing_cell management_number:missing_cell")]
#[case(r#"{"name":3,"management_number":4201231990}"#, "name:wrong_type management_number:wrong_type")]
#[case(r#"{"name":"张三","management_number":"1","from":46082,"to":true}"#, "from:wrong_type to:wrong_type")]
#[case(r#"{"name":"张三","management_number":"1","hours":[3]}"#, "hours:wrong_type")]
#[case(r#"{"name":"张三","management_number":"1","hours":{"a":3}}"#, "hours:wrong_type")]
#[case(r#"{"name":"张三","management_number":"1","hours":-3}"#, "hours:hours_negative")]
#[case(r#"{"name":"张三","management_number":"1","hours":-0.5}"#, "hours:hours_negative")]
#[case(r#"{"name":"张三","management_number":"1","hours":0}"#, "hours:hours_absurd")]
#[case(r#"{"name":"张三","management_number":"1","hours":3.25}"#, "hours:hours_absurd")]
#[case(r#"{"name":"张三","management_number":"1","hours":1e300}"#, "hours:hours_absurd")]
#[case(r#"{"name":"张三","management_number":"1","hours":1e999}"#, "item:malformed_item")]
#[case(r#"{"name":"张三","name":"李四","management_number":"1"}"#, "item:malformed_item")]
#[case(r#"{"name":"=1+1","management_number":"@1"}"#, "name:formula_cell management_number:formula_cell")]
fn an_item_that_is_wrong_is_a_rows_error_and_the_others_are_read(#[case] item: &str, #[case] said: &str) {
    let people = [format!("1@1 {said}"), "2@1 张三|4201231990A|-|-|-".into()];
    assert_eq!(json(&format!("[{item},{ZHANG}]")), people);
    // A list that begins with a bracket is an array.
    if !item.starts_with('[') {
        assert_eq!(json(&format!("{item} {ZHANG}")), people);
    }
}

#[rstest]
#[case("[{\"name\":\"张三\"},\n {\"name\":}]", 2, 10)]
#[case("[\n{\"name\":\"张三\",}\n]", 2, 14)]
#[case("姓名\u{2c}管理号\n", 1, 1)]
#[case("[{}\n{}]", 2, 1)]
#[case("[{},\n]", 2, 1)]
#[case("[,{}]", 1, 2)]
#[case("[{}] {}", 1, 6)]
#[case("[] []", 1, 4)]
#[case("{}\n{}]", 2, 3)]
#[case("{}\r\n{}\r\n{\"张三\" 3}", 3, 7)]
fn json_that_is_broken_is_refused_with_its_place(
    #[case] text: &str,
    #[case] line: u64,
    #[case] column: usize,
) {
    let error = refused(text.as_bytes(), Format::Json);
    assert_eq!((error.code, error.line), ("malformed_json", Some(line)));
    assert_eq!(error.detail, format!("第 {line} 行第 {column} 列不是有效的 JSON，请改正后重新上传"));
}

#[rstest]
#[case("[", 1)]
#[case("[{},", 1)]
#[case("[{}\n", 2)]
#[case("[{}\n,{\"name\":\"张", 2)]
#[case("{\"name\":\n", 2)]
fn json_that_was_cut_off_is_told_so(#[case] text: &str, #[case] line: u64) {
    assert_eq!(refusal(text, Format::Json), ("malformed_json", Some(line)));
    assert!(refused(text.as_bytes(), Format::Json).detail.contains("文件不完整"), "{text}");
}

#[test]
fn a_value_that_is_nested_deeply_is_passed_over() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!(r#"[{{"note":{deep},"name":"张三","management_number":"1","hours":{deep}}}]"#);
    assert_eq!(json(&text), ["1@1 hours:wrong_type"]);
}
