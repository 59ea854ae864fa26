//! A notification put into words: subject, text part and HTML part.

use super::{
    application::{self, Receipt},
    content::{Block, Content, Link, Writing},
    digest, education,
    letterhead::Letterhead,
    notice::{self, Told},
    registration::{self, Registered, RenewalDue},
    revocation::{self, Revoked},
    transfer::{self, TransferredIn, TransferredOut},
    wording::one_line,
};
use askama::Template;
use domain::{
    date::Instant,
    digest::Digest,
    notification::{Message, Notification},
};
use std::fmt::{self, Write};

/// What a reader gets to see. Text that people typed is escaped in `html` and, but for a notice's
/// title, never part of `subject`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject, one line.
    pub subject: String,
    /// The plain-text part.
    pub text: String,
    /// The HTML part, a whole document with its style inline.
    pub html: String,
    /// Where the reader takes themselves off mail like it; none where the office has to send it.
    pub unsubscribe: Option<String>,
}

impl Letter {
    /// Writes `notification` on `letterhead`, to be sent at `now`.
    ///
    /// Days left are counted from the day of sending and not taken from the message: a mail that had to wait in the
    /// outbox must not say "7 days" on the sixth.
    ///
    /// # Errors
    /// When the template can't be rendered, which no message is known to cause.
    pub fn write(
        notification: &Notification,
        letterhead: &Letterhead,
        now: Instant,
    ) -> Result<Self, fmt::Error> {
        let today = now.day();
        let content = content(notification, Writing { letterhead, at: notification.at, today });
        let unsubscribe = letterhead.unsubscribe(notification);
        Self::compose(&notification.name, &content, letterhead, unsubscribe, now)
    }

    /// Writes several notifications to one reader in one letter, as [`Letter::write`] does one.
    ///
    /// # Errors
    /// As [`Letter::write`].
    pub fn gathered(
        notifications: &[Notification],
        letterhead: &Letterhead,
        now: Instant,
    ) -> Result<Self, fmt::Error> {
        let Some(first) = notifications.first() else { return Err(fmt::Error) };
        let write = |notification: &Notification| {
            content(notification, Writing { letterhead, at: notification.at, today: now.day() })
        };
        let content = Content::gathered(notifications.iter().map(write).collect());
        let unsubscribe = notifications.iter().find_map(|notification| letterhead.unsubscribe(notification));
        Self::compose(&first.name, &content, letterhead, unsubscribe, now)
    }

    /// Writes `digest` on `letterhead`, to be sent at `now`.
    ///
    /// # Errors
    /// As [`Letter::write`].
    pub fn digest(digest: &Digest, letterhead: &Letterhead, now: Instant) -> Result<Self, fmt::Error> {
        Self::compose(&digest.name, &digest::content(digest, letterhead), letterhead, None, now)
    }

    fn compose(
        reader: &str,
        content: &Content,
        letterhead: &Letterhead,
        unsubscribe: Option<String>,
        now: Instant,
    ) -> Result<Self, fmt::Error> {
        let (salutation, written_on) = (salutation(reader), now.day().in_chinese());
        let page = Page { salutation, written_on, letterhead, content, unsubscribe };
        let mut text = String::with_capacity(2048);
        page.write_text(&mut text)?;
        let html = page.render().map_err(|_| fmt::Error)?;
        Ok(Self { subject: one_line(&content.subject), text, html, unsubscribe: page.unsubscribe })
    }
}

#[allow(clippy::too_many_lines)] // an arm for each message, and nothing else
fn content(notification: &Notification, writing: Writing<'_>) -> Content {
    match &notification.message {
        Message::Receipt {
            application,
            kind,
            receipt_number,
            content_hash,
            submitted_at,
            amendment,
            late,
            decision_due,
        } => application::receipt(
            writing,
            &Receipt {
                application,
                kind: *kind,
                number: receipt_number,
                content_hash,
                submitted_at: *submitted_at,
                amendment: *amendment,
                late: *late,
                decision_due: *decision_due,
            },
        ),
        Message::Returned { application, kind, reasons, mend_by } => {
            application::returned(writing, application, *kind, reasons, *mend_by)
        }
        Message::ReturnedReminder { application, kind, mend_by, .. } => {
            application::returned_reminder(writing, application, *kind, *mend_by)
        }
        Message::MendPeriodOver { application, kind } => {
            application::mend_period_over(writing, application, *kind)
        }
        Message::Refused { application, kind, reasons } => {
            application::refused(writing, application, *kind, reasons)
        }
        Message::Withdrawn { application, kind } => application::withdrawn(writing, application, *kind),
        Message::Registered {
            kind,
            number,
            level,
            valid_from,
            valid_until,
            renewal_opens,
            hours_required_tenths,
            hours_unit,
        } => registration::registered(
            writing,
            &Registered {
                kind: *kind,
                number,
                level: *level,
                valid_from: *valid_from,
                valid_until: *valid_until,
                renewal_opens: *renewal_opens,
                hours_required_tenths: *hours_required_tenths,
                hours_unit,
            },
        ),
        Message::Changed { number, fields, receipt } => {
            registration::changed(writing, number, fields, receipt.as_ref())
        }
        Message::Cancelled { number, closed, claims_closed } => {
            revocation::ended_with(registration::cancelled(writing, number), closed, *claims_closed)
        }
        Message::RevocationAnnounced { number, reasons, object_until } => {
            revocation::announced(writing, number, reasons, *object_until)
        }
        Message::RevocationObjected { number, at, text } => revocation::objected(writing, number, *at, text),
        Message::RevocationEnded { number, upheld, note } => {
            revocation::ended(writing, number, *upheld, note)
        }
        Message::Revoked {
            number,
            reasons,
            objected_at,
            note,
            closed,
            claims_closed,
            can_register_again,
        } => revocation::revoked(
            writing,
            &Revoked {
                number,
                reasons,
                objected_at: *objected_at,
                note,
                closed,
                claims_closed: *claims_closed,
                can_register_again: *can_register_again,
            },
        ),
        Message::TransferredOut {
            number,
            province,
            hours_counted_tenths,
            hours_unit,
            closed,
            claims_closed,
        } => {
            let left = TransferredOut {
                number,
                province,
                hours_counted_tenths: *hours_counted_tenths,
                hours_unit,
                closed,
                claims_closed: *claims_closed,
            };
            transfer::transferred_out(writing, &left)
        }
        Message::TransferredIn {
            number,
            province,
            level,
            valid_from,
            valid_until,
            renewal_opens,
            hours_claimed_tenths,
            hours_counted_tenths,
            hours_required_tenths,
            hours_unit,
        } => {
            let arrived = TransferredIn {
                number,
                province,
                level: *level,
                valid_from: *valid_from,
                valid_until: *valid_until,
                renewal_opens: *renewal_opens,
                hours_claimed_tenths: *hours_claimed_tenths,
                hours_counted_tenths: *hours_counted_tenths,
                hours_required_tenths: *hours_required_tenths,
                hours_unit,
            };
            transfer::transferred_in(writing, &arrived)
        }
        Message::FirstRegistrationDue { until, late_accepted, .. } => {
            registration::first_registration_due(writing, *until, *late_accepted)
        }
        Message::RenewalDue {
            number,
            valid_until,
            renewal_opens,
            hours_missing_tenths,
            ethics_missing_tenths,
            hours_pending_tenths,
            hours_unit,
            ..
        } => registration::renewal_due(
            writing,
            &RenewalDue {
                number,
                valid_until: *valid_until,
                renewal_opens: *renewal_opens,
                hours_missing_tenths: *hours_missing_tenths,
                ethics_missing_tenths: *ethics_missing_tenths,
                hours_pending_tenths: *hours_pending_tenths,
                hours_unit,
            },
        ),
        Message::HoursClaimed { hours, receipt, decision_due } => {
            education::claimed(writing, hours, receipt, *decision_due)
        }
        Message::EvidenceBrought { hours, receipt, decision_due } => {
            education::evidence_brought(writing, hours, receipt, *decision_due)
        }
        Message::HoursRecorded { hours, corrected, reasons } => {
            education::recorded(writing, hours, *corrected, reasons)
        }
        Message::HoursRecognised { hours, claimed_tenths, recorded, reasons } => {
            education::recognised(writing, hours, *claimed_tenths, *recorded, reasons)
        }
        Message::HoursRefused { hours, recorded, reasons } => {
            education::refused(writing, hours, *recorded, reasons)
        }
        Message::HoursVoided { hours, taken_back, reasons } => {
            education::voided(writing, hours, *taken_back, reasons)
        }
        Message::EvidenceAsked { hours, due, accepted, by_hand, .. } => {
            education::evidence_asked(writing, hours, *due, accepted, *by_hand)
        }
        Message::Lapsed { number, valid_until, can_register_again, revocation_ended } => {
            registration::lapsed(writing, number, *valid_until, *can_register_again, *revocation_ended)
        }
        Message::Notice { notice, category, title, summary, published_at, files } => {
            let (category, published_at, files) = (*category, *published_at, *files);
            notice::told(writing, &Told { notice, category, title, summary, published_at, files })
        }
    }
}

fn salutation(name: &str) -> String {
    match one_line(name).as_str() {
        "" => "您好：".to_owned(),
        name => format!("{name}，您好："),
    }
}

/// A mail's content together with what is on every mail.
#[derive(Template)]
#[template(path = "mail.html")]
struct Page<'a> {
    salutation: String,
    written_on: String,
    letterhead: &'a Letterhead,
    content: &'a Content,
    unsubscribe: Option<String>,
}

impl Page<'_> {
    fn answers(&self) -> &'static str {
        if self.letterhead.reply_to.is_some() {
            "本邮件由系统自动发出，如有疑问可直接回复。"
        } else {
            "本邮件由系统自动发出，请勿直接回复。"
        }
    }

    /// The text part: the same content, for readers of plain text, for screen readers and for search.
    fn write_text(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "【{}】{}\n", self.content.badge, self.content.headline)?;
        writeln!(out, "{}", self.salutation)?;
        for block in &self.content.blocks {
            out.push('\n');
            write_block(out, block)?;
        }
        out.push('\n');
        for Link { label, url } in &self.content.links {
            writeln!(out, "{label}：\n{url}")?;
        }
        writeln!(out, "\n咨询：{}", self.letterhead.enquiries)?;
        writeln!(out, "\n{}\n{}", self.letterhead.office, self.written_on)?;
        writeln!(out, "\n----")?;
        writeln!(out, "{}", self.answers())?;
        writeln!(out, "{CAUTION}")?;
        writeln!(out, "本系统的链接均以 {}/ 开头。", self.letterhead.portal)?;
        match &self.unsubscribe {
            Some(link) => writeln!(out, "\n不再接收此类提醒：\n{link}"),
            None => Ok(()),
        }
    }
}

/// What tells a real mail from a forged one.
const CAUTION: &str = "我们不会通过邮件索要证件号码、密码或验证码。";

fn write_block(out: &mut String, block: &Block) -> fmt::Result {
    match block {
        Block::Heading(text) => writeln!(out, "■ {text}"),
        Block::Paragraph(text) | Block::Note(text) => writeln!(out, "{text}"),
        Block::Notice { title, text } => writeln!(out, "【{title}】{text}"),
        Block::Figure { label, value } => writeln!(out, "{label}：{value}"),
        Block::Deadline { label, date, weekday, left } => {
            writeln!(out, "{label}：{date}（{weekday}），{left}")
        }
        Block::Facts(facts) => {
            facts.iter().try_for_each(|fact| writeln!(out, "{}：{}", fact.label, fact.value))
        }
        Block::Reasons { title, reasons } => {
            writeln!(out, "{title}：")?;
            for (index, reason) in reasons.iter().enumerate() {
                let part =
                    if reason.part.is_empty() { String::new() } else { format!("【{}】", reason.part) };
                writeln!(out, "{}. {part}{}", index + 1, reason.lines.join("\n   "))?;
            }
            Ok(())
        }
        Block::Steps { title, steps } => {
            writeln!(out, "{title}：")?;
            steps.iter().enumerate().try_for_each(|(index, step)| writeln!(out, "{}. {step}", index + 1))
        }
    }
}
