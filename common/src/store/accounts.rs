//! Staff accounts. An account's id follows from its username, so that signing in and acting on an account by its id
//! are both one read; what administrators page through is a directory beside it, written in the same transaction.

use super::{
    Cursor, InvalidCursor, Page, PageError, Store, StoreError,
    items::every_item,
    keys::{self, Item},
    records::{self, entity},
};
use crate::{
    auth::{password::PasswordHash, sign_in::SignInGuard, totp::TotpSecret},
    crypto::{FieldCipher, Sealed},
};
use domain::{
    actor::Role,
    contact::EmailAddress,
    date::Instant,
    district::Area,
    form::PersonName,
    id::{IdentityKey, StaffId},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// What a member of staff signs in as: 3 to 32 lower-case letters, digits, `.`, `_`, `-` or `@`, a letter or digit
/// first. Never changed: the account's id follows from it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

/// The text can't be a username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("用户名应为 3 至 32 个字母、数字或 . _ - @，以字母或数字开头")]
pub struct InvalidUsername;

impl Username {
    /// The username.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A username as typed, for looking it up: capitals are small letters.
    fn normalised(text: &str) -> String {
        text.trim().to_ascii_lowercase()
    }
}

impl FromStr for Username {
    type Err = InvalidUsername;

    fn from_str(text: &str) -> Result<Self, InvalidUsername> {
        let text = Self::normalised(text);
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-' | b'@')
        };
        let begins_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if begins_well && (3..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(InvalidUsername)
        }
    }
}

impl TryFrom<String> for Username {
    type Error = InvalidUsername;

    fn try_from(text: String) -> Result<Self, InvalidUsername> {
        text.parse()
    }
}

impl From<Username> for String {
    fn from(username: Username) -> Self {
        username.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What administrators see and change of an account, and what its tokens say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffProfile {
    /// Its id.
    pub id: StaffId,
    /// What they sign in as.
    pub username: Username,
    /// Their name.
    pub name: PersonName,
    /// What they may do.
    pub roles: BTreeSet<Role>,
    /// The area they are appointed for; the whole country where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Area>,
    /// Where the morning's digest of what waits for them goes; nowhere without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// The keyed hash of their own identity document, where it's on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityKey>,
    /// True where they may not sign in.
    pub disabled: bool,
    /// Grows by one with each change of the above; the `ETag`.
    pub version: u64,
    /// When they were appointed.
    pub created_at: Instant,
    /// When the above last changed.
    pub updated_at: Instant,
}

/// A whole account.
#[derive(Debug, Clone)]
pub struct StaffAccount {
    /// Who they are.
    pub profile: StaffProfile,
    /// The password's hash.
    pub password: PasswordHash,
    /// The second factor; sealed in the table.
    pub totp: TotpSecret,
    /// What is remembered of attempts to sign in.
    pub guard: SignInGuard,
    /// Sign-ins that began under an earlier number have ended. Grows when roles, area, state or credentials change.
    pub session_epoch: u64,
    /// Grows by one with each write, also where nobody edited anything; the account's journal counts by it.
    pub revision: u64,
}

/// An account as the table keeps it.
#[derive(Serialize, Deserialize)]
struct Record {
    profile: StaffProfile,
    password: PasswordHash,
    totp: Sealed,
    guard: SignInGuard,
    session_epoch: u64,
    revision: u64,
}

impl Store {
    /// The id of the account `username`, whether there is one or not. Keyed, so that who sees an id can't try names on
    /// it.
    pub fn staff_id(&self, username: &str) -> StaffId {
        let hash = self.cipher.identity_key(&format!("staff:{}", Username::normalised(username)));
        // 64 hex digits; the first 128 bits of them.
        StaffId::mint(u128::from_str_radix(&hash.as_str()[..32], 16).unwrap_or_default())
    }

    /// The account `id`: one read, strongly consistent.
    pub async fn account(&self, id: &StaffId) -> Result<Option<StaffAccount>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.tables.records)
            .set_key(Some(keys::account(id).attributes()))
            .consistent_read(true)
            .send()
            .await?;
        found.item.map(|item| account_from(item, &self.cipher)).transpose()
    }

    /// Everybody who is appointed, by area and username: the directory, which is bounded by appointments.
    pub async fn every_account(&self) -> Result<Vec<StaffProfile>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", keys::text(keys::DIRECTORY_PK));
        every_item(query).await?.into_iter().map(records::from_item).collect()
    }

    /// A page of at most `limit` of the accounts appointed within `area` (all of them where none is named), by area and
    /// username.
    pub async fn accounts(
        &self,
        area: Option<&Area>,
        limit: usize,
        cursor: Option<&Cursor>,
    ) -> Result<Page<StaffProfile>, PageError> {
        let within = area.map_or("", Area::as_str);
        let last = format!("{within}~~");
        let after = cursor.map(Cursor::decode::<String>).transpose()?;
        let first = match after {
            // A blank sorts before whatever a key could go on with.
            Some(after) if after.starts_with(within) && after < last => format!("{after} "),
            Some(_) => return Err(InvalidCursor.into()),
            None if within.is_empty() => " ".to_owned(),
            None => within.to_owned(),
        };
        // One more than a page tells whether there is another.
        let page = self
            .client
            .query()
            .table_name(&self.tables.records)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", keys::text(keys::DIRECTORY_PK))
            .expression_attribute_values(":first", keys::text(first))
            .expression_attribute_values(":last", keys::text(last))
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(StoreError::from)?;
        let mut items = page.items.unwrap_or_default();
        let more = items.len() > limit;
        items.truncate(limit);
        let last = items.last().filter(|_| more).map(|item| records::string(item, keys::SK)).transpose()?;
        let next = last.and_then(|sk| Cursor::encode(&sk));
        let items = items.into_iter().map(records::from_item).collect::<Result<_, StoreError>>()?;
        Ok(Page { items, next })
    }
}

/// What the TOTP secret of an account is sealed for.
fn totp_context(id: &StaffId) -> String {
    format!("{id}#totp")
}

pub(super) fn account_item(account: &StaffAccount, cipher: &FieldCipher) -> Result<Item, StoreError> {
    let id = &account.profile.id;
    let record = Record {
        profile: account.profile.clone(),
        password: account.password.clone(),
        totp: cipher.seal(&totp_context(id), &account.totp.to_base32())?,
        guard: account.guard.clone(),
        session_epoch: account.session_epoch,
        revision: account.revision,
    };
    records::to_item(&record, &keys::account(id), entity::ACCOUNT)
}

pub(super) fn account_from(item: Item, cipher: &FieldCipher) -> Result<StaffAccount, StoreError> {
    let Record { profile, password, totp, guard, session_epoch, revision } = records::from_item(item)?;
    let totp = cipher.open(&totp_context(&profile.id), &totp)?;
    let totp = TotpSecret::from_base32(&totp).map_err(|_| StoreError::Attribute("totp"))?;
    Ok(StaffAccount { profile, password, totp, guard, session_epoch, revision })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("wang.wu", Some("wang.wu"))]
    #[case(" Wang_Wu@HB ", Some("wang_wu@hb"))]
    #[case("42a", Some("42a"))]
    #[case("wu", None)]
    #[case(".wu", None)]
    #[case("wang wu", None)]
    #[case("wang#wu", None)]
    #[case("wang~wu", None)]
    #[case("王五五", None)]
    #[case(&"w".repeat(33), None)]
    fn usernames(#[case] text: &str, #[case] username: Option<&str>) {
        assert_eq!(text.parse::<Username>().ok().as_ref().map(Username::as_str), username);
    }
}
