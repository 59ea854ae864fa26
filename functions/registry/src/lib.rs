//! `registry`: the register itself, as its holders, staff and others see it.

mod holder;
mod journal;
mod messages;
mod registration;
mod revocation;
mod statistics;
mod verify;
mod watch;

pub use verify::{MOST_MISSES, MOST_NUMBERS};

use axum::extract::FromRef;
use common::{
    auth::clients::ServiceClients,
    config::{ConfigError, Env},
    http::{App, finish},
    webhook::Guard,
};
use std::sync::Arc;

common::routes! {
    state: Registry;
    GET "/v1/registrations/{number}" => registration::read,
    GET "/v1/registrations/{number}/revocation" => revocation::read,
    POST "/v1/registrations/{number}/revocation" => revocation::announce,
    POST "/v1/registrations/{number}/revocation/objection" => revocation::object,
    POST "/v1/registrations/{number}/revocation/decision" => revocation::decide,
    GET "/v1/registrations/{number}/holder" => holder::read,
    GET "/v1/registrations/{number}/journal" => journal::read,
    GET "/v1/registrations/{number}/messages" => messages::read,
    GET "/v1/statistics" => statistics::read,
    GET "/v1/verify" => verify::scanned,
    POST "/v1/verify" => verify::several,
    GET "/v1/verify/keys" => verify::keys,
    GET "/v1/verify/{number}" => verify::by_number,
    GET "/v1/watch" => watch::read,
    PUT "/v1/watch" => watch::set,
    DELETE "/v1/watch" => watch::end,
    GET "/v1/watch/keys" => watch::keys,
    GET "/v1/watch/numbers" => watch::numbers::list,
    POST "/v1/watch/numbers" => watch::numbers::add,
    DELETE "/v1/watch/numbers/{number}" => watch::numbers::remove,
}

/// What the function's handlers share. Cheap to clone.
#[derive(Clone, FromRef)]
pub struct Registry {
    /// Store, keys, rules, clock.
    pub app: App,
    clients: Arc<ServiceClients>,
    /// Where service clients may ask to be called.
    guard: Guard,
}

impl Registry {
    /// Reads `SERVICE_CLIENTS` (none; `id:app_id:sha256hex(secret),…`) and what [`Guard::from_env`] reads, beside what
    /// [`App`] reads.
    ///
    /// # Errors
    ///
    /// Where one of them can't be used.
    pub fn from_env(app: App, env: &Env) -> Result<Self, ConfigError> {
        let purpose = "the back ends that may watch registrations";
        let clients = env.or("SERVICE_CLIENTS", purpose, ServiceClients::default())?;
        Ok(Self { app, clients: Arc::new(clients), guard: Guard::from_env(env)? })
    }
}

/// The function's router.
pub fn router(state: Registry) -> axum::Router {
    let app = state.app.clone();
    finish(routes().with_state(state), "registry", app)
}
