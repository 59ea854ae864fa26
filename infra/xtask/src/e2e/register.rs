//! What others see of the register in a deployed stack: anybody verifies, and staff find what they looked at.

use super::{
    LOOK_EVERY, PATIENCE,
    story::{Registered, Story},
};
use anyhow::{Result, ensure};
use local::tour::client::{Call, Client};
use reqwest::Method;
use serde_json::json;
use std::time::Instant;

impl Story<'_> {
    /// Somebody who isn't signed in asks for the registration, one that was mistyped, and one that nobody has.
    pub async fn is_verified(&self, registered: &Registered) -> Result<()> {
        self.progress.step("任何人核验登记：有效；抄错一位与查无此号分得清");
        let nobody = self.nobody();
        let number = &registered.number;
        let path = format!("/v1/verify/{number}");
        let seen = self.get(&nobody, &path).await?;
        ensure!(seen.text("/standing")? == "valid", "the registration isn't valid: {}", seen.body);
        ensure!(!seen.body.to_string().contains(&registered.name), "the name isn't masked: {}", seen.body);
        self.progress.shows("结果", seen.text("/detail")?);

        let digit = number.as_bytes()[number.len() - 1] - b'0';
        let mistyped = format!("{}{}", &number[..number.len() - 1], (digit + 1) % 10);
        let refused =
            self.call(&nobody, Call::new(Method::GET, &format!("/v1/verify/{mistyped}")), 422).await?;
        ensure!(
            refused.text("/errors/0/code")? == "registration_number_check_digit",
            "a slip isn't told: {}",
            refused.body
        );
        let list = json!({ "numbers": [number, mistyped, "422026987654324"] });
        let several = self.post(&nobody, "/v1/verify", list, 200).await?;
        ensure!(several.body["items"][2]["result"]["standing"] == "unknown", "{}", several.body);
        self.has_papers(registered).await
    }

    /// What is signed comes from the function that prints: its key is published, and the certificate can be fetched.
    async fn has_papers(&self, registered: &Registered) -> Result<()> {
        self.progress.step("电子登记证与学时证明：当场印制、签名，公钥已公布");
        let holder = self.by_client(&registered.open_id).await?;
        let path = format!("/v1/registrations/{}", registered.number);
        let statement = self.get(&holder, &format!("{path}/hours-statement")).await?;
        let key = statement.text("/signature/kid")?;
        let published = self.get(&self.nobody(), "/v1/verify/keys").await?;
        let keys = published.body["keys"].as_array().into_iter().flatten();
        ensure!(keys.clone().any(|known| known["kid"] == key), "the key isn't published: {}", published.body);
        let issued = self.get(&holder, &format!("{path}/certificate")).await?;
        let pdf = reqwest::get(issued.text("/url")?).await?.bytes().await?;
        ensure!(pdf.starts_with(b"%PDF-"), "the certificate is no PDF");
        self.progress.shows("电子登记证", &format!("PDF，{} 字节", pdf.len()));
        Ok(())
    }

    /// A revocation is announced, objected to, and the objection upheld: the registration stands.
    pub async fn is_denounced(&self, registered: &Registered, admin: &Client) -> Result<()> {
        self.progress.step("发起撤销登记，本人提出异议，管理员采纳：登记继续有效");
        let number = &registered.number;
        let grounds = json!({ "reasons": [{ "ground": "fraud_in_registration", "note": "有人举报其工作经历证明系伪造" }] });
        let announced = self.progress.page().about_revocation(admin, number, "", grounds, 201).await?;
        self.progress.shows("异议期限至", announced.text("/object_until")?);
        self.mail(&self.holder, "拟撤销登记通知").await?;
        let holder = self.by_client(&registered.open_id).await?;
        let objection = format!("/v1/registrations/{number}/revocation/objection");
        self.post(&holder, &objection, json!({ "text": "证明由原单位出具，可向原单位核实。" }), 201).await?;
        let ruling = json!({ "ruling": "uphold", "note": "原单位来函确认证明属实。" });
        let upheld = self.progress.page().about_revocation(admin, number, "/decision", ruling, 200).await?;
        self.progress.shows("结果", upheld.text("/state_label")?);
        self.mail(&self.holder, "异议成立").await?;
        self.stands(number, "valid").await
    }

    /// A stranger verifies `number`, which stands as `standing`.
    pub(super) async fn stands(&self, number: &str, standing: &str) -> Result<()> {
        self.progress.page().stands(&self.nobody(), number, standing).await
    }

    /// What the stream told is counted, and so small a number hidden.
    pub async fn is_counted(&self, admin: &Client) -> Result<()> {
        self.progress.step("统计数据随数据流更新；小于 5 的数值不显示");
        let until = Instant::now() + PATIENCE;
        loop {
            let seen = self.get(admin, "/v1/statistics").await?;
            if seen.body["as_of"].is_string() {
                let total = &seen.body["registered"]["total"];
                ensure!(total.is_null(), "a single person is shown: {}", seen.body);
                self.progress.shows("统计至", seen.text("/as_of")?);
                return Ok(());
            }
            ensure!(Instant::now() < until, "nothing was counted: {}", seen.body);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
