//! A stand-in for WeChat's endpoints that are called: `code2Session`, and what subscribe messages need
//! ([`service`]). With the answers that the real ones give: always HTTP 200, the outcome in `errcode`.
//!
//! A code `demo-NAME`, or `demo-NAME-ANYTHING`, signs in the person NAME, once; the same person comes back
//! with another ANYTHING. That a code also expires after five minutes can't be shown, since nobody issued
//! it here.

mod check;
mod service;

pub use service::{Asked, SendTrouble, WeChatMessage};

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::clock::Clock;
use domain::subscription::Templates;
use serde::Deserialize;
use serde_json::{Value, json};
use service::Service;
use sha2::{Digest, Sha256};

/// An answer that WeChat gives for reasons of its own; see [`WeChat::fail_next`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// `-1`, system busy: try again later.
    Busy,
    /// `45011`, too many calls a minute for this person.
    RateLimited,
}

/// The stand-in's state. Clones share it.
#[derive(Debug, Clone)]
pub struct WeChat(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    app_id: String,
    secret: String,
    used: Mutex<HashSet<String>>,
    trouble: Mutex<VecDeque<Trouble>>,
    service: Service,
}

impl WeChat {
    /// A WeChat that knows one mini-program, which has no templates.
    pub fn new(app_id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::with_templates(app_id, secret, &Templates::default(), Clock::system())
    }

    /// A WeChat that knows one mini-program and its templates. Its tokens live by `clock`.
    pub fn with_templates(
        app_id: impl Into<String>,
        secret: impl Into<String>,
        templates: &Templates,
        clock: Clock,
    ) -> Self {
        let app_id = app_id.into();
        let service = Service::new(templates.of(&app_id), clock);
        Self(Arc::new(Inner {
            app_id,
            secret: secret.into(),
            used: Mutex::default(),
            trouble: Mutex::default(),
            service,
        }))
    }

    /// `GET /sns/jscode2session`, `POST /cgi-bin/stable_token` and `POST /cgi-bin/message/subscribe/send`.
    /// Serve them where the configured base URL points.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/sns/jscode2session", get(code_to_session))
            .route("/cgi-bin/stable_token", post(service::stable_token))
            .route("/cgi-bin/message/subscribe/send", post(service::send))
            .with_state(self.clone())
    }

    /// The open id that [`Self::router`] answers for the person NAME of `demo-NAME`: 28 characters that
    /// depend on the mini-program and the name alone.
    pub fn open_id(&self, name: &str) -> String {
        let digest = Sha256::digest(format!("openid:{}:{name}", self.0.app_id));
        let mut id = URL_SAFE_NO_PAD.encode(digest);
        id.truncate(26);
        format!("oD{id}")
    }

    /// Makes the next `count` calls fail before anything else is looked at, so no code is used up.
    pub fn fail_next(&self, count: usize, trouble: Trouble) {
        let mut waiting = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend(std::iter::repeat_n(trouble, count));
    }

    fn answer(&self, query: &SessionQuery) -> Value {
        let trouble = self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match trouble {
            Some(Trouble::Busy) => return error(-1, "system error"),
            Some(Trouble::RateLimited) => {
                return error(45011, "api minute-quota reach limit mustslower retry next minute");
            }
            None => {}
        }
        match query.appid.as_deref() {
            None | Some("") => return error(41002, "appid missing"),
            Some(id) if id != self.0.app_id => return error(40013, "invalid appid"),
            Some(_) => {}
        }
        match query.secret.as_deref() {
            None | Some("") => return error(41004, "appsecret missing"),
            Some(secret) if secret != self.0.secret => return error(40125, "invalid appsecret"),
            Some(_) => {}
        }
        if query.grant_type.as_deref() != Some("authorization_code") {
            return error(40002, "invalid grant_type");
        }
        let Some(code) = query.js_code.as_deref().filter(|code| !code.is_empty()) else {
            return error(41008, "missing code");
        };
        let Some(name) = person(code) else { return error(40029, "invalid code") };
        let first_time = self.0.used.lock().unwrap_or_else(PoisonError::into_inner).insert(code.to_owned());
        if !first_time {
            return error(40163, "code been used");
        }
        // 16 bytes, as WeChat's are, and another one at every sign-in.
        let session_key = STANDARD.encode(&Sha256::digest(format!("session:{code}"))[..16]);
        json!({ "session_key": session_key, "openid": self.open_id(name) })
    }
}

#[derive(Deserialize)]
struct SessionQuery {
    appid: Option<String>,
    secret: Option<String>,
    js_code: Option<String>,
    grant_type: Option<String>,
}

async fn code_to_session(State(wechat): State<WeChat>, Query(query): Query<SessionQuery>) -> Response {
    // WeChat sends its JSON as text, and says 200 whatever happened.
    ([(header::CONTENT_TYPE, "text/plain")], wechat.answer(&query).to_string()).into_response()
}

fn error(code: i64, message: &str) -> Value {
    json!({ "errcode": code, "errmsg": message })
}

/// NAME of `demo-NAME` or `demo-NAME-ANYTHING`.
fn person(code: &str) -> Option<&str> {
    let name = code.strip_prefix("demo-")?.split('-').next()?;
    (!name.is_empty()).then_some(name)
}
