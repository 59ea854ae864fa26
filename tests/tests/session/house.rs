//! A `session` function of its own for each test, with a clock that stands where it's put, and what tests do with it.

use aws_sdk_dynamodb::types::AttributeValue;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
};
use common::{
    auth::{principal::Principal, totp::TotpSecret},
    aws::SdkParts,
    clock::Clock,
    config::Env,
    crypto::{generate_key, sha256},
    http::App,
    store::{JournalLine, Store},
};
use domain::{
    actor::Role,
    date::Instant,
    id::{HolderId, StaffId},
};
use local::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    serve::LoopbackServer,
    wechat::WeChat,
};
use serde_json::{Value, json};
use session::{NewStaff, Session};
use std::collections::HashMap;
use tests::{
    Reply,
    bare::{TABLE, parts},
};
use tower::ServiceExt;

pub const APP: &str = "wx1";
pub const CLIENT: &str = "backend";
pub const CLIENT_SECRET: &str = "a back end's secret, long and random";
pub const KEYS_TABLE: &str = "keys";

/// A running function and all that's behind it.
pub struct House {
    pub app: App,
    pub parts: SdkParts,
    pub variables: HashMap<String, String>,
    pub wechat: WeChat,
    pub clock: Clock,
    pub router: Router,
    _wechat_server: LoopbackServer,
    _database: EmbeddedDynamoDb,
}

/// A member of staff with what they sign in with.
#[derive(Clone)]
pub struct Staff {
    pub id: StaffId,
    pub username: String,
    pub password: String,
    pub totp: TotpSecret,
}

impl House {
    pub async fn new() -> Self {
        common::telemetry::set_quiet(true);
        let database = EmbeddedDynamoDb::start(StoreAt::Memory).unwrap();
        let wechat = WeChat::new(APP, "mini secret");
        let server = LoopbackServer::start(wechat.router(), 0).await.unwrap();
        let variables = HashMap::from(
            [
                ("TABLE_NAME", TABLE.to_owned()),
                ("IDEMPOTENCY_TABLE_NAME", KEYS_TABLE.to_owned()),
                ("FIELD_KEYS", format!("k1={}", generate_key().unwrap())),
                ("LOOKUP_KEY", generate_key().unwrap()),
                ("TOKEN_SEED", generate_key().unwrap()),
                ("TOKEN_ISSUER", "https://registry.example.cn".to_owned()),
                ("TOKEN_AUDIENCE", "registry".to_owned()),
                ("WECHAT_BASE_URL", server.url()),
                ("WECHAT_APPS", format!("{APP}:mini secret")),
                (
                    "SERVICE_CLIENTS",
                    format!("{CLIENT}:{APP}:{}", hex::encode(sha256(CLIENT_SECRET.as_bytes()))),
                ),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        let parts = parts(database.endpoint());
        let clock = Clock::movable();
        assert!(clock.put("2026-03-02T10:00:05+08:00".parse().unwrap()));
        let app = App::from_env(&Env::of(variables.clone()), &parts, clock.clone()).unwrap();
        app.store.create_tables().await.unwrap();
        let session = Session::from_env(app.clone(), &Env::of(variables.clone()), &parts).unwrap();
        let router = session::router(session);
        Self { app, parts, variables, wechat, clock, router, _wechat_server: server, _database: database }
    }

    /// The same function after a change of its configuration.
    pub fn configured(&self, name: &str, value: &str) -> Router {
        let mut variables = self.variables.clone();
        variables.insert(name.to_owned(), value.to_owned());
        session::router(Session::from_env(self.app.clone(), &Env::of(variables), &self.parts).unwrap())
    }

    /// From now on the function is one that was started with a change of its configuration.
    pub fn reconfigure(&mut self, name: &str, value: &str) {
        self.router = self.configured(name, value);
    }

    pub fn store(&self) -> &Store {
        &self.app.store
    }

    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Moves the clock on.
    pub fn pass(&self, seconds: i64) {
        assert!(self.clock.put(self.now().plus_seconds(seconds)));
    }

    /// `POST` by nobody in particular.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, None, Some(body), &[]).await
    }

    /// A request by the bearer of `token`.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Reply {
        send(&self.router, method, path, token, body, headers).await
    }

    /// Signs `name` in by WeChat with a code nobody used.
    pub async fn holder(&self, name: &str) -> Reply {
        let code = format!("demo-{name}-{}", hex::encode(common::crypto::random_bytes::<8>().unwrap()));
        self.post("/v1/session/wechat", json!({ "code": code })).await.expect(200)
    }

    pub async fn refresh(&self, token: &str) -> Reply {
        self.post("/v1/session/refresh", json!({ "refresh_token": token })).await
    }

    /// Makes an account on the operator's word.
    pub async fn appoint(&self, username: &str, roles: &[Role], area: &str) -> Staff {
        let new = NewStaff {
            username: username.to_owned(),
            name: "王五".to_owned(),
            roles: roles.iter().copied().collect(),
            area: (!area.is_empty()).then(|| area.parse().unwrap()),
            email: None,
            identity: None,
        };
        let made = session::appoint(&self.app, new).await.unwrap();
        let totp = TotpSecret::from_base32(&made.totp_secret).unwrap();
        Staff { id: made.id, username: username.to_owned(), password: made.password, totp }
    }

    /// The administrator of `area`, signed in: the account and an access token.
    pub async fn administrator(&self, username: &str, area: &str) -> (Staff, String) {
        let staff = self.appoint(username, &[Role::Administrator], area).await;
        let token = self.sign_in(&staff).await.expect(200).text("/access_token");
        (staff, token)
    }

    /// Signs in half a minute later, when the one-time code is a new one.
    pub async fn sign_in(&self, staff: &Staff) -> Reply {
        self.pass(31);
        self.try_in(&staff.username, &staff.password, &staff.totp.code_at(self.now())).await
    }

    /// Tries to sign in with these.
    pub async fn try_in(&self, username: &str, password: &str, code: &str) -> Reply {
        let body = json!({ "username": username, "password": password, "code": code });
        self.post("/v1/session/staff", body).await
    }

    /// Whom an access token speaks for.
    pub async fn principal(&self, token: &str) -> Principal {
        self.app.verify(token, self.now()).await.unwrap().principal
    }

    pub async fn journal(&self, staff: &StaffId) -> Vec<JournalLine> {
        self.store().journal(staff.as_str(), 200, None).await.unwrap().items
    }

    /// What the table has under a key, whole, as text.
    pub async fn raw(&self, pk: &str, sk: &str) -> String {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let found = self.parts.dynamodb().get_item().table_name(TABLE);
        let found = found.key("pk", text(pk)).key("sk", text(sk)).send().await.unwrap();
        format!("{:?}", found.item.expect("an item"))
    }
}

/// A request into a router.
pub async fn send(
    router: &Router,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
    headers: &[(&str, &str)],
) -> Reply {
    let mut request = Request::builder().method(method).uri(path).header("x-forwarded-for", "203.0.113.7");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let request = request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
    Reply { status: parts.status, headers: parts.headers, body }
}

/// The holder that a reply names.
pub fn holder_of(reply: &Reply) -> HolderId {
    reply.text("/holder_id").parse().unwrap()
}

/// The error's code by field.
pub fn field_codes(reply: &Reply) -> Vec<(String, String)> {
    let errors = reply.body["errors"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    errors.iter().map(|error| (text(&error["field"]), text(&error["code"]))).collect()
}

/// A refusal without what differs from one to the next.
pub fn refusal(reply: &Reply) -> Value {
    let mut body = reply.body.clone();
    body.as_object_mut().unwrap().remove("trace_id").expect("a trace id");
    json!([reply.status.as_u16(), body])
}
