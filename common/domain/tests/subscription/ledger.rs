//! The ledger counts what was accepted, pays out what it has, and is put right where WeChat knows better.

use super::templates;
use domain::{
    date::Instant,
    error::Refusal,
    id::HolderId,
    subscription::{Answer, Consents, MOST_LEFT, TemplateId},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn now() -> Instant {
    "2029-03-01T01:00:00Z".parse().unwrap()
}

fn id(text: &str) -> TemplateId {
    text.to_owned().try_into().unwrap()
}

fn fresh() -> Consents {
    Consents::none(HolderId::mint(7), "wx1".to_owned())
}

fn answer(ledger: &Consents, answers: &[(&str, Answer)]) -> Result<Consents, Refusal> {
    let answers: BTreeMap<_, _> = answers.iter().map(|(id, answer)| ((*id).to_owned(), *answer)).collect();
    ledger.answered(&answers, templates().of("wx1").unwrap(), now())
}

#[test]
fn an_acceptance_pays_for_one_message() {
    let both = [("T-review", Answer::Accept), ("T-hours", Answer::Reject)];
    let ledger = answer(&fresh(), &both).unwrap();
    assert_eq!((ledger.left(&id("T-review")), ledger.left(&id("T-hours")), ledger.version), (1, 0, 1));
    let spent = ledger.spent(&id("T-review")).unwrap();
    assert_eq!((spent.left(&id("T-review")), spent.version), (0, 2));
    assert_eq!(spent.spent(&id("T-review")), None);
    assert_eq!(spent.spent(&id("T-deadline")), None);
    assert_eq!(spent.returned(&id("T-review")).left(&id("T-review")), 1);
}

#[test]
fn a_rejection_takes_nothing_back_and_wechats_refusal_everything() {
    let accept = [("T-review", Answer::Accept)];
    let ledger = answer(&answer(&fresh(), &accept).unwrap(), &accept).unwrap();
    let ledger = answer(&ledger, &[("T-review", Answer::Reject)]).unwrap();
    assert_eq!(ledger.left(&id("T-review")), 2);
    assert_eq!(ledger.refused(&id("T-review")).left(&id("T-review")), 0);
}

#[test]
fn what_is_asked_for_next_is_what_is_short_and_not_banned() {
    let known = templates();
    let known = known.of("wx1").unwrap();
    assert_eq!(fresh().to_ask(known).len(), 3);
    let ledger = answer(&fresh(), &[("T-review", Answer::Accept), ("T-hours", Answer::Ban)]).unwrap();
    assert_eq!(ledger.to_ask(known), [id("T-deadline"), id("T-review")]);
    let mut plenty = ledger;
    for _ in 0..3 {
        plenty = answer(&plenty, &[("T-review", Answer::Accept), ("T-deadline", Answer::Accept)]).unwrap();
    }
    assert!(plenty.to_ask(known).is_empty());
}

#[test]
fn what_is_no_answer_is_named() {
    let field = |refusal: Refusal| match refusal {
        Refusal::InvalidFields(errors) => (errors[0].field.clone(), errors[0].code.clone()),
        other => panic!("{other:?}"),
    };
    let named = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    assert_eq!(field(answer(&fresh(), &[]).unwrap_err()), named("answers", "required"));
    let unknown = answer(&fresh(), &[("T-other", Answer::Accept)]).unwrap_err();
    assert_eq!(field(unknown), named("answers.T-other", "unknown_template"));
    let many = ["a", "b", "c", "d"].map(|id| (id, Answer::Accept));
    assert_eq!(field(answer(&fresh(), &many).unwrap_err()), named("answers", "too_many"));
}

#[test]
fn wechats_other_words_for_yes_are_yes() {
    for word in ["accept", "acceptWithAudio", "acceptWithAlert", "acceptWithForcePush"] {
        assert_eq!(serde_json::from_value::<Answer>(word.into()).unwrap(), Answer::Accept);
    }
    assert!(serde_json::from_value::<Answer>("maybe".into()).is_err());
}

proptest! {
    #[test]
    fn the_count_is_acceptances_less_messages_and_never_out_of_bounds(steps in prop::collection::vec(0_u8..4, 0..80)) {
        let template = id("T-review");
        let (mut ledger, mut expected) = (fresh(), 0_u32);
        for step in steps {
            let before = ledger.version;
            match step {
                0 | 1 => {
                    ledger = answer(&ledger, &[("T-review", Answer::Accept)]).unwrap();
                    expected = (expected + 1).min(MOST_LEFT);
                }
                2 => {
                    let Some(spent) = ledger.spent(&template) else {
                        prop_assert_eq!(expected, 0);
                        continue;
                    };
                    ledger = spent;
                    expected -= 1;
                }
                _ => ledger = answer(&ledger, &[("T-review", Answer::Reject)]).unwrap(),
            }
            prop_assert_eq!(ledger.left(&template), expected);
            prop_assert_eq!(ledger.version, before + 1);
        }
    }
}
