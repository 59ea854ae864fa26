//! What a training provider records: each row of a class list, its corrections, and its withdrawal.

use super::{course, hours, reason};
use crate::common::{Answer, World, activity, code};
use domain::{
    actor::Actor,
    application::{JournalAction, Reason},
    credit::{Course, CreditCategory, CreditForm, CreditRecord, CreditState, EvidenceKind, RosterRow},
    date::{CalendarDate, date},
    education::{self, Correction, Row},
    error::Refusal,
    id::{CreditId, RosterId, StaffId},
    notification::Message,
};
use rstest::rstest;

fn world() -> World {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2027, 6, 10));
    world
}

fn provider() -> StaffId {
    StaffId::mint(500)
}

fn class() -> Course {
    course(date(2027, 5, 4))
}

fn row() -> Row {
    Row {
        registration: None, name: "张三".parse().unwrap(), hours: None, from: None, to: None, source: None
    }
}

fn record(world: &mut World, course: &Course, row: &Row) -> Answer {
    world.educate(|dossier, rules, now| education::record(dossier, course, row, &provider(), rules, now))
}

fn recorded(world: &mut World, tenths: Option<u32>) -> CreditRecord {
    let row = Row { hours: tenths.map(hours), ..row() };
    record(world, &class(), &row).unwrap().credit.map(|credit| *credit).unwrap()
}

fn correct(world: &mut World, held: &CreditRecord, tenths: u32, by: &StaffId) -> Answer {
    let why = reason("recording_error");
    world.educate(|dossier, rules, now| {
        let correction = Correction { course: &class(), hours: hours(tenths), reason: why };
        education::correct(dossier, held, correction, by, rules, now)
    })
}

fn strike(world: &mut World, held: &CreditRecord, by: &StaffId) -> Answer {
    let why = reason("recording_error");
    world.educate(|dossier, rules, now| education::strike(dossier, held, why, by, rules, now))
}

#[test]
fn what_a_provider_records_counts_at_once_and_its_holder_is_told() {
    let mut world = world();
    let change = record(&mut world, &class(), &row()).unwrap();
    let held = *change.credit.unwrap();
    assert_eq!((held.state, held.claimed, held.recognised), (CreditState::Recorded, hours(160), hours(160)));
    assert_eq!((held.activity.done_from, held.activity.done_to), (class().from, class().to));
    assert_eq!(world.assessed().shortfall.counted, hours(160));
    assert_eq!(change.journal.action, JournalAction::HoursRecorded);
    let Message::HoursRecorded { hours: line, corrected: false, .. } = world.last_message() else {
        panic!("told")
    };
    assert_eq!((line.tenths, line.counted_tenths, line.required_tenths), (160, 160, 900));
    assert_eq!((line.unit.as_str(), line.form.as_str()), ("学时", "面授培训"));
    assert_eq!(world.outbox.last().unwrap().id, format!("{}-v1-recorded", held.id));
}

#[rstest]
#[case::in_part(|row: &mut Row| row.hours = Some(hours(75)), "ok")]
#[case::over_its_hours(|row: &mut Row| row.hours = Some(hours(161)), "over_course_hours")]
#[case::none(|row: &mut Row| row.hours = Some(hours(0)), "invalid_fields")]
#[case::the_last_day_only(|row: &mut Row| row.from = Some(date(2027, 5, 6)), "ok")]
#[case::a_day_before_the_course(|row: &mut Row| row.from = Some(date(2027, 5, 3)), "outside_course")]
#[case::a_day_after_it(|row: &mut Row| row.to = Some(date(2027, 5, 7)), "outside_course")]
#[case::the_wrong_way_round(|row: &mut Row| row.to = Some(date(2027, 5, 3)), "invalid_fields")]
#[case::somebody_elses_name(|row: &mut Row| row.name = "李四".parse().unwrap(), "name_disagrees")]
fn each_row_gets_an_answer_of_its_own(#[case] edit: fn(&mut Row), #[case] expected: &str) {
    let mut row = row();
    edit(&mut row);
    assert_eq!(code(&record(&mut world(), &class(), &row)), expected);
}

#[rstest]
#[case::of_another_unit(|course: &mut Course| course.unit = "小时".to_owned(), "other_unit")]
#[case::that_lies_ahead(|course: &mut Course| *course = self::course(date(2027, 6, 9)), "invalid_fields")]
#[case::that_ended_today(|course: &mut Course| *course = self::course(date(2027, 6, 8)), "ok")]
#[case::in_house_and_not_on_record(|course: &mut Course| course.form = CreditForm::InHouse, "invalid_fields")]
fn a_course_must_be_one_that_can_count(#[case] edit: fn(&mut Course), #[case] expected: &str) {
    let mut class = class();
    edit(&mut class);
    assert_eq!(code(&record(&mut world(), &class, &row())), expected);
}

#[test]
fn a_row_for_somebody_not_registered_waits_with_whoever_keeps_the_list() {
    let mut world = World::new(crate::common::noon(date(2027, 6, 10)));
    assert_eq!(code(&record(&mut world, &class(), &row())), "not_registered");
}

#[test]
fn a_list_that_comes_twice_records_nothing_twice() {
    let mut world = world();
    let held = recorded(&mut world, None);
    assert_eq!(held.id, CreditId::of_course(&held.holder, date(2026, 3, 2), &class().id));
    assert_eq!(code(&record(&mut world, &class(), &row())), "already_recorded");
    assert_eq!(
        code(&record(&mut world, &class(), &Row { hours: Some(hours(80)), ..row() })),
        "already_recorded"
    );
    assert_eq!(world.dossier.credits.len(), 1);
}

#[test]
fn the_same_course_is_not_recorded_beside_a_claim_that_counts() {
    let mut world = world();
    let activity = class().attended(class().from, class().to);
    let id = world.put_credit(activity, 100);
    assert_eq!(code(&record(&mut world, &class(), &row())), "already_recorded");
    // One that still waits doesn't stand in the way; what it comes to is counted once.
    let place = world.dossier.credits.iter().position(|held| held.id == id).unwrap();
    world.dossier.credits[place].state = CreditState::Pending;
    assert_eq!(code(&record(&mut world, &class(), &row())), "ok");
    world.dossier.credits[place].state = CreditState::Recognised;
    assert_eq!(world.assessed().shortfall.counted, hours(160));
}

#[rstest]
#[case::less(75, "ok")]
#[case::more_than_the_course_has(161, "over_course_hours")]
#[case::none(0, "invalid_fields")]
#[case::no_other(160, "nothing_changed")]
fn a_row_is_corrected_with_a_reason(#[case] tenths: u32, #[case] expected: &str) {
    let mut world = world();
    let held = recorded(&mut world, None);
    let answer = correct(&mut world, &held, tenths, &provider());
    assert_eq!(code(&answer), expected);
    if let Ok(change) = answer {
        assert_eq!(world.assessed().shortfall.counted, hours(tenths));
        assert_eq!(change.journal.reasons, [reason("recording_error")]);
        let Message::HoursRecorded { corrected: true, reasons, .. } = world.last_message() else {
            panic!("told")
        };
        assert_eq!(reasons[0].text, "记录有误：见材料第 2 页");
        let next = world.credit(&held.id);
        assert_eq!((next.version, next.state), (2, CreditState::Recorded));
        let ruling = next.ruling.expect("why stays on the record");
        let by = Actor::Staff(provider());
        assert_eq!((ruling.by, ruling.at, ruling.reasons), (by, world.now, change.journal.reasons));
    }
}

#[test]
fn a_correction_may_give_hours_that_were_left_out() {
    let mut world = world();
    let held = recorded(&mut world, Some(75));
    correct(&mut world, &held, 160, &provider()).unwrap();
    assert_eq!(world.assessed().shortfall.counted, hours(160));
}

#[test]
fn a_row_is_its_providers_to_correct_and_take_back() {
    let mut world = world();
    let held = recorded(&mut world, None);
    let other = StaffId::mint(501);
    assert_eq!(code(&correct(&mut world, &held, 80, &other)), "other_provider");
    assert_eq!(code(&strike(&mut world, &held, &other)), "other_provider");
    let bare = Reason { part: None, ground: "because".to_owned(), note: String::new() };
    let answer =
        world.educate(|dossier, rules, now| education::strike(dossier, &held, bare, &provider(), rules, now));
    assert_eq!(code(&answer), "unknown_ground");
}

#[test]
fn a_row_that_was_taken_back_can_be_recorded_again_and_one_struck_out_for_fraud_cannot() {
    let mut world = world();
    let held = recorded(&mut world, None);
    strike(&mut world, &held, &provider()).unwrap();
    assert_eq!(world.credit(&held.id).state, CreditState::Withdrawn);
    assert_eq!(world.assessed().shortfall.counted, hours(0));
    let Message::HoursVoided { taken_back: true, .. } = world.last_message() else { panic!("told") };
    let ruling = world.credit(&held.id).ruling.expect("why stays on the record");
    assert_eq!((ruling.by, ruling.reasons.len()), (Actor::Staff(provider()), 1));
    let line = world.assessed().line(&held.id).unwrap().uncounted[0].detail.clone();
    assert!(line.contains("培训机构撤回"), "{line}");
    let taken_back = super::put_files(&mut world, &held.id, vec![super::file(EvidenceKind::Notice, 1)]);
    assert_eq!(code(&strike(&mut world, &taken_back, &provider())), "wrong_credit_state");
    let again = recorded(&mut world, Some(80));
    assert_eq!((&again.id, again.version, again.state), (&held.id, 3, CreditState::Recorded));
    assert_eq!(again.files, taken_back.files, "what was uploaded is kept");
    assert_eq!(again.ruling, None, "what was taken back is history");
    assert_eq!(world.assessed().shortfall.counted, hours(80));
    world.dossier.credits[0].state = CreditState::Voided;
    assert_eq!(code(&record(&mut world, &class(), &row())), "already_voided");
}

#[rstest]
#[case::in_the_first_cycle("2026-02-27", "ok")]
#[case::on_its_last_days("2029-02-28", "ok")]
#[case::beyond_it("2029-03-01", "outside_cycle")]
fn a_course_counts_in_the_cycle_it_ended_in(#[case] from: CalendarDate, #[case] expected: &str) {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2029, 3, 2));
    assert_eq!(code(&record(&mut world, &course(from), &row())), expected);
}

#[test]
fn another_course_the_same_day_is_recorded_and_seen() {
    let mut world = world();
    recorded(&mut world, None);
    world.put_credit(activity(CreditForm::Seminar, CreditCategory::Professional, date(2027, 5, 5)), 30);
    let assessed = world.assessed();
    assert_eq!(assessed.shortfall.counted, hours(190), "a morning and an afternoon are two trainings");
    assert!(assessed.lines.iter().all(|line| line.likenesses.len() == 1));
}

/// Row `row` of the provider's class list of number `list`.
fn of_list(list: u128, row: u32) -> RosterRow {
    RosterRow { roster: RosterId::mint(&provider(), date(2027, 6, 10), list), row }
}

#[test]
fn a_class_list_knows_its_own_rows_when_it_comes_again() {
    let mut world = world();
    let from = |source: &RosterRow| Row { source: Some(source.clone()), ..row() };
    let first = of_list(1, 7);
    let held = record(&mut world, &class(), &from(&first)).unwrap().credit.unwrap();
    assert_eq!(held.roster.as_ref(), Some(&first));
    let Err(Refusal::Credit(refusal)) = record(&mut world, &class(), &from(&first)) else { panic!("twice") };
    assert_eq!(refusal.code(), "already_recorded");
    let own = |world: &World, row: &RosterRow| {
        education::own_record(&world.dossier, row).map(|held| held.id.clone())
    };
    assert_eq!(own(&world, &first), Some(held.id.clone()));
    for other in [of_list(1, 8), of_list(2, 7)] {
        assert_eq!(own(&world, &other), None, "{other:?}");
    }
    // Taken back, it's not recorded again by the row that it was; recorded from another list, it's that list's.
    strike(&mut world, &held, &provider()).unwrap();
    assert_eq!(own(&world, &first), None);
    assert_eq!(code(&record(&mut world, &class(), &from(&first))), "wrong_credit_state");
    let second = of_list(2, 1);
    let again = record(&mut world, &class(), &from(&second)).unwrap().credit.unwrap();
    let held_id = held.id.clone();
    assert_eq!((again.id, again.roster.as_ref()), (held.id, Some(&second)));
    assert_eq!((own(&world, &first), own(&world, &second)), (None, again.roster.map(|_| held_id)));
    // Recorded without a list, it's nobody's.
    let bare = recorded(&mut self::world(), None);
    assert_eq!(bare.roster, None);
}

#[test]
fn what_was_asked_for_is_still_asked_for_when_a_row_is_taken_back_and_reported_again() {
    let mut world = world();
    let from = |source: RosterRow| Row { source: Some(source), ..row() };
    let held = record(&mut world, &class(), &from(of_list(1, 7))).unwrap().credit.unwrap();
    world
        .educate(|dossier, rules, now| education::ask_for_evidence(dossier, &held, None, rules, now))
        .unwrap();
    let asked = world.credit(&held.id);
    strike(&mut world, &asked, &provider()).unwrap();
    assert_eq!(world.credit(&held.id).next_due, None, "nobody is reminded of what doesn't count");
    let again = record(&mut world, &class(), &from(of_list(2, 1))).unwrap().credit.unwrap();
    assert_eq!((again.audit, again.next_due), (asked.audit, asked.next_due));
}

#[test]
fn who_does_not_know_the_name_learns_nothing_of_the_cycle() {
    let mut world = world();
    let number = world.registration().number.clone();
    let stranger = Row { name: "李四".parse().unwrap(), registration: Some(number), ..row() };
    let later = Course { from: date(2035, 5, 6), to: date(2035, 5, 6), ..class() };
    assert_eq!(code(&record(&mut world, &later, &stranger)), "name_disagrees");
}

#[test]
fn a_correction_gives_no_more_hours_than_the_days_have() {
    let mut world = world();
    let long = Course { hours: hours(600), to: class().from.plus_days(9), ..class() };
    let one_day = Row { hours: Some(hours(60)), from: Some(long.from), to: Some(long.from), ..row() };
    let held = record(&mut world, &long, &one_day).unwrap().credit.unwrap();
    let reason = Reason { part: None, ground: "recording_error".to_owned(), note: String::new() };
    let corrected = world.educate(|dossier, rules, now| {
        let correction = Correction { course: &long, hours: hours(400), reason: reason.clone() };
        education::correct(dossier, &held, correction, &provider(), rules, now)
    });
    assert_eq!(code(&corrected), "invalid_fields");
}
