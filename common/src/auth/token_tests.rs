//! What a verifier must refuse, token by token.

use super::*;
use crate::auth::keys::PublicKey;
use base64::engine::general_purpose::STANDARD;
use domain::id::{HolderId, StaffId};
use http::HeaderValue;
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};

const ISSUER: &str = "https://registry.example/v1";
const AUDIENCE: &str = "registry";

fn now() -> Instant {
    "2029-03-01T08:00:00Z".parse().unwrap()
}

fn seed(byte: u8) -> SigningSeed {
    STANDARD.encode([byte; 32]).parse().unwrap()
}

fn public(byte: u8) -> PublicKey {
    seed(byte).public_key().unwrap()
}

fn signer(byte: u8) -> TokenSigner {
    TokenSigner::new(&seed(byte), ISSUER, AUDIENCE, ACCESS_LIFETIME_SECONDS).unwrap()
}

fn verifier(bytes: &[u8]) -> TokenVerifier {
    let verifier = TokenVerifier::new(ISSUER, AUDIENCE);
    let until = now().plus_seconds(3600);
    verifier.learn(bytes.iter().map(|byte| PublishedKey { key: public(*byte), until }));
    verifier
}

fn reviewer() -> Principal {
    Principal {
        subject: Subject::Staff(StaffId::mint(5)),
        roles: BTreeSet::from([Role::PreliminaryReviewer, Role::FinalReviewer]),
        area: Some("4201".parse().unwrap()),
        identity: Some(IdentityKey::from_hash("ab".repeat(32))),
        client: None,
        name: Some("王审核".to_owned()),
    }
}

fn good_header() -> Value {
    json!({"typ": "JWT", "alg": "EdDSA", "kid": public(1).id()})
}

fn good_claims() -> Value {
    let at = now().unix_seconds();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "staff:5000000000000000", "iat": at, "exp": at + 60, "jti": "x",
        "roles": ["administrator"]
    })
}

/// A token with any header and claims, signed by the key of `byte`.
fn forge(byte: u8, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let pair = Ed25519KeyPair::from_seed_unchecked(&[byte; 32]).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes())))
}

/// `base` with `key` set to `value`, or without it where `value` is null.
fn with(base: &Value, key: &str, value: Value) -> Value {
    let mut changed = base.clone();
    let object = changed.as_object_mut().unwrap();
    if value.is_null() {
        object.remove(key)
    } else {
        object.insert(key.to_owned(), value)
    };
    changed
}

#[test]
fn a_token_says_who_bears_it() {
    let holder = Principal::holder(HolderId::mint(9), Some("mini".to_owned()));
    for principal in [reviewer(), holder] {
        let issued = signer(1).issue(&principal, now()).unwrap();
        let verified = verifier(&[1]).verify(&issued.token, now()).unwrap();
        assert_eq!(verified.principal, principal);
        assert_eq!(verified.expires_at, issued.expires_at);
        assert_eq!(issued.expires_at, now().plus_seconds(1800));
        assert_eq!(verified.token_id.len(), 22);
    }
    let (one, two) =
        (signer(1).issue(&reviewer(), now()).unwrap(), signer(1).issue(&reviewer(), now()).unwrap());
    assert_ne!(one.token, two.token, "each has an id of its own");
}

#[test]
fn it_lives_from_issue_to_expiry_by_the_given_clock() {
    let issued = signer(1).issue(&reviewer(), now()).unwrap();
    for (seconds, expected) in [
        (-6, Some(TokenError::NotYetValid)),
        (-5, None),
        (0, None),
        (1799, None),
        (1800, Some(TokenError::Expired)),
        (3599, Some(TokenError::Expired)),
        (3600, Some(TokenError::Expired)),
    ] {
        let outcome = verifier(&[1]).verify(&issued.token, now().plus_seconds(seconds));
        assert_eq!(outcome.err(), expected, "{seconds} s");
    }
}

#[test]
fn no_character_can_be_changed() {
    let token = signer(1).issue(&reviewer(), now()).unwrap().token;
    let verifier = verifier(&[1]);
    for at in 0..token.len() {
        for replacement in *b"Aa_.=" {
            let mut bytes = token.clone().into_bytes();
            if bytes[at] == replacement {
                continue;
            }
            bytes[at] = replacement;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(verifier.verify(&changed, now()).is_err(), "character {at}");
        }
        assert!(verifier.verify(&token[..at], now()).is_err(), "cut at {at}");
    }
}

#[test]
fn keys_rotate_and_an_unknown_key_is_refused() {
    let by_new = signer(2).issue(&reviewer(), now()).unwrap().token;
    let by_old = signer(1).issue(&reviewer(), now()).unwrap().token;
    assert!(verifier(&[1, 2]).verify(&by_new, now()).is_ok());
    assert!(verifier(&[1, 2]).verify(&by_old, now()).is_ok());
    assert_eq!(verifier(&[2]).verify(&by_old, now()), Err(TokenError::UnknownKey));
    // A verifier goes by what it learnt last.
    let taught_again = verifier(&[1]);
    taught_again.learn([PublishedKey { key: public(2), until: now().plus_seconds(1) }]);
    assert!(taught_again.verify(&by_new, now()).is_ok());
    assert_eq!(taught_again.verify(&by_old, now()), Err(TokenError::UnknownKey));
    assert_eq!(taught_again.verify(&by_new, now().plus_seconds(1)), Err(TokenError::UnknownKey));
    let long_after = now().plus_seconds(1_000_000);
    assert_eq!(
        taught_again.verify(&by_old, long_after),
        Err(TokenError::Expired),
        "no reason to look for its key"
    );
    // Signed by 3 under the name of 1.
    let forged = forge(3, &good_header(), &good_claims());
    assert_eq!(verifier(&[1, 2]).verify(&forged, now()), Err(TokenError::WrongSignature));
}

#[test]
fn the_algorithm_is_pinned() {
    let verifier = verifier(&[1]);
    assert!(verifier.verify(&forge(1, &good_header(), &good_claims()), now()).is_ok());
    for (algorithm, expected) in [
        ("none", TokenError::Malformed),
        ("HS256", TokenError::WrongSignature),
        ("ES256", TokenError::WrongSignature),
        ("eddsa", TokenError::Malformed),
    ] {
        let header = with(&good_header(), "alg", json!(algorithm));
        assert_eq!(verifier.verify(&forge(1, &header, &good_claims()), now()), Err(expected), "{algorithm}");
    }
    // The public key taken for an HMAC secret, the classic confusion.
    let header = with(&good_header(), "alg", json!("HS256"));
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(&good_claims()));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, public(1).as_bytes());
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(ring::hmac::sign(&key, message.as_bytes())));
    assert_eq!(verifier.verify(&token, now()), Err(TokenError::WrongSignature));
}

#[test]
fn a_token_must_be_ours_and_whole() {
    let verifier = verifier(&[1]);
    let claims = good_claims();
    for (key, value, expected) in [
        ("iss", json!("https://elsewhere.example"), TokenError::NotForUs),
        ("aud", json!("elsewhere"), TokenError::NotForUs),
        ("aud", json!(["elsewhere", "another"]), TokenError::Malformed),
        ("iss", Value::Null, TokenError::Malformed),
        ("aud", Value::Null, TokenError::Malformed),
        ("sub", Value::Null, TokenError::Malformed),
        ("exp", Value::Null, TokenError::Malformed),
        ("iat", Value::Null, TokenError::Malformed),
        ("jti", Value::Null, TokenError::Malformed),
        ("roles", Value::Null, TokenError::Malformed),
        ("roles", json!(["emperor"]), TokenError::Malformed),
        ("sub", json!("5000000000000000"), TokenError::Malformed),
        ("exp", json!("tomorrow"), TokenError::Malformed),
        ("exp", json!(-1), TokenError::Expired),
        ("iat", json!(i64::MAX), TokenError::NotYetValid),
        ("area", json!("99"), TokenError::Malformed),
    ] {
        let token = forge(1, &good_header(), &with(&claims, key, value.clone()));
        assert_eq!(verifier.verify(&token, now()), Err(expected), "{key} = {value}");
    }
    let unnamed = forge(1, &with(&good_header(), "kid", Value::Null), &claims);
    assert_eq!(verifier.verify(&unnamed, now()), Err(TokenError::Malformed));
    let extended = forge(1, &with(&good_header(), "crit", json!(["b64"])), &claims);
    assert_eq!(verifier.verify(&extended, now()), Err(TokenError::Malformed));
    for text in ["", ".", "..", "a.b.c", "汉.字.好", &"x".repeat(MAX_TOKEN + 1)] {
        assert_eq!(verifier.verify(text, now()), Err(TokenError::Malformed));
    }
}

#[test]
fn the_header_is_read_as_rfc_6750_says() {
    let read = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        bearer(&headers).map(ToOwned::to_owned)
    };
    assert_eq!(read(&["Bearer abc"]), Ok("abc".to_owned()));
    assert_eq!(read(&["bearer  abc"]), Ok("abc".to_owned()));
    assert_eq!(read(&[]), Err(TokenError::Missing));
    assert_eq!(read(&["Basic YTpi"]), Err(TokenError::Missing));
    assert_eq!(read(&["Bearer"]), Err(TokenError::Malformed));
    assert_eq!(read(&["Bearer abc", "Bearer abc"]), Err(TokenError::Malformed));
}
