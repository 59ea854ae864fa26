//! Hours that change while a renewal that rests on them is decided.

use crate::common::{World, activity};
use domain::{
    actor::Actor,
    application::Reason,
    credit::{CreditCategory, CreditForm, CreditRecord, Hours},
    date::date,
    education::{self, ClaimInput},
    id::{ApplicationId, CreditId, StaffId},
};

/// Somebody whose renewal is under review, with a provider's row and a claim that waits.
fn under_review() -> (World, CreditRecord) {
    let (mut world, row) = providers_row();
    world.dossier.registrations[0].pending_renewal =
        Some(ApplicationId::mint(&row.holder, date(2028, 12, 20), 3));
    (world, row)
}

fn providers_row() -> (World, CreditRecord) {
    let mut world = World::registered(date(2026, 3, 2));
    let activity = activity(CreditForm::InPerson, CreditCategory::Ethics, date(2027, 5, 6));
    let id = world.put_credit(activity, 60);
    let provider = StaffId::mint(77);
    let record = world.dossier.credits.iter_mut().find(|held| held.id == id).unwrap();
    record.recorded_by = Actor::Staff(provider);
    let record = record.clone();
    (world, record)
}

/// The registration's version after the provider took its row back.
fn after_strike(world: &World, row: &CreditRecord) -> Option<u64> {
    let reason = Reason { part: None, ground: "recording_error".to_owned(), note: String::new() };
    let provider = StaffId::mint(77);
    let change = education::strike(&world.dossier, row, reason, &provider, world.rules, world.now).unwrap();
    change.registration.map(|next| next.version)
}

#[test]
fn hours_that_change_under_a_renewal_and_its_approval_cannot_both_go_through_unseen() {
    let (world, row) = under_review();
    let version = world.registration().version;
    assert_eq!(after_strike(&world, &row), Some(version + 1));
}

#[test]
fn without_a_renewal_under_review_the_registration_stays_as_it_is() {
    let (world, row) = providers_row();
    assert_eq!(after_strike(&world, &row), None);
}

#[test]
fn what_changes_no_hours_leaves_the_registration_alone() {
    let (world, row) = under_review();
    let asked = education::ask_for_evidence(&world.dossier, &row, None, world.rules, world.now).unwrap();
    assert_eq!(asked.registration, None);
}

#[test]
fn what_is_done_after_the_last_day_waits_for_the_renewal_that_is_decided() {
    let (mut world, _) = under_review();
    let end = world.registration().cycle.end;
    world.go_to_day(end.plus_days(10));
    let activity = activity(CreditForm::InPerson, CreditCategory::Ethics, end.plus_days(1));
    let input = ClaimInput {
        activity,
        hours: Some(Hours::from_tenths(60)),
        unit: None,
        course: None,
        registration: None,
    };
    let mint = |start| CreditId::mint(&world.dossier.profile.holder, start, 1);
    let told = |world: &World| {
        let answer = education::claim(&world.dossier, &input, mint, world.rules, world.now);
        answer.unwrap_err().code()
    };
    assert_eq!(told(&world), "next_cycle_not_open");
    world.dossier.registrations[0].pending_renewal = None;
    assert_eq!(told(&world), "outside_cycle");
}
