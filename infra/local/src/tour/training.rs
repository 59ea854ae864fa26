//! The story's middle: hours of continuing education, reported, claimed, decided and explained.

use super::{
    client::{Call, Client, Reply},
    files,
    story::Story,
};
use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

/// Her certificate, and one that nobody has registered yet.
const HERS: &str = "202510420106000123";
const UNKNOWN: &str = "202510420106000789";

impl Story<'_> {
    /// A course is found, tried, attended and reported; a claim is proved, decided in part, and explained.
    pub(super) async fn training(&mut self) -> Result<()> {
        self.find_a_course().await?;
        self.claim_hours().await?;
        self.decide_hours().await
    }

    async fn find_a_course(&mut self) -> Result<()> {
        self.at("2026-06-05", "09:00")?;
        self.narrator.chapter(&self.system.clock, "继续教育：课程与名单");
        self.narrator.step("培训机构发布课程，持证人按字词查到，先试算能计多少");
        let provider = self.staff("peixun").await?;
        let course = self.offer(&provider, "社会工作伦理与价值观", 18, "2026-06-18", "2026-06-20").await?;
        let holder = self.holder().await?;
        let found = self.get(&holder, "/v1/courses?q=伦理", 200).await?;
        ensure!(found.text("/items/0/id")? == course, "the course isn't found");
        let preview = Call::new(Method::POST, "/v1/me/credits/preview").with(json!({ "course": course }));
        let preview = self.call(&holder, preview, 200).await?;
        ensure!(preview.body["counts"] == json!(true), "it would count");
        self.narrator.shows(
            "试算",
            &format!(
                "可计 {} 学时，计入后还差 {} 学时",
                preview.body["gained"], preview.body["after"]["missing"]
            ),
        );

        self.at("2026-06-21", "09:00")?;
        self.narrator.step("课程结束，培训机构报送名单：一行一结果，错的说明原因，尚未登记的先留存");
        let provider = self.staff("peixun").await?;
        let list =
            format!("name,management_number,hours\n张晓雯,{HERS},18\n李明,{UNKNOWN},18\n张晓雯,{HERS},-2\n");
        let roster = self.report(&provider, &course, &list).await?;
        for count in roster.body["counts"].as_array().context("there are counts")? {
            self.narrator
                .shows(count["label"].as_str().unwrap_or_default(), &format!("{} 行", count["rows"]));
        }
        let invalid = format!("/v1/rosters/{}/rows?outcome=invalid", roster.text("/id")?);
        let invalid = self.get(&provider, &invalid, 200).await?;
        self.narrator.shows("第 3 行", invalid.text("/items/0/detail")?);
        self.expect_mail(&["已记录"]).await
    }

    async fn claim_hours(&mut self) -> Result<()> {
        self.at("2026-07-02", "20:00")?;
        self.narrator.chapter(&self.system.clock, "继续教育：自行申报");
        self.narrator.step("她参加了一次研讨会，自己申报：先存草稿，缺的材料逐项列出");
        let holder = self.holder().await?;
        let seminar = json!({
            "form": "seminar", "category": "professional", "title": "社区治理研讨会", "provider": "武汉市社会工作联合会",
            "done_from": "2026-07-01", "hours": 6,
        });
        let draft = self.call(&holder, Call::new(Method::POST, "/v1/me/credits").with(seminar), 201).await?;
        let path = format!("/v1/me/credits/{}", draft.text("/id")?);
        let submission = format!("{path}/submission");
        let refused = self.call(&holder, Call::new(Method::POST, &submission), 422).await?;
        self.narrator.shows("还缺", refused.text("/errors/0/detail")?);

        self.narrator.step("上传结业证书后提交，邮件里有回执");
        let (content_type, bytes) = ("application/pdf", files::pdf());
        let file = json!({ "kind": "completion_certificate", "file_name": "结业证书.pdf",
            "content_type": content_type, "size": bytes.len() });
        let attachments = format!("{path}/attachments");
        let place = self.call(&holder, Call::new(Method::POST, &attachments).with(file), 201).await?;
        holder.upload(&place.body["upload"], "结业证书.pdf", content_type, bytes).await?;
        let confirmation = format!("/v1/attachments/{}/confirmation", place.text("/attachment/id")?);
        self.call(&holder, Call::new(Method::POST, &confirmation), 200).await?;
        let submitted = self.call(&holder, Call::new(Method::POST, &submission), 200).await?;
        self.narrator.shows("状态", submitted.text("/state_label")?);
        self.expect_mail(&["申报已提交"]).await
    }

    async fn decide_hours(&mut self) -> Result<()> {
        self.at("2026-07-06", "10:00")?;
        self.narrator.chapter(&self.system.clock, "继续教育：认定");
        self.narrator.step("初审员对照证书，研讨会只有 4 学时，认定一部分并说明理由");
        let reviewer = self.staff("chushen").await?;
        let queue = self.get(&reviewer, "/v1/review/credits", 200).await?;
        let path = format!("/v1/review/credits/{}", queue.text("/items/0/credit_id")?);
        let opened = self.get(&reviewer, &path, 200).await?;
        let reasons = json!([{ "ground": "hours_overstated", "note": "证书载明 4 学时" }]);
        let decision = json!({ "outcome": "recognise", "hours": 4, "reasons": reasons });
        let decide = format!("{path}/decision");
        let call =
            Call { if_match: opened.etag.as_deref(), ..Call::new(Method::POST, &decide).with(decision) };
        self.call(&reviewer, call, 200).await?;
        self.expect_mail(&["认定"]).await?;

        self.narrator.step("她查看继续教育记录：每一学时计没计入、为什么、依据哪条规则");
        let holder = self.holder().await?;
        let transcript = self.get(&holder, "/v1/me/transcript", 200).await?;
        ensure!(transcript.body["hours"]["counted"] == json!(22), "18 and 4 hours count");
        for item in transcript.body["items"].as_array().context("there are items")? {
            let title = item["credit"]["activity"]["title"].as_str().unwrap_or_default();
            self.narrator.shows(title, &format!("计入 {} / {}", item["counted"], item["credit"]["claimed"]));
            if let Some(why) = item["uncounted"][0]["detail"].as_str() {
                self.narrator.shows("未计入", why);
            }
        }
        self.narrator.shows("提示", transcript.text("/advice")?);
        Ok(())
    }

    /// Reports what is still missing, on the last day there is.
    pub(super) async fn last_course(&mut self) -> Result<()> {
        let provider = self.staff("peixun").await?;
        let course = self.offer(&provider, "社区社会工作实务", 68, "2028-11-20", "2028-11-30").await?;
        let list = format!("name,management_number\n张晓雯,{HERS}\n");
        let roster = self.report(&provider, &course, &list).await?;
        ensure!(
            roster.body["counts"][0]["outcome"] == json!("recorded"),
            "her row is recorded: {}",
            roster.body
        );
        self.expect_mail(&["已记录"]).await
    }

    async fn offer(
        &self,
        provider: &Client,
        title: &str,
        hours: u32,
        from: &str,
        to: &str,
    ) -> Result<String> {
        let course = json!({
            "title": title, "provider": "省社会工作培训中心", "form": "in_person", "category": "ethics",
            "hours": hours, "unit": "学时", "from": from, "to": to,
        });
        let offered = self.call(provider, Call::new(Method::POST, "/v1/courses").with(course), 201).await?;
        Ok(offered.text("/id")?.to_owned())
    }

    /// Reports a class list, and gives it once it was gone through.
    async fn report(&self, provider: &Client, course: &str, list: &str) -> Result<Reply> {
        let request: Value =
            json!({ "course": course, "format": "csv", "file_name": "名单.csv", "size": list.len() });
        let place = self.call(provider, Call::new(Method::POST, "/v1/rosters").with(request), 201).await?;
        provider.upload(&place.body["upload"], "名单.csv", "text/csv", list.as_bytes().to_vec()).await?;
        let path = format!("/v1/rosters/{}", place.text("/roster/id")?);
        let confirmation = format!("{path}/confirmation");
        self.call(provider, Call::new(Method::POST, &confirmation), 202).await?;
        self.system.drain().await?;
        let roster = self.get(provider, &path, 200).await?;
        ensure!(roster.text("/state")? == "done", "the list was gone through: {}", roster.body);
        Ok(roster)
    }
}
