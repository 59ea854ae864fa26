//! Who may see, confirm and remove an attachment.

use crate::{
    announced, application, ask, attach, bucket, confirm, download, jpeg, kept, look, place, remove, send,
};
use serde_json::json;
use tests::{Person, World};

#[tokio::test]
async fn somebody_elses_is_not_there() {
    let world = World::new().await;
    let (holder, other) = (world.holder("zhang").await, world.holder("li").await);
    let draft = holder.open("first").await;
    let (pending, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    assert_eq!(send(&form, &jpeg(b'a')).await, 201);
    let confirmed = attach(&holder, &draft, "certificate_scan", &jpeg(b'c')).await;
    let (before, files) = (application(&holder, &draft).await, bucket(&world));

    for id in [&pending, &confirmed, "nonsense", &format!("{draft}-00000000")] {
        for reply in [confirm(&other, id).await, remove(&other, id).await, look(&other, id).await] {
            assert_eq!(reply.expect(404).code(), "unknown_attachment", "{id}");
        }
    }
    let refused = ask(&other, &draft, announced("photo", 100)).await.expect(404);
    assert_eq!(refused.code(), "unknown_application");
    assert_eq!((application(&holder, &draft).await, bucket(&world)), (before, files));
    for nobody in [look(&world.nobody(), &confirmed).await, remove(&world.nobody(), &confirmed).await] {
        assert_eq!(nobody.expect(401).code(), "token_missing");
    }
    let staff = world.staff("chushen").await;
    for reply in [confirm(&staff, &pending).await, remove(&staff, &confirmed).await] {
        assert_eq!(reply.expect(403).code(), "forbidden");
    }
}

/// How often a reviewer's view of the application is in its journal.
async fn views(holder: &Person<'_>, application: &str) -> usize {
    let journal = holder.get(&format!("/v1/applications/{application}/journal")).await.expect(200);
    journal.body["items"].as_array().unwrap().iter().filter(|line| line["action"] == "viewed").count()
}

#[tokio::test]
async fn a_reviewer_sees_what_lies_in_their_area_and_the_journal_knows() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let waiting = holder.ready_first(1).await;
    let attachments = application(&holder, &waiting).await["attachments"].clone();
    let id = |kind: &str| {
        let all = attachments.as_array().unwrap();
        all.iter().find(|held| held["kind"] == kind).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let reviewer = world.staff("chushen").await;
    let refused = look(&reviewer, &id("photo")).await.expect(404);
    assert_eq!(refused.code(), "unknown_application", "a draft is its holder's own");
    holder.submit(&waiting).await.expect(200);

    assert_eq!(download(&reviewer, &id("photo")).await, tests::portrait());
    assert_eq!(views(&holder, &waiting).await, 0, "a portrait is no identity document");
    download(&reviewer, &id("identity_card_front")).await;
    assert_eq!(views(&holder, &waiting).await, 1);
    download(&reviewer, &id("identity_card_back")).await;
    assert_eq!(views(&holder, &waiting).await, 2);
    download(&holder, &id("identity_card_front")).await;
    assert_eq!(views(&holder, &waiting).await, 2, "one's own isn't noted");

    let (pending, _) = place(&holder, &waiting, "identity_card_front", &jpeg(b'b')).await;
    assert_eq!(look(&reviewer, &pending).await.expect(200).body["url"], json!(null));
    assert_eq!(views(&holder, &waiting).await, 2, "there was nothing to see");
    let elsewhere = look(&world.staff("chushen-yichang").await, &id("photo")).await.expect(403);
    assert_eq!(elsewhere.code(), "outside_area");
    assert_eq!(look(&world.staff("admin").await, &id("photo")).await.expect(403).code(), "forbidden");
}

#[tokio::test]
async fn what_is_removed_is_gone() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.open("first").await;
    let stays = attach(&holder, &draft, "certificate_scan", &jpeg(b'c')).await;
    let goes = attach(&holder, &draft, "certificate_scan", &jpeg(b'd')).await;
    let (pending, form) = place(&holder, &draft, "photo", &jpeg(b'a')).await;
    assert_eq!(send(&form, &jpeg(b'a')).await, 201);
    let path = format!("/v1/attachments/{goes}");
    let url = look(&holder, &goes).await.expect(200).text("/url");

    let keyed = [("Idempotency-Key", "remove-1")];
    let removed = holder.send("DELETE", &path, None, &keyed).await.expect(200);
    assert_eq!(removed.body["application_version"], application(&holder, &draft).await["version"]);
    assert_eq!(reqwest::get(url).await.unwrap().status(), 404);
    assert_eq!(remove(&holder, &goes).await.expect(404).code(), "unknown_attachment");
    assert_eq!(holder.send("DELETE", &path, None, &keyed).await.expect(200).body, removed.body, "a retry");

    remove(&holder, &pending).await.expect(200);
    assert_eq!(bucket(&world), [kept(&stays, &jpeg(b'c'))]);
    let lacks = remove(&holder, &stays).await.expect(200);
    assert!(crate::missing(&lacks).contains(&"attachments.certificate_scan"));
}

#[tokio::test]
async fn while_it_waits_no_paper_that_it_needs_can_be_removed() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let waiting = holder.ready_first(1).await;
    holder.submit(&waiting).await.expect(200);
    let before = application(&holder, &waiting).await;
    let photo = before["attachments"][0]["id"].as_str().unwrap();
    assert_eq!(remove(&holder, photo).await.expect(409).code(), "attachment_required");
    assert_eq!(application(&holder, &waiting).await, before);
    assert_eq!(download(&holder, photo).await, tests::portrait());
}
