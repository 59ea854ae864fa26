//! What a holder is told in a deployed stack, and by what: a message by WeChat, proof of each mail, a notice and its mailing.

use super::{
    LOOK_EVERY, PATIENCE,
    story::{Registered, Story},
};
use anyhow::{Context, Result, ensure};
use local::tour::client::{Call, Client};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Instant;

/// What the stand-in for WeChat calls the holder.
pub const NAME: &str = "zhangxiaowen";
/// The template of what becomes of hours.
const HOURS: &str = "local-hours";

impl Story<'_> {
    /// The holder accepts one message about hours by WeChat. False where the functions can't reach the stand-in.
    pub(super) async fn accepts_a_message(&self, registered: &Registered) -> Result<bool> {
        if !self.target.is_here() {
            return Ok(false);
        }
        self.progress.step("持证人同意接收一条学时消息：下一条经微信发出，不再发邮件");
        let holder = self.by_client(&registered.open_id).await?;
        self.stand_in.wechat.accept(NAME, HOURS);
        let answers = json!({ "answers": { HOURS: "accept" } });
        let call = Call::new(Method::POST, "/v1/me/subscriptions").with(answers);
        self.call(&holder, Call { idempotency_key: Some("e2e-wechat"), ..call }, 200).await?;
        Ok(true)
    }

    /// Waits for that message.
    pub(super) async fn message(&self, registered: &Registered) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(message) = self.stand_in.wechat.messages().last() {
                ensure!(message.to == registered.open_id, "it went to somebody else");
                let words: Vec<_> = message.data.values().map(String::as_str).collect();
                self.progress.shows("微信", &words.join(" · "));
                return Ok(());
            }
            ensure!(Instant::now() < until, "no message came by WeChat");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// She sees how each message fared, says what she wishes, reads a notice, and gets it by mail once.
    pub async fn is_told(&self, registered: &Registered, admin: &Client) -> Result<()> {
        self.progress.step("持证人查看每条通知的送达情况，设置免打扰时段");
        let holder = self.by_client(&registered.open_id).await?;
        let told = self.get(&holder, "/v1/me/messages?limit=100").await?;
        let items = told.body["items"].as_array().context("messages")?;
        let open = |item: &&Value| !["accepted", "delivered"].contains(&item["state"].as_str().unwrap_or(""));
        let mut unsent = items.iter().filter(open);
        ensure!(unsent.next().is_none(), "not all were sent: {}", told.body);
        let proven =
            |item: &Value| item["provider_id"].is_string() && item["attempts"][0]["outcome"] == "accepted";
        ensure!(items.len() > 2 && items.iter().all(proven), "without proof: {}", told.body);
        self.progress.shows("通知", &format!("{} 条，均已发出", items.len()));
        let wishes = json!({ "mail_reminders": true, "quiet_hours": { "from": "03:00", "until": "03:01" } });
        self.call(&holder, Call::new(Method::PUT, "/v1/me/preferences").with(wishes), 200).await?;

        self.progress.step("管理员发布公告并群发邮件：持证人看到未读，只收到一封");
        let notice = json!({
            "category": "training", "title": "年度继续教育安排", "body": "共**六期**。<script>alert(1)</script>",
            "audience": { "districts": ["42"] },
        });
        let draft = self.post(admin, "/v1/staff/notices", notice, 201).await?;
        let path = format!("/v1/staff/notices/{}", draft.text("/id")?);
        self.call(admin, Call::new(Method::POST, &format!("{path}/publication")), 200).await?;
        let list = self.get(&holder, "/v1/notices").await?;
        ensure!(list.body["unread"]["count"] == 1, "nothing is unread: {}", list.body);
        let shown = format!("/v1/notices/{}", list.text("/items/0/id")?);
        let html = self.get(&holder, &shown).await?;
        ensure!(!html.text("/html")?.contains("script"), "it isn't clean: {}", html.body);
        self.call(&holder, Call::new(Method::PUT, &format!("{shown}/read")), 204).await?;

        let mailing = format!("{path}/mailing");
        self.call(admin, Call::new(Method::POST, &mailing), 202).await?;
        let reminder = self.stack.output("ReminderFunction")?;
        let until = Instant::now() + PATIENCE;
        loop {
            self.stack.invoke(&reminder, &json!({ "job": "sweep" }))?;
            let seen = self.get(admin, &mailing).await?;
            if seen.text("/state")? == "done" {
                self.progress
                    .shows("群发", &format!("{}，已发 {} 封", seen.text("/state_label")?, seen.body["sent"]));
                break;
            }
            ensure!(Instant::now() < until, "the mailing isn't done: {}", seen.body);
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.mail(&self.holder, "年度继续教育安排").await?;
        Ok(())
    }
}
