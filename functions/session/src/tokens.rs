//! What a sign-in answers with: an access token, and the refresh token that gives the next.

use crate::Session;
use common::{
    auth::principal::{Principal, Subject},
    http::Problem,
    store::{SignInToken, StaffAccount},
};
use domain::{
    actor::Role,
    date::Instant,
    district::Area,
    id::{HolderId, StaffId},
};
use serde::Serialize;
use std::collections::BTreeSet;

/// Signed in.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct SignedIn {
    /// To be sent as `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// When the access token stops being accepted.
    expires_at: Instant,
    /// The same, in seconds from now.
    expires_in: i64,
    /// Gives the next pair of tokens, once.
    refresh_token: String,
    /// When it stops being accepted, however often it's exchanged.
    refresh_expires_at: Instant,
    /// Who signed in, where it's a holder.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder_id: Option<HolderId>,
    /// Who signed in, where it's a member of staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    staff_id: Option<StaffId>,
    /// What they may do.
    roles: BTreeSet<Role>,
    /// How to address a member of staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The area a member of staff is appointed for.
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<Area>,
}

impl Session {
    /// Issues the tokens of a sign-in. Issued before the sign-in is written: a failure leaves nothing behind.
    pub(crate) async fn signed_in(
        &self,
        principal: &Principal,
        refresh: &SignInToken,
        refresh_expires_at: Instant,
        now: Instant,
    ) -> Result<SignedIn, Problem> {
        self.publish_key().await?;
        let access = self.inner.signer.issue(principal, now).map_err(Problem::internal)?;
        Ok(SignedIn {
            access_token: access.token,
            token_type: "Bearer",
            expires_at: access.expires_at,
            expires_in: access.expires_at.unix_seconds() - now.unix_seconds(),
            refresh_token: refresh.reveal(),
            refresh_expires_at,
            holder_id: principal.holder_id().cloned(),
            staff_id: principal.staff_id().cloned(),
            roles: principal.roles.clone(),
            name: principal.name.clone(),
            area: principal.area.clone(),
        })
    }
}

/// Whom the tokens of a member of staff speak for, as their account is now.
pub(crate) fn staff_principal(account: &StaffAccount) -> Principal {
    let profile = &account.profile;
    Principal {
        subject: Subject::Staff(profile.id.clone()),
        roles: profile.roles.clone(),
        area: profile.area.clone(),
        identity: profile.identity.clone(),
        client: None,
        name: Some(profile.name.as_str().to_owned()),
    }
}
