//! `attachment`: the papers of an application, and the evidence of hours. A place and a signed form for an upload, looking
//! at what came before it counts, showing it, removing it.
//!
//! A form writes to the bucket under `uploads/` and nowhere else. What is confirmed is a copy under `attachments/`,
//! where only this function writes and every other one reads.

mod confirmation;
mod file;
mod owner;
mod place;

use axum::extract::FromRef;
use common::{
    aws::SdkParts,
    blobs::Blobs,
    config::{ConfigError, Env},
    http::{App, Holder, Problem, finish},
};
use domain::{
    error::Refusal,
    id::{AttachmentId, HolderId},
};

common::routes! {
    state: Attachments;
    POST "/v1/applications/{id}/attachments" => place::request,
    POST "/v1/me/credits/{id}/attachments" => place::request_evidence,
    POST "/v1/attachments/{id}/confirmation" => confirmation::confirm,
    GET "/v1/attachments/{id}" => file::read,
    DELETE "/v1/attachments/{id}" => file::remove,
}

/// What the function's handlers share.
#[derive(Clone, FromRef)]
pub struct Attachments {
    /// Store, keys, rules, clock.
    pub app: App,
    /// The bucket.
    pub blobs: Blobs,
}

impl Attachments {
    /// Reads `BUCKET_NAME` beside what [`App`] reads.
    pub fn from_env(app: App, env: &Env, parts: &SdkParts) -> Result<Self, ConfigError> {
        let bucket = env.required("BUCKET_NAME", "the name of the attachments' bucket")?;
        let blobs = Blobs::new(parts, &bucket).map_err(|error| ConfigError::Unusable(error.to_string()))?;
        Ok(Self { app, blobs })
    }
}

/// The function's router.
pub fn router(state: Attachments) -> axum::Router {
    let app = state.app.clone();
    finish(routes().with_state(state), "attachment", app)
}

/// Whose file it is.
fn holder_of(id: &AttachmentId) -> HolderId {
    id.credit().map_or_else(|| id.application().holder(), |credit| credit.holder())
}

/// A file's id, where it's the caller's own: nobody learns whether somebody else's exists.
fn own(holder: &Holder, id: &str) -> Result<AttachmentId, Problem> {
    let id: AttachmentId = id.parse().map_err(|_| Refusal::UnknownAttachment)?;
    if holder_of(&id) == holder.id { Ok(id) } else { Err(Refusal::UnknownAttachment.into()) }
}
