//! Revocation: who may announce it and decide it, in which order, until when one may object; and all that ends with it.

mod effect;
mod procedure;

use crate::common::{Answer, World, activity, library, reviewer};
use domain::{
    actor::{Actor, Administrator, Role},
    application::Reason,
    credit::{CreditCategory, CreditForm, Hours},
    date::{CalendarDate, date},
    education::{self, ClaimInput},
    id::CreditId,
    revocation::{self, Revocation, RevocationDecision, RevocationRuling},
};

/// An administrator of `area`, told from others by `number`.
fn administrator(number: u128, area: &str) -> Administrator {
    let staff = reviewer(number, Role::Administrator, area);
    Administrator { id: staff.id, area: Some(staff.area), identity: None }
}

/// A ground of the rules with its facts.
fn ground(code: &str) -> Reason {
    Reason { part: None, ground: code.to_owned(), note: "经核查，工作经历证明系伪造".to_owned() }
}

/// Somebody registered on 2 March 2026.
fn registered() -> World {
    World::registered(date(2026, 3, 2))
}

fn announce_by(world: &mut World, by: &Administrator, reasons: Vec<Reason>) -> Answer {
    let registration = world.registration().clone();
    world.educate(|dossier, rules, now| revocation::announce(dossier, &registration, by, reasons, rules, now))
}

fn announce(world: &mut World) -> Answer {
    announce_by(world, &administrator(1, "42"), vec![ground("fraud_in_registration")])
}

fn object(world: &mut World, text: &str) -> Answer {
    let registration = world.registration().clone();
    let holder = Actor::Holder(registration.holder.clone());
    world.educate(|_, rules, now| revocation::object(&registration, holder, text, rules, now))
}

fn decide_by(world: &mut World, by: &Administrator, ruling: RevocationRuling) -> Answer {
    let registration = world.registration().clone();
    let decision =
        RevocationDecision { ruling, note: "经复核，证明材料属实情况见附件".to_owned() };
    world.educate(|dossier, rules, now| revocation::decide(dossier, &registration, by, &decision, rules, now))
}

fn decide(world: &mut World, ruling: RevocationRuling) -> Answer {
    decide_by(world, &administrator(1, "42"), ruling)
}

/// The last revocation of the registration.
fn held(world: &World) -> &Revocation {
    world.registration().revocation.as_deref().expect("a revocation")
}

/// Runs the job on `day`.
fn job_on(world: &mut World, day: CalendarDate) {
    world.go_to_day(day);
    world.run_job();
}

/// Claims hours that were done on `day`.
fn claim(world: &mut World, day: CalendarDate) -> Answer {
    let holder = world.dossier.profile.holder.clone();
    let activity = activity(CreditForm::Seminar, CreditCategory::Ethics, day);
    let input = ClaimInput {
        activity,
        hours: Some(Hours::from_tenths(60)),
        unit: None,
        course: None,
        registration: None,
    };
    world.educate(|dossier, rules, now| {
        education::claim(dossier, &input, |start| CreditId::mint(&holder, start, 77), rules, now)
    })
}
