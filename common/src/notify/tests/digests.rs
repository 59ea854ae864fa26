//! The morning's mail to staff.

use super::{
    super::{Letter, Mail},
    letterhead, now,
};
use domain::{
    application::Stage,
    digest::{Desk, Digest, DigestLine, QueueCounts, Waiting},
    id::StaffId,
};
use rstest::rstest;

fn line(of: Waiting, stage: Stage, area: &str, counts: [u64; 3], supervised: bool) -> DigestLine {
    let [waiting, due_soon, overdue] = counts;
    DigestLine {
        desk: Desk { of, stage, area: area.parse().unwrap() },
        counts: QueueCounts { waiting, due_soon, overdue, ..QueueCounts::default() },
        supervised,
    }
}

pub fn of_wuhan(applications: [u64; 3], hours: [u64; 3]) -> Vec<DigestLine> {
    [(Waiting::Applications, applications), (Waiting::Hours, hours)]
        .map(|(of, counts)| line(of, Stage::Preliminary, "4201", counts, false))
        .into()
}

pub fn digest(lines: Vec<DigestLine>) -> Digest {
    Digest {
        id: format!("{}-digest-20260302", StaffId::mint(7)),
        staff: StaffId::mint(7),
        to: "wang.wu@example.com".parse().unwrap(),
        name: "王五".to_owned(),
        at: "2026-03-02T09:00:00+08:00".parse().unwrap(),
        soon_working_days: 5,
        lines,
    }
}

fn letter(lines: Vec<DigestLine>) -> Letter {
    Letter::digest(&digest(lines), &letterhead(), now()).unwrap()
}

#[rstest]
#[case(of_wuhan([3, 0, 0], [2, 0, 0]), "每日待办：待办 5 件")]
#[case(of_wuhan([3, 1, 0], [2, 1, 0]), "每日待办：即将到期 2 件，待办 5 件")]
#[case(of_wuhan([3, 0, 1], [2, 0, 0]), "每日待办：已逾期 1 件，待办 5 件")]
#[case(of_wuhan([3, 1, 1], [2, 0, 1]), "每日待办：已逾期 2 件，即将到期 1 件，待办 5 件")]
#[case(vec![line(Waiting::Applications, Stage::Final, "42", [9, 2, 4], true)], "每日待办：已超过审核期限 4 件")]
fn the_subject_says_what_presses(#[case] lines: Vec<DigestLine>, #[case] subject: &str) {
    let letter = letter(lines);
    assert_eq!(letter.subject, subject);
    for part in [&letter.text, &letter.html] {
        for needed in
            ["王五", "2026 年 3 月 2 日 09:00", "5 个工作日", "https://sw.example.cn/review", "027-12345678"]
        {
            assert!(part.contains(needed), "{needed}: {part}");
        }
    }
}

#[test]
fn a_number_that_was_cut_says_so() {
    let mut lines = of_wuhan([1000, 1000, 0], [0, 0, 0]);
    lines[0].counts =
        QueueCounts { waiting_more: true, due_soon_more: true, overdue_more: true, ..lines[0].counts };
    let letter = letter(lines);
    assert_eq!(letter.subject, "每日待办：即将到期 1000 件以上，待办 1000 件以上");
}

#[test]
fn it_reads_as_it_was_approved() {
    let mut lines = of_wuhan([12, 3, 1], [4, 0, 0]);
    lines.push(line(Waiting::Applications, Stage::Final, "42", [9, 2, 4], true));
    let Letter { subject, text, .. } = letter(lines);
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("digest", format!("{subject}\n\n{text}"));
    });
}

#[test]
fn it_is_the_same_mail_however_often_it_is_sent_and_goes_to_its_reader() {
    let digest = digest(of_wuhan([3, 1, 0], [2, 1, 0]));
    let [first, second] = [(); 2].map(|()| Mail::digest(&digest, &letterhead(), now()).unwrap());
    assert_eq!((first.message_id(), first.bytes()), (second.message_id(), second.bytes()));
    let to: Vec<_> = first.envelope().to().iter().map(ToString::to_string).collect();
    assert_eq!(to, ["wang.wu@example.com"]);
}
