//! Who may do what. The table is the specification: every endpoint, every kind of caller, what each of them gets. A new
//! route without a row fails here, and so does a row without a route.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cases;
mod cast;
mod request;

use cast::{Cast, Files, Scene};
use common::http::Route;
use domain::rules::RuleLibrary;
use request::{call, refusal, status};
use std::collections::{BTreeMap, BTreeSet};
use tests::{Reply, World};

/// `ok` is any 2xx; a number is the status of the refusal, and the refusal changes nothing.
///
/// What is asked for is the holder `own`'s: an application of Wuhan that waits for its preliminary review, its
/// attachments, a claim of hours; or an account of Wuhan's staff; or the course and the class list of `provider`, in which
/// `own` is the first row. `other` is a holder, too, and as registered as `own`. `first` and `final` review in Wuhan and
/// Hubei, `admin` administers Hubei; whoever is `away` does the same in Yichang or Hunan. `404` is the answer that
/// somebody gets for what isn't there, word for word. A batch counts as the one decision in it. `client` is a service
/// client by its own id and secret, with a standing list that `own` is on. A notice is `admin`'s, told to all of Hubei, where
/// both holders are.
const TABLE: &str = "
                                               nobody  own  other  first  away  final  away  admin  away  provider  away  client

POST   /v1/session/wechat                      ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
POST   /v1/session/client                      ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
POST   /v1/session/staff                       ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
POST   /v1/session/refresh                     ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
DELETE /v1/session                             ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
GET    /v1/session/keys                        ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok

GET    /v1/staff                               401     403  403    403    403   403    403   ok     ok    403       403   401
POST   /v1/staff                               401     403  403    403    403   403    403   ok     403   403       403   401
PATCH  /v1/staff/{id}                          401     403  403    403    403   403    403   ok     404   403       403   401
POST   /v1/staff/{id}/reset                    401     403  403    403    403   403    403   ok     404   403       403   401
POST   /v1/staff/me/password                   401     403  403    ok     ok    ok     ok    ok     ok    ok        ok    401

GET    /v1/me                                  401     ok   ok     403    403   403    403   403    403   403       403   401
PUT    /v1/me                                  401     ok   ok     403    403   403    403   403    403   403       403   401
GET    /v1/me/readiness                        401     ok   ok     403    403   403    403   403    403   403       403   401
GET    /v1/me/subscriptions                    401     ok   ok     403    403   403    403   403    403   403       403   401
POST   /v1/me/subscriptions                    401     ok   ok     403    403   403    403   403    403   403       403   401
GET    /v1/me/messages                         401     ok   ok     403    403   403    403   403    403   403       403   401
PUT    /v1/me/preferences                      401     ok   ok     403    403   403    403   403    403   403       403   401
GET    /v1/mail/unsubscribe                    ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
POST   /v1/mail/unsubscribe                    ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
GET    /v1/applications                        401     ok   ok     403    403   403    403   403    403   403       403   401
POST   /v1/applications                        401     ok   ok     403    403   403    403   403    403   403       403   401
GET    /v1/applications/{id}                   401     ok   404    403    403   403    403   403    403   403       403   401
PATCH  /v1/applications/{id}                   401     ok   404    403    403   403    403   403    403   403       403   401
POST   /v1/applications/{id}/submission        401     ok   404    403    403   403    403   403    403   403       403   401
POST   /v1/applications/{id}/withdrawal        401     ok   404    403    403   403    403   403    403   403       403   401
GET    /v1/applications/{id}/journal           401     ok   404    403    403   403    403   403    403   403       403   401

POST   /v1/applications/{id}/attachments       401     ok   404    403    403   403    403   403    403   403       403   401
POST   /v1/attachments/{id}/confirmation       401     ok   404    403    403   403    403   403    403   403       403   401
GET    /v1/attachments/{id}                    401     ok   404    ok     403   ok     403   403    403   403       403   401
DELETE /v1/attachments/{id}                    401     ok   404    403    403   403    403   403    403   403       403   401

GET    /v1/me/transcript                       401     ok   ok     403    403   403    403   403    403   403       403   401
GET    /v1/me/credits                          401     ok   ok     403    403   403    403   403    403   403       403   401
POST   /v1/me/credits                          401     ok   ok     403    403   403    403   403    403   403       403   401
POST   /v1/me/credits/preview                  401     ok   ok     403    403   403    403   403    403   403       403   401
GET    /v1/me/credits/{id}                     401     ok   404    403    403   403    403   403    403   403       403   401
PATCH  /v1/me/credits/{id}                     401     ok   404    403    403   403    403   403    403   403       403   401
DELETE /v1/me/credits/{id}                     401     ok   404    403    403   403    403   403    403   403       403   401
POST   /v1/me/credits/{id}/submission          401     ok   404    403    403   403    403   403    403   403       403   401
POST   /v1/me/credits/{id}/attachments         401     ok   404    403    403   403    403   403    403   403       403   401

GET    /v1/courses                             401     ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    401
POST   /v1/courses                             401     403  403    403    403   403    403   403    403   ok        ok    401
GET    /v1/courses/{id}                        401     ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    401
DELETE /v1/courses/{id}                        401     403  403    403    403   403    403   403    403   ok        403   401

GET    /v1/rosters                             401     403  403    403    403   403    403   403    403   ok        ok    401
POST   /v1/rosters                             401     403  403    403    403   403    403   403    403   ok        403   401
GET    /v1/rosters/{id}                        401     403  403    403    403   403    403   403    403   ok        404   401
POST   /v1/rosters/{id}/confirmation           401     403  403    403    403   403    403   403    403   ok        404   401
GET    /v1/rosters/{id}/rows                   401     403  403    403    403   403    403   403    403   ok        404   401
PATCH  /v1/rosters/{id}/rows/{row}             401     403  403    403    403   403    403   403    403   ok        404   401
POST   /v1/rosters/{id}/rows/{row}/withdrawal  401     403  403    403    403   403    403   403    403   ok        404   401

GET    /v1/review/queue                        401     403  403    ok     ok    ok     ok    403    403   403       403   401
GET    /v1/review/counters                     401     403  403    ok     ok    ok     ok    403    403   403       403   401
GET    /v1/review/applications/{id}            401     403  403    ok     403   ok     403   403    403   403       403   401
POST   /v1/review/applications/{id}/claim      401     403  403    ok     403   403    403   403    403   403       403   401
DELETE /v1/review/applications/{id}/claim      401     403  403    ok     403   403    403   403    403   403       403   401
POST   /v1/review/applications/{id}/decision   401     403  403    ok     403   403    403   403    403   403       403   401
POST   /v1/review/decisions                    401     403  403    ok     403   403    403   403    403   403       403   401

GET    /v1/review/credits                      401     403  403    ok     ok    403    403   403    403   403       403   401
GET    /v1/review/credits/{id}                 401     403  403    ok     403   ok     403   403    403   403       403   401
POST   /v1/review/credits/{id}/decision        401     403  403    ok     403   403    403   403    403   403       403   401
POST   /v1/review/credits/decisions            401     403  403    ok     403   403    403   403    403   403       403   401
POST   /v1/review/credits/{id}/evidence-request 401    403  403    ok     403   403    403   403    403   403       403   401
GET    /v1/review/credits/{id}/voiding         401     403  403    403    403   ok     403   403    403   403       403   401
POST   /v1/review/credits/{id}/voiding         401     403  403    403    403   ok     403   403    403   403       403   401
GET    /v1/review/registrations/{number}/credits 401   403  403    ok     403   ok     403   403    403   403       403   401
GET    /v1/review/samples                      401     403  403    ok     403   ok     403   403    403   403       403   401
POST   /v1/review/samples                      401     403  403    403    403   ok     403   403    403   403       403   401
GET    /v1/review/samples/{id}                 401     403  403    ok     403   ok     403   403    403   403       403   401

GET    /v1/registrations/{number}              401     ok   404    ok     403   ok     403   ok     403   403       403   401
GET    /v1/registrations/{number}/revocation   401     ok   404    ok     403   ok     403   ok     403   403       403   401
POST   /v1/registrations/{number}/revocation   401     403  403    403    403   403    403   ok     403   403       403   401
POST   /v1/registrations/{number}/revocation/objection 401 ok 404  403    403   403    403   ok     403   403       403   401
POST   /v1/registrations/{number}/revocation/decision 401 403 403  403    403   403    403   ok     403   403       403   401
GET    /v1/registrations/{number}/holder       401     403  403    ok     403   ok     403   ok     403   403       403   401
GET    /v1/registrations/{number}/certificate  401     ok   404    ok     403   ok     403   ok     403   403       403   401
GET    /v1/registrations/{number}/journal      401     403  403    403    403   403    403   ok     403   403       403   401
GET    /v1/registrations/{number}/messages     401     403  403    ok     403   ok     403   ok     403   403       403   401
GET    /v1/registrations/{number}/hours-statement 401  ok   404    ok     403   ok     403   ok     403   403       403   401
GET    /v1/registrations/{number}/transfer-letter 401  ok   404    ok     403   ok     403   ok     403   403       403   401
GET    /v1/statistics                          401     403  403    ok     403   ok     403   ok     403   403       403   401
GET    /v1/verify                              ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
POST   /v1/verify                              ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
GET    /v1/verify/keys                         ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
GET    /v1/verify/paper                        ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
GET    /v1/verify/{number}                     ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok

GET    /v1/watch                               401     401  401    401    401   401    401   401    401   401       401   ok
PUT    /v1/watch                               401     401  401    401    401   401    401   401    401   401       401   ok
DELETE /v1/watch                               401     401  401    401    401   401    401   401    401   401       401   ok
GET    /v1/watch/keys                          ok      ok   ok     ok     ok    ok     ok    ok     ok    ok        ok    ok
GET    /v1/watch/numbers                       401     401  401    401    401   401    401   401    401   401       401   ok
POST   /v1/watch/numbers                       401     401  401    401    401   401    401   401    401   401       401   ok
DELETE /v1/watch/numbers/{number}              401     401  401    401    401   401    401   401    401   401       401   ok

GET    /v1/notices                             401     ok   ok     403    403   403    403   403    403   403       403   401
GET    /v1/notices/{id}                        401     ok   ok     403    403   403    403   403    403   403       403   401
PUT    /v1/notices/{id}/read                   401     ok   ok     403    403   403    403   403    403   403       403   401
GET    /v1/notices/{id}/files/{file}           401     ok   ok     403    403   403    403   403    403   403       403   401
GET    /v1/staff/notices                       401     403  403    403    403   403    403   ok     ok    403       403   401
POST   /v1/staff/notices                       401     403  403    403    403   403    403   ok     ok    403       403   401
GET    /v1/staff/notices/{id}                  401     403  403    403    403   403    403   ok     404   403       403   401
PATCH  /v1/staff/notices/{id}                  401     403  403    403    403   403    403   ok     404   403       403   401
POST   /v1/staff/notices/{id}/publication      401     403  403    403    403   403    403   ok     404   403       403   401
POST   /v1/staff/notices/{id}/withdrawal       401     403  403    403    403   403    403   ok     404   403       403   401
PUT    /v1/staff/notices/{id}/pin              401     403  403    403    403   403    403   ok     404   403       403   401
DELETE /v1/staff/notices/{id}/pin              401     403  403    403    403   403    403   ok     404   403       403   401
POST   /v1/staff/notices/{id}/files            401     403  403    403    403   403    403   ok     404   403       403   401
POST   /v1/staff/notices/{id}/files/{file}/confirmation 401 403 403 403   403   403    403   ok     404   403       403   401
GET    /v1/staff/notices/{id}/files/{file}     401     403  403    403    403   403    403   ok     404   403       403   401
DELETE /v1/staff/notices/{id}/files/{file}     401     403  403    403    403   403    403   ok     404   403       403   401
GET    /v1/staff/notices/{id}/mailing          401     403  403    403    403   403    403   ok     404   403       403   401
POST   /v1/staff/notices/{id}/mailing          401     403  403    403    403   403    403   ok     404   403       403   401
DELETE /v1/staff/notices/{id}/mailing          401     403  403    403    403   403    403   ok     404   403       403   401
";

/// The rules, but that everybody is drawn as a sample.
fn everybody_drawn() -> RuleLibrary {
    tests::edited_rules(&[("audit_percent = { value = 0,", "audit_percent = { value = 100,")])
}

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
    ProviderAway,
    Client,
}

const CALLERS: [Caller; 12] = [
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
    Caller::ProviderAway,
    Caller::Client,
];

/// A row: a route with what each caller gets, `None` being `ok`.
type Row = (Route, Vec<Option<u16>>);

/// A table, read.
fn rows(table: &str) -> Vec<Row> {
    let known: BTreeMap<_, _> =
        routes().into_iter().map(|route| ((route.method, route.path), route)).collect();
    let rows = table.lines().filter(|line| line.contains("/v1/"));
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
    [
        session::ROUTES,
        submission::ROUTES,
        attachment::ROUTES,
        education::ROUTES,
        review::ROUTES,
        registry::ROUTES,
        certificate::ROUTES,
        notice::ROUTES,
    ]
    .concat()
}

/// Calls each route of `rows` as each caller, in scenes in which `files` are asked for, and gives what wasn't as it's said.
async fn wrong_cells(cast: &Cast<'_>, rows: Vec<Row>, files: Files) -> Vec<String> {
    let mut wrong = Vec::new();
    for (route, cells) in rows {
        let Route { method, path } = route;
        let check = |wrong: &mut Vec<String>, caller: Caller, expected: &str, reply: &Reply, good: bool| {
            if !good {
                let (status, code) = (status(reply), reply.code());
                wrong.push(format!("{method} {path} by {caller:?}: {expected}, but {status} {code}"));
            }
        };
        let mut scene = Scene::of(cast, &route, files).await;
        let before = scene.everything(cast).await;
        for (&caller, expected) in CALLERS.iter().zip(&cells) {
            let Some(expected) = *expected else { continue };
            let reply = call(cast, &scene, caller, &route).await;
            check(&mut wrong, caller, &expected.to_string(), &reply, status(&reply) == expected);
            if expected == 404 {
                let never = call(cast, &scene.ghost(), caller, &route).await;
                let same = refusal(&reply) == refusal(&never);
                check(&mut wrong, caller, "as if it weren't there", &reply, same);
            }
        }
        if scene.everything(cast).await != before {
            wrong.push(format!("{method} {path}: a refused request changed something"));
        }

        let mut fresh = true;
        for (&caller, _) in CALLERS.iter().zip(&cells).filter(|(_, expected)| expected.is_none()) {
            if !fresh && route.method != "GET" {
                scene = Scene::of(cast, &route, files).await;
            }
            fresh = false;
            let reply = call(cast, &scene, caller, &route).await;
            check(&mut wrong, caller, "ok", &reply, (200..300).contains(&status(&reply)));
            // Lists are there for everybody of a kind, and hold only what is for their eyes.
            let said = reply.body.to_string();
            for (what, id, may_know) in scene.secrets() {
                let told = !id.is_empty() && said.contains(id);
                let expected = format!("not a word of the {what}");
                check(&mut wrong, caller, &expected, &reply, may_know.contains(&caller) || !told);
            }
        }
    }
    wrong
}

#[test]
fn the_table_has_a_row_for_every_route() {
    let rows: Vec<_> = rows(TABLE).into_iter().map(|(route, _)| route).collect();
    let known: BTreeSet<_> = routes().into_iter().collect();
    let in_table: BTreeSet<_> = rows.iter().copied().collect();
    assert_eq!(known.difference(&in_table).collect::<Vec<_>>(), Vec::<&Route>::new(), "routes without a row");
    assert_eq!(rows.len(), in_table.len(), "rows that are there twice");
}

#[tokio::test]
async fn every_endpoint_answers_every_caller_as_the_table_says() {
    let world = World::ruled_by(everybody_drawn()).await;
    let cast = Cast::of(&world).await;
    let wrong = wrong_cells(&cast, rows(TABLE), Files::Papers).await;
    assert!(wrong.is_empty(), "{} cells:\n{}", wrong.len(), wrong.join("\n"));
}
