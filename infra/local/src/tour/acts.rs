//! What people do in any story, the tour's and that of a deployed stack: each act is told on the story's page.

use super::{
    client::{Call, Client, Reply},
    files,
    page::Page,
};
use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

impl Page {
    /// Sends `call` as `client`, which must be answered with `expected`.
    ///
    /// # Errors
    ///
    /// Where it isn't, or nothing comes back.
    pub async fn send(&self, client: &Client, call: Call<'_>, expected: u16) -> Result<Reply> {
        let reply = client.send(&call).await?;
        self.call(call.method.as_str(), call.path, reply.status);
        ensure!(reply.status == expected, "expected {expected}, got {}: {}", reply.status, reply.body);
        Ok(reply)
    }

    /// Attaches a paper of `kind`, named `name`, to `application`: announced, uploaded, confirmed.
    ///
    /// # Errors
    ///
    /// Where any of it is refused.
    pub async fn attach(&self, client: &Client, application: &str, kind: &str, name: &str) -> Result<()> {
        let (content_type, bytes) = files::of_kind(kind);
        let path = format!("/v1/applications/{application}/attachments");
        let body =
            json!({ "kind": kind, "file_name": name, "content_type": content_type, "size": bytes.len() });
        let place = self.send(client, Call::new(Method::POST, &path).with(body), 201).await?;
        client.upload(&place.body["upload"], name, content_type, bytes).await?;
        let confirmation = format!("/v1/attachments/{}/confirmation", place.text("/attachment/id")?);
        self.send(client, Call::new(Method::POST, &confirmation), 200).await?;
        Ok(())
    }

    /// What an administrator does about the revocation of `number`, on the present version; `tail` says which step.
    ///
    /// # Errors
    ///
    /// Where it isn't answered with `expected`.
    pub async fn about_revocation(
        &self,
        admin: &Client,
        number: &str,
        tail: &str,
        body: Value,
        expected: u16,
    ) -> Result<Reply> {
        let path = format!("/v1/registrations/{number}");
        let version = self.send(admin, Call::new(Method::GET, &path), 200).await?.etag;
        let path = format!("{path}/revocation{tail}");
        let call = Call { if_match: version.as_deref(), ..Call::new(Method::POST, &path).with(body) };
        self.send(admin, call, expected).await
    }

    /// A stranger verifies `number`, which stands as `standing`.
    ///
    /// # Errors
    ///
    /// Where it stands otherwise.
    pub async fn stands(&self, stranger: &Client, number: &str, standing: &str) -> Result<()> {
        let path = format!("/v1/verify/{number}");
        let seen = self.send(stranger, Call::new(Method::GET, &path), 200).await?;
        ensure!(seen.text("/standing")? == standing, "it isn't {standing}: {}", seen.body);
        self.shows("核验", seen.text("/detail")?);
        Ok(())
    }
}
