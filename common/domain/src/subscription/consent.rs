//! The ledger: how many messages of each template a holder has accepted and not yet been sent.

use super::{Template, TemplateId, Topic};
use crate::{
    date::Instant,
    error::{FieldError, Refusal},
    id::HolderId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most acceptances of one template that are counted: nobody is sent that many before they're asked again.
pub const MOST_LEFT: u32 = 20;
/// The most templates that WeChat shows in one prompt.
pub const PROMPT: usize = 3;
/// Of a template with fewer than this left, the mini-program should ask for more.
const PLENTY: u32 = 3;

/// What `wx.requestSubscribeMessage` says of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Accepted, once. WeChat has other words for it where the message may also be read out or rings.
    #[serde(alias = "acceptWithAudio", alias = "acceptWithAlert", alias = "acceptWithForcePush")]
    Accept,
    /// Not this time.
    Reject,
    /// WeChat has banned the template.
    Ban,
    /// Left out by WeChat, since another template in the prompt has the same title.
    Filter,
}

/// What is known of one template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Messages that may still be sent.
    pub left: u32,
    /// The last answer.
    pub answer: Answer,
    /// When it came.
    pub answered_at: Instant,
}

/// A holder's ledger in one mini-program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consents {
    /// Whose.
    pub holder: HolderId,
    /// The mini-program.
    pub app_id: String,
    /// Counts the changes.
    pub version: u64,
    /// By template.
    pub templates: BTreeMap<TemplateId, Consent>,
}

impl Consents {
    /// The ledger of somebody who never answered.
    pub fn none(holder: HolderId, app_id: String) -> Self {
        Self { holder, app_id, version: 0, templates: BTreeMap::new() }
    }

    /// How many messages of `template` may still be sent.
    pub fn left(&self, template: &TemplateId) -> u32 {
        self.templates.get(template).map_or(0, |consent| consent.left)
    }

    /// The ledger with what the holder answered in one prompt. Each acceptance counts one, up to [`MOST_LEFT`].
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidFields`] where there is no answer, there are more than one prompt gives, or a template isn't one
    /// of `known`.
    pub fn answered(
        &self,
        answers: &BTreeMap<String, Answer>,
        known: &BTreeMap<Topic, Template>,
        now: Instant,
    ) -> Result<Self, Refusal> {
        let wrong = |field: String, code: &str, detail: String| {
            Refusal::InvalidFields(vec![FieldError { field, code: code.to_owned(), detail }])
        };
        if answers.is_empty() {
            let detail = "请把 wx.requestSubscribeMessage 返回的各模板结果放在 answers 中";
            return Err(wrong("answers".to_owned(), "required", detail.to_owned()));
        }
        if answers.len() > PROMPT {
            let detail = format!("一次最多 {PROMPT} 个模板，与 wx.requestSubscribeMessage 一致");
            return Err(wrong("answers".to_owned(), "too_many", detail));
        }
        let mut after = self.next();
        for (name, answer) in answers {
            let template = known.values().find(|template| template.id.as_str() == name);
            let Some(Template { id, .. }) = template else {
                let detail =
                    "该模板不是本系统使用的订阅消息模板，请按 GET /v1/me/subscriptions 返回的模板询问用户";
                return Err(wrong(format!("answers.{name}"), "unknown_template", detail.to_owned()));
            };
            let more = u32::from(*answer == Answer::Accept);
            let left = (self.left(id) + more).min(MOST_LEFT);
            after.templates.insert(id.clone(), Consent { left, answer: *answer, answered_at: now });
        }
        Ok(after)
    }

    /// The ledger with one message of `template` paid for; nothing where none is left.
    pub fn spent(&self, template: &TemplateId) -> Option<Self> {
        let left = self.left(template).checked_sub(1)?;
        Some(self.with_left(template, left))
    }

    /// The ledger with a message that WeChat didn't take paid back.
    #[must_use]
    pub fn returned(&self, template: &TemplateId) -> Self {
        self.with_left(template, (self.left(template) + 1).min(MOST_LEFT))
    }

    /// The ledger once WeChat has said that the holder takes no message of `template`.
    #[must_use]
    pub fn refused(&self, template: &TemplateId) -> Self {
        self.with_left(template, 0)
    }

    /// Which templates the mini-program should ask for next time: those of which least is left, as many as a prompt
    /// shows. Never one that WeChat has banned.
    pub fn to_ask(&self, known: &BTreeMap<Topic, Template>) -> Vec<TemplateId> {
        let banned =
            |id: &TemplateId| self.templates.get(id).is_some_and(|consent| consent.answer == Answer::Ban);
        let mut wanted: Vec<&TemplateId> = known
            .values()
            .map(|template| &template.id)
            .filter(|id| self.left(id) < PLENTY && !banned(id))
            .collect();
        wanted.sort_by_key(|id| self.left(id));
        wanted.into_iter().take(PROMPT).cloned().collect()
    }

    fn next(&self) -> Self {
        Self { version: self.version + 1, ..self.clone() }
    }

    fn with_left(&self, template: &TemplateId, left: u32) -> Self {
        let mut after = self.next();
        if let Some(consent) = after.templates.get_mut(template) {
            consent.left = left;
        }
        after
    }
}
