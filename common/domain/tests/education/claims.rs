//! What a holder claims: what it must say, when it can be changed, and what a preview says beforehand.

use super::{claim_of, course, draft, ethics, hours, library, submit_with, tables};
use crate::common::{Answer, World, activity, code};
use domain::{
    application::JournalAction,
    credit::{CreditCategory, CreditForm, CreditRecord, CreditState, DegreeLevel, EvidenceKind, Why},
    date::{CalendarDate, date},
    education::{self, ClaimInput, Preview},
    error::Refusal,
    id::CourseId,
};
use rstest::rstest;

/// The world of somebody registered on 2 March 2026, a year later.
fn world() -> World {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2027, 6, 10));
    world
}

fn claim(world: &mut World, input: &ClaimInput) -> Answer {
    let entropy = world.journal.len() as u128;
    draft(world, input, entropy)
}

/// Claimed and submitted.
fn claimed(world: &mut World, input: &ClaimInput) -> CreditRecord {
    let id = claim(world, input).unwrap().credit.unwrap().id;
    submit_with(world, &id, EvidenceKind::CompletionCertificate)
        .unwrap()
        .credit
        .map(|credit| *credit)
        .unwrap()
}

fn preview(world: &World, input: &ClaimInput) -> Preview {
    education::preview(&world.dossier, input, world.rules, world.now)
}

fn seminar() -> ClaimInput {
    claim_of(CreditForm::Seminar, date(2027, 6, 1), 60)
}

type Edit = fn(&mut ClaimInput);

#[rstest]
#[case::hours_not_said(|claim: &mut ClaimInput| claim.hours = None, "hours", "missing_field")]
#[case::no_hours(|claim: &mut ClaimInput| claim.hours = Some(hours(0)), "hours", "hours_absurd")]
#[case::more_than_a_day_has(|claim: &mut ClaimInput| claim.hours = Some(hours(241)), "hours", "hours_absurd")]
#[case::absurd(|claim: &mut ClaimInput| { claim.activity.form = CreditForm::Research; claim.hours = Some(hours(10_001)) }, "hours", "hours_absurd")]
#[case::days_the_wrong_way_round(|claim: &mut ClaimInput| claim.activity.done_from = date(2027, 6, 2), "done_from", "dates_out_of_order")]
#[case::tomorrow(|claim: &mut ClaimInput| claim.activity.done_to = date(2027, 6, 11), "done_to", "date_in_future")]
#[case::a_course_nobody_knows(|claim: &mut ClaimInput| claim.activity.course = Some(CourseId::mint(1)), "course", "unknown_course")]
#[case::a_paper_without_its_journal(|claim: &mut ClaimInput| { claim.activity.form = CreditForm::Paper }, "particulars.journal_class", "missing_field")]
#[case::a_degree_without_its_level(|claim: &mut ClaimInput| { claim.activity.form = CreditForm::Degree }, "particulars.degree_level", "missing_field")]
fn a_claim_says_what_is_wrong_by_field(#[case] edit: Edit, #[case] field: &str, #[case] problem: &str) {
    let mut world = world();
    let mut input = seminar();
    edit(&mut input);
    let before = world.dossier.clone();
    let Err(Refusal::InvalidFields(errors)) = claim(&mut world, &input) else { panic!("it was taken") };
    let errors: Vec<_> = errors.iter().map(|error| (error.field.as_str(), error.code.as_str())).collect();
    assert_eq!(errors, [(field, problem)]);
    assert_eq!(world.dossier, before);
    // The preview names the same, but for days, which may lie ahead.
    let problems = preview(&world, &input).problems;
    let seen = problems.iter().any(|error| error.field == field && error.code == problem);
    assert_eq!(seen, field != "done_to");
}

#[rstest]
#[case::the_units_own(Some("学时"), "ok")]
#[case::not_said(None, "ok")]
#[case::another(Some("小时"), "other_unit")]
fn a_claim_is_of_the_unit_that_the_rules_speak_of(#[case] unit: Option<&str>, #[case] expected: &str) {
    let input = ClaimInput { unit: unit.map(str::to_owned), ..seminar() };
    assert_eq!(code(&claim(&mut world(), &input)), expected);
}

#[rstest]
#[case::today("2027-06-10", "ok")]
#[case::before_the_first_registration("2025-06-10", "ok")]
#[case::beyond_the_cycle("2029-03-03", "outside_cycle")]
fn a_claim_is_for_the_open_cycle(#[case] day: CalendarDate, #[case] expected: &str) {
    assert_eq!(code(&claim(&mut world(), &claim_of(CreditForm::Seminar, day, 60))), expected);
}

#[test]
fn hours_before_the_first_registration_are_refused_where_the_rules_leave_them_out() {
    let strict = library(&[(
        "before_first_registration = { value = true",
        "before_first_registration = { value = false",
    )]);
    let mut world = World::registered_under(strict, date(2026, 3, 2));
    let early = claim_of(CreditForm::Seminar, date(2026, 3, 1), 60);
    let refusal = claim(&mut world, &early).unwrap_err();
    assert_eq!(refusal.code(), "outside_cycle");
    assert_eq!(refusal.rule().unwrap().rule, "hours.before_first_registration");
    assert_eq!(preview(&world, &early).obstacle.unwrap().code, "outside_cycle");
    assert_eq!(code(&claim(&mut world, &claim_of(CreditForm::Seminar, date(2026, 3, 2), 60))), "ok");
}

#[test]
fn nobody_claims_hours_without_a_registration() {
    let mut world = World::new(crate::common::noon(date(2027, 6, 10)));
    assert_eq!(code(&claim(&mut world, &seminar())), "not_registered");
    assert_eq!(preview(&world, &seminar()).obstacle.unwrap().code, "not_registered");
}

#[test]
fn a_form_that_is_left_out_cannot_be_claimed() {
    let rules = library(&[(
        "[hours.forms.seminar]\naccepted = { value = true",
        "[hours.forms.seminar]\naccepted = { value = false",
    )]);
    let mut world = World::registered_under(rules, date(2026, 3, 2));
    world.go_to_day(date(2027, 6, 10));
    let refusal = claim(&mut world, &seminar()).unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.rule().unwrap().rule.as_str()),
        ("form_not_accepted", "hours.forms.seminar.accepted")
    );
}

#[rstest]
#[case::not_said(None, "ok", 900)]
#[case::less(Some(800), "ok", 800)]
#[case::more(Some(901), "invalid_fields", 0)]
fn a_degree_is_claimed_with_the_hours_the_ministry_gives_it(
    #[case] tenths: Option<u32>,
    #[case] expected: &str,
    #[case] claimed: u32,
) {
    let mut world = World::registered_with(date(2026, 3, 2), serde_json::json!({ "district": "110105" }));
    world.go_to_day(date(2027, 6, 10));
    let mut input = claim_of(CreditForm::Degree, date(2027, 6, 1), 1);
    input.hours = tenths.map(hours);
    input.activity.particulars.degree_level = Some(DegreeLevel::Master);
    input.activity.particulars.degree_awarded = true;
    let answer = claim(&mut world, &input);
    assert_eq!(code(&answer), expected);
    if let Ok(change) = answer {
        let record = *change.credit.unwrap();
        assert_eq!((record.claimed, record.unit.as_str()), (hours(claimed), "小时"));
        // Once is once, also in what waits; a draft stands in nobody's way.
        assert_eq!(code(&claim(&mut world, &input)), "ok");
        submit_with(&mut world, &record.id, EvidenceKind::DegreeCertificate).unwrap();
        let again = claim(&mut world, &input).unwrap_err();
        assert_eq!(
            (again.code(), again.rule().unwrap().rule.as_str()),
            ("already_credited", "hours.one_activity_once")
        );
    }
}

fn of_course(tenths: Option<u32>) -> ClaimInput {
    let course = course(date(2027, 5, 4));
    let mut input = claim_of(CreditForm::Online, course.from, 0);
    input.activity.done_to = course.to;
    ClaimInput { hours: tenths.map(hours), course: Some(course), ..input }
}

#[test]
fn a_course_says_what_it_was_and_counts_once() {
    let mut world = world();
    let record = claimed(&mut world, &of_course(None));
    assert_eq!(record.claimed, hours(160));
    assert_eq!(record.activity.form, CreditForm::InPerson, "whatever the claim says");
    assert_eq!(
        (record.activity.category, record.activity.title.as_str()),
        (CreditCategory::Ethics, "社会工作价值观与伦理")
    );
    assert_eq!(code(&claim(&mut world, &of_course(Some(80)))), "already_credited");
    // Taken back, it's free again.
    world.educate(|dossier, rules, now| education::withdraw_claim(dossier, &record, rules, now)).unwrap();
    assert_eq!(code(&claim(&mut world, &of_course(Some(80)))), "ok");
}

#[rstest]
#[case::over_its_hours(|claim: &mut ClaimInput| claim.hours = Some(hours(161)), "over_course_hours")]
#[case::all_of_its_hours(|claim: &mut ClaimInput| claim.hours = Some(hours(160)), "ok")]
#[case::begun_before_it(|claim: &mut ClaimInput| claim.activity.done_from = date(2027, 5, 3), "outside_course")]
#[case::finished_after_it(|claim: &mut ClaimInput| claim.activity.done_to = date(2027, 5, 7), "outside_course")]
#[case::one_day_of_it(|claim: &mut ClaimInput| { claim.activity.done_to = date(2027, 5, 4); claim.hours = Some(hours(80)) }, "ok")]
fn a_claim_stays_within_its_course(#[case] edit: Edit, #[case] expected: &str) {
    let mut input = of_course(None);
    edit(&mut input);
    assert_eq!(code(&claim(&mut world(), &input)), expected);
}

#[rstest]
#[case(CreditState::Draft, "ok")]
#[case(CreditState::Pending, "ok")]
#[case(CreditState::Recorded, "wrong_credit_state")]
#[case(CreditState::Recognised, "wrong_credit_state")]
#[case(CreditState::Refused, "wrong_credit_state")]
#[case(CreditState::Withdrawn, "wrong_credit_state")]
#[case(CreditState::Voided, "wrong_credit_state")]
fn a_claim_is_edited_and_taken_back_until_it_is_decided(#[case] state: CreditState, #[case] expected: &str) {
    let mut world = world();
    let record = claimed(&mut world, &seminar());
    let held = CreditRecord { state, ..record.clone() };
    world.dossier.credits[0] = held.clone();
    let mut edited = seminar();
    edited.hours = Some(hours(45));
    let mut other = world.clone();
    let answer =
        other.educate(|dossier, rules, now| education::edit_claim(dossier, &held, &edited, rules, now));
    assert_eq!(code(&answer), expected);
    if let Ok(change) = answer {
        let next = *change.credit.unwrap();
        assert_eq!((next.claimed, next.version, &next.id), (hours(45), 3, &record.id));
        assert_eq!((next.state, next.files), (state, record.files.clone()));
        assert_eq!(change.journal.action, JournalAction::HoursClaimEdited);
    }
    let answer = world.educate(|dossier, rules, now| education::withdraw_claim(dossier, &held, rules, now));
    assert_eq!(code(&answer), expected);
    if let Ok(change) = answer {
        assert_eq!(change.credit.unwrap().state, CreditState::Withdrawn);
        assert_eq!(world.assessed().pending(), hours(0));
    }
}

#[test]
fn an_edit_is_checked_like_a_claim_and_does_not_stand_in_its_own_way() {
    let mut world = world();
    let record = claimed(&mut world, &of_course(None));
    let edit = |input: &ClaimInput| {
        let answer = world
            .clone()
            .educate(|dossier, rules, now| education::edit_claim(dossier, &record, input, rules, now));
        code(&answer)
    };
    assert_eq!(edit(&of_course(Some(80))), "ok");
    assert_eq!(edit(&of_course(Some(170))), "over_course_hours");
    assert_eq!(edit(&claim_of(CreditForm::Seminar, date(2027, 6, 11), 10)), "invalid_fields");
    assert_eq!(edit(&claim_of(CreditForm::Seminar, date(2029, 3, 3), 10)), "outside_cycle");
}

#[test]
fn a_claim_is_its_holders_alone() {
    let mut world = world();
    let record = claimed(&mut world, &seminar());
    world.dossier.profile.holder = domain::id::HolderId::mint(77);
    let answer = world.educate(|dossier, rules, now| education::withdraw_claim(dossier, &record, rules, now));
    assert_eq!(code(&answer), "unknown_credit");
    let answer =
        world.educate(|dossier, rules, now| education::edit_claim(dossier, &record, &seminar(), rules, now));
    assert_eq!(code(&answer), "unknown_credit");
}

#[test]
fn who_has_two_registrations_says_which() {
    let mut world = world();
    let again = world.first_with(serde_json::json!({
        "issued_on": "2027-06-10", "management_number": "202610420106000777", "certificate_level": "social_worker",
    }));
    world.submit(&again).unwrap();
    world.approve_all(&again);
    assert_eq!(code(&claim(&mut world, &seminar())), "registration_number_needed");
    let number = world.dossier.registrations[0].number.clone();
    let input = ClaimInput { registration: Some(number), ..seminar() };
    assert_eq!(claimed(&mut world, &input).cycle_start, date(2026, 3, 2));
}

#[test]
fn a_preview_says_what_would_count_and_writes_nothing() {
    let (from, to) = ethics(20);
    let caps = tables("[hours.caps]\nin_person = { value = 20, source = \"service\" }");
    let mut world =
        World::registered_under(library(&[("[hours.grounds]", &caps), (from, &to)]), date(2026, 3, 2));
    world.put_credit(activity(CreditForm::InPerson, CreditCategory::Professional, date(2026, 4, 1)), 100);
    let before = world.dossier.clone();
    // The course lies ahead.
    let ahead = ClaimInput { hours: None, ..of_course(None) };
    let seen = preview(&world, &ahead);
    assert_eq!(world.dossier, before);
    assert!(seen.counts && seen.obstacle.is_none() && seen.problems.is_empty());
    assert_eq!((seen.claimed, seen.gained, seen.unit.as_deref()), (hours(160), hours(100), Some("学时")));
    let (before, after) = (seen.before.unwrap(), seen.after.unwrap());
    assert_eq!((before.missing, before.ethics_missing), (hours(800), hours(180)));
    // All sixteen hours of ethics are in, and six of the others made room for them.
    assert_eq!((after.missing, after.ethics_missing), (hours(700), hours(20)));
    assert!(seen.uncounted.is_empty());
    assert!(seen.evidence.contains(&EvidenceKind::CompletionCertificate));
    assert_eq!(seen.cycle.unwrap().start, date(2026, 3, 2));
}

#[test]
fn a_preview_of_what_is_on_record_says_that_it_counts_once() {
    let mut world = world();
    world.put_credit(course(date(2027, 5, 4)).attended(date(2027, 5, 4), date(2027, 5, 6)), 160);
    let seen = preview(&world, &of_course(None));
    assert!(!seen.counts);
    assert_eq!(seen.uncounted.iter().map(|out| out.code).collect::<Vec<_>>(), [Why::SameActivity]);
    assert_eq!(seen.likenesses.len(), 2, "the same course, on the same days");
}
