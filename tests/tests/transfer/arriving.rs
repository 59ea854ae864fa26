//! 转入, as its holder, reviewers and strangers see it.

use crate::{approve, from_beijing, leave, ready_to_arrive, seminar, standing};
use serde_json::{Value, json};
use tests::World;

#[tokio::test]
async fn an_approved_transfer_in_registers_with_the_period_and_the_hours_that_were_brought() {
    let world = World::new().await;
    let holder = world.holder("li").await;
    let mut in_hours = seminar("按小时计的研讨", "2025-07-01");
    in_hours["unit"] = json!("小时");
    let lines = [seminar("周期之前", "2025-03-01"), seminar("个案研讨", "2025-06-01"), in_hours];
    let application = ready_to_arrive(&holder, 2, from_beijing(&lines), "").await;
    holder.submit(&application).await.expect(200);
    assert_eq!(
        holder.get("/v1/me/credits").await.expect(200).body["items"],
        json!([]),
        "nothing until it's approved"
    );
    let opened =
        world.staff("chushen").await.get(&format!("/v1/review/applications/{application}")).await.expect(200);
    assert!(
        opened.body.to_string().contains("京社登 2025-00123"),
        "reviewers see what is claimed: {:#}",
        opened.body
    );
    let number = approve(&world, &application).await.text("/registration_number");

    assert_eq!(standing(&world, &number).await, "valid", "by the very next request");
    let registered = holder.get(&format!("/v1/registrations/{number}")).await.expect(200);
    let cycle = &registered.body["cycle"];
    assert_eq!((&cycle["start"], &cycle["end"]), (&json!("2025-03-02"), &json!("2028-03-02")));
    assert_eq!(registered.text("/valid_until"), "2028-03-02");
    assert_eq!(registered.text("/registered_on"), "2026-03-02");
    let came = json!({ "province": { "code": "11", "name": "北京市" }, "registration_number": "京社登 2025-00123",
        "application_id": application });
    let transfers = (&registered.body["transferred_in"], &registered.body["transferred_out"]);
    assert_eq!(transfers, (&came, &Value::Null));

    // Hours are kept as they were claimed, and each that doesn't count by the rules here says why.
    let transcript = holder.get("/v1/me/transcript").await.expect(200);
    assert_eq!(transcript.body["hours"]["counted"], json!(4));
    let lines: Vec<_> = transcript.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            assert_eq!(line["credit"]["brought_by"], json!(application));
            assert_eq!(line["credit"]["activity"]["provider"], "北京市社会工作协会");
            json!([
                line["credit"]["activity"]["title"],
                line["credit"]["claimed"],
                line["counted"],
                line["uncounted"][0]["code"]
            ])
        })
        .collect();
    assert_eq!(
        json!(lines),
        json!([
            ["周期之前", 4, 0, "before_cycle"],
            ["个案研讨", 4, 4, null],
            ["按小时计的研讨", 4, 0, "other_unit"],
        ])
    );
    let mail = world.mails().await.pop().unwrap();
    assert!(
        mail.summary.subject.contains("转入成功") && mail.summary.subject.contains(&number),
        "{}",
        mail.summary.subject
    );
}

#[tokio::test]
async fn the_other_provinces_letter_is_asked_for() {
    let world = World::new().await;
    let holder = world.holder("li").await;
    let application = ready_to_arrive(&holder, 2, from_beijing(&[]), "transfer_letter").await;
    let refused = holder.submit(&application).await.expect(422);
    assert_eq!(refused.code(), "not_ready");
    let errors = refused.body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].to_string().contains("transfer_letter"), "{errors:?}");
    holder.attach(&application, "transfer_letter").await;
    holder.submit(&application).await.expect(200);
}

#[tokio::test]
async fn a_transfer_from_the_province_one_registers_in_says_so() {
    let world = World::new().await;
    let holder = world.holder("li").await;
    let application = ready_to_arrive(&holder, 2, from_beijing(&[]), "").await;
    let refused = holder.edit(&application, json!({ "transfer": { "province": "42" } })).await.expect(422);
    assert_eq!(refused.code(), "same_province");
    assert!(refused.text("/detail").contains("不能从湖北省转入"), "{:#}", refused.body);
}

#[tokio::test]
async fn every_wrong_line_of_hours_is_named() {
    let world = World::new().await;
    let holder = world.holder("li").await;
    let application = ready_to_arrive(&holder, 2, from_beijing(&[]), "").await;
    let mut wrong = seminar("个案研讨", "2025-06-01");
    wrong["hours"] = json!(25);
    wrong["unit"] = json!("天");
    let hours = json!({ "transfer": { "hours": [seminar("小组研讨", "2025-06-02"), wrong] } });
    let refused = holder.edit(&application, hours).await.expect(422);
    let fields: Vec<_> =
        refused.body["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, ["transfer.hours[1].hours", "transfer.hours[1].unit"]);
}

#[tokio::test]
async fn who_is_registered_here_doesnt_arrive_and_who_left_may_come_back() {
    let world = World::new().await;
    let holder = world.holder("li").await;
    let before = holder.register(2).await;
    let application = ready_to_arrive(&holder, 2, from_beijing(&[]), "").await;
    let refused = holder.submit(&application).await.expect(409);
    assert_eq!(refused.code(), "already_registered");
    leave(&world, &holder).await;
    holder.submit(&application).await.expect(200);
    let after = approve(&world, &application).await.text("/registration_number");
    assert_ne!(before, after);
    assert_eq!(
        (standing(&world, &before).await, standing(&world, &after).await),
        ("transferred".into(), "valid".into())
    );
}

#[tokio::test]
async fn as_many_hours_as_there_may_be_are_written_with_the_registration_and_once() {
    let world = World::new().await;
    let holder = world.holder("li").await;
    let lines: Vec<_> = (0..domain::transfer::MOST_LINES)
        .map(|index| seminar(&format!("第 {index} 期"), "2025-06-01"))
        .collect();
    let application = ready_to_arrive(&holder, 2, from_beijing(&lines), "").await;
    holder.submit(&application).await.expect(200);
    let approval = json!({ "outcome": "approve" });
    world.staff("chushen").await.decide(&application, approval.clone()).await.expect(200);
    let reviewer = world.staff("zhongshen").await;
    let opened = reviewer.get(&format!("/v1/review/applications/{application}")).await.expect(200);
    let path = format!("/v1/review/applications/{application}/decision");
    let headers = [("If-Match", opened.etag()), ("Idempotency-Key", "once".to_owned())];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut replies = Vec::new();
    for _ in 0..2 {
        replies.push(reviewer.send("POST", &path, Some(approval.clone()), &headers).await.expect(200).body);
    }
    assert_eq!(replies[0], replies[1], "a retry is answered as the first was");
    let transcript = holder.get("/v1/me/transcript").await.expect(200);
    assert_eq!(transcript.body["items"].as_array().unwrap().len(), domain::transfer::MOST_LINES);
    assert_eq!(transcript.body["hours"]["counted"], json!(120));
}
