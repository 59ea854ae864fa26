//! An axum router served on a loopback port until it is dropped. Loopback is the only choice offered,
//! because everything in this crate trusts whoever can reach it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long a request that is already running may take to finish after the server was told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// A router being served on `127.0.0.1`. Dropping it stops accepting at once and lets running requests end.
#[derive(Debug)]
pub struct LoopbackServer {
    address: SocketAddr,
    /// Dropping the sender is the signal, so that `Drop` needs no code of its own.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl LoopbackServer {
    /// Serves `router` on `127.0.0.1:port`; port 0 takes any free one. Must run inside a tokio runtime.
    ///
    /// Fails with [`io::ErrorKind::AddrInUse`] when the port is taken.
    pub async fn start(router: Router, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        // Small replies must not wait for the client's delayed acknowledgement (40 ms each).
        let listener = listener.tap_io(|connection| {
            if let Err(error) = connection.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY not set");
            }
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
            // Told to stop or dropped: either way the sender is gone.
            stopped.await.ok();
        });
        let task = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, %address, "loopback server ended");
            }
        });
        Ok(Self { address, stop, task })
    }

    /// The address it listens on, with the port that was really taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address as `http://127.0.0.1:PORT`, without a trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops, and waits until running requests have ended or two seconds have passed.
    pub async fn shutdown(self) {
        let Self { stop, mut task, .. } = self;
        drop(stop);
        if tokio::time::timeout(GRACE, &mut task).await.is_err() {
            task.abort();
        }
    }
}
