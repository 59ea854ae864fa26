//! The morning's mail to staff: how much waits for them, what is due soon and what is overdue. No name and no number of
//! anybody is in it: these are seen once signed in.

use super::{
    content::{Content, Tone},
    letterhead::Letterhead,
    wording::moment,
};
use domain::digest::{Digest, DigestLine, Waiting};

/// A number, and whether there are more.
fn amount((number, more): (u64, bool)) -> String {
    if more { format!("{number} 件以上") } else { format!("{number} 件") }
}

/// A number of all of a digest's queues together.
fn sum(lines: &[&DigestLine], of: impl Fn(&DigestLine) -> (u64, bool)) -> (u64, bool) {
    lines.iter().map(|line| of(line)).fold((0, false), |sum, of| (sum.0 + of.0, sum.1 || of.1))
}

fn overdue(line: &DigestLine) -> (u64, bool) {
    (line.counts.overdue, line.counts.overdue_more)
}

fn due_soon(line: &DigestLine) -> (u64, bool) {
    (line.counts.due_soon, line.counts.due_soon_more)
}

/// How much waits in a queue, and what of it presses: `待办 12 件，其中已逾期 1 件、即将到期 3 件`.
fn standing(line: &DigestLine) -> String {
    let waiting = amount((line.counts.waiting, line.counts.waiting_more));
    let pressing = [("已逾期", overdue(line)), ("即将到期", due_soon(line))];
    let pressing: Vec<_> = pressing
        .into_iter()
        .filter(|(_, number)| number.0 > 0)
        .map(|(what, number)| format!("{what} {}", amount(number)))
        .collect();
    if pressing.is_empty() {
        format!("待办 {waiting}")
    } else {
        format!("待办 {waiting}，其中{}", pressing.join("、"))
    }
}

/// The mail's content.
pub(super) fn content(digest: &Digest, letterhead: &Letterhead) -> Content {
    let (supervised, own): (Vec<_>, Vec<_>) = digest.lines.iter().partition(|line| line.supervised);
    let late = sum(&digest.lines.iter().collect::<Vec<_>>(), overdue);
    let soon = sum(&own, due_soon);
    let waiting = sum(&own, |line| (line.counts.waiting, line.counts.waiting_more));
    let tone = if late.0 > 0 { Tone::Urgent } else { Tone::Action };
    let numbers = match (late.0, soon.0) {
        (0, 0) => format!("待办 {}", amount(waiting)),
        (0, _) => format!("即将到期 {}，待办 {}", amount(soon), amount(waiting)),
        _ if own.is_empty() => format!("已超过审核期限 {}", amount(late)),
        (_, 0) => format!("已逾期 {}，待办 {}", amount(late), amount(waiting)),
        _ => format!("已逾期 {}，即将到期 {}，待办 {}", amount(late), amount(soon), amount(waiting)),
    };
    let mut content = Content::new(tone, "每日待办", format!("每日待办：{numbers}"), numbers)
        .summary(format!("截至 {}。", moment(digest.at)))
        .paragraph(format!("截至 {}，以下事项等待办理。", moment(digest.at)));
    if !own.is_empty() {
        content = content.facts(own.into_iter().map(|line| (title(line), standing(line))));
    }
    for line in supervised {
        content = content.notice(
            "超过审核期限，请督办",
            format!(
                "{}中有 {}已超过审核期限，须督促审核人员尽快作出决定。",
                title(line),
                amount(overdue(line))
            ),
        );
    }
    content
        .note(format!(
            "“即将到期”指审核期限在 {} 个工作日内届满。工作日按国务院办公厅公布的节假日安排计算。\
             超过审核期限的申请会提级到上一级办理，并记入日志。",
            digest.soon_working_days
        ))
        .link("登录审核系统", letterhead.console())
}

/// Which queue.
fn title(line: &DigestLine) -> String {
    let of = match line.desk.of {
        Waiting::Applications => "申请",
        Waiting::Hours => "学时",
    };
    format!("{}{of}（辖区 {}）", line.desk.stage.label(), line.desk.area)
}
