//! `submission`: what a holder does. Their profile and what is still missing; opening, editing, submitting and
//! withdrawing applications; an application's journal; what they accept to be sent by WeChat.

mod application;
mod journal;
mod messages;
mod profile;
mod subscriptions;
mod unsubscribe;

use axum::extract::FromRef;
use common::{
    config::{ConfigError, Env},
    http::{App, finish},
    wechat::templates_from,
};
use domain::subscription::Templates;
use std::sync::Arc;

common::routes! {
    state: Submission;
    GET "/v1/me" => profile::read,
    PUT "/v1/me" => profile::save,
    GET "/v1/me/readiness" => profile::readiness,
    GET "/v1/me/subscriptions" => subscriptions::read,
    POST "/v1/me/subscriptions" => subscriptions::answer,
    GET "/v1/me/messages" => messages::list,
    PUT "/v1/me/preferences" => messages::prefer,
    GET "/v1/mail/unsubscribe" => unsubscribe::ask,
    POST "/v1/mail/unsubscribe" => unsubscribe::act,
    GET "/v1/applications" => application::list,
    POST "/v1/applications" => application::open,
    GET "/v1/applications/{id}" => application::read,
    PATCH "/v1/applications/{id}" => application::save,
    POST "/v1/applications/{id}/submission" => application::submit,
    POST "/v1/applications/{id}/withdrawal" => application::withdraw,
    GET "/v1/applications/{id}/journal" => journal::list,
}

/// What the function's handlers share. Cheap to clone.
#[derive(Clone, FromRef)]
pub struct Submission {
    /// Store, keys, rules, clock.
    pub app: App,
    /// The templates that holders may accept.
    #[from_ref(skip)]
    templates: Arc<Templates>,
}

impl Submission {
    /// Reads, beside what [`App`] reads, `WECHAT_TEMPLATES` (none).
    ///
    /// # Errors
    ///
    /// Where they can't be used.
    pub fn from_env(app: App, env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { app, templates: Arc::new(templates_from(env)?) })
    }
}

/// The function's router.
pub fn router(state: Submission) -> axum::Router {
    let app = state.app.clone();
    finish(routes().with_state(state), "submission", app)
}
