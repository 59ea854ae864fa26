//! Logs and metrics: one JSON line per request that is both. CloudWatch reads its `_aws` part as metrics (EMF); people
//! and queries read the rest. Nothing in it tells who somebody is.

use domain::date::Instant;
use serde_json::{Value, json};
use std::{io::Write, sync::OnceLock, time::Duration};

/// The metrics' namespace where `METRICS_NAMESPACE` doesn't name one: a deployed stack has its own.
const NAMESPACE: &str = "SocialWorkerRegistry";

/// What is logged of a request.
pub struct RequestLine<'a> {
    /// The function.
    pub service: &'a str,
    /// HTTP method.
    pub method: &'a str,
    /// The route's path with its parameters' names.
    pub route: &'a str,
    /// HTTP status.
    pub status: u16,
    /// The error's code.
    pub code: Option<&'a str>,
    /// The id the reply carries.
    pub trace_id: &'a str,
    /// How long it took.
    pub elapsed: Duration,
    /// When it was done.
    pub at: Instant,
}

/// The namespace that was chosen when logging started.
static CHOSEN: OnceLock<String> = OnceLock::new();

/// Starts logging of warnings and errors as JSON lines, and reads `METRICS_NAMESPACE`. Called once, by `main`.
pub fn start() {
    let named = std::env::var("METRICS_NAMESPACE").ok().filter(|name| !name.is_empty());
    // Only fails where one is chosen already; then that one stays.
    let _already_chosen = CHOSEN.set(named.unwrap_or_else(|| NAMESPACE.to_owned()));
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::WARN)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_writer(std::io::stderr)
        .finish();
    // Only fails where one is set already; then that one stays.
    let _already_set = tracing::subscriber::set_global_default(subscriber);
}

/// Writes a request's line.
pub fn request(line: &RequestLine<'_>) {
    let milliseconds = line.elapsed.as_secs_f64() * 1000.0;
    let failed = u8::from(line.status >= 500);
    let throttled = u8::from(line.status == 429);
    write(&json!({
        "_aws": emf(line.at, &["service", "route"], &[("Latency", "Milliseconds"), ("Requests", "Count"), ("ServerErrors", "Count"), ("Throttled", "Count")]),
        "service": line.service,
        "route": format!("{} {}", line.method, line.route),
        "status": line.status,
        "code": line.code,
        "trace_id": line.trace_id,
        "Latency": (milliseconds * 100.0).round() / 100.0,
        "Requests": 1,
        "ServerErrors": failed,
        "Throttled": throttled,
    }));
}

/// Writes counts of a job or a consumer as metrics.
pub fn counts(service: &str, at: Instant, counts: &[(&str, u64)]) {
    let metrics: Vec<_> = counts.iter().map(|(name, _)| (*name, "Count")).collect();
    let mut line = json!({ "_aws": emf(at, &["service"], &metrics), "service": service });
    for (name, count) in counts {
        line[*name] = json!(count);
    }
    write(&line);
}

/// The part of a line that CloudWatch reads metrics by. Its limits: 100 metrics, 30 dimensions a line.
fn emf(at: Instant, dimensions: &[&str], metrics: &[(&str, &str)]) -> Value {
    let metrics: Vec<_> = metrics.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
    json!({
        "Timestamp": at.unix_millis(),
        "CloudWatchMetrics": [{ "Namespace": CHOSEN.get().map_or(NAMESPACE, String::as_str), "Dimensions": [dimensions], "Metrics": metrics }],
    })
}

/// A line that can't be written (a closed pipe) is no reason to fail a request.
fn write(line: &Value) {
    if quiet() {
        return;
    }
    let mut out = std::io::stdout().lock();
    let _closed_pipe = writeln!(out, "{line}");
}

/// The local runner keeps its console for people; it asks for silence before it starts anything.
static QUIET: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Turns the lines off (or on again).
pub fn set_quiet(quiet: bool) {
    QUIET.store(quiet, std::sync::atomic::Ordering::Relaxed);
}

fn quiet() -> bool {
    QUIET.load(std::sync::atomic::Ordering::Relaxed)
}
