//! Access tokens for subscribe messages: read from the table's one copy, and asked for under its lease.
//!
//! One function, `notifier`, asks for the next token while the present one still lives (it *keeps* it): in its last
//! minutes, in which WeChat gives a new one and lets both live. The others read, and ask only where no token lives. A
//! token is forced only where WeChat calls one invalid and gives the same one again, under the lease, and seldom.

use crate::{
    store::{CachedToken, Store, StoreError},
    wechat::{CallFailed, MiniProgram, WeChatClient},
};
use domain::date::Instant;
use std::time::Duration;

/// Of a token's last seconds, those in which it isn't used any more.
const SPARE_SECONDS: i64 = 10;
/// Of a token's last seconds, those in which its keeper asks for the next one. WeChat gives none before the last 300.
const EARLY_SECONDS: i64 = 280;
/// Seconds between two tokens that are forced: WeChat allows twenty a day.
const FORCE_PAUSE_SECONDS: i64 = 75 * 60;
/// How long to wait for whoever has the lease, look by look.
const LOOKS: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_500),
];

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoToken {
    /// WeChat gave none.
    #[error("stable_token: {0}")]
    Call(#[from] CallFailed),
    /// Somebody else is asking, and takes long.
    #[error("somebody else asks for a token and takes long")]
    Awaited,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Gets tokens.
pub(super) struct Tokens<'a> {
    pub client: &'a WeChatClient,
    pub store: &'a Store,
    /// True for the one function that asks before there is need.
    pub keeper: bool,
}

impl Tokens<'_> {
    /// A token of `program` that lives at `now`, and isn't `rejected`.
    pub async fn get(
        &self,
        program: &MiniProgram,
        rejected: Option<&str>,
        now: Instant,
    ) -> Result<String, NoToken> {
        for look in 0..=LOOKS.len() {
            if let Some(wait) = look.checked_sub(1).and_then(|before| LOOKS.get(before)) {
                tokio::time::sleep(*wait).await;
            }
            let cached = self.store.wechat_token(&program.app_id).await?;
            let lives = |token: &&CachedToken| {
                token.expires_at > now.plus_seconds(SPARE_SECONDS) && Some(token.token.as_str()) != rejected
            };
            let usable = cached.as_ref().filter(lives);
            let early = self.keeper
                && usable.is_some_and(|token| token.expires_at <= now.plus_seconds(EARLY_SECONDS));
            if let (Some(usable), false) = (usable, early) {
                return Ok(usable.token.clone());
            }
            let asked = self.ask(program, cached.as_ref(), rejected, now).await;
            match (asked, usable) {
                (Ok(Some(token)), _) => return Ok(token),
                // The present one still lives, whatever became of the next.
                (Ok(None) | Err(NoToken::Call(_)), Some(usable)) => return Ok(usable.token.clone()),
                (Ok(None), None) => {}
                (Err(error), _) => return Err(error),
            }
        }
        Err(NoToken::Awaited)
    }

    /// Asks WeChat, where nobody else does.
    async fn ask(
        &self,
        program: &MiniProgram,
        seen: Option<&CachedToken>,
        rejected: Option<&str>,
        now: Instant,
    ) -> Result<Option<String>, NoToken> {
        let Some(lease) = self.store.lease_wechat_token(&program.app_id, seen, now).await? else {
            return Ok(None);
        };
        let mut token = self.client.stable_token(&program.app_id, &program.secret, false).await?;
        if Some(token.token.as_str()) == rejected {
            let forced = seen.and_then(|seen| seen.forced_at);
            let may = forced.is_none_or(|forced| forced.plus_seconds(FORCE_PAUSE_SECONDS) <= now);
            if !may || !self.store.note_forced(&lease, now).await? {
                return Err(NoToken::Awaited);
            }
            tracing::warn!(app = program.app_id, "WeChat calls its own token invalid; another one is forced");
            token = self.client.stable_token(&program.app_id, &program.secret, true).await?;
        }
        self.store.keep_wechat_token(&lease, &token, now).await?;
        Ok(Some(token.token))
    }
}
