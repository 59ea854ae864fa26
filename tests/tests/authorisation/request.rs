//! One request of each route, and what of its reply is compared.

use super::{
    Caller,
    cast::{
        Cast, Scene, certificate, class_list, course, degree, grounds, notice, notice_file, objection,
        sample, seminar,
    },
};
use common::http::Route;
use local::system::SERVICE_CLIENT;
use serde_json::{Value, json};
use tests::Reply;

/// The request that `caller` makes of `route`, well formed and with every header it needs.
#[allow(clippy::too_many_lines)] // an arm for each kind of request, and nothing else
pub async fn call(cast: &Cast<'_>, scene: &Scene<'_>, caller: Caller, route: &Route) -> Reply {
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
        ("PUT", "/v1/me") => ("", json!({ "mobile": "13900139000" })),
        ("POST", "/v1/me/subscriptions") => ("", json!({ "answers": { "local-review": "accept" } })),
        ("PUT", "/v1/me/preferences") => ("", json!({ "mail_reminders": false })),
        // As a form, where a mail program sends it.
        ("POST", "/v1/mail/unsubscribe") => ("", json!("List-Unsubscribe=One-Click")),
        ("POST", "/v1/applications") => ("", json!({ "kind": "change" })),
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
        ("POST", "/v1/me/credits" | "/v1/me/credits/preview") => ("", seminar("个案研讨会")),
        ("PATCH", "/v1/me/credits/{id}") => (scene.credit.as_str(), json!({ "hours": 3 })),
        ("POST", "/v1/me/credits/{id}/attachments") => (scene.credit.as_str(), certificate()),
        (_, path) if path.starts_with("/v1/me/credits/{id}") => (scene.credit.as_str(), Value::Null),
        ("POST", "/v1/courses") => ("", course()),
        (_, "/v1/courses/{id}") => (scene.course.as_str(), Value::Null),
        ("POST", "/v1/rosters") => ("", class_list(&scene.course, 100)),
        ("PATCH", "/v1/rosters/{id}/rows/{row}") => {
            (scene.roster.as_str(), json!({ "hours": 3, "reason": { "note": "下午缺席" } }))
        }
        ("POST", "/v1/rosters/{id}/rows/{row}/withdrawal") => {
            (scene.roster.as_str(), json!({ "reason": { "note": "报错班级" } }))
        }
        (_, path) if path.starts_with("/v1/rosters/{id}") => (scene.roster.as_str(), Value::Null),
        ("POST", "/v1/review/credits/{id}/decision") => {
            (scene.credit.as_str(), json!({ "outcome": "recognise" }))
        }
        ("POST", "/v1/review/credits/decisions") => {
            let item = json!({ "credit_id": scene.credit, "version": version, "outcome": "recognise" });
            ("", json!({ "items": [item] }))
        }
        ("POST", "/v1/review/credits/{id}/voiding") => {
            let reasons = json!([{ "ground": "fraud" }]);
            (scene.credit.as_str(), json!({ "reasons": reasons, "confirmation": scene.confirmation }))
        }
        (_, path) if path.starts_with("/v1/review/credits/{id}") => (scene.credit.as_str(), Value::Null),
        ("POST", "/v1/verify" | "/v1/watch/numbers") => ("", json!({ "numbers": [scene.registration] })),
        ("PUT", "/v1/watch") => ("", json!({ "address": cast.employer.url() })),
        ("POST", "/v1/review/samples") => ("", sample(cast)),
        (_, "/v1/review/samples/{id}") => (scene.sample.as_str(), Value::Null),
        ("POST", "/v1/registrations/{number}/revocation") => (scene.registration.as_str(), grounds()),
        ("POST", "/v1/registrations/{number}/revocation/objection") => {
            (scene.registration.as_str(), objection())
        }
        ("POST", "/v1/registrations/{number}/revocation/decision") => {
            (scene.registration.as_str(), json!({ "ruling": "uphold", "note": "证明材料属实" }))
        }
        ("POST", "/v1/staff/notices") => ("", notice()),
        ("PATCH", "/v1/staff/notices/{id}") => (scene.notice.as_str(), json!({ "title": "更正" })),
        ("POST", "/v1/staff/notices/{id}/withdrawal") => {
            (scene.notice.as_str(), json!({ "reason": "内容有误" }))
        }
        ("POST", "/v1/staff/notices/{id}/files") => (scene.notice.as_str(), notice_file(9)),
        (_, path) if path.contains("/notices/{id}") => (scene.notice.as_str(), Value::Null),
        (_, path) if path.contains("/applications/{id}") => (scene.application.as_str(), Value::Null),
        _ => ("", Value::Null),
    };
    assert!(!route.path.contains("{id}") || !id.is_empty(), "{route:?}: say here whose id it takes");
    let path = route.path.replace("{id}", id).replace("{row}", "1").replace("{number}", &scene.registration);
    let path = path.replace("{file}", &scene.file);
    let path = path + &query(cast, scene, route).await;
    let version = format!("\"{version}\"");
    let (key, basic) = (format!("request-{}", world.next()), cast.basic());
    let headers: Vec<_> = match route.path {
        _ if caller == Caller::Client => vec![("Authorization", basic.as_str())],
        "/v1/me/subscriptions" => vec![("Idempotency-Key", key.as_str())],
        _ if id.is_empty() => Vec::new(),
        _ => vec![("If-Match", version.as_str())],
    };
    let body = (!body.is_null()).then_some(body);
    cast.person(caller, scene).send(route.method, &path, body, &headers).await
}

/// What is asked for in the address.
async fn query(cast: &Cast<'_>, scene: &Scene<'_>, route: &Route) -> String {
    match (route.method, route.path) {
        ("GET", "/v1/review/samples") => {
            let asked = sample(cast);
            format!("?month={}&area=4201", asked["month"].as_str().unwrap())
        }
        (_, "/v1/mail/unsubscribe") => format!("?t={}", cast.unsubscribe_token(scene).await),
        ("GET", "/v1/statistics") => "?area=4201".to_owned(),
        ("GET", "/v1/verify") => format!("?s={}", cast.statement(&scene.registration).await),
        ("GET", "/v1/verify/paper") => format!("?s={}", cast.proof(&scene.registration).await),
        _ => String::new(),
    }
}

/// A reply's status; of a batch, that of the decision in it.
pub fn status(reply: &Reply) -> u16 {
    let of_item = reply.body.pointer("/items/0/status").and_then(Value::as_u64);
    of_item.map_or(reply.status.as_u16(), |status| u16::try_from(status).unwrap())
}

/// A refusal without what differs from one request to the next.
pub fn refusal(reply: &Reply) -> Value {
    json!([reply.status.as_u16(), reply.body["code"], reply.body["detail"]])
}
