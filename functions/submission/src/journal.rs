//! The journal of an application, as its holder sees it: staff are named by their role, never by account or address.

use axum::{
    Json,
    extract::{Path, State},
};
use common::{
    http::{App, Holder, Problem, Query},
    store::{Cursor, JournalLine},
};
use domain::{
    actor::Actor,
    application::{JournalAction, Stage},
    date::Instant,
    form::{Field, Part},
    rules::Citation,
};
use serde::{Deserialize, Serialize};

/// Lines on a page where the caller doesn't say.
const PAGE: i32 = 50;
/// The most lines on a page.
const MOST: i32 = 200;

/// Which page.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct PageInput {
    /// Lines on the page, 1 to 200; 50 where it's left out.
    limit: Option<i32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// One line.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Line {
    /// The application's version after it.
    version: u64,
    /// When.
    at: Instant,
    /// `本人`, `审核人员` or `系统`.
    who: &'static str,
    /// What.
    action: JournalAction,
    /// At which stage.
    stage: Option<Stage>,
    /// The fields that changed.
    fields: Vec<Field>,
    /// The parts to be looked at again.
    parts: Vec<Part>,
    /// By which rule.
    rule: Option<Citation>,
}

/// A page of the journal.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Lines {
    /// Oldest first.
    items: Vec<Line>,
    /// `cursor` of the next page; none on the last.
    next: Option<Cursor>,
}

/// 查看申请的办理记录
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/applications/{id}/journal", tag = "submission",
    params(("id" = domain::id::ApplicationId, Path), PageInput), responses((status = 200, body = Lines))))]
pub(crate) async fn list(
    State(app): State<App>,
    holder: Holder,
    Path(id): Path<String>,
    Query(page): Query<PageInput>,
) -> Result<Json<Lines>, Problem> {
    let id = holder.own(&id)?;
    let limit = page.limit.unwrap_or(PAGE).clamp(1, MOST);
    let cursor = page.cursor.map(Cursor::from_text);
    let lines = app.store.journal(id.as_str(), limit, cursor.as_ref()).await?;
    Ok(Json(Lines { items: lines.items.into_iter().map(Line::from).collect(), next: lines.next }))
}

impl From<JournalLine> for Line {
    fn from(JournalLine { version, entry }: JournalLine) -> Self {
        let who = match entry.actor {
            Actor::Holder(_) => "本人",
            Actor::Staff(_) => "审核人员",
            Actor::System | Actor::Client(_) => "系统",
        };
        Self {
            version,
            at: entry.at,
            who,
            action: entry.action,
            stage: entry.stage,
            fields: entry.fields.into_iter().collect(),
            parts: entry.parts.into_iter().collect(),
            rule: entry.rule,
        }
    }
}
