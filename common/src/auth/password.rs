//! Staff passwords, kept as argon2id hashes (RFC 9106) with OWASP's parameters: 19 MiB, 2 passes, 1 lane.

use crate::crypto::{CryptoError, random_bytes};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHasher, PasswordVerifier, SaltString},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr};

/// Memory in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// Shortest password, in characters.
const MIN_LENGTH: usize = 12;
/// Longest password, in characters.
const MAX_LENGTH: usize = 128;
/// How many different characters it takes at least: `111111111111` is no password.
const MIN_DISTINCT: usize = 5;
/// Random bytes in the form of a hash; nobody knows a password for it. It is verified against where there is no
/// account, so that an answer takes the same time whether there is one or not.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$5scZmNTRPOMDPYtMyX0eHw$RUWH6ts9bIBG34Y+nZKuGmz7fEL4d6TthJFwmMcFgiY";

/// Why a text can't be a password. Each is a `422` on the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    /// Shorter than 12 or longer than 128 characters.
    #[error("密码长度应为 {MIN_LENGTH} 至 {MAX_LENGTH} 个字符")]
    Length,
    /// Fewer than 5 different characters.
    #[error("密码过于简单，至少应包含 {MIN_DISTINCT} 个不同的字符")]
    Simple,
}

impl InvalidPassword {
    /// Stable name in problem replies.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length => "password_length",
            Self::Simple => "password_too_simple",
        }
    }
}

/// A password that may be set. `Debug` hides it. What's allowed follows NIST SP 800-63B: length counts, any character
/// is welcome, and no mixture of classes is asked for.
#[derive(Clone)]
pub struct NewPassword(String);

impl FromStr for NewPassword {
    type Err = InvalidPassword;

    fn from_str(text: &str) -> Result<Self, InvalidPassword> {
        if !(MIN_LENGTH..=MAX_LENGTH).contains(&text.chars().count()) {
            return Err(InvalidPassword::Length);
        }
        if text.chars().collect::<BTreeSet<_>>().len() < MIN_DISTINCT {
            return Err(InvalidPassword::Simple);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// Why a password could not be hashed or compared; an internal error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// No random bytes for the salt.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// argon2 refused, or what is stored is no hash.
    #[error("argon2: {0}")]
    Hash(password_hash::Error),
}

impl PasswordError {
    /// Stable name for logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Crypto(error) => error.code(),
            Self::Hash(_) => "password_hash_failed",
        }
    }
}

impl From<password_hash::Error> for PasswordError {
    fn from(error: password_hash::Error) -> Self {
        Self::Hash(error)
    }
}

/// A stored hash, a PHC string with its own salt and cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes `password` with a fresh salt. Takes some 20 ms of a whole core and 19 MiB.
    pub fn of(password: &NewPassword) -> Result<Self, PasswordError> {
        let salt = SaltString::encode_b64(&random_bytes::<16>()?)?;
        Ok(Self(argon2()?.hash_password(password.0.as_bytes(), &salt)?.to_string()))
    }
}

/// True where `password` is the one `stored` was made of. Does the same work for no account (`None`), which is never
/// matched.
pub fn verify(password: &str, stored: Option<&PasswordHash>) -> Result<bool, PasswordError> {
    let text = stored.map_or(NOBODY, |hash| hash.0.as_str());
    let hash = password_hash::PasswordHash::new(text)?;
    match argon2()?.verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(stored.is_some()),
        Err(password_hash::Error::Password) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Verifying takes the cost from the stored hash; this is what new hashes cost.
fn argon2() -> Result<Argon2<'static>, password_hash::Error> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(password_hash::Error::from)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "正确的马 电池 订书钉！！";

    fn hash(text: &str) -> PasswordHash {
        PasswordHash::of(&text.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_right_password_matches_and_no_other() {
        let stored = hash(GOOD);
        assert!(verify(GOOD, Some(&stored)).unwrap());
        for wrong in ["", "正确的马 电池 订书钉！", &format!("{GOOD} "), &"x".repeat(5000)] {
            assert!(!verify(wrong, Some(&stored)).unwrap(), "{wrong}");
        }
        assert_ne!(stored, hash(GOOD), "each has a salt of its own");
    }

    #[test]
    fn an_unknown_account_costs_the_same_and_is_never_matched() {
        assert!(!verify(GOOD, None).unwrap());
        let cost = |text: &str| text.rsplitn(3, '$').nth(2).map(ToOwned::to_owned);
        let nobody = password_hash::PasswordHash::new(NOBODY).unwrap();
        assert_eq!(cost(NOBODY), cost(&hash(GOOD).0), "algorithm, version and parameters");
        let stored = hash(GOOD);
        let somebody = password_hash::PasswordHash::new(&stored.0).unwrap();
        assert_eq!(nobody.hash.unwrap().len(), somebody.hash.unwrap().len());
        assert_eq!(nobody.salt.unwrap().len(), somebody.salt.unwrap().len());
    }

    #[test]
    fn weak_passwords_are_refused() {
        for (text, expected) in [
            ("", InvalidPassword::Length),
            ("elevenchars", InvalidPassword::Length),
            ("111111111111", InvalidPassword::Simple),
            ("abcdabcdabcd", InvalidPassword::Simple),
            (&"密码".repeat(65), InvalidPassword::Length),
        ] {
            assert_eq!(text.parse::<NewPassword>().unwrap_err(), expected, "{text}");
        }
        let good: NewPassword = GOOD.parse().unwrap();
        assert!(!format!("{good:?}").contains("马"));
    }

    #[test]
    fn a_stored_text_that_is_no_hash_is_an_error_and_no_match() {
        let broken: PasswordHash = serde_json::from_str("\"plain\"").unwrap();
        assert!(matches!(verify("plain", Some(&broken)), Err(PasswordError::Hash(_))));
    }
}
