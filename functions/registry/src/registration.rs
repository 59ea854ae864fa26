//! One registration, as its holder and staff see it.

// As the other handlers of the register name them.
use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::IntoResponse,
};
use common::{
    auth::principal::Principal,
    http::{App, Problem, Received, etag, find_registration},
    view::RegistrationView,
};

/// 查看登记
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/registrations/{number}", tag = "registry",
    params(("number" = domain::registration::RegistrationNumber, Path)),
    responses((status = 200, body = RegistrationView))))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Principal,
    received: Received,
    Path(number): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let (dossier, registration) = find_registration(&app, &caller, &number, &received).await?;
    let view = RegistrationView::of(&registration, &dossier, &app.rules, received.at.day());
    Ok(([(header::ETAG, etag(registration.version))], Json(view)))
}
