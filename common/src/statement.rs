//! What is signed for whoever holds a paper of ours, so that anybody can check it with the published keys, offline too:
//! the statement in a certificate's QR code, and documents that travel by themselves (hours statements, transfer
//! letters). Ed25519 (RFC 8032), by a seed of its own, which only the function that prints has.
//!
//! What is signed is, with `\0` a zero byte:
//!
//! - of a statement: `social-worker-registry/statement/1\0`, then the [statement's bytes](domain::statement). In the QR
//!   code stands base64url, without padding, of the statement's bytes and the signature's 64.
//! - of a paper's proof: `social-worker-registry/paper/1\0`, then the [proof's bytes](domain::transfer::PaperProof). In the
//!   QR code of a printed hours statement or transfer letter it stands as a statement does in a certificate's.
//! - of a document: `social-worker-registry/document/1\0`, its kind, `\0`, then the SHA-256 of its bytes.
//!
//! Nothing else that this system signs begins so: no signature of one thing passes for another's.

use crate::{
    auth::keys::{InvalidTokenKey, PublicKey, SigningSeed},
    config::{ConfigError, Env},
    crypto::sha256,
    store::{Store, StoreError},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    registration::Registration,
    statement::{InvalidStatement, KEY_ID, Statement},
    transfer::{Paper, PaperProof},
};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

/// What stands before a statement where it's signed.
const STATEMENT: &[u8] = b"social-worker-registry/statement/1\0";
/// What stands before a paper's proof where it's signed.
const PAPER: &[u8] = b"social-worker-registry/paper/1\0";
/// What stands before a document's kind and digest where it's signed.
const DOCUMENT: &[u8] = b"social-worker-registry/document/1\0";
/// Bytes of a signature.
const SIGNATURE: usize = 64;
/// The longest text that is looked at: the longest name there can be makes 383 characters.
const LONGEST: usize = 400;

/// Why what was shown isn't a statement or a document of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// It's none at all.
    #[error(transparent)]
    Malformed(#[from] InvalidStatement),
    /// It says it's signed by a key that we never published.
    #[error("签名所用的密钥不是本系统公布的，所示证件可能是伪造的；请凭登记号在线核验")]
    UnknownKey,
    /// It was changed, or somebody else signed it.
    #[error("签名验证不通过，内容可能被改动或伪造；请凭登记号在线核验")]
    NotAuthentic,
}

impl StatementError {
    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed(_) => "statement_malformed",
            Self::UnknownKey => "statement_key_unknown",
            Self::NotAuthentic => "statement_not_authentic",
        }
    }
}

/// The start of a key's id, by which a statement names it.
pub(crate) fn short_id(key: PublicKey) -> [u8; KEY_ID] {
    let mut id = [0; KEY_ID];
    id.copy_from_slice(&key.thumbprint()[..KEY_ID]);
    id
}

/// The same as text: the first eight characters of the key's `kid`.
pub(crate) fn key_name(id: [u8; KEY_ID]) -> String {
    URL_SAFE_NO_PAD.encode(id)
}

fn document(kind: &str, bytes: &[u8]) -> Vec<u8> {
    [DOCUMENT, kind.as_bytes(), b"\0", &sha256(bytes)].concat()
}

fn check(key: PublicKey, message: &[u8], signature: &[u8]) -> Result<(), StatementError> {
    let key = UnparsedPublicKey::new(&ED25519, key.as_bytes());
    key.verify(message, signature).map_err(|_| StatementError::NotAuthentic)
}

/// The address that a certificate's QR code leads to: the public page of `portal`, with the statement in it.
pub fn verify_url(portal: &str, statement: &str) -> String {
    format!("{}/verify?s={statement}", portal.trim_end_matches('/'))
}

/// The address that the QR code of a printed paper leads to, with its proof in it.
pub fn paper_url(portal: &str, proof: &str) -> String {
    format!("{}/verify/paper?s={proof}", portal.trim_end_matches('/'))
}

/// What a QR code's `s` is made of: the bytes that were signed, and the signature.
fn split(text: &str) -> Result<(Vec<u8>, Vec<u8>), InvalidStatement> {
    let bytes = (text.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten();
    let mut bytes = bytes.ok_or(InvalidStatement)?;
    let end = bytes.len().checked_sub(SIGNATURE).ok_or(InvalidStatement)?;
    let signature = bytes.split_off(end);
    Ok((bytes, signature))
}

/// Signs statements and documents. Only the function that prints has one.
pub struct Signer {
    pair: Ed25519KeyPair,
    key: PublicKey,
}

impl Signer {
    /// Signs with `seed`.
    pub fn new(seed: &SigningSeed) -> Result<Self, InvalidTokenKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_bytes()).map_err(|_| InvalidTokenKey::Seed)?;
        Ok(Self { pair, key: seed.public_key()? })
    }

    /// Signs with `CERTIFICATE_SEED`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let purpose = "the seed that certificates and the letters beside them are signed with";
        let seed: SigningSeed = env.parsed("CERTIFICATE_SEED", purpose)?;
        Self::new(&seed).map_err(|error| ConfigError::Unusable(error.to_string()))
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        self.key
    }

    /// Publishes the public half for good, so that what is signed from now on verifies. To be done before anything that is
    /// signed is handed out; one read where it was done before.
    pub async fn publish(&self, store: &Store) -> Result<(), StoreError> {
        store.publish_certificate_key(self.key).await
    }

    /// The signed statement of the present certificate of `registration`, as its QR code holds it: 128 characters for a
    /// name of three.
    pub fn statement(&self, registration: &Registration) -> String {
        self.sealed(STATEMENT, Statement::of(registration, short_id(self.key)).to_bytes())
    }

    /// The signed proof of `paper`, whose canonical JSON is `bytes`, as the QR code of its print holds it: 159 characters.
    pub fn proof<T: Paper>(&self, paper: &T, bytes: &[u8]) -> String {
        self.sealed(PAPER, PaperProof::of(paper, sha256(bytes), short_id(self.key)).to_bytes())
    }

    fn sealed(&self, label: &[u8], mut bytes: Vec<u8>) -> String {
        let signature = self.pair.sign(&[label, &bytes].concat());
        bytes.extend_from_slice(signature.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Signs a document that travels by itself. `kind` says what it is, so that a document of one kind never passes for
    /// one of another.
    pub fn sign_document(&self, kind: &str, bytes: &[u8]) -> DocumentSignature {
        let signature = self.pair.sign(&document(kind, bytes));
        DocumentSignature { kid: self.key.id(), signature: URL_SAFE_NO_PAD.encode(signature) }
    }
}

/// The signature of a document, which stands beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DocumentSignature {
    /// The id of the key, as the published keys name it.
    pub kid: String,
    /// The Ed25519 signature, base64url without padding.
    pub signature: String,
}

/// Checks that `bytes` are a document of `kind` that was signed with one of `keys`.
pub fn verify_document(
    keys: &[PublicKey],
    kind: &str,
    bytes: &[u8],
    signature: &DocumentSignature,
) -> Result<(), StatementError> {
    let key = keys.iter().find(|key| key.id() == signature.kid).ok_or(StatementError::UnknownKey)?;
    let signature = URL_SAFE_NO_PAD.decode(&signature.signature).map_err(|_| StatementError::NotAuthentic)?;
    check(*key, &document(kind, bytes), &signature)
}

/// A statement as it was scanned. What it says counts once it's [checked](Self::check).
#[derive(Debug, Clone)]
pub struct Scanned {
    statement: Statement,
    signature: Vec<u8>,
}

impl Scanned {
    /// Reads the text of a QR code's `s`.
    pub fn read(text: &str) -> Result<Self, StatementError> {
        let (statement, signature) = split(text)?;
        Ok(Self { statement: Statement::parse(&statement)?, signature })
    }

    /// What it says the key is called: the first eight characters of a published key's `kid`.
    pub fn key(&self) -> String {
        key_name(self.statement.key)
    }

    /// What it says, nobody knows yet whether rightly: enough to look the rest up by.
    pub fn claim(&self) -> &Statement {
        &self.statement
    }

    /// What it says, where it was signed with that of `keys` which it names.
    pub fn check(self, keys: impl IntoIterator<Item = PublicKey>) -> Result<Statement, StatementError> {
        let named = |key: &PublicKey| short_id(*key) == self.statement.key;
        let key = keys.into_iter().find(named).ok_or(StatementError::UnknownKey)?;
        check(key, &[STATEMENT, &self.statement.to_bytes()].concat(), &self.signature)?;
        Ok(self.statement)
    }
}

/// A paper's proof as it was scanned. What it says counts once it's [checked](Self::check).
#[derive(Debug, Clone)]
pub struct ScannedPaper {
    proof: PaperProof,
    signature: Vec<u8>,
}

impl ScannedPaper {
    /// Reads the text of a QR code's `s`.
    pub fn read(text: &str) -> Result<Self, StatementError> {
        let (proof, signature) = split(text)?;
        Ok(Self { proof: PaperProof::parse(&proof)?, signature })
    }

    /// What it says the key is called: the first eight characters of a published key's `kid`.
    pub fn key(&self) -> String {
        key_name(self.proof.key)
    }

    /// What it says, nobody knows yet whether rightly: enough to look the rest up by.
    pub fn claim(&self) -> &PaperProof {
        &self.proof
    }

    /// What it says, where it was signed with that of `keys` which it names.
    pub fn check(self, keys: impl IntoIterator<Item = PublicKey>) -> Result<PaperProof, StatementError> {
        let named = |key: &PublicKey| short_id(*key) == self.proof.key;
        let key = keys.into_iter().find(named).ok_or(StatementError::UnknownKey)?;
        check(key, &[PAPER, &self.proof.to_bytes()].concat(), &self.signature)?;
        Ok(self.proof)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    fn signer(seed: u8) -> Signer {
        Signer::new(&STANDARD.encode([seed; 32]).parse().unwrap()).unwrap()
    }

    #[test]
    fn a_document_is_of_its_kind_whole_and_ours() {
        let (ours, other) = (signer(1), signer(2));
        let signed = ours.sign_document("hours_statement", b"{}");
        let keys = [other.public_key(), ours.public_key()];
        assert_eq!(verify_document(&keys, "hours_statement", b"{}", &signed), Ok(()));
        let refused = |kind: &str, bytes: &[u8]| verify_document(&keys, kind, bytes, &signed).unwrap_err();
        assert_eq!(refused("transfer_letter", b"{}"), StatementError::NotAuthentic);
        assert_eq!(refused("hours_statement", b"{ }"), StatementError::NotAuthentic);
        let theirs = verify_document(&keys[..1], "hours_statement", b"{}", &signed);
        assert_eq!(theirs, Err(StatementError::UnknownKey));
        let forged = DocumentSignature { kid: other.public_key().id(), ..signed };
        let forged = verify_document(&keys, "hours_statement", b"{}", &forged);
        assert_eq!(forged, Err(StatementError::NotAuthentic));
    }

    #[test]
    fn a_link_leads_to_the_portal() {
        assert_eq!(verify_url("https://a.example/", "x"), "https://a.example/verify?s=x");
        assert_eq!(paper_url("https://a.example/", "x"), "https://a.example/verify/paper?s=x");
    }

    #[test]
    fn what_is_no_statement_is_told() {
        for text in ["", "x", "=", "张三", &"A".repeat(401), &"A".repeat(128)] {
            assert_eq!(Scanned::read(text).unwrap_err().code(), "statement_malformed", "{text}");
            assert_eq!(ScannedPaper::read(text).unwrap_err().code(), "statement_malformed", "{text}");
        }
    }
}
