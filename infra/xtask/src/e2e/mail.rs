//! The mail that an emulator's SES was given.

use super::target::{Kind, Target};
use anyhow::{Context, Result, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use mail_parser::MessageParser;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long a mail may take: the stream has to be read, and a function to be started.
const PATIENCE: Duration = Duration::from_secs(90);

/// A mail that was sent.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Whom to.
    pub to: String,
    /// Its subject, decoded.
    pub subject: String,
    /// Its text part.
    pub text: String,
}

/// Waits for a mail to `to` whose subject has `about` in it.
pub async fn wait_for(target: &Target, to: &str, about: &str) -> Result<Sent> {
    let until = Instant::now() + PATIENCE;
    loop {
        let mails = all(target).await?;
        if let Some(found) = mails.iter().find(|mail| mail.to == to && mail.subject.contains(about)) {
            return Ok(found.clone());
        }
        if Instant::now() > until {
            let subjects: Vec<_> =
                mails.iter().map(|mail| format!("{} 「{}」", mail.to, mail.subject)).collect();
            bail!("no mail to {to} about {about}; there are: {}", subjects.join(", "));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Every mail so far.
pub async fn all(target: &Target) -> Result<Vec<Sent>> {
    let path = match target.kind() {
        Kind::MiniStack => "/_ministack/ses/messages",
        Kind::LocalStack => "/_aws/ses",
    };
    let found: Value = reqwest::get(format!("{}{path}", target.endpoint())).await?.json().await?;
    // One list, or one for each account.
    let messages: Vec<&Value> = match &found["messages"] {
        Value::Array(messages) => messages.iter().collect(),
        Value::Object(accounts) => accounts.values().filter_map(Value::as_array).flatten().collect(),
        _ => bail!("the emulator shows no mail: {found}"),
    };
    messages.into_iter().map(parsed).collect()
}

fn parsed(message: &Value) -> Result<Sent> {
    let text = |name: &str| message[name].as_str().unwrap_or_default();
    // LocalStack keeps the message as it came; MiniStack its headers as they came, and its text.
    let raw = if let Some(raw) = message["RawData"].as_str() {
        BASE64_STANDARD.decode(raw.trim()).unwrap_or_else(|_| raw.as_bytes().to_vec())
    } else {
        let to = message["To"][0].as_str().unwrap_or_default();
        let (subject, body) = (text("Subject"), text("BodyText"));
        let kind = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8";
        format!("To: {to}\r\nSubject: {subject}\r\n{kind}\r\n\r\n{body}").into_bytes()
    };
    let mail = MessageParser::default().parse(&raw).context("a mail that can't be read")?;
    let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default().to_owned();
    let subject = mail.subject().unwrap_or_default().to_owned();
    let text = mail.body_text(0).unwrap_or_default().into_owned();
    Ok(Sent { to, subject, text })
}
