//! What no row of the table can say: evidence of hours, drafts, one's own application, batches, back ends.

use super::{
    cast::{Account, Cast, Files, signed_in},
    request::status,
    rows, wrong_cells,
};
use domain::{
    actor::Role,
    identity::{IdentityDocument, IdentityDocumentKind},
};
use local::system::SERVICE_CLIENT;
use serde_json::json;
use tests::{Person, World, identity_number};

/// Of the files that prove a claim of hours, which waits for its decision.
const EVIDENCE: &str = "
                                               nobody  own  other  first  away  final  away  admin  away  provider  away  client

POST   /v1/attachments/{id}/confirmation       401     ok   404    403    403   403    403   403    403   403       403   401
GET    /v1/attachments/{id}                    401     ok   404    ok     403   ok     403   403    403   403       403   401
DELETE /v1/attachments/{id}                    401     ok   404    403    403   403    403   403    403   403       403   401
";

#[tokio::test]
async fn what_proves_hours_is_its_holders_and_is_seen_by_who_reviews_them() {
    let world = World::new().await;
    let cast = Cast::of(&world).await;
    let wrong = wrong_cells(&cast, rows(EVIDENCE), Files::Evidence).await;
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}

/// The requests by which a reviewer acts on one application, each with what came back: its status and its code.
async fn review(
    reviewer: &Person<'_>,
    application: &str,
    version: &str,
    attachment: &str,
) -> Vec<(u16, String)> {
    let path = format!("/v1/review/applications/{application}");
    let approve = json!({ "outcome": "approve" });
    let number: u64 = version.trim_matches('"').parse().unwrap();
    let item = json!({ "application_id": application, "version": number, "outcome": "approve" });
    let headers = [("If-Match", version)];
    let seen = reviewer.get(&path).await;
    let file = reviewer.get(&format!("/v1/attachments/{attachment}")).await;
    let claimed = reviewer.post_empty(&format!("{path}/claim")).await;
    let released = reviewer.send("DELETE", &format!("{path}/claim"), None, &[]).await;
    let decided = reviewer.send("POST", &format!("{path}/decision"), Some(approve), &headers).await;
    let batch = reviewer.post("/v1/review/decisions", json!({ "items": [item] })).await.expect(200);
    let mut outcomes: Vec<_> = [seen, file, claimed, released, decided]
        .iter()
        .map(|reply| (reply.status.as_u16(), reply.code().to_owned()))
        .collect();
    let code = batch.body["items"][0]["code"].as_str().unwrap_or_default().to_owned();
    outcomes.push((status(&batch), code));
    outcomes
}

#[tokio::test]
async fn a_draft_is_seen_by_its_holder_alone() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let draft = holder.ready_first(1).await;
    let shown = holder.get(&format!("/v1/applications/{draft}")).await.expect(200);
    let attachment = shown.text("/attachments/0/id");
    for (username, refused) in [
        ("chushen", (404, "unknown_application")),
        ("zhongshen", (404, "unknown_application")),
        ("chushen-yichang", (403, "outside_area")),
    ] {
        let reviewer = world.staff(username).await;
        for (status, code) in review(&reviewer, &draft, &shown.etag(), &attachment).await {
            assert_eq!((status, code.as_str()), refused, "{username}");
        }
        let queue = reviewer.get("/v1/review/queue").await.expect(200);
        assert_eq!(queue.body["items"], json!([]), "{username}");
    }
    assert_eq!(holder.get(&format!("/v1/applications/{draft}")).await.body, shown.body);
}

#[tokio::test]
async fn nobody_reviews_their_own_application() {
    let world = World::new().await;
    let kind = IdentityDocumentKind::ResidentIdentityCard;
    let own_document = || Some(IdentityDocument::new(kind, &identity_number(1)).unwrap());
    let first = Account::appoint(&world, Role::PreliminaryReviewer, "4201", own_document()).await;
    let first = first.sign_in(&world).await;
    let last = Account::appoint(&world, Role::FinalReviewer, "42", own_document()).await;
    let last = last.sign_in(&world).await;
    let holder = world.holder("zhang").await;
    let application = holder.ready_first(1).await;
    holder.submit(&application).await.expect(200);
    let path = format!("/v1/applications/{application}");
    let all_refused = async |reviewer: &Person<'_>| {
        let before = holder.get(&path).await.expect(200);
        let attachment = before.text("/attachments/0/id");
        for outcome in review(reviewer, &application, &before.etag(), &attachment).await {
            assert_eq!(outcome, (403, "own_application".to_owned()));
        }
        assert_eq!(holder.get(&path).await.body, before.body);
    };

    all_refused(&first).await;
    let colleague = world.staff("chushen").await;
    colleague.decide(&application, json!({ "outcome": "approve" })).await.expect(200);
    all_refused(&last).await;
    let colleague = world.staff("zhongshen").await;
    colleague.decide(&application, json!({ "outcome": "approve" })).await.expect(200);
    all_refused(&first).await;
}

#[tokio::test]
async fn a_batch_is_judged_case_by_case() {
    let world = World::new().await;
    let document = IdentityDocument::new(IdentityDocumentKind::ResidentIdentityCard, &identity_number(3));
    let reviewer = Account::appoint(&world, Role::PreliminaryReviewer, "4201", Some(document.unwrap())).await;
    let reviewer = reviewer.sign_in(&world).await;
    let mut applications = Vec::new();
    for person in 0..6 {
        let holder = world.holder(&format!("zhang{person}")).await;
        let application = holder.ready_first(person).await;
        if person == 2 {
            holder.edit(&application, json!({ "district": "420502" })).await.expect(200);
        }
        if person != 4 {
            holder.submit(&application).await.expect(200);
        }
        let shown = holder.get(&format!("/v1/applications/{application}")).await.expect(200);
        applications.push((holder, application, shown));
    }
    let item = |person: usize, outcome: &str| {
        let (_, id, shown) = &applications[person];
        let version = shown.body["version"].as_u64().unwrap() - u64::from(person == 1);
        json!({ "application_id": id, "version": version, "outcome": outcome })
    };
    let mut items: Vec<_> = (0..5).map(|person| item(person, "approve")).collect();
    items.push(item(5, "refuse"));
    items.push(json!({ "application_id": "nonsense", "version": 1, "outcome": "approve" }));
    items.push(items[0].clone());

    let reply = reviewer.post("/v1/review/decisions", json!({ "items": items })).await.expect(200);
    let results = reply.body["items"].as_array().unwrap();
    let outcomes: Vec<_> =
        results.iter().map(|item| (item["status"].as_u64().unwrap(), item["code"].as_str())).collect();
    let expected = [
        (200, None),
        (412, Some("version_stale")),
        (403, Some("outside_area")),
        (403, Some("own_application")),
        (404, Some("unknown_application")),
        (422, Some("reason_needed")),
        (404, Some("unknown_application")),
        (409, Some("already_decided")),
    ];
    assert_eq!(outcomes, expected);
    for (result, item) in results.iter().zip(&items) {
        assert_eq!(result["application_id"], item["application_id"], "in their order");
    }
    for (person, (holder, id, before)) in applications.iter().enumerate() {
        let after = holder.get(&format!("/v1/applications/{id}")).await.expect(200);
        assert_eq!(
            after.body == before.body,
            person != 0,
            "only the one that was approved is changed: {person}"
        );
    }
}

#[tokio::test]
async fn a_back_end_may_do_what_its_user_may() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let own = holder.open("first").await;
    let others = world.holder("li").await.open("first").await;
    let body = json!({
        "client_id": SERVICE_CLIENT,
        "client_secret": world.system.keys.client_secret,
        "open_id": world.system.wechat.open_id("zhang"),
    });
    let back_end = signed_in(&world, world.nobody().post("/v1/session/client", body.clone()).await);
    back_end.get(&format!("/v1/applications/{own}")).await.expect(200);
    back_end.edit(&own, json!({ "name": "张三" })).await.expect(200);
    back_end.get(&format!("/v1/applications/{others}")).await.expect(404);
    back_end.get("/v1/review/queue").await.expect(403);
    back_end.get("/v1/staff").await.expect(403);

    let mut wrong = body;
    wrong["client_secret"] = json!("guessed");
    let reply = world.nobody().post("/v1/session/client", wrong).await.expect(401);
    assert_eq!(reply.code(), "client_refused");
}
