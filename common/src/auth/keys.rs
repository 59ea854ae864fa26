//! The signing seed, and its public half. `session` publishes that in the records' table when it starts; the other
//! functions learn it there, and the world from `GET session/keys` as a JSON Web Key Set (RFC 7517, RFC 8037).

use crate::crypto::{decode_key, sha256};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use domain::date::Instant;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Why a signing seed or a public key could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTokenKey {
    /// The seed isn't 32 bytes in base64 or hexadecimal.
    #[error("the signing seed must be 32 random bytes in base64 or hexadecimal (openssl rand -base64 32)")]
    Seed,
    /// A public key isn't 32 bytes in base64.
    #[error("a public key must be 32 bytes in base64")]
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

/// The private half: a 32-byte seed (RFC 8032). Each has one function that signs with it: `session` that of access
/// tokens, whoever prints certificates another.
pub struct SigningSeed([u8; 32]);

impl SigningSeed {
    /// The public key that belongs to it.
    pub fn public_key(&self) -> Result<PublicKey, InvalidTokenKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&self.0).map_err(|_| InvalidTokenKey::Seed)?;
        pair.public_key().as_ref().try_into().map(PublicKey).map_err(|_| InvalidTokenKey::Seed)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for SigningSeed {
    type Err = InvalidTokenKey;

    fn from_str(text: &str) -> Result<Self, InvalidTokenKey> {
        decode_key(text).map(Self).map_err(|_| InvalidTokenKey::Seed)
    }
}

impl fmt::Debug for SigningSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSeed(…)")
    }
}

/// An Ed25519 public key. Its `Display` is base64, as the table holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key's id, the `kid` of a token's header: its JWK thumbprint (RFC 7638). Nobody has to invent names, and
    /// signer and verifier can't disagree about them.
    pub fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.thumbprint())
    }

    /// The thumbprint that the id is written from.
    pub(crate) fn thumbprint(&self) -> [u8; 32] {
        let canonical =
            format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(self.0));
        sha256(canonical.as_bytes())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
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

impl TryFrom<&Jwk> for PublicKey {
    type Error = InvalidTokenKey;

    /// The key as whoever was sent the set reads it.
    fn try_from(jwk: &Jwk) -> Result<Self, InvalidTokenKey> {
        if (jwk.kty.as_str(), jwk.crv.as_str()) != ("OKP", "Ed25519") {
            return Err(InvalidTokenKey::Public);
        }
        let bytes = URL_SAFE_NO_PAD.decode(&jwk.x).map_err(|_| InvalidTokenKey::Public)?;
        bytes.try_into().map(Self).map_err(|_| InvalidTokenKey::Public)
    }
}

/// A public key that is published, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key.
    pub key: PublicKey,
    /// When tokens signed with it stop being accepted. `session` moves it on as long as it signs with it.
    pub until: Instant,
}

impl FromIterator<PublicKey> for Jwks {
    fn from_iter<I: IntoIterator<Item = PublicKey>>(keys: I) -> Self {
        let keys = keys.into_iter().map(|key| Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            kid: key.id(),
            x: URL_SAFE_NO_PAD.encode(key.0),
            alg: "EdDSA".to_owned(),
            usage: "sig".to_owned(),
        });
        Self { keys: keys.collect() }
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
        let jwks = Jwks::from_iter([key]);
        assert_eq!(PublicKey::try_from(&jwks.keys[0]), Ok(key));
        let foreign = Jwk { crv: "X25519".to_owned(), ..jwks.keys[0].clone() };
        assert_eq!(PublicKey::try_from(&foreign), Err(InvalidTokenKey::Public));
        let jwks = serde_json::to_value(jwks).unwrap();
        let expected = serde_json::json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "kid": THUMBPRINT, "x": X, "alg": "EdDSA", "use": "sig"
        }]});
        assert_eq!(jwks, expected);
    }

    #[test]
    fn configuration_that_is_no_key_is_refused() {
        for text in ["", "AAAA", "not base64", &standard(X)[1..]] {
            assert_eq!(text.parse::<SigningSeed>().unwrap_err(), InvalidTokenKey::Seed, "{text}");
            assert_eq!(text.parse::<PublicKey>().unwrap_err(), InvalidTokenKey::Public, "{text}");
        }
    }

    #[test]
    fn a_seed_may_be_written_in_base64_or_hexadecimal() {
        let bytes = URL_SAFE_NO_PAD.decode(SEED).unwrap();
        let seed: SigningSeed = hex::encode(bytes).parse().unwrap();
        assert_eq!(seed.public_key().unwrap().id(), THUMBPRINT);
    }

    #[test]
    fn the_seed_is_not_printed() {
        let seed: SigningSeed = standard(SEED).parse().unwrap();
        assert_eq!(format!("{seed:?}"), "SigningSeed(…)");
    }
}
