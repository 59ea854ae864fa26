//! The story: a holder registers and is told so; another is reminded; somebody types nonsense into the gateway. What
//! becomes of the registration is told by [`super::register`], who moves by [`super::moving`], and who watches by
//! [`super::watching`], who is told what by [`super::telling`].

use super::{
    mail,
    progress::Progress,
    stack::{Parameters, Stack},
    target::Target,
    telling::NAME,
};
use anyhow::{Context, Result, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use common::{auth::totp::TotpSecret, clock::Clock, crypto::sha256};
use domain::{date::CalendarDate, subscription::Templates};
use local::{
    serve::LoopbackServer,
    system::{WECHAT_APP as LOCAL_APP, WECHAT_TEMPLATES},
    tour::{
        client::{Call, Client, Reply},
        files,
    },
    wechat::WeChat,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const WECHAT_APP: &str = "wx-e2e";
const WECHAT_SECRET: &str = "e2e-mini-program-secret";
const CLIENT: &str = "e2e-backend";
const CLIENT_SECRET: &str = "e2e-backend-secret-long-and-random";
/// Where the stack's mail comes from.
const SENDER: &str = "registry@example.com";

/// A stand-in for WeChat, on loopback, where the functions of an emulator on this machine find it.
pub struct StandIn {
    pub(super) wechat: WeChat,
    server: LoopbackServer,
}

/// Starts the stand-in.
pub async fn wechat() -> Result<StandIn> {
    let templates: Templates = templates().parse().context("templates")?;
    let wechat = WeChat::with_templates(WECHAT_APP, WECHAT_SECRET, &templates, Clock::system());
    let server = LoopbackServer::start(wechat.router(), 0).await.context("the WeChat stand-in")?;
    Ok(StandIn { wechat, server })
}

/// The stand-in's templates of subscribe messages, for the story's mini-program.
fn templates() -> String {
    WECHAT_TEMPLATES.replace(LOCAL_APP, WECHAT_APP)
}

/// What the stack is deployed with.
pub fn parameters(stand_in: &StandIn) -> Parameters {
    let hash = hex::encode(sha256(CLIENT_SECRET.as_bytes()));
    let values = [
        ("WeChatApps", format!("{WECHAT_APP}:{WECHAT_SECRET}")),
        ("WeChatBaseUrl", stand_in.server.url()),
        ("WeChatTemplates", BASE64_STANDARD.encode(templates())),
        ("ServiceClients", format!("{CLIENT}:{WECHAT_APP}:{hash}")),
        ("MailCarrier", "ses".to_owned()),
        ("MailFrom", SENDER.to_owned()),
    ];
    values.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

/// Who has been registered, for looking again later and for what comes after it.
pub struct Registered {
    pub(super) name: String,
    pub(super) open_id: String,
    /// The certificate's management number.
    pub(super) certificate: String,
    pub(super) number: String,
    /// What was handed over to a training provider when it was appointed.
    pub(super) provider: Value,
    /// The same of the administrator.
    pub(super) administrator: Value,
    /// The same of those who review, stage by stage.
    pub(super) reviewers: [Value; 2],
}

/// Those who act for the office, signed in.
pub struct Office {
    pub(super) administrator: Client,
    /// Stage by stage.
    pub(super) reviewers: [Client; 2],
}

/// The story, being told about one deployed stack.
pub struct Story<'a> {
    pub(super) progress: &'a Progress,
    pub(super) target: &'a Target,
    pub(super) stack: &'a Stack,
    pub(super) stand_in: &'a StandIn,
    api: String,
    pub(super) today: CalendarDate,
    /// Who registers, at an address of this run alone: an emulator may keep the mail of others.
    pub(super) holder: String,
    /// Who is reminded.
    forgetful: String,
}

impl<'a> Story<'a> {
    /// A story about the `stack` whose API answers at `api`.
    pub fn new(
        progress: &'a Progress,
        target: &'a Target,
        stack: &'a Stack,
        stand_in: &'a StandIn,
        api: String,
    ) -> Self {
        // The deployed functions go by the real clock.
        let today = Clock::system().now().day();
        let address = |name: &str| format!("{name}@{}.example.com", stack.name());
        let (holder, forgetful) = (address("zhang.xiaowen"), address("li.wenbo"));
        Self { progress, target, stack, stand_in, api, today, holder, forgetful }
    }

    pub(super) async fn call(&self, client: &Client, call: Call<'_>, expected: u16) -> Result<Reply> {
        self.progress.page().send(client, call, expected).await
    }

    pub(super) async fn post(
        &self,
        client: &Client,
        path: &str,
        body: Value,
        expected: u16,
    ) -> Result<Reply> {
        self.call(client, Call::new(Method::POST, path).with(body), expected).await
    }

    pub(super) async fn get(&self, client: &Client, path: &str) -> Result<Reply> {
        self.call(client, Call::new(Method::GET, path), 200).await
    }

    pub(super) fn nobody(&self) -> Client {
        Client::new(&self.api)
    }

    /// The mini-program's own back end, which is an employer's as well.
    pub(super) fn service(&self) -> Client {
        Client::of_service(&self.api, CLIENT, CLIENT_SECRET)
    }

    async fn signed_in(&self, path: &str, body: Value) -> Result<Client> {
        let mut client = self.nobody();
        let reply = self.post(&client, path, body, 200).await?;
        client.sign_in(reply.text("/access_token")?);
        Ok(client)
    }

    /// A holder, by the mini-program's own back end: it needs no WeChat, so it works wherever the functions run.
    pub(super) async fn by_client(&self, open_id: &str) -> Result<Client> {
        let body = json!({ "client_id": CLIENT, "client_secret": CLIENT_SECRET, "open_id": open_id });
        self.signed_in("/v1/session/client", body).await
    }

    /// Appoints by the operator's order or by an administrator, and signs in.
    pub(super) async fn staff(&self, handed: &Value) -> Result<Client> {
        let text = |name: &str| handed[name].as_str().with_context(|| format!("no {name} was handed over"));
        let secret = TotpSecret::from_base32(text("totp_secret")?)?;
        let code = secret.code_at(Clock::system().now());
        let body = json!({ "username": text("username")?, "password": text("password")?, "code": code });
        self.signed_in("/v1/session/staff", body).await
    }

    /// Signs the office in again. A one-time code counts once: the next is there half a minute later.
    pub async fn office(&self, registered: &Registered) -> Result<Office> {
        let past = Clock::system().now().unix_seconds().rem_euclid(30).unsigned_abs();
        tokio::time::sleep(Duration::from_secs(31 - past)).await;
        let administrator = self.staff(&registered.administrator).await?;
        let [first, last] = &registered.reviewers;
        Ok(Office { administrator, reviewers: [self.staff(first).await?, self.staff(last).await?] })
    }

    /// From nothing to a registration number and the letter about it.
    pub async fn registers(&self) -> Result<Registered> {
        self.progress.step("操作员任命首位管理员，管理员任命初审员、终审员和培训机构");
        // Emulators want to know the sender, as SES does.
        self.stack.aws(&["ses", "verify-email-identity", "--email-address", SENDER])?;
        let post = |username: &str, name: &str, role: &str, area: &str| json!({ "username": username, "name": name, "roles": [role], "area": area });
        let session = self.stack.output("SessionFunction")?;
        let order = json!({ "appoint": post("sheng-admin", "省级管理员", "administrator", "42") });
        let handed = self.stack.invoke(&session, &order)?;
        let administrator = self.staff(&handed).await?;
        let first = post("chushen", "武汉初审员", "preliminary_reviewer", "4201");
        let first = self.post(&administrator, "/v1/staff", first, 201).await?;
        let last = post("zhongshen", "湖北终审员", "final_reviewer", "42");
        let last = self.post(&administrator, "/v1/staff", last, 201).await?;
        let provider = post("peixun", "省社会工作培训中心", "provider", "42");
        let provider = self.post(&administrator, "/v1/staff", provider, 201).await?.body;

        self.progress.step("持证人登录，填写资料，上传材料，提交；重发一次只算一次");
        let open_id = self.stand_in.wechat.open_id(NAME);
        // Functions that run elsewhere can't reach this machine's loopback.
        let holder = if self.target.is_here() {
            let code = json!({ "app_id": WECHAT_APP, "code": "demo-zhangxiaowen-1" });
            self.signed_in("/v1/session/wechat", code).await?
        } else {
            self.by_client(&open_id).await?
        };
        let name = "张晓雯".to_owned();
        let profile = form(&name, "420106199203154126", &self.holder, self.today.plus_days(-100));
        let certificate = profile["management_number"].as_str().unwrap_or_default().to_owned();
        self.call(&holder, Call::new(Method::PUT, "/v1/me").with(profile), 200).await?;
        let opened = self.post(&holder, "/v1/applications", json!({ "kind": "first" }), 201).await?;
        let id = opened.text("/id")?.to_owned();
        for (kind, name) in files::PAPERS {
            self.upload(&holder, &id, kind, name).await?;
        }
        let path = format!("/v1/applications/{id}");
        let version = self.get(&holder, &path).await?.etag;
        let edit = Call::new(Method::PATCH, &path).with(json!({ "declaration": true }));
        self.call(&holder, Call { if_match: version.as_deref(), ..edit }, 200).await?;
        let submission = format!("{path}/submission");
        let submit = || Call { idempotency_key: Some("e2e-first"), ..Call::new(Method::POST, &submission) };
        let receipt = self.call(&holder, submit(), 200).await?;
        let again = self.call(&holder, submit(), 200).await?;
        ensure!(receipt.body == again.body, "a retried submission got another reply");
        self.progress.shows("受理回执", receipt.text("/receipt/number")?);
        self.mail(&self.holder, "提交成功").await?;

        self.progress.step("初审、终审通过，登记号当场产生，信随数据流发出");
        let mut number = None;
        for reviewer in [&first.body, &last.body] {
            let reviewer = self.staff(reviewer).await?;
            let queue = self.get(&reviewer, "/v1/review/queue").await?;
            ensure!(
                queue.body["items"][0]["application_id"] == json!(id),
                "the queue doesn't show it: {}",
                queue.body
            );
            let opened = self.get(&reviewer, &format!("/v1/review/applications/{id}")).await?;
            let photo = reqwest::get(opened.text("/downloads/0/url")?).await?;
            ensure!(photo.status().is_success(), "the reviewer can't see an attachment: {}", photo.status());
            let decision = format!("/v1/review/applications/{id}/decision");
            let decide = Call::new(Method::POST, &decision).with(json!({ "outcome": "approve" }));
            let decided =
                self.call(&reviewer, Call { if_match: opened.etag.as_deref(), ..decide }, 200).await?;
            number = decided.body["registration_number"].as_str().map(str::to_owned).or(number);
        }
        let number = number.context("there is no registration number")?;
        self.progress.shows("登记号", &number);
        let letter = self.mail(&self.holder, &format!("登记号 {number}")).await?;
        ensure!(letter.text.contains("有效期"), "the letter doesn't say until when: {}", letter.text);
        let reviewers = [first.body, last.body];
        Ok(Registered { name, open_id, certificate, number, provider, administrator: handed, reviewers })
    }

    pub(super) async fn upload(
        &self,
        holder: &Client,
        application: &str,
        kind: &str,
        name: &str,
    ) -> Result<()> {
        self.progress.page().attach(holder, application, kind, name).await
    }

    /// Waits for a mail.
    pub(super) async fn mail(&self, to: &str, about: &str) -> Result<mail::Sent> {
        let sent = mail::wait_for(self.target, to, about).await?;
        self.progress.shows("✉", &format!("{to}「{}」", sent.subject));
        Ok(sent)
    }

    /// Somebody who hasn't registered, and whose window soon closes, is reminded by the scheduled function, once.
    pub async fn is_reminded(&self) -> Result<()> {
        self.progress.step("另一位持证人只填了资料，窗口快关闭：每日任务提醒他，且只提醒一次");
        let forgetful = self.by_client("oE2E-forgetful-holder-00001").await?;
        let issued_on = self.today.plus_days(20).plus_years(-1);
        let profile = form("李文博", "420106198811234512", &self.forgetful, issued_on);
        self.call(&forgetful, Call::new(Method::PUT, "/v1/me").with(profile), 200).await?;
        let reminder = self.stack.output("ReminderFunction")?;
        let report = self.stack.invoke(&reminder, &json!({ "job": "daily" }))?;
        self.progress.shows("每日任务", &report.to_string());
        ensure!(report["complete"] == true && report["failed"] == 0, "the job didn't finish: {report}");
        // The stack's own schedule may have been faster.
        self.mail(&self.forgetful, "首次登记").await?;
        let again = self.stack.invoke(&reminder, &json!({ "job": "daily" }))?;
        ensure!(again["planned"] == 0, "a second run planned again: {again}");
        let mails =
            mail::all(self.target).await?.into_iter().filter(|mail| mail.to == self.forgetful).count();
        ensure!(mails == 1, "he got {mails} mails");
        Ok(())
    }

    /// What the functions and the gateway itself answer to nonsense is a problem that a person can read.
    pub async fn meets_the_gateway(&self) -> Result<()> {
        self.progress.step("网关与函数的错误都是 problem+json");
        let nobody = self.nobody();
        let too_long = json!({ "code": "x".repeat(300 * 1024) });
        for (call, expected) in [
            (Call::new(Method::GET, "/v1/me"), 401),
            (Call::new(Method::GET, "/v1/applications/%E7%94%B3%E8%AF%B7%201"), 401),
            (Call::new(Method::POST, "/v1/session/wechat").with(json!({ "code": 7 })), 422),
            (Call::new(Method::POST, "/v1/session/wechat").with(too_long), 413),
        ] {
            let reply = self.call(&nobody, call, expected).await?;
            ensure!(
                reply.content_type.starts_with("application/problem+json"),
                "an error as {}: {}",
                reply.content_type,
                reply.body
            );
            self.progress.shows(reply.text("/code")?, reply.text("/detail")?);
        }
        let keys = self.get(&nobody, "/v1/session/keys").await?;
        ensure!(keys.body["keys"].as_array().is_some_and(|keys| keys.len() == 1), "keys: {}", keys.body);
        Ok(())
    }

    /// The data survived a deployment.
    pub async fn is_still_registered(&self, registered: &Registered) -> Result<()> {
        let holder = self.by_client(&registered.open_id).await?;
        let me = self.get(&holder, "/v1/me").await?;
        let mut all = me.body["registrations"].as_array().into_iter().flatten();
        ensure!(
            all.any(|held| held["number"] == json!(registered.number)),
            "the registration is gone: {}",
            me.body
        );
        Ok(())
    }
}

/// Everything a first registration asks for.
fn form(name: &str, identity: &str, email: &str, issued_on: CalendarDate) -> Value {
    json!({
        "name": name,
        "identity_document": { "kind": "resident_identity_card", "number": identity },
        "mobile": "13800138000",
        "email": email,
        "district": "420106",
        "education": "bachelor",
        "school": "华中师范大学",
        "political_status": "masses",
        "management_number": format!("2025104201{}", &identity[6..14]),
        "issued_on": issued_on,
        "certificate_level": "assistant_social_worker",
        "employment_status": "full_time",
        "employer": "武汉市武昌区阳光社会工作服务中心",
        "position": "社工",
        "practice_field": "community",
        "memberships": [],
    })
}
