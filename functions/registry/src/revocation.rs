//! Revocation over HTTP: announced and decided by an administrator, objected to by the holder, seen by both.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    auth::principal::Principal,
    http::{
        Administrator, App, Holder, IfMatch, Problem, Received, Write, etag, find_registration,
        registration_number, reply_of,
    },
    store::Reply,
    view::RevocationView,
};
use domain::{
    actor::Actor,
    application::{Change, Reason},
    credit::CreditRefusal,
    date::CalendarDate,
    dossier::Dossier,
    error::Refusal,
    registration::Registration,
    revocation::{self, RevocationDecision, RevocationRefusal},
};
use serde::Deserialize;

/// 查看撤销程序
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/registrations/{number}/revocation", tag = "registry",
    params(("number" = domain::registration::RegistrationNumber, Path)), responses((status = 200, body = RevocationView))))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Principal,
    received: Received,
    Path(number): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let (_, registration) = find_registration(&app, &caller, &number, &received).await?;
    let view = RevocationView::of(&registration, &app.rules, received.at.day());
    let view = view.ok_or_else(|| Refusal::from(RevocationRefusal::Unknown))?;
    Ok(([(header::ETAG, etag(registration.version))], Json(view)))
}

/// Grounds for a revocation.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct Announcement {
    /// Grounds of the rules, each with the facts; at least one.
    reasons: Vec<Reason>,
}

/// 发起撤销登记
///
/// 向持证人发出拟撤销通知，持证人可在期限内提出异议；期满无异议的，系统自动撤销。须带登记的 If-Match。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/registrations/{number}/revocation", tag = "registry",
    params(("number" = domain::registration::RegistrationNumber, Path), ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    request_body = Announcement, responses((status = 201, body = RevocationView))))]
pub(crate) async fn announce(
    State(app): State<App>,
    administrator: Administrator,
    Path(number): Path<String>,
    write: Write<Announcement>,
) -> Result<Response, Problem> {
    let by = administrator.acting();
    let now = write.received.at;
    let reasons = &write.body.reasons;
    let announced = act(&app, &number, StatusCode::CREATED, &write, |dossier, registration| {
        revocation::announce(dossier, registration, &by, reasons.clone(), &app.rules, now)
    });
    Box::pin(announced).await
}

/// What is said against a revocation.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectionInput {
    /// In the holder's words; 2,000 characters at most.
    text: String,
}

/// 对撤销登记提出异议
///
/// 由持证人提出；以其他方式收到的异议，由本辖区的管理员代为录入。异议处理之前，登记不会被撤销。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/registrations/{number}/revocation/objection", tag = "registry",
    params(("number" = domain::registration::RegistrationNumber, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ObjectionInput, responses((status = 201, body = RevocationView))))]
pub(crate) async fn object(
    State(app): State<App>,
    caller: Principal,
    Path(number): Path<String>,
    write: Write<ObjectionInput>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    let text = &write.body.text;
    if caller.holder_id().is_none() {
        let by = Administrator::of(&caller)?.acting();
        let number = registration_number(&number)?;
        let holder = app.store.registration_holder(&number).await?.ok_or_else(unknown)?;
        let dossier = app.store.dossier(&holder, now).await?;
        let decide = || {
            let registration = dossier.registration(&number).ok_or_else(unknown)?;
            let change = revocation::object_for(&dossier, registration, &by, text, &app.rules, now)?;
            respond(&app, StatusCode::CREATED, now.day(), change)
        };
        return app.settle(&write, decide()).await;
    }
    let holder = Holder::of(&caller)?;
    let number = registration_number(&number)?;
    // Their own word needs no version: it's said against what was announced, whatever else changed meanwhile.
    app.execute(&write, &holder.id, |dossier, _| {
        let registration = dossier.registration(&number).ok_or_else(unknown)?;
        let by = Actor::Holder(holder.id.clone());
        let change = revocation::object(registration, by, text, &app.rules, now)?;
        respond(&app, StatusCode::CREATED, now.day(), change)
    })
    .await
}

/// 处理撤销程序
///
/// 驳回异议（登记随即撤销）、采纳异议（登记继续有效），或终止程序。须带登记的 If-Match。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/registrations/{number}/revocation/decision", tag = "registry",
    params(("number" = domain::registration::RegistrationNumber, Path), ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    request_body = RevocationDecision, responses((status = 200, body = RevocationView))))]
pub(crate) async fn decide(
    State(app): State<App>,
    administrator: Administrator,
    Path(number): Path<String>,
    write: Write<RevocationDecision>,
) -> Result<Response, Problem> {
    let by = administrator.acting();
    let now = write.received.at;
    let decision = &write.body;
    let decided = act(&app, &number, StatusCode::OK, &write, |dossier, registration| {
        revocation::decide(dossier, registration, &by, decision, &app.rules, now)
    });
    Box::pin(decided).await
}

/// Does what an administrator says about the registration `number`, in the version that they looked at.
async fn act<T>(
    app: &App,
    number: &str,
    status: StatusCode,
    write: &Write<T>,
    command: impl Fn(&Dossier, &Registration) -> Result<Change, Refusal>,
) -> Result<Response, Problem> {
    let number = registration_number(number)?;
    let version = IfMatch::required(write.if_match)?;
    let now = write.received.at;
    let holder = app.store.registration_holder(&number).await?.ok_or_else(unknown)?;
    let dossier = app.store.dossier(&holder, now).await?;
    let decide = || {
        let registration = dossier.registration(&number).ok_or_else(unknown)?;
        let change = command(&dossier, registration)?;
        // Asked after the rules: who announces twice is told that it was announced, not that a page is old.
        match version {
            Some(IfMatch(version)) if version != registration.version => Err(Problem::stale()),
            _ => respond(app, status, now.day(), change),
        }
    };
    app.settle(write, decide()).await
}

fn unknown() -> Refusal {
    CreditRefusal::UnknownRegistration.into()
}

/// The change with its reply: the revocation as it stands then.
fn respond(
    app: &App,
    status: StatusCode,
    today: CalendarDate,
    change: Change,
) -> Result<(Change, Reply), Problem> {
    let after = change.registration.as_ref();
    let after = after.ok_or_else(|| Problem::internal("a revocation changes no registration"))?;
    let view = RevocationView::of(after, &app.rules, today);
    let reply = reply_of(status, Some(after.version), &view)?;
    Ok((change, reply))
}
