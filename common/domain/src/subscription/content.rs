//! What a notification says in a subscribe message: a handful of facts, each short enough to be read at a glance.

use super::ValueKind;
use crate::{
    application::ApplicationKind,
    date::CalendarDate,
    notification::{HoursLine, Message, Notification},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What messages of one template are about. WeChat shows three templates in a prompt, so there are three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// What became of an application (办理结果).
    Review,
    /// A last day that comes near (期限提醒).
    Deadline,
    /// Hours recorded, recognised or refused (学时通知).
    Hours,
}

impl Topic {
    /// Stable name.
    pub fn key(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Deadline => "deadline",
            Self::Hours => "hours",
        }
    }

    /// As the mini-program may name it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Review => "办理结果通知",
            Self::Deadline => "办理期限提醒",
            Self::Hours => "继续教育学时通知",
        }
    }

    /// What every message of it tells.
    pub fn facts(self) -> &'static [Fact] {
        match self {
            Self::Review => &[Fact::Matter, Fact::Outcome, Fact::At, Fact::Note, Fact::Name],
            Self::Deadline => &[Fact::Matter, Fact::Day, Fact::DaysLeft, Fact::Note, Fact::Name],
            Self::Hours => &[Fact::Matter, Fact::Outcome, Fact::Hours, Fact::At, Fact::Note, Fact::Name],
        }
    }
}

/// A fact that a message tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// What it's about: `首次登记`, or an activity's title.
    Matter,
    /// What became of it, in five Chinese characters at most.
    Outcome,
    /// When that was.
    At,
    /// The last day.
    Day,
    /// Days from today to that day.
    DaysLeft,
    /// Hours of continuing education.
    Hours,
    /// What to do, or to know.
    Note,
    /// The reader's name.
    Name,
}

impl Fact {
    /// Its name in configuration.
    pub fn key(self) -> &'static str {
        match self {
            Self::Matter => "matter",
            Self::Outcome => "outcome",
            Self::At => "at",
            Self::Day => "day",
            Self::DaysLeft => "days_left",
            Self::Hours => "hours",
            Self::Note => "note",
            Self::Name => "name",
        }
    }

    /// True where a key of `kind` can hold it.
    pub fn fits(self, kind: ValueKind) -> bool {
        use ValueKind as Kind;
        match self {
            Self::Matter | Self::Note => kind == Kind::Thing,
            Self::Outcome => matches!(kind, Kind::Phrase | Kind::Thing),
            Self::At => matches!(kind, Kind::Time | Kind::Date | Kind::Thing),
            Self::Day => matches!(kind, Kind::Date | Kind::Thing),
            Self::DaysLeft | Self::Hours => {
                matches!(kind, Kind::Number | Kind::CharacterString | Kind::Thing)
            }
            Self::Name => matches!(kind, Kind::Name | Kind::Thing),
        }
    }
}

/// What a message tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it's about.
    pub topic: Topic,
    /// The facts, all that the topic has.
    pub facts: BTreeMap<Fact, String>,
}

/// What `notification` says in a subscribe message sent on `today`; nothing where it goes by mail alone.
///
/// By mail alone go receipts, which are to be kept; decisions that end or refuse a right, with the reasons for them; and
/// what there is about a revocation. Days left are counted from the day of sending.
pub fn told(notification: &Notification, today: CalendarDate) -> Option<Told> {
    let review = |matter: &str, outcome: &str, note: String| Says::Review {
        matter: matter.to_owned(),
        outcome: outcome.to_owned(),
        note,
    };
    let deadline = |matter: String, day: CalendarDate, note: String| Says::Deadline { matter, day, note };
    let says = match &notification.message {
        Message::Returned { kind, mend_by, .. } => {
            review(kind.label(), "退回修改", format!("请于{}前修改并重交", day(*mend_by)))
        }
        Message::ReturnedReminder { kind, mend_by, .. } => {
            deadline(format!("{}申请待修改", kind.label()), *mend_by, "请按退回意见修改后重新提交".to_owned())
        }
        Message::MendPeriodOver { kind, .. } => {
            review(kind.label(), "已关闭", "未在期限内修改，可重新申请".to_owned())
        }
        Message::Registered { kind, valid_until, .. } => {
            review(kind.label(), "已通过", format!("有效期至{}", day(*valid_until)))
        }
        Message::TransferredIn { valid_until, .. } => {
            review(ApplicationKind::TransferIn.label(), "已通过", format!("有效期至{}", day(*valid_until)))
        }
        Message::Changed { receipt: None, .. } => {
            review(ApplicationKind::Change.label(), "已生效", "变更后的内容见登记信息".to_owned())
        }
        Message::Withdrawn { kind, .. } => review(kind.label(), "已撤回", "如需办理，可重新申请".to_owned()),
        Message::FirstRegistrationDue { until, .. } if *until >= today => deadline(
            ApplicationKind::First.label().to_owned(),
            *until,
            "请在截止日前提交首次登记申请".to_owned(),
        ),
        Message::RenewalDue {
            valid_until, hours_missing_tenths, ethics_missing_tenths, hours_unit, ..
        } if *valid_until >= today => {
            let missing = (*hours_missing_tenths).max(*ethics_missing_tenths);
            let note = if missing == 0 {
                "请在截止日前提交再登记申请".to_owned()
            } else {
                format!("还差{}{hours_unit}，请尽快完成", hours(missing))
            };
            deadline(ApplicationKind::Renewal.label().to_owned(), *valid_until, note)
        }
        Message::EvidenceAsked { hours, due, .. } => {
            deadline(hours.title.clone(), *due, "请在截止日前提交学时证明材料".to_owned())
        }
        Message::HoursRecorded { hours, corrected, .. } => {
            let outcome = if *corrected { "已更正" } else { "已记录" };
            Says::Hours { line: hours, outcome, note: progress(hours) }
        }
        Message::HoursRecognised { hours, .. } => {
            Says::Hours { line: hours, outcome: "已认定", note: progress(hours) }
        }
        Message::HoursRefused { hours, .. } => {
            Says::Hours {
                line: hours, outcome: "未认定", note: "原因请在学时记录中查看".to_owned()
            }
        }
        // By mail alone, each for its reason.
        Message::Receipt { .. }
        | Message::HoursClaimed { .. }
        | Message::EvidenceBrought { .. }
        | Message::RevocationObjected { .. }
        | Message::Changed { receipt: Some(_), .. }
        | Message::Refused { .. }
        | Message::Cancelled { .. }
        | Message::TransferredOut { .. }
        | Message::Lapsed { .. }
        | Message::HoursVoided { .. }
        | Message::RevocationAnnounced { .. }
        | Message::RevocationEnded { .. }
        | Message::Revoked { .. }
        | Message::FirstRegistrationDue { .. }
        | Message::RenewalDue { .. }
        | Message::Notice { .. } => return None,
    };
    Some(says.told(notification, today))
}

/// What is particular to a message.
enum Says<'a> {
    Review { matter: String, outcome: String, note: String },
    Deadline { matter: String, day: CalendarDate, note: String },
    Hours { line: &'a HoursLine, outcome: &'static str, note: String },
}

impl Says<'_> {
    fn told(self, notification: &Notification, today: CalendarDate) -> Told {
        let at = notification.at.clock_in_chinese();
        let (topic, facts) = match self {
            Self::Review { matter, outcome, note } => (
                Topic::Review,
                vec![(Fact::Matter, matter), (Fact::Outcome, outcome), (Fact::At, at), (Fact::Note, note)],
            ),
            Self::Deadline { matter, day: last, note } => {
                let left = today.days_until(last).max(0).to_string();
                let facts = vec![
                    (Fact::Matter, matter),
                    (Fact::Day, day(last)),
                    (Fact::DaysLeft, left),
                    (Fact::Note, note),
                ];
                (Topic::Deadline, facts)
            }
            Self::Hours { line, outcome, note } => {
                let facts = vec![
                    (Fact::Matter, line.title.clone()),
                    (Fact::Outcome, outcome.to_owned()),
                    (Fact::Hours, hours(line.tenths)),
                    (Fact::At, at),
                    (Fact::Note, note),
                ];
                (Topic::Hours, facts)
            }
        };
        let name = (Fact::Name, notification.name.clone());
        Told { topic, facts: facts.into_iter().chain([name]).collect() }
    }
}

/// `2029年3月1日`, as WeChat reads days.
fn day(date: CalendarDate) -> String {
    date.in_chinese().replace(' ', "")
}

fn hours(tenths: u32) -> String {
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}.{rest}", tenths / 10),
    }
}

/// How the cycle stands.
fn progress(line: &HoursLine) -> String {
    let (counted, required) = (hours(line.counted_tenths), hours(line.required_tenths));
    format!("本周期{counted}/{required}{}", line.unit)
}
