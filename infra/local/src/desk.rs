//! The desk of whoever tries the system out on this machine: what there is and where, the demo staff's one-time codes,
//! and the things a developer can't do through the API: put the clock, run the scheduled job, accept messages in WeChat.
//!
//! None of this exists in a deployed stack; it's why it stands under `/local` and not under `/v1`.

use crate::{
    clock::{self, ClockError},
    keys::Keys,
    staff::{STAFF, code},
    system::{SERVICE_CLIENT, System, WECHAT_APP},
    wechat::WeChat,
};
use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::{get, post, put},
};
use common::clock::Clock;
use domain::date::Instant;
use reminder::{Job, Reminder, Report};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

/// How long a job run from the desk may take.
const BUDGET: Duration = Duration::from_mins(10);

#[derive(Clone)]
struct Desk {
    keys: Keys,
    clock: Clock,
    folder: PathBuf,
    reminder: Arc<Reminder>,
    wechat: WeChat,
}

/// The desk's routes: `GET /`, `GET /local/accounts/{username}/code`, `GET·PUT /local/clock`,
/// `POST /local/jobs/{job}`, `POST /local/wechat/prompt`. The clock's place is kept in `folder`.
///
/// What goes wrong is answered as `{"error": …}`, a line that says what to do.
pub fn router(system: &System, folder: PathBuf) -> Router {
    let desk = Desk {
        keys: system.keys.clone(),
        clock: system.clock.clone(),
        folder,
        reminder: system.reminder.clone(),
        wechat: system.wechat.clone(),
    };
    Router::new()
        .route("/", get(home))
        .route("/local/accounts/{username}/code", get(one_time_code))
        .route("/local/clock", get(read_clock))
        .route("/local/clock", put(put_clock))
        .route("/local/jobs/{job}", post(run_job))
        .route("/local/wechat/prompt", post(prompt))
        .with_state(desk)
}

struct Account {
    username: &'static str,
    name: &'static str,
    role: &'static str,
    area: &'static str,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    now: String,
    accounts: Vec<Account>,
    password: String,
    wechat_app: &'static str,
    client: &'static str,
    client_secret: String,
}

async fn home(State(desk): State<Desk>) -> Response {
    let accounts = STAFF.iter().map(|staff| Account {
        username: staff.username,
        name: staff.name,
        role: staff.role.label(),
        area: staff.area,
    });
    let page = Home {
        now: desk.clock.now().in_chinese(),
        accounts: accounts.collect(),
        password: desk.keys.staff_password.clone(),
        wechat_app: WECHAT_APP,
        client: SERVICE_CLIENT,
        client_secret: desk.keys.client_secret.clone(),
    };
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => failed(&error),
    }
}

fn refused(status: StatusCode, error: &dyn std::fmt::Display) -> Response {
    (status, Json(json!({ "error": error.to_string() }))).into_response()
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    refused(StatusCode::INTERNAL_SERVER_ERROR, error)
}

/// The code alone, as text, so that `$(curl …)` can use it.
async fn one_time_code(State(desk): State<Desk>, Path(username): Path<String>) -> Response {
    match code(&desk.keys, &username, desk.clock.now()) {
        Some(Ok(code)) => code.into_response(),
        Some(Err(error)) => failed(&error),
        None => {
            let names = STAFF.map(|staff| staff.username);
            (
                StatusCode::NOT_FOUND,
                Json(json!({ "error": "没有这个账号 · unknown account", "accounts": names })),
            )
                .into_response()
        }
    }
}

/// What the clock says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Time {
    now: Instant,
}

async fn read_clock(State(desk): State<Desk>) -> Json<Time> {
    Json(Time { now: desk.clock.now() })
}

async fn put_clock(State(desk): State<Desk>, time: Result<Json<Time>, JsonRejection>) -> Response {
    let instant = match time {
        Ok(Json(time)) => time.now,
        Err(error) => return refused(error.status(), &error),
    };
    match clock::move_ahead(&desk.clock, instant, &desk.folder) {
        Ok(()) => Json(Time { now: desk.clock.now() }).into_response(),
        Err(error @ (ClockError::Back { .. } | ClockError::Fixed)) => refused(StatusCode::CONFLICT, &error),
        Err(error) => failed(&error),
    }
}

async fn run_job(State(desk): State<Desk>, Path(job): Path<String>) -> Response {
    let job = match job.as_str() {
        "daily" => Job::Daily,
        "plan" => Job::Plan,
        "sweep" => Job::Sweep,
        _ => {
            let error = json!({ "error": "没有这个任务 · unknown job", "jobs": ["daily", "plan", "sweep"] });
            return (StatusCode::NOT_FOUND, Json(error)).into_response();
        }
    };
    match desk.reminder.run(job, BUDGET, |_: &Report| {}).await {
        Ok(report) => Json(report).into_response(),
        Err(error) => failed(&error),
    }
}

/// Who is asked, and for which templates.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prompt {
    /// NAME of the code `demo-NAME` that they signed in by.
    name: String,
    template_ids: Vec<String>,
}

/// What `wx.requestSubscribeMessage` does on a phone whose user accepts everything: WeChat counts it, and the answer is
/// what the mini-program tells `POST /v1/me/subscriptions`.
async fn prompt(State(desk): State<Desk>, prompt: Result<Json<Prompt>, JsonRejection>) -> Response {
    let Prompt { name, template_ids } = match prompt {
        Ok(Json(prompt)) => prompt,
        Err(error) => return refused(error.status(), &error),
    };
    for template in &template_ids {
        desk.wechat.accept(&name, template);
    }
    let answers: BTreeMap<_, _> = template_ids.iter().map(|template| (template, "accept")).collect();
    Json(json!({ "answers": answers })).into_response()
}
