//! The clock of a system on this machine. It can be moved ahead, and the data folder remembers by how much: what was
//! done "three years later" must not lie in the future after a restart, and a one-time code counts only after the last.

use common::clock::Clock;
use domain::date::Instant;
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The file, in the data folder.
pub const FILE: &str = "clock.json";

/// How far the clock is ahead of the machine's.
#[derive(Serialize, Deserialize)]
struct Ahead {
    milliseconds: i64,
}

/// Why the clock can't be had or moved. `Display` is one line that says what to do, in both languages.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// The file can't be read or written.
    #[error("无法读写时钟文件 {path}（{source}）：请检查文件夹权限，或用 --data 换一个文件夹 · cannot use the clock's file: check permissions, or choose another folder with --data", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file isn't one of ours, or was cut short.
    #[error("时钟文件 {path} 不完整（{reason}）：删除该文件即恢复为本机时间 · incomplete: remove it to go by the machine's time", path = path.display())]
    Incomplete {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It was asked to go back.
    #[error(
        "系统时间只能往后调，现在是 {now}；要回到从前，请加 --fresh 重新开始 · the clock only goes ahead, it's {now}; to go back, start again with --fresh"
    )]
    Back {
        /// What it shows.
        now: Instant,
    },
    /// It goes by the machine's time alone.
    #[error("本系统使用本机时间，不能调整 · this system goes by the machine's time")]
    Fixed,
}

impl ClockError {
    /// A stable name for the kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::File { .. } => "clock_file",
            Self::Incomplete { .. } => "clock_incomplete",
            Self::Back { .. } => "clock_back",
            Self::Fixed => "clock_fixed",
        }
    }
}

/// The clock of the system whose data is in `folder`, as far ahead of the machine's as it was left.
pub fn of_folder(folder: &Path) -> Result<Clock, ClockError> {
    let path = folder.join(FILE);
    let clock = Clock::movable();
    match fs::read(&path) {
        Ok(bytes) => {
            let ahead: Ahead = serde_json::from_slice(&bytes)
                .map_err(|error| ClockError::Incomplete { path, reason: error.to_string() })?;
            clock
                .put(Instant::from_unix_millis(clock.now().unix_millis().saturating_add(ahead.milliseconds)));
            Ok(clock)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(clock),
        Err(source) => Err(ClockError::File { path, source }),
    }
}

/// Moves `clock` ahead to `instant`, and remembers it in `folder`.
pub fn move_ahead(clock: &Clock, instant: Instant, folder: &Path) -> Result<(), ClockError> {
    let now = clock.now();
    if instant < now {
        return Err(ClockError::Back { now });
    }
    if !clock.put(instant) {
        return Err(ClockError::Fixed);
    }
    let ahead = Ahead { milliseconds: instant.unix_millis() - Clock::system().now().unix_millis() };
    let path = folder.join(FILE);
    let draft = folder.join(format!("{FILE}.new"));
    let json = serde_json::to_vec(&ahead).map_err(io::Error::from);
    json.and_then(|json| fs::write(&draft, json))
        .and_then(|()| fs::rename(&draft, &path))
        .map_err(|source| ClockError::File { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_ahead_and_stays_there_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let clock = of_folder(folder.path()).unwrap();
        let later = clock.now().plus_seconds(3 * 365 * 86_400);
        move_ahead(&clock, later, folder.path()).unwrap();
        for clock in [clock, of_folder(folder.path()).unwrap()] {
            assert!(clock.now() >= later.plus_seconds(-1) && clock.now() < later.plus_seconds(60));
        }
    }

    #[test]
    fn it_does_not_go_back() {
        let folder = tempfile::tempdir().unwrap();
        let clock = of_folder(folder.path()).unwrap();
        let refused = move_ahead(&clock, clock.now().plus_seconds(-60), folder.path()).unwrap_err();
        assert_eq!(refused.code(), "clock_back");
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn a_file_that_was_cut_short_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), r#"{"millisec"#).unwrap();
        let error = of_folder(folder.path()).unwrap_err();
        assert_eq!(error.code(), "clock_incomplete");
        assert!(error.to_string().contains(FILE));
    }
}
