//! The access token of each mini-program: one copy for all functions, sealed, with a lease for whoever asks WeChat for
//! the next one. So of two functions that need a token at once one asks.

use super::{
    Store, StoreError,
    items::written,
    keys::{self, Item},
    records::{self, entity},
};
use crate::{
    crypto::{Sealed, sha256},
    wechat::AccessToken,
};
use aws_sdk_dynamodb::primitives::Blob;
use domain::date::Instant;

/// Seconds that whoever asks for a token has. More than two calls to WeChat may take (10).
const LEASE_SECONDS: i64 = 15;
/// The sealed token.
const SEALED: &str = "sealed";
/// Until when it lives.
const EXPIRES: &str = "token_expires_at";
/// When WeChat was last made to end a token before its time.
const FORCED: &str = "forced_at";

/// The copy in the table. There is no `Debug` that could show it.
#[derive(Clone, PartialEq, Eq)]
pub struct CachedToken {
    /// The token.
    pub token: String,
    /// Until when it lives.
    pub expires_at: Instant,
    /// When WeChat was last made to end a token before its time.
    pub forced_at: Option<Instant>,
}

impl CachedToken {
    /// What tells this token from others and says nothing of it.
    fn id(token: &str) -> String {
        hex::encode(&sha256(token.as_bytes())[..8])
    }
}

/// The right to ask WeChat for a mini-program's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLease {
    app_id: String,
    until: Instant,
}

impl Store {
    /// The token of the mini-program `app_id`, alive or not; one read, strongly consistent.
    pub async fn wechat_token(&self, app_id: &str) -> Result<Option<CachedToken>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::wechat_token(app_id).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        let Some(item) = found.item else { return Ok(None) };
        let Some(sealed) = item.get(SEALED) else { return Ok(None) };
        let sealed = sealed.as_b().map_err(|_| StoreError::Attribute(SEALED))?;
        let token = self.cipher.open(&context(app_id), &Sealed::from_bytes(sealed.as_ref().to_vec()))?;
        let expires_at = instant(&item, EXPIRES)?.ok_or(StoreError::Attribute(EXPIRES))?;
        Ok(Some(CachedToken { token, expires_at, forced_at: instant(&item, FORCED)? }))
    }

    /// The right to ask for the token after `seen`, or `None` where somebody else has it, or has asked meanwhile.
    pub async fn lease_wechat_token(
        &self,
        app_id: &str,
        seen: Option<&CachedToken>,
        now: Instant,
    ) -> Result<Option<TokenLease>, StoreError> {
        let until = now.plus_seconds(LEASE_SECONDS);
        let free = "(attribute_not_exists(leased_until) OR leased_until < :now)";
        let request = self
            .client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::wechat_token(app_id).attributes()))
            .update_expression("SET leased_until = :until, #entity = :entity")
            .expression_attribute_names("#entity", keys::ENTITY)
            .expression_attribute_values(":entity", keys::text(entity::WECHAT_TOKEN))
            .expression_attribute_values(":until", keys::text(until.to_string()))
            .expression_attribute_values(":now", keys::text(now.to_string()));
        let request = match seen {
            Some(seen) => request
                .condition_expression(format!("{free} AND token_id = :seen"))
                .expression_attribute_values(":seen", keys::text(CachedToken::id(&seen.token))),
            None => request.condition_expression(format!("{free} AND attribute_not_exists(token_id)")),
        };
        let leased = written(request.send().await)?;
        Ok(leased.then(|| TokenLease { app_id: app_id.to_owned(), until }))
    }

    /// Notes that WeChat is about to be made to end a token, before it is: whoever is killed in between has used up one
    /// of the few times a day. `false` where the lease has ended.
    pub async fn note_forced(&self, lease: &TokenLease, now: Instant) -> Result<bool, StoreError> {
        let request = self
            .of_lease(lease)
            .update_expression("SET forced_at = :now")
            .expression_attribute_values(":now", keys::text(now.to_string()));
        written(request.send().await)
    }

    /// Keeps the token that was asked for under `lease`, and gives the lease back. Where it has ended meanwhile nothing
    /// is kept: whoever has it now asks and is given the same token.
    pub async fn keep_wechat_token(
        &self,
        lease: &TokenLease,
        token: &AccessToken,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let sealed = self.cipher.seal(&context(&lease.app_id), &token.token)?;
        let sealed = aws_sdk_dynamodb::types::AttributeValue::B(Blob::new(sealed.as_bytes()));
        let expires_at = now.plus_seconds(token.expires_in);
        let request = self
            .of_lease(lease)
            .update_expression(
                "SET sealed = :sealed, token_id = :id, token_expires_at = :expires REMOVE leased_until",
            )
            .expression_attribute_values(":sealed", sealed)
            .expression_attribute_values(":id", keys::text(CachedToken::id(&token.token)))
            .expression_attribute_values(":expires", keys::text(expires_at.to_string()));
        written(request.send().await)
    }

    fn of_lease(
        &self,
        lease: &TokenLease,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::wechat_token(&lease.app_id).attributes()))
            .condition_expression("leased_until = :until")
            .expression_attribute_values(":until", keys::text(lease.until.to_string()))
    }
}

/// What a token is sealed for.
fn context(app_id: &str) -> String {
    format!("wechat-token#{app_id}")
}

fn instant(item: &Item, name: &'static str) -> Result<Option<Instant>, StoreError> {
    if !item.contains_key(name) {
        return Ok(None);
    }
    records::string(item, name)?.parse().map(Some).map_err(|_| StoreError::Attribute(name))
}
