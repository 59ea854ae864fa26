//! The HTTP side of S3 that s3s leaves out: cross-origin rules, forms in every spelling that clients
//! send, and refusals that reach a client which is still sending.

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleError;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use s3s::HttpError;
use s3s::service::S3Service;

use super::form;

/// The largest form kept in memory. Attachments are at most a few tens of megabytes.
const LARGEST_FORM: usize = 64 * 1024 * 1024;

/// A larger form is read to its end, up to this many bytes, and then refused: a client that is cut off
/// while it sends sees a broken connection and not the reason.
const READ_AND_DROP: usize = 1024 * 1024 * 1024;

/// How much of a form is handed on at once.
const PIECE: usize = 64 * 1024;

/// Longer than any error document of s3s.
const ERROR_DOCUMENT: usize = 64 * 1024;

pub(super) fn router(service: S3Service) -> Router {
    Router::new()
        .fallback_service(HandleError::new(service, broken))
        .layer(from_fn(forms))
        .layer(from_fn(cross_origin))
}

async fn broken(error: HttpError) -> Response {
    tracing::error!(?error, "the embedded S3 could not answer");
    refusal(
        StatusCode::INTERNAL_SERVER_ERROR,
        "InternalError",
        "We encountered an internal error. Please try again.",
    )
}

/// Answers preflights, and lets pages on this machine read replies; the deployed bucket's rule names the
/// console's origin instead.
async fn cross_origin(request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).filter(|origin| is_loopback(origin)).cloned();
    let preflight = request.method() == Method::OPTIONS;
    let mut response = match (&origin, preflight) {
        (Some(_), true) => allow_methods(request.headers()),
        (None, true) => refusal(
            StatusCode::FORBIDDEN,
            "AccessForbidden",
            "CORSResponse: This CORS request is not allowed.",
        ),
        (_, false) => next.run(request).await,
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("ETag, Location"));
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
    }
    response
}

fn allow_methods(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE"),
    );
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3000"));
    if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    response
}

/// Whether an `Origin` is a page on this machine, on whatever port.
fn is_loopback(origin: &HeaderValue) -> bool {
    let Ok(uri) = origin.to_str().unwrap_or_default().parse::<axum::http::Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Brings an upload form into the one shape that s3s reads, and words its refusals as S3 does.
async fn forms(request: Request, next: Next) -> Response {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = content_type.and_then(form::boundary).map(str::to_owned);
    let Some(boundary) = boundary.filter(|_| request.method() == Method::POST) else {
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    let body = match read(body).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let Some(body) = form::canonical(&boundary, &body) else {
        return refusal(
            StatusCode::BAD_REQUEST,
            "MalformedPOSTRequest",
            "The body of your POST request is not well-formed multipart/form-data.",
        );
    };
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    parts.headers.remove(header::TRANSFER_ENCODING);
    // In pieces, as it came: s3s measures its limit on the fields by whole pieces, the file's included.
    let body = Bytes::from(body);
    let pieces: Vec<_> =
        (0..body.len()).step_by(PIECE).map(|at| body.slice(at..body.len().min(at + PIECE))).collect();
    let body = Body::from_stream(futures_util::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)));
    let response = next.run(Request::from_parts(parts, body)).await;
    reword(response).await
}

/// Reads a form whole, or says why not.
async fn read(mut body: Body) -> Result<Bytes, Response> {
    let mut whole = BytesMut::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            tracing::debug!(%error, "an upload broke off");
            refusal(
                StatusCode::BAD_REQUEST,
                "IncompleteBody",
                "You did not provide the number of bytes specified by the Content-Length HTTP header.",
            )
        })?;
        let Ok(data) = frame.into_data() else { continue };
        size += data.len();
        if size > READ_AND_DROP {
            break;
        }
        if size <= LARGEST_FORM {
            whole.extend_from_slice(&data);
        } else {
            whole = BytesMut::new();
        }
    }
    if size > LARGEST_FORM {
        return Err(refusal(
            StatusCode::BAD_REQUEST,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size.",
        ));
    }
    Ok(whole.freeze())
}

/// s3s calls a form that breaks its own policy an invalid policy (400); S3 denies it (403).
async fn reword(response: Response) -> Response {
    if response.status() != StatusCode::BAD_REQUEST {
        return response;
    }
    let (parts, body) = response.into_parts();
    let document = match axum::body::to_bytes(body, ERROR_DOCUMENT).await {
        Ok(document) => document,
        Err(error) => {
            tracing::error!(%error, "an error document of the embedded S3 could not be read");
            Bytes::new()
        }
    };
    let text = String::from_utf8_lossy(&document);
    match between(&text, "<Message>Policy condition ", "</Message>") {
        // Already escaped: it is taken from one XML document into another.
        Some(which) => escaped_refusal(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            &format!("Invalid according to Policy: Policy Condition failed: {which}"),
        ),
        None => Response::from_parts(parts, Body::from(document)),
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

/// An error as S3 sends it. `message` must not need escaping.
fn refusal(status: StatusCode, code: &str, message: &'static str) -> Response {
    escaped_refusal(status, code, message)
}

fn escaped_refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    (status, [(header::CONTENT_TYPE, "application/xml")], document).into_response()
}
