//! One-click unsubscribe (RFC 8058): whoever has the link from a reminder takes its reader off reminders, without signing in.
//! Only the POST does anything. Programs that look at links before their reader does get a page that asks.

use axum::body::Bytes;
use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    http::{App, Problem, Query, Received},
    notify::UnsubscribeTokens,
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    id::HolderId,
};
use serde::Deserialize;

/// What the body of a one-click request says, in either of the forms that RFC 8058 allows.
const ONE_CLICK: &str = "One-Click";
/// The page is words and a button: nothing is loaded, framed or run.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Whose reminders.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct UnsubscribeInput {
    /// 退订链接中的凭证
    t: String,
}

fn reader(app: &App, input: &UnsubscribeInput) -> Result<HolderId, Problem> {
    UnsubscribeTokens::of(app.store.cipher()).holder(&input.t).ok_or_else(|| {
        let detail = "退订链接不完整或无效，请从邮件中重新打开，或登录后在个人资料中设置";
        Problem::new(StatusCode::NOT_FOUND, "unsubscribe_link_invalid", detail)
    })
}

fn page(title: &str, text: &str, form: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title></head><body style=\"max-width:32em;margin:3em auto;padding:0 1em;font:16px/1.7 sans-serif\">\
         <h1 style=\"font-size:1.3em\">{title}</h1><p>{text}</p>{form}</body></html>\n"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    (headers, html).into_response()
}

/// 退订邮件提醒：确认页
///
/// 只显示说明和确认按钮，不作任何改动。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/mail/unsubscribe", tag = "submission",
    params(UnsubscribeInput), responses((status = 200, body = String, content_type = "text/html"))))]
pub(crate) async fn ask(
    State(app): State<App>,
    Query(input): Query<UnsubscribeInput>,
) -> Result<Response, Problem> {
    reader(&app, &input)?;
    // Posted to the address it's at, which has the token.
    let form = "<form method=\"post\"><input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\">\
                <button style=\"font-size:1em;padding:.5em 1.5em\">退订邮件提醒</button></form>";
    let text = "退订后不再收到登记、再登记和修改期限的邮件提醒。受理回执、审核决定等通知仍会发送；登录后可随时恢复提醒。";
    Ok(page("退订邮件提醒", text, form))
}

/// 退订邮件提醒（一键退订，RFC 8058）
///
/// 无需登录；内容为 `List-Unsubscribe=One-Click`，重复提交结果相同。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/mail/unsubscribe", tag = "submission",
    params(UnsubscribeInput),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = String, content_type = "text/html"))))]
pub(crate) async fn act(
    State(app): State<App>,
    Query(input): Query<UnsubscribeInput>,
    received: Received,
    body: Bytes,
) -> Result<Response, Problem> {
    let holder = reader(&app, &input)?;
    if !String::from_utf8_lossy(&body).contains(ONE_CLICK) {
        let detail = "请求内容应为 List-Unsubscribe=One-Click";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not_one_click", detail));
    }
    // The holder's wish, by the link that only they were sent.
    let mut entry =
        JournalEntry::new(Actor::Holder(holder.clone()), JournalAction::RemindersSet, received.at);
    received.from.clone_into(&mut entry.from);
    let standing = app.store.mail_standing(&holder).await?;
    app.store.unsubscribe(standing, &entry).await?;
    let text = "今后不再向您发送邮件提醒。受理回执、审核决定等通知仍会发送；登录后可随时恢复提醒。";
    Ok(page("已退订邮件提醒", text, ""))
}
