//! 转入: it makes a registration of ours, and the hours brought along are assessed as any others are.

use super::{arrived, arriving_with, from_beijing, june, seminar, try_library};
use crate::common::{World, answers, code, rules};
use domain::{
    actor::Actor,
    application::{ApplicationKind, Outcome, State},
    credit::{CreditState, Hours, Uncounted, Why},
    date::date,
    form::Part,
    notification::Message,
    registration::RegistrationStatus,
    transfer::MOST_LINES,
};
use rstest::rstest;
use serde_json::{Value, json};

fn world() -> World {
    june(rules().clone())
}

/// The reasons of all hours that don't count, with how many tenths, by title.
fn uncounted(world: &World) -> Vec<(String, Why, u32)> {
    let assessed = world.assessed();
    let mut found = Vec::new();
    for line in &assessed.lines {
        let title = world.credit(&line.credit).activity.title;
        let out = line.uncounted.iter().map(|Uncounted { code, hours, .. }| (*code, hours.tenths()));
        found.extend(out.map(|(why, tenths)| (title.as_str().to_owned(), why, tenths)));
    }
    found
}

#[test]
fn the_registration_is_ours_and_keeps_the_period_it_had() {
    let mut world = world();
    let registration = arrived(&mut world, &from_beijing(vec![seminar("个案", date(2025, 6, 1), 4.0)]));
    assert!(registration.number.as_str().starts_with("422026"), "a number of ours: {}", registration.number);
    assert_eq!(registration.status, RegistrationStatus::Active);
    assert_eq!((registration.registered_on, registration.late), (date(2026, 6, 1), false));
    let cycle = &registration.cycle;
    assert_eq!((cycle.start, cycle.end, cycle.first), (date(2025, 3, 2), date(2028, 3, 2), false));
    assert_eq!(registration.valid_until, cycle.end);
    assert_eq!(registration.next_due, Some(date(2027, 12, 3)), "reminded 90 days before that day");
    assert!(registration.photo.is_some());
    let arrival = registration.transfer.arrival.as_ref().unwrap();
    assert_eq!(
        (arrival.province.name(), arrival.registration_number.as_str()),
        ("北京市", "京社登 2025-00123")
    );
    let Message::TransferredIn { number, hours_claimed_tenths, hours_counted_tenths, .. } =
        world.last_message()
    else {
        panic!("{:?}", world.last_message())
    };
    assert_eq!((number, *hours_claimed_tenths, *hours_counted_tenths), (&registration.number, 40, 40));
}

#[test]
fn hours_are_kept_as_claimed_and_recorded_by_the_approval() {
    let mut world = world();
    let id = arriving_with(&mut world, &from_beijing(vec![seminar("个案", date(2025, 6, 1), 7.5)]));
    world.submit(&id).unwrap();
    assert!(world.dossier.credits.is_empty(), "nothing before it's approved");
    world.approve_all(&id);
    let [record] = &world.dossier.credits[..] else { panic!("one record") };
    assert_eq!((record.claimed, record.recognised), (Hours::from_tenths(75), Hours::from_tenths(75)));
    assert_eq!(record.state, CreditState::Recognised);
    assert_eq!(record.activity.provider.as_ref().unwrap().as_str(), "北京市社会工作协会");
    assert_eq!(record.brought_by, Some(id.clone()));
    assert_eq!(record.cycle_start, date(2025, 3, 2));
    assert_eq!(
        record.recorded_by,
        Actor::Holder(world.dossier.profile.holder.clone()),
        "the claim is theirs"
    );
    assert!(matches!(record.ruling.as_ref().unwrap().by, Actor::Staff(_)), "the decision isn't");
    assert_eq!(
        record.submitted_at,
        world.application(&id).receipt.as_ref().map(|receipt| receipt.submitted_at)
    );
}

#[test]
fn every_hour_that_doesnt_count_here_has_its_reason() {
    let cap = [(
        "[hours.grounds]",
        "[hours.caps]\nseminar = { value = 80, source = \"service\" }\n\n[hours.grounds]",
    )];
    let mut world = june(try_library(&cap).unwrap());
    let mut other_unit = seminar("按小时计", date(2025, 7, 1), 4.0);
    other_unit["unit"] = json!("小时");
    let mut not_filed = seminar("单位内训", date(2025, 7, 2), 5.0);
    not_filed["form"] = json!("in_house");
    let three_weeks = |title: &str, hours: f64| {
        let mut long = seminar(title, date(2025, 8, 1), hours);
        long["done_to"] = json!("2025-08-21");
        long
    };
    arrived(
        &mut world,
        &from_beijing(vec![
            seminar("周期之前", date(2025, 3, 1), 6.0),
            seminar("周期首日", date(2025, 3, 2), 6.0),
            other_unit,
            not_filed,
            three_weeks("研讨", 90.0),
        ]),
    );
    let assessed = world.assessed();
    assert_eq!(assessed.shortfall.counted, Hours::from_tenths(800));
    assert_eq!(
        uncounted(&world),
        [
            ("周期之前".to_owned(), Why::BeforeCycle, 60),
            ("按小时计".to_owned(), Why::OtherUnit, 40),
            ("单位内训".to_owned(), Why::NotOnRecord, 50),
            ("研讨".to_owned(), Why::OverFormCap, 160),
        ]
    );
    for line in &assessed.lines {
        let out: Hours = line.uncounted.iter().map(|out| out.hours).sum();
        assert_eq!(line.counted.plus(out), line.claimed, "they come to what was claimed");
        assert!(line.uncounted.iter().all(|out| !out.detail.is_empty() && !out.rule.rule.is_empty()));
    }
}

/// Whether the period is kept, whether hours before the registration count, and what comes of 4 hours brought along: the
/// cycle's first day, the last day, and the hours that count.
#[rstest]
#[case(true, true, "2025-03-02", "2028-03-02", 40)]
#[case(true, false, "2025-03-02", "2028-03-02", 40)]
#[case(false, true, "2026-06-01", "2029-06-01", 40)]
fn the_rules_say_whether_the_period_is_kept(
    #[case] keeps: bool,
    #[case] before: bool,
    #[case] start: &str,
    #[case] end: &str,
    #[case] counted: u32,
) {
    let keeps = format!("keeps_validity = {{ value = {keeps},");
    let before = format!("before_first_registration = {{ value = {before},");
    let edits = [
        ("keeps_validity = { value = true,", keeps.as_str()),
        ("before_first_registration = { value = true,", before.as_str()),
    ];
    let mut world = june(try_library(&edits).unwrap());
    let registration = arrived(&mut world, &from_beijing(vec![seminar("个案", date(2025, 6, 1), 4.0)]));
    let cycle = &registration.cycle;
    assert_eq!((cycle.start.to_string(), cycle.end.to_string()), (start.to_owned(), end.to_owned()));
    assert_eq!(registration.valid_until, cycle.end);
    assert_eq!(world.assessed().shortfall.counted.tenths(), counted);
}

#[rstest]
#[case(&[("keeps_validity = { value = true,", "keeps_validity = { value = false,"),
    ("before_first_registration = { value = true,", "before_first_registration = { value = false,")],
    "no hour brought along")]
#[case(&[(r#""certificate_scan", "transfer_letter"]"#, r#""certificate_scan"]"#)], "lacks transfer_letter")]
fn rules_that_contradict_themselves_are_refused(#[case] edits: &[(&str, &str)], #[case] what: &str) {
    let error = try_library(edits).unwrap_err();
    assert!(error.contains(what), "{error}");
}

#[test]
fn a_renewal_later_works_on_the_hours_that_were_brought() {
    let mut world = world();
    let lines = (0..MOST_LINES).map(|index| seminar(&format!("第 {index} 期"), date(2025, 6, 1), 3.0));
    let registration = arrived(&mut world, &from_beijing(lines.collect()));
    assert_eq!(world.dossier.credits.len(), MOST_LINES);
    assert!(world.assessed().shortfall.is_met(), "90 hours");
    world.go_to_day(date(2028, 1, 10));
    let renewal = world.draft(ApplicationKind::Renewal);
    world.submit(&renewal).unwrap();
    world.approve_all(&renewal);
    let renewed = world.registration();
    assert_eq!(renewed.number, registration.number);
    assert_eq!(renewed.closed[0].hours.counted, Hours::from_tenths(900));
    assert_eq!((renewed.cycle.start, renewed.valid_until), (date(2028, 3, 3), date(2031, 3, 2)));
}

#[test]
fn the_first_window_is_no_matter_of_who_was_registered_elsewhere() {
    // National rules refuse a first registration after its window.
    let mut world = world();
    let late = json!({ "issued_on": "2020-01-15", "district": "370102" });
    let first = world.first_with(late.clone());
    assert_eq!(code(&world.submit(&first)), "first_window_closed");
    world.withdraw(&first).unwrap();
    let id = arriving_with(&mut world, &from_beijing(vec![]));
    world.enter(&id, late).unwrap();
    world.submit(&id).unwrap();
    assert!(!world.application(&id).late);
    world.approve_all(&id);
    assert_eq!(world.registration().status, RegistrationStatus::Active);
}

#[test]
fn a_certificate_that_is_registered_here_doesnt_arrive() {
    let mut world = World::registered(date(2026, 3, 2));
    world.go_to_day(date(2026, 6, 1));
    let id = arriving_with(&mut world, &from_beijing(vec![]));
    let answer = world.submit(&id);
    assert_eq!(code(&answer), "already_registered");
    assert!(answer.unwrap_err().to_string().contains(world.registration().number.as_str()));
    // Another certificate does.
    world.enter(&id, json!({ "management_number": "202510420106000999" })).unwrap();
    world.submit(&id).unwrap();
    world.approve_all(&id);
    assert_eq!(world.dossier.registrations.len(), 2);
}

#[test]
fn who_left_may_come_back() {
    let mut world = super::registered();
    super::left(&mut world);
    let registration = arrived(&mut world, &from_beijing(vec![]));
    assert_ne!(registration.number, world.dossier.registrations[0].number, "under a new number");
    assert_eq!(world.dossier.registrations[0].status, RegistrationStatus::TransferredOut);
}

#[test]
fn one_certificate_is_registered_by_one_application() {
    let mut world = world();
    let first = world.first_with(json!({ "issued_on": "2026-01-15" }));
    let id = arriving_with(&mut world, &from_beijing(vec![]));
    world.submit(&first).unwrap();
    assert_eq!(code(&world.submit(&id)), "application_already_open");
    // Submitted at the same moment, both may wait; the second to be approved isn't.
    let mut rival = world.clone();
    rival.dossier.applications.retain(|application| application.id != first);
    rival.submit(&id).unwrap();
    world.approve_all(&first);
    world.dossier.applications.retain(|application| application.id != id);
    world.dossier.applications.push(rival.application(&id).clone());
    world.decide_stage(&id, Outcome::Approve).unwrap();
    assert_eq!(code(&world.decide_stage(&id, Outcome::Approve)), "already_registered");
}

#[test]
fn there_is_no_period_to_keep_once_it_is_over() {
    let mut world = world();
    let mut details = from_beijing(vec![]);
    details["cycle_start"] = json!("2023-06-02");
    details["valid_until"] = json!("2026-06-01");
    let id = arriving_with(&mut world, &details);
    world.submit(&id).unwrap();
    world.decide_stage(&id, Outcome::Approve).unwrap();
    world.go_to_day(date(2026, 6, 2));
    // Amended a day later, the deadline that was met stays met.
    world.enter(&id, json!({ "position": "督导" })).unwrap();
    world.decide_stage(&id, Outcome::Approve).unwrap();
    let answer = world.decide_stage(&id, Outcome::Approve);
    assert_eq!(code(&answer), "origin_expired");
    assert_eq!(answer.unwrap_err().rule().unwrap().rule, "transfer.keeps_validity");
    world.decide_stage(&id, Outcome::Refuse).unwrap();
    assert_eq!(world.state(&id), State::Refused);
}

#[test]
fn the_hours_and_the_letter_are_reviewed_and_what_changes_goes_back() {
    let mut world = world();
    let id = arriving_with(&mut world, &from_beijing(vec![seminar("个案", date(2025, 6, 1), 4.0)]));
    world.submit(&id).unwrap();
    assert!(world.application(&id).outstanding().contains(&Part::Transfer));
    world.decide_stage(&id, Outcome::Approve).unwrap();
    let more: Vec<Value> = vec![seminar("个案", date(2025, 6, 1), 5.0)];
    world.enter(&id, json!({ "transfer": { "hours": more } })).unwrap();
    assert_eq!(world.application(&id).outstanding(), [Part::Transfer].into());
    world.attach(&id, domain::attachment::AttachmentKind::TransferLetter);
    assert_eq!(world.application(&id).outstanding(), [Part::Transfer].into(), "the letter is a part of it");
    // An amendment that is wrong leaves it as it was.
    let before = world.dossier.clone();
    let tomorrow = json!({ "transfer": { "hours": [seminar("个案", date(2026, 6, 2), 5.0)] } });
    assert_eq!(code(&world.enter(&id, tomorrow)), "not_ready");
    assert_eq!(world.dossier, before);
    world.approve_all(&id);
    assert_eq!(world.dossier.credits[0].claimed, Hours::from_tenths(50), "as approved");
}

#[test]
fn a_transfer_in_has_no_registration_to_be_about() {
    let mut world = world();
    world.open(ApplicationKind::TransferIn);
    assert_eq!(code(&world.try_open(ApplicationKind::TransferIn, None)), "application_already_open");
    let answers = answers(json!({ "issued_on": "2024-11-20" }));
    world.save_profile(answers).unwrap();
    assert!(world.dossier.registrations.is_empty());
}

#[test]
fn one_that_is_withdrawn_beside_a_first_registration_that_waits_has_nobody_reminded() {
    let mut world = world();
    let first = world.first();
    world.submit(&first).unwrap();
    let transfer = arriving_with(&mut world, &from_beijing(vec![]));
    world.enter(&transfer, json!({ "management_number": "202610420106000777" })).unwrap();
    world.submit(&transfer).unwrap();
    world.withdraw(&transfer).unwrap();
    assert_eq!(world.dossier.profile.next_due, None, "the other certificate's application waits still");
}
