//! The embedded S3 through the real SDK: what is stored comes back as S3 would send it, and no signature
//! that isn't right opens anything.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local::s3::{Credentials, EmbeddedS3};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::clients::{self, get, request};

pub const BUCKET: &str = "attachments";

pub async fn start() -> (TempDir, EmbeddedS3, Client) {
    let folder = tempfile::tempdir().unwrap();
    let s3 = start_at(&folder).await;
    let client = clients::s3(s3.endpoint(), clients::SECRET_KEY);
    (folder, s3, client)
}

async fn start_at(folder: &TempDir) -> EmbeddedS3 {
    let credentials = Credentials {
        access_key: clients::ACCESS_KEY.to_owned(),
        secret_key: clients::SECRET_KEY.to_owned(),
    };
    EmbeddedS3::start(folder.path(), std::slice::from_ref(&credentials), BUCKET, 0).await.unwrap()
}

pub fn sha256(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

async fn put(client: &Client, key: &str, body: &'static [u8]) {
    client
        .put_object()
        .bucket(BUCKET)
        .key(key)
        .content_type("image/png")
        .metadata("owner", "somebody")
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .body(ByteStream::from_static(body))
        .send()
        .await
        .unwrap();
}

async fn presigned(client: &Client, key: &str) -> String {
    let lives = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let get = client.get_object().bucket(BUCKET).key(key);
    get.response_content_disposition("attachment; filename*=UTF-8''%E7%85%A7%E7%89%87.png")
        .presigned(lives)
        .await
        .unwrap()
        .uri()
        .to_owned()
}

#[tokio::test]
async fn an_object_comes_back_with_its_type_metadata_and_checksum() {
    let (_folder, _s3, client) = start().await;
    put(&client, "a/b/photo 1.png", b"0123456789").await;

    let head = client.head_object().bucket(BUCKET).key("a/b/photo 1.png");
    let silent = head.clone().send().await.unwrap();
    assert_eq!(silent.content_type(), Some("image/png"));
    assert_eq!(silent.content_length(), Some(10));
    assert_eq!(silent.metadata().unwrap()["owner"], "somebody");
    assert_eq!(silent.checksum_sha256(), None, "S3 sends a checksum only when asked for it");
    let told = head.checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(told.checksum_sha256(), Some(sha256(b"0123456789").as_str()));

    let got = client.get_object().bucket(BUCKET).key("a/b/photo 1.png").send().await.unwrap();
    assert_eq!(got.content_type(), Some("image/png"));
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "0123456789");
    let part =
        client.get_object().bucket(BUCKET).key("a/b/photo 1.png").range("bytes=2-4").send().await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 2-4/10"));
    assert_eq!(part.body.collect().await.unwrap().into_bytes(), "234");
}

#[tokio::test]
async fn an_object_without_a_type_has_the_type_that_s3_gives() {
    let (_folder, _s3, client) = start().await;
    // The SDK names a type of its own for a body; a signed address alone doesn't.
    let lives = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
    let url = client.put_object().bucket(BUCKET).key("x").presigned(lives).await.unwrap();
    assert_eq!(request("PUT", url.uri(), &[], b"x").await.status, 200);
    let head = client.head_object().bucket(BUCKET).key("x").send().await.unwrap();
    assert_eq!(head.content_type(), Some("binary/octet-stream"));
}

#[tokio::test]
async fn what_is_missing_is_missing_in_s3s_words() {
    let (_folder, _s3, client) = start().await;
    put(&client, "folder/file", b"x").await;
    for key in ["nothing", "folder"] {
        let head = client.head_object().bucket(BUCKET).key(key).send().await.unwrap_err();
        assert!(head.into_service_error().is_not_found(), "{key}");
        let got = client.get_object().bucket(BUCKET).key(key).send().await.unwrap_err();
        assert!(got.into_service_error().is_no_such_key(), "{key}");
        client.delete_object().bucket(BUCKET).key(key).send().await.unwrap();
    }
    client.head_object().bucket(BUCKET).key("folder/file").send().await.unwrap();
    client.delete_object().bucket(BUCKET).key("folder/file").send().await.unwrap();
    client.head_object().bucket(BUCKET).key("folder/file").send().await.unwrap_err();
    let other = client.head_object().bucket("another").key("x").send().await.unwrap_err();
    assert!(other.into_service_error().is_not_found());
}

#[tokio::test]
async fn a_body_that_belies_its_checksum_replaces_nothing() {
    let (_folder, _s3, client) = start().await;
    put(&client, "x", b"first").await;
    for lie in [sha256(b"something else"), "not base64".to_owned()] {
        let put = client.put_object().bucket(BUCKET).key("x").checksum_sha256(lie);
        let refused = put.body(ByteStream::from_static(b"second")).send().await.unwrap_err();
        assert_eq!(refused.code(), Some("BadDigest"));
    }
    let put = client.put_object().bucket(BUCKET).key("x").content_md5("AAAAAAAAAAAAAAAAAAAAAA==");
    put.body(ByteStream::from_static(b"second")).send().await.unwrap_err();
    let kept = client.get_object().bucket(BUCKET).key("x").send().await.unwrap();
    assert_eq!(kept.body.collect().await.unwrap().into_bytes(), "first");
}

#[tokio::test]
async fn a_copy_is_of_the_version_that_was_meant() {
    let (_folder, _s3, client) = start().await;
    put(&client, "uploads/x", b"first").await;
    let first = client.head_object().bucket(BUCKET).key("uploads/x").send().await.unwrap();
    let copy = |from: &str| {
        let copy = client.copy_object().bucket(BUCKET).key("kept/x").copy_source(format!("{BUCKET}/{from}"));
        copy.copy_source_if_match(first.e_tag().unwrap()).checksum_algorithm(ChecksumAlgorithm::Sha256)
    };
    for _ in 0..2 {
        let copied = copy("uploads/x").send().await.unwrap();
        let told = copied.copy_object_result().unwrap().checksum_sha256();
        assert_eq!(told, Some(sha256(b"first").as_str()));
    }

    put(&client, "uploads/x", b"second").await;
    assert_eq!(copy("uploads/x").send().await.unwrap_err().code(), Some("PreconditionFailed"));
    for missing in ["uploads/y", "uploads"] {
        assert_eq!(copy(missing).send().await.unwrap_err().code(), Some("NoSuchKey"), "{missing}");
    }
    let kept = client.get_object().bucket(BUCKET).key("kept/x").send().await.unwrap();
    assert_eq!(kept.content_type(), Some("image/png"));
    assert_eq!(kept.body.collect().await.unwrap().into_bytes(), "first");
}

#[tokio::test]
async fn a_wrong_secret_and_no_signature_at_all_are_refused() {
    let (_folder, s3, client) = start().await;
    put(&client, "x", b"secret").await;
    let thief = clients::s3(s3.endpoint(), "a guess");
    let refused = thief.get_object().bucket(BUCKET).key("x").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("SignatureDoesNotMatch"));
    let url = format!("{}/{BUCKET}/x", s3.endpoint());
    for (method, body) in [("GET", ""), ("DELETE", ""), ("PUT", "mine now")] {
        let reply = request(method, &url, &[], body.as_bytes()).await;
        assert_eq!(reply.status, 403, "{method}: {}", reply.text());
    }
    assert_eq!(get(&format!("{}/{BUCKET}", s3.endpoint())).await.status, 403);
}

#[tokio::test]
async fn a_presigned_get_opens_one_object_as_a_download() {
    let (_folder, _s3, client) = start().await;
    put(&client, "a/x", b"0123456789").await;
    put(&client, "a/y", b"other").await;
    let url = presigned(&client, "a/x").await;
    let reply = get(&url).await;
    assert_eq!((reply.status.as_u16(), reply.text().as_str()), (200, "0123456789"));
    assert_eq!(reply.header("content-disposition"), "attachment; filename*=UTF-8''%E7%85%A7%E7%89%87.png");
    assert_eq!(reply.header("content-type"), "image/png");
    assert_eq!(reply.header("accept-ranges"), "bytes");
    let ranged = request("GET", &url, &[("Range", "bytes=-3")], b"").await;
    assert_eq!((ranged.status.as_u16(), ranged.text().as_str()), (206, "789"));

    let tampered = [
        url.replace("/a/x", "/a/y"),
        url.replace("attachment", "inline"),
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        format!("{}{}", &url[..url.len() - 64], "0".repeat(64)),
        url.replace(clients::ACCESS_KEY, "AKIDOTHER"),
    ];
    for url in tampered {
        let reply = get(&url).await;
        assert_eq!(reply.status, 403, "{url}: {}", reply.text());
    }
    assert_eq!(request("DELETE", &url, &[], b"").await.status, 403);
}

#[tokio::test]
async fn a_presigned_get_ends_when_it_said() {
    let (_folder, _s3, client) = start().await;
    put(&client, "x", b"x").await;
    let past = std::time::SystemTime::now() - Duration::from_mins(2);
    let over =
        PresigningConfig::builder().start_time(past).expires_in(Duration::from_mins(1)).build().unwrap();
    let url = client.get_object().bucket(BUCKET).key("x").presigned(over).await.unwrap();
    let reply = get(url.uri()).await;
    assert_eq!(reply.status, 403);
    assert!(reply.text().contains("<Code>AccessDenied</Code>"), "{}", reply.text());
}

#[tokio::test]
async fn a_second_start_finds_the_objects_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    {
        let s3 = start_at(&folder).await;
        put(&clients::s3(s3.endpoint(), clients::SECRET_KEY), "x", b"kept").await;
        s3.shutdown().await;
    }
    let s3 = start_at(&folder).await;
    let client = clients::s3(s3.endpoint(), clients::SECRET_KEY);
    let head = client.head_object().bucket(BUCKET).key("x").send().await.unwrap();
    assert_eq!(head.content_type(), Some("image/png"));
    let listed = client.list_objects_v2().bucket(BUCKET).send().await.unwrap();
    assert_eq!(listed.contents().iter().map(|object| object.key().unwrap()).collect::<Vec<_>>(), ["x"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_and_a_port_that_is_taken_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let credentials = Credentials { access_key: "a".to_owned(), secret_key: "b".to_owned() };
    std::fs::write(folder.path().join("file"), "").unwrap();
    let error = EmbeddedS3::start(&folder.path().join("file"), std::slice::from_ref(&credentials), BUCKET, 0)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "s3_folder");
    assert!(error.to_string().contains("--data"), "{error}");
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let error =
        EmbeddedS3::start(folder.path(), std::slice::from_ref(&credentials), BUCKET, port).await.unwrap_err();
    assert_eq!(error.code(), "s3_listen");
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}
