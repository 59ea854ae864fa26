//! One certificate: what is on it, where its print is kept, and its printing.

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
    http::{Problem, Received, find_registration},
    statement::verify_url,
};
use domain::{
    date::CalendarDate,
    registration::{Registration, RegistrationNumber},
    verification::Standing,
};
use print::{CertificateSheet, Imprint, Subject};
use serde::Serialize;

/// A certificate, and where it can be fetched.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct CertificateView {
    /// 登记号
    registration_number: RegistrationNumber,
    /// 版次: which edition it is, from 1. An older one verifies as replaced.
    edition: u32,
    /// Last day of validity, as printed.
    valid_until: CalendarDate,
    /// False where the registration isn't in force; the certificate then says so across the page.
    in_force: bool,
    /// The PDF.
    #[serde(flatten)]
    pdf: Print,
}

/// 下载电子登记证
///
/// 返回五分钟内有效的 PDF 下载地址。本人和辖区内的工作人员可以下载。登记已失效、注销、撤销或转出的，证书上以大字注明；姓名、照片或有效期变更后
/// 自动换发新版，旧版核验结果为“证书已更换”。字库中没有的生僻字不会印成方框，而是返回 422 `print_character_unavailable` 并说明是哪个字。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/registrations/{number}/certificate", tag = "certificate",
    params(("number" = RegistrationNumber, Path)), responses((status = 200, body = CertificateView))))]
pub(crate) async fn read(
    State(certificates): State<Certificates>,
    caller: Principal,
    received: Received,
    Path(number): Path<String>,
) -> Result<Json<CertificateView>, Problem> {
    let (_, registration) = find_registration(&certificates.app, &caller, &number, &received).await?;
    let standing = registration.standing(received.at.day());
    let key = certificates.kept(&registration, standing).await?;
    let file_name = format!("社会工作者登记证-{}.pdf", registration.number);
    Ok(Json(CertificateView {
        pdf: certificates.shown(key, &file_name, &received).await?,
        in_force: standing.is_in_force(),
        edition: registration.edition,
        valid_until: registration.valid_until,
        registration_number: registration.number,
    }))
}

impl Certificates {
    /// The key in the bucket under which the certificate of `registration` is, printed now where it isn't yet. Who asks at
    /// the same time may print it too; both put the same bytes there.
    async fn kept(&self, registration: &Registration, standing: Standing) -> Result<String, Problem> {
        let signed = self.press.signer.statement(registration);
        let qr = verify_url(&self.press.portal, &signed);
        let rules = self.app.rules.for_district(Some(&registration.district));
        let mut sheet = CertificateSheet {
            subject: Subject {
                name: registration.name.as_str(),
                level: registration.certificate.level,
                management_number: registration.certificate.management_number.as_str(),
                registration_number: registration.number.as_str(),
            },
            registered_on: registration.registered_on,
            valid_from: registration.cycle.start,
            valid_until: registration.valid_until,
            standing,
            ended_on: registration.ended_on,
            edition: registration.edition,
            photo: None,
            imprint: Imprint {
                authority: &rules.authority,
                issued_on: granted_on(registration),
                qr: &qr,
                portal: &self.press.portal,
            },
        };
        let photo = registration.photo.as_ref().and_then(|photo| photo.sha256.as_deref());
        let key = prints::key(&registration.number, &(&sheet, photo))?;
        if !self.blobs.has(&key).await? {
            self.publish_key().await?;
            let photo = self.photo(registration).await?;
            sheet.photo = photo.as_deref();
            self.keep(&key, print::certificate(&sheet)).await?;
        }
        Ok(key)
    }

    /// The holder's photo; none where the registration has none.
    async fn photo(&self, registration: &Registration) -> Result<Option<Vec<u8>>, Problem> {
        let Some(photo) = &registration.photo else { return Ok(None) };
        let key = photo.object_key().ok_or_else(|| Problem::internal("a photo that was never confirmed"))?;
        Ok(Some(self.blobs.read(&key, photo.size).await?))
    }
}

/// The day on which the present validity was granted: that of the last renewal's approval, or of the first registration.
fn granted_on(registration: &Registration) -> CalendarDate {
    registration.closed.last().map_or(registration.registered_on, |closed| closed.closed_on)
}
