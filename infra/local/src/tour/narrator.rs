//! How the tour is told: chapters, what was called, what came back, what was mailed.

use common::clock::Clock;
use domain::date::Instant;
use std::io::{IsTerminal, Write};

/// Prints the tour. Colours only where a person is watching.
pub struct Narrator {
    colour: bool,
    steps: u32,
}

impl Narrator {
    /// A narrator on standard output.
    pub fn new() -> Self {
        Self { colour: std::io::stdout().is_terminal(), steps: 0 }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A line; a closed pipe ends nothing but the telling.
    fn line(text: &str) {
        let _closed_pipe = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// A new chapter, at the time the clock shows.
    pub fn chapter(&self, clock: &Clock, title: &str) {
        let now = clock.now().in_chinese();
        Self::line("");
        Self::line(&self.paint("1;36", &format!("── {title}  ·  {now}")));
    }

    /// A step: what somebody does, in Chinese.
    pub fn step(&mut self, text: &str) {
        self.steps += 1;
        Self::line(&format!("{} {text}", self.paint("1", &format!("{:>2}.", self.steps))));
    }

    /// What was called and what came back.
    pub fn call(&self, method: &str, path: &str, status: u16) {
        let status = if status < 400 {
            self.paint("32", &status.to_string())
        } else {
            self.paint("33", &status.to_string())
        };
        Self::line(&format!("      {method:<6} {path}  →  {status}"));
    }

    /// Something worth seeing in what came back.
    pub fn shows(&self, label: &str, text: &str) {
        Self::line(&format!("      {} {text}", self.paint("2", &format!("{label}："))));
    }

    /// A mail.
    pub fn mail(&self, to: &str, subject: &str) {
        Self::line(&format!("      {} {to}  「{subject}」", self.paint("35", "✉")));
    }

    /// The end.
    pub fn end(&self, now: Instant, mails: usize) {
        Self::line("");
        let text = format!(
            "完：{} 步全部符合预期，共发出 {mails} 封邮件，时间走到 {}。",
            self.steps,
            now.in_chinese()
        );
        Self::line(&self.paint("1;32", &text));
    }
}
