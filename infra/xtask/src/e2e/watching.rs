//! An employer's standing list in a deployed stack. The functions call nothing but the public internet, and no parameter
//! tells them otherwise; so no call arrives here. What shows is that each is attempted, for the list says how it went.

use super::{
    LOOK_EVERY, PATIENCE,
    story::{Registered, Story},
};
use anyhow::{Context, Result, ensure};
use local::tour::client::{Call, Client};
use reqwest::Method;
use serde_json::json;
use std::time::Instant;

/// Public, and takes no calls: of AS112, which answers misdirected questions to name servers and nothing else (RFC 7535).
const NOWHERE: &str = "https://192.31.196.1/registry";

/// Addresses that are refused, and the code.
const REFUSED: [(&str, &str); 3] = [
    ("http://hr.example.com/registry", "webhook_address_not_https"),
    ("https://127.0.0.1/registry", "webhook_address_inside"),
    ("https://169.254.169.254/latest/meta-data", "webhook_address_inside"),
];

/// An employer whose list is open.
pub struct Watching {
    client: Client,
    /// When it was last called, in vain.
    tried_at: String,
}

impl Story<'_> {
    /// An employer opens a list and names the registration; the first call is attempted.
    pub async fn is_watched(&self, registered: &Registered) -> Result<Watching> {
        self.progress.step("用人单位开设长期核验名单：须凭密钥，不接受明文和内部地址；验签公钥已公布");
        let stranger = self.call(&self.nobody(), Call::new(Method::GET, "/v1/watch"), 401).await?;
        ensure!(stranger.text("/code")? == "client_refused", "{}", stranger.body);
        let client = self.service();
        let at = |address: &str| Call::new(Method::PUT, "/v1/watch").with(json!({ "address": address }));
        for (address, code) in REFUSED {
            let refused = self.call(&client, at(address), 422).await?;
            ensure!(refused.text("/errors/0/code")? == code, "{address}: {}", refused.body);
            self.progress.shows(code, refused.text("/errors/0/detail")?);
        }
        self.call(&client, at(NOWHERE), 200).await?;
        let tried_at = self.tried(&client, "").await?;
        let numbers = json!({ "numbers": [registered.number] });
        let added = self.post(&client, "/v1/watch/numbers", numbers, 200).await?;
        ensure!(added.body["items"][0]["result"]["standing"] == "valid", "{}", added.body);
        self.progress.shows("现状", added.text("/items/0/result/detail")?);
        let keys = self.get(&self.nobody(), "/v1/watch/keys").await?;
        ensure!(keys.body["keys"].as_array().is_some_and(|keys| keys.len() == 1), "keys: {}", keys.body);
        Ok(Watching { client, tried_at })
    }

    /// The registration changed: that is attempted to be told as well. Then the employer ends the list.
    pub async fn was_watched(&self, watching: Watching) -> Result<()> {
        self.progress.step("登记状态变化，数据流唤起推送；用人单位终止名单");
        let Watching { client, tried_at } = watching;
        self.tried(&client, &tried_at).await?;
        self.call(&client, Call::new(Method::DELETE, "/v1/watch"), 204).await?;
        let ended = self.call(&client, Call::new(Method::GET, "/v1/watch"), 404).await?;
        ensure!(ended.text("/code")? == "watch_not_open", "{}", ended.body);
        Ok(())
    }

    /// Waits until the employer was called another time than at `before`, and gives the time.
    async fn tried(&self, client: &Client, before: &str) -> Result<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let seen = client.send(&Call::new(Method::GET, "/v1/watch")).await?;
            ensure!(seen.status == 200, "the list can't be read: {} {}", seen.status, seen.body);
            let tried = seen.body["failing"]["last_at"].as_str().filter(|tried| *tried != before);
            if let Some(tried) = tried {
                let error = seen.body["failing"]["error"].as_str().context("it doesn't say what is wrong")?;
                self.progress.shows("推送", &format!("地址不可达（{error}），稍后再试"));
                return Ok(tried.to_owned());
            }
            ensure!(Instant::now() < until, "nobody was called: {}", seen.body);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
