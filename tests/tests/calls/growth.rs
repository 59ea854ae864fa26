//! Costs that stay what they are however much there is: a page of the queue, a page of what is due. And nothing is ever
//! scanned.

use super::assert_allowed;
use common::{
    http::App,
    store::{COUNTED_TO, Store},
};
use domain::{
    application::{Application, Change, JournalAction, Stage},
    date::CalendarDate,
    id::{ApplicationId, HolderId},
    profile::Profile,
};
use futures_util::{StreamExt, stream};
use tests::{Reply, START, World, bare::parts, form, wire::Call};

/// What two costs are compared by: how many calls, how many items they found, and what they consumed.
#[derive(Debug, PartialEq)]
struct Cost {
    calls: usize,
    found: usize,
    units: f64,
}

impl Cost {
    fn of(calls: &[Call]) -> Self {
        Self {
            calls: calls.len(),
            found: calls.iter().map(|call| call.found).sum(),
            units: calls.iter().fold(0.0, |sum, call| sum + call.units),
        }
    }
}

/// The world's store, without the wire in between.
fn direct(world: &World) -> Store {
    let parts = parts(world.system.dynamodb_endpoint());
    App::store(&world.system.env, &parts).unwrap()
}

/// Writes a change for each of `persons`.
async fn write(store: &Store, persons: std::ops::Range<u32>, change: impl Fn(HolderId) -> Change) {
    stream::iter(persons)
        .for_each_concurrent(8, async |person| {
            store.commit(&change(HolderId::mint(person.into())), None).await.unwrap();
        })
        .await;
}

/// `application` as another holder's, waiting at `stage`.
fn waiting_at(stage: Stage, application: &Application, holder: HolderId) -> Change {
    let id = ApplicationId::mint(&holder, application.id.opened_on(), 1);
    let mut copy = Application { id, holder, version: 1, ..application.clone() };
    for before in copy.stages.iter_mut().filter(|progress| progress.stage < stage) {
        before.outstanding.clear();
    }
    let mut change = Change::by_system(copy.holder.clone(), JournalAction::Submitted, copy.updated_at);
    change.application = Some(copy);
    change
}

#[tokio::test]
async fn a_page_of_the_queue_costs_the_same_with_fifty_and_with_two_thousand_waiting() {
    let (world, wire) = World::wired(START).await;
    let zhang = world.holder("zhang").await;
    let id = zhang.ready_first(1).await;
    zhang.submit(&id).await.expect(200);
    let id: ApplicationId = id.parse().unwrap();
    let store = direct(&world);
    let application =
        store.dossier(&id.holder(), world.now()).await.unwrap().application(&id).unwrap().clone();
    let first = world.staff("chushen").await;
    let last = world.staff("zhongshen").await;

    let page = async |path: &str| -> (Reply, Cost) {
        world.mails().await;
        wire.take();
        let person = if path.contains("limit=20") { &first } else { &last };
        let reply = person.get(path).await.expect(200);
        (reply, Cost::of(&wire.take()))
    };
    let mut costs = Vec::new();
    for persons in [0..50, 50..2000] {
        write(&store, persons.clone(), |holder| waiting_at(Stage::Preliminary, &application, holder)).await;
        // Others, of whom the final stage's shards have enough for a whole page each.
        let persons = persons.start + 10_000..persons.end + 10_000;
        write(&store, persons, |holder| waiting_at(Stage::Final, &application, holder)).await;
        let mut pages = Vec::new();
        for path in ["/v1/review/queue?limit=20", "/v1/review/queue?limit=5"] {
            let (reply, cost) = page(path).await;
            let next = reply.text("/next");
            pages.push(cost);
            pages.push(page(&format!("{path}&cursor={next}")).await.1);
        }
        costs.push(pages);
    }
    println!("{:#?}", costs[1]);
    assert_eq!(costs[0], costs[1]);
    let calls: Vec<_> = costs[1].iter().map(|cost| cost.calls).collect();
    assert_eq!(calls, [1, 1, 4, 4], "the first and the second page at 初审 and at 终审");

    // The longest page there is stays far below the 6 MB that Lambda may answer with.
    let longest = last.get("/v1/review/queue?limit=9999").await.expect(200);
    assert!(longest.body["items"].as_array().unwrap().len() >= 100);
    assert!(longest.body.to_string().len() < 600_000, "{} bytes", longest.body.to_string().len());

    // Counting is bounded, and says where it stopped.
    let counters = first.get("/v1/review/counters").await.expect(200);
    assert_eq!(counters.body["stages"][0]["waiting_more"], true);
    assert!(wire.take().iter().all(|call| call.found <= usize::try_from(COUNTED_TO).unwrap()));
}

#[tokio::test]
async fn a_page_of_what_is_due_costs_the_same_with_fifty_and_with_two_thousand_due() {
    let (world, wire) = World::wired(START).await;
    let zhang = world.holder("zhang").await;
    zhang.save_profile(form(1)).await.expect(200);
    let holder: HolderId = zhang.get("/v1/me").await.text("/holder_id").parse().unwrap();
    let store = direct(&world);
    let profile = store.dossier(&holder, world.now()).await.unwrap().profile;
    let day: CalendarDate = profile.next_due.unwrap();
    let copy = |holder: HolderId| {
        let mut change = Change::by_system(holder.clone(), JournalAction::ProfileSaved, world.now());
        change.profile = Some(Profile { holder, version: 1, ..profile.clone() });
        change
    };
    let mut costs = Vec::new();
    for persons in [0..50, 50..2000] {
        write(&store, persons, copy).await;
        wire.take();
        for shard in 0..Store::DUE_SHARDS {
            world.system.app.store.due_page(day, shard, None, 3).await.unwrap();
        }
        costs.push(Cost::of(&wire.take()));
    }
    println!("{:#?}", costs[1]);
    assert_eq!(costs[0], costs[1]);
    assert_eq!((costs[1].calls, costs[1].found), (8, 24), "one call for each shard's page");
}

#[tokio::test]
async fn nothing_is_ever_scanned_or_thrown_away_after_reading() {
    let (world, wire) = World::wired(START).await;
    let mut calls = wire.take();
    let setup = ["CreateTable", "ListTables", "UpdateTimeToLive"];
    calls.retain(|call| !setup.contains(&call.operation.as_str()));

    world.holder("zhang").await.register(1).await;
    let (zhang, admin) = (world.holder("zhang").await, world.staff("admin").await);
    let (first, last) = (world.staff("chushen").await, world.staff("zhongshen").await);
    for path in ["/v1/me", "/v1/me/readiness", "/v1/applications"] {
        zhang.get(path).await.expect(200);
    }
    for person in [&first, &last] {
        person.get("/v1/review/queue").await.expect(200);
        person.get("/v1/review/counters").await.expect(200);
    }
    admin.get("/v1/staff").await.expect(200);
    for days in [0, 1100, 1101] {
        world.put_day(START[..10].parse::<CalendarDate>().unwrap().plus_days(days));
        assert!(world.run_job().await.complete);
        world.mails().await;
    }
    calls.extend(wire.take());
    assert!(calls.len() > 3000, "a whole life, and a job that looks back: {}", calls.len());
    assert_allowed(&calls);
}
