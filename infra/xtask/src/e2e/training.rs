//! The story goes on: a training provider reports a class, and who attended has the hours without asking for them.

use super::{
    LOOK_EVERY, PATIENCE,
    story::{Registered, Story},
};
use anyhow::{Result, ensure};
use local::tour::client::{Call, Client};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Instant;

/// A certificate that nobody has registered.
const NOBODYS: &str = "202510420119991231";

impl Story<'_> {
    /// A course is offered and a class list reported; the function behind the stream goes through it.
    pub async fn is_taught(&self, registered: &Registered) -> Result<()> {
        self.progress.step("培训机构发布课程，报送名单：一位已登记，一位尚未登记");
        let provider = self.staff(&registered.provider).await?;
        let course = json!({
            "title": "社会工作价值观与伦理", "provider": "省社会工作培训中心", "form": "in_person",
            "category": "ethics", "hours": 6, "unit": "学时", "from": self.today, "to": self.today,
        });
        let course = self.post(&provider, "/v1/courses", course, 201).await?;
        let course = course.text("/id")?;
        let offered = self.get(&provider, "/v1/courses?q=%E4%BC%A6%E7%90%86&mine=true").await?;
        ensure!(offered.body["items"][0]["id"] == course, "the catalogue doesn't show it: {}", offered.body);
        let rows = [
            ["姓名", "管理号", "学时"],
            [&registered.name, &registered.certificate, "6"],
            ["李四", NOBODYS, "6"],
        ];
        let list = rows.map(|cells| cells.join(",")).join("\n");
        let accepted = self.accepts_a_message(registered).await?;
        let roster = self.report(&provider, course, list).await?;

        self.progress.step("数据流唤起处理程序，逐行记录；未登记者的学时留存待计入");
        let done = self.gone_through(&provider, &roster).await?;
        let count = |outcome: &str| {
            let counts = done["counts"].as_array().into_iter().flatten();
            counts.filter(|count| count["outcome"] == outcome).find_map(|count| count["rows"].as_u64())
        };
        ensure!(
            count("recorded") == Some(1) && count("waiting") == Some(1),
            "another result than one recorded and one waiting: {}",
            done["counts"]
        );
        let waiting = self.get(&provider, &format!("/v1/rosters/{roster}/rows?outcome=waiting")).await?;
        ensure!(
            waiting.body["items"][0]["management_number"] == NOBODYS,
            "another row waits: {}",
            waiting.body
        );

        let holder = self.by_client(&registered.open_id).await?;
        self.has_six_hours(&holder).await?;
        if accepted {
            self.message(registered).await?;
        } else {
            self.mail(&self.holder, "继续教育已记录").await?;
        }
        self.is_done_again(registered, &holder).await
    }

    /// What an operator does about a list that was left half way, and about hours that waited and weren't credited: where
    /// nothing is left to be done, nothing is done.
    async fn is_done_again(&self, registered: &Registered, holder: &Client) -> Result<()> {
        self.progress.step("照运维手册手工补跑：巡检未完成的名单，重放登记事件；都不会重复记录");
        let me = self.get(holder, "/v1/me").await?;
        let keys = json!({
            "pk": { "S": format!("HOLDER#{}", me.text("/holder_id")?) },
            "sk": { "S": format!("~REGISTRATION#{}", registered.number) },
        });
        let record = json!({
            "eventID": "by-hand", "eventName": "INSERT", "awsRegion": "any",
            "dynamodb": { "SizeBytes": 0, "Keys": keys },
        });
        let worker = self.stack.output("RosterFunction")?;
        for payload in [json!({ "job": "sweep" }), json!({ "Records": [record] })] {
            let answer = self.stack.invoke(&worker, &payload)?;
            ensure!(answer == json!({ "batchItemFailures": [] }), "{payload} was answered {answer}");
        }
        self.has_six_hours(holder).await
    }

    async fn has_six_hours(&self, holder: &Client) -> Result<()> {
        let transcript = self.get(holder, "/v1/me/transcript").await?;
        let counted = &transcript.body["hours"]["counted"];
        ensure!(counted.as_f64() == Some(6.0), "the hours don't count: {}", transcript.body);
        self.progress.shows("已计入学时", &counted.to_string());
        Ok(())
    }

    /// A place, the upload, the confirmation. Gives the list's id.
    async fn report(&self, provider: &Client, course: &str, list: String) -> Result<String> {
        let name = "名单.csv";
        let place = json!({ "course": course, "format": "csv", "file_name": name, "size": list.len() });
        let place = self.post(provider, "/v1/rosters", place, 201).await?;
        provider.upload(&place.body["upload"], name, "text/csv", list.into_bytes()).await?;
        let roster = place.text("/roster/id")?.to_owned();
        let confirmation = format!("/v1/rosters/{roster}/confirmation");
        let confirmed = self.call(provider, Call::new(Method::POST, &confirmation), 202).await?;
        self.progress.shows("名单", confirmed.text("/state_label")?);
        Ok(roster)
    }

    /// Waits until every row of a list has its result, telling how far it is. Gives the list.
    async fn gone_through(&self, provider: &Client, roster: &str) -> Result<Value> {
        let path = format!("/v1/rosters/{roster}");
        let until = Instant::now() + PATIENCE;
        let mut told = String::new();
        loop {
            let reply = provider.send(&Call::new(Method::GET, &path)).await?;
            ensure!(reply.status == 200, "the list can't be read: {} {}", reply.status, reply.body);
            let state = reply.text("/state")?;
            let how_far = format!("{} {}%", reply.text("/state_label")?, reply.body["percent"]);
            if how_far != told {
                self.progress.shows("名单", &how_far);
                told = how_far;
            }
            ensure!(state != "failed", "the list can't be gone through: {}", reply.body["failure"]);
            if state == "done" {
                return Ok(reply.body);
            }
            ensure!(
                Instant::now() < until,
                "after {} seconds the list is still {state}: {}",
                PATIENCE.as_secs(),
                reply.body
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
