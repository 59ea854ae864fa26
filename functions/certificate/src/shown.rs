//! A printed paper that is shown to somebody: whether it's ours, and what the register has it say.

use crate::{Certificates, papers::reaching_back};
use axum::{Json, extract::State, http::StatusCode};
use common::{
    crypto::sha256,
    http::{Problem, Query, Received},
    statement::{ScannedPaper, StatementError},
};
use domain::{
    credit::Hours,
    date::{CalendarDate, Instant},
    dossier::Dossier,
    registration::{Registration, RegistrationNumber},
    transfer::{DIGEST, HoursStatement, PaperKind, PaperProof, TransferLetter, canonical_json},
    verification::UNKNOWN,
};
use serde::{Deserialize, Serialize};

/// What was scanned.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub(crate) struct ShownInput {
    /// 学时证明、转出证明二维码地址中的 `s`
    s: Option<String>,
}

/// A paper as the register has it. Its `paper` member says which.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub(crate) enum ShownDocument {
    /// 学时证明
    Statement(Box<HoursStatement>),
    /// 转出证明
    Letter(Box<TransferLetter>),
}

/// A paper that is ours: its QR code was signed here.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct ShownPaper {
    /// Which paper it is.
    paper: PaperKind,
    /// What stands on top of it.
    title: &'static str,
    /// 登记号
    number: RegistrationNumber,
    /// The day it tells of.
    day: CalendarDate,
    /// The hours that count, by what it says.
    counted: Hours,
    /// SHA-256 of the canonical JSON of its document, hex.
    sha256: String,
    /// True where the register says the same still; what it says is then `document`.
    current: bool,
    /// What to make of it, in Chinese.
    detail: &'static str,
    /// All that the paper says, where it's current: whatever else stands on the page was put there by somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<ShownDocument>,
    /// When the register was looked at.
    checked_at: Instant,
}

/// 核验学时证明、转出证明
///
/// 无需登录。`s` 为证明末页二维码地址中的参数：先验证签名，再由登记册重新得出同一证明，与签名中的摘要比对。相符时 `current` 为
/// `true`，`document` 为证明的全部内容，请与纸面逐项核对；不符时说明证明确由本系统签发、但登记或学时此后有变动，应请持证人重新下载。
///
/// `s` 是 base64url（无填充）：先是内容，最后 64 字节是 Ed25519 签名，公钥见 `GET /v1/verify/keys`。签名的对象是
/// `social-worker-registry/paper/1` 加一个零字节，再加内容。内容依次为（整数均为大端）：1 字节版本号 1；6 字节密钥编号，即 `kid` 的前 8
/// 个字符；1 字节种类（1 学时证明、2 转出证明）；7 字节登记号；4 字节日期（数值形如 20260410）；4 字节计入学时（单位 0.1）；32 字节
/// `document` 的规范 JSON（RFC 8785）的 SHA-256。签名不符为 422：`statement_malformed`、`statement_key_unknown` 或
/// `statement_not_authentic`。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/verify/paper", tag = "certificate",
    params(ShownInput), responses((status = 200, body = ShownPaper))))]
pub(crate) async fn paper(
    State(certificates): State<Certificates>,
    received: Received,
    Query(input): Query<ShownInput>,
) -> Result<Json<ShownPaper>, Problem> {
    let missing = || Problem::invalid("s", "required", "请扫描证明末页的二维码，用其地址查询");
    let scanned = ScannedPaper::read(&input.s.ok_or_else(missing)?).map_err(refused)?;
    let store = &certificates.app.store;
    let looked = store.verify([&scanned.claim().number], None, Some(&scanned.key())).await?;
    // Nothing is read of anybody before the signature is known to be ours.
    let proof = scanned.check(looked.key).map_err(refused)?;
    let entry = looked.entries.get(&proof.number).ok_or_else(unknown)?;
    let dossier = store.dossier(&entry.holder, received.at).await?;
    let registration = dossier.registration(&proof.number).ok_or_else(unknown)?.clone();
    let dossier = reaching_back(&certificates.app, dossier, &registration, &received).await?;
    let document = certificates.made_again(&proof, &registration, &dossier)?;
    Ok(Json(ShownPaper {
        paper: proof.paper,
        title: proof.paper.title(),
        number: proof.number,
        day: proof.day,
        counted: proof.counted,
        sha256: hex::encode(proof.digest),
        current: document.is_some(),
        detail: if document.is_some() { CURRENT } else { OVERTAKEN },
        document,
        checked_at: received.at,
    }))
}

const CURRENT: &str =
    "本证明由登记管理机构签发，与登记册一致。请将纸面内容与这里显示的内容逐项核对，不一致的以这里为准";
const OVERTAKEN: &str =
    "本证明由登记管理机构签发，但登记或学时此后有变动，纸面内容无法逐项核对，请持证人重新下载后再核验";

impl Certificates {
    /// The paper that `proof` is of, from what the register says now; none where that isn't what was signed.
    fn made_again(
        &self,
        proof: &PaperProof,
        registration: &Registration,
        dossier: &Dossier,
    ) -> Result<Option<ShownDocument>, Problem> {
        let rules = &self.app.rules;
        let (document, digest) = match proof.paper {
            PaperKind::HoursStatement => {
                let statement = HoursStatement::of(registration, dossier, rules, proof.day);
                let digest = digest(&statement)?;
                (ShownDocument::Statement(Box::new(statement)), digest)
            }
            PaperKind::TransferLetter => {
                // Who was once transferred out stays so, and has the letter.
                let letter = TransferLetter::of(registration, dossier, rules)?;
                let digest = digest(&letter)?;
                (ShownDocument::Letter(Box::new(letter)), digest)
            }
        };
        Ok((digest == proof.digest).then_some(document))
    }
}

fn digest<T: Serialize>(document: &T) -> Result<[u8; DIGEST], Problem> {
    Ok(sha256(&canonical_json(document).map_err(Problem::internal)?))
}

/// What was scanned isn't a proof of ours.
fn refused(error: StatementError) -> Problem {
    Problem::invalid("s", error.code(), error.to_string())
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_registration", UNKNOWN)
}
