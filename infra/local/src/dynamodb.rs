//! DynamoDB on this machine: dynoxide (SQLite underneath) served over HTTP, so that the real AWS SDK
//! talks to it and no second code path exists for local use.
//!
//! The database has a thread of its own. Its requests block on SQLite, and must not hold up a runtime
//! that also serves the functions; and ending that thread is what really closes the file.

use std::fs::{File, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use dynoxide::Database;
use rusqlite::{Connection, ErrorCode};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// How often items whose TTL has passed are deleted. DynamoDB promises "within a few days".
const TTL_SWEEP_EVERY: Duration = Duration::from_mins(10);

/// DynamoDB keeps a stream record for 24 hours.
const STREAM_RETENTION_SECONDS: i64 = 24 * 60 * 60;

/// How long a request that is already running may take to finish after the database was told to stop.
const GRACE: Duration = Duration::from_millis(500);

/// Files up to this many bytes are read through once on opening, to find damage in the middle of them;
/// beyond that the check would be felt at every start.
const FULL_CHECK_UP_TO: u64 = 64 * 1024 * 1024;

/// dynoxide looks for the newest stream record on every write and has no index for it, so writing slows
/// down with every record kept. These two make both its queries a seek.
const STREAM_INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS _stream_by_table
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    CREATE INDEX IF NOT EXISTS _stream_by_shard
        ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));";

/// Where an embedded DynamoDB keeps its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreAt {
    /// In memory, gone when the database is dropped.
    Memory,
    /// In a SQLite file, made (with its folder) if it isn't there. A process killed at any point loses
    /// nothing that was acknowledged; a power cut may lose the last moments.
    File(PathBuf),
}

/// Why an embedded DynamoDB did not start. `Display` is one line that says what to do, in both languages.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder can't be made or written.
    #[error("无法写入 {path}（{source}）：请用 --data 换一个可写的文件夹 · cannot write there: choose another folder with --data", path = path.display())]
    Unwritable {
        /// The file or folder in question.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Another process has the file open.
    #[error("{path} 正被另一个进程使用：请先停止它，或用 --data 换一个文件夹 · in use by another process: stop it, or choose another folder with --data", path = path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The file is no SQLite database, or one that something else made.
    #[error("{path} 不是本程序的数据文件：请移走它，或用 --data 换一个文件夹 · not a data file of this program: move it away, or choose another folder with --data", path = path.display())]
    Foreign {
        /// The file that was found.
        path: PathBuf,
    },
    /// The file is cut short or damaged.
    #[error("{path} 已损坏（{reason}）：请从备份恢复，或加 --fresh 重新开始 · damaged: restore a backup, or start again with --fresh", path = path.display())]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What SQLite found, on one line.
        reason: String,
    },
    /// The database engine refused for a reason of its own, such as a file from a newer version.
    #[error(
        "数据库无法打开（{reason}）：请更新本程序，或加 --fresh 重新开始 · the database did not open: update this program, or start again with --fresh"
    )]
    Refused {
        /// What the engine said, on one line.
        reason: String,
    },
    /// No loopback port or thread could be had.
    #[error(
        "无法在 127.0.0.1 上监听（{source}）：请换一个端口 · cannot listen on loopback: choose another port"
    )]
    Listen {
        /// What the operating system said.
        source: io::Error,
    },
}

impl StartError {
    /// A stable name for the kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unwritable { .. } => "data_unwritable",
            Self::InUse { .. } => "data_in_use",
            Self::Foreign { .. } => "data_foreign",
            Self::Damaged { .. } => "data_damaged",
            Self::Refused { .. } => "database_refused",
            Self::Listen { .. } => "listen_failed",
        }
    }
}

/// A DynamoDB served on a loopback port. Dropping it closes the port and then the file.
pub struct EmbeddedDynamoDb {
    endpoint: String,
    database: Database,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
    /// Held for as long as the file is open; the operating system frees it even after a kill.
    _lock: Option<File>,
}

impl std::fmt::Debug for EmbeddedDynamoDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedDynamoDb").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl EmbeddedDynamoDb {
    /// Opens the store and serves it on any free loopback port. Needs no runtime of the caller's.
    pub fn start(at: StoreAt) -> Result<Self, StartError> {
        let (database, lock) = match at {
            StoreAt::Memory => (open_memory()?, None),
            StoreAt::File(path) => {
                let lock = lock(&path)?;
                (open_file(&path)?, Some(lock))
            }
        };
        let (stop, stopped) = watch::channel(false);
        let (address, thread) =
            serve(database.clone(), stopped).map_err(|source| StartError::Listen { source })?;
        Ok(Self { endpoint: format!("http://{address}"), database, stop, thread: Some(thread), _lock: lock })
    }

    /// The endpoint for an SDK client, as `http://127.0.0.1:PORT`. Any region and any credentials do.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Deletes every item whose TTL attribute has passed by the machine's clock, and says how many.
    /// It also happens by itself every ten minutes, as in DynamoDB without any promise of when.
    pub fn sweep_expired(&self) -> Result<usize, dynoxide::DynoxideError> {
        self.database.sweep_ttl()
    }

    /// The engine itself, for what the SDK's protocol doesn't offer: its stream.
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}

impl Drop for EmbeddedDynamoDb {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the database's thread panicked");
        }
    }
}

/// Starts the thread that answers HTTP requests, and says where it listens.
fn serve(database: Database, stopped: watch::Receiver<bool>) -> io::Result<(SocketAddr, JoinHandle<()>)> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    let thread = std::thread::Builder::new()
        .name("dynamodb".to_owned())
        .spawn(move || run(runtime, listener, database, stopped))?;
    Ok((address, thread))
}

/// Serves until told to stop. Dropping the runtime afterwards ends every connection, and with them the
/// last handles on the database, so the file is closed when this returns.
fn run(
    runtime: Runtime,
    listener: tokio::net::TcpListener,
    database: Database,
    stopped: watch::Receiver<bool>,
) {
    runtime.spawn(sweep_forever(database.clone()));
    runtime.block_on(async move {
        let serving =
            dynoxide::server::serve_with_shutdown(listener, database, until_stopped(stopped.clone()));
        tokio::select! {
            served = serving => if let Err(error) = served {
                tracing::error!(%error, "the database's HTTP server ended");
            },
            // A client that sent half a request would hold the shutdown for ever.
            () = async { until_stopped(stopped).await; tokio::time::sleep(GRACE).await } => {}
        }
    });
    runtime.shutdown_timeout(GRACE);
}

/// Resolves once the owner said stop or went away.
async fn until_stopped(mut stopped: watch::Receiver<bool>) {
    stopped.wait_for(|stop| *stop).await.ok();
}

async fn sweep_forever(database: Database) {
    let mut ticks = tokio::time::interval(TTL_SWEEP_EVERY);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let database = database.clone();
        match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::warn!(%error, "TTL sweep failed"),
            Err(error) => tracing::warn!(%error, "TTL sweep panicked"),
        }
    }
}

/// A database in memory that our own connection can reach too, to give it the stream indexes.
fn open_memory() -> Result<Database, StartError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // A name that begins with a slash is shared within this process, and only here.
    let name = format!("file:/dynamodb-{}?vfs=memdb", NEXT.fetch_add(1, Ordering::Relaxed));
    let database = Database::new(&name).map_err(refused)?;
    prepare(&name, Path::new(":memory:"))?;
    Ok(database)
}

/// Takes the lock beside the database file, making the folder first.
fn lock(path: &Path) -> Result<File, StartError> {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        |source| StartError::Unwritable { path, source }
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unwritable(folder))?;
    }
    let lock_path = path.with_added_extension("lock");
    let file = File::create(&lock_path).map_err(unwritable(&lock_path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unwritable(&lock_path)(source)),
    }
}

fn open_file(path: &Path) -> Result<Database, StartError> {
    let size = match std::fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(source) => return Err(StartError::Unwritable { path: path.to_owned(), source }),
    };
    if size > 0 {
        examine(path, size)?;
    }
    let name = path.to_str().ok_or_else(|| StartError::Unwritable {
        path: path.to_owned(),
        source: io::Error::new(io::ErrorKind::InvalidInput, "path is not UTF-8"),
    })?;
    let database = Database::new(name).map_err(|error| opened_badly(path, error))?;
    prepare(name, path)?;
    // Named for something else, but it is the engine's only way to `synchronous = NORMAL`: a commit then
    // costs no fsync, and in WAL mode only a power cut, never a killed process, can lose one.
    database.disable_bulk_loading().map_err(refused)?;
    Ok(database)
}

/// Looks at a file that is already there, before the engine writes to it.
fn examine(path: &Path, size: u64) -> Result<(), StartError> {
    let found = |error| sqlite_error(path, &error);
    let file = Connection::open(path).map_err(found)?;
    let tables: Vec<String> = file
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        .and_then(|mut names| names.query_map([], |row| row.get(0))?.collect())
        .map_err(found)?;
    if !tables.is_empty() && !tables.iter().any(|name| name == "_tables") {
        return Err(StartError::Foreign { path: path.to_owned() });
    }
    if size <= FULL_CHECK_UP_TO {
        let verdict: String = file.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(found)?;
        if verdict != "ok" {
            return Err(StartError::Damaged { path: path.to_owned(), reason: one_line(&verdict) });
        }
    }
    Ok(())
}

/// Gives the opened database its stream indexes, and drops what a stream would no longer hold.
fn prepare(name: &str, path: &Path) -> Result<(), StartError> {
    let found = |error| sqlite_error(path, &error);
    let connection = Connection::open(name).map_err(found)?;
    connection.execute_batch(STREAM_INDEXES).map_err(found)?;
    connection
        .execute(
            "DELETE FROM _stream_records WHERE created_at < unixepoch() - ?1",
            rusqlite::params![STREAM_RETENTION_SECONDS],
        )
        .map_err(found)?;
    Ok(())
}

fn opened_badly(path: &Path, error: dynoxide::DynoxideError) -> StartError {
    match error {
        dynoxide::DynoxideError::SqliteError(error) => sqlite_error(path, &error),
        other => refused(other),
    }
}

#[allow(clippy::needless_pass_by_value)] // the shape `map_err` asks for
fn refused(error: dynoxide::DynoxideError) -> StartError {
    StartError::Refused { reason: one_line(&error.to_string()) }
}

fn sqlite_error(path: &Path, error: &rusqlite::Error) -> StartError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StartError::Foreign { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StartError::InUse { path },
        Some(
            ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::DiskFull,
        ) => StartError::Unwritable { path, source: io::Error::other(one_line(&error.to_string())) },
        _ => StartError::Damaged { path, reason: one_line(&error.to_string()) },
    }
}

/// SQLite's longer reports come on several lines; ours is one.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use dynoxide::actions::{create_table::CreateTableRequest, put_item::PutItemRequest};
    use serde_json::json;

    use super::*;

    /// Without the stream indexes the last thousand here takes seven times as long as the first.
    #[test]
    fn a_write_costs_the_same_however_many_came_before() {
        let database = open_memory().unwrap();
        let table: CreateTableRequest = serde_json::from_value(json!({
            "TableName": "registry",
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
            "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" },
        }))
        .unwrap();
        database.create_table(table).unwrap();
        let mut thousand = |round: usize| -> Duration {
            let begun = Instant::now();
            for n in 0..1_000 {
                let item = json!({ "pk": { "S": format!("{round}-{n}") }, "text": { "S": "x".repeat(500) } });
                let put: PutItemRequest =
                    serde_json::from_value(json!({ "TableName": "registry", "Item": item })).unwrap();
                database.put_item(put).unwrap();
            }
            begun.elapsed()
        };
        let rounds: Vec<Duration> = (0..5).map(&mut thousand).collect();
        println!("{rounds:?}");
        assert!(rounds[4] < rounds[0] * 3, "{rounds:?}");
    }
}
