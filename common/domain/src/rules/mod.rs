//! Rules are data: windows, hours, stages, papers, grounds. Each value says where it comes from and whether that
//! source was read. The code asks a [`RuleSet`]; it never knows a province.

mod calendar;
mod check;
mod hours;
mod library;
mod revocation;

pub use calendar::{CALENDAR_NOTICE_DAYS, CalendarError, Holiday, HolidayNotice, WorkingDays};
pub use check::Contradiction;
pub use hours::{CreditFormRules, Filing, HoursRules};
pub use library::{RuleLibrary, RuleSetError};
pub use revocation::RevocationRules;

use crate::{
    actor::Role,
    application::{ApplicationKind, Stage},
    attachment::{AttachmentKind, ContentType},
    certificate::{CertificateLevel, ManagementNumber},
    credit::Hours,
    date::CalendarDate,
    district::{Area, DistrictCode},
    form::Field,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

/// A value with its origin.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sourced<T> {
    value: T,
    /// Key into [`RuleSet::sources`].
    pub source: String,
    /// True where the source itself was read and says so.
    #[serde(default)]
    pub verified: bool,
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Which rule set, in which version. A cycle keeps the one it started under.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleSetId {
    /// `hubei`, `national`
    pub id: String,
    /// `2026-01`
    pub version: String,
}

/// A rule as an answer quotes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Citation {
    /// The rule set and version.
    pub rule_set: RuleSetId,
    /// Where in it, e.g. `renewal.window_months`.
    pub rule: String,
    /// The source, in Chinese.
    pub source: String,
    /// True where the source itself was read and says so.
    pub verified: bool,
}

/// Where a value comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The document's title.
    pub title: String,
    /// Article or remark.
    #[serde(default)]
    pub note: String,
}

/// The application form.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormRules {
    /// The fields that must be filled in before submission; what there is to say of a job, only by those who have one.
    pub required: Sourced<BTreeSet<Field>>,
}

/// What happens to a first registration after its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatePolicy {
    /// Accepted, and marked late.
    AcceptAndFlag,
    /// Refused.
    Refuse,
}

/// First registration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstRegistration {
    /// Months from the certificate's issue date to the last day of the window.
    pub window_months: Sourced<u8>,
    /// What happens after it.
    pub late: Sourced<LatePolicy>,
}

/// Renewal (再登记).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewalRules {
    /// Years a registration is valid.
    pub validity_years: Sourced<u8>,
    /// Months before the last day of validity at which the window opens.
    pub window_months: Sourced<u8>,
    /// Days after it in which a renewal is still accepted.
    pub grace_days: Sourced<u16>,
}

/// Transfer (登记转移).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferRules {
    /// True where a transfer in keeps the cycle and the last day that the registration elsewhere had; false where it begins
    /// a fresh period, to which hours brought along are hours from before it.
    pub keeps_validity: Sourced<bool>,
}

/// One stage of review.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRules {
    /// Which stage.
    pub stage: Stage,
    /// Digits of the area that its reviewers are appointed for: 2 province, 4 city, 6 county. An area's queue is one
    /// key, so that a page of it costs the same however many wait elsewhere.
    pub area_digits: u8,
    /// Over how many keys one area's queue is spread.
    pub queue_shards: u8,
    /// To whom an application rises that waits here past the limit: the reviewers of a later stage, or the administrators.
    /// Nobody where it's left out.
    #[serde(default)]
    pub rises_to: Option<Sourced<Role>>,
}

/// Review.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewRules {
    /// The stages, first to last.
    pub stages: Vec<StageRules>,
    /// Working days from acceptance to decision.
    pub decision_working_days: Sourced<u16>,
    /// Working days before that day from which on a decision is said to be due soon.
    pub due_soon_working_days: Sourced<u16>,
    /// Calendar days a holder has to mend what was returned.
    pub mend_days: Sourced<u16>,
    /// Minutes a reviewer's claim holds.
    pub claim_minutes: Sourced<u16>,
}

/// What may be uploaded as one kind of attachment, or as evidence of hours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachmentRules {
    /// The formats taken.
    pub content_types: BTreeSet<ContentType>,
    /// The most bytes one file may have.
    pub max_bytes: u64,
    /// The most files of this kind in one application, or in one record of hours.
    pub max_files: u8,
}

impl AttachmentRules {
    /// True where something can be uploaded at all.
    fn accepts_something(&self) -> bool {
        self.max_bytes > 0 && self.max_files > 0 && !self.content_types.is_empty()
    }
}

/// A field that may be changed in the register.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeRule {
    /// The field.
    pub field: Field,
    /// True where a reviewer must approve.
    pub approval: bool,
    /// Attachments that must come with it.
    #[serde(default)]
    pub evidence: BTreeSet<AttachmentKind>,
}

/// Why an application may be returned or refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// Stable code.
    pub code: String,
    /// What the holder reads.
    pub text: String,
}

/// When reminders go out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReminderRules {
    /// Days before the last day, for first registration and renewal, largest first.
    pub days_before: Sourced<Vec<u16>>,
    /// Days after a return, smallest first.
    pub returned_days: Sourced<Vec<u16>>,
}

/// The rules of one authority in one version.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// `hubei`, `national`
    pub id: String,
    /// `2026-01`
    pub version: String,
    /// 湖北省
    pub name: String,
    /// Who issues registrations under these rules.
    pub authority: String,
    /// Whom to ask, as mails and messages say it.
    pub contact: String,
    /// District prefixes these rules hold in; an empty list is everywhere else.
    pub districts: Vec<Area>,
    /// The pattern a management number matches.
    pub management_number: Sourced<String>,
    /// Documents the values come from, by key.
    pub sources: BTreeMap<String, Source>,
    /// 登记申请表
    pub form: FormRules,
    /// 首次登记
    pub first_registration: FirstRegistration,
    /// 再登记
    pub renewal: RenewalRules,
    /// 继续教育
    pub hours: HoursRules,
    /// 登记转移
    pub transfer: TransferRules,
    /// 审核
    pub review: ReviewRules,
    /// Attachments that must be there, by kind of application.
    pub required_attachments: BTreeMap<ApplicationKind, Sourced<BTreeSet<AttachmentKind>>>,
    /// Formats and sizes, by kind of attachment.
    pub attachments: BTreeMap<AttachmentKind, AttachmentRules>,
    /// What may be changed, and how.
    pub changes: Sourced<Vec<ChangeRule>>,
    /// Grounds for returning or refusing.
    pub grounds: Sourced<Vec<Ground>>,
    /// 撤销登记
    pub revocation: RevocationRules,
    /// 提醒
    pub reminders: ReminderRules,
    /// Which days are worked: the same for every set.
    #[serde(skip)]
    pub calendar: WorkingDays,
}

impl RuleSet {
    /// Id and version.
    pub fn key(&self) -> RuleSetId {
        RuleSetId { id: self.id.clone(), version: self.version.clone() }
    }

    /// Quotes the rule `rule` with the origin of its value.
    pub fn cite<T>(&self, rule: &str, value: &Sourced<T>) -> Citation {
        let source = self.sources.get(&value.source).map_or_else(String::new, |source| {
            if source.note.is_empty() {
                source.title.clone()
            } else {
                format!("{}（{}）", source.title, source.note)
            }
        });
        Citation { rule_set: self.key(), rule: rule.to_owned(), source, verified: value.verified }
    }

    /// A management number, where `text` matches the pattern (blanks are dropped, letters made capitals).
    pub fn management_number(&self, text: &str) -> Option<ManagementNumber> {
        let text: String = text.chars().filter(|character| !character.is_whitespace()).collect();
        let text = text.to_ascii_uppercase();
        let pattern = regex_lite::Regex::new(&self.management_number).ok()?;
        pattern.is_match(&text).then(|| ManagementNumber::trusted(text))
    }

    /// True where these rules hold in `district`.
    pub fn holds_in(&self, district: &DistrictCode) -> bool {
        self.districts.is_empty() || self.districts.iter().any(|area| area.contains(district))
    }

    /// Last day of the window for a first registration.
    pub fn first_window_end(&self, issued_on: CalendarDate) -> CalendarDate {
        issued_on.plus_months(i32::from(*self.first_registration.window_months))
    }

    /// First day of the renewal window of a registration valid until `valid_until`.
    pub fn renewal_opens(&self, valid_until: CalendarDate) -> CalendarDate {
        valid_until.plus_months(-i32::from(*self.renewal.window_months))
    }

    /// Last day on which a renewal is accepted.
    pub fn renewal_closes(&self, valid_until: CalendarDate) -> CalendarDate {
        valid_until.plus_days(i64::from(*self.renewal.grace_days))
    }

    /// Last day of validity of a registration that starts (or is carried on) at `from`.
    pub fn valid_until(&self, from: CalendarDate) -> CalendarDate {
        from.plus_years(i32::from(*self.renewal.validity_years))
    }

    /// The day by which a decision is due on what was accepted on `accepted`.
    pub fn decision_due(&self, accepted: CalendarDate) -> CalendarDate {
        self.calendar.plus_working_days(accepted, *self.review.decision_working_days)
    }

    /// The first day of which what was accepted isn't overdue on `today`: whatever came before should have been
    /// decided.
    pub fn not_overdue_from(&self, today: CalendarDate) -> CalendarDate {
        self.calendar.minus_working_days(today, *self.review.decision_working_days)
    }

    /// The first day of which what was accepted isn't due soon on `today`: whatever came before is to be decided within
    /// [`ReviewRules::due_soon_working_days`], or is overdue.
    pub fn not_due_soon_from(&self, today: CalendarDate) -> CalendarDate {
        let last = self.calendar.plus_working_days(today, *self.review.due_soon_working_days);
        self.not_overdue_from(last.plus_days(1))
    }

    /// Hours a cycle asks of `level`, with the rule that says so. Every level is there: the check of the rule set
    /// refuses one that lacks a level.
    pub fn hours_required(&self, level: CertificateLevel) -> Option<&Sourced<Hours>> {
        self.hours.required.get(&level)
    }

    /// The stage that decides last.
    pub fn last_stage(&self) -> Stage {
        self.review.stages.last().map_or(Stage::Final, |stage| stage.stage)
    }

    /// The rules of `stage`, where the set has it.
    pub fn stage(&self, stage: Stage) -> Option<&StageRules> {
        self.review.stages.iter().find(|rules| rules.stage == stage)
    }

    /// The change rule of `field`, where it may be changed.
    pub fn change_rule(&self, field: Field) -> Option<&ChangeRule> {
        self.changes.iter().find(|rule| rule.field == field)
    }

    /// Attachments an application of `kind` must have.
    pub fn required_attachments(&self, kind: ApplicationKind) -> Option<&Sourced<BTreeSet<AttachmentKind>>> {
        self.required_attachments.get(&kind)
    }

    /// Checks that reviewers' roles and area fit the stages: an area has exactly the digits the stage's queue has.
    /// Returns the Chinese reason where they don't.
    pub fn check_appointment(&self, roles: &BTreeSet<Role>, area: Option<&Area>) -> Result<(), String> {
        for stage in &self.review.stages {
            if !roles.contains(&stage.stage.reviewer()) {
                continue;
            }
            let digits = usize::from(stage.area_digits);
            if area.is_none_or(|area| area.as_str().len() != digits) {
                return Err(format!("{}的辖区应为 {digits} 位行政区划代码", stage.stage.reviewer().label()));
            }
        }
        Ok(())
    }
}
