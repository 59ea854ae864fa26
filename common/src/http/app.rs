//! What every HTTP function has: the store, the public keys, the rules, the clock. And the one way in which a write
//! goes: load, decide, commit, reply.

use super::{IfMatch, Problem, Write};
use crate::{
    auth::{
        keys::PublishedKey,
        token::{TokenError, TokenVerifier, Verified},
    },
    aws::SdkParts,
    clock::Clock,
    config::{ConfigError, Env},
    crypto::{FieldCipher, KeyRing, decode_key, random_u128},
    store::{Committed, Lost, Replay, Reply, Store, StoreError, Tables},
};
use axum::{
    http::HeaderValue,
    response::{IntoResponse, Response},
};
use domain::{
    application::{Application, Change, Entropy, UniqueKey},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    error::Refusal,
    id::{ApplicationId, HolderId},
    rules::RuleLibrary,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant as Stopwatch},
};

/// How often a minute a token by an unknown key makes for a look at the published ones. Enough for every change of seed
/// there will ever be; forged tokens, each with a key of its own, cost no more.
const LOOKS_A_MINUTE: u32 = 10;
const MINUTE: Duration = Duration::from_mins(1);
/// How often a registration number that turned out to be taken is drawn again.
const NUMBER_DRAWS: u32 = 5;

/// What every HTTP function shares. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The store.
    pub store: Store,
    tokens: Arc<Tokens>,
    /// The rules.
    pub rules: Arc<RuleLibrary>,
    /// The clock.
    pub clock: Clock,
    /// The origin of the pages that may read answers from a browser (CORS); none where nobody's may.
    pub(super) console: Option<HeaderValue>,
}

/// The verifier of access tokens, and how often it was taught since when.
struct Tokens {
    verifier: TokenVerifier,
    looks: Mutex<(Stopwatch, u32)>,
}

impl App {
    /// Reads the configuration: `TABLE_NAME`, `IDEMPOTENCY_TABLE_NAME`, `FIELD_KEYS`, `LOOKUP_KEY`, `TOKEN_ISSUER`,
    /// `TOKEN_AUDIENCE`, and `CONSOLE_ORIGIN` where there is a console in browsers.
    pub fn from_env(env: &Env, parts: &SdkParts, clock: Clock) -> Result<Self, ConfigError> {
        let store = Self::store(env, parts)?;
        let rules = store.rules().clone();
        let issuer = env.required("TOKEN_ISSUER", "the `iss` of access tokens")?;
        let audience = env.required("TOKEN_AUDIENCE", "the `aud` of access tokens")?;
        let verifier = TokenVerifier::new(&issuer, &audience);
        let tokens = Arc::new(Tokens { verifier, looks: Mutex::new((Stopwatch::now(), 0)) });
        let purpose = "the origin of the pages that may read answers, such as https://console.example.com";
        let console = env.get("CONSOLE_ORIGIN").map(|_| env.parsed("CONSOLE_ORIGIN", purpose)).transpose()?;
        Ok(Self { store, tokens, rules, clock, console })
    }

    /// The store alone, for functions that have no HTTP.
    pub fn store(env: &Env, parts: &SdkParts) -> Result<Store, ConfigError> {
        let rules = RuleLibrary::compiled_in().map_err(|error| ConfigError::Unusable(error.to_string()))?;
        let tables = Tables {
            records: env.required("TABLE_NAME", "the name of the records' table")?,
            idempotency: env.required("IDEMPOTENCY_TABLE_NAME", "the name of the idempotency keys' table")?,
        };
        let ring: KeyRing = env.parsed("FIELD_KEYS", "the keys that identity documents are sealed with")?;
        let unusable = |error: crate::crypto::CryptoError| ConfigError::Unusable(error.to_string());
        let lookup =
            env.required("LOOKUP_KEY", "the key of the hash that identity documents are found by")?;
        let lookup = decode_key(&lookup).map_err(|error| ConfigError::Malformed {
            name: "LOOKUP_KEY",
            purpose: "the key of the hash that identity documents are found by",
            why: error.to_string(),
        })?;
        let cipher = Arc::new(FieldCipher::new(&ring, &lookup).map_err(unusable)?);
        Ok(Store::new(parts.dynamodb(), tables, cipher, Arc::new(rules)))
    }

    /// The same with `rules` in the place of those that are compiled in.
    #[must_use]
    pub fn with_rules(self, rules: Arc<RuleLibrary>) -> Self {
        Self { store: self.store.with_rules(rules.clone()), rules, ..self }
    }

    /// Opens the table's connection by learning the published keys, while a starting function still has its whole CPU
    /// (see docs/ARCHITECTURE.md, "Boot"). An error is only logged: the first request will meet it again and answer it.
    pub async fn warm_up(&self) {
        if let Err(error) = self.learn_keys(self.now()).await {
            tracing::warn!(%error, code = error.code(), "warm-up failed");
        }
    }

    /// Learns the published keys.
    pub async fn learn_keys(&self, now: Instant) -> Result<Vec<PublishedKey>, StoreError> {
        let keys = self.store.token_keys(now).await?;
        self.tokens.verifier.learn(keys.iter().copied());
        Ok(keys)
    }

    /// True where another look at the published keys may be had this minute; counts it.
    fn may_look(&self) -> bool {
        let mut looks = self.tokens.looks.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.0.elapsed() >= MINUTE {
            *looks = (Stopwatch::now(), 0);
        }
        looks.1 += 1;
        looks.1 <= LOOKS_A_MINUTE
    }

    /// Verifies an access token as of `now`. One by a key that isn't known makes for a look at the published ones:
    /// `session` may have a new seed.
    pub async fn verify(&self, token: &str, now: Instant) -> Result<Verified, Problem> {
        let verified = self.tokens.verifier.verify(token, now);
        if verified == Err(TokenError::UnknownKey) && self.may_look() {
            self.learn_keys(now).await?;
            return Ok(self.tokens.verifier.verify(token, now)?);
        }
        Ok(verified?)
    }

    /// A write: loads the dossier of `holder`, lets `decide` make a change and its reply, commits both with the
    /// idempotency key, and replies. A request that was done before gets the reply it got then, whether the echo shows
    /// as a refusal (the state has moved on) or as a lost commit.
    pub async fn execute<T>(
        &self,
        write: &Write<T>,
        holder: &HolderId,
        decide: impl Fn(&Dossier, Entropy) -> Result<(Change, Reply), Problem>,
    ) -> Result<Response, Problem> {
        self.execute_since(Dossier::since(write.received.at.day()), write, holder, decide).await
    }

    /// As [`execute`](Self::execute), on a dossier that reaches back to `since`: for what may be of a cycle that the
    /// working set has left behind.
    pub async fn execute_since<T>(
        &self,
        since: CalendarDate,
        write: &Write<T>,
        holder: &HolderId,
        decide: impl Fn(&Dossier, Entropy) -> Result<(Change, Reply), Problem>,
    ) -> Result<Response, Problem> {
        let dossier = self.store.dossier_since(holder, since, write.received.at).await?;
        for _ in 0..NUMBER_DRAWS {
            let entropy = Entropy(random_u128().map_err(Problem::internal)?);
            if let Some(response) = self.attempt(write, decide(&dossier, entropy)).await? {
                return Ok(response);
            }
        }
        Err(Problem::busy("registration numbers kept colliding"))
    }

    /// The second half of [`execute`](Self::execute), for a write that has to wait for something between loading and
    /// deciding: commits what was decided on a dossier that the caller loaded, and replies.
    pub async fn settle<T>(
        &self,
        write: &Write<T>,
        decided: Result<(Change, Reply), Problem>,
    ) -> Result<Response, Problem> {
        // Beside the handler's own state, which holds what was decided once more.
        let response = Box::pin(self.attempt(write, decided)).await?;
        response.ok_or_else(|| Problem::busy("a registration number collided"))
    }

    /// Commits what was decided, with the reply to remember. Nothing comes back where the registration number drawn is
    /// taken.
    async fn attempt<T>(
        &self,
        write: &Write<T>,
        decided: Result<(Change, Reply), Problem>,
    ) -> Result<Option<Response>, Problem> {
        let (mut change, reply) = match decided {
            Ok(decided) => decided,
            Err(problem) => return self.echo_or(write, problem).await.map(Some),
        };
        change.journal.from.clone_from(&write.received.from);
        let remembered = write.idempotency.as_ref().map(|key| (key, &reply));
        match self.store.commit(&change, remembered).await {
            Err(Lost::Taken(UniqueKey::Registration(_))) => Ok(None),
            committed => self.answer(write, committed, reply).await.map(Some),
        }
    }

    /// Replies once a commit went through or was lost: with `reply`, or with what was replied the first time.
    pub async fn answer<T>(
        &self,
        write: &Write<T>,
        committed: Result<Committed, Lost>,
        reply: Reply,
    ) -> Result<Response, Problem> {
        match committed {
            Ok(Committed::Now) => Ok(reply.into_response()),
            Ok(Committed::Before(reply)) => Ok(reply.into_response()),
            Err(lost @ (Lost::Store(_) | Lost::KeyReused)) => Err(lost.into()),
            Err(lost) => self.echo_or(write, lost.into()).await,
        }
    }

    /// The remembered reply where this request was done before, else `problem`.
    async fn echo_or<T>(&self, write: &Write<T>, problem: Problem) -> Result<Response, Problem> {
        self.echo(write).await?.ok_or(problem)
    }

    /// The remembered reply where this request was done before. Asked for by a write that finds nothing left to do.
    pub async fn echo<T>(&self, write: &Write<T>) -> Result<Option<Response>, Problem> {
        let Some(key) = &write.idempotency else { return Ok(None) };
        match self.store.replay(key, write.received.at).await? {
            Some(Replay::Same(reply)) => Ok(Some(reply.into_response())),
            Some(Replay::Reused) => Err(Lost::KeyReused.into()),
            None => Ok(None),
        }
    }

    /// The identity document's keyed hash in an application's form.
    pub fn identity_key(&self, form: &domain::form::Form) -> Option<domain::id::IdentityKey> {
        form.identity_document
            .as_ref()
            .map(|document| self.store.cipher().identity_key(&document.canonical()))
    }

    /// The application `id` in its holder's dossier, in the version that `If-Match` asks for.
    pub fn find<'a>(
        dossier: &'a Dossier,
        id: &ApplicationId,
        version: Option<IfMatch>,
    ) -> Result<&'a Application, Problem> {
        let application = dossier.application(id).ok_or(Refusal::UnknownApplication)?;
        match version {
            Some(IfMatch(version)) if version != application.version => Err(Problem::stale()),
            _ => Ok(application),
        }
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }
}
