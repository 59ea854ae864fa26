//! The provider of mail: a process of its own, with failures of its own.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// What happened to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// It was offered.
    Came,
    /// Its reader doesn't exist.
    Refused,
    /// Not now.
    Deferred,
    /// The connection broke off before it was taken.
    Broken,
    /// It was taken.
    Taken,
    /// The connection broke off after that.
    Unsaid,
}

impl Event {
    fn of(word: &str) -> Self {
        match word {
            "came" => Self::Came,
            "refused" => Self::Refused,
            "deferred" => Self::Deferred,
            "broken" => Self::Broken,
            "taken" => Self::Taken,
            "unsaid" => Self::Unsaid,
            other => panic!("the provider's log has {other}"),
        }
    }
}

/// What the number of a reader stands for.
pub fn is_unknown(number: u32) -> bool {
    number % 100 == 7
}

/// A running provider. Dropping it ends it.
pub struct Provider {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

impl Provider {
    /// Starts one that logs into `folder`.
    pub fn start(folder: &Path) -> Self {
        let (script, log) = (folder.join("provider.py"), folder.join("provider.log"));
        fs::write(&script, include_str!("provider.py")).expect("a script");
        let mut child = Command::new("/usr/bin/python3")
            .args([&script, &log])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python 3: apt-get install python3 python3-aiosmtpd");
        let mut port = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut port).expect("a line");
        let port = port
            .trim()
            .parse()
            .expect("a port; without aiosmtpd there is none: apt-get install python3-aiosmtpd");
        Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)), log }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many mails it has taken.
    pub fn taken(&self) -> usize {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().filter(|line| line.contains(" taken ")).count()
    }

    /// What happened, in the order in which it did: seconds since 1970, what, to whose mail.
    pub fn log(&self) -> Vec<(f64, Event, u32)> {
        let log = fs::read_to_string(&self.log).expect("the provider's log");
        let line = |line: &str| {
            let mut words = line.split(' ');
            let nanos: u64 = words.next()?.parse().ok()?;
            #[allow(clippy::cast_precision_loss)] // microseconds are enough
            let at = nanos as f64 / 1e9;
            Some((at, Event::of(words.next()?), words.next()?.parse().ok()?))
        };
        log.lines()
            .map(|text| line(text).unwrap_or_else(|| panic!("the provider's log has {text}")))
            .collect()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}

/// How often each happened to each mail.
pub fn by_number(log: &[(f64, Event, u32)]) -> BTreeMap<u32, BTreeMap<Event, usize>> {
    let mut numbers = BTreeMap::<u32, BTreeMap<Event, usize>>::new();
    for (_, event, number) in log {
        *numbers.entry(*number).or_default().entry(*event).or_default() += 1;
    }
    numbers
}
