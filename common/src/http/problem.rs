//! Errors as clients see them: RFC 9457 `application/problem+json`, with a stable `code`, a Chinese `detail`, errors
//! by field and the rule behind a refusal. The cause of a 5xx goes to the log and never further.

use crate::{
    auth::token::TokenError,
    blobs::BlobError,
    store::{InvalidCursor, JournalError, Lost, PageError, QueueError, StoreError},
};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{
    application::UniqueKey,
    credit::CreditRefusal,
    error::{FieldError, Refusal, RefusalClass},
    notice::NoticeRefusal,
    rules::Citation,
};
use serde::Serialize;

/// An error for a client.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    rule: Option<Citation>,
    retry_after: Option<u32>,
    /// For the log only.
    cause: Option<String>,
}

/// The body of an error.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemBody<'a> {
    /// A URI that stands for this code; nothing has to be behind it.
    #[serde(rename = "type")]
    kind: String,
    /// The status's standard phrase.
    title: &'a str,
    /// HTTP status.
    status: u16,
    /// Stable code for programs.
    code: &'a str,
    /// What to do about it, in Chinese.
    detail: &'a str,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// The rule behind a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a Citation>,
    /// To be named when asking for help.
    trace_id: &'a str,
}

impl Problem {
    /// An error with `status`, `code` and a Chinese `detail`.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            rule: None,
            retry_after: None,
            cause: None,
        }
    }

    /// Values that can't be taken.
    pub fn invalid(field: &str, code: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let error = FieldError { field: field.to_owned(), code: code.to_owned(), detail: detail.clone() };
        Self { errors: vec![error], ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", detail) }
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "没有找到您请求的内容，请检查地址")
    }

    /// Not for this role.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "您没有权限进行此操作，如需办理请联系管理员")
    }

    /// Something here failed. `cause` goes to the log.
    #[allow(clippy::needless_pass_by_value)] // so that `map_err(Problem::internal)` reads well
    pub fn internal(cause: impl ToString) -> Self {
        let detail = "系统暂时出现问题，您的资料没有丢失，请稍后重试；如仍失败，请提供 trace_id 联系我们";
        Self {
            cause: Some(cause.to_string()),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
        }
    }

    /// Too busy for the moment.
    #[allow(clippy::needless_pass_by_value)] // as above
    pub fn busy(cause: impl ToString) -> Self {
        Self {
            cause: Some(cause.to_string()),
            retry_after: Some(2),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "系统繁忙，请稍等几秒后重试；您的资料没有丢失",
            )
        }
    }

    /// The same error, to be tried again after `seconds`.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The version that came with `If-Match` isn't the present one.
    pub fn stale() -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "version_stale", "内容已被更新，请刷新后在最新内容上重试")
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What to do about it, in Chinese.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Errors by field.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// What the log says of it.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The reply with `trace_id` in it.
    pub(crate) fn render(&self, trace_id: &str) -> Response {
        let body = ProblemBody {
            kind: format!("urn:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            errors: &self.errors,
            rule: self.rule.as_ref(),
            trace_id,
        };
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response =
            (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110, 15.5.2: a 401 says how to sign in.
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(if self.code == "client_refused" { "Basic" } else { "Bearer" }),
            );
        }
        response
    }
}

/// The body is written by [`finish`](super::finish), which knows the trace id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

fn status_of(class: RefusalClass) -> StatusCode {
    match class {
        RefusalClass::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalClass::Conflict => StatusCode::CONFLICT,
        RefusalClass::Forbidden => StatusCode::FORBIDDEN,
        RefusalClass::NotFound => StatusCode::NOT_FOUND,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self {
            errors: refusal.fields(),
            rule: refusal.rule().cloned(),
            ..Self::new(status_of(refusal.class()), refusal.code(), refusal.to_string())
        }
    }
}

impl From<NoticeRefusal> for Problem {
    fn from(refusal: NoticeRefusal) -> Self {
        let status = status_of(refusal.class());
        Self { errors: refusal.fields(), ..Self::new(status, refusal.code(), refusal.to_string()) }
    }
}

impl From<CreditRefusal> for Problem {
    fn from(refusal: CreditRefusal) -> Self {
        Refusal::from(refusal).into()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy(_) => Self::busy(error),
            _ => Self::internal(error),
        }
    }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Self {
        let status = match error {
            BlobError::NotUploaded | BlobError::Replaced => StatusCode::CONFLICT,
            BlobError::TooLarge { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            BlobError::Unavailable(_) => return Self::busy(error.report()),
            BlobError::BucketName => return Self::internal(error),
        };
        Self::new(status, error.code(), error.to_string())
    }
}

impl From<Lost> for Problem {
    fn from(lost: Lost) -> Self {
        let conflict = |code, detail: &str| Self::new(StatusCode::CONFLICT, code, detail);
        match lost {
            Lost::Stale => conflict("concurrent_change", "内容刚刚被修改，本次操作没有生效，请刷新后重试"),
            Lost::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "该 Idempotency-Key 已用于内容不同的请求，请为新请求换一个",
            ),
            Lost::Taken(UniqueKey::Identity(_)) => conflict(
                "identity_taken",
                "该身份证件号码已在其他微信账号下登记或申请。如非本人操作，请携带身份证件联系当地登记管理机构",
            ),
            Lost::Taken(UniqueKey::Certificate(_)) => conflict(
                "certificate_taken",
                "该证书管理号已被登记或申请。请先核对管理号；如确认无误，请携带证书原件联系当地登记管理机构",
            ),
            Lost::Taken(UniqueKey::OpenApplication(..)) => {
                conflict("application_already_open", "您已有一份进行中的同类申请，请先办完或撤回")
            }
            Lost::Taken(UniqueKey::Registration(_)) => Self::busy("registration numbers kept colliding"),
            Lost::Store(error) => error.into(),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error.code(), error.to_string())
    }
}

impl From<InvalidCursor> for Problem {
    fn from(error: InvalidCursor) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_cursor", error.to_string())
    }
}

impl From<PageError> for Problem {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Cursor(error) => error.into(),
            PageError::Store(error) => error.into(),
        }
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Cursor(error) => error.into(),
            JournalError::Store(error) => error.into(),
        }
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::Cursor(error) => error.into(),
            QueueError::Store(error) => error.into(),
        }
    }
}
