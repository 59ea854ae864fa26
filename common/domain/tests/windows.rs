//! Windows: until when a certificate can be registered, when a registration can be renewed, and what becomes of it
//! while a renewal that came in time waits to be decided.
//!
//! Dates are Beijing's and windows include both ends (民发〔2009〕44号 art. 4; the Hubei guide for the late policy).

use crate::common::{World, code, hubei, noon};
use domain::{
    application::{ApplicationKind, Outcome, Stage, State},
    date::{CalendarDate, Instant},
    error::Refusal,
    notification::Message,
    registration::RegistrationStatus,
    rules::RuleLibrary,
};
use rstest::rstest;
use serde_json::json;

fn day(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

#[rstest]
#[case::on_the_day_of_issue("2026-01-15", "2026-01-15T00:00:00.000+08:00", true)]
#[case::a_year_later("2026-01-15", "2027-01-15T00:00:00.000+08:00", true)]
#[case::a_year_later_in_the_last_minute("2026-01-15", "2027-01-15T23:59:59.999+08:00", true)]
#[case::at_the_midnight_after("2026-01-15", "2027-01-16T00:00:00.000+08:00", false)]
#[case::in_utc_still_the_last_day("2026-01-15", "2027-01-15T16:00:00.000Z", false)]
#[case::in_utc_the_day_before("2026-01-15", "2027-01-14T16:00:00.000Z", true)]
#[case::issued_on_29_february("2024-02-29", "2025-02-28T23:59:59.999+08:00", true)]
#[case::issued_on_29_february_a_day_late("2024-02-29", "2025-03-01T00:00:00.000+08:00", false)]
#[case::issued_on_28_february_before_a_leap_year("2023-02-28", "2024-02-28T23:59:59.999+08:00", true)]
#[case::issued_on_28_february_and_29_is_a_day_late("2023-02-28", "2024-02-29T00:00:00.000+08:00", false)]
#[case::years_later("2019-06-01", "2026-03-01T12:00:00.000+08:00", false)]
fn a_certificate_can_be_registered_for_a_year_from_its_issue(
    #[case] issued_on: CalendarDate,
    #[case] submitted_at: Instant,
    #[case] in_time: bool,
) {
    // Hubei accepts what comes late, and marks it.
    let mut world = World::new(submitted_at);
    let id = world.first_with(json!({ "issued_on": issued_on }));
    let change = world.submit(&id).unwrap();
    assert_eq!(world.application(&id).late, !in_time);
    let Message::Receipt { late, .. } = &change.notifications[0].message else { panic!("a receipt") };
    assert_eq!(*late, !in_time);
    world.approve_all(&id);
    assert_eq!(world.registration().late, !in_time);

    // The ministry's rule refuses it, and nothing changes.
    let mut world = World::new(submitted_at);
    let id = world.first_with(json!({ "issued_on": issued_on, "district": "110105" }));
    let before = world.clone();
    let answer = world.submit(&id);
    if in_time {
        assert_eq!(code(&answer), "ok");
    } else {
        let Err(Refusal::FirstWindowClosed { closed, rule }) = answer else { panic!("the window is closed") };
        assert_eq!(closed, issued_on.plus_months(12));
        assert_eq!((rule.rule_set.id.as_str(), rule.rule.as_str()), ("national", "first_registration.late"));
        assert_eq!(world.dossier, before.dossier);
    }
}

#[test]
fn a_first_registration_that_was_submitted_in_time_is_not_late_however_long_its_mending_takes() {
    let mut world = World::new("2027-01-15T23:59:59.999+08:00".parse().unwrap());
    let id = world.first_with(json!({ "issued_on": "2026-01-15" }));
    world.submit(&id).unwrap();
    world.go_to_day(day("2027-02-20"));
    world.decide_stage(&id, Outcome::Return).unwrap();
    world.go_to_day(day("2027-03-10"));
    world.submit(&id).unwrap();
    assert!(!world.application(&id).late);
    world.go_to_day(day("2027-03-11"));
    world.enter(&id, json!({ "position": "督导" })).unwrap();
    assert!(!world.application(&id).late, "amending keeps the day of submission too");
    world.approve_all(&id);
    assert!(!world.registration().late);
}

#[test]
fn a_registration_is_valid_for_three_years_both_ends_included() {
    for (registered_on, valid_until) in
        [("2026-03-01", "2029-03-01"), ("2028-02-29", "2031-02-28"), ("2025-02-28", "2028-02-28")]
    {
        let world = World::registered(day(registered_on));
        let registration = world.registration();
        assert_eq!(
            (registration.registered_on, registration.cycle.start),
            (day(registered_on), day(registered_on))
        );
        assert_eq!((registration.valid_until, registration.cycle.end), (day(valid_until), day(valid_until)));
        assert!(registration.is_valid_on(day(valid_until)));
        assert!(!registration.is_valid_on(day(valid_until).plus_days(1)));
    }
}

#[rstest]
#[case::one_day_early("2026-03-01", "2028-11-30T23:59:59.999+08:00", "renewal_too_early")]
#[case::on_the_first_day("2026-03-01", "2028-12-01T00:00:00.000+08:00", "ok")]
#[case::on_the_last_day_in_the_last_minute("2026-03-01", "2029-03-01T23:59:59.999+08:00", "ok")]
#[case::one_day_late("2026-03-01", "2029-03-02T00:00:00.000+08:00", "renewal_window_closed")]
#[case::in_utc_still_the_last_day("2026-03-01", "2029-03-01T16:00:00.000Z", "renewal_window_closed")]
#[case::right_after_registration("2026-03-01", "2026-03-01T12:00:00.000+08:00", "renewal_too_early")]
#[case::until_31_may_a_day_before_28_february(
    "2026-05-31",
    "2029-02-27T23:59:59.999+08:00",
    "renewal_too_early"
)]
#[case::until_31_may_opens_on_28_february("2026-05-31", "2029-02-28T00:00:00.000+08:00", "ok")]
#[case::until_31_may_of_a_leap_year_on_28("2025-05-31", "2028-02-28T23:59:59.999+08:00", "renewal_too_early")]
#[case::until_31_may_of_a_leap_year_on_29("2025-05-31", "2028-02-29T00:00:00.000+08:00", "ok")]
#[case::until_30_november_opens_on_30_august(
    "2026-11-30",
    "2029-08-29T23:59:59.999+08:00",
    "renewal_too_early"
)]
#[case::until_30_november_on_30_august("2026-11-30", "2029-08-30T00:00:00.000+08:00", "ok")]
#[case::registered_on_29_february_first_day("2028-02-29", "2030-11-28T00:00:00.000+08:00", "ok")]
#[case::registered_on_29_february_last_day("2028-02-29", "2031-02-28T23:59:59.999+08:00", "ok")]
#[case::registered_on_29_february_a_day_late(
    "2028-02-29",
    "2031-03-01T00:00:00.000+08:00",
    "renewal_window_closed"
)]
fn a_renewal_is_taken_in_the_three_months_before_expiry(
    #[case] registered_on: CalendarDate,
    #[case] submitted_at: Instant,
    #[case] outcome: &str,
) {
    let mut world = World::registered(registered_on);
    world.earn(900);
    world.go_to(submitted_at);
    let id = world.draft(ApplicationKind::Renewal);
    let before = world.clone();
    let answer = world.submit(&id);
    assert_eq!(code(&answer), outcome);
    let valid_until = before.registration().valid_until;
    match answer {
        Ok(_) => assert_eq!(world.registration().pending_renewal.as_ref(), Some(&id)),
        Err(refusal) => {
            let rule = refusal.rule().unwrap();
            assert_eq!((rule.rule.as_str(), rule.verified), ("renewal.window_months", true));
            match refusal {
                Refusal::RenewalTooEarly { opens, closes, .. } => {
                    assert_eq!((opens, closes), (valid_until.plus_months(-3), valid_until));
                }
                Refusal::RenewalWindowClosed { closed, anew, .. } => {
                    assert_eq!((closed, anew), (valid_until, true));
                }
                other => panic!("{other}"),
            }
            assert_eq!(world.dossier, before.dossier);
        }
    }
}

#[test]
fn a_renewal_left_as_a_draft_until_the_registration_lapsed_is_too_late() {
    let mut world = World::registered(day("2026-03-01"));
    world.earn(900);
    world.go_to_day(day("2029-02-27"));
    let id = world.draft(ApplicationKind::Renewal);
    world.go_to_day(day("2029-03-02"));
    world.run_job();
    assert_eq!(world.registration().status, RegistrationStatus::Lapsed);
    assert_eq!(code(&world.submit(&id)), "renewal_window_closed");
    // Another draft isn't even opened: there is nothing in force to renew.
    world.withdraw(&id).unwrap();
    assert_eq!(code(&world.try_open(ApplicationKind::Renewal, None)), "no_active_registration");
    // What the message says works: the certificate can be registered anew, which counts as late.
    let again = world.first_with(json!({ "issued_on": "2026-03-01" }));
    world.submit(&again).unwrap();
    world.approve_all(&again);
    assert_eq!(world.dossier.registrations.len(), 2);
    assert!(world.registration().late && world.registration().is_valid_on(world.now.day()));
}

/// A renewal submitted in the last minute of the last day, 1 March 2029.
fn renewal_on_the_last_day() -> (World, domain::id::ApplicationId) {
    let mut world = World::registered(day("2026-03-01"));
    world.earn(900);
    world.go_to("2029-03-01T23:59:59.999+08:00".parse().unwrap());
    world.run_job();
    let id = world.draft(ApplicationKind::Renewal);
    world.submit(&id).unwrap();
    (world, id)
}

#[test]
fn a_renewal_submitted_on_the_last_day_keeps_the_registration_valid_until_it_is_decided() {
    let (mut world, id) = renewal_on_the_last_day();
    for days in 1..=45 {
        let today = day("2029-03-01").plus_days(days);
        world.go_to_day(today);
        assert_eq!(world.run_job(), [], "nothing is due while it waits");
        let registration = world.registration();
        assert!(registration.is_valid_on(today) && !registration.is_overdue_on(today, hubei()), "{today}");
        if days == 20 {
            world.decide_stage(&id, Outcome::Approve).unwrap();
        }
    }
    let change = world.decide_stage(&id, Outcome::Approve).unwrap();

    let registration = world.registration();
    assert_eq!(registration.status, RegistrationStatus::Active);
    assert_eq!(registration.pending_renewal, None);
    assert_eq!(registration.cycle.start, day("2029-03-02"), "the day after the old cycle ended");
    assert_eq!((registration.cycle.end, registration.valid_until), (day("2032-03-01"), day("2032-03-01")));
    assert!(!registration.cycle.first);
    assert_eq!(registration.registered_on, day("2026-03-01"), "it's the same registration");
    assert_eq!(registration.next_due, Some(day("2032-03-01").plus_days(-90)));
    let Message::Registered { valid_from, valid_until, renewal_opens, .. } = &change.notifications[0].message
    else {
        panic!("told of the renewal")
    };
    assert_eq!(
        (*valid_from, *valid_until, *renewal_opens),
        (day("2029-03-02"), day("2032-03-01"), day("2031-12-01"))
    );
}

#[test]
fn days_are_neither_gained_nor_lost_by_an_early_renewal() {
    let mut world = World::registered(day("2026-03-01"));
    world.earn(900);
    world.go_to_day(day("2028-12-01"));
    let id = world.draft(ApplicationKind::Renewal);
    world.submit(&id).unwrap();
    world.approve_all(&id);
    let registration = world.registration();
    assert_eq!((registration.cycle.start, registration.valid_until), (day("2029-03-02"), day("2032-03-01")));
    assert!(registration.is_valid_on(day("2028-12-02")), "the old cycle runs on to its end");
}

#[test]
fn what_was_returned_after_expiry_and_submitted_again_still_counts_as_in_time() {
    let (mut world, id) = renewal_on_the_last_day();
    world.go_to_day(day("2029-03-20"));
    world.decide_stage(&id, Outcome::Return).unwrap();
    assert!(world.registration().is_valid_on(day("2029-03-20")));
    world.go_to_day(day("2029-05-19"));
    world.run_job();
    assert_eq!(world.application(&id).mend_by, Some(day("2029-05-19")));
    world.submit(&id).unwrap();
    let receipt = world.application(&id).receipt.as_ref().unwrap();
    assert_eq!(receipt.submitted_at.to_string(), "2029-03-01T15:59:59.999Z", "the first submission's time");
    assert_eq!((receipt.accepted_at, receipt.count), (noon(day("2029-05-19")), 2));
    world.approve_all(&id);
    assert_eq!(world.registration().cycle.start, day("2029-03-02"));
    assert!(world.registration().is_valid_on(world.now.day()));
}

/// How a renewal can end without an approval.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    RefusedAt(Stage),
    Withdrawn,
    WithdrawnWhenReturned,
}

#[rstest]
fn a_renewal_that_ends_unapproved_lets_the_registration_lapse_only_past_its_last_day(
    #[values(
        End::RefusedAt(Stage::Preliminary),
        End::RefusedAt(Stage::Final),
        End::Withdrawn,
        End::WithdrawnWhenReturned
    )]
    end: End,
    #[values("2029-02-19", "2029-03-01", "2029-03-02", "2029-03-20")] ended_on: CalendarDate,
) {
    let mut world = World::registered(day("2026-03-01"));
    world.earn(900);
    world.go_to_day(day("2028-12-01"));
    let id = world.draft(ApplicationKind::Renewal);
    world.submit(&id).unwrap();
    if end == End::RefusedAt(Stage::Final) {
        world.decide_stage(&id, Outcome::Approve).unwrap();
    }
    world.go_to_day(ended_on);
    assert_eq!(world.run_job(), []);
    match end {
        End::RefusedAt(_) => world.decide_stage(&id, Outcome::Refuse).unwrap(),
        End::Withdrawn => world.withdraw(&id).unwrap(),
        End::WithdrawnWhenReturned => {
            world.decide_stage(&id, Outcome::Return).unwrap();
            world.withdraw(&id).unwrap()
        }
    };
    let registration = world.registration().clone();
    assert_eq!(registration.pending_renewal, None);
    let lapsed = |message: &Message| matches!(message, Message::Lapsed { can_register_again: true, .. });
    let told = world.outbox.iter().filter(|notification| lapsed(&notification.message)).count();
    if ended_on > day("2029-03-01") {
        assert_eq!((registration.status, registration.next_due, told), (RegistrationStatus::Lapsed, None, 1));
    } else {
        assert_eq!((registration.status, told), (RegistrationStatus::Active, 0));
        assert!(registration.is_valid_on(ended_on) && registration.next_due.is_some());
        // It can be tried again as long as the window is open.
        let again = world.draft(ApplicationKind::Renewal);
        world.submit(&again).unwrap();
        world.approve_all(&again);
        assert_eq!(world.registration().valid_until, day("2032-03-01"));
    }
}

#[test]
fn a_renewal_nobody_mends_lets_the_registration_lapse_when_the_mending_period_is_over() {
    let (mut world, id) = renewal_on_the_last_day();
    world.go_to_day(day("2029-03-10"));
    world.decide_stage(&id, Outcome::Return).unwrap();
    for days in 1..=60 {
        world.go_to_day(day("2029-03-10").plus_days(days));
        world.run_job();
        assert!(world.registration().is_valid_on(world.now.day()), "day {days}");
    }
    world.go_to_day(day("2029-05-10"));
    let told: Vec<_> = world.run_job().into_iter().map(|notification| notification.message).collect();
    assert!(matches!(&told[..], [Message::Lapsed { .. }, Message::MendPeriodOver { .. }]), "{told:?}");
    assert_eq!(world.state(&id), State::Withdrawn);
    assert_eq!(world.registration().status, RegistrationStatus::Lapsed);
}

#[test]
fn the_clock_and_not_the_job_says_when_the_mending_period_is_over() {
    let (mut world, id) = renewal_on_the_last_day();
    world.go_to_day(day("2029-03-10"));
    world.decide_stage(&id, Outcome::Return).unwrap();
    let mut late = world.clone();
    world.go_to("2029-05-09T23:59:59.999+08:00".parse().unwrap());
    assert_eq!(code(&world.submit(&id)), "ok");
    late.go_to("2029-05-10T00:00:00.000+08:00".parse().unwrap());
    assert_eq!(code(&late.submit(&id)), "mend_period_over");
}

#[rstest]
#[case::the_newer_listed_last(false)]
#[case::the_newer_listed_first(true)]
fn a_cycle_keeps_the_rules_it_started_under_and_the_next_one_takes_the_newest(#[case] newer_first: bool) {
    const HUBEI: &str = include_str!("../rules/hubei.toml");
    let assistant = "assistant_social_worker = { value = 90,";
    assert!(HUBEI.contains(assistant));
    let newer = HUBEI
        .replace("version = \"2026-01\"", "version = \"2028-01\"")
        .replace(assistant, "assistant_social_worker = { value = 120,");
    let mut texts = [HUBEI, &newer, include_str!("../rules/national.toml")];
    if newer_first {
        texts.swap(0, 1);
    }

    let mut world = World::registered(day("2026-03-01"));
    assert_eq!(world.registration().cycle.rules, hubei().key());
    world.rules = Box::leak(Box::new(RuleLibrary::parse(&texts).unwrap()));
    assert_eq!(world.rules.for_district(Some(&"420106".parse().unwrap())).version, "2028-01");
    world.go_to_day(day("2028-12-01"));
    world.earn(900);
    let id = world.draft(ApplicationKind::Renewal);
    assert_eq!(code(&world.submit(&id)), "ok", "90 hours are enough for the cycle of 2026");
    world.approve_all(&id);
    assert_eq!(world.registration().cycle.rules.version, "2028-01");
    let Message::Registered { hours_required_tenths, .. } = world.last_message() else {
        panic!("told of the renewal")
    };
    assert_eq!(*hours_required_tenths, 1200);
}
