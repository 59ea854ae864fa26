//! The letter of transfer and the statement of hours.

use crate::{
    paper,
    sheets::{self, QR, day},
};
use domain::credit::Hours;
use print::{CycleHours, PrintError, StatementCycle, StatementSheet, hours_statement, transfer_letter};

fn statement<'a>(cycles: &'a [StatementCycle<'a>]) -> StatementSheet<'a> {
    StatementSheet {
        number: "XS-422026987654329-1",
        subject: sheets::subject("欧阳慧敏"),
        cycles,
        unit: "学时",
        imprint: sheets::imprint(),
    }
}

#[test]
fn the_letter_says_who_is_transferred_when_and_with_which_hours() {
    let cycles = sheets::cycles();
    let pdf = transfer_letter(&sheets::letter("欧阳慧敏", &cycles)).unwrap();
    assert_eq!(paper::pages(&pdf), 1);
    let squeezed = paper::squeezed(&pdf);
    for text in [
        "社会工作者登记转出证明",
        "编号：ZC-422026987654329-1",
        "湖南省社会工作者登记管理机构：",
        "兹证明欧阳慧敏（登记号422026987654329）原在我机构登记，已于2026年11月20日办理登记转出",
        "湖北省武汉市武昌区（420106）",
        "2023年3月1日至2026年2月28日9092.5",
        "2026年3月1日至2029年2月28日9012",
        "第1页共1页",
    ] {
        assert!(squeezed.contains(text), "{text} in {squeezed}");
    }
    assert_eq!(paper::qr(&pdf, 1), QR);
    assert_eq!(pdf, transfer_letter(&sheets::letter("欧阳慧敏", &cycles)).unwrap());
    paper::reviewed("letter", &pdf, 1);
}

#[test]
fn a_statement_runs_over_pages_with_every_record_once_and_the_head_on_each() {
    let [first, second] = sheets::cycles();
    let rows = sheets::rows(70);
    let cycles = [StatementCycle { hours: first, rows: &rows }, StatementCycle { hours: second, rows: &[] }];
    let pdf = hours_statement(&statement(&cycles)).unwrap();
    let pages = paper::pages(&pdf);
    assert!((4..=6).contains(&pages), "{pages}");
    let text = paper::text(&pdf);
    for (place, page) in text.split_terminator('\u{c}').enumerate() {
        let page: String = page.split_whitespace().collect();
        assert!(page.contains(&format!("第{}页共{pages}页", place + 1)), "{page}");
        if place + 1 < pages {
            assert!(page.contains("序号"), "page {}: {page}", place + 1);
        }
    }
    let squeezed = paper::squeezed(&pdf);
    for (place, row) in rows.iter().enumerate() {
        assert!(squeezed.contains(&row.from.to_string()), "row {}", place + 1);
    }
    assert_eq!(squeezed.matches("《中国社会工作》论文一篇").count(), 23);
    assert!(squeezed.contains("登记周期2023年3月1日至2026年2月28日：规定90学时，认定92.5学时"));
    assert!(squeezed.contains("本周期没有学时记录。"));
    assert_eq!(paper::qr(&pdf, pages), QR);
    paper::reviewed("statement-first", &pdf, 1);
    paper::reviewed("statement-last", &pdf, pages);
}

#[test]
fn a_statement_of_any_length_ends_with_its_signature_on_one_page() {
    let hours = CycleHours {
        start: day("2023-03-01"),
        end: day("2026-02-28"),
        required: Hours::from_tenths(900),
        counted: Hours::from_tenths(900),
    };
    for count in 1..40 {
        let rows = sheets::rows(count);
        let cycles = [StatementCycle { hours, rows: &rows }];
        let pdf = hours_statement(&statement(&cycles)).unwrap();
        let text = paper::text(&pdf);
        let last = text.split_terminator('\u{c}').next_back().unwrap();
        assert!(
            last.contains("湖北省社会工作者登记管理机构") && last.contains("扫描二维码核验"),
            "{count}: {last}"
        );
        let squeezed: String = text.split_whitespace().collect();
        assert_eq!(
            squeezed.matches("社会工作职业伦理专题").count(),
            usize::from(count.div_ceil(3)),
            "{count}"
        );
    }
}

#[test]
fn a_title_that_cannot_be_printed_is_named() {
    let [hours, _] = sheets::cycles();
    let mut rows = sheets::rows(1);
    rows[0].title = "🎓 培训";
    let refused = hours_statement(&statement(&[StatementCycle { hours, rows: &rows }])).unwrap_err();
    assert!(matches!(&refused, PrintError::Characters { place: Some("学时记录"), .. }), "{refused}");
    assert!(refused.to_string().contains("“🎓”（U+1F393）"), "{refused}");
}
