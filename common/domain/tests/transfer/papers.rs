//! The papers of a transfer say what the register says, the same each time.

use super::{left, registered};
use crate::common::{activity, code};
use domain::{
    credit::{CreditCategory, CreditForm, Hours, Why},
    date::date,
    registration::RegistrationStatus,
    transfer::{HoursStatement, PaperKind, TransferLetter, canonical_json},
};

#[test]
fn the_statement_lists_every_record_of_the_open_cycle_and_its_sums_agree() {
    let mut world = registered();
    world.earn(365);
    let late =
        world.put_credit(activity(CreditForm::Seminar, CreditCategory::Professional, date(2029, 3, 3)), 40);
    let statement = HoursStatement::of(world.registration(), &world.dossier, world.rules, date(2026, 6, 1));
    assert_eq!((statement.as_of, &statement.destination), (date(2026, 6, 1), &None));
    assert_eq!(statement.registration.status, RegistrationStatus::Active, "it's there for who stays, too");
    assert_eq!(statement.registration.identity_number_masked.as_deref(), Some("110***********002X"));
    assert_eq!((statement.counted, statement.claimed), (Hours::from_tenths(365), Hours::from_tenths(405)));
    assert_eq!((statement.required, statement.missing), (Hours::from_tenths(900), Hours::from_tenths(535)));
    assert_eq!(statement.ethics_counted, Hours::from_tenths(365));
    assert_eq!(statement.records.len(), 2);
    for line in &statement.records {
        let out: Hours = line.uncounted.iter().map(|out| out.hours).sum();
        assert_eq!(line.counted.plus(out), line.claimed);
    }
    let line = statement.records.iter().find(|line| line.credit == late).unwrap();
    assert_eq!((line.counted, line.uncounted[0].code), (Hours::ZERO, Why::AfterCycle));
    assert!(line.uncounted[0].detail.contains("不计入"));
    let json = String::from_utf8(canonical_json(&statement).unwrap()).unwrap();
    assert!(!json.contains("11010519491231002X"), "the identity number isn't in it");
}

#[test]
fn after_it_left_both_papers_name_the_day_and_the_destination_and_never_change() {
    let mut world = registered();
    world.earn(365);
    let refused = TransferLetter::of(world.registration(), &world.dossier, world.rules);
    assert_eq!(refused.unwrap_err().code(), "not_transferred_out");
    left(&mut world);
    let papers = |world: &crate::common::World, today| {
        let (registration, dossier) = (world.registration(), &world.dossier);
        let letter = TransferLetter::of(registration, dossier, world.rules).unwrap();
        (HoursStatement::of(registration, dossier, world.rules, today), letter)
    };
    let (statement, letter) = papers(&world, date(2026, 6, 1));
    let day = date(2026, 6, 1);
    assert_eq!((statement.as_of, letter.issued_on), (day, day));
    assert_eq!(statement.registration.ended_on, Some(day));
    assert_eq!(letter.registration, statement.registration);
    assert_eq!((letter.destination.code.as_str(), letter.destination.name.as_str()), ("11", "北京市"));
    assert_eq!(statement.destination.as_ref(), Some(&letter.destination));
    assert_eq!(letter.hours.counted, statement.counted);
    assert_eq!(letter.issued_by, "湖北省社会工作者登记管理机构");
    assert_eq!((letter.paper, statement.paper), (PaperKind::TransferLetter, PaperKind::HoursStatement));
    let later = papers(&world, date(2028, 1, 1));
    assert_eq!(canonical_json(&later.0).unwrap(), canonical_json(&statement).unwrap());
    assert_eq!(canonical_json(&later.1).unwrap(), canonical_json(&letter).unwrap());
    let read: HoursStatement = serde_json::from_slice(&canonical_json(&statement).unwrap()).unwrap();
    assert_eq!(read, statement, "it reads back as it was");
}

#[test]
fn nothing_can_be_done_about_a_registration_that_left() {
    let mut world = registered();
    left(&mut world);
    for kind in [
        domain::application::ApplicationKind::Change,
        domain::application::ApplicationKind::Cancellation,
        domain::application::ApplicationKind::TransferOut,
    ] {
        assert_eq!(code(&world.try_open(kind, None)), "no_active_registration", "{kind:?}");
    }
}
