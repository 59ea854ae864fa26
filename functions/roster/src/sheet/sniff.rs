//! What a file is, by its first bytes: a workbook, an archive or a picture is named before anybody waits for it.

use super::{MOST_BYTES, SheetError};

/// How much of a file's head is enough to tell.
pub const HEAD: usize = 512;

const ARCHIVES: [&[u8]; 7] =
    [b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh9", b"\xfd7zXZ"];
const OLD_WORKBOOK: &[u8] = b"\xd0\xcf\x11\xe0";
const DOCUMENTS: [&[u8]; 8] = [
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"II*\0",
    b"MM\0*",
    b"{\\rtf",
    // A picture of WebP; audio and video begin so too.
    b"RIFF",
];
const PAGES: [&str; 4] = ["<!doctype", "<html", "<table", "<?xml"];

/// Refuses what can't be a class list, by the file's first bytes (at most [`HEAD`] are looked at) and its size.
pub fn sniff(head: &[u8], size: u64) -> Result<(), SheetError> {
    let begins = |marks: &[&[u8]]| marks.iter().any(|mark| head.starts_with(mark));
    if head.is_empty() || size == 0 {
        return Err(empty_file());
    }
    if begins(&ARCHIVES) {
        return Err(SheetError::new("is_a_zip", "这是 Excel 工作簿（xlsx）或压缩包，请另存为 CSV 后上传"));
    }
    if head.starts_with(OLD_WORKBOOK) {
        return Err(SheetError::new("is_an_old_workbook", "这是 Excel 工作簿（xls），请另存为 CSV 后上传"));
    }
    if begins(&DOCUMENTS) || head.get(4..8) == Some(b"ftyp") || is_page(head) {
        return Err(SheetError::new(
            "not_a_table",
            "这是 PDF、图片、网页或其他文档，不是名单，请上传 CSV 或 JSON 文件",
        ));
    }
    if size > MOST_BYTES {
        return Err(SheetError::new(
            "file_too_large",
            format!("名单文件不能超过 {} MB，请拆分为多个文件分别上传", MOST_BYTES / 1_048_576),
        ));
    }
    Ok(())
}

pub(super) fn empty_file() -> SheetError {
    SheetError::new("empty_file", "文件是空的，请检查导出的名单后重新上传")
}

/// A web page or XML, as some systems export what they call xls.
fn is_page(head: &[u8]) -> bool {
    let head = &head[..head.len().min(HEAD)];
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    PAGES.iter().any(|page| head.get(..page.len()).is_some_and(|it| it.eq_ignore_ascii_case(page.as_bytes())))
}
