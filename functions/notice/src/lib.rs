//! `notice`: what an authority tells the holders of its area. Staff draft, publish and withdraw notices and mail them;
//! holders read them.
//!
//! A function of its own: it alone makes HTML of Markdown and cleans it, which no other should carry through its cold
//! start, and its rights to the bucket end at the folder of notices' files.

mod acts;
mod draft;
mod file;
mod html;
mod mailing;
mod reading;
mod staff;
mod view;

use axum::extract::FromRef;
use common::{
    aws::SdkParts,
    blobs::Blobs,
    config::{ConfigError, Env},
    http::{App, finish},
};

common::routes! {
    state: Notices;
    GET "/v1/notices" => reading::list,
    GET "/v1/notices/{id}" => reading::read,
    PUT "/v1/notices/{id}/read" => reading::mark,
    GET "/v1/notices/{id}/files/{file}" => reading::file,
    GET "/v1/staff/notices" => staff::list,
    POST "/v1/staff/notices" => draft::draft,
    GET "/v1/staff/notices/{id}" => staff::read,
    PATCH "/v1/staff/notices/{id}" => draft::edit,
    POST "/v1/staff/notices/{id}/publication" => acts::publish,
    POST "/v1/staff/notices/{id}/withdrawal" => acts::withdraw,
    PUT "/v1/staff/notices/{id}/pin" => acts::pin,
    DELETE "/v1/staff/notices/{id}/pin" => acts::unpin,
    POST "/v1/staff/notices/{id}/files" => file::request,
    POST "/v1/staff/notices/{id}/files/{file}/confirmation" => file::confirm,
    GET "/v1/staff/notices/{id}/files/{file}" => file::read,
    DELETE "/v1/staff/notices/{id}/files/{file}" => file::remove,
    GET "/v1/staff/notices/{id}/mailing" => mailing::read,
    POST "/v1/staff/notices/{id}/mailing" => mailing::start,
    DELETE "/v1/staff/notices/{id}/mailing" => mailing::stop,
}

/// What the function's handlers share.
#[derive(Clone, FromRef)]
pub struct Notices {
    /// Store, keys, rules, clock.
    pub app: App,
    /// The bucket.
    pub blobs: Blobs,
}

impl Notices {
    /// Reads `BUCKET_NAME` beside what [`App`] reads.
    ///
    /// # Errors
    ///
    /// Where it can't be used.
    pub fn from_env(app: App, env: &Env, parts: &SdkParts) -> Result<Self, ConfigError> {
        let bucket = env.required("BUCKET_NAME", "the name of the attachments' bucket")?;
        let blobs = Blobs::new(parts, &bucket).map_err(|error| ConfigError::Unusable(error.to_string()))?;
        Ok(Self { app, blobs })
    }
}

/// The function's router.
pub fn router(state: Notices) -> axum::Router {
    let app = state.app.clone();
    finish(routes().with_state(state), "notice", app)
}
