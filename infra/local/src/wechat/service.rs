//! Subscribe messages: `stable_token` and `message/subscribe/send`, with tokens that end, a ledger that only
//! WeChat sees, and each refusal that the real ones have.
//!
//! Unlike the real one it forgets what was accepted when the program ends: what our ledger still counts is then
//! refused, and goes by mail.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use common::clock::Clock;
use domain::date::Instant;
use domain::subscription::{Template, Topic};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{WeChat, check, error};

/// Seconds that a token lives.
const LIFETIME: i64 = 7_200;
/// Of its last seconds, those in which WeChat gives the next one; the old one lives on for as long.
const HANDOVER: i64 = 300;
/// Seconds between two tokens that are forced; a sooner one is the same.
const FORCED_APART: i64 = 30;
/// How often a day a token may be forced.
const MOST_FORCED: usize = 20;

/// A subscribe message that WeChat took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeChatMessage {
    /// The reader's open id.
    pub to: String,
    /// The template's id.
    pub template_id: String,
    /// What its messages are about.
    pub title: &'static str,
    /// The page it opens; empty where there is none.
    pub page: String,
    /// Values by key.
    pub data: BTreeMap<String, String>,
    /// When it came.
    pub at: Instant,
}

/// What goes wrong with a message; see [`WeChat::fail_sends`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendTrouble {
    /// It's refused with this `errcode`, before anything else is looked at.
    Errcode(i64),
    /// It isn't taken, and the answer is a 502.
    Lost,
    /// It's taken, and the answer is a 502.
    TakenUnsaid,
    /// It's taken, and there never is an answer.
    TakenSilently,
}

/// How often tokens were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// In the ordinary way.
    pub ordinarily: usize,
    /// By force.
    pub forced: usize,
}

#[derive(Debug, Clone)]
struct Token {
    text: String,
    until: Instant,
}

#[derive(Debug, Default)]
struct Book {
    made: u32,
    current: Option<Token>,
    previous: Option<Token>,
    /// True where WeChat hands out a token that it takes for invalid itself.
    confused: bool,
    asked: Asked,
    forced: Vec<Instant>,
    token_delay: Duration,
    token_troubles: VecDeque<i64>,
    troubles: VecDeque<SendTrouble>,
    accepted: HashMap<(String, String), u32>,
    messages: Vec<WeChatMessage>,
}

/// The part of WeChat that sends messages.
#[derive(Debug)]
pub(super) struct Service {
    /// The title and the keys of each template.
    templates: BTreeMap<String, (&'static str, Vec<String>)>,
    clock: Clock,
    book: Mutex<Book>,
}

impl Service {
    pub fn new(templates: Option<&BTreeMap<Topic, Template>>, clock: Clock) -> Self {
        let keys = |template: &Template| template.keys().map(str::to_owned).collect();
        let templates = templates.into_iter().flatten();
        let templates = templates
            .map(|(topic, template)| (template.id.to_string(), (topic.label(), keys(template))))
            .collect();
        Self { templates, clock, book: Mutex::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn new_token(&mut self, now: Instant) -> Token {
        self.made += 1;
        let token = Token { text: format!("token-{:06}", self.made), until: now.plus_seconds(LIFETIME) };
        self.confused = false;
        self.current = Some(token.clone());
        token
    }

    fn token(&mut self, force: bool, now: Instant) -> Token {
        let current = self.current.clone().filter(|token| token.until > now);
        if force {
            let last = self.forced.last().is_none_or(|last| last.plus_seconds(FORCED_APART) <= now);
            if let (false, Some(current)) = (last, &current) {
                return current.clone();
            }
            self.forced.push(now);
            self.previous = None;
            return self.new_token(now);
        }
        match current {
            Some(current) if current.until > now.plus_seconds(HANDOVER) => current,
            Some(current) => {
                let until = now.plus_seconds(HANDOVER);
                self.previous = Some(Token { until, ..current });
                self.new_token(now)
            }
            None => self.new_token(now),
        }
    }

    /// The `errcode` of `text` as a token.
    fn judge(&self, text: &str, now: Instant) -> Option<(i64, &'static str)> {
        let known = [&self.current, &self.previous].into_iter().flatten().find(|token| token.text == text);
        match known {
            Some(token) if token.until <= now => Some((42001, "access_token expired")),
            Some(_) if !self.confused => None,
            _ => Some((40001, "invalid credential, access_token is invalid or not latest")),
        }
    }
}

impl WeChat {
    /// What the reader does who is shown a prompt and accepts one message of `template`: WeChat counts one more for the
    /// person NAME of `demo-NAME`.
    pub fn accept(&self, name: &str, template: &str) {
        let key = (self.open_id(name), template.to_owned());
        *self.0.service.book().accepted.entry(key).or_default() += 1;
    }

    /// What the reader does who turns the messages off: nothing that was accepted counts any more.
    pub fn refuse_all(&self, name: &str) {
        let id = self.open_id(name);
        self.0.service.book().accepted.retain(|(reader, _), _| *reader != id);
    }

    /// Every message that was taken, oldest first.
    pub fn messages(&self) -> Vec<WeChatMessage> {
        self.0.service.book().messages.clone()
    }

    /// How often tokens were asked for.
    pub fn asked(&self) -> Asked {
        self.0.service.book().asked
    }

    /// Makes the next `count` messages fail.
    pub fn fail_sends(&self, count: usize, trouble: SendTrouble) {
        self.0.service.book().troubles.extend(std::iter::repeat_n(trouble, count));
    }

    /// Refuses the next `count` tokens that are asked for, with `errcode`.
    pub fn fail_tokens(&self, count: usize, errcode: i64) {
        self.0.service.book().token_troubles.extend(std::iter::repeat_n(errcode, count));
    }

    /// Makes every token take its time.
    pub fn delay_tokens(&self, delay: Duration) {
        self.0.service.book().token_delay = delay;
    }

    /// Ends the present token, as somebody does who forces one elsewhere: the next that is asked for is another.
    pub fn end_token(&self) {
        let now = self.0.service.clock.now();
        let mut book = self.0.service.book();
        book.previous = None;
        book.new_token(now);
    }

    /// Has WeChat take its present token for invalid and hand it out all the same, until one is forced.
    pub fn confuse_token(&self) {
        self.0.service.book().confused = true;
    }

    fn message(&self, token: &str, body: &str) -> Result<Value, Value> {
        let service = &self.0.service;
        let now = service.clock.now();
        let mut book = service.book();
        if let Some((code, message)) = book.judge(token, now) {
            return Err(error(code, message));
        }
        let message: SendBody = serde_json::from_str(body).map_err(|_| error(47001, "data format error"))?;
        if !message.touser.starts_with("oD") || message.touser.len() != 28 {
            return Err(error(40003, "invalid openid"));
        }
        let template = service.templates.get(&message.template_id);
        let (title, keys) = template.ok_or_else(|| error(40037, "invalid template_id"))?;
        let mut data = BTreeMap::new();
        for key in keys {
            let value = message.data.get(key).map(|value| value.value.clone()).unwrap_or_default();
            if value.is_empty() {
                return Err(error(47003, &format!("argument invalid! data.{key}.value is empty")));
            }
            if !check::takes(key, &value) {
                return Err(error(47003, &format!("argument invalid! data.{key}.value invalid")));
            }
            data.insert(key.clone(), value);
        }
        let accepted = book.accepted.get_mut(&(message.touser.clone(), message.template_id.clone()));
        match accepted {
            Some(left) if *left > 0 => *left -= 1,
            _ => return Err(error(43101, "user refuse to accept the msg")),
        }
        let page = message.page.unwrap_or_default();
        let (to, template_id) = (message.touser, message.template_id);
        book.messages.push(WeChatMessage { to, template_id, title, page, data, at: now });
        Ok(
            json!({ "errcode": 0, "errmsg": "ok", "msgid": 2_900_000_000_000_000_000_u64 + book.messages.len() as u64 }),
        )
    }
}

#[derive(Deserialize)]
struct TokenBody {
    grant_type: Option<String>,
    appid: Option<String>,
    secret: Option<String>,
    #[serde(default)]
    force_refresh: bool,
}

/// `POST /cgi-bin/stable_token`.
pub(super) async fn stable_token(State(wechat): State<WeChat>, body: String) -> Response {
    let delay = wechat.0.service.book().token_delay;
    tokio::time::sleep(delay).await;
    let answer = |wechat: &WeChat| -> Result<Value, Value> {
        let service = &wechat.0.service;
        let now = service.clock.now();
        let mut book = service.book();
        let body: TokenBody = serde_json::from_str(&body).map_err(|_| error(47001, "data format error"))?;
        let count = if body.force_refresh { &mut book.asked.forced } else { &mut book.asked.ordinarily };
        *count += 1;
        if let Some(code) = book.token_troubles.pop_front() {
            return Err(error(code, "system error"));
        }
        if body.grant_type.as_deref() != Some("client_credential") {
            return Err(error(40002, "invalid grant_type"));
        }
        if body.appid.as_deref() != Some(&wechat.0.app_id) {
            return Err(error(40013, "invalid appid"));
        }
        if body.secret.as_deref() != Some(&wechat.0.secret) {
            return Err(error(40125, "invalid appsecret"));
        }
        book.forced.retain(|at| at.day() == now.day());
        if body.force_refresh && book.forced.len() >= MOST_FORCED {
            return Err(error(45009, "reach max api daily quota limit"));
        }
        let token = book.token(body.force_refresh, now);
        let left = token.until.unix_seconds() - now.unix_seconds();
        Ok(json!({ "access_token": token.text, "expires_in": left }))
    };
    let answer = answer(&wechat).unwrap_or_else(|error| error);
    axum::Json(answer).into_response()
}

#[derive(Deserialize)]
pub(super) struct SendQuery {
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct SendBody {
    touser: String,
    template_id: String,
    page: Option<String>,
    data: BTreeMap<String, SendValue>,
}

#[derive(Deserialize)]
struct SendValue {
    value: String,
}

/// `POST /cgi-bin/message/subscribe/send`.
pub(super) async fn send(
    State(wechat): State<WeChat>,
    Query(query): Query<SendQuery>,
    body: String,
) -> Response {
    let token = query.access_token.unwrap_or_default();
    if token.is_empty() {
        return axum::Json(error(41001, "access_token missing")).into_response();
    }
    let trouble = wechat.0.service.book().troubles.pop_front();
    match trouble {
        Some(SendTrouble::Errcode(code)) => {
            return axum::Json(error(code, "as was asked for")).into_response();
        }
        Some(SendTrouble::Lost) => return StatusCode::BAD_GATEWAY.into_response(),
        _ => {}
    }
    let answer = wechat.message(&token, &body).unwrap_or_else(|error| error);
    match trouble {
        Some(SendTrouble::TakenUnsaid) => StatusCode::BAD_GATEWAY.into_response(),
        Some(SendTrouble::TakenSilently) => std::future::pending().await,
        _ => axum::Json(answer).into_response(),
    }
}
