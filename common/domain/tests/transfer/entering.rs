//! What is entered for a transfer: everything that is wrong is named by field at once, and nothing wrong is kept.

use super::{arriving_with, from_beijing, june, registered, seminar};
use crate::common::{World, code, rules};
use domain::{
    application::ApplicationKind,
    attachment::AttachmentKind,
    date::date,
    error::Refusal,
    transfer::{MOST_LINES, TransferInput},
};
use rstest::rstest;
use serde_json::{Value, json};

/// Field and code of each error.
fn errors(refusal: &Refusal) -> Vec<(String, String)> {
    refusal.fields().into_iter().map(|error| (error.field, error.code)).collect()
}

fn world() -> World {
    june(rules().clone())
}

/// Enters `details` into a fresh transfer in; the errors that come of it.
fn entered(details: &Value) -> Vec<(String, String)> {
    let mut world = world();
    let id = world.open(ApplicationKind::TransferIn);
    let before = world.dossier.clone();
    let refusal = world.enter(&id, json!({ "transfer": details })).unwrap_err();
    assert_eq!(refusal.code(), "invalid_fields");
    assert_eq!(world.dossier, before, "nothing is kept");
    errors(&refusal)
}

#[rstest]
#[case("province", json!("99"), "invalid")]
#[case("province", json!("420000"), "invalid")]
#[case("registration_number", json!("x".repeat(101)), "invalid")]
#[case("cycle_start", json!("2025-02-30"), "invalid")]
#[case("valid_until", json!("明年"), "invalid")]
fn a_wrong_value_is_named(#[case] field: &str, #[case] value: Value, #[case] expected: &str) {
    assert_eq!(entered(&json!({ field: value })), [(format!("transfer.{field}"), expected.to_owned())]);
}

#[rstest]
#[case("title", json!(" "), "invalid")]
#[case("provider", json!("x".repeat(101)), "invalid")]
#[case("done_from", json!("2025-13-01"), "invalid")]
#[case("done_to", json!("2025-05-01"), "dates_out_of_order")]
#[case("hours", json!(-3), "invalid")]
#[case("hours", json!(0.25), "invalid")]
#[case("hours", json!(0), "hours_absurd")]
#[case("hours", json!(1000.1), "hours_absurd")]
#[case("hours", json!(24.1), "hours_absurd")]
#[case("unit", json!("天"), "unknown_choice")]
fn a_wrong_value_in_a_line_is_named(#[case] field: &str, #[case] value: Value, #[case] expected: &str) {
    let good = seminar("个案", date(2025, 6, 1), 4.0);
    let mut wrong = seminar("小组", date(2025, 6, 2), 4.0);
    wrong[field] = value;
    let named = if expected == "dates_out_of_order" { "done_from" } else { field };
    let expected = (format!("transfer.hours[1].{named}"), expected.to_owned());
    assert_eq!(entered(&json!({ "hours": [good, wrong] })), [expected]);
}

#[test]
fn all_that_is_wrong_is_named_at_once_with_the_forms_fields() {
    let mut world = world();
    let id = world.open(ApplicationKind::TransferIn);
    let mut line = seminar("", date(2025, 6, 1), 4.0);
    line["hours"] = json!(-1);
    let wrong = json!({ "mobile": "123", "transfer": { "province": "0", "hours": [line] } });
    let fields: Vec<_> =
        errors(&world.enter(&id, wrong).unwrap_err()).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["mobile", "transfer.province", "transfer.hours[0].title", "transfer.hours[0].hours"]);
}

#[test]
fn as_many_lines_as_fit_and_no_more() {
    let lines = |count: usize| {
        let line = |index| seminar(&format!("第 {index} 期"), date(2025, 6, 1), 1.0);
        json!({ "hours": (0..count).map(line).collect::<Vec<_>>() })
    };
    let mut world = world();
    let id = world.open(ApplicationKind::TransferIn);
    world.enter(&id, json!({ "transfer": lines(MOST_LINES) })).unwrap();
    let refusal = world.enter(&id, json!({ "transfer": lines(MOST_LINES + 1) })).unwrap_err();
    assert_eq!(errors(&refusal), [("transfer.hours".to_owned(), "too_many".to_owned())]);
    assert!(refusal.fields()[0].detail.contains("30") && refusal.fields()[0].detail.contains("31"));
    assert_eq!(
        world.application(&id).transfer.as_ref().unwrap().hours.len(),
        MOST_LINES,
        "those before stay"
    );
}

#[test]
fn one_activity_is_one_line() {
    let twice = json!([seminar("个案", date(2025, 6, 1), 4.0), seminar("个案", date(2025, 6, 1), 3.0)]);
    assert_eq!(
        entered(&json!({ "hours": twice })),
        [("transfer.hours[1].title".to_owned(), "duplicate".to_owned())]
    );
}

#[test]
fn what_is_left_out_stays_and_null_clears() {
    let mut world = world();
    let id = world.open(ApplicationKind::TransferIn);
    let details = from_beijing(vec![seminar("个案", date(2025, 6, 1), 4.0)]);
    world.enter(&id, json!({ "transfer": details })).unwrap();
    let before = world.application(&id).transfer.clone().unwrap();
    world.enter(&id, json!({ "mobile": "13900139000" })).unwrap();
    assert_eq!(world.application(&id).transfer, Some(before.clone()));
    world.enter(&id, json!({ "transfer": { "registration_number": null, "hours": null } })).unwrap();
    let after = world.application(&id).transfer.clone().unwrap();
    assert_eq!((after.registration_number, after.hours.len()), (None, 0));
    assert_eq!((after.province, after.cycle_start), (before.province, before.cycle_start));
}

#[test]
fn a_transfer_is_entered_where_one_is_applied_for() {
    let mut world = registered();
    let details = json!({ "transfer": { "province": "11" } });
    for kind in [ApplicationKind::Change, ApplicationKind::Cancellation] {
        let id = world.open(kind);
        let refusal = world.enter(&id, details.clone()).unwrap_err();
        assert_eq!(errors(&refusal), [("transfer".to_owned(), "not_applicable".to_owned())]);
    }
    assert_eq!(code(&world.save_profile(details)), "invalid_fields");
    // Who leaves has no registration elsewhere to tell of.
    let id = world.open(ApplicationKind::TransferOut);
    let refusal = world.enter(&id, json!({ "transfer": from_beijing(vec![]) })).unwrap_err();
    let fields: Vec<_> = errors(&refusal).into_iter().map(|(field, _)| field).collect();
    assert_eq!(
        fields,
        ["transfer.registration_number", "transfer.cycle_start", "transfer.valid_until", "transfer.hours"]
    );
}

#[test]
fn an_unknown_field_is_no_field() {
    assert!(serde_json::from_value::<TransferInput>(json!({ "provinces": "11" })).is_err());
}

#[test]
fn a_transfer_in_says_where_from_and_brings_the_letter() {
    let mut world = world();
    let id = arriving_with(&mut world, &json!({}));
    let letter =
        world.application(&id).attachments.iter().find(|file| file.kind == AttachmentKind::TransferLetter);
    let letter = letter.unwrap().id.clone();
    world.remove(&letter).unwrap();
    let missing = errors(&world.submit(&id).unwrap_err());
    let fields: Vec<_> = missing.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "attachments.transfer_letter",
            "transfer.province",
            "transfer.registration_number",
            "transfer.cycle_start",
            "transfer.valid_until"
        ]
    );
}

#[rstest]
#[case(json!({ "cycle_start": "2026-06-02" }), "transfer.cycle_start", "date_in_future")]
#[case(json!({ "valid_until": "2026-05-31" }), "transfer.valid_until", "origin_expired")]
#[case(json!({ "valid_until": "2028-03-03" }), "transfer.valid_until", "validity_too_long")]
#[case(json!({ "hours": [seminar("明日", date(2026, 6, 2), 4.0)] }), "transfer.hours[0].done_to", "date_in_future")]
fn dates_that_cant_be_true_are_named_when_it_is_submitted(
    #[case] edit: Value,
    #[case] field: &str,
    #[case] expected: &str,
) {
    let mut world = world();
    let id = arriving_with(&mut world, &from_beijing(vec![]));
    world.enter(&id, json!({ "transfer": edit })).unwrap();
    let refusal = world.submit(&id).unwrap_err();
    assert_eq!(refusal.code(), "not_ready");
    assert!(errors(&refusal).contains(&(field.to_owned(), expected.to_owned())), "{refusal:?}");
}

#[test]
fn one_doesnt_arrive_from_the_province_one_is_in() {
    let mut world = world();
    let id = arriving_with(&mut world, &from_beijing(vec![]));
    assert_eq!(code(&world.enter(&id, json!({ "transfer": { "province": "42" } }))), "same_province");
    assert_eq!(
        code(&world.enter(&id, json!({ "district": "110105" }))),
        "same_province",
        "nor the other way"
    );
    world.submit(&id).unwrap();
    assert_eq!(
        code(&world.enter(&id, json!({ "district": "110105" }))),
        "same_province",
        "nor once it waits"
    );
}
