//! From bytes to text: UTF-8, UTF-16 with a byte order mark, or GB 18030, and never a character that was guessed.

use super::SheetError;
use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_16BE, UTF_16LE};
use std::borrow::Cow;

/// The text of `bytes`, without its byte order mark. UTF-8 is borrowed.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, SheetError> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => Cow::Owned(transcode(rest, UTF_16LE, "UTF-16")?),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(transcode(rest, UTF_16BE, "UTF-16")?),
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            Cow::Borrowed(str::from_utf8(rest).map_err(|error| broken_utf8(rest, error.valid_up_to()))?)
        }
        _ => match str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(error) if is_chinese(&bytes[..error.valid_up_to()]) => {
                return Err(broken_utf8(bytes, error.valid_up_to()));
            }
            Err(_) => Cow::Owned(transcode(bytes, GB18030, "GB18030")?),
        },
    };
    match text.find('\0') {
        // UTF-16 that doesn't say so, or no text at all.
        Some(at) => Err(wrong_encoding("文本", lines(&text[..at]))),
        None => Ok(text),
    }
}

fn broken_utf8(bytes: &[u8], valid: usize) -> SheetError {
    // What comes before is valid, so nothing is replaced here.
    wrong_encoding("UTF-8", lines(&String::from_utf8_lossy(&bytes[..valid])))
}

/// Two ideographs that are valid UTF-8 are no accident: what breaks after them is UTF-8 that was damaged, and reading it
/// as GB 18030 would give other people's names.
fn is_chinese(bytes: &[u8]) -> bool {
    let ideographs =
        |text: &str| text.chars().filter(|it| ('\u{4e00}'..='\u{9fff}').contains(it)).nth(1).is_some();
    str::from_utf8(bytes).is_ok_and(ideographs)
}

fn transcode(bytes: &[u8], encoding: &'static Encoding, name: &str) -> Result<String, SheetError> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len() / 2 * 3);
    let mut rest = bytes;
    loop {
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => return Ok(text),
            DecoderResult::OutputFull => text.reserve(rest.len() + 16),
            DecoderResult::Malformed(..) => return Err(wrong_encoding(name, lines(&text))),
        }
    }
}

/// The line that the end of `text` is in.
fn lines(text: &str) -> u64 {
    super::text::breaks(text) + 1
}

fn wrong_encoding(name: &str, line: u64) -> SheetError {
    SheetError::at(
        "wrong_encoding",
        line,
        format!("第 {line} 行起不能按 {name} 解码，请在 Excel 中另存为「CSV UTF-8」后重新上传"),
    )
}
