//! What a story is printed on: standard output, with colours where a person is watching.

use std::io::{IsTerminal, Write};

/// Standard output, and how far what belongs to a step stands in.
pub struct Page {
    colour: bool,
    margin: &'static str,
}

impl Page {
    /// A page whose details stand in by `margin`.
    pub fn new(margin: &'static str) -> Self {
        Self { colour: std::io::stdout().is_terminal(), margin }
    }

    /// `text` in the colour of an ANSI `code`.
    pub fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A line; a closed pipe ends nothing but the telling.
    pub fn line(text: &str) {
        let _closed_pipe = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// A detail of a step.
    pub fn detail(&self, text: &str) {
        Self::line(&format!("{}{text}", self.margin));
    }

    /// What was called and what came back.
    pub fn call(&self, method: &str, path: &str, status: u16) {
        let status = self.paint(if status < 400 { "32" } else { "33" }, &status.to_string());
        self.detail(&format!("{method:<6} {path}  →  {status}"));
    }

    /// Something worth seeing in what came back.
    pub fn shows(&self, label: &str, text: &str) {
        self.detail(&format!("{} {text}", self.paint("2", &format!("{label}："))));
    }
}
