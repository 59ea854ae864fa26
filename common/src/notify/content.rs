//! What a mail says, before it's text or HTML. Both are made from this one description, so they can't disagree.

use super::{
    letterhead::Letterhead,
    wording::{day, lines, one_line, time_left, weekday},
};
use domain::{
    date::{CalendarDate, Instant},
    notification::ReasonLine,
};

/// What the writer of a mail needs to know besides the message.
#[derive(Clone, Copy)]
pub(super) struct Writing<'a> {
    /// Where links lead.
    pub letterhead: &'a Letterhead,
    /// When what it tells of happened.
    pub at: Instant,
    /// The day the mail is sent; days left are counted from here.
    pub today: CalendarDate,
}

/// How a mail looks before it's read. The words say the same: colour is never the only sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    /// Something has ended.
    Closed,
    /// Something is done and well.
    Done,
    /// Something is to be done.
    Action,
    /// Something is to be done within days.
    Urgent,
}

impl Tone {
    /// The tone of a deadline `days` away.
    pub fn of_deadline(days: i64) -> Self {
        if days <= 3 { Self::Urgent } else { Self::Action }
    }

    /// Its colour: white letters on it and it on white both have a contrast of at least 4.5 (WCAG AA).
    pub fn colour(self) -> &'static str {
        match self {
            Self::Done => "#1a7343",
            Self::Action => "#1f5b9e",
            Self::Urgent => "#b3261e",
            Self::Closed => "#59616b",
        }
    }
}

/// A part of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// The heading of one message among several.
    Heading(String),
    /// Plain text.
    Paragraph(String),
    /// Text that mustn't be overlooked.
    Notice {
        /// What it's about, in a few words.
        title: &'static str,
        /// The text.
        text: String,
    },
    /// A number people look for, large.
    Figure {
        /// What it is.
        label: &'static str,
        /// The number.
        value: String,
    },
    /// The last day of something, large.
    Deadline {
        /// What ends.
        label: &'static str,
        /// The day.
        date: String,
        /// Its day of the week.
        weekday: &'static str,
        /// How long there is.
        left: String,
    },
    /// Names and values.
    Facts(Vec<Fact>),
    /// Reasons, numbered.
    Reasons {
        /// What they're reasons for.
        title: &'static str,
        /// Each one.
        reasons: Vec<Reason>,
    },
    /// What to do, in order.
    Steps {
        /// What they lead to.
        title: &'static str,
        /// Each one.
        steps: Vec<String>,
    },
    /// Small print that belongs to what stands before.
    Note(String),
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    /// The name.
    pub label: &'static str,
    /// The value.
    pub value: String,
}

/// A reason, safe to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reason {
    /// The part of the form it's about; empty for the whole.
    pub part: String,
    /// Its lines, at least one.
    pub lines: Vec<String>,
}

/// A place to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// What's there.
    pub label: &'static str,
    /// Where it is.
    pub url: String,
}

/// A mail's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// How it looks.
    pub tone: Tone,
    /// Its kind, in a few characters.
    pub badge: &'static str,
    /// The subject; holds no text typed by a person, but for the title of what was published for everybody to read.
    pub subject: String,
    /// The heading.
    pub headline: String,
    /// What a list of mails shows after the subject.
    pub summary: String,
    /// Its parts, in order.
    pub blocks: Vec<Block>,
    /// Where to go, the first being the place to act.
    pub links: Vec<Link>,
}

impl Content {
    pub fn new(tone: Tone, badge: &'static str, subject: String, headline: String) -> Self {
        let (blocks, links) = (Vec::new(), Vec::new());
        Self { tone, badge, subject, headline, summary: String::new(), blocks, links }
    }

    /// What a list of mails shows after the subject.
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = text.into();
        self
    }

    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.block(Block::Paragraph(text.into()))
    }

    pub fn notice(self, title: &'static str, text: impl Into<String>) -> Self {
        self.block(Block::Notice { title, text: text.into() })
    }

    pub fn note(self, text: impl Into<String>) -> Self {
        self.block(Block::Note(text.into()))
    }

    pub fn figure(self, label: &'static str, value: &str) -> Self {
        self.block(Block::Figure { label, value: one_line(value) })
    }

    /// The last day of something; `today` tells how long there is.
    pub fn deadline(self, label: &'static str, last: CalendarDate, today: CalendarDate) -> Self {
        let (date, left) = (last.in_chinese(), time_left(today, last));
        self.block(Block::Deadline { label, date, weekday: weekday(last), left })
    }

    pub fn facts<const N: usize>(self, facts: [(&'static str, String); N]) -> Self {
        self.block(Block::Facts(facts.into_iter().map(|(label, value)| Fact { label, value }).collect()))
    }

    /// Reasons typed by a reviewer; nothing where there are none.
    pub fn reasons(self, title: &'static str, reasons: &[ReasonLine]) -> Self {
        let shown = |reason: &ReasonLine| {
            let lines = lines(&reason.text);
            (!lines.is_empty()).then(|| Reason { part: one_line(&reason.part), lines })
        };
        let reasons: Vec<_> = reasons.iter().filter_map(shown).collect();
        if reasons.is_empty() { self } else { self.block(Block::Reasons { title, reasons }) }
    }

    pub fn steps<const N: usize>(self, title: &'static str, steps: [&str; N]) -> Self {
        self.block(Block::Steps { title, steps: steps.map(str::to_owned).to_vec() })
    }

    pub fn link(mut self, label: &'static str, url: String) -> Self {
        self.links.push(Link { label, url });
        self
    }

    /// Several messages in one, each under its heading, with the links of all.
    pub fn gathered(contents: Vec<Self>) -> Self {
        let headline = format!("{} 条通知", contents.len());
        let tone = contents.iter().map(|content| content.tone).max().unwrap_or(Tone::Action);
        let summary = contents.iter().map(|content| content.headline.clone()).collect::<Vec<_>>().join("；");
        let mut all = Self::new(tone, "每日汇总", format!("每日汇总：{headline}"), headline).summary(summary);
        for content in contents {
            all = all.block(Block::Heading(content.headline));
            all.blocks.extend(content.blocks);
            all.links.extend(content.links);
        }
        let mut known = Vec::new();
        all.links.retain(|link| {
            !known.contains(&link.url) && {
                known.push(link.url.clone());
                true
            }
        });
        all
    }

    /// `add` applied where `condition` holds.
    pub fn when(self, condition: bool, add: impl FnOnce(Self) -> Self) -> Self {
        if condition { add(self) } else { self }
    }

    fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }
}

/// `截止日期为 2029 年 3 月 1 日（星期四），还剩 7 天`: a deadline in one sentence, for summaries.
pub(super) fn deadline_in_words(label: &str, last: CalendarDate, today: CalendarDate) -> String {
    format!("{label}为 {}，{}", day(last), time_left(today, last))
}
