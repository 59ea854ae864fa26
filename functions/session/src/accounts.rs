//! Staff accounts, as administrators see and change them: those within their own area.

use crate::{
    AppointError, Appointed, NewStaff,
    appointment::{Handed, make, names},
    post::{Entry, PostChange, edit, ends_sign_ins, field_error, is_within},
    staff::entry,
};
use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    auth::sign_in::SignInGuard,
    http::{Administrator, App, IfMatch, NoBody, Problem, Query, Write, etag, reply_of},
    store::{
        AccountChange, AccountLost, AccountWritten, Appointer, Cursor, StaffAccount, StaffProfile, Username,
    },
};
use domain::{
    actor::{Actor, Role},
    application::JournalAction,
    contact::EmailAddress,
    date::Instant,
    district::Area,
    form::{IdentityDocumentInput, PersonName},
    id::StaffId,
    identity::IdentityDocument,
};
use serde::{Deserialize, Deserializer, Serialize};
use std::{collections::BTreeSet, str::FromStr};

/// Accounts on a page where the caller doesn't say.
const PAGE: usize = 50;
/// The most accounts on a page.
const MOST: usize = 200;
/// How often a change that met an attempt to sign in is made anew.
const ATTEMPTS: u32 = 4;

/// An account.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct AccountView {
    /// Its id.
    id: StaffId,
    /// What they sign in as.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "wang.wu"))]
    username: Username,
    /// Their name.
    name: PersonName,
    /// What they may do.
    roles: BTreeSet<Role>,
    /// The area they are appointed for; the whole country where none is named.
    area: Option<Area>,
    /// Where the morning's digest of what waits for them goes; none is sent without.
    email: Option<EmailAddress>,
    /// True where they may not sign in.
    disabled: bool,
    /// True where their own identity document is on record, so that they can't decide their own application.
    identity_on_record: bool,
    /// Its version, for `If-Match`.
    version: u64,
    /// When they were appointed.
    created_at: Instant,
    /// When it was last changed.
    updated_at: Instant,
}

impl From<StaffProfile> for AccountView {
    fn from(profile: StaffProfile) -> Self {
        Self {
            id: profile.id,
            username: profile.username,
            name: profile.name,
            roles: profile.roles,
            area: profile.area,
            email: profile.email,
            disabled: profile.disabled,
            identity_on_record: profile.identity.is_some(),
            version: profile.version,
            created_at: profile.created_at,
            updated_at: profile.updated_at,
        }
    }
}

/// Which page.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub(crate) struct AccountsInput {
    /// Accounts on the page, 1 to 200; 50 where it's left out.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// A page of accounts.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Accounts {
    /// By area and username.
    items: Vec<AccountView>,
    /// `cursor` of the next page; none on the last.
    next: Option<Cursor>,
}

/// 查看工作人员账号
///
/// 只列出管理员本人辖区内的账号。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/staff", tag = "session",
    params(AccountsInput), responses((status = 200, body = Accounts))))]
pub(crate) async fn list(
    State(app): State<App>,
    administrator: Administrator,
    Query(input): Query<AccountsInput>,
) -> Result<Json<Accounts>, Problem> {
    let limit = input.limit.unwrap_or(PAGE).clamp(1, MOST);
    let cursor = input.cursor.map(Cursor::from_text);
    let page = app.store.accounts(administrator.area.as_ref(), limit, cursor.as_ref()).await?;
    Ok(Json(Accounts { items: page.items.into_iter().map(AccountView::from).collect(), next: page.next }))
}

/// Whom to appoint.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct AppointInput {
    /// What they will sign in as: 3 to 32 letters, digits, `.`, `_`, `-` or `@`. Can't be changed.
    #[cfg_attr(feature = "openapi", schema(example = "wang.wu"))]
    username: String,
    /// Their name.
    #[cfg_attr(feature = "openapi", schema(example = "王五"))]
    name: String,
    /// What they may do.
    roles: BTreeSet<Role>,
    /// The area they are appointed for.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "4201"))]
    area: Option<String>,
    /// Where the morning's digest of what waits for them goes; none is sent without.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(example = "wang@example.com"))]
    email: Option<String>,
    /// Their own identity document; only its keyed hash is kept.
    #[serde(default)]
    identity_document: Option<IdentityDocumentInput>,
}

/// An account with what its owner signs in with. Shown once.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct HandedOver {
    /// The account.
    #[serde(flatten)]
    account: AccountView,
    /// The first password.
    password: String,
    /// The one-time code's secret in base 32, to be typed into an authenticator app.
    totp_secret: String,
    /// The same as an `otpauth://` address, to be shown as a QR code.
    provisioning_uri: String,
}

impl HandedOver {
    pub fn of(account: StaffProfile, handed: Handed) -> Self {
        let Appointed { password, totp_secret, provisioning_uri, .. } = handed.with(&account);
        Self { account: account.into(), password, totp_secret, provisioning_uri }
    }
}

fn hand_over(status: StatusCode, account: StaffProfile, handed: Handed) -> Response {
    let version = [(header::ETAG, etag(account.version))];
    (status, version, Json(HandedOver::of(account, handed))).into_response()
}

/// 任命工作人员
///
/// 初始密码和动态验证码密钥只在此返回一次；如未收到，请用重置重新生成。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/staff", tag = "session",
    request_body = AppointInput, responses((status = 201, body = HandedOver))))]
pub(crate) async fn appoint(
    State(app): State<App>,
    administrator: Administrator,
    write: Write<AppointInput>,
) -> Result<Response, Problem> {
    let by = appointer(administrator);
    let new = new_staff(write.body)?;
    let journal = entry(Actor::Staff(by.id.clone()), JournalAction::AccountAppointed, &write.received);
    let handed = Handed::generate().map_err(AppointError::Crypto)?;
    let (account, handed) = make(&app, new, handed, Some(&by), journal).await?;
    Ok(hand_over(StatusCode::CREATED, account, handed))
}

fn appointer(administrator: Administrator) -> Appointer {
    Appointer { id: administrator.id, area: administrator.area }
}

/// Reads the input, and names everything in it that can't be taken.
pub(crate) fn new_staff(input: AppointInput) -> Result<NewStaff, AppointError> {
    let mut errors = Vec::new();
    let area = input.area.as_deref().map(str::parse::<Area>).transpose().unwrap_or_else(|error| {
        errors.push(field_error("area", "malformed", error.to_string()));
        None
    });
    let document = input.identity_document.map(|typed| IdentityDocument::new(typed.kind, &typed.number));
    let identity = document.transpose().unwrap_or_else(|error| {
        errors.push(field_error("identity_document", "malformed", error.to_string()));
        None
    });
    let email = input.email.as_deref().map(str::parse::<EmailAddress>).transpose();
    let email = email.unwrap_or_else(|error| {
        errors.push(field_error("email", "malformed", error.to_string()));
        None
    });
    let AppointInput { username, name, roles, .. } = input;
    let new = NewStaff { username, name, roles, area, email, identity };
    errors.extend(names(&new).err().into_iter().flatten());
    if errors.is_empty() { Ok(new) } else { Err(AppointError::Invalid(errors)) }
}

/// Changes of an account: what is left out stays.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeInput {
    /// The name.
    #[serde(default)]
    name: Option<String>,
    /// All their roles from now on.
    #[serde(default)]
    roles: Option<BTreeSet<Role>>,
    /// The area; `null` is the whole country.
    #[serde(default, deserialize_with = "nullable")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "4201"))]
    area: Entry<String>,
    /// Where the morning's digest goes; `null` is nowhere.
    #[serde(default, deserialize_with = "nullable")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, example = "wang@example.com"))]
    email: Entry<String>,
    /// Whether they may no longer sign in.
    #[serde(default)]
    disabled: Option<bool>,
}

/// Tells `null` from a field that is left out.
fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Entry<String>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What was entered, read: nothing where it's left out, none where it's `null`.
fn entry_of<T: FromStr>(entered: Option<&Option<String>>) -> Result<Entry<T>, T::Err> {
    entered.map(|text| text.as_deref().map(str::parse).transpose()).transpose()
}

fn post_change(input: &ChangeInput) -> Result<PostChange, AppointError> {
    let mut errors = Vec::new();
    let name = input.name.as_deref().map(str::parse::<PersonName>).transpose().unwrap_or_else(|error| {
        errors.push(field_error("name", "malformed", error.to_string()));
        None
    });
    let area = entry_of(input.area.as_ref()).unwrap_or_else(|error| {
        errors.push(field_error("area", "malformed", format!("{error}")));
        None
    });
    let email = entry_of(input.email.as_ref()).unwrap_or_else(|error| {
        errors.push(field_error("email", "malformed", format!("{error}")));
        None
    });
    let change = PostChange { name, roles: input.roles.clone(), area, email, disabled: input.disabled };
    if errors.is_empty() { Ok(change) } else { Err(AppointError::Invalid(errors)) }
}

/// 修改工作人员账号
///
/// 只改所列字段，须带 If-Match。角色、辖区变更或停用后，该账号的登录全部失效；不能更改本人的角色、辖区或停用本人。
#[cfg_attr(feature = "openapi", utoipa::path(patch, path = "/v1/staff/{id}", tag = "session",
    params(("id" = StaffId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = Option<String>, Header)),
    request_body = ChangeInput, responses((status = 200, body = AccountView))))]
pub(crate) async fn change(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
    write: Write<ChangeInput>,
) -> Result<Response, Problem> {
    let by = appointer(administrator);
    let expected = IfMatch::required(write.if_match)?;
    let change = post_change(&write.body)?;
    let now = write.received.at;
    for _ in 0..ATTEMPTS {
        let before = find(&app, &id, &by).await?;
        if expected.is_some_and(|expected| expected.0 != before.profile.version) {
            return app.echo(&write).await?.ok_or_else(Problem::stale);
        }
        let profile = edit(&before.profile, &change, &by, &app.rules, now)?;
        let reply = reply_of(StatusCode::OK, Some(profile.version), &AccountView::from(profile.clone()))?;
        if profile == before.profile {
            return Ok(reply.into_response());
        }
        let ended = u64::from(ends_sign_ins(&before.profile, &profile));
        let after = StaffAccount { profile, session_epoch: before.session_epoch + ended, ..before.clone() };
        let change = AccountChange {
            before: Some(&before),
            after,
            journal: entry(Actor::Staff(by.id.clone()), JournalAction::AccountChanged, &write.received),
            by: Some(&by),
            sign_in: None,
            idempotency: write.idempotency.as_ref().map(|key| (key, &reply)),
        };
        match app.store.commit_account(change).await {
            Ok(AccountWritten::Now) => return Ok(reply.into_response()),
            Ok(AccountWritten::Before(reply)) => return Ok(reply.into_response()),
            // Somebody signed in, or tried to; or it was edited, and then the version tells.
            Err(AccountLost::Stale) => {}
            Err(lost) => return Err(AppointError::from(lost).into()),
        }
    }
    Err(AppointError::Stale.into())
}

/// 重置工作人员账号
///
/// 生成新的初始密码和动态验证码密钥（只返回一次），解除锁定，并使该账号的登录全部失效。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/staff/{id}/reset", tag = "session",
    params(("id" = StaffId, Path)), responses((status = 200, body = HandedOver))))]
pub(crate) async fn reset(
    State(app): State<App>,
    administrator: Administrator,
    Path(id): Path<String>,
    write: Write<NoBody>,
) -> Result<Response, Problem> {
    let by = appointer(administrator);
    if id == by.id.as_str() {
        return Err(AppointError::OwnAccount.into());
    }
    let handed = Handed::generate().map_err(AppointError::Crypto)?;
    let password = handed.hash().await?;
    for _ in 0..ATTEMPTS {
        let before = find(&app, &id, &by).await?;
        let after = StaffAccount {
            password: password.clone(),
            totp: handed.totp().clone(),
            guard: SignInGuard::default(),
            session_epoch: before.session_epoch + 1,
            ..before.clone()
        };
        let change = AccountChange {
            before: Some(&before),
            after,
            journal: entry(Actor::Staff(by.id.clone()), JournalAction::CredentialsReset, &write.received),
            by: Some(&by),
            sign_in: None,
            idempotency: None,
        };
        match app.store.commit_account(change).await {
            Ok(_) => return Ok(hand_over(StatusCode::OK, before.profile, handed)),
            Err(AccountLost::Stale) => {}
            Err(lost) => return Err(AppointError::from(lost).into()),
        }
    }
    Err(AppointError::Stale.into())
}

/// The account `id`, where it's within the reach of `by`: nobody learns whether there is one elsewhere.
async fn find(app: &App, id: &str, by: &Appointer) -> Result<StaffAccount, AppointError> {
    let id: StaffId = id.parse().map_err(|_| AppointError::UnknownAccount)?;
    let account = app.store.account(&id).await?;
    let within = |account: &StaffAccount| is_within(by.area.as_ref(), account.profile.area.as_ref());
    account.filter(within).ok_or(AppointError::UnknownAccount)
}
