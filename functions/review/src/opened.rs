//! One application, opened by a reviewer: the form with the identity document whole, beside its attachments. Each view is
//! in the journal before it's shown.

use crate::Review;
use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::IntoResponse,
};
use common::{
    blobs::Disposition,
    http::{App, Problem, Received, Staff, etag},
    view::{ApplicationView, RegistrationView, RevocationView},
};
use domain::{
    application::{ApplicationKind, check_view},
    error::Refusal,
    id::{ApplicationId, AttachmentId},
    registration::RegistrationStatus,
    rules::Ground,
};
use futures_util::future::try_join_all;
use serde::Serialize;

/// Where an attachment can be looked at.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Download {
    /// The attachment.
    pub(crate) attachment_id: AttachmentId,
    /// An address that works for five minutes.
    pub(crate) url: String,
}

/// An opened application.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Opened {
    /// The application, with the identity document whole.
    application: ApplicationView,
    /// Where its confirmed attachments can be looked at.
    downloads: Vec<Download>,
    /// The registration it's about.
    registration: Option<RegistrationView>,
    /// The holder's other applications that are open, by kind.
    also_open: Vec<ApplicationKind>,
    /// The holder's registrations that were revoked, with the grounds.
    revoked_before: Vec<RevocationView>,
    /// Grounds for returning or refusing.
    grounds: Vec<Ground>,
}

/// 打开申请（查看行为会记入日志）
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/review/applications/{id}", tag = "review",
    params(("id" = ApplicationId, Path)), responses((status = 200, body = Opened))))]
pub(crate) async fn read(
    State(Review { app, blobs }): State<Review>,
    Staff { reviewer }: Staff,
    received: Received,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let id: ApplicationId = id.parse().map_err(|_| Refusal::UnknownApplication)?;
    let dossier = app.store.dossier(&id.holder(), received.at).await?;
    let application = App::find(&dossier, &id, None)?;
    check_view(application, &reviewer)?;
    let registration = application.registration.as_ref().and_then(|number| dossier.registration(number));
    app.store.record_view(application, registration, &reviewer.id, &received.from, received.at).await?;

    let attachments = application.attachments.iter();
    let confirmed = attachments.filter_map(|attachment| Some((&attachment.id, attachment.stored()?)));
    let blobs = &blobs;
    let downloads = try_join_all(confirmed.map(|(id, file)| async move {
        let url = blobs.presign_get(file, Disposition::Inline).await?;
        Ok::<_, common::blobs::BlobError>(Download { attachment_id: id.clone(), url })
    }))
    .await
    .map_err(Problem::internal)?;
    let today = received.at.day();
    let opened = Opened {
        application: ApplicationView::for_reviewer(application, &app.rules, today),
        downloads,
        registration: registration.map(|held| RegistrationView::of(held, &dossier, &app.rules, today)),
        also_open: dossier
            .applications
            .iter()
            .filter(|other| other.id != id && other.is_open() && other.receipt.is_some())
            .map(|other| other.kind)
            .collect(),
        revoked_before: dossier
            .registrations
            .iter()
            .filter(|held| held.status == RegistrationStatus::Revoked)
            .filter_map(|held| RevocationView::of(held, &app.rules, today))
            .collect(),
        grounds: app.rules.get(&application.rules).grounds.to_vec(),
    };
    Ok(([(header::ETAG, etag(opened.application.version))], Json(opened)))
}
