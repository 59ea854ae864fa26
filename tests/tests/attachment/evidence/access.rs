//! Who may see, add and remove what proves a record.

use super::{announced, ask, attach, claimant, record, submit, uploaded};
use crate::{application, bucket, confirm, download, jpeg, look, remove};
use domain::application::JournalAction;
use serde_json::Value;
use tests::World;

#[tokio::test]
async fn somebody_elses_is_not_there() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let other = world.holder("li").await;
    let confirmed = attach(&holder, &claim, &jpeg(b'a')).await;
    let pending = uploaded(&holder, &claim, &jpeg(b'b')).await;
    let (before, files) = (record(&holder, &claim).await, bucket(&world));

    for id in [&pending, &confirmed, &format!("{claim}-00000000")] {
        for reply in [confirm(&other, id).await, remove(&other, id).await, look(&other, id).await] {
            assert_eq!(reply.expect(404).code(), "unknown_attachment", "{id}");
        }
    }
    assert_eq!(ask(&other, &claim, announced(100)).await.expect(404).code(), "unknown_credit");
    for nobody in [look(&world.nobody(), &confirmed).await, ask(&world.nobody(), &claim, announced(1)).await]
    {
        assert_eq!(nobody.expect(401).code(), "token_missing");
    }
    let staff = world.staff("chushen").await;
    for reply in [
        confirm(&staff, &pending).await,
        remove(&staff, &confirmed).await,
        ask(&staff, &claim, announced(100)).await,
    ] {
        assert_eq!(reply.expect(403).code(), "forbidden");
    }
    assert_eq!((record(&holder, &claim).await, bucket(&world)), (before, files));
}

#[tokio::test]
async fn an_application_takes_no_evidence_and_a_record_no_papers() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let renewal = holder.open("change").await;
    let papers = application(&holder, &renewal).await;
    for (wrong, code) in [(renewal.as_str(), "unknown_credit"), ("nonsense", "unknown_credit")] {
        assert_eq!(ask(&holder, wrong, announced(100)).await.expect(404).code(), code, "{wrong}");
    }
    let refused = crate::ask(&holder, &claim, crate::announced("photo", 100)).await.expect(404);
    assert_eq!(refused.code(), "unknown_application");
    let gone = format!("{}0000000000", &claim[..claim.len() - 10]);
    assert_eq!(ask(&holder, &gone, announced(100)).await.expect(404).code(), "unknown_credit");
    assert_eq!(confirm(&holder, &format!("{gone}-00000000")).await.expect(404).code(), "unknown_credit");
    assert_eq!(look(&holder, &format!("{claim}-00000000")).await.expect(404).code(), "unknown_attachment");
    assert_eq!(application(&holder, &renewal).await, papers);
}

#[tokio::test]
async fn what_proves_a_claim_is_seen_by_who_reviews_in_its_area() {
    let world = World::new().await;
    let (holder, claim) = claimant(&world).await;
    let id = attach(&holder, &claim, &jpeg(b'a')).await;
    let reviewer = world.staff("chushen").await;
    let refused = look(&reviewer, &id).await.expect(404);
    assert_eq!(refused.code(), "unknown_credit", "a draft is its holder's own");
    submit(&holder, &claim).await.expect(200);

    assert_eq!(download(&reviewer, &id).await, jpeg(b'a'));
    assert_eq!(download(&world.staff("zhongshen").await, &id).await, jpeg(b'a'));
    let pending = uploaded(&holder, &claim, &jpeg(b'b')).await;
    assert_eq!(look(&reviewer, &pending).await.expect(200).body["url"], Value::Null);
    let elsewhere = look(&world.staff("chushen-yichang").await, &id).await.expect(403);
    assert_eq!(elsewhere.code(), "outside_area");
    for outsider in [world.staff("admin").await, world.staff("peixun").await] {
        assert_eq!(look(&outsider, &id).await.expect(403).code(), "forbidden");
    }
    let journal = world.system.app.store.journal(&claim, 20, None).await.unwrap().items;
    let noted = journal.iter().filter(|line| line.entry.action == JournalAction::Viewed).count();
    assert_eq!((journal.is_empty(), noted), (false, 0), "it shows no identity document");
}
