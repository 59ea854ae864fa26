//! Who calls. A handler names the caller it serves in its arguments, and nobody else gets in.

use super::{App, Problem, Received};
use crate::auth::{
    clients::{ServiceClient, ServiceClients},
    principal::Principal,
    token,
};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{
    actor::{self, Reviewer, Role},
    district::Area,
    error::Refusal,
    id::{ApplicationId, HolderId, IdentityKey, StaffId},
};
use std::sync::Arc;

/// Verifies the bearer token of a request.
async fn principal<S>(parts: &mut Parts, state: &S) -> Result<Principal, Problem>
where
    S: Sync,
    App: FromRef<S>,
{
    let received = Received::from_request_parts(parts, state).await?;
    let token = token::bearer(&parts.headers)?;
    Ok(App::from_ref(state).verify(token, received.at).await?.principal)
}

/// Any signed-in caller.
impl<S> FromRequestParts<S> for Principal
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        principal(parts, state).await
    }
}

/// A signed-in holder.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Who.
    pub id: HolderId,
}

impl<S> FromRequestParts<S> for Holder
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Self::of(&principal(parts, state).await?)
    }
}

impl Holder {
    /// The holder that `caller` is, for what is there for holders and for staff.
    pub fn of(caller: &Principal) -> Result<Self, Problem> {
        match caller.holder_id() {
            Some(id) if caller.has(Role::Holder) => Ok(Self { id: id.clone() }),
            _ => Err(Problem::forbidden()),
        }
    }

    /// The id of an application of theirs: nobody learns whether somebody else's exists.
    pub fn own(&self, id: &str) -> Result<ApplicationId, Problem> {
        let id: ApplicationId = id.parse().map_err(|_| Refusal::UnknownApplication)?;
        if id.holder() == self.id { Ok(id) } else { Err(Refusal::UnknownApplication.into()) }
    }
}

/// A signed-in member of staff who reviews.
#[derive(Debug, Clone)]
pub struct Staff {
    /// As the domain sees them.
    pub reviewer: Reviewer,
}

impl<S> FromRequestParts<S> for Staff
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Self::of(&principal(parts, state).await?)
    }
}

impl Staff {
    /// The reviewer that `caller` is, for what is there for holders and for staff.
    pub fn of(caller: &Principal) -> Result<Self, Problem> {
        let reviews = caller.has(Role::PreliminaryReviewer) || caller.has(Role::FinalReviewer);
        match (caller.staff_id(), &caller.area) {
            (Some(id), Some(area)) if reviews => Ok(Self {
                reviewer: Reviewer {
                    id: id.clone(),
                    area: area.clone(),
                    roles: caller.roles.clone(),
                    identity: caller.identity.clone(),
                },
            }),
            _ => Err(Problem::forbidden()),
        }
    }
}

/// A signed-in administrator.
#[derive(Debug, Clone)]
pub struct Administrator {
    /// Who.
    pub id: StaffId,
    /// The area they administer; the whole country where none is named.
    pub area: Option<Area>,
    /// Their own identity document's keyed hash, where it's on record.
    pub identity: Option<IdentityKey>,
}

impl Administrator {
    /// The administrator that `caller` is, for what is there for others too.
    pub fn of(caller: &Principal) -> Result<Self, Problem> {
        match caller.staff_id() {
            Some(id) if caller.has(Role::Administrator) => {
                Ok(Self { id: id.clone(), area: caller.area.clone(), identity: caller.identity.clone() })
            }
            _ => Err(Problem::forbidden()),
        }
    }

    /// As the domain sees them.
    pub fn acting(self) -> actor::Administrator {
        actor::Administrator { id: self.id, area: self.area, identity: self.identity }
    }
}

impl<S> FromRequestParts<S> for Administrator
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Self::of(&principal(parts, state).await?)
    }
}

/// A signed-in training provider.
#[derive(Debug, Clone)]
pub struct Provider {
    /// Its account.
    pub id: StaffId,
    /// The area it's appointed for; the whole country where none is named.
    pub area: Option<Area>,
}

impl<S> FromRequestParts<S> for Provider
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Self::of(&principal(parts, state).await?)
    }
}

impl Provider {
    /// The provider that `caller` is, for what is there for others too.
    pub fn of(caller: &Principal) -> Result<Self, Problem> {
        match caller.staff_id() {
            Some(id) if caller.has(Role::Provider) => Ok(Self { id: id.clone(), area: caller.area.clone() }),
            _ => Err(Problem::forbidden()),
        }
    }
}

/// A service client that speaks for itself, by its id and secret (`Authorization: Basic`, RFC 7617): there is nobody to sign
/// in.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its id.
    pub client: String,
}

impl<S> FromRequestParts<S> for Service
where
    S: Send + Sync,
    Arc<ServiceClients>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let clients = Arc::<ServiceClients>::from_ref(state);
        let client = basic(&parts.headers).and_then(|(id, secret)| {
            clients.authenticate(&id, &secret).map(|ServiceClient { id, .. }| Self { client: id.clone() })
        });
        client.ok_or_else(|| {
            let detail = "请用 client_id 和 client_secret 以 Basic 方式认证（Authorization: Basic …），并核对服务端配置";
            Problem::new(StatusCode::UNAUTHORIZED, "client_refused", detail)
        })
    }
}

/// The id and the secret of `Authorization: Basic`.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, credentials) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let text = BASE64_STANDARD.decode(credentials.trim()).ok()?;
    let (id, secret) = std::str::from_utf8(&text).ok()?.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (id.to_owned(), secret.to_owned()))
}
