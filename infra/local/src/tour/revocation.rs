//! The story's trial: a revocation is announced, objected to and decided.

use super::{
    client::{Call, Client},
    story::Story,
};
use anyhow::Result;
use reqwest::Method;
use serde_json::json;

impl Story<'_> {
    /// Somebody denounces her; she objects, and is right.
    pub(super) async fn revocation(&mut self, number: &str) -> Result<()> {
        self.at("2029-04-10", "10:00")?;
        self.narrator.chapter(&self.system.clock, "撤销登记：通知、异议、决定");
        self.narrator
            .step("管理员接到举报，按规则中的事由发起撤销：她收到通知，在期限内可以提出异议，登记仍然有效");
        let admin = self.staff("admin").await?;
        let grounds = json!({ "reasons": [{ "ground": "fraud_in_registration", "note": "有人举报其工作经历证明系伪造" }] });
        let announced = self.narrator.page().about_revocation(&admin, number, "", grounds, 201).await?;
        self.narrator.shows("异议期限至", announced.text("/object_until")?);
        self.expect_mail(&["拟撤销登记通知"]).await?;
        self.stands(number, "valid").await?;
        self.narrator.step("再发起一次：已在进行，不会重复");
        let twice = json!({ "reasons": [{ "ground": "other", "note": "重复举报" }] });
        let refused = self.narrator.page().about_revocation(&admin, number, "", twice, 409).await?;
        self.narrator.shows("错误", refused.text("/detail")?);

        self.at("2029-04-15", "20:00")?;
        self.narrator.step("她提出异议，邮件里有回执；期限过后，每日任务也不撤销有异议的登记");
        let holder = self.holder().await?;
        let objection = format!("/v1/registrations/{number}/revocation/objection");
        let said = json!({ "text": "证明由原单位出具，公章真实，可向原单位核实。" });
        let objected = self.call(&holder, Call::new(Method::POST, &objection).with(said), 201).await?;
        self.narrator.shows("状态", objected.text("/state_label")?);
        self.expect_mail(&["异议已收到"]).await?;
        self.at("2029-05-08", "09:00")?;
        self.run_job(0).await?;

        self.narrator.step("管理员向原单位核实后采纳异议：登记继续有效，结果和理由告知本人");
        let admin = self.staff("admin").await?;
        let ruling = json!({ "ruling": "uphold", "note": "原单位来函确认证明属实。" });
        let decided = self.narrator.page().about_revocation(&admin, number, "/decision", ruling, 200).await?;
        self.narrator.shows("结果", decided.text("/state_label")?);
        self.expect_mail(&["异议成立"]).await?;
        self.stands(number, "valid").await
    }

    /// A stranger verifies `number`, which stands as `standing`.
    pub(super) async fn stands(&self, number: &str, standing: &str) -> Result<()> {
        self.narrator.page().stands(&Client::new(&self.base), number, standing).await
    }
}
