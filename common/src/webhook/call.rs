//! One call: connected to an address that was looked at, over TLS, HTTP/1.1, no redirect followed, no proxy asked.

use super::{Guard, WebhookHeaders};
use crate::config::{ConfigError, Env};
use bytes::Bytes;
use domain::watch::{InvalidWebhookAddress, WebhookAddress};
use http::{Request, StatusCode, header};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

/// How long connecting to one address may take, and then TLS.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a call may take in all.
const TOTAL: Duration = Duration::from_secs(10);
/// How many of a host's addresses are tried.
const ADDRESSES: usize = 3;

/// Why a call wasn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The address mustn't be called, or stands for nothing.
    #[error(transparent)]
    Address(#[from] InvalidWebhookAddress),
    /// No connection.
    #[error("no connection")]
    Unreachable,
    /// No trust in the certificate, or no common version.
    #[error("TLS failed")]
    Tls,
    /// No whole answer.
    #[error("the answer broke off")]
    Broken,
    /// No answer in time.
    #[error("no answer in time")]
    Timeout,
    /// Sent elsewhere, where calls don't follow.
    #[error("redirected")]
    Redirected,
    /// Answered, but not with a 2xx.
    #[error("answered {0}")]
    Status(u16),
}

impl CallError {
    /// A stable code, which the client sees.
    pub fn code(self) -> String {
        match self {
            Self::Address(error) => error.code().to_owned(),
            Self::Unreachable => "unreachable".to_owned(),
            Self::Tls => "tls_failed".to_owned(),
            Self::Broken => "answer_broken".to_owned(),
            Self::Timeout => "timeout".to_owned(),
            Self::Redirected => "redirected".to_owned(),
            Self::Status(status) => format!("http_{status}"),
        }
    }

    /// True where trying again is asked not to be done: 410.
    pub fn is_final(self) -> bool {
        self == Self::Status(StatusCode::GONE.as_u16())
    }
}

/// Makes calls.
#[derive(Clone)]
pub struct Caller {
    guard: Guard,
    tls: TlsConnector,
}

impl Caller {
    /// Calls where `guard` lets it, trusting Mozilla's authorities and `extra` ones.
    ///
    /// # Errors
    ///
    /// Where one of `extra` is no authority, or TLS can't be set up.
    pub fn new(guard: Guard, extra: Vec<CertificateDer<'static>>) -> Result<Self, rustls::Error> {
        let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
        for root in extra {
            roots.add(root)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { guard, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// Reads `WEBHOOK_EXTRA_ROOTS`: a file of authorities (PEM) to trust beside Mozilla's; none where it isn't set.
    ///
    /// # Errors
    ///
    /// Where it can't be read or used.
    pub fn from_env(env: &Env, guard: Guard) -> Result<Self, ConfigError> {
        let name = "WEBHOOK_EXTRA_ROOTS";
        let purpose = "a PEM file of further authorities that receivers' certificates may be of";
        let malformed = |why: String| ConfigError::Malformed { name, purpose, why };
        let extra = match env.get(name) {
            Some(path) => CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect)
                .map_err(|error| malformed(error.to_string()))?,
            None => Vec::new(),
        };
        Self::new(guard, extra).map_err(|error| malformed(error.to_string()))
    }

    /// Posts `body`; the status, where it's a 2xx.
    ///
    /// # Errors
    ///
    /// For everything else.
    pub async fn post(
        &self,
        address: &WebhookAddress,
        headers: &WebhookHeaders,
        body: &str,
    ) -> Result<u16, CallError> {
        match timeout(TOTAL, self.exchange(address, headers, body)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallError::Timeout),
        }
    }

    async fn exchange(
        &self,
        address: &WebhookAddress,
        headers: &WebhookHeaders,
        body: &str,
    ) -> Result<u16, CallError> {
        let found = self.guard.addresses(address).await?;
        let tcp = connect(&found).await?;
        let host = address.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(host).map_err(|_| InvalidWebhookAddress::Malformed)?;
        let tls = self.tls.connect(name, tcp);
        let tls = timeout(CONNECT, tls).await.map_err(|_| CallError::Timeout)?.map_err(|_| CallError::Tls)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(tls)).await.map_err(|_| CallError::Broken)?;
        let request = Request::post(address.target())
            .header(header::HOST, address.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "social-worker-registry")
            .header(header::CONNECTION, "close")
            .header("webhook-id", &headers.id)
            .header("webhook-timestamp", &headers.timestamp)
            .header("webhook-signature", &headers.signature)
            .header("webhook-key", &headers.key)
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
            .map_err(|_| InvalidWebhookAddress::Malformed)?;
        // The connection only moves while it's polled; what the receiver writes after the head isn't read.
        let answer = sender.send_request(request);
        tokio::pin!(connection, answer);
        let answer = tokio::select! {
            answer = &mut answer => answer,
            _ = &mut connection => answer.await,
        };
        let status = answer.map_err(|_| CallError::Broken)?.status();
        match status {
            status if status.is_success() => Ok(status.as_u16()),
            status if status.is_redirection() => Err(CallError::Redirected),
            status => Err(CallError::Status(status.as_u16())),
        }
    }
}

/// A connection to the first of `found` that takes one.
async fn connect(found: &[SocketAddr]) -> Result<TcpStream, CallError> {
    for address in found.iter().take(ADDRESSES) {
        if let Ok(Ok(tcp)) = timeout(CONNECT, TcpStream::connect(address)).await {
            return Ok(tcp);
        }
    }
    Err(CallError::Unreachable)
}
