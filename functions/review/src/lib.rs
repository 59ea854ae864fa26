//! `review`: what staff do. The queue of their area, how much waits in it, one application beside its attachments,
//! taking it up, laying it down, deciding it, and deciding many at once. The same for hours of continuing education, with
//! striking out and samples.

mod batch;
mod claim;
mod credits;
mod decision;
mod opened;
mod queue;
mod samples;

use axum::extract::FromRef;
use common::{
    aws::SdkParts,
    blobs::Blobs,
    config::{ConfigError, Env},
    http::{App, finish},
};

common::routes! {
    state: Review;
    GET "/v1/review/queue" => queue::page,
    GET "/v1/review/counters" => queue::counters,
    GET "/v1/review/applications/{id}" => opened::read,
    POST "/v1/review/applications/{id}/claim" => claim::take,
    DELETE "/v1/review/applications/{id}/claim" => claim::release,
    POST "/v1/review/applications/{id}/decision" => decision::one,
    POST "/v1/review/decisions" => decision::many,
    GET "/v1/review/credits" => credits::queue::page,
    POST "/v1/review/credits/decisions" => credits::decision::many,
    GET "/v1/review/credits/{id}" => credits::opened::read,
    POST "/v1/review/credits/{id}/decision" => credits::decision::one,
    GET "/v1/review/credits/{id}/voiding" => credits::voiding::preview,
    POST "/v1/review/credits/{id}/voiding" => credits::voiding::confirm,
    POST "/v1/review/credits/{id}/evidence-request" => credits::evidence::ask,
    GET "/v1/review/registrations/{number}/credits" => credits::cycle::read,
    GET "/v1/review/samples" => samples::list,
    POST "/v1/review/samples" => samples::draw,
    GET "/v1/review/samples/{id}" => samples::read,
}

/// What the function's handlers share.
#[derive(Clone, FromRef)]
pub struct Review {
    /// Store, keys, rules, clock.
    pub app: App,
    /// The attachments.
    pub blobs: Blobs,
}

impl Review {
    /// Reads `BUCKET_NAME` beside what [`App`] reads.
    pub fn from_env(app: App, env: &Env, parts: &SdkParts) -> Result<Self, ConfigError> {
        let bucket = env.required("BUCKET_NAME", "the name of the attachments' bucket")?;
        let blobs = Blobs::new(parts, &bucket).map_err(|error| ConfigError::Unusable(error.to_string()))?;
        Ok(Self { app, blobs })
    }
}

/// The function's router.
pub fn router(state: Review) -> axum::Router {
    let app = state.app.clone();
    finish(routes().with_state(state), "review", app)
}
