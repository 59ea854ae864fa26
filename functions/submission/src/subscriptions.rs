//! What a holder accepted to be sent by WeChat: the mini-program asks them, and tells here what they answered.

use crate::Submission;
use axum::{Json, extract::State, http::StatusCode, response::Response};
use common::{
    http::{Holder, Problem, Write, reply_of},
    store::{Committed, Lost, WeChatLink},
};
use domain::{
    actor::Actor,
    application::{JournalAction, JournalEntry},
    date::Instant,
    subscription::{Answer, Consents, MOST_LEFT, Template, TemplateId, Topic},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How often an answer is counted anew where a message was sent meanwhile.
const ATTEMPTS: u32 = 4;

/// What may be sent by WeChat.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct SubscriptionsView {
    /// The mini-program that the messages come from.
    app_id: String,
    /// Its templates.
    templates: Vec<SubscriptionView>,
    /// 下次应通过 `wx.requestSubscribeMessage` 询问的模板：剩余次数最少的优先，最多 3 个；为空则不必询问
    ask: Vec<TemplateId>,
}

/// A template.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct SubscriptionView {
    /// What its messages are about.
    topic: Topic,
    /// The same in Chinese.
    label: &'static str,
    /// WeChat's id for it.
    template_id: TemplateId,
    /// 还可发送的条数；每同意一次可发送一条
    left: u32,
    /// How many are counted at the most.
    most: u32,
    /// The last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
    /// When it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<Instant>,
}

impl SubscriptionsView {
    fn of(ledger: &Consents, known: &BTreeMap<Topic, Template>) -> Self {
        let view = |(topic, template): (&Topic, &Template)| {
            let consent = ledger.templates.get(&template.id);
            SubscriptionView {
                topic: *topic,
                label: topic.label(),
                template_id: template.id.clone(),
                left: ledger.left(&template.id),
                most: MOST_LEFT,
                answer: consent.map(|consent| consent.answer),
                answered_at: consent.map(|consent| consent.answered_at),
            }
        };
        let templates = known.iter().map(view).collect();
        Self { app_id: ledger.app_id.clone(), templates, ask: ledger.to_ask(known) }
    }
}

/// What a holder answered.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionInput {
    /// `wx.requestSubscribeMessage` 返回的结果：模板 id 及其取值（accept、reject、ban、filter），不含 errMsg
    #[serde(default)]
    answers: BTreeMap<String, Answer>,
}

/// 查看订阅消息的剩余次数，以及下次应询问的模板
///
/// 用户每同意一次，可发送一条。没有剩余次数的通知，以及受理回执、不予登记和撤销登记等须留存的通知，发送到邮箱。
#[cfg_attr(feature = "openapi", utoipa::path(get, path = "/v1/me/subscriptions", tag = "submission",
    responses((status = 200, body = SubscriptionsView))))]
pub(crate) async fn read(
    State(submission): State<Submission>,
    holder: Holder,
) -> Result<Json<SubscriptionsView>, Problem> {
    let (ledger, known) = submission.ledger(&holder).await?;
    Ok(Json(SubscriptionsView::of(&ledger, known)))
}

/// 记录用户对订阅消息的选择
///
/// 小程序或其后端在 `wx.requestSubscribeMessage` 之后提交。须带 Idempotency-Key：同一次选择重复提交只计一次。
#[cfg_attr(feature = "openapi", utoipa::path(post, path = "/v1/me/subscriptions", tag = "submission",
    params(("Idempotency-Key" = String, Header)),
    request_body = SubscriptionInput, responses((status = 200, body = SubscriptionsView))))]
pub(crate) async fn answer(
    State(submission): State<Submission>,
    holder: Holder,
    write: Write<SubscriptionInput>,
) -> Result<Response, Problem> {
    let Some(key) = &write.idempotency else {
        let detail = "请带上 Idempotency-Key 请求头（例如一个 UUID），同一次选择重试时保持不变，以免重复计数";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_required", detail));
    };
    let now = write.received.at;
    let mut journal =
        JournalEntry::new(Actor::Holder(holder.id.clone()), JournalAction::SubscriptionAnswered, now);
    journal.from.clone_from(&write.received.from);
    for _ in 0..ATTEMPTS {
        let (ledger, known) = submission.ledger(&holder).await?;
        let after = ledger.answered(&write.body.answers, known, now)?;
        let reply = reply_of(StatusCode::OK, None, &SubscriptionsView::of(&after, known))?;
        let committed = submission.app.store.commit_consents(&after, &journal, Some((key, &reply))).await;
        match committed {
            Err(Lost::Stale) => {}
            Ok(Committed::Now | Committed::Before(_)) | Err(_) => {
                return submission.app.answer(&write, committed, reply).await;
            }
        }
    }
    Err(Problem::busy("changes of one ledger kept meeting"))
}

impl Submission {
    /// The holder's ledger, and the templates of the mini-program it's of.
    async fn ledger(&self, holder: &Holder) -> Result<(Consents, &BTreeMap<Topic, Template>), Problem> {
        if self.templates.is_empty() {
            let detail = "本系统尚未启用微信订阅消息，通知会发送到您的邮箱";
            return Err(Problem::new(StatusCode::NOT_FOUND, "subscriptions_off", detail));
        }
        let subscriber = self.app.store.subscriber(&holder.id).await?;
        let of = |link: &WeChatLink| Some((link.app_id.clone(), self.templates.of(&link.app_id)?));
        let (app_id, known) = subscriber.links.iter().find_map(of).ok_or_else(|| {
            let detail =
                "尚不知道您在微信小程序中的身份，请重新用微信登录后再试；在此之前通知会发送到您的邮箱";
            Problem::new(StatusCode::CONFLICT, "wechat_not_linked", detail)
        })?;
        Ok((subscriber.ledger(&holder.id, &app_id), known))
    }
}
