//! `registry`: the register itself, as its holders, staff and others see it.

mod holder;
mod journal;
mod registration;
mod revocation;
mod statistics;
mod verify;

pub use verify::{MOST_MISSES, MOST_NUMBERS};

use common::http::{App, finish};

common::routes! {
    state: App;
    GET "/v1/registrations/{number}" => registration::read,
    GET "/v1/registrations/{number}/revocation" => revocation::read,
    POST "/v1/registrations/{number}/revocation" => revocation::announce,
    POST "/v1/registrations/{number}/revocation/objection" => revocation::object,
    POST "/v1/registrations/{number}/revocation/decision" => revocation::decide,
    GET "/v1/registrations/{number}/holder" => holder::read,
    GET "/v1/registrations/{number}/journal" => journal::read,
    GET "/v1/statistics" => statistics::read,
    GET "/v1/verify" => verify::scanned,
    POST "/v1/verify" => verify::several,
    GET "/v1/verify/keys" => verify::keys,
    GET "/v1/verify/{number}" => verify::by_number,
}

/// The function's router.
pub fn router(app: App) -> axum::Router {
    finish(routes().with_state(app.clone()), "registry", app)
}
