//! What a holder was told, and how each message fared; and whether they want reminders by mail.

use axum::{Json, extract::State, response::IntoResponse};
use common::{
    http::{App, Body, Holder, Problem, Query, Received},
    store::Cursor,
    view::{MailView, MessageView, QuietHoursView},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    delivery::{QuietHours, TimeOfDay, Wishes},
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

/// What a holder wants: all of it, each time.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Preferences {
    /// 是否接收邮件提醒和公告邮件；回执、决定等法定通知不受影响
    mail_reminders: bool,
    /// 免打扰时段（北京时间）；省略或为空时不设
    quiet_hours: Option<QuietHoursView>,
    /// 是否将可以等待的通知合并为每日一封（上午八点）；省略时为否
    #[serde(default)]
    digest: bool,
}

impl Preferences {
    fn wishes(&self) -> Result<Wishes, Problem> {
        let time = |field: &str, text: &str| {
            text.parse::<TimeOfDay>()
                .map_err(|error| Problem::invalid(field, "time_malformed", error.to_string()))
        };
        let quiet = match &self.quiet_hours {
            None => None,
            Some(QuietHoursView { from, until }) => {
                let hours =
                    QuietHours::new(time("quiet_hours.from", from)?, time("quiet_hours.until", until)?);
                let detail = "免打扰时段的开始和结束时间不能相同";
                Some(
                    hours
                        .ok_or_else(|| Problem::invalid("quiet_hours.until", "quiet_hours_empty", detail))?,
                )
            }
        };
        Ok(Wishes { reminders: self.mail_reminders, quiet, digest: self.digest })
    }
}

/// 设置接收通知的方式
///
/// 是否接收提醒和公告邮件、免打扰时段、是否每日合并为一封。只影响可以等待的通知；受理回执、审核决定、撤销告知和七日内到期的提醒照常
/// 立即发送。每次提交全部设置，重复提交结果相同。
#[cfg_attr(feature = "openapi", utoipa::path(put, path = "/v1/me/preferences", tag = "submission",
    request_body = Preferences, responses((status = 200, body = MailView))))]
pub(crate) async fn prefer(
    State(app): State<App>,
    holder: Holder,
    received: Received,
    Body(wanted): Body<Preferences>,
) -> Result<impl IntoResponse, Problem> {
    let wishes = wanted.wishes()?;
    let mut entry =
        JournalEntry::new(Actor::Holder(holder.id.clone()), JournalAction::RemindersSet, received.at);
    received.from.clone_into(&mut entry.from);
    let mut dossier = app.store.dossier(&holder.id, received.at).await?;
    let standing = dossier.mail.clone();
    dossier.mail = app.store.set_wishes(standing, wishes, &entry).await?;
    Ok(Json(MailView::of(&dossier)))
}
