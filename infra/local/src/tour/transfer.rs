//! The story's journey: she moves to Beijing with her papers, and comes back with the hours she did there.

use super::{
    client::{Call, Client},
    files,
    story::Story,
};
use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

impl Story<'_> {
    /// She leaves: the registration ends here, and two signed papers go along.
    pub(super) async fn moves_away(&mut self, number: &str) -> Result<()> {
        self.at("2029-09-03", "09:00")?;
        self.narrator.chapter(&self.system.clock, "转出：迁往北京");
        self.narrator.step("她到北京工作，申请转出：只需选择转入的省份");
        let holder = self.holder().await?;
        let transfer = json!({ "declaration": true, "transfer": { "province": "11" } });
        let id = self.apply(&holder, "transfer_out", &[], transfer).await?;

        self.narrator
            .step("两级审核通过，本省登记当日终止；学时证明、转出证明都有签名，转入地用公布的公钥即可核对");
        self.approve(&id).await?;
        self.expect_mail(&["转出已办结"]).await?;
        let path = format!("/v1/registrations/{number}");
        let holder = self.holder().await?;
        let left = self.get(&holder, &path, 200).await?;
        ensure!(left.text("/transferred_out/province/code")? == "11", "it says where to: {}", left.body);
        let hours = self.get(&holder, &format!("{path}/hours-statement"), 200).await?;
        let letter = self.get(&holder, &format!("{path}/transfer-letter"), 200).await?;
        let keys = self.get(&Client::new(&self.base), "/v1/verify/keys", 200).await?;
        let keys = keys.body["keys"].as_array().context("keys are published")?;
        for paper in [&hours, &letter] {
            let signed_by = paper.text("/signature/kid")?;
            ensure!(keys.iter().any(|key| key["kid"] == signed_by), "{signed_by} isn't published");
        }
        self.narrator.shows(
            "学时证明",
            &format!("计入 {} {}", hours.body["document"]["counted"], hours.text("/document/unit")?),
        );
        self.narrator.shows(
            "转出证明",
            &format!(
                "{}，转往{}",
                letter.text("/document/letter_number")?,
                letter.text("/document/destination/name")?
            ),
        );
        self.stands(number, "transferred").await
    }

    /// She comes back with the other province's letter; her hours are kept as they were claimed there, and assessed here.
    pub(super) async fn moves_back(&mut self, before: &str) -> Result<()> {
        self.at("2031-03-03", "10:00")?;
        self.narrator.chapter(&self.system.clock, "转入：从北京回来");
        self.narrator.step("她从北京转回，填写那边的登记和学时，上传北京出具的转出证明");
        let holder = self.holder().await?;
        let papers = [files::PAPERS.as_slice(), &[("transfer_letter", "北京转出证明.jpg")]].concat();
        let id = self.apply(&holder, "transfer_in", &papers, from_beijing()).await?;

        self.narrator.step("两级审核通过，得到新的登记号，有效期接着原来的算；原登记号仍显示已转出");
        let number = self.approve(&id).await?;
        self.narrator.shows("登记号", &number);
        self.expect_mail(&["转入成功"]).await?;
        let holder = self.holder().await?;
        let registered = self.get(&holder, &format!("/v1/registrations/{number}"), 200).await?;
        let from = registered.text("/transferred_in/province/name")?;
        self.narrator
            .shows("转自", &format!("{from}，{}", registered.text("/transferred_in/registration_number")?));
        self.stands(&number, "valid").await?;
        self.stands(before, "transferred").await?;

        self.narrator.step("带来的学时按原样保留，按本省规则逐条说明计入多少、为什么");
        let transcript = self.get(&holder, "/v1/me/transcript", 200).await?;
        for item in transcript.body["items"].as_array().context("there are items")? {
            let title = item["credit"]["activity"]["title"].as_str().unwrap_or_default();
            self.narrator.shows(title, &format!("计入 {} / {}", item["counted"], item["credit"]["claimed"]));
            if let Some(why) = item["uncounted"][0]["detail"].as_str() {
                self.narrator.shows("未计入", why);
            }
        }
        ensure!(transcript.body["hours"]["counted"] == json!(8), "eight hours count: {}", transcript.body);
        Ok(())
    }

    /// Opens an application of `kind`, uploads `papers`, enters `details` and submits. Gives its id.
    async fn apply(
        &mut self,
        holder: &Client,
        kind: &str,
        papers: &[(&str, &str)],
        details: Value,
    ) -> Result<String> {
        let open = Call::new(Method::POST, "/v1/applications").with(json!({ "kind": kind }));
        let id = self.call(holder, open, 201).await?.text("/id")?.to_owned();
        for (kind, name) in papers {
            self.upload(holder, &id, kind, name).await?;
        }
        let path = format!("/v1/applications/{id}");
        let version = self.get(holder, &path, 200).await?.etag;
        let edit = Call { if_match: version.as_deref(), ..Call::new(Method::PATCH, &path).with(details) };
        self.call(holder, edit, 200).await?;
        let submission = format!("{path}/submission");
        self.call(holder, Call::new(Method::POST, &submission), 200).await?;
        self.expect_mail(&["提交成功"]).await?;
        Ok(id)
    }

    /// Both stages approve. Gives the registration's number.
    pub(super) async fn approve(&mut self, id: &str) -> Result<String> {
        let mut number = None;
        for reviewer in ["chushen", "zhongshen"] {
            let reviewer = self.staff(reviewer).await?;
            let opened = self.open(&reviewer, id).await?;
            let decided = self.decide(&reviewer, id, &opened, json!({ "outcome": "approve" }), 200).await?;
            number = decided.body["registration_number"].as_str().map(str::to_owned).or(number);
        }
        number.context("an approved application has a registration")
    }
}

/// What she was registered as in Beijing, and did there.
fn from_beijing() -> Value {
    let seminar = |title: &str, hours: u32, unit: &str| {
        json!({ "form": "seminar", "category": "professional", "title": title, "provider": "北京市社会工作协会",
            "done_from": "2030-05-10", "hours": hours, "unit": unit })
    };
    json!({ "declaration": true, "transfer": {
        "province": "11", "registration_number": "京社登 2029-00123",
        "cycle_start": "2029-09-10", "valid_until": "2032-09-09",
        "hours": [seminar("个案工作研讨", 8, "学时"), seminar("小组工作研讨", 6, "小时")],
    } })
}
