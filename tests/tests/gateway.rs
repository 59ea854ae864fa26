//! The functions as Lambda calls them: recorded events of API Gateway's REST API (payload version 1, stage `prod`), of the
//! table's stream and of the schedule, in `tests/events`, go through the runtime's own adapter into each function, and
//! what comes back is what API Gateway gets. `${…}` in a file stands for what differs from run to run.

// The workspace allows these in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

use attachment::Attachments;
use aws_credential_types::Credentials;
use axum::Router;
use common::{
    aws::{Endpoints, SdkParts},
    config::Env,
    http::{App, MAX_BODY},
};
use lambda_http::{Adapter, Context, LambdaEvent};
use local::{gateway::Gateway, staff, system::System};
use notifier::Notifier;
use reminder::Reminder;
use review::Review;
use serde_json::{Value, json};
use session::Session;
use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    time::{Duration, SystemTime},
};
use submission::Submission;
use tests::{World, form};
use tower::ServiceExt;

/// The variable that every HTTP function is deployed with: without it the adapter puts the stage before each path. It
/// reads the variable at each request, and only whether there is one.
const STAGE_STAYS_OUT: &str = "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH";

/// Whose pages may read what is answered.
const CONSOLE: &str = "https://console.example.com";

/// True in a process that has the functions' environment. In another one it runs the test `name` in such a process, and
/// fails where that fails: a process can't safely change its own.
fn in_a_functions_environment(name: &str) -> bool {
    if std::env::var_os(STAGE_STAYS_OUT).is_some() {
        return true;
    }
    let mut test = Command::new(std::env::current_exe().unwrap());
    let output = test.args(["--exact", name]).env(STAGE_STAYS_OUT, "true").output().unwrap();
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}\n{complained}");
    false
}

/// A recorded event, with `values` put in.
fn recorded(name: &str, values: &[(&str, &str)]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(name).with_extension("json");
    let mut text = std::fs::read_to_string(path).unwrap();
    for (name, value) in values {
        text = text.replace(&format!("${{{name}}}"), &value.replace('"', "\\\""));
    }
    assert!(!text.contains("${"), "{name} wants another value: {text}");
    text
}

/// What API Gateway gets.
struct Answer {
    status: u64,
    headers: BTreeMap<String, Vec<String>>,
    body: Value,
}

/// Hands an event to a function as the runtime does, and checks what every answer has.
async fn invoke(function: &Router, event: &str) -> Answer {
    let mut context = Context::default();
    "lambda-request".clone_into(&mut context.request_id);
    let payload = serde_json::from_str(event).unwrap();
    let answer = Adapter::from(function.clone()).oneshot(LambdaEvent::new(payload, context)).await.unwrap();
    let mut answer = serde_json::to_value(answer).unwrap();

    assert_eq!(answer["headers"], json!({}), "API Gateway would merge them with the others");
    assert_eq!(answer["isBase64Encoded"], json!(false), "JSON goes as text");
    let headers: BTreeMap<String, Vec<String>> =
        serde_json::from_value(answer["multiValueHeaders"].take()).unwrap();
    assert!(headers.values().all(|values| values.len() == 1), "{headers:?}");
    let event: Value = serde_json::from_str(event).unwrap();
    let trace_id = event["requestContext"]["requestId"].as_str().unwrap_or("lambda-request");
    assert_eq!(headers["x-trace-id"], [trace_id]);
    assert_eq!(headers["x-content-type-options"], ["nosniff"]);
    assert_eq!(headers["access-control-allow-origin"], [CONSOLE], "errors can be read too");
    assert!(headers["access-control-expose-headers"][0].contains("ETag"));
    let status = answer["statusCode"].as_u64().unwrap();
    let text = answer["body"].as_str().unwrap_or_default();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(text).unwrap() };
    if status >= 400 {
        assert_eq!(headers["content-type"], ["application/problem+json"]);
        assert_eq!(body["trace_id"], json!(trace_id));
    }
    Answer { status, headers, body }
}

impl Answer {
    #[track_caller]
    fn expect(self, status: u64) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }
}

/// The functions over a table of their own in a world's database, whose stream nobody reads: what is in the outbox waits
/// for the event.
struct Functions {
    app: App,
    session: Router,
    submission: Router,
    attachment: Router,
    review: Router,
    notifier: Notifier,
    reminder: Reminder,
}

impl Functions {
    /// Starts them, and has the world's people call them.
    async fn of(world: &mut World) -> Self {
        let system = &mut world.system;
        let (env, parts) = (environment(system), parts(system));
        let clock = system.clock.clone();
        let app = App::from_env(&env, &parts, clock.clone()).unwrap();
        app.store.create_tables().await.unwrap();
        staff::appoint(&app, &system.keys).await.unwrap();
        let functions = Self {
            session: session::router(Session::from_env(app.clone(), &env, &parts).unwrap()),
            submission: submission::router(Submission::from_env(app.clone(), &env).unwrap()),
            attachment: attachment::router(Attachments::from_env(app.clone(), &env, &parts).unwrap()),
            review: review::router(Review::from_env(app.clone(), &env, &parts).unwrap()),
            notifier: Notifier::from_env(&env, &parts, clock.clone()).unwrap(),
            reminder: Reminder::from_env(&env, &parts, clock).unwrap(),
            app,
        };
        system.api = Gateway::default()
            .with(session::ROUTES, functions.session.clone())
            .with(submission::ROUTES, functions.submission.clone())
            .with(attachment::ROUTES, functions.attachment.clone())
            .with(review::ROUTES, functions.review.clone())
            .into_router();
        functions
    }

    /// What the journal of `record` says: where each entry came from.
    async fn origins(&self, record: &str) -> Vec<String> {
        let lines = self.app.store.journal(record, 200, None).await.unwrap().items;
        lines.into_iter().map(|line| line.entry.from).collect()
    }
}

/// The system's own variables, but for the tables.
fn environment(system: &System) -> Env {
    let tables = [("TABLE_NAME", "recorded"), ("IDEMPOTENCY_TABLE_NAME", "recorded-idempotency")];
    let kept = [
        "BUCKET_NAME",
        "FIELD_KEYS",
        "LOOKUP_KEY",
        "TOKEN_SEED",
        "WEBHOOK_SEED",
        "TOKEN_ISSUER",
        "TOKEN_AUDIENCE",
        "WECHAT_BASE_URL",
        "WECHAT_APPS",
        "SERVICE_CLIENTS",
        "MAIL_CARRIER",
        "MAIL_OFFICE",
        "MAIL_FROM",
        "MAIL_ENQUIRIES",
        "PORTAL_URL",
        "SMTP_HOST",
        "SMTP_PORT",
        "SMTP_TLS",
    ];
    let tables = tables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let kept = kept.map(|name| (name.to_owned(), system.env.get(name).unwrap()));
    let console = [("CONSOLE_ORIGIN".to_owned(), CONSOLE.to_owned())];
    Env::of(tables.into_iter().chain(kept).chain(console))
}

fn parts(system: &System) -> SdkParts {
    let endpoints = Endpoints {
        dynamodb: Some(system.dynamodb_endpoint().parse().unwrap()),
        s3: Some(system.s3().endpoint().parse().unwrap()),
        ses: None,
    };
    let credentials = Credentials::new("attachment", system.keys.s3_secret.clone(), None, None, "test");
    SdkParts::new("cn-north-1", credentials, endpoints).unwrap()
}

#[tokio::test]
async fn session_by_recorded_events() {
    if !in_a_functions_environment("session_by_recorded_events") {
        return;
    }
    let mut world = World::new().await;
    let functions = Functions::of(&mut world).await;
    let keys = invoke(&functions.session, &recorded("session-keys", &[])).await.expect(200);
    assert_eq!(keys.headers["cache-control"], ["public, max-age=300"]);
    assert_eq!(keys.headers["content-type"], ["application/json"]);
    assert_eq!(keys.body["keys"][0]["crv"], "Ed25519");

    // The body comes in base 64.
    let signed_in = invoke(&functions.session, &recorded("session-wechat", &[])).await.expect(200);
    assert_eq!(signed_in.headers["cache-control"], ["no-store"]);
    assert_eq!(signed_in.body["roles"], json!(["holder"]));
    let again = invoke(&functions.session, &recorded("session-wechat", &[])).await;
    assert_eq!((again.status, &again.body["code"]), (401, &json!("wechat_code_used")));

    let refresh = signed_in.body["refresh_token"].as_str().unwrap();
    let token = signed_in.body["access_token"].as_str().unwrap();
    let values = [("refresh", refresh), ("token", token)];
    let out = invoke(&functions.session, &recorded("session-sign-out", &values)).await.expect(204);
    assert_eq!(out.body, Value::Null);
    assert!(!out.headers.contains_key("content-type"));
}

#[tokio::test]
async fn submission_by_recorded_events() {
    if !in_a_functions_environment("submission_by_recorded_events") {
        return;
    }
    let mut world = World::new().await;
    let functions = Functions::of(&mut world).await;
    let holder = world.holder("zhang").await;
    let token = holder.token.clone().unwrap();
    let saved = recorded("submission-profile", &[("token", &token)]);
    let saved = invoke(&functions.submission, &saved).await.expect(200);
    assert_eq!(saved.body["form"]["name"], "欧阳·晓雯", "base 64 and UTF-8 come through");
    assert_eq!(saved.headers["etag"], ["\"1\""]);
    let profile = saved.body["holder_id"].as_str().unwrap();
    assert_eq!(functions.origins(profile).await, ["2001:db8:85a3::8a2e:370:7334"]);

    let application = holder.ready_first(1).await;
    let values = [("token", token.as_str()), ("application", application.as_str())];
    let submit = recorded("submission-submit", &values);
    let receipt = invoke(&functions.submission, &submit).await.expect(200);
    assert_eq!(receipt.body["state"], "submitted");
    let again = invoke(&functions.submission, &submit).await.expect(200);
    assert_eq!((again.body, &again.headers["etag"]), (receipt.body, &receipt.headers["etag"]), "a retry");
    // The gateway's word counts, and not the header that a caller can begin.
    assert_eq!(functions.origins(&application).await.last().unwrap(), "203.0.113.7");

    // A cursor and a page size in the query.
    let first = holder.get(&format!("/v1/applications/{application}/journal?limit=2")).await.expect(200);
    let values = [values[0], values[1], ("cursor", &first.text("/next"))];
    let page = invoke(&functions.submission, &recorded("submission-journal", &values)).await.expect(200);
    let versions = page.body["items"].as_array().unwrap().iter().map(|line| line["version"].as_u64());
    assert_eq!(versions.collect::<Vec<_>>(), [Some(3), Some(4)]);

    // A path with what isn't ASCII, as it was sent and as API Gateway may hand it on: decoded.
    let unknown = recorded("submission-unknown", &[("token", &token)]);
    for event in [unknown.replace("%E7%94%B3%E8%AF%B7%201", "申请 1"), unknown] {
        let reply = invoke(&functions.submission, &event).await.expect(404);
        assert_eq!(reply.body["code"], "unknown_application");
    }
}

#[tokio::test]
async fn attachment_by_recorded_events() {
    if !in_a_functions_environment("attachment_by_recorded_events") {
        return;
    }
    let mut world = World::new().await;
    let functions = Functions::of(&mut world).await;
    let holder = world.holder("zhang").await;
    holder.save_profile(form(1)).await.expect(200);
    let application = holder.open("first").await;
    let token = holder.token.clone().unwrap();
    let values = [("token", token.as_str()), ("application", application.as_str())];
    let place = invoke(&functions.attachment, &recorded("attachment-place", &values)).await.expect(201);
    assert_eq!(place.body["attachment"]["file_name"], "证件照 1.jpg");
    assert_eq!(place.headers["etag"], ["\"2\""]);
    assert_eq!(functions.origins(&application).await.last().unwrap(), "203.0.113.7");

    let other = world.holder("li").await;
    let application = other.ready_first(2).await;
    other.submit(&application).await.expect(200);
    let shown = other.get(&format!("/v1/applications/{application}")).await.expect(200);
    let attachments = shown.body["attachments"].as_array().unwrap();
    let card = attachments.iter().find(|held| held["kind"] == "identity_card_front").unwrap();
    let reviewer = world.staff("chushen").await.token.unwrap();
    let values = [("token", reviewer.as_str()), ("attachment", card["id"].as_str().unwrap())];
    let shown = invoke(&functions.attachment, &recorded("attachment-show", &values)).await.expect(200);
    assert!(shown.body["url"].as_str().unwrap().starts_with("http"));
    assert_eq!(
        functions.origins(&application).await.last().unwrap(),
        "198.51.100.9",
        "the view is written down"
    );
}

#[tokio::test]
async fn review_by_recorded_events() {
    if !in_a_functions_environment("review_by_recorded_events") {
        return;
    }
    let mut world = World::new().await;
    let functions = Functions::of(&mut world).await;
    let holder = world.holder("zhang").await;
    let application = holder.ready_first(1).await;
    holder.submit(&application).await.expect(200);
    let reviewer = world.staff("chushen").await;
    let token = reviewer.token.clone().unwrap();
    let queue = invoke(&functions.review, &recorded("review-queue", &[("token", &token)])).await.expect(200);
    assert_eq!(queue.body["items"][0]["application_id"], json!(application));

    let opened = reviewer.get(&format!("/v1/review/applications/{application}")).await.expect(200);
    let version = opened.etag();
    let values = [("token", token.as_str()), ("application", application.as_str()), ("version", &version)];
    let decision = recorded("review-decision", &values);
    let decided = invoke(&functions.review, &decision).await.expect(200);
    assert_eq!(decided.body["state"], "returned");
    assert_ne!(decided.headers["etag"], [version.as_str()]);
    assert_eq!(functions.origins(&application).await.last().unwrap(), "198.51.100.9");
    let again = invoke(&functions.review, &decision).await.expect(409);
    assert_eq!(again.body["code"], "already_decided");
}

#[tokio::test]
async fn what_is_missing_in_an_event_is_no_error_of_ours() {
    if !in_a_functions_environment("what_is_missing_in_an_event_is_no_error_of_ours") {
        return;
    }
    let mut world = World::new().await;
    let functions = Functions::of(&mut world).await;
    let mut event: Value = serde_json::from_str(&recorded("review-queue", &[("token", "")])).unwrap();
    let context = event["requestContext"].as_object_mut().unwrap();
    context.remove("requestId");
    context["identity"].as_object_mut().unwrap().remove("sourceIp");
    for name in ["headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters"] {
        event[name] = Value::Null;
    }
    // Its trace id is the one that Lambda's own log has.
    let reply = invoke(&functions.review, &event.to_string()).await.expect(401);
    assert_eq!(reply.body["code"], "token_missing");
    event["path"] = json!("/v1/elsewhere");
    let reply = invoke(&functions.review, &event.to_string()).await.expect(404);
    assert_eq!(reply.body["code"], "not_found");
    event["path"] = json!("/v1/review/queue");
    event["httpMethod"] = json!("TRACE");
    let reply = invoke(&functions.review, &event.to_string()).await.expect(405);
    assert_eq!(reply.body["code"], "method_not_allowed");
}

/// A recorded event, changed.
fn changed(name: &str, values: &[(&str, &str)], change: impl FnOnce(&mut Value)) -> String {
    let mut event = serde_json::from_str(&recorded(name, values)).unwrap();
    change(&mut event);
    event.to_string()
}

#[tokio::test]
async fn a_stage_of_any_name_is_no_part_of_the_path() {
    if !in_a_functions_environment("a_stage_of_any_name_is_no_part_of_the_path") {
        return;
    }
    let mut world = World::new().await;
    let functions = Functions::of(&mut world).await;
    for stage in ["prod", "v1", "session", "ceshi2", "$default"] {
        let event = changed("session-keys", &[], |event| {
            event["requestContext"]["stage"] = json!(stage);
            event["requestContext"]["path"] = json!(format!("/{stage}/v1/session/keys"));
        });
        invoke(&functions.session, &event).await.expect(200);
    }
}

#[tokio::test]
async fn bodies_that_are_binary_too_large_or_cut_off_are_told_apart() {
    if !in_a_functions_environment("bodies_that_are_binary_too_large_or_cut_off_are_told_apart") {
        return;
    }
    let mut world = World::new().await;
    let functions = Functions::of(&mut world).await;
    let token = world.holder("zhang").await.token.unwrap();
    let save = async |body: Value, binary: bool| {
        let event = changed("submission-profile", &[("token", &token)], |event| {
            event["body"] = body;
            event["isBase64Encoded"] = json!(binary);
        });
        let answer = invoke(&functions.submission, &event).await;
        (answer.status, answer.body["code"].as_str().unwrap_or_default().to_owned())
    };
    let is = |status: u64, code: &str| (status, code.to_owned());
    assert_eq!(save(json!("eyJuYW1lIjogIuW8oOS4iSJ9"), true).await, is(200, ""), "JSON in base 64");
    assert_eq!(save(json!("/9j/4AAQSkZJRgABAQ=="), true).await, is(400, "malformed_json"), "a photo");
    assert_eq!(save(json!("{\"name\": \"张"), false).await, is(400, "malformed_json"), "cut off");
    assert_eq!(save(Value::Null, false).await, is(200, ""), "none at all: nothing to change");
    // As much as Lambda hands over at all, 6 MB, and the first byte that's too much.
    let padded = |length: usize| json!(format!("{{\"name\": \"张三\"{}}}", " ".repeat(length - 18)));
    assert_eq!(save(padded(MAX_BODY), false).await, is(200, ""));
    for length in [MAX_BODY + 1, 6 * 1024 * 1024] {
        assert_eq!(save(padded(length), false).await, is(413, "body_too_large"), "{length}");
    }
}

#[tokio::test]
async fn what_is_said_twice_is_told_apart() {
    if !in_a_functions_environment("what_is_said_twice_is_told_apart") {
        return;
    }
    let mut world = World::new().await;
    let functions = Functions::of(&mut world).await;
    let holder = world.holder("zhang").await;
    let token = holder.token.clone().unwrap();
    let application = holder.ready_first(1).await;

    // The gateway lists both, and repeats the last as the one; nothing before us goes by the first.
    let bearers = |event: &mut Value| {
        event["multiValueHeaders"]["Authorization"] = json!([format!("Bearer {token}"), "Bearer another"]);
        event["headers"]["Authorization"] = json!("Bearer another");
    };
    let event = changed("submission-profile", &[("token", &token)], bearers);
    let refused = invoke(&functions.submission, &event).await.expect(401);
    assert_eq!(refused.body["code"], "token_malformed");

    let first = holder.get(&format!("/v1/applications/{application}/journal?limit=2")).await.expect(200);
    let cursor = first.text("/next");
    let values = [("token", token.as_str()), ("application", application.as_str()), ("cursor", &cursor)];
    let limits = |event: &mut Value| event["multiValueQueryStringParameters"]["limit"] = json!(["2", "3"]);
    let refused =
        invoke(&functions.submission, &changed("submission-journal", &values, limits)).await.expect(400);
    assert_eq!(refused.body["code"], "invalid_query");
    // A header of several values that means a list stays one.
    let languages = |event: &mut Value| {
        event["multiValueHeaders"]["Accept-Language"] = json!(["zh-CN,zh;q=0.9", "en;q=0.8"]);
    };
    invoke(&functions.submission, &changed("submission-journal", &values, languages)).await.expect(200);
}

#[tokio::test]
async fn without_the_functions_environment_no_path_is_known() {
    assert!(std::env::var_os(STAGE_STAYS_OUT).is_none(), "{STAGE_STAYS_OUT} is for the functions alone");
    let event = recorded("session-keys", &[]);
    assert_eq!(lambda_http::request::from_str(&event).unwrap().uri().path(), "/prod/v1/session/keys");
    let mut world = World::new().await;
    let functions = Functions::of(&mut world).await;
    let reply = invoke(&functions.session, &event).await.expect(404);
    assert_eq!(reply.body["code"], "not_found");
}

#[tokio::test]
async fn notifier_by_a_recorded_batch_of_the_stream() {
    let mut world = World::new().await;
    let functions = Functions::of(&mut world).await;
    let holder = world.holder("zhang").await;
    let application = holder.ready_first(1).await;
    holder.submit(&application).await.expect(200);
    assert!(world.mails().await.is_empty(), "nobody reads this table's stream");
    let waiting =
        tests::doors::due_messages(&functions.app.store, world.now().plus_seconds(3600)).await.unwrap();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    let values = [("application", application.as_str()), ("message", waiting[0].as_str())];
    let event = || serde_json::from_str(&recorded("stream", &values)).unwrap();

    let answer = serde_json::to_value(functions.notifier.handle(event()).await).unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
    let mails = world.mails().await;
    assert_eq!(mails.len(), 1);
    assert!(mails[0].summary.subject.contains("回执号"), "{}", mails[0].summary.subject);
    // Lambda hands a batch over again when it didn't hear the answer.
    functions.notifier.handle(event()).await;
    assert_eq!(world.mails().await.len(), 1);
}

#[tokio::test]
async fn reminder_by_the_schedules_events() {
    let mut world = World::new().await;
    let functions = Functions::of(&mut world).await;
    let holder = world.holder("zhang").await;
    holder.save_profile(form(1)).await.expect(200);
    let run = async |name: &str| {
        let event = serde_json::from_str(&recorded(name, &[])).unwrap();
        let deadline = SystemTime::now() + Duration::from_mins(15);
        serde_json::to_value(functions.reminder.handle(event, deadline).await.unwrap()).unwrap()
    };
    // Ninety days before the first registration's last day.
    world.put("2026-10-18T09:00:00+08:00");
    let report = run("schedule-daily").await;
    assert_eq!((&report["planned"], &report["complete"]), (&json!(1), &json!(true)), "{report}");
    world.put("2026-10-18T09:10:00+08:00");
    let report = run("schedule-sweep").await;
    assert_eq!((&report["planned"], &report["sent"]), (&json!(0), &json!(1)), "{report}");
    assert!(world.mails().await[0].summary.subject.contains("首次登记"));
    // A rule without an input of its own sends the schedule's bare event: that is the daily job.
    world.put("2026-11-20T09:00:00+08:00");
    let report = run("schedule-bare").await;
    assert_eq!(report["planned"], json!(1), "{report}");

    let unknown = serde_json::from_value::<reminder::Event>(json!({ "job": "weekly" })).unwrap_err();
    assert!(unknown.to_string().contains("`daily`"), "it says which there are: {unknown}");
}
