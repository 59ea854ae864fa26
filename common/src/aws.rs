//! AWS clients, made for a quick start: the configuration is read by hand from what Lambda puts into the environment
//! (no profiles, no metadata service, no default chain), and all clients share one HTTP client with ring and a
//! compiled-in trust store of the few authorities that AWS uses.

use crate::endpoint::{Endpoint, InvalidEndpoint};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, IdentityCache, Region, SharedHttpClient, StalledStreamProtectionConfig,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use std::time::Duration;

/// The authorities that AWS endpoints chain to; `roots.pem` says where they are from.
const ROOTS: &[u8] = include_bytes!("roots.pem");
/// How long a TCP and TLS connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long one attempt may take until its reply is there (for an object, until its first byte).
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a call is tried in all, with the SDK's standard back-off and token bucket.
const ATTEMPTS: u32 = 3;
/// How long an object's bytes may stop coming before the read is given up.
const STALL_GRACE: Duration = Duration::from_secs(5);

/// Why the clients could not be set up from the environment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AwsConfigError {
    /// A variable isn't set, or is empty.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// The region isn't written as one.
    #[error("environment variable AWS_REGION is no region (letters, digits and `-`, such as cn-north-1)")]
    Region,
    /// An endpoint can't be used.
    #[error("environment variable {0}: {1}")]
    Endpoint(&'static str, InvalidEndpoint),
    /// TLS could not be set up.
    #[error("the trust store could not be set up")]
    Tls,
}

impl AwsConfigError {
    /// Stable name for logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "aws_variable_missing",
            Self::Region => "aws_region_invalid",
            Self::Endpoint(..) => "aws_endpoint_invalid",
            Self::Tls => "aws_tls_setup",
        }
    }
}

/// Addresses that replace a service's own, as emulators and the local runner need them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// `AWS_ENDPOINT_URL_DYNAMODB`, else `AWS_ENDPOINT_URL`.
    pub dynamodb: Option<Endpoint>,
    /// `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`. Where it is set, buckets are addressed by path.
    pub s3: Option<Endpoint>,
    /// `AWS_ENDPOINT_URL_SES`, else `AWS_ENDPOINT_URL`.
    pub ses: Option<Endpoint>,
}

/// What every client is made from. Make one per process; its HTTP client holds the connections.
#[derive(Debug, Clone)]
pub struct SdkParts {
    region: Region,
    credentials: Credentials,
    endpoints: Endpoints,
    http: SharedHttpClient,
}

impl SdkParts {
    /// Reads the environment that Lambda sets: `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
    /// `AWS_SESSION_TOKEN` (optional), and the endpoints. Lambda's credentials outlive its process, so they are read
    /// once and never refreshed.
    pub fn from_env() -> Result<Self, AwsConfigError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(read: impl Fn(&str) -> Option<String>) -> Result<Self, AwsConfigError> {
        let optional = |name: &str| read(name).filter(|value| !value.is_empty());
        let required = |name: &'static str| optional(name).ok_or(AwsConfigError::Missing(name));
        let endpoint = |own: &'static str| {
            [own, "AWS_ENDPOINT_URL"]
                .into_iter()
                .find_map(|name| Some((name, optional(name)?)))
                .map(|(name, url)| url.parse().map_err(|error| AwsConfigError::Endpoint(name, error)))
                .transpose()
        };
        let credentials = Credentials::new(
            required("AWS_ACCESS_KEY_ID")?,
            required("AWS_SECRET_ACCESS_KEY")?,
            optional("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let endpoints = Endpoints {
            dynamodb: endpoint("AWS_ENDPOINT_URL_DYNAMODB")?,
            s3: endpoint("AWS_ENDPOINT_URL_S3")?,
            ses: endpoint("AWS_ENDPOINT_URL_SES")?,
        };
        Self::new(&required("AWS_REGION")?, credentials, endpoints)
    }

    /// With explicit values, for the local runner and tests.
    pub fn new(region: &str, credentials: Credentials, endpoints: Endpoints) -> Result<Self, AwsConfigError> {
        // The region becomes part of host names.
        let of_its_form = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if region.is_empty() || !region.bytes().all(of_its_form) {
            return Err(AwsConfigError::Region);
        }
        Ok(Self { region: Region::new(region.to_owned()), credentials, endpoints, http: http_client()? })
    }

    /// The same, signing as somebody else: several functions in one process share their connections and not their
    /// names.
    #[must_use]
    pub fn with_credentials(&self, credentials: Credentials) -> Self {
        Self { credentials, ..self.clone() }
    }

    /// A DynamoDB client.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .identity_cache(IdentityCache::no_cache())
            .http_client(self.http.clone())
            .retry_config(retries())
            .timeout_config(timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(endpoint) = &self.endpoints.dynamodb {
            config = config.endpoint_url(endpoint.as_str());
        }
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// An S3 client. Checksums are computed where an operation requires them and not on every call: what we read, we
    /// hash ourselves.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .identity_cache(IdentityCache::no_cache())
            .http_client(self.http.clone())
            .retry_config(retries())
            .timeout_config(timeouts())
            .stalled_stream_protection(
                StalledStreamProtectionConfig::enabled()
                    .upload_enabled(false)
                    .grace_period(STALL_GRACE)
                    .build(),
            )
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .force_path_style(self.endpoints.s3.is_some());
        if let Some(endpoint) = &self.endpoints.s3 {
            config = config.endpoint_url(endpoint.as_str());
        }
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// An SES client (API v1, which emulators have too). AWS China has no SES.
    pub fn ses(&self) -> aws_sdk_ses::Client {
        let mut config = aws_sdk_ses::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(self.region.clone())
            .credentials_provider(self.credentials.clone())
            .identity_cache(IdentityCache::no_cache())
            .http_client(self.http.clone())
            .retry_config(retries())
            .timeout_config(timeouts())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(endpoint) = &self.endpoints.ses {
            config = config.endpoint_url(endpoint.as_str());
        }
        aws_sdk_ses::Client::from_conf(config.build())
    }

    /// The region's name.
    pub fn region(&self) -> &str {
        self.region.as_ref()
    }

    /// The keys that requests are signed with; `Debug` hides the secret.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The origin under which `bucket` is reached: its own host, or a path at the endpoint that replaces S3's.
    pub fn bucket_url(&self, bucket: &str) -> String {
        match &self.endpoints.s3 {
            Some(endpoint) => format!("{endpoint}/{bucket}"),
            None => format!("https://{bucket}.s3.{}.{}", self.region, dns_suffix(self.region())),
        }
    }
}

/// What the hosts of a region end in.
fn dns_suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(ATTEMPTS)
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build()
}

/// One client for HTTPS and for plain HTTP; [`Endpoint`] has seen to it that the latter stays on this machine.
fn http_client() -> Result<SharedHttpClient, AwsConfigError> {
    let trust_store = TrustStore::empty().with_pem_certificate(ROOTS);
    let tls = TlsContext::builder().with_trust_store(trust_store).build().map_err(|_| AwsConfigError::Tls)?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(tls).build_https())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::presigning::PresigningConfig;
    use rstest::rstest;
    use rustls::{
        RootCertStore,
        pki_types::{CertificateDer, pem::PemObject},
    };
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    const LAMBDA: [(&str, &str); 4] = [
        ("AWS_REGION", "cn-north-1"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "SECRET"),
        ("AWS_SESSION_TOKEN", "TOKEN"),
    ];

    fn from(variables: &[(&str, &str)]) -> Result<SdkParts, AwsConfigError> {
        let read = |name: &str| {
            variables.iter().rev().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        SdkParts::from_variables(read)
    }

    fn lambda_with(more: &[(&'static str, &'static str)]) -> Result<SdkParts, AwsConfigError> {
        from(&[LAMBDA.as_slice(), more].concat())
    }

    #[test]
    fn the_environment_of_a_function_is_enough() {
        let parts = lambda_with(&[]).unwrap();
        assert_eq!(parts.region(), "cn-north-1");
        assert_eq!(parts.credentials().session_token(), Some("TOKEN"));
        assert_eq!(parts.endpoints, Endpoints::default());
        assert!(!format!("{parts:?}").contains("SECRET"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            assert_eq!(lambda_with(&[(name, "")]).unwrap_err(), AwsConfigError::Missing(name));
        }
        assert!(lambda_with(&[("AWS_SESSION_TOKEN", "")]).unwrap().credentials().session_token().is_none());
        assert_eq!(lambda_with(&[("AWS_REGION", "evil.example/")]).unwrap_err(), AwsConfigError::Region);
        for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
            let error = lambda_with(&[(name, "http://example.com")]).unwrap_err();
            assert_eq!(error, AwsConfigError::Endpoint(name, InvalidEndpoint));
            assert!(error.to_string().contains(name));
        }
    }

    #[test]
    fn a_services_own_endpoint_goes_before_the_general_one() {
        let general = ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566");
        let parts = lambda_with(&[general, ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000")]).unwrap();
        let text = |endpoint: &Option<Endpoint>| endpoint.as_ref().map(ToString::to_string).unwrap();
        assert_eq!(text(&parts.endpoints.dynamodb), "http://127.0.0.1:4566");
        assert_eq!(text(&parts.endpoints.ses), "http://127.0.0.1:4566");
        assert_eq!(text(&parts.endpoints.s3), "http://127.0.0.1:9000");
    }

    #[rstest]
    #[case("cn-north-1", None, "https://papers.s3.cn-north-1.amazonaws.com.cn")]
    #[case("cn-northwest-1", None, "https://papers.s3.cn-northwest-1.amazonaws.com.cn")]
    #[case("us-east-1", None, "https://papers.s3.us-east-1.amazonaws.com")]
    #[case("ap-east-1", None, "https://papers.s3.ap-east-1.amazonaws.com")]
    #[case("cn-north-1", Some("http://localhost:9000"), "http://localhost:9000/papers")]
    #[tokio::test]
    async fn our_bucket_address_is_the_sdks(
        #[case] region: &str,
        #[case] endpoint: Option<&str>,
        #[case] url: &str,
    ) {
        let endpoints = Endpoints { s3: endpoint.map(|text| text.parse().unwrap()), ..Endpoints::default() };
        let parts =
            SdkParts::new(region, Credentials::new("AKIA", "SECRET", None, None, "test"), endpoints).unwrap();
        assert_eq!(parts.bucket_url("papers"), url);
        let config = PresigningConfig::expires_in(Duration::from_mins(1)).unwrap();
        let presigned = parts.s3().get_object().bucket("papers").key("k").presigned(config).await.unwrap();
        // The SDK's us-east-1 host has no region in it; both names lead to the same place.
        let sdks = presigned.uri().replace("papers.s3.amazonaws.com", "papers.s3.us-east-1.amazonaws.com");
        assert!(sdks.starts_with(&format!("{url}/k?")), "{sdks}");
        assert_eq!(presigned.headers().count(), 0, "a browser sends none of its own");
    }

    #[tokio::test]
    async fn a_client_calls_the_endpoint_it_was_given_and_signs() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 8192];
            let length = stream.read(&mut request).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
            String::from_utf8_lossy(&request[..length]).to_lowercase()
        });
        let endpoints = Endpoints { dynamodb: Some(endpoint.parse().unwrap()), ..Endpoints::default() };
        let credentials = Credentials::new("AKIA", "SECRET", Some("TOKEN".to_owned()), None, "test");
        let parts = SdkParts::new("cn-north-1", credentials, endpoints).unwrap();
        parts.dynamodb().list_tables().send().await.unwrap();
        let asked = asked.await.unwrap();
        assert!(asked.contains("credential=akia/"), "{asked}");
        assert!(
            asked.contains("/cn-north-1/dynamodb/aws4_request")
                && asked.contains("x-amz-security-token: token")
        );
    }

    #[test]
    fn every_root_is_one_of_mozillas() {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ROOTS) {
            store.add(certificate.unwrap()).unwrap();
        }
        assert_eq!(store.len(), 13);
        for root in &store.roots {
            assert!(webpki_roots::TLS_SERVER_ROOTS.contains(root), "{root:?}");
        }
    }
}
