//! Access tokens: JWTs signed with Ed25519 (RFC 7519, RFC 8037) that live for half an hour. `session` signs them;
//! every function verifies them by itself, with the keys it has learnt and against the clock it is given.

use super::{
    jwt_provider,
    keys::{InvalidTokenKey, PublishedKey, SigningSeed},
    principal::{Principal, Subject},
};
use crate::crypto::{CryptoError, random_bytes};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{actor::Role, date::Instant, district::Area, id::IdentityKey};
use http::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::{PoisonError, RwLock},
};

/// How long an access token lives unless configuration says otherwise, in seconds.
pub const ACCESS_LIFETIME_SECONDS: i64 = 30 * 60;
/// How far ahead of ours the signer's clock may be, in seconds.
const IAT_LEEWAY_SECONDS: i64 = 5;
/// Longest token that is looked at, in bytes. Ours are under 1,000.
const MAX_TOKEN: usize = 4096;

/// Why a request isn't taken as signed in. Each is a `401`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is no `Authorization: Bearer …` header.
    #[error("请先登录：请求缺少 Authorization: Bearer 访问令牌")]
    Missing,
    /// It isn't a token of this system.
    #[error("访问令牌格式不正确，请重新登录")]
    Malformed,
    /// It has expired.
    #[error("登录已过期，请用刷新令牌换取新令牌或重新登录")]
    Expired,
    /// It was issued in the future.
    #[error("访问令牌尚未生效，请检查签发服务器的时钟")]
    NotYetValid,
    /// Its signature is another's, or of another kind.
    #[error("访问令牌签名无效，请重新登录")]
    WrongSignature,
    /// It says it's signed by a key that isn't known here, or no longer.
    #[error("访问令牌签名无效，请重新登录")]
    UnknownKey,
    /// It was issued by or for another system.
    #[error("访问令牌不是本系统签发的，请重新登录")]
    NotForUs,
}

impl TokenError {
    /// Stable name in problem replies.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "token_missing",
            Self::Malformed => "token_malformed",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::WrongSignature | Self::UnknownKey => "token_signature_invalid",
            Self::NotForUs => "token_not_for_this_system",
        }
    }
}

/// Why a token could not be issued; an internal error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueError {
    /// No random bytes for its id.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// It could not be written or signed.
    #[error("the access token could not be signed")]
    Sign,
}

impl IssueError {
    /// Stable name for logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Crypto(error) => error.code(),
            Self::Sign => "token_signing_failed",
        }
    }
}

/// The claims as they stand in a token. Times are seconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Subject,
    iat: i64,
    exp: i64,
    jti: String,
    roles: BTreeSet<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    area: Option<Area>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A token as it is handed to its bearer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// The compact JWT.
    pub token: String,
    /// When it stops being accepted.
    pub expires_at: Instant,
}

/// A token that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who bears it.
    pub principal: Principal,
    /// The token's own id (`jti`), for the journal.
    pub token_id: String,
    /// When it stops being accepted.
    pub expires_at: Instant,
}

/// Signs access tokens. Only `session` has one.
pub struct TokenSigner {
    header: Header,
    key: EncodingKey,
    issuer: String,
    audience: String,
    lifetime_seconds: i64,
}

impl TokenSigner {
    /// `issuer` and `audience` are what [`TokenVerifier`] will insist on; `lifetime_seconds` is usually
    /// [`ACCESS_LIFETIME_SECONDS`].
    pub fn new(
        seed: &SigningSeed,
        issuer: &str,
        audience: &str,
        lifetime_seconds: i64,
    ) -> Result<Self, InvalidTokenKey> {
        jwt_provider::install();
        let header = Header { kid: Some(seed.public_key()?.id()), ..Header::new(Algorithm::EdDSA) };
        Ok(Self {
            header,
            key: EncodingKey::from_ed_der(seed.as_bytes()),
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            lifetime_seconds,
        })
    }

    /// Issues a token for `principal` at `now`.
    pub fn issue(&self, principal: &Principal, now: Instant) -> Result<AccessToken, IssueError> {
        let expires_at = now.plus_seconds(self.lifetime_seconds);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: principal.subject.clone(),
            iat: now.unix_seconds(),
            exp: expires_at.unix_seconds(),
            jti: URL_SAFE_NO_PAD.encode(random_bytes::<16>()?),
            roles: principal.roles.clone(),
            area: principal.area.clone(),
            identity: principal.identity.clone(),
            client: principal.client.clone(),
            name: principal.name.clone(),
        };
        let token = jsonwebtoken::encode(&self.header, &claims, &self.key).map_err(|_| IssueError::Sign)?;
        Ok(AccessToken { token, expires_at })
    }
}

/// Verifies access tokens with the public keys it has learnt.
pub struct TokenVerifier {
    keys: RwLock<BTreeMap<String, (DecodingKey, Instant)>>,
    validation: Validation,
}

impl TokenVerifier {
    /// Accepts tokens from `issuer` and for `audience`, once it has [learnt](Self::learn) keys.
    pub fn new(issuer: &str, audience: &str) -> Self {
        jwt_provider::install();
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.iss = Some(HashSet::from([issuer.to_owned()]));
        validation.aud = Some(HashSet::from([audience.to_owned()]));
        // The library would read the system's clock; times are checked below, against the clock we are given.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        Self { keys: RwLock::default(), validation }
    }

    /// Accepts tokens by any of `keys`, each for as long as it's published, and by no other any more.
    pub fn learn(&self, keys: impl IntoIterator<Item = PublishedKey>) {
        let keys = keys
            .into_iter()
            .map(|PublishedKey { key, until }| (key.id(), (DecodingKey::from_ed_der(key.as_bytes()), until)))
            .collect();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// Verifies `token` as of `now`: signature first, then issuer and audience, then times.
    pub fn verify(&self, token: &str, now: Instant) -> Result<Verified, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        // RFC 7515, 4.1.11: an extension one doesn't know must be refused, and we know none.
        if header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        let kid = header.kid.ok_or(TokenError::Malformed)?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let Some((key, _)) = keys.get(&kid).filter(|(_, until)| now < *until) else {
            let expired = claimed_expiry(token).is_some_and(|exp| exp <= now.unix_seconds());
            return Err(if expired { TokenError::Expired } else { TokenError::UnknownKey });
        };
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => TokenError::WrongSignature,
                ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => TokenError::NotForUs,
                _ => TokenError::Malformed,
            })?
            .claims;

        let now = now.unix_seconds();
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        if claims.iat > now.saturating_add(IAT_LEEWAY_SECONDS) {
            return Err(TokenError::NotYetValid);
        }
        Ok(Verified {
            principal: Principal {
                subject: claims.sub,
                roles: claims.roles,
                area: claims.area,
                identity: claims.identity,
                client: claims.client,
                name: claims.name,
            },
            token_id: claims.jti,
            expires_at: Instant::from_unix_millis(claims.exp.saturating_mul(1000)),
        })
    }
}

/// When a token says it expires, without a look at its signature: good enough to say why it's refused.
fn claimed_expiry(token: &str) -> Option<i64> {
    #[derive(Deserialize)]
    struct Expiry {
        exp: i64,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Expiry>(&claims).ok().map(|claims| claims.exp)
}

/// The bearer token of a request's `Authorization` header (RFC 6750). Two such headers are refused: what is in front
/// of us may look at the other one.
pub fn bearer(headers: &HeaderMap) -> Result<&str, TokenError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(TokenError::Missing)?;
    if values.next().is_some() {
        return Err(TokenError::Malformed);
    }
    let (scheme, token) =
        value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(TokenError::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(TokenError::Missing);
    }
    Ok(token.trim())
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
