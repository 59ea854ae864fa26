//! The API reference: Swagger UI over the OpenAPI document, complete without a network.
//!
//! Swagger UI comes as its release archive, compiled in as bytes. The archive's entries are deflate
//! streams, which is what a gzip body is made of, so they are served as they are: nothing is unpacked at
//! build time or at run time.

use axum::Router;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect};
use axum::routing::get;
use bytes::Bytes;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

const PAGE: &str = include_str!("../templates/reference.html");

/// The archive compiled in is not one we can read. It is the same in every run, so a test finds this first.
#[derive(Debug, thiserror::Error)]
#[error("API 文档页面的内置文件 {0} 无法读取 · the built-in archive has no readable {0}")]
pub struct ReferenceError(&'static str);

impl ReferenceError {
    /// A stable name for the failure.
    pub fn code(&self) -> &'static str {
        "reference_archive"
    }
}

/// `GET /reference`, its two assets, and the document itself at `/reference/openapi.json`.
///
/// `document` is the OpenAPI document as JSON; what it lists is tried out against the page's own origin
/// unless its `servers` say otherwise.
pub fn router(document: String) -> Result<Router, ReferenceError> {
    let script = gzipped("dist/swagger-ui-bundle.js")?;
    let style = gzipped("dist/swagger-ui.css")?;
    let document = Bytes::from(document);
    Ok(Router::new()
        .route("/reference", get(|| async { Html(PAGE) }))
        .route("/reference/", get(|| async { Redirect::permanent("/reference") }))
        .route("/reference/swagger-ui.js", asset("text/javascript; charset=utf-8", script))
        .route("/reference/swagger-ui.css", asset("text/css; charset=utf-8", style))
        .route(
            "/reference/openapi.json",
            get(move || {
                let document = document.clone();
                async { ([(header::CONTENT_TYPE, "application/json")], document).into_response() }
            }),
        ))
}

fn asset(kind: &'static str, body: Bytes) -> axum::routing::MethodRouter {
    get(move || {
        let body = body.clone();
        async move {
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CONTENT_ENCODING, "gzip"),
                (header::CACHE_CONTROL, "max-age=3600"),
            ];
            (headers, body).into_response()
        }
    })
}

/// One file of the archive as a gzip stream.
fn gzipped(name: &'static str) -> Result<Bytes, ReferenceError> {
    let entry = find(SWAGGER_UI_VENDORED, name).ok_or(ReferenceError(name))?;
    let mut body = Vec::with_capacity(entry.deflated.len() + 18);
    // RFC 1952: magic, method 8 (deflate), no flags, no time, unknown system.
    body.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    body.extend_from_slice(entry.deflated);
    body.extend_from_slice(&entry.crc32.to_le_bytes());
    body.extend_from_slice(&entry.size.to_le_bytes());
    Ok(body.into())
}

struct Entry<'a> {
    deflated: &'a [u8],
    crc32: u32,
    size: u32,
}

/// Looks a file up in a zip archive's central directory (APPNOTE.TXT §4.3.12); only deflated entries of an
/// archive below 4 GB, which is all this one has.
fn find<'a>(zip: &'a [u8], ending: &str) -> Option<Entry<'a>> {
    const DIRECTORY_END: &[u8] = b"PK\x05\x06";
    const DIRECTORY_ENTRY: &[u8] = b"PK\x01\x02";
    const DEFLATE: u16 = 8;
    let end = zip.windows(4).rposition(|window| window == DIRECTORY_END)?;
    let mut at = usize::try_from(u32_at(zip, end + 16)?).ok()?;
    while zip.get(at..at + 4)? == DIRECTORY_ENTRY {
        let [name, extra, comment] = [28, 30, 32].map(|offset| u16_at(zip, at + offset).map(usize::from));
        let (name, extra, comment) = (name?, extra?, comment?);
        let path = zip.get(at + 46..at + 46 + name)?;
        if path.ends_with(ending.as_bytes()) && u16_at(zip, at + 10)? == DEFLATE {
            let length = usize::try_from(u32_at(zip, at + 20)?).ok()?;
            let local = usize::try_from(u32_at(zip, at + 42)?).ok()?;
            // The local header repeats the name and has an extra field of its own length.
            let start =
                local + 30 + usize::from(u16_at(zip, local + 26)?) + usize::from(u16_at(zip, local + 28)?);
            let deflated = zip.get(start..start + length)?;
            return Some(Entry { deflated, crc32: u32_at(zip, at + 16)?, size: u32_at(zip, at + 24)? });
        }
        at += 46 + name + extra + comment;
    }
    None
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
