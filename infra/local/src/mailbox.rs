//! The mailbox: a real SMTP port that keeps every mail as an `.eml` file, and two pages that show each
//! one as its reader sees it. Nothing that arrives here ever leaves the machine.

mod pages;
mod smtp;
mod store;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::wechat::WeChat;
use store::Store;
pub use store::{MailSummary, StoredMail};

/// Why the mailbox could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// The folder of mails can't be made, read or written.
    #[error("无法读写信箱文件夹 {path}（{source}）：请用 --data 换一个可写的文件夹 · cannot use this folder: choose another with --data", path = path.display())]
    Folder {
        /// The file or folder in question.
        path: std::path::PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The SMTP port can't be had.
    #[error(
        "无法在 127.0.0.1:{port} 上收信（{source}）：请换一个端口 · cannot listen there: choose another port"
    )]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// What the operating system said.
        source: io::Error,
    },
}

impl MailboxError {
    /// A stable name for the kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "mailbox_folder",
            Self::Listen { .. } => "mailbox_listen",
        }
    }
}

/// What the SMTP port does to a message instead of keeping it; see [`Mailbox::fail_next`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Refuse its recipient with this reply: `550 5.1.1 no such mailbox`.
    Recipient(&'static str),
    /// Refuse it with this reply code once it has been sent: 4xx asks for another try, 5xx forbids one.
    Reply(u16),
    /// Hang up without a reply and without keeping it.
    Disconnect,
    /// Keep it, then hang up without a reply: the sender can't know that it arrived.
    DisconnectAfterStoring,
}

impl From<u16> for Failure {
    fn from(code: u16) -> Self {
        Self::Reply(code)
    }
}

/// The failures still to come, oldest first.
#[derive(Debug, Default)]
struct Failures(Mutex<VecDeque<Failure>>);

impl Failures {
    fn add(&self, count: usize, failure: Failure) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend(std::iter::repeat_n(failure, count));
    }

    /// The next, if it's for a recipient or, with `at_recipient` false, for a message.
    fn next(&self, at_recipient: bool) -> Option<Failure> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.pop_front_if(|failure| matches!(failure, Failure::Recipient(_)) == at_recipient)
    }
}

/// An SMTP port on loopback and the mails it has taken. Dropping it closes the port and every connection.
#[derive(Debug)]
pub struct Mailbox {
    address: SocketAddr,
    store: Arc<Store>,
    failures: Arc<Failures>,
    task: JoinHandle<()>,
}

impl Mailbox {
    /// Opens the folder, making it if it isn't there, and takes mail on `127.0.0.1:port`; port 0 takes any
    /// free one. Mails of earlier runs are still there. Must run inside a tokio runtime.
    pub async fn start(folder: &Path, port: u16) -> Result<Self, MailboxError> {
        let store = Arc::new(Store::open(folder)?);
        let listen = |source| MailboxError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let failures = Arc::new(Failures::default());
        let task = tokio::spawn(smtp::serve(listener, store.clone(), failures.clone()));
        Ok(Self { address, store, failures, task })
    }

    /// Where it takes mail: plain SMTP, no TLS; `AUTH` is offered and takes any name and password.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every mail, oldest first, read from its file and parsed. A mail is here before its sender is told
    /// that it was accepted.
    pub fn messages(&self) -> Result<Vec<StoredMail>, MailboxError> {
        self.store.all()
    }

    /// The mail of that id, if there is one.
    pub fn message(&self, id: &str) -> Result<Option<StoredMail>, MailboxError> {
        self.store.get(id)
    }

    /// Every mail's header fields, oldest first, without touching a file.
    pub fn summaries(&self) -> Vec<MailSummary> {
        self.store.summaries()
    }

    /// How many mails there are.
    pub fn count(&self) -> usize {
        self.store.count()
    }

    /// Makes the next `count` messages fail, after those asked for earlier: `fail_next(3, 451)`, or
    /// `fail_next(1, Failure::Disconnect)`.
    pub fn fail_next(&self, count: usize, failure: impl Into<Failure>) {
        self.failures.add(count, failure.into());
    }

    /// The pages: `GET /mailbox`, `/mailbox/{id}` and `/mailbox/{id}/raw`. They work while this mailbox
    /// lives and show what it held after it is gone.
    pub fn router(&self) -> Router {
        pages::router(self.store.clone(), None)
    }

    /// The same, with what `wechat` took beside the mails.
    pub fn router_beside(&self, wechat: &WeChat) -> Router {
        pages::router(self.store.clone(), Some(wechat.clone()))
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}
