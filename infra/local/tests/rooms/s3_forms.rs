//! Browser uploads: a form with a signed policy, sent the way `curl -F`, `wx.uploadFile` and phone
//! libraries send it, and every way in which one may break its policy.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local::s3::EmbeddedS3;
use ring::hmac;
use rstest::rstest;
use serde_json::{Value, json};
use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use crate::clients::{ACCESS_KEY, REGION, Reply, SECRET_KEY, request};
use crate::s3::{BUCKET, sha256, start};

const AMZ_DATE: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

const PHOTO: &[u8] = b"\x89PNG\r\n\x1a\n--boundary\r\nnot really, but with line breaks and dashes\r\n--";

/// The fields of a form for `key`, signed as AWS's "Authenticating Requests in Browser-Based Uploads Using
/// POST" says, written down here a second time so that the test does not trust the code it is for.
fn signed(key: &str, extra: &[Value], secret: &str, lives: Duration) -> Vec<(String, String)> {
    let now = OffsetDateTime::now_utc();
    let date = now.format(AMZ_DATE).unwrap();
    let credential = format!("{ACCESS_KEY}/{}/{REGION}/s3/aws4_request", &date[..8]);
    let mut conditions = vec![
        json!({ "bucket": BUCKET }),
        json!({ "key": key }),
        json!({ "Content-Type": "image/png" }),
        json!({ "x-amz-checksum-sha256": sha256(PHOTO) }),
        json!(["content-length-range", 1, 1000]),
        json!({ "x-amz-algorithm": "AWS4-HMAC-SHA256" }),
        json!({ "x-amz-credential": credential }),
        json!({ "x-amz-date": date }),
    ];
    conditions.extend_from_slice(extra);
    let policy = json!({ "expiration": (now + lives).format(&Rfc3339).unwrap(), "conditions": conditions });
    let policy = STANDARD.encode(policy.to_string());
    let sign = |key: &[u8], text: &str| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
    };
    let mut signature = sign(format!("AWS4{secret}").as_bytes(), &date[..8]);
    for step in [REGION, "s3", "aws4_request", &policy] {
        signature = sign(&signature, step);
    }
    let fields = [
        ("key", key),
        ("Content-Type", "image/png"),
        ("x-amz-checksum-sha256", &sha256(PHOTO)),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", &credential),
        ("x-amz-date", &date),
        ("policy", &policy),
        ("x-amz-signature", &hex::encode(&signature)),
    ];
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

fn fields(key: &str) -> Vec<(String, String)> {
    signed(key, &[], SECRET_KEY, Duration::minutes(10))
}

fn set(fields: &mut [(String, String)], name: &str, value: &str) {
    value.clone_into(&mut fields.iter_mut().find(|(field, _)| field == name).unwrap().1);
}

/// A form with its file last, as S3 wants it.
fn form(fields: &[(String, String)], file_headers: &str, file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend_from_slice(
            format!("--boundary42\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .as_bytes(),
        );
    }
    body.extend_from_slice(format!("--boundary42\r\n{file_headers}\r\n\r\n").as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--boundary42--\r\n");
    body
}

const CURL: &str =
    "Content-Disposition: form-data; name=\"file\"; filename=\"照片 1.png\"\r\nContent-Type: image/png";

async fn send(s3: &EmbeddedS3, body: &[u8]) -> Reply {
    let headers =
        [("Content-Type", "multipart/form-data; boundary=boundary42"), ("Origin", "http://localhost:5173")];
    request("POST", &format!("{}/{BUCKET}", s3.endpoint()), &headers, body).await
}

fn assert_refused(reply: &Reply, status: u16, code: &str) {
    let text = reply.text();
    assert!(
        reply.status == status && text.contains(&format!("<Code>{code}</Code>")),
        "{}: {text}",
        reply.status
    );
}

#[rstest]
#[case::curl(CURL)]
#[case::wechat(
    "Content-Disposition: form-data; name=\"file\"; filename=\"tmp_1a2b.png\"\r\nContent-Type: image/png"
)]
#[case::okhttp(
    "Content-Disposition: form-data; name=\"file\"; filename=\"x.png\"\r\nContent-Type: image/png\r\nContent-Length: 70"
)]
#[case::apache(
    "Content-Disposition: form-data; name=\"file\"; filename=\"x.png\"\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary"
)]
#[case::browser_with_quotes("Content-Disposition: form-data; name=\"file\"; filename=\"a%22b; c.png\"")]
#[case::python("Content-Disposition: form-data; name=\"file\"; filename*=utf-8''%E7%85%A7.png")]
#[case::empty_name("Content-Disposition: form-data; name=\"file\"; filename=\"\"")]
#[case::unquoted("content-disposition: form-data;name=file;filename=x.png")]
#[tokio::test]
async fn a_signed_form_is_stored_however_its_client_spells_it(#[case] headers: &str) {
    let (_folder, s3, client) = start().await;
    let reply = send(&s3, &form(&fields("a/photo"), headers, PHOTO)).await;
    assert_eq!(reply.status, 204, "{}", reply.text());
    assert_eq!(reply.header("location"), "/attachments/a/photo");
    assert!(reply.header("etag").starts_with('"'), "{reply:?}");
    assert_eq!(reply.header("access-control-allow-origin"), "http://localhost:5173");
    let head = client.head_object().bucket(BUCKET).key("a/photo");
    let head = head.checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(head.content_type(), Some("image/png"), "the form's field counts, not the part's header");
    assert_eq!(head.content_length(), Some(PHOTO.len().try_into().unwrap()));
    assert_eq!(head.checksum_sha256(), Some(sha256(PHOTO).as_str()));
}

#[tokio::test]
async fn the_success_status_asked_for_is_given() {
    let (_folder, s3, _client) = start().await;
    for (asked, given) in [("201", 201), ("200", 200), ("204", 204)] {
        let condition = json!({ "success_action_status": asked });
        let mut fields = signed("x", &[condition], SECRET_KEY, Duration::minutes(10));
        fields.push(("success_action_status".to_owned(), asked.to_owned()));
        let reply = send(&s3, &form(&fields, CURL, PHOTO)).await;
        assert_eq!(reply.status, given, "{}", reply.text());
        assert_eq!(reply.text().contains("<Key>x</Key>"), given == 201);
    }
}

#[rstest]
#[case::another_key("key", "a/other", 403, "AccessDenied")]
#[case::another_type("Content-Type", "text/html", 403, "AccessDenied")]
#[case::another_checksum(
    "x-amz-checksum-sha256",
    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    403,
    "AccessDenied"
)]
#[case::another_signature("x-amz-signature", "00", 403, "SignatureDoesNotMatch")]
#[tokio::test]
async fn a_field_that_was_changed_is_refused(
    #[case] field: &str,
    #[case] value: &str,
    #[case] status: u16,
    #[case] code: &str,
) {
    let (_folder, s3, client) = start().await;
    let mut changed = fields("a/photo");
    set(&mut changed, field, value);
    assert_refused(&send(&s3, &form(&changed, CURL, PHOTO)).await, status, code);
    assert_eq!(client.list_objects_v2().bucket(BUCKET).send().await.unwrap().key_count(), Some(0));
}

#[tokio::test]
async fn a_policy_someone_else_signed_or_changed_is_refused() {
    let (_folder, s3, _client) = start().await;
    let forged = signed("a/photo", &[], "a guess", Duration::minutes(10));
    assert_refused(&send(&s3, &form(&forged, CURL, PHOTO)).await, 403, "SignatureDoesNotMatch");
    let mut changed = fields("a/photo");
    let wider = signed("a/photo", &[json!(["starts-with", "$acl", ""])], SECRET_KEY, Duration::minutes(10));
    let policy = wider.iter().find(|(name, _)| name == "policy").unwrap().1.clone();
    set(&mut changed, "policy", &policy);
    assert_refused(&send(&s3, &form(&changed, CURL, PHOTO)).await, 403, "SignatureDoesNotMatch");
}

#[tokio::test]
async fn a_policy_that_has_expired_is_refused() {
    let (_folder, s3, _client) = start().await;
    let over = signed("a/photo", &[], SECRET_KEY, Duration::seconds(-1));
    assert_refused(&send(&s3, &form(&over, CURL, PHOTO)).await, 403, "AccessDenied");
}

#[tokio::test]
async fn a_form_without_a_policy_is_refused() {
    let (_folder, s3, _client) = start().await;
    let bare = vec![("key".to_owned(), "a/photo".to_owned())];
    assert_refused(&send(&s3, &form(&bare, CURL, PHOTO)).await, 403, "AccessDenied");
}

#[tokio::test]
async fn a_field_that_the_policy_does_not_name_is_refused() {
    let (_folder, s3, _client) = start().await;
    let mut more = fields("a/photo");
    more.push(("acl".to_owned(), "public-read".to_owned()));
    assert_refused(&send(&s3, &form(&more, CURL, PHOTO)).await, 403, "AccessDenied");
}

#[tokio::test]
async fn a_condition_that_the_form_leaves_out_is_refused() {
    let (_folder, s3, _client) = start().await;
    let mut fewer = fields("a/photo");
    fewer.retain(|(name, _)| name != "Content-Type");
    assert_refused(&send(&s3, &form(&fewer, CURL, PHOTO)).await, 403, "AccessDenied");
}

#[tokio::test]
async fn a_file_that_belies_its_checksum_is_not_kept() {
    let (_folder, s3, client) = start().await;
    assert_refused(&send(&s3, &form(&fields("a/photo"), CURL, b"another")).await, 400, "BadDigest");
    client.head_object().bucket(BUCKET).key("a/photo").send().await.unwrap_err();
}

#[tokio::test]
async fn a_file_outside_of_its_size_limits_is_not_kept() {
    let (_folder, s3, client) = start().await;
    assert_refused(&send(&s3, &form(&fields("a/photo"), CURL, b"")).await, 400, "EntityTooSmall");
    // One over, thirty megabytes, and more than we care to keep in memory: always an answer, never a
    // broken connection.
    for size in [1_001, 30 << 20, 70 << 20] {
        let reply = send(&s3, &form(&fields("a/photo"), CURL, &vec![b'x'; size])).await;
        assert_refused(&reply, 400, "EntityTooLarge");
    }
    client.head_object().bucket(BUCKET).key("a/photo").send().await.unwrap_err();
}

#[tokio::test]
async fn what_is_no_form_or_has_no_file_is_refused() {
    let (_folder, s3, _client) = start().await;
    let whole = form(&fields("a/photo"), CURL, PHOTO);
    for body in [&b"{}"[..], &whole[..whole.len() / 2], &whole[..whole.len() - 20]] {
        assert_refused(&send(&s3, body).await, 400, "MalformedPOSTRequest");
    }
    let named = CURL.replace("name=\"file\"", "name=\"photo\"");
    assert_eq!(send(&s3, &form(&fields("a/photo"), &named, PHOTO)).await.status, 400);
}

#[rstest]
#[case("http://localhost:5173", true)]
#[case("http://127.0.0.1:8080", true)]
#[case("http://[::1]:8080", true)]
#[case("https://example.com", false)]
#[case("http://localhost.example.com", false)]
#[case("null", false)]
#[tokio::test]
async fn only_pages_of_this_machine_may_post(#[case] origin: &str, #[case] allowed: bool) {
    let (_folder, s3, _client) = start().await;
    let url = format!("{}/{BUCKET}", s3.endpoint());
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "x-a"),
    ];
    let reply = request("OPTIONS", &url, &headers, b"").await;
    assert_eq!(reply.status, if allowed { 204 } else { 403 });
    assert_eq!(reply.header("access-control-allow-origin"), if allowed { origin } else { "" });
    assert_eq!(reply.header("access-control-allow-headers"), if allowed { "x-a" } else { "" });
}
