//! The papers: whoever has one checks it with the published keys and code of their own, and no byte of it can be another.

use crate::leave;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use common::crypto::sha256;
use domain::transfer::canonical_json;
use ed25519_compact::{PublicKey, Signature};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{World, identity_number};

/// The published keys by id, read as anybody reads them.
async fn published(world: &World) -> BTreeMap<String, PublicKey> {
    let reply = world.nobody().get("/v1/verify/keys").await.expect(200);
    let keys = reply.body["keys"].as_array().unwrap().iter();
    keys.map(|key| {
        let point = BASE64.decode(key["x"].as_str().unwrap()).unwrap();
        (key["kid"].as_str().unwrap().to_owned(), PublicKey::from_slice(&point).unwrap())
    })
    .collect()
}

/// True where `reply` is a `paper` signed with one of `keys`: what another authority does, as the API reference has it, by
/// another implementation of Ed25519.
fn is_genuine(keys: &BTreeMap<String, PublicKey>, paper: &str, reply: &[u8]) -> bool {
    let check = || {
        let reply: Value = serde_json::from_slice(reply).ok()?;
        // No member but those two, so that none is taken for signed.
        let members = reply.as_object().filter(|members| members.len() == 2)?;
        let (document, signature) = (members.get("document")?, members.get("signature")?.as_object()?);
        let key = keys.get(signature.get("kid")?.as_str()?)?;
        let value = BASE64.decode(signature.get("signature")?.as_str()?).ok()?;
        let (label, digest) = ("social-worker-registry/document/1", sha256(&canonical_json(document).ok()?));
        let signed = [label.as_bytes(), b"\0", paper.as_bytes(), b"\0", &digest].concat();
        key.verify(signed, &Signature::from_slice(&value).ok()?).ok()
    };
    check().is_some()
}

#[tokio::test]
async fn no_byte_of_an_hours_statement_can_be_another() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let id = holder.get("/v1/me").await.expect(200).text("/holder_id");
    world.record_hours(&id, "2026-03-02", "2026-03-02", 365).await;
    let path = format!("/v1/registrations/{number}/hours-statement?pdf=false");
    let reply = holder.get(&path).await.expect(200);
    let keys = published(&world).await;
    assert_eq!(keys.len(), 1, "its key was published before it was handed out");
    let document = &reply.body["document"];
    assert_eq!((&document["counted"], &document["records"][0]["claimed"]), (&json!(36.5), &json!(36.5)));
    assert_eq!(document["issued_by"], "湖北省社会工作者登记管理机构");
    assert!(!reply.body.to_string().contains(&identity_number(1)), "the identity number isn't in it");

    // However the JSON is written, and however often it's asked for.
    let good = reply.body.to_string().into_bytes();
    let pretty = serde_json::to_vec_pretty(&reply.body).unwrap();
    assert!(is_genuine(&keys, "hours_statement", &good) && is_genuine(&keys, "hours_statement", &pretty));
    assert_eq!(holder.get(&path).await.expect(200).body, reply.body);
    assert!(!is_genuine(&keys, "transfer_letter", &good), "it's of its kind");
    assert!(!is_genuine(&BTreeMap::new(), "hours_statement", &good), "and by a published key");

    for place in 0..good.len() {
        for bit in [0x01, 0x10] {
            let mut tampered = good.clone();
            tampered[place] ^= bit;
            let around =
                String::from_utf8_lossy(&tampered[place.saturating_sub(9)..(place + 9).min(good.len())]);
            assert!(!is_genuine(&keys, "hours_statement", &tampered), "byte {place}: {around}");
        }
    }
    // A record more, a record less, a member that wasn't there.
    let edits: [fn(&mut Value); 3] = [
        |document| document["records"] = json!([]),
        |document| {
            let record = document["records"][0].clone();
            document["records"].as_array_mut().unwrap().push(record);
        },
        |document| document["note"] = json!(""),
    ];
    for edit in edits {
        let mut tampered = reply.body.clone();
        edit(&mut tampered["document"]);
        assert!(!is_genuine(&keys, "hours_statement", tampered.to_string().as_bytes()), "{tampered:#}");
    }
}

#[tokio::test]
async fn who_left_has_both_papers_for_good_and_who_stays_has_no_letter() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let letter = format!("/v1/registrations/{number}/transfer-letter?pdf=false");
    let statement = format!("/v1/registrations/{number}/hours-statement?pdf=false");
    assert_eq!(holder.get(&letter).await.expect(404).code(), "not_transferred_out");
    world.put("2026-04-10T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    leave(&world, &holder).await;
    let (of_hours, of_transfer) =
        (holder.get(&statement).await.expect(200), holder.get(&letter).await.expect(200));
    let keys = published(&world).await;
    assert!(is_genuine(&keys, "transfer_letter", of_transfer.body.to_string().as_bytes()));
    let document = &of_transfer.body["document"];
    assert_eq!(document["registration"]["status"], "transferred_out");
    assert_eq!(document["destination"], json!({ "code": "11", "name": "北京市" }));
    assert_eq!(document["registration"]["valid_until"], "2029-03-02", "until when it would have been valid");
    assert_eq!(
        (&document["issued_on"], &of_hours.body["document"]["as_of"]),
        (&json!("2026-04-10"), &json!("2026-04-10"))
    );

    // Ten years later they are the same, and come from the register still.
    world.put("2036-05-01T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    assert_eq!(holder.get(&letter).await.expect(200).body, of_transfer.body);
    assert_eq!(holder.get(&statement).await.expect(200).body, of_hours.body);
}

#[tokio::test]
async fn the_statement_tells_of_hours_that_came_from_elsewhere() {
    let world = World::new().await;
    let holder = world.holder("li").await;
    let number = crate::arrive(&world, &holder).await;
    let reply = holder.get(&format!("/v1/registrations/{number}/hours-statement")).await.expect(200);
    let document = &reply.body["document"];
    assert_eq!((&document["claimed"], &document["counted"]), (&json!(8), &json!(4)));
    assert_eq!(document["records"][0]["uncounted"][0]["code"], "before_cycle");
}
