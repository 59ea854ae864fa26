//! Every standing there is, reached by requests alone (the lapse, and one of the revocations, by the schedule's job): each
//! journey ends with the change itself, and the next request is a stranger's who verifies.

use crate::{assert_masked, nobodys};
use rstest::rstest;
use serde_json::json;
use tests::{Person, Reply, World, paper::Paper};

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

/// The certificate of `number`, as `holder` downloads it.
async fn certificate(holder: &Person<'_>, number: &str) -> Paper {
    let shown = holder.get(&format!("/v1/registrations/{number}/certificate")).await.expect(200);
    Paper(reqwest::get(shown.text("/url")).await.unwrap().bytes().await.unwrap().to_vec())
}

/// Takes the registration `number` of `holder`, which is in force, to `standing`. The last thing done is the change.
async fn take(world: &World, holder: &Person<'_>, number: &str, standing: &str, way: &str) -> Shown {
    match (standing, way) {
        ("valid", _) => {}
        ("renewal_under_review", _) => {
            world.put("2029-02-01T10:00:00+08:00");
            let holder = world.holder("zhang").await;
            holder.earn().await;
            holder.renew().await;
        }
        ("lapsed", _) => {
            world.put("2029-03-03T09:00:00+08:00");
            assert_eq!(world.run_job().await.lapsed, 1);
        }
        ("cancelled", _) => {
            let leaving = holder.apply("cancellation", &[], json!({ "declaration": true })).await;
            world.approve(&leaving).await;
        }
        ("transferred", _) => {
            let details = json!({ "declaration": true, "transfer": { "province": "11" } });
            world.approve(&holder.apply("transfer_out", &[], details).await).await;
        }
        ("revoked", "dismissed") => {
            world.announce(number).await;
            holder.object(number).await;
            world.rule(number, "dismiss").await;
        }
        ("revoked", _) => {
            world.announce(number).await;
            world.put("2026-03-18T09:00:00+08:00");
            assert_eq!(world.run_job().await.revoked, 1);
        }
        ("replaced", _) => {
            let old = certificate(holder, number).await;
            world.approve(&holder.rename("欧阳晓雯").await).await;
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
