//! She is told something: a notice is published, she reads it, and it's mailed to her.

use super::{client::Call, story::Story};
use anyhow::{Result, ensure};
use reminder::Job;
use reqwest::Method;
use serde_json::json;
use std::time::Duration;

impl Story<'_> {
    /// An administrator publishes a notice; she finds it unread and reads it; it's mailed.
    pub(super) async fn is_told(&mut self) -> Result<()> {
        self.at("2029-03-21", "14:00")?;
        self.narrator.chapter(&self.system.clock, "公告：告知该告知的人");
        self.narrator.step(
            "管理员起草公告，正文写 Markdown，混入的脚本不会执行；按辖区、级别和登记状态选定阅读对象，发布",
        );
        let admin = self.staff("admin").await?;
        let notice = json!({
            "category": "training", "title": "武汉市 2029 年继续教育安排", "summary": "全年六期，请提前报名",
            "body": "全年共**六期**。\n\n<script>alert(1)</script>\n\n报名见[官网](https://www.example.gov.cn)。",
            "audience": { "districts": ["4201"], "levels": ["assistant_social_worker"], "statuses": ["active"] },
        });
        let draft = Call::new(Method::POST, "/v1/staff/notices").with(notice);
        let path = format!("/v1/staff/notices/{}", self.call(&admin, draft, 201).await?.text("/id")?);
        let publication = format!("{path}/publication");
        let published = self.call(&admin, Call::new(Method::POST, &publication), 200).await?;
        let html = published.text("/html")?;
        ensure!(html.contains("<strong>六期</strong>") && !html.contains("script"), "it isn't clean: {html}");
        self.narrator.shows("状态", published.text("/state_label")?);

        self.narrator.step("她打开公告列表，有一则未读；读过之后，未读归零");
        let holder = self.holder().await?;
        let list = self.get(&holder, "/v1/notices", 200).await?;
        ensure!(list.body["unread"]["count"] == 1, "one is unread: {}", list.body);
        self.narrator.shows("未读", list.text("/items/0/title")?);
        let shown = format!("/v1/notices/{}", list.text("/items/0/id")?);
        self.get(&holder, &shown, 200).await?;
        let read = format!("{shown}/read");
        self.call(&holder, Call::new(Method::PUT, &read), 204).await?;
        let list = self.get(&holder, "/v1/notices", 200).await?;
        ensure!(list.body["unread"]["count"] == 0, "nothing is unread: {}", list.body);

        self.narrator.step("管理员群发邮件：后台分批安排，每人只收一封，随时可停；她收到一封，查得到是否送达，也可设置免打扰时段");
        let mailing = format!("{path}/mailing");
        self.call(&admin, Call::new(Method::POST, &mailing), 202).await?;
        let budget = Duration::from_mins(5);
        self.system.reminder.run(Job::Sweep, budget, |_| {}).await?;
        self.expect_mail(&["培训公告：武汉市 2029 年继续教育安排"]).await?;
        self.system.reminder.run(Job::Sweep, budget, |_| {}).await?;
        let done = self.get(&admin, &mailing, 200).await?;
        ensure!(done.text("/state")? == "done" && done.body["sent"] == 1, "it isn't done: {}", done.body);
        self.narrator
            .shows("群发", &format!("{}，已发 {} 封", done.text("/state_label")?, done.body["sent"]));
        let told = self.get(&holder, "/v1/me/messages?limit=1", 200).await?;
        let channel = told.text("/items/0/attempts/0/channel_label")?;
        let about =
            format!("{}，{channel}，{}", told.text("/items/0/title")?, told.text("/items/0/state_label")?);
        ensure!(told.text("/items/0/state")? == "accepted", "it isn't sent: {}", told.body);
        self.narrator.shows("送达情况", &about);
        let wishes = json!({ "mail_reminders": true, "quiet_hours": { "from": "22:00", "until": "07:00" } });
        let wish = Call::new(Method::PUT, "/v1/me/preferences").with(wishes);
        let answer = self.call(&holder, wish, 200).await?;
        let (from, until) = (answer.text("/quiet_hours/from")?, answer.text("/quiet_hours/until")?);
        self.narrator.shows("免打扰", &format!("{from} 至次日 {until}"));
        Ok(())
    }
}
