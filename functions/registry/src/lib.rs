//! `registry`: the register itself, as its holders, staff and others see it.

mod holder;
mod journal;
mod registration;

use common::http::{App, finish};

common::routes! {
    state: App;
    GET "/v1/registrations/{number}" => registration::read,
    GET "/v1/registrations/{number}/holder" => holder::read,
    GET "/v1/registrations/{number}/journal" => journal::read,
}

/// The function's router.
pub fn router(app: App) -> axum::Router {
    finish(routes().with_state(app.clone()), "registry", app)
}
