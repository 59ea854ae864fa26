//! `certificate`: what is signed: the electronic registration certificate (电子登记证) as a PDF, and the papers of a transfer
//! (学时证明, 转出证明) as data and as PDF. Nobody else has the seed.
//!
//! All of it is printed when somebody asks for it, and kept in the bucket under a name that follows from everything that is
//! on it: as long as nothing of that changes it isn't printed again, and once something does the old print is never shown.
//!
//! The font is compiled in, ten megabytes of it. That is why this is a function of its own: no other one starts with it.

mod issued;
mod papers;
mod prints;
mod shown;

pub use papers::SignedPaper;
pub use prints::Print;

use axum::extract::FromRef;
use common::{
    aws::SdkParts,
    blobs::Blobs,
    config::{ConfigError, Env},
    http::{App, finish},
    statement::Signer,
    store::StoreError,
};
use std::sync::Arc;
use tokio::sync::OnceCell;

common::routes! {
    state: Certificates;
    GET "/v1/registrations/{number}/certificate" => issued::read,
    GET "/v1/registrations/{number}/hours-statement" => papers::hours_statement,
    GET "/v1/registrations/{number}/transfer-letter" => papers::transfer_letter,
    GET "/v1/verify/paper" => shown::paper,
}

/// What the function's handlers share. Cheap to clone.
#[derive(Clone, FromRef)]
pub struct Certificates {
    /// Store, keys, rules, clock.
    pub app: App,
    /// The bucket: photos, and what was printed.
    pub blobs: Blobs,
    press: Arc<Press>,
}

/// What stands on everything that is printed.
struct Press {
    signer: Signer,
    /// Done once the signer's public key is published.
    published: OnceCell<()>,
    /// The address that QR codes lead to, and that is printed.
    portal: String,
}

impl Certificates {
    /// Reads `BUCKET_NAME`, `CERTIFICATE_SEED` and `PORTAL_URL` beside what [`App`] reads.
    ///
    /// # Errors
    ///
    /// Where one of them isn't set or can't be used.
    pub fn from_env(app: App, env: &Env, parts: &SdkParts) -> Result<Self, ConfigError> {
        let bucket = env.required("BUCKET_NAME", "the name of the attachments' bucket")?;
        let blobs = Blobs::new(parts, &bucket).map_err(|error| ConfigError::Unusable(error.to_string()))?;
        let portal = env.required("PORTAL_URL", "the address that certificates are verified at")?;
        let signer = Signer::from_env(env)?;
        let press = Arc::new(Press { signer, published: OnceCell::new(), portal });
        Ok(Self { app, blobs, press })
    }

    /// Opens the table's connection while a starting function still has its whole CPU, and publishes the key. An error is
    /// only logged: the first request will meet it again and answer it.
    pub async fn warm_up(&self) {
        self.app.warm_up().await;
        if let Err(error) = self.publish_key().await {
            tracing::warn!(%error, code = error.code(), "the certificates' key could not be published");
        }
    }

    /// Sees to it that a certificate that is printed now verifies: the key is published before anything signed with it is
    /// handed out. Costs nothing after the first time.
    async fn publish_key(&self) -> Result<(), StoreError> {
        let Press { signer, published, .. } = &*self.press;
        published.get_or_try_init(|| signer.publish(&self.app.store)).await.copied()
    }
}

/// The function's router.
pub fn router(state: Certificates) -> axum::Router {
    let app = state.app.clone();
    finish(routes().with_state(state), "certificate", app)
}
