//! The signature of a call.

use crate::{
    auth::keys::{InvalidTokenKey, PublicKey, SigningSeed},
    config::{ConfigError, Env},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::date::Instant;
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

/// What stands before a signature by an Ed25519 key.
const SCHEME: &str = "v1a,";
/// How far a call's time may be from the receiver's, in seconds: what the specification recommends.
const TOLERANCE: i64 = 5 * 60;

/// The headers of one attempt of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookHeaders {
    /// `webhook-id`
    pub id: String,
    /// `webhook-timestamp`: seconds since 1970.
    pub timestamp: String,
    /// `webhook-signature`
    pub signature: String,
    /// `webhook-key`: the `kid` of the published key.
    pub key: String,
}

/// Why a call isn't one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Signed by a key that isn't published.
    #[error("the key isn't published")]
    UnknownKey,
    /// Too old or too new: somebody may be sending it again.
    #[error("the call's time is too far from now")]
    Stale,
    /// It was changed, or somebody else signed it.
    #[error("the signature isn't of this call")]
    NotAuthentic,
}

fn message(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

/// Signs calls. Only what sends them has one.
pub struct WebhookSigner {
    pair: Ed25519KeyPair,
    key: PublicKey,
}

impl WebhookSigner {
    /// Signs with `seed`.
    pub fn new(seed: &SigningSeed) -> Result<Self, InvalidTokenKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_bytes()).map_err(|_| InvalidTokenKey::Seed)?;
        Ok(Self { pair, key: seed.public_key()? })
    }

    /// Signs with `WEBHOOK_SEED`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let seed: SigningSeed =
            env.parsed("WEBHOOK_SEED", "the seed that calls to service clients are signed with")?;
        Self::new(&seed).map_err(|error| ConfigError::Unusable(error.to_string()))
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        self.key
    }

    /// The headers of an attempt, at `now`, to deliver `body` under `id`.
    pub fn sign(&self, id: &str, now: Instant, body: &str) -> WebhookHeaders {
        let timestamp = now.unix_seconds().to_string();
        let signature = self.pair.sign(&message(id, &timestamp, body.as_bytes()));
        WebhookHeaders {
            id: id.to_owned(),
            signature: format!("{SCHEME}{}", STANDARD.encode(signature)),
            key: self.key.id(),
            timestamp,
        }
    }
}

/// Checks that a call is ours, whole and of now: what a receiver does.
pub fn verify_webhook(
    keys: &[PublicKey],
    headers: &WebhookHeaders,
    body: &[u8],
    now: Instant,
) -> Result<(), SignatureError> {
    let key = keys.iter().find(|key| key.id() == headers.key).ok_or(SignatureError::UnknownKey)?;
    let signature = headers.signature.strip_prefix(SCHEME).ok_or(SignatureError::NotAuthentic)?;
    let signature = STANDARD.decode(signature).map_err(|_| SignatureError::NotAuthentic)?;
    UnparsedPublicKey::new(&ED25519, key.as_bytes())
        .verify(&message(&headers.id, &headers.timestamp, body), &signature)
        .map_err(|_| SignatureError::NotAuthentic)?;
    let sent: i64 = headers.timestamp.parse().map_err(|_| SignatureError::NotAuthentic)?;
    let apart = now.unix_seconds().saturating_sub(sent).saturating_abs();
    if apart <= TOLERANCE { Ok(()) } else { Err(SignatureError::Stale) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_byte_that_is_changed_is_noticed() {
        let signer = WebhookSigner::new(&STANDARD.encode([1; 32]).parse().unwrap()).unwrap();
        let other = WebhookSigner::new(&STANDARD.encode([2; 32]).parse().unwrap()).unwrap();
        let now: Instant = "2026-03-02T10:00:00+08:00".parse().unwrap();
        let body = r#"{"type":"registration.standing_changed","data":{"standing":"revoked"}}"#;
        let sent = signer.sign("422026987654324-v3-abc", now, body);
        let keys = [other.public_key(), signer.public_key()];
        let check = |headers: &WebhookHeaders, body: &[u8], now| verify_webhook(&keys, headers, body, now);
        assert_eq!(check(&sent, body.as_bytes(), now), Ok(()));
        for place in 0..body.len() {
            let mut bytes = body.as_bytes().to_vec();
            bytes[place] ^= 1;
            assert_eq!(check(&sent, &bytes, now), Err(SignatureError::NotAuthentic), "byte {place}");
        }
        let spoiled = |text: &str, place: usize| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'0' { b'1' } else { b'0' };
            String::from_utf8(bytes).unwrap()
        };
        for place in 0..sent.id.len() {
            let headers = WebhookHeaders { id: spoiled(&sent.id, place), ..sent.clone() };
            assert_eq!(check(&headers, body.as_bytes(), now), Err(SignatureError::NotAuthentic));
        }
        for place in 0..sent.timestamp.len() {
            let headers = WebhookHeaders { timestamp: spoiled(&sent.timestamp, place), ..sent.clone() };
            assert_eq!(check(&headers, body.as_bytes(), now), Err(SignatureError::NotAuthentic));
        }
        for place in 0..sent.signature.len() - 2 {
            let headers = WebhookHeaders { signature: spoiled(&sent.signature, place), ..sent.clone() };
            assert_eq!(check(&headers, body.as_bytes(), now), Err(SignatureError::NotAuthentic), "{place}");
        }
        let forged = WebhookHeaders { key: other.public_key().id(), ..sent.clone() };
        assert_eq!(check(&forged, body.as_bytes(), now), Err(SignatureError::NotAuthentic));
        let unknown = WebhookHeaders { key: "x".to_owned(), ..sent.clone() };
        assert_eq!(check(&unknown, body.as_bytes(), now), Err(SignatureError::UnknownKey));
        for (seconds, seen) in
            [(300, Ok(())), (301, Err(SignatureError::Stale)), (-301, Err(SignatureError::Stale))]
        {
            assert_eq!(check(&sent, body.as_bytes(), now.plus_seconds(seconds)), seen, "{seconds}");
        }
    }
}
