//! Messages with their proof of delivery, and how mail to a holder fares. Addresses are masked.

use crate::store::ToldMessage;
use domain::{
    date::Instant,
    delivery::{
        Attempt, AttemptOutcome, Channel, DeliveryState, Feedback, FeedbackKind, MailStanding, Wishes,
    },
    dossier::Dossier,
};
use serde::{Deserialize, Serialize};

/// What is said of an attempt that failed, by the first part of its detail.
const REASONS: [(&str, &str); 15] = [
    ("address_bounced", "该邮箱此前无法送达，请更换电子邮箱"),
    ("unsubscribed", "您已退订邮件提醒"),
    ("mailing_stopped", "发布机构已停止群发这则公告"),
    ("mail_recipient_refused", "对方邮件服务器表示该地址不存在，请核对或更换电子邮箱"),
    ("mail_refused_for_recipient", "对方邮件服务器拒收（例如邮箱已满），请检查邮箱"),
    ("mail_message_refused", "邮件服务商拒收这封邮件"),
    ("mail_deferred", "邮件服务商要求稍后再试"),
    ("mail_provider_unreachable", "暂时无法连接邮件服务商"),
    ("mail_sender_refused", "邮件服务商暂不接受本系统的邮件，管理人员会处理"),
    ("mail_address_invalid", "该地址无法用于发送邮件，请更换电子邮箱"),
    ("wechat_busy", "微信暂时繁忙"),
    ("wechat_unreachable", "暂时无法连接微信"),
    ("wechat_bad_message", "微信未接受该消息，管理人员会处理"),
    ("attempts_exhausted", "多次发送均未成功"),
    ("", "发送未成功"),
];

/// One attempt.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptView {
    /// When it ended.
    pub at: Instant,
    /// By which channel.
    pub channel: Channel,
    /// The channel in Chinese.
    pub channel_label: &'static str,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// How it ended, in Chinese.
    pub outcome_label: &'static str,
    /// Why it wasn't accepted: a stable code.
    pub code: Option<String>,
    /// The same, in Chinese.
    pub reason: Option<&'static str>,
    /// What the provider said; for staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
}

/// What the provider said of a message after it had taken it.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackView {
    /// What.
    pub kind: FeedbackKind,
    /// What, in Chinese.
    pub label: &'static str,
    /// When, as the provider says.
    pub at: Instant,
    /// Its own words; for staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
}

/// A message, and how it fared.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MessageView {
    /// Its id.
    pub id: String,
    /// When what it tells of happened.
    pub at: Instant,
    /// What it tells of: `receipt`, `registered`, `renewal_due`, …
    pub kind: &'static str,
    /// The same, in Chinese.
    pub title: &'static str,
    /// Where it goes, masked: `z***@example.com`.
    pub to: String,
    /// How it stands.
    pub state: DeliveryState,
    /// How it stands, in Chinese.
    pub state_label: &'static str,
    /// The attempts, oldest first.
    pub attempts: Vec<AttemptView>,
    /// The provider's own id for it, once it took it.
    pub provider_id: Option<String>,
    /// What the provider said of it afterwards.
    pub feedback: Option<FeedbackView>,
}

impl MessageView {
    /// A message as its reader sees it.
    pub fn for_holder(message: ToldMessage) -> Self {
        Self::of(message, false)
    }

    /// A message as staff see it, with the provider's own words.
    pub fn for_staff(message: ToldMessage) -> Self {
        Self::of(message, true)
    }

    fn of(message: ToldMessage, words: bool) -> Self {
        let state = message.standing();
        let ToldMessage { notification, trail, feedback, provider_id, .. } = message;
        let (kind, title) = notification.message.kind();
        let attempt = |Attempt { at, channel, outcome, detail }: Attempt| {
            let (code, reply) = detail.map_or((None, None), |detail| match detail.split_once(": ") {
                Some((code, reply)) => (Some(code.to_owned()), Some(reply.to_owned())),
                None => (Some(detail), None),
            });
            AttemptView {
                at,
                channel,
                channel_label: channel.label(),
                outcome,
                outcome_label: outcome.label(),
                reason: code.as_deref().map(reason),
                code,
                reply: reply.filter(|_| words),
            }
        };
        let told = |Feedback { kind, at, detail }: Feedback| FeedbackView {
            kind,
            label: kind.label(),
            at,
            reply: words.then_some(detail),
        };
        Self {
            id: notification.id,
            at: notification.at,
            kind,
            title,
            to: notification.to.masked(),
            state,
            state_label: state.label(),
            attempts: trail.into_iter().map(attempt).collect(),
            provider_id,
            feedback: feedback.map(told),
        }
    }
}

fn reason(code: &str) -> &'static str {
    let known = REASONS.iter().find(|(known, _)| code == *known || known.is_empty());
    known.map_or("", |(_, reason)| reason)
}

/// An address that mail came back from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BouncedView {
    /// The address, masked.
    pub address: String,
    /// Since when it's known.
    pub since: Instant,
    /// What to do, in Chinese.
    pub advice: String,
}

/// How mail to a holder fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MailView {
    /// Where their address bounced, and nothing is sent to it: another one is asked for.
    pub bounced: Option<BouncedView>,
    /// True where they get reminders by mail; what the office has to tell comes in any case.
    pub reminders: bool,
    /// 免打扰时段（北京时间），其间不发送可以等待的通知；未设置时为空
    pub quiet_hours: Option<QuietHoursView>,
    /// True where what can wait comes once a day, in one mail.
    pub digest: bool,
}

/// Hours in which nothing is sent that can wait; they may go over midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct QuietHoursView {
    /// 开始时间，例如 22:00
    #[cfg_attr(feature = "openapi", schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "22:00"))]
    pub from: String,
    /// 结束时间，例如 08:00；早于开始时间时为次日
    #[cfg_attr(feature = "openapi", schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "08:00"))]
    pub until: String,
}

impl MailView {
    /// What `dossier` says of it.
    pub fn of(dossier: &Dossier) -> Self {
        let mut in_use = dossier.profile.form.email.iter().chain(
            // Letters about a registration go to the address that it has.
            dossier.active_registration().map(|registration| &registration.email),
        );
        let bounce = in_use.find_map(|address| dossier.mail.bounce_of(address));
        let bounced = bounce.map(|bounce| {
            let (address, day) = (bounce.address.masked(), bounce.since.day().in_chinese());
            let advice = format!(
                "发往 {address} 的邮件自 {day}起被退回，已停止向该地址发送；请在个人资料中填写新的电子邮箱"
            );
            BouncedView { address, since: bounce.since, advice }
        });
        Self { bounced, ..Self::from(&dossier.mail) }
    }
}

impl From<&MailStanding> for MailView {
    /// What doesn't depend on the address in use.
    fn from(standing: &MailStanding) -> Self {
        let Wishes { reminders, quiet, digest } = standing.wishes();
        let quiet_hours = quiet
            .map(|quiet| QuietHoursView { from: quiet.from().to_string(), until: quiet.until().to_string() });
        Self { bounced: None, reminders, quiet_hours, digest }
    }
}
