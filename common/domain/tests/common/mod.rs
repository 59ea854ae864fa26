//! One holder, the staff who review for them, and a clock that tests move: what the shell and the store keep between
//! two commands, without either.

mod fixtures;
mod job;

pub use fixtures::{
    DATA, HUBEI, NATIONAL, activity, answers, decision, final_reviewer, form_input, hubei, identity_key,
    library, noon, preliminary_reviewer, reviewer, rules, try_library,
};

use domain::{
    actor::{Actor, Reviewer},
    application::{
        self, Application, ApplicationKind, AttachmentRequest, Change, Claim, Decision, Draft, Entropy,
        JournalEntry, Outcome, Stage, State, UniqueKey,
    },
    attachment::{AttachmentKind, ContentType, Inspection},
    credit::{Activity, Assessment, CreditCategory, CreditForm, CreditRecord, Hours, assess},
    date::{CalendarDate, Instant},
    dossier::Dossier,
    error::Refusal,
    form::FormInput,
    id::{ApplicationId, AttachmentId, CreditId, HolderId},
    notification::{Message, Notification},
    registration::{Registration, RegistrationNumber},
    rules::RuleLibrary,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The answer to a command.
pub type Answer = Result<Change, Refusal>;

/// "ok", or the code of the refusal: what tables of commands compare.
pub fn code(answer: &Answer) -> &'static str {
    answer.as_ref().map_or_else(Refusal::code, |_| "ok")
}

/// Who has a unique key, and until when (seconds since 1970), as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub owner: String,
    pub expires_at: Option<i64>,
}

/// A holder's world.
#[derive(Debug, Clone)]
pub struct World {
    pub now: Instant,
    pub rules: &'static RuleLibrary,
    pub dossier: Dossier,
    pub journal: Vec<JournalEntry>,
    pub outbox: Vec<Notification>,
    pub held: BTreeMap<UniqueKey, Holding>,
    minted: u128,
}

impl World {
    /// The world of somebody who arrives at `now`.
    pub fn new(now: Instant) -> Self {
        Self {
            now,
            rules: rules(),
            dossier: Dossier::empty(HolderId::mint(20), now),
            journal: Vec::new(),
            outbox: Vec::new(),
            held: BTreeMap::new(),
            minted: 0,
        }
    }

    /// The world of somebody whose certificate was issued and registered on `day`.
    pub fn registered(day: CalendarDate) -> Self {
        Self::registered_with(day, json!({}))
    }

    /// As [`Self::registered`], with `patch` entered over the usual answers.
    pub fn registered_with(day: CalendarDate, patch: Value) -> Self {
        let mut world = Self::new(noon(day));
        let id = world.first_with(json!({ "issued_on": day }));
        world.enter(&id, patch).unwrap();
        world.submit(&id).unwrap();
        world.approve_all(&id);
        world
    }

    /// The world of somebody whose certificate was issued and registered on `day` under the rules of `library`.
    pub fn registered_under(library: RuleLibrary, day: CalendarDate) -> Self {
        let mut world = Self::new(noon(day));
        world.rules = Box::leak(Box::new(library));
        let id = world.first();
        world.submit(&id).unwrap();
        world.approve_all(&id);
        world
    }

    /// Moves the clock. What the store no longer loads (a draft past its day, what ended before the working set) is
    /// gone from the dossier.
    pub fn go_to(&mut self, now: Instant) {
        assert!(now >= self.now, "the clock doesn't go back: {now} after {}", self.now);
        self.now = now;
        let since = Dossier::since(now.day());
        self.dossier.applications.retain(|application| {
            (application.is_open() || application.id.opened_on() >= since)
                && application.draft_expires_at().is_none_or(|expiry| expiry > now)
        });
    }

    /// Moves the clock to noon of `day`.
    pub fn go_to_day(&mut self, day: CalendarDate) {
        self.go_to(noon(day));
    }

    fn mint(&mut self) -> u128 {
        self.minted += 1;
        self.minted
    }

    /// The application `id`.
    pub fn application(&self, id: &ApplicationId) -> &Application {
        self.dossier.application(id).expect("an application of this holder")
    }

    /// The newest registration.
    pub fn registration(&self) -> &Registration {
        self.dossier.registrations.last().expect("a registration")
    }

    /// The state of application `id`.
    pub fn state(&self, id: &ApplicationId) -> State {
        self.application(id).state
    }

    /// The newest message.
    pub fn last_message(&self) -> &Message {
        &self.outbox.last().expect("a message").message
    }

    /// Writes an accepted change as the store does: each record whole, claims by owner.
    fn commit(&mut self, answer: Answer) -> Answer {
        let change = answer?;
        if let Some(next) = &change.application {
            put(&mut self.dossier.applications, next.clone(), |held| held.id == next.id);
        }
        for next in &change.closed {
            let before = self.application(&next.id).version;
            assert_eq!(next.version, before + 1, "{} lost a version", next.id);
            put(&mut self.dossier.applications, next.clone(), |held| held.id == next.id);
        }
        for next in &change.closed_hours {
            let before = self.credit(&next.id).version;
            assert_eq!(next.version, before + 1, "{} lost a version", next.id);
            put(&mut self.dossier.credits, next.clone(), |held| held.id == next.id);
        }
        if let Some(next) = &change.registration {
            put(&mut self.dossier.registrations, next.clone(), |held| held.number == next.number);
        }
        if let Some(next) = &change.profile {
            self.dossier.profile = next.clone();
        }
        if let Some(next) = &change.credit {
            let before = self.dossier.credit(&next.id).map_or(0, |held| held.version);
            assert_eq!(next.version, before + 1, "{} lost a version", next.id);
            put(&mut self.dossier.credits, (**next).clone(), |held| held.id == next.id);
        }
        for next in &change.credits {
            assert!(next.version == 1 && self.dossier.credit(&next.id).is_none(), "{} isn't new", next.id);
            self.dossier.credits.push(next.clone());
        }
        for claim in &change.claims {
            match claim {
                Claim::Take { key, owner, expires_at } => {
                    let holding = Holding { owner: owner.clone(), expires_at: *expires_at };
                    let before = self.held.insert(key.clone(), holding);
                    let free = before.is_none_or(|held| {
                        held.owner == *owner || held.expires_at.is_some_and(|at| at < self.now.unix_seconds())
                    });
                    assert!(free, "{key:?} is somebody else's");
                }
                Claim::Release { key, owner } => {
                    let held = self.held.remove(key);
                    assert!(
                        held.is_none_or(|held| held.owner == *owner),
                        "{key:?} isn't {owner}'s to release"
                    );
                }
            }
        }
        self.journal.push(change.journal.clone());
        self.outbox.extend(change.notifications.clone());
        Ok(change)
    }

    /// Opens a draft.
    pub fn try_open(&mut self, kind: ApplicationKind, registration: Option<RegistrationNumber>) -> Answer {
        let entropy = self.mint();
        let id = ApplicationId::mint(&self.dossier.profile.holder, self.now.day(), entropy);
        let answer = application::open(&self.dossier, Draft { id, kind, registration }, self.rules, self.now);
        self.commit(answer)
    }

    /// Opens a draft that may be opened.
    pub fn open(&mut self, kind: ApplicationKind) -> ApplicationId {
        self.try_open(kind, None).unwrap().application.unwrap().id
    }

    /// Enters `patch`, a JSON merge patch, into the form.
    pub fn enter(&mut self, id: &ApplicationId, patch: Value) -> Answer {
        let application = self.application(id);
        let rules = self.rules.get(&application.rules);
        let entered = application::entered(application, form_input(patch), rules)?;
        let identity = identity_key(&entered.0);
        let (dossier, rules, now) = (&self.dossier, self.rules, self.now);
        let answer = application::save(dossier, application, entered, identity, rules, now);
        self.commit(answer)
    }

    /// Submits.
    pub fn submit(&mut self, id: &ApplicationId) -> Answer {
        let application = self.application(id);
        let identity = identity_key(&application.form);
        let answer = application::submit(&self.dossier, application, identity, self.rules, self.now);
        self.commit(answer)
    }

    /// Withdraws.
    pub fn withdraw(&mut self, id: &ApplicationId) -> Answer {
        let answer = application::withdraw(&self.dossier, self.application(id), self.rules, self.now);
        self.commit(answer)
    }

    /// Saves the profile.
    pub fn save_profile(&mut self, patch: Value) -> Answer {
        let input: FormInput = form_input(patch);
        let answer = application::save_profile(&self.dossier, input, self.rules, self.now);
        self.commit(answer)
    }

    /// Asks for a place for a JPEG of `kind` that holds `DATA`, with `edit` of the request.
    pub fn request(
        &mut self,
        id: &ApplicationId,
        kind: AttachmentKind,
        edit: impl FnOnce(&mut AttachmentRequest),
    ) -> Answer {
        let mut request = AttachmentRequest {
            id: AttachmentId::mint(id, self.mint()),
            kind,
            file_name: "照片.jpg".to_owned(),
            content_type: ContentType::Jpeg,
            size: DATA.size,
            sha256: None,
        };
        edit(&mut request);
        let answer = application::request_attachment(self.application(id), request, self.rules, self.now);
        self.commit(answer)
    }

    /// Asks for a place that is given.
    pub fn place(&mut self, id: &ApplicationId, kind: AttachmentKind) -> AttachmentId {
        let next = self.request(id, kind, |_| {}).unwrap().application.unwrap();
        next.attachments.last().unwrap().id.clone()
    }

    /// Confirms attachment `id`, where the store holds `file`.
    pub fn confirm(&mut self, id: &AttachmentId, file: &Inspection) -> Answer {
        let application = self.application(&id.application());
        let answer =
            application::confirm_attachment(&self.dossier, application, id, file, self.rules, self.now);
        self.commit(answer)
    }

    /// Removes attachment `id`.
    pub fn remove(&mut self, id: &AttachmentId) -> Answer {
        let application = self.application(&id.application());
        let answer = application::remove_attachment(&self.dossier, application, id, self.rules, self.now);
        self.commit(answer)
    }

    /// Uploads and confirms a good file of `kind`.
    pub fn attach(&mut self, id: &ApplicationId, kind: AttachmentKind) -> AttachmentId {
        let attachment = self.place(id, kind);
        self.confirm(&attachment, &DATA.inspection()).unwrap();
        attachment
    }

    /// Takes an application up.
    pub fn claim(&mut self, id: &ApplicationId, reviewer: &Reviewer) -> Answer {
        let answer = application::claim(self.application(id), reviewer, self.rules, self.now);
        self.commit(answer)
    }

    /// Lays an application down.
    pub fn release(&mut self, id: &ApplicationId, reviewer: &Reviewer) -> Answer {
        let answer = application::release(self.application(id), reviewer, self.now);
        self.commit(answer)
    }

    /// Decides.
    pub fn decide(&mut self, id: &ApplicationId, reviewer: &Reviewer, decision: Decision) -> Answer {
        let entropy = Entropy(self.mint());
        let application = self.application(id);
        let answer = application::decide(
            &self.dossier,
            application,
            reviewer,
            decision,
            entropy,
            self.rules,
            self.now,
        );
        self.commit(answer)
    }

    /// The reviewer who decides the stage application `id` waits at.
    pub fn reviewer_of(&self, id: &ApplicationId) -> Reviewer {
        let application = self.application(id);
        let district = application.form.district.as_ref().unwrap();
        match application.decided_at() {
            Some(Stage::Final) => final_reviewer(district.prefix(2)),
            _ => preliminary_reviewer(district.prefix(4)),
        }
    }

    /// Decides the stage application `id` waits at, by the reviewer appointed for it.
    pub fn decide_stage(&mut self, id: &ApplicationId, outcome: Outcome) -> Answer {
        let reviewer = self.reviewer_of(id);
        self.decide(id, &reviewer, decision(outcome))
    }

    /// Approves application `id` at every stage that is left.
    pub fn approve_all(&mut self, id: &ApplicationId) {
        while self.state(id) == State::Submitted {
            self.decide_stage(id, Outcome::Approve).unwrap();
        }
    }

    /// A complete draft of a first registration for a certificate issued today.
    pub fn first(&mut self) -> ApplicationId {
        let today = self.now.day();
        self.first_with(json!({ "issued_on": today }))
    }

    /// A complete draft of a first registration, with `patch` entered over the usual answers.
    pub fn first_with(&mut self, patch: Value) -> ApplicationId {
        let id = self.open(ApplicationKind::First);
        self.enter(&id, answers(patch)).unwrap();
        for kind in [
            AttachmentKind::Photo,
            AttachmentKind::IdentityCardFront,
            AttachmentKind::IdentityCardBack,
            AttachmentKind::CertificateScan,
        ] {
            self.attach(&id, kind);
        }
        id
    }

    /// A complete draft of a renewal, change or cancellation of the one registration.
    pub fn draft(&mut self, kind: ApplicationKind) -> ApplicationId {
        let id = self.open(kind);
        self.enter(&id, json!({ "declaration": true })).unwrap();
        if kind == ApplicationKind::Renewal {
            self.attach(&id, AttachmentKind::Photo);
        }
        id
    }

    /// Recognises `tenths` of an hour of continuing education, done on the cycle's first day.
    pub fn earn(&mut self, tenths: u32) {
        let day = self.registration().cycle.start;
        let activity = activity(CreditForm::Online, CreditCategory::Ethics, day);
        self.put_credit(activity, tenths);
    }

    /// Puts a record of `activity` that counts, with `tenths` of an hour, into the present cycle.
    pub fn put_credit(&mut self, activity: Activity, tenths: u32) -> CreditId {
        let whose = self.registration().into();
        let Registration { holder, cycle, .. } = self.registration().clone();
        let id = CreditId::mint(&holder, cycle.start, self.mint());
        let unit = self.rules.get(&cycle.rules).hours.unit.to_string();
        let hours = Hours::from_tenths(tenths);
        let credit =
            CreditRecord::entered(id.clone(), whose, activity, hours, &unit, Actor::System, self.now);
        self.dossier.credits.push(credit);
        id
    }

    /// The credit record `id`.
    pub fn credit(&self, id: &CreditId) -> CreditRecord {
        self.dossier.credit(id).expect("a record of this holder").clone()
    }

    /// Does what `command` says about continuing education.
    pub fn educate(&mut self, command: impl FnOnce(&Dossier, &RuleLibrary, Instant) -> Answer) -> Answer {
        let answer = command(&self.dossier, self.rules, self.now);
        self.commit(answer)
    }

    /// The present cycle's hours.
    pub fn assessed(&self) -> Assessment {
        let cycle = &self.registration().cycle;
        assess(cycle, &self.dossier.credits, self.rules.get(&cycle.rules))
    }
}

/// Puts `next` in the place of what it follows, or at the end.
fn put<T>(records: &mut Vec<T>, next: T, same: impl Fn(&T) -> bool) {
    match records.iter_mut().find(|held| same(held)) {
        Some(held) => *held = next,
        None => records.push(next),
    }
}
