//! She accepts one reminder by WeChat, and gets that one there and the others by mail.

use super::{client::Call, story::Story};
use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::json;

/// What she is called in the codes that she signs in by.
const NAME: &str = "zhangxiaowen";

impl Story<'_> {
    /// Accepts one message of the template that reminds of last days.
    pub(super) async fn accepts_a_message(&mut self) -> Result<()> {
        self.narrator.step("她在小程序里同意接收一条到期提醒：微信规定，同意一次，只能发一条");
        let holder = self.holder().await?;
        let asked = self.get(&holder, "/v1/me/subscriptions", 200).await?;
        let templates = asked.body["templates"].as_array().context("templates")?;
        let deadline = templates.iter().find(|template| template["topic"] == "deadline");
        let template = deadline.and_then(|found| found["template_id"].as_str()).context("a template")?;
        self.system.wechat.accept(NAME, template);
        let answers = json!({ "answers": { template: "accept" } });
        let path = "/v1/me/subscriptions";
        let call =
            Call { idempotency_key: Some("tour-wechat"), ..Call::new(Method::POST, path).with(answers) };
        let counted = self.call(&holder, call, 200).await?;
        let left = counted.body["templates"].as_array().context("templates")?.iter();
        let left: u64 = left.filter_map(|template| template["left"].as_u64()).sum();
        ensure!(left == 1, "one message is accepted: {}", counted.body);
        self.narrator.shows("剩余", "1 条");
        Ok(())
    }

    /// Waits for the message that was paid for, in the place of a mail.
    pub(super) async fn expect_message(&mut self) -> Result<()> {
        self.system.drain().await?;
        let messages = self.system.wechat.messages();
        let message = messages.last().context("no message came by WeChat")?;
        ensure!(message.to == self.system.wechat.open_id(NAME), "it went to somebody else");
        let words: Vec<_> = message.data.values().map(String::as_str).collect();
        self.narrator.shows("微信", &words.join(" · "));
        ensure!(self.system.mailbox.count() == self.mails, "it was mailed as well");
        Ok(())
    }
}
