//! A world for tests: the whole system over its embedded stores, each test its own, with a clock it moves. Requests go
//! into the routers in this process; the stores, the mail and the uploads are real protocols on loopback.

// A world that can't be set up is a failed test, and says so where it happens.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::return_self_not_must_use
)]

pub mod bare;
pub mod crowd;
pub mod doors;
pub mod journey;
pub mod mass;
pub mod paper;
pub mod wire;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use common::clock::Clock;
use domain::{
    actor::Actor,
    credit::{Activity, CreditCategory, CreditForm, CreditRecord, Hours, Particulars, Whose},
    date::{CalendarDate, Instant},
    id::{CreditId, HolderId},
    registration::RegistrationNumber,
    rules::RuleLibrary,
};
use local::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    mailbox::StoredMail,
    staff,
    system::{Options, System, WECHAT_APP},
};
use reminder::{Job, Report};
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tower::ServiceExt;
use wire::Wire;

/// The day most tests begin on, at ten in the morning in Beijing.
pub const START: &str = "2026-03-02T10:00:00+08:00";

/// The whole system, and its clock.
pub struct World {
    /// The system.
    pub system: System,
    counter: AtomicU32,
    folder: TempDir,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The JSON body, a text where it's a page; null where there is none.
    pub body: Value,
}

impl Reply {
    /// A text in the body, by JSON pointer.
    pub fn text(&self, pointer: &str) -> String {
        let value = self.body.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("no text at {pointer} in {}: {:#}", self.status, self.body)).to_owned()
    }

    /// The error's code; empty where it's no error.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("")
    }

    /// The `ETag`.
    pub fn etag(&self) -> String {
        let etag = self.headers.get(header::ETAG).and_then(|value| value.to_str().ok());
        etag.unwrap_or_default().to_owned()
    }

    /// This reply, where its status is `expected`.
    #[track_caller]
    pub fn expect(self, expected: u16) -> Self {
        assert_eq!(self.status.as_u16(), expected, "{:#}", self.body);
        self
    }
}

/// Somebody who calls, signed in or not.
#[derive(Clone)]
pub struct Person<'a> {
    world: &'a World,
    /// The access token.
    pub token: Option<String>,
}

impl World {
    /// A new world at [`START`].
    pub async fn new() -> Self {
        Self::at(START).await
    }

    /// A new world at the given time.
    pub async fn at(time: &str) -> Self {
        let (folder, options, clock) = ground(time);
        let system = System::start(&options, clock).await.expect("the system starts");
        Self { system, counter: AtomicU32::new(0), folder }
    }

    /// A new world at [`START`] that goes by `rules`.
    pub async fn ruled_by(rules: RuleLibrary) -> Self {
        let (folder, options, clock) = ground(START);
        let options = Options { rules: Some(Arc::new(rules)), ..options };
        let system = System::start(&options, clock).await.expect("the system starts");
        Self { system, counter: AtomicU32::new(0), folder }
    }

    /// A new world at the given time whose functions reach their DynamoDB over a wire that is watched.
    pub async fn wired(time: &str) -> (Self, Wire) {
        Self::wired_by(time, None).await
    }

    /// As [`Self::wired`], by `rules` where there are some.
    pub async fn wired_by(time: &str, rules: Option<RuleLibrary>) -> (Self, Wire) {
        let (folder, options, clock) = ground(time);
        let options = Options { rules: rules.map(Arc::new), ..options };
        let dynamodb = EmbeddedDynamoDb::start(StoreAt::Memory).expect("a database");
        let wire = Wire::start(dynamodb.endpoint()).await;
        let system = System::start_over(&options, clock, dynamodb, &wire.url()).await;
        let system = system.expect("the system starts");
        (Self { system, counter: AtomicU32::new(0), folder }, wire)
    }

    /// The system's data folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Puts the clock to `time`, RFC 3339.
    pub fn put(&self, time: &str) {
        self.system.clock.put(time.parse().expect("a time"));
    }

    /// Puts the clock to nine in the morning in Beijing on `day`.
    pub fn put_day(&self, day: CalendarDate) {
        self.put(&format!("{day}T09:00:00+08:00"));
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.system.clock.now()
    }

    /// A number no one had before.
    pub fn next(&self) -> u32 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// Somebody who isn't signed in.
    pub fn nobody(&self) -> Person<'_> {
        Person { world: self, token: None }
    }

    /// A holder, signed in through WeChat.
    pub async fn holder(&self, name: &str) -> Person<'_> {
        let code = format!("demo-{name}-{}", self.next());
        let body = json!({ "app_id": WECHAT_APP, "code": code });
        let reply = self.nobody().post("/v1/session/wechat", body).await.expect(200);
        Person { world: self, token: Some(reply.text("/access_token")) }
    }

    /// A member of the demo staff, signed in. The clock moves on half a minute, so that the one-time code is a new one.
    pub async fn staff(&self, username: &str) -> Person<'_> {
        self.system.clock.put(self.now().plus_seconds(31));
        let keys = &self.system.keys;
        let code = staff::code(keys, username, self.now()).expect("a demo account").expect("a secret");
        let body = json!({ "username": username, "password": keys.staff_password, "code": code });
        let reply = self.nobody().post("/v1/session/staff", body).await.expect(200);
        Person { world: self, token: Some(reply.text("/access_token")) }
    }

    /// Runs the daily job.
    pub async fn run_job(&self) -> Report {
        self.system.reminder.run(Job::Daily, Duration::from_mins(2), |_| {}).await.expect("the job runs")
    }

    /// Every mail so far, oldest first, once the stream is drained.
    pub async fn mails(&self) -> Vec<StoredMail> {
        self.system.drain().await.expect("the stream drains");
        self.system.mailbox.messages().expect("the mailbox can be read")
    }

    /// Records recognised hours, in tenths, in the cycle that began on `cycle_start`.
    pub async fn record_hours(&self, holder: &str, cycle_start: &str, completed_on: &str, tenths: u32) {
        let holder = holder.parse::<HolderId>().expect("a holder");
        let done = completed_on.parse().expect("a date");
        let activity = Activity {
            form: CreditForm::Online,
            category: CreditCategory::Professional,
            title: "社会工作实务".parse().expect("a title"),
            course: None,
            provider: None,
            done_from: done,
            done_to: done,
            particulars: Particulars::default(),
        };
        let record = CreditRecord::entered(
            CreditId::mint(&holder, cycle_start.parse().expect("a date"), u128::from(self.next())),
            Whose {
                name: "张三".parse().expect("a name"), district: "420106".parse().expect("a district")
            },
            activity,
            Hours::from_tenths(tenths),
            "学时",
            Actor::System,
            self.now(),
        );
        self.system.app.store.record_credit(&record).await.expect("the store works");
    }

    /// Sends a request into the routers.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.system.api.clone().oneshot(request).await.expect("routers don't fail");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let page =
            parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/"));
        let body = match bytes.is_empty() {
            true => Value::Null,
            false if page => Value::from(String::from_utf8_lossy(&bytes)),
            false => serde_json::from_slice(&bytes).expect("JSON"),
        };
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

/// The rules, with Hubei's edited: what a test of a rule that no set has yet wants.
pub fn edited_rules(edits: &[(&str, &str)]) -> RuleLibrary {
    let mut hubei = include_str!("../../common/domain/rules/hubei.toml").to_owned();
    for (from, to) in edits {
        assert!(hubei.contains(from), "the rules have no {from}");
        hubei = hubei.replace(from, to);
    }
    let national = include_str!("../../common/domain/rules/national.toml");
    RuleLibrary::parse(&[&hubei, national]).expect("rules")
}

/// What a world stands on.
fn ground(time: &str) -> (TempDir, Options, Clock) {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        data: folder.path().to_owned(),
        in_memory: true,
        s3_port: 0,
        portal: "https://registry.example.com".to_owned(),
        rules: None,
    };
    let clock = Clock::movable();
    clock.put(time.parse().expect("a time"));
    common::telemetry::set_quiet(true);
    (folder, options, clock)
}

impl Person<'_> {
    /// Sends a request with headers of its own.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.world.send(request.body(body).expect("a request")).await
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None, &[]).await
    }

    /// `GET` of what is text and no JSON.
    pub async fn text(&self, path: &str) -> String {
        let mut request = Request::builder().uri(path);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::empty()).expect("a request");
        let response = self.world.system.api.clone().oneshot(request).await.expect("routers don't fail");
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        String::from_utf8(bytes.to_vec()).expect("text")
    }

    /// `POST` with a body.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(body), &[]).await
    }

    /// `POST` without one.
    pub async fn post_empty(&self, path: &str) -> Reply {
        self.send("POST", path, None, &[]).await
    }

    /// `PUT /v1/me`.
    pub async fn save_profile(&self, body: Value) -> Reply {
        self.send("PUT", "/v1/me", Some(body), &[]).await
    }

    /// `PATCH` of an application at its present version.
    pub async fn edit(&self, application: &str, body: Value) -> Reply {
        let path = format!("/v1/applications/{application}");
        let version = self.get(&path).await.expect(200).etag();
        self.send("PATCH", &path, Some(body), &[("If-Match", &version)]).await
    }

    /// Opens an application and gives its id.
    pub async fn open(&self, kind: &str) -> String {
        self.post("/v1/applications", json!({ "kind": kind })).await.expect(201).text("/id")
    }

    /// Uploads a small file as one kind of attachment, confirms it and gives its id. What is printed is a whole picture.
    pub async fn attach(&self, application: &str, kind: &str) -> String {
        let bytes = if kind == "photo" { portrait() } else { tiny_jpeg() };
        self.attach_file(application, kind, bytes).await
    }

    /// Uploads `bytes` as one kind of attachment, confirms it and gives its id.
    pub async fn attach_file(&self, application: &str, kind: &str, bytes: Vec<u8>) -> String {
        let request =
            json!({ "kind": kind, "file_name": "a.jpg", "content_type": "image/jpeg", "size": bytes.len() });
        let place =
            self.post(&format!("/v1/applications/{application}/attachments"), request).await.expect(201);
        let status = upload(&place.body["upload"], "a.jpg", "image/jpeg", bytes).await;
        assert_eq!(status, 201, "the embedded S3 takes the file");
        let id = place.text("/attachment/id");
        self.post_empty(&format!("/v1/attachments/{id}/confirmation")).await.expect(200);
        id
    }

    /// Submits.
    pub async fn submit(&self, application: &str) -> Reply {
        self.post_empty(&format!("/v1/applications/{application}/submission")).await
    }

    /// A reviewer opens an application and decides it.
    pub async fn decide(&self, application: &str, decision: Value) -> Reply {
        let opened = self.get(&format!("/v1/review/applications/{application}")).await.expect(200);
        let path = format!("/v1/review/applications/{application}/decision");
        self.send("POST", &path, Some(decision), &[("If-Match", &opened.etag())]).await
    }

    /// Opens a first registration with everything in it, ready to be submitted.
    pub async fn ready_first(&self, person: u32) -> String {
        self.save_profile(form(person)).await.expect(200);
        let application = self.open("first").await;
        for kind in ["photo", "identity_card_front", "identity_card_back", "certificate_scan"] {
            self.attach(&application, kind).await;
        }
        self.edit(&application, json!({ "declaration": true })).await.expect(200);
        application
    }

    /// Registers from nothing to a registration number, both stages included.
    pub async fn register(&self, person: u32) -> String {
        let application = self.ready_first(person).await;
        self.submit(&application).await.expect(200);
        let world = self.world;
        world.staff("chushen").await.decide(&application, json!({ "outcome": "approve" })).await.expect(200);
        let reviewer = world.staff("zhongshen").await;
        let decided = reviewer.decide(&application, json!({ "outcome": "approve" })).await.expect(200);
        decided.text("/registration_number")
    }
}

/// A registration number that was never given out.
pub fn nobodys_number() -> String {
    let mut numbers = (0..10).map(|check| format!("99999999999999{check}"));
    numbers.find(|number| number.parse::<RegistrationNumber>().is_ok()).expect("a check digit")
}

/// A whole form of the `person`-th person, all of them of 武汉市武昌区.
pub fn form(person: u32) -> Value {
    json!({
        "name": "张晓雯",
        "identity_document": { "kind": "resident_identity_card", "number": identity_number(person) },
        "mobile": "13800138000",
        "email": format!("person{person}@example.com"),
        "district": "420106",
        "education": "bachelor",
        "school": "华中师范大学",
        "political_status": "masses",
        "management_number": format!("20251042{person:08}"),
        "issued_on": "2026-01-15",
        "certificate_level": "assistant_social_worker",
        "employment_status": "full_time",
        "employer": "武汉市武昌区阳光社会工作服务中心",
        "position": "社工",
        "practice_field": "community",
        "memberships": [],
    })
}

/// The `person`-th valid identity number (GB 11643-1999).
pub fn identity_number(person: u32) -> String {
    let day = 1 + person % 28;
    let month = 1 + person / 28 % 12;
    let year = 1960 + person / 336 % 40;
    let digits = format!("420106{year:04}{month:02}{day:02}{:03}", person / 13_440 % 1000);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{digits}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

/// The first bytes of a JPEG, and no more: enough to be told by.
pub fn tiny_jpeg() -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 16];
    bytes.extend_from_slice(b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xFF\xD9");
    bytes
}

/// A portrait that nobody sat for, as a JPEG.
pub fn portrait() -> Vec<u8> {
    include_bytes!("photo.jpg").to_vec()
}

/// Uploads as `wx.uploadFile` and `curl -F` do: the fields, then the file as the last one, named `file`. Gives the
/// status.
pub async fn upload(upload: &Value, file_name: &str, content_type: &str, bytes: Vec<u8>) -> u16 {
    let mut form = reqwest::multipart::Form::new();
    for (name, value) in upload["fields"].as_object().expect("fields") {
        form = form.text(name.clone(), value.as_str().expect("a text").to_owned());
    }
    let file = reqwest::multipart::Part::bytes(bytes).file_name(file_name.to_owned());
    let file = file.mime_str(content_type).expect("a media type");
    let url = upload["url"].as_str().expect("a url");
    let response = reqwest::Client::new().post(url).multipart(form.part("file", file)).send().await;
    response.expect("the embedded S3 answers").status().as_u16()
}
