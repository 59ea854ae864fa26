//! Notifications of Amazon SNS, and whether they are SNS's: of our topic, and signed by the key of a certificate that SNS
//! itself serves over TLS. Both versions of the signature are known, SHA-1 and SHA-256, each over the fields in the order
//! that SNS documents.

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use ring::signature;
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, alg_id,
    pem::PemObject,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// How long fetching a certificate may take.
const FETCH: Duration = Duration::from_secs(5);
/// The longest certificate that is read, in bytes. Real ones have 2,000.
const MOST_BYTES: usize = 32 * 1024;
/// Certificates kept. SNS changes its own about once a year.
const KEPT: usize = 8;

/// A notification, as SNS hands it to a function.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SnsNotification {
    /// `Notification`
    #[serde(rename = "Type")]
    pub kind: String,
    /// Its id, the same where it's handed over again.
    pub message_id: String,
    /// The topic.
    pub topic_arn: String,
    /// Its subject, where it has one.
    #[serde(default)]
    pub subject: Option<String>,
    /// What it says.
    pub message: String,
    /// When it was published, as it's signed.
    pub timestamp: String,
    /// `1` or `2`
    pub signature_version: String,
    /// In base64.
    pub signature: String,
    /// Where the certificate is. Functions and web addresses are told it under two spellings.
    #[serde(alias = "SigningCertURL")]
    pub signing_cert_url: String,
}

impl SnsNotification {
    /// What is signed: the names and values of its fields in alphabetical order, each on a line of its own.
    pub fn signed(&self) -> String {
        let mut fields = vec![("Message", self.message.as_str()), ("MessageId", &self.message_id)];
        fields.extend(self.subject.as_deref().map(|subject| ("Subject", subject)));
        fields.extend([
            ("Timestamp", self.timestamp.as_str()),
            ("TopicArn", &self.topic_arn),
            ("Type", &self.kind),
        ]);
        fields.into_iter().flat_map(|(name, value)| [name, "\n", value, "\n"]).collect()
    }
}

/// Why a notification isn't believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnsError {
    /// Another topic, or no notification.
    #[error("no notification of the topic that is listened to")]
    Topic,
    /// A version of the signature that isn't known.
    #[error("the signature is of an unknown version")]
    Version,
    /// The certificate would come from somewhere else than SNS in the topic's region.
    #[error("the certificate isn't at an address of SNS")]
    Address,
    /// The certificate could not be fetched. Worth another try.
    #[error("the certificate could not be fetched: {0}")]
    Fetch(&'static str),
    /// What was fetched is no certificate.
    #[error("what is at the certificate's address is none")]
    Certificate,
    /// The signature isn't of this notification by that certificate's key.
    #[error("the signature doesn't fit")]
    Signature,
}

impl SnsError {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Topic => "sns_topic",
            Self::Version => "sns_version",
            Self::Address => "sns_certificate_address",
            Self::Fetch(_) => "sns_certificate_fetch",
            Self::Certificate => "sns_certificate",
            Self::Signature => "sns_signature",
        }
    }

    /// True where the same notification may be believed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Fetch(_))
    }
}

/// Fetches what is at an address.
pub type Fetch = Arc<dyn Fn(String) -> BoxFuture<'static, Result<Bytes, &'static str>> + Send + Sync>;

/// Tells SNS's notifications of one topic from others.
#[derive(Clone)]
pub struct SnsVerifier {
    topic: Arc<str>,
    /// `sns.eu-central-1.amazonaws.com`
    host: Arc<str>,
    fetch: Fetch,
    known: Arc<Mutex<BTreeMap<String, CertificateDer<'static>>>>,
}

impl fmt::Debug for SnsVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnsVerifier").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl SnsVerifier {
    /// Listens to `topic`, an ARN, whose region SNS's certificates are asked for in; none where it's no topic's.
    pub fn new(topic: &str, fetch: Fetch) -> Option<Self> {
        let parts: Vec<_> = topic.split(':').collect();
        let [_, partition, "sns", region, _, _] = parts[..] else { return None };
        let suffix = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        let of_its_form = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if region.is_empty() || !region.bytes().all(of_its_form) {
            return None;
        }
        let host = format!("sns.{region}.{suffix}").into();
        Some(Self { topic: topic.into(), host, fetch, known: Arc::default() })
    }

    /// Whether `notification` is SNS's, of our topic, and unchanged.
    ///
    /// # Errors
    ///
    /// Where it isn't, or that can't be said now.
    pub async fn verify(&self, notification: &SnsNotification) -> Result<(), SnsError> {
        if notification.kind != "Notification" || notification.topic_arn != *self.topic {
            return Err(SnsError::Topic);
        }
        let algorithm = match notification.signature_version.as_str() {
            "1" => &SHA1,
            "2" => &SHA256,
            _ => return Err(SnsError::Version),
        };
        let signature = BASE64_STANDARD.decode(&notification.signature).map_err(|_| SnsError::Signature)?;
        let certificate = self.certificate(&notification.signing_cert_url).await?;
        let certificate = webpki::EndEntityCert::try_from(&certificate).map_err(|_| SnsError::Certificate)?;
        let signed = notification.signed();
        certificate
            .verify_signature(algorithm, signed.as_bytes(), &signature)
            .map_err(|_| SnsError::Signature)
    }

    /// The certificate at `url`. That it's SNS's follows from where it is: the host is SNS's own, and TLS says it's that host.
    async fn certificate(&self, url: &str) -> Result<CertificateDer<'static>, SnsError> {
        if !self.is_of_sns(url) {
            return Err(SnsError::Address);
        }
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(certificate) = known().get(url) {
            return Ok(certificate.clone());
        }
        let pem = (self.fetch)(url.to_owned()).await.map_err(SnsError::Fetch)?;
        let certificate = CertificateDer::from_pem_slice(&pem).map_err(|_| SnsError::Certificate)?;
        let mut known = known();
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(url.to_owned(), certificate.clone());
        Ok(certificate)
    }

    fn is_of_sns(&self, url: &str) -> bool {
        let Ok(uri) = url.parse::<Uri>() else { return false };
        uri.scheme_str() == Some("https")
            // No port, no user: nothing but the host.
            && uri.authority().is_some_and(|authority| authority.as_str() == &*self.host)
            // An exact name, as SNS spells it.
            && uri.path().strip_prefix("/SimpleNotificationService-").and_then(|id| id.strip_suffix(".pem")).is_some()
            && uri.query().is_none()
    }
}

/// Fetches over TLS, trusting Mozilla's authorities; follows no redirect.
///
/// # Errors
///
/// Where TLS can't be set up.
pub fn fetch_over_tls() -> Result<Fetch, rustls::Error> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(FETCH));
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(Arc::new(rustls::crypto::ring::default_provider()))?
        .https_only()
        .enable_http1()
        .wrap_connector(tcp);
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    Ok(Arc::new(move |url| {
        let client = client.clone();
        Box::pin(async move {
            let request = Request::get(url).body(Empty::new()).map_err(|_| "the address can't be asked")?;
            let fetched = async {
                let reply = client.request(request).await.map_err(|_| "no answer")?;
                if !reply.status().is_success() {
                    return Err("answered with an error");
                }
                let body = Limited::new(reply.into_body(), MOST_BYTES).collect().await;
                body.map(http_body_util::Collected::to_bytes).map_err(|_| "the answer broke off")
            };
            tokio::time::timeout(FETCH, fetched).await.unwrap_or(Err("no answer in time"))
        })
    }))
}

/// RSA with one of the two hashes that SNS signs with. By hand, since what verifies certificates has given up SHA-1; here it
/// isn't a certificate's signature, and who wants no SHA-1 has the topic sign by version 2.
#[derive(Debug)]
struct Rsa {
    algorithm: &'static signature::RsaParameters,
    id: AlgorithmIdentifier,
}

static SHA1: Rsa = Rsa {
    algorithm: &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
    // sha1WithRSAEncryption, 1.2.840.113549.1.1.5
    id: AlgorithmIdentifier::from_slice(&[
        0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00,
    ]),
};

static SHA256: Rsa = Rsa { algorithm: &signature::RSA_PKCS1_2048_8192_SHA256, id: alg_id::RSA_PKCS1_SHA256 };

impl SignatureVerificationAlgorithm for Rsa {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = signature::UnparsedPublicKey::new(self.algorithm, public_key);
        key.verify(message, signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.id
    }
}
