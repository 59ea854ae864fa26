//! Past the limit an application rises to the next level, once from each stage; and those it rose to decide it.

use crate::common::{
    HUBEI, NATIONAL, World, code, decision, final_reviewer, library, noon, preliminary_reviewer,
};
use domain::{
    actor::{Actor, Role},
    application::{Application, JournalAction, Outcome, Stage, State},
    attachment::AttachmentKind,
    date::{CalendarDate, date},
    error::RefusalClass,
    id::ApplicationId,
    rules::{RuleLibrary, WorkingDays},
};
use rstest::rstest;
use serde_json::json;

/// A first registration of 2 March 2026 that waits at `stage`, and its last day: the thirtieth working day, one of which
/// Tomb-Sweeping Day took.
fn waiting_at(stage: Stage) -> (World, ApplicationId, CalendarDate) {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first();
    world.submit(&id).unwrap();
    if stage == Stage::Final {
        world.decide_stage(&id, Outcome::Approve).unwrap();
    }
    (world, id, date(2026, 4, 14))
}

/// Runs the job on `day`, and gives the application as it then is.
fn on(world: &mut World, day: CalendarDate, id: &ApplicationId) -> Application {
    world.go_to_day(day);
    assert_eq!(world.run_job(), [], "nobody is written to");
    world.application(id).clone()
}

fn rises(world: &World) -> usize {
    world.journal.iter().filter(|entry| entry.action == JournalAction::Escalated).count()
}

#[rstest]
#[case(Stage::Preliminary, Role::FinalReviewer, Stage::Final)]
#[case(Stage::Final, Role::Administrator, Stage::Final)]
fn on_the_day_after_the_limit_it_rises_once_and_the_journal_names_the_rule(
    #[case] stage: Stage,
    #[case] to: Role,
    #[case] decided_at: Stage,
) {
    let (mut world, id, due) = waiting_at(stage);
    let rules = world.rules.get(&world.application(&id).rules);
    assert_eq!(world.application(&id).decision_due(rules), Some(due));
    assert_eq!(on(&mut world, due, &id).escalation, None, "the last day is a day to decide on");

    let risen = on(&mut world, due.plus_days(1), &id);
    let escalation = risen.risen().unwrap();
    assert_eq!((escalation.from, escalation.to, escalation.due), (stage, to, due));
    assert_eq!((risen.stage(), risen.decided_at()), (Some(stage), Some(decided_at)));
    assert_eq!(risen.state, State::Submitted);
    let entry = world.journal.last().unwrap();
    assert_eq!(
        (&entry.actor, entry.action, entry.stage),
        (&Actor::System, JournalAction::Escalated, Some(stage))
    );
    let rule = entry.rule.as_ref().unwrap();
    assert_eq!((&*rule.rule, rule.verified), ("review.decision_working_days", true));
    assert!(rule.source.contains("民发〔2009〕44号"), "{}", rule.source);

    for days in 2..100 {
        assert_eq!(on(&mut world, due.plus_days(days), &id), risen, "{days} days later");
    }
    assert_eq!(rises(&world), 1);
}

#[test]
fn those_it_rose_to_decide_it_and_those_it_rose_from_no_longer_do() {
    let (mut world, id, due) = waiting_at(Stage::Preliminary);
    let (city, province) = (preliminary_reviewer("4201"), final_reviewer("42"));
    world.go_to_day(due);
    assert_eq!(code(&world.decide(&id, &province, decision(Outcome::Approve))), "wrong_stage", "not before");
    world.claim(&id, &city).unwrap();
    assert_eq!(on(&mut world, due.plus_days(1), &id).claim, None, "whoever is at it no longer decides it");

    for tried in
        [world.clone().claim(&id, &city), world.clone().decide(&id, &city, decision(Outcome::Approve))]
    {
        assert_eq!(code(&tried), "escalated");
        let refusal = tried.unwrap_err();
        assert_eq!(refusal.class(), RefusalClass::Conflict);
        assert!(refusal.to_string().contains("终审人员"), "{refusal}");
    }
    for (who, expected) in [(final_reviewer("43"), "outside_area"), (final_reviewer("42"), "ok")] {
        assert_eq!(code(&world.clone().claim(&id, &who)), expected);
    }
    for (outcome, state) in [(Outcome::Refuse, State::Refused), (Outcome::Return, State::Returned)] {
        let mut world = world.clone();
        world.decide(&id, &province, decision(outcome)).unwrap();
        assert_eq!(world.state(&id), state);
    }

    let approved = world.decide(&id, &province, decision(Outcome::Approve)).unwrap();
    assert_eq!(
        approved.journal.stage,
        Some(Stage::Preliminary),
        "it's the stage it waited at that is approved"
    );
    let next = world.application(&id);
    assert_eq!((next.stage(), next.risen()), (Some(Stage::Final), None));
    assert!(next.escalation.is_some(), "what it went through stays to be seen");
    let told = on(&mut world, due.plus_days(1), &id);
    assert_eq!(told.risen().unwrap().to, Role::Administrator, "the limit is over at the last stage too");
    world.decide_stage(&id, Outcome::Approve).unwrap();
    assert_eq!((world.state(&id), world.application(&id).next_due), (State::Approved, None));
    assert_eq!(rises(&world), 2);
}

#[test]
fn at_the_last_stage_whoever_is_at_it_goes_on() {
    let (mut world, id, due) = waiting_at(Stage::Final);
    let reviewer = final_reviewer("42");
    world.go_to_day(due.plus_days(1));
    world.claim(&id, &reviewer).unwrap();
    assert!(on(&mut world, due.plus_days(1), &id).claim.is_some());
    assert_eq!(code(&world.decide(&id, &reviewer, decision(Outcome::Approve))), "ok");
}

#[test]
fn the_limit_counts_from_the_last_submission_and_a_return_ends_the_rise() {
    let (mut world, id, due) = waiting_at(Stage::Preliminary);
    world.go_to_day(date(2026, 3, 9));
    world.enter(&id, json!({ "mobile": "13900139000" })).unwrap();
    let later = date(2026, 4, 21);
    assert_eq!(on(&mut world, due.plus_days(1), &id).escalation, None, "the new receipt says another day");
    assert!(on(&mut world, later.plus_days(1), &id).risen().is_some());

    // What is amended now stays where it rose to; each part that changed goes back to every stage as ever.
    world.enter(&id, json!({ "mobile": "13900139001" })).unwrap();
    assert!(world.application(&id).risen().is_some());
    assert_eq!(world.application(&id).next_due, None);

    world.decide(&id, &final_reviewer("42"), decision(Outcome::Return)).unwrap();
    let returned = world.application(&id);
    assert_eq!((returned.risen(), returned.decided_at()), (None, None));
    assert!(returned.next_due.is_some(), "it waits to be mended, and is reminded of");
    world.go_to_day(date(2026, 4, 30));
    world.submit(&id).unwrap();
    let again = world.application(&id);
    assert_eq!((again.escalation.as_ref(), again.decided_at()), (None, Some(Stage::Preliminary)));
    let rules = world.rules.get(&again.rules);
    assert_eq!(again.next_due, again.decision_due(rules).map(|day| day.plus_days(1)));
}

#[test]
fn days_without_a_run_are_made_up_for() {
    let (mut world, id, due) = waiting_at(Stage::Preliminary);
    assert!(on(&mut world, due.plus_days(300), &id).risen().is_some());
    assert_eq!(rises(&world), 1);
}

#[test]
fn what_was_submitted_before_applications_rose_still_reads_and_gets_its_day_when_it_is_taken_up() {
    let (mut world, id, due) = waiting_at(Stage::Preliminary);
    let mut old = serde_json::to_value(world.application(&id)).unwrap();
    old.as_object_mut().unwrap().remove("escalation").unwrap();
    old["next_due"] = json!(null);
    let old: Application = serde_json::from_value(old).unwrap();
    assert_eq!((old.escalation.as_ref(), old.next_due), (None, None));
    *world.dossier.applications.last_mut().unwrap() = old;
    world.claim(&id, &preliminary_reviewer("4201")).unwrap();
    assert_eq!(world.application(&id).next_due, Some(due.plus_days(1)));
}

#[test]
fn where_the_rules_name_nobody_above_it_stays() {
    let stays = [("rises_to = { value = \"final_reviewer\", source = \"service\" }", "")];
    let (mut world, id, due) = waiting_at(Stage::Preliminary);
    world.rules = Box::leak(Box::new(library(&stays)));
    assert_eq!(on(&mut world, due.plus_days(1), &id).escalation, None);
}

/// Submitted in November, while nothing was known of the year after.
#[test]
fn holidays_that_are_announced_later_move_the_day_and_the_journal_says_so() {
    let announced = |off: &str| {
        let known = include_str!("../../rules/holidays.toml");
        let (_, year) = known.rsplit_once("[[years]]").unwrap();
        let year = year.split("off = [").next().unwrap().replace("2026", "2027");
        let off = format!("[[years]]{year}off = [{off}]\nworked = []\n");
        let calendar = WorkingDays::parse(&format!("{known}\n{off}")).unwrap();
        let rules = RuleLibrary::with_calendar(&[HUBEI, NATIONAL], calendar).unwrap();
        &*Box::leak(Box::new(rules))
    };
    let mut world = World::new(noon(date(2026, 12, 1)));
    let id = world.first();
    world.submit(&id).unwrap();
    assert_eq!(world.application(&id).next_due, Some(date(2027, 1, 13)), "weekends alone are known");
    world.rules = announced("{ name = \"元旦\", from = \"2027-01-01\", to = \"2027-01-03\" }");
    let moved = on(&mut world, date(2027, 1, 13), &id);
    assert_eq!((moved.escalation.as_ref(), moved.next_due), (None, Some(date(2027, 1, 14))));
    assert_eq!(world.journal.last().unwrap().action, JournalAction::DeadlineMoved);
    assert!(on(&mut world, date(2027, 1, 14), &id).risen().is_some());
    assert!(world.application(&id).has_attachment(AttachmentKind::Photo), "nothing else is touched");
}
