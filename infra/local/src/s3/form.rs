//! Rewrites an upload form so that s3s reads it: s3s takes only two headers per part and only one spelling
//! of `Content-Disposition`, while phones and libraries send a `Content-Length`, other quoting or a
//! `filename*`, all of which S3 takes.

/// The form with each part's headers reduced to `Content-Disposition: form-data; name="…"`, up to and
/// including its `file`; S3 too ignores what comes after that. `None` when this is no such form.
pub(super) fn canonical(boundary: &str, body: &[u8]) -> Option<Vec<u8>> {
    let delimiter = format!("\r\n--{boundary}");
    let mut form = Vec::with_capacity(body.len() + 256);
    // The first delimiter may stand at the very start, without the line break that belongs to it.
    let mut rest = match body.strip_prefix(&delimiter.as_bytes()[2..]) {
        Some(rest) => rest,
        None => split(body, delimiter.as_bytes())?.1,
    };
    loop {
        if rest.starts_with(b"--") {
            break;
        }
        // Blanks may follow a delimiter (RFC 2046 §5.1.1).
        let (padding, after) = split(rest, b"\r\n")?;
        if !padding.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
            return None;
        }
        let (headers, after) = split(after, b"\r\n\r\n")?;
        let (content, after) = split(after, delimiter.as_bytes())?;
        let name = field_name(std::str::from_utf8(headers).ok()?)?;
        form.extend_from_slice(
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes(),
        );
        let is_file = name.eq_ignore_ascii_case("file");
        form.extend_from_slice(if is_file { b"; filename=\"file\"\r\n\r\n" } else { b"\r\n\r\n" });
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
        if is_file {
            break;
        }
        rest = after;
    }
    form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Some(form)
}

/// The boundary of a `multipart/form-data` content type.
pub(super) fn boundary(content_type: &str) -> Option<&str> {
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next()?.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parts.find_map(|part| parameter(part, "boundary"))?;
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    (!value.is_empty() && value.len() <= 70).then_some(value)
}

/// The `name` of the part that has these headers.
fn field_name(headers: &str) -> Option<String> {
    let disposition = headers.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let mut parts = parameters(disposition).into_iter();
    if !parts.next()?.eq_ignore_ascii_case("form-data") {
        return None;
    }
    let value = parts.find_map(|part| parameter(part, "name"))?;
    let name = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    let plain = !name.is_empty() && name.chars().all(|c| c != '"' && c != '\\' && !c.is_control());
    plain.then(|| name.to_owned())
}

/// Splits a header value at its semicolons, but not at those inside quotes: a file may be named `a;b`.
fn parameters(value: &str) -> Vec<&str> {
    let mut quoted = false;
    let mut escaped = false;
    let between = |c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ';' => return !quoted,
            _ => {}
        }
        false
    };
    value.split(between).map(str::trim).collect()
}

/// The value of `part` when it is `name=value`, with or without blanks around the equals sign.
fn parameter<'a>(part: &'a str, name: &str) -> Option<&'a str> {
    let (found, value) = part.split_once('=')?;
    found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
}

/// What is before and after the first `needle`.
fn split<'a>(haystack: &'a [u8], needle: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memchr::memmem::find(haystack, needle)?;
    Some((&haystack[..at], &haystack[at + needle.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(body: &str) -> Option<String> {
        canonical("XX", body.as_bytes()).map(|form| String::from_utf8(form).unwrap())
    }

    const KEY: &str = "--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na/b\r\n";
    const FILE: &str = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\r\n";

    #[test]
    fn a_part_loses_every_header_but_its_name() {
        let sent = "--XX\r\ncontent-disposition: form-data; name=\"key\"\r\nContent-Type: text/plain\r\n\
            Content-Transfer-Encoding: 8bit\r\nContent-Length: 3\r\n\r\na/b\r\n\
            --XX\r\nContent-Disposition: form-data; filename=\"a; name=evil; \\\"; name=evil\"; name=file; filename*=UTF-8''x\r\n\r\n\
            \r\n--X\r\n\r\n--XX--\r\n";
        assert_eq!(rewritten(sent).unwrap(), format!("{KEY}{FILE}\r\n--X\r\n\r\n--XX--\r\n"));
    }

    #[test]
    fn what_follows_the_file_and_what_comes_before_the_first_part_is_dropped() {
        let sent = format!(
            "preamble\r\n{KEY}{FILE}x\r\n--XX\r\nContent-Disposition: form-data; name=\"acl\"\r\n\r\ny\r\n--XX--"
        );
        assert_eq!(rewritten(&sent).unwrap(), format!("{KEY}{FILE}x\r\n--XX--\r\n"));
    }

    #[test]
    fn a_cut_or_foreign_form_is_none() {
        for sent in [
            "",
            "--XX",
            "--XX\r\n",
            KEY,
            "{\"key\":1}",
            "--XX\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XX--",
        ] {
            assert_eq!(rewritten(sent), None, "{sent:?}");
        }
    }

    #[test]
    fn the_boundary_may_be_quoted() {
        assert_eq!(boundary("multipart/form-data; boundary=abc"), Some("abc"));
        assert_eq!(boundary("Multipart/Form-Data; charset=utf-8; boundary=\"a b\""), Some("a b"));
        assert_eq!(boundary("multipart/mixed; boundary=abc"), None);
        assert_eq!(boundary("multipart/form-data"), None);
    }
}
