//! What functions are made from where a test has no whole system: a DynamoDB of its own and a mail server.

use aws_credential_types::Credentials;
use common::{
    aws::{Endpoints, SdkParts},
    config::Env,
    crypto::generate_key,
};
use std::net::SocketAddr;

/// The records' table.
pub const TABLE: &str = "registry";

/// The parts of a client of the DynamoDB at `endpoint`, which asks nobody who they are.
pub fn parts(endpoint: &str) -> SdkParts {
    let endpoint = endpoint.parse().expect("an endpoint");
    let endpoints = Endpoints { dynamodb: Some(endpoint), ..Endpoints::default() };
    let credentials = Credentials::new("AKIDTEST", "SECRET", None, None, "test");
    SdkParts::new("cn-north-1", credentials, endpoints).expect("a client's parts")
}

/// The environment of a function that hands its mail to the server at `post`, with keys of its own.
pub fn mail_env(post: SocketAddr) -> Env {
    mail_env_with(post, [])
}

/// The same with more variables.
pub fn mail_env_with<const N: usize>(post: SocketAddr, more: [(&str, String); N]) -> Env {
    let more = more.map(|(name, value)| (name.to_owned(), value));
    Env::of(mail_variables(post).into_iter().chain(more))
}

/// What that environment has in it.
pub fn mail_variables(post: SocketAddr) -> Vec<(String, String)> {
    let key = || generate_key().expect("random bytes");
    let variables = [
        ("TABLE_NAME", TABLE.to_owned()),
        ("IDEMPOTENCY_TABLE_NAME", "idempotency".to_owned()),
        ("FIELD_KEYS", format!("k1={}", key())),
        ("LOOKUP_KEY", key()),
        ("WEBHOOK_SEED", key()),
        ("MAIL_OFFICE", "湖北省社会工作者登记服务中心".to_owned()),
        ("MAIL_FROM", "registry@sw.example.cn".to_owned()),
        ("MAIL_ENQUIRIES", "电话 027-12345678".to_owned()),
        ("PORTAL_URL", "http://127.0.0.1:8080".to_owned()),
        ("MAIL_CARRIER", "smtp".to_owned()),
        ("MAIL_RATE", "1000".to_owned()),
        ("WECHAT_RATE", "1000".to_owned()),
        ("SMTP_TLS", "none".to_owned()),
        ("SMTP_HOST", post.ip().to_string()),
        ("SMTP_PORT", post.port().to_string()),
    ];
    variables.map(|(name, value)| (name.to_owned(), value)).into()
}
