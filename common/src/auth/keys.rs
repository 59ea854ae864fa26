//! The public half of the signing keys. Every function knows them from configuration, and the world from
//! `GET session/keys` as a JSON Web Key Set (RFC 7517, RFC 8037).

use crate::crypto::sha256;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, str::FromStr};

/// Why a signing seed or a list of public keys could not be read from configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTokenKey {
    /// The seed isn't 32 bytes in base64.
    #[error("the signing seed must be 32 random bytes in base64 (openssl rand -base64 32)")]
    Seed,
    /// A public key isn't 32 bytes in base64.
    #[error("token public keys must be 32 bytes each in base64, separated by commas")]
    Public,
}

impl InvalidTokenKey {
    /// Stable name for logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Seed => "token_seed_invalid",
            Self::Public => "token_public_key_invalid",
        }
    }
}

/// The private half: a 32-byte seed (RFC 8032). Only the `session` function has it.
pub struct SigningSeed([u8; 32]);

impl SigningSeed {
    /// The public key that belongs to it.
    pub fn public_key(&self) -> Result<PublicKey, InvalidTokenKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&self.0).map_err(|_| InvalidTokenKey::Seed)?;
        pair.public_key().as_ref().try_into().map(PublicKey).map_err(|_| InvalidTokenKey::Seed)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for SigningSeed {
    type Err = InvalidTokenKey;

    fn from_str(base64: &str) -> Result<Self, InvalidTokenKey> {
        let bytes = STANDARD.decode(base64.trim()).map_err(|_| InvalidTokenKey::Seed)?;
        bytes.try_into().map(Self).map_err(|_| InvalidTokenKey::Seed)
    }
}

impl fmt::Debug for SigningSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSeed(…)")
    }
}

/// An Ed25519 public key. Its `Display` is base64, as configuration lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key's id, the `kid` of a token's header: its JWK thumbprint (RFC 7638). Nobody has to invent names, and
    /// signer and verifier can't disagree about them.
    pub fn id(&self) -> String {
        let canonical =
            format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(self.0));
        URL_SAFE_NO_PAD.encode(sha256(canonical.as_bytes()))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl FromStr for PublicKey {
    type Err = InvalidTokenKey;

    fn from_str(base64: &str) -> Result<Self, InvalidTokenKey> {
        let bytes = STANDARD.decode(base64.trim()).map_err(|_| InvalidTokenKey::Public)?;
        bytes.try_into().map(Self).map_err(|_| InvalidTokenKey::Public)
    }
}

/// The keys a token may be signed with, by id; written as base64 keys separated by commas. To rotate: add the new
/// key everywhere, then give `session` the new seed, and drop the old key once its last token has expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<String, PublicKey>);

impl PublicKeys {
    /// Every key with its id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PublicKey)> {
        self.0.iter().map(|(id, key)| (id.as_str(), key))
    }

    /// As a JSON Web Key Set.
    pub fn jwks(&self) -> Jwks {
        let keys = self.0.iter().map(|(id, key)| Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            kid: id.clone(),
            x: URL_SAFE_NO_PAD.encode(key.0),
            alg: "EdDSA".to_owned(),
            usage: "sig".to_owned(),
        });
        Jwks { keys: keys.collect() }
    }
}

impl FromIterator<PublicKey> for PublicKeys {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        Self(keys.into_iter().map(|key| (key.id(), key)).collect())
    }
}

impl FromStr for PublicKeys {
    type Err = InvalidTokenKey;

    fn from_str(list: &str) -> Result<Self, InvalidTokenKey> {
        list.split(',').map(str::parse).collect()
    }
}

/// A JSON Web Key Set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// One Ed25519 key (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Jwk {
    /// Always `OKP`.
    pub kty: String,
    /// Always `Ed25519`.
    pub crv: String,
    /// The key's id, its RFC 7638 thumbprint.
    pub kid: String,
    /// The public key, base64url without padding.
    pub x: String,
    /// Always `EdDSA`.
    pub alg: String,
    /// Always `sig`.
    #[serde(rename = "use")]
    pub usage: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A: seed, public key and thumbprint.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

    fn standard(base64url: &str) -> String {
        STANDARD.encode(URL_SAFE_NO_PAD.decode(base64url).unwrap())
    }

    #[test]
    fn keys_and_ids_are_those_of_rfc_8037() {
        let key = standard(SEED).parse::<SigningSeed>().unwrap().public_key().unwrap();
        assert_eq!(key, standard(X).parse().unwrap());
        assert_eq!(key.id(), THUMBPRINT);
        let jwks = serde_json::to_value(PublicKeys::from_iter([key]).jwks()).unwrap();
        let expected = serde_json::json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "kid": THUMBPRINT, "x": X, "alg": "EdDSA", "use": "sig"
        }]});
        assert_eq!(jwks, expected);
    }

    #[test]
    fn configuration_that_is_no_key_is_refused() {
        for text in ["", "AAAA", "not base64", &standard(X)[1..]] {
            assert_eq!(text.parse::<SigningSeed>().unwrap_err(), InvalidTokenKey::Seed, "{text}");
            assert_eq!(text.parse::<PublicKeys>().unwrap_err(), InvalidTokenKey::Public, "{text}");
        }
        let two = format!("{}, {}", standard(X), STANDARD.encode([7; 32])).parse::<PublicKeys>().unwrap();
        assert_eq!(two.jwks().keys.len(), 2);
        assert!(two.iter().any(|(id, _)| id == THUMBPRINT));
    }

    #[test]
    fn the_seed_is_not_printed() {
        let seed: SigningSeed = standard(SEED).parse().unwrap();
        assert_eq!(format!("{seed:?}"), "SigningSeed(…)");
    }
}
