//! Every command in every state: where it leads, or the code it's refused with. A refusal changes nothing.

use crate::common::{Answer, DATA, World, decision, final_reviewer, noon, preliminary_reviewer};
use domain::{
    application::{ApplicationKind, Outcome, Stage, State},
    attachment::AttachmentKind,
    date::date,
    id::{ApplicationId, AttachmentId},
};
use serde_json::json;

/// A first registration in some state, with three attachments to try commands on.
struct Case {
    world: World,
    id: ApplicationId,
    required: AttachmentId,
    optional: AttachmentId,
    unconfirmed: AttachmentId,
}

/// Where an application stands, in one word.
fn place(world: &World, id: &ApplicationId) -> &'static str {
    match (world.state(id), world.application(id).stage()) {
        (State::Draft, _) => "draft",
        (State::Submitted, Some(Stage::Preliminary)) => "preliminary",
        (State::Submitted, Some(Stage::Final)) => "final",
        (State::Submitted, None) => "nowhere",
        (State::Returned, _) => "returned",
        (State::Approved, _) => "approved",
        (State::Refused, _) => "refused",
        (State::Withdrawn, _) => "withdrawn",
        (State::Closed, _) => "closed",
    }
}

const STATES: [&str; 7] = ["draft", "preliminary", "final", "returned", "approved", "refused", "withdrawn"];

/// A first registration brought to `state`.
fn case(state: &str) -> Case {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first();
    let optional = world.attach(&id, AttachmentKind::EmploymentProof);
    let unconfirmed = world.place(&id, AttachmentKind::Other);
    if state != "draft" {
        world.submit(&id).unwrap();
    }
    if matches!(state, "final" | "approved") {
        world.decide_stage(&id, Outcome::Approve).unwrap();
    }
    match state {
        "returned" => drop(world.decide_stage(&id, Outcome::Return).unwrap()),
        "approved" => drop(world.decide_stage(&id, Outcome::Approve).unwrap()),
        "refused" => drop(world.decide_stage(&id, Outcome::Refuse).unwrap()),
        "withdrawn" => drop(world.withdraw(&id).unwrap()),
        _ => {}
    }
    assert_eq!(place(&world, &id), state);
    let photo = world.application(&id).attachments.iter().find(|held| held.kind == AttachmentKind::Photo);
    let required = photo.unwrap().id.clone();
    Case { world, id, required, optional, unconfirmed }
}

impl Case {
    fn decide(&mut self, stage: Stage, outcome: Outcome) -> Answer {
        let reviewer = match stage {
            Stage::Preliminary => preliminary_reviewer("4201"),
            Stage::Final => final_reviewer("42"),
        };
        self.world.decide(&self.id, &reviewer, decision(outcome))
    }
}

type Command = fn(&mut Case) -> Answer;

/// A row for each command: the place it leads to, or its refusal, from each of [`STATES`] in turn.
#[rustfmt::skip]
const TABLE: &[(&str, Command, [&str; 7])] = &[
    ("save", |case| case.world.enter(&case.id, json!({ "position": "督导" })),
        ["draft", "preliminary", "preliminary", "returned", "wrong_state", "wrong_state", "wrong_state"]),
    ("save what is there already", |case| case.world.enter(&case.id, json!({})),
        ["draft", "nothing_changed", "nothing_changed", "returned", "wrong_state", "wrong_state", "wrong_state"]),
    ("submit", |case| case.world.submit(&case.id),
        ["preliminary", "wrong_state", "wrong_state", "preliminary", "wrong_state", "wrong_state", "wrong_state"]),
    ("withdraw", |case| case.world.withdraw(&case.id),
        ["withdrawn", "withdrawn", "withdrawn", "withdrawn", "wrong_state", "wrong_state", "wrong_state"]),
    ("ask for a place", |case| case.world.request(&case.id, AttachmentKind::Degree, |_| {}),
        ["draft", "preliminary", "final", "returned", "wrong_state", "wrong_state", "wrong_state"]),
    ("confirm an upload", |case| case.world.confirm(&case.unconfirmed, &DATA.inspection()),
        ["draft", "preliminary", "preliminary", "returned", "wrong_state", "wrong_state", "wrong_state"]),
    ("remove what isn't required", |case| case.world.remove(&case.optional),
        ["draft", "preliminary", "preliminary", "returned", "wrong_state", "wrong_state", "wrong_state"]),
    ("remove what was never confirmed", |case| case.world.remove(&case.unconfirmed),
        ["draft", "preliminary", "final", "returned", "wrong_state", "wrong_state", "wrong_state"]),
    ("remove what is required", |case| case.world.remove(&case.required),
        ["draft", "attachment_required", "attachment_required", "returned", "wrong_state", "wrong_state", "wrong_state"]),
    ("open another of the kind", |case| case.world.try_open(ApplicationKind::First, None),
        ["application_already_open", "application_already_open", "application_already_open", "application_already_open",
         "approved", "refused", "withdrawn"]),
    ("take up, preliminary", |case| case.world.claim(&case.id, &preliminary_reviewer("4201")),
        ["unknown_application", "preliminary", "already_decided", "already_decided", "already_decided", "already_decided", "already_decided"]),
    ("take up, final", |case| case.world.claim(&case.id, &final_reviewer("42")),
        ["unknown_application", "wrong_stage", "final", "already_decided", "already_decided", "already_decided", "already_decided"]),
    ("lay down what one didn't take up", |case| case.world.release(&case.id, &preliminary_reviewer("4201")),
        ["unknown_application", "wrong_state", "already_decided", "already_decided", "already_decided", "already_decided", "already_decided"]),
    ("approve, preliminary", |case| case.decide(Stage::Preliminary, Outcome::Approve),
        ["unknown_application", "final", "already_decided", "already_decided", "already_decided", "already_decided", "already_decided"]),
    ("return, preliminary", |case| case.decide(Stage::Preliminary, Outcome::Return),
        ["unknown_application", "returned", "already_decided", "already_decided", "already_decided", "already_decided", "already_decided"]),
    ("refuse, preliminary", |case| case.decide(Stage::Preliminary, Outcome::Refuse),
        ["unknown_application", "refused", "already_decided", "already_decided", "already_decided", "already_decided", "already_decided"]),
    ("approve, final", |case| case.decide(Stage::Final, Outcome::Approve),
        ["unknown_application", "wrong_stage", "approved", "already_decided", "already_decided", "already_decided", "already_decided"]),
    ("return, final", |case| case.decide(Stage::Final, Outcome::Return),
        ["unknown_application", "wrong_stage", "returned", "already_decided", "already_decided", "already_decided", "already_decided"]),
    ("refuse, final", |case| case.decide(Stage::Final, Outcome::Refuse),
        ["unknown_application", "wrong_stage", "refused", "already_decided", "already_decided", "already_decided", "already_decided"]),
];

#[test]
fn each_command_in_each_state_leads_where_the_table_says() {
    let mut wrong = Vec::new();
    for (name, command, row) in TABLE {
        for (state, expected) in STATES.into_iter().zip(row) {
            let mut case = case(state);
            let before = case.world.clone();
            let found = match command(&mut case) {
                Ok(_) => place(&case.world, &case.id),
                Err(refusal) => {
                    assert_eq!(
                        case.world.dossier, before.dossier,
                        "{name} in {state} is refused and changes nothing"
                    );
                    refusal.code()
                }
            };
            if found != *expected {
                wrong.push(format!("{name} in {state}: {found}, not {expected}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_draft_nobody_submits_for_180_days_is_gone_and_leaves_room_for_another() {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first();
    let draft = world.application(&id).clone();
    let expiry = draft.draft_expires_at().unwrap();
    assert_eq!(expiry, noon(date(2026, 3, 2).plus_days(180)));

    // In its last second it's there, and in the way of another.
    world.now = expiry.plus_seconds(-1);
    assert_eq!(world.clone().submit(&id).map_err(|refusal| refusal.code()).err(), None);
    assert_eq!(world.try_open(ApplicationKind::First, None).unwrap_err().code(), "application_already_open");

    // Then it's gone, even where the store has not yet cleaned up.
    world.now = expiry;
    assert_eq!(world.submit(&id).unwrap_err().code(), "unknown_application");
    world.now = expiry.plus_seconds(1);
    assert!(world.try_open(ApplicationKind::First, None).is_ok());
}

#[test]
fn a_draft_that_is_withdrawn_is_nobodys_news() {
    for kind in [ApplicationKind::First, ApplicationKind::Renewal] {
        let mut world = World::registered(date(2026, 3, 2));
        let id = world.open(kind);
        let change = world.withdraw(&id).unwrap();
        assert_eq!(
            (change.registration, change.profile, change.notifications),
            (None, None, vec![]),
            "{kind:?}"
        );
    }
}

#[test]
fn a_draft_that_was_submitted_never_expires() {
    let mut world = World::new(noon(date(2026, 3, 2)));
    let id = world.first();
    let change = world.submit(&id).unwrap();
    assert_eq!(world.application(&id).draft_expires_at(), None);
    assert!(world.held.values().all(|holding| holding.expires_at.is_none()), "{:?}", change.claims);
}
