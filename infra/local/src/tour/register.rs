//! What others see of the register, and what the register remembers of those who looked; and at the story's end, what all
//! of it comes to.

use super::{
    client::{Call, Client},
    story::Story,
};
use anyhow::{Context, Result, ensure};
use domain::date::Instant;
use reqwest::Method;
use serde_json::{Value, json};

/// A number that nobody has, with the right check digit.
const NOBODYS: &str = "422026987654324";

impl Story<'_> {
    /// An employer verifies her; an administrator looks at her registration and at who looked before.
    pub(super) async fn register_is_asked(&mut self, number: &str) -> Result<()> {
        self.at("2029-03-21", "09:00")?;
        self.narrator.chapter(&self.system.clock, "登记册：任何人可核验，查看必留痕");
        self.narrator.step("用人单位不用登录就能核验：姓名打码，状态和日期一目了然");
        let nobody = Client::new(&self.base);
        let seen = self.get(&nobody, &format!("/v1/verify/{number}"), 200).await?;
        ensure!(seen.text("/standing")? == "valid", "she is registered: {}", seen.body);
        ensure!(seen.text("/name")? == "张**", "her name is masked: {}", seen.body);
        self.narrator.shows("姓名", seen.text("/name")?);
        self.narrator.shows("结果", seen.text("/detail")?);

        self.narrator.step("她下载电子登记证：当场印制，二维码可离线验证");
        let holder = self.holder().await?;
        let issued = self.get(&holder, &format!("/v1/registrations/{number}/certificate"), 200).await?;
        let pdf = reqwest::get(issued.text("/url")?).await?.bytes().await?;
        ensure!(pdf.starts_with(b"%PDF-"), "the certificate is no PDF");
        self.narrator
            .shows("电子登记证", &format!("第 {} 版，PDF，{} 字节", issued.body["edition"], pdf.len()));

        self.narrator.step("抄错一位数字，与查无此号分得清；一次最多核验一百个");
        let refused = self.get(&nobody, &format!("/v1/verify/{}", mistyped(number)?), 422).await?;
        self.narrator.shows("错误", refused.text("/errors/0/detail")?);
        let list = json!({ "numbers": [number, NOBODYS] });
        let several = self.call(&nobody, Call::new(Method::POST, "/v1/verify").with(list), 200).await?;
        for item in ["/items/0", "/items/1"] {
            let said = several.text(&format!("{item}/result/standing_label"))?;
            self.narrator.shows(several.text(&format!("{item}/number"))?, said);
        }

        self.narrator.step("管理员查看持证人身份信息：先记入日志，再显示；日志逐条相连，改动必被发现");
        let admin = self.staff("admin").await?;
        self.get(&admin, &format!("/v1/registrations/{number}/holder"), 200).await?;
        let journal = self.get(&admin, &format!("/v1/registrations/{number}/journal?limit=200"), 200).await?;
        let entries = journal.body["items"].as_array().context("a journal has entries")?;
        let newest = entries.last().context("the view is in it")?;
        ensure!(newest["action"] == "viewed", "the view isn't the last entry: {newest}");
        self.narrator.shows(
            "日志",
            &format!(
                "{} 条，最后一条：{}",
                entries.len(),
                newest["action_label"].as_str().unwrap_or_default()
            ),
        );
        Ok(())
    }

    /// The figures for policy, which are so small here that they are hidden.
    pub(super) async fn figures(&mut self) -> Result<()> {
        self.at("2031-03-04", "09:00")?;
        self.narrator.chapter(&self.system.clock, "统计数据：供决策，不泄露个人");
        self.narrator.step(
            "管理员查看各月登记、再登记、失效、转出等人数：随办随计，1 至 4 人的数值不显示，以免认出个人",
        );
        let admin = self.staff("admin").await?;
        let seen = self.get(&admin, "/v1/statistics?from=2029-09&to=2031-03", 200).await?;
        ensure!(seen.body["registered"]["total"].is_null(), "a single person is shown: {}", seen.body);
        self.narrator.shows(seen.text("/registered/label")?, &count(&seen.body["registered"]["total"]));
        let rows = seen.body["months"][0]["rows"].as_array().context("a month has rows")?;
        for row in rows {
            self.narrator.shows(
                &format!("{} {}", seen.text("/months/0/month")?, row["label"].as_str().unwrap_or_default()),
                &count(&row["total"]),
            );
        }
        self.narrator.shows("统计至", &seen.text("/as_of")?.parse::<Instant>()?.in_chinese());
        Ok(())
    }
}

/// A number of the figures as people read it.
fn count(total: &Value) -> String {
    if total.is_null() { "1 至 4 人，不显示".to_owned() } else { format!("{total} 人") }
}

/// `number` with its last digit another.
fn mistyped(number: &str) -> Result<String> {
    let (front, last) = number.split_at_checked(number.len() - 1).context("a number has digits")?;
    let last: u8 = last.parse()?;
    Ok(format!("{front}{}", (last + 1) % 10))
}
