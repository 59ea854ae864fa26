//! How the tour is told: chapters, what was called, what came back, what was mailed.

use super::page::Page;
use common::clock::Clock;
use domain::date::Instant;

/// Prints the tour.
pub struct Narrator {
    page: Page,
    steps: u32,
}

impl Narrator {
    /// A narrator on standard output.
    pub fn new() -> Self {
        Self { page: Page::new("      "), steps: 0 }
    }

    /// A new chapter, at the time the clock shows.
    pub fn chapter(&self, clock: &Clock, title: &str) {
        let now = clock.now().in_chinese();
        Page::line("");
        Page::line(&self.page.paint("1;36", &format!("── {title}  ·  {now}")));
    }

    /// A step: what somebody does, in Chinese.
    pub fn step(&mut self, text: &str) {
        self.steps += 1;
        Page::line(&format!("{} {text}", self.page.paint("1", &format!("{:>2}.", self.steps))));
    }

    /// What the steps are told on.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// Something worth seeing in what came back.
    pub fn shows(&self, label: &str, text: &str) {
        self.page.shows(label, text);
    }

    /// A mail.
    pub fn mail(&self, to: &str, subject: &str) {
        self.page.detail(&format!("{} {to}  「{subject}」", self.page.paint("35", "✉")));
    }

    /// The end.
    pub fn end(&self, now: Instant, mails: usize) {
        Page::line("");
        let text = format!(
            "完：{} 步全部符合预期，共发出 {mails} 封邮件，时间走到 {}。",
            self.steps,
            now.in_chinese()
        );
        Page::line(&self.page.paint("1;32", &text));
    }
}
