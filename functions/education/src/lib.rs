//! `education`: continuing education. A holder's transcript, the hours they claim and what a course would come to; the
//! catalogue of courses; providers' class lists, which function `roster` goes through.

mod courses;
mod credits;
mod preview;
mod rosters;
mod rows;
mod transcript;

use axum::extract::FromRef;
use common::{
    aws::SdkParts,
    blobs::Blobs,
    config::{ConfigError, Env},
    http::{App, finish},
};

common::routes! {
    state: Education;
    GET "/v1/me/transcript" => transcript::read,
    GET "/v1/me/credits" => credits::list,
    POST "/v1/me/credits" => credits::open,
    POST "/v1/me/credits/preview" => preview::preview,
    GET "/v1/me/credits/{id}" => credits::read,
    PATCH "/v1/me/credits/{id}" => credits::save,
    DELETE "/v1/me/credits/{id}" => credits::withdraw,
    POST "/v1/me/credits/{id}/submission" => credits::submit,
    GET "/v1/courses" => courses::list,
    POST "/v1/courses" => courses::offer,
    GET "/v1/courses/{id}" => courses::read,
    DELETE "/v1/courses/{id}" => courses::withdraw,
    GET "/v1/rosters" => rosters::list,
    POST "/v1/rosters" => rosters::request,
    GET "/v1/rosters/{id}" => rosters::read,
    POST "/v1/rosters/{id}/confirmation" => rosters::confirm,
    GET "/v1/rosters/{id}/rows" => rows::list,
    PATCH "/v1/rosters/{id}/rows/{row}" => rows::correct,
    POST "/v1/rosters/{id}/rows/{row}/withdrawal" => rows::strike,
}

/// What the function's handlers share.
#[derive(Clone, FromRef)]
pub struct Education {
    /// Store, keys, rules, clock.
    pub app: App,
    /// The bucket that class lists are uploaded to.
    pub blobs: Blobs,
}

impl Education {
    /// Reads `BUCKET_NAME` beside what [`App`] reads.
    pub fn from_env(app: App, env: &Env, parts: &SdkParts) -> Result<Self, ConfigError> {
        let bucket = env.required("BUCKET_NAME", "the name of the attachments' bucket")?;
        let blobs = Blobs::new(parts, &bucket).map_err(|error| ConfigError::Unusable(error.to_string()))?;
        Ok(Self { app, blobs })
    }
}

/// The function's router.
pub fn router(state: Education) -> axum::Router {
    let app = state.app.clone();
    finish(routes().with_state(state), "education", app)
}
