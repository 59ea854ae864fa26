//! Continuing education: what counts, what doesn't and why; who may say so; what a renewal asks of it.

mod advice;
mod claims;
mod courses;
mod cycles;
mod drafts;
mod files;
mod forms;
mod likenesses;
mod properties;
mod providers;
mod races;
mod renewals;
mod rulings;
mod samples;
mod voiding;

use crate::common::{Answer, HUBEI, NATIONAL, World, activity, library, noon};
use domain::{
    actor::Actor,
    application::Reason,
    attachment::{AttachmentState, ContentType},
    certificate::CertificateLevel,
    credit::{
        Activity, Assessment, Course, CreditCategory, CreditForm, CreditRecord, Cycle, EvidenceFile,
        EvidenceKind, Hours, Particulars, Whose, Why, assess,
    },
    date::{CalendarDate, date},
    education::{self, ClaimInput},
    id::{AttachmentId, CourseId, CreditId, HolderId, StaffId},
    rules::RuleSet,
};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Hubei's rules with `edits`.
fn hubei_with(edits: &[(&str, &str)]) -> RuleSet {
    library(edits).for_district(Some(&"420106".parse().unwrap())).clone()
}

/// The edit that puts `tables` into the rules of hours.
fn tables(tables: &str) -> String {
    format!("{tables}\n\n[hours.grounds]")
}

/// A share of ethics of `percent`.
fn ethics(percent: u8) -> (&'static str, String) {
    ("ethics_percent = { value = 0,", format!("ethics_percent = {{ value = {percent},"))
}

fn level() -> CertificateLevel {
    CertificateLevel::AssistantSocialWorker
}

/// The cycle of 2 March 2026 to 2 March 2029.
fn cycle(rules: &RuleSet) -> Cycle {
    Cycle { start: date(2026, 3, 2), end: date(2029, 3, 2), first: true, level: level(), rules: rules.key() }
}

fn holder() -> HolderId {
    HolderId::mint(20)
}

fn hours(tenths: u32) -> Hours {
    Hours::from_tenths(tenths)
}

/// A record of `done`, with `tenths` of an hour, that counts as far as the rules let it.
fn counting(done: Activity, tenths: u32) -> CreditRecord {
    let mut hasher = DefaultHasher::new();
    format!("{done:?}{tenths}").hash(&mut hasher);
    let id = CreditId::mint(&holder(), date(2026, 3, 2), hasher.finish().into());
    let whose = Whose { name: "张三".parse().unwrap(), district: "420106".parse().unwrap() };
    CreditRecord::entered(id, whose, done, hours(tenths), "学时", Actor::System, noon(date(2026, 3, 2)))
}

/// As [`counting`], of `form` and `category`, in the middle of the cycle.
fn done(form: CreditForm, category: CreditCategory, tenths: u32) -> CreditRecord {
    counting(activity(form, category, date(2027, 6, 1)), tenths)
}

/// The reasons of a record's hours that don't count, with how many tenths.
fn why(assessment: &Assessment, id: &CreditId) -> Vec<(Why, u32)> {
    let line = assessment.line(id).expect("a line for each record");
    line.uncounted.iter().map(|uncounted| (uncounted.code, uncounted.hours.tenths())).collect()
}

/// What one record comes to: tenths that count, and the reasons of those that don't.
fn outcome(record: &CreditRecord, rules: &RuleSet) -> (u32, Vec<(Why, u32)>) {
    let assessment = assess(&cycle(rules), std::slice::from_ref(record), rules);
    (assessment.shortfall.counted.tenths(), why(&assessment, &record.id))
}

/// A confirmed file of `kind` whose content is told by `content`.
fn file(kind: EvidenceKind, content: u8) -> EvidenceFile {
    let credit = CreditId::mint(&holder(), date(2026, 3, 2), 7);
    EvidenceFile {
        id: AttachmentId::of_evidence(&credit, content.into()),
        kind,
        file_name: "材料.pdf".to_owned(),
        content_type: ContentType::Pdf,
        size: 20_000,
        sha256: Some(format!("{content:02x}").repeat(32)),
        state: AttachmentState::Confirmed,
        requested_at: noon(date(2027, 6, 1)),
    }
}

/// A claim of `tenths` of an hour of `form` on `day`, with what its form asks for.
fn claim_of(form: CreditForm, day: CalendarDate, tenths: u32) -> ClaimInput {
    let done = activity(form, CreditCategory::Professional, day);
    ClaimInput { activity: done, hours: Some(hours(tenths)), unit: None, course: None, registration: None }
}

/// Drafts `input` under an id made of `entropy`.
fn draft(world: &mut World, input: &ClaimInput, entropy: u128) -> Answer {
    let holder = world.dossier.profile.holder.clone();
    world.educate(|dossier, rules, now| {
        education::claim(dossier, input, |start| CreditId::mint(&holder, start, entropy), rules, now)
    })
}

/// Puts `files` to the record `id`, as they are once they were looked at.
fn put_files(world: &mut World, id: &CreditId, files: Vec<EvidenceFile>) -> CreditRecord {
    let held = world.dossier.credits.iter_mut().find(|held| held.id == *id).unwrap();
    held.files = files;
    held.clone()
}

/// Submits the draft `id` with one file of `kind`.
fn submit_with(world: &mut World, id: &CreditId, kind: EvidenceKind) -> Answer {
    let record = put_files(world, id, vec![file(kind, 1)]);
    world.educate(|dossier, rules, now| education::submit(dossier, &record, rules, now))
}

/// A course of 16 hours in person, on three days from `from`.
fn course(from: CalendarDate) -> Course {
    Course {
        id: CourseId::mint(5),
        title: "社会工作价值观与伦理".parse().unwrap(),
        provider: "武汉市社会工作联合会".parse().unwrap(),
        form: CreditForm::InPerson,
        category: CreditCategory::Ethics,
        hours: hours(160),
        unit: "学时".to_owned(),
        from,
        to: from.plus_days(2),
        particulars: Particulars::default(),
        held_by: StaffId::mint(500),
        offered_at: noon(from),
        withdrawn_at: None,
        version: 1,
    }
}

/// A reason that Hubei's rules list.
fn reason(ground: &str) -> Reason {
    Reason { part: None, ground: ground.to_owned(), note: "见材料第 2 页".to_owned() }
}
