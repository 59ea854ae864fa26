//! An inspection against an S3 that misbehaves; the tests against one that doesn't are in the crate `tests`.

use super::*;
use crate::aws::Endpoints;
use aws_credential_types::Credentials;
use domain::{
    date::date,
    id::{ApplicationId, HolderId},
};
use rstest::rstest;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

fn parts(endpoint: Option<&str>) -> SdkParts {
    let endpoints = Endpoints { s3: endpoint.map(|text| text.parse().unwrap()), ..Endpoints::default() };
    SdkParts::new("cn-north-1", Credentials::new("AKIA", "SECRET", None, None, "test"), endpoints).unwrap()
}

fn id() -> AttachmentId {
    AttachmentId::mint(&ApplicationId::mint(&HolderId::mint(1), date(2029, 3, 1), 2), 3)
}

/// A bucket that gives the replies one after another, each over a connection of its own; and what it was asked.
async fn scripted(replies: Vec<String>) -> (Blobs, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let blobs =
        Blobs::new(&parts(Some(&format!("http://{}", listener.local_addr().unwrap()))), "papers").unwrap();
    let asked = tokio::spawn(async move {
        let mut asked = Vec::new();
        for reply in replies {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 8192];
            let length = stream.read(&mut request).await.unwrap();
            asked.push(String::from_utf8_lossy(&request[..length]).into_owned());
            // The client may hang up before it has read all.
            let _hung_up = stream.write_all(reply.as_bytes()).await.is_err();
        }
        asked
    });
    (blobs, asked)
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n{body}")
}

fn head() -> String {
    reply("200 OK", "etag: \"one\"\r\ncontent-length: 4\r\n", "")
}

#[tokio::test]
async fn what_is_read_must_be_what_was_looked_at() {
    let (blobs, asked) =
        scripted(vec![head(), reply("412 Precondition Failed", "content-length: 0\r\n", "")]).await;
    assert!(matches!(blobs.inspect(&id(), 100).await, Err(BlobError::Replaced)));
    let asked = asked.await.unwrap();
    assert!(asked[0].starts_with(&format!("HEAD /papers/{} ", upload_key(&id()))), "{}", asked[0]);
    assert!(asked[1].to_lowercase().contains("if-match: \"one\"\r\n"), "{}", asked[1]);
}

/// What S3 answers to a copy, where it has computed the copy's SHA-256.
fn copied(sha256: &str) -> String {
    let body = format!("<CopyObjectResult><ChecksumSHA256>{sha256}</ChecksumSHA256></CopyObjectResult>");
    let length = body.len();
    reply("200 OK", &format!("content-type: application/xml\r\ncontent-length: {length}\r\n"), &body)
}

#[rstest]
#[case::the_same_file(copied("iNQmb9TmM40TuEX88olXnSCciXgjuSF9o+Fhk28DFYk="), "kept")]
#[case::another_file_under_the_same_etag(
    copied("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
    "attachment_replaced"
)]
#[case::uploaded_over(reply("412 Precondition Failed", "content-length: 0\r\n", ""), "attachment_replaced")]
#[case::gone(reply("404 Not Found", "content-length: 0\r\n", ""), "attachment_not_uploaded")]
#[tokio::test]
async fn what_is_kept_must_be_what_was_seen(#[case] answer: String, #[case] expected: &str) {
    let file = reply("200 OK", "content-length: 4\r\n", "abcd");
    let (blobs, asked) = scripted(vec![head(), file, answer]).await;
    let seen = blobs.inspect(&id(), 100).await.unwrap();
    let kept = blobs.keep(&id(), &seen).await;
    assert_eq!(kept.map_or_else(|error| error.code(), |()| "kept"), expected);
    let asked = asked.await.unwrap();
    let key = object_key(&id(), &seen.file.sha256);
    assert!(asked[2].starts_with(&format!("PUT /papers/{key}?")), "{}", asked[2]);
    let headers = asked[2].to_lowercase();
    for header in [
        format!("x-amz-copy-source: papers/{}", upload_key(&id())),
        "x-amz-copy-source-if-match: \"one\"".to_owned(),
        "x-amz-checksum-algorithm: sha256".to_owned(),
    ] {
        assert!(headers.contains(&format!("{header}\r\n")), "{header} isn't in {headers}");
    }
}

#[tokio::test]
async fn what_is_announced_as_too_large_is_not_fetched() {
    let (blobs, asked) = scripted(vec![reply("200 OK", "content-length: 101\r\n", "")]).await;
    let refused = blobs.inspect(&id(), 100).await;
    assert!(matches!(refused, Err(BlobError::TooLarge { size: 101, max: 100 })));
    assert_eq!(asked.await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_body_longer_than_announced_is_not_read_to_its_end() {
    let body = "x".repeat(1_000_000);
    let (blobs, _asked) = scripted(vec![head(), reply("200 OK", "", &body)]).await;
    let Err(BlobError::TooLarge { size, max: 100 }) = blobs.inspect(&id(), 100).await else {
        panic!("was read")
    };
    assert!(size > 100);
}

#[rstest]
#[case::cut_off(reply("200 OK", "content-length: 4\r\n", "ab"))]
#[case::not_allowed(reply("403 Forbidden", "content-length: 0\r\n", ""))]
#[tokio::test]
async fn a_failure_is_no_statement_about_the_file(#[case] second: String) {
    let (blobs, _asked) = scripted(vec![head(), second]).await;
    let error = blobs.inspect(&id(), 100).await.unwrap_err();
    assert!(matches!(error, BlobError::Unavailable(_)), "{error:?}");
    assert_eq!(error.code(), "storage_unavailable");
    assert!(error.source().is_some());
}

#[tokio::test]
async fn a_call_is_tried_three_times() {
    let busy = || reply("503 Slow Down", "content-length: 0\r\n", "");
    let gone = reply("204 No Content", "", "");
    let (blobs, asked) = scripted(vec![busy(), busy(), gone.clone()]).await;
    assert!(blobs.delete_upload(&id()).await.is_ok());
    assert_eq!(asked.await.unwrap().len(), 3);
    let (blobs, _asked) = scripted(vec![busy(), busy(), busy(), gone]).await;
    assert!(matches!(blobs.delete_upload(&id()).await, Err(BlobError::Unavailable(_))));
}

#[test]
fn a_bucket_is_named_as_its_host_can_be() {
    for name in ["papers", "swr-attachments-123456789012", "a1b"] {
        assert!(Blobs::new(&parts(None), name).is_ok(), "{name}");
    }
    for name in
        ["", "ab", "Papers", "my.papers", "-papers", "papers-", "papers/x", "附件附件", &"a".repeat(64)]
    {
        assert!(matches!(Blobs::new(&parts(None), name), Err(BlobError::BucketName)), "{name}");
    }
}
