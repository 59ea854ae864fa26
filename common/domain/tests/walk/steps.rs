//! The steps of a walk, and how each becomes commands.

use super::invariants::Witness;
use crate::common::{World, answers, decision, identity_key, noon, reviewer};
use domain::{
    actor::{Actor, Administrator, Reviewer, Role},
    application::{ApplicationKind, JournalAction, Outcome, Reason, Stage, State},
    attachment::AttachmentKind,
    date::{CalendarDate, date},
    id::ApplicationId,
    revocation::{self, RevocationDecision, RevocationRuling},
};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

/// Where a walk begins.
#[derive(Debug, Clone, Copy)]
pub enum Start {
    Nothing,
    Profile,
    Waiting,
    Registered,
    RenewalWaiting,
}

pub fn start() -> impl Strategy<Value = Start> {
    select(vec![Start::Nothing, Start::Profile, Start::Waiting, Start::Registered, Start::RenewalWaiting])
}

impl Start {
    pub fn world(self) -> World {
        let day = date(2026, 3, 2);
        let mut world = World::new(noon(day));
        match self {
            Self::Nothing => {}
            Self::Profile => drop(world.save_profile(answers(json!({ "issued_on": day }))).unwrap()),
            Self::Waiting => {
                let id = world.first();
                world.submit(&id).unwrap();
            }
            Self::Registered => world = World::registered(day),
            Self::RenewalWaiting => {
                world = World::registered(day);
                world.earn(900);
                world.go_to_day(date(2029, 2, 1));
                let id = world.draft(ApplicationKind::Renewal);
                world.submit(&id).unwrap();
            }
        }
        world
    }
}

/// Which application: mostly an open one, counted from the newest.
type Pick = u8;

/// A step.
#[derive(Debug, Clone)]
pub enum Step {
    /// Minutes pass.
    Wait(i64),
    /// The clock goes to so many days after (before, where negative) the last day of the registration, or of the
    /// first window.
    WaitForTheEnd(i64),
    /// The reminder job runs.
    Job,
    /// The holder earns the hours that are asked for.
    Earn,
    Open(ApplicationKind),
    /// Opens, enters, completes and submits in one go, as most people do.
    Apply(ApplicationKind, usize),
    /// Fills in what is usually asked for, and uploads it.
    Complete(Pick),
    Enter(Pick, usize),
    Attach(Pick, AttachmentKind),
    Remove(Pick, usize),
    Submit(Pick),
    Withdraw(Pick),
    SaveProfile(usize),
    Claim(Pick, usize),
    Release(Pick, usize),
    Decide(Pick, usize, Outcome),
    /// Every stage that is left approves.
    ApproveAll(Pick),
    /// An administrator announces that the registration is to be revoked.
    Announce(usize),
    Object,
    Rule(usize, RevocationRuling),
}

pub fn step() -> impl Strategy<Value = Step> {
    let pick = any::<Pick>;
    let entry = || 0..entries().len();
    let kind = || {
        use ApplicationKind::{Cancellation, Change, First, Renewal, TransferIn, TransferOut};
        prop_oneof![4 => Just(First), 4 => Just(Renewal), 5 => Just(Change), 1 => Just(Cancellation),
            1 => Just(TransferOut), 3 => Just(TransferIn)]
    };
    let who = || prop_oneof![6 => Just(0_usize), 1 => 1..6_usize];
    let outcome =
        || prop_oneof![6 => Just(Outcome::Approve), 2 => Just(Outcome::Return), 1 => Just(Outcome::Refuse)];
    let ruling = || {
        use RevocationRuling::{Dismiss, Drop, Uphold};
        prop_oneof![1 => Just(Dismiss), 2 => Just(Uphold), 1 => Just(Drop)]
    };
    prop_oneof![
        3 => (1..90_i64).prop_map(Step::Wait),
        3 => (1..45_i64).prop_map(|days| Step::Wait(days * 1440)),
        1 => (2..14_i64).prop_map(|months| Step::Wait(months * 30 * 1440 + 7)),
        2 => (-95..40_i64).prop_map(Step::WaitForTheEnd),
        4 => Just(Step::Job),
        2 => Just(Step::Earn),
        4 => kind().prop_map(Step::Open),
        6 => (kind(), entry()).prop_map(|(kind, entry)| Step::Apply(kind, entry)),
        6 => pick().prop_map(Step::Complete),
        6 => (pick(), entry()).prop_map(|(pick, entry)| Step::Enter(pick, entry)),
        3 => (pick(), select(AttachmentKind::ALL.to_vec())).prop_map(|(pick, kind)| Step::Attach(pick, kind)),
        1 => (pick(), 0..8_usize).prop_map(|(pick, index)| Step::Remove(pick, index)),
        9 => pick().prop_map(Step::Submit),
        1 => pick().prop_map(Step::Withdraw),
        2 => entry().prop_map(Step::SaveProfile),
        4 => (pick(), who()).prop_map(|(pick, who)| Step::Claim(pick, who)),
        1 => (pick(), who()).prop_map(|(pick, who)| Step::Release(pick, who)),
        9 => (pick(), who(), outcome()).prop_map(|(pick, who, outcome)| Step::Decide(pick, who, outcome)),
        4 => pick().prop_map(Step::ApproveAll),
        2 => who().prop_map(Step::Announce),
        4 => Just(Step::Object),
        3 => (who(), ruling()).prop_map(|(who, ruling)| Step::Rule(who, ruling)),
    ]
}

/// What a holder may come to enter.
fn entries() -> Vec<Value> {
    vec![
        json!({ "name": "张三丰" }),
        json!({ "name": "张三" }),
        json!({ "name": null }),
        json!({ "email": "san@example.com" }),
        json!({ "email": "zhang@example.com", "mobile": "13900139000" }),
        json!({ "employer": "洪山区社会工作站", "position": "督导" }),
        json!({ "education": "master" }),
        json!({ "identity_document": { "kind": "passport", "number": "E12345678" } }),
        json!({ "identity_document": { "kind": "resident_identity_card", "number": "11010519491231002X" } }),
        json!({ "district": "420502" }),
        json!({ "district": "110105" }),
        json!({ "management_number": "202610420106000777", "certificate_level": "social_worker" }),
        json!({ "issued_on": "2026-02-01" }),
        json!({ "declaration": true }),
        json!({ "declaration": false }),
        json!({ "transfer": { "province": "31" } }),
        json!({ "transfer": { "province": "42" } }),
        json!({ "transfer": { "hours": [] } }),
        json!({}),
    ]
}

/// The staff there are. Number 0 stands for whoever is appointed where the application waits.
fn staff(world: &World, id: &ApplicationId, who: usize) -> Reviewer {
    match who {
        0 => world.reviewer_of(id),
        1 => reviewer(1, Role::PreliminaryReviewer, "4201"),
        2 => reviewer(3, Role::PreliminaryReviewer, "4201"),
        3 => reviewer(2, Role::FinalReviewer, "42"),
        4 => reviewer(4, Role::PreliminaryReviewer, "4202"),
        // The holder, who reviews too.
        _ => Reviewer {
            identity: identity_key(&world.application(id).form),
            roles: [Role::PreliminaryReviewer, Role::FinalReviewer].into(),
            ..reviewer(5, Role::FinalReviewer, "42")
        },
    }
}

/// An administrator of the province: another one, or where `who` is the last, the holder.
fn administrator(world: &World, who: usize) -> Administrator {
    let staff =
        reviewer(if who == 0 { 6 } else { 7 }, Role::Administrator, if who == 4 { "43" } else { "42" });
    let identity = identity_key(&world.dossier.profile.form).filter(|_| who == 5);
    Administrator { id: staff.id, area: Some(staff.area), identity }
}

fn picked(world: &World, pick: Pick) -> Option<ApplicationId> {
    let all = &world.dossier.applications;
    let open: Vec<_> = all.iter().filter(|application| application.is_open()).collect();
    let from: Vec<_> = if pick.is_multiple_of(8) || open.is_empty() { all.iter().collect() } else { open };
    let index = usize::from(pick / 8).checked_rem(from.len())?;
    Some(from[from.len() - 1 - index].id.clone())
}

/// Takes `step`; where there is no application to take it with, nothing happens.
pub fn take(witness: &mut Witness, step: &Step) {
    match step {
        Step::Wait(minutes) => witness.wait(witness.world.now.plus_seconds(minutes * 60)),
        Step::WaitForTheEnd(days) => {
            let world = &witness.world;
            let end = world.dossier.active_registration().map(|registration| registration.valid_until);
            let then = noon(end.unwrap_or(date(2027, 3, 2)).plus_days(*days));
            if then > world.now {
                witness.wait(then);
            }
        }
        Step::Job => witness.run_job(),
        Step::Earn => {
            if witness.world.dossier.active_registration().is_some() {
                witness.world.earn(900);
            }
        }
        Step::Open(kind) => drop(open(witness, *kind)),
        Step::Apply(kind, entry) => {
            if let Some(id) = open(witness, *kind) {
                complete(witness, &id);
                enter(witness, &id, entries()[*entry].clone());
                submit(witness, &id);
            }
        }
        Step::SaveProfile(entry) => {
            let patch = entries()[*entry].clone();
            witness.by_holder(&[JournalAction::ProfileSaved], |world| world.save_profile(patch));
        }
        Step::Complete(pick) => with(witness, *pick, complete),
        Step::Enter(pick, entry) => {
            with(witness, *pick, |witness, id| enter(witness, id, entries()[*entry].clone()));
        }
        Step::Attach(pick, kind) => with(witness, *pick, |witness, id| attach(witness, id, *kind)),
        Step::Remove(pick, index) => with(witness, *pick, |witness, id| {
            let attachments = &witness.world.application(id).attachments;
            let Some(index) = index.checked_rem(attachments.len()) else { return };
            let attachment = attachments[index].id.clone();
            witness.by_holder(&[JournalAction::AttachmentRemoved], |world| world.remove(&attachment));
        }),
        Step::Submit(pick) => with(witness, *pick, submit),
        Step::Withdraw(pick) => with(witness, *pick, |witness, id| {
            witness.by_holder(&[JournalAction::Withdrawn], |world| world.withdraw(id));
        }),
        Step::Claim(pick, who) => with(witness, *pick, |witness, id| {
            by_staff(witness, id, *who, JournalAction::Claimed, World::claim);
        }),
        Step::Release(pick, who) => with(witness, *pick, |witness, id| {
            by_staff(witness, id, *who, JournalAction::Released, World::release);
        }),
        Step::Decide(pick, who, outcome) => with(witness, *pick, |witness, id| {
            by_staff(witness, id, *who, JournalAction::from(outcome), |world, id, reviewer| {
                world.decide(id, reviewer, decision(*outcome))
            });
        }),
        Step::ApproveAll(pick) => with(witness, *pick, |witness, id| {
            for _ in [Stage::Preliminary, Stage::Final] {
                if witness.world.state(id) == State::Submitted {
                    by_staff(witness, id, 0, JournalAction::Approved, |world, id, reviewer| {
                        world.decide(id, reviewer, decision(Outcome::Approve))
                    });
                }
            }
        }),
        Step::Announce(who) => announce(witness, *who),
        Step::Object => {
            let Some(registration) = witness.world.dossier.registrations.last().cloned() else { return };
            let holder = Actor::Holder(registration.holder.clone());
            witness.by_holder(&[JournalAction::RevocationObjected], |world| {
                world.educate(|_, rules, now| {
                    revocation::object(&registration, holder, "材料属实", rules, now)
                })
            });
        }
        Step::Rule(who, ruling) => rule(witness, *who, *ruling),
    }
}

fn announce(witness: &mut Witness, who: usize) {
    let Some(registration) = witness.world.dossier.registrations.last().cloned() else { return };
    let by = administrator(&witness.world, who);
    let ground = Reason { part: None, ground: "other".to_owned(), note: "经核查".to_owned() };
    witness.run(&Actor::Staff(by.id.clone()), &[JournalAction::RevocationAnnounced], None, |world| {
        world.educate(|dossier, rules, now| {
            revocation::announce(dossier, &registration, &by, vec![ground], rules, now)
        })
    });
}

fn rule(witness: &mut Witness, who: usize, ruling: RevocationRuling) {
    let Some(registration) = witness.world.dossier.registrations.last().cloned() else { return };
    let by = administrator(&witness.world, who);
    let action = match ruling {
        RevocationRuling::Dismiss => JournalAction::Revoked,
        RevocationRuling::Uphold => JournalAction::RevocationUpheld,
        RevocationRuling::Drop => JournalAction::RevocationDropped,
    };
    let decision = RevocationDecision { ruling, note: "经复核".to_owned() };
    witness.run(&Actor::Staff(by.id.clone()), &[action], None, |world| {
        world.educate(|dossier, rules, now| {
            revocation::decide(dossier, &registration, &by, &decision, rules, now)
        })
    });
}

fn with(witness: &mut Witness, pick: Pick, act: impl FnOnce(&mut Witness, &ApplicationId)) {
    if let Some(id) = picked(&witness.world, pick) {
        act(witness, &id);
    }
}

fn by_staff(
    witness: &mut Witness,
    id: &ApplicationId,
    who: usize,
    action: JournalAction,
    command: impl FnOnce(&mut World, &ApplicationId, &Reviewer) -> crate::common::Answer,
) {
    if witness.world.application(id).form.district.is_none() {
        return;
    }
    let reviewer = staff(&witness.world, id, who);
    witness.run(&Actor::Staff(reviewer.id.clone()), &[action], Some(&reviewer), |world| {
        command(world, id, &reviewer)
    });
}

fn open(witness: &mut Witness, kind: ApplicationKind) -> Option<ApplicationId> {
    let number = witness.world.dossier.active_registration().map(|active| active.number.clone());
    let number = number.filter(|_| !kind.registers());
    let change = witness.by_holder(&[JournalAction::Opened], |world| world.try_open(kind, number))?;
    change.application.map(|application| application.id)
}

fn submit(witness: &mut Witness, id: &ApplicationId) {
    witness.by_holder(&[JournalAction::Submitted], |world| world.submit(id));
}

fn enter(witness: &mut Witness, id: &ApplicationId, patch: Value) {
    witness.by_holder(&[JournalAction::Saved, JournalAction::Amended], |world| world.enter(id, patch));
}

fn attach(witness: &mut Witness, id: &ApplicationId, kind: AttachmentKind) {
    witness.by_holder(&[JournalAction::AttachmentRequested], |world| world.request(id, kind, |_| {}));
    let place = witness.world.application(id).attachments.iter().rfind(|held| !held.is_confirmed());
    if let Some(place) = place.map(|held| held.id.clone()) {
        witness.by_holder(&[JournalAction::AttachmentConfirmed], |world| {
            world.confirm(&place, &crate::common::DATA.inspection())
        });
    }
}

fn complete(witness: &mut Witness, id: &ApplicationId) {
    use AttachmentKind::{
        CertificateScan, Degree, IdentityCardBack, IdentityCardFront, Photo, TransferLetter,
    };
    let (application, today) = (witness.world.application(id), witness.world.now.day());
    let mut patch = if application.kind.registers() && application.form.name.is_none() {
        answers(json!({ "issued_on": "2026-03-02" }))
    } else {
        json!({ "declaration": true })
    };
    match application.kind {
        ApplicationKind::TransferOut => patch["transfer"] = json!({ "province": "11" }),
        ApplicationKind::TransferIn => patch["transfer"] = from_beijing(today),
        _ => {}
    }
    let missing: Vec<_> =
        [Photo, IdentityCardFront, IdentityCardBack, CertificateScan, Degree, TransferLetter]
            .into_iter()
            .filter(|kind| !application.has_attachment(*kind))
            // With a photo no change is made at once.
            .filter(|kind| *kind != Photo || application.kind != ApplicationKind::Change)
            .collect();
    enter(witness, id, patch);
    for kind in missing {
        attach(witness, id, kind);
    }
}

/// What somebody says who has been registered in Beijing for a year on `today`.
fn from_beijing(today: CalendarDate) -> Value {
    let start = today.plus_years(-1);
    json!({ "province": "11", "registration_number": "京社登 2025-00123", "cycle_start": start,
        "valid_until": start.plus_years(3), "hours": [{ "form": "seminar", "category": "professional",
        "title": "个案研讨", "provider": "北京市社会工作协会", "done_from": start.plus_days(30), "hours": 4 }] })
}
