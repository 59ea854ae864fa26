//! What always holds (the design's "what always holds", as far as it's the domain's to keep), looked at after each
//! accepted change, from the outside: from records, journal and mail, not from how a decision was made.

use super::{sights::sights, steps::Start};
use crate::common::{Answer, World, identity_key};
use domain::{
    actor::{Actor, Reviewer},
    application::{
        Application, ApplicationKind, Change, Claim, JournalAction, Stage, State, UniqueKey, part_of,
    },
    date::Instant,
    error::Refusal,
    form::Part,
    id::ApplicationId,
    registration::{Registration, RegistrationStatus},
    revocation::{Revocation, RevocationState},
};
use std::collections::{BTreeMap, BTreeSet};

/// Follows a walk and notes what it met.
pub struct Witness {
    pub world: World,
    pub seen: BTreeMap<&'static str, usize>,
    /// For each submitted application and stage, the parts it must still approve: kept from forms and files alone.
    owed: BTreeMap<ApplicationId, BTreeMap<Stage, BTreeSet<Part>>>,
    told: BTreeSet<String>,
    /// True once an approved application has left the working set.
    forgotten: bool,
}

impl Witness {
    pub fn new(start: Start) -> Self {
        let world = start.world();
        let told = world.outbox.iter().map(|told| told.id.clone()).collect();
        let owed = world.dossier.applications.iter().filter(|application| application.receipt.is_some()).map(
            |application| {
                let stages =
                    application.stages.iter().map(|progress| (progress.stage, progress.outstanding.clone()));
                (application.id.clone(), stages.collect())
            },
        );
        Self { owed: owed.collect(), told, seen: BTreeMap::new(), forgotten: false, world }
    }

    fn saw(&mut self, sight: &'static str) {
        *self.seen.entry(sight).or_default() += 1;
    }

    /// Moves the clock.
    pub fn wait(&mut self, until: Instant) {
        let count = |world: &World| {
            world.dossier.applications.iter().filter(|held| held.state == State::Approved).count()
        };
        let before = count(&self.world);
        self.world.go_to(until);
        self.forgotten |= count(&self.world) < before;
    }

    /// Runs the job, one due record after the other.
    pub fn run_job(&mut self) {
        use JournalAction::{Escalated, Expired, Lapsed, Reminded, Revoked};
        loop {
            let before = self.world.clone();
            let Some(change) = self.world.do_next_due() else { break };
            self.accepted(
                &before,
                &change,
                &Actor::System,
                &[Escalated, Expired, Lapsed, Reminded, Revoked],
                None,
            );
        }
    }

    /// Runs a command of the holder's.
    pub fn by_holder(
        &mut self,
        actions: &[JournalAction],
        command: impl FnOnce(&mut World) -> Answer,
    ) -> Option<Change> {
        let holder = Actor::Holder(self.world.dossier.profile.holder.clone());
        self.run(&holder, actions, None, command)
    }

    /// Runs a command of `actor`, which is journalled as one of `actions` where it's accepted.
    pub fn run(
        &mut self,
        actor: &Actor,
        actions: &[JournalAction],
        reviewer: Option<&Reviewer>,
        command: impl FnOnce(&mut World) -> Answer,
    ) -> Option<Change> {
        let before = self.world.clone();
        match command(&mut self.world) {
            Ok(change) => {
                self.accepted(&before, &change, actor, actions, reviewer);
                Some(change)
            }
            Err(refusal) => {
                let after = &self.world;
                assert_eq!(after.dossier, before.dossier, "{refusal} and yet something changed");
                assert_eq!((&after.held, after.journal.len()), (&before.held, before.journal.len()));
                assert_eq!(after.outbox.len(), before.outbox.len());
                if matches!(refusal, Refusal::ClaimedByOther { .. } | Refusal::OwnApplication) {
                    self.saw(refusal.code());
                }
                None
            }
        }
    }

    fn accepted(
        &mut self,
        before: &World,
        change: &Change,
        actor: &Actor,
        actions: &[JournalAction],
        reviewer: Option<&Reviewer>,
    ) {
        versions_grow_by_one(before, change);
        let entry = &change.journal;
        assert_eq!((&entry.actor, entry.at), (actor, before.now), "who and when");
        assert!(actions.contains(&entry.action), "{:?} is none of {actions:?}", entry.action);
        let records = [change.application.is_some(), change.registration.is_some(), change.profile.is_some()];
        assert!(records.contains(&true), "an entry is of a record");
        for told in &change.notifications {
            assert!(self.told.insert(told.id.clone()), "{} was told before", told.id);
            assert_eq!((&told.holder, told.at), (&change.holder, before.now));
        }
        if let Some(next) = &change.application {
            let previous = before.dossier.application(&next.id);
            assert!(previous.is_none_or(Application::is_open), "{} had ended", next.id);
            receipts_keep_their_time(previous, next);
            self.every_stage_approves(previous, next, change, reviewer);
        }
        if let Some(next) = &change.registration {
            let previous = before.dossier.registration(&next.number);
            registrations_change_as_they_may(previous, next, change, before);
            revocations_go_their_way(previous, next, change, before);
        }
        closed_for_good(before, change);
        self.keys_balance(change);
        self.dossier_is_sound();
        for sight in sights(before, change, &self.world) {
            self.saw(sight);
        }
    }

    /// No approval without that of every stage of the rules, of everything in the form and its files as they stand.
    fn every_stage_approves(
        &mut self,
        previous: Option<&Application>,
        next: &Application,
        change: &Change,
        reviewer: Option<&Reviewer>,
    ) {
        let (entry, rules) = (&change.journal, self.world.rules.get(&next.rules));
        let stages: Vec<_> = rules.review.stages.iter().map(|stage| stage.stage).collect();
        let was_submitted = previous.is_some_and(|previous| previous.receipt.is_some());
        if !was_submitted && next.receipt.is_some() {
            let parts = parts_of(next, self.world.rules.get(&next.rules));
            assert_eq!(entry.parts, parts);
            self.owed.insert(next.id.clone(), stages.iter().map(|stage| (*stage, parts.clone())).collect());
        }
        let owed = self.owed.entry(next.id.clone()).or_default();
        if let Some(previous) = previous.filter(|_| was_submitted && entry.action != JournalAction::Submitted)
        {
            let changed = parts_between(previous, next);
            if !changed.is_empty() {
                assert_eq!(entry.parts, changed, "the journal names what goes back");
                for parts in owed.values_mut() {
                    parts.extend(&changed);
                }
            }
        }
        if entry.action == JournalAction::Approved {
            let (stage, reviewer) = (entry.stage.unwrap(), reviewer.unwrap());
            assert_eq!(previous.unwrap().stage(), Some(stage), "no stage out of turn");
            assert!(
                reviewer.roles.contains(&previous.unwrap().decided_at().unwrap().reviewer())
                    && reviewer.covers(next.form.district.as_ref().unwrap())
            );
            assert!(reviewer.identity.is_none() || reviewer.identity != next.identity);
            assert_eq!(
                owed.insert(stage, BTreeSet::new()).as_ref(),
                Some(&entry.parts),
                "it saw all that was owed"
            );
        }
        let left: BTreeSet<_> = owed.values().flatten().collect();
        match next.state {
            State::Approved => {
                assert!(left.is_empty() && stages.iter().all(|stage| owed.contains_key(stage)), "{left:?}");
            }
            State::Submitted => {
                let first = stages.iter().find(|stage| !owed[*stage].is_empty());
                assert_eq!(
                    next.stage().as_ref(),
                    first,
                    "it waits at the first stage that is owed something"
                );
            }
            _ => assert_eq!(next.stage(), None),
        }
    }

    /// Each key once in a change; open applications hold their place and nothing else does; who is registered keeps
    /// what that needs; nothing is held that nothing needs.
    fn keys_balance(&self, change: &Change) {
        let keys: Vec<_> =
            change.claims.iter().map(|(Claim::Take { key, .. } | Claim::Release { key, .. })| key).collect();
        assert_eq!(
            keys.iter().collect::<BTreeSet<_>>().len(),
            keys.len(),
            "one transaction writes an item once"
        );

        let World { dossier, held, now, .. } = &self.world;
        let held = |key: &UniqueKey| {
            held.get(key).is_some_and(|held| held.expires_at.is_none_or(|at| at >= now.unix_seconds()))
        };
        let open = || dossier.applications.iter().filter(|application| application.is_open());
        for application in open() {
            assert!(application.claims.iter().all(held), "{:?}", application.claims);
            assert!(application.claims.iter().any(|key| matches!(key, UniqueKey::OpenApplication(..))));
            let submitted = application.receipt.is_some() && application.state == State::Submitted;
            let certificate = application.form.management_number.clone().map(UniqueKey::Certificate);
            let identity = identity_key(&application.form).map(UniqueKey::Identity);
            if submitted {
                assert!([certificate, identity].iter().flatten().all(|key| application.claims.contains(key)));
            }
        }
        let registered = dossier.registrations.iter();
        let mut needed: BTreeSet<UniqueKey> =
            open().flat_map(|application| application.claims.clone()).collect();
        needed.extend(registered.clone().map(|one| UniqueKey::Registration(one.number.clone())));
        needed
            .extend(registered.map(|one| UniqueKey::Certificate(one.certificate.management_number.clone())));
        assert!(needed.iter().all(held), "what a registration needs is held");
        if dossier.active_registration().is_some() {
            let identity = identity_key(&dossier.profile.form).map(UniqueKey::Identity).unwrap();
            assert!(held(&identity), "the registered document is held");
        }
        let approved = dossier.applications.iter().filter(|application| application.state == State::Approved);
        needed
            .extend(approved.filter_map(|application| application.identity.clone()).map(UniqueKey::Identity));
        for key in self.world.held.keys().filter(|key| held(key)) {
            let excused = self.forgotten && matches!(key, UniqueKey::Identity(_));
            assert!(excused || needed.contains(key), "{key:?} is held and nothing needs it");
        }
    }

    /// What holds of the records among each other at any time.
    fn dossier_is_sound(&self) {
        let World { dossier, now, .. } = &self.world;
        let mut places = BTreeSet::new();
        for application in dossier.applications.iter().filter(|application| application.is_open()) {
            assert!(places.insert((application.kind, application.registration.clone())), "two open at once");
            assert!(
                application.next_due.is_none()
                    || matches!(application.state, State::Submitted | State::Returned)
            );
            if application.state == State::Submitted {
                // It's looked at the day after the limit, until it has risen from its stage.
                let rules = self.world.rules.get(&application.rules);
                let limit = rules.decision_due(application.receipt.as_ref().unwrap().accepted_at.day());
                let rises = application.risen().is_none().then(|| limit.plus_days(1));
                assert_eq!(application.next_due, rises);
            }
            let about = application.registration.as_ref().and_then(|number| dossier.registration(number));
            let ended = about.is_some_and(|about| {
                !matches!(about.status, RegistrationStatus::Active | RegistrationStatus::Lapsed)
            });
            assert!(!ended, "nothing is open about a registration that was given up, left or revoked");
            let arrives = application.kind.registers() && application.receipt.is_some();
            assert!(!arrives || dossier.profile.next_due.is_none(), "no reminder to do what was done");
        }
        let mut certificates = BTreeSet::new();
        let active = || dossier.registrations.iter().filter(|one| one.status == RegistrationStatus::Active);
        for registration in active() {
            assert!(certificates.insert(&registration.certificate.management_number), "registered twice");
            assert_eq!(
                (registration.cycle.end, registration.cycle.level),
                (registration.valid_until, registration.certificate.level)
            );
            let waiting: Vec<_> = dossier
                .applications
                .iter()
                .filter(|application| {
                    application.kind == ApplicationKind::Renewal
                        && application.registration.as_ref() == Some(&registration.number)
                        && matches!(application.state, State::Submitted | State::Returned)
                })
                .map(|application| &application.id)
                .collect();
            assert_eq!(registration.pending_renewal.iter().collect::<Vec<_>>(), waiting);
            if registration.pending_renewal.is_some() {
                assert!(registration.is_valid_on(now.day()), "a renewal in time keeps it valid");
                let revoked_on = registration.revocation.as_deref().and_then(Revocation::takes_effect_on);
                assert_eq!(registration.next_due, revoked_on, "nothing but a revocation is to come");
            }
        }
        if let (Some(one), 1) = (active().next(), active().count()) {
            let form = &dossier.profile.form;
            assert_eq!((Some(&one.name), Some(&one.district)), (form.name.as_ref(), form.district.as_ref()));
            assert!(form.email.as_ref().is_none_or(|email| *email == one.email));
            assert_eq!(dossier.profile.next_due, None);
        }
    }
}

fn versions_grow_by_one(before: &World, change: &Change) {
    let dossier = &before.dossier;
    if let Some(next) = &change.application {
        assert_eq!(next.version, dossier.application(&next.id).map_or(0, |held| held.version) + 1);
    }
    if let Some(next) = &change.registration {
        assert_eq!(next.version, dossier.registration(&next.number).map_or(0, |held| held.version) + 1);
    }
    if let Some(next) = &change.profile {
        assert_eq!(next.version, dossier.profile.version + 1);
    }
}

fn receipts_keep_their_time(previous: Option<&Application>, next: &Application) {
    let Some(before) = previous.and_then(|previous| previous.receipt.as_ref()) else { return };
    let after = next.receipt.as_ref().expect("a receipt is for good");
    assert_eq!(after.submitted_at, before.submitted_at);
    assert!(after == before || (after.count == before.count + 1 && after.accepted_at >= before.accepted_at));
}

fn registrations_change_as_they_may(
    previous: Option<&Registration>,
    next: &Registration,
    change: &Change,
    before: &World,
) {
    let (action, today) = (change.journal.action, before.now.day());
    let approved = change.application.as_ref().filter(|application| application.state == State::Approved);
    let Some(previous) = previous else {
        let by = approved.expect("what registers it");
        assert!(by.kind.registers());
        let brought = by.transfer.as_ref().filter(|_| by.kind == ApplicationKind::TransferIn);
        let start = brought.map_or(today, |details| details.cycle_start.unwrap());
        assert_eq!((next.registered_on, next.cycle.start), (today, start));
        assert_eq!(next.transfer.arrival.is_some(), brought.is_some());
        assert_eq!(change.credits.len(), brought.map_or(0, |details| details.hours.len()), "hours come once");
        assert!(today <= next.valid_until, "what is registered is valid");
        return;
    };
    assert_eq!(previous.status, RegistrationStatus::Active, "what has ended stays ended");
    assert_eq!(
        (&next.certificate, next.registered_on, next.late),
        (&previous.certificate, previous.registered_on, previous.late)
    );
    if next.status == RegistrationStatus::Lapsed {
        assert!(today > previous.valid_until, "not before its time");
        let closed_now = change.application.as_ref().is_some_and(|application| !application.is_open());
        assert!(previous.pending_renewal.is_none() || closed_now);
    }
    if next.status == RegistrationStatus::Cancelled {
        assert_eq!(approved.map(|application| application.kind), Some(ApplicationKind::Cancellation));
    }
    if next.status == RegistrationStatus::TransferredOut {
        assert_eq!(approved.map(|application| application.kind), Some(ApplicationKind::TransferOut));
        assert!(next.transfer.departure.as_ref().is_some_and(|left| left.on == today));
    }
    let ended = next.status != RegistrationStatus::Active;
    assert_eq!(next.ended_on, ended.then_some(today), "the day it ended");
    assert!(!ended || next.pending_renewal.is_none());
    if next.valid_until != previous.valid_until {
        let renewal =
            approved.filter(|application| application.kind == ApplicationKind::Renewal).expect("a renewal");
        let submitted = renewal.receipt.as_ref().unwrap().submitted_at.day();
        let window = previous.valid_until.plus_months(-3)..=previous.valid_until;
        assert!(window.contains(&submitted), "submitted in its window");
        assert_eq!(next.cycle.start, previous.valid_until.plus_days(1));
        assert_eq!(next.valid_until, previous.valid_until.plus_years(3));
    }
    if (&next.name, &next.district) != (&previous.name, &previous.district) {
        assert!(approved.is_some() && action == JournalAction::Approved, "a stage approved it");
    }
}

/// A revocation takes effect once its grounds were announced and the period to object is over, or an objection dismissed;
/// until then its registration can't be left, and when it ends otherwise the revocation does.
fn revocations_go_their_way(
    previous: Option<&Registration>,
    next: &Registration,
    change: &Change,
    before: &World,
) {
    let held = previous.and_then(|previous| previous.revocation.as_deref());
    let running = held.filter(|held| held.state.is_open());
    if next.status == RegistrationStatus::Revoked {
        let held = running.expect("a revocation that ran");
        let over = held.state == RevocationState::Announced && before.now.day() > held.object_until;
        let dismissed = held.objection.is_some() && matches!(change.journal.actor, Actor::Staff(_));
        assert!(over || dismissed, "{held:?} took effect on {}", before.now);
        assert_eq!(next.revocation.as_ref().unwrap().state, RevocationState::Revoked);
    }
    let given_up = matches!(next.status, RegistrationStatus::Cancelled | RegistrationStatus::TransferredOut);
    assert!(!given_up || running.is_none(), "nobody leaves while it runs");
    let runs = next.revocation.as_ref().is_some_and(|revocation| revocation.state.is_open());
    assert!(!runs || next.status == RegistrationStatus::Active, "nothing runs about what has ended");
}

/// What ends with a registration was open, ends once and tells of nothing by itself.
fn closed_for_good(before: &World, change: &Change) {
    let ended = change.registration.as_ref().filter(|next| next.status != RegistrationStatus::Active);
    for closed in &change.closed {
        let previous = before.dossier.application(&closed.id).expect("it was there");
        assert!(previous.is_open() && closed.version == previous.version + 1);
        assert_eq!((closed.state, closed.stage()), (State::Closed, None));
        assert_eq!((closed.next_due, closed.mend_by), (None, None));
        assert_eq!(closed.registration.as_ref(), ended.map(|ended| &ended.number));
        assert!(change.application.as_ref().is_none_or(|application| application.id != closed.id));
    }
}

/// The parts of a submission that every stage must see: of a change, those that need approval and their evidence.
fn parts_of(application: &Application, rules: &domain::rules::RuleSet) -> BTreeSet<Part> {
    if application.kind == ApplicationKind::Change {
        let changed = application.before.as_ref().unwrap().changed_fields(&application.form);
        let bound =
            changed.into_iter().filter_map(|field| rules.change_rule(field)).filter(|rule| rule.approval);
        // Whatever it changes: a photo is printed on the certificate.
        let photo = files(application).into_iter().map(|(_, part)| part).filter(|part| *part == Part::Photo);
        return bound
            .flat_map(|rule| rule.evidence.iter().map(|kind| part_of(*kind)).chain(rule.field.part()))
            .chain(photo)
            .collect();
    }
    let form =
        [Part::Person, Part::Contact, Part::Education, Part::Certificate, Part::Employment, Part::Membership];
    let transfer = application.kind.is_transfer().then_some(Part::Transfer);
    let files = files(application).into_iter().map(|(_, part)| part);
    form.into_iter().chain(transfer).chain(files).collect()
}

fn files(application: &Application) -> BTreeSet<(String, Part)> {
    let confirmed = application.attachments.iter().filter(|held| held.is_confirmed());
    confirmed.map(|held| (held.id.to_string(), part_of(held.kind))).collect()
}

/// The parts in which the two differ, in their forms and their files.
fn parts_between(previous: &Application, next: &Application) -> BTreeSet<Part> {
    let fields = previous.form.changed_fields(&next.form);
    let (old, new) = (files(previous), files(next));
    let transfer = (previous.transfer != next.transfer).then_some(Part::Transfer);
    fields
        .into_iter()
        .filter_map(domain::form::Field::part)
        .chain(transfer)
        .chain(old.symmetric_difference(&new).map(|(_, part)| *part))
        .collect()
}
