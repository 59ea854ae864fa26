//! The wire between the functions and their DynamoDB: a proxy on loopback that writes down each call with what it read,
//! wrote and consumed, and that can answer in the database's place or lose its reply.

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

/// One call as it went over the wire.
#[derive(Debug, Clone)]
pub struct Call {
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

/// An HTTP/1.1 request or reply whose length is told, as all of DynamoDB's are.
struct Message {
    /// The first line and the fields, without `content-length` and without the blank line.
    head: String,
    body: Vec<u8>,
}

impl Message {
    async fn read(from: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let begins = head.len();
            if from.read_line(&mut head).await? == 0 {
                return Ok(None);
            }
            let line = head[begins..].to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
                head.truncate(begins);
            } else if line == "\r\n" {
                head.truncate(begins);
                break;
            }
        }
        let mut body = vec![0; length];
        from.read_exact(&mut body).await?;
        Ok(Some(Self { head, body }))
    }

    async fn write(&self, to: &mut BufReader<TcpStream>) -> io::Result<()> {
        let head = format!("{}content-length: {}\r\n\r\n", self.head, self.body.len());
        to.write_all(&[head.as_bytes(), &self.body].concat()).await
    }

    fn reply(status: u16, body: &Value) -> Self {
        let head = format!("HTTP/1.1 {status} .\r\ncontent-type: application/x-amz-json-1.0\r\n");
        Self { head, body: body.to_string().into_bytes() }
    }

    /// `Query` of `x-amz-target: DynamoDB_20120810.Query`.
    fn operation(&self) -> &str {
        let target = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut target = target.filter(|(name, _)| name.eq_ignore_ascii_case("x-amz-target"));
        target.next().and_then(|(_, target)| target.rsplit('.').next()).unwrap_or_default()
    }

    fn call(&self) -> Call {
        let request: Request = self.parsed();
        Call {
            operation: self.operation().to_owned(),
            filtered: request.filter.is_some(),
            table: request.table.clone().unwrap_or_default(),
            keys: request.keys(),
            status: 0,
            found: 0,
            units: 0.0,
        }
    }

    /// The request, asking what it consumes besides.
    fn metered(mut self) -> Self {
        if !["ListTables", "CreateTable", "UpdateTimeToLive"].contains(&self.operation()) {
            let more = br#"{"ReturnConsumedCapacity":"TOTAL","#;
            self.body.splice(..1, more.iter().copied());
        }
        self
    }

    /// Enters into `call` what its reply says.
    fn account(&self, call: &mut Call) {
        let status = self.head.split_ascii_whitespace().nth(1);
        call.status = status.and_then(|status| status.parse().ok()).unwrap_or_default();
        let reply: Reply = self.parsed();
        call.found = reply.count.unwrap_or_default();
        call.units = match reply.consumed {
            Some(Consumed::OfOne(table)) => table.units,
            Some(Consumed::OfEach(tables)) => tables.iter().map(|table| table.units).sum(),
            None => 0.0,
        };
    }

    fn parsed<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&self.body)))
    }
}

/// What is looked at in a request.
#[derive(Deserialize)]
struct Request {
    #[serde(rename = "TableName")]
    table: Option<String>,
    #[serde(rename = "FilterExpression")]
    filter: Option<IgnoredAny>,
    #[serde(rename = "Key")]
    key: Option<Item>,
    #[serde(rename = "Item")]
    item: Option<Item>,
    #[serde(rename = "ExpressionAttributeValues")]
    values: Option<Item>,
    #[serde(rename = "TransactItems", default)]
    actions: Vec<Action>,
    #[serde(rename = "RequestItems", default)]
    batch: HashMap<String, Batch>,
}

/// An item, or the values of a condition, as far as its partition key goes.
#[derive(Deserialize)]
struct Item {
    #[serde(alias = ":pk")]
    pk: Option<Text>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// A part of a transaction.
#[derive(Deserialize)]
enum Action {
    Put(Written),
    Update(Written),
    Delete(Written),
    ConditionCheck(Written),
}

#[derive(Deserialize)]
struct Written {
    #[serde(rename = "Item", alias = "Key")]
    item: Item,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Keys")]
    keys: Vec<Item>,
}

impl Request {
    fn keys(self) -> Vec<String> {
        let items = self.key.into_iter().chain(self.item).chain(self.values);
        let written = self.actions.into_iter().map(|action| match action {
            Action::Put(part)
            | Action::Update(part)
            | Action::Delete(part)
            | Action::ConditionCheck(part) => part.item,
        });
        let read = self.batch.into_values().flat_map(|batch| batch.keys);
        items.chain(written).chain(read).filter_map(|item| item.pk).map(|pk| pk.text).collect()
    }
}

/// What is looked at in a reply.
#[derive(Deserialize)]
struct Reply {
    #[serde(rename = "Count")]
    count: Option<usize>,
    #[serde(rename = "ConsumedCapacity")]
    consumed: Option<Consumed>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Consumed {
    OfOne(Capacity),
    OfEach(Vec<Capacity>),
}

#[derive(Deserialize)]
struct Capacity {
    #[serde(rename = "CapacityUnits")]
    units: f64,
}
