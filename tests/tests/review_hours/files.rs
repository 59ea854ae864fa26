//! One file in several hands: shown side by side to whoever reviews, and no more of others than their area allows.

use super::{decide, draft, june, open, queue};
use domain::{
    application::{Change, JournalAction},
    attachment::{AttachmentState, ContentType},
    credit::{CreditRecord, EvidenceFile, EvidenceKind},
    id::{AttachmentId, CreditId, HolderId},
};
use serde_json::json;
use tests::{Person, World};

/// Puts a confirmed file into the record `id`, as its holder's upload does.
async fn prove(world: &World, id: &str, content: &str) -> CreditRecord {
    let id: CreditId = id.parse().unwrap();
    let now = world.now();
    let dossier = world.system.app.store.dossier(&id.holder(), now).await.unwrap();
    let held = dossier.credit(&id).unwrap();
    let mut next = CreditRecord { version: held.version + 1, ..held.clone() };
    next.files.push(EvidenceFile {
        id: AttachmentId::of_evidence(&id, world.next().into()),
        kind: EvidenceKind::CompletionCertificate,
        file_name: "张晓雯结业证书.pdf".to_owned(),
        content_type: ContentType::Pdf,
        size: 20_000,
        sha256: Some(content.repeat(32)),
        state: AttachmentState::Confirmed,
        requested_at: now,
    });
    put(world, next).await
}

async fn put(world: &World, record: CreditRecord) -> CreditRecord {
    let mut change = Change::by_holder(&record.holder, JournalAction::AttachmentConfirmed, world.now());
    change.credit = Some(Box::new(record.clone()));
    world.system.app.store.commit(&change, None).await.unwrap();
    record
}

async fn submitted(world: &World, person: &Person<'_>, content: &str) -> CreditRecord {
    let id = draft(person, "seminar", 8.0).await;
    let record = prove(world, &id, content).await;
    person.post_empty(&format!("/v1/me/credits/{id}/submission")).await.expect(200);
    record
}

#[tokio::test]
async fn one_file_of_two_people_is_shown_side_by_side() {
    let world = june(&["zhang", "li"]).await;
    let zhang = submitted(&world, &world.holder("zhang").await, "ab").await;
    let li = submitted(&world, &world.holder("li").await, "ab").await;
    // Somebody of another city, with the same file; and one who has it in a draft, which is theirs alone.
    let stranger = HolderId::mint(77);
    let id = CreditId::mint(&stranger, zhang.cycle_start, 1);
    let mut far = CreditRecord { id, holder: stranger.clone(), version: 1, ..zhang.clone() };
    far.state = domain::credit::CreditState::Pending;
    far.district = "420502".parse().unwrap();
    far.files[0].id = AttachmentId::of_evidence(&far.id, 1);
    let far = put(&world, far).await;
    let id = CreditId::mint(&stranger, zhang.cycle_start, 2);
    let files = vec![EvidenceFile { id: AttachmentId::of_evidence(&id, 1), ..zhang.files[0].clone() }];
    let state = domain::credit::CreditState::Draft;
    put(&world, CreditRecord { id, holder: stranger, version: 1, state, files, ..zhang.clone() }).await;

    let reviewer = world.staff("chushen").await;
    let opened = open(&reviewer, zhang.id.as_str()).await.expect(200);
    assert_eq!(opened.body["downloads"].as_array().unwrap().len(), 1);
    let alike = opened.body["alike"].as_array().unwrap();
    assert_eq!(alike.len(), 2, "{alike:#?}");
    let of = |id: &CreditId| alike.iter().find(|other| other["credit_id"] == json!(id.as_str())).unwrap();
    let near = of(&li.id);
    assert_eq!(near["likenesses"][0]["code"], "same_evidence");
    assert_eq!((&near["name"], &near["covered"]), (&json!("张晓雯"), &json!(true)));
    assert_eq!(near["downloads"].as_array().unwrap().len(), 1);
    let far = of(&far.id);
    assert_eq!((&far["name"], &far["covered"]), (&json!("张**"), &json!(false)), "of elsewhere, the surname");
    assert_eq!(far["downloads"], json!([]));
    assert!(!far.to_string().contains("张晓雯"), "nor does a file's name tell it");
}

#[tokio::test]
async fn what_is_alike_of_one_person_is_shown_too_and_what_is_not_alike_is_not() {
    let world = june(&["zhang"]).await;
    let zhang = world.holder("zhang").await;
    let first = submitted(&world, &zhang, "ab").await;
    let reviewer = world.staff("chushen").await;
    assert_eq!(open(&reviewer, first.id.as_str()).await.expect(200).body["alike"], json!([]));
    // In person, on the same day, with another file.
    let said = json!({
        "form": "conference", "category": "professional", "title": "年会", "done_from": "2026-06-01", "hours": 4,
    });
    let second = zhang.post("/v1/me/credits", said).await.expect(201).text("/id");
    prove(&world, &second, "cd").await;
    zhang.post_empty(&format!("/v1/me/credits/{second}/submission")).await.expect(200);
    let opened = open(&reviewer, first.id.as_str()).await.expect(200);
    assert_eq!(opened.text("/alike/0/credit_id"), second);
    assert_eq!(opened.text("/alike/0/likenesses/0/code"), "overlapping_days");
    assert_eq!(opened.body["alike"][0]["same_person"], true);
}

#[tokio::test]
async fn what_has_a_file_that_another_has_is_marked_and_no_batch_decides_it() {
    let world = june(&["zhang", "li", "wang"]).await;
    let zhang = submitted(&world, &world.holder("zhang").await, "ab").await;
    let li = submitted(&world, &world.holder("li").await, "ab").await;
    let wang = world.holder("wang").await;
    let alone = submitted(&world, &wang, "cd").await;
    // A draft with the same file is its holder's alone, and what was withdrawn proves nothing.
    let kept = draft(&wang, "seminar", 2.0).await;
    prove(&world, &kept, "cd").await;
    let gone = submitted(&world, &wang, "cd").await;
    wang.send("DELETE", &format!("/v1/me/credits/{}", gone.id), None, &[]).await.expect(200);

    let reviewer = world.staff("chushen").await;
    let waiting = queue(&reviewer).await;
    assert_eq!(waiting.len(), 3);
    for entry in &waiting {
        let shared = entry["credit_id"] != json!(alone.id.as_str());
        assert_eq!(entry["shared_evidence"], shared, "{entry:#}");
    }
    let item = |entry: &serde_json::Value| json!({ "credit_id": entry["credit_id"], "version": entry["version"], "outcome": "recognise" });
    let batch = json!({ "items": waiting.iter().map(item).collect::<Vec<_>>() });
    let decided = reviewer.post("/v1/review/credits/decisions", batch).await.expect(200).body;
    for (entry, result) in waiting.iter().zip(decided["items"].as_array().unwrap()) {
        let expected = if entry["shared_evidence"] == true {
            (json!(409), json!("shared_evidence"))
        } else {
            (json!(200), json!(null))
        };
        assert_eq!((result["status"].clone(), result["code"].clone()), expected, "{result:#}");
    }

    // Opened, one is decided by itself; the other, whose file is of a record that counts, still isn't in a batch.
    let opened = open(&reviewer, zhang.id.as_str()).await.expect(200);
    let recognise = json!({ "outcome": "recognise" });
    decide(&reviewer, zhang.id.as_str(), &opened.etag(), recognise).await.expect(200);
    let left = queue(&reviewer).await;
    assert_eq!((left.len(), &left[0]["credit_id"]), (1, &json!(li.id.as_str())));
    assert_eq!(left[0]["shared_evidence"], true);
    let batch = json!({ "items": [item(&left[0])] });
    let again = reviewer.post("/v1/review/credits/decisions", batch).await.expect(200).body;
    assert_eq!(again["items"][0]["code"], "shared_evidence");
}
