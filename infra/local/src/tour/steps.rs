//! How the steps of the story are taken: who signs in, what is called, what is waited for, and what it's checked by.

use super::{
    client::{Call, Client, Reply},
    story::{EMAIL, Story},
};
use crate::{staff, system::WECHAT_APP};
use anyhow::{Context, Result, ensure};
use domain::date::{CalendarDate, Instant};
use reminder::{Job, Report};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

impl Story<'_> {
    pub(super) fn at(&self, day: &str, time: &str) -> Result<()> {
        let instant: Instant = format!("{day}T{time}:00+08:00").parse()?;
        ensure!(self.system.clock.put(instant), "the tour's clock can be moved");
        Ok(())
    }

    pub(super) fn on(&self, day: CalendarDate, time: &str) -> Result<()> {
        self.at(&day.to_string(), time)
    }

    pub(super) async fn call(&self, client: &Client, call: Call<'_>, expected: u16) -> Result<Reply> {
        self.narrator.page().send(client, call, expected).await
    }

    pub(super) async fn get(&self, client: &Client, path: &str, expected: u16) -> Result<Reply> {
        self.call(client, Call::new(Method::GET, path), expected).await
    }

    pub(super) async fn holder(&mut self) -> Result<Client> {
        self.sign_ins += 1;
        let code = format!("demo-zhangxiaowen-{}", self.sign_ins);
        let call =
            Call::new(Method::POST, "/v1/session/wechat").with(json!({ "app_id": WECHAT_APP, "code": code }));
        self.signed_in(call).await
    }

    pub(super) async fn staff(&mut self, username: &str) -> Result<Client> {
        // A one-time code counts once; the next is there half a minute later.
        self.system.clock.put(self.system.clock.now().plus_seconds(31));
        let keys = &self.system.keys;
        let code = staff::code(keys, username, self.system.clock.now()).context("an unknown account")??;
        let body = json!({ "username": username, "password": keys.staff_password, "code": code });
        self.signed_in(Call::new(Method::POST, "/v1/session/staff").with(body)).await
    }

    pub(super) async fn signed_in(&self, call: Call<'_>) -> Result<Client> {
        let mut client = Client::new(&self.base);
        let reply = self.call(&client, call, 200).await?;
        client.sign_in(reply.text("/access_token")?);
        Ok(client)
    }

    pub(super) async fn upload(
        &self,
        client: &Client,
        application: &str,
        kind: &str,
        name: &str,
    ) -> Result<()> {
        self.narrator.page().attach(client, application, kind, name).await
    }

    pub(super) async fn open(&self, reviewer: &Client, id: &str) -> Result<Reply> {
        self.get(reviewer, &format!("/v1/review/applications/{id}"), 200).await
    }

    pub(super) async fn decide(
        &self,
        reviewer: &Client,
        id: &str,
        opened: &Reply,
        decision: Value,
        expected: u16,
    ) -> Result<Reply> {
        let path = format!("/v1/review/applications/{id}/decision");
        let call = Call { if_match: opened.etag.as_deref(), ..Call::new(Method::POST, &path).with(decision) };
        self.call(reviewer, call, expected).await
    }

    /// Runs the daily job and checks how many reminders it planned.
    pub(super) async fn run_job(&self, reminders: u64) -> Result<()> {
        let report = self.system.reminder.run(Job::Daily, Duration::from_mins(5), |_: &Report| {}).await?;
        ensure!(report.complete && report.failed == 0, "the job didn't finish: {report:?}");
        ensure!(report.planned == reminders, "expected {reminders} reminders: {report:?}");
        self.narrator.shows(
            "每日任务",
            &format!("计划提醒 {} 封，失效 {} 件，撤销 {} 件", report.planned, report.lapsed, report.revoked),
        );
        Ok(())
    }

    /// Waits for the mails of what just happened: one per expected subject, in order, and no others.
    pub(super) async fn expect_mail(&mut self, subjects: &[&str]) -> Result<()> {
        self.system.drain().await?;
        let all = self.system.mailbox.messages()?;
        let new = &all[self.mails..];
        for mail in new {
            self.narrator.mail(EMAIL, &mail.summary.subject);
        }
        ensure!(new.len() == subjects.len(), "expected {} mails, got {}", subjects.len(), new.len());
        for (mail, subject) in new.iter().zip(subjects) {
            ensure!(
                mail.summary.subject.contains(subject),
                "expected a mail about {subject}: {}",
                mail.summary.subject
            );
        }
        self.mails = all.len();
        Ok(())
    }
}
