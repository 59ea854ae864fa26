//! A registration's journal, for administrators: every change and every look at identity data, who made it, from where,
//! and the chain that shows that nothing was changed since.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    auth::principal::Principal,
    http::{App, Csv, Problem, Query, Received, find_registration},
    store::{ChainedEntry, Cursor, JournalFilter},
};
use domain::{
    actor::{Actor, Role},
    application::{JournalAction, Reason, Stage},
    date::{CalendarDate, Instant},
    form::{Field, Part},
    id::ApplicationId,
    registration::RegistrationNumber,
    rules::Citation,
};
use serde::{Deserialize, Serialize};

/// Entries on a page where the caller doesn't say.
const PAGE: usize = 50;
/// The most entries on a page.
const MOST: usize = 200;
/// The most entries of one export.
const EXPORT: usize = 10_000;

/// How the journal is wanted.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// A page of it.
    #[default]
    Json,
    /// All of it that the filter takes, as a table.
    Csv,
}

/// Which entries, and how.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct RegistrationJournalInput {
    /// Entries of one actor: a holder's or a member of staff's id, or `system`.
    actor: Option<String>,
    /// Entries from this day on.
    from: Option<CalendarDate>,
    /// Entries up to this day.
    to: Option<CalendarDate>,
    /// Entries on the page, 1 to 200; 50 where it's left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// `json`, a page; or `csv`, all of it, at most 10,000 entries.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(inline))]
    format: Format,
}

/// One entry.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct RegistrationJournalLine {
    /// Its place, from 1: the version of the registration that it gave.
    version: u64,
    /// When.
    at: Instant,
    /// Who.
    actor: Actor,
    /// From which network address; empty for the system's own jobs.
    from: String,
    /// What.
    action: JournalAction,
    /// What, in Chinese.
    action_label: &'static str,
    /// At which stage of review.
    stage: Option<Stage>,
    /// The fields that changed.
    fields: Vec<Field>,
    /// The parts to be looked at again.
    parts: Vec<Part>,
    /// Why.
    reasons: Vec<Reason>,
    /// By which rule.
    rule: Option<Citation>,
    /// The application that changed it, or that was looked at.
    application_id: Option<ApplicationId>,
    /// The hash (SHA-256, hex) of the entry before; zeros in the first.
    before: String,
    /// This entry's hash.
    hash: String,
}

/// A page of a registration's journal.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct RegistrationJournal {
    /// Oldest first. A page may be short, or empty, and yet not be the last.
    items: Vec<RegistrationJournalLine>,
    /// `cursor` of the next page; none on the last.
    next: Option<Cursor>,
}

/// 查看或导出登记的日志
///
/// 每条记录带有上一条的哈希值，改动、缺失或调换都可查出。`format=csv` 导出全部。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/registrations/{number}/journal", tag = "registry",
    params(("number" = RegistrationNumber, Path), RegistrationJournalInput),
    responses((status = 200, content((RegistrationJournal = "application/json"), (String = "text/csv"))))))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Principal,
    received: Received,
    Path(number): Path<String>,
    Query(input): Query<RegistrationJournalInput>,
) -> Result<Response, Problem> {
    if !caller.has(Role::Administrator) {
        return Err(Problem::forbidden());
    }
    let RegistrationJournalInput { actor, from, to, limit, cursor, format } = input;
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Problem::invalid("to", "range_reversed", "截止日期早于起始日期，请核对"));
    }
    let (_, registration) = find_registration(&app, &caller, &number, &received).await?;
    let number = registration.number;
    let filter = JournalFilter { actor, from, to };
    match format {
        Format::Json => {
            let limit = limit.unwrap_or(PAGE).clamp(1, MOST);
            let cursor = cursor.map(Cursor::from_text);
            let page = app.store.registration_journal(&number, &filter, limit, cursor.as_ref()).await?;
            let items = page.items.into_iter().map(RegistrationJournalLine::from).collect();
            Ok(Json(RegistrationJournal { items, next: page.next }).into_response())
        }
        Format::Csv => export(&app, &number, &filter).await,
    }
}

async fn export(app: &App, number: &RegistrationNumber, filter: &JournalFilter) -> Result<Response, Problem> {
    let mut entries = Vec::new();
    let mut cursor = None;
    loop {
        let page = app.store.registration_journal(number, filter, EXPORT, cursor.as_ref()).await?;
        entries.extend(page.items);
        if entries.len() > EXPORT {
            let detail = format!("日志超过 {EXPORT} 条，请用 from、to 分段导出");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "journal_too_long", detail));
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let mut table = Csv::new(&[
        "序号",
        "时间",
        "操作人",
        "网络地址",
        "操作",
        "环节",
        "变更内容",
        "原因",
        "依据",
        "申请编号",
        "上一条哈希",
        "本条哈希",
    ]);
    for entry in entries {
        table.row(&cells(&entry));
    }
    Ok(table.reply(&format!("journal-{number}.csv")))
}

fn cells(ChainedEntry { version, entry, before, hash }: &ChainedEntry) -> [String; 12] {
    let actor = match &entry.actor {
        Actor::Holder(id) => format!("{} {id}", Role::Holder.label()),
        Actor::Staff(id) => format!("工作人员 {id}"),
        Actor::Client(id) => format!("服务端 {id}"),
        Actor::System => "系统".to_owned(),
    };
    let joined = |labels: Vec<&str>| labels.join("、");
    let reasons: Vec<_> =
        entry.reasons.iter().map(|reason| format!("{} {}", reason.ground, reason.note)).collect();
    let text = |value: Option<String>| value.unwrap_or_default();
    [
        version.to_string(),
        entry.at.in_chinese(),
        actor,
        entry.from.clone(),
        entry.action.label().to_owned(),
        entry.stage.map_or("", Stage::label).to_owned(),
        joined(entry.fields.iter().map(|field| field.label()).collect()),
        reasons.join("；"),
        text(entry.rule.as_ref().map(|rule| format!("{} {}", rule.rule, rule.source))),
        text(entry.application.as_ref().map(ToString::to_string)),
        before.clone(),
        hash.clone(),
    ]
}

impl From<ChainedEntry> for RegistrationJournalLine {
    fn from(ChainedEntry { version, entry, before, hash }: ChainedEntry) -> Self {
        Self {
            version,
            at: entry.at,
            actor: entry.actor,
            from: entry.from,
            action: entry.action,
            action_label: entry.action.label(),
            stage: entry.stage,
            fields: entry.fields.into_iter().collect(),
            parts: entry.parts.into_iter().collect(),
            reasons: entry.reasons,
            rule: entry.rule,
            application_id: entry.application,
            before,
            hash,
        }
    }
}
