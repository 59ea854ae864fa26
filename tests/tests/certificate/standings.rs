//! Certificates of registrations that aren't in force, or nearly so: each says it, large, on the page.

use crate::{approve, both, fetch, scan};
use serde_json::json;
use tests::{Reply, START, World, paper::Paper};

/// The certificate of `number` as its holder `who` has it now, which says of the registration what verification says at the
/// same time.
async fn agreed(world: &World, who: &str, number: &str) -> (Reply, Paper) {
    let (shown, paper) = fetch(&world.holder(who).await, number).await;
    let verified = world.nobody().get(&format!("/v1/verify/{number}")).await.expect(200);
    assert_eq!(shown.body["in_force"], verified.body["in_force"]);
    let (text, said) = (paper.text(), format!("登记状态{}", verified.text("/standing_label")));
    assert!(text.contains(&said), "{said} in {text}");
    let standing = verified.text("/standing");
    assert_eq!(scan(world, &paper).await, both(&standing));
    (shown, paper)
}

#[tokio::test]
async fn a_lapsed_one_says_so_from_the_first_day_on() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    // The last day counts.
    world.put("2029-03-02T10:00:00+08:00");
    let (shown, paper) = agreed(&world, "zhang", &number).await;
    assert!(shown.body["in_force"] == true && paper.text().contains("登记状态有效"));
    // The next doesn't, though no job has run.
    world.put("2029-03-03T08:00:00+08:00");
    let (shown, paper) = agreed(&world, "zhang", &number).await;
    let text = paper.text();
    assert_eq!(shown.body["in_force"], false);
    assert!(text.contains("登记状态已失效（有效期至2029年3月2日）"), "{text}");
    assert_eq!(text.matches("已失效").count(), 2, "in the row and across the page: {text}");
    assert!(world.run_job().await.complete);
    let (shown, paper) = agreed(&world, "zhang", &number).await;
    let text = paper.text();
    assert_eq!(shown.body["in_force"], false);
    assert!(text.contains("登记状态已失效（2029年3月3日起）"), "{text}");
    assert_eq!(text.matches("已失效").count(), 2, "in the row and across the page: {text}");
    assert_eq!(scan(&world, &paper).await, both("lapsed"));
}

#[tokio::test]
async fn a_cancelled_one_says_so() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let (_, before) = agreed(&world, "zhang", &number).await;
    let cancellation = holder.open("cancellation").await;
    holder.edit(&cancellation, json!({ "declaration": true })).await.expect(200);
    holder.submit(&cancellation).await.expect(200);
    approve(&world, &cancellation).await;
    let (shown, paper) = agreed(&world, "zhang", &number).await;
    let text = paper.text();
    assert_eq!(shown.body["in_force"], false);
    assert!(text.contains("登记状态已注销（2026年3月2日起）"), "{text}");
    assert_eq!(text.matches("已注销").count(), 2, "in the row and across the page: {text}");
    for paper in [before, paper] {
        assert_eq!(scan(&world, &paper).await, both("cancelled"));
    }
}

#[tokio::test]
async fn a_revoked_one_says_so_and_so_does_every_print_before() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let (_, before) = fetch(&holder, &number).await;
    let admin = world.staff("admin").await;
    let path = format!("/v1/registrations/{number}");
    let version = admin.get(&path).await.expect(200).etag();
    let grounds = json!({ "reasons": [{ "ground": "fraud_in_registration", "note": "工作经历证明系伪造" }] });
    let announce = format!("{path}/revocation");
    admin.send("POST", &announce, Some(grounds), &[("If-Match", &version)]).await.expect(201);
    // Announced, it's in force still.
    assert_eq!(fetch(&holder, &number).await.0.body["in_force"], true);
    world.put("2026-03-18T09:00:00+08:00");
    assert_eq!(world.run_job().await.revoked, 1);
    let (shown, paper) = fetch(&world.holder("zhang").await, &number).await;
    let text = paper.text();
    assert_eq!(shown.body["in_force"], false);
    assert!(text.contains("登记状态已撤销（2026年3月18日起）"), "{text}");
    assert_eq!(text.matches("已撤销").count(), 2, "in the row and across the page: {text}");
    for paper in [before, paper] {
        assert_eq!(scan(&world, &paper).await, both("revoked"));
    }
}

#[tokio::test]
async fn one_that_went_to_another_province_says_so() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let (_, before) = fetch(&holder, &number).await;
    let leaving = holder.open("transfer_out").await;
    let details = json!({ "declaration": true, "transfer": { "province": "11" } });
    holder.edit(&leaving, details).await.expect(200);
    holder.submit(&leaving).await.expect(200);
    approve(&world, &leaving).await;
    let (shown, paper) = fetch(&holder, &number).await;
    let text = paper.text();
    assert_eq!(shown.body["in_force"], false);
    assert!(text.contains("登记状态已转出（2026年3月2日起）"), "{text}");
    for paper in [before, paper] {
        assert_eq!(scan(&world, &paper).await, both("transferred"));
    }
}

#[tokio::test]
async fn one_whose_renewal_is_under_review_is_in_force_past_its_last_day_and_is_reissued_once_approved() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    world.put("2029-02-01T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    let me = holder.get("/v1/me").await.expect(200);
    world.record_hours(&me.text("/holder_id"), &START[..10], "2027-05-01", 900).await;
    let renewal = holder.open("renewal").await;
    holder.attach(&renewal, "photo").await;
    holder.edit(&renewal, json!({ "declaration": true })).await.expect(200);
    let (_, before) = agreed(&world, "zhang", &number).await;
    assert!(before.text().contains("登记状态有效湖北省"), "{}", before.text());
    holder.submit(&renewal).await.expect(200);
    // At once, on the last day, and after it.
    let mut prints = Vec::new();
    for day in ["2029-02-01", "2029-03-02", "2029-03-03", "2029-03-20"] {
        world.put(&format!("{day}T10:00:00+08:00"));
        let (shown, paper) = agreed(&world, "zhang", &number).await;
        assert_eq!(shown.body["in_force"], true);
        let said = "登记状态有效（再登记审核中），审核结束前继续有效";
        assert!(paper.text().contains(said), "{day}: {}", paper.text());
        prints.push(paper);
    }
    let old = prints[0].clone();
    assert!(prints.iter().all(|print| *print == old), "nothing on it changed");
    assert_eq!(scan(&world, &before).await, both("renewal_under_review"));

    approve(&world, &renewal).await;
    let (shown, new) = agreed(&world, "zhang", &number).await;
    assert_eq!((&shown.body["edition"], shown.text("/valid_until")), (&2.into(), "2032-03-02".to_owned()));
    let text = new.text();
    for said in
        ["首次登记2026年3月2日", "有效期2029年3月3日至2032年3月2日", "发证日期：2029年3月20日版次：第2版"]
    {
        assert!(text.contains(said), "{said} in {text}");
    }
    assert_eq!(scan(&world, &old).await, ("replaced".to_owned(), "valid".to_owned()));
}
