//! Digests: on which mornings, for whom, of what, and when there is nothing to say.

use crate::common::rules;
use domain::{
    actor::Role,
    application::Stage,
    contact::EmailAddress,
    date::Instant,
    digest::{Desk, DigestLine, QueueCounts, Reader, Waiting, day},
    district::Area,
    id::StaffId,
};
use rstest::rstest;
use std::collections::{BTreeMap, BTreeSet};

#[rstest]
#[case::nine_in_the_morning("2026-03-02T09:00:00+08:00", true)]
#[case::six("2026-03-02T06:00:00+08:00", true)]
#[case::before("2026-03-02T05:59:59+08:00", false)]
#[case::a_run_that_came_late("2026-03-02T17:59:59+08:00", true)]
#[case::in_the_evening("2026-03-02T18:00:00+08:00", false)]
#[case::a_saturday("2026-03-07T09:00:00+08:00", false)]
#[case::a_saturday_that_is_worked("2026-02-28T09:00:00+08:00", true)]
#[case::spring_festival("2026-02-17T09:00:00+08:00", false)]
#[case::utc_says_sunday("2026-03-01T23:00:00Z", true)]
fn a_digest_is_of_the_morning_of_a_working_day(#[case] now: Instant, #[case] planned: bool) {
    let expected = planned.then(|| now.day());
    assert_eq!(day(now, rules().calendar()), expected);
}

struct Member {
    id: StaffId,
    roles: BTreeSet<Role>,
    area: Option<Area>,
    email: Option<EmailAddress>,
}

fn member(roles: &[Role], area: &str) -> Member {
    Member {
        id: StaffId::mint(7),
        roles: roles.iter().copied().collect(),
        area: (!area.is_empty()).then(|| area.parse().unwrap()),
        email: Some("wang@example.com".parse().unwrap()),
    }
}

impl Member {
    fn reader(&self) -> Reader<'_> {
        let (area, email) = (self.area.as_ref(), self.email.as_ref());
        Reader { staff: &self.id, roles: &self.roles, area, email, name: "王五" }
    }
}

fn desk(of: Waiting, stage: Stage, area: &str) -> Desk {
    Desk { of, stage, area: area.parse().unwrap() }
}

fn counted(waiting: u64, overdue: u64) -> QueueCounts {
    QueueCounts { waiting, overdue, ..QueueCounts::default() }
}

/// Wuhan has three at 初审 and two records of hours, Yichang nothing; Hubei has five at 终审, one of them overdue, and
/// Hunan four.
fn queues() -> BTreeMap<Desk, QueueCounts> {
    use Waiting::{Applications, Hours};
    [
        (desk(Applications, Stage::Preliminary, "4201"), counted(3, 1)),
        (desk(Hours, Stage::Preliminary, "4201"), counted(2, 0)),
        (desk(Applications, Stage::Preliminary, "4205"), counted(0, 0)),
        (desk(Hours, Stage::Preliminary, "4205"), counted(0, 0)),
        (desk(Applications, Stage::Final, "42"), counted(5, 1)),
        (desk(Applications, Stage::Final, "43"), counted(4, 0)),
    ]
    .into()
}

#[rstest]
#[case::preliminary(&[Role::PreliminaryReviewer], "4201", &["applications 4201", "hours 4201"])]
#[case::nothing_waits(&[Role::PreliminaryReviewer], "4205", &[])]
#[case::last(&[Role::FinalReviewer], "42", &["applications 42"])]
#[case::administrator(&[Role::Administrator], "42", &["42 supervised"])]
#[case::of_the_country(&[Role::Administrator], "", &["42 supervised"])]
#[case::nothing_overdue(&[Role::Administrator], "43", &[])]
#[case::of_a_city(&[Role::Administrator], "4201", &[])]
#[case::who_decides_is_told_once(&[Role::Administrator, Role::FinalReviewer], "42", &["applications 42"])]
#[case::both(&[Role::Administrator, Role::FinalReviewer], "43", &["applications 43"])]
#[case::a_provider(&[Role::Provider], "42", &[])]
fn each_is_told_of_their_own_queues_and_of_what_rose_to_them(
    #[case] roles: &[Role],
    #[case] area: &str,
    #[case] expected: &[&str],
) {
    let now: Instant = "2026-03-02T09:00:00+08:00".parse().unwrap();
    let mut member = member(roles, area);
    let digest = member.reader().digest(&queues(), rules(), now);
    let line = |line: &DigestLine| {
        let area = &line.desk.area;
        match (line.supervised, line.desk.of) {
            (true, _) => format!("{area} supervised"),
            (false, Waiting::Applications) => format!("applications {area}"),
            (false, Waiting::Hours) => format!("hours {area}"),
        }
    };
    let mut told: Vec<_> = digest.iter().flat_map(|digest| &digest.lines).map(line).collect();
    told.sort();
    assert_eq!(told, expected);
    if let Some(digest) = digest {
        assert_eq!(digest.id, format!("{}-digest-20260302", member.id));
        assert_eq!((&*digest.name, digest.at, digest.soon_working_days), ("王五", now, 5));
    }
    member.email = None;
    assert_eq!(member.reader().digest(&queues(), rules(), now), None, "nowhere to send it");
}

#[test]
fn the_queues_that_are_counted_are_those_that_somebody_decides() {
    let desks = member(&[Role::PreliminaryReviewer, Role::Administrator], "4201").reader().desks(rules());
    let expected = [Waiting::Applications, Waiting::Hours].map(|of| desk(of, Stage::Preliminary, "4201"));
    assert_eq!(desks, expected.into());
    assert_eq!(member(&[Role::Administrator], "").reader().desks(rules()), [].into());
}
