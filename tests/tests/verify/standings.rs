//! What is said of each standing, and when it begins and ends.

use crate::{assert_masked, look, nobodys, paper, scan, standings};
use serde_json::json;
use tests::{Person, START, World};

/// What was asked for stands as `standing`, registration and certificate alike, and no more is said than anybody may know.
#[track_caller]
fn assert_standing(reply: tests::Reply, standing: &str, in_force: bool) -> tests::Reply {
    let reply = reply.expect(200);
    assert_eq!(standings(&reply), (standing.to_owned(), standing.to_owned()));
    assert_eq!(reply.body["in_force"], in_force);
    assert_masked(&reply, 1);
    reply
}

/// Hours, a photo, the declaration: a renewal that is submitted.
async fn renew(world: &World, holder: &Person<'_>) -> String {
    let me = holder.get("/v1/me").await.expect(200);
    world.record_hours(&me.text("/holder_id"), &START[..10], "2027-05-01", 900).await;
    holder.renew().await
}

#[tokio::test]
async fn one_that_is_valid_is_seen_as_soon_as_it_is_registered() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    let seen = assert_standing(look(&world, &number).await, "valid", true);
    assert_eq!(seen.headers["cache-control"], "no-store");
    let expected = json!({
        "number": number, "standing": "valid", "standing_label": "有效", "in_force": true,
        "registration_standing": "valid", "detail": "登记有效，有效期至 2029 年 3 月 2 日",
        "name": seen.body["name"], "level": seen.body["level"], "level_label": seen.body["level_label"],
        "registered_on": "2026-03-02", "valid_until": "2029-03-02",
        "issued_by": "湖北省社会工作者登记管理机构", "checked_at": seen.body["checked_at"],
    });
    assert_eq!(seen.body, expected);
    assert_eq!(seen.text("/name"), "张**");
    assert!(seen.text("/checked_at").starts_with("2026-03-02T02:"));
    // A number is read as people write it.
    let written = format!("{}%20{}-{}", &number[..2], &number[2..6], &number[6..]);
    assert_eq!(look(&world, &written).await.expect(200).text("/number"), number);

    // The last day counts, and the next doesn't, though no job has run.
    let paper = paper(&world, &number).await;
    world.put("2029-03-02T23:59:59+08:00");
    assert_standing(look(&world, &number).await, "valid", true);
    assert_standing(scan(&world, &paper).await, "valid", true);
    world.put("2029-03-03T00:00:00+08:00");
    let lapsed = assert_standing(look(&world, &number).await, "lapsed", false);
    assert_eq!(lapsed.text("/detail"), "登记有效期已于 2029 年 3 月 2 日届满，未再登记，现已失效");
    world.put("2029-03-03T09:00:00+08:00");
    assert!(world.run_job().await.complete);
    let noted = assert_standing(look(&world, &number).await, "lapsed", false);
    assert_eq!(noted.text("/detail"), lapsed.text("/detail"), "the job changes nothing that is seen");
    assert_eq!(noted.text("/ended_on"), "2029-03-03");
    assert_standing(scan(&world, &paper).await, "lapsed", false);
}

#[tokio::test]
async fn a_renewal_under_review_keeps_it_in_force_until_it_is_decided() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    let first_paper = paper(&world, &number).await;
    world.put("2029-02-01T10:00:00+08:00");
    let holder = world.holder("zhang").await;
    let renewal = renew(&world, &holder).await;
    let seen = assert_standing(look(&world, &number).await, "renewal_under_review", true);
    assert!(seen.text("/detail").starts_with("登记有效，有效期至 2029 年 3 月 2 日；"), "{:#}", seen.body);
    world.put("2029-03-20T10:00:00+08:00");
    let seen = assert_standing(look(&world, &number).await, "renewal_under_review", true);
    assert!(seen.text("/detail").ends_with("审核结束前登记继续有效"), "{:#}", seen.body);
    assert_standing(scan(&world, &first_paper).await, "renewal_under_review", true);

    // Approved, there is another certificate with another last day.
    world.approve(&renewal).await;
    let seen = assert_standing(look(&world, &number).await, "valid", true);
    assert_eq!(seen.text("/valid_until"), "2032-03-02");
    let old = scan(&world, &first_paper).await.expect(200);
    assert_eq!(standings(&old), ("replaced".to_owned(), "valid".to_owned()));
    assert_standing(scan(&world, &paper(&world, &number).await).await, "valid", true);
}

#[tokio::test]
async fn a_renewal_that_is_refused_past_the_last_day_lapses_it_there_and_then() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    world.put("2029-02-01T10:00:00+08:00");
    let renewal = renew(&world, &world.holder("zhang").await).await;
    world.put("2029-03-20T10:00:00+08:00");
    assert_standing(look(&world, &number).await, "renewal_under_review", true);
    let refuse = json!({ "outcome": "refuse", "reasons": [{ "ground": "not_eligible" }] });
    world.staff("chushen").await.decide(&renewal, refuse).await.expect(200);
    assert_standing(look(&world, &number).await, "lapsed", false);
}

#[tokio::test]
async fn a_changed_name_replaces_the_certificate_and_leaves_the_registration_in_force() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let old = paper(&world, &number).await;
    let change = holder.rename("欧阳晓雯").await;
    assert_standing(scan(&world, &old).await, "valid", true);
    world.approve(&change).await;

    for reply in
        [scan(&world, &old).await, look(&world, &format!("{number}?s={old}")).await].map(|r| r.expect(200))
    {
        assert_eq!(standings(&reply), ("replaced".to_owned(), "valid".to_owned()));
        assert_eq!(reply.body["in_force"], true);
        assert!(reply.text("/detail").contains("不是现行版本"), "{:#}", reply.body);
        assert!(reply.text("/detail").ends_with("登记有效，有效期至 2029 年 3 月 2 日"), "{:#}", reply.body);
        assert_eq!(reply.text("/name"), "欧**");
        assert!(!reply.body.to_string().contains("晓雯"));
    }
    assert_standing(look(&world, &number).await, "valid", true);
    let new = paper(&world, &number).await;
    assert_standing(scan(&world, &new).await, "valid", true);
}

#[tokio::test]
async fn one_that_is_cancelled_is_seen_as_that_whatever_is_shown() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let paper = paper(&world, &number).await;
    let cancellation = holder.apply("cancellation", &[], json!({ "declaration": true })).await;
    assert_standing(look(&world, &number).await, "valid", true);
    world.approve(&cancellation).await;
    for reply in [look(&world, &number).await, scan(&world, &paper).await] {
        let seen = assert_standing(reply, "cancelled", false);
        assert_eq!(seen.text("/detail"), "登记已于 2026 年 3 月 2 日应本人申请注销，不再有效");
    }
}

#[tokio::test]
async fn a_number_that_nobody_has_is_told_from_one_that_was_mistyped() {
    let world = World::new().await;
    let number = world.holder("zhang").await.register(1).await;
    let unknown = look(&world, &nobodys(1)).await.expect(404);
    assert_eq!(unknown.code(), "unknown_registration");
    assert!(unknown.text("/detail").starts_with("没有查到该登记号"), "{:#}", unknown.body);

    let digit = if number.ends_with('0') { '1' } else { '0' };
    let mistyped = look(&world, &format!("{}{digit}", &number[..14])).await.expect(422);
    assert_eq!(mistyped.text("/errors/0/code"), "registration_number_check_digit");
    assert!(mistyped.text("/detail").contains("请逐位核对"), "{:#}", mistyped.body);
    for text in ["12345", "%E5%BC%A0%E4%B8%89", &"1".repeat(5000)] {
        let malformed = look(&world, text).await.expect(422);
        assert_eq!(malformed.text("/errors/0/code"), "registration_number_malformed");
    }
}
