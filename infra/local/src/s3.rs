//! S3 on this machine: s3s checks signatures and policies, s3s-fs keeps the objects as plain files, and
//! two thin layers of ours do what real S3 does and these don't (`front` for HTTP, `objects` for storage).

mod access;
mod form;
mod front;
mod objects;

use std::io;
use std::path::{Path, PathBuf};

use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;

use crate::serve::LoopbackServer;
use objects::Objects;

pub use access::{Access, AccessLog};

/// A key pair that requests may be signed with.
#[derive(Clone)]
pub struct Credentials {
    /// The access key id.
    pub access_key: String,
    /// The secret it is signed with; never shown by `Debug`.
    pub secret_key: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

/// Why an embedded S3 did not start. `Display` is one line that says what to do, in both languages.
#[derive(Debug, thiserror::Error)]
pub enum S3StartError {
    /// The folder of objects can't be made or written.
    #[error("无法读写附件文件夹 {path}（{source}）：请用 --data 换一个可写的文件夹 · cannot use this folder: choose another with --data", path = path.display())]
    Folder {
        /// The folder in question.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The port can't be had.
    #[error(
        "无法在 127.0.0.1:{port} 上监听（{source}）：请换一个端口 · cannot listen there: choose another port"
    )]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// What the operating system said.
        source: io::Error,
    },
}

impl S3StartError {
    /// A stable name for the kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "s3_folder",
            Self::Listen { .. } => "s3_listen",
        }
    }
}

/// An S3 with one bucket, served path-style on a loopback port. Dropping it closes the port.
#[derive(Debug)]
pub struct EmbeddedS3 {
    server: LoopbackServer,
    endpoint: String,
    log: AccessLog,
}

impl EmbeddedS3 {
    /// Serves the objects under `root`, making it and the bucket if they aren't there, on
    /// `127.0.0.1:port`; port 0 takes any free one. Who has one of the `credentials` may do anything.
    /// Must run inside a tokio runtime.
    ///
    /// Signatures are checked against this machine's clock, as S3 checks them against its own: requests
    /// and policies signed more than 15 minutes away from it are refused, whatever their expiry says.
    pub async fn start(
        root: &Path,
        credentials: &[Credentials],
        bucket: &str,
        port: u16,
    ) -> Result<Self, S3StartError> {
        let failed = |source| S3StartError::Folder { path: root.to_owned(), source };
        std::fs::create_dir_all(root.join(bucket)).map_err(failed)?;
        // A folder that can be read but not written is found out now, not with the first upload.
        let probe = root.join(".writable");
        std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(failed)?;
        let files = FileSystem::new(root).map_err(|error| failed(io::Error::other(format!("{error:?}"))))?;

        let mut service = S3ServiceBuilder::new(Objects::new(files, root));
        let mut auth = SimpleAuth::new();
        for Credentials { access_key, secret_key } in credentials {
            auth.register(access_key.clone(), secret_key.as_str().into());
        }
        service.set_auth(auth);
        let log = AccessLog::default();
        service.set_access(log.clone());
        let server = LoopbackServer::start(front::router(service.build()), port)
            .await
            .map_err(|source| S3StartError::Listen { port, source })?;
        let endpoint = server.url();
        Ok(Self { server, endpoint, log })
    }

    /// The endpoint for an SDK client with `force_path_style`, as `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Who did what.
    pub fn access_log(&self) -> &AccessLog {
        &self.log
    }

    /// Stops, and waits until running requests have ended or two seconds have passed.
    pub async fn shutdown(self) {
        self.server.shutdown().await;
    }
}
