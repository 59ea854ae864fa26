//! What becomes of a row.

use super::hall::{Hall, counts, course, line, list};
use domain::{
    credit::{Course, CreditForm, CreditState, Hours},
    date::date,
    education::{RosterState, RowOutcome, Unregistered},
    id::StaffId,
};
use roster::Ended;
use rstest::rstest;
use tests::crowd::management_number;

#[tokio::test]
async fn everybody_on_a_list_has_their_hours_and_is_told() {
    let hall = Hall::open().await;
    hall.register_all(0..3).await;
    let id = hall.hand_in(list((0..3).map(line))).await;
    assert_eq!(hall.work(&id).await, Ended::Done);

    let roster = hall.roster(&id).await;
    assert_eq!((roster.state, roster.total, roster.processed), (RosterState::Done, Some(3), 3));
    assert_eq!(roster.counts, [(RowOutcome::Recorded, 3)].into());
    assert_eq!((roster.percent(), roster.lease.clone()), (100, None));
    for person in 0..3 {
        let credits = hall.credits(person).await;
        assert_eq!(credits.len(), 1);
        let credit = &credits[0];
        assert_eq!((credit.state, credit.recognised), (CreditState::Recorded, Hours::from_tenths(60)));
        assert_eq!(credit.roster, Some(roster.source(person + 1)));
        let row = hall.row(&id, person + 1).await;
        assert_eq!((row.credit.as_ref(), row.line), (Some(&credit.id), u64::from(person) + 2));
    }
    assert_eq!(hall.messages().await.len(), 3, "each is told by mail");
}

#[rstest]
#[case::recorded("张晓雯,2025104200000000,6", RowOutcome::Recorded, None)]
#[case::partial_attendance("张晓雯,2025104200000000,2.5", RowOutcome::Recorded, None)]
#[case::all_of_it_where_nothing_is_said("张晓雯,2025104200000000,", RowOutcome::Recorded, None)]
#[case::another_name("李四,2025104200000000,6", RowOutcome::NameDisagrees, Some("name_disagrees"))]
#[case::over_the_course("张晓雯,2025104200000000,6.5", RowOutcome::OverHours, Some("over_course_hours"))]
#[case::negative("张晓雯,2025104200000000,-6", RowOutcome::Invalid, Some("hours_negative"))]
#[case::absurd("张晓雯,2025104200000000,100000", RowOutcome::Invalid, Some("hours_absurd"))]
#[case::none_at_all("张晓雯,2025104200000000,0", RowOutcome::Invalid, Some("hours_absurd"))]
#[case::no_number("张晓雯,,6", RowOutcome::Invalid, Some("missing_cell"))]
#[case::no_name(",2025104200000000,6", RowOutcome::Invalid, Some("missing_cell"))]
#[case::a_formula("=HYPERLINK(\"http://x\"),2025104200000000,6", RowOutcome::Invalid, Some("formula_cell"))]
#[case::excels_exponent("张晓雯,2.02510E+15,6", RowOutcome::Invalid, Some("number_mangled"))]
#[case::rounded_by_excel("张晓雯,420123199001010000,6", RowOutcome::Invalid, Some("number_mangled"))]
#[case::no_certificates_number("张晓雯,12,6", RowOutcome::Invalid, Some("management_number_malformed"))]
#[tokio::test]
async fn what_becomes_of_a_row(#[case] text: &str, #[case] outcome: RowOutcome, #[case] code: Option<&str>) {
    let hall = Hall::open().await;
    hall.register(0).await;
    let id = hall.hand_in(list([text.to_owned()])).await;
    hall.work(&id).await;
    let row = hall.row(&id, 1).await;
    assert_eq!((row.outcome, row.code.as_deref()), (outcome, code), "{row:?}");
    assert_eq!(row.detail.is_some(), code.is_some(), "why, in Chinese");
    assert_eq!(hall.credits(0).await.len(), usize::from(outcome == RowOutcome::Recorded));
    assert_eq!(hall.roster(&id).await.counts, [(outcome, 1)].into());
}

#[rstest]
#[case::before("2026-06-09", "2026-06-10", RowOutcome::OutsideCourse)]
#[case::after("2026-06-10", "2026-06-11", RowOutcome::OutsideCourse)]
#[case::within("2026-06-10", "2026-06-10", RowOutcome::Recorded)]
#[tokio::test]
async fn attendance_lies_within_the_courses_days(
    #[case] from: &str,
    #[case] to: &str,
    #[case] outcome: RowOutcome,
) {
    let hall = Hall::open().await;
    hall.register(0).await;
    let text = format!("name,management_number,from,to\n张晓雯,{},{from},{to}", management_number(0));
    let id = hall.hand_in(text).await;
    hall.work(&id).await;
    assert_eq!(hall.row(&id, 1).await.outcome, outcome);
}

#[tokio::test]
async fn the_rules_refuse_what_they_do_not_take_and_say_which() {
    let hall = Hall::open().await;
    hall.register(0).await;
    // It ends tomorrow.
    let future = Course { to: date(2026, 6, 12), ..course() };
    let id = hall.hand_in_of(future, list([line(0)]), Unregistered::Wait).await;
    hall.work(&id).await;
    let row = hall.row(&id, 1).await;
    assert_eq!(row.outcome, RowOutcome::Invalid);
    assert!(row.detail.unwrap().contains("不能晚于今天"));
    // An in-house training that nobody put on record.
    let in_house = Course { form: CreditForm::InHouse, ..course() };
    let id = hall.hand_in_of(in_house, list([line(0)]), Unregistered::Wait).await;
    hall.work(&id).await;
    assert_eq!(hall.row(&id, 1).await.outcome, RowOutcome::Invalid);
    assert_eq!(hall.credits(0).await, []);
}

#[tokio::test]
async fn a_list_that_comes_twice_records_nothing_twice() {
    let hall = Hall::open().await;
    hall.register_all(0..5).await;
    let first = hall.hand_in(list((0..5).map(line))).await;
    hall.work(&first).await;
    let second = hall.hand_in(list((0..5).map(line))).await;
    hall.work(&second).await;
    assert_eq!(hall.roster(&second).await.counts, [(RowOutcome::AlreadyRecorded, 5)].into());
    let (held, row) = (hall.row(&first, 3).await, hall.row(&second, 3).await);
    assert_eq!((row.credit, row.hours), (held.credit, held.hours), "it says which record");
    let detail = format!("该学员的这门课程已记录 6 学时，见名单 {first} 第 3 行，如需更正，请在该行更正");
    assert_eq!(row.detail, Some(detail));
    assert_eq!(hall.credits(2).await.len(), 1);
    assert_eq!(hall.messages().await.len(), 5);
}

#[tokio::test]
async fn a_person_who_is_on_a_list_twice_has_their_hours_once() {
    let hall = Hall::open().await;
    hall.register(0).await;
    let id = hall.hand_in(list([line(0), line(0)])).await;
    hall.work(&id).await;
    let outcomes: Vec<_> = hall.rows(&id).await.into_iter().map(|row| row.outcome).collect();
    assert_eq!(outcomes, [RowOutcome::Recorded, RowOutcome::AlreadyRecorded]);
    assert_eq!(hall.credits(0).await.len(), 1);
}

#[tokio::test]
async fn other_hours_that_are_reported_later_are_not_taken_over_and_the_row_says_so() {
    let hall = Hall::open().await;
    hall.register(0).await;
    let four = || format!("张晓雯,{},4", management_number(0));
    let id = hall.hand_in(list([line(0), four()])).await;
    hall.work(&id).await;
    let row = hall.row(&id, 2).await;
    assert_eq!((row.code.as_deref(), row.hours), (Some("already_recorded"), Some(Hours::from_tenths(60))));
    let said = "该学员的这门课程已记录 6 学时，见本名单第 1 行，如需更正，请在该行更正；本行的 4 学时未采用";
    assert_eq!(row.detail.as_deref(), Some(said));
    // Another provider isn't told whose list it is on.
    let other = Course { provider: "市社会工作协会".parse().unwrap(), ..course() };
    let id = hall.hand_in_by(&StaffId::mint(78), other, list([four()]), Unregistered::Wait).await;
    hall.work(&id).await;
    let said = "该学员的这门课程已记录 6 学时；本行的 4 学时未采用";
    assert_eq!(hall.row(&id, 1).await.detail.as_deref(), Some(said));
}

#[tokio::test]
async fn who_is_not_registered_is_refused_where_the_provider_wants_it_so() {
    let hall = Hall::open().await;
    let id = hall.hand_in_of(course(), list([line(0)]), Unregistered::Refuse).await;
    hall.work(&id).await;
    let row = hall.row(&id, 1).await;
    assert_eq!((row.outcome, row.code.as_deref()), (RowOutcome::NoSuchHolder, Some("no_such_holder")));
}

#[rstest]
#[case::no_such_column("name,hours\n张晓雯,6".as_bytes().to_vec(), "missing_column")]
#[case::another_unit("name,management_number,小时\n张晓雯,2025104200000000,6".as_bytes().to_vec(), "other_unit")]
#[case::no_encoding(b"\xD0\xD5\xC3\xFB,\xFF\xFF\xFF\n".to_vec(), "wrong_encoding")]
#[case::nobody_on_it("name,management_number,hours\n".as_bytes().to_vec(), "no_rows")]
#[case::a_workbook(b"PK\x03\x04\x14\0\x06\0".to_vec(), "is_a_zip")]
#[tokio::test]
async fn a_file_that_is_no_list_fails_as_a_whole_and_says_why(#[case] bytes: Vec<u8>, #[case] code: &str) {
    let hall = Hall::open().await;
    hall.register(0).await;
    let id = hall.hand_in(bytes).await;
    assert_eq!(hall.work(&id).await, Ended::Failed);
    let roster = hall.roster(&id).await;
    let failure = roster.failure.unwrap();
    assert_eq!((roster.state, failure.code.as_str()), (RosterState::Failed, code), "{}", failure.detail);
    assert_eq!((hall.rows(&id).await.len(), hall.credits(0).await.len()), (0, 0));
    assert_eq!(hall.work(&id).await, Ended::NotOurs, "there is nothing left to do");
}

#[tokio::test]
async fn a_list_whose_file_is_gone_fails_and_says_so() {
    let hall = Hall::open().await;
    let id = hall.hand_in(list([line(0)])).await;
    hall.lose_file(&id).await;
    assert_eq!(hall.work(&id).await, Ended::Failed);
    assert_eq!(hall.roster(&id).await.failure.unwrap().code, "attachment_not_uploaded");
}

#[tokio::test]
async fn counts_and_rows_agree_over_every_kind_of_row() {
    let hall = Hall::open().await;
    hall.register_all(0..10).await;
    let mut lines: Vec<_> = (0..10).map(line).collect();
    lines.push(line(3));
    lines.push(line(500));
    lines.push(format!("李四,{},6", management_number(1)));
    lines.push(format!("张晓雯,{},-1", management_number(2)));
    let id = hall.hand_in(list(lines)).await;
    hall.work(&id).await;
    let expected = [
        (RowOutcome::Recorded, 10),
        (RowOutcome::AlreadyRecorded, 1),
        (RowOutcome::Waiting, 1),
        (RowOutcome::NameDisagrees, 1),
        (RowOutcome::Invalid, 1),
    ];
    assert_eq!(hall.roster(&id).await.counts, expected.into());
    assert_eq!(counts(&hall.rows(&id).await), expected.into());
}
