//! Requests that write, and what travels with them: the body, the version, the idempotency key.

use super::{App, Problem, Received};
use crate::{
    auth::principal::Principal,
    crypto,
    store::{IdempotencyKey, Reply},
};
use axum::{
    body::{Bytes, to_bytes},
    extract::{FromRef, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::error::Error;

/// The largest JSON body, in bytes. Files never come this way.
pub const MAX_BODY: usize = 256 * 1024;

/// A version that the caller expects, from `If-Match: "7"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub u64);

/// An `ETag` for `version`.
pub fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

impl IfMatch {
    fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
        let version = value.to_str().ok().and_then(|text| text.trim().trim_matches('"').parse().ok());
        version.map(|version| Some(Self(version))).ok_or_else(|| {
            let detail = "If-Match 应为读取时得到的 ETag，例如 \"3\"";
            Problem::new(StatusCode::BAD_REQUEST, "invalid_if_match", detail)
        })
    }

    /// For handlers that must not write over what the caller hasn't seen.
    pub fn required(expected: Option<Self>) -> Result<Option<Self>, Problem> {
        let missing = || {
            let detail = "请在 If-Match 请求头中带上读取时得到的 ETag，以免覆盖他人的修改";
            Problem::new(StatusCode::PRECONDITION_REQUIRED, "version_required", detail)
        };
        expected.map(Some).ok_or_else(missing)
    }
}

/// An empty body.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NoBody {}

/// A JSON body. What isn't one is told apart: too large, not JSON, JSON of another shape.
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

async fn read(request: Request) -> Result<(HeaderMap, Bytes), Problem> {
    let (parts, body) = request.into_parts();
    let too_large = || {
        let detail = format!("请求内容过大，不能超过 {} KB", MAX_BODY / 1024);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    };
    let bytes = to_bytes(body, MAX_BODY).await.map_err(|_| too_large())?;
    Ok((parts.headers, bytes))
}

/// What one of our own types said of a value it can't take: that is in Chinese, and what the parser says isn't.
fn said(error: &str) -> Option<&str> {
    let why = error.split(" at line ").next().unwrap_or(error);
    why.chars().next().filter(|first| !first.is_ascii()).map(|_| why)
}

fn parse<T: DeserializeOwned>(headers: &HeaderMap, bytes: &Bytes) -> Result<T, Problem> {
    if bytes.is_empty() {
        return serde_json::from_str("{}")
            .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "body_missing", "请求缺少 JSON 内容"));
    }
    let json = headers.get(header::CONTENT_TYPE).is_none_or(|value| {
        let value = value.to_str().unwrap_or_default();
        let kind = value.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
    });
    if !json {
        let detail = "请求内容应为 JSON（Content-Type: application/json）";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", detail));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.inner();
        if inner.is_data() {
            let detail = match said(&inner.to_string()) {
                Some(why) => format!("字段 {path}：{why}"),
                None => format!("字段 {path} 的类型或取值不符合接口说明"),
            };
            Problem::invalid(&path, "wrong_shape", detail)
        } else {
            let detail = format!("请求内容不是有效的 JSON（第 {} 行第 {} 列）", inner.line(), inner.column());
            Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail)
        }
    })?;
    deserializer
        .end()
        .map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "malformed_json", "JSON 之后还有多余的内容"))?;
    Ok(value)
}

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (headers, bytes) = read(request).await?;
        parse(&headers, &bytes).map(Self)
    }
}

/// A query string.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|axum::extract::Query(value)| Self(value)).map_err(|error| {
            // The cause reads `limit: invalid digit found in string`, and is in English from there on.
            let cause = error.source().map(ToString::to_string).unwrap_or_default();
            let name = cause.split_once(": ").map(|(name, _)| name).filter(|name| !name.contains(' '));
            let detail = match name {
                Some(name) => format!("查询参数 {name} 的取值不符合接口说明，请修改后重试"),
                None => "查询参数不符合接口说明，请对照修改后重试".to_owned(),
            };
            Problem::new(StatusCode::BAD_REQUEST, "invalid_query", detail)
        })
    }
}

/// A signed-in caller's request to write.
#[derive(Debug, Clone)]
pub struct Write<T> {
    /// Its arrival.
    pub received: Received,
    /// Its body.
    pub body: T,
    /// The version the caller expects.
    pub if_match: Option<IfMatch>,
    /// The caller's key for retries.
    pub idempotency: Option<IdempotencyKey>,
}

impl<S, T> FromRequest<S> for Write<T>
where
    S: Send + Sync,
    App: FromRef<S>,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        // Nobody who isn't signed in gets to have a body read.
        let principal = Principal::from_request_parts(&mut parts, state).await?;
        let received = Received::from_request_parts(&mut parts, state).await?;
        let if_match = IfMatch::of(&parts.headers)?;
        let key = idempotency_header(&parts.headers)?.map(str::to_owned);
        let operation = format!("{} {}", parts.method, parts.uri.path());
        let (headers, bytes) = read(Request::from_parts(parts, body)).await?;
        let idempotency = key.map(|key| {
            let mut payload = operation.into_bytes();
            payload.push(b'\n');
            payload.extend_from_slice(&bytes);
            IdempotencyKey {
                scope: format!("{}#{key}", principal.subject),
                payload_hash: hex::encode(crypto::sha256(&payload)),
            }
        });
        Ok(Self { received, body: parse(&headers, &bytes)?, if_match, idempotency })
    }
}

/// The `Idempotency-Key` header: 1 to 128 visible ASCII characters.
fn idempotency_header(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value
        .to_str()
        .ok()
        .filter(|key| (1..=128).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    key.map(Some).ok_or_else(|| {
        let detail = "Idempotency-Key 应为 1 至 128 个可见的 ASCII 字符，例如一个 UUID";
        Problem::new(StatusCode::BAD_REQUEST, "invalid_idempotency_key", detail)
    })
}

/// The `Idempotency-Key` of a request that nobody is signed in for: the handler gives it a scope of its own.
#[derive(Debug, Clone)]
pub struct RetryKey(pub Option<String>);

impl<S: Sync> FromRequestParts<S> for RetryKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(idempotency_header(&parts.headers)?.map(str::to_owned)))
    }
}

/// A JSON reply, kept in a form that an idempotency key can remember.
pub fn reply_of<T: Serialize>(status: StatusCode, version: Option<u64>, body: &T) -> Result<Reply, Problem> {
    let body = serde_json::to_string(body).map_err(Problem::internal)?;
    Ok(Reply { status: status.as_u16(), etag: version.map(etag), body })
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = (status, [(header::CONTENT_TYPE, "application/json")], self.body).into_response();
        if let Some(Ok(etag)) = self.etag.map(HeaderValue::try_from) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        response
    }
}
