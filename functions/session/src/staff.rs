//! Staff sign in with password and one-time code, and change their own password. Every refusal looks the same and takes
//! the same time, whether there is such an account or not.

use crate::{
    Session, hashing,
    tokens::{SignedIn, staff_principal},
};
use axum::{Json, extract::State, http::StatusCode};
use common::{
    auth::{
        password::{NewPassword, PasswordHash},
        principal::{Principal, Subject},
        refresh::RefreshFamily,
        sign_in::{Attempt, Credentials, SignInGuard, SignInRefused, attempt},
    },
    http::{App, Body, Problem, Received},
    store::{AccountChange, AccountLost, SignIn, SignInToken, StaffAccount},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    id::StaffId,
};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::Instant as Stopwatch;

/// A refusal leaves a whole multiple of this after the request came. What it took tells whether something was read,
/// written or skipped; this doesn't.
const REFUSED_EVERY: Duration = Duration::from_millis(250);

/// A sign-in of a member of staff.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffInput {
    /// The username; capitals are small letters.
    username: String,
    /// The password.
    password: String,
    /// The six digits that the authenticator app shows.
    code: String,
}

/// 工作人员登录
///
/// 密码加动态验证码；每个验证码只能用一次。连续 10 次失败后锁定 15 分钟。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/session/staff", tag = "session",
    request_body = StaffInput, responses((status = 200, body = SignedIn))))]
pub(crate) async fn sign_in(
    State(session): State<Session>,
    received: Received,
    Body(input): Body<StaffInput>,
) -> Result<Json<SignedIn>, Problem> {
    let arrived = Stopwatch::now();
    let id = session.app.store.staff_id(&input.username);
    let judged = judge(&session.app, &id, input.password, input.code, &received).await?;
    let signed_in = match judged {
        Some((before, guard)) => {
            let after = StaffAccount { guard, ..before.clone() };
            session.begin_staff(&before, after, JournalAction::SignedIn, &received).await?
        }
        None => None,
    };
    let Some(signed_in) = signed_in else {
        let steps = arrived.elapsed().as_millis() / REFUSED_EVERY.as_millis() + 1;
        let wait = REFUSED_EVERY.saturating_mul(u32::try_from(steps).unwrap_or(1));
        tokio::time::sleep_until(arrived + wait).await;
        return Err(refused(StatusCode::UNAUTHORIZED));
    };
    Ok(Json(signed_in))
}

/// A change of one's own password.
#[derive(Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordInput {
    /// The present password.
    old: String,
    /// The new one: 12 to 128 characters, at least 5 different ones.
    new: String,
    /// The six digits that the authenticator app shows.
    code: String,
}

/// 修改本人密码
///
/// 须验证原密码和动态验证码，失败同样计入锁定。修改后其他登录全部失效，返回新的令牌。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/staff/me/password", tag = "session",
    request_body = PasswordInput, responses((status = 200, body = SignedIn))))]
pub(crate) async fn change_password(
    State(session): State<Session>,
    principal: Principal,
    received: Received,
    Body(input): Body<PasswordInput>,
) -> Result<Json<SignedIn>, Problem> {
    let id = principal.staff_id().ok_or_else(Problem::forbidden)?;
    let new: NewPassword = input.new.parse().map_err(|error: common::auth::password::InvalidPassword| {
        Problem::invalid("new", error.code(), error.to_string())
    })?;
    // Not a 401, which would have the client refresh its tokens and try the same again.
    let refused = || refused(StatusCode::FORBIDDEN);
    let judged = judge(&session.app, id, input.old, input.code, &received).await?;
    let (before, guard) = judged.ok_or_else(refused)?;
    let password = hashing::aside(move || PasswordHash::of(&new)).await.map_err(Problem::internal)?;
    let password = password.map_err(Problem::internal)?;
    let after = StaffAccount { guard, password, session_epoch: before.session_epoch + 1, ..before.clone() };
    let signed_in = session.begin_staff(&before, after, JournalAction::PasswordChanged, &received).await?;
    signed_in.map(Json).ok_or_else(refused)
}

/// Judges password and code for the account `id`. A failure is written down; nothing comes back then, whatever the
/// reason was.
async fn judge(
    app: &App,
    id: &StaffId,
    password: String,
    code: String,
    received: &Received,
) -> Result<Option<(StaffAccount, SignInGuard)>, Problem> {
    let account = app.store.account(id).await?;
    let now = received.at;
    let (account, judged) = hashing::aside(move || {
        let credentials = account.as_ref().map(|account| Credentials {
            password: &account.password,
            totp: &account.totp,
            guard: &account.guard,
            disabled: account.profile.disabled,
        });
        let judged = attempt(credentials.as_ref(), &password, code.trim(), now);
        (account, judged)
    })
    .await
    .map_err(Problem::internal)?;
    match (judged.map_err(Problem::internal)?, account) {
        (Attempt::Accepted(guard), Some(account)) => Ok(Some((account, guard))),
        (Attempt::Refused(Some(guard)), Some(account)) => {
            note_failure(app, &account, guard, received).await?;
            Ok(None)
        }
        _ => Ok(None),
    }
}

/// Writes a failed attempt down. On a locked account it changes nothing, so whoever keeps trying writes no journal.
async fn note_failure(
    app: &App,
    before: &StaffAccount,
    guard: SignInGuard,
    received: &Received,
) -> Result<(), Problem> {
    if guard == before.guard {
        return Ok(());
    }
    let locked = guard.is_locked(received.at);
    let action = if locked { JournalAction::SignInLocked } else { JournalAction::SignInFailed };
    // Whoever tried, it's only known where from.
    let journal = entry(Actor::System, action, received);
    let after = StaffAccount { guard, ..before.clone() };
    let change =
        AccountChange { before: Some(before), after, journal, by: None, sign_in: None, idempotency: None };
    match app.store.commit_account(change).await {
        // Of attempts at the same time one is counted. That is enough: a right guess among them is written by the same
        // condition, so no more than one of them could have got in.
        Ok(_) | Err(AccountLost::Stale) => Ok(()),
        Err(AccountLost::Store(error)) => Err(error.into()),
        Err(other) => Err(Problem::internal(other)),
    }
}

/// An entry of an account's journal.
pub(crate) fn entry(actor: Actor, action: JournalAction, received: &Received) -> JournalEntry {
    JournalEntry { from: received.from.clone(), ..JournalEntry::new(actor, action, received.at) }
}

impl Session {
    /// Writes `after` and the sign-in that begins with it. Nothing comes back where the account changed meanwhile: a
    /// parallel attempt may have taken the same code.
    async fn begin_staff(
        &self,
        before: &StaffAccount,
        after: StaffAccount,
        action: JournalAction,
        received: &Received,
    ) -> Result<Option<SignedIn>, Problem> {
        let now = received.at;
        let id = after.profile.id.clone();
        let subject = Subject::Staff(id.clone());
        let (family, token) = RefreshFamily::start(subject.clone(), None, now).map_err(Problem::internal)?;
        let token = SignInToken::new(&subject, token);
        let signed_in = self.signed_in(&staff_principal(&after), &token, family.expires_at, now).await?;
        let sign_in = SignIn { family, epoch: after.session_epoch };
        let change = AccountChange {
            before: Some(before),
            after,
            journal: entry(Actor::Staff(id), action, received),
            by: None,
            sign_in: Some(&sign_in),
            idempotency: None,
        };
        match self.app.store.commit_account(change).await {
            Ok(_) => Ok(Some(signed_in)),
            Err(AccountLost::Stale) => Ok(None),
            Err(AccountLost::Store(error)) => Err(error.into()),
            Err(other) => Err(Problem::internal(other)),
        }
    }
}

fn refused(status: StatusCode) -> Problem {
    Problem::new(status, SignInRefused.code(), SignInRefused.to_string())
}
