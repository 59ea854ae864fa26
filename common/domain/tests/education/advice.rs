//! The transcript's sentence: how a cycle stands on a day, and what to do next.

use super::{file, library};
use crate::common::{World, activity};
use domain::{
    application::{ApplicationKind, Outcome},
    credit::{CreditCategory, CreditForm, CreditState, EvidenceKind},
    date::{CalendarDate, date},
    education,
    registration::RegistrationStatus,
};
use rstest::rstest;

/// Registered from 2 March 2026 to 2 March 2029, on `day`, with `tenths` of an hour of the 90 hours asked for.
fn world(day: CalendarDate, tenths: u32) -> World {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2026, 6, 1));
    world.earn(tenths);
    world.go_to_day(day);
    world
}

/// What the transcript says on the world's day.
fn said(world: &World) -> String {
    let registration = world.registration();
    let rules = world.rules.get(&registration.cycle.rules);
    education::advice(registration, None, &world.assessed(), rules, world.now.day())
}

#[rstest]
#[case::not_open_yet("2027-01-10", "尚未开放，请在 2028 年 12 月 2 日至 2029 年 3 月 2 日之间提交")]
#[case::the_day_before("2028-12-01", "尚未开放")]
#[case::open("2028-12-02", "现在可以提交再登记申请，请在 2029 年 3 月 2 日前（含当日）提交")]
#[case::the_last_day("2029-03-02", "现在可以提交")]
#[case::over("2029-03-03", "提交期限（至 2029 年 3 月 2 日）已过，请与登记机构联系")]
fn with_all_hours_the_window_is_what_matters(#[case] day: CalendarDate, #[case] expected: &str) {
    let said = said(&world(day, 900));
    assert!(said.starts_with("学时已达到要求") && said.contains(expected), "{said}");
}

#[rstest]
#[case::years_left("2027-03-02", "还有 731 天", false)]
#[case::a_claim_would_be_decided_on_the_last_day("2029-01-12", "还有 49 天", false)]
#[case::or_after_it("2029-02-20", "还有 10 天", true)]
#[case::the_last_day("2029-03-02", "今天是最后一天", true)]
fn short_of_hours_it_says_how_long_is_left_and_which_way_is_quick_enough(
    #[case] day: CalendarDate,
    #[case] left: &str,
    #[case] late: bool,
) {
    let said = said(&world(day, 600));
    assert!(said.starts_with("还差 30 学时，最迟应于 2029 年 3 月 2 日补足"), "{said}");
    assert!(said.contains(left), "{said}");
    assert_eq!(said.contains("未必赶得上，由培训机构报送的课程自报送起即计入"), late, "{said}");
}

#[test]
fn short_of_hours_after_the_last_day_there_is_nothing_to_make_up() {
    let said = said(&world(date(2029, 3, 3), 600));
    assert!(said.starts_with("还差 30 学时") && said.contains("已过") && !said.contains("补足"), "{said}");
}

#[test]
fn claims_that_wait_are_part_of_it() {
    let mut world = world(date(2027, 3, 2), 600);
    let done = activity(CreditForm::Seminar, CreditCategory::Ethics, date(2027, 1, 5));
    let id = world.put_credit(done, 100);
    let held = world.dossier.credits.iter_mut().find(|held| held.id == id).unwrap();
    held.state = CreditState::Pending;
    held.files = vec![file(EvidenceKind::SignInSheet, 1)];
    assert!(
        said(&world).contains("还差 30 学时；另有 10 学时待认定，全部认定后仍差 20 学时"),
        "{}",
        said(&world)
    );
}

#[test]
fn a_renewal_under_review_needs_nothing_more_unless_its_hours_are_gone() {
    let mut world = world(date(2029, 1, 10), 900);
    let renewal = world.draft(ApplicationKind::Renewal);
    world.submit(&renewal).unwrap();
    let waits = said(&world);
    assert!(waits.contains(renewal.as_str()) && waits.contains("正在审核"), "{waits}");
    assert!(waits.contains("无需其他操作"), "{waits}");
    world.dossier.credits[0].state = CreditState::Voided;
    let short = said(&world);
    assert!(short.contains("正在审核") && short.contains("学时还差 90 学时，不补足不能通过"), "{short}");
}

#[test]
fn a_cycle_that_a_renewal_used_is_locked() {
    let mut world = world(date(2029, 1, 10), 900);
    let renewal = world.draft(ApplicationKind::Renewal);
    world.submit(&renewal).unwrap();
    for _ in 0..2 {
        world.decide_stage(&renewal, Outcome::Approve).unwrap();
    }
    let registration = world.registration();
    let (assessed, rules) = (world.assessed(), world.rules.get(&registration.cycle.rules));
    let said = education::advice(registration, Some(&renewal), &assessed, rules, world.now.day());
    assert!(said.contains("锁定"), "{said}");
}

#[rstest]
#[case(RegistrationStatus::Lapsed, "可凭职业水平证书重新办理登记")]
#[case(RegistrationStatus::Cancelled, "可凭职业水平证书重新办理登记")]
#[case(RegistrationStatus::Revoked, "请与登记机构联系")]
#[case(RegistrationStatus::TransferredOut, "请在转入地继续办理")]
fn a_registration_that_ended_cannot_be_renewed(#[case] status: RegistrationStatus, #[case] next: &str) {
    let mut world = world(date(2027, 3, 2), 900);
    world.dossier.registrations[0].status = status;
    let said = said(&world);
    assert!(said.starts_with(&format!("登记{}，不能再登记", status.label())), "{said}");
    assert!(said.contains(next), "{said}");
}

#[test]
fn where_nobody_registers_late_a_lapsed_registration_is_for_people() {
    let mut world = world(date(2027, 3, 2), 900);
    world.dossier.registrations[0].status = RegistrationStatus::Lapsed;
    world.rules = Box::leak(Box::new(library(&[(
        "late = { value = \"accept_and_flag\"",
        "late = { value = \"refuse\"",
    )])));
    assert!(said(&world).contains("目前不能在线重新办理登记"), "{}", said(&world));
}
