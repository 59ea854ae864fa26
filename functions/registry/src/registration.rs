//! One registration, as its holder and staff see it.

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::IntoResponse,
};
use common::{
    auth::principal::Principal,
    http::{App, Problem, Received, etag},
    view::RegistrationView,
};
use domain::{
    actor::Role,
    credit::CreditRefusal,
    dossier::Dossier,
    error::Refusal,
    registration::{InvalidRegistrationNumber, Registration, RegistrationNumber},
};

/// A registration number; one that was mistyped is told from one that nobody has.
pub(crate) fn parse(number: &str) -> Result<RegistrationNumber, Problem> {
    let invalid =
        |error: InvalidRegistrationNumber| Problem::invalid("number", error.code(), error.to_string());
    number.parse().map_err(invalid)
}

/// The registration `number` with the dossier it's in, where `caller` may see it: its holder, reviewers and
/// administrators of its area. Nobody else learns whether there is such a number.
pub(crate) async fn find(
    app: &App,
    caller: &Principal,
    number: &str,
    received: &Received,
) -> Result<(Dossier, Registration), Problem> {
    let number: RegistrationNumber = parse(number)?;
    let unknown = || Refusal::from(CreditRefusal::UnknownRegistration);
    let holder = match caller.holder_id() {
        Some(id) if caller.has(Role::Holder) => id.clone(),
        _ if is_staff(caller) => app.store.registration_holder(&number).await?.ok_or_else(unknown)?,
        _ => return Err(Problem::forbidden()),
    };
    let dossier = app.store.dossier(&holder, received.at).await?;
    let registration = dossier.registration(&number).ok_or_else(unknown)?.clone();
    if is_staff(caller) && !caller.area.as_ref().is_none_or(|area| area.contains(&registration.district)) {
        return Err(Refusal::OutsideArea.into());
    }
    Ok((dossier, registration))
}

/// True for who reviews or administers.
pub(crate) fn is_staff(caller: &Principal) -> bool {
    caller.staff_id().is_some()
        && [Role::PreliminaryReviewer, Role::FinalReviewer, Role::Administrator]
            .into_iter()
            .any(|role| caller.has(role))
}

/// 查看登记
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/registrations/{number}", tag = "registry",
    params(("number" = RegistrationNumber, Path)), responses((status = 200, body = RegistrationView))))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Principal,
    received: Received,
    Path(number): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let (dossier, registration) = find(&app, &caller, &number, &received).await?;
    let view = RegistrationView::of(&registration, &dossier, &app.rules, received.at.day());
    Ok(([(header::ETAG, etag(registration.version))], Json(view)))
}
