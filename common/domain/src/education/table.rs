//! What a class list's file is, by its first bytes: a workbook, an archive or a picture is named before anybody waits for
//! a result.

/// How much of a file's head is enough to tell.
pub const TABLE_HEAD_BYTES: u64 = 512;

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

/// A file that is no class list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoTable {
    /// Stable code.
    pub code: &'static str,
    /// The same in Chinese, with what there is to do about it.
    pub detail: &'static str,
}

impl NoTable {
    /// There is nothing in it.
    pub const EMPTY: Self =
        Self { code: "empty_file", detail: "文件是空的，请检查导出的名单后重新上传" };
    const ARCHIVE: Self = Self {
        code: "is_a_zip",
        detail: "这是 Excel 工作簿（xlsx）或压缩包，请另存为 CSV 后上传",
    };
    const OLD_WORKBOOK: Self = Self {
        code: "is_an_old_workbook",
        detail: "这是 Excel 工作簿（xls），请另存为 CSV 后上传",
    };
    const DOCUMENT: Self = Self {
        code: "not_a_table",
        detail: "这是 PDF、图片、网页或其他文档，不是名单，请上传 CSV 或 JSON 文件",
    };
    const TOO_LARGE: Self = Self {
        code: "file_too_large",
        detail: "名单文件不能超过 4 MB，请拆分为多个文件分别上传",
    };
}

/// Refuses what can't be a class list, by its first bytes (at most [`TABLE_HEAD_BYTES`] are looked at) and its size. What
/// passes may still turn out not to be readable as a table.
pub fn table_head(head: &[u8], size: u64) -> Result<(), NoTable> {
    let begins = |marks: &[&[u8]]| marks.iter().any(|mark| head.starts_with(mark));
    if head.is_empty() || size == 0 {
        return Err(NoTable::EMPTY);
    }
    if begins(&ARCHIVES) {
        return Err(NoTable::ARCHIVE);
    }
    if head.starts_with(OLD_WORKBOOK) {
        return Err(NoTable::OLD_WORKBOOK);
    }
    if begins(&DOCUMENTS) || head.get(4..8) == Some(b"ftyp") || is_page(head) {
        return Err(NoTable::DOCUMENT);
    }
    if size > super::MOST_ROSTER_BYTES {
        return Err(NoTable::TOO_LARGE);
    }
    Ok(())
}

/// A web page or XML, as some systems export what they call xls.
fn is_page(head: &[u8]) -> bool {
    let head = &head[..head.len().min(usize::try_from(TABLE_HEAD_BYTES).unwrap_or(usize::MAX))];
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    PAGES.iter().any(|page| head.get(..page.len()).is_some_and(|it| it.eq_ignore_ascii_case(page.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(b"PK\x03\x04\x14\0\x06\0", 100, Err("is_a_zip"))]
    #[case(&[0xD0, 0xCF, 0x11, 0xE0, 0xA1], 100, Err("is_an_old_workbook"))]
    #[case(b"%PDF-1.7", 100, Err("not_a_table"))]
    #[case(b"\xEF\xBB\xBF <!DOCTYPE html>", 100, Err("not_a_table"))]
    #[case(b"", 0, Err("empty_file"))]
    #[case("姓名".as_bytes(), 4 * 1024 * 1024 + 1, Err("file_too_large"))]
    #[case("姓名".as_bytes(), 4 * 1024 * 1024, Ok(()))]
    #[case(b"\xEF\xBB\xBFname", 100, Ok(()))]
    #[case(b"[{", 100, Ok(()))]
    fn what_is_no_table_is_told_by_its_first_bytes(
        #[case] head: &[u8],
        #[case] size: u64,
        #[case] told: Result<(), &str>,
    ) {
        assert_eq!(table_head(head, size).map_err(|no| no.code), told);
    }
}
