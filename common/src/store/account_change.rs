//! Writing a staff account: itself, its journal, its place in the directory and the sign-in that begins with it, in one
//! transaction, conditional on what was read and on who writes still being who they were.

use super::{
    IdempotencyKey, Replay, Reply, Store, StoreError,
    accounts::{StaffAccount, StaffProfile, account_item},
    idempotency::LIFETIME_SECONDS,
    keys::{self, Item, Key},
    records::{self, entity},
    sessions::SignIn,
    transact::{Sent, cancelled},
};
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem};
use domain::{actor::Role, application::JournalEntry, district::Area, id::StaffId};

/// The administrator who writes. The write goes through only where their account still is what their token says: a
/// token outlives an appointment by up to half an hour, and in that time nobody may appoint their own successor.
#[derive(Debug, Clone)]
pub struct Appointer {
    /// Who.
    pub id: StaffId,
    /// The area they administer; the whole country where none is named.
    pub area: Option<Area>,
}

/// A change of one account.
pub struct AccountChange<'a> {
    /// As it was read; none where it's new.
    pub before: Option<&'a StaffAccount>,
    /// As it's to be. Its `revision` is set here.
    pub after: StaffAccount,
    /// The entry.
    pub journal: JournalEntry,
    /// The administrator who writes, where one does.
    pub by: Option<&'a Appointer>,
    /// The sign-in that begins with it.
    pub sign_in: Option<&'a SignIn>,
    /// What to remember for a retry.
    pub idempotency: Option<(&'a IdempotencyKey, &'a Reply)>,
}

/// An account was written, now or before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountWritten {
    /// Now.
    Now,
    /// The same request was written before; this was its reply.
    Before(Reply),
}

/// An account's change lost. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AccountLost {
    /// The account changed since it was read; where it's new, the username is taken.
    #[error("the account changed since it was read")]
    Stale,
    /// Who writes is no longer the administrator that their token says.
    #[error("the administrator's own account has changed")]
    NoLongerAppointer,
    /// The idempotency key was used for another payload.
    #[error("the idempotency key was used for another payload")]
    KeyReused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a part of the transaction is for: what a failed condition means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Idempotency,
    Appointer,
    Account,
}

impl Store {
    /// Writes one change of an account, whole or not at all.
    pub async fn commit_account(&self, change: AccountChange<'_>) -> Result<AccountWritten, AccountLost> {
        let key = change.idempotency.map(|(key, _)| key);
        let (items, purposes) = self.account_transaction(change)?;
        let reasons = match self.transact(items).await? {
            Sent::Written => return Ok(AccountWritten::Now),
            Sent::Cancelled(reasons) => reasons,
        };
        let failed = |purpose| {
            let failed = reasons.iter().zip(&purposes).find(|(reason, of)| {
                **of == Some(purpose) && reason.code() == Some("ConditionalCheckFailed")
            });
            failed.map(|(reason, _)| reason)
        };
        // Where the key was written, everything else failed because the same request had been done.
        if let Some(reason) = failed(Purpose::Idempotency) {
            let (Some(key), Some(item)) = (key, reason.item.clone()) else { return Err(AccountLost::Stale) };
            return match Self::replay_of(key, item)? {
                Replay::Same(reply) => Ok(AccountWritten::Before(reply)),
                Replay::Reused => Err(AccountLost::KeyReused),
            };
        }
        if failed(Purpose::Appointer).is_some() {
            return Err(AccountLost::NoLongerAppointer);
        }
        if failed(Purpose::Account).is_some() {
            return Err(AccountLost::Stale);
        }
        Err(cancelled(&reasons).into())
    }

    fn account_transaction(
        &self,
        change: AccountChange<'_>,
    ) -> Result<(Vec<TransactWriteItem>, Vec<Option<Purpose>>), StoreError> {
        let AccountChange { before, mut after, journal, by, sign_in, idempotency } = change;
        after.revision = before.map_or(0, |before| before.revision) + 1;
        let id = &after.profile.id;
        let mut parts: Vec<(TransactWriteItem, Option<Purpose>)> = Vec::new();
        if let Some((key, reply)) = idempotency {
            let put = self.idempotency_put(key, reply, LIFETIME_SECONDS, journal.at)?;
            parts.push((TransactWriteItem::builder().put(put).build(), Some(Purpose::Idempotency)));
        }
        // Who writes on their own account is held to its revision below.
        if let Some(by) = by.filter(|by| by.id != *id) {
            parts.push((self.still_appointer(by)?, Some(Purpose::Appointer)));
        }
        let item = account_item(&after, &self.cipher)?;
        parts.push((self.put_after(item, before.map(|before| before.revision))?, Some(Purpose::Account)));

        let profile_before = before.map(|before| &before.profile);
        let edited = profile_before != Some(&after.profile);
        let mut entry =
            records::to_item(&journal, &keys::journal(id.as_str(), after.revision), entity::JOURNAL)?;
        if edited {
            // The journal says what the account was changed to.
            entry.insert("account".to_owned(), serde_dynamo::to_attribute_value(&after.profile)?);
            let place =
                |profile: &StaffProfile| keys::directory(profile.area.as_ref(), profile.username.as_str());
            let (old, new) = (profile_before.map(place), place(&after.profile));
            if let Some(old) = old.filter(|old| *old != new) {
                parts.push((self.delete(&old)?, None));
            }
            parts.push((self.plain_put(records::to_item(&after.profile, &new, entity::DIRECTORY)?)?, None));
        }
        parts.push((self.put_after(entry, None)?, Some(Purpose::Account)));
        if let Some(sign_in) = sign_in {
            parts.push((self.put_after(sign_in.to_item()?, None)?, Some(Purpose::Account)));
        }
        Ok(parts.into_iter().unzip())
    }

    /// That `by` is an administrator of their area at the moment of the write.
    fn still_appointer(&self, by: &Appointer) -> Result<TransactWriteItem, StoreError> {
        let area = if by.area.is_some() { "#p.#area = :area" } else { "attribute_not_exists(#p.#area)" };
        let mut check = ConditionCheck::builder()
            .table_name(&self.tables.records)
            .set_key(Some(keys::account(&by.id).attributes()))
            .condition_expression(format!("#p.#off = :no AND contains(#p.#roles, :role) AND {area}"))
            .expression_attribute_names("#p", "profile")
            .expression_attribute_names("#off", "disabled")
            .expression_attribute_names("#roles", "roles")
            .expression_attribute_names("#area", "area")
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .expression_attribute_values(":role", serde_dynamo::to_attribute_value(Role::Administrator)?);
        if let Some(area) = &by.area {
            check = check.expression_attribute_values(":area", keys::text(area.as_str()));
        }
        let check = check.build().map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// Puts `item` where the one that's there has `revision`; with none, where there is none.
    pub(super) fn put_after(
        &self,
        item: Item,
        revision: Option<u64>,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&self.tables.records).set_item(Some(item));
        let put = match revision {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(revision) => put
                .condition_expression("#revision = :before")
                .expression_attribute_names("#revision", "revision")
                .expression_attribute_values(":before", keys::number(revision)),
        };
        let put = put.build().map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn delete(&self, key: &Key) -> Result<TransactWriteItem, StoreError> {
        let delete =
            Delete::builder().table_name(&self.tables.records).set_key(Some(key.attributes())).build();
        let delete = delete.map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}
