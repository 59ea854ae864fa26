//! Who may do what. The table is the specification: every endpoint, every kind of caller, what each of them gets. A new
//! route without a row fails here, and so does a row without a route.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

use common::{auth::totp::TotpSecret, http::Route};
use domain::{
    actor::Role,
    identity::{IdentityDocument, IdentityDocumentKind},
};
use local::system::SERVICE_CLIENT;
use serde_json::{Value, json};
use session::NewStaff;
use std::collections::{BTreeMap, BTreeSet};
use tests::{Person, Reply, World, identity_number, tiny_jpeg, upload};

/// `ok` is any 2xx; a number is the status of the refusal, and the refusal changes nothing.
///
/// What is asked for is the holder `own`'s: an application of Wuhan that waits for its preliminary review, its
/// attachments, an account of Wuhan's staff. `first` and `final` review in Wuhan and Hubei, `admin` administers Hubei;
/// whoever is `away` does the same in Yichang or Hunan. `404` is the answer that somebody gets for what isn't there, word
/// for word. A batch counts as the one decision in it.
const TABLE: &str = "
                                               nobody  own  other  first  away  final  away  admin  away  provider

POST   /v1/session/wechat                      ok      ok   ok     ok     ok    ok     ok    ok     ok    ok
POST   /v1/session/client                      ok      ok   ok     ok     ok    ok     ok    ok     ok    ok
POST   /v1/session/staff                       ok      ok   ok     ok     ok    ok     ok    ok     ok    ok
POST   /v1/session/refresh                     ok      ok   ok     ok     ok    ok     ok    ok     ok    ok
DELETE /v1/session                             ok      ok   ok     ok     ok    ok     ok    ok     ok    ok
GET    /v1/session/keys                        ok      ok   ok     ok     ok    ok     ok    ok     ok    ok

GET    /v1/staff                               401     403  403    403    403   403    403   ok     ok    403
POST   /v1/staff                               401     403  403    403    403   403    403   ok     403   403
PATCH  /v1/staff/{id}                          401     403  403    403    403   403    403   ok     404   403
POST   /v1/staff/{id}/reset                    401     403  403    403    403   403    403   ok     404   403
POST   /v1/staff/me/password                   401     403  403    ok     ok    ok     ok    ok     ok    ok

GET    /v1/me                                  401     ok   ok     403    403   403    403   403    403   403
PUT    /v1/me                                  401     ok   ok     403    403   403    403   403    403   403
GET    /v1/me/readiness                        401     ok   ok     403    403   403    403   403    403   403
GET    /v1/applications                        401     ok   ok     403    403   403    403   403    403   403
POST   /v1/applications                        401     ok   ok     403    403   403    403   403    403   403
GET    /v1/applications/{id}                   401     ok   404    403    403   403    403   403    403   403
PATCH  /v1/applications/{id}                   401     ok   404    403    403   403    403   403    403   403
POST   /v1/applications/{id}/submission        401     ok   404    403    403   403    403   403    403   403
POST   /v1/applications/{id}/withdrawal        401     ok   404    403    403   403    403   403    403   403
GET    /v1/applications/{id}/journal           401     ok   404    403    403   403    403   403    403   403

POST   /v1/applications/{id}/attachments       401     ok   404    403    403   403    403   403    403   403
POST   /v1/attachments/{id}/confirmation       401     ok   404    403    403   403    403   403    403   403
GET    /v1/attachments/{id}                    401     ok   404    ok     403   ok     403   403    403   403
DELETE /v1/attachments/{id}                    401     ok   404    403    403   403    403   403    403   403

GET    /v1/review/queue                        401     403  403    ok     ok    ok     ok    403    403   403
GET    /v1/review/counters                     401     403  403    ok     ok    ok     ok    403    403   403
GET    /v1/review/applications/{id}            401     403  403    ok     403   ok     403   403    403   403
POST   /v1/review/applications/{id}/claim      401     403  403    ok     403   403    403   403    403   403
DELETE /v1/review/applications/{id}/claim      401     403  403    ok     403   403    403   403    403   403
POST   /v1/review/applications/{id}/decision   401     403  403    ok     403   403    403   403    403   403
POST   /v1/review/decisions                    401     403  403    ok     403   403    403   403    403   403
";

/// The table's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Caller {
    Nobody,
    Own,
    Other,
    First,
    FirstAway,
    Final,
    FinalAway,
    Admin,
    AdminAway,
    Provider,
}

const CALLERS: [Caller; 10] = [
    Caller::Nobody,
    Caller::Own,
    Caller::Other,
    Caller::First,
    Caller::FirstAway,
    Caller::Final,
    Caller::FinalAway,
    Caller::Admin,
    Caller::AdminAway,
    Caller::Provider,
];

/// The posts of those columns that are staff.
const POSTS: [(Caller, Role, &str); 7] = [
    (Caller::First, Role::PreliminaryReviewer, "4201"),
    (Caller::FirstAway, Role::PreliminaryReviewer, "4205"),
    (Caller::Final, Role::FinalReviewer, "42"),
    (Caller::FinalAway, Role::FinalReviewer, "43"),
    (Caller::Admin, Role::Administrator, "42"),
    (Caller::AdminAway, Role::Administrator, "43"),
    (Caller::Provider, Role::Provider, "4201"),
];

/// The table, read: each route with what each caller gets, `None` being `ok`.
fn table() -> Vec<(Route, Vec<Option<u16>>)> {
    let known: BTreeMap<_, _> =
        routes().into_iter().map(|route| ((route.method, route.path), route)).collect();
    let rows = TABLE.lines().filter(|line| line.contains("/v1/"));
    rows.map(|line| {
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let route = known.get(&(method, path)).unwrap_or_else(|| panic!("no function has {method} {path}"));
        let cells: Vec<_> = words.map(|cell| (cell != "ok").then(|| cell.parse().unwrap())).collect();
        assert_eq!(cells.len(), CALLERS.len(), "{method} {path}: a cell for each caller");
        (*route, cells)
    })
    .collect()
}

/// Every route of every function.
fn routes() -> Vec<Route> {
    [session::ROUTES, submission::ROUTES, attachment::ROUTES, review::ROUTES].concat()
}

/// An account with what its owner signs in with.
struct Account {
    id: String,
    username: String,
    password: String,
    totp: TotpSecret,
}

impl Account {
    async fn appoint(world: &World, role: Role, area: &str, identity: Option<IdentityDocument>) -> Self {
        let username = format!("staff{}", world.next());
        let new = NewStaff {
            username: username.clone(),
            name: "王五".to_owned(),
            roles: [role].into(),
            area: Some(area.parse().unwrap()),
            identity,
        };
        let made = session::appoint(&world.system.app, new).await.unwrap();
        let totp = TotpSecret::from_base32(&made.totp_secret).unwrap();
        Self { id: made.id.to_string(), username, password: made.password, totp }
    }

    /// What the authenticator app shows half a minute from now, when it's a code that nobody used.
    fn code(&self, world: &World) -> String {
        world.system.clock.put(world.now().plus_seconds(31));
        self.totp.code_at(world.now())
    }

    fn credentials(&self, world: &World) -> Value {
        json!({ "username": self.username, "password": self.password, "code": self.code(world) })
    }

    async fn sign_in<'a>(&self, world: &'a World) -> Person<'a> {
        let body = self.credentials(world);
        signed_in(world, world.nobody().post("/v1/session/staff", body).await)
    }
}

/// Whoever a sign-in's reply is for.
fn signed_in(world: &World, reply: Reply) -> Person<'_> {
    let mut person = world.nobody();
    person.token = Some(reply.expect(200).text("/access_token"));
    person
}

/// Everybody who calls but the holder that it's about, who is another one in each scene.
struct Cast<'a> {
    world: &'a World,
    people: BTreeMap<Caller, Person<'a>>,
    accounts: BTreeMap<Caller, Account>,
    /// Somebody in Wuhan whose account is asked for.
    subject: Account,
}

impl<'a> Cast<'a> {
    async fn of(world: &'a World) -> Self {
        let mut people = BTreeMap::from([
            (Caller::Nobody, world.nobody()),
            (Caller::Other, world.holder("somebody").await),
        ]);
        people[&Caller::Other].save_profile(json!({ "name": "李四" })).await.expect(200);
        let mut accounts = BTreeMap::new();
        for (caller, role, area) in POSTS {
            let account = Account::appoint(world, role, area, None).await;
            people.insert(caller, account.sign_in(world).await);
            accounts.insert(caller, account);
        }
        let subject = Account::appoint(world, Role::Provider, "4201", None).await;
        Self { world, people, accounts, subject }
    }

    fn person(&self, caller: Caller, scene: &Scene<'a>) -> Person<'a> {
        self.people.get(&caller).unwrap_or(&scene.own).clone()
    }
}

/// What there is to be asked for, at one moment.
#[derive(Clone)]
struct Scene<'a> {
    own: Person<'a>,
    /// The application, or none.
    application: String,
    version: String,
    /// A confirmed photo of an identity card.
    confirmed: String,
    /// An uploaded file that nobody confirmed.
    pending: String,
    /// The account.
    account: String,
}

impl<'a> Scene<'a> {
    /// The scene in which `route` can succeed.
    async fn of(cast: &Cast<'a>, route: &Route) -> Self {
        let world = cast.world;
        let own = world.holder(&format!("zhang{}", world.next())).await;
        let nothing = String::new;
        let mut scene = Self {
            own,
            application: nothing(),
            version: nothing(),
            confirmed: nothing(),
            pending: nothing(),
            account: cast.subject.id.clone(),
        };
        if route.path.starts_with("/v1/session") || route.path.starts_with("/v1/staff") {
            return scene;
        }
        if (route.method, route.path) == ("POST", "/v1/applications") {
            return scene;
        }
        scene.application = scene.own.ready_first(world.next()).await;
        let shown = scene.own.get(&scene.path()).await.expect(200);
        let attachments = shown.body["attachments"].as_array().unwrap();
        let card = attachments.iter().find(|held| held["kind"] == "identity_card_front").unwrap();
        card["id"].as_str().unwrap().clone_into(&mut scene.confirmed);
        scene.pending = scene.upload().await;
        if route.path != "/v1/applications/{id}/submission" {
            scene.own.submit(&scene.application).await.expect(200);
        }
        if (route.method, route.path) == ("DELETE", "/v1/review/applications/{id}/claim") {
            let path = format!("/v1/review/applications/{}/claim", scene.application);
            cast.people[&Caller::First].post_empty(&path).await.expect(200);
        }
        scene.version = scene.own.get(&scene.path()).await.expect(200).etag();
        scene
    }

    fn path(&self) -> String {
        format!("/v1/applications/{}", self.application)
    }

    /// A file that is uploaded and not confirmed.
    async fn upload(&self) -> String {
        let file = tiny_jpeg();
        let place = self.own.post(&format!("{}/attachments", self.path()), degree()).await.expect(201);
        assert_eq!(upload(&place.body["upload"], "a.jpg", "image/jpeg", file).await, 201);
        place.text("/attachment/id")
    }

    /// Everything that a refused request could have changed.
    async fn everything(&self, cast: &Cast<'a>) -> Value {
        let me = self.own.get("/v1/me").await.expect(200).body;
        let application = match self.application.as_str() {
            "" => Value::Null,
            _ => self.own.get(&self.path()).await.expect(200).body,
        };
        let staff = cast.people[&Caller::Admin].get("/v1/staff").await.expect(200).body;
        json!([me, application, staff])
    }

    /// The same scene with ids of what never was, in the drawer of the same holder.
    fn ghost(&self) -> Self {
        let never = |id: &str| match id.len() {
            0 => String::new(),
            length => format!("{}zzzzzzzz", &id[..length - 8]),
        };
        Self {
            application: never(&self.application),
            confirmed: never(&self.confirmed),
            pending: never(&self.pending),
            account: never(&self.account),
            ..self.clone()
        }
    }
}

fn degree() -> Value {
    json!({ "kind": "degree", "file_name": "a.jpg", "content_type": "image/jpeg", "size": tiny_jpeg().len() })
}

/// The request that `caller` makes of `route`, well formed and with every header it needs.
async fn call(cast: &Cast<'_>, scene: &Scene<'_>, caller: Caller, route: &Route) -> Reply {
    let world = cast.world;
    let sign_in = async || {
        let code = format!("demo-guest-{}", world.next());
        world.nobody().post("/v1/session/wechat", json!({ "code": code })).await.expect(200)
    };
    let account = cast.accounts.get(&caller).unwrap_or(&cast.subject);
    let version: u64 = scene.version.trim_matches('"').parse().unwrap_or(1);
    let (id, body) = match (route.method, route.path) {
        ("POST", "/v1/session/wechat") => ("", json!({ "code": format!("demo-guest-{}", world.next()) })),
        ("POST", "/v1/session/client") => {
            let secret = &world.system.keys.client_secret;
            let open_id = world.system.wechat.open_id("guest");
            ("", json!({ "client_id": SERVICE_CLIENT, "client_secret": secret, "open_id": open_id }))
        }
        ("POST", "/v1/session/staff") => ("", cast.subject.credentials(world)),
        ("POST", "/v1/session/refresh") | ("DELETE", "/v1/session") => {
            ("", json!({ "refresh_token": sign_in().await.text("/refresh_token") }))
        }
        ("POST", "/v1/staff") => {
            let username = format!("new{}", world.next());
            ("", json!({ "username": username, "name": "赵六", "roles": ["provider"], "area": "4201" }))
        }
        ("PATCH", "/v1/staff/{id}") => (scene.account.as_str(), json!({ "name": "王小五" })),
        ("POST", "/v1/staff/{id}/reset") => (scene.account.as_str(), Value::Null),
        ("POST", "/v1/staff/me/password") => {
            let new = "a-long-new-password";
            ("", json!({ "old": account.password, "new": new, "code": account.code(world) }))
        }
        ("PUT", "/v1/me") => ("", json!({ "school": "武汉大学" })),
        ("POST", "/v1/applications") => ("", json!({ "kind": "first" })),
        ("PATCH", "/v1/applications/{id}") => (scene.application.as_str(), json!({ "position": "督导" })),
        ("POST", "/v1/applications/{id}/attachments") => (scene.application.as_str(), degree()),
        ("POST", "/v1/attachments/{id}/confirmation") | ("DELETE", "/v1/attachments/{id}") => {
            (scene.pending.as_str(), Value::Null)
        }
        ("GET", "/v1/attachments/{id}") => (scene.confirmed.as_str(), Value::Null),
        ("POST", "/v1/review/applications/{id}/decision") => {
            (scene.application.as_str(), json!({ "outcome": "approve" }))
        }
        ("POST", "/v1/review/decisions") => {
            let item =
                json!({ "application_id": scene.application, "version": version, "outcome": "approve" });
            ("", json!({ "items": [item] }))
        }
        (_, path) if path.contains("/applications/{id}") => (scene.application.as_str(), Value::Null),
        _ => ("", Value::Null),
    };
    assert!(!route.path.contains("{id}") || !id.is_empty(), "{route:?}: say here whose id it takes");
    let path = route.path.replace("{id}", id);
    let version = format!("\"{version}\"");
    let headers: &[_] = if id.is_empty() { &[] } else { &[("If-Match", version.as_str())] };
    let body = (!body.is_null()).then_some(body);
    cast.person(caller, scene).send(route.method, &path, body, headers).await
}

/// A reply's status; of a batch, that of the decision in it.
fn status(reply: &Reply) -> u16 {
    let of_item = reply.body.pointer("/items/0/status").and_then(Value::as_u64);
    of_item.map_or(reply.status.as_u16(), |status| u16::try_from(status).unwrap())
}

/// A refusal without what differs from one request to the next.
fn refusal(reply: &Reply) -> Value {
    json!([reply.status.as_u16(), reply.body["code"], reply.body["detail"]])
}

#[test]
fn the_table_has_a_row_for_every_route() {
    let rows: Vec<_> = table().into_iter().map(|(route, _)| route).collect();
    let known: BTreeSet<_> = routes().into_iter().collect();
    let in_table: BTreeSet<_> = rows.iter().copied().collect();
    assert_eq!(known.difference(&in_table).collect::<Vec<_>>(), Vec::<&Route>::new(), "routes without a row");
    assert_eq!(rows.len(), in_table.len(), "rows that are there twice");
}

#[tokio::test]
async fn every_endpoint_answers_every_caller_as_the_table_says() {
    let world = World::new().await;
    let cast = Cast::of(&world).await;
    let mut wrong = Vec::new();
    for (route, cells) in table() {
        let Route { method, path } = route;
        let check = |wrong: &mut Vec<String>, caller: Caller, expected: &str, reply: &Reply, good: bool| {
            if !good {
                let (status, code) = (status(reply), reply.code());
                wrong.push(format!("{method} {path} by {caller:?}: {expected}, but {status} {code}"));
            }
        };
        let mut scene = Scene::of(&cast, &route).await;
        let before = scene.everything(&cast).await;
        for (&caller, expected) in CALLERS.iter().zip(&cells) {
            let Some(expected) = *expected else { continue };
            let reply = call(&cast, &scene, caller, &route).await;
            check(&mut wrong, caller, &expected.to_string(), &reply, status(&reply) == expected);
            if expected == 404 {
                let never = call(&cast, &scene.ghost(), caller, &route).await;
                check(
                    &mut wrong,
                    caller,
                    "as if it weren't there",
                    &reply,
                    refusal(&reply) == refusal(&never),
                );
            }
        }
        if scene.everything(&cast).await != before {
            wrong.push(format!("{method} {path}: a refused request changed something"));
        }

        let mut fresh = true;
        for (&caller, _) in CALLERS.iter().zip(&cells).filter(|(_, expected)| expected.is_none()) {
            if !fresh && route.method != "GET" {
                scene = Scene::of(&cast, &route).await;
            }
            fresh = false;
            let reply = call(&cast, &scene, caller, &route).await;
            check(&mut wrong, caller, "ok", &reply, (200..300).contains(&status(&reply)));
            // Lists are there for everybody of a kind, and hold only what is for their eyes.
            let may_know = [Caller::Own, Caller::First, Caller::Final].contains(&caller);
            let told = !scene.application.is_empty() && reply.body.to_string().contains(&scene.application);
            check(&mut wrong, caller, "not a word of the application", &reply, may_know || !told);
        }
    }
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
