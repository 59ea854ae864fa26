//! Uploads and downloads as a phone does them, against the embedded S3: what a signed form takes and what it doesn't,
//! what an inspection sees, and what a signed address gives.

// The workspace allows this in test functions; here the helpers beside them are tests too.
#![allow(clippy::unwrap_used)]

use aws_credential_types::Credentials;
use common::{
    aws::{Endpoints, SdkParts},
    blobs::{BlobError, Blobs, Disposition, PresignedPost, Upload},
    crypto::sha256,
};
use domain::{
    attachment::{Attachment, AttachmentKind, AttachmentState, ContentType, upload_key},
    date::date,
    id::{ApplicationId, AttachmentId, HolderId},
};
use local::s3::EmbeddedS3;
use rstest::rstest;
use std::time::Duration;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const BUCKET: &str = "papers";
const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0\0\x10JFIF and the rest of a picture";
const LIMIT: u64 = 1000;

/// An S3 of its own, for one test.
struct Bucket {
    _folder: TempDir,
    _server: EmbeddedS3,
    blobs: Blobs,
}

async fn bucket() -> Bucket {
    let folder = tempfile::tempdir().unwrap();
    let keys = local::s3::Credentials { access_key: "AKIDTEST".to_owned(), secret_key: "SECRET".to_owned() };
    let server = EmbeddedS3::start(folder.path(), std::slice::from_ref(&keys), BUCKET, 0).await.unwrap();
    let endpoints = Endpoints { s3: Some(server.endpoint().parse().unwrap()), ..Endpoints::default() };
    let credentials = Credentials::new("AKIDTEST", "SECRET", None, None, "test");
    let parts = SdkParts::new("cn-north-1", credentials, endpoints).unwrap();
    Bucket { blobs: Blobs::new(&parts, BUCKET).unwrap(), _folder: folder, _server: server }
}

fn attachment(entropy: u128) -> AttachmentId {
    AttachmentId::mint(&ApplicationId::mint(&HolderId::mint(1), date(2029, 3, 1), 2), entropy)
}

fn upload(id: &AttachmentId) -> Upload {
    Upload {
        key: upload_key(id),
        content_type: ContentType::Jpeg.as_str(),
        max_bytes: LIMIT,
        sha256: Some(hex::encode(sha256(JPEG)).parse().unwrap()),
        expires_in: Duration::from_mins(15),
    }
}

/// One request over a connection of its own; the status, the head and the body that came back.
async fn send(method: &str, url: &str, content_type: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    let end = reply.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(reply[..end].to_vec()).unwrap();
    (head[9..12].parse().unwrap(), head.to_lowercase(), reply[end + 4..].to_vec())
}

/// Sends a form as `curl -F` and `wx.uploadFile` do: the fields, then the file, named `file`.
async fn post(form: &PresignedPost, content: &[u8]) -> u16 {
    let boundary = "------------------------d74496d66958873e";
    let field = |(name, value)| {
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let fields = form.fields.iter().map(field).collect::<Vec<_>>().concat();
    let file = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"照片.jpg\"\r\n\
         Content-Type: image/jpeg\r\n\r\n"
    );
    let end = format!("\r\n--{boundary}--\r\n");
    let body = [fields.as_bytes(), file.as_bytes(), content, end.as_bytes()].concat();
    send("POST", &form.url, &format!("multipart/form-data; boundary={boundary}"), &body).await.0
}

/// The record of a file that was confirmed with this content.
fn confirmed(id: &AttachmentId, content: &[u8]) -> Attachment {
    Attachment {
        id: id.clone(),
        kind: AttachmentKind::Photo,
        file_name: "我的 照片.jpg".to_owned(),
        content_type: ContentType::Jpeg,
        size: content.len() as u64,
        sha256: Some(hex::encode(sha256(content))),
        state: AttachmentState::Confirmed,
        requested_at: date(2029, 3, 1).start(),
    }
}

#[tokio::test]
async fn a_file_goes_up_is_seen_is_kept_and_comes_down() {
    let Bucket { blobs, .. } = &bucket().await;
    let id = attachment(1);
    assert_eq!(post(&blobs.presign_post(&upload(&id)), JPEG).await, 201);

    let seen = blobs.inspect(&id, LIMIT).await.unwrap();
    assert_eq!(seen.file.size, JPEG.len() as u64);
    assert_eq!(ContentType::of_bytes(&seen.file.head), Some(ContentType::Jpeg));
    assert_eq!(seen.file.sha256, hex::encode(sha256(JPEG)));

    let record = confirmed(&id, JPEG);
    let url = blobs.presign_get(record.stored().unwrap(), Disposition::Inline).await.unwrap();
    assert_eq!(send("GET", &url, "", b"").await.0, 404, "what was only uploaded is never shown");
    blobs.keep(&id, &seen).await.unwrap();
    blobs.keep(&id, &seen).await.unwrap();
    blobs.delete_upload(&id).await.unwrap();
    assert!(matches!(blobs.inspect(&id, LIMIT).await, Err(BlobError::NotUploaded)));

    let (status, head, body) = send("GET", &url, "", b"").await;
    assert_eq!((status, body.as_slice()), (200, JPEG));
    assert!(head.contains("content-type: image/jpeg"), "{head}");
    assert!(head.contains("content-disposition: inline;"), "{head}");
    assert!(head.contains("filename*=utf-8''%e6%88%91%e7%9a%84%20%e7%85%a7%e7%89%87.jpg"), "{head}");

    let pending = Attachment { state: AttachmentState::Pending, ..record };
    assert_eq!(pending.stored(), None, "nor what wasn't looked at");
    blobs.discard(&id).await.unwrap();
    blobs.discard(&id).await.unwrap();
    assert_eq!(send("GET", &url, "", b"").await.0, 404);
}

#[tokio::test]
async fn what_was_uploaded_after_the_look_is_not_kept_and_what_is_kept_stays() {
    let Bucket { blobs, .. } = &bucket().await;
    let id = attachment(1);
    let form = blobs.presign_post(&Upload { sha256: None, ..upload(&id) });
    assert_eq!(post(&form, JPEG).await, 201);
    let seen = blobs.inspect(&id, LIMIT).await.unwrap();

    let other = b"\xFF\xD8\xFF somebody else's picture";
    assert_eq!(post(&form, other).await, 201, "the form still lives");
    assert!(matches!(blobs.keep(&id, &seen).await, Err(BlobError::Replaced)));

    assert_eq!(post(&form, JPEG).await, 201);
    let seen = blobs.inspect(&id, LIMIT).await.unwrap();
    blobs.keep(&id, &seen).await.unwrap();
    assert_eq!(post(&form, other).await, 201);
    let url =
        blobs.presign_get(confirmed(&id, JPEG).stored().unwrap(), Disposition::Attachment).await.unwrap();
    assert_eq!(send("GET", &url, "", b"").await.2, JPEG);
}

#[rstest]
#[case::another_key("key", &attachment(9).to_string())]
#[case::another_type("Content-Type", "text/html")]
#[case::another_checksum("x-amz-checksum-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
#[case::another_status("success_action_status", "200")]
#[case::another_day("x-amz-date", "20290301T000000Z")]
#[case::another_bearer("x-amz-credential", "AKIDOTHER/20290301/cn-north-1/s3/aws4_request")]
#[case::another_signature("x-amz-signature", &"0".repeat(64))]
#[case::a_field_more("acl", "public-read")]
#[case::no_policy("policy", "")]
#[tokio::test]
async fn a_form_that_was_changed_takes_nothing(#[case] field: &str, #[case] value: &str) {
    let Bucket { blobs, .. } = &bucket().await;
    let id = attachment(1);
    let mut form = blobs.presign_post(&upload(&id));
    form.fields.insert(field.to_owned(), value.to_owned());
    let status = post(&form, JPEG).await;
    assert!((400..500).contains(&status), "{status}");
    assert!(matches!(blobs.inspect(&id, LIMIT).await, Err(BlobError::NotUploaded)));
}

#[tokio::test]
async fn a_policy_exchanged_under_the_old_signature_takes_nothing() {
    let Bucket { blobs, .. } = &bucket().await;
    let id = attachment(1);
    let mut form = blobs.presign_post(&upload(&id));
    let larger = blobs.presign_post(&Upload { max_bytes: 1_000_000_000, ..upload(&id) });
    form.fields.insert("policy".to_owned(), larger.fields["policy"].clone());
    assert_eq!(post(&form, JPEG).await, 403);
    assert!(matches!(blobs.inspect(&id, LIMIT).await, Err(BlobError::NotUploaded)));
}

#[rstest]
#[case::empty(b"")]
#[case::one_byte_too_large(&[7; 1001])]
#[tokio::test]
async fn a_file_out_of_bounds_is_not_taken(#[case] content: &[u8]) {
    let Bucket { blobs, .. } = &bucket().await;
    let id = attachment(1);
    let form = blobs.presign_post(&Upload { sha256: None, ..upload(&id) });
    assert_eq!(post(&form, content).await, 400);
    assert!(matches!(blobs.inspect(&id, LIMIT).await, Err(BlobError::NotUploaded)));
    assert_eq!(post(&form, &[7; 1000]).await, 201, "the limit itself is allowed");
}

#[tokio::test]
async fn with_a_checksum_no_other_file_is_taken_and_nothing_replaces_the_first() {
    let Bucket { blobs, .. } = &bucket().await;
    let id = attachment(1);
    let form = blobs.presign_post(&upload(&id));
    assert_eq!(post(&form, JPEG).await, 201);
    assert_eq!(post(&form, b"\xFF\xD8\xFF something else").await, 400);
    assert_eq!(blobs.inspect(&id, LIMIT).await.unwrap().file.sha256, hex::encode(sha256(JPEG)));
}

#[tokio::test]
async fn a_form_that_has_expired_takes_nothing() {
    let Bucket { blobs, .. } = &bucket().await;
    let id = attachment(1);
    let form = blobs.presign_post(&Upload { expires_in: Duration::ZERO, ..upload(&id) });
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(post(&form, JPEG).await, 403);
    assert!(matches!(blobs.inspect(&id, LIMIT).await, Err(BlobError::NotUploaded)));
}

#[tokio::test]
async fn an_inspection_sees_through_a_name_and_reads_nothing_too_large() {
    let Bucket { blobs, .. } = &bucket().await;
    let id = attachment(1);
    let form = blobs.presign_post(&Upload { sha256: None, ..upload(&id) });
    let program = b"MZ\x90\0 a program named .jpg";
    assert_eq!(post(&form, program).await, 201);
    assert_eq!(ContentType::of_bytes(&blobs.inspect(&id, LIMIT).await.unwrap().file.head), None);
    let Err(BlobError::TooLarge { size, max }) = blobs.inspect(&id, 10).await else { panic!("was read") };
    assert_eq!((size, max), (program.len() as u64, 10));
}

#[rstest]
#[case::another_file(&attachment(1).to_string(), &attachment(2).to_string())]
#[case::another_type("image%2Fjpeg", "text%2Fhtml")]
#[case::longer("X-Amz-Expires=300", "X-Amz-Expires=604800")]
#[tokio::test]
async fn an_address_that_was_changed_gives_nothing(#[case] signed: &str, #[case] changed: &str) {
    let Bucket { blobs, .. } = &bucket().await;
    for id in [attachment(1), attachment(2)] {
        assert_eq!(post(&blobs.presign_post(&upload(&id)), JPEG).await, 201);
        blobs.keep(&id, &blobs.inspect(&id, LIMIT).await.unwrap()).await.unwrap();
    }
    let url = blobs
        .presign_get(confirmed(&attachment(1), JPEG).stored().unwrap(), Disposition::Attachment)
        .await
        .unwrap();
    assert!(url.contains(signed), "{url}");
    assert_eq!(send("GET", &url.replace(signed, changed), "", b"").await.0, 403);
    assert_eq!(send("GET", &url, "", b"").await.0, 200);
}
