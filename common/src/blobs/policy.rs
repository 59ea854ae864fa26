//! The signed form for an upload: a POST policy under Signature Version 4, as Amazon's "Browser-Based Uploads Using
//! POST" defines it. Every field that is sent has a condition, and each condition is for one exact value.

use super::Upload;
use aws_credential_types::Credentials;
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::date::Instant;
use ring::hmac;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use time::OffsetDateTime;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// A form to upload one file with: send `fields` and then the file, as the last field, named `file`, to `url` as
/// `multipart/form-data`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PresignedPost {
    /// Where to POST it.
    pub url: String,
    /// The fields, each to be sent as it is.
    pub fields: BTreeMap<String, String>,
}

/// The bucket and the keys that sign for it.
pub(super) struct Target<'a> {
    pub url: &'a str,
    pub bucket: &'a str,
    pub region: &'a str,
    pub credentials: &'a Credentials,
}

/// Makes the form for `upload`, signed at `now`.
pub(super) fn presign(target: &Target<'_>, upload: &Upload, now: OffsetDateTime) -> PresignedPost {
    let amz_date = amz_date(now);
    let day = &amz_date[..8];
    let scope = format!("{}/{day}/{}/s3/aws4_request", target.credentials.access_key_id(), target.region);
    let lifetime = i64::try_from(upload.expires_in.as_secs()).unwrap_or(0);
    let expiration =
        Instant::from_unix_millis(now.unix_timestamp().saturating_add(lifetime).saturating_mul(1000));

    let mut fields = BTreeMap::from([
        ("key", upload.key.clone()),
        ("Content-Type", upload.content_type.to_owned()),
        ("success_action_status", "201".to_owned()),
        ("x-amz-algorithm", ALGORITHM.to_owned()),
        ("x-amz-credential", scope),
        ("x-amz-date", amz_date.clone()),
    ]);
    if let Some(sha256) = upload.sha256 {
        fields.insert("x-amz-checksum-sha256", sha256.to_base64());
    }
    if let Some(token) = target.credentials.session_token() {
        fields.insert("x-amz-security-token", token.to_owned());
    }

    let mut conditions: Vec<Value> = fields.iter().map(|(name, value)| json!({ *name: value })).collect();
    conditions.push(json!({ "bucket": target.bucket }));
    conditions.push(json!(["content-length-range", 1, upload.max_bytes]));
    let policy = json!({ "expiration": expiration, "conditions": conditions });
    let policy = STANDARD.encode(policy.to_string());

    let signature = sign(target.credentials.secret_access_key(), day, target.region, &policy);
    fields.insert("x-amz-signature", signature);
    fields.insert("policy", policy);
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    PresignedPost { url: target.url.to_owned(), fields }
}

/// `20151229T000000Z`, of a time in UTC.
fn amz_date(now: OffsetDateTime) -> String {
    let (year, month, day) = now.to_calendar_date();
    let (hour, minute, second) = now.to_hms();
    format!("{year:04}{:02}{day:02}T{hour:02}{minute:02}{second:02}Z", u8::from(month))
}

/// The signature of an encoded policy, in hex.
fn sign(secret: &str, day: &str, region: &str, policy: &str) -> String {
    let mac = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let key = [day, region, "s3", "aws4_request"]
        .into_iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| mac(&key, part).as_ref().to_vec());
    hex::encode(mac(&key, policy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        attachment::{ContentType, upload_key},
        date::date,
        id::{ApplicationId, AttachmentId, HolderId},
    };
    use std::time::Duration;
    use time::macros::datetime;

    /// The example of Amazon's page "Example: Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)".
    const EXAMPLE: &str = "\
{ \"expiration\": \"2015-12-30T12:00:00.000Z\",\r
  \"conditions\": [\r
    {\"bucket\": \"sigv4examplebucket\"},\r
    [\"starts-with\", \"$key\", \"user/user1/\"],\r
    {\"acl\": \"public-read\"},\r
    {\"success_action_redirect\": \"http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html\"},\r
    [\"starts-with\", \"$Content-Type\", \"image/\"],\r
    {\"x-amz-meta-uuid\": \"14365123651274\"},\r
    {\"x-amz-server-side-encryption\": \"AES256\"},\r
    [\"starts-with\", \"$x-amz-meta-tag\", \"\"],\r
\r
    {\"x-amz-credential\": \"AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request\"},\r
    {\"x-amz-algorithm\": \"AWS4-HMAC-SHA256\"},\r
    {\"x-amz-date\": \"20151229T000000Z\" }\r
  ]\r
}";

    fn id() -> AttachmentId {
        AttachmentId::mint(&ApplicationId::mint(&HolderId::mint(1), date(2029, 3, 1), 2), 3)
    }

    fn form(session_token: Option<&str>, sha256: Option<&str>) -> PresignedPost {
        let credentials =
            Credentials::new("AKIDEXAMPLE", "SECRET", session_token.map(ToOwned::to_owned), None, "test");
        let target = Target {
            url: "https://papers.s3.cn-north-1.amazonaws.com.cn",
            bucket: "papers",
            region: "cn-north-1",
            credentials: &credentials,
        };
        let upload = Upload {
            key: upload_key(&id()),
            content_type: ContentType::Jpeg.as_str(),
            max_bytes: 5_000_000,
            sha256: sha256.map(|text| text.parse().unwrap()),
            expires_in: Duration::from_mins(15),
        };
        presign(&target, &upload, datetime!(2029-03-01 08:09:10.987 UTC))
    }

    fn policy(form: &PresignedPost) -> Value {
        serde_json::from_slice(&STANDARD.decode(&form.fields["policy"]).unwrap()).unwrap()
    }

    #[test]
    fn the_signature_is_that_of_amazons_example() {
        let signature = sign(
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "20151229",
            "us-east-1",
            &STANDARD.encode(EXAMPLE),
        );
        assert_eq!(signature, "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e");
    }

    #[test]
    fn every_field_is_bound_to_one_value() {
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let form = form(Some("TOKEN"), Some(hash));
        let policy = policy(&form);
        assert_eq!(policy["expiration"], "2029-03-01T08:24:10.000Z");
        let conditions = policy["conditions"].as_array().unwrap();
        for (name, value) in
            form.fields.iter().filter(|(name, _)| !matches!(name.as_str(), "policy" | "x-amz-signature"))
        {
            assert!(conditions.contains(&json!({ name: value })), "{name}");
        }
        assert!(conditions.contains(&json!({ "bucket": "papers" })));
        assert!(conditions.contains(&json!(["content-length-range", 1, 5_000_000])));
        assert_eq!(
            conditions.len(),
            form.fields.len(),
            "two conditions without a field, two fields without one"
        );
        assert_eq!(form.fields["key"], upload_key(&id()));
        assert_eq!(form.fields["Content-Type"], "image/jpeg");
        assert_eq!(form.fields["x-amz-date"], "20290301T080910Z");
        assert_eq!(form.fields["x-amz-credential"], "AKIDEXAMPLE/20290301/cn-north-1/s3/aws4_request");
        assert_eq!(form.fields["x-amz-checksum-sha256"], "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_eq!(form.fields["x-amz-security-token"], "TOKEN");
    }

    #[test]
    fn without_a_checksum_or_a_session_neither_is_named() {
        let form = form(None, None);
        let names: Vec<_> = form.fields.keys().map(String::as_str).collect();
        let expected = [
            "Content-Type",
            "key",
            "policy",
            "success_action_status",
            "x-amz-algorithm",
            "x-amz-credential",
            "x-amz-date",
            "x-amz-signature",
        ];
        assert_eq!(names, expected);
        assert!(!format!("{form:?}").contains("SECRET"));
    }
}
