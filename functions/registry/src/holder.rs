//! Who a registration is of, with the identity document whole: for staff. Each look is in the registration's journal
//! before it's answered.

use axum::{
    Json,
    extract::{Path, State},
};
use common::{
    auth::principal::Principal,
    http::{App, Problem, Received, find_registration, is_staff},
    view::FormView,
};
use domain::{error::Refusal, id::HolderId, registration::RegistrationNumber};
use serde::Serialize;

/// The holder of a registration.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct RegisteredHolder {
    /// Their id.
    holder_id: HolderId,
    /// The registration.
    registration_number: RegistrationNumber,
    /// The last form they entered, with the identity document whole.
    form: FormView,
}

/// 查看登记人员的身份信息（查看行为会记入日志）
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/registrations/{number}/holder", tag = "registry",
    params(("number" = RegistrationNumber, Path)), responses((status = 200, body = RegisteredHolder))))]
pub(crate) async fn read(
    State(app): State<App>,
    caller: Principal,
    received: Received,
    Path(number): Path<String>,
) -> Result<Json<RegisteredHolder>, Problem> {
    let Some(staff) = caller.staff_id().filter(|_| is_staff(&caller)) else {
        return Err(Problem::forbidden());
    };
    let (dossier, registration) = find_registration(&app, &caller, &number, &received).await?;
    let form = &dossier.profile.form;
    if caller.identity.is_some() && app.identity_key(form) == caller.identity {
        return Err(Refusal::OwnApplication.into());
    }
    app.store.record_identity_view(&registration, staff, &received.from, received.at).await?;
    Ok(Json(RegisteredHolder {
        holder_id: registration.holder,
        registration_number: registration.number,
        form: FormView::revealed(form),
    }))
}
