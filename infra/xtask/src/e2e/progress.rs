//! How a run is told: each step with the time it began at, what was called, what is worth seeing.

use local::tour::page::Page;
use std::{cell::Cell, time::Instant};

/// Tells on standard output.
pub struct Progress {
    page: Page,
    began: Instant,
    steps: Cell<u32>,
}

impl Progress {
    /// The clock starts now.
    pub fn new() -> Self {
        Self { page: Page::new("         "), began: Instant::now(), steps: Cell::new(0) }
    }

    /// A line as it stands.
    pub fn line(text: &str) {
        Page::line(text);
    }

    /// A step begins.
    pub fn step(&self, text: &str) {
        self.steps.set(self.steps.get() + 1);
        let (seconds, number) = (self.began.elapsed().as_secs(), self.steps.get());
        let clock = self.page.paint("2", &format!("{:02}:{:02}", seconds / 60, seconds % 60));
        Page::line(&format!("{clock} {} {text}", self.page.paint("1", &format!("{number:>2}."))));
    }

    /// What the steps are told on.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// Something worth seeing.
    pub fn shows(&self, label: &str, text: &str) {
        self.page.shows(label, text);
    }

    /// A remark.
    pub fn note(&self, text: &str) {
        self.page.detail(&self.page.paint("2", text));
    }

    /// What went wrong.
    pub fn failed(&self, text: &str) {
        Page::line(&format!("{} {text}", self.page.paint("1;31", "✗")));
    }

    /// All went well.
    pub fn end(&self) {
        let seconds = self.began.elapsed().as_secs();
        let steps = self.steps.get();
        let text = format!("完：{steps} 步全部符合预期，用时 {}:{:02}。", seconds / 60, seconds % 60);
        Page::line(&self.page.paint("1;32", &text));
    }
}
