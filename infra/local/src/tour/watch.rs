//! The story's onlooker: an employer that names her number once, and from then on is told.

use super::{
    client::{Call, Client},
    story::Story,
};
use crate::{
    employer::{self, Employer},
    system::SERVICE_CLIENT,
};
use anyhow::{Context, Result, bail, ensure};
use common::{
    auth::keys::{Jwks, PublicKey},
    webhook::{SignatureError, verify_webhook},
};
use reqwest::Method;
use serde_json::{Value, json};

/// Where calls would reach what only the functions can reach.
const INSIDE: &str = "https://169.254.169.254/latest/meta-data";

impl Story<'_> {
    /// An employer opens a standing list and puts her number on it. Its calls arrive at the stand-in that is given back.
    pub(super) async fn is_watched(&mut self, number: &str) -> Result<Employer> {
        self.at("2029-03-22", "09:00")?;
        self.narrator.chapter(&self.system.clock, "长期核验名单：登记有变，主动告知用人单位");
        self.narrator.step(
            "用人单位的系统凭自己的密钥设置接收地址：指向内部网络的不接受；设好即收到一次推送，可据此核对签名",
        );
        let client = Client::of_service(&self.base, SERVICE_CLIENT, &self.system.keys.client_secret);
        let at = |address: &str| Call::new(Method::PUT, "/v1/watch").with(json!({ "address": address }));
        let refused = self.call(&client, at(INSIDE), 422).await?;
        ensure!(refused.text("/errors/0/code")? == "webhook_address_inside", "{}", refused.body);
        self.narrator.shows("错误", refused.text("/errors/0/detail")?);
        let employer = Employer::start(&self.system.employers).await?;
        self.call(&client, at(&employer.url()), 200).await?;
        let calls = self.calls(&employer, 1).await?;
        let greeting = self.verified(&calls[0]).await?;
        ensure!(greeting["type"] == "watch.opened", "another call than the first: {greeting}");
        self.narrator.shows("收到推送", "watch.opened，签名有效");

        self.narrator.step("把她的登记号加入名单，当场返回现状，以后有变才推送");
        let numbers = json!({ "numbers": [number] });
        let add = Call::new(Method::POST, "/v1/watch/numbers").with(numbers);
        let added = self.call(&client, add, 200).await?;
        ensure!(added.text("/items/0/result/standing")? == "valid", "she is registered: {}", added.body);
        self.narrator.shows("现状", added.text("/items/0/result/detail")?);
        Ok(employer)
    }

    /// She left: `employer` was called, by us and nobody else, and not for the revocation that came to nothing.
    pub(super) async fn employer_is_told(&mut self, employer: &Employer, number: &str) -> Result<()> {
        self.narrator.step(
            "用人单位随即收到推送，用公布的公钥验签，改动一个字节也通不过；此前的撤销没有成立，登记状态未变，不推送",
        );
        let calls = self.calls(employer, 2).await?;
        let told = self.verified(&calls[1]).await?;
        ensure!(told["type"] == "registration.standing_changed", "another call: {told}");
        let data = &told["data"];
        let change = (&data["number"], &data["previous_standing"], &data["standing"]);
        ensure!(change == (&json!(number), &json!("valid"), &json!("transferred")), "another change: {told}");
        self.narrator.shows("收到推送", &format!("registration.standing_changed，{number}，签名有效"));
        self.narrator.shows("内容", data["detail"].as_str().context("it says how she stands")?);
        Ok(())
    }

    /// What `employer` was called with so far: `expected` calls, and no others.
    async fn calls(&self, employer: &Employer, expected: usize) -> Result<Vec<employer::Call>> {
        self.system.drain().await?;
        // The calls that were planned meanwhile are in the stream themselves.
        self.system.drain().await?;
        let calls = employer.calls();
        ensure!(calls.len() == expected, "expected {expected} calls, got {}", calls.len());
        Ok(calls)
    }

    /// What `call` says, once it's checked as its receiver checks it; and one byte of it changed is noticed.
    async fn verified(&self, call: &employer::Call) -> Result<Value> {
        let published = self.get(&Client::new(&self.base), "/v1/watch/keys", 200).await?;
        let published: Jwks = serde_json::from_value(published.body)?;
        let keys = published.keys.iter().map(PublicKey::try_from).collect::<Result<Vec<_>, _>>()?;
        let now = self.system.clock.now();
        verify_webhook(&keys, &call.headers, &call.body, now)?;
        let mut changed = call.body.clone();
        if let Some(byte) = changed.last_mut() {
            *byte ^= 1;
        }
        match verify_webhook(&keys, &call.headers, &changed, now) {
            Err(SignatureError::NotAuthentic) => Ok(serde_json::from_slice(&call.body)?),
            other => bail!("a changed byte isn't noticed: {other:?}"),
        }
    }
}
