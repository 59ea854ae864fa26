//! What is on a standing list.

use super::{ATTEMPTS, entry, kept_meeting, lost, open, refused};
use crate::verify::{VerifiedItem, VerifiedList, hold_up, items};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use common::{
    http::{App, Body, Problem, Query, Received, Service, registration_number},
    store::{Cursor, WatchWrite},
};
use domain::{
    application::JournalAction,
    date::Instant,
    registration::RegistrationNumber,
    watch::{MOST_AT_ONCE, WatchRefusal, Watched, Watcher},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Registrations on a page where the caller doesn't say.
const PAGE: usize = 50;
/// The most on a page: what one call can look up.
const MOST: usize = 100;

/// Which page.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct WatchedInput {
    /// Registrations on the page, 1 to 100; 50 where it's left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of a standing list.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct WatchedPage {
    /// By number, each as it stands now.
    items: Vec<VerifiedItem>,
    /// `cursor` of the next page; none on the last.
    next: Option<Cursor>,
    /// When the register was looked at.
    checked_at: Instant,
}

/// Registrations to be watched.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchedNumbers {
    /// 登记号，1 至 50 个
    numbers: Vec<String>,
}

/// 查看名单中的登记
///
/// 按登记号排列，分页返回每个登记的现状。刚加入的可能稍后才列出。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/watch/numbers", tag = "registry",
    params(WatchedInput), responses((status = 200, body = WatchedPage))))]
pub(crate) async fn list(
    State(app): State<App>,
    service: Service,
    received: Received,
    Query(input): Query<WatchedInput>,
) -> Result<Json<WatchedPage>, Problem> {
    let limit = input.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::invalid("limit", "out_of_range", format!("limit 应为 1 至 {MOST}")));
    }
    let watcher = open(&app, &service.client).await?;
    let cursor = input.cursor.map(Cursor::from_text);
    let limit = i32::try_from(limit).map_err(Problem::internal)?;
    let page = app.store.watched(&watcher.watch, limit, cursor.as_ref()).await?;
    let looked = app.store.verify(&page.items, None, None).await?;
    let sent = page.items.into_iter().map(|number| (number.to_string(), Ok(number)));
    let items = items(&app, sent, &looked, received.at);
    Ok(Json(WatchedPage { items, next: page.next, checked_at: received.at }))
}

/// 加入登记号
///
/// 每次 1 至 50 个，逐个按顺序返回现状（`result`）；不是登记号的返回 `error`，查无此号的 `standing` 为 `unknown`，二者均不加入。
/// 已在名单中的不重复加入。查无此号的计入该网络一小时内的查询限制。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/watch/numbers", tag = "registry",
    request_body = WatchedNumbers, responses((status = 200, body = VerifiedList))))]
pub(crate) async fn add(
    State(app): State<App>,
    service: Service,
    received: Received,
    Body(input): Body<WatchedNumbers>,
) -> Result<Json<VerifiedList>, Problem> {
    let count = input.numbers.len();
    if count == 0 || count > MOST_AT_ONCE {
        let detail = format!("每次加入 1 至 {MOST_AT_ONCE} 个登记号，收到 {count} 个，请分批加入");
        return Err(Problem::invalid("numbers", "wrong_count", detail));
    }
    let mut watcher = open(&app, &service.client).await?;
    let at = received.at;
    let parsed: Vec<_> = input.numbers.iter().map(|number| number.parse::<RegistrationNumber>()).collect();
    let asked: BTreeSet<RegistrationNumber> = parsed.iter().flatten().cloned().collect();
    let guesses = app.store.guesses(&received.network(), at);
    let looked = app.store.verify(&asked, Some(&guesses), None).await?;
    hold_up(&looked, &guesses)?;
    let misses = asked.iter().filter(|number| !looked.entries.contains_key(*number)).count();
    if misses > 0 {
        app.store.count_guesses(&guesses, misses).await?;
    }
    for attempt in 1.. {
        if watch(&app, &watcher, looked.entries.keys(), &received).await? {
            break;
        }
        if attempt >= ATTEMPTS {
            return Err(kept_meeting());
        }
        watcher = open(&app, &service.client).await?;
    }
    let items = items(&app, input.numbers.into_iter().zip(parsed), &looked, at);
    Ok(Json(VerifiedList { items, checked_at: at }))
}

/// Puts those of `numbers` on the list that aren't on it yet. False where the list changed meanwhile.
async fn watch<'a>(
    app: &App,
    watcher: &Watcher,
    numbers: impl Iterator<Item = &'a RegistrationNumber> + Clone,
    received: &Received,
) -> Result<bool, Problem> {
    let known = app.store.watched_among(&watcher.watch, numbers.clone()).await?;
    let new = numbers.filter(|number| !known.contains(number)).map(|number| Watched {
        number: number.clone(),
        client: watcher.client.clone(),
        watch: watcher.watch.clone(),
        since: received.at,
    });
    let new: Vec<_> = new.collect();
    if new.is_empty() {
        return Ok(true);
    }
    let after = watcher.with(new.len()).map_err(refused)?;
    let with = WatchWrite { add: &new, ..WatchWrite::default() };
    let entry = entry(&watcher.client, JournalAction::NumbersWatched, received);
    match app.store.write_watch(&after, with, &entry).await {
        Ok(()) => Ok(true),
        Err(error) => lost(error).map(|()| false),
    }
}

/// 移除登记号
#[cfg_attr(feature = "openapi", utoipa::path(delete, path = "/v1/watch/numbers/{number}", tag = "registry",
    params(("number" = RegistrationNumber, Path)), responses((status = 204))))]
pub(crate) async fn remove(
    State(app): State<App>,
    service: Service,
    received: Received,
    Path(number): Path<String>,
) -> Result<StatusCode, Problem> {
    let number = registration_number(&number)?;
    for _ in 0..ATTEMPTS {
        let watcher = open(&app, &service.client).await?;
        let on_it = app.store.watched_among(&watcher.watch, [&number]).await?;
        if on_it.is_empty() {
            return Err(refused(WatchRefusal::NotWatched));
        }
        let with = WatchWrite { remove: Some(&number), ..WatchWrite::default() };
        let entry = entry(&watcher.client, JournalAction::NumberUnwatched, &received);
        match app.store.write_watch(&watcher.without_one(), with, &entry).await {
            Ok(()) => return Ok(StatusCode::NO_CONTENT),
            Err(error) => lost(error)?,
        }
    }
    Err(kept_meeting())
}
