//! `registry`: the register itself, as its holders, staff and others see it.

mod holder;
mod journal;
mod papers;
mod registration;
mod revocation;
mod verify;

pub use papers::{Papers, SignedPaper};
pub use verify::{MOST_MISSES, MOST_NUMBERS};

use axum::extract::FromRef;
use common::{
    config::{ConfigError, Env},
    http::{App, finish},
};

common::routes! {
    state: Registry;
    GET "/v1/registrations/{number}" => registration::read,
    GET "/v1/registrations/{number}/revocation" => revocation::read,
    POST "/v1/registrations/{number}/revocation" => revocation::announce,
    POST "/v1/registrations/{number}/revocation/objection" => revocation::object,
    POST "/v1/registrations/{number}/revocation/decision" => revocation::decide,
    GET "/v1/registrations/{number}/holder" => holder::read,
    GET "/v1/registrations/{number}/journal" => journal::read,
    GET "/v1/registrations/{number}/hours-statement" => papers::hours_statement,
    GET "/v1/registrations/{number}/transfer-letter" => papers::transfer_letter,
    GET "/v1/verify" => verify::scanned,
    POST "/v1/verify" => verify::several,
    GET "/v1/verify/keys" => verify::keys,
    GET "/v1/verify/{number}" => verify::by_number,
}

/// What the function's handlers share.
#[derive(Clone, FromRef)]
pub struct Registry {
    /// Store, keys, rules, clock.
    pub app: App,
    /// Signs the papers that others check.
    pub papers: Papers,
}

impl Registry {
    /// Reads `CERTIFICATE_SEED` beside what [`App`] reads.
    ///
    /// # Errors
    /// Where it isn't set, or is no seed.
    pub fn from_env(app: App, env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { papers: Papers::from_env(env)?, app })
    }
}

/// The function's router.
pub fn router(state: Registry) -> axum::Router {
    let app = state.app.clone();
    finish(routes().with_state(state), "registry", app)
}
