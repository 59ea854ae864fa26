//! Appointing staff: a new account with its first password and its second factor, by an administrator or, for the first
//! one of all, by the operator.

use crate::{
    hashing::{self, Interrupted},
    post::{self, field_error},
};
use axum::http::StatusCode;
use common::{
    auth::{
        password::{NewPassword, PasswordError, PasswordHash},
        sign_in::SignInGuard,
        totp::{InvalidTotpSecret, TotpSecret},
    },
    crypto::{CryptoError, random_u128},
    http::{App, Problem},
    store::{AccountChange, AccountLost, Appointer, Lost, StaffAccount, StaffProfile, StoreError, Username},
};
use domain::{
    actor::{Actor, Role},
    application::{JournalAction, JournalEntry},
    contact::EmailAddress,
    district::Area,
    error::{FieldError, Refusal},
    form::PersonName,
    id::StaffId,
    identity::IdentityDocument,
};
use std::{collections::BTreeSet, fmt};

/// Whose system an authenticator app names.
const ISSUER: &str = "社工证登记";
/// Digits of a generated password: as those of ids, without the ones that look like others. 16 of them are 80 random
/// bits.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Who is to be appointed.
#[derive(Debug, Clone)]
pub struct NewStaff {
    /// What they will sign in as: 3 to 32 letters, digits, `.`, `_`, `-` or `@`.
    pub username: String,
    /// Their name.
    pub name: String,
    /// What they may do.
    pub roles: BTreeSet<Role>,
    /// The area they are appointed for; the whole country where none is named.
    pub area: Option<Area>,
    /// Where the morning's digest of what waits for them goes.
    pub email: Option<EmailAddress>,
    /// Their own identity document, of which only the keyed hash is kept: nobody decides their own application.
    pub identity: Option<IdentityDocument>,
}

/// An account as it's handed over, once. `Debug` hides its secrets.
pub struct Appointed {
    /// The account's id.
    pub id: StaffId,
    /// The first password.
    pub password: String,
    /// The second factor's secret in base 32, to be typed into an authenticator app.
    pub totp_secret: String,
    /// The same as an `otpauth://` address, to be shown as a QR code.
    pub provisioning_uri: String,
}

impl fmt::Debug for Appointed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appointed").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why an account isn't made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AppointError {
    /// Values that can't be taken.
    #[error("{}", list(.0))]
    Invalid(Vec<FieldError>),
    /// Somebody has the username.
    #[error("该用户名已被使用，请换一个；如需重置该账号，请使用重置功能")]
    UsernameTaken,
    /// The post lies outside the administrator's area.
    #[error("只能任命本人管理辖区内的工作人员")]
    OutsideArea,
    /// One's own post.
    #[error("不能更改本人的角色、辖区或停用、重置本人账号，请由其他管理员办理；修改密码请使用修改密码功能")]
    OwnAccount,
    /// There is no such account, or not in the administrator's area.
    #[error("没有找到该工作人员账号")]
    UnknownAccount,
    /// Who writes is no longer the administrator that their token says.
    #[error("您的角色或辖区已变更，请重新登录")]
    NoLongerAppointer,
    /// The account changed meanwhile.
    #[error("内容刚刚被修改，本次操作没有生效，请刷新后重试")]
    Stale,
    /// The idempotency key was used for another payload.
    #[error("该 Idempotency-Key 已用于内容不同的请求，请为新请求换一个")]
    KeyReused,
    /// A chosen second factor's secret isn't one.
    #[error(transparent)]
    Totp(#[from] InvalidTotpSecret),
    /// A password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Hashing was interrupted.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// No random bytes.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AppointError {
    /// Stable name in problem replies and logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid_fields",
            Self::UsernameTaken => "username_taken",
            Self::OutsideArea => "outside_area",
            Self::OwnAccount => "own_account",
            Self::UnknownAccount => "unknown_account",
            Self::NoLongerAppointer => "appointment_changed",
            Self::Stale => "concurrent_change",
            Self::KeyReused => "idempotency_key_reused",
            Self::Totp(error) => error.code(),
            Self::Password(error) => error.code(),
            Self::Interrupted(_) => "password_hashing_interrupted",
            Self::Crypto(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

fn list(errors: &[FieldError]) -> String {
    errors.iter().map(|error| error.detail.as_str()).collect::<Vec<_>>().join("；")
}

impl From<AccountLost> for AppointError {
    fn from(lost: AccountLost) -> Self {
        match lost {
            AccountLost::Stale => Self::Stale,
            AccountLost::NoLongerAppointer => Self::NoLongerAppointer,
            AccountLost::KeyReused => Self::KeyReused,
            AccountLost::Store(error) => Self::Store(error),
        }
    }
}

impl From<AppointError> for Problem {
    fn from(error: AppointError) -> Self {
        let status = match error {
            AppointError::Invalid(errors) => return Refusal::InvalidFields(errors).into(),
            AppointError::KeyReused => return Lost::KeyReused.into(),
            AppointError::Store(error) => return error.into(),
            AppointError::Totp(_)
            | AppointError::Password(_)
            | AppointError::Interrupted(_)
            | AppointError::Crypto(_) => return Self::internal(error),
            AppointError::UsernameTaken | AppointError::Stale => StatusCode::CONFLICT,
            AppointError::OutsideArea | AppointError::OwnAccount | AppointError::NoLongerAppointer => {
                StatusCode::FORBIDDEN
            }
            AppointError::UnknownAccount => StatusCode::NOT_FOUND,
        };
        Self::new(status, error.code(), error.to_string())
    }
}

/// What an account is signed in to with, as its owner gets it.
pub(crate) struct Handed {
    password: String,
    totp: TotpSecret,
}

impl Handed {
    /// A new password and a new second factor.
    pub fn generate() -> Result<Self, CryptoError> {
        let mut entropy = random_u128()?;
        let mut password = String::new();
        for place in 0..16 {
            if place > 0 && place % 4 == 0 {
                password.push('-');
            }
            password.push(char::from(DIGITS[(entropy & 31) as usize]));
            entropy >>= 5;
        }
        Ok(Self { password, totp: TotpSecret::generate()? })
    }

    /// The password's hash.
    pub async fn hash(&self) -> Result<PasswordHash, AppointError> {
        let password: NewPassword =
            self.password.parse().map_err(|error: common::auth::password::InvalidPassword| {
                AppointError::Invalid(vec![field_error("password", error.code(), error.to_string())])
            })?;
        Ok(hashing::aside(move || PasswordHash::of(&password)).await??)
    }

    /// The second factor.
    pub fn totp(&self) -> &TotpSecret {
        &self.totp
    }

    /// As it's handed over with the account.
    pub fn with(self, account: &StaffProfile) -> Appointed {
        Appointed {
            id: account.id.clone(),
            password: self.password,
            totp_secret: self.totp.to_base32(),
            provisioning_uri: self.totp.provisioning_uri(ISSUER, account.username.as_str()),
        }
    }
}

/// Makes an account on the operator's word, with a generated password and second factor: the first administrator of a
/// new system, who then appoints the others.
pub async fn appoint(app: &App, new: NewStaff) -> Result<Appointed, AppointError> {
    let (account, handed) = on_the_operators_word(app, new).await?;
    Ok(handed.with(&account))
}

/// The same, as it's kept and as it's handed over.
pub(crate) async fn on_the_operators_word(
    app: &App,
    new: NewStaff,
) -> Result<(StaffProfile, Handed), AppointError> {
    let journal = JournalEntry::new(Actor::System, JournalAction::AccountAppointed, app.now());
    make(app, new, Handed::generate()?, None, journal).await
}

/// Makes an account with a chosen password and second factor (base 32), where there is none yet: demo accounts that
/// survive a restart. An account that's there stays as it is.
pub async fn appoint_demo(app: &App, new: NewStaff, password: &str, totp: &str) -> Result<(), AppointError> {
    if app.store.account(&app.store.staff_id(&new.username)).await?.is_some() {
        return Ok(());
    }
    let handed = Handed { password: password.to_owned(), totp: TotpSecret::from_base32(totp)? };
    let journal = JournalEntry::new(Actor::System, JournalAction::AccountAppointed, app.now());
    match make(app, new, handed, None, journal).await {
        Ok(_) | Err(AppointError::UsernameTaken) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Username and name, where they can be taken.
pub(crate) fn names(new: &NewStaff) -> Result<(Username, PersonName), Vec<FieldError>> {
    let username = new.username.parse::<Username>();
    let name = new.name.parse::<PersonName>();
    match (username, name) {
        (Ok(username), Ok(name)) => Ok((username, name)),
        (username, name) => {
            let username = username.err().map(|e| field_error("username", "malformed", e.to_string()));
            let name = name.err().map(|e| field_error("name", "malformed", e.to_string()));
            Err(username.into_iter().chain(name).collect())
        }
    }
}

/// Makes an account on the word of `by`, or of the operator.
pub(crate) async fn make(
    app: &App,
    new: NewStaff,
    handed: Handed,
    by: Option<&Appointer>,
    journal: JournalEntry,
) -> Result<(StaffProfile, Handed), AppointError> {
    let (username, name) = names(&new).map_err(AppointError::Invalid)?;
    post::check(&new.roles, new.area.as_ref(), by, &app.rules)?;
    let identity = new.identity.map(|document| app.store.cipher().identity_key(&document.canonical()));
    let profile = StaffProfile {
        id: app.store.staff_id(username.as_str()),
        username,
        name,
        roles: new.roles,
        area: new.area,
        email: new.email,
        identity,
        disabled: false,
        version: 1,
        created_at: journal.at,
        updated_at: journal.at,
    };
    let account = StaffAccount {
        profile: profile.clone(),
        password: handed.hash().await?,
        totp: handed.totp().clone(),
        guard: SignInGuard::default(),
        session_epoch: 1,
        revision: 0,
    };
    let change =
        AccountChange { before: None, after: account, journal, by, sign_in: None, idempotency: None };
    match app.store.commit_account(change).await {
        Ok(_) => Ok((profile, handed)),
        Err(AccountLost::Stale) => Err(AppointError::UsernameTaken),
        Err(lost) => Err(lost.into()),
    }
}
