//! Reminders: each threshold on its day, once; missed days made up for by the most urgent one; and the end of what
//! nobody acted on. [`World::run_job`] also asserts that whatever was due moves on to a later day.

use crate::common::{World, answers, hubei, noon};
use domain::{
    application::{ApplicationKind, JournalAction, Outcome, State},
    date::{CalendarDate, date},
    id::ApplicationId,
    notification::{Message, Notification},
    registration::RegistrationStatus,
    reminder::next_due,
    rules::RuleLibrary,
};
use proptest::{collection::btree_set, prelude::*};
use rstest::rstest;
use serde_json::json;
use std::collections::BTreeSet;

/// Days before the last day on which a reminder goes out, as both rule sets have it.
const THRESHOLDS: [i64; 6] = [90, 60, 30, 14, 7, 1];

/// The days left that a message names; −1 for a lapse.
fn days_left(told: &Notification) -> i64 {
    match &told.message {
        Message::RenewalDue { days_left, .. }
        | Message::FirstRegistrationDue { days_left, .. }
        | Message::ReturnedReminder { days_left, .. } => *days_left,
        Message::Lapsed { .. } | Message::MendPeriodOver { .. } => -1,
        other => panic!("no reminder: {other:?}"),
    }
}

/// Runs the job on the days that are `days` before `end` (after it where negative), in the order of the calendar, and
/// tells for each run that planned something what it said.
fn run_on(world: &mut World, end: CalendarDate, days: impl IntoIterator<Item = i64>) -> Vec<(i64, Vec<i64>)> {
    let mut told = Vec::new();
    for before in days {
        world.go_to_day(end.plus_days(-before));
        let planned = world.run_job();
        if !planned.is_empty() {
            told.push((before, planned.iter().map(days_left).collect()));
        }
    }
    told
}

fn registered() -> (World, CalendarDate) {
    let world = World::registered(date(2026, 3, 2));
    let end = world.registration().valid_until;
    (world, end)
}

#[test]
fn a_registration_is_reminded_at_each_threshold_and_lapses_on_the_day_after_its_last() {
    let (mut world, end) = registered();
    let told = run_on(&mut world, end, (-30..=400).rev());
    let mut expected: Vec<_> = THRESHOLDS.map(|days| (days, vec![days])).into();
    expected.push((-1, vec![-1]));
    assert_eq!(told, expected);
    let registration = world.registration();
    assert_eq!((registration.status, registration.next_due), (RegistrationStatus::Lapsed, None));
    assert!(!registration.is_valid_on(end.plus_days(1)));
    let lapsed = world.journal.iter().filter(|entry| entry.action == JournalAction::Lapsed).count();
    let reminded = world.journal.iter().filter(|entry| entry.action == JournalAction::Reminded).count();
    assert_eq!((lapsed, reminded), (1, 6));
}

#[test]
fn a_reminder_says_what_is_left_to_do() {
    let (mut world, end) = registered();
    world.earn(405);
    world.go_to_day(end.plus_days(-90));
    let [told] = &world.run_job()[..] else { panic!("one reminder") };
    assert_eq!(told.to.as_str(), "zhang@example.com");
    assert_eq!(told.name, "张三");
    let expected = Message::RenewalDue {
        number: world.registration().number.clone(),
        valid_until: date(2029, 3, 2),
        renewal_opens: date(2028, 12, 2),
        days_left: 90,
        hours_missing_tenths: 495,
        ethics_missing_tenths: 0,
        hours_pending_tenths: 0,
        hours_unit: "学时".to_owned(),
    };
    assert_eq!(told.message, expected);
}

#[rstest]
#[case::one_day_late(&[89], &[(89, 89)])]
#[case::two_thresholds_missed(&[29], &[(29, 29)])]
#[case::the_earlier_ones_are_spent(&[13, 12, 8, 7], &[(13, 13), (7, 7)])]
#[case::between_two(&[91, 75, 59], &[(75, 75), (59, 59)])]
#[case::on_the_last_day(&[0], &[(0, 0)])]
#[case::all_missed(&[-1], &[(-1, -1)])]
#[case::all_missed_for_weeks(&[-25, -26], &[(-25, -1)])]
#[case::never_twice(&[90, 90, 89, 60, 60], &[(90, 90), (60, 60)])]
fn after_missed_days_only_the_most_urgent_reminder_goes_out(
    #[case] runs: &[i64],
    #[case] expected: &[(i64, i64)],
) {
    let expected: Vec<_> = expected.iter().map(|&(day, left)| (day, vec![left])).collect();
    let (mut world, end) = registered();
    assert_eq!(run_on(&mut world, end, runs.iter().copied()), expected);

    // The same for the window of a first registration, whose last letter comes on the day after it.
    let (mut world, end) = unregistered("420106");
    assert_eq!(
        run_on(&mut world, end, runs.iter().copied()).iter().map(|(day, _)| *day).collect::<Vec<_>>(),
        expected.iter().map(|(day, _)| *day).collect::<Vec<_>>()
    );
}

#[rstest]
fn nothing_is_due_while_a_renewal_waits_or_is_being_mended(
    #[values(Outcome::Approve, Outcome::Return)] outcome: Outcome,
) {
    let (mut world, end) = registered();
    world.earn(900);
    assert_eq!(run_on(&mut world, end, [90, 80]), [(90, vec![90])]);
    let id = world.draft(ApplicationKind::Renewal);
    world.submit(&id).unwrap();
    assert_eq!(world.registration().next_due, None);
    assert_eq!(next_due(world.registration(), hubei()), None);
    if outcome == Outcome::Approve {
        world.decide_stage(&id, outcome).unwrap();
        assert_eq!(run_on(&mut world, end, (-40..80).rev()), []);
    } else {
        world.go_to_day(end.plus_days(-70));
        world.decide_stage(&id, outcome).unwrap();
        let told = run_on(&mut world, end, (11..70).rev());
        assert!(told.iter().all(|(_, left)| left.len() == 1), "only of the mending: {told:?}");
        assert!(
            world
                .outbox
                .iter()
                .rev()
                .take(told.len())
                .all(|told| matches!(told.message, Message::ReturnedReminder { .. }))
        );
    }
    assert_eq!(world.registration().status, RegistrationStatus::Active);
}

#[test]
fn when_a_renewal_is_refused_the_reminders_that_were_not_spent_go_on() {
    let (mut world, end) = registered();
    world.earn(900);
    assert_eq!(run_on(&mut world, end, [90]), [(90, vec![90])]);
    let id = world.draft(ApplicationKind::Renewal);
    world.submit(&id).unwrap();
    world.go_to_day(end.plus_days(-20));
    world.decide_stage(&id, Outcome::Refuse).unwrap();
    assert_eq!(
        run_on(&mut world, end, (-2..=20).rev()),
        [(20, vec![20]), (14, vec![14]), (7, vec![7]), (1, vec![1]), (-1, vec![-1]),]
    );
}

#[test]
fn a_new_cycle_has_reminders_of_its_own() {
    let (mut world, end) = registered();
    world.earn(900);
    run_on(&mut world, end, (15..=90).rev());
    let id = world.draft(ApplicationKind::Renewal);
    world.submit(&id).unwrap();
    world.approve_all(&id);
    let next_end = world.registration().valid_until;
    assert_eq!(next_end, date(2032, 3, 2));
    assert_eq!(run_on(&mut world, next_end, (60..=1000).rev()), [(90, vec![90]), (60, vec![60])]);
}

#[test]
fn a_threshold_that_was_taken_out_of_the_rules_only_moves_the_date() {
    const HUBEI: &str = include_str!("../rules/hubei.toml");
    let fewer = HUBEI.replace("[90, 60, 30, 14, 7, 1]", "[30, 7]");
    let texts = [&fewer, include_str!("../rules/national.toml")];
    let (mut world, end) = registered();
    world.rules = Box::leak(Box::new(RuleLibrary::parse(&texts).unwrap()));
    assert_eq!(run_on(&mut world, end, (-2..=90).rev()), [(30, vec![30]), (7, vec![7]), (-1, vec![-1])]);

    let (mut world, end) = unregistered("420106");
    world.rules = Box::leak(Box::new(RuleLibrary::parse(&texts).unwrap()));
    assert_eq!(run_on(&mut world, end, (-2..=90).rev()), [(30, vec![30]), (7, vec![7]), (-1, vec![-1])]);
}

#[test]
fn a_reminder_that_went_out_is_not_repeated_under_edited_rules() {
    const HUBEI: &str = include_str!("../rules/hubei.toml");
    let other = HUBEI.replace("[90, 60, 30, 14, 7, 1]", "[90, 7]");
    let texts = [&other, include_str!("../rules/national.toml")];
    let (mut world, end) = registered();
    assert_eq!(run_on(&mut world, end, [90, 60]), [(90, vec![90]), (60, vec![60])]);
    world.rules = Box::leak(Box::new(RuleLibrary::parse(&texts).unwrap()));
    assert_eq!(run_on(&mut world, end, (-2..60).rev()), [(7, vec![7]), (-1, vec![-1])]);
}

/// Somebody whose certificate was issued on 2 March 2026 and who only saved their profile; the window's last day.
fn unregistered(district: &str) -> (World, CalendarDate) {
    let mut world = World::new(noon(date(2026, 3, 2)));
    world.save_profile(answers(json!({ "issued_on": "2026-03-02", "district": district }))).unwrap();
    (world, date(2027, 3, 2))
}

#[rstest]
#[case::hubei("420106", true)]
#[case::elsewhere("110105", false)]
fn a_certificate_that_is_not_registered_is_reminded_of_its_window_and_once_when_it_has_closed(
    #[case] district: &str,
    #[case] accepted: bool,
) {
    let (mut world, end) = unregistered(district);
    let told = run_on(&mut world, end, (-60..=364).rev());
    let mut expected: Vec<_> = THRESHOLDS.map(|days| (days, vec![days])).into();
    expected.push((-1, vec![-1]));
    assert_eq!(told, expected);
    assert!(world.outbox.iter().all(|told| matches!(
        told.message,
        Message::FirstRegistrationDue { late_accepted, until, .. } if late_accepted == accepted && until == end
    )));
    assert_eq!(world.dossier.profile.next_due, None);
}

#[test]
fn nobody_is_reminded_without_a_certificate_or_an_address() {
    for field in ["issued_on", "management_number", "email"] {
        let mut world = World::new(noon(date(2026, 3, 2)));
        world.save_profile(answers(json!({ "issued_on": "2026-03-02", field: null }))).unwrap();
        assert_eq!(world.dossier.profile.next_due, None, "{field}");
    }
}

#[test]
fn the_windows_reminders_stop_while_an_application_waits_and_go_on_when_it_ended() {
    let (mut world, end) = unregistered("420106");
    assert_eq!(run_on(&mut world, end, [90]), [(90, vec![90])]);
    let id = world.first_with(json!({ "issued_on": "2026-03-02" }));
    assert_eq!(run_on(&mut world, end, [60]), [(60, vec![60])], "a draft is no submission");
    world.submit(&id).unwrap();
    assert_eq!(world.dossier.profile.next_due, None);
    world.save_profile(json!({ "mobile": "13900139000" })).unwrap();
    assert_eq!(world.dossier.profile.next_due, None, "nor does saving the profile bring it back");
    assert_eq!(run_on(&mut world, end, [30, 14]), []);
    world.withdraw(&id).unwrap();
    assert_eq!(run_on(&mut world, end, [13, 7]), [(13, vec![13]), (7, vec![7])]);
    let again = world.first_with(json!({ "issued_on": "2026-03-02" }));
    world.submit(&again).unwrap();
    world.approve_all(&again);
    assert_eq!(run_on(&mut world, end, (-10..6).rev()), [], "it's registered");
}

#[test]
fn an_ended_registration_is_not_mistaken_for_a_certificate_that_never_had_one() {
    let (mut world, end) = registered();
    run_on(&mut world, end, [-1]);
    assert_eq!(world.registration().status, RegistrationStatus::Lapsed);
    world.save_profile(json!({ "mobile": "13900139000" })).unwrap();
    let again = world.first_with(json!({ "issued_on": "2026-03-02" }));
    world.submit(&again).unwrap();
    world.decide_stage(&again, Outcome::Refuse).unwrap();
    assert_eq!(run_on(&mut world, end, (-400..-1).rev()), []);
}

#[test]
fn correcting_the_date_of_issue_back_and_forth_repeats_no_notification() {
    let (mut world, end) = unregistered("420106");
    run_on(&mut world, end, [90]);
    for issued_on in ["2026-03-01", "2026-03-02", "2026-03-01", "2026-03-02"] {
        world.save_profile(json!({ "issued_on": issued_on })).unwrap();
        world.run_job();
    }
    let ids: BTreeSet<_> = world.outbox.iter().map(|told| told.id.as_str()).collect();
    assert_eq!(ids.len(), world.outbox.len());
}

/// A first registration that was returned on 4 March 2026; the last day to mend it.
fn returned() -> (World, ApplicationId, CalendarDate) {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first();
    world.submit(&id).unwrap();
    world.go_to_day(date(2026, 3, 4));
    world.decide_stage(&id, Outcome::Return).unwrap();
    (world, id, date(2026, 5, 3))
}

#[test]
fn what_was_returned_is_reminded_of_and_closed_when_nobody_mended_it() {
    let (mut world, id, mend_by) = returned();
    assert_eq!(world.application(&id).mend_by, Some(mend_by));
    // 3, 7, 14, 30 and 50 days after the return, of 60.
    let told = run_on(&mut world, mend_by, (-20..60).rev());
    let expected = [57, 53, 46, 30, 10, -1].map(|left| (left, vec![left]));
    assert_eq!(told, expected);
    let closed = world.application(&id);
    assert_eq!((closed.state, closed.next_due, closed.mend_by), (State::Withdrawn, None, None));
    assert_eq!(world.journal.iter().filter(|entry| entry.action == JournalAction::Expired).count(), 1);
}

#[rstest]
#[case::one_day_late(&[56], &[56])]
#[case::several_missed(&[20, 19, 10], &[20, 10])]
#[case::all_missed(&[-1], &[-1])]
#[case::on_the_last_day(&[0, -1], &[0, -1])]
#[case::never_twice(&[57, 57, 56], &[57])]
fn missed_reminders_of_mending_are_made_up_for_by_one(#[case] runs: &[i64], #[case] expected: &[i64]) {
    let (mut world, _, mend_by) = returned();
    let expected: Vec<_> = expected.iter().map(|&left| (left, vec![left])).collect();
    assert_eq!(run_on(&mut world, mend_by, runs.iter().copied()), expected);
}

#[test]
fn a_second_return_starts_its_own_reminders() {
    let (mut world, id, mend_by) = returned();
    run_on(&mut world, mend_by, [57, 53]);
    world.submit(&id).unwrap();
    assert_eq!(run_on(&mut world, mend_by, [46, 40]), []);
    world.decide_stage(&id, Outcome::Return).unwrap();
    let mend_by = world.application(&id).mend_by.unwrap();
    assert_eq!(run_on(&mut world, mend_by, (40..60).rev()), [(57, vec![57]), (53, vec![53]), (46, vec![46])]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever days the job ran on, and however often on one.
    #[test]
    fn each_threshold_is_planned_at_most_once_and_the_lapse_exactly_once(
        days in btree_set(-40..130_i64, 0..40),
        twice in any::<bool>(),
        first_window in any::<bool>(),
    ) {
        let (mut world, end) = if first_window { unregistered("420106") } else { registered() };
        // The most urgent threshold that has come `before` days before the end; −1 for the end itself.
        let threshold = |before: i64| {
            if before < 0 { -1 } else { THRESHOLDS.into_iter().rfind(|days| *days >= before).unwrap() }
        };
        let mut told = Vec::new();
        for before in days.iter().rev().copied().chain([-60]) {
            world.go_to_day(end.plus_days(-before));
            let planned = world.run_job();
            prop_assert!(planned.len() <= 1);
            told.extend(planned.first().map(|_| threshold(before)));
            if twice {
                prop_assert_eq!(world.run_job(), []);
            }
        }
        let once: BTreeSet<_> = told.iter().collect();
        prop_assert_eq!(once.len(), told.len(), "{:?}", told);
        prop_assert!(told.is_sorted_by(|a, b| a > b));
        prop_assert_eq!(told.last(), Some(&-1));
        let ids: BTreeSet<_> = world.outbox.iter().map(|notification| &notification.id).collect();
        prop_assert_eq!(ids.len(), world.outbox.len());
        // None is left out that a run could have noticed before a more urgent one had come.
        let noticed = days.iter().copied().filter(|before| (0..=90).contains(before)).map(threshold);
        let mut noticed: BTreeSet<i64> = noticed.collect();
        noticed.insert(-1);
        prop_assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), noticed);
    }
}
