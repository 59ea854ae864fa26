//! What tests begin with: the rules that ship, a form's usual answers, a good file, and staff.

use domain::{
    actor::{Reviewer, Role},
    application::{Decision, Outcome, Reason},
    attachment::Inspection,
    credit::{Activity, CreditCategory, CreditForm, DegreeLevel, JournalClass, Particulars},
    date::{CalendarDate, Instant},
    form::{Form, FormInput},
    id::{IdentityKey, StaffId},
    rules::{RuleLibrary, RuleSet},
};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The rule sets that ship.
pub fn rules() -> &'static RuleLibrary {
    static RULES: LazyLock<RuleLibrary> = LazyLock::new(|| RuleLibrary::compiled_in().unwrap());
    &RULES
}

/// Hubei's rules.
pub fn hubei() -> &'static RuleSet {
    rules().for_district(Some(&"420106".parse().unwrap()))
}

/// Noon of `day` in Beijing.
pub fn noon(day: CalendarDate) -> Instant {
    day.start().plus_seconds(12 * 3600)
}

/// The usual answers but the certificate's issue date: an assistant social worker of Wuchang, Wuhan, who practises.
static ANSWERS: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "name": "张三",
        "identity_document": { "kind": "resident_identity_card", "number": "11010519491231002X" },
        "mobile": "13800138000",
        "email": "zhang@example.com",
        "postal_address": "武汉市武昌区中南路 1 号",
        "district": "420106",
        "education": "bachelor",
        "school": "华中师范大学",
        "political_status": "masses",
        "management_number": "202510420106000123",
        "certificate_level": "assistant_social_worker",
        "employment_status": "full_time",
        "employer": "武昌区社会工作服务中心",
        "position": "社工",
        "practice_field": "community",
        "memberships": [],
        "declaration": true,
    })
});

/// The usual answers with `patch` over them.
pub fn answers(patch: Value) -> Value {
    let mut answers = ANSWERS.clone();
    let (Value::Object(all), Value::Object(patch)) = (&mut answers, patch) else {
        panic!("answers are objects")
    };
    all.extend(patch);
    answers
}

/// What the API makes of a JSON body.
pub fn form_input(patch: Value) -> FormInput {
    serde_json::from_value(patch).unwrap()
}

/// The keyed hash of the identity document in `form`, as the shell makes it (with a key of its own).
pub fn identity_key(form: &Form) -> Option<IdentityKey> {
    let document = form.identity_document.as_ref()?;
    Some(IdentityKey::from_hash(format!("hash of {}", document.canonical())))
}

/// An activity of `form`, done on `day`, that no rule finds wanting but for its evidence.
pub fn activity(form: CreditForm, category: CreditCategory, day: CalendarDate) -> Activity {
    let particulars = Particulars {
        journal_class: (form == CreditForm::Paper).then_some(JournalClass::National),
        degree_level: (form == CreditForm::Degree).then_some(DegreeLevel::Master),
        filing_number: (form == CreditForm::InHouse).then(|| "鄂社备〔2026〕12 号".parse().unwrap()),
        filed_on: (form == CreditForm::InHouse).then(|| day.plus_days(-10)),
        ..Particulars::default()
    };
    Activity {
        form,
        category,
        title: "社会工作实务".parse().unwrap(),
        course: None,
        provider: None,
        done_from: day,
        done_to: day,
        particulars,
    }
}

/// A file as the store would describe it.
pub struct File {
    pub size: u64,
    pub head: &'static [u8],
    pub sha256: &'static str,
}

/// A JPEG of 100 kB.
pub const DATA: File = File {
    size: 102_400,
    head: b"\xFF\xD8\xFF\xE0\0\x10JFIF",
    sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
};

impl File {
    /// What the store finds when it looks at the file.
    pub fn inspection(&self) -> Inspection {
        Inspection { size: self.size, head: self.head.to_vec(), sha256: self.sha256.to_owned() }
    }
}

/// A member of staff with `role` in `area`, told from others by `number`.
pub fn reviewer(number: u128, role: Role, area: &str) -> Reviewer {
    Reviewer { id: StaffId::mint(number), roles: [role].into(), area: area.parse().unwrap(), identity: None }
}

/// Who decides the preliminary stage in `area`.
pub fn preliminary_reviewer(area: &str) -> Reviewer {
    reviewer(1, Role::PreliminaryReviewer, area)
}

/// Who decides the final stage in `area`.
pub fn final_reviewer(area: &str) -> Reviewer {
    reviewer(2, Role::FinalReviewer, area)
}

/// A decision, with a reason where one is needed.
pub fn decision(outcome: Outcome) -> Decision {
    let reason = Reason { part: None, ground: "incomplete".to_owned(), note: String::new() };
    let reasons = if outcome == Outcome::Approve { Vec::new() } else { vec![reason] };
    Decision { outcome, reasons }
}

/// Hubei's rules as they're written.
pub const HUBEI: &str = include_str!("../../rules/hubei.toml");
/// The ministry's.
pub const NATIONAL: &str = include_str!("../../rules/national.toml");

/// The library with `edits` made to Hubei's rules, each of a text that is there; or what is wrong with it.
pub fn try_library(edits: &[(&str, &str)]) -> Result<RuleLibrary, String> {
    let mut text = HUBEI.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "the rule set has no {from}");
        text = text.replace(from, to);
    }
    RuleLibrary::parse(&[&text, NATIONAL]).map_err(|error| error.to_string())
}

/// The library with `edits` that are sound.
pub fn library(edits: &[(&str, &str)]) -> RuleLibrary {
    try_library(edits).unwrap()
}
