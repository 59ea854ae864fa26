//! The postman's other way: subscribe messages of WeChat's, for what the holder accepted. What goes this way isn't mailed;
//! what WeChat doesn't carry after all is.
//!
//! The first attempt at a message decides its way. It spends an acceptance in the transaction that notes so in the
//! outbox, so a sender that dies spends none for nothing, and who takes over sends what is paid for. Like a mail, a
//! message is sent at least once: twice only where a sender died between sending and marking.

use super::{
    Pace,
    carrier::without_addresses,
    postman::later,
    wechat_tokens::{NoToken, Tokens},
};
use crate::{
    config::{ConfigError, Env},
    store::{Delivery, Leased, Payment, Settled, Store, StoreError, WeChatLink},
    wechat::{
        CallFailed, DEFAULT_BASE_URL, MiniPrograms, SubscribeMessage, WeChatClient, templates_from,
        templates_unusable,
    },
};
use domain::{
    date::Instant,
    delivery::Channel,
    notification::Notification,
    subscription::{Template, Templates, Told, Verdict, told, verdict},
};
use std::{collections::BTreeMap, num::NonZeroU32};

/// Messages in a second, where nothing else is configured. WeChat publishes no such limit, only that there is one.
const MESSAGES_PER_SECOND: NonZeroU32 = NonZeroU32::new(50).unwrap();
/// The attempt from which on a message that WeChat is too busy for goes by mail: some fifteen minutes after the first.
const PATIENCE: u32 = 4;
/// How often a ledger that changed meanwhile is read again.
const READS: u32 = 4;

/// Sends subscribe messages.
pub struct WeChatChannel {
    client: WeChatClient,
    programs: MiniPrograms,
    templates: Templates,
    pace: Pace,
    keeper: bool,
}

/// Which way a message went.
pub(super) enum Way {
    /// This one.
    WeChat(Delivery),
    /// It's to go by mail.
    Mail,
}

impl Way {
    /// Neither: another sender has the message by now. Marking it will say so.
    fn lease_lost() -> Self {
        Self::WeChat(Delivery::Retry { error: "lease_lost".to_owned() })
    }
}

/// Another sender has the message by now.
struct LeaseLost;

/// A message that is paid for.
struct Paid<'a> {
    payment: Payment,
    link: WeChatLink,
    template: &'a Template,
    values: BTreeMap<String, String>,
}

impl WeChatChannel {
    /// Sends by `client` in the name of `programs`. The one that is `keeper` asks for tokens before there is need.
    pub fn new(client: WeChatClient, programs: MiniPrograms, templates: Templates) -> Self {
        let pace = Pace::new(Channel::WeChat, MESSAGES_PER_SECOND);
        Self { client, programs, templates, pace, keeper: false }
    }

    /// Reads `WECHAT_TEMPLATES` (see [`Templates`]), and where there are any `WECHAT_APPS`, `WECHAT_BASE_URL` and
    /// `WECHAT_RATE`; nothing where there are none.
    ///
    /// # Errors
    ///
    /// Where one of them can't be used, or a template is of a mini-program that isn't among `WECHAT_APPS`.
    pub fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        let templates = templates_from(env)?;
        if templates.is_empty() {
            return Ok(None);
        }
        let programs: MiniPrograms =
            env.parsed("WECHAT_APPS", "the mini-programs that messages are sent by")?;
        if let Some(stranger) = templates.apps().find(|app| programs.find(Some(app)).is_none()) {
            return Err(templates_unusable(format!("{stranger} isn't among WECHAT_APPS")));
        }
        let base = env.get("WECHAT_BASE_URL").unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
        let client = WeChatClient::new(&base).map_err(|error| ConfigError::Unusable(error.to_string()))?;
        let pace = Pace::from_env(env, "WECHAT_RATE", Channel::WeChat, MESSAGES_PER_SECOND)?;
        Ok(Some(Self { pace, ..Self::new(client, programs, templates) }))
    }

    /// The same, asking for tokens before there is need.
    #[must_use]
    pub fn keeping_tokens(self) -> Self {
        Self { keeper: true, ..self }
    }

    /// Sends `notification`, where it goes this way.
    pub(super) async fn deliver(
        &self,
        store: &Store,
        leased: &Leased,
        notification: &Notification,
        now: Instant,
    ) -> Result<Way, StoreError> {
        let Some(told) = told(notification, now.day()) else { return Ok(Way::Mail) };
        let paid = match &leased.wechat {
            Some(payment) if payment.over => return Ok(Way::Mail),
            Some(payment) => match self.paid_before(store, notification, payment, &told).await? {
                Some(paid) => Some(paid),
                // Its template was configured away meanwhile.
                None => return self.give_over(store, leased, notification, payment).await,
            },
            None if leased.attempt > 1 => return Ok(Way::Mail),
            None => match self.pay(store, leased, notification, &told).await? {
                Ok(paid) => paid,
                Err(LeaseLost) => return Ok(Way::lease_lost()),
            },
        };
        let Some(paid) = paid else { return Ok(Way::Mail) };
        if !self.pace.turn(store, notification.message.urgency()).await? {
            // What paid for it stays noted with it.
            return Ok(Way::WeChat(later(now)));
        }
        match self.send(store, &paid, now).await? {
            Ok(id) => {
                let provider_id = format!("wechat {}", id.as_deref().unwrap_or("ok"));
                Ok(Way::WeChat(Delivery::Sent { provider_id }))
            }
            Err(failure) => self.failed(store, leased, notification, &paid.payment, failure).await,
        }
    }

    /// What an earlier attempt has paid for. Nothing where it can't be sent any more: it's configured away.
    async fn paid_before<'a>(
        &'a self,
        store: &Store,
        notification: &Notification,
        payment: &Payment,
        told: &Told,
    ) -> Result<Option<Paid<'a>>, StoreError> {
        let template = self.template(&payment.app_id, told);
        let Some((template, values)) = template.filter(|(template, _)| template.id == payment.template)
        else {
            return Ok(None);
        };
        let links = store.subscriber(&notification.holder).await?.links;
        let link = links.into_iter().find(|link| link.app_id == payment.app_id);
        Ok(link.map(|link| Paid { payment: payment.clone(), link, template, values }))
    }

    /// Gives a message that can't be sent any more over to mail, and what paid for it back.
    async fn give_over(
        &self,
        store: &Store,
        leased: &Leased,
        notification: &Notification,
        payment: &Payment,
    ) -> Result<Way, StoreError> {
        let over = Payment { over: true, ..payment.clone() };
        let settled =
            self.settle(store, leased, notification, payment, Some(&over), Correction::Returned).await?;
        Ok(if settled { Way::Mail } else { Way::lease_lost() })
    }

    /// Spends an acceptance, where there is one.
    async fn pay<'a>(
        &'a self,
        store: &Store,
        leased: &Leased,
        notification: &Notification,
        told: &Told,
    ) -> Result<Result<Option<Paid<'a>>, LeaseLost>, StoreError> {
        for _ in 0..READS {
            let subscriber = store.subscriber(&notification.holder).await?;
            let payable = subscriber.links.iter().find_map(|link| {
                let ledger = subscriber.ledger(&notification.holder, &link.app_id);
                let (template, values) = self.template(&link.app_id, told)?;
                Some((link, ledger.spent(&template.id)?, template, values))
            });
            let Some((link, ledger, template, values)) = payable else { return Ok(Ok(None)) };
            let payment = Payment { app_id: link.app_id.clone(), template: template.id.clone(), over: false };
            match store.settle_payment(leased, Some(&payment), Some(&ledger)).await? {
                Settled::Now => return Ok(Ok(Some(Paid { payment, link: link.clone(), template, values }))),
                Settled::LeaseLost => return Ok(Err(LeaseLost)),
                Settled::LedgerMoved => {}
            }
        }
        Ok(Ok(None))
    }

    /// The template for `told` and its values. A value that can't be made to fit is told to the log: mail has room for it.
    fn template(&self, app_id: &str, told: &Told) -> Option<(&Template, BTreeMap<String, String>)> {
        let template = self.templates.of(app_id)?.get(&told.topic)?;
        match template.fill(told) {
            Ok(values) => Some((template, values)),
            Err((key, unfit)) => {
                tracing::warn!(topic = told.topic.key(), key, %unfit, "a message doesn't fit its template");
                None
            }
        }
    }

    /// Sends what is paid for. Where the token turns out to have ended, once more with another.
    async fn send(
        &self,
        store: &Store,
        paid: &Paid<'_>,
        now: Instant,
    ) -> Result<Result<Option<String>, CallFailed>, StoreError> {
        let Some(program) = self.programs.find(Some(&paid.payment.app_id)) else {
            return Ok(Err(CallFailed::Refused { errcode: 40013, errmsg: "not configured".to_owned() }));
        };
        let tokens = Tokens { client: &self.client, store, keeper: self.keeper };
        let message = SubscribeMessage {
            to: &paid.link.open_id,
            template: paid.template.id.as_str(),
            page: paid.template.page.as_deref(),
            data: &paid.values,
        };
        let mut rejected: Option<String> = None;
        loop {
            let token = match tokens.get(program, rejected.as_deref(), now).await {
                Ok(token) => token,
                Err(NoToken::Store(error)) => return Err(error),
                Err(NoToken::Call(refused @ CallFailed::Refused { .. })) => return Ok(Err(refused)),
                // Nothing was sent, as when WeChat is busy.
                Err(none @ (NoToken::Call(_) | NoToken::Awaited)) => {
                    return Ok(Err(CallFailed::Refused { errcode: -1, errmsg: none.to_string() }));
                }
            };
            match self.client.send_message(&token, &message).await {
                Err(CallFailed::Refused { errcode, .. })
                    if rejected.is_none() && verdict(errcode) == Verdict::TokenRejected =>
                {
                    rejected = Some(token);
                }
                outcome => return Ok(outcome),
            }
        }
    }

    /// What becomes of a message that wasn't taken, and of what paid for it.
    async fn failed(
        &self,
        store: &Store,
        leased: &Leased,
        notification: &Notification,
        payment: &Payment,
        failure: CallFailed,
    ) -> Result<Way, StoreError> {
        let kind = match &failure {
            CallFailed::Refused { errcode, .. } => Some(verdict(*errcode)),
            CallFailed::Unreachable | CallFailed::BadAnswer => None,
        };
        let error = format!("{}: {}", code(kind), without_addresses(&failure.to_string()));
        let (correction, way) = match kind {
            Some(Verdict::UserRefused | Verdict::UserUnknown) => (Correction::Refused, None),
            Some(Verdict::Barred) => {
                tracing::error!(%error, "WeChat lets us send no messages; they go by mail");
                (Correction::Returned, None)
            }
            Some(Verdict::BadMessage) => {
                (Correction::Returned, Some(Delivery::Refused { error: error.clone() }))
            }
            _ if leased.attempt < PATIENCE => return Ok(Way::WeChat(Delivery::Retry { error })),
            Some(Verdict::Busy | Verdict::TokenRejected) => (Correction::Returned, None),
            // It may have arrived: the acceptance stays spent.
            None => (Correction::None, None),
        };
        // A dead letter that's taken up again, its template mended, is to be paid for anew.
        let over = Payment { over: true, ..payment.clone() };
        let next = way.is_none().then_some(&over);
        if !self.settle(store, leased, notification, &over, next, correction).await? {
            return Ok(Way::lease_lost());
        }
        if let Some(delivery) = way {
            return Ok(Way::WeChat(delivery));
        }
        tracing::info!(notification = notification.id, %error, "a message goes by mail instead");
        Ok(Way::Mail)
    }

    /// Notes how the message is paid for from now on, and puts the ledger right in the same transaction. `false` where the
    /// lease has ended.
    async fn settle(
        &self,
        store: &Store,
        leased: &Leased,
        notification: &Notification,
        was: &Payment,
        next: Option<&Payment>,
        correction: Correction,
    ) -> Result<bool, StoreError> {
        for _ in 0..READS {
            let ledger = match correction {
                Correction::None => None,
                Correction::Refused | Correction::Returned => {
                    let subscriber = store.subscriber(&notification.holder).await?;
                    let ledger = subscriber.ledger(&notification.holder, &was.app_id);
                    Some(match correction {
                        Correction::Returned => ledger.returned(&was.template),
                        _ => ledger.refused(&was.template),
                    })
                }
            };
            match store.settle_payment(leased, next, ledger.as_ref()).await? {
                Settled::Now => return Ok(true),
                Settled::LeaseLost => return Ok(false),
                Settled::LedgerMoved => {}
            }
        }
        Err(StoreError::Busy("a ledger kept changing".to_owned()))
    }
}

/// What a failure says of the ledger.
#[derive(Debug, Clone, Copy)]
enum Correction {
    /// Nothing.
    None,
    /// The message wasn't taken: what paid for it is there still.
    Returned,
    /// Nothing is left.
    Refused,
}

/// A stable code for the outbox and the log.
fn code(kind: Option<Verdict>) -> &'static str {
    match kind {
        None => "wechat_unreachable",
        Some(Verdict::TokenRejected) => "wechat_token_rejected",
        Some(Verdict::UserRefused) => "wechat_user_refused",
        Some(Verdict::UserUnknown) => "wechat_user_unknown",
        Some(Verdict::BadMessage) => "wechat_bad_message",
        Some(Verdict::Barred) => "wechat_barred",
        Some(Verdict::Busy) => "wechat_busy",
    }
}
