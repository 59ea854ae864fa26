//! Verification, for anybody: by number, by the QR code of a certificate, and a hundred numbers at once. Nobody has to be
//! signed in; who asks for number after number that nobody has is held up.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use common::{
    auth::keys::Jwks,
    http::{App, Body, Problem, Query, Received, registration_number},
    statement::{Scanned, StatementError},
    store::{Guesses, Looked},
};
use domain::{
    date::Instant,
    error::FieldError,
    registration::{InvalidRegistrationNumber, RegistrationNumber},
    statement::Statement,
    verification::{PublicEntry, UNKNOWN, Verification},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most numbers that are verified at once.
pub const MOST_NUMBERS: usize = 100;
/// How many numbers that nobody has may be asked for from one network in an hour of the clock. A province that registers
/// 2,000 people a year has given out one in 50,000 of that year's numbers: at this rate a guesser finds one in a month,
/// and learns a surname and a level. Who copies numbers from paper is wrong now and then, and is told most of it by the
/// check digit, which doesn't count.
pub const MOST_MISSES: u32 = 60;
/// How long the keys may be kept by who checks certificates offline, and asks again by a key they don't know.
const KEYS_MAX_AGE: &str = "public, max-age=300";

/// A look at the register, and when it was.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Verified {
    #[serde(flatten)]
    seen: Verification,
    /// When the register was looked at.
    checked_at: Instant,
}

/// What was scanned.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub(crate) struct ShownInput {
    /// 电子证书二维码地址中的 `s`
    s: Option<String>,
}

/// Numbers to be verified.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyInput {
    /// 登记号，1 至 100 个
    numbers: Vec<String>,
}

/// What each number led to, in their order.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct VerifiedList {
    /// One for each number.
    pub items: Vec<VerifiedItem>,
    /// When the register was looked at.
    pub checked_at: Instant,
}

/// What one number led to.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct VerifiedItem {
    /// The number as it was sent.
    number: String,
    /// What is seen; `standing` is `unknown` where nobody has the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Verification>,
    /// Why it's no registration number, where it's none.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FieldError>,
}

/// What was scanned isn't a statement of ours.
fn refused(error: StatementError) -> Problem {
    Problem::invalid("s", error.code(), error.to_string())
}

fn scan(text: &str) -> Result<Scanned, Problem> {
    Scanned::read(text).map_err(refused)
}

fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_registration", UNKNOWN)
}

/// Nothing is told any more, known numbers neither, where too many unknown ones were asked for.
pub(crate) fn hold_up(looked: &Looked, guesses: &Guesses) -> Result<(), Problem> {
    if looked.misses < MOST_MISSES {
        return Ok(());
    }
    let minutes = guesses.left_seconds.div_ceil(60);
    let detail = format!(
        "您所在网络一小时内查询的不存在的登记号过多，请约 {minutes} 分钟后再试；扫描电子证书上的二维码核验不受限制"
    );
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_unknown_numbers", detail);
    Err(problem.retry_after(guesses.left_seconds))
}

fn seen(app: &App, entry: &PublicEntry, shown: Option<u32>, at: Instant) -> Verification {
    let rules = app.rules.for_district(Some(&entry.district));
    Verification::of(entry, shown, &rules.authority, at.day())
}

/// How a certificate stands whose statement was scanned. Who has one doesn't guess, and isn't held up.
async fn of_certificate(app: &App, scanned: Scanned, at: Instant) -> Result<Verification, Problem> {
    let looked = app.store.verify([&scanned.claim().number], None, Some(&scanned.key())).await?;
    let Statement { number, edition, .. } = scanned.check(looked.key).map_err(refused)?;
    let entry = looked.entries.get(&number).ok_or_else(unknown)?;
    Ok(seen(app, entry, Some(edition), at))
}

/// 扫码核验电子证书
///
/// 无需登录。`s` 为电子证书二维码地址中的参数：先验证签名，再查询登记的现状。证书不是现行版本时 `standing` 为 `replaced`，
/// `registration_standing` 为登记本身的状态。签名不符为 422：`statement_malformed`、`statement_key_unknown` 或 `statement_not_authentic`。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/verify", tag = "registry",
    params(ShownInput), responses((status = 200, body = Verified))))]
pub(crate) async fn scanned(
    State(app): State<App>,
    received: Received,
    Query(input): Query<ShownInput>,
) -> Result<Json<Verified>, Problem> {
    let missing = || {
        let detail = "请扫描电子证书上的二维码，或在地址末尾写上登记号查询，例如 /v1/verify/422026987654324";
        Problem::invalid("s", "required", detail)
    };
    let scanned = scan(&input.s.ok_or_else(missing)?)?;
    Ok(Json(Verified { seen: of_certificate(&app, scanned, received.at).await?, checked_at: received.at }))
}

/// 按登记号核验
///
/// 无需登录。返回打码的姓名（张**）、状态与日期。带 `s` 时同时核验所示电子证书。登记号校验位不符为 422
/// （`errors[0].code` 为 `registration_number_check_digit`），查无此号为 404 `unknown_registration`。同一网络（IPv4 地址或 IPv6
/// 的 /64 网段）一小时内查询的不存在的号码过多，为 429 `too_many_unknown_numbers`，`Retry-After` 后可再试。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/verify/{number}", tag = "registry",
    params(("number" = RegistrationNumber, Path), ShownInput), responses((status = 200, body = Verified))))]
pub(crate) async fn by_number(
    State(app): State<App>,
    received: Received,
    Path(number): Path<String>,
    Query(input): Query<ShownInput>,
) -> Result<Json<Verified>, Problem> {
    let number = registration_number(&number)?;
    let at = received.at;
    if let Some(text) = input.s {
        let scanned = scan(&text)?;
        if scanned.claim().number != number {
            let detail = "二维码上的登记号与所查的登记号不一致，请核对证书";
            return Err(Problem::invalid("s", "statement_of_another_number", detail));
        }
        return Ok(Json(Verified { seen: of_certificate(&app, scanned, at).await?, checked_at: at }));
    }
    let guesses = app.store.guesses(&received.network(), at);
    let looked = app.store.verify([&number], Some(&guesses), None).await?;
    hold_up(&looked, &guesses)?;
    let Some(entry) = looked.entries.get(&number) else {
        app.store.count_guesses(&guesses, 1).await?;
        return Err(unknown());
    };
    Ok(Json(Verified { seen: seen(&app, entry, None, at), checked_at: at }))
}

/// 批量核验
///
/// 无需登录，每次 1 至 100 个登记号，逐个按顺序返回：`result` 为核验结果（查无此号时 `standing` 为 `unknown`），不是登记号的返回
/// `error`。查无此号的计入该网络一小时内的查询限制。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/verify", tag = "registry",
    request_body = VerifyInput, responses((status = 200, body = VerifiedList))))]
pub(crate) async fn several(
    State(app): State<App>,
    received: Received,
    Body(input): Body<VerifyInput>,
) -> Result<Json<VerifiedList>, Problem> {
    let count = input.numbers.len();
    if count == 0 || count > MOST_NUMBERS {
        let detail = format!("每次核验 1 至 {MOST_NUMBERS} 个登记号，收到 {count} 个，请分批查询");
        return Err(Problem::invalid("numbers", "wrong_count", detail));
    }
    let at = received.at;
    let parsed: Vec<_> = input.numbers.iter().map(|number| number.parse::<RegistrationNumber>()).collect();
    let asked: BTreeSet<&RegistrationNumber> = parsed.iter().flatten().collect();
    let guesses = app.store.guesses(&received.network(), at);
    let looked = app.store.verify(asked.iter().copied(), Some(&guesses), None).await?;
    hold_up(&looked, &guesses)?;
    let misses = asked.iter().filter(|number| !looked.entries.contains_key(**number)).count();
    if misses > 0 {
        app.store.count_guesses(&guesses, misses).await?;
    }
    let items = items(&app, input.numbers.into_iter().zip(parsed), &looked, at);
    Ok(Json(VerifiedList { items, checked_at: at }))
}

/// What each of `numbers`, as it was sent and as it was read, led to.
pub(crate) fn items(
    app: &App,
    numbers: impl Iterator<Item = (String, Result<RegistrationNumber, InvalidRegistrationNumber>)>,
    looked: &Looked,
    at: Instant,
) -> Vec<VerifiedItem> {
    let items = numbers.enumerate().map(|(place, (sent, parsed))| {
        let (result, error) = match parsed {
            Ok(number) => match looked.entries.get(&number) {
                Some(entry) => (Some(seen(app, entry, None, at)), None),
                None => (Some(Verification::unknown(number)), None),
            },
            Err(error) => {
                let field = format!("numbers[{place}]");
                let error = FieldError { field, code: error.code().to_owned(), detail: error.to_string() };
                (None, Some(error))
            }
        };
        VerifiedItem { number: sent, result, error }
    });
    items.collect()
}

/// 验证电子证书的公钥（JWKS）
///
/// 可离线验证电子证书的二维码。二维码地址中的 `s` 是 base64url（无填充）：先是内容，最后 64 字节是 Ed25519 签名。签名的对象是
/// `social-worker-registry/statement/1` 加一个零字节，再加内容。内容依次为（整数均为大端）：1 字节版本号 1；6 字节密钥编号，即
/// `kid` 的前 8 个字符；7 字节登记号；1 字节级别（1 助理社会工作师、2 社会工作师、3 高级社会工作师）；4 字节有效期至（数值形如 20290228）；
/// 4 字节证书版本；其余为 UTF-8 姓名。公钥长期有效，不会撤下；离线验证只说明证书由本系统签发，登记现状请在线核验。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/verify/keys", tag = "registry",
    responses((status = 200, body = Jwks))))]
pub(crate) async fn keys(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let keys: Jwks = app.store.certificate_keys().await?.into_iter().collect();
    Ok(([(header::CACHE_CONTROL, KEYS_MAX_AGE)], Json(keys)))
}
