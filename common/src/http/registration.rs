//! A registration that is asked for by its number: whose it is, and who may see it.

use super::{App, Problem, Received};
use crate::auth::principal::Principal;
use domain::{
    actor::Role,
    credit::CreditRefusal,
    dossier::Dossier,
    error::Refusal,
    registration::{InvalidRegistrationNumber, Registration, RegistrationNumber},
};

/// A registration number; one that was mistyped is told from one that nobody has.
///
/// # Errors
///
/// A `422` that says what is wrong with it.
pub fn registration_number(number: &str) -> Result<RegistrationNumber, Problem> {
    let invalid =
        |error: InvalidRegistrationNumber| Problem::invalid("number", error.code(), error.to_string());
    number.parse().map_err(invalid)
}

/// The registration `number` with the dossier it's in, where `caller` may see it: its holder, reviewers and
/// administrators of its area. Nobody else learns whether there is such a number.
///
/// # Errors
///
/// A `422` where it's no number, a `403` for other roles and areas, a `404` for everything else that isn't there.
pub async fn find_registration(
    app: &App,
    caller: &Principal,
    number: &str,
    received: &Received,
) -> Result<(Dossier, Registration), Problem> {
    let number: RegistrationNumber = registration_number(number)?;
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
pub fn is_staff(caller: &Principal) -> bool {
    caller.staff_id().is_some()
        && [Role::PreliminaryReviewer, Role::FinalReviewer, Role::Administrator]
            .into_iter()
            .any(|role| caller.has(role))
}
