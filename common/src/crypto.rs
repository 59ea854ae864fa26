//! Keys and what is done with them: sealing identity numbers for storage (AES-256-GCM), the keyed hash by which
//! they are found (HMAC-SHA-256), randomness, and SHA-256. All of it is ring's; here are only formats and key ids.

use base64::{Engine, engine::general_purpose::STANDARD};
use domain::id::IdentityKey;
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest, hmac,
    rand::{SecureRandom, SystemRandom},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// First byte of every sealed text: AES-256-GCM, laid out as [`Sealed`] says.
const VERSION: u8 = 1;
/// Longest text that is sealed, in bytes. What is sealed is numbers and names, never documents.
const MAX_TEXT: usize = 4096;
/// Longest key id, in bytes.
const MAX_KEY_ID: usize = 32;
/// Bytes of a key.
const KEY_LEN: usize = 32;

/// Why a text could not be sealed or opened, or a key not be read. For logs, never for a reply: to a caller each
/// of them is an internal error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The key list isn't `id=key,id=key…` with 32-byte keys, in base64 or hexadecimal, and distinct ids.
    #[error(
        "keys must be written `id=key,…`: ids of 1 to 32 letters, digits or `-`, keys of 32 bytes in base64 or hexadecimal; {0}"
    )]
    Keys(&'static str),
    /// The text is longer than 4,096 bytes.
    #[error("the text to seal is longer than {MAX_TEXT} bytes")]
    TooLong,
    /// What should be sealed text isn't laid out as such.
    #[error("the sealed text is damaged or of an unknown version")]
    Malformed,
    /// It was sealed under a key that isn't in the key list.
    #[error("the sealed text names a key that isn't configured")]
    UnknownKey,
    /// It was changed, or belongs to another record.
    #[error("the sealed text was changed or belongs to another record")]
    NotAuthentic,
    /// The system gave no random bytes.
    #[error("the system's random number generator failed")]
    NoEntropy,
}

impl CryptoError {
    /// Stable name for logs and alarms.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Keys(_) => "crypto_keys_invalid",
            Self::TooLong => "crypto_text_too_long",
            Self::Malformed => "crypto_sealed_malformed",
            Self::UnknownKey => "crypto_key_unknown",
            Self::NotAuthentic => "crypto_sealed_not_authentic",
            Self::NoEntropy => "crypto_no_entropy",
        }
    }
}

/// A sealed text: version (1 byte), length of the key id (1 byte), key id, nonce (12 bytes), ciphertext, tag (16
/// bytes). In JSON and in the table it is base64.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Takes bytes as they were stored. They are checked when they are opened.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Splits off the header (everything before the nonce) and names its key.
    fn parts(&self) -> Result<(&[u8], &str, &[u8]), CryptoError> {
        let (&version, rest) = self.0.split_first().ok_or(CryptoError::Malformed)?;
        let (&id_len, rest) = rest.split_first().ok_or(CryptoError::Malformed)?;
        let (id, body) = rest.split_at_checked(usize::from(id_len)).ok_or(CryptoError::Malformed)?;
        let id = std::str::from_utf8(id).map_err(|_| CryptoError::Malformed)?;
        if version != VERSION {
            return Err(CryptoError::Malformed);
        }
        Ok((&self.0[..2 + usize::from(id_len)], id, body))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

impl From<Sealed> for String {
    fn from(sealed: Sealed) -> Self {
        STANDARD.encode(sealed.0)
    }
}

impl TryFrom<String> for Sealed {
    type Error = CryptoError;

    fn try_from(text: String) -> Result<Self, CryptoError> {
        STANDARD.decode(text).map(Self).map_err(|_| CryptoError::Malformed)
    }
}

/// Named 32-byte keys, the current one first, written `id=key,id=key…` in configuration (see [`decode_key`]). To rotate, put a new
/// key in front and leave the old ones until nothing is sealed under them.
pub struct KeyRing(Vec<(String, [u8; KEY_LEN])>);

impl FromStr for KeyRing {
    type Err = CryptoError;

    fn from_str(text: &str) -> Result<Self, CryptoError> {
        let mut keys: Vec<(String, [u8; KEY_LEN])> = Vec::new();
        for entry in text.split(',').map(str::trim) {
            let (id, key) = entry.split_once('=').ok_or(CryptoError::Keys("an entry has no `=`"))?;
            let id_ok = (1..=MAX_KEY_ID).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if !id_ok {
                return Err(CryptoError::Keys("a key id has another form"));
            }
            if keys.iter().any(|(known, _)| known == id) {
                return Err(CryptoError::Keys("a key id is there twice"));
            }
            keys.push((id.to_owned(), decode_key(key)?));
        }
        Ok(Self(keys))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

/// Reads one 32-byte key as configuration holds keys and seeds: base64 (standard alphabet, padded), as `openssl rand
/// -base64 32` makes it, or 64 hexadecimal digits, as a stack's template can have them generated. No text is both: 64
/// digits of base64 would be 48 bytes.
pub fn decode_key(text: &str) -> Result<[u8; KEY_LEN], CryptoError> {
    let text = text.trim();
    let mut key = [0; KEY_LEN];
    if hex::decode_to_slice(text, &mut key).is_ok() {
        return Ok(key);
    }
    let bytes =
        STANDARD.decode(text).map_err(|_| CryptoError::Keys("a key is neither base64 nor hexadecimal"))?;
    bytes.try_into().map_err(|_| CryptoError::Keys("a key isn't 32 bytes"))
}

/// Makes a key: 32 random bytes in base64, as [`decode_key`] reads them.
pub fn generate_key() -> Result<String, CryptoError> {
    random_bytes::<KEY_LEN>().map(|key| STANDARD.encode(key))
}

/// `N` bytes from the system's random number generator.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], CryptoError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| CryptoError::NoEntropy)?;
    Ok(bytes)
}

/// 128 random bits, as the domain's ids are minted from.
pub fn random_u128() -> Result<u128, CryptoError> {
    random_bytes().map(u128::from_le_bytes)
}

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

/// Seals short texts for storage and makes the keyed hash by which an identity document is found.
pub struct FieldCipher {
    keys: Vec<(String, LessSafeKey)>,
    lookup: hmac::Key,
}

impl FieldCipher {
    /// `keys` seal and open; `lookup` (32 bytes, a key of its own that can't be rotated without hashing every record
    /// anew) makes [`IdentityKey`]s.
    pub fn new(keys: &KeyRing, lookup: &[u8; KEY_LEN]) -> Result<Self, CryptoError> {
        let keys = keys
            .0
            .iter()
            .map(|(id, key)| {
                let key = UnboundKey::new(&AES_256_GCM, key)
                    .map_err(|_| CryptoError::Keys("a key isn't 32 bytes"))?;
                Ok((id.clone(), LessSafeKey::new(key)))
            })
            .collect::<Result<_, CryptoError>>()?;
        Ok(Self { keys, lookup: hmac::Key::new(hmac::HMAC_SHA256, lookup) })
    }

    /// Seals `text` for one place: `context` is the record's id, and where a record has several sealed fields, its id
    /// and the field's name. It isn't stored, and what was sealed for one place can't be opened for another.
    pub fn seal(&self, context: &str, text: &str) -> Result<Sealed, CryptoError> {
        if text.len() > MAX_TEXT {
            return Err(CryptoError::TooLong);
        }
        let (id, key) = self.keys.first().ok_or(CryptoError::Keys("there is none"))?;
        let id_len = u8::try_from(id.len()).map_err(|_| CryptoError::Keys("a key id has another form"))?;
        // A random nonce is safe for 2^32 texts under one key (NIST SP 800-38D, 8.3): rotate before that.
        let nonce = random_bytes::<NONCE_LEN>()?;

        let mut bytes = vec![VERSION, id_len];
        bytes.extend_from_slice(id.as_bytes());
        let aad = associated_data(&bytes, context);
        bytes.extend_from_slice(&nonce);
        let mut body = text.as_bytes().to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut body)
            .map_err(|_| CryptoError::TooLong)?;
        bytes.append(&mut body);
        Ok(Sealed(bytes))
    }

    /// Opens what [`Self::seal`] made for the same `context`, under whichever configured key it names.
    pub fn open(&self, context: &str, sealed: &Sealed) -> Result<String, CryptoError> {
        let (header, id, body) = sealed.parts()?;
        let (_, key) = self.keys.iter().find(|(known, _)| known == id).ok_or(CryptoError::UnknownKey)?;
        let (nonce, body) = body.split_first_chunk::<NONCE_LEN>().ok_or(CryptoError::Malformed)?;
        let mut body = body.to_vec();
        let text = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), associated_data(header, context), &mut body)
            .map_err(|_| CryptoError::NotAuthentic)?;
        String::from_utf8(text.to_vec()).map_err(|_| CryptoError::NotAuthentic)
    }

    /// True where `sealed` names another key than the current one and should be sealed anew at its next write.
    pub fn is_stale(&self, sealed: &Sealed) -> bool {
        let current = self.keys.first().map(|(id, _)| id.as_str());
        sealed.parts().map_or(true, |(_, id, _)| Some(id) != current)
    }

    /// The keyed hash of an identity document in its canonical form (see `IdentityDocument::canonical`).
    pub fn identity_key(&self, normalised: &str) -> IdentityKey {
        IdentityKey::from_hash(hex::encode(hmac::sign(&self.lookup, normalised.as_bytes())))
    }

    /// A key of its own for `purpose`, which follows from that of lookups. No identity document's text begins as what is hashed
    /// here does.
    pub(crate) fn derived_key(&self, purpose: &str) -> hmac::Key {
        let key = hmac::sign(&self.lookup, format!("key\n{purpose}").as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, key.as_ref())
    }

    /// The keyed hash that stands for a network in keys: addresses are few enough to be found from a plain hash. No
    /// identity document's text begins as what is hashed here does.
    pub fn network_key(&self, network: &str) -> String {
        let hash = hmac::sign(&self.lookup, format!("network\n{network}").as_bytes());
        hex::encode(&hash.as_ref()[..16])
    }
}

impl fmt::Debug for FieldCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

/// The header is bound in as well as the context, so that no byte of a sealed text can be changed unnoticed. Its
/// length byte keeps the two apart.
fn associated_data(header: &[u8], context: &str) -> Aad<Vec<u8>> {
    Aad::from([header, context.as_bytes()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "11010519491231002X";

    fn key(byte: u8) -> String {
        STANDARD.encode([byte; KEY_LEN])
    }

    fn cipher(keys: &str) -> FieldCipher {
        FieldCipher::new(&keys.parse().unwrap(), &[9; KEY_LEN]).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_record_alone() {
        let cipher = cipher(&format!("k1={}", key(1)));
        let sealed = cipher.seal("holder-1", NUMBER).unwrap();
        assert_eq!(cipher.open("holder-1", &sealed).unwrap(), NUMBER);
        assert_eq!(cipher.open("holder-2", &sealed), Err(CryptoError::NotAuthentic));
        assert_eq!(cipher.open("1holder-1", &sealed), Err(CryptoError::NotAuthentic));
        assert_ne!(sealed, cipher.seal("holder-1", NUMBER).unwrap(), "each has a nonce of its own");
        assert_eq!(sealed.as_bytes()[..4], [1, 2, b'k', b'1']);
        assert_eq!(sealed.as_bytes().len(), 4 + 12 + NUMBER.len() + 16);
        assert!(!format!("{sealed:?} {cipher:?}").contains(NUMBER));
    }

    #[test]
    fn no_byte_can_be_changed_or_cut_unnoticed() {
        // The second key differs from the first in one bit of its id: a changed id may name a key that exists.
        let cipher = cipher(&format!("k1={},k0={}", key(1), key(1)));
        let sealed = cipher.seal("holder-1", NUMBER).unwrap();
        for at in 0..sealed.as_bytes().len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = sealed.as_bytes().to_vec();
                bytes[at] ^= flip;
                assert!(
                    cipher.open("holder-1", &Sealed::from_bytes(bytes)).is_err(),
                    "byte {at} ^ {flip:#x}"
                );
            }
            let cut = Sealed::from_bytes(sealed.as_bytes()[..at].to_vec());
            assert!(cipher.open("holder-1", &cut).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn keys_rotate_and_a_dropped_key_is_named() {
        let (old, new) = (format!("k1={}", key(1)), format!("k2={}", key(2)));
        let sealed = cipher(&old).seal("holder-1", NUMBER).unwrap();
        let both = cipher(&format!("{new},{old}"));
        assert_eq!(both.open("holder-1", &sealed).unwrap(), NUMBER);
        assert!(both.is_stale(&sealed));
        let anew = both.seal("holder-1", NUMBER).unwrap();
        assert!(!both.is_stale(&anew));
        assert_eq!(cipher(&new).open("holder-1", &anew).unwrap(), NUMBER);
        assert_eq!(cipher(&new).open("holder-1", &sealed), Err(CryptoError::UnknownKey));
        let swapped = cipher(&format!("k1={}", key(2)));
        assert_eq!(swapped.open("holder-1", &sealed), Err(CryptoError::NotAuthentic));
    }

    #[test]
    fn the_keyed_hash_depends_on_the_text_and_the_key() {
        let keys: KeyRing = format!("k1={}", key(1)).parse().unwrap();
        let (one, other) =
            (FieldCipher::new(&keys, &[9; 32]).unwrap(), FieldCipher::new(&keys, &[8; 32]).unwrap());
        let hash = one.identity_key(NUMBER);
        // Made with another implementation of RFC 2104.
        assert_eq!(hash.as_str(), "a34eb8d39058cb67598e94f404e52db6bdee6d9c7ef0ff9847d5f7063f4e85da");
        assert_ne!(hash, one.identity_key("110105194912310021"));
        assert_ne!(hash, other.identity_key(NUMBER));
    }

    #[test]
    fn sha256_is_the_standards() {
        // FIPS 180-2, appendix B.1.
        assert!(hex::encode(sha256(b"abc")).starts_with("ba7816bf8f01cfea414140de5dae2223"));
    }

    #[test]
    fn a_key_may_be_written_in_hexadecimal() {
        let digits = "0f".repeat(32);
        assert_eq!(decode_key(&digits), Ok([15; 32]));
        assert_eq!(decode_key(&digits.to_uppercase()), Ok([15; 32]));
        assert_eq!(decode_key(&digits), decode_key(&STANDARD.encode([15; 32])));
        assert!(decode_key(&digits[2..]).is_err());
    }

    #[test]
    fn a_key_list_that_is_off_says_how() {
        let good = key(1);
        for (text, reason) in [
            (String::new(), "an entry has no `=`"),
            (good.trim_end_matches('=').to_owned(), "an entry has no `=`"),
            (format!("={good}"), "a key id has another form"),
            (format!("k 1={good}"), "a key id has another form"),
            (format!("{}={good}", "k".repeat(33)), "a key id has another form"),
            (format!("k1={good},k1={good}"), "a key id is there twice"),
            ("k1=###".to_owned(), "a key is neither base64 nor hexadecimal"),
            ("k1=AAAA".to_owned(), "a key isn't 32 bytes"),
        ] {
            assert_eq!(text.parse::<KeyRing>().unwrap_err(), CryptoError::Keys(reason), "{text}");
        }
    }

    #[test]
    fn json_holds_base64_and_too_long_a_text_is_refused() {
        let cipher = cipher(&format!("k1={}", key(1)));
        let sealed = cipher.seal("holder-1", NUMBER).unwrap();
        let json = serde_json::to_string(&sealed).unwrap();
        assert_eq!(serde_json::from_str::<Sealed>(&json).unwrap(), sealed);
        assert!(serde_json::from_str::<Sealed>("\"?\"").is_err());
        assert_eq!(cipher.seal("holder-1", &"x".repeat(MAX_TEXT + 1)), Err(CryptoError::TooLong));
    }
}
