//! What ends with a registration that is revoked, what stays, and what comes first where two things meet.

use super::{announce, decide, held, job_on, library, object, registered};
use crate::common::{World, activity, code, decision, final_reviewer, preliminary_reviewer};
use domain::{
    application::{ApplicationKind, Outcome, State, UniqueKey},
    attachment::AttachmentKind,
    credit::{CreditCategory, CreditForm, CreditState},
    date::date,
    education::{self, GROUND_ENDED},
    id::CreditId,
    notification::Message,
    registration::RegistrationStatus,
    revocation::{RevocationRuling, RevocationState},
};
use rstest::rstest;
use serde_json::json;

/// A registration in its renewal window, to be revoked on 26 January 2029, with hours enough.
fn to_be_revoked() -> World {
    let mut world = registered();
    world.earn(900);
    world.go_to_day(date(2029, 1, 10));
    announce(&mut world).unwrap();
    world
}

/// A claim of hours that waits, as a submission leaves it.
fn waiting_claim(world: &mut World) -> CreditId {
    let day = world.registration().cycle.start.plus_days(30);
    let id = world.put_credit(activity(CreditForm::Seminar, CreditCategory::Professional, day), 60);
    let now = world.now;
    let record = world.dossier.credits.iter_mut().find(|record| record.id == id).unwrap();
    record.state = CreditState::Pending;
    record.recognised = domain::credit::Hours::ZERO;
    record.recorded_by = domain::actor::Actor::Holder(record.holder.clone());
    record.submitted_at = Some(now);
    id
}

#[test]
fn every_open_application_about_it_is_closed_in_the_same_change() {
    let mut world = to_be_revoked();
    let renewal = world.draft(ApplicationKind::Renewal);
    world.submit(&renewal).unwrap();
    let change = world.draft(ApplicationKind::Change);
    world
        .enter(&change, json!({ "identity_document": { "kind": "passport", "number": "E12345678" } }))
        .unwrap();
    world.attach(&change, AttachmentKind::IdentityCardFront);
    world.submit(&change).unwrap();
    world.decide_stage(&change, Outcome::Return).unwrap();
    let before = world.held.len();

    world.go_to_day(date(2029, 1, 26));
    let done = world.do_next_due().unwrap();
    let mut closed: Vec<_> =
        done.closed.iter().map(|application| (application.kind, application.state)).collect();
    closed.sort_by_key(|(kind, _)| *kind);
    assert_eq!(closed, [(ApplicationKind::Renewal, State::Closed), (ApplicationKind::Change, State::Closed)]);
    for application in [&renewal, &change] {
        let application = world.application(application);
        assert_eq!((application.next_due, application.mend_by, application.stage()), (None, None, None));
    }
    assert_eq!(world.registration().pending_renewal, None);
    let number = world.registration().number.to_string();
    for kind in [ApplicationKind::Renewal, ApplicationKind::Change] {
        assert!(!world.held.contains_key(&UniqueKey::OpenApplication(kind, number.clone())), "{kind:?}");
    }
    assert_eq!(world.held.len(), before - 3, "their places, and the document that was to be registered");
    let Message::Revoked { closed, .. } = world.last_message() else { panic!("of the outcome") };
    assert_eq!(closed.len(), 2, "one letter tells of both");

    // Neither comes back.
    let approved = world.decide(&renewal, &final_reviewer("42"), decision(Outcome::Approve));
    assert_eq!(code(&approved), "already_decided");
    assert_eq!(code(&world.submit(&change)), "wrong_state");
    world.go_to_day(date(2029, 6, 1));
    assert_eq!(world.run_job(), [], "no lapse, no reminder to mend");
}

#[test]
fn a_draft_about_it_is_closed_and_nobodys_news() {
    let mut world = to_be_revoked();
    let draft = world.draft(ApplicationKind::Renewal);
    job_on(&mut world, date(2029, 1, 26));
    assert_eq!(world.state(&draft), State::Closed);
    let Message::Revoked { closed, .. } = world.last_message() else { panic!("of the outcome") };
    assert_eq!(closed[..], []);
}

#[test]
fn hours_stay_on_record_and_what_waits_of_them_waits_no_more() {
    let mut world = to_be_revoked();
    let waits = waiting_claim(&mut world);
    let recorded: Vec<_> = world.dossier.credits.iter().filter(|held| held.state.counts()).cloned().collect();
    world.go_to_day(date(2029, 1, 26));
    let done = world.do_next_due().unwrap();
    assert_eq!(done.closed_hours.len(), 1);
    let closed = world.credit(&waits);
    assert_eq!((closed.state, closed.is_undecided()), (CreditState::Refused, false));
    assert_eq!(closed.ruling.unwrap().reasons[0].ground, GROUND_ENDED);
    for record in recorded {
        assert_eq!(world.credit(&record.id), record);
    }
    assert!(matches!(world.last_message(), Message::Revoked { claims_closed: true, .. }));
    let claim = super::claim(&mut world, date(2027, 6, 1));
    assert_eq!(code(&claim), "registration_revoked");
}

#[test]
fn more_hours_than_fit_are_closed_by_the_job_and_none_is_recognised_meanwhile() {
    let mut world = to_be_revoked();
    let claims: Vec<_> = (0..65).map(|_| waiting_claim(&mut world)).collect();
    let count = |world: &World| claims.iter().filter(|id| world.credit(id).is_undecided()).count();
    let mut left = Vec::new();
    for day in 26..30 {
        job_on(&mut world, date(2029, 1, day));
        left.push(count(&world));
        assert_eq!(world.registration().status, RegistrationStatus::Revoked);
        if let Some(waits) = claims.iter().find(|id| world.credit(id).is_undecided()) {
            let record = world.credit(waits);
            let recognised = world.educate(|dossier, rules, now| {
                education::recognise(
                    dossier,
                    &record,
                    &preliminary_reviewer("4201"),
                    None,
                    vec![],
                    rules,
                    now,
                )
            });
            assert_eq!(code(&recognised), "registration_ended");
        }
    }
    assert_eq!(left, [35, 5, 0, 0]);
    assert_eq!(world.registration().next_due, None);
    let letters = world.outbox.iter().filter(|told| matches!(told.message, Message::Revoked { .. })).count();
    assert_eq!(letters, 1);
}

#[test]
fn evidence_that_was_asked_for_is_asked_for_no_more() {
    let mut world = to_be_revoked();
    let record = world.dossier.credits[0].clone();
    let asked = |world: &mut World| {
        let record = world.credit(&record.id);
        world.educate(|dossier, rules, now| education::ask_for_evidence(dossier, &record, None, rules, now))
    };
    assert_eq!(code(&asked(&mut world)), "ok");
    job_on(&mut world, date(2029, 1, 26));
    let after = world.credit(&record.id);
    assert_eq!((after.state, after.is_undecided(), after.next_due), (record.state, false, None));
    assert_eq!(code(&asked(&mut world)), "registration_ended");
}

#[test]
fn a_renewal_that_was_approved_first_is_revoked_with_the_registration() {
    let mut world = to_be_revoked();
    let renewal = world.draft(ApplicationKind::Renewal);
    world.submit(&renewal).unwrap();
    assert_eq!(world.registration().next_due, Some(date(2029, 1, 26)), "the job still looks at it");
    world.approve_all(&renewal);
    assert_eq!(world.registration().next_due, Some(date(2029, 1, 26)));
    job_on(&mut world, date(2029, 1, 26));
    assert_eq!(world.registration().status, RegistrationStatus::Revoked);
    assert_eq!(world.state(&renewal), State::Approved);
}

#[rstest]
#[case::revoked_first(date(2029, 2, 14), RegistrationStatus::Revoked)]
#[case::on_the_same_day(date(2029, 2, 15), RegistrationStatus::Revoked)]
#[case::lapsed_first(date(2029, 2, 16), RegistrationStatus::Lapsed)]
fn what_comes_first_in_the_calendar_comes_first_however_late_the_job_runs(
    #[case] announced: domain::date::CalendarDate,
    #[case] expected: RegistrationStatus,
) {
    // The last day of validity is 2 March 2029; the revocation takes effect sixteen days after it's announced.
    let mut world = registered();
    world.go_to_day(announced);
    announce(&mut world).unwrap();
    job_on(&mut world, date(2029, 3, 20));
    assert_eq!(world.registration().status, expected);
    if expected == RegistrationStatus::Lapsed {
        assert_eq!(held(&world).state, RevocationState::Overtaken);
        assert!(matches!(world.last_message(), Message::Lapsed { revocation_ended: true, .. }));
        assert_eq!(code(&object(&mut world, "材料属实")), "no_revocation_running");
    }
}

#[test]
fn a_registration_that_lapses_when_its_renewal_is_withdrawn_ends_the_procedure() {
    let mut world = registered();
    world.earn(900);
    world.go_to_day(date(2029, 3, 1));
    let renewal = world.draft(ApplicationKind::Renewal);
    world.submit(&renewal).unwrap();
    announce(&mut world).unwrap();
    object(&mut world, "材料属实").unwrap();
    world.go_to_day(date(2029, 4, 1));
    world.withdraw(&renewal).unwrap();
    assert_eq!(world.registration().status, RegistrationStatus::Lapsed);
    assert_eq!(held(&world).state, RevocationState::Overtaken);
    assert_eq!(code(&decide(&mut world, RevocationRuling::Dismiss)), "no_revocation_running");
}

#[test]
fn whether_the_certificate_can_be_registered_anew_is_for_the_rules_to_say() {
    let strict =
        library(&[("may_register_again = { value = true,", "may_register_again = { value = false,")]);
    let shipped = library(&[]);
    for (rules, expected) in [(shipped, "ok"), (strict, "may_not_register_again")] {
        let mut world = World::registered_under(rules, date(2026, 3, 2));
        announce(&mut world).unwrap();
        job_on(&mut world, date(2026, 3, 18));
        let allowed = matches!(world.last_message(), Message::Revoked { can_register_again: true, .. });
        assert_eq!(allowed, expected == "ok", "the letter says so");
        let again = world.first_with(json!({ "issued_on": date(2026, 3, 2) }));
        assert_eq!(code(&world.submit(&again)), expected);
        if expected == "ok" {
            world.approve_all(&again);
            assert_eq!(world.dossier.registrations.len(), 2);
        }
    }
}
