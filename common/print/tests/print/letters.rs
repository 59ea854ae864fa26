//! The letter of transfer and the statement of hours.

use crate::{
    paper,
    sheets::{self, QR, day},
};
use domain::{credit::Hours, transfer::HoursStatement};
use print::{Imprint, PaperSheet, PrintError, hours_statement, transfer_letter};

fn sheet<T>(paper: &T) -> PaperSheet<'_, T> {
    PaperSheet { paper, imprint: Imprint { issued_on: day("2026-11-20"), ..sheets::imprint() } }
}

/// What `pdf` says, all pages together, and that each page says how it's checked.
fn said(pdf: &[u8]) -> String {
    let text = paper::text(pdf);
    for page in text.split_terminator('\u{c}') {
        let page: String = page.split_whitespace().collect();
        for how in
            ["扫描末页二维码，系统验证签名后", "请逐项核对，不一致的无效", "https://portal.example.org"]
        {
            assert!(page.contains(how), "{how} in {page}");
        }
    }
    text.split_whitespace().collect()
}

#[test]
fn the_letter_says_who_is_transferred_when_and_with_which_hours() {
    let letter = sheets::letter("欧阳慧敏");
    let pdf = transfer_letter(&sheet(&letter)).unwrap();
    assert_eq!(paper::pages(&pdf), 1);
    let squeezed = said(&pdf);
    for text in [
        "社会工作者登记转出证明",
        "编号：ZC422026987654324",
        "湖南省社会工作者登记管理机构：",
        "兹证明欧阳慧敏（登记号422026987654324）原在我机构登记，已于2026年11月20日办理登记转出，转往湖南省，",
        "姓名欧阳慧敏级别社会工作师",
        "身份证件居民身份证420***********002X登记号422026987654324",
        "证书管理号20250612345678901证书签发2022年11月20日",
        "登记地湖北省（区划代码420106）首次登记2023年3月1日",
        "登记状态已转出（2026年11月20日）有效期至2029年2月28日",
        "转往湖南省转出日期2026年11月20日",
        "登记周期2026年3月1日至2029年2月28日的继续教育学时（学时）",
        "9012.577.56",
        "湖北省社会工作者登记管理机构2026年11月20日",
        "第1页共1页",
    ] {
        assert!(squeezed.contains(text), "{text} in {squeezed}");
    }
    assert_eq!(paper::qr(&pdf, 1), QR);
    assert_eq!(pdf, transfer_letter(&sheet(&letter)).unwrap());
    paper::reviewed("letter", &pdf, 1);
}

#[test]
fn a_statement_runs_over_pages_with_every_record_once_and_the_head_on_each() {
    let statement = sheets::statement("欧阳慧敏", 70);
    let pdf = hours_statement(&sheet(&statement)).unwrap();
    let pages = paper::pages(&pdf);
    assert!((5..=9).contains(&pages), "{pages}");
    let text = paper::text(&pdf);
    for (place, page) in text.split_terminator('\u{c}').enumerate() {
        let page: String = page.split_whitespace().collect();
        assert!(page.contains(&format!("第{}页共{pages}页", place + 1)), "{page}");
        if place + 1 < pages {
            assert!(page.contains("序号"), "page {}: {page}", place + 1);
        }
    }
    let squeezed = said(&pdf);
    for (place, line) in statement.records.iter().enumerate() {
        assert!(squeezed.contains(&line.done_from.to_string()), "row {}", place + 1);
    }
    assert_eq!(squeezed.matches("《中国社会工作》论文一篇").count(), 23);
    let reason = "不计入6.5学时：每个登记周期最多计30学时，超出部分不计入";
    assert_eq!(squeezed.matches(reason).count(), 14);
    for text in [
        "社会工作者继续教育学时证明",
        "本登记周期的继续教育学时，截至2026年11月20日如下：",
        "登记周期2026年3月1日至2029年2月28日转往湖南省",
        "规定申报认定计入尚缺",
        "全部904554553640",
        "其中专业价值观和伦理1812.55.5",
    ] {
        assert!(squeezed.contains(text), "{text} in {squeezed}");
    }
    assert_eq!(paper::qr(&pdf, pages), QR);
    assert_eq!(pdf, hours_statement(&sheet(&statement)).unwrap());
    assert!(pdf.len() < 300_000, "{}", pdf.len());
    paper::reviewed("statement-first", &pdf, 1);
    paper::reviewed("statement-last", &pdf, pages);
}

#[test]
fn a_statement_of_any_length_ends_with_its_signature_on_one_page() {
    for count in 0..40 {
        let pdf = hours_statement(&sheet(&sheets::statement("欧阳慧敏", count))).unwrap();
        let text = paper::text(&pdf);
        let last = text.split_terminator('\u{c}').next_back().unwrap();
        assert!(
            ["特此证明。", "湖北省社会工作者登记管理机构", "扫描二维码核验"]
                .into_iter()
                .all(|end| last.contains(end)),
            "{count}: {last}"
        );
        let squeezed: String = text.split_whitespace().collect();
        assert_eq!(
            squeezed.matches("社会工作职业伦理专题").count(),
            usize::from(count.div_ceil(3)),
            "{count}"
        );
        assert_eq!(squeezed.contains("本周期没有学时记录。"), count == 0, "{count}: {squeezed}");
    }
}

#[test]
fn hours_of_another_unit_are_told_as_that() {
    let mut statement = sheets::statement("欧阳慧敏", 2);
    "小时".clone_into(&mut statement.records[1].unit);
    statement.records[1].claimed = Hours::from_tenths(40);
    let squeezed = said(&hours_statement(&sheet(&statement)).unwrap());
    assert_eq!(squeezed.matches("以小时计").count(), 1, "{squeezed}");
}

#[test]
fn what_cannot_be_printed_is_named() {
    let refused = |statement: &HoursStatement| hours_statement(&sheet(statement)).unwrap_err();
    let mut statement = sheets::statement("欧阳慧敏", 1);
    statement.records[0].title = "🎓 培训".parse().unwrap();
    let error = refused(&statement);
    assert!(matches!(&error, PrintError::Characters { place: Some("学时记录"), .. }), "{error}");
    assert!(error.to_string().contains("“🎓”（U+1F393）"), "{error}");
    let error = refused(&sheets::statement("王𱍐", 1));
    assert!(matches!(&error, PrintError::Characters { place: Some("姓名"), .. }), "{error}");
    let error = transfer_letter(&sheet(&sheets::letter("王𱍐"))).unwrap_err();
    assert!(matches!(&error, PrintError::Characters { place: Some("姓名"), .. }), "{error}");
}
