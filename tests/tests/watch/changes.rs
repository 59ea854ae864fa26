//! Every change of how a registration stands, made by requests alone (a lapse, and one of the revocations, by the
//! schedule's job), and what is told of it: at once, in order, one call each, and nothing that verification doesn't say.

use crate::{Client, employer, told};
use domain::{registration::Registration, watch::StandingChange};
use local::employer::Employer;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tests::{Person, World};

/// An employer, and what it should have been told.
struct Watch<'a> {
    world: &'a World,
    client: Client<'a>,
    employer: Employer,
    /// Number, standing before, standing after.
    changes: Vec<[String; 3]>,
}

impl<'a> Watch<'a> {
    async fn of(world: &'a World, numbers: &[&str]) -> Self {
        let (client, employer) = (Client::of(world), employer(world).await);
        client.set(&employer.url()).await.expect(200);
        let watch = Self { world, client, employer, changes: Vec::new() };
        watch.add(numbers).await;
        watch
    }

    /// Watches `numbers` as well, all of them valid.
    async fn add(&self, numbers: &[&str]) {
        let added = self.client.add(numbers).await.expect(200);
        for item in added.body["items"].as_array().unwrap() {
            assert_eq!(item["result"]["standing"], "valid", "{item}");
        }
    }

    /// `number` has just gone from `before` to `after`: that was told, and nothing else.
    async fn saw(&mut self, number: &str, before: &str, after: &str) -> Value {
        self.changes.push([number, before, after].map(str::to_owned));
        let call = self.heard().await.pop().unwrap();
        // Besides what only a change has, it's what whoever verifies is answered.
        let mut said = call["data"].clone();
        let mut seen = self.world.nobody().get(&format!("/v1/verify/{number}")).await.expect(200).body;
        for member in ["version", "previous_standing", "edition"] {
            assert!(said.as_object_mut().unwrap().remove(member).is_some(), "no {member} in {call}");
        }
        assert!(seen.as_object_mut().unwrap().remove("checked_at").is_some());
        assert_eq!(said, seen);
        call
    }

    /// Every call but the greeting, each verified: the changes, in order, and no others.
    async fn heard(&self) -> Vec<Value> {
        let calls = told(self.world, &self.employer).await.split_off(1);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let changes: Vec<_> = calls
            .iter()
            .map(|call| ["number", "previous_standing", "standing"].map(|member| text(&call["data"][member])))
            .collect();
        assert_eq!(changes, self.changes);
        calls
    }
}

async fn cancel(world: &World, holder: &Person<'_>) {
    let leaving = holder.apply("cancellation", &[], json!({ "declaration": true })).await;
    world.approve(&leaving).await;
}

async fn leave(world: &World, holder: &Person<'_>) {
    let details = json!({ "declaration": true, "transfer": { "province": "11" } });
    world.approve(&holder.apply("transfer_out", &[], details).await).await;
}

/// Comes back from another province, and has another number.
async fn return_from_beijing(world: &World, holder: &Person<'_>) -> String {
    let papers =
        ["photo", "identity_card_front", "identity_card_back", "certificate_scan", "transfer_letter"];
    let details = json!({ "declaration": true, "transfer": { "province": "11", "hours": [],
        "registration_number": "京社登 2026-00123", "cycle_start": "2026-03-20", "valid_until": "2029-03-19" } });
    let arriving = holder.apply("transfer_in", &papers, details).await;
    world.approve(&arriving).await.text("/registration_number")
}

/// Somebody in their renewal window who submits.
async fn renewing<'a>(world: &'a World, name: &str) -> (Person<'a>, String) {
    let holder = world.holder(name).await;
    holder.earn().await;
    let renewal = holder.renew().await;
    (holder, renewal)
}

#[tokio::test]
async fn every_change_there_is_is_told_once_in_order_and_as_verification_has_it() {
    let world = World::new().await;
    let mut numbers = Vec::new();
    for (name, person) in
        [("zhang", 1), ("li", 2), ("wang", 3), ("zhao", 4), ("qian", 5), ("sun", 6), ("zhou", 7)]
    {
        numbers.push(world.holder(name).await.register(person).await);
    }
    let numbers: Vec<_> = numbers.iter().map(String::as_str).collect();
    let [zhang, li, wang, zhao, qian, sun, zhou] = numbers[..] else { panic!("{numbers:?}") };
    let mut watch = Watch::of(&world, &numbers).await;

    // Replaced: the registration stands as before, with another edition of its certificate.
    let change = world.holder("zhang").await.rename("欧阳晓雯").await;
    watch.heard().await;
    world.approve(&change).await;
    assert_eq!(watch.saw(zhang, "valid", "valid").await["data"]["edition"], 2);

    cancel(&world, &world.holder("zhao").await).await;
    watch.saw(zhao, "valid", "cancelled").await;
    leave(&world, &world.holder("qian").await).await;
    watch.saw(qian, "valid", "transferred").await;

    // A revocation is told when it takes effect, and one that comes to nothing isn't.
    world.announce(sun).await;
    world.holder("sun").await.object(sun).await;
    world.rule(sun, "uphold").await;
    world.announce(sun).await;
    watch.heard().await;
    world.put("2026-03-18T09:00:00+08:00");
    assert_eq!(world.run_job().await.revoked, 1);
    watch.saw(sun, "valid", "revoked").await;

    // Transferred in: nobody can have watched the new number, and the old one stays as it is.
    world.put("2026-05-06T10:00:00+08:00");
    let back = return_from_beijing(&world, &world.holder("qian").await).await;
    watch.heard().await;
    watch.add(&[&back]).await;

    // Renewals: withdrawn, submitted again, replaced meanwhile, approved.
    world.put("2029-02-01T10:00:00+08:00");
    let (holder, renewal) = renewing(&world, "zhang").await;
    watch.saw(zhang, "valid", "renewal_under_review").await;
    holder.post_empty(&format!("/v1/applications/{renewal}/withdrawal")).await.expect(200);
    watch.saw(zhang, "renewal_under_review", "valid").await;
    let renewal = holder.renew().await;
    watch.saw(zhang, "valid", "renewal_under_review").await;
    world.approve(&holder.rename("欧阳雯").await).await;
    watch.saw(zhang, "renewal_under_review", "renewal_under_review").await;
    world.approve(&renewal).await;
    let renewed = watch.saw(zhang, "renewal_under_review", "valid").await;
    assert_eq!(renewed["data"]["valid_until"], "2032-03-02");

    // What ends a registration ends it while its renewal waits, too.
    let (holder, _) = renewing(&world, "qian").await;
    watch.saw(&back, "valid", "renewal_under_review").await;
    cancel(&world, &holder).await;
    watch.saw(&back, "renewal_under_review", "cancelled").await;
    let (holder, _) = renewing(&world, "zhou").await;
    watch.saw(zhou, "valid", "renewal_under_review").await;
    world.announce(zhou).await;
    holder.object(zhou).await;
    watch.heard().await;
    world.rule(zhou, "dismiss").await;
    watch.saw(zhou, "renewal_under_review", "revoked").await;

    // Lapsed: by the job, and when a renewal is refused past the last day.
    let (_, renewal) = renewing(&world, "li").await;
    watch.saw(li, "valid", "renewal_under_review").await;
    world.put("2029-03-03T09:00:00+08:00");
    assert_eq!(world.run_job().await.lapsed, 1);
    watch.saw(wang, "valid", "lapsed").await;
    let refuse = json!({ "outcome": "refuse", "reasons": [{ "ground": "not_eligible" }] });
    world.staff("chushen").await.decide(&renewal, refuse).await.expect(200);
    watch.saw(li, "renewal_under_review", "lapsed").await;

    // Each call has an id of its own, and says which of two is the later.
    let ids: BTreeSet<_> = watch.employer.calls().into_iter().map(|call| call.headers.id).collect();
    assert_eq!(ids.len(), 1 + watch.changes.len());
    let mut versions: BTreeMap<String, u64> = BTreeMap::new();
    for call in watch.heard().await {
        let version = call["data"]["version"].as_u64().unwrap();
        let before = versions.insert(call["data"]["number"].to_string(), version);
        assert!(before.is_none_or(|before| before < version), "{call}");
    }
    assert_eq!(watch.client.read().await.expect(200).body["numbers"], 8);
}

/// The registration `number`, as it's stored.
async fn stored(world: &World, number: &str) -> Registration {
    let (number, store) = (number.parse().unwrap(), &world.system.app.store);
    let holder = store.registration_holder(&number).await.unwrap().unwrap();
    store.dossier(&holder, world.now()).await.unwrap().registration(&number).unwrap().clone()
}

/// A stream hands over at least once.
#[tokio::test]
async fn a_change_that_the_stream_tells_of_again_is_not_told_again() {
    let world = World::new().await;
    let holder = world.holder("zhang").await;
    let number = holder.register(1).await;
    let mut watch = Watch::of(&world, &[&number]).await;
    let before = stored(&world, &number).await;
    cancel(&world, &holder).await;
    watch.saw(&number, "valid", "cancelled").await;
    let change = StandingChange::between(&before, &stored(&world, &number).await).unwrap();
    let later = world.now().plus_seconds(3600);
    assert_eq!(world.system.app.store.plan_calls(&change, later).await.unwrap(), 0);
    watch.heard().await;
}
