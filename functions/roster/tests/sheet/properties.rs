//! What holds for any bytes, and for any list that another program's encoder writes.

use super::{read, short, table};
use domain::education::{TABLE_HEAD_BYTES, table_head};
use proptest::{collection::vec, prelude::*};
use roster::sheet::{Format, Sheet};

/// Opens and reads it; every row is somebody or says what is wrong.
fn read_through(bytes: &[u8]) {
    let _ =
        table_head(&bytes[..bytes.len().min(usize::try_from(TABLE_HEAD_BYTES).unwrap())], bytes.len() as u64);
    for format in [Format::Csv, Format::Json] {
        match Sheet::open(bytes, format) {
            Ok(sheet) => {
                let lines: Vec<_> = sheet.iter().collect();
                assert_eq!(lines.len(), usize::try_from(sheet.rows()).unwrap());
                for (line, row) in lines.iter().zip(1..) {
                    assert_eq!(line.row, row);
                    if let Err(errors) = &line.entry {
                        assert!(!errors.is_empty());
                        for error in errors {
                            assert!(!error.detail.is_empty() && !error.detail.contains(char::is_control));
                        }
                    }
                }
            }
            Err(error) => assert!(!error.detail.is_empty() && !error.detail.contains(char::is_control)),
        }
    }
}

/// Pieces that lists are made of, whole and broken.
const PIECES: [&str; 29] = [
    "姓名",
    "管理号",
    "学时",
    "开始日期",
    "张三",
    "4201231990",
    "\"",
    "\"\"",
    ",",
    "，",
    ";",
    "\t",
    "\r",
    "\n",
    "\r\n",
    "=\"",
    "4E+17",
    "sep=;",
    "[",
    "]",
    "{",
    "}",
    ":",
    "\"name\":",
    "\"hours\":-3",
    "\u{feff}",
    "　",
    "2026-03-01",
    "46082",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![8 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned), 1 => ".{0,4}"]
}

fn encoded(text: &str, encoding: u8) -> Vec<u8> {
    match encoding {
        0 => text.as_bytes().to_vec(),
        1 => format!("\u{feff}{text}").into_bytes(),
        2 => encoding_rs::GB18030.encode(text).0.into_owned(),
        _ => std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..400)) {
        read_through(&bytes);
    }

    #[test]
    fn no_text_makes_it_panic(pieces in vec(piece(), 0..40), encoding in 0u8..4) {
        read_through(&encoded(&pieces.concat(), encoding));
    }

    #[test]
    fn no_text_below_a_header_makes_it_panic(pieces in vec(piece(), 0..40), encoding in 0u8..4) {
        read_through(&encoded(&(table("姓名¦管理号¦学时¦开始日期¦结束日期\n") + &pieces.concat()), encoding));
        read_through(&encoded(&format!("[{{\"name\":\"张三\"}},{}]", pieces.concat()), encoding));
    }

    /// Extra columns hold anything: nothing in them moves or loses a row.
    #[test]
    fn what_another_encoder_writes_is_read_row_by_row(
        extras in vec((".{0,9}", "(\"|,|;|\n|\r|张|=){0,6}"), 1..20),
        delimiter in proptest::sample::select(&b",;\t"[..]),
        crlf in any::<bool>(),
        quoted in any::<bool>(),
        encoding in 0u8..4,
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .quote_style(if quoted { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .from_writer(Vec::new());
        writer.write_record(["备注", "姓名", "单位", "管理号"]).unwrap();
        let mut expected = Vec::new();
        for (row, (before, between)) in extras.iter().enumerate() {
            // A character of no text is refused elsewhere.
            let [before, between] = [before, between].map(|text| text.replace('\0', ""));
            let number = format!("42012319{row:06}");
            writer.write_record([&before, "张三", &between, &number]).unwrap();
            expected.push(format!("{} 张三|{number}|-|-|-", row + 1));
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let rows = read(&encoded(&text, encoding), Format::Csv);
        let rows: Vec<String> = rows
            .iter()
            .map(|row| row.split_once('@').map(|(number, rest)| format!("{number} {}", rest.split_once(' ').unwrap().1)).unwrap())
            .collect();
        prop_assert_eq!(rows, expected);
    }

    #[test]
    fn reading_on_from_any_row_gives_the_rest(rows in 1u32..330, from in 1u32..400) {
        let row = |row| format!("张三,42012319{row:06}\n{}", if row % 7 == 0 { "\n" } else { "" });
        let text: String = std::iter::once(table("姓名¦管理号\n")).chain((1..=rows).map(row)).collect();
        let sheet = Sheet::open(text.as_bytes(), Format::Csv).unwrap();
        let all: Vec<String> = sheet.iter().map(|line| short(&line)).collect();
        let rest: Vec<String> = sheet.iter_from(from).map(|line| short(&line)).collect();
        let skipped = usize::try_from(from - 1).unwrap().min(all.len());
        prop_assert_eq!(rest, &all[skipped..]);
    }
}
