//! `submission`: what a holder does. Their profile and what is still missing; opening, editing, submitting and
//! withdrawing applications; an application's journal.

mod application;
mod journal;
mod messages;
mod profile;
mod unsubscribe;

use common::http::{App, finish};

common::routes! {
    state: App;
    GET "/v1/me" => profile::read,
    PUT "/v1/me" => profile::save,
    GET "/v1/me/readiness" => profile::readiness,
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

/// The function's router.
pub fn router(app: App) -> axum::Router {
    finish(routes().with_state(app.clone()), "submission", app)
}
