//! A stand-in for an employer's back end: an `https` server on loopback, with a certificate made for it, that keeps what it
//! was called with. Tests and the tour let it watch registrations.

use crate::serve::LoopbackServer;
use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use common::webhook::WebhookHeaders;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring::default_provider,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// A certificate for `localhost` and 127.0.0.1, and the key to it; one per system.
pub struct Identity {
    certified: CertifiedKey<rcgen::KeyPair>,
}

/// A call, as it arrived.
#[derive(Debug, Clone)]
pub struct Call {
    /// What is signed beside the body, and the signature.
    pub headers: WebhookHeaders,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// How the employer answers.
#[derive(Debug, Clone, Default)]
pub enum Manner {
    /// With a status.
    #[default]
    Takes,
    /// With this status.
    Answers(u16),
    /// By sending the caller to another address.
    Redirects(String),
    /// Not at all, until the caller gives up.
    Silent,
}

#[derive(Default)]
struct Desk {
    calls: Mutex<Vec<Call>>,
    manner: Mutex<Manner>,
}

/// A running employer. Dropping it stops it.
pub struct Employer {
    desk: Arc<Desk>,
    address: SocketAddr,
    task: JoinHandle<()>,
    _inner: LoopbackServer,
}

impl Identity {
    /// Makes one, and writes its certificate to `file`, for callers to trust.
    ///
    /// # Errors
    ///
    /// Where it can't be made or written.
    pub fn generate(file: &Path) -> Result<Self> {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certified = generate_simple_self_signed(names).context("an employer's certificate")?;
        std::fs::write(file, certified.cert.pem()).with_context(|| file.display().to_string())?;
        Ok(Self { certified })
    }

    fn acceptor(&self) -> Result<TlsAcceptor> {
        let key = PrivatePkcs8KeyDer::from(self.certified.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![self.certified.cert.der().clone()], PrivateKeyDer::from(key))?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl Employer {
    /// Starts one on any free port, which shows `identity`.
    ///
    /// # Errors
    ///
    /// Where no port can be had.
    pub async fn start(identity: &Identity) -> Result<Self> {
        let desk = Arc::new(Desk::default());
        let router = Router::new().fallback(any(take)).with_state(desk.clone());
        // HTTP is spoken by the server that everything here is served by; this one only takes TLS off.
        let inner = LoopbackServer::start(router, 0).await?;
        let (acceptor, behind) = (identity.acceptor()?, inner.address());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                    let Ok(mut plain) = tokio::net::TcpStream::connect(behind).await else { return };
                    // A connection that breaks off is the caller's to notice.
                    tokio::io::copy_bidirectional(&mut tls, &mut plain).await.ok();
                });
            }
        });
        Ok(Self { desk, address, task, _inner: inner })
    }

    /// Where it takes calls.
    pub fn url(&self) -> String {
        format!("https://localhost:{}/registry", self.address.port())
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What arrived so far.
    pub fn calls(&self) -> Vec<Call> {
        self.desk.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How it answers from now on.
    pub fn answer(&self, manner: Manner) {
        *self.desk.manner.lock().unwrap_or_else(PoisonError::into_inner) = manner;
    }
}

impl Drop for Employer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let call = Call {
        headers: WebhookHeaders {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
            key: header("webhook-key"),
        },
        body: body.to_vec(),
    };
    desk.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    let manner = desk.manner.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match manner {
        Manner::Takes => StatusCode::NO_CONTENT.into_response(),
        Manner::Answers(status) => {
            StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST).into_response()
        }
        Manner::Redirects(to) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response(),
        Manner::Silent => std::future::pending().await,
    }
}
