//! The papers of a transfer, signed: the statement of hours and the transfer letter.

use crate::Certificates;
use axum::{
    Json,
    extract::{Path, State},
};
use common::{
    auth::principal::Principal,
    http::{App, Problem, Received, find_registration},
    statement::DocumentSignature,
};
use domain::{
    dossier::{Dossier, WORKING_YEARS},
    registration::Registration,
    transfer::{HoursStatement, PaperKind, TransferLetter, canonical_json},
};
use serde::{Deserialize, Serialize};

/// A paper with its signature, which is of kind `document.paper` and of the canonical JSON (RFC 8785) of `document`: see
/// [`common::statement::verify_document`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedPaper<T> {
    /// The paper.
    pub document: T,
    /// Its signature.
    pub signature: DocumentSignature,
}

impl Certificates {
    /// `document`, a `paper`, with its signature. The same document has the same signature.
    async fn signed<T: Serialize>(
        &self,
        paper: PaperKind,
        document: T,
    ) -> Result<Json<SignedPaper<T>>, Problem> {
        self.publish_key().await?;
        let bytes = canonical_json(&document).map_err(Problem::internal)?;
        let signature = self.press.signer.sign_document(paper.key(), &bytes);
        Ok(Json(SignedPaper { document, signature }))
    }
}

/// As [`find_registration`], with all records of the registration's last cycle, however long ago that was: then it takes a second query.
async fn with_its_cycle(
    app: &App,
    caller: &Principal,
    number: &str,
    received: &Received,
) -> Result<(Dossier, Registration), Problem> {
    let (dossier, registration) = find_registration(app, caller, number, received).await?;
    // What the cycle before has counted isn't counted again, so that one must be there too.
    let start = registration.cycle.start;
    let validity = *app.rules.get(&registration.cycle.rules).renewal.validity_years;
    if start.plus_years(-i32::from(validity)) >= Dossier::since(received.at.day()) {
        return Ok((dossier, registration));
    }
    let since = start.plus_years(-WORKING_YEARS);
    let dossier = app.store.dossier_since(&registration.holder, since, received.at).await?;
    Ok((dossier, registration))
}

/// 下载学时证明
///
/// 本登记周期的全部学时记录：申报、认定、计入的学时，未计入的每一项附原因。已转出的登记以转出之日为准。
///
/// `signature.signature` 是 Ed25519 签名（base64url），公钥见 `GET /v1/verify/keys` 中 `kid` 相同者。被签名的字节依次为：
/// `social-worker-registry/document/1`、零字节、`document.paper`（`hours_statement`）、零字节、`document` 的规范 JSON（RFC
/// 8785）的 SHA-256（32 字节）。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/registrations/{number}/hours-statement", tag = "certificate",
    params(("number" = domain::registration::RegistrationNumber, Path)),
    responses((status = 200, body = SignedPaper<HoursStatement>))))]
pub(crate) async fn hours_statement(
    State(certificates): State<Certificates>,
    caller: Principal,
    received: Received,
    Path(number): Path<String>,
) -> Result<Json<SignedPaper<HoursStatement>>, Problem> {
    let (dossier, registration) = with_its_cycle(&certificates.app, &caller, &number, &received).await?;
    let document = HoursStatement::of(&registration, &dossier, &certificates.app.rules, received.at.day());
    certificates.signed(PaperKind::HoursStatement, document).await
}

/// 下载转出证明
///
/// 仅已转出的登记有转出证明。签名方法同学时证明，`document.paper` 为 `transfer_letter`。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/registrations/{number}/transfer-letter", tag = "certificate",
    params(("number" = domain::registration::RegistrationNumber, Path)),
    responses((status = 200, body = SignedPaper<TransferLetter>))))]
pub(crate) async fn transfer_letter(
    State(certificates): State<Certificates>,
    caller: Principal,
    received: Received,
    Path(number): Path<String>,
) -> Result<Json<SignedPaper<TransferLetter>>, Problem> {
    let (dossier, registration) = with_its_cycle(&certificates.app, &caller, &number, &received).await?;
    let document = TransferLetter::of(&registration, &dossier, &certificates.app.rules)?;
    certificates.signed(PaperKind::TransferLetter, document).await
}
