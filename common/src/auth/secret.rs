//! Opaque secrets that we make and give away: refresh tokens, client secrets. 256 random bits each, so what is kept
//! is their plain SHA-256; there is nothing to guess that a slow hash would protect.

use crate::crypto::{CryptoError, random_bytes, sha256};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A secret as its bearer has it: 43 base64url characters. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

/// The text isn't a secret of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("密钥格式不正确")]
pub struct InvalidSecret;

impl Secret {
    /// A new one.
    pub fn generate() -> Result<Self, CryptoError> {
        random_bytes().map(Self)
    }

    /// The text to hand over, once.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is kept of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash(hex::encode(sha256(&self.0)))
    }
}

impl FromStr for Secret {
    type Err = InvalidSecret;

    fn from_str(text: &str) -> Result<Self, InvalidSecret> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidSecret)?;
        bytes.try_into().map(Self).map_err(|_| InvalidSecret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of a [`Secret`], 64 hex digits. Compared by `==`: the time that takes tells at most about the hash, and
/// from a hash nobody finds the 256 bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretHash(String);

impl SecretHash {
    /// The hash as hex digits, for a condition in the table.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_its_hash_is_all_that_is_kept() {
        let secret = Secret::generate().unwrap();
        let text = secret.reveal();
        assert_eq!(text.len(), 43);
        assert_eq!(text.parse::<Secret>().unwrap().hash(), secret.hash());
        assert_ne!(Secret::generate().unwrap().hash(), secret.hash());
        assert!(!format!("{secret:?}").contains(&text));
        for wrong in ["", "abc", &text[1..], &format!("{text}A"), &format!("{text}=")] {
            assert!(wrong.parse::<Secret>().is_err(), "{wrong}");
        }
    }
}
