//! Refresh tokens: opaque, used once, each use giving the next. All tokens that descend from one sign-in are a
//! family, one record in the table; a token that was used before shows that two parties hold it, and ends the family
//! (RFC 9700, 4.14.2). This module decides; whoever calls it stores what it returns.

use super::{
    principal::Subject,
    secret::{Secret, SecretHash},
};
use crate::crypto::{CryptoError, random_bytes};
use domain::date::Instant;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// How long a holder stays signed in, in seconds: 30 days from the sign-in, however often it is refreshed.
pub const HOLDER_LIFETIME_SECONDS: i64 = 30 * 24 * 3600;
/// How long staff stay signed in, in seconds: 12 hours, a working day and its overtime.
pub const STAFF_LIFETIME_SECONDS: i64 = 12 * 3600;

/// Why a refresh token gives no new one. Each is a `401`, and the way out of each is to sign in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    /// It isn't a refresh token of this system.
    #[error("刷新令牌格式不正确，请重新登录")]
    Malformed,
    /// Its family is unknown, or was ended.
    #[error("登录已失效，请重新登录")]
    Ended,
    /// It is older than a sign-in lasts.
    #[error("登录已超过最长有效期，请重新登录")]
    Expired,
    /// It was used before. Its family ends now.
    #[error("刷新令牌已被使用过；为保护账号安全，本次登录已失效，请重新登录")]
    Reused,
}

impl RefreshError {
    /// Stable name in problem replies.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "refresh_token_malformed",
            Self::Ended => "refresh_token_ended",
            Self::Expired => "refresh_token_expired",
            Self::Reused => "refresh_token_reused",
        }
    }
}

/// A family's id: 32 hex digits (128 random bits). It is part of its tokens, so that one read finds the record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FamilyId(String);

impl FamilyId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FamilyId {
    type Err = RefreshError;

    fn from_str(text: &str) -> Result<Self, RefreshError> {
        if text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(RefreshError::Malformed)
        }
    }
}

impl TryFrom<String> for FamilyId {
    type Error = RefreshError;

    fn try_from(text: String) -> Result<Self, RefreshError> {
        text.parse()
    }
}

impl From<FamilyId> for String {
    fn from(id: FamilyId) -> Self {
        id.0
    }
}

/// A refresh token as its bearer has it: `{family}.{secret}`. `Debug` hides the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// The family to look up.
    pub family: FamilyId,
    secret: Secret,
}

impl RefreshToken {
    /// The text to hand over.
    pub fn reveal(&self) -> String {
        format!("{}.{}", self.family.0, self.secret.reveal())
    }

    fn generate(family: FamilyId) -> Result<Self, CryptoError> {
        Ok(Self { family, secret: Secret::generate()? })
    }
}

impl FromStr for RefreshToken {
    type Err = RefreshError;

    fn from_str(text: &str) -> Result<Self, RefreshError> {
        let (family, secret) = text.split_once('.').ok_or(RefreshError::Malformed)?;
        Ok(Self { family: family.parse()?, secret: secret.parse().map_err(|_| RefreshError::Malformed)? })
    }
}

/// What the table keeps of one sign-in. Write it on condition that `current` is still what was read, so that of two
/// uses of one token at the same time only one succeeds; delete it to sign out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshFamily {
    /// Its key.
    pub id: FamilyId,
    /// Who signed in.
    pub subject: Subject,
    /// The service client that acts for them, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Hash of the one token that is good now.
    pub current: SecretHash,
    /// When they signed in.
    pub started_at: Instant,
    /// When the family ends by itself; the record may be deleted after that.
    pub expires_at: Instant,
    /// When it was ended because a token came twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Instant>,
}

/// What becomes of a family when one of its tokens is presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// Store the family, then hand over the token.
    Rotated(Box<RefreshFamily>, RefreshToken),
    /// Store the family, which has ended, then refuse with [`RefreshError::Reused`].
    Ended(Box<RefreshFamily>),
}

/// Why a family could not move on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotateError {
    /// The token is refused.
    #[error(transparent)]
    Refused(#[from] RefreshError),
    /// No random bytes; an internal error.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl RefreshFamily {
    /// Starts a family at sign-in: the record to store and the first token.
    pub fn start(
        subject: Subject,
        client: Option<String>,
        now: Instant,
    ) -> Result<(Self, RefreshToken), CryptoError> {
        let lifetime = match subject {
            Subject::Holder(_) => HOLDER_LIFETIME_SECONDS,
            Subject::Staff(_) => STAFF_LIFETIME_SECONDS,
        };
        let id = FamilyId(hex::encode(random_bytes::<16>()?));
        let token = RefreshToken::generate(id.clone())?;
        let family = Self {
            id,
            subject,
            client,
            current: token.secret.hash(),
            started_at: now,
            expires_at: now.plus_seconds(lifetime),
            ended_at: None,
        };
        Ok((family, token))
    }

    /// What presenting `token` at `now` leads to.
    ///
    /// A secret that was never this family's is treated as one used before: whoever knows the family's id has held a
    /// token of it, for the id is nowhere else.
    pub fn present(&self, token: &RefreshToken, now: Instant) -> Result<Refreshed, RotateError> {
        if token.family != self.id || self.ended_at.is_some() {
            return Err(RefreshError::Ended.into());
        }
        if now >= self.expires_at {
            return Err(RefreshError::Expired.into());
        }
        if token.secret.hash() != self.current {
            return Ok(Refreshed::Ended(Box::new(Self { ended_at: Some(now), ..self.clone() })));
        }
        let next = RefreshToken::generate(self.id.clone())?;
        Ok(Refreshed::Rotated(Box::new(Self { current: next.secret.hash(), ..self.clone() }), next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{HolderId, StaffId};

    fn now() -> Instant {
        "2029-03-01T08:00:00Z".parse().unwrap()
    }

    fn holder() -> (RefreshFamily, RefreshToken) {
        RefreshFamily::start(Subject::Holder(HolderId::mint(1)), None, now()).unwrap()
    }

    fn rotate(family: &RefreshFamily, token: &RefreshToken) -> (RefreshFamily, RefreshToken) {
        match family.present(token, now()).unwrap() {
            Refreshed::Rotated(family, token) => (*family, token),
            Refreshed::Ended(_) => panic!("ended"),
        }
    }

    #[test]
    fn each_use_gives_the_next_and_the_old_one_ends_the_family() {
        let (first, token1) = holder();
        let (second, token2) = rotate(&first, &token1);
        let (third, token3) = rotate(&second, &token2);
        assert_ne!(token2, token3);
        for old in [&token1, &token2] {
            let Ok(Refreshed::Ended(ended)) = third.present(old, now()) else { panic!("{old:?} was taken") };
            assert_eq!(ended.ended_at, Some(now()));
            assert_eq!(ended.present(&token3, now()), Err(RefreshError::Ended.into()));
        }
        assert!(matches!(third.present(&token3, now()), Ok(Refreshed::Rotated(..))));
    }

    #[test]
    fn a_sign_in_ends_by_itself_however_often_it_is_refreshed() {
        let (family, token) = holder();
        let (family, token) = rotate(&family, &token);
        let month = now().plus_seconds(HOLDER_LIFETIME_SECONDS);
        assert!(family.present(&token, month.plus_seconds(-1)).is_ok());
        assert_eq!(family.present(&token, month), Err(RefreshError::Expired.into()));
        let (family, token) = RefreshFamily::start(Subject::Staff(StaffId::mint(1)), None, now()).unwrap();
        assert!(family.present(&token, now().plus_seconds(STAFF_LIFETIME_SECONDS - 1)).is_ok());
        assert_eq!(family.present(&token, now().plus_seconds(12 * 3600)), Err(RefreshError::Expired.into()));
    }

    #[test]
    fn another_familys_token_is_refused_and_ends_nothing() {
        let ((one, _), (_, other)) = (holder(), holder());
        assert_eq!(one.present(&other, now()), Err(RefreshError::Ended.into()));
    }

    #[test]
    fn the_record_keeps_no_token_and_reads_back() {
        let (family, token) = holder();
        let text = token.reveal();
        assert_eq!(text.parse(), Ok(token.clone()));
        let json = serde_json::to_string(&family).unwrap();
        let (_, secret) = text.split_once('.').unwrap();
        assert!(!json.contains(secret) && !format!("{family:?} {token:?}").contains(secret));
        assert_eq!(serde_json::from_str::<RefreshFamily>(&json).unwrap(), family);
    }

    #[test]
    fn what_is_no_refresh_token_is_refused() {
        let text = holder().1.reveal();
        for wrong in [
            "",
            ".",
            "abc",
            &text[1..],
            &format!("{}{}", "g".repeat(32), &text[32..]),
            &format!("{text}x"),
            &format!("../{text}"),
        ] {
            assert_eq!(wrong.parse::<RefreshToken>(), Err(RefreshError::Malformed), "{wrong}");
        }
    }
}
