//! The wire between the functions and their DynamoDB: a proxy on loopback that writes down each call with what it read,
//! wrote and consumed, and that can answer in the database's place or lose its reply.

mod message;

use message::Message;
use serde_json::{Value, json};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::BufReader,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// One call as it went over the wire.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who signed it: the access key id.
    pub caller: String,
    /// What it takes the right to do, one for each item that it names.
    pub accesses: Vec<Access>,
    /// `Query`, `TransactWriteItems`, …
    pub operation: String,
    /// The table it's about; empty for a transaction or a batch, which may be about several.
    pub table: String,
    /// The partition keys it names, in its own order; a transaction or a batch names one per item.
    pub keys: Vec<String>,
    /// True where items are read (and paid for) that the caller doesn't get.
    pub filtered: bool,
    /// The reply's HTTP status.
    pub status: u16,
    /// Items that a query found, or that a count counted.
    pub found: usize,
    /// Capacity units, those of indexes among them; none for what was refused.
    pub units: f64,
}

/// What one call does to one item or partition, in the terms that a policy allows it by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// IAM's name of the action without its service, e.g. `PutItem`. A transaction needs those of its parts.
    pub action: &'static str,
    /// The table.
    pub table: String,
    /// The index that is queried, where one is.
    pub index: Option<String>,
    /// The partition key, of the table or of the index.
    pub key: String,
}

/// What the proxy does in the place of passing a call on and its reply back.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Gives this reply. The database hears nothing.
    Reply(u16, Value),
    /// Passes the call on, and then answers as if the database had broken down.
    LoseReply,
}

impl Fault {
    /// A refusal that no client tries again.
    pub fn refuse() -> Self {
        Self::Reply(
            400,
            json!({ "__type": "com.amazon.coral.validate#ValidationException", "message": "no" }),
        )
    }

    /// What a transaction of so many items is told whose every condition failed.
    pub fn conditions_failed(items: usize) -> Self {
        let reason = json!({ "Code": "ConditionalCheckFailed", "Message": "The conditional request failed" });
        Self::Reply(
            400,
            json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "message": "Transaction cancelled",
                "CancellationReasons": vec![reason; items],
            }),
        )
    }
}

type Trouble = Arc<dyn Fn(&Call) -> Option<Fault> + Send + Sync>;

/// The proxy. Dropping it closes its port and every connection.
pub struct Wire {
    address: SocketAddr,
    line: Arc<Line>,
    task: JoinHandle<()>,
}

struct Line {
    upstream: String,
    calls: Mutex<Vec<Call>>,
    hold: Mutex<Duration>,
    trouble: Mutex<Option<Trouble>>,
}

impl Wire {
    /// Listens in front of the DynamoDB at `upstream`, `http://127.0.0.1:PORT`.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let line = Arc::new(Line {
            upstream: upstream.trim_start_matches("http://").to_owned(),
            calls: Mutex::default(),
            hold: Mutex::default(),
            trouble: Mutex::default(),
        });
        let task = tokio::spawn(serve(listener, line.clone()));
        Self { address, line, task }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was called since this was asked last, in the order of the replies.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *lock(&self.line.calls))
    }

    /// From now on holds each call back for so long: what is called at the same time is then seen to be.
    pub fn hold(&self, time: Duration) {
        *lock(&self.line.hold) = time;
    }

    /// From now on `trouble` says what becomes of each call; those that it says nothing of pass.
    pub fn trouble(&self, trouble: impl Fn(&Call) -> Option<Fault> + Send + Sync + 'static) {
        *lock(&self.line.trouble) = Some(Arc::new(trouble));
    }

    /// No more trouble.
    pub fn mend(&self) {
        *lock(&self.line.trouble) = None;
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, line: Arc<Line>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let line = line.clone();
        // A connection that breaks is the client's to notice.
        connections.spawn(async move { converse(client, &line).await.ok() });
    }
}

/// Passes requests on and replies back until either side hangs up.
async fn converse(client: TcpStream, line: &Line) -> io::Result<()> {
    let server = TcpStream::connect(&line.upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut client, mut server) = (BufReader::new(client), BufReader::new(server));
    while let Some(request) = Message::read(&mut client).await? {
        let mut call = request.call();
        let (hold, trouble) = (*lock(&line.hold), lock(&line.trouble).clone());
        if !hold.is_zero() {
            tokio::time::sleep(hold).await;
        }
        let fault = trouble.and_then(|trouble| trouble(&call));
        let reply = if let Some(Fault::Reply(status, body)) = &fault {
            Message::reply(*status, body)
        } else {
            request.metered().write(&mut server).await?;
            Message::read(&mut server).await?.ok_or(io::ErrorKind::UnexpectedEof)?
        };
        reply.account(&mut call);
        lock(&line.calls).push(call);
        let broken = json!({ "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError" });
        let reply = match fault {
            Some(Fault::LoseReply) => Message::reply(500, &broken),
            _ => reply,
        };
        reply.write(&mut client).await?;
    }
    Ok(())
}
