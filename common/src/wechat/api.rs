//! The two calls that subscribe messages need: an access token by `stable_token`, and the message itself. Both answer
//! `200` whatever happened, with an `errcode`. Neither is retried here: whether that may be done depends on the code.
//!
//! A token is part of the address that is called, and the app's secret of a body: neither is ever part of an error.

use super::{OpenId, TIMEOUT, WeChatClient, WeChatError};
use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::Full;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt};

/// Characters kept of what WeChat says about an error.
const MESSAGE_LIMIT: usize = 160;

/// An access token. `Debug` doesn't show it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The token; 512 characters at the most.
    pub token: String,
    /// How many seconds it still lives: 7,200 at the most.
    pub expires_in: i64,
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// Why a call brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFailed {
    /// WeChat could not be reached, failed, or didn't answer in time. What it did is unknown.
    #[error("WeChat can't be reached")]
    Unreachable,
    /// What came back is no answer of WeChat's. What it did is unknown.
    #[error("WeChat's answer can't be read")]
    BadAnswer,
    /// WeChat refused, and did nothing.
    #[error("{errcode}: {errmsg}")]
    Refused {
        /// WeChat's number for it.
        errcode: i64,
        /// WeChat's words for it, on one line, cut. They name keys of the message and never a value.
        errmsg: String,
    },
}

/// A subscribe message.
#[derive(Debug, Clone)]
pub struct SubscribeMessage<'a> {
    /// Who reads it.
    pub to: &'a OpenId,
    /// WeChat's id of its template.
    pub template: &'a str,
    /// The page it opens.
    pub page: Option<&'a str>,
    /// Values by key.
    pub data: &'a BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    expires_in: Option<i64>,
}

#[derive(Deserialize)]
struct SendAnswer {
    /// A number, in some of WeChat's answers a text.
    msgid: Option<Value>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

impl WeChatClient {
    /// An access token of the mini-program `app_id`. Asked for again while one lives, WeChat gives the same; in its last
    /// five minutes a new one, while the old one lives on for as long. With `force` the old one ends at once: twenty times
    /// a day at the most, and never by two at the same time.
    pub async fn stable_token(
        &self,
        app_id: &str,
        secret: &str,
        force: bool,
    ) -> Result<AccessToken, CallFailed> {
        let body = json!({
            "grant_type": "client_credential",
            "appid": app_id,
            "secret": secret,
            "force_refresh": force,
        });
        let answer: TokenAnswer = self.post("/cgi-bin/stable_token", &body).await?;
        match (answer.access_token, answer.expires_in) {
            (Some(token), Some(expires_in)) if !token.is_empty() => Ok(AccessToken { token, expires_in }),
            _ => Err(CallFailed::BadAnswer),
        }
    }

    /// Sends a subscribe message; WeChat's id for it, where it gives one.
    pub async fn send_message(
        &self,
        token: &str,
        message: &SubscribeMessage<'_>,
    ) -> Result<Option<String>, CallFailed> {
        let data: BTreeMap<_, _> =
            message.data.iter().map(|(key, value)| (key, json!({ "value": value }))).collect();
        let mut body = json!({
            "touser": message.to.as_str(),
            "template_id": message.template,
            "data": data,
            "lang": "zh_CN",
        });
        if let Some(page) = message.page {
            body["page"] = page.into();
        }
        let token = utf8_percent_encode(token, NON_ALPHANUMERIC);
        let path = format!("/cgi-bin/message/subscribe/send?access_token={token}");
        let answer: SendAnswer = self.post(&path, &body).await?;
        Ok(match answer.msgid {
            Some(Value::String(id)) => Some(id),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        })
    }

    async fn post<T: for<'de> Deserialize<'de>>(&self, path: &str, body: &Value) -> Result<T, CallFailed> {
        let uri: Uri = format!("{}{path}", self.base).parse().map_err(|_| CallFailed::BadAnswer)?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|_| CallFailed::BadAnswer)?;
        let answer = match tokio::time::timeout(TIMEOUT, self.exchange(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(WeChatError::Unreachable)) | Err(_) => return Err(CallFailed::Unreachable),
            Ok(Err(_)) => return Err(CallFailed::BadAnswer),
        };
        let failure: Failure = serde_json::from_slice(&answer).map_err(|_| CallFailed::BadAnswer)?;
        if failure.errcode != 0 {
            return Err(CallFailed::Refused { errcode: failure.errcode, errmsg: shown(&failure.errmsg) });
        }
        serde_json::from_slice(&answer).map_err(|_| CallFailed::BadAnswer)
    }
}

/// WeChat's words on one line, cut.
fn shown(errmsg: &str) -> String {
    errmsg
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .take(MESSAGE_LIMIT)
        .collect()
}
