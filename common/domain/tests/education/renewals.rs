//! What a renewal asks of hours, what it does to them, and what reminders say of them.

use super::{claim_of, course, ethics, hours, library, reason};
use crate::common::{World, activity, code, preliminary_reviewer};
use domain::{
    application::ApplicationKind,
    credit::{
        CreditCategory::{self, Ethics, Professional},
        CreditForm, CreditRecord, CreditState, Why,
    },
    date::date,
    education::{self, Correction, Row},
    error::Refusal,
    id::{CreditId, StaffId},
    notification::Message,
    registration::RegistrationStatus,
};
use rstest::rstest;

/// Somebody registered on 2 March 2026 where a fifth must be ethics, in the window of their renewal.
fn world() -> World {
    let (from, to) = ethics(20);
    let mut world = World::registered_under(library(&[(from, &to)]), date(2026, 3, 2));
    world.go_to_day(date(2029, 1, 10));
    world
}

fn put(world: &mut World, category: CreditCategory, tenths: u32, state: CreditState) -> CreditId {
    let id = world.put_credit(activity(CreditForm::Online, category, date(2028, 1, 1)), tenths);
    let record = world.dossier.credits.last_mut().unwrap();
    record.state = state;
    if state == CreditState::Pending {
        record.recognised = hours(0);
    }
    id
}

fn advice(refusal: &Refusal) -> Vec<(String, String)> {
    refusal.fields().into_iter().map(|error| (error.code, error.detail)).collect()
}

#[rstest]
#[case::nothing_done(0, 0, &["hours_missing", "ethics_missing"], "hours.required")]
#[case::short_of_a_tenth(719, 180, &["hours_missing"], "hours.required")]
#[case::short_of_ethics_alone(721, 179, &["ethics_missing"], "hours.ethics_percent")]
#[case::short_of_both(700, 179, &["hours_missing", "ethics_missing"], "hours.required")]
fn a_renewal_short_of_hours_or_ethics_is_not_taken_and_says_how_to_close_it(
    #[case] professional: u32,
    #[case] of_ethics: u32,
    #[case] codes: &[&str],
    #[case] rule: &str,
) {
    let mut world = world();
    put(&mut world, Professional, professional.max(1), CreditState::Recorded);
    put(&mut world, Ethics, of_ethics.max(1), CreditState::Recorded);
    let id = world.draft(ApplicationKind::Renewal);
    let before = world.dossier.clone();
    let refusal = world.submit(&id).unwrap_err();
    assert_eq!(world.dossier, before);
    assert_eq!((refusal.code(), refusal.rule().unwrap().rule.as_str()), ("hours_short", rule));
    let advice = advice(&refusal);
    assert_eq!(advice.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), codes);
    assert!(
        advice.iter().all(|(_, detail)| detail.contains("请于 2029 年 3 月 2 日前（含当日）完成")),
        "{advice:?}"
    );
    // What it says is missing is what is missing.
    let Refusal::HoursShort { missing, ethics_missing, .. } = refusal else { panic!("short") };
    world
        .put_credit(activity(CreditForm::InPerson, Ethics, date(2029, 1, 9)), ethics_missing.tenths().max(1));
    let rest = missing.minus(ethics_missing).tenths().max(1);
    world.put_credit(activity(CreditForm::InPerson, Professional, date(2029, 1, 9)), rest);
    assert_eq!(code(&world.submit(&id)), "ok");
}

#[rstest]
#[case::enough(200, "已申报待认定的 20 学时认定后即可满足")]
#[case::not_enough(
    50,
    "已申报待认定的 5 学时认定后仍差 15 学时，请于 2029 年 3 月 2 日前（含当日）完成，并由培训机构记录或自行申报"
)]
fn claims_that_wait_are_part_of_the_advice(#[case] waits: u32, #[case] said: &str) {
    let mut world = world();
    put(&mut world, Ethics, 180, CreditState::Recorded);
    put(&mut world, Professional, 520, CreditState::Recorded);
    put(&mut world, Professional, waits, CreditState::Pending);
    let id = world.draft(ApplicationKind::Renewal);
    let advice = advice(&world.submit(&id).unwrap_err());
    assert_eq!(advice, [("hours_missing".to_owned(), format!("继续教育还差 20 学时，{said}"))]);
}

/// As [`world`], with all hours done, some of a course, and one claim that waits; then renewed.
fn renewed() -> (World, CreditRecord, CreditRecord) {
    let mut world = world();
    let class = course(date(2028, 5, 4));
    let name = "张三".parse().unwrap();
    let row = Row { registration: None, name, hours: None, from: None, to: None, source: None };
    let provider = StaffId::mint(500);
    let recorded = world
        .educate(|dossier, rules, now| education::record(dossier, &class, &row, &provider, rules, now))
        .unwrap();
    put(&mut world, Ethics, 740, CreditState::Recorded);
    let waits = put(&mut world, Professional, 60, CreditState::Pending);
    let id = world.draft(ApplicationKind::Renewal);
    world.submit(&id).unwrap();
    world.approve_all(&id);
    let (recorded, waits) = (recorded.credit.unwrap().id, world.credit(&waits));
    (world.clone(), world.credit(&recorded), waits)
}

#[test]
fn an_approved_renewal_closes_its_cycle_with_the_hours_it_used() {
    let (world, ..) = renewed();
    let [closed] = &world.registration().closed[..] else { panic!("one cycle is closed") };
    assert_eq!((closed.cycle.start, closed.cycle.end), (date(2026, 3, 2), date(2029, 3, 2)));
    assert_eq!((closed.hours.counted, closed.hours.required), (hours(900), hours(900)));
    assert_eq!(closed.closed_on, date(2029, 1, 10));
    // They are that cycle's: the next one begins with none.
    let assessed = world.assessed();
    assert_eq!(assessed.shortfall.counted, hours(0));
    assert!(assessed.lines.iter().all(|line| line.uncounted[0].code == Why::OtherCycle));
}

#[test]
fn hours_used_by_an_approved_renewal_are_locked() {
    let (mut world, recorded, waits) = renewed();
    let provider = StaffId::mint(500);
    let class = course(date(2028, 5, 4));
    let why = || reason("recording_error");
    let answer = world.educate(|dossier, rules, now| {
        let correction = Correction { course: &class, hours: hours(80), reason: why() };
        education::correct(dossier, &recorded, correction, &provider, rules, now)
    });
    assert_eq!(code(&answer), "credit_locked");
    let answer = world
        .educate(|dossier, rules, now| education::strike(dossier, &recorded, why(), &provider, rules, now));
    assert_eq!(code(&answer), "credit_locked");
    let reviewer = preliminary_reviewer("4201");
    // Nor is anything added to them: what still waits can be refused, or taken back.
    let answer = world.clone().educate(|dossier, rules, now| {
        education::recognise(dossier, &waits, &reviewer, None, vec![], rules, now)
    });
    assert_eq!(code(&answer), "credit_locked");
    let answer = world.clone().educate(|dossier, rules, now| {
        education::refuse(dossier, &waits, &reviewer, vec![reason("other")], rules, now)
    });
    assert_eq!(code(&answer), "ok");
    let edit = claim_of(CreditForm::Seminar, date(2028, 6, 1), 60);
    let answer = world
        .clone()
        .educate(|dossier, rules, now| education::edit_claim(dossier, &waits, &edit, rules, now));
    assert_eq!(code(&answer), "credit_locked");
    let answer = world.educate(|dossier, rules, now| education::withdraw_claim(dossier, &waits, rules, now));
    assert_eq!(code(&answer), "ok");
}

#[test]
fn a_sample_of_locked_hours_can_be_confirmed_and_not_cut() {
    let (mut world, recorded, _) = renewed();
    world
        .educate(|dossier, rules, now| education::ask_for_evidence(dossier, &recorded, None, rules, now))
        .unwrap();
    let asked = world.credit(&recorded.id);
    let reviewer = preliminary_reviewer("4201");
    let decide = |tenths, reasons| {
        let answer = world.clone().educate(|dossier, rules, now| {
            education::recognise(dossier, &asked, &reviewer, Some(hours(tenths)), reasons, rules, now)
        });
        code(&answer)
    };
    assert_eq!(decide(80, vec![reason("other")]), "credit_locked");
    assert_eq!(decide(160, vec![]), "ok");
    let answer = world.educate(|dossier, rules, now| {
        education::refuse(dossier, &asked, &reviewer, vec![reason("other")], rules, now)
    });
    assert_eq!(code(&answer), "credit_locked");
}

#[rstest]
#[case::in_the_closed_cycle(date(2028, 6, 1), "cycle_closed")]
#[case::before_even_the_first(date(2025, 6, 1), "cycle_closed")]
#[case::on_its_last_day(date(2029, 3, 2), "cycle_closed")]
#[case::on_the_first_of_the_next(date(2029, 3, 3), "ok")]
fn nothing_is_claimed_for_a_cycle_that_is_closed(
    #[case] day: domain::date::CalendarDate,
    #[case] expected: &str,
) {
    let (mut world, ..) = renewed();
    world.go_to_day(date(2029, 3, 10));
    let holder = world.dossier.profile.holder.clone();
    let input = claim_of(CreditForm::Seminar, day, 60);
    let mint = |start| CreditId::mint(&holder, start, 99);
    let answer = world.educate(|dossier, rules, now| education::claim(dossier, &input, mint, rules, now));
    assert_eq!(code(&answer), expected);
    if let Ok(change) = answer {
        assert_eq!(change.credit.unwrap().cycle_start, date(2029, 3, 3));
    }
}

#[test]
fn what_a_renewal_used_stays_used_when_the_certificate_is_registered_anew() {
    let (mut world, ..) = renewed();
    world.go_to_day(date(2032, 3, 10));
    world.run_job();
    assert_eq!(world.registration().status, RegistrationStatus::Lapsed);
    let again = world.first_with(serde_json::json!({ "issued_on": "2026-03-02" }));
    world.submit(&again).unwrap();
    world.approve_all(&again);
    assert!(world.registration().cycle.first && world.registration().closed.is_empty());
    let holder = world.dossier.profile.holder.clone();
    let claim = |day| {
        let input = claim_of(CreditForm::Seminar, day, 60);
        let mint = |start| CreditId::mint(&holder, start, 99);
        code(
            &world.clone().educate(|dossier, rules, now| education::claim(dossier, &input, mint, rules, now)),
        )
    };
    assert_eq!(claim(date(2028, 6, 1)), "cycle_closed");
    // Since then nothing has used them.
    assert_eq!(claim(date(2030, 6, 1)), "ok");
}

#[test]
fn a_course_that_a_renewal_used_is_not_claimed_again() {
    let (mut world, recorded, _) = renewed();
    world.go_to_day(date(2029, 3, 10));
    let class =
        domain::credit::Course { from: date(2029, 3, 4), to: date(2029, 3, 6), ..course(date(2028, 5, 4)) };
    let mut input = claim_of(CreditForm::InPerson, class.from, 160);
    input.activity.done_to = class.to;
    input.course = Some(class);
    let holder = world.dossier.profile.holder.clone();
    let mint = |start| CreditId::mint(&holder, start, 99);
    let refusal =
        world.educate(|dossier, rules, now| education::claim(dossier, &input, mint, rules, now)).unwrap_err();
    assert_eq!(refusal.code(), "already_credited");
    assert_eq!(recorded.cycle_start, date(2026, 3, 2));
}

#[test]
fn a_reminder_says_how_many_hours_are_missing_and_of_which_kind() {
    let (from, to) = ethics(20);
    let mut world = World::registered_under(library(&[(from, &to)]), date(2026, 3, 2));
    put(&mut world, Professional, 500, CreditState::Recorded);
    put(&mut world, Ethics, 60, CreditState::Recorded);
    put(&mut world, Professional, 75, CreditState::Pending);
    world.go_to_day(date(2028, 12, 2));
    let told = world.run_job();
    let [Message::RenewalDue { hours_missing_tenths, ethics_missing_tenths, hours_pending_tenths, .. }] =
        &told.iter().map(|told| told.message.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("one reminder: {told:?}")
    };
    assert_eq!((*hours_missing_tenths, *ethics_missing_tenths, *hours_pending_tenths), (340, 120, 75));
}
