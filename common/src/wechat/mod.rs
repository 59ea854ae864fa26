//! WeChat's API. Sign-in: `code2Session` turns the code that `wx.login` gave a mini-program into its user's open id. A code
//! lives five minutes and works once, so nothing here retries. And subscribe messages.

mod api;
mod apps;
mod templates;

pub use api::{AccessToken, CallFailed, SubscribeMessage};
pub use apps::{InvalidMiniPrograms, MiniProgram, MiniPrograms};
pub use templates::templates_from;
pub(crate) use templates::unusable as templates_unusable;

use crate::endpoint::{Endpoint, InvalidEndpoint};
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc, time::Duration};

/// Where WeChat answers.
pub const DEFAULT_BASE_URL: &str = "https://api.weixin.qq.com";
/// How long a call may take in all.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest answer that is read, in bytes. Real ones are under 300.
const MAX_ANSWER: usize = 16 * 1024;
/// Longest code that is sent on, in bytes. Real ones are 32.
const MAX_CODE: usize = 128;

/// Why WeChat named nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeChatError {
    /// 40029, or no text that could be a code: unknown, expired, or another mini-program's.
    #[error("微信登录凭证无效或已过期（有效期 5 分钟），请重新调用 wx.login 获取")]
    InvalidCode,
    /// 40163: somebody has used it.
    #[error("微信登录凭证已被使用过（每个凭证只能用一次），请重新调用 wx.login 获取")]
    CodeUsed,
    /// 45011: too many sign-ins of one user in a minute.
    #[error("登录过于频繁，请 1 分钟后再试")]
    RateLimited,
    /// 40226: WeChat holds the user for a risk.
    #[error("微信判定该账号存在风险，暂时无法登录，请联系微信客服或改用其他方式办理")]
    Blocked,
    /// -1: WeChat is busy. The code was not used.
    #[error("微信服务繁忙，请稍后重新登录")]
    Busy,
    /// WeChat could not be reached, failed, or didn't answer within five seconds. Whether the code was used is unknown.
    #[error("暂时无法连接微信服务，请稍后重新登录")]
    Unreachable,
    /// 40013, 40125 and the like: WeChat doesn't accept our app id or secret.
    #[error("微信登录尚未正确配置，请联系管理员（微信错误码 {0}）")]
    Rejected(i64),
    /// What came back is no answer of WeChat's.
    #[error("微信服务返回了无法识别的结果，请稍后重新登录")]
    BadAnswer,
}

impl WeChatError {
    /// Stable name in problem replies.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidCode => "wechat_code_invalid",
            Self::CodeUsed => "wechat_code_used",
            Self::RateLimited => "wechat_rate_limited",
            Self::Blocked => "wechat_user_blocked",
            Self::Busy => "wechat_busy",
            Self::Unreachable => "wechat_unreachable",
            Self::Rejected(_) => "wechat_rejected",
            Self::BadAnswer => "wechat_bad_answer",
        }
    }

    /// The status of the problem reply.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::InvalidCode | Self::CodeUsed => StatusCode::UNAUTHORIZED,
            Self::Blocked => StatusCode::FORBIDDEN,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy | Self::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Rejected(_) | Self::BadAnswer => StatusCode::BAD_GATEWAY,
        }
    }

    /// What an `errcode` other than 0 means.
    fn from_errcode(code: i64) -> Self {
        match code {
            -1 => Self::Busy,
            40029 => Self::InvalidCode,
            40163 => Self::CodeUsed,
            45011 => Self::RateLimited,
            40226 => Self::Blocked,
            other => Self::Rejected(other),
        }
    }
}

/// A user of one mini-program, as WeChat names them: 1 to 64 letters, digits, `-` or `_`. Never shown to anybody.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OpenId(String);

/// The text can't be an open id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("openid 格式不正确")]
pub struct InvalidOpenId;

impl OpenId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OpenId {
    type Err = InvalidOpenId;

    fn from_str(text: &str) -> Result<Self, InvalidOpenId> {
        let of_its_form =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if of_its_form && (1..=64).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidOpenId)
        }
    }
}

impl TryFrom<String> for OpenId {
    type Error = InvalidOpenId;

    fn try_from(text: String) -> Result<Self, InvalidOpenId> {
        text.parse()
    }
}

impl From<OpenId> for String {
    fn from(id: OpenId) -> Self {
        id.0
    }
}

/// What we keep of WeChat's answer. Its `session_key` isn't among it: it is never even parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeChatUser {
    /// Who it is to this mini-program.
    pub open_id: OpenId,
    /// Who it is across the mini-programs of one owner, where WeChat says so.
    pub union_id: Option<String>,
}

/// The answer, of either kind.
#[derive(Deserialize)]
struct Answer {
    openid: Option<OpenId>,
    unionid: Option<String>,
    errcode: Option<i64>,
}

/// Calls WeChat. One per process: it keeps its connection.
pub struct WeChatClient {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: Endpoint,
}

/// Why no client could be made; for logs at start.
#[derive(Debug, thiserror::Error)]
pub enum WeChatSetupError {
    /// The base URL isn't one.
    #[error("WeChat base URL: {0}")]
    Base(#[from] InvalidEndpoint),
    /// TLS could not be set up.
    #[error("WeChat TLS: {0}")]
    Tls(#[from] rustls::Error),
}

impl WeChatSetupError {
    /// Stable name for logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Base(_) => "wechat_base_url_invalid",
            Self::Tls(_) => "wechat_tls_setup",
        }
    }
}

impl WeChatClient {
    /// `base_url` is [`DEFAULT_BASE_URL`] or that of a stand-in.
    pub fn new(base_url: &str) -> Result<Self, WeChatSetupError> {
        let base = base_url.parse()?;
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        // WeChat's certificates are any public authority's, so Mozilla's roots, which are compiled in.
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(Arc::new(rustls::crypto::ring::default_provider()))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self { http: Client::builder(TokioExecutor::new()).build(connector), base })
    }

    /// Whose code this is. `app_id` and `secret` are the mini-program's. The address that is called holds the secret,
    /// so neither it nor the cause of a failed call is part of any error.
    pub async fn code2session(
        &self,
        app_id: &str,
        secret: &str,
        code: &str,
    ) -> Result<WeChatUser, WeChatError> {
        if code.is_empty() || code.len() > MAX_CODE {
            return Err(WeChatError::InvalidCode);
        }
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let uri: Uri = format!(
            "{}/sns/jscode2session?appid={}&secret={}&js_code={}&grant_type=authorization_code",
            self.base,
            encoded(app_id),
            encoded(secret),
            encoded(code)
        )
        .parse()
        .map_err(|_| WeChatError::InvalidCode)?;
        let body =
            tokio::time::timeout(TIMEOUT, self.get(uri)).await.map_err(|_| WeChatError::Unreachable)??;
        // WeChat says 200 and text/plain whatever happened; only the body tells.
        let answer: Answer = serde_json::from_slice(&body).map_err(|_| WeChatError::BadAnswer)?;
        match (answer.errcode, answer.openid) {
            (None | Some(0), Some(open_id)) => Ok(WeChatUser { open_id, union_id: answer.unionid }),
            (None | Some(0), None) => Err(WeChatError::BadAnswer),
            (Some(code), _) => Err(WeChatError::from_errcode(code)),
        }
    }

    async fn get(&self, uri: Uri) -> Result<Bytes, WeChatError> {
        let request = Request::get(uri).body(Full::default()).map_err(|_| WeChatError::InvalidCode)?;
        self.exchange(request).await
    }

    /// What comes back, unless it's a 5xx or too long.
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Bytes, WeChatError> {
        let response = self.http.request(request).await.map_err(|_| WeChatError::Unreachable)?;
        if response.status().is_server_error() {
            return Err(WeChatError::Unreachable);
        }
        let body = Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await
            .map_err(|_| WeChatError::BadAnswer)?;
        Ok(body.to_bytes())
    }
}

impl fmt::Debug for WeChatClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeChatClient").field("base", &self.base).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// Answers one connection with `reply` as it stands, and gives back what was asked.
    async fn serve(reply: String) -> (WeChatClient, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = WeChatClient::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            // The client may hang up before it has read an answer that is too long for it.
            let _hung_up = stream.write_all(reply.as_bytes()).await.is_err();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        (client, asked)
    }

    fn text_plain(body: &str) -> String {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
    }

    async fn ask(reply: String) -> Result<WeChatUser, WeChatError> {
        let (client, _asked) = serve(reply).await;
        client.code2session("wx1", "s3cret", "abc").await
    }

    #[tokio::test]
    async fn a_code_names_its_user_and_the_session_key_is_dropped() {
        let body = r#"{"session_key":"TOPSECRET==","openid":"oD-x_1","unionid":"u1"}"#;
        let (client, asked) = serve(text_plain(body)).await;
        let user = client.code2session("wx1", "s&=cret", "a+b c").await.unwrap();
        assert_eq!(user, WeChatUser { open_id: "oD-x_1".parse().unwrap(), union_id: Some("u1".to_owned()) });
        assert!(!format!("{user:?}").contains("TOPSECRET"));
        let asked = asked.await.unwrap();
        let expected = "GET /sns/jscode2session?appid=wx1&secret=s%26%3Dcret&js_code=a%2Bb%20c\
                        &grant_type=authorization_code HTTP/1.1\r\n";
        assert!(asked.starts_with(expected), "{asked}");
    }

    #[rstest]
    #[case(40029, WeChatError::InvalidCode, 401)]
    #[case(40163, WeChatError::CodeUsed, 401)]
    #[case(45011, WeChatError::RateLimited, 429)]
    #[case(40226, WeChatError::Blocked, 403)]
    #[case(-1, WeChatError::Busy, 503)]
    #[case(40125, WeChatError::Rejected(40125), 502)]
    #[tokio::test]
    async fn an_errcode_becomes_an_error(
        #[case] errcode: i64,
        #[case] expected: WeChatError,
        #[case] status: u16,
    ) {
        assert_eq!(expected.status().as_u16(), status);
        let reply = text_plain(&format!(r#"{{"errcode":{errcode},"errmsg":"x, rid: 1"}}"#));
        assert_eq!(ask(reply).await, Err(expected));
    }

    #[rstest]
    #[case(text_plain("<html>"), WeChatError::BadAnswer)]
    #[case(text_plain("{}"), WeChatError::BadAnswer)]
    #[case(text_plain(r#"{"openid":"../x"}"#), WeChatError::BadAnswer)]
    #[case(text_plain(&format!(r#"{{"openid":"a"}}{}"#, " ".repeat(MAX_ANSWER))), WeChatError::BadAnswer)]
    #[case("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n".to_owned(), WeChatError::Unreachable)]
    #[case("SMTP".to_owned(), WeChatError::Unreachable)]
    #[case(String::new(), WeChatError::Unreachable)]
    #[tokio::test]
    async fn anything_else_is_told_apart(#[case] reply: String, #[case] expected: WeChatError) {
        assert_eq!(ask(reply).await, Err(expected));
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_after_five_seconds() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = WeChatClient::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let started = tokio::time::Instant::now();
        assert_eq!(client.code2session("wx1", "s3cret", "abc").await, Err(WeChatError::Unreachable));
        assert!(started.elapsed() < Duration::from_secs(6));
    }

    #[tokio::test]
    async fn what_is_no_code_is_never_sent_and_no_secret_is_told() {
        let client = WeChatClient::new("http://127.0.0.1:9").unwrap();
        for code in ["", &"x".repeat(MAX_CODE + 1)] {
            assert_eq!(client.code2session("wx1", "s3cret", code).await, Err(WeChatError::InvalidCode));
        }
        let error = client.code2session("wx1", "s3cret", "abc").await.unwrap_err();
        assert_eq!(error, WeChatError::Unreachable);
        assert!(!format!("{error:?} {error} {client:?}").contains("s3cret"));
        assert!(
            WeChatClient::new("http://api.weixin.qq.com").is_err(),
            "the secret never goes out in the clear"
        );
    }
}
