//! What a holder was told, and how each message fared; and whether they want reminders by mail.

use axum::{Json, extract::State, response::IntoResponse};
use common::{
    http::{App, Body, Holder, Problem, Query, Received},
    store::Cursor,
    view::{MailView, MessageView},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
};
use serde::{Deserialize, Serialize};

/// Messages on a page where the caller doesn't say.
const PAGE: i32 = 20;
/// The most messages on a page.
const MOST: i32 = 100;

/// Which page.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct MessagesInput {
    /// Messages on the page, 1 to 100; 20 where it's left out.
    limit: Option<i32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of messages.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Messages {
    /// Newest first.
    items: Vec<MessageView>,
    /// `cursor` of the next page; none on the last.
    next: Option<Cursor>,
}

/// 查看本人收到的通知及其送达情况
///
/// 每条通知列出渠道、历次发送的时间和结果、邮件服务商的编号，以及退信、投诉等反馈；发出或终止后保留 400 天。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/me/messages", tag = "submission",
    params(MessagesInput), responses((status = 200, body = Messages))))]
pub(crate) async fn list(
    State(app): State<App>,
    holder: Holder,
    Query(page): Query<MessagesInput>,
) -> Result<Json<Messages>, Problem> {
    let limit = page.limit.unwrap_or(PAGE).clamp(1, MOST);
    let cursor = page.cursor.map(Cursor::from_text);
    let told = app.store.messages(&holder.id, limit, cursor.as_ref()).await?;
    Ok(Json(Messages {
        items: told.items.into_iter().map(MessageView::for_holder).collect(),
        next: told.next,
    }))
}

/// What a holder wants.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Preferences {
    /// 是否接收邮件提醒和公告邮件；回执、决定等法定通知不受影响
    mail_reminders: bool,
}

/// 设置是否接收邮件提醒
///
/// 只影响提醒和公告邮件；受理回执、审核决定、撤销告知等照常发送。重复提交结果相同。
#[cfg_attr(feature = "openapi", utoipa::path(put, path = "/v1/me/preferences", tag = "submission",
    request_body = Preferences, responses((status = 200, body = MailView))))]
pub(crate) async fn prefer(
    State(app): State<App>,
    holder: Holder,
    received: Received,
    Body(wanted): Body<Preferences>,
) -> Result<impl IntoResponse, Problem> {
    let mut entry =
        JournalEntry::new(Actor::Holder(holder.id.clone()), JournalAction::RemindersSet, received.at);
    received.from.clone_into(&mut entry.from);
    let mut dossier = app.store.dossier(&holder.id, received.at).await?;
    let standing = dossier.mail.clone();
    dossier.mail = app.store.set_reminders(standing, wanted.mail_reminders, &entry).await?;
    Ok(Json(MailView::of(&dossier)))
}
