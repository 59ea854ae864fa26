//! Sign-ins: one record each, found by its refresh token in one read, and for a member of staff together with their
//! account, so that a refreshed token says what they may do today. And which holder a WeChat user is.

use super::{
    IdempotencyKey, Replay, Reply, Store, StoreError,
    accounts::{StaffAccount, account_from},
    keys::{self, Item, Key},
    records::{self, entity},
    transact::{Sent, cancelled},
};
use crate::{
    auth::{
        principal::Subject,
        refresh::{RefreshError, RefreshFamily, RefreshToken},
    },
    wechat::OpenId,
};
use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{KeysAndAttributes, ReturnValuesOnConditionCheckFailure, TransactWriteItem},
};
use domain::{
    date::Instant,
    id::{HolderId, StaffId},
};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How long it's remembered which holder a sign-in's `Idempotency-Key` was answered with, in seconds: as long as
/// anybody retries. The WeChat code itself lives five minutes.
const SIGN_IN_REMEMBERED_SECONDS: i64 = 600;

/// A refresh token as it is handed over: a holder's is `{family}.{secret}`, and before a member of staff's stands their
/// account's id and a full stop. So one read finds the sign-in and the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInToken {
    staff: Option<StaffId>,
    token: RefreshToken,
}

impl SignInToken {
    /// The token of a sign-in of `subject`.
    pub fn new(subject: &Subject, token: RefreshToken) -> Self {
        let staff = match subject {
            Subject::Staff(id) => Some(id.clone()),
            Subject::Holder(_) => None,
        };
        Self { staff, token }
    }

    /// The text to hand over.
    pub fn reveal(&self) -> String {
        match &self.staff {
            Some(staff) => format!("{staff}.{}", self.token.reveal()),
            None => self.token.reveal(),
        }
    }

    /// The part that the family judges.
    pub fn token(&self) -> &RefreshToken {
        &self.token
    }

    fn key(&self) -> Key {
        keys::session(self.staff.as_ref(), self.token.family.as_str())
    }
}

impl FromStr for SignInToken {
    type Err = RefreshError;

    fn from_str(text: &str) -> Result<Self, RefreshError> {
        // A family's id is twice as long as an account's, so neither passes for the other.
        if let Some((staff, token)) = text.split_once('.')
            && let Ok(staff) = staff.parse()
        {
            return Ok(Self { staff: Some(staff), token: token.parse()? });
        }
        Ok(Self { staff: None, token: text.parse()? })
    }
}

/// One sign-in as the table keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Its tokens' family.
    pub family: RefreshFamily,
    /// The account's [`session_epoch`](StaffAccount::session_epoch) when it began; 0 for a holder.
    pub epoch: u64,
}

#[derive(Serialize, Deserialize)]
struct Record {
    family: RefreshFamily,
    epoch: u64,
    /// For DynamoDB's clean-up, in seconds since 1970.
    expires_at: i64,
}

impl SignIn {
    fn key(&self) -> Key {
        let staff = match &self.family.subject {
            Subject::Staff(id) => Some(id),
            Subject::Holder(_) => None,
        };
        keys::session(staff, self.family.id.as_str())
    }

    pub(super) fn to_item(&self) -> Result<Item, StoreError> {
        let record = Record {
            family: self.family.clone(),
            epoch: self.epoch,
            expires_at: self.family.expires_at.unix_seconds(),
        };
        records::to_item(&record, &self.key(), entity::SESSION)
    }

    fn from_item(item: Item) -> Result<Self, StoreError> {
        let Record { family, epoch, .. } = records::from_item(item)?;
        Ok(Self { family, epoch })
    }
}

/// What a refresh token leads to.
#[derive(Debug, Default)]
pub struct Session {
    /// The sign-in, where there is one.
    pub sign_in: Option<SignIn>,
    /// The account it's of, for a member of staff.
    pub account: Option<StaffAccount>,
}

/// A user of one mini-program.
#[derive(Debug, Clone)]
pub struct WeChatLink {
    /// The mini-program.
    pub app_id: String,
    /// The user, as WeChat names them there.
    pub open_id: OpenId,
}

/// The beginning of a holder's sign-in.
pub struct HolderSignIn<'a> {
    /// The sign-in.
    pub sign_in: &'a SignIn,
    /// Who signs in, where it's the first time: the link is made in the same transaction.
    pub first: Option<(&'a WeChatLink, &'a HolderId)>,
    /// Who signs in, and as whom in WeChat: noted at every sign-in, since whoever was here before there were messages has
    /// no such note.
    pub reached_as: Option<(&'a WeChatLink, &'a HolderId)>,
    /// The key under which to remember the holder for a retry; the reply's body is the holder's id and never a token.
    pub idempotency: Option<(&'a IdempotencyKey, &'a Reply)>,
    /// When.
    pub now: Instant,
}

/// How the beginning of a holder's sign-in went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It's written.
    Now,
    /// Nothing is written: somebody has linked this WeChat user to a holder meanwhile.
    LinkedMeanwhile,
    /// Nothing is written: what the idempotency key stands for.
    Remembered(Replay),
}

impl Store {
    /// The holder that a WeChat user is: one read, strongly consistent.
    pub async fn wechat_holder(&self, link: &WeChatLink) -> Result<Option<HolderId>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::wechat(&link.app_id, link.open_id.as_str()).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        let Some(item) = found.item else { return Ok(None) };
        records::string(&item, "holder")?.parse().map(Some).map_err(|_| StoreError::Attribute("holder"))
    }

    /// Writes the beginning of a holder's sign-in, whole or not at all.
    pub async fn begin_sign_in(&self, begin: &HolderSignIn<'_>) -> Result<Begun, StoreError> {
        let mut items = vec![self.put_after(begin.sign_in.to_item()?, None)?];
        let mut linked_at = None;
        if let Some((link, holder)) = begin.first {
            let mut item = keys::wechat(&link.app_id, link.open_id.as_str()).attributes();
            item.insert(keys::ENTITY.to_owned(), keys::text(entity::WECHAT));
            item.insert("holder".to_owned(), keys::text(holder.as_str()));
            item.insert("created_at".to_owned(), keys::text(begin.now.to_string()));
            linked_at = Some(items.len());
            items.push(self.put_after(item, None)?);
        }
        if let Some((link, holder)) = begin.reached_as {
            items.push(self.link_put(link, holder)?);
        }
        let mut remembered_at = None;
        if let Some((key, reply)) = begin.idempotency {
            let put = self.idempotency_put(key, reply, SIGN_IN_REMEMBERED_SECONDS, begin.now)?;
            remembered_at = Some(items.len());
            items.push(TransactWriteItem::builder().put(put).build());
        }
        let reasons = match self.transact(items).await? {
            Sent::Written => return Ok(Begun::Now),
            Sent::Cancelled(reasons) => reasons,
        };
        let failed = |place: Option<usize>| {
            place.and_then(|place| reasons.get(place)).filter(|r| r.code() == Some("ConditionalCheckFailed"))
        };
        if let (Some(reason), Some((key, _))) = (failed(remembered_at), begin.idempotency) {
            let item = reason.item.clone().ok_or(StoreError::Attribute(keys::PK))?;
            return Self::replay_of(key, item).map(Begun::Remembered);
        }
        if failed(linked_at).is_some() {
            return Ok(Begun::LinkedMeanwhile);
        }
        Err(cancelled(&reasons))
    }

    /// The sign-in that `token` is of, and the account where it's a member of staff's: one call, strongly consistent.
    pub async fn session(&self, token: &SignInToken) -> Result<Session, StoreError> {
        let mut wanted = KeysAndAttributes::builder().consistent_read(true).keys(token.key().attributes());
        if let Some(staff) = &token.staff {
            wanted = wanted.keys(keys::account(staff).attributes());
        }
        let wanted = wanted.build().map_err(|error| StoreError::Failed(error.to_string()))?;
        let table = &self.tables.records;
        let found = self.client.batch_get_item().request_items(table, wanted).send().await?;
        if found.unprocessed_keys.is_some_and(|unprocessed| !unprocessed.is_empty()) {
            return Err(StoreError::Busy("keys were left unprocessed".to_owned()));
        }
        let mut session = Session::default();
        for item in found.responses.unwrap_or_default().remove(table).unwrap_or_default() {
            match records::string(&item, keys::ENTITY)? {
                entity::SESSION => session.sign_in = Some(SignIn::from_item(item)?),
                _ => session.account = Some(account_from(item, &self.cipher)?),
            }
        }
        Ok(session)
    }

    /// Writes what became of `before` when a token was presented. `false` where it isn't as it was read: the token was
    /// presented twice at the same time, or the sign-in has ended. Nothing is written then. A write whose reply was
    /// lost and that was sent again finds itself there, and counts.
    pub async fn move_sign_in(&self, before: &RefreshFamily, after: &SignIn) -> Result<bool, StoreError> {
        let outcome = self
            .client
            .put_item()
            .table_name(&self.tables.records)
            .set_item(Some(after.to_item()?))
            .condition_expression("#family.#current = :before AND attribute_not_exists(#family.#ended)")
            .expression_attribute_names("#family", "family")
            .expression_attribute_names("#current", "current")
            .expression_attribute_names("#ended", "ended_at")
            .expression_attribute_values(":before", keys::text(before.current.as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = outcome else { return Ok(true) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let there = failed.item.clone().map(SignIn::from_item).transpose()?;
                Ok(there.as_ref() == Some(after))
            }
            _ => Err(error.into()),
        }
    }

    /// Ends the sign-in that `token` is of; one that has ended is none to end.
    pub async fn end_sign_in(&self, token: &SignInToken) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.tables.records)
            .set_key(Some(token.key().attributes()))
            .send()
            .await?;
        Ok(())
    }
}
