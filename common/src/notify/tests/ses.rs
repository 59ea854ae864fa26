//! The real SDK client against a server on loopback that answers as SES does.

use super::{
    super::{Carrier, Mail, SesCarrier, SesSettings},
    letterhead, now, receipt, to_zhang_san,
};
use aws_sdk_ses::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::application::ApplicationKind;
use rstest::rstest;
use std::collections::BTreeMap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// Answers one request with `status` and `body`; gives back the request's body.
async fn server(status: u16, body: String) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let request = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut received = Vec::new();
        loop {
            let mut chunk = [0; 8192];
            let read = stream.read(&mut chunk).await.unwrap();
            received.extend_from_slice(&chunk[..read]);
            let text = String::from_utf8_lossy(&received);
            let Some((head, rest)) = text.split_once("\r\n\r\n") else { continue };
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if rest.len() >= length.unwrap_or(0) {
                let reply = format!(
                    "HTTP/1.1 {status} x\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(reply.as_bytes()).await.unwrap();
                return rest.to_owned();
            }
        }
    });
    (endpoint, request)
}

fn carrier(endpoint: String, settings: SesSettings) -> Carrier {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(endpoint)
        .build();
    Carrier::Ses(SesCarrier::new(Client::from_conf(config), settings))
}

fn mail() -> Mail {
    let notification = to_zhang_san(receipt(ApplicationKind::First, false, false));
    Mail::write(&notification, &letterhead(), now()).unwrap()
}

/// The fields of a form, decoded.
fn fields(form: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            match byte {
                b'%' => {
                    let digits: Vec<u8> = rest.by_ref().take(2).collect();
                    bytes.extend(hex::decode(digits).unwrap());
                }
                b'+' => bytes.push(b' '),
                other => bytes.push(other),
            }
        }
        String::from_utf8(bytes).unwrap()
    };
    form.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

#[tokio::test]
async fn ses_gets_the_message_byte_for_byte_and_gives_its_id() {
    let accepted = "<SendRawEmailResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><SendRawEmailResult>\
                    <MessageId>0102018f-1</MessageId></SendRawEmailResult></SendRawEmailResponse>";
    let (endpoint, request) = server(200, accepted.to_owned()).await;
    let settings = SesSettings {
        configuration_set: Some("registry".to_owned()),
        source_arn: Some("arn:aws:ses:eu-central-1:123456789012:identity/sw.example.cn".to_owned()),
    };
    let mail = mail();
    let id = carrier(endpoint, settings).send(&mail).await.unwrap();
    assert_eq!(id.as_str(), "0102018f-1");
    let sent = fields(&request.await.unwrap());
    assert_eq!(sent["Action"], "SendRawEmail");
    assert_eq!(sent["Version"], "2010-12-01");
    assert_eq!(sent["Source"], "registry@sw.example.cn");
    assert_eq!(sent["Destinations.member.1"], "zhang.san@mail.example.com");
    assert_eq!(sent["ConfigurationSetName"], "registry");
    // By this an event names the message it's about.
    assert_eq!(sent["Tags.member.1.Name"], "notification");
    assert_eq!(sent["Tags.member.1.Value"], mail.notification());
    assert_eq!(sent["SourceArn"], "arn:aws:ses:eu-central-1:123456789012:identity/sw.example.cn");
    assert_eq!(STANDARD.decode(&sent["RawMessage.Data"]).unwrap(), mail.bytes());
}

#[rstest]
#[case::sandbox(
    400,
    "MessageRejected",
    "Email address is not verified. The following identities failed: registry@sw.example.cn",
    "mail_sender_refused",
    true
)]
#[case::suppressed(400, "MessageRejected", "Address blacklisted.", "mail_recipient_refused", false)]
#[case::content(400, "MessageRejected", "Illegal content", "mail_message_refused", false)]
#[case::bad_address(400, "InvalidParameterValue", "Illegal address", "mail_recipient_refused", false)]
#[case::too_fast(400, "Throttling", "Maximum sending rate exceeded.", "mail_deferred", true)]
#[case::quota(454, "Throttling", "Daily message quota exceeded", "mail_deferred", true)]
#[case::paused(400, "AccountSendingPausedException", "paused", "mail_sender_refused", true)]
#[case::no_set(400, "ConfigurationSetDoesNotExist", "no set", "mail_sender_refused", true)]
#[case::denied(
    403,
    "AccessDenied",
    "not authorized to perform ses:SendRawEmail",
    "mail_sender_refused",
    true
)]
#[case::expired(403, "ExpiredToken", "expired", "mail_sender_refused", true)]
#[case::broken(500, "Oops", "broken", "mail_deferred", true)]
#[case::unavailable(503, "ServiceUnavailable", "busy", "mail_deferred", true)]
#[tokio::test]
async fn a_no_is_understood_by_its_code(
    #[case] status: u16,
    #[case] error_code: &str,
    #[case] text: &str,
    #[case] code: &str,
    #[case] transient: bool,
) {
    let body = format!(
        "<ErrorResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><Error><Type>Sender</Type>\
         <Code>{error_code}</Code><Message>{text}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    );
    let (endpoint, _request) = server(status, body).await;
    let error = carrier(endpoint, SesSettings::default()).send(&mail()).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), (code, transient), "{error}");
    assert!(!error.to_string().contains('@'), "{error}");
}

#[tokio::test]
async fn no_answer_is_worth_another_try() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = carrier(endpoint, SesSettings::default()).send(&mail()).await.unwrap_err();
    assert_eq!((error.code(), error.is_transient()), ("mail_provider_unreachable", true));
}
