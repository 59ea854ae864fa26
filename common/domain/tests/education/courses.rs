//! The catalogue: what a course must say to be offered, who takes it out again, and what follows from that.

use super::{claim_of, course, draft, hours, hubei_with, put_files};
use crate::common::{World, code, noon};
use domain::{
    credit::{Course, CreditForm, CreditState},
    date::{Instant, date},
    education::{self, ClaimInput, Correction, CourseInput, Row},
    error::Refusal,
    id::{CourseId, StaffId},
    rules::RuleSet,
};
use rstest::rstest;
use serde_json::{Value, json};

fn provider() -> StaffId {
    StaffId::mint(500)
}

fn now() -> Instant {
    noon(date(2027, 4, 1))
}

/// Sixteen hours in person on three days of May 2027, with `edits`.
#[allow(clippy::needless_pass_by_value)] // so that the tables read well
fn input(edits: Value) -> CourseInput {
    let mut said = json!({
        "title": "社会工作价值观与伦理", "provider": "武汉市社会工作联合会", "form": "in_person", "category": "ethics",
        "hours": 16, "unit": "学时", "from": "2027-05-04", "to": "2027-05-06",
    });
    for (field, value) in edits.as_object().unwrap() {
        said[field] = value.clone();
    }
    serde_json::from_value(said).unwrap()
}

fn offer(edits: Value, rules: &RuleSet) -> Result<Course, Refusal> {
    education::offer(input(edits), CourseId::mint(5), &provider(), rules, now())
}

#[test]
fn a_course_that_is_offered_is_what_its_provider_said() {
    let offered = offer(json!({}), &hubei_with(&[])).unwrap();
    assert_eq!(offered, Course { offered_at: now(), ..course(date(2027, 5, 4)) });
    assert!(!offered.is_withdrawn());
    let unknown = serde_json::from_value::<CourseInput>(json!({ "title": "课", "price": 1 }));
    assert!(unknown.unwrap_err().to_string().contains("price"));
}

#[rstest]
#[case::as_it_is(json!({}), &[])]
#[case::no_hours(json!({ "hours": 0 }), &[("hours", "hours_absurd")])]
#[case::all_day_and_all_night(json!({ "hours": 72 }), &[])]
#[case::more_than_the_days_have(json!({ "hours": 72.1 }), &[("hours", "hours_absurd")])]
#[case::absurd(json!({ "hours": 1000.1, "to": "2027-12-31" }), &[("hours", "hours_absurd")])]
#[case::another_unit(json!({ "unit": "小时" }), &[("unit", "other_unit")])]
#[case::days_the_wrong_way_round(json!({ "to": "2027-05-03" }), &[("to", "dates_out_of_order")])]
#[case::two_years_ahead(json!({ "from": "2029-04-01", "to": "2029-04-01" }), &[])]
#[case::a_day_more(json!({ "from": "2029-04-01", "to": "2029-04-02" }), &[("to", "date_absurd")])]
#[case::ten_years_back(json!({ "from": "2017-04-01", "to": "2017-04-03" }), &[])]
#[case::a_day_before(json!({ "from": "2017-03-31", "to": "2017-04-03" }), &[("from", "date_absurd")])]
#[case::online(json!({ "form": "online" }), &[])]
#[case::a_seminar(json!({ "form": "seminar" }), &[])]
#[case::a_conference(json!({ "form": "conference" }), &[])]
#[case::research(json!({ "form": "research" }), &[("form", "form_not_offered")])]
#[case::a_book(json!({ "form": "monograph" }), &[("form", "form_not_offered")])]
#[case::a_paper(json!({ "form": "paper", "particulars": { "journal_class": "core" } }), &[("form", "form_not_offered")])]
#[case::a_degree(json!({ "form": "degree", "particulars": { "degree_level": "master" } }), &[("form", "form_not_offered")])]
#[case::in_house_not_on_record(json!({ "form": "in_house" }), &[("particulars.filing_number", "missing_field"), ("particulars.filed_on", "missing_field")])]
#[case::in_house_with_a_number_alone(json!({ "form": "in_house", "particulars": { "filing_number": "鄂社备〔2027〕1 号" } }), &[("particulars.filed_on", "missing_field")])]
#[case::in_house_on_record(json!({ "form": "in_house", "particulars": { "filing_number": "鄂社备〔2027〕1 号", "filed_on": "2027-05-04" } }), &[])]
#[case::in_house_on_record_too_late(json!({ "form": "in_house", "particulars": { "filing_number": "鄂社备〔2027〕1 号", "filed_on": "2027-05-05" } }), &[("particulars.filed_on", "not_on_record")])]
#[case::two_things(json!({ "hours": 0, "unit": "课时" }), &[("unit", "other_unit"), ("hours", "hours_absurd")])]
fn a_course_says_what_is_wrong_by_field(#[case] edits: Value, #[case] expected: &[(&str, &str)]) {
    match offer(edits, &hubei_with(&[])) {
        Ok(_) => assert!(expected.is_empty()),
        Err(Refusal::InvalidFields(errors)) => {
            let errors: Vec<_> =
                errors.iter().map(|error| (error.field.as_str(), error.code.as_str())).collect();
            assert_eq!(errors, expected);
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_form_that_the_rules_leave_out_is_not_offered() {
    let rules = hubei_with(&[(
        "[hours.forms.in_person]\naccepted = { value = true",
        "[hours.forms.in_person]\naccepted = { value = false",
    )]);
    assert_eq!(offer(json!({}), &rules).unwrap_err().fields()[0].code, "form_not_accepted");
}

#[test]
fn what_is_attended_is_what_has_no_conversion_of_its_own() {
    for form in CreditForm::ALL {
        let own_work = [CreditForm::Research, CreditForm::Monograph, CreditForm::Paper, CreditForm::Degree];
        assert_eq!(form.is_attended(), !own_work.contains(&form), "{form:?}");
    }
}

#[test]
fn a_course_is_taken_out_once_and_by_its_provider_alone() {
    let offered = course(date(2027, 5, 4));
    let refused = education::withdraw_course(&offered, &StaffId::mint(501), now()).unwrap_err();
    assert_eq!(refused.code(), "other_provider");
    let withdrawn = education::withdraw_course(&offered, &provider(), now()).unwrap();
    assert_eq!(withdrawn, Course { withdrawn_at: Some(now()), version: 2, ..offered });
    let refused = education::withdraw_course(&withdrawn, &provider(), now()).unwrap_err();
    assert_eq!(refused.code(), "wrong_credit_state");
}

/// The world of somebody registered on 2 March 2026, and a course of theirs that was withdrawn since.
fn world() -> (World, Course, Course) {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2027, 6, 10));
    let offered = course(date(2027, 5, 4));
    let withdrawn = education::withdraw_course(&offered, &provider(), world.now).unwrap();
    (world, offered, withdrawn)
}

fn claim(of: &Course, tenths: u32) -> ClaimInput {
    let mut input = claim_of(CreditForm::InPerson, of.from, tenths);
    input.activity.done_to = of.to;
    ClaimInput { course: Some(of.clone()), ..input }
}

fn row() -> Row {
    let name = "张三".parse().unwrap();
    Row { registration: None, name, hours: None, from: None, to: None, source: None }
}

#[test]
fn a_withdrawn_course_is_neither_claimed_nor_recorded_nor_previewed() {
    let (mut world, _, withdrawn) = world();
    assert_eq!(code(&draft(&mut world, &claim(&withdrawn, 160), 1)), "course_withdrawn");
    let seen = education::preview(&world.dossier, &claim(&withdrawn, 160), world.rules, world.now);
    assert_eq!((seen.counts, seen.obstacle.unwrap().code.as_str()), (false, "course_withdrawn"));
    let answer = world.educate(|dossier, rules, now| {
        education::record(dossier, &withdrawn, &row(), &provider(), rules, now)
    });
    assert_eq!(code(&answer), "course_withdrawn");
}

#[test]
fn what_was_claimed_or_recorded_before_stays() {
    let (mut world, offered, withdrawn) = world();
    let record = draft(&mut world, &claim(&offered, 160), 1).unwrap().credit.unwrap();
    let answer = world.educate(|dossier, rules, now| {
        education::edit_claim(dossier, &record, &claim(&withdrawn, 80), rules, now)
    });
    assert_eq!(code(&answer), "ok");
    // A claim of something else doesn't become one of the course.
    let other = draft(&mut world, &claim_of(CreditForm::Seminar, date(2027, 6, 1), 60), 2);
    let other = other.unwrap().credit.unwrap();
    let answer = world.educate(|dossier, rules, now| {
        education::edit_claim(dossier, &other, &claim(&withdrawn, 80), rules, now)
    });
    assert_eq!(code(&answer), "course_withdrawn");
    let recorded = world
        .educate(|dossier, rules, now| education::record(dossier, &offered, &row(), &provider(), rules, now))
        .unwrap();
    let recorded = recorded.credit.unwrap();
    let reason = super::reason("recording_error");
    let answer = world.educate(|dossier, rules, now| {
        let correction = Correction { course: &withdrawn, hours: hours(80), reason };
        education::correct(dossier, &recorded, correction, &provider(), rules, now)
    });
    assert_eq!(code(&answer), "ok");
    assert_eq!(put_files(&mut world, &recorded.id, vec![]).state, CreditState::Recorded);
}
