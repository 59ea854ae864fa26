//! Encodings: UTF-8, UTF-16 and GB 18030 give the same people; what is none of them is refused, never guessed at.

use super::{csv, read, refused};
use roster::sheet::Format;
use rstest::rstest;

const LIST: &str = "姓名\u{2c}管理号\u{2c}学时\u{2c}开始日期\r\n张三,42012319900101,3.5,2026-03-01\r\n㐂𠮷,20230000000000A,,2026/3/1\r\n";
const PEOPLE: [&str; 2] =
    ["1@2 张三|42012319900101|3.5|2026-03-01|-", "2@3 㐂𠮷|20230000000000A|-|2026-03-01|-"];

/// The list as Python's `csv` writes it in its `gb18030`: with characters of two bytes and of four.
const GB18030: &[u8] =
    b"\xd0\xd5\xc3\xfb,\xb9\xdc\xc0\xed\xba\xc5,\xd1\xa7\xca\xb1,\xbf\xaa\xca\xbc\xc8\xd5\xc6\xda\r\n\
    \xd5\xc5\xc8\xfd,42012319900101,3.5,2026-03-01\r\n\
    \x819\xef1\x954\xb25,20230000000000A,,2026/3/1\r\n";

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
}

#[test]
fn every_encoding_gives_the_same_people() {
    assert_eq!(csv(LIST), PEOPLE);
    assert_eq!(csv(&format!("\u{feff}{LIST}")), PEOPLE);
    assert_eq!(read(GB18030, Format::Csv), PEOPLE);
    // What spreadsheets call "Unicode text" is separated by tabs.
    for text in [LIST.to_owned(), LIST.replace(',', "\t")] {
        assert_eq!(read(&utf16(&text, u16::to_le_bytes), Format::Csv), PEOPLE);
        assert_eq!(read(&utf16(&text, u16::to_be_bytes), Format::Csv), PEOPLE);
    }
}

#[test]
fn json_is_read_in_every_encoding_too() {
    let text = "[{\"name\":\"张三\",\"management_number\":\"42012319900101\"}]";
    let (gb18030, ..) = encoding_rs::GB18030.encode(text);
    for bytes in [text.as_bytes(), &utf16(text, u16::to_le_bytes), &gb18030] {
        assert_eq!(read(bytes, Format::Json), ["1@1 张三|42012319900101|-|-|-"]);
    }
}

/// `bytes` with `broken` put in after `line` lines.
fn broken(bytes: &[u8], line: usize, broken: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    lines.insert(line, broken);
    lines.concat()
}

#[rstest]
#[case::utf8(broken(LIST.as_bytes(), 2, "李四".as_bytes().split_last().unwrap().1), 3, "UTF-8")]
#[case::utf8_that_would_do_as_gb18030(broken(LIST.as_bytes(), 2, b"\xc0\xee\xcb\xc4,1\r\n"), 3, "UTF-8")]
#[case::utf8_by_its_mark(broken(b"\xef\xbb\xbfa,b\n", 1, b"\xd5\xc5"), 2, "UTF-8")]
#[case::gb18030(broken(GB18030, 1, b"\xff\xff"), 2, "GB18030")]
#[case::gb18030_cut_off(broken(GB18030, 3, b"\xd5"), 4, "GB18030")]
#[case::utf16_cut_off(utf16("a\nb", u16::to_le_bytes).split_last().unwrap().1.to_vec(), 2, "UTF-16")]
#[case::utf16_without_its_mark(utf16("ab\n", u16::to_le_bytes)[2..].to_vec(), 1, "文本")]
#[case::half_a_pair(b"\xff\xfea\0\n\0\x42\xd8b\0".to_vec(), 2, "UTF-16")]
fn what_is_no_text_is_refused_with_its_line(#[case] bytes: Vec<u8>, #[case] line: u64, #[case] name: &str) {
    let error = refused(&bytes, Format::Csv);
    assert_eq!((error.code, error.line), ("wrong_encoding", Some(line)));
    assert!(error.detail.contains(&format!("第 {line} 行起不能按 {name} 解码")), "{}", error.detail);
}
