//! What a certificate's QR code proves: every byte of it, to whoever has the published keys.

use crate::{look, nobodys, paper, printer, registration, scan};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use common::{
    auth::keys::{PublicKey, SigningSeed},
    statement::{Scanned, Signer, StatementError, verify_url},
};
use domain::{date::date, registration::Registration, rules::RuleLibrary};
use ed25519_compact::{KeyPair, PublicKey as OtherKey, Seed, Signature};
use tests::{World, crowd};

const SEED: [u8; 32] = [7; 32];

fn signer(seed: [u8; 32]) -> Signer {
    let seed: SigningSeed = hex::encode(seed).parse().unwrap();
    Signer::new(&seed).unwrap()
}

fn somebody() -> Registration {
    let library = RuleLibrary::compiled_in().unwrap();
    let rules = library.for_district(Some(&"420106".parse().unwrap()));
    crowd::registration(1, date(2026, 3, 2), rules)
}

/// What is wrong with `text`; none where it's a statement by one of `keys`.
fn wrong(text: &str, keys: &[PublicKey]) -> Option<StatementError> {
    Scanned::read(text).and_then(|scanned| scanned.check(keys.iter().copied())).err()
}

/// The code of what is wrong with `bytes`; none where they are a statement by one of `keys`.
fn code(bytes: impl AsRef<[u8]>, keys: &[PublicKey]) -> Option<&'static str> {
    wrong(&BASE64.encode(bytes), keys).map(StatementError::code)
}

#[test]
fn a_name_of_three_makes_an_address_that_a_small_code_holds() {
    let statement = signer(SEED).statement(&somebody());
    assert_eq!(statement.len(), 128);
    let url = verify_url("https://registry.example.com", &statement);
    assert!(url.len() < 200 && url.starts_with("https://registry.example.com/verify?s="), "{url}");
}

#[test]
fn no_bit_of_a_statement_can_be_changed() {
    let signer = signer(SEED);
    // The other key is published too: a statement that names it isn't by it.
    let keys = [signer.public_key(), self::signer([8; 32]).public_key()];
    let text = signer.statement(&somebody());
    assert_eq!(wrong(&text, &keys), None);
    let good = BASE64.decode(&text).unwrap();
    for place in 0..good.len() {
        for byte in (0..=255).filter(|byte| *byte != good[place]) {
            let mut bytes = good.clone();
            bytes[place] = byte;
            assert!(code(&bytes, &keys).is_some(), "byte {place} is {byte}");
        }
        let (before, after) = good.split_at(place);
        assert!(code(before, &keys).is_some(), "cut short at {place}");
        assert!(code(after, &keys).is_some() || place == 0, "without the first {place}");
        assert!(code([before, &[0], after].concat(), &keys).is_some(), "one more at {place}");
        assert!(code([before, &after[1..]].concat(), &keys).is_some(), "one less at {place}");
    }
    // Nor is there a second way to write the same bytes.
    for character in ' '..='~' {
        for place in 0..text.len() {
            if text[place..].starts_with(character) {
                continue;
            }
            let mut other = text.clone();
            other.replace_range(place..=place, &character.to_string());
            assert!(wrong(&other, &keys).is_some(), "{character} at {place}");
        }
    }
    for other in [format!("{text}="), format!(" {text}"), format!("{text}\n"), text.to_lowercase()] {
        assert_eq!(wrong(&other, &keys).map(StatementError::code), Some("statement_malformed"), "{other}");
    }
}

#[test]
fn a_signature_of_anything_else_is_none_of_a_statement() {
    let signer = signer(SEED);
    let keys = [signer.public_key()];
    let good = BASE64.decode(signer.statement(&somebody())).unwrap();
    let (statement, _) = good.split_at(good.len() - 64);
    let with = |signature: &[u8]| code([statement, signature].concat(), &keys);
    let refused = Some("statement_not_authentic");
    for kind in ["", "hours_statement", "social-worker-registry/statement/1"] {
        let document = signer.sign_document(kind, statement);
        assert_eq!(with(&BASE64.decode(document.signature).unwrap()), refused, "a document of kind {kind}");
    }
    // By the same key, and over the same bytes with nothing before them.
    let pair = KeyPair::from_seed(Seed::new(SEED));
    assert_eq!(with(pair.sk.sign(statement, None).as_ref()), refused);
    let documented = [b"social-worker-registry/statement/1\0", statement].concat();
    assert_eq!(with(pair.sk.sign(documented, None).as_ref()), None, "what is documented is what is signed");
    assert_eq!(wrong(&signer.statement(&somebody()), &[]), Some(StatementError::UnknownKey));
}

#[tokio::test]
async fn who_is_offline_checks_it_with_the_published_keys_and_code_of_their_own() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    let before = world.nobody().get("/v1/verify/keys").await.expect(200);
    assert_eq!(
        before.body["keys"].as_array().unwrap().len(),
        1,
        "who prints publishes its key when it starts"
    );
    let text = paper(&world, &number).await;
    let published = world.nobody().get("/v1/verify/keys").await.expect(200);
    assert_eq!(published.headers["cache-control"], "public, max-age=300");

    // As the API reference has it, by another implementation of Ed25519.
    let bytes = BASE64.decode(&text).unwrap();
    let (content, signature) = bytes.split_at(bytes.len() - 64);
    let named = BASE64.encode(&content[1..7]);
    let keys = published.body["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"].as_str().unwrap().starts_with(&named)).unwrap();
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&"OKP".into(), &"Ed25519".into(), &"EdDSA".into()));
    let key = OtherKey::from_slice(&BASE64.decode(key["x"].as_str().unwrap()).unwrap()).unwrap();
    let signature = Signature::from_slice(signature).unwrap();
    let documented = [b"social-worker-registry/statement/1\0", content].concat();
    key.verify(&documented, &signature).unwrap();
    assert!(key.verify(content, &signature).is_err());

    assert_eq!(content[0], 1);
    let digits = content[7..14].iter().fold(0_u64, |number, byte| number * 256 + u64::from(*byte));
    assert_eq!(digits.to_string(), number);
    assert_eq!(content[14], 1, "assistant");
    assert_eq!(u32::from_be_bytes(content[15..19].try_into().unwrap()), 20_290_302);
    assert_eq!(u32::from_be_bytes(content[19..23].try_into().unwrap()), 1);
    assert_eq!(std::str::from_utf8(&content[23..]).unwrap(), "张晓雯");
}

#[tokio::test]
async fn what_is_forged_is_told_and_what_is_ours_is_looked_up() {
    let world = World::new().await;
    let zhang = world.holder("zhang").await.register(1).await;
    let li = world.holder("li").await.register(2).await;
    let text = paper(&world, &zhang).await;
    scan(&world, &text).await.expect(200);
    let refusal = async |path: String| {
        let reply = world.nobody().get(&format!("/v1/verify{path}")).await.expect(422);
        assert_eq!(reply.text("/errors/0/field"), "s");
        assert!(reply.text("/detail").chars().any(|c| c > '\u{4e00}'), "{:#}", reply.body);
        reply.text("/errors/0/code")
    };
    assert_eq!(refusal(String::new()).await, "required");
    assert_eq!(refusal("?s=abc".to_owned()).await, "statement_malformed");
    let forger = signer(SEED).statement(&registration(&world, &zhang).await);
    assert_eq!(refusal(format!("?s={forger}")).await, "statement_key_unknown");
    let mut bytes = BASE64.decode(&text).unwrap();
    bytes[22] += 1;
    assert_eq!(refusal(format!("?s={}", BASE64.encode(bytes))).await, "statement_not_authentic");
    assert_eq!(refusal(format!("/{zhang}?s={forger}")).await, "statement_key_unknown");
    assert_eq!(refusal(format!("/{li}?s={text}")).await, "statement_of_another_number");
    // A statement of a number that is in no register, as after a restore from before it was given out.
    let mut lost = registration(&world, &zhang).await;
    lost.number = nobodys(1).parse().unwrap();
    let lost = printer(&world).await.statement(&lost);
    assert_eq!(scan(&world, &lost).await.expect(404).code(), "unknown_registration");
}

#[tokio::test]
async fn a_new_seed_leaves_what_the_old_one_signed_verifiable() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    let old = paper(&world, &number).await;
    let new = signer(SEED);
    let unpublished = new.statement(&registration(&world, &number).await);
    scan(&world, &unpublished).await.expect(422);
    for _ in 0..2 {
        new.publish(&world.system.app.store).await.unwrap();
    }
    world.put("2028-12-31T10:00:00+08:00");
    for statement in [&old, &unpublished] {
        scan(&world, statement).await.expect(200);
    }
    look(&world, &number).await.expect(200);
    let keys = world.nobody().get("/v1/verify/keys").await.expect(200);
    assert_eq!(keys.body["keys"].as_array().unwrap().len(), 2);
}
