//! The table's stream, read as Lambda reads it: batches in order, each retried until it is taken, shaped
//! exactly as the event a function receives. The engine's own API is used on the same database, so a
//! written item is seen within milliseconds and costs no HTTP.

use std::fmt::Display;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::{GetRecordsRequest, Record};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use dynoxide::{Database, DynoxideError};
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::dynamodb::EmbeddedDynamoDb;

/// How often an idle stream is looked at. One look is two indexed reads, some tens of microseconds.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The first wait after a failed batch; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What to read, and how.
#[derive(Debug, Clone)]
pub struct PumpOptions {
    /// The table whose stream is read. It must exist and have its stream on.
    pub table: String,
    /// The region that records say they come from.
    pub region: String,
    /// Most records in one batch, 1 to 1,000; Lambda's default is 100.
    pub batch_size: usize,
    /// The file that remembers how far the stream was handed over. Without one, or when it isn't there,
    /// reading starts at the oldest record kept (`TRIM_HORIZON`).
    pub position: Option<PathBuf>,
}

/// Why a pump did not start, or could not say that it has drained.
#[derive(Debug, thiserror::Error)]
pub enum PumpError {
    /// The table isn't there or its stream is off.
    #[error("表 {0} 没有打开的数据流，请先建表 · table has no stream: create it first")]
    NoStream(String),
    /// The remembered position can't be read.
    #[error("无法读取数据流位置 {path}（{source}）：删除该文件即从头重放 · remove it to replay the stream", path = path.display())]
    Position {
        /// The position file.
        path: PathBuf,
        /// What was wrong with it.
        source: io::Error,
    },
    /// The engine failed.
    #[error("数据流读取失败：{0} · reading the stream failed")]
    Engine(#[from] DynoxideError),
    /// The pump has been stopped.
    #[error("数据流已停止 · the pump has stopped")]
    Stopped,
}

impl PumpError {
    /// A stable name for the kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoStream(_) => "stream_missing",
            Self::Position { .. } => "stream_position_unreadable",
            Self::Engine(_) => "stream_failed",
            Self::Stopped => "stream_stopped",
        }
    }
}

/// Hands a table's changes to one consumer, in order and at least once, until dropped.
#[derive(Debug)]
pub struct StreamPump {
    source: Source,
    /// The last sequence number that was handed over; 0 before the first.
    handed_over: watch::Receiver<u128>,
    look_now: Arc<Notify>,
    task: JoinHandle<()>,
}

impl StreamPump {
    /// Starts reading. `deliver` gets each batch as a Lambda event, `{"Records": [...]}`; an error means
    /// the same batch again after a growing wait, and nothing behind it overtakes it.
    ///
    /// Must run inside a tokio runtime.
    pub fn start<F, Fut, E>(
        from: &EmbeddedDynamoDb,
        options: PumpOptions,
        deliver: F,
    ) -> Result<Self, PumpError>
    where
        F: Fn(Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Display + Send + 'static,
    {
        let source = Source::find(from.database().clone(), &options)?;
        let position = match &options.position {
            Some(path) => {
                read_position(path).map_err(|source| PumpError::Position { path: path.clone(), source })?
            }
            None => 0,
        };
        let (progress, handed_over) = watch::channel(position);
        let look_now = Arc::new(Notify::new());
        let pump =
            Pump { source: source.clone(), file: options.position, progress, look_now: look_now.clone() };
        let task = tokio::spawn(pump.run(deliver));
        Ok(Self { source, handed_over, look_now, task })
    }

    /// Returns once every record written before this call has been handed over and taken. What the
    /// consumer itself writes meanwhile is not waited for.
    ///
    /// Waits as long as a batch keeps failing; put a time limit around it where that may happen.
    pub async fn drain(&self) -> Result<(), PumpError> {
        let last = self.source.last_sequence()?;
        self.look_now.notify_one();
        self.handed_over.clone().wait_for(|done| *done >= last).await.map_err(|_| PumpError::Stopped)?;
        Ok(())
    }

    /// Stops. A batch that is being handed over is cut short, and comes again at the next start.
    pub async fn shutdown(mut self) {
        self.task.abort();
        if let Err(error) = (&mut self.task).await
            && error.is_panic()
        {
            tracing::error!(%error, "the pump had panicked");
        }
    }
}

impl Drop for StreamPump {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The reading side of one table's stream.
#[derive(Clone)]
struct Source {
    database: Database,
    stream: String,
    shard: String,
    region: String,
    batch_size: usize,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl Source {
    fn find(database: Database, options: &PumpOptions) -> Result<Self, PumpError> {
        let request = ListStreamsRequest { table_name: Some(options.table.clone()), ..Default::default() };
        let missing = || PumpError::NoStream(options.table.clone());
        let stream =
            database.list_streams(request)?.streams.into_iter().next().ok_or_else(missing)?.stream_arn;
        let described = describe(&database, &stream)?;
        let shard = described.into_iter().next().ok_or_else(missing)?.shard_id;
        let batch_size = options.batch_size.clamp(1, 1_000);
        Ok(Self { database, stream, shard, region: options.region.clone(), batch_size })
    }

    /// The newest record's sequence number, 0 when there is none.
    fn last_sequence(&self) -> Result<u128, DynoxideError> {
        let shards = describe(&self.database, &self.stream)?;
        let last = shards.into_iter().filter_map(|shard| shard.sequence_number_range.ending_sequence_number);
        Ok(last.filter_map(|number| number.parse().ok()).max().unwrap_or(0))
    }

    /// The next batch after `position`, oldest first.
    fn read(&self, position: u128) -> Result<Vec<Record>, DynoxideError> {
        let (kind, number) = match position {
            0 => ("TRIM_HORIZON", None),
            after => ("AFTER_SEQUENCE_NUMBER", Some(after.to_string())),
        };
        let iterator = self.database.get_shard_iterator(GetShardIteratorRequest {
            stream_arn: self.stream.clone(),
            shard_id: self.shard.clone(),
            shard_iterator_type: kind.to_owned(),
            sequence_number: number,
        })?;
        let request = GetRecordsRequest {
            shard_iterator: iterator.shard_iterator.unwrap_or_default(),
            limit: Some(self.batch_size),
        };
        Ok(self.database.get_records(request)?.records)
    }

    /// The batch as Lambda delivers it: the stream API's record, plus which stream it came from.
    fn event(&self, records: &[Record]) -> serde_json::Result<Value> {
        let records = records
            .iter()
            .map(|record| {
                let mut record = serde_json::to_value(record)?;
                record["awsRegion"] = json!(self.region);
                record["eventSourceARN"] = json!(self.stream);
                Ok(record)
            })
            .collect::<serde_json::Result<Vec<_>>>()?;
        Ok(json!({ "Records": records }))
    }
}

/// The task that moves along the stream.
struct Pump {
    source: Source,
    file: Option<PathBuf>,
    progress: watch::Sender<u128>,
    look_now: Arc<Notify>,
}

impl Pump {
    async fn run<F, Fut, E>(self, deliver: F)
    where
        F: Fn(Value) -> Fut,
        Fut: Future<Output = Result<(), E>>,
        E: Display,
    {
        loop {
            match self.step(&deliver).await {
                Ok(true) => {}
                Ok(false) => {
                    // Whichever comes first; a timeout only means that nobody asked.
                    tokio::time::timeout(LOOK_EVERY, self.look_now.notified()).await.ok();
                }
                Err(error) => {
                    tracing::error!(%error, stream = %self.source.stream, "the stream could not be moved along");
                    tokio::time::sleep(LONGEST_WAIT).await;
                }
            }
        }
    }

    /// Hands over one batch; says whether there was one.
    async fn step<F, Fut, E>(&self, deliver: &F) -> anyhow::Result<bool>
    where
        F: Fn(Value) -> Fut,
        Fut: Future<Output = Result<(), E>>,
        E: Display,
    {
        let records = self.source.read(*self.progress.borrow())?;
        let Some(last) = records.last() else { return Ok(false) };
        let position = last.dynamodb.sequence_number.parse::<u128>()?;
        let event = self.source.event(&records)?;
        let mut wait = FIRST_WAIT;
        while let Err(error) = deliver(event.clone()).await {
            let records = records.len();
            tracing::warn!(%error, records, wait_ms = wait.as_millis(), "a stream batch failed and will come again");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
        if let Some(path) = &self.file {
            write_position(path, position)?;
        }
        self.progress.send_replace(position);
        Ok(true)
    }
}

fn describe(
    database: &Database,
    stream: &str,
) -> Result<Vec<dynoxide::actions::describe_stream::Shard>, DynoxideError> {
    let request = DescribeStreamRequest { stream_arn: stream.to_owned(), ..Default::default() };
    Ok(database.describe_stream(request)?.stream_description.shards)
}

/// The remembered position; 0 when nothing was remembered yet.
fn read_position(path: &Path) -> io::Result<u128> {
    match std::fs::read_to_string(path) {
        Ok(text) => text.trim().parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

/// Remembers a position so that a kill at any point leaves either the old one or the new one.
fn write_position(path: &Path, position: u128) -> io::Result<()> {
    let next = path.with_added_extension("tmp");
    std::fs::write(&next, position.to_string())?;
    std::fs::rename(&next, path)
}
