//! 转出: it ends the registration and what else is open about it, and nobody loses theirs by how slowly it's decided.

use super::{leaving_for, left, registered};
use crate::common::{World, activity, code};
use domain::{
    application::{ApplicationKind, JournalAction, Outcome, State, UniqueKey},
    credit::{CreditCategory, CreditForm, CreditState},
    date::date,
    form::Part,
    notification::Message,
    registration::RegistrationStatus,
};
use serde_json::json;

#[test]
fn an_approved_transfer_out_ends_the_registration_that_day() {
    let mut world = registered();
    world.earn(365);
    let id = leaving_for(&mut world, "11");
    world.submit(&id).unwrap();
    assert!(world.application(&id).outstanding().contains(&Part::Transfer), "reviewers look at where to");
    assert_eq!(world.registration().status, RegistrationStatus::Active, "until it's approved");
    world.go_to_day(date(2026, 6, 10));
    world.approve_all(&id);
    assert_eq!(world.state(&id), State::Approved);
    let registration = world.registration();
    assert_eq!(registration.status, RegistrationStatus::TransferredOut);
    assert_eq!(registration.ended_on, Some(date(2026, 6, 10)));
    assert_eq!(registration.next_due, None, "nobody is reminded of what ended");
    assert!(!registration.is_valid_on(date(2026, 6, 10)));
    let departure = registration.transfer.departure.as_ref().unwrap();
    assert_eq!((departure.province.name(), departure.on), ("北京市", date(2026, 6, 10)));
    assert_eq!(departure.application, id);
    let Message::TransferredOut { province, hours_counted_tenths, closed, .. } = world.last_message() else {
        panic!("{:?}", world.last_message())
    };
    assert_eq!((province.as_str(), *hours_counted_tenths, closed.len()), ("北京市", 365, 0));
    assert_eq!(world.journal.last().unwrap().action, JournalAction::Approved);
}

#[test]
fn there_is_no_way_out_to_the_province_one_is_in() {
    let mut world = registered();
    let id = world.open(ApplicationKind::TransferOut);
    let before = world.dossier.clone();
    let refusal = world.enter(&id, json!({ "transfer": { "province": "42" } })).unwrap_err();
    assert_eq!(refusal.code(), "same_province");
    assert!(refusal.to_string().contains("湖北省"), "{refusal}");
    assert_eq!(refusal.fields()[0].field, "transfer.province");
    assert_eq!(world.dossier, before);
    // Nor by naming another place as the one that is registered.
    world.enter(&id, json!({ "district": "110105", "transfer": { "province": "42" } })).unwrap();
    world.enter(&id, json!({ "declaration": true })).unwrap();
    assert_eq!(code(&world.submit(&id)), "field_not_changeable");
}

#[test]
fn where_to_must_be_said_before_it_is_submitted() {
    let mut world = registered();
    let id = world.open(ApplicationKind::TransferOut);
    world.enter(&id, json!({ "declaration": true })).unwrap();
    let refusal = world.submit(&id).unwrap_err();
    assert_eq!(refusal.code(), "not_ready");
    let fields: Vec<_> = refusal.fields().into_iter().map(|error| error.field).collect();
    assert_eq!(fields, ["transfer.province"]);
}

#[test]
fn only_an_active_registration_can_leave() {
    let mut world = registered();
    left(&mut world);
    assert_eq!(code(&world.try_open(ApplicationKind::TransferOut, None)), "no_active_registration");
    assert_eq!(code(&world.try_open(ApplicationKind::Renewal, None)), "no_active_registration");
}

#[test]
fn whatever_else_is_open_about_it_is_closed_with_it() {
    let mut world = registered();
    let changing = world.draft(ApplicationKind::Change);
    world.enter(&changing, json!({ "education": "master" })).unwrap();
    world.attach(&changing, domain::attachment::AttachmentKind::Degree);
    world.submit(&changing).unwrap();
    let cancelling = world.draft(ApplicationKind::Cancellation);
    let seminar = activity(CreditForm::Seminar, CreditCategory::Professional, date(2026, 5, 4));
    let claimed = world.put_credit(seminar, 40);
    let waits = world.dossier.credits.iter_mut().find(|record| record.id == claimed).unwrap();
    waits.state = CreditState::Pending;
    let before = world.held.len();
    left(&mut world);
    for id in [&changing, &cancelling] {
        assert_eq!(world.state(id), State::Closed);
        let held = &world.application(id).claims;
        assert!(!held.iter().any(|key| matches!(key, UniqueKey::OpenApplication(..))), "others may open one");
    }
    assert_eq!(world.held.len(), before - 2, "the number and the certificate stay taken");
    let Message::TransferredOut { closed, claims_closed, .. } = world.last_message() else { panic!() };
    assert_eq!(
        (&closed[..], *claims_closed),
        (&[ApplicationKind::Change][..], true),
        "drafts aren't told of"
    );
    let claim = world.credit(&claimed);
    assert_eq!(
        (claim.state, claim.claimed.tenths()),
        (CreditState::Refused, 40),
        "kept, and not to be recognised"
    );
    assert_eq!(claim.ruling.unwrap().reasons[0].ground, "registration_ended");
}

/// A world in which a renewal can be submitted, and would be approved.
fn in_the_window() -> World {
    let mut world = World::registered(date(2026, 3, 2));
    world.earn(900);
    world.go_to_day(date(2029, 1, 10));
    world
}

#[test]
fn while_a_renewal_is_under_review_nobody_leaves() {
    let mut world = in_the_window();
    let renewal = world.draft(ApplicationKind::Renewal);
    let id = leaving_for(&mut world, "11");
    world.submit(&renewal).unwrap();
    let answer = world.submit(&id);
    assert_eq!(code(&answer), "renewal_under_review");
    assert!(answer.unwrap_err().to_string().contains("撤回再登记"), "it says what to do");
    // Withdrawn, it's in nobody's way; and the renewal's draft would be.
    world.withdraw(&renewal).unwrap();
    world.submit(&id).unwrap();
    world.approve_all(&id);
    assert_eq!(world.registration().status, RegistrationStatus::TransferredOut);
}

#[test]
fn a_renewal_submitted_while_the_transfer_waits_keeps_the_registration_and_ends_with_it() {
    let mut world = in_the_window();
    let id = leaving_for(&mut world, "11");
    world.submit(&id).unwrap();
    let renewal = world.draft(ApplicationKind::Renewal);
    world.submit(&renewal).unwrap();
    world.go_to_day(date(2029, 3, 20));
    world.run_job();
    assert!(world.registration().is_valid_on(date(2029, 3, 20)), "past its last day, by the renewal");
    // Returned and mended meanwhile: the renewal doesn't send it back.
    world.decide_stage(&id, Outcome::Return).unwrap();
    world.enter(&id, json!({ "transfer": { "province": "31" } })).unwrap();
    world.submit(&id).unwrap();
    world.approve_all(&id);
    assert_eq!(world.registration().status, RegistrationStatus::TransferredOut);
    assert_eq!(world.state(&renewal), State::Closed);
    assert_eq!(world.registration().pending_renewal, None);
    let departure = world.registration().transfer.departure.clone().unwrap();
    assert_eq!(departure.province.name(), "上海市", "where it was mended to");
}

#[test]
fn what_was_submitted_goes_back_to_review_when_the_destination_changes() {
    let mut world = registered();
    let id = leaving_for(&mut world, "11");
    world.submit(&id).unwrap();
    let receipt = world.application(&id).receipt.clone().unwrap();
    world.decide_stage(&id, Outcome::Approve).unwrap();
    let change = world.enter(&id, json!({ "transfer": { "province": "31" } })).unwrap();
    assert_eq!(change.journal.parts, [Part::Transfer].into());
    assert_eq!(world.application(&id).outstanding(), [Part::Transfer].into(), "by the first stage again");
    let after = world.application(&id).receipt.clone().unwrap();
    assert_ne!(after.content_hash, receipt.content_hash);
    assert_eq!(after.count, 2);
    // Saying the same again changes nothing.
    let same = json!({ "transfer": { "province": "31" } });
    assert_eq!(code(&world.enter(&id, same)), "nothing_changed");
}

#[test]
fn the_receipt_covers_the_destination() {
    let hash = |province| {
        let mut world = registered();
        let id = leaving_for(&mut world, province);
        world.submit(&id).unwrap();
        world.application(&id).receipt.clone().unwrap().content_hash
    };
    assert_eq!(hash("11"), hash("11"));
    assert_ne!(hash("11"), hash("31"));
}

#[test]
fn refused_or_withdrawn_the_registration_stays() {
    for refuse in [true, false] {
        let mut world = registered();
        let before = world.registration().clone();
        let id = leaving_for(&mut world, "11");
        world.submit(&id).unwrap();
        if refuse {
            world.decide_stage(&id, Outcome::Refuse).unwrap();
        } else {
            world.withdraw(&id).unwrap();
        }
        assert_eq!(world.registration(), &before);
        leaving_for(&mut world, "11");
    }
}
