//! What the holder of a registration was told, and how each message fared: for staff of its area. Addresses are masked, and
//! of a message there is its title alone, so that this is no view of who somebody is.

use axum::{
    Json,
    extract::{Path, State},
};
use common::{
    auth::principal::Principal,
    http::{App, Problem, Query, Received, find_registration, is_staff},
    store::Cursor,
    view::MessageView,
};
use domain::id::HolderId;
use serde::{Deserialize, Serialize};

/// Messages on a page where the caller doesn't say.
const PAGE: i32 = 20;
/// The most messages on a page.
const MOST: i32 = 100;

/// Which page.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct HolderMessagesInput {
    /// Messages on the page, 1 to 100; 20 where it's left out.
    limit: Option<i32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of the messages to a registration's holder.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct HolderMessages {
    /// The holder.
    holder_id: HolderId,
    /// Newest first, about whatever matter of theirs.
    items: Vec<MessageView>,
    /// `cursor` of the next page; none on the last.
    next: Option<Cursor>,
}

/// 查看登记人员收到的通知及其送达情况
///
/// 供登记所在地的工作人员查询；地址已隐去，列出邮件服务商的答复原文。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/registrations/{number}/messages", tag = "registry",
    params(("number" = domain::registration::RegistrationNumber, Path), HolderMessagesInput), responses((status = 200, body = HolderMessages))))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Principal,
    received: Received,
    Path(number): Path<String>,
    Query(page): Query<HolderMessagesInput>,
) -> Result<Json<HolderMessages>, Problem> {
    if !is_staff(&caller) {
        return Err(Problem::forbidden());
    }
    let (_, registration) = find_registration(&app, &caller, &number, &received).await?;
    let limit = page.limit.unwrap_or(PAGE).clamp(1, MOST);
    let cursor = page.cursor.map(Cursor::from_text);
    let told = app.store.messages(&registration.holder, limit, cursor.as_ref()).await?;
    let items = told.items.into_iter().map(MessageView::for_staff).collect();
    Ok(Json(HolderMessages { holder_id: registration.holder, items, next: told.next }))
}
