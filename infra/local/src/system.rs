//! The whole system in one process: every function's router over the embedded stores, the table's stream driving
//! `notifier`, a real SMTP line to the mailbox. Configured by the same variables as a deployed function; the only thing
//! that is put in by hand is the clock.

use crate::{
    dynamodb::{EmbeddedDynamoDb, StoreAt},
    employer::Identity,
    gateway::Gateway,
    keys::Keys,
    mailbox::Mailbox,
    s3::{Credentials as S3Credentials, EmbeddedS3},
    serve::LoopbackServer,
    staff,
    stream::{PumpOptions, StreamPump},
    wechat::WeChat,
};
use anyhow::{Context, Result};
use attachment::Attachments;
use aws_credential_types::Credentials;
use axum::Router;
use certificate::Certificates;
use common::{
    aws::{Endpoints, SdkParts},
    clock::Clock,
    config::Env,
    http::App,
};
use domain::{rules::RuleLibrary, subscription::Templates};
use education::Education;
use notifier::Notifier;
use registry::Registry;
use reminder::Reminder;
use review::Review;
use roster::RosterWorker;
use session::Session;
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};
use submission::Submission;

/// The records' table.
const TABLE: &str = "social-worker-registry";
/// The idempotency keys' table.
const IDEMPOTENCY_TABLE: &str = "social-worker-registry-idempotency";
/// The attachments' bucket.
const BUCKET: &str = "attachments";
/// The region everything says it's in.
const REGION: &str = "cn-north-1";
/// Whom calls are signed by that no function makes: those of the operator, who sets the system up.
const OPERATOR: &str = "operator";
/// How long a class list and its mails may take.
const DRAIN_WITHIN: Duration = Duration::from_mins(3);
/// What a run of `roster` has where it's deployed.
const ROSTER_TIMEOUT: Duration = Duration::from_mins(15);
/// The functions that reach the bucket.
const BUCKET_READERS: [&str; 5] = ["attachment", "review", "education", "roster", "certificate"];
/// The stand-in mini-program.
pub const WECHAT_APP: &str = "wx-local";
/// Its templates of subscribe messages.
pub const WECHAT_TEMPLATES: &str = r#"{ "wx-local": {
    "review": { "template_id": "local-review", "page": "pages/index/index", "data": {
        "thing1": "matter", "phrase2": "outcome", "time3": "at", "thing4": "note" } },
    "deadline": { "template_id": "local-deadline", "page": "pages/index/index", "data": {
        "thing1": "matter", "date2": "day", "number3": "days_left", "thing4": "note" } },
    "hours": { "template_id": "local-hours", "page": "pages/index/index", "data": {
        "thing1": "matter", "phrase2": "outcome", "number3": "hours", "thing4": "note" } }
} }"#;
/// The demo service client, the mini-program's own back end.
pub const SERVICE_CLIENT: &str = "demo-backend";

/// Where a system keeps its data, and where it listens.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder for keys, objects and mail.
    pub data: PathBuf,
    /// True to keep the tables in memory and nothing of the stream's place: what a test or a tour wants.
    pub in_memory: bool,
    /// The port of the embedded S3; 0 takes any.
    pub s3_port: u16,
    /// The address that links in mails lead to.
    pub portal: String,
    /// Rules to go by in the place of those that are compiled in: what a test of a rule that no set has yet wants.
    pub rules: Option<Arc<RuleLibrary>>,
}

/// A running system. Dropping it stops everything.
pub struct System {
    /// The clock that every function goes by.
    pub clock: Clock,
    /// Store, public keys, rules, as the operator has them.
    pub app: App,
    /// Every function's routes, under `/v1`.
    pub api: Router,
    /// The scheduled function.
    pub reminder: Arc<Reminder>,
    /// The function that goes through class lists.
    pub roster: Arc<RosterWorker>,
    /// What was mailed.
    pub mailbox: Mailbox,
    /// The stand-in for WeChat.
    pub wechat: WeChat,
    /// The secrets.
    pub keys: Keys,
    /// What employers on this machine show when they're called.
    pub employers: Identity,
    /// The variables the functions were configured by.
    pub env: Env,
    pumps: [StreamPump; 2],
    s3: EmbeddedS3,
    // In this order they are dropped: first who calls, last what is called.
    _wechat_server: LoopbackServer,
    dynamodb: EmbeddedDynamoDb,
}

impl System {
    /// Starts a system that goes by `clock`.
    pub async fn start(options: &Options, clock: Clock) -> Result<Self> {
        let database = options.data.join("registry.sqlite");
        let at = if options.in_memory { StoreAt::Memory } else { StoreAt::File(database) };
        // First, since it holds the lock that keeps a second process out of this folder.
        let dynamodb = EmbeddedDynamoDb::start(at)?;
        let endpoint = dynamodb.endpoint().to_owned();
        Self::start_over(options, clock, dynamodb, &endpoint).await
    }

    /// Starts a system over a database that is running and that its functions reach at `endpoint`: a test has something
    /// of its own listen in between.
    pub async fn start_over(
        options: &Options,
        clock: Clock,
        dynamodb: EmbeddedDynamoDb,
        endpoint: &str,
    ) -> Result<Self> {
        let keys = Keys::of_folder(&options.data)?;
        let signers = BUCKET_READERS
            .map(|name| S3Credentials { access_key: name.to_owned(), secret_key: keys.s3_secret.clone() });
        let s3 = EmbeddedS3::start(&options.data.join("s3"), &signers, BUCKET, options.s3_port).await?;
        let mailbox = Mailbox::start(&options.data.join("mail"), 0).await?;
        let templates: Templates = WECHAT_TEMPLATES.parse().context("the templates")?;
        let secret = keys.wechat_secret.clone();
        let wechat = WeChat::with_templates(WECHAT_APP, secret, &templates, clock.clone());
        let wechat_server = LoopbackServer::start(wechat.router(), 0).await.context("the WeChat stand-in")?;

        let roots = options.data.join("employers.pem");
        let employers = Identity::generate(&roots)?;
        let mut variables = variables(options, &keys, &mailbox, &wechat_server);
        variables.push(("WEBHOOK_EXTRA_ROOTS".to_owned(), roots.display().to_string()));
        let env = Env::of(variables);
        let endpoints =
            Endpoints { dynamodb: Some(endpoint.parse()?), s3: Some(s3.endpoint().parse()?), ses: None };
        let signed = |name| Credentials::new(name, keys.s3_secret.clone(), None, None, "local");
        let parts = SdkParts::new(REGION, signed(OPERATOR), endpoints)?;
        let app = with_rules(App::from_env(&env, &parts, clock.clone())?, options);
        app.store.create_tables().await?;
        staff::appoint(&app, &keys).await?;

        let functions = Functions {
            options,
            env: &env,
            clock: &clock,
            parts: |name| parts.with_credentials(signed(name)),
        };
        let api = functions.gateway().await?;
        let notifier = Arc::new(Notifier::from_env(&env, &(functions.parts)("notifier"), clock.clone())?);
        notifier.warm_up().await;
        let mut reminder = Reminder::from_env(&env, &(functions.parts)("reminder"), clock.clone())?;
        let mut roster = RosterWorker::from_env(&env, &(functions.parts)("roster"), clock.clone())?;
        if let Some(rules) = &options.rules {
            reminder = reminder.with_rules(rules.clone());
            roster = roster.with_rules(rules.clone());
        }
        reminder.warm_up().await;
        let (reminder, roster) = (Arc::new(reminder), Arc::new(roster));
        roster.warm_up().await;
        // Each consumer reads the stream by itself, as where it's deployed: a long class list keeps no mail waiting.
        let stream = |name: &str| PumpOptions {
            table: TABLE.to_owned(),
            region: REGION.to_owned(),
            batch_size: 100,
            position: (!options.in_memory).then(|| options.data.join(name)),
        };
        let worker = roster.clone();
        let pumps = [
            StreamPump::start(&dynamodb, stream("stream.position"), move |batch| {
                let notifier = notifier.clone();
                async move { deliver(&notifier, batch).await }
            })?,
            StreamPump::start(&dynamodb, stream("stream.roster.position"), move |batch| {
                let worker = worker.clone();
                async move { go_through(&worker, batch).await }
            })?,
        ];
        Ok(Self {
            clock,
            app,
            api,
            reminder,
            roster,
            mailbox,
            wechat,
            keys,
            employers,
            env,
            pumps,
            s3,
            _wechat_server: wechat_server,
            dynamodb,
        })
    }

    /// Returns once every change written before this call has been handed to the stream's consumers: class lists are gone
    /// through, and the mail is sent that all of it makes.
    pub async fn drain(&self) -> Result<()> {
        let [mail, lists] = &self.pumps;
        for pump in [lists, mail] {
            tokio::time::timeout(DRAIN_WITHIN, pump.drain()).await.context("the stream doesn't drain")??;
        }
        Ok(())
    }

    /// The embedded DynamoDB's endpoint.
    pub fn dynamodb_endpoint(&self) -> &str {
        self.dynamodb.endpoint()
    }

    /// The embedded S3.
    pub fn s3(&self) -> &EmbeddedS3 {
        &self.s3
    }
}

/// What the functions are made from. Each signs its calls with its own name, as each has a role of its own where it's
/// deployed.
struct Functions<'a, P> {
    options: &'a Options,
    env: &'a Env,
    clock: &'a Clock,
    parts: P,
}

impl<P: Fn(&'static str) -> SdkParts> Functions<'_, P> {
    /// The HTTP functions behind their gateway, started in the order that lets each learn the token keys.
    async fn gateway(&self) -> Result<Router> {
        let Self { options, env, clock, parts } = self;
        let app = |parts: &SdkParts| {
            App::from_env(env, parts, (*clock).clone()).map(|app| with_rules(app, options))
        };
        let own = parts("session");
        let session = Session::from_env(app(&own)?, env, &own)?;
        session.warm_up().await;
        let submission = Submission::from_env(app(&parts("submission"))?, env)?;
        submission.app.warm_up().await;
        let own = parts("attachment");
        let attachments = Attachments::from_env(app(&own)?, env, &own)?;
        attachments.app.warm_up().await;
        let own = parts("review");
        let review = Review::from_env(app(&own)?, env, &own)?;
        review.app.warm_up().await;
        let own = parts("education");
        let education = Education::from_env(app(&own)?, env, &own)?;
        education.app.warm_up().await;
        let registry = Registry::from_env(app(&parts("registry"))?, env)?;
        registry.app.warm_up().await;
        let own = parts("certificate");
        let certificates = Certificates::from_env(app(&own)?, env, &own)?;
        certificates.warm_up().await;
        let gateway = Gateway::default()
            .with(session::ROUTES, session::router(session))
            .with(submission::ROUTES, submission::router(submission))
            .with(attachment::ROUTES, attachment::router(attachments))
            .with(review::ROUTES, review::router(review))
            .with(education::ROUTES, education::router(education))
            .with(registry::ROUTES, registry::router(registry))
            .with(certificate::ROUTES, certificate::router(certificates));
        Ok(gateway.into_router())
    }
}

/// `app` by the rules that `options` name, where they do.
fn with_rules(app: App, options: &Options) -> App {
    match &options.rules {
        Some(rules) => app.with_rules(rules.clone()),
        None => app,
    }
}

/// Hands a batch to `notifier` as Lambda would, and has the batch come again where it names failed records.
async fn deliver(notifier: &Notifier, batch: serde_json::Value) -> Result<()> {
    let event = serde_json::from_value(batch).context("a batch of the stream isn't an event")?;
    let failed = notifier.handle(event).await.batch_item_failures.len();
    anyhow::ensure!(failed == 0, "{failed} records are to be handed over again");
    Ok(())
}

/// Hands a batch to `roster` as Lambda would.
async fn go_through(worker: &RosterWorker, batch: serde_json::Value) -> Result<()> {
    let call = serde_json::from_value(batch).context("a batch of the stream isn't a call")?;
    let failed = worker.handle(call, SystemTime::now() + ROSTER_TIMEOUT).await?.batch_item_failures.len();
    anyhow::ensure!(failed == 0, "{failed} records are to be handed over again");
    Ok(())
}

fn variables(
    options: &Options,
    keys: &Keys,
    mailbox: &Mailbox,
    wechat: &LoopbackServer,
) -> Vec<(String, String)> {
    let client_hash = hex::encode(common::crypto::sha256(keys.client_secret.as_bytes()));
    let variables = [
        ("TABLE_NAME", TABLE.to_owned()),
        ("IDEMPOTENCY_TABLE_NAME", IDEMPOTENCY_TABLE.to_owned()),
        ("BUCKET_NAME", BUCKET.to_owned()),
        ("FIELD_KEYS", format!("local={}", keys.field)),
        ("LOOKUP_KEY", keys.lookup.clone()),
        ("TOKEN_SEED", keys.token_seed.clone()),
        ("CERTIFICATE_SEED", keys.certificate_seed.clone()),
        ("WEBHOOK_SEED", keys.webhook_seed.clone()),
        // Whoever can reach this program is on this machine already.
        ("WEBHOOK_ALLOW_NETWORKS", "127.0.0.0/8,::1/128".to_owned()),
        ("TOKEN_ISSUER", "https://localhost/social-worker-registry".to_owned()),
        ("TOKEN_AUDIENCE", "social-worker-registry".to_owned()),
        ("WECHAT_BASE_URL", wechat.url()),
        ("WECHAT_APPS", format!("{WECHAT_APP}:{}", keys.wechat_secret)),
        ("WECHAT_TEMPLATES", WECHAT_TEMPLATES.to_owned()),
        ("SERVICE_CLIENTS", format!("{SERVICE_CLIENT}:{WECHAT_APP}:{client_hash}")),
        ("MAIL_CARRIER", "smtp".to_owned()),
        // This machine is in no hurry and takes no offence.
        ("MAIL_RATE", "1000".to_owned()),
        ("WECHAT_RATE", "1000".to_owned()),
        ("MAIL_OFFICE", "社会工作者登记管理办公室".to_owned()),
        ("MAIL_FROM", "registry@example.com".to_owned()),
        ("MAIL_ENQUIRIES", "当地社会工作登记管理机构（工作日 9:00–17:00）".to_owned()),
        ("PORTAL_URL", options.portal.clone()),
        ("UNSUBSCRIBE_URL", format!("{}/v1/mail/unsubscribe", options.portal.trim_end_matches('/'))),
        ("SMTP_HOST", mailbox.address().ip().to_string()),
        ("SMTP_PORT", mailbox.address().port().to_string()),
        ("SMTP_TLS", "none".to_owned()),
    ];
    variables.map(|(name, value)| (name.to_owned(), value)).to_vec()
}
