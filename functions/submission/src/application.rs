//! Applications: list, open, read, edit, submit, withdraw.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    crypto::random_u128,
    http::{App, Holder, IfMatch, NoBody, Problem, Received, Write, etag, reply_of},
    store::Reply,
    view::{ApplicationSummary, ApplicationView},
};
use domain::{
    application::{self, Application, ApplicationKind, Change, Draft},
    date::CalendarDate,
    form::FormInput,
    id::ApplicationId,
    registration::RegistrationNumber,
};
use serde::{Deserialize, Serialize};

/// A holder's applications.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Applications {
    /// The newest first: those of the last seven years, all of them on one page.
    items: Vec<ApplicationSummary>,
}

/// 查看本人的申请
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/applications", tag = "submission",
    responses((status = 200, body = Applications))))]
pub(crate) async fn list(
    State(app): State<App>,
    holder: Holder,
    received: Received,
) -> Result<Json<Applications>, Problem> {
    let dossier = app.store.dossier(&holder.id, received.at).await?;
    Ok(Json(Applications {
        items: dossier.applications.iter().rev().map(ApplicationSummary::from).collect(),
    }))
}

/// What to open.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenInput {
    /// First registration, renewal, change, cancellation, transfer out or transfer in.
    kind: ApplicationKind,
    /// Which registration, where the holder has several.
    #[serde(default)]
    registration_number: Option<RegistrationNumber>,
}

/// 新建申请（草稿）
///
/// 草稿带入本人资料；180 天未提交自动删除。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/applications", tag = "submission",
    request_body = OpenInput, responses((status = 201, body = ApplicationView))))]
pub(crate) async fn open(
    State(app): State<App>,
    holder: Holder,
    write: Write<OpenInput>,
) -> Result<Response, Problem> {
    let now = write.received.at;
    let id = ApplicationId::mint(&holder.id, now.day(), random_u128().map_err(Problem::internal)?);
    let OpenInput { kind, registration_number } = write.body.clone();
    app.execute(&write, &holder.id, |dossier, _| {
        let draft = Draft { id: id.clone(), kind, registration: registration_number.clone() };
        let change = application::open(dossier, draft, &app.rules, now)?;
        let reply = reply(&app, &change, StatusCode::CREATED, now.day())?;
        Ok((change, reply))
    })
    .await
}

/// 查看申请
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/applications/{id}", tag = "submission",
    params(("id" = ApplicationId, Path)), responses((status = 200, body = ApplicationView))))]
pub(crate) async fn read(
    State(app): State<App>,
    holder: Holder,
    Path(id): Path<String>,
    received: Received,
) -> Result<impl IntoResponse, Problem> {
    let id = holder.own(&id)?;
    let dossier = app.store.dossier(&holder.id, received.at).await?;
    let application = App::find(&dossier, &id, None)?;
    let view = ApplicationView::for_holder(application, &app.rules, received.at.day());
    Ok(([(header::ETAG, etag(view.version))], Json(view)))
}

/// 修改申请
///
/// 只改所列字段（JSON merge patch），须带 If-Match。审核期间修改立即生效，改动的部分会重新审核。
#[cfg_attr(feature = "openapi", utoipa::path(patch, path = "/v1/applications/{id}", tag = "submission",
    params(("id" = ApplicationId, Path), ("If-Match" = String, Header)),
    request_body = FormInput, responses((status = 200, body = ApplicationView))))]
pub(crate) async fn save(
    State(app): State<App>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<FormInput>,
) -> Result<Response, Problem> {
    let id = holder.own(&id)?;
    let now = write.received.at;
    let version = IfMatch::required(write.if_match)?;
    app.execute(&write, &holder.id, |dossier, _| {
        let application = App::find(dossier, &id, version)?;
        let rules = app.rules.get(&application.rules);
        let entered = application::entered(application, write.body.clone(), rules)?;
        let identity = app.identity_key(&entered.0);
        let change = application::save(dossier, application, entered, identity, &app.rules, now)?;
        let reply = reply(&app, &change, StatusCode::OK, now.day())?;
        Ok((change, reply))
    })
    .await
}

/// 提交申请
///
/// 以服务器收到请求的时间为准。返回受理回执；同一 Idempotency-Key 重试得到同一回执。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/applications/{id}/submission", tag = "submission",
    params(("id" = ApplicationId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApplicationView))))]
pub(crate) async fn submit(
    State(app): State<App>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let id = holder.own(&id)?;
    let now = write.received.at;
    app.execute(&write, &holder.id, |dossier, _| {
        let application = App::find(dossier, &id, write.if_match)?;
        let identity = app.identity_key(&application.form);
        let change = application::submit(dossier, application, identity, &app.rules, now)?;
        let reply = reply(&app, &change, StatusCode::OK, now.day())?;
        Ok((change, reply))
    })
    .await
}

/// 撤回申请
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/applications/{id}/withdrawal", tag = "submission",
    params(("id" = ApplicationId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ApplicationView))))]
pub(crate) async fn withdraw(
    State(app): State<App>,
    holder: Holder,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let id = holder.own(&id)?;
    let now = write.received.at;
    app.execute(&write, &holder.id, |dossier, _| {
        let application = App::find(dossier, &id, write.if_match)?;
        let change = application::withdraw(dossier, application, &app.rules, now)?;
        let reply = reply(&app, &change, StatusCode::OK, now.day())?;
        Ok((change, reply))
    })
    .await
}

fn reply(app: &App, change: &Change, status: StatusCode, today: CalendarDate) -> Result<Reply, Problem> {
    let changed: Option<&Application> = change.application.as_ref();
    let application = changed.ok_or_else(|| Problem::internal("a change of an application has none"))?;
    let view = ApplicationView::for_holder(application, &app.rules, today);
    reply_of(status, Some(view.version), &view)
}
