//! An HTTP client that a step of a story speaks through: one person, signed in or not.

use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Method, multipart};
use serde_json::Value;
use std::collections::BTreeMap;

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The JSON body; null where there is none.
    pub body: Value,
    /// The `ETag`.
    pub etag: Option<String>,
    /// The `Content-Type`; empty where there is none.
    pub content_type: String,
}

impl Reply {
    /// A text in the body, by JSON pointer.
    pub fn text(&self, pointer: &str) -> Result<&str> {
        let value = self.body.pointer(pointer).and_then(Value::as_str);
        value.with_context(|| format!("the reply has no text at {pointer}: {}", self.body))
    }
}

/// A request to be sent.
pub struct Call<'a> {
    /// HTTP method.
    pub method: Method,
    /// Path with query.
    pub path: &'a str,
    /// The JSON body.
    pub body: Option<Value>,
    /// `If-Match`.
    pub if_match: Option<&'a str>,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// A request without a body.
    pub fn new(method: Method, path: &'a str) -> Self {
        Self { method, path, body: None, if_match: None, idempotency_key: None }
    }

    /// The same with a JSON body.
    #[must_use]
    pub fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// A person's client, or a back end's.
pub struct Client {
    http: reqwest::Client,
    base: String,
    /// `Authorization`.
    authorization: Option<String>,
}

impl Client {
    /// A client of the system at `base`, not signed in.
    pub fn new(base: &str) -> Self {
        Self { http: reqwest::Client::new(), base: base.to_owned(), authorization: None }
    }

    /// A service client of the system at `base`, which speaks with its own secret and never signs in.
    pub fn of_service(base: &str, id: &str, secret: &str) -> Self {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{id}:{secret}")));
        Self { authorization: Some(basic), ..Self::new(base) }
    }

    /// Speaks with `token` from now on.
    pub fn sign_in(&mut self, token: &str) {
        self.authorization = Some(format!("Bearer {token}"));
    }

    /// Sends a request.
    pub async fn send(&self, call: &Call<'_>) -> Result<Reply> {
        let mut request = self.http.request(call.method.clone(), format!("{}{}", self.base, call.path));
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        if let Some(version) = call.if_match {
            request = request.header("If-Match", version);
        }
        if let Some(key) = call.idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let header =
            |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (etag, content_type) = (header("etag"), header("content-type").unwrap_or_default());
        let bytes = response.bytes().await?;
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
        Ok(Reply { status, body, etag, content_type })
    }

    /// Uploads a file as `wx.uploadFile` does: a multipart form with the given fields, and the file last, named `file`.
    pub async fn upload(
        &self,
        upload: &Value,
        file_name: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<()> {
        let url = upload["url"].as_str().context("the upload has no url")?;
        let fields: BTreeMap<String, String> = serde_json::from_value(upload["fields"].clone())?;
        let mut form = multipart::Form::new();
        for (name, value) in fields {
            form = form.text(name, value);
        }
        let file = multipart::Part::bytes(bytes).file_name(file_name.to_owned()).mime_str(content_type)?;
        let response = self.http.post(url).multipart(form.part("file", file)).send().await?;
        let status = response.status().as_u16();
        if status != 201 {
            bail!("the upload was answered {status}: {}", response.text().await?);
        }
        Ok(())
    }
}
