//! Every standing there is, reached by requests alone (the lapse, and one of the revocations, by the schedule's job): each
//! journey ends with the change itself, and the next request is a stranger's who verifies.

use crate::{approve, assert_masked, nobodys};
use rstest::rstest;
use serde_json::{Value, json};
use tests::{Person, Reply, World, paper::Paper, tiny_jpeg, upload};

/// What is shown to the stranger.
enum Shown {
    Number(String),
    Certificate(Paper),
}

impl Shown {
    /// The next request.
    async fn verified(&self, world: &World) -> Reply {
        let path = match self {
            Self::Number(number) => format!("/v1/verify/{number}"),
            Self::Certificate(paper) => format!("/v1/verify?s={}", paper.statement()),
        };
        world.nobody().get(&path).await
    }
}

/// What an administrator does about the revocation of `number`, on the present page.
async fn act(world: &World, number: &str, tail: &str, body: Value) {
    let admin = world.staff("admin").await;
    let path = format!("/v1/registrations/{number}");
    let version = admin.get(&path).await.expect(200).etag();
    let path = format!("{path}/revocation{tail}");
    let reply = admin.send("POST", &path, Some(body), &[("If-Match", &version)]).await;
    assert!(reply.status.is_success(), "{:#}", reply.body);
}

async fn announce(world: &World, number: &str) {
    let reasons = json!([{ "ground": "fraud_in_registration", "note": "工作经历证明系伪造" }]);
    act(world, number, "", json!({ "reasons": reasons })).await;
}

/// The certificate of `number`, as `holder` downloads it.
async fn certificate(holder: &Person<'_>, number: &str) -> Paper {
    let shown = holder.get(&format!("/v1/registrations/{number}/certificate")).await.expect(200);
    Paper(reqwest::get(shown.text("/url")).await.unwrap().bytes().await.unwrap().to_vec())
}

/// Ninety hours, claimed with evidence and recognised.
async fn earn(world: &World, holder: &Person<'_>) {
    let book = json!({ "form": "monograph", "category": "professional", "title": "社区社会工作", "hours": 90,
        "done_from": "2026-09-01", "done_to": "2027-06-30" });
    let id = holder.post("/v1/me/credits", book).await.expect(201).text("/id");
    let file = json!({ "kind": "publication", "file_name": "a.jpg", "content_type": "image/jpeg",
        "size": tiny_jpeg().len() });
    let place = holder.post(&format!("/v1/me/credits/{id}/attachments"), file).await.expect(201);
    assert_eq!(upload(&place.body["upload"], "a.jpg", "image/jpeg", tiny_jpeg()).await, 201);
    let file = place.text("/attachment/id");
    holder.post_empty(&format!("/v1/attachments/{file}/confirmation")).await.expect(200);
    holder.post_empty(&format!("/v1/me/credits/{id}/submission")).await.expect(200);
    let reviewer = world.staff("chushen").await;
    let path = format!("/v1/review/credits/{id}");
    let version = reviewer.get(&path).await.expect(200).etag();
    let recognise = Some(json!({ "outcome": "recognise" }));
    let decision = format!("{path}/decision");
    reviewer.send("POST", &decision, recognise, &[("If-Match", &version)]).await.expect(200);
}

/// A draft of `kind` with `details`, submitted.
async fn submitted(holder: &Person<'_>, kind: &str, papers: &[&str], details: Value) -> String {
    let application = holder.open(kind).await;
    for paper in papers {
        holder.attach(&application, paper).await;
    }
    holder.edit(&application, details).await.expect(200);
    holder.submit(&application).await.expect(200);
    application
}

/// Takes the registration `number` of `holder`, which is in force, to `standing`. The last thing done is the change.
async fn take(world: &World, holder: &Person<'_>, number: &str, standing: &str, way: &str) -> Shown {
    match (standing, way) {
        ("valid", _) => {}
        ("renewal_under_review", _) => {
            world.put("2029-02-01T10:00:00+08:00");
            let holder = world.holder("zhang").await;
            earn(world, &holder).await;
            submitted(&holder, "renewal", &["photo"], json!({ "declaration": true })).await;
        }
        ("lapsed", _) => {
            world.put("2029-03-03T09:00:00+08:00");
            assert_eq!(world.run_job().await.lapsed, 1);
        }
        ("cancelled", _) => {
            approve(world, &submitted(holder, "cancellation", &[], json!({ "declaration": true })).await)
                .await;
        }
        ("transferred", _) => {
            let details = json!({ "declaration": true, "transfer": { "province": "11" } });
            approve(world, &submitted(holder, "transfer_out", &[], details).await).await;
        }
        ("revoked", "dismissed") => {
            announce(world, number).await;
            let objection = format!("/v1/registrations/{number}/revocation/objection");
            holder.post(&objection, json!({ "text": "证明由原单位出具。" })).await.expect(201);
            let ruling = json!({ "ruling": "dismiss", "note": "出具单位否认。" });
            act(world, number, "/decision", ruling).await;
        }
        ("revoked", _) => {
            announce(world, number).await;
            world.put("2026-03-18T09:00:00+08:00");
            assert_eq!(world.run_job().await.revoked, 1);
        }
        ("replaced", _) => {
            let old = certificate(holder, number).await;
            let papers = ["identity_card_front", "identity_card_back"];
            let details = json!({ "name": "欧阳晓雯", "declaration": true });
            approve(world, &submitted(holder, "change", &papers, details).await).await;
            return Shown::Certificate(old);
        }
        _ => panic!("no way to {standing}"),
    }
    Shown::Number(number.to_owned())
}

#[rstest]
#[case::valid("valid", "", true)]
#[case::renewal_under_review("renewal_under_review", "", true)]
#[case::lapsed("lapsed", "", false)]
#[case::cancelled("cancelled", "", false)]
#[case::revoked_when_an_objection_is_dismissed("revoked", "dismissed", false)]
#[case::revoked_when_nobody_objected("revoked", "by the job", false)]
#[case::transferred("transferred", "", false)]
#[case::replaced("replaced", "", true)]
#[tokio::test]
async fn the_request_after_the_change_sees_how_it_stands(
    #[case] standing: &str,
    #[case] way: &str,
    #[case] in_force: bool,
) {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    // The last request is the final reviewer's decision.
    let number = holder.register(1).await;
    let before = Shown::Number(number.clone()).verified(&world).await.expect(200);
    assert_eq!(before.text("/standing"), "valid");
    let shown = take(&world, &holder, &number, standing, way).await;
    let seen = shown.verified(&world).await.expect(200);
    assert_eq!(
        (seen.text("/standing"), seen.body["in_force"].clone()),
        (standing.to_owned(), json!(in_force))
    );
    assert_eq!(seen.text("/number"), number);
    assert_masked(&seen, 1);
}

#[tokio::test]
async fn a_number_that_nobody_has_is_unknown() {
    let world = World::new().await;
    world.holder("zhang").await.register(1).await;
    let numbers = json!({ "numbers": [nobodys(1)] });
    let seen = world.nobody().post("/v1/verify", numbers).await.expect(200);
    assert_eq!(seen.text("/items/0/result/standing"), "unknown");
    assert_eq!(seen.body["items"][0]["result"]["in_force"], false);
    let alone = Shown::Number(nobodys(1)).verified(&world).await.expect(404);
    assert_eq!(alone.code(), "unknown_registration");
}
