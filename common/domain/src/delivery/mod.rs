//! Proof of delivery: by which channel a message was tried, when, with what outcome, what the provider said of it
//! afterwards, and how all of it stands. And how mail to a holder fares: an address that bounced for good isn't written
//! to again, and who wants no reminders gets none.

mod message;
mod standing;
mod urgency;
mod wishes;

pub use standing::{BouncedAddress, MailStanding, Withheld};
pub use urgency::Urgency;
pub use wishes::{InvalidTimeOfDay, QuietHours, TimeOfDay, Wishes};

use crate::date::Instant;
use serde::{Deserialize, Serialize};

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// 电子邮件
    Mail,
    /// 微信订阅消息
    #[serde(rename = "wechat")]
    WeChat,
    /// A call to a service client.
    Call,
}

impl Channel {
    /// Its name in keys and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::WeChat => "wechat",
            Self::Call => "call",
        }
    }

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Mail => "电子邮件",
            Self::WeChat => "微信订阅消息",
            Self::Call => "接口通知",
        }
    }
}

/// How one attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// The provider took it, and answers for it.
    Accepted,
    /// Not taken, and worth another attempt: no answer, or one of SMTP's class 4xx.
    Deferred,
    /// Refused for good: one of SMTP's class 5xx.
    Refused,
    /// Not tried: the address bounced before, or the reader wants no reminders.
    Withheld,
}

impl AttemptOutcome {
    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Accepted => "已交付服务商",
            Self::Deferred => "暂未成功，将重试",
            Self::Refused => "被拒收",
            Self::Withheld => "未发送",
        }
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it ended.
    pub at: Instant,
    /// By which channel.
    pub channel: Channel,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Where it wasn't accepted: a code, a colon, and what the provider said; never an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What a provider says of a message that it had accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FeedbackKind {
    /// Still trying.
    Delayed,
    /// The reader's server has it.
    Delivered,
    /// It came back, and another one might not: a full mailbox, a server that was away.
    BouncedForNow,
    /// It came back, and every other one would: there is no such mailbox.
    Bounced,
    /// The provider didn't send it after all.
    Rejected,
    /// The reader called it spam.
    Complained,
}

impl FeedbackKind {
    /// Which of two counts, whatever the order they are told in: the higher. A message that is delivered and then comes
    /// back has bounced, one that is called spam was delivered before, and one told of twice changes nothing.
    pub fn rank(self) -> u8 {
        match self {
            Self::Delayed => 1,
            Self::Delivered => 2,
            Self::BouncedForNow => 3,
            Self::Bounced => 4,
            Self::Rejected => 5,
            Self::Complained => 6,
        }
    }

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Delayed => "投递延迟",
            Self::Delivered => "已送达",
            Self::BouncedForNow => "被退回（暂时）",
            Self::Bounced => "被退回（地址无效）",
            Self::Rejected => "服务商未发送",
            Self::Complained => "被标为垃圾邮件",
        }
    }
}

/// The same with when, and in which words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feedback {
    /// What.
    pub kind: FeedbackKind,
    /// When, as the provider says.
    pub at: Instant,
    /// Its own words, without an address.
    #[serde(default)]
    pub detail: String,
}

/// How a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// To be sent, or to be tried again.
    Waiting,
    /// Taken by the provider, which hasn't said more yet, or never does.
    Accepted,
    /// With the reader's server.
    Delivered,
    /// Came back.
    Bounced,
    /// With the reader, who called it spam.
    Complained,
    /// Refused for good.
    Refused,
    /// Not sent, since the address bounced before or the reader wants no reminders.
    Withheld,
    /// Given up: attempt after attempt failed.
    GivenUp,
}

impl DeliveryState {
    /// How a message stands that is `open` to further attempts or not, was tried as `attempts` say, and of which
    /// `feedback` came.
    pub fn of(open: bool, attempts: &[Attempt], feedback: Option<&Feedback>) -> Self {
        match feedback.map(|feedback| feedback.kind) {
            Some(FeedbackKind::Complained) => return Self::Complained,
            Some(FeedbackKind::Bounced | FeedbackKind::BouncedForNow) => return Self::Bounced,
            Some(FeedbackKind::Rejected) => return Self::Refused,
            Some(FeedbackKind::Delivered) => return Self::Delivered,
            Some(FeedbackKind::Delayed) | None => {}
        }
        if open {
            return Self::Waiting;
        }
        match attempts.last().map(|attempt| attempt.outcome) {
            Some(AttemptOutcome::Accepted) => Self::Accepted,
            Some(AttemptOutcome::Refused) => Self::Refused,
            Some(AttemptOutcome::Withheld) => Self::Withheld,
            Some(AttemptOutcome::Deferred) | None => Self::GivenUp,
        }
    }

    /// The name people see.
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "待发送",
            Self::Accepted => "已发出",
            Self::Delivered => "已送达",
            Self::Bounced => "被退回",
            Self::Complained => "已送达（被标为垃圾邮件）",
            Self::Refused => "被拒收",
            Self::Withheld => "未发送",
            Self::GivenUp => "发送失败",
        }
    }
}

#[cfg(test)]
mod tests;
