//! Who moves to another province and back, through a deployed stack.

use super::story::{Registered, Story};
use anyhow::{Context, Result, ensure};
use local::tour::{
    client::{Call, Client},
    files,
};
use reqwest::Method;
use serde_json::{Value, json};

impl Story<'_> {
    /// The registration ends here, with two signed papers; and with another province's letter another begins.
    pub async fn moves(&self, registered: &Registered, reviewers: &[Client; 2]) -> Result<()> {
        self.progress.step("转出：本省登记终止，学时证明、转出证明都有签名");
        let holder = self.by_client(&registered.open_id).await?;
        let leaving = json!({ "declaration": true, "transfer": { "province": "11" } });
        self.applies(&holder, reviewers, "transfer_out", &[], leaving).await?;
        self.mail(&self.holder, "转出已办结").await?;
        self.stands(&registered.number, "transferred").await?;
        let published = self.get(&self.nobody(), "/v1/verify/keys").await?;
        for paper in ["hours-statement", "transfer-letter"] {
            let paper =
                self.get(&holder, &format!("/v1/registrations/{}/{paper}", registered.number)).await?;
            let mut keys = published.body["keys"].as_array().into_iter().flatten();
            ensure!(
                keys.any(|key| key["kid"] == paper.body["signature"]["kid"]),
                "by no known key: {}",
                paper.body
            );
            self.progress.shows("证明", paper.text("/document/title")?);
        }

        self.progress.step("转入：凭外省证明和学时登记，学时按本省规则计入");
        let papers = [files::PAPERS.as_slice(), &[("transfer_letter", "转出证明.jpg")]].concat();
        let began = self.today.plus_days(-30);
        let arriving = json!({ "declaration": true, "transfer": {
            "province": "11", "registration_number": "京社登 2026-00123",
            "cycle_start": began, "valid_until": began.plus_years(3),
            "hours": [{ "form": "seminar", "category": "professional", "title": "个案工作研讨",
                "provider": "北京市社会工作协会", "done_from": self.today.plus_days(-10), "hours": 4 }],
        } });
        let number = self.applies(&holder, reviewers, "transfer_in", &papers, arriving).await?;
        self.mail(&self.holder, "转入成功").await?;
        let seen = self.get(&holder, &format!("/v1/registrations/{number}")).await?;
        ensure!(
            seen.text("/transferred_in/province/code")? == "11",
            "it doesn't say where from: {}",
            seen.body
        );
        self.progress.shows("登记号", &number);
        self.stands(&number, "valid").await
    }

    /// An application from its draft to the last approval. Gives the registration's number.
    async fn applies(
        &self,
        holder: &Client,
        reviewers: &[Client; 2],
        kind: &str,
        papers: &[(&str, &str)],
        details: Value,
    ) -> Result<String> {
        let opened = self.post(holder, "/v1/applications", json!({ "kind": kind }), 201).await?;
        let id = opened.text("/id")?;
        for (kind, name) in papers {
            self.upload(holder, id, kind, name).await?;
        }
        let path = format!("/v1/applications/{id}");
        let version = self.get(holder, &path).await?.etag;
        let edit = Call::new(Method::PATCH, &path).with(details);
        self.call(holder, Call { if_match: version.as_deref(), ..edit }, 200).await?;
        self.call(holder, Call::new(Method::POST, &format!("{path}/submission")), 200).await?;
        let mut number = None;
        for reviewer in reviewers {
            let opened = self.get(reviewer, &format!("/v1/review/applications/{id}")).await?;
            let decision = format!("/v1/review/applications/{id}/decision");
            let decide = Call::new(Method::POST, &decision).with(json!({ "outcome": "approve" }));
            let decided =
                self.call(reviewer, Call { if_match: opened.etag.as_deref(), ..decide }, 200).await?;
            number = decided.body["registration_number"].as_str().map(str::to_owned).or(number);
        }
        number.context("an approved application has a registration")
    }
}
