//! `Content-Disposition` for downloads. The name is what a holder's device called the file, so it may be anything.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself in `filename*` (RFC 5987, `attr-char`).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');
/// Longest name that is passed on, in characters.
const MAX_NAME: usize = 120;

/// Whether a browser shows a file or saves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Save it.
    Attachment,
    /// Show it, as a reviewer wants it beside the form.
    Inline,
}

impl Disposition {
    /// The header's value (RFC 6266): the name in ASCII for clients that know no better, then in full.
    pub(super) fn header(self, file_name: &str) -> String {
        let kind = match self {
            Self::Attachment => "attachment",
            Self::Inline => "inline",
        };
        // A slash or a control character is nothing a name needs; a name that is too long keeps its end, where the
        // extension is.
        let clean: Vec<char> = file_name
            .chars()
            .map(|c| if c.is_control() || matches!(c, '/' | '\\') { '_' } else { c })
            .collect();
        let name: String = clean[clean.len().saturating_sub(MAX_NAME)..].iter().collect();
        let ascii: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' })
            .collect();
        format!(r#"{kind}; filename="{ascii}"; filename*=UTF-8''{}"#, utf8_percent_encode(&name, ENCODED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_twice_and_can_break_nothing() {
        let header = |name: &str| Disposition::Attachment.header(name);
        assert_eq!(
            header("身份证 1.jpg"),
            r#"attachment; filename="___ 1.jpg"; filename*=UTF-8''%E8%BA%AB%E4%BB%BD%E8%AF%81%201.jpg"#
        );
        assert_eq!(
            header("a\"; x=\r\n../b%.pdf"),
            r#"attachment; filename="a__ x___.._b_.pdf"; filename*=UTF-8''a%22%3B%20x%3D__.._b%25.pdf"#
        );
        assert!(Disposition::Inline.header("a.png").starts_with("inline; "));
        let long = header(&format!("{}.pdf", "照".repeat(500)));
        assert_eq!(long.matches(".pdf").count(), 2, "both names keep the extension");
        assert!(long.len() < 1300, "{}", long.len());
    }
}
