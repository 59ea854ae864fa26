//! The ledger: what each request and each run of a job asked of DynamoDB.

use domain::rules::RuleLibrary;
use std::{cell::RefCell, time::Duration};
use tests::{
    Reply, START, World,
    wire::{Call, Wire},
};

/// How long each call is held back on the wire, so that calls made at the same time are seen to be.
const HELD: Duration = Duration::from_millis(25);

/// A system whose calls are counted, and the count so far.
pub struct Ledger {
    pub world: World,
    pub wire: Wire,
    pub rows: RefCell<Vec<Row>>,
    /// Every call, what no row counts among them.
    pub all: RefCell<Vec<Call>>,
}

/// What one request cost.
#[derive(Clone)]
pub struct Row {
    pub who: String,
    pub case: &'static str,
    pub calls: Vec<Call>,
}

fn is_read(call: &Call) -> bool {
    matches!(call.operation.as_str(), "Query" | "GetItem" | "BatchGetItem")
}

/// True for the look at what an earlier request with the same `Idempotency-Key` was answered.
fn is_echo(call: &Call) -> bool {
    call.operation == "GetItem" && call.table.ends_with("idempotency")
}

/// True for what a sender does: lease, wait for its turn, look how mail to the reader fares, pay, look for a token, mark.
pub fn is_postman(call: &Call) -> bool {
    const OWN: [&str; 4] = ["OUTBOX#", "RATE#", "SUBSCRIBER#", "WECHAT-TOKEN#"];
    let own = |key: &String| {
        OWN.iter().any(|own| key.starts_with(own))
            || call.operation == "GetItem" && key.starts_with("HOLDER#")
    };
    // Whoever puts something into the outbox sends nothing yet.
    matches!(call.caller.as_str(), "notifier" | "reminder")
        && call.operation != "PutItem"
        && !call.keys.is_empty()
        && call.keys.iter().all(own)
}

/// True for taking slots of a rate. How often depends on who else is sending, and on how fast the machine is.
fn is_pace(call: &Call) -> bool {
    !call.keys.is_empty() && call.keys.iter().all(|key| key.starts_with("RATE#"))
}

/// True for what the stream's consumers do while a request is answered.
pub fn is_background(call: &Call) -> bool {
    is_postman(call) || matches!(call.caller.as_str(), "notifier" | "roster")
}

impl Ledger {
    pub async fn new() -> Self {
        Self::by(None).await
    }

    /// A system that goes by `rules`, where there are some.
    pub async fn by(rules: Option<RuleLibrary>) -> Self {
        let (world, wire) = World::wired_by(START, rules).await;
        let all = RefCell::new(wire.take());
        Self { world, wire, rows: RefCell::default(), all }
    }

    /// Counts one request of `who`, whose reply must have `status`.
    pub async fn request(
        &self,
        who: &str,
        case: &'static str,
        status: u16,
        request: impl Future<Output = Reply>,
    ) -> Reply {
        let (reply, calls) = self.watch(request).await;
        let reply = reply.expect(status);
        self.note(who, case, calls, |call| !is_background(call));
        reply
    }

    pub fn note(&self, who: &str, case: &'static str, calls: Vec<Call>, of: impl Fn(&Call) -> bool) {
        let calls = calls.into_iter().filter(|call| of(call) && !is_pace(call)).collect();
        self.rows.borrow_mut().push(Row { who: who.to_owned(), case, calls });
    }

    pub async fn watch<T>(&self, work: impl Future<Output = T>) -> (T, Vec<Call>) {
        self.world.mails().await;
        self.all.borrow_mut().extend(self.wire.take());
        self.wire.hold(HELD);
        let done = work.await;
        self.wire.hold(Duration::ZERO);
        let calls = self.wire.take();
        self.all.borrow_mut().extend(calls.iter().cloned());
        (done, calls)
    }
}

impl Row {
    /// The calls in order, those of a kind together: `Query, TransactWriteItems of 3`.
    fn operations(&self) -> String {
        let name = |call: &Call| match call.operation.as_str() {
            "TransactWriteItems" => format!("TransactWriteItems of {}", call.keys.len()),
            "BatchGetItem" => format!("BatchGetItem of {}", call.keys.len()),
            "GetItem" if is_echo(call) => "GetItem of the key".to_owned(),
            other => other.to_owned(),
        };
        let mut kinds: Vec<(String, usize)> = Vec::new();
        for call in &self.calls {
            match kinds.last_mut() {
                Some((kind, count)) if *kind == name(call) => *count += 1,
                _ => kinds.push((name(call), 1)),
            }
        }
        let kinds = kinds.iter().map(|(kind, count)| match count {
            1 => kind.clone(),
            count => format!("{count} × {kind}"),
        });
        let kinds: Vec<_> = kinds.collect();
        if kinds.is_empty() { "–".to_owned() } else { kinds.join(", ") }
    }

    fn units(&self, of: impl Fn(&Call) -> bool) -> f64 {
        self.calls.iter().filter(|call| of(call)).fold(0.0, |sum, call| sum + call.units)
    }

    /// A line of the data model's table.
    pub fn line(&self) -> String {
        let Self { who, case, .. } = self;
        let operations = self.operations();
        let (read, written) = (self.units(is_read), self.units(|call| !is_read(call)));
        format!("| `{who}` | {case} | {operations} | {read} | {written} |")
    }

    /// One load and one commit at most. A retry may look at its key besides.
    pub fn keeps_to_the_design(&self) -> bool {
        let trips = |of: &dyn Fn(&Call) -> bool| self.calls.iter().filter(|call| of(call)).count();
        trips(&|call| is_read(call) && !is_echo(call)) <= 1
            && trips(&|call| !is_read(call)) <= 1
            && trips(&is_echo) <= 1
    }
}
