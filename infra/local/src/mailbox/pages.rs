//! The mailbox as pages: a list and one mail. Plain HTML with its style inside and no script, so that it
//! works offline and on a phone, and so that nothing a mail contains can run.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{FromRef, Path, Query, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use time::format_description::BorrowedFormatItem;
use time::macros::{format_description, offset};
use time::{OffsetDateTime, UtcOffset};

use super::MailboxError;
use super::store::{MailSummary, Store, StoredMail};
use crate::wechat::{WeChat, WeChatMessage};

const PER_PAGE: usize = 20;

/// The pages speak of China's time, whatever the machine's zone is.
const CHINA: UtcOffset = offset!(+8);
const WHEN: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]");

/// Nothing is fetched from anywhere. A frame written by `srcdoc` lives under its page's policy, so this is
/// also what keeps a mail from loading a tracking picture or leading its frame away.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// What the pages show.
#[derive(Clone, FromRef)]
struct Shown {
    store: Arc<Store>,
    wechat: Option<WeChat>,
}

pub(super) fn router(store: Arc<Store>, wechat: Option<WeChat>) -> Router {
    Router::new()
        .route("/mailbox", get(list))
        .route("/mailbox/{id}", get(show))
        .route("/mailbox/{id}/raw", get(raw))
        .with_state(Shown { store, wechat })
}

#[derive(Deserialize)]
struct ListQuery {
    /// 1 is the newest page; anything that isn't a number shows it too.
    page: Option<String>,
}

#[derive(Template)]
#[template(path = "mailbox.html")]
struct ListPage {
    total: usize,
    rows: Vec<Row>,
    page: usize,
    pages: usize,
    messages: Vec<MessageRow>,
}

/// A message of WeChat's.
struct MessageRow {
    who: String,
    title: &'static str,
    template: String,
    when: String,
    /// In the order in which WeChat shows them, which is that of the numbers in their keys.
    values: Vec<(String, String)>,
}

struct Row {
    id: String,
    who: String,
    subject: String,
    when: String,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct MailPage {
    mail: StoredMail,
    subject: String,
    to: String,
    /// Recipients that the `To` field doesn't name.
    also: String,
    date: String,
    received: String,
    /// The HTML part, made to open its links outside of the frame.
    document: Option<String>,
}

async fn list(State(shown): State<Shown>, Query(query): Query<ListQuery>) -> Response {
    let Shown { store, wechat } = shown;
    let total = store.count();
    let pages = total.div_ceil(PER_PAGE).max(1);
    let asked = query.page.and_then(|page| page.parse().ok()).unwrap_or(1);
    let page = std::cmp::Ord::clamp(asked, 1, pages);
    let rows = store.page((page - 1) * PER_PAGE, PER_PAGE).into_iter().map(row).collect();
    let messages = wechat.map(|wechat| wechat.messages()).unwrap_or_default();
    let messages = messages.into_iter().rev().take(PER_PAGE).map(message_row).collect();
    render(&ListPage { total, rows, page, pages, messages })
}

fn message_row(message: WeChatMessage) -> MessageRow {
    let mut values: Vec<_> = message.data.into_iter().collect();
    values.sort_by_key(|(key, _)| {
        key.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse().unwrap_or(u32::MAX)
    });
    MessageRow {
        who: message.to,
        title: message.title,
        template: message.template_id,
        when: message.at.clock_in_chinese(),
        values,
    }
}

async fn show(State(store): State<Arc<Store>>, Path(id): Path<String>) -> Response {
    match store.get(&id) {
        Ok(Some(mail)) => render(&page_of(mail)),
        Ok(None) => not_found(),
        Err(error) => unreadable(&error),
    }
}

async fn raw(State(store): State<Arc<Store>>, Path(id): Path<String>) -> Response {
    match store.get(&id) {
        // As text, never as what the mail says it is.
        Ok(Some(mail)) => {
            (secured(), [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], mail.raw).into_response()
        }
        Ok(None) => not_found(),
        Err(error) => unreadable(&error),
    }
}

fn row(mail: MailSummary) -> Row {
    let who = if mail.recipients.is_empty() { mail.to.join("、") } else { mail.recipients.join("、") };
    let when = local(mail.date.unwrap_or(mail.received_at));
    Row { subject: subject(&mail), id: mail.id, who, when }
}

fn page_of(mail: StoredMail) -> MailPage {
    let summary = &mail.summary;
    let blind: Vec<_> = summary.recipients.iter().filter(|one| !summary.to.contains(one)).cloned().collect();
    MailPage {
        subject: subject(summary),
        to: summary.to.join("、"),
        also: blind.join("、"),
        date: summary.date.map(local).unwrap_or_default(),
        received: local(summary.received_at),
        document: mail.html.as_ref().map(|html| format!("<base target=\"_blank\">{html}")),
        mail,
    }
}

fn subject(mail: &MailSummary) -> String {
    if mail.subject.trim().is_empty() { "（无主题）".to_owned() } else { mail.subject.clone() }
}

fn local(instant: OffsetDateTime) -> String {
    // These fields always format; an empty cell would be the worst case.
    instant.to_offset(CHINA).format(WHEN).unwrap_or_default()
}

fn secured() -> [(HeaderName, &'static str); 3] {
    [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ]
}

fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (secured(), Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a mailbox page did not render");
            (StatusCode::INTERNAL_SERVER_ERROR, "页面无法显示，请看日志 · see the log").into_response()
        }
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "没有这封邮件 · no such mail").into_response()
}

fn unreadable(error: &MailboxError) -> Response {
    tracing::error!(%error, code = error.code(), "a mail could not be read");
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
}
