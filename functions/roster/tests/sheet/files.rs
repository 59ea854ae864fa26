//! Files that are no class list are named for what they are, by their first bytes.

use super::refused;
use domain::education::{MOST_ROSTER_BYTES as MOST_BYTES, table_head};
use roster::sheet::Format;
use rstest::rstest;

fn code(head: &[u8], size: u64) -> &'static str {
    table_head(head, size).map_or_else(|error| error.code, |()| "taken")
}

#[rstest]
#[case::xlsx(b"PK\x03\x04\x14\x00\x00\x00\x08\x00", "is_a_zip")]
#[case::empty_zip(b"PK\x05\x06\0\0", "is_a_zip")]
#[case::gzip(b"\x1f\x8b\x08", "is_a_zip")]
#[case::rar(b"Rar!\x1a\x07\x01", "is_a_zip")]
#[case::seven_zip(b"7z\xbc\xaf\x27\x1c", "is_a_zip")]
#[case::xls(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is_an_old_workbook")]
#[case::pdf(b"%PDF-1.7", "not_a_table")]
#[case::png(b"\x89PNG\r\n\x1a\n", "not_a_table")]
#[case::jpeg(b"\xff\xd8\xff\xe0", "not_a_table")]
#[case::heic(b"\0\0\0\x18ftypheic", "not_a_table")]
#[case::web_page_called_xls(b"\xef\xbb\xbf\r\n<HTML xmlns:x=\"urn\">", "not_a_table")]
#[case::xml(b"<?xml version=\"1.0\"?>", "not_a_table")]
#[case::nothing(b"", "empty_file")]
#[case::csv(b"name,management_number\n", "taken")]
#[case::gb18030(b"\xd0\xd5\xc3\xfb,\xb9\xdc", "taken")]
#[case::utf16(b"\xff\xfe\xd3Y\rT", "taken")]
#[case::json(b"[{}]", "taken")]
fn a_file_is_known_by_its_first_bytes(#[case] head: &[u8], #[case] expected: &str) {
    let size = head.len() as u64;
    assert_eq!(code(head, size), expected);
    if expected != "taken" {
        // Opening says the same, for who didn't ask before.
        assert_eq!(refused(head, Format::Csv).code, expected);
    }
}

#[test]
fn a_file_may_have_four_mebibytes_and_not_one_byte_more() {
    assert_eq!(code(b"a", MOST_BYTES), "taken");
    assert_eq!(code(b"a", MOST_BYTES + 1), "file_too_large");
    assert_eq!(code(b"a", 200 * 1_048_576), "file_too_large");
    let large = vec![b'a'; usize::try_from(MOST_BYTES).unwrap() + 1];
    assert_eq!(refused(&large, Format::Csv).code, "file_too_large");
}

#[test]
fn a_large_workbook_is_told_to_be_a_workbook() {
    assert_eq!(code(b"PK\x03\x04", 200 * 1_048_576), "is_a_zip");
}

#[test]
fn only_the_head_is_looked_at() {
    let mut bytes = vec![b' '; usize::try_from(domain::education::TABLE_HEAD_BYTES).unwrap()];
    bytes.extend_from_slice(b"<html>");
    assert_eq!(code(&bytes, bytes.len() as u64), "taken");
}

#[rstest]
#[case(b"")]
#[case(b"\xef\xbb\xbf")]
#[case(b" \r\n\t\n")]
#[case(b"\xff\xfe")]
fn a_file_of_nothing_is_empty(#[case] bytes: &[u8]) {
    for format in [Format::Csv, Format::Json] {
        assert_eq!(refused(bytes, format).code, "empty_file");
    }
}

#[test]
fn a_refusal_says_what_to_do() {
    let detail = |head: &[u8]| table_head(head, 1).unwrap_err().detail;
    assert_eq!(detail(b"PK\x03\x04"), "这是 Excel 工作簿（xlsx）或压缩包，请另存为 CSV 后上传");
    assert_eq!(detail(b"\xd0\xcf\x11\xe0"), "这是 Excel 工作簿（xls），请另存为 CSV 后上传");
}
