//! The papers of a transfer, signed, as data and as PDF: the statement of hours and the transfer letter.

use crate::{
    Certificates,
    prints::{self, Print},
};
use axum::{
    Json,
    extract::{Path, State},
};
use common::{
    auth::principal::Principal,
    http::{App, Problem, Query, Received, find_registration},
    statement::{DocumentSignature, paper_url},
};
use domain::{
    dossier::{Dossier, WORKING_YEARS},
    registration::Registration,
    transfer::{HoursStatement, Paper, TransferLetter, canonical_json},
};
use print::{Imprint, PaperSheet, PrintError};
use serde::{Deserialize, Serialize};

/// A paper with its signature, which is of kind `document.paper` and of the canonical JSON (RFC 8785) of `document`: see
/// [`common::statement::verify_document`]. These two are the paper; the PDF says the same, and is signed by its QR code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedPaper<T> {
    /// The paper.
    pub document: T,
    /// Its signature.
    pub signature: DocumentSignature,
    /// The same as PDF; none where it wasn't asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pdf: Option<Print>,
}

/// In which forms a paper is asked for.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub(crate) struct PaperInput {
    /// `false` 时只返回签名 JSON，不印制 PDF
    #[serde(default = "wanted")]
    pdf: bool,
}

fn wanted() -> bool {
    true
}

/// A paper as a PDF.
type Printing<T> = fn(&PaperSheet<'_, T>) -> Result<Vec<u8>, PrintError>;

impl Certificates {
    /// `document` with its signature, and its print made by `print` where `input` asks for it. The same document has the
    /// same signature and the same print.
    async fn signed<T: Paper>(
        &self,
        document: T,
        print: Printing<T>,
        input: &PaperInput,
        received: &Received,
    ) -> Result<Json<SignedPaper<T>>, Problem> {
        self.publish_key().await?;
        let bytes = canonical_json(&document).map_err(Problem::internal)?;
        let signature = self.press.signer.sign_document(document.kind().key(), &bytes);
        let pdf =
            if input.pdf { Some(self.printed(&document, &bytes, print, received).await?) } else { None };
        Ok(Json(SignedPaper { document, signature, pdf }))
    }

    /// The print of `document`, whose canonical JSON is `bytes`, made now where there is none yet.
    async fn printed<T: Paper>(
        &self,
        document: &T,
        bytes: &[u8],
        print: Printing<T>,
        received: &Received,
    ) -> Result<Print, Problem> {
        let (signer, portal) = (&self.press.signer, &self.press.portal);
        let qr = paper_url(portal, &signer.proof(document, bytes));
        let (authority, issued_on) = (document.issued_by(), document.day());
        let sheet =
            PaperSheet { paper: document, imprint: Imprint { authority, issued_on, qr: &qr, portal } };
        let key = prints::key(document.number(), &sheet)?;
        if !self.blobs.has(&key).await? {
            self.keep(&key, print(&sheet)).await?;
        }
        let file_name = format!("{}-{}.pdf", document.kind().title(), document.number());
        self.shown(key, &file_name, received).await
    }
}

/// As [`find_registration`], with all records of the registration's last cycle.
async fn with_its_cycle(
    app: &App,
    caller: &Principal,
    number: &str,
    received: &Received,
) -> Result<(Dossier, Registration), Problem> {
    let (dossier, registration) = find_registration(app, caller, number, received).await?;
    Ok((reaching_back(app, dossier, &registration, received).await?, registration))
}

/// `dossier` with all records of the last cycle of `registration`, however long ago that was: then it takes a second query.
pub(crate) async fn reaching_back(
    app: &App,
    dossier: Dossier,
    registration: &Registration,
    received: &Received,
) -> Result<Dossier, Problem> {
    // What the cycle before has counted isn't counted again, so that one must be there too.
    let start = registration.cycle.start;
    let validity = *app.rules.get(&registration.cycle.rules).renewal.validity_years;
    if start.plus_years(-i32::from(validity)) >= Dossier::since(received.at.day()) {
        return Ok(dossier);
    }
    let since = start.plus_years(-WORKING_YEARS);
    Ok(app.store.dossier_since(&registration.holder, since, received.at).await?)
}

/// 下载学时证明
///
/// 本登记周期的全部学时记录：申报、认定、计入的学时，未计入的每一项附原因。已转出的登记以转出之日为准。`document` 和 `signature`
/// 合为签名的学时证明；`pdf` 是同一内容的 PDF，下载地址五分钟内有效，末页二维码由 `GET /v1/verify/paper` 核验。
///
/// `signature.signature` 是 Ed25519 签名（base64url），公钥见 `GET /v1/verify/keys` 中 `kid` 相同者。被签名的字节依次为：
/// `social-worker-registry/document/1`、零字节、`document.paper`（`hours_statement`）、零字节、`document` 的规范 JSON（RFC
/// 8785）的 SHA-256（32 字节）。
///
/// 字库中没有的生僻字不会印成方框，而是返回 422 `print_character_unavailable` 并说明是哪个字；这时仍可用 `pdf=false` 取得签名 JSON。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/registrations/{number}/hours-statement", tag = "certificate",
    params(("number" = domain::registration::RegistrationNumber, Path), PaperInput),
    responses((status = 200, body = SignedPaper<HoursStatement>))))]
pub(crate) async fn hours_statement(
    State(certificates): State<Certificates>,
    caller: Principal,
    received: Received,
    Path(number): Path<String>,
    Query(input): Query<PaperInput>,
) -> Result<Json<SignedPaper<HoursStatement>>, Problem> {
    let (dossier, registration) = with_its_cycle(&certificates.app, &caller, &number, &received).await?;
    let document = HoursStatement::of(&registration, &dossier, &certificates.app.rules, received.at.day());
    certificates.signed(document, print::hours_statement, &input, &received).await
}

/// 下载转出证明
///
/// 仅已转出的登记有转出证明。签名方法、PDF 及其核验同学时证明，`document.paper` 为 `transfer_letter`。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/registrations/{number}/transfer-letter", tag = "certificate",
    params(("number" = domain::registration::RegistrationNumber, Path), PaperInput),
    responses((status = 200, body = SignedPaper<TransferLetter>))))]
pub(crate) async fn transfer_letter(
    State(certificates): State<Certificates>,
    caller: Principal,
    received: Received,
    Path(number): Path<String>,
    Query(input): Query<PaperInput>,
) -> Result<Json<SignedPaper<TransferLetter>>, Problem> {
    let (dossier, registration) = with_its_cycle(&certificates.app, &caller, &number, &received).await?;
    let document = TransferLetter::of(&registration, &dossier, &certificates.app.rules)?;
    certificates.signed(document, print::transfer_letter, &input, &received).await
}
