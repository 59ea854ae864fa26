//! How a run is told: each step with the time it began at, what was called, what is worth seeing.

use std::{
    cell::Cell,
    io::{IsTerminal, Write},
    time::Instant,
};

/// Tells on standard output. Colours only where a person is watching.
pub struct Progress {
    colour: bool,
    began: Instant,
    steps: Cell<u32>,
}

impl Progress {
    /// The clock starts now.
    pub fn new() -> Self {
        Self { colour: std::io::stdout().is_terminal(), began: Instant::now(), steps: Cell::new(0) }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A line; a closed pipe ends nothing but the telling.
    pub fn line(text: &str) {
        let _closed_pipe = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// A step begins.
    pub fn step(&self, text: &str) {
        self.steps.set(self.steps.get() + 1);
        let (seconds, number) = (self.began.elapsed().as_secs(), self.steps.get());
        let clock = self.paint("2", &format!("{:02}:{:02}", seconds / 60, seconds % 60));
        Self::line(&format!("{clock} {} {text}", self.paint("1", &format!("{number:>2}."))));
    }

    /// What was called and what came back.
    pub fn call(&self, method: &str, path: &str, status: u16) {
        let code = if status < 400 { "32" } else { "33" };
        Self::line(&format!("         {method:<6} {path}  →  {}", self.paint(code, &status.to_string())));
    }

    /// Something worth seeing.
    pub fn shows(&self, label: &str, text: &str) {
        Self::line(&format!("         {} {text}", self.paint("2", &format!("{label}："))));
    }

    /// A remark.
    pub fn note(&self, text: &str) {
        Self::line(&format!("         {}", self.paint("2", text)));
    }

    /// What went wrong.
    pub fn failed(&self, text: &str) {
        Self::line(&format!("{} {text}", self.paint("1;31", "✗")));
    }

    /// All went well.
    pub fn end(&self) {
        let seconds = self.began.elapsed().as_secs();
        let steps = self.steps.get();
        let text = format!("完：{steps} 步全部符合预期，用时 {}:{:02}。", seconds / 60, seconds % 60);
        Self::line(&self.paint("1;32", &text));
    }
}
